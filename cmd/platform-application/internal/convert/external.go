// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"cmp"
	"encoding/json"
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

// An externalSecret has what is read of an ExternalSecret. Fields that have no
// counterpart are raw: that they are there is enough.
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

// A store has what is read of a SecretStore or ClusterSecretStore.
type store struct {
	Kind     string            `json:"kind"`
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Provider map[string]json.RawMessage `json:"provider"`
	} `json:"spec"`
}

func (e *externalSecret) String() string { return "ExternalSecret " + e.Metadata.Name }

// complete fills in what the operator would.
func (e *externalSecret) complete() {
	e.Spec.Target.Name = cmp.Or(e.Spec.Target.Name, e.Metadata.Name)
	e.Spec.Target.CreationPolicy = cmp.Or(e.Spec.Target.CreationPolicy, "Owner")
	e.Spec.Target.DeletionPolicy = cmp.Or(e.Spec.Target.DeletionPolicy, "Retain")
}

func (s *store) String() string { return s.Kind + " " + s.Metadata.Name }

// vault of a store. Without one, the problem says why.
func (s *store) vault() (name, problem string) {
	raw, ok := s.Spec.Provider["azurekv"]
	if !ok {
		var others []string
		for p := range s.Spec.Provider {
			others = append(others, p)
		}
		slices.Sort(others)
		return "", "its provider is " + cmp.Or(strings.Join(others, ", "), "missing") + ", not azurekv. Copy its secrets into the application's vault by hand"
	}
	var kv struct {
		VaultURL string `json:"vaultUrl"`
	}
	if utiljson.Unmarshal(raw, &kv) != nil {
		return "", "its vaultUrl cannot be read. Correct it"
	}
	u, err := url.Parse(kv.VaultURL)
	if err != nil || u.Scheme != "https" {
		return "", "its vaultUrl is not the address of a vault, such as https://name.vault.azure.net. Correct it"
	}
	name, suffix, _ := strings.Cut(u.Hostname(), ".")
	if !slices.Contains([]string{"vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net"}, suffix) || azurename.ValidVault(name) != nil {
		return "", "its vaultUrl is not the address of a vault, such as https://name.vault.azure.net. Correct it"
	}
	return name, ""
}

func groupVersion(apiVersion string) (group, version string) {
	if g, v, ok := strings.Cut(apiVersion, "/"); ok {
		return g, v
	}
	return "", apiVersion
}

// isSet is true of a field that is there and not empty.
func isSet(raw json.RawMessage) bool {
	switch strings.TrimSpace(string(raw)) {
	case "", "null", "{}", "[]":
		return false
	}
	return true
}
