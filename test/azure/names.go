// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure

import (
	"github.com/p6m-dev/platform-application/test/azure/arm"
	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/keyvault"
	"github.com/p6m-dev/platform-application/test/azure/role"
)

// The types of a Server's services, so that tests import one package.
//
//nolint:revive // Each has its comment where it is defined.
type (
	Application         = entra.Application
	FederatedCredential = entra.FederatedCredential

	Vault          = keyvault.Vault
	Firewall       = keyvault.Firewall
	RoleAssignment = keyvault.RoleAssignment
	Secret         = keyvault.Secret
	SecretSummary  = keyvault.SecretSummary
	Certificate    = keyvault.Certificate
	Write          = keyvault.Write

	Subscription         = arm.Subscription
	ResourceGroup        = arm.ResourceGroup
	ScopedRoleAssignment = arm.RoleAssignment
	Padding              = arm.Padding
	Cluster              = arm.Cluster
	Delays               = arm.Delays
	ARMResource          = arm.Resource

	Fault    = fault.Rule
	CountKey = count.Key
)

// Built-in roles, content types of certificates, and states of a vault.
const (
	SecretsOfficer = role.SecretsOfficer
	SecretsUser    = role.SecretsUser

	ContentTypePFX = keyvault.ContentTypePFX
	ContentTypePEM = keyvault.ContentTypePEM

	VaultActive  = keyvault.VaultActive
	VaultDeleted = keyvault.VaultDeleted
	VaultGone    = keyvault.VaultGone
)

// Effects of faults.
const (
	EffectStatus      = fault.Status
	EffectHang        = fault.Hang
	EffectSlow        = fault.Slow
	EffectReset       = fault.Reset
	EffectTruncate    = fault.Truncate
	EffectGarbage     = fault.Garbage
	EffectExpireToken = fault.ExpireToken
	EffectRevokeToken = fault.RevokeToken
)

// These operations are used by tests; package fault has all of them.
const (
	OpConnect = fault.Connect
	OpToken   = fault.Token

	OpChallenge = fault.Challenge
	OpGet       = fault.Get
	OpList      = fault.List
	OpSet       = fault.Set
)
