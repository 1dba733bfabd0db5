// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// goTypes holds the struct types of a package, by name. A schema lacks two things: the
// order of the fields, and the comment of a type if the field has a comment.
type goTypes map[string]goType

// A goType is one struct type.
type goType struct {
	comment string
	fields  []goField
}

// A goField is a field that has a name in JSON.
type goField struct {
	name string // in JSON
	typ  string // name of a struct of the same package, or of an unknown type
}

// parseTypes reads the struct types of a package.
func parseTypes(dir string) (goTypes, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("cannot list source files: %w", err)
	}
	types := goTypes{}
	for _, file := range files {
		src, err := os.ReadFile(file) //nolint:gosec // Our own source.
		if err != nil {
			return nil, fmt.Errorf("cannot read source: %w", err)
		}
		if err := types.add(file, src); err != nil {
			return nil, err
		}
	}

	return types, nil
}

// add adds the struct types of one source file.
func (t goTypes) add(name string, src []byte) error {
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("cannot parse source: %w", err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		decl, ok := n.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			return true
		}
		for _, spec := range decl.Specs {
			spec, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				t[spec.Name.Name] = goType{comment: comment(decl.Doc), fields: goFields(s)}
			}
		}

		return false
	})

	return nil
}

// comment returns the text of a comment without its markers.
func comment(c *ast.CommentGroup) string {
	lines := slices.DeleteFunc(strings.Split(c.Text(), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "+")
	})

	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func goFields(s *ast.StructType) []goField {
	var fields []goField
	for _, f := range s.Fields.List {
		if f.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			continue
		}
		name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if name == "" || name == "-" || len(f.Names) != 1 {
			continue
		}
		fields = append(fields, goField{name: name, typ: elem(f.Type)})
	}

	return fields
}

// elem returns the name of a type without pointers and lists.
func elem(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return elem(e.X)
	case *ast.ArrayType:
		return elem(e.Elt)
	}

	return ""
}
