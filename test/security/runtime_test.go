// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/schema"
)

// crossplaneModule pins Crossplane for all tests.
const crossplaneModule = "../../package/tools/crossplane-core"

// A runtimeConfig is what is of interest in a DeploymentRuntimeConfig.
type runtimeConfig struct {
	Spec struct {
		ServiceAccountTemplate struct {
			Metadata metav1.ObjectMeta `json:"metadata"`
		} `json:"serviceAccountTemplate"`
		DeploymentTemplate struct {
			Spec appsv1.DeploymentSpec `json:"spec"`
		} `json:"deploymentTemplate"`
	} `json:"spec"`
}

// TestRuntimeConfigIsValid checks the file against Crossplane's own definition.
func TestRuntimeConfigIsValid(t *testing.T) {
	v, err := schema.LoadCRD(filepath.Join(crossplane(t), "cluster", "crds", "pkg.crossplane.io_deploymentruntimeconfigs.yaml"))
	if err != nil {
		t.Fatalf("cannot load definition: %v", err)
	}

	if diff := cmp.Diff([]string(nil), v.Validate(read(t, "runtime.yaml")[0].Object)); diff != "" {
		t.Errorf("faults of runtime.yaml: -want, +got:\n%s", diff)
	}
}

// TestRuntimeConfigIsRestricted has the pod admitted to a namespace that asks
// for the strictest of the Pod Security Standards.
func TestRuntimeConfigIsRestricted(t *testing.T) {
	ns := server.Namespace(t)

	var rc runtimeConfig

	convert(t, read(t, "runtime.yaml")[0], &rc)

	enforce := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:   ns,
		Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}

	if err := server.Apply(t.Context(), enforce); err != nil {
		t.Fatalf("cannot restrict namespace: %v", err)
	}

	template := rc.Spec.DeploymentTemplate.Spec.Template
	// As the package manager does.
	template.Spec.Containers[0].Image = "ghcr.io/p6m-dev/provider-keyvault-secretsync:v0.1.0"
	template.Spec.ServiceAccountName = rc.Spec.ServiceAccountTemplate.Metadata.Name

	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "provider"}, Spec: template.Spec}
	if err := admin.Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Errorf("the provider's pod: want it to be admitted, got %v", err)
	}
}

// TestOneProvider keeps the files in step: each names the provider in its own
// way, and one that names another protects nothing.
func TestOneProvider(t *testing.T) {
	var rc runtimeConfig

	convert(t, read(t, "runtime.yaml")[0], &rc)

	if diff := cmp.Diff(apiserver.ProviderServiceAccount, rc.Spec.ServiceAccountTemplate.Metadata.Name); diff != "" {
		t.Errorf("ServiceAccount in runtime.yaml: -want, +got:\n%s", diff)
	}

	bindings, policies := 0, 0

	for _, o := range append(read(t, "rbac.yaml"), read(t, "admission-policy.yaml")...) {
		switch o.GetKind() {
		case "ClusterRoleBinding":
			bindings++

			var b rbacv1.ClusterRoleBinding

			convert(t, o, &b)

			want := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: apiserver.ProviderNamespace, Name: apiserver.ProviderServiceAccount}}
			if diff := cmp.Diff(want, b.Subjects); diff != "" {
				t.Errorf("subjects of ClusterRoleBinding %q: -want, +got:\n%s", b.GetName(), diff)
			}
		case "ValidatingAdmissionPolicy":
			policies++

			var p admissionv1.ValidatingAdmissionPolicy

			convert(t, o, &p)

			user := apiserver.ServiceAccountUser(apiserver.ProviderNamespace, apiserver.ProviderServiceAccount)
			want := admissionv1.MatchCondition{Name: "is-the-provider", Expression: "request.userInfo.username == '" + user + "'"}

			if diff := cmp.Diff(want, p.Spec.MatchConditions[0]); diff != "" {
				t.Errorf("first condition of ValidatingAdmissionPolicy %q: -want, +got:\n%s", p.GetName(), diff)
			}
		}
	}

	if diff := cmp.Diff([]int{1, 8}, []int{bindings, policies}); diff != "" {
		t.Errorf("numbers of bindings and policies: -want, +got:\n%s", diff)
	}
}

// read returns the objects in one of the provider's files.
func read(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()

	objects, err := apiserver.ReadFiles(file(name))
	if err != nil {
		t.Fatalf("cannot read: %v", err)
	}

	return objects
}

func convert(t *testing.T, from *unstructured.Unstructured, into any) {
	t.Helper()

	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(from.Object, into); err != nil {
		t.Fatalf("cannot convert %s %q: %v", from.GetKind(), from.GetName(), err)
	}
}

// crossplane returns the directory of Crossplane's source code.
func crossplane(t *testing.T) string {
	t.Helper()

	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "github.com/crossplane/crossplane/v2")
	cmd.Dir = crossplaneModule
	cmd.Env = append(os.Environ(), "GOWORK=off")

	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cannot download Crossplane: %v\n%s", err, out)
	}

	var module struct {
		Dir string `json:"Dir"`
	}
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatalf("cannot parse the answer of go mod download: %v", err)
	}

	return module.Dir
}
