// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import "github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"

// Codes of the area.
const (
	KubernetesTooOld               finding.Code = "KubernetesTooOld"
	KubernetesVersionUnknown       finding.Code = "KubernetesVersionUnknown"
	CrossplaneMissing              finding.Code = "CrossplaneMissing"
	CrossplaneElsewhere            finding.Code = "CrossplaneElsewhere"
	CrossplaneNamespaceUnsupported finding.Code = "CrossplaneNamespaceUnsupported"
	CrossplaneNotRunning           finding.Code = "CrossplaneNotRunning"
	CrossplaneTooOld               finding.Code = "CrossplaneTooOld"
	CrossplaneVersionUnknown       finding.Code = "CrossplaneVersionUnknown"
	RBACManagerMissing             finding.Code = "RBACManagerMissing"
	RBACManagerNotRunning          finding.Code = "RBACManagerNotRunning"
	CircuitBreakerLow              finding.Code = "CircuitBreakerLow"
	PackageMissing                 finding.Code = "PackageMissing"
	PackageNotInstalled            finding.Code = "PackageNotInstalled"
	PackageNotHealthy              finding.Code = "PackageNotHealthy"
	PackageMisnamed                finding.Code = "PackageMisnamed"
	VersionsDiffer                 finding.Code = "VersionsDiffer"
	AzureVersionsDiffer            finding.Code = "AzureVersionsDiffer"
	RuntimeConfigNotSet            finding.Code = "RuntimeConfigNotSet"
	RuntimeConfigMissing           finding.Code = "RuntimeConfigMissing"
	ServiceAccountWrong            finding.Code = "ServiceAccountWrong"
	ServiceAccountMissing          finding.Code = "ServiceAccountMissing"
	FunctionRuntimeNotSet          finding.Code = "FunctionRuntimeNotSet"
	TokenFileNotMounted            finding.Code = "TokenFileNotMounted"
	TokenAudienceWrong             finding.Code = "TokenAudienceWrong"
	DefinitionMissing              finding.Code = "DefinitionMissing"
	DefinitionNotReady             finding.Code = "DefinitionNotReady"
	VariantsBoth                   finding.Code = "VariantsBoth"
	CompositionMissing             finding.Code = "CompositionMissing"
	CompositionAmbiguous           finding.Code = "CompositionAmbiguous"
	KindMissing                    finding.Code = "KindMissing"
	KindInactive                   finding.Code = "KindInactive"
	GrantMissing                   finding.Code = "GrantMissing"
	PolicyMissing                  finding.Code = "PolicyMissing"
	PolicyUnbound                  finding.Code = "PolicyUnbound"
	PolicyAudited                  finding.Code = "PolicyAudited"
	PolicyIgnoresFailures          finding.Code = "PolicyIgnoresFailures"
	PolicyAdmits                   finding.Code = "PolicyAdmits"
	PolicyUntried                  finding.Code = "PolicyUntried"
	ImpersonationForbidden         finding.Code = "ImpersonationForbidden"
	PoliciesNotTried               finding.Code = "PoliciesNotTried"
	ParametersMissing              finding.Code = "ParametersMissing"
	PlatformAccountTooWide         finding.Code = "PlatformAccountTooWide"
	AzureProviderUnlisted          finding.Code = "AzureProviderUnlisted"
	NamespacesUnlabelled           finding.Code = "NamespacesUnlabelled"
	NamespaceUnlabelled            finding.Code = "NamespaceUnlabelled"
	PlatformNamespaceLabelled      finding.Code = "PlatformNamespaceLabelled"
	TenantMissing                  finding.Code = "TenantMissing"
	WebhookMissing                 finding.Code = "WebhookMissing"
	NetworkPolicyMissing           finding.Code = "NetworkPolicyMissing"
	KEDAMissing                    finding.Code = "KEDAMissing"
	AllowedNamespaceMissing        finding.Code = "AllowedNamespaceMissing"
	IngressClassMissing            finding.Code = "IngressClassMissing"
	SampleValues                   finding.Code = "SampleValues"
	SubscriptionDiffers            finding.Code = "SubscriptionDiffers"
	TenantDiffers                  finding.Code = "TenantDiffers"
	CloudDiffers                   finding.Code = "CloudDiffers"
	ProviderConfigIncomplete       finding.Code = "ProviderConfigIncomplete"
	CredentialsSource              finding.Code = "CredentialsSource"
	IssuerDiffers                  finding.Code = "IssuerDiffers"
	CreatorMissing                 finding.Code = "CreatorMissing"
)

// withArgoCD is where Crossplane is set if there is no release of Helm.
const withArgoCD = "With Argo CD, set it in the Application, which is package/platform/argocd/apps/crossplane.yaml in the base. With Helm:"

// Words of the codes.
func Words() finding.Catalogue {
	return finding.Catalogue{
		KubernetesTooOld: {
			Severity: finding.Error,
			Wrong:    "Kubernetes {version} is older than 1.30.",
			Breaks:   "The admission policies do not exist there. A component that is taken over may write everything that RBAC grants it.",
			Mend:     "Upgrade the cluster to 1.30 or later, one minor version after the other:\naz aks get-upgrades --name CLUSTER --resource-group CLUSTER_GROUP --output table\naz aks upgrade --name CLUSTER --resource-group CLUSTER_GROUP --kubernetes-version VERSION",
		},
		KubernetesVersionUnknown: {
			Severity: finding.Unknown,
			Wrong:    "The version of Kubernetes cannot be read: {version}",
			Breaks:   "Versions before 1.30 have no admission policies.",
			Mend:     "Look yourself whether it is 1.30 or later:\nkubectl version",
		},
		CrossplaneMissing: {
			Severity: finding.Error,
			Wrong:    "There is no {object} in namespace {namespace}.",
			Breaks:   "Nothing is composed.",
			Mend:     "Install Crossplane:\nhelm install crossplane crossplane --repo https://charts.crossplane.io/stable --version 2.4.0 --wait --namespace crossplane-system --create-namespace --set 'args={--circuit-breaker-burst=500}'",
		},
		CrossplaneElsewhere: {
			Severity: finding.Error,
			Wrong:    "There is no {object} in namespace {namespace}, but Crossplane runs in: {namespaces}",
			Breaks:   "The doctor looks for the platform in the wrong namespace, or nothing is composed.",
			Mend:     "Do not install a second one: both would manage the same objects. Run the doctor with the namespace of Crossplane:\nplatform-application doctor --namespace {first}",
		},
		CrossplaneNamespaceUnsupported: {
			Severity: finding.Error,
			Wrong:    "Crossplane is in namespace {namespace}, and the base is for crossplane-system.",
			Breaks:   "ServiceAccounts, policies and federated credentials are for crossplane-system. Packages do not run, or nothing restricts them.",
			Mend:     "Set up the platform on a cluster with Crossplane in crossplane-system, as docs/how-to/set-up-a-platform.md says. The command shows where it is here:\nkubectl get deployments --all-namespaces --selector app=crossplane",
		},
		CrossplaneNotRunning: {
			Severity: finding.Error,
			Wrong:    "No pod of {object} in namespace {namespace} is ready.",
			Breaks:   "No application is composed or changed.",
			Mend:     "Find out why, and mend that:\nkubectl describe pods --namespace {namespace} --selector app=crossplane",
		},
		CrossplaneTooOld: {
			Severity: finding.Error,
			Wrong:    "Crossplane {version} is older than 2.4.",
			Breaks:   "The packages do not become healthy. In older versions a team can have objects of others deleted (GHSA-77cv-mrm6-fr3c).",
			Mend:     "Upgrade Crossplane. " + withArgoCD + "\nhelm upgrade crossplane crossplane --repo https://charts.crossplane.io/stable --version 2.4.0 --wait --namespace {namespace} --reuse-values",
		},
		CrossplaneVersionUnknown: {
			Severity: finding.Unknown,
			Wrong:    "The version of Crossplane cannot be read from its image {image}, nor from the label app.kubernetes.io/version of its Deployment.",
			Breaks:   "Versions before 2.4 let a team have objects of others deleted (GHSA-77cv-mrm6-fr3c).",
			Mend:     "Find out which version it is:\nhelm list --namespace {namespace}",
		},
		RBACManagerMissing: {
			Severity: finding.Warning,
			Wrong:    "There is no {object} in namespace {namespace}.",
			Breaks:   "Nobody grants the providers what they need, unless you do.",
			Mend:     "Grant it as package/provider/rbac.yaml says, or turn the RBAC manager on. " + withArgoCD + "\nhelm upgrade crossplane crossplane --repo https://charts.crossplane.io/stable --version {version} --wait --namespace {namespace} --reuse-values --set rbacManager.deploy=true",
		},
		RBACManagerNotRunning: {
			Severity: finding.Error,
			Wrong:    "No pod of {object} in namespace {namespace} is ready.",
			Breaks:   "Packages that are installed now get no permissions, and do not become healthy.",
			Mend:     "Find out why, and mend that:\nkubectl describe pods --namespace {namespace} --selector app=crossplane-rbac-manager",
		},
		CircuitBreakerLow: {
			Severity: finding.Warning,
			Wrong:    "Crossplane runs without --circuit-breaker-burst=500.",
			Breaks:   "A new application may be told to wait for 5 minutes, with condition Responsive False and reason WatchCircuitOpen.",
			Mend:     "Set the flag beside those that there are. " + withArgoCD + "\nhelm upgrade crossplane crossplane --repo https://charts.crossplane.io/stable --version {version} --wait --namespace {namespace} --reuse-values --set-json 'args={args}'",
		},
		PackageMissing: {
			Severity: finding.Error,
			Wrong:    "{object} is not installed.",
			Breaks:   "Applications cannot be composed, or stay unready.",
			Mend:     "Apply the base:\n" + finding.Apply,
		},
		PackageNotInstalled: {
			Severity: finding.Error,
			Wrong:    "{object} is not installed yet: {reason}",
			Breaks:   "Applications cannot be composed, or stay unready.",
			Mend:     "Wait if it was applied just now. Else look at its revisions, and at how the cluster reaches the registry:\nkubectl describe {resource}",
		},
		PackageNotHealthy: {
			Severity: finding.Error,
			Wrong:    "{object} is not healthy: {reason}",
			Breaks:   "Applications cannot be composed, or stay unready.",
			Mend:     "Wait if it was installed just now. Else look at its revisions:\nkubectl describe {resource}",
		},
		PackageMisnamed: {
			Severity: finding.Error,
			Wrong:    "{object} is the package that must be called {name}.",
			Breaks:   "The Composition, policies and network policies know packages by name. Those of this one do not apply.",
			Mend:     "Do not delete it while there are applications: the objects of its kinds would go along with it, and what they stand for in Azure would be nobody's. See what there is:\nkubectl get platformapplications.meta.p6m.dev,managed --all-namespaces\nIf that lists anything, first remove the applications as docs/operations/upgrade.md#remove-the-platform says. If it lists nothing, delete {resource}, and apply the base:\n" + finding.Apply,
		},
		VersionsDiffer: {
			Severity: finding.Error,
			Wrong:    "The packages of this platform have different versions: {versions}",
			Breaks:   "The function may compose what the provider does not know.",
			Mend:     "Take all from one version of the base, and wait until they are healthy:\nkubectl get configurations.pkg.crossplane.io,functions.pkg.crossplane.io,providers.pkg.crossplane.io",
		},
		AzureVersionsDiffer: {
			Severity: finding.Error,
			Wrong:    "The Azure providers have different versions: {versions}",
			Breaks:   "Providers of one family share their configuration. With different versions they may not become healthy.",
			Mend:     "Set one version in spec.package of all of them:\nkubectl get providers.pkg.crossplane.io",
		},
		RuntimeConfigNotSet: {
			Severity: finding.Error,
			Wrong:    "{object} does not name DeploymentRuntimeConfig {runtime}.",
			Breaks:   "The provider runs as a ServiceAccount that neither its role, its policies nor Azure know.",
			Mend:     "Name it in spec.runtimeConfigRef, as the base does, and apply it:\n" + finding.Apply,
		},
		RuntimeConfigMissing: {
			Severity: finding.Error,
			Wrong:    "{object}, which a provider names, is missing.",
			Breaks:   "The provider does not become healthy.",
			Mend:     "Apply the base again:\n" + finding.Apply,
		},
		ServiceAccountWrong: {
			Severity: finding.Error,
			Wrong:    "{object} does not run the provider as ServiceAccount {account}.",
			Breaks:   "Its role, its policies and its federated credential are for that ServiceAccount.",
			Mend:     "Set the ServiceAccount of DeploymentRuntimeConfig {runtime} as the base has it, and apply it:\n" + finding.Apply,
		},
		ServiceAccountMissing: {
			Severity: finding.Error,
			Wrong:    "{object} is missing in the namespace of Crossplane.",
			Breaks:   "The Azure providers get no pods.",
			Mend:     "Apply the base again:\n" + finding.Apply,
		},
		FunctionRuntimeNotSet: {
			Severity: finding.Warning,
			Wrong:    "{object} does not run as DeploymentRuntimeConfig {runtime} says.",
			Breaks:   "Its pods have no resource requests, which policies of the cluster may refuse.",
			Mend:     "Name it in spec.runtimeConfigRef, as the base does, and apply it:\n" + finding.Apply,
		},
		TokenFileNotMounted: {
			Severity: finding.Error,
			Wrong:    "{object} mounts no token of a ServiceAccount at {file}, where the provider reads one.",
			Breaks:   "The provider cannot sign in to Azure.",
			Mend:     "Mount it there, as the base does, or set the path of the one that is mounted as oidcTokenFilePath: /var/run/secrets/p6m.dev/entra/token\n" + finding.Apply,
		},
		TokenAudienceWrong: {
			Severity: finding.Error,
			Wrong:    "The token at {file} that {object} mounts is for audience \"{audience}\" and not for api://AzureADTokenExchange.",
			Breaks:   "Entra ID refuses the token: AADSTS700212.",
			Mend:     "Set the audience as the base does:\n" + finding.Apply,
		},
		DefinitionMissing: {
			Severity: finding.Error,
			Wrong:    "{object} is missing.",
			Breaks:   "Teams cannot apply a PlatformApplication.",
			Mend:     "Apply the base, and wait until its Configuration is healthy:\n" + finding.Apply + "\nkubectl wait configurations.pkg.crossplane.io --all --for condition=Healthy --timeout 10m",
		},
		DefinitionNotReady: {
			Severity: finding.Error,
			Wrong:    "{object} is not {condition}: {reason}",
			Breaks:   "Teams cannot apply a PlatformApplication.",
			Mend:     "Look at its conditions and events:\nkubectl describe compositeresourcedefinitions.apiextensions.crossplane.io/{name}",
		},
		VariantsBoth: {
			Severity: finding.Error,
			Wrong:    "Both variants of the API are installed, modern and claims.",
			Breaks:   "Both define platformapplications.meta.p6m.dev. Which one counts is left to chance.",
			Mend:     "Delete the Configuration that you do not want. Before you do, look which of the two has applications:\nkubectl get configurations.pkg.crossplane.io,compositeresourcedefinitions.apiextensions.crossplane.io",
		},
		CompositionMissing: {
			Severity: finding.Error,
			Wrong:    "There is no Composition for PlatformApplications, or not the one that the definition names.",
			Breaks:   "No application is composed.",
			Mend:     "Install the Configuration again:\n" + finding.Apply,
		},
		CompositionAmbiguous: {
			Severity: finding.Error,
			Wrong:    "Several Compositions are for PlatformApplications: {compositions}",
			Breaks:   "Crossplane chooses one of them at random for each new application.",
			Mend:     "Say which one counts:\nkubectl patch compositeresourcedefinitions.apiextensions.crossplane.io/{definition} --type merge --patch '{\"spec\":{\"enforcedCompositionRef\":{\"name\":\"{name}\"}}}'",
		},
		KindMissing: {
			Severity: finding.Error,
			Wrong:    "{object} is missing, or version {version} of it is not served.",
			Breaks:   "Applications consist of this kind. They are composed in part, and stay unready.",
			Mend:     "Wait until the provider is healthy. Take a version of it that has this version of the kind:\nkubectl get providers.pkg.crossplane.io",
		},
		KindInactive: {
			Severity: finding.Error,
			Wrong:    "{object} is not active.",
			Breaks:   "Applications consist of this kind. They are composed in part, and stay unready.",
			Mend:     "Activate the kinds of applications:\n" + finding.Apply,
		},
		GrantMissing: {
			Severity: finding.Error,
			Wrong:    "Account {object} may not {verb} {what}.",
			Breaks:   "Parts of applications cannot be written or read. Crossplane retries without end.",
			Mend:     "Grant what the platform needs:\n" + finding.Apply,
		},
		PolicyMissing: {
			Severity: finding.Error,
			Wrong:    "{object} is missing.",
			Breaks:   "A component that is taken over, or a team, may write what the policy would refuse.",
			Mend:     "Apply the base again:\n" + finding.Apply,
		},
		PolicyUnbound: {
			Severity: finding.Error,
			Wrong:    "{object} refuses nothing: no binding of all requests has the action Deny.",
			Breaks:   "A component that is taken over, or a team, may write what the policy would refuse.",
			Mend:     "Apply the base again, and look at the bindings:\n" + finding.Apply + "\nkubectl get validatingadmissionpolicybindings",
		},
		PolicyAudited: {
			Severity: finding.Warning,
			Wrong:    "{object} records and does not refuse: its binding has the action Audit.",
			Breaks:   "Providers may write Secrets, and applications run, in namespaces that nobody has labelled.",
			Mend:     "When nothing is recorded any more, take the component audit-namespaces out of your kustomization and apply it:\n" + finding.Apply,
		},
		PolicyIgnoresFailures: {
			Severity: finding.Error,
			Wrong:    "{object} has the failurePolicy Ignore.",
			Breaks:   "A request that the policy cannot be evaluated for is let through.",
			Mend:     "Apply the base again, which has the failurePolicy Fail:\n" + finding.Apply,
		},
		PolicyAdmits: {
			Severity: finding.Error,
			Wrong:    "{object} does not refuse to {account} what it is for: a dry run was admitted.",
			Breaks:   "Whoever takes over that account may write what the policy should refuse.",
			Mend:     "Compare the policy with the one of the base, and apply that:\nkubectl get validatingadmissionpolicies/{name} --output yaml\n" + finding.Apply,
		},
		PolicyUntried: {
			Severity: finding.Unknown,
			Wrong:    "Whether {object} refuses what it is for cannot be tried as {account}: {error}",
			Breaks:   "If it does not refuse, nobody notices.",
			Mend:     "If packages are not healthy yet, wait until they are. Else mend what the message names, and run the doctor again:\nkubectl get configurations.pkg.crossplane.io,functions.pkg.crossplane.io,providers.pkg.crossplane.io",
		},
		ImpersonationForbidden: {
			Severity: finding.Unknown,
			Wrong:    "The doctor may not act as {object}, so it cannot try what these policies refuse: {policies}",
			Breaks:   "If they do not refuse, nobody notices.",
			Mend:     "Run the doctor as somebody who may impersonate that account, such as an administrator of the cluster:\nkubectl auth can-i impersonate serviceaccounts --all-namespaces",
		},
		PoliciesNotTried: {
			Severity: finding.Warning,
			Wrong:    "The doctor runs with --no-impersonation. These policies are bound, and it has not tried what they refuse: {policies}",
			Breaks:   "If somebody has changed a policy so that it does not refuse, nobody notices.",
			Mend:     "After each change of the base, run the doctor once as an administrator of the cluster:\nplatform-application doctor --skip azure --skip place",
		},
		ParametersMissing: {
			Severity: finding.Error,
			Wrong:    "{object} is missing in namespace {namespace}.",
			Breaks:   "The policies refuse everybody, Crossplane included: no application is composed or changed.",
			Mend:     "Apply it again:\n" + finding.Apply,
		},
		PlatformAccountTooWide: {
			Severity: finding.Error,
			Wrong:    "{object} lists {account} in {list}, as an account of the platform.",
			Breaks:   "Teams, or components that can be taken over, are behind that account. They may write for Crossplane and the providers, and reach every vault.",
			Mend:     "Take {account} out of the ConfigMap where you have set it, and apply it:\n" + finding.Apply,
		},
		AzureProviderUnlisted: {
			Severity: finding.Error,
			Wrong:    "{object} does not list {account} in azureProviders.",
			Breaks:   "The policies refuse the Azure providers: nothing in Azure becomes ready.",
			Mend:     "Set the line where you set the ConfigMap, and apply it:\n" + finding.Apply,
		},
		NamespacesUnlabelled: {
			Severity: finding.Warning,
			Wrong:    "No namespace has the label meta.p6m.dev/workloads=composed.",
			Breaks:   "Applications run in such namespaces only.",
			Mend:     "Label the namespace of the first application:\nkubectl label namespace NAMESPACE meta.p6m.dev/workloads=composed",
		},
		NamespaceUnlabelled: {
			Severity: finding.Error,
			Wrong:    "{object} has applications and not the label meta.p6m.dev/workloads=composed.",
			Breaks:   "They are not changed any more, and their secrets become Forbidden. Pods keep the values that they have.",
			Mend:     "Label it:\nkubectl label namespace {name} meta.p6m.dev/workloads=composed --overwrite",
		},
		PlatformNamespaceLabelled: {
			Severity: finding.Error,
			Wrong:    "{object} is for the platform, and has the label meta.p6m.dev/workloads.",
			Breaks:   "Secrets of applications would be written beside those of the platform, and providers could use its ServiceAccounts.",
			Mend:     "Remove the label:\nkubectl label namespace {name} meta.p6m.dev/workloads-",
		},
		TenantMissing: {
			Severity: finding.Error,
			Wrong:    "{object} has no label {label}, which tenantLabel of the settings names.",
			Breaks:   "No new application is composed there.",
			Mend:     "Say whose it is:\nkubectl label namespace {name} {label}=TENANT",
		},
		WebhookMissing: {
			Severity: finding.Warning,
			Wrong:    "The cluster has no webhook of azure-workload-identity.",
			Breaks:   "The platform needs none. Applications that use SDKs of Azure themselves get no token.",
			Mend:     "If there are such applications, turn it on:\naz aks update --name CLUSTER --resource-group CLUSTER_GROUP --enable-oidc-issuer --enable-workload-identity",
		},
		// No Error: policies of another kind, such as those of Cilium, may take its place, and the chart can leave it out for them.
		NetworkPolicyMissing: {
			Severity: finding.Warning,
			Wrong:    "{object} is missing in the namespace of Crossplane.",
			Breaks:   "Every pod may connect to the function and the provider, and they to everything, unless policies of another kind stop them. The doctor does not compare those.",
			Mend:     "Apply it:\n" + finding.Apply,
		},
		KEDAMissing: {
			Severity: finding.Error,
			Wrong:    "autoscaling.keda of the settings is true, and the cluster does not have {object} in version v1alpha1.",
			Breaks:   "An application with triggers loses its HorizontalPodAutoscaler, and nothing takes its place.",
			Mend:     "Install KEDA, or set autoscaling.keda to false in settings.yaml, and apply it:\n" + finding.Apply,
		},
		AllowedNamespaceMissing: {
			Severity: finding.Warning,
			Wrong:    "{object} is in networkPolicy.allowedNamespaces of the settings, and does not exist.",
			Breaks:   "Whoever was meant, such as an ingress controller, cannot connect to applications with networking.inbound.",
			Mend:     "Correct the name in settings.yaml, and apply it:\n" + finding.Apply,
		},
		IngressClassMissing: {
			Severity: finding.Error,
			Wrong:    "{object}, which the settings name in ingress, does not exist.",
			Breaks:   "No controller serves Ingresses of that type.",
			Mend:     "Correct ingressClassName in settings.yaml, and apply it. These classes exist:\nkubectl get ingressclasses\n" + finding.Apply,
		},
		SampleValues: {
			Severity: finding.Warning,
			Wrong:    "These fields have values of the examples: {fields}",
			Breaks:   "Azure does not know them, or they are somebody else's.",
			Mend:     "Set your own values in settings.yaml, and apply it. If they are really yours, there is nothing to do:\n" + finding.Apply,
		},
		SubscriptionDiffers: {
			Severity: finding.Error,
			Wrong:    "{object} has subscription {theirs}, and the settings have {ours}.",
			Breaks:   "Nothing is created: vaults would be made in one subscription and looked for in the other.",
			Mend:     "Set the one that is wrong in settings.yaml, and apply it:\n" + finding.Apply,
		},
		TenantDiffers: {
			Severity: finding.Error,
			Wrong:    "{object} has tenant {theirs}, and the settings have {ours}.",
			Breaks:   "Entra ID does not know the identity in that tenant, or vaults trust another tenant than the one of their readers.",
			Mend:     "Set the one that is wrong where you have set it, such as in settings.yaml, and apply it:\n" + finding.Apply,
		},
		CloudDiffers: {
			Severity: finding.Error,
			Wrong:    "{object} has environment {theirs}, and cloud of the settings is {ours}.",
			Breaks:   "The providers ask another cloud than the one that the applications are in.",
			Mend:     "In settings.yaml, set environment to public, usgovernment or china, as cloud of the settings has it, and apply it:\n" + finding.Apply,
		},
		ProviderConfigIncomplete: {
			Severity: finding.Error,
			Wrong:    "{object} lacks these fields: {fields}",
			Breaks:   "The Azure providers cannot sign in.",
			Mend:     "Set them in settings.yaml, and apply it:\n" + finding.Apply,
		},
		CredentialsSource: {
			Severity: finding.Warning,
			Wrong:    "The Azure providers sign in with credentials from {source} and not with a token of their ServiceAccount.",
			Breaks:   "A password expires and can be copied; every pod of a node can use the node's identity. The doctor cannot compare what it may not read.",
			Mend:     "Change the source to OIDCTokenFile in settings.yaml, as docs/how-to/set-up-a-platform.md says, and apply it:\n" + finding.Apply,
		},
		IssuerDiffers: {
			Severity: finding.Error,
			Wrong:    "The API server issues tokens as {theirs}, and oidcIssuerUrl of the settings is {ours}.",
			Breaks:   "Entra ID compares issuers to the letter, slash included: AADSTS700211. No application can read its vault.",
			Mend:     "Set oidcIssuerUrl to {theirs} in settings.yaml, and apply it. Applications that exist keep their names in Azure. One that is deleted and comes back gets another name, and so a new vault:\n" + finding.Apply,
		},
		CreatorMissing: {
			Severity: finding.Warning,
			Wrong:    "secrets.createMissing of the settings is true, and the ClusterProviderConfig of secrets.p6m.dev has the source None.",
			Breaks:   "Secrets that are listed and missing are not created. Teams wait for them.",
			Mend:     "Set secrets.createMissing to false in settings.yaml, or name an identity as docs/how-to/set-up-a-platform.md says, and apply it:\n" + finding.Apply,
		},
	}
}
