// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

const (
	// page of a list, and how many pages of one kind are looked at. etcd takes objects of up to 1.5 MiB, so nobody can write any with
	// which a page exceeds the 64 MiB that are read of an answer.
	page    = 40
	maxPage = 500

	// container of a package's pod.
	container = "package-runtime"

	// labels of Namespaces.
	labelWorkloads = "meta.p6m.dev/workloads"
	composed       = "composed"

	parametersName = "platform-application-admission"
)

// A resource of the cluster, as its API has it.
type resource struct {
	group, version, kind, plural string

	// light is true where metadata will do: objects may be large, and there may be many.
	light bool
}

// String is the resource as kubectl takes it.
func (r resource) String() string { return strings.TrimSuffix(r.plural+"."+r.group, ".") }

func (r resource) metadata() resource {
	r.light = true

	return r
}

func (r resource) gvk() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: r.group, Version: r.version, Kind: r.kind}
}

//nolint:gochecknoglobals // Constants.
var (
	deployments       = resource{group: "apps", version: "v1", kind: "Deployment", plural: "deployments"}
	runtimeConfigs    = resource{group: "pkg.crossplane.io", version: "v1beta1", kind: "DeploymentRuntimeConfig", plural: "deploymentruntimeconfigs"}
	definitions       = resource{group: "apiextensions.crossplane.io", version: "v1", kind: "CompositeResourceDefinition", plural: "compositeresourcedefinitions"}
	managed           = resource{group: "apiextensions.crossplane.io", version: "v1alpha1", kind: "ManagedResourceDefinition", plural: "managedresourcedefinitions"}
	customResources   = resource{group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition", plural: "customresourcedefinitions"}
	admissionPolicies = resource{group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingAdmissionPolicy", plural: "validatingadmissionpolicies"}
	bindings          = resource{group: "admissionregistration.k8s.io", version: "v1", kind: "ValidatingAdmissionPolicyBinding", plural: "validatingadmissionpolicybindings"}
	webhooks          = resource{group: "admissionregistration.k8s.io", version: "v1", kind: "MutatingWebhookConfiguration", plural: "mutatingwebhookconfigurations"}
	configMaps        = resource{group: "", version: "v1", kind: "ConfigMap", plural: "configmaps"}
	namespaces        = resource{group: "", version: "v1", kind: "Namespace", plural: "namespaces"}
	serviceAccounts   = resource{group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts"}
	applications      = resource{group: "meta.p6m.dev", version: "v1alpha1", kind: "PlatformApplication", plural: "platformapplications"}
	ingressClasses    = resource{group: "networking.k8s.io", version: "v1", kind: "IngressClass", plural: "ingressclasses"}
	networkPolicies   = resource{group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", plural: "networkpolicies"}

	packages = []resource{
		{group: "pkg.crossplane.io", version: "v1", kind: "Provider", plural: "providers"},
		{group: "pkg.crossplane.io", version: "v1", kind: "Function", plural: "functions"},
		{group: "pkg.crossplane.io", version: "v1", kind: "Configuration", plural: "configurations"},
	}
)

// read the facts. The findings are about what could not be read.
func read(ctx context.Context, kube platform.Cluster, p platform.Platform, o Options) (facts, []finding.Finding) {
	r := reader{ctx: ctx, kube: kube}

	version, err := kube.Version(ctx)
	if err != nil {
		r.unread("the version of Kubernetes", "get", "/version", err)
	}

	f := facts{
		kubernetes:  version,
		crossplane:  r.deployment("crossplane"),
		rbacManager: r.deployment("crossplane-rbac-manager"),
		kinds:       r.kinds(),
		policies:    r.policies(),
		parameters:  r.parameters(),
		namespaces:  r.namespaces(),
		webhook:     r.webhook(),
		runtimes:    r.runtimes(),
		grants:      r.grants(),
	}
	if c := f.crossplane; c != nil && !c.found {
		f.elsewhere = r.elsewhere()
	}

	f.packages, f.packagesRead = r.packages()
	f.definitions, f.definitionsRead = r.definitions()
	f.serviceAccount = r.exists(serviceAccounts, platform.AzureServiceAccount)
	f.acceptance = r.exists(serviceAccounts, acceptanceAccount)
	f.applications = r.applications()
	f.ingressClasses = r.names(ingressClasses, "")
	f.networkPolicies = r.names(networkPolicies, kube.Namespace)
	f.attempts = attempts(ctx, kube, p, f, o)

	return f, r.found
}

type reader struct {
	ctx   context.Context //nolint:containedctx // That of one call.
	kube  platform.Cluster
	found []finding.Finding
}

func (r *reader) unread(object, verb, resource string, err error) {
	r.found = append(r.found, platform.Unreadable(object, verb, resource, err))
}

// get an object, which is nil if it is missing. It is not known if it cannot be read.
func (r *reader) get(of resource, namespace, name string) (u *unstructured.Unstructured, known bool) {
	u = &unstructured.Unstructured{}
	u.SetGroupVersionKind(of.gvk())

	err := r.kube.Client.Get(r.ctx, client.ObjectKey{Namespace: namespace, Name: name}, u)

	switch {
	case err == nil:
		return u, true
	case platform.IsMissing(err):
		return nil, true
	default:
		r.unread(of.kind+"/"+name, "get", of.String()+"/"+name, err)

		return nil, false
	}
}

// errTooMany is about lists that are not read to their end.
var errTooMany = errors.New("there are too many to look at all")

// list objects of a kind. There are none if the kind is missing.
func (r *reader) list(of resource, namespace string, each func(o map[string]any)) (known bool) {
	o := []client.ListOption{client.Limit(page)}
	if namespace != "" {
		o = append(o, client.InNamespace(namespace))
	}

	next := ""

	for range maxPage {
		l, err := r.page(of, append(o, client.Continue(next))...)

		switch {
		case platform.IsMissing(err):
			return true
		case err != nil:
			r.unread("all "+of.String(), "list", of.String(), err)

			return false
		}

		for _, item := range l.Items {
			each(item.Object)
		}

		if next = l.GetContinue(); next == "" {
			return true
		}
	}

	r.unread("all "+of.String(), "list", of.String(), errTooMany)

	return false
}

func (r *reader) page(of resource, o ...client.ListOption) (*unstructured.UnstructuredList, error) {
	l := &unstructured.UnstructuredList{}
	l.SetGroupVersionKind(of.gvk().GroupVersion().WithKind(of.kind + "List"))

	if !of.light {
		return l, r.kube.Client.List(r.ctx, l, o...) //nolint:wrapcheck // The finding says what was read.
	}

	m := &metav1.PartialObjectMetadataList{}
	m.SetGroupVersionKind(l.GroupVersionKind())

	if err := r.kube.Client.List(r.ctx, m, o...); err != nil {
		return nil, err //nolint:wrapcheck // The finding says what was read.
	}

	l.SetContinue(m.Continue)

	for i := range m.Items {
		u := unstructured.Unstructured{Object: map[string]any{}}
		u.SetNamespace(m.Items[i].Namespace)
		u.SetName(m.Items[i].Name)
		u.SetLabels(m.Items[i].Labels)
		u.SetDeletionTimestamp(m.Items[i].DeletionTimestamp)
		l.Items = append(l.Items, u)
	}

	return l, nil
}

// names of the objects of a kind.
func (r *reader) names(of resource, namespace string) map[string]bool {
	out := map[string]bool{}
	if !r.list(of, namespace, func(o map[string]any) { out[nameOf(o)] = true }) {
		return nil
	}

	return out
}

func (r *reader) exists(of resource, name string) *bool {
	u, known := r.get(of, r.kube.Namespace, name)
	if !known {
		return nil
	}

	return new(u != nil)
}

// decode what is needed of an object. Fields of other types than the API has them are none.
func decode(o map[string]any, into any) {
	_ = runtime.DefaultUnstructuredConverter.FromUnstructured(o, into)
}

func nameOf(o map[string]any) string { return (&unstructured.Unstructured{Object: o}).GetName() }

// conditionOf an object.
func conditionOf(o map[string]any, kind string) condition {
	var of struct {
		Status struct {
			Conditions []condition `json:"conditions"`
		} `json:"status"`
	}

	decode(o, &of)

	for _, c := range of.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}

	return condition{Type: kind, Status: "Unknown"}
}

func (r *reader) deployment(name string) *deployment {
	u, known := r.get(deployments, r.kube.Namespace, name)
	if u == nil {
		if known {
			return &deployment{}
		}

		return nil
	}

	var of struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
		Spec struct {
			Replicas *int32 `json:"replicas"`
			Template struct {
				Spec struct {
					Containers []struct {
						Image string   `json:"image"`
						Args  []string `json:"args"`
					} `json:"containers"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
		Status struct {
			ReadyReplicas int32 `json:"readyReplicas"`
		} `json:"status"`
	}

	decode(u.Object, &of)

	d := &deployment{found: true, version: of.Metadata.Labels["app.kubernetes.io/version"], desired: 1, ready: of.Status.ReadyReplicas}
	if of.Spec.Replicas != nil {
		d.desired = *of.Spec.Replicas
	}

	if c := of.Spec.Template.Spec.Containers; len(c) > 0 {
		d.image, d.args = c[0].Image, c[0].Args
	}

	return d
}

// elsewhere are the namespaces with a Crossplane that its chart has installed.
func (r *reader) elsewhere() []string {
	out := []string{}
	if !r.list(deployments.metadata(), "", func(o map[string]any) {
		if u := (&unstructured.Unstructured{Object: o}); u.GetLabels()["app"] == "crossplane" && !slices.Contains(out, u.GetNamespace()) {
			out = append(out, u.GetNamespace())
		}
	}) {
		return nil
	}

	return out
}

func (r *reader) packages() (out []pkg, known bool) {
	known = true

	for _, kind := range packages {
		known = r.list(kind, "", func(o map[string]any) {
			var of struct {
				Spec struct {
					Package          string `json:"package"`
					RuntimeConfigRef struct {
						Name string `json:"name"`
					} `json:"runtimeConfigRef"`
				} `json:"spec"`
			}

			decode(o, &of)
			out = append(out, pkg{
				kind: kind.kind, name: nameOf(o), image: of.Spec.Package, runtime: of.Spec.RuntimeConfigRef.Name,
				installed: conditionOf(o, "Installed"), healthy: conditionOf(o, "Healthy"),
			})
		}) && known
	}

	return out, known
}

func (r *reader) runtimes() map[string]runtimeConfig {
	out := map[string]runtimeConfig{}
	if !r.list(runtimeConfigs, "", func(o map[string]any) { out[nameOf(o)] = runtimeOf(o) }) {
		return nil
	}

	return out
}

// runtimeOf a DeploymentRuntimeConfig.
func runtimeOf(o map[string]any) runtimeConfig {
	var of struct {
		Spec struct {
			ServiceAccountTemplate struct {
				Metadata struct {
					Name string `json:"name"`
				} `json:"metadata"`
			} `json:"serviceAccountTemplate"`
			DeploymentTemplate struct {
				Spec struct {
					Template struct {
						Spec pod `json:"spec"`
					} `json:"template"`
				} `json:"spec"`
			} `json:"deploymentTemplate"`
		} `json:"spec"`
	}

	decode(o, &of)

	p := of.Spec.DeploymentTemplate.Spec.Template.Spec
	out := runtimeConfig{serviceAccount: p.ServiceAccountName, tokens: map[string]string{}}

	if out.serviceAccount == "" {
		out.serviceAccount = of.Spec.ServiceAccountTemplate.Metadata.Name
	}

	for _, c := range p.Containers {
		if c.Name != container {
			continue
		}

		for _, e := range c.Env {
			if e.Name == "AZURE_FEDERATED_TOKEN_FILE" {
				out.tokenFile = e.Value
			}
		}

		for _, m := range c.VolumeMounts {
			for file, audience := range p.tokens(m.Name) {
				out.tokens[path.Join(m.MountPath, file)] = audience
			}
		}
	}

	return out
}

// A pod, of which that is decoded that matters for tokens.
type pod struct {
	ServiceAccountName string `json:"serviceAccountName"`
	Containers         []struct {
		Name string `json:"name"`
		Env  []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"env"`
		VolumeMounts []struct {
			Name      string `json:"name"`
			MountPath string `json:"mountPath"`
		} `json:"volumeMounts"`
	} `json:"containers"`
	Volumes []struct {
		Name      string `json:"name"`
		Projected struct {
			Sources []struct {
				ServiceAccountToken *struct {
					Path     string `json:"path"`
					Audience string `json:"audience"`
				} `json:"serviceAccountToken"`
			} `json:"sources"`
		} `json:"projected"`
	} `json:"volumes"`
}

// tokens in a volume, by their path in it.
func (p pod) tokens(volume string) map[string]string {
	out := map[string]string{}

	for _, v := range p.Volumes {
		for _, s := range v.Projected.Sources {
			if t := s.ServiceAccountToken; t != nil && v.Name == volume {
				out[t.Path] = t.Audience
			}
		}
	}

	return out
}

func (r *reader) definitions() (out []definition, known bool) {
	known = true

	for _, name := range []string{platform.ModernDefinition, platform.ClaimDefinition} {
		u, read := r.get(definitions, "", name)
		known = known && read

		if u != nil {
			out = append(out, definition{name: name, established: conditionOf(u.Object, "Established"), offered: conditionOf(u.Object, "Offered")})
		}
	}

	return out, known
}

// kinds that applications are composed of, and whether the cluster has them in the version that is composed.
func (r *reader) kinds() map[string]kind {
	out := map[string]kind{}

	for name, version := range composedKinds() {
		u, known := r.get(customResources, "", name)
		if !known {
			continue
		}

		if u == nil {
			m, known := r.get(managed, "", name)
			if !known {
				continue
			}

			k := kind{}
			if m != nil {
				state, _, _ := unstructured.NestedString(m.Object, "spec", "state")
				k.inactive = state != "Active"
			}

			out[name] = k

			continue
		}

		var of struct {
			Spec struct {
				Versions []struct {
					Name   string `json:"name"`
					Served bool   `json:"served"`
				} `json:"versions"`
			} `json:"spec"`
		}

		decode(u.Object, &of)

		k := kind{}
		for _, v := range of.Spec.Versions {
			k.served = k.served || v.Name == version && v.Served && conditionOf(u.Object, "Established").Status == "True"
		}

		out[name] = k
	}

	return out
}

func (r *reader) policies() map[string]policy {
	out := map[string]policy{}

	known := r.list(admissionPolicies, "", func(o map[string]any) {
		var of struct {
			Spec struct {
				FailurePolicy   string `json:"failurePolicy"`
				MatchConditions []struct {
					Name string `json:"name"`
				} `json:"matchConditions"`
			} `json:"spec"`
		}

		decode(o, &of)

		p := policy{ignores: of.Spec.FailurePolicy == "Ignore"}
		for _, c := range of.Spec.MatchConditions {
			p.conditions = append(p.conditions, c.Name)
		}

		out[nameOf(o)] = p
	}) && r.list(bindings, "", func(o map[string]any) {
		var of struct {
			Spec struct {
				PolicyName        string         `json:"policyName"`
				MatchResources    map[string]any `json:"matchResources"`
				ValidationActions []string       `json:"validationActions"`
			} `json:"spec"`
		}

		decode(o, &of)

		if p, ok := out[of.Spec.PolicyName]; ok && isForAll(of.Spec.MatchResources) {
			p.actions = append(p.actions, of.Spec.ValidationActions...)
			out[of.Spec.PolicyName] = p
		}
	})
	if !known {
		return nil
	}

	return out
}

// isForAll tells whether a binding leaves out no request. The API server has defaults for some of the fields.
func isForAll(match map[string]any) bool {
	for field, value := range match {
		if m, ok := value.(map[string]any); field == "matchPolicy" || ok && len(m) == 0 {
			continue
		}

		return false
	}

	return true
}

func (r *reader) parameters() *parameters {
	u, known := r.get(configMaps, r.kube.Namespace, parametersName)
	if !known {
		return nil
	}

	if u == nil {
		return &parameters{}
	}

	var of struct {
		Data map[string]string `json:"data"`
	}

	decode(u.Object, &of)

	// As the policies read them: to the letter.
	lines := func(s string) []string {
		return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return l == "" })
	}

	return &parameters{found: true, groups: lines(of.Data["groups"]), users: lines(of.Data["users"]), azureProviders: lines(of.Data["azureProviders"])}
}

func (r *reader) namespaces() []namespace {
	out := []namespace{}
	if !r.list(namespaces.metadata(), "", func(o map[string]any) {
		u := unstructured.Unstructured{Object: o}
		if u.GetDeletionTimestamp() == nil {
			out = append(out, namespace{u.GetName(), u.GetLabels()})
		}
	}) {
		return nil
	}

	return out
}

func (r *reader) applications() []string {
	var out []string

	r.list(applications.metadata(), "", func(o map[string]any) {
		if ns := (&unstructured.Unstructured{Object: o}).GetNamespace(); !slices.Contains(out, ns) {
			out = append(out, ns)
		}
	})

	return out
}

// webhook of azure-workload-identity is known by the pods that it changes.
func (r *reader) webhook() *bool {
	found := false

	if !r.list(webhooks, "", func(o map[string]any) {
		var of struct {
			Webhooks []struct {
				ObjectSelector metav1.LabelSelector `json:"objectSelector"`
			} `json:"webhooks"`
		}

		decode(o, &of)

		for _, w := range of.Webhooks {
			_, labelled := w.ObjectSelector.MatchLabels["azure.workload.identity/use"]
			found = found || labelled
		}
	}) {
		return nil
	}

	return &found
}

// grants that accounts need beyond those that Crossplane gives them by itself.
func (r *reader) grants() map[grant]bool {
	out := map[grant]bool{}

	for _, g := range neededGrants(r.kube.Namespace) {
		name, sub, _ := strings.Cut(g.resource, "/")
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: g.account, Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + r.kube.Namespace, "system:authenticated"},
			ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: g.verb, Group: g.group, Resource: name, Subresource: sub},
		}}

		if err := r.kube.Client.Create(r.ctx, review); err != nil {
			r.unread("what accounts may do", "create", "subjectaccessreviews.authorization.k8s.io", err)

			return out
		}

		out[g] = review.Status.Allowed
	}

	return out
}
