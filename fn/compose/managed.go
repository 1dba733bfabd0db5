// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"

	xpcommon "github.com/crossplane/crossplane-runtime/v2/apis/common"
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
)

// managed is a desired managed resource. It has no status and no initProvider, because the
// Go types of providers encode these even if they are empty. P are the parameters of the
// provider.
type managed[P any] struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec managedSpec[P] `json:"spec"`
}

type managedSpec[P any] struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider P `json:"forProvider"`
}

func newManaged[P any](c *composition, gvk schema.GroupVersionKind, name string, parameters P) *managed[P] {
	apiVersion, kind := gvk.ToAPIVersionAndKind()
	return &managed[P]{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: c.app.Namespace, Labels: c.labels()},
		Spec:       managedSpec[P]{ForProvider: parameters},
	}
}

// azureSpec returns the spec that all Azure resources share. It omits LateInitialize, with
// which the provider would write fields that this function then owns.
func (c *composition) azureSpec(more ...xpcommon.ManagementAction) xpv2.ManagedResourceSpec {
	return xpv2.ManagedResourceSpec{
		ManagementPolicies: append(xpv1.ManagementPolicies{
			xpv1.ManagementActionObserve,
			xpv1.ManagementActionCreate,
			xpv1.ManagementActionUpdate,
		}, more...),
		ProviderConfigReference: providerConfigReference(c.platform.AzureProviderConfigRef),
	}
}

func providerConfigReference(ref *inputv1alpha1.ProviderConfigReference) *xpcommon.ProviderConfigReference {
	return &xpcommon.ProviderConfigReference{Kind: ref.Kind, Name: ref.Name}
}

// externalID sets the external name before the resource exists, for providers that use
// ids of Azure Resource Manager. Otherwise a provider that crashes right after it has
// created the resource would not recognize it, and every retry would fail because the
// resource exists. An observed name takes precedence.
func externalID(seen Object, id string) map[string]string {
	return map[string]string{annotationExternalName: cmp.Or(seen.str("metadata", "annotations", annotationExternalName), id)}
}
