// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// verbs are those that write.
var writes = []string{"create", "update", "patch", "delete", "deletecollection"} //nolint:gochecknoglobals // A constant.

// A write is a verb on a resource that RBAC grants the provider.
type write struct {
	verb       string
	gvr        schema.GroupVersionResource
	sub        string
	namespaced bool
}

func (w write) String() string {
	name := w.gvr.GroupResource().String()
	if w.sub != "" {
		name += "/" + w.sub
	}

	return w.verb + " " + name
}

// TestGrantedWrites tries every write that RBAC grants the provider, including the grants of
// Crossplane's RBAC manager, on foreign objects. Policies reject all except the listed ones.
func TestGrantedWrites(t *testing.T) {
	granted := grantedWrites(t)

	own := []string{
		"patch clusterproviderconfigs.secrets.p6m.dev/status",
		"patch keyvaultsecretsyncs.secrets.p6m.dev/status",
		"patch providerconfigs.secrets.p6m.dev/status",
		"update clusterproviderconfigs.secrets.p6m.dev/status",
		"update keyvaultsecretsyncs.secrets.p6m.dev/status",
		"update providerconfigs.secrets.p6m.dev/status",
	}

	check.Must(t, server.CreatePlatformNamespace(t.Context(), "argocd"))

	cases := map[string]struct {
		reason    string
		namespace string
		want      []string
	}{
		"KubeSystem":       {reason: "The namespace contains parts of the cluster.", namespace: "kube-system", want: own},
		"CrossplaneSystem": {reason: "The namespace contains the other providers.", namespace: apiserver.ProviderNamespace, want: own},
		"ArgoCD":           {reason: "The namespace contains the credentials of Argo CD.", namespace: "argocd", want: own},
		"Applications":     {reason: "The namespace contains applications.", namespace: server.Namespace(t), want: append([]string{"create serviceaccounts/token"}, own...)},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			v := victimIn(t, tc.namespace)
			admitted := []string{}

			for _, w := range granted {
				switch err := v.suffer(t, w); {
				case err == nil:
					admitted = append(admitted, w.String())
				case !strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'provider-keyvault-secretsync-"):
					t.Errorf("%s: want a policy to refuse it, got %v", w, err)
				}
			}

			slices.Sort(admitted)

			if diff := cmp.Diff(tc.want, admitted); diff != "" {
				t.Errorf("\n%s\nwrites that are admitted: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// grantedWrites returns every write to a served resource that the roles of the provider grant.
func grantedWrites(t *testing.T) []write {
	t.Helper()

	rules := grantedRules(t)

	d, err := discovery.NewDiscoveryClientForConfig(server.Config())
	check.Must(t, err)

	lists, err := d.ServerPreferredResources()
	check.Must(t, err)

	var out []write

	for _, list := range lists {
		// The preferred resources do not include subresources.
		all, err := d.ServerResourcesForGroupVersion(list.GroupVersion)
		check.Must(t, err)

		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		check.Must(t, err)

		for _, r := range all.APIResources {
			resource, sub, _ := strings.Cut(r.Name, "/")

			for _, verb := range writes {
				if slices.Contains(r.Verbs, verb) && slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool { return grants(rule, verb, gv.Group, resource, sub) }) {
					out = append(out, write{verb: verb, gvr: gv.WithResource(resource), sub: sub, namespaced: r.Namespaced})
				}
			}
		}
	}

	// With fewer writes, something was not found.
	if len(out) < 30 {
		t.Fatalf("RBAC grants the provider %d writes only: %v", len(out), out)
	}

	return out
}

// grantedRules returns the rules of all roles that are bound to the provider.
func grantedRules(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()

	bindings := &rbacv1.ClusterRoleBindingList{}
	check.Must(t, admin.List(t.Context(), bindings))

	var rules []rbacv1.PolicyRule

	for _, b := range bindings.Items {
		if !slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool {
			return s.Kind == rbacv1.ServiceAccountKind && s.Namespace == apiserver.ProviderNamespace && s.Name == apiserver.ProviderServiceAccount
		}) {
			continue
		}

		role := &rbacv1.ClusterRole{}
		check.Must(t, admin.Get(t.Context(), types.NamespacedName{Name: b.RoleRef.Name}, role))

		rules = append(rules, role.Rules...)
	}

	return rules
}

// grants reports whether a rule grants a verb. See
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
func grants(r rbacv1.PolicyRule, verb, group, resource, sub string) bool {
	has := func(list []string, s string) bool { return slices.Contains(list, s) || slices.Contains(list, "*") }

	whole := resource
	if sub != "" {
		whole += "/" + sub
	}

	return has(r.Verbs, verb) && has(r.APIGroups, group) && len(r.ResourceNames) == 0 &&
		(has(r.Resources, whole) || sub != "" && slices.Contains(r.Resources, "*/"+sub))
}

// A victim is a namespace with one foreign object of each kind that the provider could write.
type victim struct {
	namespace string
	attacker  dynamic.Interface
	existing  map[string]*unstructured.Unstructured
}

func victimIn(t *testing.T, namespace string) *victim {
	t.Helper()

	cfg := rest.CopyConfig(providerConfig)
	cfg.QPS = -1 // Client-side throttling is off.

	d, err := dynamic.NewForConfig(cfg)
	check.Must(t, err)

	v := &victim{namespace: namespace, attacker: d, existing: map[string]*unstructured.Unstructured{}}

	for resource, o := range objectsOfOthers(namespace) {
		if err := admin.Create(t.Context(), o); err != nil {
			t.Fatalf("cannot create %s: %v", o.GetKind(), err)
		}

		t.Cleanup(func() { _ = admin.Delete(context.WithoutCancel(t.Context()), o) })

		v.existing[resource] = o
	}

	return v
}

// objectsOfOthers returns a valid foreign object of each kind, by resource.
func objectsOfOthers(namespace string) map[string]*unstructured.Unstructured {
	credentials := map[string]any{"credentials": map[string]any{"source": "None"}}
	out := map[string]*unstructured.Unstructured{}

	for resource, content := range map[string]map[string]any{
		"secrets":         {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": map[string]any{"key": "value"}},
		"configmaps":      {"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"policy.csv": "g, nobody, role:admin"}},
		"serviceaccounts": {"apiVersion": "v1", "kind": "ServiceAccount"},
		"events": {
			"apiVersion": "v1", "kind": "Event", "reason": "Killing", "message": "It was someone else.", "type": "Normal",
			"involvedObject": map[string]any{"apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": "victim"},
		},
		"leases.coordination.k8s.io": {
			"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
			"spec": map[string]any{"holderIdentity": "attacker", "leaseDurationSeconds": int64(3600)},
		},
		"keyvaultsecretsyncs.secrets.p6m.dev": {
			"apiVersion": "secrets.p6m.dev/v1alpha1", "kind": "KeyVaultSecretSync",
			"spec": map[string]any{"forProvider": map[string]any{
				"vaultUri": "https://victim.vault.azure.net/", "serviceAccountName": "victim",
				"tenantId": "11111111-1111-4111-8111-111111111111", "clientId": "66666666-6666-4666-8666-666666666666",
				"secrets": []any{map[string]any{"name": "db"}}, "target": map[string]any{"name": "victim"},
			}},
		},
		"providerconfigs.secrets.p6m.dev":        {"apiVersion": "secrets.p6m.dev/v1alpha1", "kind": "ProviderConfig", "spec": credentials},
		"clusterproviderconfigs.secrets.p6m.dev": {"apiVersion": "secrets.p6m.dev/v1alpha1", "kind": "ClusterProviderConfig", "spec": credentials},
		"providerconfigusages.secrets.p6m.dev": {
			"apiVersion": "secrets.p6m.dev/v1alpha1", "kind": "ProviderConfigUsage",
			"providerConfigRef": map[string]any{"kind": "ClusterProviderConfig", "name": "default"},
			"resourceRef":       map[string]any{"apiVersion": "secrets.p6m.dev/v1alpha1", "kind": "KeyVaultSecretSync", "name": "victim"},
		},
	} {
		o := &unstructured.Unstructured{Object: content}
		o.SetName("victim")

		if resource != "clusterproviderconfigs.secrets.p6m.dev" {
			o.SetNamespace(namespace)
		}

		if resource == "providerconfigusages.secrets.p6m.dev" {
			o.SetOwnerReferences([]metav1.OwnerReference{{
				APIVersion: "secrets.p6m.dev/v1alpha1", Kind: "KeyVaultSecretSync", Name: "victim", UID: "some-uid", Controller: new(true),
			}})
		}

		out[resource] = o
	}

	return out
}

// suffer lets the provider write, and returns the response of the API server. Nothing is changed.
func (v *victim) suffer(t *testing.T, w write) error {
	t.Helper()

	before, known := v.existing[w.gvr.GroupResource().String()]
	if !known {
		t.Fatalf("there is no object for %s: have objectsOfOthers return one", w)
	}

	var c dynamic.ResourceInterface = v.attacker.Resource(w.gvr)
	if w.namespaced {
		c = v.attacker.Resource(w.gvr).Namespace(v.namespace)
	}

	var subresources []string
	if w.sub != "" {
		subresources = []string{w.sub}
	}

	dryRun := []string{metav1.DryRunAll}

	switch w.verb {
	case "create":
		return createLike(t, c, before, dryRun, subresources)
	case "update":
		o := before.DeepCopy()
		o.SetLabels(map[string]string{"example.com/attacked": "true"})

		_, err := c.Update(t.Context(), o, metav1.UpdateOptions{DryRun: dryRun}, subresources...)

		return err //nolint:wrapcheck // The test looks at it.
	case "patch":
		_, err := c.Patch(t.Context(), before.GetName(), types.MergePatchType, []byte(`{"metadata":{"labels":{"example.com/attacked":"true"}}}`),
			metav1.PatchOptions{DryRun: dryRun}, subresources...)

		return err //nolint:wrapcheck // The test looks at it.
	case "delete":
		return c.Delete(t.Context(), before.GetName(), metav1.DeleteOptions{DryRun: dryRun}, subresources...) //nolint:wrapcheck // The test looks at it.
	case "deletecollection":
		return c.DeleteCollection(t.Context(), metav1.DeleteOptions{DryRun: dryRun}, metav1.ListOptions{}) //nolint:wrapcheck // The test looks at it.
	default:
		return fmt.Errorf("%s is no write", w.verb)
	}
}

// createLike creates an object like the given one, or a subresource of it.
func createLike(t *testing.T, c dynamic.ResourceInterface, like *unstructured.Unstructured, dryRun, subresources []string) error {
	t.Helper()

	o := like.DeepCopy()
	if len(subresources) > 0 {
		// A token is the only subresource that can be created.
		o = &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": map[string]any{"audiences": []any{azure}},
		}}
		o.SetName(like.GetName())
	} else {
		o.SetName("another")
		o.SetResourceVersion("")
		o.SetUID("")
	}

	_, err := c.Create(t.Context(), o, metav1.CreateOptions{DryRun: dryRun}, subresources...)

	return err //nolint:wrapcheck // The test looks at it.
}

// TestTakenOver tries the writes of an attacker who has compromised the provider.
func TestTakenOver(t *testing.T) {
	app := server.Namespace(t)

	check.Must(t, server.CreatePlatformNamespace(t.Context(), "argocd"))

	controlled := []any{map[string]any{
		"apiVersion": "secrets.p6m.dev/v1alpha1", "kind": "KeyVaultSecretSync", "name": "web", "uid": "some-uid", "controller": true,
	}}
	ours := map[string]any{label: labelValue}
	other := namespace(t, map[string]string{})

	secretIn := func(namespace string, meta, content map[string]any) map[string]any {
		m := map[string]any{"labels": ours, "ownerReferences": controlled}
		maps.Copy(m, meta)

		c := map[string]any{"type": "Opaque"}
		maps.Copy(c, content)

		return object("v1", "Secret", namespace, "web", m, c)
	}
	labelled := func(key, value string) map[string]any {
		return secretIn(app, map[string]any{"labels": map[string]any{label: labelValue, key: value}}, nil)
	}
	owned := func(apiVersion string, more map[string]any) map[string]any {
		owner := map[string]any{"apiVersion": apiVersion, "kind": "KeyVaultSecretSync", "name": "web", "uid": "some-uid"}
		maps.Copy(owner, more)

		return secretIn(app, map[string]any{"ownerReferences": []any{owner}}, nil)
	}
	config := func(namespace, name, key, value string) map[string]any {
		return object("v1", "ConfigMap", namespace, name, nil, map[string]any{"data": map[string]any{key: value}})
	}
	lease := func(namespace, name string) map[string]any {
		return object("coordination.k8s.io/v1", "Lease", namespace, name, nil, map[string]any{"spec": map[string]any{"holderIdentity": "attacker"}})
	}
	eventIn := func(namespace string, meta, content map[string]any) map[string]any {
		c := map[string]any{"involvedObject": map[string]any{"apiVersion": "secrets.p6m.dev/v1alpha1", "kind": "KeyVaultSecretSync", "namespace": namespace, "name": "nothing"}}
		maps.Copy(c, content)

		return object("v1", "Event", namespace, "nothing", meta, c)
	}
	usageIn := func(namespace string, meta map[string]any) map[string]any {
		u := objectsOfOthers(namespace)["providerconfigusages.secrets.p6m.dev"]
		u.SetName("some-uid")
		maps.Copy(u.Object["metadata"].(map[string]any), meta) //nolint:forcetypeassert // It has metadata.

		return u.Object
	}
	ofOthers := func(resource string) map[string]any { return objectsOfOthers(app)[resource].Object }

	stays := map[string]any{"finalizers": []any{"example.com/stay"}}
	annotated := map[string]any{"annotations": map[string]any{"x": "y"}}
	large := strings.Repeat("A", 200_000)
	pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "namespace": app, "name": "web"}

	cases := map[string]struct {
		reason string
		object map[string]any
		policy string
	}{
		"BecomeAdminOfArgoCD": {"A writer of Argo CD's roles could become its administrator.", config("argocd", "argocd-rbac-cm", "policy.default", "role:admin"), "writes"},
		"RedirectNames":       {"A writer of the DNS configuration could redirect every name.", config("kube-system", "coredns", "Corefile", ".:53 {}"), "writes"},
		"NewSync":             {"A new sync could read any vault as any application of the namespace.", ofOthers("keyvaultsecretsyncs.secrets.p6m.dev"), "writes"},
		"NewConfiguration":    {"A new configuration could make the provider's own identity create secrets.", ofOthers("clusterproviderconfigs.secrets.p6m.dev"), "writes"},

		"StopControllers":   {"The lease of kube-controller-manager would stop it.", lease("kube-system", "kube-controller-manager"), "leases"},
		"StopNeighbour":     {"The leases of other providers would stop them.", lease(apiserver.ProviderNamespace, "crossplane-leader-election-core"), "leases"},
		"OwnLeaseElsewhere": {"A lease of the same name in another namespace is another lease.", lease(app, "crossplane-leader-election-provider-keyvault-secretsync"), "leases"},

		"RepositoryOfArgoCD":       {"Argo CD would read manifests from there, with the platform's permissions.", secretIn("argocd", nil, nil), "namespaces"},
		"CredentialsOfArgoCD":      {"Argo CD may read such a Secret in other namespaces, too.", labelled("argocd.argoproj.io/secret-type", "repo-creds"), "secrets"},
		"LabelOfSidecar":           {"Some programs use labels without a domain.", labelled("grafana_datasource", "1"), "secrets"},
		"LabelOfNamesake":          {"A domain that only ends like an allowed one is another domain.", labelled("notp6m.dev/app", "web"), "secrets"},
		"Replicate":                {"A replicator would copy the Secret into platform namespaces.", secretIn(app, map[string]any{"annotations": map[string]any{"replicator.v1.mittwald.de/replicate-to": "argocd,kube-system"}}, nil), "secrets"},
		"Immutable":                {"An immutable Secret could never be updated.", secretIn(app, nil, map[string]any{"immutable": true}), "secrets"},
		"SecretOfTheCluster":       {"A Secret in kube-system is rejected, even if it looks like a sync's.", secretIn("kube-system", nil, nil), "secrets"},
		"SecretOfCrossplane":       {"A Secret in the provider's own namespace is rejected, because client secrets of providers are there.", secretIn(apiserver.ProviderNamespace, nil, nil), "secrets"},
		"WithoutOwner":             {"The Secret would outlive its sync.", secretIn(app, map[string]any{"ownerReferences": nil}, nil), "secrets"},
		"OwnerThatControlsNothing": {"An owner that is not the controller does not count.", owned("secrets.p6m.dev/v1alpha1", nil), "secrets"},
		"OwnerOfOtherKind":         {"A sync of another API group does not count.", owned("example.com/v1", map[string]any{"controller": true}), "secrets"},
		"Finalizer":                {"A finalizer would block the deletion of the Secret and its namespace.", secretIn(app, stays, nil), "secrets"},

		"FalseEvent":          {"Events about foreign objects are not the provider's.", eventIn(app, nil, map[string]any{"involvedObject": pod}), "events"},
		"EventOfTheCluster":   {"There are no syncs in that namespace.", eventIn("kube-system", nil, nil), "events"},
		"EventOfCrossplane":   {"In the provider's own namespace, only Events about its lease are allowed.", eventIn(apiserver.ProviderNamespace, nil, nil), "events"},
		"EventElsewhere":      {"A namespace without applications needs no Event.", eventIn(other, nil, nil), "namespaces"},
		"EventOfDefault":      {"Only Events about cluster-scoped objects are in namespace default.", eventIn("default", nil, nil), "namespaces"},
		"EventWithFinalizer":  {"A finalizer would keep the Event forever.", eventIn(app, stays, nil), "events"},
		"EventWithOwner":      {"An owner would delete the Event with another object.", eventIn(app, map[string]any{"ownerReferences": controlled}, nil), "events"},
		"EventWithLabel":      {"Programs may react to labels.", eventIn(app, map[string]any{"labels": ours}, nil), "events"},
		"EventWithAnnotation": {"Programs may react to annotations.", eventIn(app, annotated, nil), "events"},
		"LargeAnnotation":     {"Large annotations would fill etcd.", eventIn(app, map[string]any{"annotations": map[string]any{"external-name": large}}, nil), "events"},
		"LargeEvent":          {"Large messages would fill etcd.", eventIn(app, nil, map[string]any{"message": large}), "events"},
		"LargeReason":         {"Other large fields would fill etcd.", eventIn(app, nil, map[string]any{"source": map[string]any{"component": large}}), "events"},

		"UsageInTheCluster":    {"There are no syncs in that namespace.", usageIn("kube-system", nil), "usages"},
		"UsageWithAnnotations": {"Annotations of usages would fill etcd.", usageIn(app, annotated), "usages"},
		"UsageWithFinalizer":   {"A finalizer of the usage would block the deletion of the provider configuration.", usageIn(app, stays), "usages"},
		"UsageOfNobody":        {"A usage without an owner would block the deletion of the provider configuration.", usageIn(app, map[string]any{"ownerReferences": nil}), "usages"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := &unstructured.Unstructured{Object: tc.object}
			want := "ValidatingAdmissionPolicy 'provider-keyvault-secretsync-" + tc.policy + "'"

			if err := provider.Create(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("\n%s\nCreate(...): want %s, got %v", tc.reason, want, err)
			}
		})
	}
}

// object returns an object of the kind, with additional metadata and content.
func object(apiVersion, kind, namespace, name string, meta, content map[string]any) map[string]any {
	o := map[string]any{"apiVersion": apiVersion, "kind": kind}
	maps.Copy(o, content)

	m := map[string]any{"namespace": namespace, "name": name}
	maps.Copy(m, meta)
	o["metadata"] = m

	return o
}

// TestWhatItWrites lets the provider write what nothing waits for in test/provider, whose program writes its Lease, its Secrets and the
// Events of syncs with the same policies.
func TestWhatItWrites(t *testing.T) {
	ns := server.Namespace(t)

	sync := objectsOfOthers(ns)["keyvaultsecretsyncs.secrets.p6m.dev"]
	check.Must(t, admin.Create(t.Context(), sync))

	usage := objectsOfOthers(ns)["providerconfigusages.secrets.p6m.dev"]
	usage.SetName(string(sync.GetUID()))
	usage.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(sync, sync.GroupVersionKind())})
	usage.SetLabels(map[string]string{"crossplane.io/provider-config": "default", "crossplane.io/provider-config-kind": "ClusterProviderConfig"})

	// again marks an Event as repeated.
	again := func(u *unstructured.Unstructured) { u.Object["count"] = int64(2) }

	cases := map[string]struct {
		reason string
		object map[string]any
		renew  func(*unstructured.Unstructured)
	}{
		"LeaseEvent": {
			reason: "An Event reports the new leader.",
			renew:  again,
			object: object("v1", "Event", apiserver.ProviderNamespace, "leader", nil, map[string]any{
				"involvedObject": map[string]any{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "namespace": apiserver.ProviderNamespace, "name": "crossplane-leader-election-provider-keyvault-secretsync"},
			}),
		},
		"ClusterEvent": {
			reason: "Events about cluster-scoped objects are in namespace default.",
			renew:  again,
			object: object("v1", "Event", "default", "configured", nil, map[string]any{
				"involvedObject": map[string]any{"apiVersion": "secrets.p6m.dev/v1alpha1", "kind": "ClusterProviderConfig", "name": "default"},
			}),
		},
		"Usage": {
			reason: "A usage records that the sync uses another configuration.", object: usage.Object,
			renew: func(u *unstructured.Unstructured) {
				u.Object["providerConfigRef"] = map[string]any{"kind": "ProviderConfig", "name": "other"}
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := &unstructured.Unstructured{Object: tc.object}
			if err := provider.Create(t.Context(), o); err != nil {
				t.Fatalf("\n%s\nCreate(...): %v", tc.reason, err)
			}

			tc.renew(o)

			if err := provider.Update(t.Context(), o); err != nil {
				t.Errorf("\n%s\nUpdate(...): %v", tc.reason, err)
			}
		})
	}
}

// TestKinds lets the provider change objects of its own kinds.
func TestKinds(t *testing.T) {
	const (
		spec        = "provider-keyvault-secretsync must not change the spec of an object"
		labels      = "provider-keyvault-secretsync must not change the labels or owners of an object"
		annotations = "provider-keyvault-secretsync may change only annotations about the creation of a Secret"
		finalizers  = "provider-keyvault-secretsync may change only its own finalizers"
	)

	cases := map[string]struct {
		reason string
		kind   string
		patch  string
		want   string
	}{
		"Finalizer":        {reason: "The finalizer of a sync lets its Secret be deleted first.", patch: `{"metadata":{"finalizers":["example.com/other","finalizer.managedresource.crossplane.io"]}}`},
		"InUse":            {reason: "A configuration has a finalizer while it is used.", kind: "providerconfigs.secrets.p6m.dev", patch: `{"metadata":{"finalizers":["example.com/other","in-use.crossplane.io"]}}`},
		"Creating":         {reason: "The annotations record an interrupted creation.", patch: `{"metadata":{"annotations":{"crossplane.io/external-create-pending":"2026-01-01T00:00:00Z"}}}`},
		"OtherVault":       {reason: "The sync must not read another vault, or a missing one.", patch: `{"spec":{"forProvider":{"vaultUri":"https://other.vault.azure.net/"}}}`, want: spec},
		"OtherCredentials": {reason: "The provider must not choose its own credentials.", kind: "providerconfigs.secrets.p6m.dev", patch: `{"spec":{"credentials":{"source":"WorkloadIdentity"}}}`, want: spec},
		"OtherIdentity":    {reason: "The provider must not choose the credentials of a ClusterProviderConfig either.", kind: "clusterproviderconfigs.secrets.p6m.dev", patch: `{"spec":{"credentials":{"source":"WorkloadIdentity"}}}`, want: spec},
		"Label":            {reason: "Labels belong to Crossplane.", patch: `{"metadata":{"labels":{"crossplane.io/composite":"other"}}}`, want: labels},
		"DropLabel":        {reason: "No label can be removed.", patch: `{"metadata":{"labels":null}}`, want: labels},
		"Owner":            {reason: "An owner reference would delete the object with another one.", patch: `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"other","uid":"other"}]}}`, want: labels},
		"Pause":            {reason: "A paused sync would hide that its values are outdated.", patch: `{"metadata":{"annotations":{"crossplane.io/paused":"true"}}}`, want: annotations},
		"DropAnnotation":   {reason: "The annotation belongs to another writer.", patch: `{"metadata":{"annotations":{"example.com/other":null}}}`, want: annotations},
		"Stay":             {reason: "A finalizer of another controller would block the deletion.", patch: `{"metadata":{"finalizers":["example.com/other","example.com/stay"]}}`, want: finalizers},
		"DropFinalizer":    {reason: "The finalizer belongs to a controller that still needs it.", patch: `{"metadata":{"finalizers":null}}`, want: finalizers},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			kind := tc.kind
			if kind == "" {
				kind = "keyvaultsecretsyncs.secrets.p6m.dev"
			}

			o := objectsOfOthers(server.Namespace(t))[kind]
			o.SetName("")
			o.SetGenerateName("own-")
			o.SetLabels(map[string]string{"crossplane.io/composite": "web"})
			o.SetAnnotations(map[string]string{"example.com/other": "stays"})
			o.SetFinalizers([]string{"example.com/other"})

			check.Must(t, admin.Create(t.Context(), o))

			err := provider.Patch(t.Context(), o, client.RawPatch(types.MergePatchType, []byte(tc.patch)))
			if diff := cmp.Diff(tc.want, message(err)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestUsages lets the provider remove only a usage that a backup has restored.
func TestUsages(t *testing.T) {
	cases := map[string]struct {
		reason string
		owners []metav1.OwnerReference
		want   string
	}{
		"LeftOver": {reason: "The sync of the usage no longer exists."},
		"InUse": {
			reason: "Without the usage, the configuration could be deleted while it is used.",
			owners: []metav1.OwnerReference{{APIVersion: "secrets.p6m.dev/v1alpha1", Kind: "KeyVaultSecretSync", Name: "web", UID: "uid", Controller: new(true)}},
			want:   "provider-keyvault-secretsync must not delete a ProviderConfigUsage that a KeyVaultSecretSync controls",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u := objectsOfOthers(server.Namespace(t))["providerconfigusages.secrets.p6m.dev"]
			u.SetOwnerReferences(tc.owners)

			check.Must(t, admin.Create(t.Context(), u))

			if diff := cmp.Diff(tc.want, message(provider.Delete(t.Context(), u))); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
