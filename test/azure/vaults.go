package azure

import (
	"time"

	"github.com/p6m-dev/platform-application/test/azure/keyvault"
)

// Vaults and what is in them, as package keyvault has them.
type (
	// Vault is a key vault that uses role assignments.
	Vault = keyvault.Vault

	// RoleAssignment gives a principal a role on a vault.
	RoleAssignment = keyvault.RoleAssignment

	// Secret is one that is put into a vault from outside.
	Secret = keyvault.Secret

	// SecretSummary is what is known of a secret but for its value.
	SecretSummary = keyvault.SecretSummary

	// Certificate is one that is put into a vault from outside: imported or generated.
	Certificate = keyvault.Certificate

	// Write says who changed a secret, and when.
	Write = keyvault.Write
)

// The roles that matter for secrets. Their names do as well.
const (
	Administrator       = keyvault.Administrator
	Reader              = keyvault.Reader
	SecretsOfficer      = keyvault.SecretsOfficer
	SecretsUser         = keyvault.SecretsUser
	CertificatesOfficer = keyvault.CertificatesOfficer
)

// The content types of secrets that belong to certificates.
const (
	ContentTypePFX = keyvault.ContentTypePFX
	ContentTypePEM = keyvault.ContentTypePEM
)

// ErrNotFound is why something cannot be done to what is not there.
var ErrNotFound = keyvault.ErrNotFound

// PutVault creates or changes a vault.
func (s *Server) PutVault(v Vault) error { return s.vaults.PutVault(v) }

// Vaults returns the vaults that are not deleted, by name.
func (s *Server) Vaults() []Vault { return s.vaults.Vaults() }

// DeleteVault deletes a vault, which can be recovered, and its role assignments, which cannot.
func (s *Server) DeleteVault(name string) error { return s.vaults.DeleteVault(name) }

// RecoverVault brings a deleted vault back, without its role assignments.
func (s *Server) RecoverVault(name string) error { return s.vaults.RecoverVault(name) }

// PurgeVault removes a deleted vault for good, unless it is protected.
func (s *Server) PurgeVault(name string) error { return s.vaults.PurgeVault(name) }

// PutRoleAssignment creates a role assignment on a vault, or replaces the one with its id.
func (s *Server) PutRoleAssignment(vault string, a RoleAssignment) error {
	return s.vaults.PutRoleAssignment(vault, a)
}

// DeleteRoleAssignment removes a role assignment from a vault.
func (s *Server) DeleteRoleAssignment(vault, id string) error {
	return s.vaults.DeleteRoleAssignment(vault, id)
}

// RoleAssignments returns those of a vault, by id.
func (s *Server) RoleAssignments(vault string) ([]RoleAssignment, error) {
	return s.vaults.RoleAssignments(vault)
}

// PutSecret makes a new version of a secret, and returns the version's id. It counts against no limit.
func (s *Server) PutSecret(vault, name string, secret Secret) (string, error) {
	return s.vaults.PutSecret(vault, name, secret)
}

// DisableSecret makes the current version of a secret unreadable, or readable again.
func (s *Server) DisableSecret(vault, name string, disabled bool) error {
	return s.vaults.DisableSecret(vault, name, disabled)
}

// SetTransitionTime says how long it takes until a secret is deleted or recovered, from now on and for those that are at it. Let it be
// an hour to hold them, and nothing to let them go.
func (s *Server) SetTransitionTime(vault string, d time.Duration) error {
	return s.vaults.SetTransitionTime(vault, d)
}

// DeleteSecret deletes a secret so that it can be recovered.
func (s *Server) DeleteSecret(vault, name string) error { return s.vaults.DeleteSecret(vault, name) }

// RecoverSecret brings a deleted secret back.
func (s *Server) RecoverSecret(vault, name string) error { return s.vaults.RecoverSecret(vault, name) }

// PurgeSecret removes a deleted secret for good.
func (s *Server) PurgeSecret(vault, name string) error { return s.vaults.PurgeSecret(vault, name) }

// Secrets returns the secrets of a vault without their values, deleted ones last.
func (s *Server) Secrets(vault string) ([]SecretSummary, error) { return s.vaults.Secrets(vault) }

// SecretValue returns the value of a version of a secret: the current one if none is named.
func (s *Server) SecretValue(vault, name, version string) (string, error) {
	return s.vaults.SecretValue(vault, name, version)
}

// PutCertificate makes a new version of a certificate, and so of the secret of the same name, and returns the version's id.
func (s *Server) PutCertificate(vault, name string, c Certificate) (string, error) {
	return s.vaults.PutCertificate(vault, name, c)
}

// Writes returns who changed the secrets of a vault, in order. A secret's name limits it to that one. What was put from outside
// has no principal.
func (s *Server) Writes(vault, secret string) ([]Write, error) { return s.vaults.Writes(vault, secret) }

// Where a vault is.
const (
	VaultActive  = "active"
	VaultDeleted = "deleted"
	VaultGone    = "gone"
)

// WhereIsVault says whether a vault is there, deleted so that it can be recovered, or gone.
func (s *Server) WhereIsVault(name string) string {
	switch state, ok := s.vaults.Lookup(name); {
	case !ok:
		return VaultGone
	case !state.DeletedAt.IsZero():
		return VaultDeleted
	default:
		return VaultActive
	}
}
