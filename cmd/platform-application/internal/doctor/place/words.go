// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import "github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"

// Codes of what is wrong with places, and with the issuer of tokens.
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

// noAccess is what breaks when a provider gets no token of Entra ID, and noNetwork when it reaches nobody there.
const (
	noAccess  = "{place} gets no token of Entra ID, so nothing is created or changed in Azure for any application."
	noNetwork = "{place} cannot work: vaults, identities and secrets of applications stay unready."
	unseen    = "Faults there stay unnoticed."
	// probeAgain looks from all places again.
	probeAgain = "kubectl replace --force --kustomize {base}"
)

// Words of the codes.
func Words() finding.Catalogue {
	out, err := finding.Merge(probeWords(), networkWords(), issuerWords(), tokenWords())
	if err != nil {
		panic(err) // A code is in two of them, which a test would see.
	}

	return out
}

// probeWords are about probes.
func probeWords() finding.Catalogue {
	return finding.Catalogue{
		PlaceNotProbed: {
			Severity: finding.Unknown,
			Wrong:    "Nobody has looked from where the pods of {places} run.",
			Breaks:   "If DNS, a network policy, a firewall or Entra ID stops these pods, it stays unnoticed.",
			Mend:     "Start the probes, and run the doctor again within an hour:\n" + probeAgain,
		},
		ProbeUnfinished: {
			Severity: finding.Unknown,
			Wrong:    "{object}, which looks from where the pods of {place} run, has not finished: {error}",
			Breaks:   unseen,
			Mend:     "See what the Job waits for, and run the doctor again:\nkubectl describe pods --namespace {namespace} --selector batch.kubernetes.io/job-name=platform-application-doctor-{place}",
		},
		ProbeFailed: {
			Severity: finding.Unknown,
			Wrong:    "{object}, which looks from where the pods of {place} run, has not said what it saw: {error}",
			Breaks:   unseen,
			Mend:     "Start the probes again, in the version of this doctor:\n" + probeAgain,
		},
		ProbeCannotRead: {
			Severity: finding.Unknown,
			Wrong:    "The probe of {place} cannot read {objects}.",
			Breaks:   "It does not know who the provider is in Azure, or in which cloud, so faults stay unnoticed.",
			Mend:     "Start the probes again, with the roles of their kustomization:\n" + probeAgain,
		},
		ProbePolicyDiffers: {
			Severity: finding.Unknown,
			Wrong:    "{object} selects either the pods of {place} or their probe, and not both.",
			Breaks:   "The probe reaches others than the provider does, so faults stay unnoticed.",
			Mend:     "Give the probe the labels that the policy selects, in a patch of its kustomization, except pkg.crossplane.io/revision:\nkubectl get networkpolicies --namespace {namespace} --output yaml",
		},
		ProbeDiffers: {
			Severity: finding.Unknown,
			Wrong:    "{object} differs from the pods of {place} in {fields}.",
			Breaks:   "The probe reaches others than the provider does, so faults stay unnoticed.",
			Mend:     "Set the same in spec.template.spec of the Job, in a patch of its kustomization, as in the DeploymentRuntimeConfig:\nkubectl get deploymentruntimeconfigs.pkg.crossplane.io {place} --output yaml",
		},
	}
}

// networkWords are about ways to Azure.
func networkWords() finding.Catalogue {
	return finding.Catalogue{
		NameNotResolved: {
			Severity: finding.Error,
			Wrong:    "Pods of {place} cannot resolve {host}: {error}",
			Breaks:   noNetwork,
			Mend:     "Allow these pods the DNS of the cluster in network policies, and have that DNS resolve the name:\nkubectl get networkpolicies --namespace {namespace} --output yaml\nkubectl get configmaps --namespace kube-system coredns coredns-custom --ignore-not-found --output yaml",
		},
		EgressBlocked: {
			Severity: finding.Error,
			Wrong:    "Pods of {place} cannot connect to {host} on port 443: {error}",
			Breaks:   noNetwork,
			Mend:     "Allow TCP port 443 to {target}, in network policies and in the firewall behind the nodes. With Azure Firewall:\naz network firewall application-rule create --firewall-name FIREWALL --resource-group FIREWALL_GROUP --collection-name platform-application --name {place} --priority 200 --action Allow --protocols Https=443 --source-addresses NODE_SUBNET --target-fqdns {target}",
		},
		ProxyUnreachable: {
			Severity: finding.Error,
			Wrong:    "Pods of {place} cannot connect to {proxy}, the proxy of their environment: {error}",
			Breaks:   noNetwork,
			Mend:     "Correct HTTPS_PROXY in the DeploymentRuntimeConfig and in the kustomization of the probes, or allow the proxy in network policies:\nkubectl edit deploymentruntimeconfigs.pkg.crossplane.io {place}",
		},
		ProxyRefuses: {
			Severity: finding.Error,
			Wrong:    "The proxy {proxy} does not connect pods of {place} to {host}. It answers with status {status}.",
			Breaks:   noNetwork,
			Mend:     "Allow CONNECT to {target}:443 in the configuration of the proxy, without a login, or name the host in NO_PROXY:\nkubectl edit deploymentruntimeconfigs.pkg.crossplane.io {place}",
		},
		TLSIntercepted: {
			Severity: finding.Error,
			Wrong:    "Pods of {place} get a certificate for {host} from an authority that they do not trust: {authority}. Something on the way decrypts TLS.",
			Breaks:   noNetwork,
			Mend:     "Except {target} from TLS inspection. If you may not, put the authority into a ConfigMap, mount it, and set SSL_CERT_DIR to /etc/ssl/certs and the directory of the mount, in the DeploymentRuntimeConfig and in the kustomization of the probes:\nkubectl create configmap company-ca --namespace {namespace} --from-file ca.crt\nkubectl edit deploymentruntimeconfigs.pkg.crossplane.io {place}",
		},
		CertificateInvalid: {
			Severity: finding.Error,
			Wrong:    "Pods of {place} get a certificate for {host} that is not valid: {error}",
			Breaks:   noNetwork,
			Mend:     "See that DNS or a proxy does not lead to another host, and that the clock of node {node} is right:\nkubectl get node {node} --output jsonpath='{.spec.providerID}' | cut -c9- | xargs az vmss run-command invoke --command-id RunShellScript --scripts 'chronyc tracking' --ids",
		},
		VaultNotTried: {
			Severity: finding.Warning,
			Wrong:    "There is no vault yet whose address pods of {place} could connect to. Looking for {host} shows no more than that DNS or the proxy answers.",
			Breaks:   "If a firewall blocks *.vault.azure.net, secrets of the first application stay unready.",
			Mend:     "Run the doctor again when the first application has its vault:\n" + probeAgain,
		},
		ClockDiffers: {
			Severity: finding.Error,
			Wrong:    "The clock of node {node} differs from that of {host} by {seconds} seconds.",
			Breaks:   "Entra ID refuses tokens with times that are more than 5 minutes off.",
			Mend:     "Set the clock of the node:\nkubectl get node {node} --output jsonpath='{.spec.providerID}' | cut -c9- | xargs az vmss run-command invoke --command-id RunShellScript --scripts 'chronyc makestep' --ids",
		},
		// An Error also where nobody wants network policies: then they are to be taken away, and not to look as if they protected anything.
		PoliciesNotEnforced: {
			Severity: finding.Error,
			Wrong:    "Pods of {place} reach the metadata service of their node, which network policies forbid. The network of this cluster does not enforce network policies.",
			Breaks:   "No network policy protects anything. Pods can get the identity of the node.",
			Mend:     "Turn on network policies. Azure replaces all nodes for it, several at a time:\naz aks update --name CLUSTER --resource-group CLUSTER_GROUP --network-dataplane cilium",
		},
	}
}

// issuerWords are about the issuer of the cluster's tokens.
func issuerWords() finding.Catalogue {
	return finding.Catalogue{
		IssuerDocumentMissing: {
			Severity: finding.Error,
			Wrong:    "The issuer {issuer} does not publish the documents that Entra ID verifies tokens with: {error}",
			Breaks:   "Entra ID refuses the providers and every application.",
			Mend:     "Turn on the issuer of the cluster. On a cluster that is not of AKS, publish the documents that its API server has:\naz aks update --name CLUSTER --resource-group CLUSTER_GROUP --enable-oidc-issuer\nkubectl get --raw /.well-known/openid-configuration\nkubectl get --raw /openid/v1/jwks",
		},
		IssuerDocumentDiffers: {
			Severity: finding.Error,
			Wrong:    "{document} names the issuer {has}, and the issuer of the cluster is {issuer}. They have to be the same, including the slash at the end.",
			Breaks:   "Entra ID refuses the providers and every application.",
			Mend:     "Publish the document that the API server has, or start the API server with --service-account-issuer={has}:\nkubectl get --raw /.well-known/openid-configuration",
		},
		IssuerKeyMissing: {
			Severity: finding.Error,
			Wrong:    "The issuer {issuer} does not publish the key {key}, which tokens of the cluster are signed with.",
			Breaks:   "Entra ID cannot verify tokens with that key, and refuses the providers and applications.",
			Mend:     "Publish the keys that the API server has, at jwks_uri of {document}. On AKS wait for 10 minutes after a rotation:\nkubectl get --raw /openid/v1/jwks",
		},
		IssuerKeysUnknown: {
			Severity: finding.Unknown,
			Wrong:    "The doctor cannot tell which keys tokens of the cluster are signed with: {error}",
			Breaks:   "If the issuer {issuer} does not publish them, Entra ID refuses the providers and every application.",
			Mend:     "Compare the keys yourself, as somebody who may read them:\nkubectl get --raw /openid/v1/jwks",
		},
		IssuerNotSeen: {
			Severity: finding.Unknown,
			Wrong:    "The doctor cannot reach the issuer {issuer} from here: {error}",
			Breaks:   "If Entra ID cannot reach it from the internet either, it refuses the providers and every application.",
			Mend:     "Look from a machine that reaches the internet. The answer has to be a document that names the issuer:\ncurl {document}",
		},
		IssuerUnreachable: {
			Severity: finding.Error,
			Wrong:    "Entra ID cannot read the documents of the issuer {issuer} ({code}).",
			Breaks:   noAccess,
			Mend:     "Publish them on the internet, with a certificate that is trusted everywhere. Look from outside of your network:\ncurl {document}",
		},
	}
}

// tokenWords are about tokens of the providers.
func tokenWords() finding.Catalogue {
	return finding.Catalogue{
		TokenMissing: {
			Severity: finding.Error,
			Wrong:    "Pods of {place} have no token for Entra ID at {path}: {error}",
			Breaks:   noAccess,
			Mend:     "In settings.yaml, set oidcTokenFilePath of the ClusterProviderConfig to the path at which the runtime configuration mounts the token, which is /var/run/secrets/p6m.dev/entra/token in the base, and apply it:\n" + finding.Apply,
		},
		TokenDiffers: {
			Severity: finding.Error,
			Wrong:    "The {claim} of the token of {place} at {path} is {has}. It has to be {wants}.",
			Breaks:   noAccess,
			Mend:     "Apply the base again, which has the runtime configurations with the token and its audience:\n" + finding.Apply,
		},
		TokenNotTrusted: {
			Severity: finding.Error,
			Wrong:    "Identity {client} has no federated credential for issuer {issuer} and subject {subject} ({code}).",
			Breaks:   noAccess,
			Mend:     "Create it. It takes some minutes until Entra ID knows it:\naz identity federated-credential create --name {place} --identity-name {identity} --resource-group rg-platform --issuer {issuer} --subject {subject} --audiences api://AzureADTokenExchange",
		},
		TokenNotVerified: {
			Severity: finding.Error,
			Wrong:    "Entra ID cannot verify the token of {place}: it is not signed with a key that the issuer {issuer} publishes ({code}).",
			Breaks:   noAccess,
			Mend:     "Publish the keys that the API server has, at jwks_uri of the issuer:\nkubectl get --raw /openid/v1/jwks",
		},
		TokenOutOfTime: {
			Severity: finding.Error,
			Wrong:    "Entra ID takes the token of {place} for expired or not valid yet ({code}).",
			Breaks:   noAccess,
			Mend:     "Set the clocks of the control plane and of the node:\nkubectl get node {node} --output jsonpath='{.spec.providerID}' | cut -c9- | xargs az vmss run-command invoke --command-id RunShellScript --scripts 'chronyc makestep' --ids",
		},
		ClientUnknown: {
			Severity: finding.Error,
			Wrong:    "Tenant {tenant} has no identity with client id {client}, or it is disabled ({code}).",
			Breaks:   noAccess,
			Mend:     "Set the client id of the identity in settings.yaml, and apply it:\naz identity show --name {identity} --resource-group rg-platform --query clientId --output tsv",
		},
		TenantUnknown: {
			Severity: finding.Error,
			Wrong:    "There is no tenant {tenant} in this cloud ({code}).",
			Breaks:   noAccess,
			Mend:     "Set the tenant in settings.yaml, and environment and cloud if it is not in the public one:\naz account show --query tenantId --output tsv",
		},
		TenantRefuses: {
			Severity: finding.Error,
			Wrong:    "A policy of tenant {tenant} refuses tokens of this issuer or of identity {client} ({code}).",
			Breaks:   noAccess,
			Mend:     "Ask the administrators of the tenant to allow the issuer {issuer} for workload identity federation, and the identity in Conditional Access. The sign-in log of this service principal says which policy it was:\naz ad sp show --id {client}",
		},
		SignInRefused: {
			Severity: finding.Error,
			Wrong:    "Entra ID refuses identity {client} of tenant {tenant} ({code}).",
			Breaks:   noAccess,
			Mend:     "Read what the code means, and correct the identity:\ncurl \"https://login.microsoftonline.com/error?code={number}\"",
		},
		SignInUnanswered: {
			Severity: finding.Unknown,
			Wrong:    "Entra ID does not say whether it takes the token of {place}: {error}",
			Breaks:   unseen,
			Mend:     "Start the probes again in some minutes:\n" + probeAgain,
		},
		SignInNotTried: {
			Severity: finding.Unknown,
			Wrong:    "{place} signs in with {source}, which the doctor does not try: it reads no Secret and takes no identity of a node.",
			Breaks:   "If the credentials are wrong or expired, it stays unnoticed.",
			Mend:     "Sign in with workload identity, as the base has it, or look at the resources of an application:\nkubectl get managed --all-namespaces",
		},
	}
}
