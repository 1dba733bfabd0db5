// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	applicationFile   = "application.yaml"
	observedDir       = "observed"
	requiredFile      = "required.yaml"
	environmentConfig = "examples/environmentconfig.yaml"

	// defaultNamespace is the namespace of an application without one, as with kubectl.
	defaultNamespace = "default"

	// labelName is a label of every composed resource with the name of its application.
	labelName = "app.kubernetes.io/name"
)

// An Example is a directory of examples/ with an application.yaml.
type Example struct {
	// Name of the directory.
	Name string

	// Stages of the observed resources, in order. An example without stages has never been applied.
	Stages []string

	dir string
}

// Examples returns all examples of the repository at that root, sorted by name, or an error if there is none.
func Examples(root string) ([]Example, error) {
	applications, err := filepath.Glob(filepath.Join(root, "examples", "*", applicationFile))
	if err != nil {
		return nil, fmt.Errorf("cannot list examples: %w", err)
	}

	if len(applications) == 0 {
		return nil, fmt.Errorf("cannot find any examples/*/%s", applicationFile)
	}

	examples := make([]Example, len(applications))

	for i, a := range applications {
		dir := filepath.Dir(a)

		stages, err := stages(dir)
		if err != nil {
			return nil, err
		}

		examples[i] = Example{Name: filepath.Base(dir), Stages: stages, dir: dir}
	}

	return examples, nil
}

// Requests returns a request for every variant, example and stage, in that order. If an example is named, it returns only its requests.
func Requests(root, name string) ([]Request, error) {
	examples, err := Examples(root)
	if err != nil {
		return nil, err
	}

	if name != "" {
		example, err := findExample(root, name)
		if err != nil {
			return nil, err
		}

		examples = []Example{example}
	}

	var requests []Request

	for _, v := range Variants() {
		for _, e := range examples {
			stages := e.Stages
			if len(stages) == 0 {
				stages = []string{""}
			}

			for _, s := range stages {
				requests = append(requests, Request{Variant: v, Example: e.Name, Stage: s})
			}
		}
	}

	return requests, nil
}

// Check returns an error that lists the choices if the request names an example or stage that does not exist.
func Check(root string, r Request) error {
	example, err := findExample(root, r.Example)
	if err != nil {
		return err
	}

	_, err = example.stageFiles(r.Stage)

	return err
}

// Sources returns the hand-written files of the variant's renderings: its XRD and Composition, the EnvironmentConfig, and the
// examples with their observed resources.
func Sources(root string, v Variant) ([]File, error) {
	examples, err := Examples(root)
	if err != nil {
		return nil, err
	}

	names := []string{v.definition(), v.composition(), environmentConfig}

	for _, e := range examples {
		names = append(names, e.relative(filepath.Join(e.dir, applicationFile)))

		for _, s := range e.Stages {
			paths, err := e.stageFiles(s)
			if err != nil {
				return nil, err
			}

			for _, p := range paths {
				names = append(names, e.relative(p))
			}
		}
	}

	files := make([]File, len(names))

	for i, n := range names {
		data, err := os.ReadFile(filepath.Join(root, n))
		if err != nil {
			return nil, fmt.Errorf("cannot read file to validate: %w", err)
		}

		files[i] = File{Name: n, Data: data}
	}

	return files, nil
}

func stages(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, observedDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}

	if err != nil {
		return nil, fmt.Errorf("cannot list stages: %w", err)
	}

	var stages []string

	for _, e := range entries {
		name, isFile := strings.CutSuffix(e.Name(), ".yaml")
		if isFile || e.IsDir() {
			stages = append(stages, name)
		}
	}

	slices.Sort(stages)

	return stages, nil
}

func findExample(root, name string) (Example, error) {
	examples, err := Examples(root)
	if err != nil {
		return Example{}, err
	}

	names := make([]string, len(examples))

	for i, e := range examples {
		if e.Name == name {
			return e, nil
		}

		names[i] = e.Name
	}

	if name == "" {
		return Example{}, fmt.Errorf("cannot render without an example: set EXAMPLE to one of %s", strings.Join(names, ", "))
	}

	return Example{}, fmt.Errorf("unknown example %q: choose from %s", name, strings.Join(names, ", "))
}

// relative returns the path of a file of the example, relative to the root of the repository.
func (e Example) relative(path string) string {
	return filepath.Join("examples", e.Name, strings.TrimPrefix(path, e.dir))
}

// application returns the manifest that a team commits, with a namespace.
func (e Example) application() (*unstructured.Unstructured, error) {
	a, err := loadOne(filepath.Join(e.dir, applicationFile))
	if err != nil {
		return nil, err
	}

	return inNamespace(a), nil
}

// required returns the objects of the cluster that the application needs besides the EnvironmentConfig of the platform, such as its
// Namespace. Most examples need none.
func (e Example) required() ([]*unstructured.Unstructured, error) {
	objects, err := load(filepath.Join(e.dir, requiredFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}

	return objects, err
}

// inNamespace puts an application without a namespace into the default one.
func inNamespace(application *unstructured.Unstructured) *unstructured.Unstructured {
	if application.GetNamespace() == "" {
		application.SetNamespace(defaultNamespace)
	}

	return application
}

// stageFiles returns the files with the observed resources of a stage, by its name or number.
func (e Example) stageFiles(stage string) ([]string, error) {
	if stage == "" {
		return nil, nil
	}

	if len(e.Stages) == 0 {
		return nil, fmt.Errorf("cannot use stage %q of example %q, which has no stages: omit STAGE, or copy files into %s",
			stage, e.Name, e.relative(filepath.Join(e.dir, observedDir)))
	}

	i := slices.IndexFunc(e.Stages, func(s string) bool {
		number, _, _ := strings.Cut(s, "-")

		return s == stage || number == stage
	})
	if i < 0 {
		return nil, fmt.Errorf("example %q has no stage %q: choose from %s", e.Name, stage, strings.Join(e.Stages, ", "))
	}

	path := filepath.Join(e.dir, observedDir, e.Stages[i])

	files, err := filepath.Glob(filepath.Join(path, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("cannot list files of stage %s: %w", e.Stages[i], err)
	}

	if len(files) == 0 {
		files = []string{path + ".yaml"}
	}

	return files, nil
}

// observed returns the application's resources at that stage. A resource without a namespace is in the application's namespace.
func (e Example) observed(stage string, application *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	files, err := e.stageFiles(stage)
	if err != nil {
		return nil, err
	}

	var observed []*unstructured.Unstructured

	for _, f := range files {
		objects, err := load(f)
		if err != nil {
			return nil, err
		}

		for _, o := range objects {
			if o.GetNamespace() == "" {
				o.SetNamespace(application.GetNamespace())
			}

			if err := belongs(o, application); err != nil {
				return nil, fmt.Errorf("%s: %w", e.relative(f), err)
			}
		}

		observed = append(observed, objects...)
	}

	return observed, nil
}

// belongs returns an error if an observed resource cannot belong to the application. Otherwise Crossplane would ignore the resource,
// or the function would use the vault of another application, so that the rendering would be impossible in a cluster.
func belongs(observed, application *unstructured.Unstructured) error {
	object := observed.GetKind() + " " + observed.GetName()

	// The label is checked first, because a copied example may also be in another namespace.
	if owner := observed.GetLabels()[labelName]; owner != "" && owner != application.GetName() {
		return fmt.Errorf("%s belongs to application %s, but %s is %s: delete %s/ and omit STAGE, or change the names in it",
			object, owner, applicationFile, application.GetName(), observedDir)
	}

	if observed.GetNamespace() != application.GetNamespace() {
		return fmt.Errorf("%s is in namespace %s, but %s is in %s: change one of them",
			object, observed.GetNamespace(), applicationFile, application.GetNamespace())
	}

	return nil
}
