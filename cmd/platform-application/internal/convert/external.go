// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/p6m-dev/platform-application/fn/azurename"
)

// The kinds of the External Secrets Operator.
const (
	externalSecretsGroup = "external-secrets.io"
	kindStore            = "SecretStore"
	kindClusterStore     = "ClusterSecretStore"
)

// An externalSecret has the fields of an ExternalSecret that are read. Fields without
// counterpart are raw, because only their presence matters.
type externalSecret struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		SecretStoreRef  storeRef `json:"secretStoreRef"`
		RefreshInterval string   `json:"refreshInterval"`
		RefreshPolicy   string   `json:"refreshPolicy"`
		Target          struct {
			Name           string          `json:"name"`
			CreationPolicy string          `json:"creationPolicy"`
			DeletionPolicy string          `json:"deletionPolicy"`
			Immutable      bool            `json:"immutable"`
			Template       json.RawMessage `json:"template"`
		} `json:"target"`
		Data []struct {
			SecretKey string    `json:"secretKey"`
			RemoteRef remoteRef `json:"remoteRef"`
			SourceRef sourceRef `json:"sourceRef"`
		} `json:"data"`
		DataFrom []struct {
			Extract   *remoteRef      `json:"extract"`
			Find      json.RawMessage `json:"find"`
			Rewrite   json.RawMessage `json:"rewrite"`
			SourceRef sourceRef       `json:"sourceRef"`
		} `json:"dataFrom"`
	} `json:"spec"`
}

type storeRef struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

type sourceRef struct {
	StoreRef     *storeRef       `json:"storeRef"`
	GeneratorRef json.RawMessage `json:"generatorRef"`
}

type remoteRef struct {
	Key                string `json:"key"`
	Property           string `json:"property"`
	Version            string `json:"version"`
	MetadataPolicy     string `json:"metadataPolicy"`
	ConversionStrategy string `json:"conversionStrategy"`
	DecodingStrategy   string `json:"decodingStrategy"`
}

// A store has the fields of a SecretStore or ClusterSecretStore that are read.
type store struct {
	Kind     string            `json:"kind"`
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Provider map[string]json.RawMessage `json:"provider"`
	} `json:"spec"`
}

func (e *externalSecret) String() string { return "ExternalSecret " + e.Metadata.Name }

// complete sets the operator's defaults.
func (e *externalSecret) complete() {
	e.Spec.Target.Name = cmp.Or(e.Spec.Target.Name, e.Metadata.Name)
	e.Spec.Target.CreationPolicy = cmp.Or(e.Spec.Target.CreationPolicy, "Owner")
	e.Spec.Target.DeletionPolicy = cmp.Or(e.Spec.Target.DeletionPolicy, "Retain")
}

func (s *store) String() string { return s.Kind + " " + s.Metadata.Name }

// vault returns the vault of a store, or the problem.
func (s *store) vault() (name string, problem *Finding) {
	raw, ok := s.Spec.Provider["azurekv"]
	if !ok {
		if len(s.Spec.Provider) == 0 {
			return "", problemOf(StoreWithoutProvider)
		}

		return "", problemOf(StoreOfOtherProvider, With{"providers": slices.Sorted(maps.Keys(s.Spec.Provider))})
	}
	var kv struct {
		VaultURL string `json:"vaultUrl"`
	}
	if utiljson.Unmarshal(raw, &kv) != nil {
		return "", problemOf(StoreURLUnreadable)
	}
	u, err := url.Parse(kv.VaultURL)
	if err != nil || u.Scheme != "https" {
		return "", problemOf(StoreURLInvalid)
	}
	name, suffix, _ := strings.Cut(u.Hostname(), ".")
	if !slices.Contains([]string{"vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net"}, suffix) || azurename.ValidVault(name) != nil {
		return "", problemOf(StoreURLInvalid)
	}

	return name, nil
}

func problemOf(code Code, with ...With) *Finding {
	f := newFinding(code, with...)
	return &f
}

func groupVersion(apiVersion string) (group, version string) {
	if g, v, ok := strings.Cut(apiVersion, "/"); ok {
		return g, v
	}

	return "", apiVersion
}

// isSet reports whether a field is present and not empty.
func isSet(raw json.RawMessage) bool {
	switch strings.TrimSpace(string(raw)) {
	case "", "null", "{}", "[]":
		return false
	}

	return true
}
