// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// webhook reads whether a webhook selects pods by the label of azure-workload-identity.
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

// optional checks optional components.
func (d *decision) optional() {
	if w := d.facts.webhook; w != nil && !*w {
		d.add(WebhookMissing, "", nil)
	}

	if d.facts.networkPolicies != nil {
		for _, name := range []string{"function-platform-application", "provider-keyvault-secretsync"} {
			if !d.facts.networkPolicies[name] {
				d.add(NetworkPolicyMissing, "NetworkPolicy/"+name, nil)
			}
		}
	}

	if d.platform.Settings != nil {
		d.needed(*d.platform.Settings)
	}
}

// needed checks the objects that settings refer to.
func (d *decision) needed(s v1alpha1.PlatformConfigSpec) {
	if k, known := d.facts.kinds[scaledObjects]; known && !k.served && s.Autoscaling.KEDA != nil && *s.Autoscaling.KEDA {
		d.add(KEDAMissing, "CustomResourceDefinition/"+scaledObjects, nil)
	}

	if n := s.NetworkPolicy; n.Enabled != nil && *n.Enabled && d.facts.namespaces != nil {
		for _, name := range n.AllowedNamespaces {
			if !slices.ContainsFunc(d.facts.namespaces, func(n namespace) bool { return n.name == name }) {
				d.add(AllowedNamespaceMissing, "Namespace/"+name, params{"name": name})
			}
		}
	}

	if d.facts.ingressClasses == nil {
		return
	}

	for _, name := range ingressClassesOf(d.platform) {
		if !d.facts.ingressClasses[name] {
			d.add(IngressClassMissing, "IngressClass/"+name, nil)
		}
	}
}

// ingressClassesOf returns the IngressClasses of the settings.
func ingressClassesOf(p platform.Platform) []string {
	in := p.Settings.Ingress
	if len(in.Types) == 0 && in.DefaultType != "" {
		return []string{in.DefaultType}
	}

	var out []string

	for _, t := range in.Types {
		name := t.IngressClassName
		if name == "" {
			name = t.Name
		}

		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}

	return out
}

// azure compares the providers with the settings.
func (d *decision) azure() {
	a := d.platform.Azure
	if a == nil {
		return
	}

	object := a.Object + " of " + platform.AzureGroup
	with := params{"resource": "clusterproviderconfigs." + platform.AzureGroup + "/" + strings.TrimPrefix(a.Object, "ClusterProviderConfig/")}

	if a.Source != "OIDCTokenFile" {
		d.add(CredentialsSource, object, params{"source": a.Source, "resource": with["resource"]})
	} else if missing := without([][2]string{{"clientID", a.ClientID}, {"tenantID", a.TenantID}, {"subscriptionID", a.SubscriptionID}}); len(missing) > 0 {
		with["fields"] = finding.List(missing)
		d.add(ProviderConfigIncomplete, object, with)
	}

	s := d.platform.Settings
	if s == nil {
		return
	}

	differ := func(code finding.Code, theirs, ours string) {
		if theirs != "" && !strings.Contains(theirs, "REPLACE_ME") && !strings.EqualFold(theirs, ours) {
			d.add(code, object, params{"theirs": theirs, "ours": ours, "resource": with["resource"]})
		}
	}

	differ(SubscriptionDiffers, a.SubscriptionID, s.SubscriptionID)
	differ(TenantDiffers, a.TenantID, s.TenantID)

	if cloud, ok := clouds()[strings.ToLower(a.Environment)]; !ok || cloud != s.Cloud {
		environment := a.Environment
		if environment == "" {
			environment = "public"
		}

		d.add(CloudDiffers, object, params{"theirs": environment, "ours": s.Cloud, "resource": with["resource"]})
	}
}

// clouds returns the clouds of the settings, by the environment of the Azure providers.
func clouds() map[string]string {
	return map[string]string{
		"": settings.CloudAzurePublic, "public": settings.CloudAzurePublic,
		"usgovernment": settings.CloudAzureUSGovernment, "china": settings.CloudAzureChina,
	}
}

// without returns the names of the fields without a value.
func without(fields [][2]string) []string {
	var out []string

	for _, f := range fields {
		if f[1] == "" {
			out = append(out, f[0])
		}
	}

	return out
}

// settings checks that settings match the cluster and each other.
func (d *decision) settings() {
	if len(d.platform.Samples) > 0 {
		d.add(SampleValues, "", params{"fields": finding.List(d.platform.Samples)})
	}

	s := d.platform.Settings
	if s == nil {
		return
	}

	if issuer := d.platform.Issuer; issuer != "" && issuer != s.OIDCIssuerURL {
		d.add(IssuerDiffers, "", params{"theirs": issuer, "ours": s.OIDCIssuerURL})
	}

	d.creator(s)

	for _, e := range s.Secrets.Shared {
		if d.platform.CreatesNothing && e.ListWith == secretsv1alpha1.ListWithProviderConfig {
			d.add(ListerMissing, e.Name, nil)
		}
	}
}

// creator compares the principal that creates missing secrets with the settings.
func (d *decision) creator(s *v1alpha1.PlatformConfigSpec) {
	if c := d.platform.Creator; c != nil && c.TenantID != "" && !strings.EqualFold(c.TenantID, s.TenantID) {
		name := strings.TrimPrefix(c.Object, "ClusterProviderConfig/")
		d.add(TenantDiffers, c.Object+" of "+platform.SyncGroup, params{
			"theirs": c.TenantID, "ours": s.TenantID, "resource": "clusterproviderconfigs." + platform.SyncGroup + "/" + name,
		})
	}

	if create := s.Secrets.CreateMissing; d.platform.CreatesNothing && create != nil && *create {
		d.add(CreatorMissing, "", nil)
	}
}
