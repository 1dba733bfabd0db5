// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// FuzzRunFunction feeds the function manifests, settings and observed resources
// that no schema has validated. The function may reject them. It must not panic or drop an
// application's vault.
func FuzzRunFunction(f *testing.F) {
	f.Add(`{"metadata":{"name":"a","namespace":"b"},"spec":{"deployment":{"image":"c","ports":[{"port":1}]},"secrets":[{"name":"d","env":[{"name":"E"}]}]}}`,
		`{"tenantId":"11111111-1111-4111-8111-111111111111","subscriptionId":"11111111-1111-4111-8111-111111111111","resourceGroupName":"g","location":"l","oidcIssuerUrl":"https://i"}`,
		`{"metadata":{"annotations":{"crossplane.io/external-name":"v"}},"status":{"atProvider":{"id":"/i","vaultUri":"https://v"}}}`,
		`{"status":{"atProvider":{"secrets":[{"name":"d","version":"1","keys":[{"dataKey":"d"}]}]}}}`)
	f.Add(`{"spec":{"claimRef":{"name":"a","namespace":"b"},"autoscaling":{"enabled":true,"maxReplicas":-1}}}`, `{"keyVault":{"officers":[{}]}}`, `{"status":[]}`, `{"status":{"atProvider":{"secrets":[null,{"keys":[7]}]}}}`)
	f.Fuzz(func(t *testing.T, xr, settings, vault, sync string) {
		req := &fnv1.RunFunctionRequest{
			Observed: &fnv1.State{
				Composite: &fnv1.Resource{Resource: fuzzed(xr)},
				Resources: map[string]*fnv1.Resource{
					compose.NameKeyVault:   {Resource: owned(fuzzed(xr), compose.NameKeyVault, fuzzed(vault))},
					compose.NameSecretSync: {Resource: owned(fuzzed(xr), compose.NameSecretSync, fuzzed(sync))},
				},
			},
			RequiredResources: map[string]*fnv1.Resources{requirementOfConfig("platform-application"): {Items: []*fnv1.Resource{{
				Resource: &structpb.Struct{Fields: map[string]*structpb.Value{"data": structpb.NewStructValue(fuzzed(settings))}},
			}}}},
		}
		rsp := (&world{tb: t}).converse(req)
		if _, ok := rsp.GetDesired().GetResources()[compose.NameKeyVault]; !ok && fatal(rsp) == "" {
			t.Errorf("RunFunction(...): the vault drops out: %v", rsp)
		}
		if _, err := proto.Marshal(rsp); err != nil {
			t.Errorf("RunFunction(...): cannot marshal response: %v", err)
		}
	})
}

// owned makes an object a composed resource with a name, and keeps its other fields.
func owned(xr *structpb.Struct, name string, object *structpb.Struct) *structpb.Struct {
	composite := xr.AsMap()
	namespace := at(composite, "metadata", "namespace")
	if namespace == nil {
		namespace = at(composite, "spec", "claimRef", "namespace")
	}
	kind, _ := compose.GroupKindOf(name)
	o := object.AsMap()
	o["apiVersion"], o["kind"] = kind.Group+"/v1beta1", kind.Kind
	metadata := nested(o, "metadata")
	metadata["namespace"] = namespace
	metadata["ownerReferences"] = []any{map[string]any{
		"apiVersion": composite["apiVersion"], "kind": composite["kind"], "name": at(composite, "metadata", "name"), "uid": at(composite, "metadata", "uid"), "controller": true,
	}}
	s, err := structpb.NewStruct(o)
	if err != nil {
		return object
	}

	return s
}

// FuzzObserved makes Crossplane observe a foreign object by any name. Unless the application controls
// the object, and the function composes its kind by that name, nothing of it may be used.
func FuzzObserved(f *testing.F) {
	f.Add("key-vault", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"decoy","namespace":"shop","annotations":{"crossplane.io/external-name":"victims-vault"}}}`)
	f.Add("key-vault", `{"apiVersion":"keyvault.azure.m.upbound.io/v1beta1","kind":"Vault","metadata":{"name":"decoy","namespace":"shop","annotations":{"crossplane.io/external-name":"victims-vault"}}}`)
	f.Add("identity", `{"apiVersion":"managedidentity.azure.m.upbound.io/v1beta1","kind":"UserAssignedIdentity","metadata":{"name":"decoy","namespace":"shop","ownerReferences":[{"apiVersion":"meta.p6m.dev/v1alpha1","kind":"PlatformApplication","name":"shop-api","uid":"00000000-0000-4000-8000-000000000001","controller":true}]}}`)
	f.Add("role-assignment-officer-", `{"kind":"RoleAssignment","metadata":{"ownerReferences":[{"controller":true}]}}`)
	f.Add("other", `{}`)
	f.Fuzz(func(t *testing.T, name, object string) {
		w := newWorld(t, twoSecrets)
		req := w.request()
		req.Observed.Resources[name] = &fnv1.Resource{Resource: fuzzed(object)}
		rsp := w.converse(req)
		kind, ours := compose.GroupKindOf(name)
		if !ours || fatal(rsp) != "" {
			return
		}
		o := unstructured.Unstructured{Object: fuzzed(object).AsMap()}
		owner := metav1.GetControllerOf(&o)
		if o.GroupVersionKind().GroupKind() != kind || o.GetNamespace() != "shop" || owner == nil || owner.UID != testUID {
			t.Errorf("RunFunction(...): %s is taken for composed resource %q: %s", kind, name, object)
		}
	})
}

// fuzzed decodes a JSON object. It returns nil for anything else.
func fuzzed(doc string) *structpb.Struct {
	s := &structpb.Struct{}
	if err := s.UnmarshalJSON([]byte(doc)); err != nil {
		return nil
	}

	return s
}
