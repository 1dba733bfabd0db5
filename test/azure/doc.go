// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package azure stands in for Entra ID, for the secrets of Azure Key Vault and for the Resource Manager, so that programs and tests
// need no subscription.
//
// A Server is an HTTP proxy on loopback that answers for login.microsoftonline.com, management.azure.com, every *.vault.azure.net and the
// documents of registered issuers. Clients work unchanged: Server.Env has the four environment variables that lead them there, and
// Server.Transport does the same for a client in the same process.
//
//	server, err := azure.Start(ctx, azure.Options{})
//	err = server.PutTenant(tenantID)
//	err = server.PutApplication(azure.Application{TenantID: tenantID, ClientID: clientID, PrincipalID: principalID})
//	err = server.PutIssuer(issuer, jwks)
//	err = server.PutFederatedCredential(tenantID, clientID, azure.FederatedCredential{…})
//	err = server.PutVault(azure.Vault{Name: "kv-app", TenantID: tenantID})
//	err = server.PutRoleAssignment("kv-app", azure.RoleAssignment{ID: "app", PrincipalID: principalID, Role: azure.SecretsUser})
//
// Vaults, managed identities, federated credentials and role assignments can also be created as in Azure, through the Resource Manager,
// in a registered subscription. The other services enforce them in the same way:
//
//	err = server.PutSubscription(azure.Subscription{
//		ID: subscriptionID, TenantID: tenantID, RoleAssignments: []azure.ScopedRoleAssignment{{PrincipalID: principalID, Role: "Owner"}},
//		ResourceGroups: []azure.ResourceGroup{{Name: "rg-applications", Location: "westeurope"}},
//	})
//
// The stand-in is strict where the clients here can be wrong: it rejects that as Azure does, with the same status and code. It verifies
// signatures and claims of federated tokens, and enforces role assignments, soft delete, tenants and networks. It never prints or counts the
// value of a secret.
//
// Clients keep some state for a whole process: they read variables such as HTTPS_PROXY once.
//
// The SDK's own fakes (azcore/fake, azsecrets/fake) replace the transport of a client in the same process. Here whole programs run
// unchanged, with their TLS, tokens, retries and connection pools, against state that several services share.
//
// Server.AddFault makes requests fail: statuses and error codes, hangs, latency, resets, truncated and malformed answers, expired and
// revoked tokens. Server.Counts and Server.Writes return the requests.
//
// # Admin API
//
// Server.AdminURL is the address of an API without authentication, on loopback. Command azure uses it: see Commands.
//
//	POST /commands   {"args": ["secret", "list", "kv-app"], "stdin": "<base64>"}: executes a command; 409 with an error
package azure
