// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
	"github.com/crossplane/function-sdk-go/request"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	kjson "sigs.k8s.io/json"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// Definitions of PlatformApplication. A platform installs one of them.
const (
	ModernDefinition = "platformapplications.meta.p6m.dev"
	ClaimDefinition  = "xplatformapplications.meta.p6m.dev"
)

// API groups of provider configurations.
const (
	AzureGroup = "azure.m.upbound.io"
	SyncGroup  = "secrets.p6m.dev"
)

// placeholder is the value in the base of fields that a platform team must set.
const placeholder = "REPLACE_ME"

// maxListedObjects limits a list of Compositions.
const maxListedObjects = 500

// Read reads the platform of a cluster. The findings are about unreadable objects, and about settings that the function rejects.
func Read(ctx context.Context, c Cluster) (Platform, []finding.Finding) {
	r := reader{ctx: ctx, cluster: c, platform: Platform{Namespace: c.Namespace}}
	input := r.input()
	r.settings(input)

	azure, sync := r.references()
	r.platform.Azure = r.azure(azure)
	r.platform.Creator = r.creator(sync)

	r.zones(input)
	r.issuer()
	slices.Sort(r.platform.Samples)

	return r.platform, r.found
}

type reader struct {
	ctx      context.Context //nolint:containedctx // A reader exists for one call.
	cluster  Cluster
	platform Platform
	found    []finding.Finding

	// own are the settings in the EnvironmentConfig of the platform.
	own map[string]any
}

func (r *reader) add(code finding.Code, object string, with map[string]string) {
	r.found = append(r.found, finding.Finding{Code: code, Object: object, With: with})
}

// get reads an object. It returns nil if the object is missing, and also, with a finding, if it cannot read it.
func (r *reader) get(gvk schema.GroupVersionKind, plural, name string) (_ *unstructured.Unstructured, known bool) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)

	err := r.cluster.Client.Get(r.ctx, client.ObjectKey{Name: name}, u)

	switch {
	case err == nil:
		return u, true
	case IsMissing(err):
		return nil, true
	default:
		r.found = append(r.found, Unreadable(gvk.Kind+"/"+name, "get", plural+"."+gvk.Group+"/"+name, err))

		return nil, false
	}
}

// input reads the function input in the Composition of the installed definition.
func (r *reader) input() *v1alpha1.PlatformConfig {
	input := &v1alpha1.PlatformConfig{}

	for _, name := range []string{ModernDefinition, ClaimDefinition} {
		d, _ := r.get(schema.GroupVersionKind{Group: "apiextensions.crossplane.io", Version: "v1", Kind: "CompositeResourceDefinition"}, "compositeresourcedefinitions", name)
		if d == nil {
			continue
		}

		r.platform.Definitions = append(r.platform.Definitions, name)

		composition := r.composition(d)

		u, _ := r.get(schema.GroupVersionKind{Group: "apiextensions.crossplane.io", Version: "v1", Kind: "Composition"}, "compositions", composition)
		if u == nil {
			continue
		}

		r.platform.Composition = composition

		found, err := inputOf(u)
		if err != nil {
			r.add(InputInvalid, "Composition/"+composition, map[string]string{"error": err.Error(), "resource": "compositions.apiextensions.crossplane.io/" + composition})

			continue
		}

		input = found
	}

	return input
}

// composition returns the Composition for new applications: the enforced one, the default, or the only one of the kind. If there are
// several, it returns that of the platform.
func (r *reader) composition(definition *unstructured.Unstructured) string {
	for _, ref := range []string{"enforcedCompositionRef", "defaultCompositionRef"} {
		if name, _, _ := unstructured.NestedString(definition.Object, "spec", ref, "name"); name != "" {
			return name
		}
	}

	compositions := &unstructured.UnstructuredList{}
	compositions.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.crossplane.io", Version: "v1", Kind: "CompositionList"})

	if err := r.cluster.Client.List(r.ctx, compositions, client.Limit(maxListedObjects)); err != nil {
		r.found = append(r.found, Unreadable("", "list", "compositions.apiextensions.crossplane.io", err))

		return definition.GetName()
	}

	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")

	for _, c := range compositions.Items {
		of, _, _ := unstructured.NestedStringMap(c.Object, "spec", "compositeTypeRef")
		if of["kind"] == kind && strings.HasPrefix(of["apiVersion"], "meta.p6m.dev/") {
			r.platform.Compositions = append(r.platform.Compositions, c.GetName())
		}
	}

	if len(r.platform.Compositions) == 1 {
		return r.platform.Compositions[0]
	}

	return definition.GetName()
}

// inputOf decodes the function input in a Composition, in the same way as the function.
func inputOf(composition *unstructured.Unstructured) (*v1alpha1.PlatformConfig, error) {
	input := &v1alpha1.PlatformConfig{}
	steps, _, _ := unstructured.NestedSlice(composition.Object, "spec", "pipeline")

	for _, step := range steps {
		m, _ := step.(map[string]any)
		raw, _ := m["input"].(map[string]any)

		// A platform team's own Composition can have other functions, too.
		if name, _, _ := unstructured.NestedString(m, "functionRef", "name"); name != Function && raw["kind"] != v1alpha1.Kind {
			continue
		}

		if raw == nil {
			return input, nil
		}

		s, err := structpb.NewStruct(raw)
		if err != nil {
			return nil, fmt.Errorf("cannot read input: %w", err)
		}

		return input, request.GetInput(&fnv1.RunFunctionRequest{Input: s}, input) //nolint:wrapcheck // The error names the input.
	}

	return input, nil
}

// settings reads the settings of the platform, and resolves them in the same way as the function.
func (r *reader) settings(input *v1alpha1.PlatformConfig) {
	ref := settings.EnvironmentConfig(input)
	object, resource := "EnvironmentConfig/"+ref.Name, "environmentconfigs.apiextensions.crossplane.io/"+ref.Name

	u, known := r.get(schema.GroupVersionKind{Group: "apiextensions.crossplane.io", Version: "v1beta1", Kind: "EnvironmentConfig"}, "environmentconfigs", ref.Name)
	if !known {
		return
	}

	var overlay map[string]any

	switch {
	case u != nil:
		overlay, _ = u.Object["data"].(map[string]any)
		r.samples(object, overlay)
	case ref.Required:
		r.add(SettingsMissing, object, map[string]string{"resource": resource})

		return
	}

	resolved, err := settings.Resolve(input, overlay)
	if err != nil {
		r.refuse(object, resource, err)

		return
	}

	r.platform.Settings, r.own = &resolved, overlay
}

// refuse adds the function's error about settings.
func (r *reader) refuse(object, resource string, err error) {
	code, with := refusal(err)
	with["resource"] = resource
	r.add(code, object, with)
}

// refusal returns the code and parameters for the function's error about settings.
func refusal(err error) (finding.Code, map[string]string) {
	if missing, ok := errors.AsType[*settings.MissingError](err); ok {
		return SettingsIncomplete, map[string]string{"fields": finding.List(missing.Fields)}
	}

	if left, ok := errors.AsType[*settings.PlaceholderError](err); ok {
		return SettingsNotSet, map[string]string{"fields": finding.List(left.Fields)}
	}

	if unknown := unknownFields(err); len(unknown) > 0 {
		return SettingsUnknown, map[string]string{"fields": finding.List(unknown)}
	}

	return SettingsInvalid, map[string]string{"error": err.Error()}
}

// unknownFields returns the unknown fields in an error of strict decoding. Other strict errors are about duplicate fields, and a map has none.
func unknownFields(err error) []string {
	if f, ok := err.(kjson.FieldError); ok { //nolint:errorlint // This function walks the tree of errors itself.
		return []string{f.FieldPath()}
	}

	var out []string

	switch e := err.(type) { //nolint:errorlint // As above.
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			out = append(out, unknownFields(err)...)
		}
	case interface{ Unwrap() error }:
		out = unknownFields(e.Unwrap())
	}

	return out
}

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

// creator reads the principal that creates missing secrets.
func (r *reader) creator(ref v1alpha1.ProviderConfigReference) *Principal {
	var spec struct {
		Credentials struct {
			Source   string `json:"source"`
			TenantID string `json:"tenantId"`
			ClientID string `json:"clientId"`
		} `json:"credentials"`
	}

	if !r.config(SyncGroup, "v1alpha1", ref, &spec) {
		return nil
	}

	if spec.Credentials.Source == "None" {
		r.platform.CreatesNothing = true

		return nil
	}

	return &Principal{
		Object: ref.Kind + "/" + ref.Name, Source: spec.Credentials.Source, ServiceAccount: CreatorServiceAccount,
		ClientID: spec.Credentials.ClientID, TenantID: spec.Credentials.TenantID,
	}
}

// issuer reads the issuer of ServiceAccount tokens.
func (r *reader) issuer() {
	var discovery struct {
		Issuer string `json:"issuer"`
	}

	err := r.cluster.raw(r.ctx, "/.well-known/openid-configuration", &discovery)
	if err == nil && discovery.Issuer == "" {
		r.add(IssuerUnknown, "", map[string]string{"error": noIssuer})
	}

	if err != nil {
		r.add(IssuerUnknown, "", map[string]string{"error": err.Error()})
	}

	r.platform.Issuer = discovery.Issuer
}

// samples notes fields that still have values of the examples.
func (r *reader) samples(object string, content map[string]any) {
	for _, field := range leaves(content, IsSample) {
		r.platform.Samples = append(r.platform.Samples, object+": "+field)
	}
}

// IsSample reports whether a value has an id of the examples, which begin with eight equal digits, or their registry.
func IsSample(value string) bool {
	run := 0

	for i := range len(value) {
		switch c := value[i]; {
		case c == '-' && run >= 8:
			return true
		case !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)):
			run = 0
		case run > 0 && value[i-1] == c:
			run++
		default:
			run = 1
		}
	}

	return strings.Contains(value, "registry.example.com")
}

// leaves returns the paths of all strings that fit.
func leaves(content any, fits func(string) bool) []string {
	var (
		out  []string
		walk func(path string, v any)
	)

	walk = func(path string, v any) {
		switch v := v.(type) {
		case string:
			if fits(v) {
				out = append(out, path)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(strings.TrimPrefix(path+"."+name, "."), v[name])
			}
		case []any:
			for i, item := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), item)
			}
		}
	}
	walk("", content)

	return out
}
