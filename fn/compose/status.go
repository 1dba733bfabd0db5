// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// status returns the status for the team. Values from Azure are kept until Azure reports new
// ones: a provider that restarts must not clear them.
func status(a Application, v vault, i identity, s secrets, w workload) v1alpha1.PlatformApplicationStatus {
	last := a.Status
	if last.KeyVault == nil {
		last.KeyVault = &v1alpha1.KeyVaultStatus{}
	}
	if v.ownership == foreign {
		// The URI of a foreign vault is not shown.
		last.KeyVault = &v1alpha1.KeyVaultStatus{}
	}
	if last.Identity == nil || i.ownership == foreign {
		last.Identity = &v1alpha1.IdentityStatus{}
	}

	out := v1alpha1.PlatformApplicationStatus{
		LandingZone: a.LandingZone,
		KeyVault: &v1alpha1.KeyVaultStatus{
			Name:       v.name,
			URI:        cmp.Or(v.uri, last.KeyVault.URI),
			ResourceID: cmp.Or(v.id, last.KeyVault.ResourceID),
			PortalURL:  cmp.Or(v.portalURL, last.KeyVault.PortalURL),

			RoleAssignments: v.roleAssignments,
		},
		Identity: &v1alpha1.IdentityStatus{
			Name:               i.name,
			ClientID:           cmp.Or(i.clientID, last.Identity.ClientID),
			PrincipalID:        cmp.Or(i.principalID, last.Identity.PrincipalID),
			ServiceAccountName: i.serviceAccount,
		},
	}
	if len(s.list) > 0 {
		synced, total := s.count()
		out.SecretsSynced = fmt.Sprintf("%d/%d", synced, total)
	}
	env := variablesOf(s)
	for _, secret := range s.list {
		out.Secrets = append(out.Secrets, v1alpha1.SecretStatus{
			Name:      secret.spec.Name,
			State:     secret.state(),
			Source:    secret.source,
			Message:   secret.shortMessage().String(),
			Version:   secret.observed.str("version"),
			UpdatedAt: timestamp(secret.observed.str("updatedAt")),
			NotBefore: timestamp(secret.observed.str("notBefore")),
			ExpiresAt: timestamp(secret.observed.str("expiresAt")),
			Env:       env[secret.spec.Name],
		})
	}

	switch {
	case !w.requested:
	case w.waits():
		// Running pods keep their environment.
		out.Environment = last.Environment
	default:
		out.Environment = environmentStatus(s)
	}

	return out
}

func environmentStatus(s secrets) *v1alpha1.EnvironmentStatus {
	e := &v1alpha1.EnvironmentStatus{
		Variables: int32(len(s.environment.Variables)), //nolint:gosec // The schema allows a few thousand.
		Revision:  s.revision,
	}
	for _, sh := range s.environment.Shadowed {
		e.Shadowed = append(e.Shadowed, v1alpha1.ShadowedVariable{Name: sh.Name, Secret: sh.Secret, Key: sh.Key, By: sh.By})
	}
	for _, col := range s.environment.Collisions {
		for _, key := range col.Keys {
			e.Shadowed = append(e.Shadowed, v1alpha1.ShadowedVariable{Name: col.Name, Secret: col.Secret, Key: key, By: col.Secret})
		}
	}
	for _, w := range s.environment.Withheld {
		e.Withheld = append(e.Withheld, v1alpha1.WithheldVariable{Name: w.Name, Secret: w.Secret, Key: w.Key})
	}
	e.Shadowed = e.Shadowed[:min(len(e.Shadowed), v1alpha1.MaxListed)]
	e.Withheld = e.Withheld[:min(len(e.Withheld), v1alpha1.MaxListed)]

	return e
}

// variablesOf returns the variables of each secret, in the order of the pod, up to the limit
// of the status.
func variablesOf(s secrets) map[string][]string {
	out := map[string][]string{}
	for _, v := range s.environment.Variables {
		if v.Secret != "" && len(out[v.Secret]) < v1alpha1.MaxListed {
			out[v.Secret] = append(out[v.Secret], v.Name)
		}
	}

	return out
}

func timestamp(s string) *metav1.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return nil
	}

	return &metav1.Time{Time: t}
}
