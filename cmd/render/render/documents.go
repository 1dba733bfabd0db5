// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// load returns the objects of a YAML file.
func load(path string) ([]*unstructured.Unstructured, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read manifests: %w", err)
	}

	objects, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("cannot parse %s: %w", path, err)
	}

	return objects, nil
}

// loadOne returns the only object of a YAML file.
func loadOne(path string) (*unstructured.Unstructured, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read manifest: %w", err)
	}

	object, err := parseOne(data)
	if err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", path, err)
	}

	return object, nil
}

// parseOne returns the only object of a YAML stream.
func parseOne(data []byte) (*unstructured.Unstructured, error) {
	objects, err := parse(data)
	if err != nil {
		return nil, err
	}

	if len(objects) != 1 {
		return nil, fmt.Errorf("it has %d objects, not one", len(objects))
	}

	return objects[0], nil
}

// Objects returns the objects of a rendering.
func Objects(rendering []byte) ([]*unstructured.Unstructured, error) { return parse(rendering) }

// parse returns the objects of a YAML stream. It skips documents with only comments. A duplicate key is an error.
func parse(data []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured

	r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))

	for n := 1; ; n++ {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}

		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}

		json, err := yaml.YAMLToJSONStrict(doc)
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}

		if string(json) == "null" {
			continue
		}

		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(json); err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}

		objects = append(objects, object)
	}
}
