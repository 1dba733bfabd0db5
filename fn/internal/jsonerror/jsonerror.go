// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonerror explains errors of encoding/json in the words of YAML and JSON, to
// people who do not write Go. No library does: encoding/json and those of Kubernetes name
// Go types, and validation by schema needs the schema at run time.
package jsonerror

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Explain returns an error of encoding/json in words such as
// "spec.deployment.replicas: must be a whole number, not a string". It never shows a
// value of the document.
func Explain(err error) error {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return finding.Err(finding.WrongType, finding.With{"field": t.Field, "wanted": wanted(t.Type), "given": given(t.Value)})
	}
	if err == nil {
		return nil
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// wanted describes the JSON value that a Go type needs.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Pointer:
		return wanted(t.Elem())
	default:
		return "a " + t.Kind().String()
	}
}

// given describes a JSON value by its kind. For a number, encoding/json adds the value.
func given(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	switch kind {
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	default:
		return "a " + kind
	}
}
