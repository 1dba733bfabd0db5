// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import "github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"

// Codes of the area cluster.
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
	LandingZoneMissing             finding.Code = "LandingZoneMissing"
	LandingZoneNotAllowed          finding.Code = "LandingZoneNotAllowed"
	LandingZoneNotChosen           finding.Code = "LandingZoneNotChosen"
	LandingZoneNamespaceMissing    finding.Code = "LandingZoneNamespaceMissing"
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
	ListerMissing                  finding.Code = "ListerMissing"
)

// withArgoCD says how to change Crossplane without a release of Helm.
const withArgoCD = "With Argo CD, change its Application, package/platform/argocd/apps/crossplane.yaml in the base. With Helm:"

// noCondition is the reason of a condition that an object does not have.
const noCondition = "NoCondition"

func conditionPhrases() map[string]map[string]string {
	return map[string]map[string]string{"reason": {noCondition: "it has no condition {condition}"}}
}

// Words returns the sentences of the codes.
func Words() finding.Catalogue {
	return finding.Catalogue{
		KubernetesTooOld: {
			Severity: finding.Error,
			Problem:  "Kubernetes {version} is older than 1.30.",
			Impact:   "It does not support the admission policies. A compromised component could write everything that RBAC allows.",
			Fix:      "Upgrade the cluster to 1.30 or later, one minor version at a time:\naz aks get-upgrades --name CLUSTER --resource-group CLUSTER_GROUP --output table\naz aks upgrade --name CLUSTER --resource-group CLUSTER_GROUP --kubernetes-version VERSION",
		},
		KubernetesVersionUnknown: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot parse the version of Kubernetes: {version}",
			Impact:   "Versions before 1.30 do not support the admission policies.",
			Fix:      "Check that it is 1.30 or later:\nkubectl version",
		},
		CrossplaneMissing: {
			Severity: finding.Error,
			Problem:  "{object} is missing in namespace {namespace}.",
			Impact:   "No application is composed.",
			Fix:      "Install Crossplane:\nhelm install crossplane crossplane --repo https://charts.crossplane.io/stable --version 2.4.0 --wait --namespace crossplane-system --create-namespace --set 'args={--circuit-breaker-burst=500}'",
		},
		CrossplaneElsewhere: {
			Severity: finding.Error,
			Problem:  "{object} is missing in namespace {namespace}, but Crossplane runs in: {namespaces}",
			Impact:   "Either the doctor examines the wrong namespace, or no application is composed.",
			Fix:      "Run the doctor with the namespace of Crossplane. Do not install a second Crossplane, because both would manage the same objects:\nplatform-application doctor --namespace {first}",
		},
		CrossplaneNamespaceUnsupported: {
			Severity: finding.Error,
			Problem:  "Crossplane runs in namespace {namespace}, but the base supports only crossplane-system.",
			Impact:   "ServiceAccounts, policies and federated credentials are for crossplane-system. Packages do not run, or no policy restricts them.",
			Fix:      "Set up the platform on a cluster with Crossplane in crossplane-system, as described in docs/how-to/set-up-a-platform.md. To find the current namespace:\nkubectl get deployments --all-namespaces --selector app=crossplane",
		},
		CrossplaneNotRunning: {
			Severity: finding.Error,
			Problem:  "No pod of {object} in namespace {namespace} is ready.",
			Impact:   "No application is composed or changed.",
			Fix:      "Find the cause:\nkubectl describe pods --namespace {namespace} --selector app=crossplane",
		},
		CrossplaneTooOld: {
			Severity: finding.Error,
			Problem:  "Crossplane {version} is older than 2.4.",
			Impact:   "The packages do not become healthy. Teams can make Crossplane delete objects of other teams (GHSA-77cv-mrm6-fr3c).",
			Fix:      "Upgrade Crossplane. " + withArgoCD + "\nhelm upgrade crossplane crossplane --repo https://charts.crossplane.io/stable --version 2.4.0 --wait --namespace {namespace} --reuse-values",
		},
		CrossplaneVersionUnknown: {
			Severity: finding.Unknown,
			Problem:  "The version of Crossplane is unknown. The doctor looked at image {image} and label app.kubernetes.io/version of its Deployment.",
			Impact:   "In versions before 2.4, teams can make Crossplane delete objects of other teams (GHSA-77cv-mrm6-fr3c).",
			Fix:      "Check that it is 2.4 or later:\nhelm list --namespace {namespace}",
		},
		RBACManagerMissing: {
			Severity: finding.Warning,
			Problem:  "{object} is missing in namespace {namespace}.",
			Impact:   "The providers get no permissions unless you grant them.",
			Fix:      "Grant the permissions that the comment in package/provider/rbac.yaml lists, or enable the RBAC manager. " + withArgoCD + "\nhelm upgrade crossplane crossplane --repo https://charts.crossplane.io/stable --version {version} --wait --namespace {namespace} --reuse-values --set rbacManager.deploy=true",
		},
		RBACManagerNotRunning: {
			Severity: finding.Error,
			Problem:  "No pod of {object} in namespace {namespace} is ready.",
			Impact:   "New packages get no permissions and do not become healthy.",
			Fix:      "Find the cause:\nkubectl describe pods --namespace {namespace} --selector app=crossplane-rbac-manager",
		},
		CircuitBreakerLow: {
			Severity: finding.Warning,
			Problem:  "Crossplane runs without --circuit-breaker-burst=500.",
			Impact:   "Crossplane may pause a new application for 5 minutes: condition Responsive is False with reason WatchCircuitOpen.",
			Fix:      "Add the flag to the existing ones. " + withArgoCD + "\nhelm upgrade crossplane crossplane --repo https://charts.crossplane.io/stable --version {version} --wait --namespace {namespace} --reuse-values --set-json 'args={args}'",
		},
		PackageMissing: {
			Severity: finding.Error,
			Problem:  "{object} is not installed.",
			Impact:   "Applications are not composed, or stay unready.",
			Fix:      "Apply the base:\n" + finding.Apply,
		},
		PackageNotInstalled: {
			Severity: finding.Error,
			Problem:  "{object} is not installed yet: {reason}",
			Impact:   "Applications are not composed, or stay unready.",
			Fix:      "If you applied it just now, wait. Otherwise check its revisions, and the connection to the registry:\nkubectl describe {resource}",
			Phrases:  conditionPhrases(),
		},
		PackageNotHealthy: {
			Severity: finding.Error,
			Problem:  "{object} is not healthy: {reason}",
			Impact:   "Applications are not composed, or stay unready.",
			Fix:      "If you installed it just now, wait. Otherwise check its revisions:\nkubectl describe {resource}",
			Phrases:  conditionPhrases(),
		},
		PackageMisnamed: {
			Severity: finding.Error,
			Problem:  "{object} must be named {name}.",
			Impact:   "The Composition, admission policies and network policies refer to packages by name. They do not apply to this package.",
			Fix:      "Do not delete it while applications exist: deleting it deletes all objects of its kinds and orphans their Azure resources. List them:\nkubectl get platformapplications.meta.p6m.dev,managed --all-namespaces\nIf there are any, first remove the applications as described in docs/operations/upgrade.md#remove-the-platform. If there are none, delete {resource}, and apply the base:\n" + finding.Apply,
		},
		VersionsDiffer: {
			Severity: finding.Error,
			Problem:  "The packages of the platform have different versions: {versions}",
			Impact:   "The function may compose fields that the provider does not support.",
			Fix:      "Install all packages from one version of the base, and wait until they are healthy:\nkubectl get configurations.pkg.crossplane.io,functions.pkg.crossplane.io,providers.pkg.crossplane.io",
		},
		AzureVersionsDiffer: {
			Severity: finding.Error,
			Problem:  "The Azure providers have different versions: {versions}",
			Impact:   "The providers of one family share their configuration. With different versions they may not become healthy.",
			Fix:      "Set the same version in spec.package of all of them:\nkubectl get providers.pkg.crossplane.io",
		},
		RuntimeConfigNotSet: {
			Severity: finding.Error,
			Problem:  "{object} does not use DeploymentRuntimeConfig {runtime}.",
			Impact:   "The provider runs as a ServiceAccount without role, policies or federated credential.",
			Fix:      "Set spec.runtimeConfigRef as in the base, and apply it:\n" + finding.Apply,
		},
		RuntimeConfigMissing: {
			Severity: finding.Error,
			Problem:  "{object} is missing, but a provider uses it.",
			Impact:   "The provider does not become healthy.",
			Fix:      "Apply the base again:\n" + finding.Apply,
		},
		ServiceAccountWrong: {
			Severity: finding.Error,
			Problem:  "{object} does not run the provider as ServiceAccount {account}.",
			Impact:   "The role, policies and federated credential of the provider are for that ServiceAccount.",
			Fix:      "Set the ServiceAccount in DeploymentRuntimeConfig {runtime} as in the base, and apply it:\n" + finding.Apply,
		},
		ServiceAccountMissing: {
			Severity: finding.Error,
			Problem:  "{object} is missing in the namespace of Crossplane.",
			Impact:   "Kubernetes cannot create the pods of the Azure providers.",
			Fix:      "Apply the base again:\n" + finding.Apply,
		},
		FunctionRuntimeNotSet: {
			Severity: finding.Warning,
			Problem:  "{object} does not use DeploymentRuntimeConfig {runtime}.",
			Impact:   "Its pods have no resource requests. Policies of the cluster may reject such pods.",
			Fix:      "Set spec.runtimeConfigRef as in the base, and apply it:\n" + finding.Apply,
		},
		TokenFileNotMounted: {
			Severity: finding.Error,
			Problem:  "{object} mounts no ServiceAccount token at {file}, where the provider reads it.",
			Impact:   "The provider cannot sign in to Azure.",
			Fix:      "Mount the token there as in the base, or set oidcTokenFilePath to the path of the mounted token: /var/run/secrets/p6m.dev/entra/token\n" + finding.Apply,
		},
		TokenAudienceWrong: {
			Severity: finding.Error,
			Problem:  "The token that {object} mounts at {file} has audience \"{audience}\" instead of api://AzureADTokenExchange.",
			Impact:   "Entra ID rejects the token: AADSTS700212.",
			Fix:      "Set the audience as in the base:\n" + finding.Apply,
		},
		DefinitionMissing: {
			Severity: finding.Error,
			Problem:  "{object} is missing.",
			Impact:   "Teams cannot apply a PlatformApplication.",
			Fix:      "Apply the base, and wait until its Configuration is healthy:\n" + finding.Apply + "\nkubectl wait configurations.pkg.crossplane.io --all --for condition=Healthy --timeout 10m",
		},
		DefinitionNotReady: {
			Severity: finding.Error,
			Problem:  "{object} is not {condition}: {reason}",
			Impact:   "Teams cannot apply a PlatformApplication.",
			Fix:      "Check its conditions and events:\nkubectl describe compositeresourcedefinitions.apiextensions.crossplane.io/{name}",
			Phrases:  conditionPhrases(),
		},
		VariantsBoth: {
			Severity: finding.Error,
			Problem:  "Both variants of the API are installed: modern and claims.",
			Impact:   "Both define platformapplications.meta.p6m.dev. Crossplane picks one arbitrarily.",
			Fix:      "Check which of the two has applications, and delete the Configuration of the other one:\nkubectl get configurations.pkg.crossplane.io,compositeresourcedefinitions.apiextensions.crossplane.io",
		},
		CompositionMissing: {
			Severity: finding.Error,
			Problem:  "There is no Composition for PlatformApplications, or the definition refers to a missing one.",
			Impact:   "No application is composed.",
			Fix:      "Install the Configuration again:\n" + finding.Apply,
		},
		CompositionAmbiguous: {
			Severity: finding.Error,
			Problem:  "There are several Compositions for PlatformApplications: {compositions}",
			Impact:   "Crossplane picks one of them at random for each new application.",
			Fix:      "Set the one to use:\nkubectl patch compositeresourcedefinitions.apiextensions.crossplane.io/{definition} --type merge --patch '{\"spec\":{\"enforcedCompositionRef\":{\"name\":\"{name}\"}}}'",
		},
		KindMissing: {
			Severity: finding.Error,
			Problem:  "{object} is missing, or the cluster does not serve its version {version}.",
			Impact:   "Applications need this kind. They are only partly composed, and stay unready.",
			Fix:      "Wait until the provider is healthy. If it is, install a version of it that has this version of the kind:\nkubectl get providers.pkg.crossplane.io",
		},
		KindInactive: {
			Severity: finding.Error,
			Problem:  "{object} is not active.",
			Impact:   "Applications need this kind. They are only partly composed, and stay unready.",
			Fix:      "Activate the kinds that applications need:\n" + finding.Apply,
		},
		GrantMissing: {
			Severity: finding.Error,
			Problem:  "Account {object} has no permission to {verb} {resource}.",
			Impact:   "Parts of applications cannot be written or read. Crossplane retries forever.",
			Fix:      "Grant the permissions of the base:\n" + finding.Apply,
		},
		PolicyMissing: {
			Severity: finding.Error,
			Problem:  "{object} is missing.",
			Impact:   "A compromised component, or a team, could write objects that the policy blocks.",
			Fix:      "Apply the base again:\n" + finding.Apply,
		},
		PolicyUnbound: {
			Severity: finding.Error,
			Problem:  "{object} rejects nothing: no binding for all requests has the action Deny.",
			Impact:   "A compromised component, or a team, could write objects that the policy blocks.",
			Fix:      "Apply the base again, and check the bindings:\n" + finding.Apply + "\nkubectl get validatingadmissionpolicybindings",
		},
		PolicyAudited: {
			Severity: finding.Warning,
			Problem:  "{object} only records requests, and rejects none: its binding has the action Audit.",
			Impact:   "Providers may write Secrets, and applications may run, in unlabelled namespaces.",
			Fix:      "When the audit log has no new records, remove the component audit-namespaces from your kustomization, and apply it:\n" + finding.Apply,
		},
		PolicyIgnoresFailures: {
			Severity: finding.Error,
			Problem:  "{object} has failurePolicy Ignore.",
			Impact:   "If the API server cannot evaluate the policy, it admits the request.",
			Fix:      "Apply the base again, which sets failurePolicy Fail:\n" + finding.Apply,
		},
		PolicyAdmits: {
			Severity: finding.Error,
			Problem:  "{object} does not block {account}: a dry run was admitted.",
			Impact:   "An attacker who compromises that account could write objects that the policy should block.",
			Fix:      "Compare the policy with the base, and apply the base again:\nkubectl get validatingadmissionpolicies/{name} --output yaml\n" + finding.Apply,
		},
		PolicyUntried: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot test {object} as {account}: {error}",
			Impact:   "If the policy blocks nothing, it stays unnoticed.",
			Fix:      "If packages are not healthy yet, wait until they are. Otherwise fix the cause in the message, and run the doctor again:\nkubectl get configurations.pkg.crossplane.io,functions.pkg.crossplane.io,providers.pkg.crossplane.io",
		},
		ImpersonationForbidden: {
			Severity: finding.Unknown,
			Problem:  "The doctor has no permission to impersonate {object}, so it cannot test these policies: {policies}",
			Impact:   "If the policies block nothing, it stays unnoticed.",
			Fix:      "Run the doctor with permission to impersonate that account, for example as an administrator of the cluster:\nkubectl auth can-i impersonate serviceaccounts --all-namespaces",
		},
		PoliciesNotTried: {
			Severity: finding.Warning,
			Problem:  "These policies are bound, but not tested, because the doctor runs with --no-impersonation: {policies}",
			Impact:   "If a changed policy blocks nothing, it stays unnoticed.",
			Fix:      "After each change of the base, run the doctor once as an administrator of the cluster:\nplatform-application doctor --skip azure --skip place",
		},
		ParametersMissing: {
			Severity: finding.Error,
			Problem:  "{object} is missing in namespace {namespace}.",
			Impact:   "The policies reject all requests, including those of Crossplane: no application is composed or changed.",
			Fix:      "Apply the base again:\n" + finding.Apply,
		},
		PlatformAccountTooWide: {
			Severity: finding.Error,
			Problem:  "{object} lists {account} in {list}, as an account of the platform.",
			Impact:   "That account includes teams, or components that an attacker could compromise. They could write with the rights of Crossplane and the providers, and reach every vault.",
			Fix:      "Remove {account} from your copy of the ConfigMap, and apply it:\n" + finding.Apply,
		},
		AzureProviderUnlisted: {
			Severity: finding.Error,
			Problem:  "{object} does not list {account} in azureProviders.",
			Impact:   "The policies reject the Azure providers: no Azure resource becomes ready.",
			Fix:      "Add the account to your copy of the ConfigMap, and apply it:\n" + finding.Apply,
		},
		NamespacesUnlabelled: {
			Severity: finding.Warning,
			Problem:  "No namespace has the label meta.p6m.dev/workloads=composed.",
			Impact:   "Applications run only in namespaces with this label.",
			Fix:      "Label the namespace of the first application:\nkubectl label namespace NAMESPACE meta.p6m.dev/workloads=composed",
		},
		NamespaceUnlabelled: {
			Severity: finding.Error,
			Problem:  "{object} has applications, but not the label meta.p6m.dev/workloads=composed.",
			Impact:   "The applications are no longer changed, and their secrets become Forbidden. Running pods keep their values.",
			Fix:      "Label it:\nkubectl label namespace {name} meta.p6m.dev/workloads=composed --overwrite",
		},
		PlatformNamespaceLabelled: {
			Severity: finding.Error,
			Problem:  "{object} belongs to the platform, but has the label meta.p6m.dev/workloads.",
			Impact:   "Secrets of applications could be written next to those of the platform, and providers could use the ServiceAccounts of the platform.",
			Fix:      "Remove the label:\nkubectl label namespace {name} meta.p6m.dev/workloads-",
		},
		TenantMissing: {
			Severity: finding.Error,
			Problem:  "{object} has no label {label}, which tenantLabel of the settings requires.",
			Impact:   "No new application is composed there.",
			Fix:      "Label it with its tenant:\nkubectl label namespace {name} {label}=TENANT",
		},
		LandingZoneMissing: {
			Severity: finding.Error,
			Problem:  "The label of {object} names landing zone {zone}, but EnvironmentConfig platform-application-{zone} is missing or invalid.",
			Impact:   "No new application is composed there, and existing ones of the zone are not changed.",
			Fix:      "Create or correct the EnvironmentConfig, as in docs/how-to/landing-zones.md, or correct the label:\nkubectl label namespace {name} --overwrite meta.p6m.dev/landing-zone=ZONE",
		},
		LandingZoneNotAllowed: {
			Severity: finding.Error,
			Problem:  "The label of {object} names landing zone {zone}, which does not list the namespace.",
			Impact:   "No new application is composed there, and existing ones of the zone are not changed.",
			Fix:      "Add the namespace to landingZone.namespaces of the zone, or correct the label:\nkubectl edit environmentconfigs.apiextensions.crossplane.io platform-application-{zone}",
		},
		LandingZoneNotChosen: {
			Severity: finding.Warning,
			Problem:  "Landing zone {zone} lists {object}, which has no label meta.p6m.dev/landing-zone.",
			Impact:   "New applications there use the platform's own subscription and resource group, and stay in them.",
			Fix:      "Label the namespace before its first application, or remove it from the list:\nkubectl label namespace {name} meta.p6m.dev/landing-zone={zone}",
		},
		LandingZoneNamespaceMissing: {
			Severity: finding.Warning,
			Problem:  "Landing zone {zone} lists {object}, which does not exist.",
			Impact:   "Another team that creates a namespace of that name may use the zone.",
			Fix:      "Correct the list:\nkubectl edit environmentconfigs.apiextensions.crossplane.io platform-application-{zone}",
		},
		WebhookMissing: {
			Severity: finding.Warning,
			Problem:  "The cluster has no webhook of azure-workload-identity.",
			Impact:   "The platform does not need it, but applications that use Azure SDKs get no token.",
			Fix:      "If there are such applications, enable it:\naz aks update --name CLUSTER --resource-group CLUSTER_GROUP --enable-oidc-issuer --enable-workload-identity",
		},
		// A warning, because policies of another kind, such as Cilium's, can replace it, and the chart can omit it for them.
		NetworkPolicyMissing: {
			Severity: finding.Warning,
			Problem:  "{object} is missing in the namespace of Crossplane.",
			Impact:   "Every pod can connect to the function and the provider, and both can connect to everything, unless policies of another kind block it. The doctor does not check those.",
			Fix:      "Apply the base again:\n" + finding.Apply,
		},
		KEDAMissing: {
			Severity: finding.Error,
			Problem:  "autoscaling.keda of the settings is true, but the cluster has no {object} in version v1alpha1.",
			Impact:   "An application with triggers loses its HorizontalPodAutoscaler without a replacement.",
			Fix:      "Install KEDA, or set autoscaling.keda to false in settings.yaml, and apply it:\n" + finding.Apply,
		},
		AllowedNamespaceMissing: {
			Severity: finding.Warning,
			Problem:  "{object} is in networkPolicy.allowedNamespaces of the settings, but does not exist.",
			Impact:   "Pods of the intended namespace, such as an ingress controller, cannot connect to applications with networking.inbound.",
			Fix:      "Correct the name in settings.yaml, and apply it:\n" + finding.Apply,
		},
		IngressClassMissing: {
			Severity: finding.Error,
			Problem:  "{object} is in ingress of the settings, but does not exist.",
			Impact:   "No controller serves Ingresses of that type.",
			Fix:      "Set ingressClassName in settings.yaml to an existing class, and apply it:\nkubectl get ingressclasses\n" + finding.Apply,
		},
		SampleValues: {
			Severity: finding.Warning,
			Problem:  "These fields have values of the examples: {fields}",
			Impact:   "They do not exist in Azure, or belong to another organization.",
			Fix:      "If the values are yours, no action is needed. Otherwise set your own values in settings.yaml, and apply it:\n" + finding.Apply,
		},
		SubscriptionDiffers: {
			Severity: finding.Error,
			Problem:  "{object} has subscription {theirs}, but the settings have {ours}.",
			Impact:   "Nothing is created: the providers would create vaults in one subscription, and look for them in the other.",
			Fix:      "Correct the wrong one in settings.yaml, and apply it:\n" + finding.Apply,
		},
		TenantDiffers: {
			Severity: finding.Error,
			Problem:  "{object} has tenant {theirs}, but the settings have {ours}.",
			Impact:   "The identity does not exist in that tenant, or vaults trust a different tenant than that of their readers.",
			Fix:      "Correct the wrong one, for example in settings.yaml, and apply it:\n" + finding.Apply,
		},
		CloudDiffers: {
			Severity: finding.Error,
			Problem:  "{object} has environment {theirs}, but cloud of the settings is {ours}.",
			Impact:   "The providers connect to a different cloud than the applications.",
			Fix:      "In settings.yaml, set environment to the one for cloud (public, usgovernment or china), and apply it:\n" + finding.Apply,
		},
		ProviderConfigIncomplete: {
			Severity: finding.Error,
			Problem:  "{object} lacks these fields: {fields}",
			Impact:   "The Azure providers cannot sign in.",
			Fix:      "Set them in settings.yaml, and apply it:\n" + finding.Apply,
		},
		CredentialsSource: {
			Severity: finding.Warning,
			Problem:  "The Azure providers sign in with credentials from {source} instead of a token of their ServiceAccount.",
			Impact:   "A password expires and can be copied; every pod of a node can use the node's identity. The doctor cannot check credentials that it has no permission to read.",
			Fix:      "Change the source to OIDCTokenFile in settings.yaml, as described in docs/how-to/set-up-a-platform.md, and apply it:\n" + finding.Apply,
		},
		IssuerDiffers: {
			Severity: finding.Error,
			Problem:  "The API server issues tokens as {theirs}, but oidcIssuerUrl of the settings is {ours}.",
			Impact:   "Entra ID rejects tokens whose issuer differs in a single character, including the trailing slash: AADSTS700211. No application can read its vault.",
			Fix:      "Set oidcIssuerUrl to {theirs} in settings.yaml, and apply it. Existing applications keep their names in Azure. An application that is deleted and created again gets another name, and so a new vault:\n" + finding.Apply,
		},
		CreatorMissing: {
			Severity: finding.Warning,
			Problem:  "secrets.createMissing of the settings is true, but the ClusterProviderConfig of secrets.p6m.dev has source None.",
			Impact:   "Missing secrets are not created. Teams wait for them.",
			Fix:      "Set secrets.createMissing to false in settings.yaml, or set an identity as described in docs/how-to/set-up-a-platform.md, and apply it:\n" + finding.Apply,
		},
		ListerMissing: {
			Severity: finding.Warning,
			Problem:  "Entry {object} of secrets.shared of the settings has listWith ProviderConfig, but the ClusterProviderConfig of secrets.p6m.dev has source None.",
			Impact:   "Applications read their secrets of that vault one by one and take turns, so new values arrive later.",
			Fix:      "Set an identity as described in docs/how-to/platform-settings.md#one-list-for-all-applications, or set listWith to Application in settings.yaml, and apply it:\n" + finding.Apply,
		},
	}
}
