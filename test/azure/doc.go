// Package azure stands in for Entra ID, for the secrets of Azure Key Vault and for the Resource Manager that makes vaults and
// identities, for programs and tests that have no subscription.
//
// A Server is an HTTP proxy on loopback that answers for login.microsoftonline.com, for management.azure.com, for every
// *.vault.azure.net, for the documents of issuers that are registered and for the metadata service of a machine. Clients need not be changed, nor know: Server.Env has the four environment variables that lead them there, and
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
// Vaults, managed identities, their federated credentials and role assignments can also be made as in Azure, through its Resource
// Manager, in a subscription that is registered. They are the same as those that are registered, and enforced as those are:
//
//	err = server.PutSubscription(azure.Subscription{
//		ID: subscriptionID, TenantID: tenantID, RoleAssignments: []azure.ScopedRoleAssignment{{PrincipalID: principalID, Role: "Owner"}},
//		ResourceGroups: []azure.ResourceGroup{{Name: "rg-applications", Location: "westeurope"}},
//	})
//
// It is strict. What it accepts is what Azure documents, and all else is refused as Azure refuses it, with the same status, code and
// as far as they are known the same words. It verifies the signatures and claims of federated tokens, and enforces role assignments,
// limits, soft delete and tenants. Nothing exists that was not registered, and no value of a secret is ever printed or counted.
//
// Clients keep what they know for a whole process: variables such as HTTPS_PROXY are read once, and azidentity keeps the tokens of managed
// identities (not those of other credentials) for all servers, so that two servers in one test need different identities.
//
// It can be told to fail: see Server.AddFault. And it can be asked what it was asked for: see Server.Counts and Server.Writes.
//
// # Admin API
//
// Server.AdminURL serves the same operations as JSON over HTTP, without any authentication, on loopback only. Names are those of the
// JSON tags of the Go types, and durations are written as in Go. Answers are 200 with a body, 204 without, 400 for a body that cannot
// be read, 404 for what is not there and 409 for what Azure would not do either; the body of an error is {"error": "…"}.
//
//	GET    /healthz
//	GET    /env                                      the environment variables for clients
//	POST   /state                                    State: registers everything in it
//
//	PUT    /tenants/{tenant}
//	PUT    /tenants/{tenant}/applications/{client}   Application: principalId, clientSecret, managedIdentity, resourceId
//	DELETE /tenants/{tenant}/applications/{client}
//	PUT    /tenants/{tenant}/applications/{client}/federatedcredentials/{name}
//	                                                 FederatedCredentialState: issuer, subject, audiences, jwks, delay
//	DELETE /tenants/{tenant}/applications/{client}/federatedcredentials/{name}
//	PUT    /issuers                                  IssuerState: issuer, jwks
//	POST   /principals/{principal}/revoke            its access tokens are refused, and clients asked to get another
//	POST   /principals/{principal}/expire            its access tokens are refused, as if they had expired
//
//	GET    /vaults
//	PUT    /vaults/{vault}                           Vault: tenantId, purgeProtection, retentionDays, resourceId, location
//	DELETE /vaults/{vault}                           soft delete; its role assignments are gone for good
//	POST   /vaults/{vault}/recover, …/purge
//	GET    /vaults/{vault}/roleassignments
//	PUT    /vaults/{vault}/roleassignments/{id}      RoleAssignmentState: principalId, role, delay, refuseList, secrets
//	DELETE /vaults/{vault}/roleassignments/{id}
//	PUT    /vaults/{vault}/transitiontime            TransitionTime: how long deletions and recoveries of secrets take, at first nothing
//	GET    /vaults/{vault}/secrets                   names, versions and times, no values
//	GET    /vaults/{vault}/secrets/{secret}          the value; ?version= for another than the current one
//	PUT    /vaults/{vault}/secrets/{secret}          Secret: value, contentType, tags, disabled, notBefore, expires, created, updated
//	DELETE /vaults/{vault}/secrets/{secret}
//	POST   /vaults/{vault}/secrets/{secret}/enable, …/disable, …/recover, …/purge
//	POST   /vaults/{vault}/certificates/{name}       Certificate: pem, or dnsNames and more to generate one
//	GET    /vaults/{vault}/writes                    who changed which secret when; ?secret= for one
//
//	GET    /subscriptions
//	PUT    /subscriptions/{subscription}             Subscription: tenantId, state, roleAssignments, resourceGroups, registrations, policies, padding
//	PUT    /subscriptions/{subscription}/resourcegroups/{group}
//	                                                 ResourceGroup: location
//	PUT    /subscriptions/{subscription}/roleassignments
//	                                                 ScopedRoleAssignment: scope, principalId, principalType, role, condition
//	DELETE /subscriptions/{subscription}/roleassignments
//	                                                 ScopedRoleAssignment, as it was put
//	PUT    /groups/{group}                           Members: members
//	PUT    /clusters                                 Cluster: subscriptionId, resourceGroup, name, issuer, enabled
//	GET    /delays
//	PUT    /delays                                   DelaysState: principal, credential, role, vault
//	GET    /resources                                how often each resource was created, deleted and more
//	GET    /resources/events                         who made which change when
//
//	GET    /faults
//	POST   /faults                                   FaultState: host, vault, operation, secret, identity, effect, status, retryAfter, …
//	DELETE /faults, /faults/{id}
//	PUT    /latency                                  Latency: latency
//	GET    /counts
//	DELETE /counts
package azure
