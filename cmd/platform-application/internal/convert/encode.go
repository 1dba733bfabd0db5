// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// A manifest is a PlatformApplication without the fields that only a cluster sets.
type manifest struct {
	APIVersion string                           `json:"apiVersion"`
	Kind       string                           `json:"kind"`
	Metadata   *metadata                        `json:"metadata,omitempty"`
	Spec       v1alpha1.PlatformApplicationSpec `json:"spec"`
}

type metadata struct {
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
}

// encode returns a manifest as people write it: names first, lists indented.
func encode(m manifest) ([]byte, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("cannot encode manifest: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("cannot encode manifest: %w", err)
	}
	var b strings.Builder
	writeMap(&b, tree, "", "")

	return []byte(b.String()), nil
}

// first has the fields that identify an object.
var first = []string{"apiVersion", "kind", "metadata", "name"} //nolint:gochecknoglobals // A constant.

func fields(m map[string]any) []string {
	names := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })

	return names
}

func rank(name string) int {
	if i := slices.Index(first, name); i >= 0 {
		return i
	}

	return len(first)
}

// writeMap writes fields. The first one continues the current line.
func writeMap(b *strings.Builder, m map[string]any, lead, indent string) {
	for _, name := range fields(m) {
		b.WriteString(lead + scalar(name) + ":")
		writeValue(b, m[name], indent)
		lead = indent
	}
}

func writeValue(b *strings.Builder, v any, indent string) {
	deeper := indent + "  "
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			b.WriteString(" {}\n")
			return
		}
		b.WriteString("\n")
		writeMap(b, v, deeper, deeper)
	case []any:
		b.WriteString("\n")
		for _, e := range v {
			b.WriteString(deeper + "-")
			if m, ok := e.(map[string]any); ok && len(m) > 0 {
				writeMap(b, m, " ", deeper+"  ")
				continue
			}
			writeValue(b, e, deeper)
		}
	default:
		b.WriteString(" " + scalar(v) + "\n")
	}
}

// scalar returns a value in one line. A text that YAML would write in several lines, or that
// has characters that YAML does not allow, is quoted as in Go, which is valid YAML.
func scalar(v any) string {
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	text, _ := v.(string)
	data, err := yaml.Marshal(v)
	line := strings.TrimSuffix(string(data), "\n")
	if err != nil || strings.Contains(line, "\n") || strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}

	return line
}
