// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"net/url"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Values of clusterSharing.role.
const (
	RoleMember    = "Member"
	RoleOwner     = "Owner"
	RoleSoleOwner = "SoleOwner"
)

// Limits of the schema.
const (
	maxClusterName = 1024
	maxPeers       = 20 // Azure's limit of federated credentials of an identity
)

// cluster checks the name of the cluster: a DNS label, or the issuer of a cluster whose names
// are kept.
func (c *checker) cluster(path *field.Path, name string) {
	if name != "" && len(validation.IsDNS1123Label(name)) > 0 && (!isIssuer(name) || len(name) > maxClusterName) {
		c.invalid(path, name, finding.MustBeClusterName)
	}
}

func (c *checker) clusterSharing(path *field.Path, s *v1alpha1.PlatformConfigSpec) {
	sharing := s.ClusterSharing
	if sharing == nil {
		return
	}
	c.oneOf(path.Child("role"), sharing.Role, RoleMember, RoleOwner, RoleSoleOwner)
	if s.ClusterName == "" && (sharing.Role != "" || len(sharing.Peers) > 0) {
		c.forbidden(path, finding.NeedsClusterName)
	}
	peers := path.Child("peers")
	switch {
	case len(sharing.Peers) > 0 && sharing.Role == "":
		c.add(field.Required(path.Child("role"), finding.Say(finding.PeersNeedRole)))
	case len(sharing.Peers) == 0 && sharing.Role == RoleMember:
		c.add(field.Required(peers, finding.Say(finding.MemberNeedsPeers)))
	}
	c.atMost(peers, len(sharing.Peers), maxPeers)
	tags := make([]string, 0, len(sharing.Peers))
	for i, issuer := range sharing.Peers {
		tag := azurename.IssuerTag(issuer)
		tags = append(tags, tag)
		switch {
		case !isIssuer(issuer):
			c.invalid(peers.Index(i), issuer, finding.MustBeHTTPS)
		case tag == azurename.IssuerTag(s.OIDCIssuerURL):
			c.invalid(peers.Index(i), issuer, finding.MustNotBeOwnIssuer)
		}
	}
	c.unique(peers, tags)
}

// IsPeer reports whether the settings list the cluster with that tag.
func IsPeer(s *v1alpha1.ClusterSharing, tag string) bool {
	return s != nil && slices.ContainsFunc(s.Peers, func(issuer string) bool { return azurename.IssuerTag(issuer) == tag })
}

func (c *checker) issuer(path *field.Path, issuer string) {
	if !isIssuer(issuer) {
		c.invalid(path, issuer, finding.MustBeHTTPS)
	}
	if strings.Contains(issuer, ".oic.prod-aks.azure.com/") && !strings.HasSuffix(issuer, "/") {
		c.invalid(path, issuer, finding.IssuerWithoutSlash)
	}
}

func isIssuer(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && u.Scheme == "https" && u.Host != "" && !strings.ContainsAny(issuer, " \t\r\n\f\v")
}
