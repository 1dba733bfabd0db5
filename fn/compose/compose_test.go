// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	stdcmp "cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	upjet "github.com/crossplane/upjet/v2/pkg/resource"
	upjeterrors "github.com/crossplane/upjet/v2/pkg/terraform/errors"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	secretsv1alpha1 "github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const (
	testVaultID     = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-applications/providers/Microsoft.KeyVault/vaults/shop-api-abc"
	testPrincipalID = "77777777-7777-4777-8777-777777777777"
	testCreatorID   = "44444444-4444-4444-8444-444444444444"
	testOfficerID   = "88888888-8888-4888-8888-888888888888"
)

// platform returns settings, with changes as JSON.
func platform(t testingT, changes string) inputv1alpha1.PlatformConfigSpec {
	t.Helper()
	input := &inputv1alpha1.PlatformConfig{Spec: inputv1alpha1.PlatformConfigSpec{
		TenantID:          "11111111-1111-4111-8111-111111111111",
		SubscriptionID:    "22222222-2222-4222-8222-222222222222",
		ResourceGroupName: "rg-applications",
		Location:          "westeurope",
		OIDCIssuerURL:     "https://issuer.example.com/",
	}}
	overlay := map[string]any{}
	if err := json.Unmarshal([]byte(stdcmp.Or(changes, "{}")), &overlay); err != nil {
		t.Fatalf("cannot read settings: %v", err)
	}
	p, err := settings.Resolve(input, overlay)
	if err != nil {
		t.Fatalf("Resolve(...): %v", err)
	}

	return p
}

func application(t testingT, spec string) Application {
	t.Helper()
	a := Application{Name: "shop-api", Namespace: "shop", Labels: map[string]string{labelApp: "shop", "p6m.dev/domain": "sales", "p6m.dev/env-name": "prd", "p6m.dev/env-type": "live", "p6m.dev/other": "x", "argocd.argoproj.io/instance": "x"}}
	if err := json.Unmarshal([]byte(spec), &a.Spec); err != nil {
		t.Fatalf("cannot read spec: %v", err)
	}

	return a
}

// azureSeen has a vault and an identity that exist in Azure.
func azureSeen() Observed {
	return Observed{
		NameKeyVault: {
			"kind": "Vault",
			"metadata": map[string]any{
				"annotations": map[string]any{annotationExternalName: "shop-api-abc"},
			},
			"status": map[string]any{"atProvider": map[string]any{"id": testVaultID, "vaultUri": "https://shop-api-abc.vault.azure.net/"}},
		},
		NameIdentity: {
			"kind": "UserAssignedIdentity",
			"status": map[string]any{"atProvider": map[string]any{
				"id":       "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-applications/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shop-api-abc",
				"clientId": "66666666-6666-4666-8666-666666666666", "principalId": testPrincipalID,
			}},
		},
	}
}

// testingT is a test, or a case of a property.
type testingT interface {
	Helper()
	Fatalf(format string, args ...any)
}

func compose(t testingT, spec, platformChanges string, seen Observed) Result {
	t.Helper()
	r, err := Compose(application(t, spec), platform(t, platformChanges), seen)
	if err != nil {
		t.Fatalf("Compose(...): %v", err)
	}

	return r
}

// A rendered condition is in the form that people read.
type rendered struct {
	Status          ConditionStatus
	Reason, Message string
}

func (r Result) condition(conditionType string) rendered {
	for _, c := range r.Conditions {
		if c.Type == conditionType {
			return rendered{Status: c.Status, Reason: c.Reason, Message: c.Message.String()}
		}
	}

	return rendered{}
}

// TestVault shows the vault for each deletion policy.
func TestVault(t *testing.T) {
	type want struct {
		policies        []any
		purgeProtection any
		note            bool
	}
	protected := azureSeen()
	protected[NameKeyVault].object("status", "atProvider")["purgeProtectionEnabled"] = true
	cases := map[string]struct {
		reason   string
		spec     string
		platform string
		seen     Observed
		want     want
	}{
		"Default": {
			reason: "A vault outlives its application by default.",
			spec:   `{}`,
			want:   want{policies: []any{"Observe", "Create", "Update"}, purgeProtection: true},
		},
		"SoftDelete": {
			reason: "A vault that is deleted with its application can be recovered.",
			spec:   `{"keyVault": {"deletionPolicy": "SoftDelete"}}`,
			want:   want{policies: []any{"Observe", "Create", "Update", "Delete"}, purgeProtection: true},
		},
		"PlatformDefault": {
			reason:   "The platform's policy applies if the application has none.",
			spec:     `{}`,
			platform: `{"keyVault": {"deletionPolicy": "SoftDelete"}}`,
			want:     want{policies: []any{"Observe", "Create", "Update", "Delete"}, purgeProtection: true},
		},
		"Purge": {
			reason:   "A vault is purged only if its manifest requests it.",
			spec:     `{"keyVault": {"deletionPolicy": "Purge"}}`,
			platform: `{"keyVault": {"allow": {"purge": true}}}`,
			want:     want{policies: []any{"Observe", "Create", "Update", "Delete"}, purgeProtection: false},
		},
		"PurgeTooLate": {
			reason:   "Azure never turns purge protection off, so the vault keeps it, and a note says so.",
			spec:     `{"keyVault": {"deletionPolicy": "Purge"}}`,
			platform: `{"keyVault": {"allow": {"purge": true}}}`,
			seen:     protected,
			want:     want{policies: []any{"Observe", "Create", "Update", "Delete"}, purgeProtection: true, note: true},
		},
		"Adopted": {
			reason:   "An existing vault is observed and not changed.",
			spec:     `{"keyVault": {"name": "legacy-vault", "deletionPolicy": "Purge"}}`,
			platform: `{"keyVault": {"assigned": [{"name": "legacy-vault", "namespace": "shop", "application": "shop-api"}]}}`,
			want:     want{policies: []any{"Observe"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, tc.spec, tc.platform, tc.seen)
			vault := Object(r.Resources[NameKeyVault].Object)
			got := want{
				policies:        vault.list("spec", "managementPolicies"),
				purgeProtection: vault.object("spec", "forProvider")["purgeProtectionEnabled"],
				note:            strings.Contains(r.condition(TypeKeyVaultReady).Message, "Note: "),
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRoleAssignments shows who gets which role on the vault.
func TestRoleAssignments(t *testing.T) {
	type assignment struct{ Principal, Type, Role string }
	officer := "Key Vault Secrets Officer"
	cases := map[string]struct {
		reason         string
		spec, platform string
		want           map[string]assignment
	}{
		"ApplicationOnly": {
			reason: "An application may read its own vault.",
			spec:   `{}`,
			want:   map[string]assignment{NameRoleAssignmentApp: {testPrincipalID, "ServicePrincipal", "Key Vault Secrets User"}},
		},
		"Everybody": {
			reason:   "Officers of platform and application, and the secret creator, can write.",
			spec:     `{"keyVault": {"officers": [{"objectId": "99999999-9999-4999-8999-999999999999"}]}}`,
			platform: `{"secretCreatorPrincipalId": "` + testCreatorID + `", "keyVault": {"allow": {"officers": "Any"}, "officers": [{"objectId": "` + testOfficerID + `", "principalType": "Group"}]}}`,
			want: map[string]assignment{
				NameRoleAssignmentApp:                                                {testPrincipalID, "ServicePrincipal", "Key Vault Secrets User"},
				NameRoleAssignmentCreator:                                            {testCreatorID, "ServicePrincipal", officer},
				PrefixRoleAssignmentOfficer + testOfficerID:                          {testOfficerID, "Group", officer},
				PrefixRoleAssignmentOfficer + "99999999-9999-4999-8999-999999999999": {"99999999-9999-4999-8999-999999999999", "", officer},
			},
		},
		"OncePerPrincipal": {
			reason:   "Azure rejects a second assignment of a role to a principal, so each has one.",
			spec:     `{"keyVault": {"officers": [{"objectId": "` + testOfficerID + `"}, {"objectId": "` + testCreatorID + `"}]}}`,
			platform: `{"secretCreatorPrincipalId": "` + testCreatorID + `", "keyVault": {"officers": [{"objectId": "` + testOfficerID + `", "principalType": "Group"}]}}`,
			want: map[string]assignment{
				NameRoleAssignmentApp:                       {testPrincipalID, "ServicePrincipal", "Key Vault Secrets User"},
				NameRoleAssignmentCreator:                   {testCreatorID, "ServicePrincipal", officer},
				PrefixRoleAssignmentOfficer + testOfficerID: {testOfficerID, "Group", officer},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := map[string]assignment{}
			for name, r := range compose(t, tc.spec, tc.platform, azureSeen()).Resources {
				if !strings.HasPrefix(name, "role-assignment-") {
					continue
				}
				p := Object(r.Object).object("spec", "forProvider")
				got[name] = assignment{p.str("principalId"), p.str("principalType"), p.str("roleDefinitionName")}
				if s := p.str("scope"); s != testVaultID {
					t.Errorf("\n%s\nCompose(...): %s: want the vault as scope, got %q", tc.reason, name, s)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestCreatorIsOfficer checks that an officer who becomes the secret creator, or the reverse, keeps
// its assignment: another resource would represent the same assignment in Azure, which is deleted
// with the first resource.
func TestCreatorIsOfficer(t *testing.T) {
	const other = "99999999-9999-4999-8999-999999999999"
	officer := func(id string) string { return PrefixRoleAssignmentOfficer + id }
	creator := func(id string) string { return `"secretCreatorPrincipalId": "` + id + `"` }
	officers := func(ids ...string) string {
		return `"keyVault": {"officers": [{"objectId": "` + strings.Join(ids, `"}, {"objectId": "`) + `"}]}`
	}
	cases := map[string]struct {
		reason        string
		before, after string
		want          map[string]string
	}{
		"BecomesCreator": {
			reason: "An officer becomes the secret creator.",
			before: `{` + officers(testOfficerID) + `}`,
			after:  `{` + creator(testOfficerID) + `}`,
			want:   map[string]string{officer(testOfficerID): testOfficerID},
		},
		"BecomesCreatorToo": {
			reason: "A principal can become the secret creator and stay an officer.",
			before: `{` + officers(testOfficerID) + `}`,
			after:  `{` + creator(testOfficerID) + `, ` + officers(testOfficerID, other) + `}`,
			want:   map[string]string{officer(testOfficerID): testOfficerID, officer(other): other},
		},
		"BecomesOfficer": {
			reason: "The secret creator becomes an officer.",
			before: `{` + creator(testCreatorID) + `}`,
			after:  `{` + officers(testCreatorID) + `}`,
			want:   map[string]string{NameRoleAssignmentCreator: testCreatorID},
		},
		"Succeeded": {
			reason: "A new creator gets its own name, while its predecessor, now an officer, keeps the creator's name.",
			before: `{` + creator(testCreatorID) + `}`,
			after:  `{` + creator(other) + `, ` + officers(testCreatorID) + `}`,
			want:   map[string]string{NameRoleAssignmentCreator: testCreatorID, officer(other): other},
		},
		"Swap": {
			reason: "Secret creator and officer change places.",
			before: `{` + creator(testCreatorID) + `, ` + officers(testOfficerID) + `}`,
			after:  `{` + creator(testOfficerID) + `, ` + officers(testCreatorID) + `}`,
			want:   map[string]string{NameRoleAssignmentCreator: testCreatorID, officer(testOfficerID): testOfficerID},
		},
		"CreatorGoes": {
			reason: "A former secret creator without another role loses its assignment, and the new one keeps its assignment as an officer.",
			before: `{` + creator(testCreatorID) + `, ` + officers(testOfficerID) + `}`,
			after:  `{` + creator(testOfficerID) + `}`,
			want:   map[string]string{officer(testOfficerID): testOfficerID},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := assignments(compose(t, `{}`, tc.before, azureSeen()))
			// A second call must have the same result.
			for range 2 {
				seen := azureSeen()
				maps.Copy(seen, before)
				after := assignments(compose(t, `{}`, tc.after, seen))

				got := map[string]string{}
				for name, o := range after {
					got[name] = o.str("spec", "forProvider", "principalId")
				}
				delete(got, NameRoleAssignmentApp)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
				}
				if diff := cmp.Diff(common(before, after), common(after, before)); diff != "" {
					t.Errorf("\n%s\nCompose(...): what is kept: -before, +after:\n%s", tc.reason, diff)
				}
				before = after
			}
		})
	}
}

// assignments returns the role assignments of a result, in the form of the next observation.
func assignments(r Result) Observed {
	out := Observed{}
	for name, r := range r.Resources {
		if strings.HasPrefix(name, "role-assignment-") {
			out[name] = r.Object
		}
	}

	return out
}

// common returns the assignments of a that are also in b, without the type of the principal, which
// matters only until Azure has an assignment.
func common(a, b Observed) Observed {
	out := Observed{}
	for name, o := range a {
		if _, ok := b[name]; ok {
			out[name] = runtime.DeepCopyJSON(o)
			delete(out[name].object("spec", "forProvider"), "principalType")
		}
	}

	return out
}

// TestStructures shows the keys with which a secret is created.
func TestStructures(t *testing.T) {
	type structure struct {
		keys   []any
		create bool
	}
	cases := map[string]struct {
		reason string
		secret string
		want   structure
	}{
		"Postgres":    {"A known name has a known structure.", `{"name": "postgres-credentials"}`, structure{[]any{"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_PORT"}, true}},
		"Prefixed":    {"The prefix of an environment is ignored.", `{"name": "prd-api-credentials"}`, structure{[]any{"API_KEY", "API_SECRET"}, true}},
		"OtherCase":   {"Case is ignored, as in Key Vault.", `{"name": "Dev-Webhook-Tokens"}`, structure{[]any{"WEBHOOK_TOKEN"}, true}},
		"Certificate": {"A certificate is not created in advance, because that would block its import.", `{"name": "common-tls-certificates"}`, structure{nil, false}},
		"OwnKeys":     {"The application's own keys take precedence.", `{"name": "tls-certificates", "keys": ["tls.crt"]}`, structure{[]any{"tls.crt"}, true}},
		"Platform":    {"The platform's structures take precedence over the built-in ones.", `{"name": "common-webhook-tokens-v2"}`, structure{[]any{"A"}, true}},
		"Unknown":     {"An unknown secret has no keys.", `{"name": "feature-flags"}`, structure{nil, true}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, `{"secrets": [`+tc.secret+`]}`, `{"secrets": {"structures": [{"name": "webhook-tokens-v2", "keys": ["A"]}]}}`, azureSeen())
			s, _ := Object(r.Resources[NameSecretSync].Object).list("spec", "forProvider", "secrets")[0].(map[string]any)
			got := structure{keys: Object(s).list("keys"), create: s["create"] != false}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(structure{})); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPollIntervals checks that the sync has the platform's intervals, and none without them, because
// an older provider does not know the fields.
func TestPollIntervals(t *testing.T) {
	type intervals struct{ Regular, Fast any }
	cases := map[string]struct {
		reason   string
		settings string
		want     intervals
	}{
		"Unset": {"By default, the provider's intervals apply.", `{}`, intervals{}},
		"Set":   {"The platform's intervals apply.", `{"secrets": {"pollInterval": "1m", "fastPollInterval": "10s"}}`, intervals{"1m0s", "10s"}},
		"Off":   {"Fast polls can be disabled, which differs from the default.", `{"secrets": {"fastPollInterval": "0s"}}`, intervals{nil, "0s"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, `{"secrets": [{"name": "a"}]}`, tc.settings, azureSeen())
			p := Object(r.Resources[NameSecretSync].Object).object("spec", "forProvider")
			if diff := cmp.Diff(tc.want, intervals{p["pollInterval"], p["fastPollInterval"]}); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestReplicas checks which author sets the number of pods.
func TestReplicas(t *testing.T) {
	const autoscaled = `{"deployment": {"image": "a", "replicas": 3}, "autoscaling": {"enabled": true, "maxReplicas": 9}}`
	ownedBy := func(managers ...string) Observed {
		var fields []any
		for _, m := range managers {
			fields = append(fields, map[string]any{"manager": m, "fieldsV1": map[string]any{"f:spec": map[string]any{"f:replicas": map[string]any{}}}})
		}

		return Observed{NameDeployment: {
			"kind":     kindDeployment,
			"metadata": map[string]any{"managedFields": fields},
			"spec":     map[string]any{"replicas": float64(5)},
		}}
	}
	none := ownedBy("apiextensions.crossplane.io/composed/abc")
	none[NameDeployment].object("spec")["replicas"] = float64(0)
	cases := map[string]struct {
		reason         string
		spec, platform string
		seen           Observed
		want           any
	}{
		"Manifest":    {"The manifest sets the replicas.", `{"deployment": {"image": "a", "replicas": 3}}`, `{"workload": {"replicas": 2}}`, nil, int64(3)},
		"Platform":    {"The platform sets the default.", `{"deployment": {"image": "a"}}`, `{"workload": {"replicas": 2}}`, nil, int64(2)},
		"Nobody":      {"Without both, Kubernetes sets the default.", `{"deployment": {"image": "a"}}`, ``, nil, nil},
		"Autoscaler":  {"With autoscaling, the autoscaler sets the replicas.", autoscaled, ``, nil, nil},
		"TakingOver":  {"Until the autoscaler has set the replicas, their number is kept.", autoscaled, ``, ownedBy("apiextensions.crossplane.io/composed/abc"), int64(5)},
		"FromNone":    {"Autoscalers ignore a Deployment without pods.", autoscaled, ``, none, int64(1)},
		"TakenOver":   {"The autoscaler owns the replicas that it has set.", autoscaled, ``, ownedBy("kube-controller-manager"), nil},
		"Shared":      {"The autoscaler owns replicas that Crossplane has also set.", autoscaled, ``, ownedBy("apiextensions.crossplane.io/composed/abc", "kube-controller-manager"), nil},
		"TurnedOff":   {"Without autoscaling, the manifest sets the replicas again.", `{"deployment": {"image": "a", "replicas": 3}}`, ``, ownedBy("kube-controller-manager"), int64(3)},
		"NotRecorded": {"Without managed fields, the replicas belong to the autoscaler.", autoscaled, ``, ownedBy(), nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			seen := azureSeen()
			maps.Copy(seen, tc.seen)
			r := compose(t, tc.spec, tc.platform, seen)
			got := Object(r.Resources[NameDeployment].Object).object("spec")["replicas"]
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want replicas, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestHeldReplicas checks that a held Deployment does not override the autoscaler's number of pods.
func TestHeldReplicas(t *testing.T) {
	seen := azureSeen()
	seen[NameDeployment] = Object{"kind": kindDeployment, "apiVersion": "apps/v1", "spec": map[string]any{"replicas": float64(5)}}
	r := compose(t, `{"deployment": {"image": "a"}, "secrets": [{"name": "b"}], "autoscaling": {"enabled": true, "maxReplicas": 9}}`, ``, seen)
	if got, ok := Object(r.Resources[NameDeployment].Object).object("spec")["replicas"]; ok {
		t.Errorf("Compose(...): want a held Deployment without replicas, got %v", got)
	}
	if _, ok := seen[NameDeployment].object("spec")["replicas"]; !ok {
		t.Error("Compose(...): changed what was observed")
	}
	if _, ok := r.Resources[NameAutoscaler]; !ok {
		t.Error("Compose(...): want an autoscaler for a Deployment that is held")
	}
}

// TestIngress shows the Ingress of an application.
func TestIngress(t *testing.T) {
	const types = `{"ingress": {"domain": "apps.example.com", "defaultType": "internal", "types": [
		{"name": "internal", "ingressClassName": "nginx-internal", "annotations": {"a": "platform", "b": "platform"}, "allowedAnnotations": ["c"]},
		{"name": "public", "tlsSecretName": "wildcard", "oidcAnnotations": {"auth": "login"}}]}}`
	deployment := `"deployment": {"image": "a", "ports": [{"port": 9000}, {"port": 8080, "protocol": "http"}]}`
	type want struct {
		hosts       []string
		class       string
		port        string
		annotations map[string]any
		tls         bool
		reason      string
		message     string
	}
	available := want{reason: ReasonRollingOut}
	with := func(change func(*want)) want {
		w := available
		change(&w)

		return w
	}
	cases := map[string]struct {
		reason         string
		spec, platform string
		want           want
	}{
		"NotEnabled": {
			reason: "Without an ingress in the manifest, nothing is published.",
			spec:   `{` + deployment + `, "networking": {"ingress": {"hostnames": ["a.example.com"]}}}`,
			want:   available,
		},
		"Defaults": {
			reason:   "The platform's name, type and annotations take precedence. Annotations that would mislead Argo CD are omitted.",
			spec:     `{` + deployment + `, "networking": {"ingress": {"enabled": true, "annotations": {"b": "team", "c": "team", "argocd.argoproj.io/tracking-id": "other"}}}}`,
			platform: types,
			want: with(func(w *want) {
				w.hosts, w.class, w.port = []string{"shop-api.apps.example.com"}, "nginx-internal", "http-8080"
				w.annotations = map[string]any{"a": "platform", "b": "platform", "c": "team"}
			}),
		},
		"ClassOfThatName": {
			reason: "Without types of the platform, a type is used as the IngressClass.",
			spec:   `{` + deployment + `, "networking": {"ingress": {"enabled": true, "type": "traefik", "hostnames": ["a.example.com", "b.example.com"]}}}`,
			want: with(func(w *want) {
				w.hosts, w.class, w.port = []string{"a.example.com", "b.example.com"}, "traefik", "http-8080"
			}),
		},
		"Login": {
			reason:   "The platform defines the login, and the application cannot weaken it.",
			spec:     `{` + deployment + `, "networking": {"ingress": {"enabled": true, "type": "public", "oidc": {"enabled": true}, "annotations": {"auth": "none"}}}}`,
			platform: types,
			want: with(func(w *want) {
				w.hosts, w.class, w.port, w.tls = []string{"shop-api.apps.example.com"}, "public", "http-8080", true
				w.annotations = map[string]any{"auth": "login"}
			}),
		},
		"NoLogin": {
			reason:   "An application that requires a login is not published without one.",
			spec:     `{` + deployment + `, "networking": {"ingress": {"enabled": true, "oidc": {"enabled": true}}}}`,
			platform: types,
			want:     want{reason: ReasonIngressRefused, message: "spec.networking.ingress.oidc: ingress type internal has no login (types with a login: public), so the application would be public; use a type with a login, or ask your platform team to set oidcAnnotations of yours in ingress.types of the settings. The pods are not affected."},
		},
		"LoginNotSaid": {
			reason:   "A misspelt wish for a login must not publish an application without one.",
			spec:     `{` + deployment + `, "networking": {"ingress": {"enabled": true, "type": "public", "oidc": {"enable": true}}}}`,
			platform: types,
			want:     want{reason: ReasonIngressRefused, message: "spec.networking.ingress.oidc: must be true, false or an object whose enabled is true or false; otherwise the application could be public by mistake. The pods are not affected."},
		},
		"LoginInOtherCase": {
			reason:   "Names of fields are case-sensitive, so this value does not disable the login.",
			spec:     `{` + deployment + `, "networking": {"ingress": {"enabled": true, "type": "public", "oidc": {"ENABLED": false}}}}`,
			platform: types,
			want:     want{reason: ReasonIngressRefused, message: "spec.networking.ingress.oidc: must be true, false or an object whose enabled is true or false; otherwise the application could be public by mistake. The pods are not affected."},
		},
		"LoginInBothCases": {
			reason:   "A field with another case does not override the real one.",
			spec:     `{` + deployment + `, "networking": {"ingress": {"enabled": true, "type": "public", "oidc": {"enabled": true, "ENABLED": false}}}}`,
			platform: types,
			want: with(func(w *want) {
				w.hosts, w.class, w.port, w.tls = []string{"shop-api.apps.example.com"}, "public", "http-8080", true
				w.annotations = map[string]any{"auth": "login"}
			}),
		},
		"OnlyUDP": {
			reason: "An Ingress cannot route to a UDP port.",
			spec:   `{"deployment": {"image": "a", "ports": [{"port": 53, "protocol": "udp"}]}, "networking": {"ingress": {"enabled": true, "hostnames": ["a.example.com"]}}}`,
			want:   available,
		},
		"NoHostname": {
			reason: "A rule without a host would match every hostname.",
			spec:   `{` + deployment + `, "networking": {"ingress": {"enabled": true}}}`,
			want:   want{reason: ReasonIngressRefused, message: "spec.networking.ingress.hostnames: required, because the platform has no default domain. The pods are not affected."},
		},
		"UnknownType": {
			reason:   "If the platform defines types, an application cannot choose an IngressClass.",
			spec:     `{` + deployment + `, "networking": {"ingress": {"enabled": true, "type": "admin"}}}`,
			platform: types,
			want:     want{reason: ReasonIngressRefused, message: `spec.networking.ingress.type: the platform has no type "admin"; use one of internal, public, or ask your platform team to add yours to ingress.types of the settings. The pods are not affected.`},
		},
		"TypeNotSaid": {
			reason:   "Without a default type, the application must choose one.",
			spec:     `{` + deployment + `, "networking": {"ingress": {"enabled": true, "hostnames": ["a.example.com"]}}}`,
			platform: `{"ingress": {"types": [{"name": "internal"}, {"name": "public"}]}}`,
			want:     want{reason: ReasonIngressRefused, message: "spec.networking.ingress.type: required; use one of internal, public. The pods are not affected."},
		},
		"ForeignDomain": {
			reason:   "An application can use only hostnames that the platform allows, and no wildcards.",
			spec:     `{` + deployment + `, "networking": {"ingress": {"enabled": true, "hostnames": ["shop.apps.example.com", "login.example.com", "*.apps.example.com"]}}}`,
			platform: `{"ingress": {"allowedDomains": ["apps.example.com"]}}`,
			want:     want{reason: ReasonIngressRefused, message: "spec.networking.ingress.hostnames: login.example.com is not in an allowed domain: apps.example.com; spec.networking.ingress.hostnames: *.apps.example.com is not in an allowed domain: apps.example.com. The pods are not affected."},
		},
		"NoPorts": {
			reason: "Without a port, nothing can be published.",
			spec:   `{"deployment": {"image": "a"}, "networking": {"ingress": {"enabled": true, "hostnames": ["a.example.com"]}}}`,
			want:   available,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, tc.spec, tc.platform, azureSeen())
			c := r.condition(TypeWorkloadReady)
			got := want{reason: c.Reason}
			if tc.want.message != "" {
				got.message = c.Message
			}
			ingress := Object(r.Resources[NameIngress].Object)
			got.class = ingress.str("spec", "ingressClassName")
			got.annotations = ingress.object("metadata", "annotations")
			got.tls = len(ingress.list("spec", "tls")) > 0
			for _, rule := range ingress.list("spec", "rules") {
				o, _ := rule.(map[string]any)
				got.hosts = append(got.hosts, Object(o).str("host"))
				for _, p := range Object(o).list("http", "paths") {
					path, _ := p.(map[string]any)
					got.port = Object(path).str("backend", "service", "port", "name")
				}
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRollout shows when the rollout of a Deployment is complete.
func TestRollout(t *testing.T) {
	deployment := func(generation, observed, replicas, total, updated, available float64, conditions ...any) Object {
		return Object{
			"kind": kindDeployment, "metadata": map[string]any{"generation": generation}, "spec": map[string]any{"replicas": replicas},
			"status": map[string]any{
				"observedGeneration": observed, "replicas": total, "updatedReplicas": updated, "availableReplicas": available, "conditions": conditions,
			},
		}
	}
	cases := map[string]struct {
		reason string
		o      Object
		want   string
	}{
		"None":           {"There is no Deployment yet.", nil, ReasonRollingOut},
		"NoStatus":       {"A Deployment without a status is rolling out.", Object{"kind": kindDeployment, "metadata": map[string]any{"generation": 1.0}}, ReasonRollingOut},
		"OldGeneration":  {"The status of an older generation does not count.", deployment(2, 1, 3, 3, 3, 3), ReasonRollingOut},
		"Updating":       {"Some pods are of the new generation.", deployment(2, 2, 3, 4, 1, 3), ReasonRollingOut},
		"OldPodsLeft":    {"Pods of the old generation are still there.", deployment(2, 2, 3, 4, 3, 3), ReasonRollingOut},
		"NotAvailable":   {"New pods are not available yet.", deployment(2, 2, 3, 3, 3, 2), ReasonRollingOut},
		"Available":      {"All pods are up to date.", deployment(2, 2, 3, 3, 3, 3), ReasonAvailable},
		"ScaledToZero":   {"A Deployment without pods is complete.", deployment(1, 1, 0, 0, 0, 0), ReasonAvailable},
		"Deadline":       {"New pods do not become ready.", deployment(2, 2, 3, 4, 1, 3, map[string]any{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}), ReasonRolloutFailed},
		"ReplicaFailure": {"Pods cannot be created, for example for lack of quota.", deployment(2, 2, 3, 0, 0, 0, map[string]any{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}), ReasonRolloutFailed},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, rollout(tc.o).Reason); diff != "" {
				t.Errorf("\n%s\nrollout(...): -want reason, +got:\n%s", tc.reason, diff)
			}
			if got := ready(tc.o); got != (tc.want == ReasonAvailable) {
				t.Errorf("\n%s\nready(...): got %t", tc.reason, got)
			}
		})
	}
}

// TestDigest checks that a new version of this function still knows the record of the pods that
// the version before asked for. Otherwise every Deployment would count as rolling out.
func TestDigest(t *testing.T) {
	if diff := cmp.Diff("f00de3f067f25bf79c1114811b13306f", digest(Object{"spec": map[string]any{"containers": []any{}}})); diff != "" {
		t.Errorf("digest(...): -want, +got:\n%s", diff)
	}
}

// TestConditions shows the conditions that a team reads.
func TestConditions(t *testing.T) {
	refused := azureSeen()
	refused[NameKeyVault] = Object{"kind": "Vault", "status": map[string]any{"conditions": []any{
		map[string]any{"type": "Synced", "status": "False", "reason": "ReconcileError", "message": "create failed:\n  QuotaExceeded " + strings.Repeat("x", 2000)},
	}}}
	colliding := azureSeen()
	colliding[NameSecretSync] = Object{"kind": "KeyVaultSecretSync", "status": map[string]any{"atProvider": map[string]any{"secrets": []any{
		map[string]any{"name": "a", "state": "Synced", "version": "1", "keys": []any{
			map[string]any{"key": "client-id", "dataKey": "a.client-id"}, map[string]any{"key": "clientId", "dataKey": "a.clientId"},
		}},
	}}}}
	conflict := azureSeen()
	conflict[NameSecretSync] = Object{"kind": "KeyVaultSecretSync", "status": map[string]any{
		"atProvider": map[string]any{"secrets": []any{map[string]any{"name": "a", "state": "Synced", "version": "1"}}},
		"conditions": []any{map[string]any{"type": "Ready", "status": "False", "reason": "TargetConflict", "message": "a Secret of that name is not ours."}},
	}}
	foreign := azureSeen()
	foreign[NameSecretSync] = Object{"kind": "KeyVaultSecretSync", "status": map[string]any{
		"atProvider": map[string]any{"state": "TargetConflict", "secrets": []any{map[string]any{"name": "a"}}},
		"conditions": []any{map[string]any{"type": "Ready", "status": "False", "reason": "TargetConflict", "message": "a Secret of that name is not ours."}},
	}}
	waiting := azureSeen()
	waiting[NameSecretSync] = Object{"kind": "KeyVaultSecretSync", "status": map[string]any{"atProvider": map[string]any{"secrets": []any{
		map[string]any{"name": "a", "state": "AwaitingValue", "message": "set POSTGRES_USER."},
	}}}}
	// The API server has rejected the write of a provider.
	const quota = `update failed: cannot apply Secret "shop-api-keyvault": secrets "shop-api-keyvault" is forbidden: exceeded quota: q`
	unwritten := func(message string, secrets ...any) Observed {
		seen := azureSeen()
		seen[NameSecretSync] = Object{"kind": "KeyVaultSecretSync", "status": map[string]any{
			"atProvider": map[string]any{"secrets": secrets},
			"conditions": []any{
				map[string]any{"type": "Ready", "status": "False", "reason": "SecretsNotSynced", "message": "a: The latest version is not in the Secret yet."},
				map[string]any{"type": "Synced", "status": "False", "reason": "ReconcileError", "message": message},
			},
		}}

		return seen
	}
	notYet := map[string]any{"name": "a", "message": "The latest version is not in the Secret yet."}
	earlier := map[string]any{"name": "a", "state": "Synced", "version": "1", "message": "The latest version is not in the Secret yet."}
	gone := map[string]any{"name": "a", "state": "Synced", "message": "The latest version is not in the Secret yet."}
	noValue := map[string]any{"name": "b", "state": "AwaitingValue", "message": "set B."}
	running := unwritten(quota, notYet)
	running[NameDeployment] = Object{"kind": kindDeployment, "metadata": map[string]any{"name": "shop-api"}, "spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "proxy", "image": "proxy:1"}, map[string]any{"name": "shop-api", "image": "shop-api:1"}},
	}}}}
	cases := map[string]struct {
		reason        string
		spec          string
		seen          Observed
		conditionType string
		want          rendered
	}{
		"VaultCreating": {
			reason: "A new vault takes a while.",
			spec:   `{}`, conditionType: TypeKeyVaultReady,
			want: rendered{Status: False, Reason: ReasonCreating, Message: "Vault shop-api-mmmm is being created in Azure. This normally takes 2 minutes. No action is needed."},
		},
		"VaultRefused": {
			reason: "The error of Azure is passed on, in one line of limited length.",
			spec:   `{}`, seen: refused, conditionType: TypeKeyVaultReady,
			want: rendered{Status: False, Reason: ReasonAzureRefused, Message: "Azure did not create vault shop-api-mmmm: create failed: QuotaExceeded " + strings.Repeat("x", 1071) + " … " + strings.Repeat("x", 300) + ". Ask your platform team for help."},
		},
		"VaultReady": {
			reason: "The condition that people look at first shows where to set values.",
			spec:   `{}`, seen: azureSeen(), conditionType: TypeKeyVaultReady,
			want: rendered{Status: True, Reason: ReasonAvailable, Message: "Put values into https://shop-api-abc.vault.azure.net/."},
		},
		"SecretsNone": {
			reason: "An application without secrets does not wait for secrets.",
			spec:   `{}`, conditionType: TypeSecretsSynced,
			want: rendered{Status: True, Reason: ReasonNotRequested, Message: "The application lists no secrets."},
		},
		"SecretsPending": {
			reason: "Secrets with the same problem are grouped.",
			spec:   `{"secrets": [{"name": "a"}, {"name": "b"}]}`, conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretsNotSynced, Message: "0 of 2 secrets are synced. a, b (Pending): waiting for the vault and the identity, which normally takes 5 minutes after creation."},
		},
		"SecretsAwaitingValue": {
			reason: "The provider's message is passed on.",
			spec:   `{"secrets": [{"name": "a"}, {"name": "b", "optional": true}]}`, seen: waiting, conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretsNotSynced, Message: "0 of 2 secrets are synced. a (AwaitingValue): set POSTGRES_USER; b (Pending): not read yet, which normally takes a minute."},
		},
		"SecretsOptional": {
			reason: "An optional secret without a value is not a problem.",
			spec:   `{"secrets": [{"name": "a", "optional": true}]}`, seen: waiting, conditionType: TypeSecretsSynced,
			want: rendered{Status: True, Reason: ReasonAvailable, Message: "0 of 1 secrets are synced; the others are optional and have no value."},
		},
		"SecretNotWritten": {
			reason: "Keys without data keys are ignored.",
			spec:   `{"secrets": [{"name": "a"}]}`, seen: conflict, conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretNotWritten, Message: "1 of 1 secrets are synced, but the Kubernetes Secret shop-api-keyvault is not up to date: a Secret of that name is not ours."},
		},
		"SecretForeign": {
			reason: "A Secret of another owner is not written, and the message says why.",
			spec:   `{"secrets": [{"name": "a"}]}`, seen: foreign, conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretNotWritten, Message: "0 of 1 secrets are synced. a (Pending): cannot be synced: a Secret of that name is not ours."},
		},
		"SecretRefusedAtFirst": {
			reason: "The message has the error of the API server, and not the message of the provider.",
			spec:   `{"secrets": [{"name": "a"}]}`, seen: unwritten(quota, notYet), conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretNotWritten, Message: "0 of 1 secrets are synced. a (Pending): cannot be synced: " + quota + "."},
		},
		"SecretRefusedBeforeAnything": {
			reason: "The error of the API server is shown even without a status of the provider.",
			spec:   `{"secrets": [{"name": "a"}]}`, seen: unwritten(quota), conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretNotWritten, Message: "0 of 1 secrets are synced. a (Pending): cannot be synced: " + quota + "."},
		},
		"SecretGone": {
			reason: "A Secret that was deleted and cannot be written has no keys, whatever the last status was.",
			spec:   `{"secrets": [{"name": "a"}]}`, seen: unwritten(quota, gone), conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretNotWritten, Message: "0 of 1 secrets are synced. a (Pending): cannot be synced: " + quota + "."},
		},
		"SecretRefusedLater": {
			reason: "An existing Secret keeps its content.",
			spec:   `{"secrets": [{"name": "a"}]}`, seen: unwritten(quota, earlier), conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretNotWritten, Message: "1 of 1 secrets are synced, but the Kubernetes Secret shop-api-keyvault is not up to date: " + quota + "."},
		},
		"SecretRefusedBesides": {
			reason: "A secret without a value does not hide the error of the whole Secret.",
			spec:   `{"secrets": [{"name": "a"}, {"name": "b"}]}`, seen: unwritten(quota, earlier, noValue), conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretNotWritten, Message: "1 of 2 secrets are synced. b (AwaitingValue): set B. In addition, the Kubernetes Secret shop-api-keyvault is not up to date: " + quota + "."},
		},
		"SecretRefusedByWebhook": {
			reason: "A webhook can return any text, so it is cut to one short line.",
			spec:   `{"secrets": [{"name": "a"}]}`, seen: unwritten("denied:\n\x1b[31m\u202eno\x00 "+strings.Repeat("x", 2000), notYet), conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretNotWritten, Message: "0 of 1 secrets are synced. a (Pending): cannot be synced: denied: [31m no " + strings.Repeat("x", 1084) + " … " + strings.Repeat("x", 300) + "."},
		},
		"PodsWaitForSecret": {
			reason: "The condition of waiting pods has the reason.",
			spec:   `{"deployment": {"image": "a"}, "secrets": [{"name": "a"}]}`, seen: unwritten(quota, notYet), conditionType: TypeWorkloadReady,
			want: rendered{Status: False, Reason: ReasonWaitingForSecrets, Message: "The pods start when every secret has its values. Waiting for the Kubernetes Secret shop-api-keyvault, which is not up to date: " + quota + "; a (Pending); see condition SecretsSynced."},
		},
		"PodsHeldForSecret": {
			reason: "The message names the image of the application's container, not of another container.",
			spec:   `{"deployment": {"image": "a"}, "secrets": [{"name": "a"}]}`, seen: running, conditionType: TypeWorkloadReady,
			want: rendered{Status: False, Reason: ReasonHeld, Message: "The running pods keep image shop-api:1 until every secret has its values. Waiting for the Kubernetes Secret shop-api-keyvault, which is not up to date: " + quota + "; a (Pending); see condition SecretsSynced. Changes to the deployment are applied after that."},
		},
		"KeysCollideBesides": {
			reason: "Collisions are reported in addition to other problems.",
			spec:   `{"secrets": [{"name": "a"}, {"name": "b"}]}`, seen: colliding, conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonSecretsNotSynced, Message: "1 of 2 secrets are synced. b (Pending): not read yet, which normally takes a minute. Variables are not injected because their names collide: keys client-id and clientId of secret a all become variable CLIENT_ID. Rename the keys in the vault, or choose names with env in spec.secrets."},
		},
		"PodsWaitForIdentity": {
			reason: "A pod from before the identity would never use it.",
			spec:   `{"deployment": {"image": "a"}}`, conditionType: TypeWorkloadReady,
			want: rendered{Status: False, Reason: ReasonWaitingForIdentity, Message: "The pods start when the identity exists; condition IdentityReady shows the progress. This normally takes a minute."},
		},
		"KeysCollide": {
			reason: "Two keys with the same variable name are both named.",
			spec:   `{"secrets": [{"name": "a"}]}`, seen: colliding, conditionType: TypeSecretsSynced,
			want: rendered{Status: False, Reason: ReasonVariablesCollide, Message: "1 of 1 secrets are synced. Variables are not injected because their names collide: keys client-id and clientId of secret a all become variable CLIENT_ID. Rename the keys in the vault, or choose names with env in spec.secrets."},
		},
		"PodsWait": {
			reason: "Pods wait for secrets by name.",
			spec:   `{"deployment": {"image": "a"}, "secrets": [{"name": "a"}]}`, seen: waiting, conditionType: TypeWorkloadReady,
			want: rendered{Status: False, Reason: ReasonWaitingForSecrets, Message: "The pods start when every secret has its values. Waiting for a (AwaitingValue); see condition SecretsSynced."},
		},
		"NoDeployment": {
			reason: "An application without pods is complete.",
			spec:   `{}`, conditionType: TypeWorkloadReady,
			want: rendered{Status: True, Reason: ReasonNotRequested, Message: "The application has no deployment."},
		},
		"NothingToMeasure": {
			reason: "An autoscaler without a request never scales.",
			spec:   `{"deployment": {"image": "a"}, "autoscaling": {"enabled": true, "maxReplicas": 3}}`, seen: azureSeen(), conditionType: TypeFieldsIgnored,
			want: rendered{Status: True, Reason: ReasonFieldsIgnored, Message: "These fields are kept but have no effect: spec.autoscaling (the CPU load cannot be measured: set spec.deployment.resources.requests.cpu)."},
		},
		"Ignored": {
			reason: "The condition lists fields without effect.",
			spec:   `{"autoscaling": {"enabled": true, "maxReplicas": 3}}`, conditionType: TypeFieldsIgnored,
			want: rendered{Status: True, Reason: ReasonFieldsIgnored, Message: "These fields are kept but have no effect: spec.autoscaling (spec.deployment is missing)."},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, tc.spec, ``, tc.seen)
			got := r.condition(tc.conditionType)
			if name := r.Status.KeyVault.Name; tc.seen[NameKeyVault].str("metadata", "annotations", annotationExternalName) == "" {
				got.Message = strings.ReplaceAll(got.Message, name, "shop-api-mmmm")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want condition, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRefusedSecretOnce shows that the status does not repeat a long error for each secret, and that
// the condition has it, whatever else it lists.
func TestRefusedSecretOnce(t *testing.T) {
	refusal := "denied: " + strings.Repeat("x", 1000)
	var spec []any
	var observed []any
	for i := range 256 {
		spec = append(spec, map[string]any{"name": fmt.Sprintf("s%d", i)})
		if i < 10 {
			observed = append(observed, map[string]any{"name": fmt.Sprintf("s%d", i), "state": fmt.Sprintf("State%d", i)})
		}
	}
	list, err := json.Marshal(map[string]any{"secrets": spec})
	if err != nil {
		t.Fatal(err)
	}
	seen := azureSeen()
	seen[NameSecretSync] = Object{"kind": "KeyVaultSecretSync", "status": map[string]any{
		"atProvider": map[string]any{"secrets": observed},
		"conditions": []any{map[string]any{"type": "Synced", "status": "False", "reason": "ReconcileError", "message": refusal}},
	}}
	r := compose(t, string(list), ``, seen)
	status, err := json.Marshal(r.Status)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{
		strings.Count(string(status), "xxx"), r.Status.Secrets[255].Message, strings.Count(r.condition(TypeSecretsSynced).Message, refusal),
	}
	if diff := cmp.Diff([]any{0, "cannot be synced; condition SecretsSynced says why", 1}, got); diff != "" {
		t.Errorf("Compose(...): -want, +got:\n%s", diff)
	}
}

// TestFixed shows when Azure's values replace those of the settings.
func TestFixed(t *testing.T) {
	asked := func(status, annotations map[string]any) Observed {
		return Observed{NameKeyVault: {
			"kind":     "Vault",
			"metadata": map[string]any{"annotations": annotations},
			"spec":     map[string]any{"forProvider": map[string]any{"location": "westeurop", "softDeleteRetentionDays": 30.0}},
			"status":   map[string]any{"atProvider": status},
		}}
	}
	refused := func(seen Observed) Observed {
		seen[NameKeyVault].object("status")["conditions"] = conditions(asyncCreateFailed())
		return seen
	}
	cases := map[string]struct {
		reason string
		seen   Observed
		want   []any
	}{
		"NotCreated": {"A wrong setting is corrected while Azure has no resource.", asked(nil, nil), []any{"westeurope", 90.0}},
		"Created":    {"An object that was created keeps the requested values, even if its status is gone.", asked(nil, map[string]any{annotationCreated: "2026-01-06T09:00:00Z"}), []any{"westeurop", 30.0}},
		"Refused":    {"The Azure providers record a creation before Azure has responded. A rejected one is corrected.", refused(asked(nil, map[string]any{annotationCreated: "2026-01-06T09:00:00Z"})), []any{"westeurope", 90.0}},
		"LaterFail":  {"The values in Azure stay, even after later rejections.", refused(asked(map[string]any{"id": testVaultID, "location": "northeurope", "softDeleteRetentionDays": 7.0}, map[string]any{annotationCreated: "2026-01-06T09:00:00Z"})), []any{"northeurope", 7.0}},
		"FoundAgain": {"A retained vault stays unchanged, whatever the manifest requests.", asked(map[string]any{"id": testVaultID, "location": "northeurope", "softDeleteRetentionDays": 7.0}, nil), []any{"northeurope", 7.0}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := Object(compose(t, `{}`, ``, tc.seen).Resources[NameKeyVault].Object).object("spec", "forProvider")
			if diff := cmp.Diff(tc.want, []any{p["location"], p["softDeleteRetentionDays"]}); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want location and retention, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPrincipalType checks that a type that Azure rejected can be corrected, and that an accepted
// one stays.
func TestPrincipalType(t *testing.T) {
	seen := azureSeen()
	name := PrefixRoleAssignmentOfficer + testOfficerID
	officer := func(principalType string) Object {
		r := compose(t, `{"keyVault": {"officers": [{"objectId": "`+testOfficerID+`", "principalType": "`+principalType+`"}]}}`, `{"keyVault": {"allow": {"officers": "Any"}}}`, seen)
		return Object(r.Resources[name].Object)
	}
	seen[name] = officer("User")
	if got := officer("Group").str("spec", "forProvider", "principalType"); got != "Group" {
		t.Errorf("Compose(...): want a type that Azure never took to be corrected, got %q", got)
	}
	seen[name].object("metadata")["annotations"] = map[string]any{annotationCreated: "2026-01-06T09:00:00Z"}
	if got := officer("Group").str("spec", "forProvider", "principalType"); got != "User" {
		t.Errorf("Compose(...): want a type that Azure took to stay, got %q", got)
	}
	seen[name]["status"] = map[string]any{"conditions": conditions(asyncCreateFailed())}
	if got := officer("Group").str("spec", "forProvider", "principalType"); got != "Group" {
		t.Errorf("Compose(...): want a type that Azure refused in the background to be corrected, got %q", got)
	}
}

// TestExternalIDs checks that a resource has its id in Azure before it is created, and keeps a known
// id.
func TestExternalIDs(t *testing.T) {
	const (
		other    = "/subscriptions/s/resourceGroups/other/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
		identity = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-applications/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	)

	name := func(o Object) string { return o.str("metadata", "annotations", annotationExternalName) }

	r := compose(t, `{}`, ``, Observed{})
	desired := Object(r.Resources[NameIdentity].Object)
	if diff := cmp.Diff(identity+desired.str("spec", "forProvider", "name"), name(desired)); diff != "" {
		t.Errorf("Compose(...): a new identity: -want, +got:\n%s", diff)
	}

	seen := azureSeen()
	assignment := Object(compose(t, `{}`, ``, seen).Resources[NameRoleAssignmentApp].Object)
	if diff := cmp.Diff(testVaultID+"/providers/Microsoft.Authorization/roleAssignments/"+assignment.str("spec", "forProvider", "name"), name(assignment)); diff != "" {
		t.Errorf("Compose(...): a new role assignment: -want, +got:\n%s", diff)
	}

	for _, resource := range []string{NameIdentity, NameRoleAssignmentApp} {
		kept := azureSeen()
		kept[resource] = Object(compose(t, `{}`, ``, kept).Resources[resource].Object)
		kept[resource].object("metadata")["annotations"] = map[string]any{annotationExternalName: other}
		if diff := cmp.Diff(other, name(Object(compose(t, `{}`, ``, kept).Resources[resource].Object))); diff != "" {
			t.Errorf("Compose(...): %s: what the provider says must stay: -want, +got:\n%s", resource, diff)
		}
	}
}

// TestMovedIdentity checks that an identity that Azure rejected is looked up in the currently configured place, with its name
// there. The provider would not find it under another name.
func TestMovedIdentity(t *testing.T) {
	cases := map[string]struct {
		reason   string
		observed map[string]any
		moves    bool
	}{
		"NotAsked":  {reason: "No request has been sent to Azure.", moves: true},
		"Ongoing":   {reason: "A request is under way, so the identity may exist.", observed: map[string]any{"conditions": conditions(xpv1.Creating(), xpv1.ReconcileSuccess())}},
		"Refused":   {reason: "Azure has rejected the request.", observed: map[string]any{"conditions": conditions(asyncCreateFailed())}, moves: true},
		"TriesOn":   {reason: "While the provider retries, only the last operation reports the error.", observed: map[string]any{"conditions": conditions(xpv1.Creating(), xpv1.ReconcileSuccess(), asyncCreateFailed())}, moves: true},
		"Available": {reason: "The identity exists.", observed: map[string]any{"atProvider": map[string]any{"id": "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-applications/providers/x/i", "resourceGroupName": "rg-applications"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			before := Object(compose(t, `{}`, ``, Observed{}).Resources[NameIdentity].Object)
			if tc.observed != nil {
				before["status"] = tc.observed
				before.object("metadata", "annotations")[annotationCreated] = "2026-01-06T09:00:00Z"
			}

			after := Object(compose(t, `{}`, `{"resourceGroupName": "rg-moved"}`, Observed{NameIdentity: before}).Resources[NameIdentity].Object)
			group := "rg-applications"
			if tc.moves {
				group = "rg-moved"
			}
			want := []string{group, strings.Replace(before.str("metadata", "annotations", annotationExternalName), "rg-applications", group, 1)}
			got := []string{after.str("spec", "forProvider", "resourceGroupName"), after.str("metadata", "annotations", annotationExternalName)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want resource group and external name, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// asyncCreateFailed is upjet's condition after Azure has rejected a creation in the background.
func asyncCreateFailed() xpv1.Condition {
	return upjet.LastAsyncOperationCondition(upjeterrors.NewAsyncCreateFailed(errors.New("failed to create the resource: [{0 LocationNotAvailableForResourceType  []}]")))
}

// conditions returns conditions in observed form.
func conditions(list ...xpv1.Condition) []any {
	out := make([]any, 0, len(list))
	for _, c := range list {
		out = append(out, map[string]any{"type": string(c.Type), "status": string(c.Status), "reason": string(c.Reason), "message": c.Message})
	}

	return out
}

// TestHeldService checks that the resources in front of held pods are kept, except those that make
// them public.
func TestHeldService(t *testing.T) {
	seen := azureSeen()
	seen[NameDeployment] = Object{"kind": kindDeployment, "apiVersion": "apps/v1"}
	seen[NameService] = Object{"kind": kindService, "apiVersion": "v1"}
	seen[NameIngress] = Object{"kind": kindIngress, "apiVersion": "networking.k8s.io/v1"}
	const ingress = `, "networking": {"ingress": {"enabled": true, "hostnames": ["a.example.com"]}}`
	cases := map[string]struct {
		reason string
		spec   string
		want   []string
	}{
		"PortsRemoved":    {"Running pods keep their ports in the Service.", `{"deployment": {"image": "a"}, "secrets": [{"name": "b"}]` + ingress + `}`, []string{NameDeployment, NameIngress, NameService}},
		"IngressDisabled": {"A publication ends without waiting.", `{"deployment": {"image": "a", "ports": [{"port": 80}]}, "secrets": [{"name": "b"}]}`, []string{NameDeployment, NameService}},
		"NotHeld":         {"Pods without ports have no Service.", `{"deployment": {"image": "a"}` + ingress + `}`, []string{NameDeployment}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, name := range slices.Sorted(maps.Keys(compose(t, tc.spec, ``, seen).Resources)) {
				if slices.Contains([]string{NameDeployment, NameIngress, NameService}, name) {
					got = append(got, name)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRequiredKeys shows the keys that a version of a secret must have because env lists them.
func TestRequiredKeys(t *testing.T) {
	cases := map[string]struct {
		reason string
		secret string
		want   []any
	}{
		"NoEnv":     {"All keys become variables.", `{"name": "b"}`, nil},
		"Env":       {"Each key is required once.", `{"name": "b", "env": [{"name": "B", "key": "k"}, {"name": "A", "key": "j"}, {"name": "C", "key": "k"}]}`, []any{"k", "j"}},
		"PlainText": {"A variable without a key needs plain text.", `{"name": "b", "env": [{"name": "B"}]}`, []any{""}},
		"Keys":      {"Keys of the structure must have values anyway.", `{"name": "b", "keys": ["k", "j"], "env": [{"name": "B", "key": "k"}]}`, nil},
		"Structure": {"Keys of the platform's structure must have values anyway, and other keys are required.", `{"name": "webhook-tokens", "env": [{"name": "A", "key": "WEBHOOK_TOKEN"}, {"name": "B", "key": "OTHER"}]}`, []any{"OTHER"}},
		"Optional":  {"Pods start without an optional secret.", `{"name": "b", "optional": true, "env": [{"name": "B", "key": "k"}]}`, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := compose(t, `{"deployment": {"image": "a"}, "secrets": [`+tc.secret+`]}`, ``, azureSeen())
			s, _ := Object(r.Resources[NameSecretSync].Object).list("spec", "forProvider", "secrets")[0].(map[string]any)
			if diff := cmp.Diff(tc.want, Object(s).list("requiredKeys")); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want required keys, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRetiringSecrets shows the handling of a secret that is no longer listed while pods reference
// it.
func TestRetiringSecrets(t *testing.T) {
	seen := azureSeen()
	var before, env []any
	for i := range 120 {
		name := fmt.Sprintf("dev-%03d", i)
		before = append(before, map[string]any{"name": name, "keys": []any{"A"}})
		if i >= 20 {
			env = append(env, map[string]any{"name": name, "valueFrom": map[string]any{"secretKeyRef": map[string]any{"key": name + ".A"}}})
		}
	}
	seen[NameSecretSync] = Object{"kind": "KeyVaultSecretSync", "spec": map[string]any{"forProvider": map[string]any{"secrets": before}}}
	seen[NameDeployment] = Object{"kind": kindDeployment, "metadata": map[string]any{"generation": 2.0}, "spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"env": env}}}}}}
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprintf("{\"name\": \"prod-%03d\"}", i))
	}
	r := compose(t, `{"deployment": {"image": "a"}, "secrets": [`+strings.Join(list, ",")+`]}`, ``, seen)
	got := Object(r.Resources[NameSecretSync].Object).list("spec", "forProvider", "secrets")
	if len(got) != 200 {
		t.Fatalf("Compose(...): want as many secrets as a sync can have, got %d", len(got))
	}
	for i, e := range got[100:] {
		m, _ := e.(map[string]any)
		want := map[string]any{"name": fmt.Sprintf("dev-%03d", i+20), "keys": []any{"A"}, "create": false, "optional": true}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Fatalf("Compose(...): -want those that pods refer to, neither created nor missed, +got:\n%s", diff)
		}
	}
}

// TestStatusStays checks that values from Azure are not cleared.
func TestStatusStays(t *testing.T) {
	a := application(t, `{}`)
	a.Status.KeyVault = &v1alpha1.KeyVaultStatus{Name: "shop-api-abc", URI: "https://shop-api-abc.vault.azure.net/", ResourceID: testVaultID, PortalURL: "https://portal.example.com/"}
	a.Status.Identity = &v1alpha1.IdentityStatus{Name: "shop-api-abc", ClientID: "client", PrincipalID: testPrincipalID, ServiceAccountName: "shop-api"}
	seen := Observed{NameKeyVault: observedVault("shop-api-abc"), NameIdentity: {"spec": map[string]any{"forProvider": map[string]any{"name": "shop-api-abc"}}}}
	r, err := Compose(a, platform(t, ``), seen)
	if err != nil {
		t.Fatalf("Compose(...): %v", err)
	}
	want := v1alpha1.PlatformApplicationStatus{KeyVault: a.Status.KeyVault, Identity: a.Status.Identity}
	if diff := cmp.Diff(want, r.Status); diff != "" {
		t.Errorf("Compose(...): -want status, +got:\n%s", diff)
	}
}

// TestForeignStatus checks that the status forgets a vault and an identity that turn out to be
// another owner's.
func TestForeignStatus(t *testing.T) {
	a := application(t, `{}`)
	a.Tenant = "acme"
	a.Status.KeyVault = &v1alpha1.KeyVaultStatus{URI: "https://shop-api-abc.vault.azure.net/", ResourceID: testVaultID, PortalURL: "https://portal.example.com/"}
	a.Status.Identity = &v1alpha1.IdentityStatus{ClientID: "client", PrincipalID: testPrincipalID}
	seen := azureSeen()
	for _, o := range seen {
		o["spec"] = map[string]any{"managementPolicies": []any{"Observe"}, "forProvider": map[string]any{"tenantId": "11111111-1111-4111-8111-111111111111"}}
	}
	r, err := Compose(a, platform(t, ``), seen)
	if err != nil {
		t.Fatalf("Compose(...): %v", err)
	}
	want := v1alpha1.PlatformApplicationStatus{
		KeyVault: &v1alpha1.KeyVaultStatus{Name: r.Status.KeyVault.Name},
		Identity: &v1alpha1.IdentityStatus{Name: r.Status.Identity.Name, ServiceAccountName: "shop-api"},
	}
	if diff := cmp.Diff(want, r.Status); diff != "" {
		t.Errorf("Compose(...): -want status, +got:\n%s", diff)
	}
}

// TestRequests checks which resources get the annotations of a request.
func TestRequests(t *testing.T) {
	type want struct {
		Sync, Pods string
		RollsOut   bool
	}
	restarted := azureSeen()
	restarted[NameDeployment] = Object{"kind": kindDeployment, "spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{v1alpha1.RestartedAtAnnotation: "monday"}},
		"spec":     map[string]any{"containers": []any{map[string]any{"name": "shop-api", "image": "a"}}},
	}}}
	cases := map[string]struct {
		reason      string
		annotations map[string]string
		seen        Observed
		want        want
	}{
		"None": {
			reason: "Without a request, no annotation is set.",
			seen:   azureSeen(),
			want:   want{RollsOut: false},
		},
		"Sync": {
			reason:      "A request to sync reaches the sync.",
			annotations: map[string]string{v1alpha1.SyncRequestedAtAnnotation: "monday"}, seen: azureSeen(),
			want: want{Sync: "monday"},
		},
		"Restart": {
			reason:      "The desired pods differ from the running ones.",
			annotations: map[string]string{v1alpha1.RestartedAtAnnotation: "tuesday"}, seen: restarted,
			want: want{Pods: "tuesday", RollsOut: true},
		},
		"Restarted": {
			reason:      "A handled request is not repeated.",
			annotations: map[string]string{v1alpha1.RestartedAtAnnotation: "monday"}, seen: restarted,
			want: want{Pods: "monday"},
		},
		"Replaced": {
			reason: "Replacing the manifest removes the request, without a restart.",
			seen:   restarted,
			want:   want{Pods: "monday"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := application(t, `{"deployment": {"image": "a"}, "secrets": [{"name": "b", "optional": true}]}`)
			a.Annotations = tc.annotations
			r, err := Compose(a, platform(t, ``), tc.seen)
			if err != nil {
				t.Fatalf("Compose(...): %v", err)
			}
			got := want{
				Sync:     Object(r.Resources[NameSecretSync].Object).str("metadata", "annotations", secretsv1alpha1.SyncRequestedAtAnnotation),
				Pods:     Object(r.Resources[NameDeployment].Object).str(podAnnotation(v1alpha1.RestartedAtAnnotation)...),
				RollsOut: r.condition(TypeWorkloadReady).Message == "The pods are being rolled out. This normally takes a few minutes.",
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nCompose(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestLabels checks that labels and annotations of Argo CD and other tools are not copied: the
// tools would treat composed resources as their own.
func TestLabels(t *testing.T) {
	r := compose(t, `{"deployment": {"image": "a", "ports": [{"port": 80}]}, "secrets": [{"name": "b", "optional": true}]}`, ``, azureSeen())
	want := map[string]any{
		labelName: "shop-api", labelApp: "shop", LabelApplication: "shop-api",
		"p6m.dev/domain": "sales", "p6m.dev/env-name": "prd", "p6m.dev/env-type": "live",
	}
	for name, resource := range r.Resources {
		got := map[string]any(Object(resource.Object).object("metadata", "labels"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Compose(...): %s: -want labels, +got:\n%s", name, diff)
		}
	}
	// Another label would roll the pods of running applications.
	want = map[string]any{labelName: "shop-api", labelApp: "shop", LabelApplication: "shop-api", labelUseWorkloads: "true"}
	got := map[string]any(Object(r.Resources[NameDeployment].Object).object("spec", "template", "metadata", "labels"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Compose(...): -want labels of pods, +got:\n%s", diff)
	}
	// The settings must not set these: an application whose manifest lacks one could count as another.
	for name := range got {
		overlay := map[string]any{"workload": map[string]any{"labels": map[string]any{name: "x"}}}
		if _, err := settings.Resolve(&inputv1alpha1.PlatformConfig{Spec: platform(t, ``)}, overlay); err == nil || !strings.Contains(err.Error(), "workload.labels["+name+"]: Forbidden") {
			t.Errorf("Resolve(...): want label %s to be refused, got %v", name, err)
		}
	}
	if got := slices.Sorted(maps.Keys(r.Resources)); len(got) != 8 {
		t.Errorf("Compose(...): want 8 resources, got %v", got)
	}
}
