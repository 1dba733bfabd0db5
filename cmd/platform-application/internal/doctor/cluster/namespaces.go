// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// labelWorkloads of a Namespace has the value composed if applications run in it.
	labelWorkloads = "meta.p6m.dev/workloads"
	composed       = "composed"
)

// platformNamespaces returns the namespaces that never have applications.
func platformNamespaces(crossplane string) []string {
	return []string{"argocd", crossplane, "kube-node-lease", "kube-public", "kube-system"}
}

// namespaces reads all Namespaces, except those being deleted.
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

// applications returns the namespaces with applications.
func (r *reader) applications() []string {
	var out []string

	r.list(applications.metadata(), "", func(o map[string]any) {
		if ns := (&unstructured.Unstructured{Object: o}).GetNamespace(); !slices.Contains(out, ns) {
			out = append(out, ns)
		}
	})

	return out
}

// namespaces checks the labels of Namespaces.
func (d *decision) namespaces() {
	if d.facts.namespaces == nil {
		return
	}

	tenant, labelled := "", false
	if d.platform.Settings != nil {
		tenant = d.platform.Settings.TenantLabel
	}

	for _, n := range d.facts.namespaces {
		object, with := "Namespace/"+n.name, params{"name": n.name, "label": tenant}

		switch of, ok := n.labels[labelWorkloads]; {
		case ok && slices.Contains(platformNamespaces(d.platform.Namespace), n.name):
			d.add(PlatformNamespaceLabelled, object, with)
		case of == composed:
			labelled = true

			if tenant != "" && n.labels[tenant] == "" {
				d.add(TenantMissing, object, with)
			}
		case slices.Contains(d.facts.applications, n.name):
			d.add(NamespaceUnlabelled, object, with)
		}
	}

	if !labelled {
		d.add(NamespacesUnlabelled, "", nil)
	}
}

// isOfTeams reports whether applications run in a namespace.
func (d *decision) isOfTeams(name string) bool {
	return slices.ContainsFunc(d.facts.namespaces, func(n namespace) bool { return n.name == name && n.labels[labelWorkloads] == composed })
}
