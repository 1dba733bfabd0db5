package azure

import (
	"github.com/p6m-dev/platform-application/test/azure/entra"
)

// Identities, as package entra has them.
type (
	// Application is an identity that can get tokens.
	Application = entra.Application

	// FederatedCredential lets tokens of another issuer stand for an application.
	FederatedCredential = entra.FederatedCredential

	// KeySource returns the JSON Web Key Set of an issuer.
	KeySource = entra.KeySource
)

// PutTenant creates a tenant, unless there is one of that id already. The id is a GUID.
func (s *Server) PutTenant(id string) error { return s.directory.PutTenant(id) }

// PutApplication creates or changes an application in its tenant. Its federated credentials stay.
func (s *Server) PutApplication(a Application) error { return s.directory.PutApplication(a) }

// DeleteApplication removes an application and its credentials, and says whether there was one.
func (s *Server) DeleteApplication(tenantID, clientID string) bool {
	return s.directory.DeleteApplication(tenantID, clientID)
}

// PutFederatedCredential creates or changes a federated credential of an application, within Entra ID's limits.
func (s *Server) PutFederatedCredential(tenantID, clientID string, c FederatedCredential) error {
	return s.directory.PutFederatedCredential(tenantID, clientID, c)
}

// DeleteFederatedCredential removes a federated credential, and says whether there was one.
func (s *Server) DeleteFederatedCredential(tenantID, clientID, name string) bool {
	return s.directory.DeleteFederatedCredential(tenantID, clientID, name)
}

// PutIssuer says which keys sign the tokens of an issuer, as a JSON Web Key Set.
func (s *Server) PutIssuer(issuer string, jwks []byte) error {
	return s.directory.PutIssuer(issuer, jwks)
}

// PutIssuerSource says where the keys of an issuer come from. It is asked when a token names a key that is not known yet.
func (s *Server) PutIssuerSource(issuer string, source KeySource) error {
	return s.directory.PutIssuerSource(issuer, source)
}

// RevokeTokens makes vaults ask for a fresh token whoever comes with one that a principal was given until now.
func (s *Server) RevokeTokens(principalID string) { s.tokens.Revoke(principalID) }

// ExpireTokens makes vaults refuse whoever comes with a token that a principal was given until now, as if it had expired.
func (s *Server) ExpireTokens(principalID string) { s.tokens.Expire(principalID) }
