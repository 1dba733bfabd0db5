// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	type want struct {
		blocks []Block
		err    string
	}

	cases := map[string]struct {
		reason string
		page   string
		want   want
	}{
		"Unmarked": {
			reason: "What has no mark is to be run.",
			page:   "Text\n\n```sh\nmake build\n```\n",
			want:   want{blocks: []Block{{Line: 3, Language: "sh", Text: "make build\n"}}},
		},
		"Marked": {
			reason: "A mark is right before the block, and may have a detail.",
			page:   "<!-- gate: demo, test -->\n```sh\nmake demo\n```\n<!-- azure -->\n\n```sh\naz login\n```\n",
			want: want{blocks: []Block{
				{Line: 2, Language: "sh", Mark: "gate", Detail: "demo, test", Text: "make demo\n"},
				{Line: 7, Language: "sh", Text: "az login\n"},
			}},
		},
		"InList": {
			reason: "In a list a block is indented.",
			page:   "1. First:\n\n   <!-- cluster -->\n   ```sh\n   kubectl get \\\n     pods\n   ```\n",
			want:   want{blocks: []Block{{Line: 4, Language: "sh", Mark: "cluster", Text: "kubectl get \\\n  pods\n"}}},
		},
		"File": {
			reason: "Other blocks may be files.",
			page:   "<!-- file: _output/a.yaml -->\n```yaml\na: b\n```\n```\nplain\n```\n",
			want: want{blocks: []Block{
				{Line: 2, Language: "yaml", Mark: "file", Detail: "_output/a.yaml", Text: "a: b\n"},
				{Line: 5, Text: "plain\n"},
			}},
		},
		"Refused": {
			reason: "What has to fail says how, and what runs until it is ended when it is ready.",
			page:   "<!-- cluster: no -->\n```sh\nkubectl auth can-i\n```\n<!-- terminal: is on -->\n```sh\nserve\n```\n",
			want: want{blocks: []Block{
				{Line: 2, Language: "sh", Mark: "cluster", Detail: "no", Text: "kubectl auth can-i\n"},
				{Line: 6, Language: "sh", Mark: "terminal", Detail: "is on", Text: "serve\n"},
			}},
		},
		"Output": {
			reason: "What comes right after commands is what they say, and after a text it is not.",
			page:   "```sh\nls\n```\n\n```\na\n```\n```sh\nls\n```\nText\n```\nb\n```\n```sh\nls\n```\n```yaml\nc: d\n```\n",
			want: want{blocks: []Block{
				{Line: 1, Language: "sh", Text: "ls\n", Output: "a\n"},
				{Line: 5, Text: "a\n"},
				{Line: 8, Language: "sh", Text: "ls\n"},
				{Line: 12, Text: "b\n"},
				{Line: 15, Language: "sh", Text: "ls\n"},
				{Line: 18, Language: "yaml", Text: "c: d\n"},
			}},
		},
		"UnknownMark": {
			reason: "A mark that is misspelt would leave commands untested.",
			page:   "<!-- cloud -->\n```sh\nmake\n```\n",
			want:   want{err: `line 2: there is no mark "cloud" for a block of "sh"`},
		},
		"NoReason": {
			reason: "Nothing is left out without a reason.",
			page:   "<!-- elsewhere -->\n```sh\nmake\n```\n",
			want:   want{err: "line 2: mark elsewhere has to say more, after a colon"},
		},
		"OtherShell": {
			reason: "Under another name commands would not be seen.",
			page:   "```bash\nmake\n```\n",
			want:   want{err: "line 1: cannot run a block of bash: commands are in blocks of sh"},
		},
		"Open": {
			reason: "The rest of the page would be taken for code.",
			page:   "```sh\nmake\n",
			want:   want{err: "line 1: the block does not end"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			blocks, err := Parse(tc.page)

			got := want{blocks: blocks}
			if err != nil {
				got.err = err.Error()
			}

			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nParse(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	text := strings.Join([]string{
		"kubectl apply --filename a.yaml --filename=b.yaml",
		"kubectl apply -k dir; kubectl apply -f - <<<x",
		`kubectl apply -f "$FILE"`,
		"kubectl apply -k https://example.com/base",
		"kubectl create secret generic x --from-file=clientSecret=/dev/stdin",
	}, "\n")

	if diff := cmp.Diff([]string{"a.yaml", "b.yaml", "dir"}, Block{Text: text}.Files()); diff != "" {
		t.Errorf("Files(): -want, +got:\n%s", diff)
	}
}
