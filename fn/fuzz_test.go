// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// FuzzRunFunction feeds the function manifests, settings and observed resources
// that no schema has seen. It may refuse them, and must not panic, nor drop an
// application's vault.
func FuzzRunFunction(f *testing.F) {
	f.Add(`{"metadata":{"name":"a","namespace":"b"},"spec":{"deployment":{"image":"c","ports":[{"port":1}]},"secrets":[{"name":"d","env":[{"name":"E"}]}]}}`,
		`{"tenantId":"11111111-1111-4111-8111-111111111111","subscriptionId":"11111111-1111-4111-8111-111111111111","resourceGroupName":"g","location":"l","oidcIssuerUrl":"https://i"}`,
		`{"kind":"Vault","metadata":{"annotations":{"crossplane.io/external-name":"v"}},"status":{"atProvider":{"id":"/i","vaultUri":"https://v"}}}`,
		`{"kind":"KeyVaultSecretSync","status":{"atProvider":{"secrets":[{"name":"d","version":"1","keys":[{"dataKey":"d"}]}]}}}`)
	f.Add(`{"spec":{"claimRef":{"name":"a","namespace":"b"},"autoscaling":{"enabled":true,"maxReplicas":-1}}}`, `{"keyVault":{"officers":[{}]}}`, `{"status":[]}`, `{"status":{"atProvider":{"secrets":[null,{"keys":[7]}]}}}`)
	f.Fuzz(func(t *testing.T, xr, settings, vault, sync string) {
		req := &fnv1.RunFunctionRequest{
			Observed: &fnv1.State{
				Composite: &fnv1.Resource{Resource: fuzzed(xr)},
				Resources: map[string]*fnv1.Resource{
					compose.NameKeyVault:   {Resource: fuzzed(vault)},
					compose.NameSecretSync: {Resource: fuzzed(sync)},
				},
			},
			RequiredResources: map[string]*fnv1.Resources{requirement: {Items: []*fnv1.Resource{{
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

// fuzzed is nil for what is not a JSON object.
func fuzzed(doc string) *structpb.Struct {
	s := &structpb.Struct{}
	if err := s.UnmarshalJSON([]byte(doc)); err != nil {
		return nil
	}
	return s
}
