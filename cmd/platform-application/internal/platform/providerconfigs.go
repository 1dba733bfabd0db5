// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// references returns the references to provider configurations in the settings.
func (r *reader) references() (azure, sync v1alpha1.ProviderConfigReference) {
	azure = v1alpha1.ProviderConfigReference{Kind: "ClusterProviderConfig", Name: ProviderConfig}
	sync = azure

	if s := r.platform.Settings; s != nil {
		azure, sync = *s.AzureProviderConfigRef, *s.SecretSyncProviderConfigRef
	}

	return azure, sync
}

// config reads the spec of a ClusterProviderConfig, and reports whether it could.
func (r *reader) config(group, version string, ref v1alpha1.ProviderConfigReference, spec any) bool {
	object, resource := ref.Kind+"/"+ref.Name, "clusterproviderconfigs."+group+"/"+ref.Name

	if ref.Kind != "ClusterProviderConfig" {
		r.add(ProviderConfigElsewhere, object, map[string]string{"group": group})

		return false
	}

	u, known := r.get(schema.GroupVersionKind{Group: group, Version: version, Kind: ref.Kind}, "clusterproviderconfigs", ref.Name)
	if u == nil {
		if known {
			r.add(ProviderConfigMissing, object, map[string]string{"group": group, "resource": resource})
		}

		return false
	}

	content, _ := u.Object["spec"].(map[string]any)
	r.samples(object+"."+group, content)

	if left := leaves(content, func(s string) bool { return strings.Contains(s, placeholder) }); len(left) > 0 {
		r.add(SettingsNotSet, object+" of "+group, map[string]string{"fields": finding.List(left), "resource": resource})
	}

	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, spec); err != nil {
		r.add(ProviderConfigInvalid, object, map[string]string{"group": group, "error": errWrongType("spec", err).Error(), "resource": resource})

		return false
	}

	return true
}

// azure reads the principal of the Azure providers.
func (r *reader) azure(ref v1alpha1.ProviderConfigReference) *Principal {
	// The fields of provider-azure v2.6.0.
	var spec struct {
		Credentials struct {
			Source string `json:"source"`
		} `json:"credentials"`
		ClientID          string `json:"clientID"`
		TenantID          string `json:"tenantID"`
		SubscriptionID    string `json:"subscriptionID"`
		Environment       string `json:"environment"`
		OidcTokenFilePath string `json:"oidcTokenFilePath"`
	}

	if !r.config(AzureGroup, "v1beta1", ref, &spec) {
		return nil
	}

	return &Principal{
		Object: ref.Kind + "/" + ref.Name, Source: spec.Credentials.Source, TokenFile: spec.OidcTokenFilePath, ServiceAccount: AzureServiceAccount,
		ClientID: spec.ClientID, TenantID: spec.TenantID, SubscriptionID: spec.SubscriptionID, Environment: spec.Environment,
	}
}

// creator reads the principal that creates missing secrets, and whether there is none.
func (r *reader) creator(ref v1alpha1.ProviderConfigReference) (_ *Principal, createsNothing bool) {
	var spec struct {
		Credentials struct {
			Source   string `json:"source"`
			TenantID string `json:"tenantId"`
			ClientID string `json:"clientId"`
		} `json:"credentials"`
	}

	if !r.config(SyncGroup, "v1alpha1", ref, &spec) {
		return nil, false
	}

	if spec.Credentials.Source == "None" {
		return nil, true
	}

	return &Principal{
		Object: ref.Kind + "/" + ref.Name, Source: spec.Credentials.Source, ServiceAccount: CreatorServiceAccount,
		ClientID: spec.Credentials.ClientID, TenantID: spec.Credentials.TenantID,
	}, false
}
