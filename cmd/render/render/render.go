// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package render runs this repository's examples through the real Compositions, the real function and Crossplane's own
// composition engine, and validates the result. It needs no cluster, container or network: the function runs as a process on a
// loopback port, and Crossplane renders with a local binary.
package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// renderTimeout bounds one rendering, which takes well under a second.
const renderTimeout = time.Minute

// A Request names one rendering.
type Request struct {
	// Variant of the API to render with.
	Variant Variant

	// Example is a directory of examples/.
	Example string

	// Stage is the name or number of a stage of the example, which has the observed resources. If empty, nothing is observed.
	Stage string
}

// String returns the request as variant/example/stage, which is also the name of its golden file.
func (r Request) String() string {
	stage := r.Stage
	if stage == "" {
		stage = "unobserved"
	}

	return filepath.Join(string(r.Variant), r.Example, stage)
}

// Application returns the path of the rendered manifest, as in Sources.
func (r Request) Application() string { return filepath.Join("examples", r.Example, applicationFile) }

// A Harness renders. It owns a process and a temporary directory until Close.
type Harness struct {
	// root of the repository with XRDs, Compositions and the function, and root of the one with examples and EnvironmentConfig.
	root     string
	examples string

	dir      string
	tool     tool
	function *function
}

// Start builds the function of the repository at that root, starts it, and returns once it accepts connections. The context
// bounds the start only; the function runs until Close.
func Start(ctx context.Context, root string) (*Harness, error) {
	tool, err := pinnedTool(ctx)
	if err != nil {
		return nil, err
	}

	dir, err := os.MkdirTemp("", "platform-application-render-")
	if err != nil {
		return nil, fmt.Errorf("cannot create a directory to render in: %w", err)
	}

	fn, err := startFunction(ctx, root, dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start the function: %w", err), os.RemoveAll(dir))
	}

	return &Harness{root: root, examples: root, dir: dir, tool: tool, function: fn}, nil
}

// WithExamples returns the same harness with the examples and the EnvironmentConfig of the repository at another root, which stand
// for the users' own of an earlier version. Close only the original.
func (h *Harness) WithExamples(root string) *Harness {
	other := *h
	other.examples = root

	return &other
}

// WithOlderTool returns the same harness with the command line tool of an older version of Crossplane. Close only the original.
func (h *Harness) WithOlderTool(ctx context.Context, version string) (*Harness, error) {
	tool, err := olderTool(ctx, version)
	if err != nil {
		return nil, err
	}

	other := *h
	other.tool = tool

	return &other, nil
}

// Close stops the function and removes all temporary files.
func (h *Harness) Close() error {
	h.function.close()

	if err := os.RemoveAll(h.dir); err != nil {
		return fmt.Errorf("cannot clean up after rendering: %w", err)
	}

	return nil
}

// Render returns the YAML documents that Crossplane would apply for the request: the XR with its status, the composed
// resources sorted by name, and the results sorted by message. The same request gives the same bytes.
func (h *Harness) Render(ctx context.Context, r Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, renderTimeout)
	defer cancel()

	out, err := h.render(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("cannot render %s: %w", r, errors.Join(err, h.function.failure()))
	}

	return out, nil
}

// RenderManifest renders like Render. The manifest is one YAML document, and composed has the observed resources as YAML documents.
func (h *Harness) RenderManifest(ctx context.Context, v Variant, manifest, composed []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, renderTimeout)
	defer cancel()

	application, err := parseOne(manifest)
	if err != nil {
		return nil, fmt.Errorf("cannot render the manifest: %w", err)
	}

	observed, err := parse(composed)
	if err != nil {
		return nil, fmt.Errorf("cannot render %s as observed: %w", application.GetName(), err)
	}

	out, err := h.compose(ctx, v, inNamespace(application), observed)
	if err != nil {
		return nil, fmt.Errorf("cannot render %s: %w", application.GetName(), errors.Join(err, h.function.failure()))
	}

	return out, nil
}

// RenderNext renders the request again after Kubernetes has created the objects of an earlier rendering, and returns the rendering
// and the observed resources. Pods are running then, and an upgrade must not restart them.
func (h *Harness) RenderNext(ctx context.Context, r Request, earlier []byte) (rendered []byte, observed []*unstructured.Unstructured, err error) {
	ctx, cancel := context.WithTimeout(ctx, renderTimeout)
	defer cancel()

	application, observed, required, err := h.inputs(r)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read observed resources of %s: %w", r, err)
	}

	composed, err := parse(earlier)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the earlier rendering of %s: %w", r, err)
	}

	there := map[string]bool{}
	for _, o := range observed {
		there[o.GetAnnotations()[compositionResource]] = true
	}

	for _, o := range composed {
		if name := o.GetAnnotations()[compositionResource]; name != "" && !there[name] && !isManaged(o) {
			delete(o.Object, "status")

			observed = append(observed, o)
		}
	}

	out, err := h.compose(ctx, r.Variant, application, observed, required...)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot render %s: %w", r, errors.Join(err, h.function.failure()))
	}

	return out, observed, nil
}

func (h *Harness) render(ctx context.Context, r Request) ([]byte, error) {
	application, observed, required, err := h.inputs(r)
	if err != nil {
		return nil, err
	}

	return h.compose(ctx, r.Variant, application, observed, required...)
}

// inputs returns the application of the request, its observed resources, and the objects that it requires.
func (h *Harness) inputs(r Request) (application *unstructured.Unstructured, observed, required []*unstructured.Unstructured, err error) {
	example, err := findExample(h.examples, r.Example)
	if err != nil {
		return nil, nil, nil, err
	}

	if application, err = example.application(); err != nil {
		return nil, nil, nil, err
	}

	if observed, err = example.observed(r.Stage, application); err != nil {
		return nil, nil, nil, err
	}

	required, err = example.required()

	return application, observed, required, err
}

// compose renders the application with Crossplane and the function.
func (h *Harness) compose(ctx context.Context, v Variant, application *unstructured.Unstructured, observed []*unstructured.Unstructured,
	required ...*unstructured.Unstructured,
) ([]byte, error) {
	f, err := h.files(v, application, observed, required)
	if err != nil {
		return nil, err
	}

	out, err := crossplane(ctx, h.tool.path, filepath.Dir(f.xr), h.tool.args(f)...)
	if err != nil {
		return nil, err
	}

	return sortResults(out), nil
}

// files writes the files that a tool renders.
func (h *Harness) files(v Variant, application *unstructured.Unstructured, observed, required []*unstructured.Unstructured) (files, error) {
	composition, err := loadOne(filepath.Join(h.root, v.composition()))
	if err != nil {
		return files{}, err
	}

	functions, err := h.functions(composition)
	if err != nil {
		return files{}, err
	}

	xr, err := v.composite(application, composition)
	if err != nil {
		return files{}, err
	}

	dir, err := os.MkdirTemp(h.dir, "request-")
	if err != nil {
		return files{}, fmt.Errorf("cannot create a directory for the request: %w", err)
	}

	f := files{
		xr:          filepath.Join(dir, "xr.yaml"),
		composition: filepath.Join(h.root, v.composition()),
		definition:  filepath.Join(h.root, v.definition()),
		functions:   filepath.Join(dir, "functions.yaml"),
		settings:    filepath.Join(h.examples, environmentConfig),
	}
	err = errors.Join(write(f.xr, xr), write(f.functions, functions))

	// The command line tool rejects an empty file of observed resources.
	if len(observed) > 0 {
		control(xr, observed)

		f.observed = filepath.Join(dir, "observed.yaml")
		err = errors.Join(err, write(f.observed, observed...))
	}

	if len(required) > 0 {
		own, loadErr := load(f.settings)
		f.settings = filepath.Join(dir, "required.yaml")
		err = errors.Join(err, loadErr, write(f.settings, append(own, required...)...))
	}

	return f, err
}

// control makes the XR the controller of the observed resources. The stages of an example belong to a namespaced XR, but a claim
// has another XR. Crossplane's rendering engine gives this UID to an XR without one.
func control(xr *unstructured.Unstructured, observed []*unstructured.Unstructured) {
	gvk := xr.GroupVersionKind()

	uid := xr.GetUID()
	if uid == "" {
		uid = types.UID(uuid.NewSHA1(uuid.Nil, []byte(gvk.String()+"\x00"+xr.GetNamespace()+"\x00"+xr.GetName())).String())
	}

	owner := xr.DeepCopy()
	owner.SetUID(uid)

	for _, o := range observed {
		o.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(owner, gvk)})
	}
}

// sortResults sorts the results at the end of a rendering. Crossplane adds one for each resource that is not ready, in random
// order.
func sortResults(rendering []byte) []byte {
	const separator = "\n---\n"

	docs := strings.Split(strings.TrimSuffix(string(rendering), "\n"), separator)

	first := slices.IndexFunc(docs, func(doc string) bool { return strings.HasPrefix(doc, "apiVersion: render.crossplane.io/") })
	if first >= 0 {
		slices.Sort(docs[first:])
	}

	return []byte(strings.Join(docs, separator) + "\n")
}

// functions returns the running function, with the name that the Composition uses.
func (h *Harness) functions(composition *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	steps, _, err := unstructured.NestedSlice(composition.Object, "spec", "pipeline")
	if err != nil {
		return nil, fmt.Errorf("cannot read pipeline of Composition %q: %w", composition.GetName(), err)
	}

	names := []string{}

	for _, s := range steps {
		step, _ := s.(map[string]any)
		name, _, _ := unstructured.NestedString(step, "functionRef", "name")
		names = append(names, name)
	}

	names = slices.Compact(names)
	if len(names) != 1 || names[0] == "" {
		return nil, fmt.Errorf("cannot serve Composition %q: it calls functions %q, but only this repository's function is running", composition.GetName(), names)
	}

	fn := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "pkg.crossplane.io/v1",
		"kind":       "Function",
		"spec":       map[string]any{"package": "example.org/" + names[0] + ":v0.0.0"},
	}}
	fn.SetName(names[0])
	fn.SetAnnotations(map[string]string{
		"render.crossplane.io/runtime":                    "Development",
		"render.crossplane.io/runtime-development-target": h.function.address,
	})

	return fn, nil
}

// crossplane runs the Crossplane command line tool and returns its output, also when it fails. The error has the message of the
// tool, or of the function.
func crossplane(ctx context.Context, cli, dir string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer

	cmd := exec.CommandContext(ctx, cli, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// A developer's settings may disable these commands. A missing file means the defaults.
	cmd.Env = append(os.Environ(), "CROSSPLANE_CONFIG="+filepath.Join(dir, "no-config.yaml"))

	err := cmd.Run()
	if err != nil {
		err = failedRun(args, err, stderr.String(), ctx.Err())
	}

	return stdout.Bytes(), err
}

// fatalResult is in the message of the command line tool if a function returned a fatal result. The tool has no structured form of
// it: it exits with 1 like after any other error. The text is PipelineFatalErrorFmt of Crossplane 2.4 (internal/controller/
// apiextensions/composite/composition_functions.go), and the same in the tools of Crossplane 2.0 and 1.20 (cmd/crank/render/
// render.go). TestFatalResult runs all three.
const fatalResult = "returned a fatal result: "

// failedRun returns the error of a failed run. A fatal result is addressed to the author of the manifest, so the wrapping errors
// are dropped.
func failedRun(args []string, exit error, stderr string, ended error) error {
	if _, fatal, ok := strings.Cut(stderr, fatalResult); ok {
		return errors.New(strings.TrimSpace(fatal))
	}

	return errors.Join(fmt.Errorf("crossplane %s %s: %w\n%s", args[0], args[1], exit, strings.TrimSpace(stderr)), ended)
}

// write writes objects to a file, one YAML document each.
func write(path string, objects ...*unstructured.Unstructured) error {
	var b bytes.Buffer

	for _, o := range objects {
		doc, err := yaml.Marshal(o)
		if err != nil {
			return fmt.Errorf("cannot marshal %s %q: %w", o.GetKind(), o.GetName(), err)
		}

		b.WriteString("---\n")
		b.Write(doc)
	}

	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("cannot write input of Crossplane: %w", err)
	}

	return nil
}
