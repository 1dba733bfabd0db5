// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	page := strings.Join([]string{
		"```sh", "make build", "```", "", "```", "built", "```",
		"<!-- gate: demo, test -->", "```sh", "make demo", "```", "Text", "```", "no output", "```",
		"<!-- azure -->", "", "```sh", "az login", "```",
		"1. First:", "", "   <!-- cluster: no -->", "   ```sh", "   kubectl get \\", "     pods", "   ```",
		"<!-- file: _output/a.yaml -->", "```yaml", "a: b", "```",
	}, "\n")

	want := []Block{
		{Line: 1, Language: "sh", Text: "make build\n", Output: "built\n"},
		{Line: 5, Text: "built\n"},
		{Line: 9, Language: "sh", Mark: Gate, Detail: "demo, test", Text: "make demo\n"},
		{Line: 13, Text: "no output\n"},
		{Line: 18, Language: "sh", Text: "az login\n"},
		{Line: 24, Language: "sh", Mark: Cluster, Detail: "no", Text: "kubectl get \\\n  pods\n"},
		{Line: 29, Language: "yaml", Mark: File, Detail: "_output/a.yaml", Text: "a: b\n"},
	}

	got, err := Parse(page)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Parse(...): error %v, -want, +got:\n%s", err, diff)
	}
}

func TestParseFails(t *testing.T) {
	cases := map[string]struct {
		reason string
		page   string
		want   string
	}{
		"UnknownMark": {"A misspelt mark would leave commands untested.", "<!-- cloud -->\n```sh\nmake\n```\n", `line 2: unknown mark "cloud" for a block of "sh"`},
		"NoReason":    {"A skipped block needs a reason.", "<!-- elsewhere -->\n```sh\nmake\n```\n", "line 2: mark elsewhere needs a detail after a colon"},
		"OtherShell":  {"Commands in a block of another shell would be skipped.", "```bash\nmake\n```\n", "line 1: cannot run a block of bash: commands are in blocks of sh"},
		"Open":        {"An open block would include the rest of the page.", "```sh\nmake\n", "line 1: the block does not end"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(tc.page); err == nil || err.Error() != tc.want {
				t.Errorf("\n%s\nParse(...): want error %q, got %v", tc.reason, tc.want, err)
			}
		})
	}
}
