// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"go/ast"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence/sentencetest"
)

// TestTable has a sentence for every code, and uses every code.
func TestTable(t *testing.T) {
	declared := sentencetest.Declared(t)
	seen := map[string]Code{}

	var all []string

	for code, text := range table {
		if other, ok := seen[string(text)]; ok {
			t.Errorf("%s and %s have the same sentence: %q", code, other, text)
		}

		seen[string(text)] = code

		all = append(all, string(code))

		for _, p := range text.Parameters() {
			if !slices.Contains([]string{"object", "state", "reason", "message"}, p) {
				t.Errorf("%s: unknown parameter %s", code, p)
			}
		}
	}

	slices.Sort(all)

	if diff := cmp.Diff(declared, all); diff != "" {
		t.Errorf("-codes, +sentences:\n%s", diff)
	}

	used := map[string]bool{}

	for path, f := range sentencetest.Sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && path != "words.go" && slices.Contains(declared, id.Name) {
				used[id.Name] = true
			}

			return true
		})
	}

	if diff := cmp.Diff(declared, slices.Sorted(maps.Keys(used))); diff != "" {
		t.Errorf("-codes, +used:\n%s", diff)
	}
}

// TestParameters renders every template with exactly its parameters.
func TestParameters(t *testing.T) { sentencetest.Rendered(t) }
