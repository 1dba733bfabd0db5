// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package compose decides which resources an application consists of. It maps the
// application, the platform settings and the observed resources to the desired resources. It
// is pure: no clients, no clock, no randomness. It never sees the value of a secret.
package compose

import (
	"slices"
	"time"

	"k8s.io/utils/ptr"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// An Application is a team's manifest, either a namespaced composite resource or a claim, and
// what other objects say about it.
type Application struct {
	Name      string
	Namespace string
	// Tenant that owns the namespace. It is empty if ownership is not proven.
	Tenant string
	// LandingZone whose settings overlay the platform's. It is empty for the platform's own.
	LandingZone string
	// LabelledZone is the landing zone that the label of the Namespace names. It is the same
	// for a new application.
	LabelledZone string
	// ProviderSubscription is the subscription of the Azure providers. It is empty if it is
	// unknown.
	ProviderSubscription string
	// SharedAssignments are the names of the role assignments of all applications in the
	// namespace, by the entry of the shared secrets. See SharedToCount.
	SharedAssignments map[string][]string
	// LeftAssignments are the names of role assignments on shared secrets that the application
	// adopts, by the name of the composed resource.
	LeftAssignments map[string]string
	// LatestTime is the latest time in the composite resource.
	LatestTime time.Time
	// Labels of the manifest.
	Labels map[string]string
	// Annotations of the manifest.
	Annotations map[string]string
	Spec        v1alpha1.PlatformApplicationSpec
	// Status is the last status that this function returned, or empty.
	Status v1alpha1.PlatformApplicationStatus
	// Ignored lists the fields of the manifest that have no effect.
	Ignored []IgnoredField
}

// A Resource is a desired resource.
type Resource struct {
	Object map[string]any
	Ready  bool
}

// A Result holds the desired resources of an application, and its status and conditions.
type Result struct {
	Resources  map[string]Resource
	Status     v1alpha1.PlatformApplicationStatus
	Conditions []Condition
	// Waiting is true if a resource is composed later. The readiness of the composed
	// resources does not show that.
	Waiting bool
}

// Compose decides which resources are desired. An error names the invalid field of the
// manifest or of the settings.
func Compose(a Application, p inputv1alpha1.PlatformConfigSpec, seen Observed) (Result, error) {
	if err := validate(a, p, seen); err != nil {
		return Result{}, err
	}

	keyVault, notAllowed := allowedKeyVault(ptr.Deref(a.Spec.KeyVault, v1alpha1.KeyVault{}), p, seen)
	a.Spec.KeyVault = &keyVault

	c := newComposition(a, p, seen)
	vault := c.keyVault()
	vault.endpoint, vault.logs = c.privateEndpoint(vault), c.diagnosticSetting(vault)
	vault.notes = slices.Concat(vault.notes, c.notesOnLandingZone(), c.notesOnTenantID())
	identity := c.identity()
	credential := c.federatedCredential(identity)
	shares := c.shares()
	access := c.roleAssignments(vault, identity)
	c.sharedRoleAssignments(&access, identity, shares)
	c.revokeUnlisted(&access)
	c.serviceAccount(identity)
	secrets := c.secretSync(vault, identity, shares)
	workload := c.workload(identity, secrets)
	wrong := c.wrongSubscription()

	return Result{
		Resources: c.desired,
		Status:    status(a, vault, identity, secrets, workload),
		Conditions: []Condition{
			identityReady(identity, credential, workload).inWrongSubscription(wrong),
			keyVaultReady(vault).inWrongSubscription(wrong),
			access.condition(),
			secrets.condition(),
			workload.condition(),
			fieldsIgnored(slices.Concat(a.Ignored, notAllowed, workload.ignored)),
		},
		Waiting: c.waiting,
	}, nil
}

// Keep returns all composed resources unchanged, but those of the revoked entries of shared
// secrets: a revocation waits for nothing else. Running applications must not be affected while
// anything else is unavailable or invalid. All conditions have the reason.
func Keep(a Application, seen Observed, revoked []string, reason string, why finding.Message) Result {
	c := newComposition(a, inputv1alpha1.PlatformConfigSpec{}, seen)
	taken := c.takeAway(revoked)
	for name := range seen {
		if !taken.resources[name] {
			c.keep(name)
		}
	}
	pending := func(t string) Condition {
		return Condition{Type: t, Status: Unknown, Reason: reason, Message: why}
	}

	return Result{
		Resources: c.desired,
		Status:    c.app.Status,
		Conditions: []Condition{
			pending(TypeIdentityReady), pending(TypeKeyVaultReady), pending(TypeAccessReady).with(rolesNotRevoked(taken.kept)...),
			pending(TypeSecretsSynced).with(taken.findings...), pending(TypeWorkloadReady), fieldsIgnored(a.Ignored),
		},
		Waiting: true,
	}
}
