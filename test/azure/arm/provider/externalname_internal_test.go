// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExternalNames compares how external names become ids with what the real provider is configured with.
func TestExternalNames(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}

	file, err := parser.ParseFile(gotoken.NewFileSet(), filepath.Join(strings.TrimSpace(string(out)), "config", "externalname.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}

	got := map[string]string{vaultType: "", identityType: "", credentialType: "", assignmentType: ""}

	ast.Inspect(file, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}

		key, _ := pair.Key.(*ast.BasicLit)
		if key == nil {
			return true
		}

		name, _ := strconv.Unquote(key.Value)
		if _, ours := got[name]; ours {
			got[name] = configured(pair.Value)
		}

		return true
	})

	want := map[string]string{
		vaultType: "TemplatedStringAsIdentifier name " + vaultTemplate, identityType: "IdentifierFromProvider",
		credentialType: "TemplatedStringAsIdentifier name " + credentialTemplate, assignmentType: "IdentifierFromProvider",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-simulated, +real:\n%s", diff)
	}
}

// configured is an expression of upjet's package config, in words.
func configured(e ast.Expr) string {
	var words []string

	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			words = append(words, n.Sel.Name)

			return false
		case *ast.BasicLit:
			s, _ := strconv.Unquote(n.Value)
			words = append(words, s)
		}

		return true
	})

	return strings.Join(words, " ")
}
