// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package mutation measures how many faults the tests find: it changes the code in one place at a time, and runs the tests.
//
// Gremlins and go-mutesting choose their mutants, and run the tests of one package. This package compares one list of mutants on two
// states of the repository, and its tests build and run whole programs.
package mutation

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrGone means that the code of a mutant no longer exists.
var ErrGone = errors.New("the code of the mutant is gone")

// A Mutant is one change of the code. It identifies the place by its code instead of its line, so that it is found again after
// functions were moved or changed elsewhere.
type Mutant struct {
	// File is the file when the mutant was listed.
	File string `json:"file"`
	// Function is its name with the receiver, or the name of a constant or variable.
	Function string `json:"function"`
	// Kind of the change: negate, operator, constant, return or remove.
	Kind string `json:"kind"`
	// Code is replaced by With.
	Code string `json:"code"`
	With string `json:"with"`
	// Ordinal distinguishes mutants that are otherwise equal.
	Ordinal int `json:"ordinal"`

	from, to int
}

// Apply returns the source with the mutant.
func (m Mutant) Apply(source []byte) []byte {
	return slices.Concat(source[:m.from], []byte(m.With), source[m.to:])
}

// same reports whether two mutants are the same change in any file.
func (m Mutant) same(o Mutant) bool {
	m.File, m.from, m.to = o.File, o.from, o.to

	return m == o
}

func (m Mutant) compare(o Mutant) int {
	return cmp.Or(cmp.Compare(m.File, o.File), cmp.Compare(m.from, o.from), cmp.Compare(m.Kind, o.Kind))
}

// operators maps operators to their replacements.
func operators() map[token.Token]token.Token {
	return map[token.Token]token.Token{
		token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
		token.EQL: token.NEQ, token.NEQ: token.EQL, token.LAND: token.LOR, token.LOR: token.LAND,
	}
}

// A finder collects the mutants of one file.
type finder struct {
	file, function string
	source         []byte
	positions      *token.FileSet
	found          []Mutant
}

// Of returns all mutants of a file.
func Of(file string, source []byte) ([]Mutant, error) {
	f := &finder{file: file, source: source, positions: token.NewFileSet()}

	parsed, err := parser.ParseFile(f.positions, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("cannot parse what to mutate: %w", err)
	}

	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			f.function = d.Name.Name
			if d.Recv != nil {
				f.function = strings.TrimPrefix(f.text(d.Recv.List[0].Type), "*") + "." + f.function
			}

			if d.Body != nil {
				f.look(d.Body, d.Type)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if v, ok := s.(*ast.ValueSpec); ok {
					f.function = v.Names[0].Name
					f.look(v, nil)
				}
			}
		}
	}

	return f.found, nil
}

// look looks at a node within a function of that type.
func (f *finder) look(node ast.Node, typ *ast.FuncType) {
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			f.look(n.Body, n.Type)
			return false
		case *ast.IfStmt:
			if b, ok := n.Cond.(*ast.BinaryExpr); !ok || b.Op != token.EQL && b.Op != token.NEQ {
				f.add("negate", n.Cond, "!("+f.text(n.Cond)+")")
			}
		case *ast.BinaryExpr:
			if other, ok := operators()[n.Op]; ok {
				f.add("operator", n, f.text(n.X)+" "+other.String()+" "+f.text(n.Y))
			}
		case *ast.BasicLit:
			if i, err := strconv.ParseInt(n.Value, 0, 32); err == nil && n.Kind == token.INT {
				f.add("constant", n, strconv.FormatInt(i+1, 10))
			}
		case *ast.Ident:
			if other, ok := map[string]string{"true": "false", "false": "true"}[n.Name]; ok {
				f.add("constant", n, other)
			}
		case *ast.ReturnStmt:
			f.result(n, typ)
		case *ast.BlockStmt:
			f.statements(n.List)
		case *ast.CaseClause:
			f.statements(n.Body)
		case *ast.CommClause:
			f.statements(n.Body)
		}

		return true
	})
}

// result swallows the error that a function returns.
func (f *finder) result(r *ast.ReturnStmt, typ *ast.FuncType) {
	if typ == nil || typ.Results == nil || len(r.Results) != typ.Results.NumFields() {
		return
	}

	last := r.Results[len(r.Results)-1]
	if f.text(typ.Results.List[len(typ.Results.List)-1].Type) == "error" && f.text(last) != "nil" {
		f.add("return", last, "nil")
	}
}

// statements removes statements. Their operands stay in use, so that the program compiles.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				continue
			}
		case *ast.BranchStmt:
			if s.Tok != token.CONTINUE {
				continue
			}
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.DeferStmt:
		default:
			continue
		}

		f.add("remove", s, "if false {\n"+f.text(s)+"\n}")
	}
}

func (f *finder) offset(p token.Pos) int { return f.positions.Position(p).Offset }

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.offset(n.Pos()):f.offset(n.End())])
}

func (f *finder) add(kind string, n ast.Node, with string) {
	m := Mutant{File: f.file, Function: f.function, Kind: kind, Code: f.text(n), With: with, from: f.offset(n.Pos()), to: f.offset(n.End())}

	for slices.ContainsFunc(f.found, m.same) {
		m.Ordinal++
	}

	f.found = append(f.found, m)
}

// All returns the mutants of all code below directories of the repository, in a fixed order. Tests and generated files are not
// mutated.
func All(root string, dirs ...string) ([]Mutant, error) {
	var all []Mutant

	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			name := d.Name()
			if err != nil || d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "zz_") {
				return err
			}

			source, err := os.ReadFile(path) //nolint:gosec // The tree is the developer's own.
			if err != nil {
				return fmt.Errorf("cannot read what to mutate: %w", err)
			}

			file, err := filepath.Rel(root, path)
			if err != nil {
				return fmt.Errorf("cannot name what to mutate: %w", err)
			}

			found, err := Of(file, source)
			all = append(all, found...)

			return err
		})
		if err != nil {
			return nil, fmt.Errorf("cannot look for mutants in %s: %w", dir, err)
		}
	}

	slices.SortFunc(all, Mutant.compare)

	return all, nil
}

// Shuffle orders mutants by the seed only.
func Shuffle(all []Mutant, seed uint64) {
	slices.SortFunc(all, Mutant.compare)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] }) //nolint:gosec // To be repeated, not to be secret.
}

// Find returns the current place of a mutant from an earlier list: in its file, or in another one
// if it was moved.
func Find(now []Mutant, m Mutant) (Mutant, error) {
	var elsewhere []Mutant

	for _, n := range now {
		switch {
		case !n.same(m):
		case n.File == m.File:
			return n, nil
		default:
			elsewhere = append(elsewhere, n)
		}
	}

	if len(elsewhere) != 1 {
		return Mutant{}, fmt.Errorf("%w: %s of %q in %s of %s", ErrGone, m.Kind, m.Code, m.Function, m.File)
	}

	return elsewhere[0], nil
}
