// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

const (
	// page and maxPages limit a list. etcd stores objects of up to 1.5 MiB, so a page always fits into the limit of 64 MiB for a response.
	page     = 40
	maxPages = 500
)

// A resource is a resource of the Kubernetes API.
type resource struct {
	group, version, kind, plural string

	// light is true if metadata is enough. There may be many large objects.
	light bool
}

// String returns the resource in the form of kubectl.
func (r resource) String() string { return strings.TrimSuffix(r.plural+"."+r.group, ".") }

// metadata returns the resource as a light one.
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

// read reads the facts. The findings are about unreadable facts.
func read(ctx context.Context, kube platform.Cluster, p platform.Platform, o Options) (facts, []finding.Finding) {
	r := reader{ctx: ctx, kube: kube}

	version, err := kube.Version(ctx)
	if err != nil {
		r.unread("", "get", "/version", err)
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

// A reader reads facts, and collects findings about those that it cannot read.
type reader struct {
	ctx   context.Context //nolint:containedctx // A reader exists for one call.
	kube  platform.Cluster
	found []finding.Finding
}

func (r *reader) unread(object, verb, resource string, err error) {
	r.found = append(r.found, platform.Unreadable(object, verb, resource, err))
}

// get reads an object. It returns nil if the object is missing. known is false if it cannot read it.
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

// errTooMany is the error of a list with too many pages.
var errTooMany = fmt.Errorf("there are more than %d objects", page*maxPages)

// list reads the objects of a kind. There are none if the kind is missing.
func (r *reader) list(of resource, namespace string, each func(o map[string]any)) (known bool) {
	o := []client.ListOption{client.Limit(page)}
	if namespace != "" {
		o = append(o, client.InNamespace(namespace))
	}

	next := ""

	for range maxPages {
		l, err := r.page(of, append(o, client.Continue(next))...)

		switch {
		case platform.IsMissing(err):
			return true
		case err != nil:
			r.unread("", "list", of.String(), err)

			return false
		}

		for _, item := range l.Items {
			each(item.Object)
		}

		if next = l.GetContinue(); next == "" {
			return true
		}
	}

	r.unread("", "list", of.String(), errTooMany)

	return false
}

// page reads one page of a list.
func (r *reader) page(of resource, o ...client.ListOption) (*unstructured.UnstructuredList, error) {
	l := &unstructured.UnstructuredList{}
	l.SetGroupVersionKind(of.gvk().GroupVersion().WithKind(of.kind + "List"))

	if !of.light {
		return l, r.kube.Client.List(r.ctx, l, o...) //nolint:wrapcheck // The finding names the resource.
	}

	m := &metav1.PartialObjectMetadataList{}
	m.SetGroupVersionKind(l.GroupVersionKind())

	if err := r.kube.Client.List(r.ctx, m, o...); err != nil {
		return nil, err //nolint:wrapcheck // The finding names the resource.
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

// names returns the names of the objects of a kind.
func (r *reader) names(of resource, namespace string) map[string]bool {
	out := map[string]bool{}
	if !r.list(of, namespace, func(o map[string]any) { out[nameOf(o)] = true }) {
		return nil
	}

	return out
}

// exists reports whether an object exists in the namespace of Crossplane.
func (r *reader) exists(of resource, name string) *bool {
	u, known := r.get(of, r.kube.Namespace, name)
	if !known {
		return nil
	}

	return new(u != nil)
}

// decode decodes the needed fields of an object. It skips fields with other types than in the API.
func decode(o map[string]any, into any) {
	_ = runtime.DefaultUnstructuredConverter.FromUnstructured(o, into)
}

func nameOf(o map[string]any) string { return (&unstructured.Unstructured{Object: o}).GetName() }

// conditionOf returns a condition of an object.
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
