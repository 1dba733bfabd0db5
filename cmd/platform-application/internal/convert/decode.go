// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// maxObjects is far more than one application has.
const maxObjects = 1000

// An object is a manifest of any kind.
type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`

	raw json.RawMessage
}

// String names the object in the report.
func (o object) String() string { return o.Kind + " " + o.Metadata.Name }

// input has the objects of the stream, by kind.
type input struct {
	external    []externalSecret
	stores      []store
	secrets     []corev1.Secret
	configMaps  []corev1.ConfigMap
	deployments []deployment
	others      []object
}

// A deployment also has its JSON, for fields that its type does not have.
type deployment struct {
	appsv1.Deployment

	object object
}

// decode reads a YAML stream. Its errors never quote the stream, which may contain values
// of Secrets.
func decode(data []byte) (*input, error) {
	objects, err := split(data)
	if err != nil {
		return nil, err
	}
	in := &input{}
	for _, o := range objects {
		if err := in.add(o); err != nil {
			return nil, err
		}
	}

	return in, nil
}

// split returns the objects of a stream. A List becomes its items.
func split(data []byte) ([]object, error) {
	var objects []object
	r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for n := 1; ; n++ {
		document, err := r.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fail(DocumentUnreadable, With{"document": n})
		}
		raw, err := toJSON(document)
		if err != nil {
			return nil, notYAML(n, document, err)
		}
		if string(raw) == "null" {
			continue
		}
		if objects, err = flatten(objects, raw, fmt.Sprintf("document %d", n)); err != nil {
			return nil, err
		}
	}
}

var mergeKey = regexp.MustCompile(`(?m)^[ -]*<<\s*:`)

// toJSON rejects a key that occurs twice. The library cannot tell it from a field that
// overrides one of a merge, which kubectl allows, so that a document with merges may have both.
func toJSON(document []byte) ([]byte, error) {
	if mergeKey.Match(document) {
		return yaml.YAMLToJSON(document) //nolint:wrapcheck // The caller says what is read.
	}

	return yaml.YAMLToJSONStrict(document) //nolint:wrapcheck // The caller says what is read.
}

// flatten appends an object, or the items of a list.
func flatten(objects []object, raw json.RawMessage, where string) ([]object, error) {
	o := object{raw: raw}
	if utiljson.Unmarshal(raw, &o) != nil || o.Kind == "" || o.APIVersion == "" {
		return nil, fail(NotAnObject, With{"document": where})
	}
	if o.Kind != "List" {
		if len(objects) >= maxObjects {
			return nil, fail(TooManyObjects, With{"limit": maxObjects})
		}

		return append(objects, o), nil
	}
	for i, item := range o.Items {
		inner := fmt.Sprintf("item %d of %s", i+1, where)
		var kind object
		if utiljson.Unmarshal(item, &kind) == nil && kind.Kind == "List" {
			return nil, fail(NestedList, With{"document": inner})
		}
		var err error
		if objects, err = flatten(objects, item, inner); err != nil {
			return nil, err
		}
	}

	return objects, nil
}

var lineNumber = regexp.MustCompile(`\bline (\d+)`)

// notYAML returns an error with the line of a syntax error, the only part that may be
// shown. The YAML library has the line in the text only (parser.fail in
// go.yaml.in/yaml/v2, decode.go).
func notYAML(document int, content []byte, err error) error {
	if bytes.Contains(content, []byte("{{")) {
		return fail(TemplateNotYAML, With{"document": document})
	}
	if m := lineNumber.FindStringSubmatch(err.Error()); m != nil {
		return fail(LineNotYAML, With{"document": document, "line": m[1]})
	}

	return fail(DocumentNotYAML, With{"document": document})
}

func (in *input) add(o object) error {
	group, version := groupVersion(o.APIVersion)
	switch {
	case group == externalSecretsGroup && (version == "v1" || version == "v1beta1") && o.Kind == "ExternalSecret":
		return into(o, &in.external, func(e *externalSecret) { e.complete() })
	case group == externalSecretsGroup && (version == "v1" || version == "v1beta1") && (o.Kind == kindStore || o.Kind == kindClusterStore):
		return into(o, &in.stores, func(*store) {})
	case o.APIVersion == "v1" && o.Kind == "Secret":
		return into(o, &in.secrets, func(*corev1.Secret) {})
	case o.APIVersion == "v1" && o.Kind == "ConfigMap":
		return into(o, &in.configMaps, func(*corev1.ConfigMap) {})
	case o.APIVersion == "apps/v1" && o.Kind == "Deployment":
		return into(o, &in.deployments, func(d *deployment) { d.object = o })
	}
	in.others = append(in.others, o)

	return nil
}

// into decodes an object into its type and appends it to the objects of its kind. Unlike
// encoding/json, it is case-sensitive in the names of fields.
func into[T any](o object, list *[]T, complete func(*T)) error {
	var t T
	if utiljson.Unmarshal(o.raw, &t) != nil {
		return fail(FieldOfWrongType, With{"object": o.String()})
	}
	complete(&t)
	*list = append(*list, t)

	return nil
}
