// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crossplane/function-sdk-go/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/compose"
)

// A world simulates Crossplane and its providers around the function, and keeps the composed
// resources.
type world struct {
	tb testing.TB
	// xr is the composite resource.
	xr map[string]any
	// input and environment are the settings; environment is nil if there is no
	// EnvironmentConfig.
	input, environment map[string]any
	// zones are the settings of landing zones, by the name of their EnvironmentConfig.
	zones map[string]map[string]any
	// unresolved means that Crossplane has not looked for required resources.
	unresolved bool
	// composed are the resources by composition resource name.
	composed map[string]map[string]any
	// others are objects that were not composed, by kind. All have the name of the application.
	others map[string]map[string]any
}

func newWorld(tb testing.TB, spec string) *world {
	tb.Helper()
	return &world{
		tb: tb,
		xr: map[string]any{
			"apiVersion": "meta.p6m.dev/v1alpha1",
			"kind":       "PlatformApplication",
			"metadata":   map[string]any{"name": "shop-api", "namespace": "shop", "uid": testUID},
			"spec":       object(tb, spec),
		},
		environment: testSettings(),
		composed:    map[string]map[string]any{},
	}
}

// testUID is the UID of the composite resource.
const testUID = "00000000-0000-4000-8000-000000000001"

func testSettings() map[string]any {
	return map[string]any{
		"tenantId":                 "11111111-1111-4111-8111-111111111111",
		"subscriptionId":           "22222222-2222-4222-8222-222222222222",
		"resourceGroupName":        "rg-applications",
		"location":                 "westeurope",
		"oidcIssuerUrl":            "https://issuer.example.com/cluster/",
		"secretCreatorPrincipalId": "44444444-4444-4444-8444-444444444444",
		"keyVault":                 map[string]any{"allow": map[string]any{"officers": "Any", "purge": true, "premium": true}},
	}
}

func object(tb testing.TB, doc string) map[string]any {
	tb.Helper()
	m := map[string]any{}
	if err := json.Unmarshal([]byte(doc), &m); err != nil {
		tb.Fatalf("cannot read test object: %v\n%s", err, doc)
	}

	return m
}

func (w *world) request() *fnv1.RunFunctionRequest {
	w.tb.Helper()
	req := &fnv1.RunFunctionRequest{
		Observed: &fnv1.State{
			Composite: &fnv1.Resource{Resource: w.structure(w.xr)},
			Resources: map[string]*fnv1.Resource{},
		},
		RequiredResources: map[string]*fnv1.Resources{},
	}
	if w.input != nil {
		req.Input = w.structure(map[string]any{"apiVersion": "platformapplication.fn.p6m.dev/v1alpha1", "kind": "PlatformConfig", "spec": w.input})
	}
	for name, o := range w.composed {
		req.Observed.Resources[name] = &fnv1.Resource{Resource: w.structure(o)}
	}
	switch {
	case w.unresolved:
	case w.environment == nil:
		req.RequiredResources[w.config()] = &fnv1.Resources{}
	default:
		req.RequiredResources[w.config()] = &fnv1.Resources{Items: []*fnv1.Resource{{
			Resource: w.structure(map[string]any{"apiVersion": "apiextensions.crossplane.io/v1beta1", "kind": "EnvironmentConfig", "data": w.environment}),
		}}}
	}

	return req
}

// config returns the name of the requirement for the platform's own EnvironmentConfig.
func (w *world) config() string {
	name, _ := at(w.input, "environmentConfigRef", "name").(string)
	return requirementOfConfig(cmp.Or(name, "platform-application"))
}

func (w *world) structure(m map[string]any) *structpb.Struct {
	w.tb.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		w.tb.Fatal(err)
	}
	s := &structpb.Struct{}
	if err := s.UnmarshalJSON(b); err != nil {
		w.tb.Fatal(err)
	}

	return s
}

// call calls the function, and does not apply the response.
func (w *world) call() *fnv1.RunFunctionResponse {
	w.tb.Helper()
	return w.converse(w.request())
}

// converse calls the function like Crossplane: it adds required resources to the request, and calls
// again until no new ones are required.
func (w *world) converse(req *fnv1.RunFunctionRequest) *fnv1.RunFunctionResponse {
	w.tb.Helper()
	return w.converseWith(NewFunction(nopLogger()), req)
}

func (w *world) converseWith(f *Function, req *fnv1.RunFunctionRequest) *fnv1.RunFunctionResponse {
	w.tb.Helper()
	for {
		rsp, err := f.RunFunction(w.tb.Context(), req)
		if err != nil {
			w.tb.Fatalf("RunFunction(...): %v", err)
		}
		if fatal(rsp) != "" || !w.look(req, rsp.GetRequirements()) {
			return rsp
		}
	}
}

// look resolves requirements, and reports whether there are new ones.
func (w *world) look(req *fnv1.RunFunctionRequest, requirements *fnv1.Requirements) bool {
	if w.unresolved {
		return false
	}
	again := false
	for name, selector := range requirements.GetResources() {
		if _, ok := req.GetRequiredResources()[name]; ok {
			continue
		}
		found := &fnv1.Resources{}
		if o := w.others[selector.GetKind()]; o != nil {
			found.Items = append(found.Items, &fnv1.Resource{Resource: w.structure(o)})
		}
		if data := w.zones[selector.GetMatchName()]; data != nil && selector.GetKind() == "EnvironmentConfig" {
			found.Items = append(found.Items, &fnv1.Resource{Resource: w.structure(map[string]any{"data": data})})
		}
		req.RequiredResources[name] = found
		again = true
	}

	return again
}

// reconcile calls the function and applies the response like Crossplane.
func (w *world) reconcile() *fnv1.RunFunctionResponse {
	w.tb.Helper()
	rsp := w.call()
	if fatal(rsp) != "" {
		return rsp
	}
	desired := rsp.GetDesired().GetResources()
	maps.DeleteFunc(w.composed, func(name string, _ map[string]any) bool {
		_, ok := desired[name]
		return !ok
	})
	for name, r := range desired {
		w.apply(name, r.GetResource().AsMap())
	}
	w.xr["status"] = rsp.GetDesired().GetComposite().GetResource().AsMap()["status"]

	return rsp
}

// apply applies the desired resources. It keeps generated names and the fields of providers: the
// status, and the external name of kinds that Azure names.
func (w *world) apply(name string, desired map[string]any) {
	observed, exists := w.composed[name]
	if !exists {
		w.own(name, desired)
		nested(desired, "metadata")["generation"] = float64(1)
		w.composed[name] = desired

		return
	}
	if !reflect.DeepEqual(observed["spec"], desired["spec"]) {
		g, _ := nested(observed, "metadata")["generation"].(float64)
		nested(observed, "metadata")["generation"] = g + 1
	}
	observed["spec"] = desired["spec"]
	if observed["spec"] == nil {
		delete(observed, "spec")
	}
	for k, v := range nested(desired, "metadata", "annotations") {
		annotate(observed, k, v)
	}
}

// own marks an object as composed by the composite resource, as Crossplane does.
func (w *world) own(name string, o map[string]any) {
	annotate(o, annotationResource, name)
	nested(o, "metadata")["ownerReferences"] = []any{map[string]any{
		"apiVersion": w.xr["apiVersion"], "kind": w.xr["kind"], "name": at(w.xr, "metadata", "name"), "uid": at(w.xr, "metadata", "uid"), "controller": true,
	}}
}

func annotate(o map[string]any, key string, value any) {
	nested(o, "metadata", "annotations")[key] = value
}

// nested returns the object at a path, and creates it if it is missing.
func nested(o map[string]any, path ...string) map[string]any {
	for _, p := range path {
		m, ok := o[p].(map[string]any)
		if !ok {
			m = map[string]any{}
			o[p] = m
		}
		o = m
	}

	return o
}

// at returns the value at a path, or nil.
func at(o map[string]any, path ...string) any {
	var v any = o
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}

	return v
}

// azure acts as provider-upjet-azure for one resource.
func (w *world) azure(name string) {
	o, ok := w.composed[name]
	if !ok {
		return
	}
	status := nested(o, "status", "atProvider")
	const arm = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-applications/providers/"
	switch name {
	case compose.NameKeyVault:
		vault, _ := nested(o, "metadata", "annotations")["crossplane.io/external-name"].(string)
		status["id"] = arm + "Microsoft.KeyVault/vaults/" + vault
		status["vaultUri"] = "https://" + vault + ".vault.azure.net/"
		status["purgeProtectionEnabled"] = nested(o, "spec", "forProvider")["purgeProtectionEnabled"]
		if acls := at(o, "spec", "forProvider", "networkAcls"); acls != nil {
			status["networkAcls"] = acls
		}
	case compose.NamePrivateEndpoint:
		status["id"] = arm + "Microsoft.Network/privateEndpoints/x"
		status["privateDnsZoneGroup"] = map[string]any{"id": "x"}
	case compose.NameDiagnosticSetting:
		status["id"] = nested(o, "metadata", "annotations")["crossplane.io/external-name"]
	case compose.NameIdentity:
		identity, _ := nested(o, "spec", "forProvider")["name"].(string)
		status["id"] = arm + "Microsoft.ManagedIdentity/userAssignedIdentities/" + identity
		status["clientId"] = "66666666-6666-4666-8666-666666666666"
		status["principalId"] = "77777777-7777-4777-8777-777777777777"
	}
	becomeReady(o)
}

// becomeReady sets the conditions of a ready managed resource.
func becomeReady(o map[string]any) {
	nested(o, "status")["conditions"] = []any{
		map[string]any{"type": "Synced", "status": "True"},
		map[string]any{"type": "Ready", "status": "True"},
	}
}

// behindClaim makes the composite resource the one behind a claim.
func (w *world) behindClaim() {
	w.xr["kind"] = "XPlatformApplication"
	w.xr["metadata"] = map[string]any{"name": "shop-api-x7k2p", "uid": testUID}
	nested(w.xr, "spec", "claimRef")["name"] = "shop-api"
	nested(w.xr, "spec", "claimRef")["namespace"] = "shop"
}

// list adds a secret to the spec.
func (w *world) list(secret map[string]any) {
	secrets, _ := at(w.xr, "spec", "secrets").([]any)
	nested(w.xr, "spec")["secrets"] = append(slices.Clip(secrets), secret)
}

// azureAll makes all Azure resources ready.
func (w *world) azureAll() {
	for range 3 {
		w.reconcile()
		for name := range w.composed {
			if strings.HasPrefix(name, "role-assignment") || slices.Contains([]string{compose.NameKeyVault, compose.NameIdentity, compose.NameFederatedCredential}, name) {
				w.azure(name)
			}
		}
	}
	w.reconcile()
}

// sync acts as provider-keyvault-secretsync: the secret now has these keys. Without keys, it was
// never synced.
func (w *world) sync(name, state string, keys ...string) {
	status := nested(w.composed[compose.NameSecretSync], "status", "atProvider")
	entry := map[string]any{"name": name, "state": state}
	if state != "Synced" {
		entry["message"] = "message of the provider."
	}
	if len(keys) > 0 {
		entry["version"] = fmt.Sprintf("%032x", len(keys))
		var list []any
		for _, k := range keys {
			list = append(list, map[string]any{"key": k, "dataKey": name + "." + k})
		}
		entry["keys"] = list
	}
	secrets, _ := status["secrets"].([]any)
	secrets = slices.DeleteFunc(secrets, func(v any) bool {
		m, _ := v.(map[string]any)
		return m["name"] == name
	})
	status["secrets"] = append(secrets, entry)
	nested(status, "target")["name"] = "shop-api-keyvault"
	nested(status, "target")["revision"] = fmt.Sprintf("rev-%d", len(secrets)+1)
	becomeReady(w.composed[compose.NameSecretSync])
}

// rollout acts as the deployment controller: all pods are up to date.
func (w *world) rollout() {
	o, ok := w.composed[compose.NameDeployment]
	if !ok {
		return
	}
	n, ok := nested(o, "spec")["replicas"]
	if !ok {
		n = float64(1)
	}
	status := nested(o, "status")
	status["observedGeneration"] = nested(o, "metadata")["generation"]
	status["replicas"], status["updatedReplicas"], status["availableReplicas"] = n, n, n
}

func fatal(rsp *fnv1.RunFunctionResponse) string {
	for _, r := range rsp.GetResults() {
		if r.GetSeverity() == fnv1.Severity_SEVERITY_FATAL {
			return r.GetMessage()
		}
	}

	return ""
}

func condition(rsp *fnv1.RunFunctionResponse, conditionType string) *fnv1.Condition {
	for _, c := range rsp.GetConditions() {
		if c.GetType() == conditionType {
			return c
		}
	}

	return nil
}

func desiredNames(rsp *fnv1.RunFunctionResponse) []string {
	return slices.Sorted(maps.Keys(rsp.GetDesired().GetResources()))
}

func desired(rsp *fnv1.RunFunctionResponse, name string) map[string]any {
	return rsp.GetDesired().GetResources()[name].GetResource().AsMap()
}

// podSpec has the relevant fields of a Deployment.
type podSpec struct {
	Image string
	// Env maps names to the value, or to the data key of the Secret.
	Env      map[string]string
	Revision string
}

func podOf(tb testing.TB, deployment map[string]any) podSpec {
	tb.Helper()
	var d struct {
		Spec struct {
			Template struct {
				Metadata struct {
					Annotations map[string]string `json:"annotations"`
				} `json:"metadata"`
				Spec struct {
					Containers []struct {
						Image string `json:"image"`
						Env   []struct {
							Name      string `json:"name"`
							Value     string `json:"value"`
							ValueFrom struct {
								SecretKeyRef struct {
									Key string `json:"key"`
								} `json:"secretKeyRef"`
							} `json:"valueFrom"`
						} `json:"env"`
					} `json:"containers"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	b, err := json.Marshal(deployment)
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(b, &d); err != nil {
		tb.Fatal(err)
	}
	out := podSpec{Env: map[string]string{}, Revision: d.Spec.Template.Metadata.Annotations[v1alpha1.SecretsRevisionAnnotation]}
	for _, c := range d.Spec.Template.Spec.Containers {
		out.Image = c.Image
		for _, e := range c.Env {
			out.Env[e.Name] = e.Value + e.ValueFrom.SecretKeyRef.Key
		}
	}

	return out
}

func nopLogger() logging.Logger { return logging.NewNopLogger() }
