// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/package/tools"
)

// States returns every state that the API has, as its source declares them.
//
//nolint:gochecknoglobals // A function in all but name.
var States = sync.OnceValue(func() []v1alpha1.State {
	root, err := tools.Root()
	if err != nil {
		panic(err)
	}

	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "apis/secrets/v1alpha1/keyvaultsecretsync_types.go"), nil, 0)
	if err != nil {
		panic(err)
	}

	var out []v1alpha1.State

	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}

		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "State" {
			return false
		}

		for _, v := range spec.Values {
			if literal, ok := v.(*ast.BasicLit); ok {
				state, _ := strconv.Unquote(literal.Value)
				out = append(out, v1alpha1.State(state))
			}
		}

		return false
	})

	return out
})
