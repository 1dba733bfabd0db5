// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A managedOf is a managed resource of the families network and insights. The real provider's Go packages of these take minutes to
// compile, so the fields of parameters and observations are not declared here. The CustomResourceDefinitions are the real ones, and declare
// them. K is a type for each kind.
type managedOf[K terraformed] struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec   managedSpec   `json:"spec"`
	Status managedStatus `json:"status,omitzero"`
}

type managedSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider object `json:"forProvider"`
}

type managedStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider object `json:"atProvider,omitempty"`
}

// terraformed kinds know the name of their Terraform resource.
type terraformed interface{ terraformType() string }

// A listOf is a list of managed resources.
type listOf[K terraformed] struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	Items []managedOf[K] `json:"items"`
}

// register registers a kind and its list.
func register[K terraformed](s *runtime.Scheme, gvk schema.GroupVersionKind) {
	s.AddKnownTypeWithName(gvk, &managedOf[K]{})
	s.AddKnownTypeWithName(gvk.GroupVersion().WithKind(gvk.Kind+"List"), &listOf[K]{})
	metav1.AddToGroupVersion(s, gvk.GroupVersion())
}

// copied returns a deep copy.
func copied[T any](of *T) *T {
	out := new(T)

	data, err := json.Marshal(of)
	if err == nil {
		err = json.Unmarshal(data, out)
	}

	if err != nil {
		panic(fmt.Errorf("cannot copy a managed resource: %w", err))
	}

	return out
}

func (m *managedOf[K]) DeepCopyObject() runtime.Object { return copied(m) }
func (l *listOf[K]) DeepCopyObject() runtime.Object    { return copied(l) }

func (m *managedOf[K]) GetCondition(ct xpv1.ConditionType) xpv1.Condition {
	return m.Status.GetCondition(ct)
}
func (m *managedOf[K]) SetConditions(c ...xpv1.Condition) { m.Status.SetConditions(c...) }

func (m *managedOf[K]) GetManagementPolicies() xpv1.ManagementPolicies {
	return m.Spec.ManagementPolicies
}

func (m *managedOf[K]) SetManagementPolicies(p xpv1.ManagementPolicies) {
	m.Spec.ManagementPolicies = p
}

func (m *managedOf[K]) GetProviderConfigReference() *xpv1.ProviderConfigReference {
	return m.Spec.ProviderConfigReference
}

func (m *managedOf[K]) SetProviderConfigReference(r *xpv1.ProviderConfigReference) {
	m.Spec.ProviderConfigReference = r
}

func (m *managedOf[K]) GetWriteConnectionSecretToReference() *xpv1.LocalSecretReference {
	return m.Spec.WriteConnectionSecretToReference
}

func (m *managedOf[K]) SetWriteConnectionSecretToReference(r *xpv1.LocalSecretReference) {
	m.Spec.WriteConnectionSecretToReference = r
}

func (m *managedOf[K]) GetTerraformResourceType() string {
	var kind K

	return kind.terraformType()
}
func (m *managedOf[K]) GetTerraformSchemaVersion() int                 { return 0 }
func (m *managedOf[K]) GetConnectionDetailsMapping() map[string]string { return nil }

func (m *managedOf[K]) GetParameters() (map[string]any, error) {
	return renamed(m.Spec.ForProvider, snake), nil
}

func (m *managedOf[K]) SetParameters(p map[string]any) error {
	m.Spec.ForProvider = renamed(p, camel)

	return nil
}

func (m *managedOf[K]) GetObservation() (map[string]any, error) {
	return renamed(m.Status.AtProvider, snake), nil
}

func (m *managedOf[K]) SetObservation(o map[string]any) error {
	m.Status.AtProvider = renamed(o, camel)

	return nil
}

// GetInitParameters returns none, because applications use none.
func (m *managedOf[K]) GetInitParameters() (map[string]any, error) { return map[string]any{}, nil }

func (m *managedOf[K]) GetMergedParameters(bool) (map[string]any, error) { return m.GetParameters() }

// LateInitialize changes nothing, because the management policies of applications do not include it.
func (m *managedOf[K]) LateInitialize([]byte) (bool, error) { return false, nil }

func (m *managedOf[K]) GetID() string { return text(m.Status.AtProvider, "id") }

var (
	capital    = regexp.MustCompile(`[A-Z]`)
	underscore = regexp.MustCompile(`_[a-z]`)
)

// snake and camel are names of Terraform's arguments and of Kubernetes' fields.
func snake(name string) string {
	return capital.ReplaceAllStringFunc(name, func(c string) string { return "_" + strings.ToLower(c) })
}

func camel(name string) string {
	return underscore.ReplaceAllStringFunc(name, func(c string) string { return strings.ToUpper(c[1:]) })
}

// renamed returns a copy of an object with other names of its fields, but not of its tags.
func renamed(o object, rename func(string) string) object {
	out := object{}

	for name, value := range o {
		if list, ok := value.([]any); ok {
			elements := make([]any, len(list))

			for i, element := range list {
				elements[i] = element
				if one, ok := element.(object); ok {
					elements[i] = renamed(one, rename)
				}
			}

			value = elements
		}

		if inner, ok := value.(object); ok && name != "tags" {
			value = renamed(inner, rename)
		}

		out[rename(name)] = value
	}

	return out
}
