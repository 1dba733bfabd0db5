// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/package/tools"
)

// validateTimeout bounds one run of the validator, which takes a few seconds for all renderings together.
const validateTimeout = 5 * time.Minute

// A File is a YAML stream to validate.
type File struct {
	// Name of the file in problems.
	Name string

	// Data is the content.
	Data []byte
}

// A Problem is something that the API server would reject, or drop silently.
type Problem struct {
	File    string
	Object  string
	Field   string
	Message string
}

// String returns the problem on one line.
func (p Problem) String() string {
	parts := []string{p.File, p.Object}

	message := p.Message
	if p.Field != "" {
		parts = append(parts, p.Field)
		// Schema errors begin with the field, see Error of field.Error in k8s.io/apimachinery.
		message = strings.TrimPrefix(message, p.Field+": ")
	}

	return strings.Join(append(parts, message), ": ")
}

// A Validator checks objects like an API server with Crossplane, these packages, the Azure provider and KEDA. It reads only files:
// the XRDs and CRDs of this repository, and those in the modules of Crossplane and the provider.
type Validator struct {
	root string
	cli  string

	// schemas has the files with CRDs for both variants.
	schemas []string
}

// NewValidator returns a validator for the repository at that root.
func NewValidator(ctx context.Context, root string) (*Validator, error) {
	cli, err := tools.Path(ctx, "crossplane")
	if err != nil {
		return nil, fmt.Errorf("cannot get the Crossplane command line tool: %w", err)
	}

	azure, err := moduleDir(ctx, root, "github.com/upbound/provider-azure/v2")
	if err != nil {
		return nil, err
	}

	core, err := moduleDir(ctx, filepath.Join(root, "package", "tools", "crossplane-core"), "github.com/crossplane/crossplane/v2")
	if err != nil {
		return nil, err
	}

	v := &Validator{root: root, cli: cli}

	for _, pattern := range []string{
		filepath.Join(azure, "package", "crds", "keyvault.azure.m.upbound.io_vaults.yaml"),
		filepath.Join(azure, "package", "crds", "authorization.azure.m.upbound.io_roleassignments.yaml"),
		filepath.Join(azure, "package", "crds", "managedidentity.azure.m.upbound.io_userassignedidentities.yaml"),
		filepath.Join(azure, "package", "crds", "managedidentity.azure.m.upbound.io_federatedidentitycredentials.yaml"),
		filepath.Join(azure, "package", "crds", "network.azure.m.upbound.io_privateendpoints.yaml"),
		filepath.Join(azure, "package", "crds", "insights.azure.m.upbound.io_monitordiagnosticsettings.yaml"),
		filepath.Join(core, "cluster", "crds", "apiextensions.crossplane.io_*.yaml"),
		filepath.Join(root, "package", "provider", "crds", "*.yaml"),
		filepath.Join(root, "package", "function", "input", "*.yaml"),
		filepath.Join(root, "cmd", "render", "render", "schemas", "scaledobjects.keda.sh.yaml"),
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("cannot list schemas: %w", err)
		}

		if len(files) == 0 {
			return nil, fmt.Errorf("cannot validate without schemas: nothing matches %s", pattern)
		}

		v.schemas = append(v.schemas, files...)
	}

	return v, nil
}

// moduleDir returns the directory with the source of a module that the module in dir requires. It downloads the source if needed.
func moduleDir(ctx context.Context, dir, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = dir

	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("cannot find module %s: %w\n%s", module, err, out)
	}

	var found struct {
		Dir string `json:"Dir"`
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return "", fmt.Errorf("cannot find module %s: %w", module, err)
	}

	return found.Dir, nil
}

// Validate returns all problems of the files with the APIs of that variant. Unknown fields and unknown kinds are problems. It
// ignores the results of a function, which only a rendering has.
func (v *Validator) Validate(ctx context.Context, variant Variant, files ...File) ([]Problem, error) {
	ctx, cancel := context.WithTimeout(ctx, validateTimeout)
	defer cancel()

	var (
		objects  []*unstructured.Unstructured
		origins  []string
		problems []Problem
	)

	for _, f := range files {
		parsed, err := parse(f.Data)
		if err != nil {
			problems = append(problems, Problem{File: f.Name, Object: "YAML", Message: err.Error()})

			continue
		}

		for _, o := range slices.DeleteFunc(parsed, isResult) {
			objects = append(objects, o)

			for range checks(o) {
				origins = append(origins, f.Name)
			}
		}
	}

	checked, err := v.check(ctx, variant, objects)
	if err != nil {
		return nil, fmt.Errorf("cannot validate the %s variant: %w", variant, err)
	}

	if len(checked) != len(origins) {
		return nil, fmt.Errorf("cannot validate the %s variant: %d objects were checked, not %d", variant, len(checked), len(origins))
	}

	for i, c := range checked {
		problems = append(problems, c.problems(origins[i])...)
	}

	return problems, nil
}

// isResult reports whether the object is a result of a function, which is never applied.
func isResult(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Result" && o.GroupVersionKind().Group == "render.crossplane.io"
}

// checks returns the number of objects that the validator reports for one: it checks each input of a function in a Composition
// separately, before the Composition.
func checks(o *unstructured.Unstructured) int {
	count := 1

	if o.GetKind() != "Composition" {
		return count
	}

	steps, _, _ := unstructured.NestedSlice(o.Object, "spec", "pipeline")
	for _, s := range steps {
		if step, ok := s.(map[string]any); ok && step["input"] != nil {
			count++
		}
	}

	return count
}

// A checkedObject is the validator's report on one object.
type checkedObject struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
}

func (c checkedObject) problems(file string) []Problem {
	object := c.Kind + " " + c.Name

	var problems []Problem
	for _, e := range c.Errors {
		problems = append(problems, Problem{File: file, Object: object, Field: e.Field, Message: e.Message})
	}

	if c.Status != "valid" && len(problems) == 0 {
		problems = []Problem{{File: file, Object: object, Message: "not checked: " + c.Status}}
	}

	return problems
}

// check runs the validator, and returns its reports in the order of the objects.
func (v *Validator) check(ctx context.Context, variant Variant, objects []*unstructured.Unstructured) ([]checkedObject, error) {
	dir, err := os.MkdirTemp("", "platform-application-validate-")
	if err != nil {
		return nil, fmt.Errorf("cannot create a directory to validate in: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // A leftover directory does no harm.

	input := filepath.Join(dir, "objects.yaml")
	if err := write(input, objects...); err != nil {
		return nil, err
	}

	definition := filepath.Join(v.root, variant.definition())

	// An empty image of Crossplane prevents downloads.
	out, runErr := crossplane(ctx, v.cli, dir, "resource", "validate",
		strings.Join(append(slices.Clone(v.schemas), definition), ","), input,
		"--crossplane-image=", "--cache-dir="+filepath.Join(dir, "cache"), "--error-on-missing-schemas", "--output=json")

	// The validator fails if there are problems, but still prints its report.
	var report struct {
		Resources []checkedObject `json:"resources"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, errors.Join(runErr, fmt.Errorf("cannot read report: %w", err))
	}

	return report.Resources, nil
}
