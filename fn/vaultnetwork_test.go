// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/fn/compose"
)

const (
	armGroup     = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-network/providers/"
	testSubnet   = armGroup + "Microsoft.Network/virtualNetworks/cluster/subnets/endpoints"
	testZone     = armGroup + "Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
	testLogs     = armGroup + "Microsoft.OperationalInsights/workspaces/logs"
	testRunner   = "20.50.1.2"
	testRunners  = "20.60.0.0/16"
	otherSubnet  = armGroup + "Microsoft.Network/virtualNetworks/cluster/subnets/others"
	otherLogs    = armGroup + "Microsoft.OperationalInsights/workspaces/others"
	createdWith  = "meta.p6m.dev/created-with"
	allowedInAll = "AzureServices"
)

// closed returns the keyVault of settings with which vaults are reachable only privately, and their
// logs are sent to a workspace.
func closed(existing bool) map[string]any {
	return map[string]any{
		"network": map[string]any{
			"applyToExisting": existing, "defaultAction": "Deny", "ipRules": []any{testRunner},
			"privateEndpoint": map[string]any{"subnetId": testSubnet, "privateDnsZoneIds": []any{testZone}},
		},
		"diagnostics": map[string]any{"applyToExisting": existing, "logAnalyticsWorkspaceId": testLogs},
	}
}

// closedWorld has new applications with closed vaults.
func closedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, `{"deployment": {"image": "a:1"}, "secrets": [{"name": "a"}]}`)
	w.environment["keyVault"] = closed(false)

	return w
}

// networkOf returns the parts of the desired state that network and logs consist of.
func networkOf(rsp *fnv1.RunFunctionResponse) map[string]any {
	out := map[string]any{
		"rules": at(desired(rsp, compose.NameKeyVault), "spec", "forProvider", "networkAcls"),
	}
	for _, name := range []string{compose.NamePrivateEndpoint, compose.NameDiagnosticSetting} {
		if r := rsp.GetDesired().GetResources()[name]; r != nil {
			out[name] = r.GetResource().AsMap()
		}
	}

	return out
}

const wantClosed = `
key-vault:
  managementPolicies: [Observe, Create, Update]
  createdWith: diagnostic-setting,private-endpoint
  networkAcls: {defaultAction: Deny, bypass: AzureServices, ipRules: [20.50.1.2]}
private-endpoint:
  apiVersion: network.azure.m.upbound.io/v1beta1
  kind: PrivateEndpoint
  metadata:
    name: shop-api
    namespace: shop
    labels: {app.kubernetes.io/name: shop-api, meta.p6m.dev/application: shop-api}
    annotations: {crossplane.io/external-name: shop-api-neo2l762vue6jqa}
  spec:
    managementPolicies: [Observe, Create, Update, Delete]
    providerConfigRef: {kind: ClusterProviderConfig, name: default}
    forProvider:
      location: westeurope
      resourceGroupName: rg-applications
      subnetId: /subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/cluster/subnets/endpoints
      privateServiceConnection:
        name: vault
        privateConnectionResourceId: VAULT
        subresourceNames: [vault]
        isManualConnection: false
      privateDnsZoneGroup:
        name: vault
        privateDnsZoneIds:
          - /subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-network/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net
      tags: {application: shop-api, namespace: shop}
diagnostic-setting:
  apiVersion: insights.azure.m.upbound.io/v1beta1
  kind: MonitorDiagnosticSetting
  metadata:
    name: shop-api
    namespace: shop
    labels: {app.kubernetes.io/name: shop-api, meta.p6m.dev/application: shop-api}
    annotations: {crossplane.io/external-name: VAULT|platform-application}
  spec:
    managementPolicies: [Observe, Create, Update]
    providerConfigRef: {kind: ClusterProviderConfig, name: default}
    forProvider:
      name: platform-application
      targetResourceId: VAULT
      logAnalyticsWorkspaceId: /subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-network/providers/Microsoft.OperationalInsights/workspaces/logs
      enabledLog: [{categoryGroup: audit}]
`

// TestClosedVault shows the resources of a new application whose vault is reachable only privately.
func TestClosedVault(t *testing.T) {
	w := closedWorld(t)
	first := desired(w.reconcile(), compose.NameKeyVault)
	if diff := cmp.Diff([]any{"Observe", "Create"}, at(first, "spec", "managementPolicies")); diff != "" {
		t.Errorf("A vault that may exist must not be closed yet: -want policies, +got:\n%s", diff)
	}
	w.azureAll()
	rsp := w.reconcile()

	var want map[string]any
	vault, _ := at(w.composed[compose.NameKeyVault], "status", "atProvider", "id").(string)
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(wantClosed, "VAULT", vault)), &want); err != nil {
		t.Fatal(err)
	}
	got := networkOf(rsp)
	v := desired(rsp, compose.NameKeyVault)
	got["key-vault"] = map[string]any{
		"managementPolicies": at(v, "spec", "managementPolicies"), "networkAcls": got["rules"], "createdWith": at(v, "metadata", "annotations", createdWith),
	}
	delete(got, "rules")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("RunFunction(...): -want, +got:\n%s", diff)
	}
	schemas := newValidator(t)
	for name, r := range rsp.GetDesired().GetResources() {
		object := r.GetResource().AsMap()
		if crd, ok := schemas.crds[object["kind"].(string)]; ok {
			if problems := crd.Validate(object); len(problems) > 0 {
				t.Errorf("%s is not valid: %s", name, strings.Join(problems, "\n"))
			}
		}
	}
}

// TestClosedVaultWaits shows what an application waits for while its vault cannot be reached.
func TestClosedVaultWaits(t *testing.T) {
	const ready, synced, pods = compose.TypeKeyVaultReady, compose.TypeSecretsSynced, compose.TypeWorkloadReady
	w := closedWorld(t)
	w.azureAll()
	w.sync("a", "Unreachable")
	endpoint := w.composed[compose.NamePrivateEndpoint]
	steps := []struct {
		reason string
		do     func()
		want   map[string]string
		ready  fnv1.Ready
	}{
		{
			reason: "The private endpoint is being created.",
			do:     func() {},
			want: map[string]string{
				ready:  "Creating: Vault %s is reachable only through its private endpoint shop-api-neo2l762vue6jqa, which is being created. This normally takes 3 minutes. No action is needed.",
				synced: "SecretsNotSynced: 0 of 1 secrets are synced. a (Unreachable): message of the provider. The vault cannot be reached before its private endpoint shop-api-neo2l762vue6jqa is ready; see condition KeyVaultReady.",
				pods:   "WaitingForSecrets: The pods start when every secret has its values. Waiting for private endpoint shop-api-neo2l762vue6jqa of the vault (not ready); a (Unreachable); see condition SecretsSynced.",
			},
			ready: fnv1.Ready_READY_FALSE,
		},
		{
			reason: "The identity has no role on the subnet.",
			do: func() {
				nested(endpoint, "status")["conditions"] = []any{map[string]any{"type": "LastAsyncOperation", "status": "False", "message": "LinkedAuthorizationFailed"}}
			},
			want: map[string]string{
				ready: "AzureRefused: Azure did not create private endpoint shop-api-neo2l762vue6jqa, so vault %s is not reachable yet: LinkedAuthorizationFailed. Ask your platform team for help.",
			},
			ready: fnv1.Ready_READY_FALSE,
		},
		{
			reason: "The zone group is created after the private endpoint.",
			do:     func() { becomeReady(endpoint) },
			want: map[string]string{
				ready: "Creating: Vault %s is not reachable yet: its private endpoint shop-api-neo2l762vue6jqa has no record in the private DNS zones. This normally takes a minute. If it takes longer, ask your platform team to check its DNS zone group.",
			},
			ready: fnv1.Ready_READY_TRUE,
		},
		{
			reason: "The vault can be reached.",
			do:     func() { w.azure(compose.NamePrivateEndpoint) },
			want: map[string]string{
				ready:  "Available: Put values into https://%s.vault.azure.net/.",
				synced: "SecretsNotSynced: 0 of 1 secrets are synced. a (Unreachable): message of the provider.",
			},
			ready: fnv1.Ready_READY_TRUE,
		},
		{
			reason: "Logs are not needed by anyone who waits.",
			do: func() {
				nested(w.composed[compose.NameDiagnosticSetting], "status")["conditions"] = []any{map[string]any{"type": "Synced", "status": "False", "message": "no"}}
			},
			want:  map[string]string{ready: "Available: Put values into https://%s.vault.azure.net/. Note: Azure rejected the diagnostic setting of the vault: no."},
			ready: fnv1.Ready_READY_TRUE,
		},
	}
	vault, _ := at(w.composed[compose.NameKeyVault], "metadata", "annotations", "crossplane.io/external-name").(string)
	for _, s := range steps {
		s.do()
		rsp := w.reconcile()
		for typ, want := range s.want {
			c := condition(rsp, typ)
			if diff := cmp.Diff(strings.ReplaceAll(want, "%s", vault), c.GetReason()+": "+c.GetMessage()); diff != "" {
				t.Errorf("\n%s\nRunFunction(...) %s: -want, +got:\n%s", s.reason, typ, diff)
			}
		}
		if got := rsp.GetDesired().GetResources()[compose.NamePrivateEndpoint].GetReady(); got != s.ready {
			t.Errorf("\n%s\nRunFunction(...): private endpoint: want %s, got %s", s.reason, s.ready, got)
		}
		if got := rsp.GetDesired().GetResources()[compose.NameDiagnosticSetting].GetReady(); got != fnv1.Ready_READY_TRUE {
			t.Errorf("\n%s\nRunFunction(...): diagnostic setting: want ready, got %s", s.reason, got)
		}
	}
}

// TestClosedVaultHolds checks that a running Deployment stays while a new secret cannot be read.
func TestClosedVaultHolds(t *testing.T) {
	w := closedWorld(t)
	w.azureAll()
	w.azure(compose.NamePrivateEndpoint)
	w.sync("a", "Synced", "A")
	before := desired(w.reconcile(), compose.NameDeployment)
	delete(w.composed[compose.NamePrivateEndpoint], "status")
	w.list(map[string]any{"name": "b"})
	w.sync("b", "Unreachable")
	rsp := w.reconcile()
	if got := condition(rsp, compose.TypeWorkloadReady); got.GetReason() != compose.ReasonHeld || !strings.Contains(got.GetMessage(), "private endpoint") {
		t.Errorf("RunFunction(...): want Held for the private endpoint, got %s: %s", got.GetReason(), got.GetMessage())
	}
	if diff := cmp.Diff(podOf(t, before), podOf(t, desired(rsp, compose.NameDeployment))); diff != "" {
		t.Errorf("RunFunction(...): pods: -before, +after:\n%s", diff)
	}
}

// TestNetworkStays checks that network and logs of an application that exists change only if the
// settings apply to existing vaults.
func TestNetworkStays(t *testing.T) {
	open := func(t *testing.T) *world {
		t.Helper()
		return runningWorld(t)
	}
	private := func(t *testing.T) *world {
		t.Helper()
		w := closedWorld(t)
		w.azureAll()
		w.azure(compose.NamePrivateEndpoint)
		w.azure(compose.NameDiagnosticSetting)

		return w
	}
	changed := func(changes ...string) func(*world) {
		return func(w *world) {
			kv := closed(false)
			for _, c := range changes {
				switch c {
				case "moved":
					nested(kv, "network", "privateEndpoint")["subnetId"] = otherSubnet
					nested(kv, "network", "privateEndpoint")["privateDnsZoneIds"] = []any{}
				case "rules":
					nested(kv, "network")["ipRules"] = []any{testRunner, testRunners}
				case "open":
					nested(kv, "network")["defaultAction"] = "Allow"
				case "logs":
					nested(kv, "diagnostics")["logAnalyticsWorkspaceId"] = otherLogs
				case "existing":
					nested(kv, "network")["applyToExisting"] = true
					nested(kv, "diagnostics")["applyToExisting"] = true
				}
			}
			w.environment["keyVault"] = kv
		}
	}
	cases := map[string]struct {
		reason string
		world  func(*testing.T) *world
		change func(*world)
		// want: names of what differs afterwards.
		want []string
	}{
		"Added":       {reason: "A firewall could cut off a running application.", world: open, change: changed()},
		"AddedStatus": {reason: "A vault whose status is lost is no new vault.", world: open, change: func(w *world) { changed()(w); delete(w.composed[compose.NameKeyVault], "status") }},
		"Removed":     {reason: "A setting that is removed by accident deletes nothing.", world: private, change: func(w *world) { w.environment["keyVault"] = map[string]any{} }},
		"Gone":        {reason: "Without settings nothing changes.", world: private, change: func(w *world) { w.environment = nil }},
		"Edited":      {reason: "Edits apply to new vaults.", world: private, change: changed("moved", "rules", "logs")},
		"Opened":      {reason: "A vault stays closed.", world: private, change: changed("open")},
		"ToExisting": {
			reason: "The vault gets its endpoint and its logs first, and stays open until the endpoint is ready.", world: open, change: changed("existing"),
			want: []string{compose.NameDiagnosticSetting, compose.NamePrivateEndpoint},
		},
		"EditedToExisting": {
			reason: "Rules and the workspace follow the settings. An endpoint cannot move.", world: private, change: changed("existing", "rules", "logs", "moved"),
			want: []string{compose.NameDiagnosticSetting, "rules"},
		},
		"Disabled": {
			reason: "The platform can remove the endpoint, and the logs.", world: private,
			change: func(w *world) {
				w.environment["keyVault"] = map[string]any{
					"network": map[string]any{"privateEndpoint": map[string]any{"enabled": false}}, "diagnostics": map[string]any{"enabled": false},
				}
				w.reconcile()
			},
			want: []string{compose.NameDiagnosticSetting, compose.NamePrivateEndpoint},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := tc.world(t)
			before := networkOf(w.reconcile())
			tc.change(w)
			after := networkOf(w.reconcile())
			var got []string
			for _, name := range slices.Sorted(maps.Keys(merged(before, after))) {
				if !cmp.Equal(before[name], after[name]) {
					got = append(got, name)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want changes, +got:\n%s\n-before, +after:\n%s", tc.reason, diff, cmp.Diff(before, after))
			}
		})
	}
}

func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	maps.Copy(out, b)

	return out
}

// TestPublicNetworkAccess checks that a vault is not opened by a setting that is removed. Without the parameter, the Azure
// provider opens it.
func TestPublicNetworkAccess(t *testing.T) {
	const parameter = "publicNetworkAccessEnabled"
	cases := map[string]struct {
		reason           string
		setting          any
		requested, azure any
		want             any
	}{
		"New":        {reason: "Azure's default is open.", azure: true},
		"Closed":     {reason: "The setting closes a vault.", setting: false, requested: true, azure: true, want: false},
		"Opened":     {reason: "The setting opens a vault.", setting: true, requested: false, azure: false, want: true},
		"Removed":    {reason: "A setting that is removed opens nothing.", requested: false, azure: false, want: false},
		"RemovedNow": {reason: "The same holds before the provider has closed the vault.", requested: false, azure: true, want: false},
		"Reopened":   {reason: "A vault that was opened explicitly is corrected.", requested: true, azure: false, want: true},
		"FoundAgain": {reason: "A vault that is found again, or closed by others, stays closed.", azure: false, want: false},
		"WrongType":  {reason: "Other types are ignored.", requested: "false", azure: "false"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := runningWorld(t)
			vault := w.composed[compose.NameKeyVault]
			nested(w.environment, "keyVault")[parameter] = tc.setting
			nested(vault, "spec", "forProvider")[parameter] = tc.requested
			nested(vault, "status", "atProvider")[parameter] = tc.azure
			got := at(desired(w.reconcile(), compose.NameKeyVault), "spec", "forProvider", parameter)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nRunFunction(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestClosesWhenReady checks that an existing vault is closed when its endpoint is ready, and then
// stays closed.
func TestClosesWhenReady(t *testing.T) {
	w := runningWorld(t)
	w.environment["keyVault"] = closed(true)
	rsp := w.reconcile()
	if got := condition(rsp, compose.TypeKeyVaultReady); got.GetReason() != compose.ReasonAvailable || !strings.Contains(got.GetMessage(), "close the vault when its private endpoint is ready") {
		t.Errorf("RunFunction(...): want an open vault, got %s: %s", got.GetReason(), got.GetMessage())
	}
	w.azure(compose.NamePrivateEndpoint)
	want := map[string]any{"defaultAction": "Deny", "bypass": allowedInAll, "ipRules": []any{testRunner}}
	for range 2 {
		if diff := cmp.Diff(any(want), networkOf(w.reconcile())["rules"]); diff != "" {
			t.Errorf("RunFunction(...): rules: -want, +got:\n%s", diff)
		}
		delete(w.composed[compose.NamePrivateEndpoint], "status")
	}
}

// TestManualApproval checks an endpoint whose connection an administrator has to approve. The Azure provider reports no
// approval, so a running vault is never closed, and a note stays until secrets are synced.
func TestManualApproval(t *testing.T) {
	const note = "approve"
	kv := closed(true)
	nested(kv, "network", "privateEndpoint")["manualApproval"] = true
	w := runningWorld(t)
	w.environment["keyVault"] = kv

	w.reconcile()
	w.azure(compose.NamePrivateEndpoint)
	rsp := w.reconcile()
	want := any(map[string]any{
		"name": "vault", "subresourceNames": []any{"vault"}, "isManualConnection": true, "requestMessage": "PlatformApplication shop/shop-api",
		"privateConnectionResourceId": at(w.composed[compose.NameKeyVault], "status", "atProvider", "id"),
	})
	if diff := cmp.Diff(want, at(desired(rsp, compose.NamePrivateEndpoint), "spec", "forProvider", "privateServiceConnection")); diff != "" {
		t.Errorf("RunFunction(...): connection: -want, +got:\n%s", diff)
	}
	if rules := networkOf(rsp)["rules"]; rules != nil {
		t.Errorf("RunFunction(...): a vault whose connection may not be approved must stay open, got %v", rules)
	}

	// A new vault is closed at once. Its secrets cannot be read before the approval.
	w = closedWorld(t)
	w.environment["keyVault"] = kv
	w.azureAll()
	w.azure(compose.NamePrivateEndpoint)
	w.sync("a", "Unreachable")
	delete(nested(w.composed[compose.NameSecretSync], "status"), "conditions")
	if got := condition(w.reconcile(), compose.TypeKeyVaultReady).GetMessage(); !strings.Contains(got, note) {
		t.Errorf("RunFunction(...): want a note that says approve, got %s", got)
	}
	w.sync("a", "Synced", "A")
	if got := condition(w.reconcile(), compose.TypeKeyVaultReady).GetMessage(); strings.Contains(got, note) {
		t.Errorf("RunFunction(...): secrets are synced, so the connection was approved, got %s", got)
	}
}

// TestVaultFoundAgain checks that a vault that exists in Azure, of an application that is created
// again, keeps its rules.
func TestVaultFoundAgain(t *testing.T) {
	w := closedWorld(t)
	w.reconcile()
	w.azure(compose.NameKeyVault)
	nested(w.composed[compose.NameKeyVault], "status", "atProvider")["networkAcls"] = map[string]any{"defaultAction": "Allow", "bypass": "AzureServices"}
	for range 2 {
		rsp := w.reconcile()
		if diff := cmp.Diff(any(map[string]any{"defaultAction": "Allow", "bypass": "AzureServices"}), networkOf(rsp)["rules"]); diff != "" {
			t.Errorf("RunFunction(...): rules: -want, +got:\n%s", diff)
		}
		if diff := cmp.Diff([]any{"Observe", "Create", "Update"}, at(desired(rsp, compose.NameKeyVault), "spec", "managementPolicies")); diff != "" {
			t.Errorf("RunFunction(...): -want policies, +got:\n%s", diff)
		}
	}
}

// TestInheritedTags checks that tags of Azure's policies stay, and change no tag of the owner.
func TestInheritedTags(t *testing.T) {
	cases := map[string]struct {
		reason   string
		settings map[string]any
		observed map[string]any
		want     map[string]any
	}{
		"Unnamed": {
			reason:   "Tags of others are removed by default.",
			observed: map[string]any{"CostCenter": "1"},
			want:     map[string]any{"application": "shop-api", "namespace": "shop"},
		},
		"Inherited": {
			reason:   "A tag of a policy stays as it is in Azure.",
			settings: map[string]any{"inheritedTags": []any{"costcenter", "absent"}, "tags": map[string]any{"COSTCENTER": "mine", "team": "a"}},
			observed: map[string]any{"CostCenter": "1", "other": "x", "team": "b"},
			want:     map[string]any{"application": "shop-api", "namespace": "shop", "CostCenter": "1", "team": "a"},
		},
		"Hostile": {
			reason:   "Tags of the owner come from the application only, and other types are ignored.",
			settings: map[string]any{"inheritedTags": []any{"a", "b"}},
			observed: map[string]any{"Application": "victim", "namespace": "victim", "tenant": "victim", "a": 1.0, "b": map[string]any{}},
			want:     map[string]any{"application": "shop-api", "namespace": "shop"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := runningWorld(t)
			maps.Copy(w.environment, tc.settings)
			for _, name := range []string{compose.NameKeyVault, compose.NameIdentity} {
				nested(w.composed[name], "status", "atProvider")["tags"] = tc.observed
			}
			rsp := w.reconcile()
			for _, name := range []string{compose.NameKeyVault, compose.NameIdentity} {
				if diff := cmp.Diff(any(tc.want), at(desired(rsp, name), "spec", "forProvider", "tags")); diff != "" {
					t.Errorf("\n%s\nRunFunction(...) %s: -want tags, +got:\n%s", tc.reason, name, diff)
				}
			}
		})
	}
}
