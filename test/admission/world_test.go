// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/schema"
)

const (
	// root is the root of the repository.
	root = "../.."

	// restrictions is the directory of the policies for applications.
	restrictions = root + "/package/platform/restrictions/"

	// parameters is the ConfigMap that names the platform's users and groups.
	parameters = "platform-application-admission"

	// labelComposed marks namespaces of teams.
	labelComposed = "meta.p6m.dev/workloads"
)

// The accounts are those that write restricted objects.
const (
	team                = "system:serviceaccount:argocd:argocd-application-controller"
	crossplane          = "system:serviceaccount:crossplane-system:crossplane"
	azureProvider       = "system:serviceaccount:crossplane-system:provider-azure"
	otherAzureProvider  = "system:serviceaccount:crossplane-system:crossplane-contrib-provider-azure-storage-1"
	secretSyncProvider  = "system:serviceaccount:crossplane-system:provider-keyvault-secretsync"
	garbageCollector    = "system:serviceaccount:kube-system:generic-garbage-collector"
	namespaceController = "system:serviceaccount:kube-system:namespace-controller"
	controllerManager   = "system:kube-controller-manager"
	backup              = "system:serviceaccount:velero:velero"
	engineer            = "engineer@example.com"
	engineers           = "platform-engineers"
)

// A cluster has one variant of the API, and the policies.
type cluster struct {
	*apiserver.Server

	claims bool
}

// modern has namespaced composite resources, and claim claims.
//
//nolint:gochecknoglobals // Shared by all tests: starting a server takes seconds.
var modern, claim *cluster

func TestMain(m *testing.M) {
	code := apiserver.Run(m, func(s *apiserver.Server) {
		other, err := apiserver.Start(context.Background())
		if err != nil {
			panic(err)
		}

		modern, claim = &cluster{Server: s}, &cluster{Server: other, claims: true}

		for _, c := range variants() {
			if err := c.install(context.Background()); err != nil {
				panic(err)
			}
		}
	})

	if claim != nil {
		if err := claim.Stop(); err != nil {
			panic(err)
		}
	}

	os.Exit(code)
}

// variants are one cluster of each variant.
func variants() map[string]*cluster { return map[string]*cluster{"Modern": modern, "Claim": claim} }

// install installs the definitions and the policies, and grants all users everything else.
func (c *cluster) install(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "definitions-")
	if err != nil {
		return fmt.Errorf("cannot make a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	if err := c.writeDefinitions(dir); err != nil {
		return err
	}

	azure, err := schema.AzureDefinitions(ctx)
	if err != nil {
		return err
	}

	paths := []string{dir, filepath.Join(root, "package", "provider", "crds")}
	for _, name := range []string{
		"keyvault.azure.m.upbound.io_vaults", "managedidentity.azure.m.upbound.io_userassignedidentities",
		"managedidentity.azure.m.upbound.io_federatedidentitycredentials", "authorization.azure.m.upbound.io_roleassignments",
		"azure.m.upbound.io_resourcegroups", "azure.m.upbound.io_providerconfigs", "azure.m.upbound.io_providerconfigusages",
	} {
		paths = append(paths, filepath.Join(azure, name+".yaml"))
	}

	if err := c.InstallCRDs(ctx, paths...); err != nil {
		return err
	}

	everybody := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "everybody"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:authenticated"}},
	}
	crossplaneSystem := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "crossplane-system"}}

	if err := c.Apply(ctx, everybody, crossplaneSystem); err != nil {
		return err
	}

	for _, file := range []string{"parameters", "applications", "composed"} {
		if err := c.ApplyFiles(ctx, restrictions+file+".yaml"); err != nil {
			return err
		}
	}

	err = c.setPlatform(ctx, map[string]string{
		"groups": "system:masters\n" + engineers + "\n", "users": backup + "\n", "azureProviders": azureProvider + "\n" + otherAzureProvider + "\n",
	})
	if err != nil {
		return err
	}

	return c.inForce(ctx)
}

// writeDefinitions writes the definitions that Crossplane derives from ours, with the defaults of
// Crossplane's own fields.
func (c *cluster) writeDefinitions(dir string) error {
	load := map[string]func() (*schema.Validator, error){
		"platformapplications": func() (*schema.Validator, error) {
			return schema.LoadXRD(root + "/apis/platformapplication/definition.yaml")
		},
	}
	if c.claims {
		load = map[string]func() (*schema.Validator, error){
			"platformapplications":  func() (*schema.Validator, error) { return schema.LoadClaim(root + "/apis/claim/definition.yaml") },
			"xplatformapplications": func() (*schema.Validator, error) { return schema.LoadXRD(root + "/apis/claim/definition.yaml") },
		}
	}

	for name, load := range load {
		v, err := load()
		if err != nil {
			return err
		}

		crd := v.CRD()
		spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties

		for field, value := range map[string]string{"compositionUpdatePolicy": `"Automatic"`, "compositeDeletePolicy": `"Background"`} {
			if p, ok := spec[field]; ok {
				p.Default = &extv1.JSON{Raw: []byte(value)}
				spec[field] = p
			}
		}

		crd.SetGroupVersionKind(extv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))

		data, err := yaml.Marshal(crd)
		if err != nil {
			return fmt.Errorf("cannot encode definition: %w", err)
		}

		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), data, 0o600); err != nil {
			return fmt.Errorf("cannot write definition: %w", err)
		}
	}

	return nil
}

// setPlatform sets the users and groups of the platform.
func (c *cluster) setPlatform(ctx context.Context, data map[string]string) error {
	return c.Apply(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "crossplane-system", Name: parameters}, Data: data,
	})
}

// inForce waits until the API server has read every policy and the parameters.
func (c *cluster) inForce(ctx context.Context) error {
	const namespace = "in-force"

	if err := c.Apply(ctx, teamNamespace(namespace)); err != nil {
		return err
	}

	part := serviceAccount(namespace, "part")
	part.SetAnnotations(map[string]string{"crossplane.io/composition-resource-name": "service-account"})

	existing := c.application(namespace, "existing")
	if err := c.Apply(ctx, existing); err != nil {
		return err
	}

	tries := []func(context.Context) (want string, got error){
		func(ctx context.Context) (string, error) {
			u := c.application(namespace, "web")
			u.SetFinalizers([]string{"example.com/finalizer"})

			return "platform-application-fields", c.as(team).Create(ctx, u, client.DryRunAll)
		},
		func(ctx context.Context) (string, error) {
			return "platform-application-orphans", c.as(team).Delete(ctx, existing.DeepCopy(), client.PropagationPolicy("Orphan"), client.DryRunAll)
		},
		func(ctx context.Context) (string, error) {
			return "platform-application-composed", c.as(team).Create(ctx, providerConfig(namespace, "own"), client.DryRunAll)
		},
		func(ctx context.Context) (string, error) {
			return "platform-application-parts", c.as(team).Create(ctx, part.DeepCopy(), client.DryRunAll)
		},
		func(ctx context.Context) (string, error) {
			config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "crossplane-system", Name: parameters}}

			return parameters, c.as(azureProvider).Delete(ctx, config, client.DryRunAll)
		},
		func(ctx context.Context) (string, error) {
			return "", c.as(backup).Create(ctx, providerConfig(namespace, "own"), client.DryRunAll)
		},
	}

	for _, try := range tries {
		err := apiserver.Eventually(ctx, func(ctx context.Context) error {
			want, got := try(ctx)

			if by := deniedBy(got); by != want || want == "" && got != nil {
				return fmt.Errorf("want a denial by %q, got %v", want, got) //nolint:errorlint // It may be nil.
			}

			return nil
		})
		if err != nil {
			return fmt.Errorf("policies are not in force: %w", err)
		}
	}

	return nil
}

// as returns a client that impersonates a user. Without groups, it uses those of the user's name.
func (c *cluster) as(user string, groups ...string) client.Client {
	config := c.Config()
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}

	out, err := client.New(config, client.Options{Scheme: c.Client().Scheme(), Mapper: c.Client().RESTMapper()})
	if err != nil {
		panic(err)
	}

	return out
}

// deniedBy returns the policy that caused an error.
func deniedBy(err error) string {
	if err == nil {
		return ""
	}

	_, after, _ := strings.Cut(err.Error(), "ValidatingAdmissionPolicy '")
	policy, _, _ := strings.Cut(after, "'")

	return policy
}

// said returns the message of a policy in an error, or the text of any other error.
func said(err error) string {
	if err == nil {
		return ""
	}

	if _, message, ok := strings.Cut(err.Error(), "denied request: "); ok {
		return message
	}

	return "not by a policy: " + err.Error()
}

// namespace creates a team's namespace that no other test uses.
func (c *cluster) namespace(t *testing.T) string {
	t.Helper()

	ns := teamNamespace(c.Namespace(t))
	check.Must(t, c.Apply(t.Context(), ns))

	// The API server needs a moment to read the labels.
	part := serviceAccount(ns.Name, "part")
	part.SetAnnotations(map[string]string{"crossplane.io/composition-resource-name": "service-account"})

	err := apiserver.Eventually(t.Context(), func(ctx context.Context) error {
		if err := c.as(team).Create(ctx, part.DeepCopy(), client.DryRunAll); err == nil {
			return errors.New("the label is not heeded")
		}

		return nil
	})
	check.Must(t, err)

	return ns.Name
}

func teamNamespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{labelComposed: "composed"}}}
}

func serviceAccount(namespace, name string) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// object returns an object of a kind in a namespace.
func object(apiVersion, kind, namespace, name string, content map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}

	maps.Copy(u.Object, content)

	u.SetAPIVersion(apiVersion)
	u.SetKind(kind)
	u.SetNamespace(namespace)
	u.SetName(name)

	return u
}

// application returns an application as a team writes it in Git.
func (c *cluster) application(namespace, name string) *unstructured.Unstructured {
	return object("meta.p6m.dev/v1alpha1", "PlatformApplication", namespace, name, map[string]any{
		"spec": map[string]any{"deployment": map[string]any{"image": "registry.example.com/web:1"}},
	})
}

func providerConfig(namespace, name string) *unstructured.Unstructured {
	return object("secrets.p6m.dev/v1alpha1", "ProviderConfig", namespace, name, map[string]any{
		"spec": map[string]any{"credentials": map[string]any{"source": "None"}},
	})
}

// filled returns an application that Crossplane has reconciled, as it is stored.
func (c *cluster) filled(t *testing.T, namespace, name string) *unstructured.Unstructured {
	t.Helper()

	kube := c.as(crossplane)
	u := c.application(namespace, name)

	check.Must(t, c.as(team).Create(t.Context(), u))

	u.SetFinalizers([]string{"composite.apiextensions.crossplane.io"})
	u.SetLabels(map[string]string{"crossplane.io/composite": name})
	u.SetAnnotations(map[string]string{"crossplane.io/external-name": name})

	fields := map[string]any{
		"compositionRef":          map[string]any{"name": "platformapplications.meta.p6m.dev"},
		"compositionRevisionRef":  map[string]any{"name": "platformapplications.meta.p6m.dev-1"},
		"compositionUpdatePolicy": "Automatic",
	}

	spec, _ := u.Object["spec"].(map[string]any)

	if c.claims {
		fields["resourceRef"] = map[string]any{"apiVersion": "meta.p6m.dev/v1alpha1", "kind": "XPlatformApplication", "name": name + "-x"}
		maps.Copy(spec, fields)
	} else {
		fields["resourceRefs"] = []any{map[string]any{"apiVersion": "keyvault.azure.m.upbound.io/v1beta1", "kind": "Vault", "name": name}}
		spec["crossplane"] = fields
	}

	check.Must(t, kube.Update(t.Context(), u))

	u.Object["status"] = map[string]any{"keyVault": map[string]any{"name": "web-1"}}
	check.Must(t, kube.Status().Update(t.Context(), u))

	return u
}
