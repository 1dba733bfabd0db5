// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
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

// Read reads the platform of a cluster. The findings are about unreadable objects, and about settings that the function rejects.
func Read(ctx context.Context, c Cluster) (Platform, []finding.Finding) {
	r := reader{ctx: ctx, cluster: c, platform: Platform{Namespace: c.Namespace}}
	input := r.input()
	r.settings(input)

	azure, sync := r.references()
	r.platform.Azure = r.azure(azure)
	r.platform.Creator, r.platform.CreatesNothing = r.creator(sync)

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
	for _, field := range leaves(content, isSample) {
		r.platform.Samples = append(r.platform.Samples, object+": "+field)
	}
}

// isSample reports whether a value has an id of the examples, which begin with eight equal digits, or their registry.
func isSample(value string) bool {
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
