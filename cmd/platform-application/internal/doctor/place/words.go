// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import "github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"

// Codes of the area place.
const (
	PlaceNotProbed     finding.Code = "PlaceNotProbed"
	ProbeUnfinished    finding.Code = "ProbeUnfinished"
	ProbeFailed        finding.Code = "ProbeFailed"
	ProbeCannotRead    finding.Code = "ProbeCannotRead"
	ProbePolicyDiffers finding.Code = "ProbePolicyDiffers"
	ProbeDiffers       finding.Code = "ProbeDiffers"

	NameNotResolved     finding.Code = "NameNotResolved"
	EgressBlocked       finding.Code = "EgressBlocked"
	ProxyUnreachable    finding.Code = "ProxyUnreachable"
	ProxyRefuses        finding.Code = "ProxyRefuses"
	TLSIntercepted      finding.Code = "TLSIntercepted"
	CertificateInvalid  finding.Code = "CertificateInvalid"
	VaultNotTried       finding.Code = "VaultNotTried"
	VaultFirewallBlocks finding.Code = "VaultFirewallBlocks"
	VaultPrivateOnly    finding.Code = "VaultPrivateOnly"
	ClockDiffers        finding.Code = "ClockDiffers"
	PoliciesNotEnforced finding.Code = "PoliciesNotEnforced"

	IssuerDocumentMissing finding.Code = "IssuerDocumentMissing"
	IssuerDocumentDiffers finding.Code = "IssuerDocumentDiffers"
	IssuerKeyMissing      finding.Code = "IssuerKeyMissing"
	IssuerKeysUnknown     finding.Code = "IssuerKeysUnknown"
	IssuerNotSeen         finding.Code = "IssuerNotSeen"
	IssuerUnreachable     finding.Code = "IssuerUnreachable"

	TokenMissing     finding.Code = "TokenMissing"
	TokenDiffers     finding.Code = "TokenDiffers"
	TokenNotTrusted  finding.Code = "TokenNotTrusted"
	TokenNotVerified finding.Code = "TokenNotVerified"
	TokenOutOfTime   finding.Code = "TokenOutOfTime"
	ClientUnknown    finding.Code = "ClientUnknown"
	TenantUnknown    finding.Code = "TenantUnknown"
	TenantRefuses    finding.Code = "TenantRefuses"
	SignInRefused    finding.Code = "SignInRefused"
	SignInUnanswered finding.Code = "SignInUnanswered"
	SignInNotTried   finding.Code = "SignInNotTried"
)

const (
	// noAccess is the impact on a provider that gets no token from Entra ID, and noNetwork on one that cannot connect.
	noAccess  = "{place} gets no token from Entra ID, so nothing is created or changed in Azure for any application."
	noNetwork = "{place} does not work: vaults, identities and secrets of applications stay unready."
	unseen    = "Faults there stay unnoticed."

	// probeAgain starts all probes again.
	probeAgain = "kubectl replace --force --kustomize {base}"
)

// problemPhrases are the phrases of all problems.
func problemPhrases() map[string]map[string]string {
	return map[string]map[string]string{"error": {
		string(Failed):       "{detail}",
		string(NoFile):       "there is no such file",
		string(Unreadable):   "the file cannot be read",
		string(NotJWT):       "the file contains no JSON Web Token",
		string(NotHTTPS):     "{address} is not an HTTPS URL",
		string(BadStatus):    "{address} responds with status {status}",
		string(NotJSON):      "{address} does not contain the expected JSON",
		string(NoKeys):       "jwks_uri leads to no keys",
		string(BadTenant):    "tenantID is not valid in a URL",
		string(NoCode):       "it responds with status {status} and without an error code of Entra ID",
		string(NoPod):        "it has no pod yet",
		string(PodPhase):     "its pod is {detail}",
		string(NoFacts):      "its log has no facts of this version: {detail}",
		string(NoTokenFact):  "its log has no facts about a token",
		string(NoAnswerFact): "its log has no response of Entra ID",
	}}
}

// Words returns the sentences of the codes.
func Words() finding.Catalogue {
	out, err := finding.Merge(probeWords(), networkWords(), issuerWords(), tokenWords())
	if err != nil {
		panic(err) // A code is in two of them, which a test would find.
	}

	return out
}

// probeWords returns the sentences about probes.
func probeWords() finding.Catalogue {
	return finding.Catalogue{
		PlaceNotProbed: {
			Severity: finding.Unknown,
			Problem:  "The network of {places} has not been probed.",
			Impact:   "If DNS, a network policy, a firewall or Entra ID blocks these pods, it stays unnoticed.",
			Fix:      "Start the probes, and run the doctor again within an hour:\n" + probeAgain,
		},
		ProbeUnfinished: {
			Severity: finding.Unknown,
			Problem:  "{object}, the probe of {place}, has not finished: {error}",
			Impact:   unseen,
			Fix:      "Check what the Job waits for, and run the doctor again:\nkubectl describe pods --namespace {namespace} --selector batch.kubernetes.io/job-name=platform-application-doctor-{place}",
			Phrases:  problemPhrases(),
		},
		ProbeFailed: {
			Severity: finding.Unknown,
			Problem:  "{object}, the probe of {place}, has reported no complete result: {error}",
			Impact:   unseen,
			Fix:      "Start the probes again, in the version of this doctor:\n" + probeAgain,
			Phrases:  problemPhrases(),
		},
		ProbeCannotRead: {
			Severity: finding.Unknown,
			Problem:  "The probe of {place} cannot read {objects}.",
			Impact:   "It does not know the Azure identity or the cloud of the provider, so faults stay unnoticed.",
			Fix:      "Start the probes again, with the roles of their kustomization:\n" + probeAgain,
			Phrases:  map[string]map[string]string{"objects": {apiServer: "from the API server"}},
		},
		ProbePolicyDiffers: {
			Severity: finding.Unknown,
			Problem:  "{object} selects the pods of {place} but not their probe, or the other way round.",
			Impact:   "The probe can reach different hosts than the provider, so faults stay unnoticed.",
			Fix:      "In a patch of its kustomization, give the probe the labels that the policy selects, except pkg.crossplane.io/revision:\nkubectl get networkpolicies --namespace {namespace} --output yaml",
		},
		ProbeDiffers: {
			Severity: finding.Unknown,
			Problem:  "{object} differs from the pods of {place} in: {fields}",
			Impact:   "The probe can reach different hosts than the provider, so faults stay unnoticed.",
			Fix:      "Copy these fields from the DeploymentRuntimeConfig to spec.template.spec of the Job, in a patch of its kustomization:\nkubectl get deploymentruntimeconfigs.pkg.crossplane.io {place} --output yaml",
		},
	}
}

// networkWords returns the sentences about connections to Azure.
func networkWords() finding.Catalogue {
	return finding.Catalogue{
		NameNotResolved: {
			Severity: finding.Error,
			Problem:  "Pods of {place} cannot resolve {host}: {error}",
			Impact:   noNetwork,
			Fix:      "Allow these pods to use the DNS of the cluster in network policies, and check that this DNS resolves the name:\nkubectl get networkpolicies --namespace {namespace} --output yaml\nkubectl get configmaps --namespace kube-system coredns coredns-custom --ignore-not-found --output yaml",
		},
		EgressBlocked: {
			Severity: finding.Error,
			Problem:  "Pods of {place} cannot connect to {host} on port 443: {error}",
			Impact:   noNetwork,
			Fix:      "Allow TCP port 443 to {target} in network policies and in the firewall of the nodes. With Azure Firewall:\naz network firewall application-rule create --firewall-name FIREWALL --resource-group FIREWALL_GROUP --collection-name platform-application --name {place} --priority 200 --action Allow --protocols Https=443 --source-addresses NODE_SUBNET --target-fqdns {target}",
		},
		ProxyUnreachable: {
			Severity: finding.Error,
			Problem:  "Pods of {place} cannot connect to proxy {proxy}: {error}",
			Impact:   noNetwork,
			Fix:      "Correct HTTPS_PROXY in the DeploymentRuntimeConfig and in the kustomization of the probes, or allow the proxy in network policies:\nkubectl edit deploymentruntimeconfigs.pkg.crossplane.io {place}",
			Phrases:  map[string]map[string]string{"error": {string(BadProxy): "its address is invalid"}},
		},
		ProxyRefuses: {
			Severity: finding.Error,
			Problem:  "Proxy {proxy} rejects connections from pods of {place} to {host} with status {status}.",
			Impact:   noNetwork,
			Fix:      "Allow CONNECT to {target}:443 without a login in the configuration of the proxy, or add the host to NO_PROXY:\nkubectl edit deploymentruntimeconfigs.pkg.crossplane.io {place}",
		},
		TLSIntercepted: {
			Severity: finding.Error,
			Problem:  "Pods of {place} get a certificate for {host} from an untrusted authority: {authority}. A proxy or firewall decrypts TLS.",
			Impact:   noNetwork,
			Fix:      "Exclude {target} from TLS inspection. If that is not allowed, put the authority into a ConfigMap, mount it, and set SSL_CERT_DIR to /etc/ssl/certs and the directory of the mount, in the DeploymentRuntimeConfig and in the kustomization of the probes:\nkubectl create configmap company-ca --namespace {namespace} --from-file ca.crt\nkubectl edit deploymentruntimeconfigs.pkg.crossplane.io {place}",
		},
		CertificateInvalid: {
			Severity: finding.Error,
			Problem:  "Pods of {place} get an invalid certificate for {host}: {error}",
			Impact:   noNetwork,
			Fix:      "Check that DNS and proxies lead to the right host, and that the clock of node {node} is correct:\nkubectl get node {node} --output jsonpath='{.spec.providerID}' | cut -c9- | xargs az vmss run-command invoke --command-id RunShellScript --scripts 'chronyc tracking' --ids",
		},
		VaultNotTried: {
			Severity: finding.Warning,
			Problem:  "There is no vault yet, so the doctor did not test whether pods of {place} can connect to one. The lookup of {host} tested only DNS or the proxy.",
			Impact:   "If a firewall blocks *.vault.azure.net, secrets of the first application stay unready.",
			Fix:      "When the first application has its vault, run the doctor again:\n" + probeAgain,
		},
		VaultFirewallBlocks: {
			Severity: finding.Error,
			Problem:  "The firewall of vault {host} blocks the network of {place} (ForbiddenByFirewall).",
			Impact:   "Secrets of that vault are Unreachable. Running pods keep their values.",
			Fix:      "If the vault has a private endpoint, link its DNS zone to the network of the cluster: there, {host} must resolve to an address of the subnet. Otherwise add the outgoing addresses of the cluster to keyVault.network.ipRules, and change the vaults that exist, as docs/how-to/private-vaults.md says.",
		},
		VaultPrivateOnly: {
			Severity: finding.Error,
			Problem:  "Vault {host} accepts connections only through a private endpoint, and {place} does not use one (ForbiddenByConnection).",
			Impact:   "Secrets of that vault are Unreachable. Running pods keep their values.",
			Fix:      "Set keyVault.network.privateEndpoint, as docs/how-to/private-vaults.md says. If the vault has an endpoint, approve its connection, and link its DNS zone to the network of the cluster: there, {host} must resolve to an address of the subnet.",
		},
		ClockDiffers: {
			Severity: finding.Error,
			Problem:  "The clocks of node {node} and of {host} differ by {seconds} seconds.",
			Impact:   "Entra ID rejects tokens with times that are more than 5 minutes off.",
			Fix:      "Set the clock of the node:\nkubectl get node {node} --output jsonpath='{.spec.providerID}' | cut -c9- | xargs az vmss run-command invoke --command-id RunShellScript --scripts 'chronyc makestep' --ids",
		},
		// An error even for teams without an interest in network policies: unenforced policies should be removed, because they give
		// false confidence.
		PoliciesNotEnforced: {
			Severity: finding.Error,
			Problem:  "Pods of {place} reach the metadata service of their node, although network policies forbid it. The network of this cluster does not enforce network policies.",
			Impact:   "No network policy has an effect. Pods can use the identity of the node.",
			Fix:      "Enable network policies. Azure replaces all nodes for it, several at a time:\naz aks update --name CLUSTER --resource-group CLUSTER_GROUP --network-dataplane cilium",
		},
	}
}

// issuerWords returns the sentences about the issuer of the cluster's tokens.
func issuerWords() finding.Catalogue {
	return finding.Catalogue{
		IssuerDocumentMissing: {
			Severity: finding.Error,
			Problem:  "Issuer {issuer} does not publish the documents with which Entra ID verifies tokens: {error}",
			Impact:   "Entra ID rejects the providers and every application.",
			Fix:      "Enable the issuer of the cluster. On a cluster other than AKS, publish the documents of its API server:\naz aks update --name CLUSTER --resource-group CLUSTER_GROUP --enable-oidc-issuer\nkubectl get --raw /.well-known/openid-configuration\nkubectl get --raw /openid/v1/jwks",
			Phrases:  problemPhrases(),
		},
		IssuerDocumentDiffers: {
			Severity: finding.Error,
			Problem:  "{document} names issuer {has}, but the issuer of the cluster is {issuer}. They must be identical, including the trailing slash.",
			Impact:   "Entra ID rejects the providers and every application.",
			Fix:      "Publish the document of the API server, or start the API server with --service-account-issuer={has}:\nkubectl get --raw /.well-known/openid-configuration",
		},
		IssuerKeyMissing: {
			Severity: finding.Error,
			Problem:  "Issuer {issuer} does not publish key {key}, which signs tokens of the cluster.",
			Impact:   "Entra ID cannot verify tokens with that key, and rejects the providers and applications.",
			Fix:      "Publish the keys of the API server at jwks_uri of {document}. On AKS, wait 10 minutes after a rotation:\nkubectl get --raw /openid/v1/jwks",
		},
		IssuerKeysUnknown: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot determine the keys that sign tokens of the cluster: {error}",
			Impact:   "If issuer {issuer} does not publish them, Entra ID rejects the providers and every application.",
			Fix:      "Compare the keys, using an account that has permission to read them:\nkubectl get --raw /openid/v1/jwks",
			Phrases:  map[string]map[string]string{"error": {string(NoKeys): "the API server has no keys"}},
		},
		IssuerNotSeen: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot reach issuer {issuer} from here: {error}",
			Impact:   "If Entra ID cannot reach it from the internet either, it rejects the providers and every application.",
			Fix:      "Run this on a machine with access to the internet. It must print a document that names the issuer:\ncurl {document}",
		},
		IssuerUnreachable: {
			Severity: finding.Error,
			Problem:  "Entra ID cannot read the documents of issuer {issuer} ({code}).",
			Impact:   noAccess,
			Fix:      "Publish them on the internet, with a publicly trusted certificate. Test it from outside of your network:\ncurl {document}",
		},
	}
}

// tokenWords returns the sentences about tokens of the providers.
func tokenWords() finding.Catalogue {
	return finding.Catalogue{
		TokenMissing: {
			Severity: finding.Error,
			Problem:  "Pods of {place} have no token for Entra ID at {path}: {error}",
			Impact:   noAccess,
			Fix:      "In settings.yaml, set oidcTokenFilePath of the ClusterProviderConfig to the path at which the runtime configuration mounts the token (in the base /var/run/secrets/p6m.dev/entra/token), and apply it:\n" + finding.Apply,
			Phrases:  problemPhrases(),
		},
		TokenDiffers: {
			Severity: finding.Error,
			Problem:  "The {claim} of the token of {place} at {path} is {has}. It must be {wants}.",
			Impact:   noAccess,
			Fix:      "Apply the base again. Its runtime configurations set the token and the audience:\n" + finding.Apply,
		},
		TokenNotTrusted: {
			Severity: finding.Error,
			Problem:  "Identity {client} has no federated credential for issuer {issuer} and subject {subject} ({code}).",
			Impact:   noAccess,
			Fix:      "Create it. Entra ID needs some minutes to accept it:\naz identity federated-credential create --name {place} --identity-name {identity} --resource-group rg-platform --issuer {issuer} --subject {subject} --audiences api://AzureADTokenExchange",
		},
		TokenNotVerified: {
			Severity: finding.Error,
			Problem:  "Entra ID cannot verify the token of {place}: issuer {issuer} does not publish the key that signed it ({code}).",
			Impact:   noAccess,
			Fix:      "Publish the keys of the API server at jwks_uri of the issuer:\nkubectl get --raw /openid/v1/jwks",
		},
		TokenOutOfTime: {
			Severity: finding.Error,
			Problem:  "Entra ID considers the token of {place} expired or not yet valid ({code}).",
			Impact:   noAccess,
			Fix:      "Set the clocks of the control plane and of the node:\nkubectl get node {node} --output jsonpath='{.spec.providerID}' | cut -c9- | xargs az vmss run-command invoke --command-id RunShellScript --scripts 'chronyc makestep' --ids",
		},
		ClientUnknown: {
			Severity: finding.Error,
			Problem:  "Tenant {tenant} has no identity with client id {client}, or the identity is disabled ({code}).",
			Impact:   noAccess,
			Fix:      "Set the client id of the identity in settings.yaml, and apply it:\naz identity show --name {identity} --resource-group rg-platform --query clientId --output tsv",
		},
		TenantUnknown: {
			Severity: finding.Error,
			Problem:  "Tenant {tenant} does not exist in this cloud ({code}).",
			Impact:   noAccess,
			Fix:      "Set the tenant in settings.yaml, and also environment and cloud if the tenant is outside of the public cloud:\naz account show --query tenantId --output tsv",
		},
		TenantRefuses: {
			Severity: finding.Error,
			Problem:  "A policy of tenant {tenant} rejects tokens of this issuer or of identity {client} ({code}).",
			Impact:   noAccess,
			Fix:      "Ask the administrators of the tenant to allow issuer {issuer} for workload identity federation, and the identity in Conditional Access. The sign-in log of this service principal names the policy:\naz ad sp show --id {client}",
		},
		SignInRefused: {
			Severity: finding.Error,
			Problem:  "Entra ID rejects identity {client} of tenant {tenant} ({code}).",
			Impact:   noAccess,
			Fix:      "Look up the code, and correct the identity:\ncurl \"https://login.microsoftonline.com/error?code={number}\"",
		},
		SignInUnanswered: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot determine whether Entra ID accepts the token of {place}: {error}",
			Impact:   unseen,
			Fix:      "Start the probes again in some minutes:\n" + probeAgain,
			Phrases:  problemPhrases(),
		},
		SignInNotTried: {
			Severity: finding.Unknown,
			Problem:  "{place} signs in with {source}. The doctor cannot test that: it reads no Secrets and never uses the node's identity.",
			Impact:   "Wrong or expired credentials stay unnoticed.",
			Fix:      "Sign in with workload identity as in the base, or check the resources of an application:\nkubectl get managed --all-namespaces",
		},
	}
}
