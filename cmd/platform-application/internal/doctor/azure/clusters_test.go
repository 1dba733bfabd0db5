// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/azurename"
)

// named gives the cluster a name, and an application a vault with that owner.
func named(owner string) func(*world) {
	return func(w *world) {
		s := w.platform.Settings
		s.ClusterName = "production"
		name := azurename.Scope{SubscriptionID: subscription, Issuer: issuer, Cluster: "production", Namespace: "shop", Name: "web"}.Vault()
		tags := map[string]string{"application": "web", "namespace": "shop"}
		if owner != "" {
			tags["Platform-Application-Cluster"] = owner
		}
		w.facts.Vaults.Value = []Resource[struct{}]{{ID: groupID + "/providers/Microsoft.KeyVault/vaults/" + name, Name: name, Tags: tags}}
	}
}

// unnamed has a vault of another cluster, and no clusterName.
func unnamed(w *world) {
	named("https://oidc.example.com/blue")(w)
	w.platform.Settings.ClusterName = ""
}

// ofOther has a vault whose name does not follow from its tags.
func ofOther(w *world) {
	named("https://oidc.example.com/blue")(w)
	w.facts.Vaults.Value[0].Tags["application"] = "other"
}

// TestOtherCluster checks that the finding says what a take-over changes, and what the settings do now.
func TestOtherCluster(t *testing.T) {
	const blue = "https://oidc.example.com/blue"
	cases := map[string]struct {
		reason  string
		sharing *v1alpha1.ClusterSharing
		want    string
	}{
		"None":   {"The other cluster is not listed.", nil, "clusterSharing does not list it."},
		"Other":  {"A third cluster is listed.", &v1alpha1.ClusterSharing{Role: "Owner", Peers: []string{"https://oidc.example.com/red"}}, "clusterSharing does not list it."},
		"Member": {"This cluster has joined.", &v1alpha1.ClusterSharing{Role: "Member", Peers: []string{blue + "/"}}, "is a member"},
		"Owner":  {"This cluster takes over.", &v1alpha1.ClusterSharing{Role: "SoleOwner", Peers: []string{blue}}, "takes over those whose application runs in this cluster, and leaves the others"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := well()
			named(blue)(w)
			w.platform.Settings.ClusterSharing = tc.sharing
			found := decide(place{w.platform, w.facts})
			if len(found) != 1 {
				t.Fatalf("\n%s\ndecide(...): want one finding, got %v", tc.reason, found)
			}
			words := Words().Words(found[0])
			text := words.Problem + " " + words.Impact
			for _, want := range []string{tc.want, "issuer " + blue, w.facts.Vaults.Value[0].Name, "changes their tag platform-application-cluster to " + strings.TrimRight(issuer, "/")} {
				if !strings.Contains(text, want) {
					t.Errorf("\n%s\ndecide(...): want a finding that says %q, got %q", tc.reason, want, text)
				}
			}
		})
	}
}
