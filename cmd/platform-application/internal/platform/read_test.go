// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// A server responds with objects by path, like the API server.
type server struct {
	objects map[string]string
	status  map[string]int
	asked   []string
}

const (
	pathDefinition  = "/apis/apiextensions.crossplane.io/v1/compositeresourcedefinitions/" + ModernDefinition
	pathComposition = "/apis/apiextensions.crossplane.io/v1/compositions/" + ModernDefinition
	pathList        = "/apis/apiextensions.crossplane.io/v1/compositions"
	pathEnvironment = "/apis/apiextensions.crossplane.io/v1beta1/environmentconfigs/" + EnvironmentConfig
	pathAzure       = "/apis/azure.m.upbound.io/v1beta1/clusterproviderconfigs/default"
	pathSync        = "/apis/secrets.p6m.dev/v1alpha1/clusterproviderconfigs/default"
	pathIssuer      = "/.well-known/openid-configuration"
)

// resources returns the resources of the server, by group and version.
func resources() map[string]string {
	return map[string]string{
		"apiextensions.crossplane.io/v1": `[{"name": "compositeresourcedefinitions", "kind": "CompositeResourceDefinition", "namespaced": false, "verbs": ["get"]},
			{"name": "compositions", "kind": "Composition", "namespaced": false, "verbs": ["get"]}]`,
		"apiextensions.crossplane.io/v1beta1": `[{"name": "environmentconfigs", "kind": "EnvironmentConfig", "namespaced": false, "verbs": ["get"]}]`,
		"azure.m.upbound.io/v1beta1":          `[{"name": "clusterproviderconfigs", "kind": "ClusterProviderConfig", "namespaced": false, "verbs": ["get"]}]`,
		"secrets.p6m.dev/v1alpha1":            `[{"name": "clusterproviderconfigs", "kind": "ClusterProviderConfig", "namespaced": false, "verbs": ["get"]}]`,
	}
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	w.Header().Set("Content-Type", "application/json")

	if code := s.status[r.URL.Path]; code != 0 {
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": %d, "reason": %q, "message": "no"}`, code, reasons()[code])

		return
	}

	switch r.URL.Path {
	case "/api":
		_, _ = w.Write([]byte(`{"kind": "APIVersions", "versions": []}`))

		return
	case "/apis":
		groups := map[string][]string{}
		for _, gv := range slices.Sorted(maps.Keys(resources())) {
			group, version, _ := strings.Cut(gv, "/")
			groups[group] = append(groups[group], fmt.Sprintf(`{"groupVersion": %q, "version": %q}`, gv, version))
		}

		var list []string
		for group, versions := range groups {
			list = append(list, fmt.Sprintf(`{"name": %q, "versions": [%s], "preferredVersion": %s}`, group, strings.Join(versions, ", "), versions[0]))
		}

		fmt.Fprintf(w, `{"kind": "APIGroupList", "apiVersion": "v1", "groups": [%s]}`, strings.Join(list, ", "))

		return
	}

	if of, ok := resources()[strings.TrimPrefix(r.URL.Path, "/apis/")]; ok {
		fmt.Fprintf(w, `{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": %q, "resources": %s}`, strings.TrimPrefix(r.URL.Path, "/apis/"), of) //nolint:gosec // Its client is this test.

		return
	}

	object, ok := s.objects[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "reason": "NotFound"}`))

		return
	}

	if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil {
		object = firstPage(object, limit)
	}

	_, _ = w.Write([]byte(object))
}

// firstPage returns the first objects of a list.
func firstPage(list string, limit int) string {
	var content map[string]any
	if err := json.Unmarshal([]byte(list), &content); err != nil {
		return list
	}

	if items, _ := content["items"].([]any); limit < len(items) {
		content["items"] = items[:limit]
	}

	page, err := json.Marshal(content)
	if err != nil {
		return list
	}

	return string(page)
}

func reasons() map[int]string {
	return map[int]string{http.StatusForbidden: "Forbidden", http.StatusInternalServerError: "InternalError"}
}

func toJSON(t interface{ Fatal(args ...any) }, y string) string {
	out, err := yaml.YAMLToJSON([]byte(y))
	if err != nil {
		t.Fatal(err)
	}

	return string(out)
}

// well returns the objects of a healthy platform.
func well(t interface{ Fatal(args ...any) }) map[string]string {
	out := map[string]string{
		pathDefinition:  `{apiVersion: apiextensions.crossplane.io/v1, kind: CompositeResourceDefinition, metadata: {name: platformapplications.meta.p6m.dev}, spec: {names: {kind: PlatformApplication}}}`,
		pathComposition: `{apiVersion: apiextensions.crossplane.io/v1, kind: Composition, metadata: {name: platformapplications.meta.p6m.dev}, spec: {pipeline: [{step: x, functionRef: {name: p6m-dev-function-platform-application}, input: {apiVersion: platformapplication.fn.p6m.dev/v1alpha1, kind: PlatformConfig, spec: {tags: {a: x}, environmentConfigRef: {name: platform-application}}}}]}}`,
		pathList:        `{apiVersion: apiextensions.crossplane.io/v1, kind: CompositionList, metadata: {}, items: [{apiVersion: apiextensions.crossplane.io/v1, kind: Composition, metadata: {name: platformapplications.meta.p6m.dev}, spec: {compositeTypeRef: {apiVersion: meta.p6m.dev/v1alpha1, kind: PlatformApplication}}}, {metadata: {name: other}, apiVersion: apiextensions.crossplane.io/v1, kind: Composition}]}`,
		pathEnvironment: `{apiVersion: apiextensions.crossplane.io/v1beta1, kind: EnvironmentConfig, metadata: {name: platform-application}, data: {tenantId: 0a1b2c3d-1111-4111-8111-111111111111, subscriptionId: 0a1b2c3d-2222-4222-8222-222222222222, resourceGroupName: apps, location: westeurope, oidcIssuerUrl: "https://issuer.example.org/"}}`,
		pathAzure:       `{apiVersion: azure.m.upbound.io/v1beta1, kind: ClusterProviderConfig, metadata: {name: default}, spec: {credentials: {source: OIDCTokenFile}, oidcTokenFilePath: /token, clientID: a, tenantID: b, subscriptionID: c}}`,
		pathSync:        `{apiVersion: secrets.p6m.dev/v1alpha1, kind: ClusterProviderConfig, metadata: {name: default}, spec: {credentials: {source: WorkloadIdentity, clientId: d, tenantId: b}}}`,
		pathIssuer:      `{issuer: "https://issuer.example.org/"}`,
	}
	for path, object := range out {
		out[path] = toJSON(t, object)
	}

	return out
}

func read(t *testing.T, s *server) (Platform, []finding.Finding) {
	t.Helper()

	http := httptest.NewServer(s)
	defer http.Close()

	c, err := Connect(&rest.Config{Host: http.URL}, "crossplane-system")
	if err != nil {
		t.Fatal(err)
	}

	return Read(t.Context(), c)
}

// replace replaces a part of an object.
func replace(path, old, with string) func(*testing.T, *server) {
	return func(t *testing.T, s *server) {
		t.Helper()

		if !strings.Contains(s.objects[path], old) {
			t.Fatalf("%s is not in %s", old, s.objects[path])
		}

		s.objects[path] = strings.ReplaceAll(s.objects[path], old, with)
	}
}

// without removes objects.
func without(paths ...string) func(*testing.T, *server) {
	return func(_ *testing.T, s *server) {
		for _, path := range paths {
			delete(s.objects, path)
		}
	}
}

// answers makes the server respond with an error.
func answers(path string, code int) func(*testing.T, *server) {
	return func(_ *testing.T, s *server) { s.status[path] = code }
}

type readCase struct {
	reason string
	change func(*testing.T, *server)
	want   []finding.Code
	check  func(Platform) bool
}

func TestRead(t *testing.T) {
	cases := map[string]readCase{
		"Well": {
			"A healthy platform has no findings.",
			func(*testing.T, *server) {}, nil,
			func(p Platform) bool {
				return p.Settings.Tags["a"] == "x" && p.Settings.Location == "westeurope" && p.Azure.SubscriptionID == "c" && p.Azure.TokenFile == "/token" &&
					p.Creator.ClientID == "d" && p.Issuer == "https://issuer.example.org/" && p.Composition == ModernDefinition && len(p.Compositions) == 1 && len(p.Samples) == 0
			},
		},
		"Nothing": {
			"A cluster without a platform.",
			without(pathDefinition, pathComposition, pathList, pathEnvironment, pathAzure, pathSync),
			[]finding.Code{ProviderConfigMissing, ProviderConfigMissing, SettingsMissing},
			func(p Platform) bool {
				return p.Settings == nil && p.Azure == nil && p.Creator == nil && p.Issuer != ""
			},
		},
		"Enforced": {
			"A platform team can use its own Composition.",
			func(t *testing.T, s *server) {
				t.Helper()
				replace(pathDefinition, `"spec":{`, `"spec":{"enforcedCompositionRef":{"name":"own"},`)(t, s)
				s.objects[pathList+"/own"] = strings.ReplaceAll(s.objects[pathComposition], `"a":"x"`, `"a":"own"`)
			}, nil,
			func(p Platform) bool { return p.Composition == "own" && p.Settings.Tags["a"] == "own" },
		},
		"Optional": {
			"Settings can be only in the Composition.",
			replace(pathComposition, `"name":"platform-application"`, `"name":"other","resolution":"Optional"`),
			[]finding.Code{SettingsIncomplete},
			func(p Platform) bool { return p.Settings == nil },
		},
		"InputUnknown":    {"The function rejects unknown fields of its input.", replace(pathComposition, `"tags"`, `"tagz"`), []finding.Code{InputInvalid}, nil},
		"InputType":       {"The function rejects other types in its input.", replace(pathComposition, `"tags":{"a":"x"}`, `"tags":[1]`), []finding.Code{InputInvalid}, nil},
		"Incomplete":      {"A required setting is missing.", replace(pathEnvironment, `"location":"westeurope",`, ``), []finding.Code{SettingsIncomplete}, nil},
		"NotSet":          {"A setting still has its placeholder.", replace(pathEnvironment, `"westeurope"`, `"REPLACE_ME"`), []finding.Code{SettingsNotSet}, nil},
		"Unknown":         {"A setting is misspelt.", replace(pathEnvironment, `"location"`, `"tenantID":"x","location"`), []finding.Code{SettingsUnknown}, nil},
		"Type":            {"A setting has another type.", replace(pathEnvironment, `"westeurope"`, `{"a":1}`), []finding.Code{SettingsInvalid}, nil},
		"Invalid":         {"The issuer is not a URL.", replace(pathEnvironment, `https://issuer`, `issuer`), []finding.Code{SettingsInvalid}, nil},
		"TagOfFunction":   {"The settings set a tag of the function.", replace(pathEnvironment, `"location"`, `"tags":{"Tenant":"x"},"location"`), []finding.Code{SettingsInvalid}, nil},
		"LabelOfFunction": {"The settings set a label of the function.", replace(pathComposition, `"tags"`, `"workload":{"labels":{"p6m.dev/app":"x"}},"tags"`), []finding.Code{SettingsInvalid}, nil},
		"DataList":        {"The data of an EnvironmentConfig can have any type.", replace(pathEnvironment, `"data":{`, `"data":[],"x":{`), []finding.Code{SettingsIncomplete}, nil},
		"Sample":          {"An id of the examples is not a problem of the settings.", replace(pathEnvironment, `0a1b2c3d-1111`, `11111111-1111`), nil, func(p Platform) bool { return len(p.Samples) == 1 }},
		"Forbidden":       {"The doctor has no permission.", answers(pathEnvironment, http.StatusForbidden), []finding.Code{PermissionMissing}, nil},
		"Broken":          {"The API server fails.", answers(pathEnvironment, http.StatusInternalServerError), []finding.Code{CannotRead}, nil},
		"AzureNotSet":     {"A provider configuration still has its placeholder.", replace(pathAzure, `"clientID":"a"`, `"clientID":"REPLACE_ME"`), []finding.Code{SettingsNotSet}, nil},
		"AzureType":       {"A provider configuration can have another schema.", replace(pathAzure, `"clientID":"a"`, `"clientID":{"a":1}`), []finding.Code{ProviderConfigInvalid}, func(p Platform) bool { return p.Azure == nil }},
		"AzureNamespaced": {"Each namespace has its own provider configuration.", replace(pathEnvironment, `"location"`, `"azureProviderConfigRef":{"kind":"ProviderConfig","name":"x"},"location"`), []finding.Code{ProviderConfigElsewhere}, nil},
		"CreatesNothing":  {"The source None disables the creation of secrets.", replace(pathSync, `WorkloadIdentity`, `None`), nil, func(p Platform) bool { return p.CreatesNothing && p.Creator == nil }},
		"IssuerForbidden": {"The doctor has no permission to read the issuer.", answers(pathIssuer, http.StatusForbidden), []finding.Code{IssuerUnknown}, nil},
		"IssuerNothing":   {"The document names no issuer.", replace(pathIssuer, `issuer"`, `x"`), []finding.Code{IssuerUnknown}, nil},
		"IssuerHTML":      {"The document is not JSON.", func(_ *testing.T, s *server) { s.objects[pathIssuer] = "<html>" }, []finding.Code{IssuerUnknown}, nil},
		"IssuerEndless":   {"The document is too large.", func(_ *testing.T, s *server) { s.objects[pathIssuer] = `{"x":"` + strings.Repeat("x", maxAnswer) }, []finding.Code{IssuerUnknown}, nil},
	}

	maps.Copy(cases, zoneCases())

	covered := map[finding.Code]bool{}

	for name, tc := range cases {
		for _, code := range tc.want {
			covered[code] = true
		}

		t.Run(name, func(t *testing.T) {
			s := &server{objects: well(t), status: map[string]int{}}
			tc.change(t, s)

			p, found := read(t, s)

			if diff := cmp.Diff(tc.want, codesOf(t, found)); diff != "" {
				t.Errorf("\n%s\nRead(...): -want, +got:\n%s\n%+v", tc.reason, diff, found)
			}

			if tc.check != nil && !tc.check(p) {
				t.Errorf("\n%s\nRead(...): got %+v", tc.reason, p)
			}

			if slices.ContainsFunc(s.asked, func(a string) bool { return !strings.HasPrefix(a, "GET ") || strings.Contains(a, "/secrets/") }) {
				t.Errorf("Read(...) sent other requests than needed: %v", s.asked)
			}
		})
	}

	if diff := cmp.Diff(slices.Sorted(maps.Keys(Words())), slices.Sorted(maps.Keys(covered))); diff != "" {
		t.Errorf("codes that a case finds: -want, +got:\n%s", diff)
	}
}

// codesOf returns the sorted codes of findings, and proves that all have words.
func codesOf(t *testing.T, found []finding.Finding) []finding.Code {
	t.Helper()

	var out []finding.Code

	for _, f := range found {
		out = append(out, f.Code)

		if w := Words().Words(f); w.Severity == "" || len(w.Problem) > 10<<10 {
			t.Errorf("words of %s: %+v", f.Code, w)
		}
	}

	slices.Sort(out)

	return out
}

// TestLooks proves that the client sends no request that changes a cluster or reads a Secret.
func TestLooks(t *testing.T) {
	cases := map[string]struct {
		reason, method, target string
		want                   bool
	}{
		"Get":          {"A GET request changes nothing.", http.MethodGet, "/api/v1/namespaces/a/pods/b", true},
		"Secret":       {"A Secret contains values.", http.MethodGet, "/api/v1/namespaces/a/secrets/b", false},
		"Secrets":      {"A list of Secrets contains values.", http.MethodGet, "/api/v1/secrets?limit=1", false},
		"Sync":         {"Only the name of the API group contains secrets.", http.MethodGet, "/apis/secrets.p6m.dev/v1alpha1/clusterproviderconfigs/default", true},
		"Create":       {"A POST request creates an object.", http.MethodPost, "/api/v1/namespaces/a/pods", false},
		"DryRun":       {"A dry run changes nothing.", http.MethodPost, "/api/v1/namespaces/a/secrets?dryRun=All&fieldManager=x", true},
		"DryRunEmpty":  {"An empty dryRun is not a dry run.", http.MethodPatch, "/api/v1/namespaces/a/pods/b?dryRun=", false},
		"DryRunTwice":  {"With two values, the API server could use either.", http.MethodPatch, "/api/v1/namespaces/a/pods/b?dryRun=All&dryRun=x", false},
		"Delete":       {"A DELETE request deletes an object.", http.MethodDelete, "/api/v1/namespaces/a/pods/b", false},
		"AccessReview": {"An access review changes nothing.", http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", true},
		"Role":         {"A ClusterRole belongs to another API group.", http.MethodPost, "/apis/rbac.authorization.k8s.io/v1/clusterroles", false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := looks(httptest.NewRequestWithContext(t.Context(), tc.method, tc.target, nil)); got != tc.want {
				t.Errorf("\n%s\nlooks(%s %s): want %t, got %t", tc.reason, tc.method, tc.target, tc.want, got)
			}
		})
	}
}

func TestIsSample(t *testing.T) {
	cases := map[string]struct {
		value string
		want  bool
	}{
		"Example": {"11111111-1111-4111-8111-111111111111", true},
		"Letters": {"aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", true},
		"Zero":    {"00000000-0000-0000-0000-000000000000", true},
		"InURL":   {"https://westeurope.oic.prod-aks.azure.com/11111111-1111-4111-8111-111111111111/x/", true},
		"Own":     {"0a1b2c3d-1111-4111-8111-111111111111", false},
		"Words":   {"rg-applications", false},
		"Short":   {"1111111-1111", false},
		"NoID":    {"zzzzzzzz-1111", false},
		"Empty":   {"", false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := isSample(tc.value); got != tc.want {
				t.Errorf("isSample(%q): want %t, got %t", tc.value, tc.want, got)
			}
		})
	}
}

// TestReadAnything proves that no content of the objects breaks the doctor.
func TestReadAnything(t *testing.T) {
	paths := []string{pathDefinition, pathComposition, pathList, pathEnvironment, pathAzure, pathSync, pathIssuer}

	rapid.Check(t, func(rt *rapid.T) {
		s := &server{objects: well(t), status: map[string]int{}}

		var anything func(depth int) *rapid.Generator[any]

		anything = func(depth int) *rapid.Generator[any] {
			return rapid.Custom(func(t *rapid.T) any {
				kinds := 4
				if depth > 0 {
					kinds = 6
				}

				switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
				case 0:
					return nil
				case 1:
					return rapid.Bool().Draw(t, "bool")
				case 2:
					return rapid.Float64Range(-1e9, 1e9).Draw(t, "number")
				case 3:
					return rapid.String().Draw(t, "string")
				case 4:
					return rapid.SliceOfN(anything(depth-1), 0, 3).Draw(t, "list")
				default:
					return rapid.MapOfN(rapid.SampledFrom([]string{"name", "spec", "pipeline", "functionRef", "input", "credentials", "source", "issuer", "a"}), anything(depth-1), 0, 3).Draw(t, "object")
				}
			})
		}

		path := rapid.SampledFrom(paths).Draw(rt, "path")

		o := map[string]any{}
		if err := json.Unmarshal([]byte(s.objects[path]), &o); err != nil {
			rt.Fatal(err)
		}

		field := rapid.SampledFrom([]string{"spec", "data", "items", "issuer", "status"}).Draw(rt, "field")
		o[field] = anything(3).Draw(rt, "value")

		changed, err := json.Marshal(o)
		if err != nil {
			rt.Fatal(err)
		}

		s.objects[path] = string(changed)

		_, found := read(t, s)
		for _, f := range found {
			if Words().Words(f).Severity == "" {
				rt.Errorf("%s has no words", f.Code)
			}
		}
	})
}
