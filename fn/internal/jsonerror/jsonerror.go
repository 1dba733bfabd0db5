// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonerror explains errors of encoding/json in the words of YAML and JSON, for
// readers who do not know Go. No library does: encoding/json and those of Kubernetes name
// Go types, and validation against a schema needs the schema at run time.
package jsonerror

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Explain rewrites an error of encoding/json, for example to
// "spec.deployment.replicas: must be a whole number, not a string". It never shows a
// value of the document.
func Explain(err error) error {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return finding.Err(finding.WrongType, finding.With{"field": t.Field, "wanted": finding.New(wanted(t.Type)), "given": finding.New(given(t.Value))})
	}
	if err == nil {
		return nil
	}

	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// wanted returns the kind of JSON value that a Go type needs.
func wanted(t reflect.Type) finding.Reason {
	switch t.Kind() {
	case reflect.Bool:
		return finding.KindBoolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return finding.KindWholeNumber
	case reflect.Float32, reflect.Float64:
		return finding.KindNumber
	case reflect.String:
		return finding.KindString
	case reflect.Slice, reflect.Array:
		return finding.KindList
	case reflect.Struct, reflect.Map:
		return finding.KindObject
	case reflect.Pointer:
		return wanted(t.Elem())
	default:
		return finding.KindOther
	}
}

// given returns the kind of a JSON value. encoding/json adds the value to a number.
func given(value string) finding.Reason {
	kind, _, _ := strings.Cut(value, " ")
	switch kind {
	case "bool":
		return finding.KindBoolean
	case "number":
		return finding.KindNumber
	case "string":
		return finding.KindString
	case "array":
		return finding.KindList
	case "object":
		return finding.KindObject
	default:
		return finding.KindOther
	}
}
