// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"bytes"
	"encoding/json"
	"strconv"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// parse decodes a field of any type, so that a wrong type is not an error. Numbers keep their
// text. A field that is missing or null is nil.
func parse(field *apiextensionsv1.JSON) any {
	if field == nil {
		return nil
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(field.Raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}

	return v
}

// IsEmpty reports whether a value is missing, or is an empty object or list.
func IsEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}

	return false
}

// text returns the text of a string, number or boolean.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}

	return "", false
}
