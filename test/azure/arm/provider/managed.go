// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"encoding/json"
	"fmt"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
	upjet "github.com/crossplane/upjet/v2/pkg/resource/json"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A managedOf is a managed resource of the families network and insights. The real provider's Go packages of these take minutes to
// compile, so parameters P have only the fields that applications use, also for observations. The CustomResourceDefinitions
// are the real ones.
type managedOf[P terraformed] struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec   managedSpec[P]   `json:"spec"`
	Status managedStatus[P] `json:"status,omitzero"`
}

type managedSpec[P any] struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider P `json:"forProvider"`
}

type managedStatus[P any] struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider P `json:"atProvider,omitempty"`
}

// terraformed parameters know the name of their Terraform resource.
type terraformed interface{ terraformType() string }

// A listOf is a list of managed resources.
type listOf[P terraformed] struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	Items []managedOf[P] `json:"items"`
}

// register registers a kind and its list.
func register[P terraformed](s *runtime.Scheme, gvk schema.GroupVersionKind) {
	s.AddKnownTypeWithName(gvk, &managedOf[P]{})
	s.AddKnownTypeWithName(gvk.GroupVersion().WithKind(gvk.Kind+"List"), &listOf[P]{})
	metav1.AddToGroupVersion(s, gvk.GroupVersion())
}

// copied returns a deep copy.
func copied[T any](of *T) *T {
	out := new(T)

	text, err := json.Marshal(of)
	if err == nil {
		err = json.Unmarshal(text, out)
	}

	if err != nil {
		panic(fmt.Errorf("cannot copy a managed resource: %w", err))
	}

	return out
}

func (m *managedOf[P]) DeepCopyObject() runtime.Object { return copied(m) }
func (l *listOf[P]) DeepCopyObject() runtime.Object    { return copied(l) }

func (m *managedOf[P]) GetCondition(ct xpv1.ConditionType) xpv1.Condition {
	return m.Status.GetCondition(ct)
}
func (m *managedOf[P]) SetConditions(c ...xpv1.Condition) { m.Status.SetConditions(c...) }

func (m *managedOf[P]) GetManagementPolicies() xpv1.ManagementPolicies {
	return m.Spec.ManagementPolicies
}

func (m *managedOf[P]) SetManagementPolicies(p xpv1.ManagementPolicies) {
	m.Spec.ManagementPolicies = p
}

func (m *managedOf[P]) GetProviderConfigReference() *xpv1.ProviderConfigReference {
	return m.Spec.ProviderConfigReference
}

func (m *managedOf[P]) SetProviderConfigReference(r *xpv1.ProviderConfigReference) {
	m.Spec.ProviderConfigReference = r
}

func (m *managedOf[P]) GetWriteConnectionSecretToReference() *xpv1.LocalSecretReference {
	return m.Spec.WriteConnectionSecretToReference
}

func (m *managedOf[P]) SetWriteConnectionSecretToReference(r *xpv1.LocalSecretReference) {
	m.Spec.WriteConnectionSecretToReference = r
}

func (m *managedOf[P]) GetTerraformResourceType() string               { return m.Spec.ForProvider.terraformType() }
func (m *managedOf[P]) GetTerraformSchemaVersion() int                 { return 0 }
func (m *managedOf[P]) GetConnectionDetailsMapping() map[string]string { return nil }

func (m *managedOf[P]) GetParameters() (map[string]any, error) {
	return toTerraform(m.Spec.ForProvider)
}

func (m *managedOf[P]) SetParameters(p map[string]any) error {
	return fromTerraform(p, &m.Spec.ForProvider)
}

func (m *managedOf[P]) GetObservation() (map[string]any, error) {
	return toTerraform(m.Status.AtProvider)
}

func (m *managedOf[P]) SetObservation(o map[string]any) error {
	return fromTerraform(o, &m.Status.AtProvider)
}

// GetInitParameters returns none, because applications use none.
func (m *managedOf[P]) GetInitParameters() (map[string]any, error) { return map[string]any{}, nil }

func (m *managedOf[P]) GetMergedParameters(bool) (map[string]any, error) {
	return m.GetParameters()
}

// LateInitialize changes nothing, because the management policies of applications do not include it.
func (m *managedOf[P]) LateInitialize([]byte) (bool, error) { return false, nil }

func (m *managedOf[P]) GetID() string {
	o, err := m.GetObservation()
	if err != nil {
		return ""
	}

	return text(o, "id")
}

// toTerraform and fromTerraform use the names of Terraform's arguments.
func toTerraform(from any) (map[string]any, error) {
	data, err := upjet.TFParser.Marshal(from)
	if err != nil {
		return nil, fmt.Errorf("cannot encode for Terraform: %w", err)
	}

	out := map[string]any{}

	return out, upjet.TFParser.Unmarshal(data, &out) //nolint:wrapcheck // As the real provider does.
}

func fromTerraform(from map[string]any, into any) error {
	data, err := upjet.TFParser.Marshal(from)
	if err != nil {
		return fmt.Errorf("cannot encode for Terraform: %w", err)
	}

	return upjet.TFParser.Unmarshal(data, into) //nolint:wrapcheck // As the real provider does.
}
