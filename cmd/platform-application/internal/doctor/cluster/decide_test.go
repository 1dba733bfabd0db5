// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const (
	tenant       = "0a1b2c3d-1111-4111-8111-111111111111"
	subscription = "0a1b2c3d-2222-4222-8222-222222222222"
	issuer       = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/"
	tokenFile    = "/var/run/secrets/p6m.dev/entra/token"
)

// wellPlatform returns a platform as the page sets it up.
func wellPlatform(t *testing.T) platform.Platform {
	t.Helper()

	s, err := settings.Resolve(&v1alpha1.PlatformConfig{Spec: v1alpha1.PlatformConfigSpec{
		TenantID: tenant, SubscriptionID: subscription, ResourceGroupName: "applications", Location: "westeurope", OIDCIssuerURL: issuer,
		Ingress: &v1alpha1.IngressDefaults{Types: []v1alpha1.IngressType{{Name: "nginx"}}},
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}

	return platform.Platform{
		Namespace: "crossplane-system", Settings: &s, Issuer: issuer,
		Definitions: []string{platform.ModernDefinition}, Composition: platform.ModernDefinition, Compositions: []string{platform.ModernDefinition},
		Azure: &platform.Principal{
			Object: "ClusterProviderConfig/default", Source: "OIDCTokenFile", TokenFile: tokenFile, ServiceAccount: "provider-azure",
			ClientID: "id", TenantID: tenant, SubscriptionID: subscription,
		},
		Creator: &platform.Principal{Object: "ClusterProviderConfig/default", Source: "WorkloadIdentity", TenantID: tenant},
	}
}

// zoned adds landing zone eu that lists a namespace, and labels namespace shop.
func zoned(lists, label string) func(*facts, *platform.Platform) {
	return func(f *facts, p *platform.Platform) {
		s := *p.Settings
		s.LandingZone = &v1alpha1.LandingZone{}

		if lists != "" {
			s.LandingZone.Namespaces = []string{lists}
		}

		p.Zones = []platform.Zone{{Name: "eu", Settings: s, Azure: p.Azure, Creator: p.Creator}}

		for _, n := range f.namespaces {
			if n.name == "shop" && label != "" {
				n.labels[v1alpha1.LandingZoneLabel] = label
			}
		}
	}
}

// wellFacts returns the facts of wellPlatform.
func wellFacts() facts {
	yes := func(t string) condition { return condition{Type: t, Status: "True"} }
	of := func(kind, name, image, runtime string) pkg {
		return pkg{kind: kind, name: name, image: image, runtime: runtime, installed: yes("Installed"), healthy: yes("Healthy")}
	}
	f := facts{
		kubernetes:   "v1.33.4",
		crossplane:   &deployment{found: true, image: "xpkg.crossplane.io/crossplane/crossplane:v2.4.0", ready: 1, args: []string{"core", "start", "--circuit-breaker-burst=500"}},
		rbacManager:  &deployment{found: true, ready: 1},
		packagesRead: true,
		packages: []pkg{
			of("Configuration", configuration, "ghcr.io/p6m-dev/configuration-platform-application:v0.1.0", ""),
			of("Provider", "other", "xpkg.crossplane.io/crossplane-contrib/provider-kubernetes:v1.0.0", ""),
		},
		runtimes: map[string]runtimeConfig{
			"default":                       {},
			"function-platform-application": {},
			"provider-azure":                {serviceAccount: "provider-azure", tokens: map[string]string{tokenFile: audience}},
			"provider-keyvault-secretsync":  {serviceAccount: "provider-keyvault-secretsync", tokens: map[string]string{tokenFile: audience}, tokenFile: tokenFile},
		},
		serviceAccount:  new(true),
		definitionsRead: true,
		definitions:     []definition{{name: platform.ModernDefinition, established: yes("Established")}},
		kinds:           map[string]kind{},
		policies:        map[string]policy{},
		attempts:        map[string]attempt{},
		parameters:      &parameters{found: true, groups: []string{"system:masters"}, azureProviders: []string{"system:serviceaccount:crossplane-system:provider-azure"}},
		grants:          map[grant]bool{},
		namespaces:      []namespace{{"crossplane-system", nil}, {"shop", map[string]string{labelWorkloads: composed}}, {"tools", nil}},
		applications:    []string{"shop"},
		webhook:         new(true),
		ingressClasses:  map[string]bool{"nginx": true},
		networkPolicies: map[string]bool{"function-platform-application": true, "provider-keyvault-secretsync": true},
	}

	for _, e := range expectedPackages() {
		image, version := "ghcr.io/p6m-dev/", ":v0.1.0"
		if e.azure {
			image, version = "registry.example.org/mirror/", ":v2.6.0"
		}

		f.packages = append(f.packages, of(e.kind, e.name, image+e.repository+version, e.runtime))
	}

	for name := range composedKinds() {
		f.kinds[name] = kind{served: true}
	}

	f.acceptance = new(false)

	for _, name := range expectedPolicies(f) {
		f.policies[name] = policy{actions: []string{"Deny"}}
	}

	for _, t := range tries() {
		if _, ok := f.policies[t.policy]; !ok {
			continue
		}

		f.attempts[t.policy] = attempt{account: t.account, outcome: refused}
	}

	for _, g := range neededGrants("crossplane-system") {
		f.grants[g] = true
	}

	return f
}

// edit changes a package by its name.
func edit(name string, change func(*pkg)) func(*facts, *platform.Platform) {
	return func(f *facts, _ *platform.Platform) {
		for i := range f.packages {
			if f.packages[i].name == name {
				change(&f.packages[i])
			}
		}
	}
}

// decisions returns faults, by name.
func decisions() map[string]struct {
	reason string
	change func(*facts, *platform.Platform)
	want   []finding.Code
} {
	const function, keyvault = platform.Function, "crossplane-contrib-provider-azure-keyvault"

	return map[string]struct {
		reason string
		change func(*facts, *platform.Platform)
		want   []finding.Code
	}{
		"Well":       {"A healthy platform has no findings.", func(*facts, *platform.Platform) {}, nil},
		"Unknown":    {"Reading an unreadable fact already produced its finding.", func(f *facts, p *platform.Platform) { *f, *p = facts{}, platform.Platform{} }, nil},
		"AKS":        {"A version can have a suffix of its distribution.", func(f *facts, _ *platform.Platform) { f.kubernetes = "v1.30.0-eks-a18cd3a" }, nil},
		"Kubernetes": {"Admission policies need a later version.", func(f *facts, _ *platform.Platform) { f.kubernetes = "v1.29.15" }, []finding.Code{KubernetesTooOld}},
		"KubernetesUnknown": {
			"A version of a development build is too old.", func(f *facts, _ *platform.Platform) { f.kubernetes = "v0.0.0-master+$Format:%H$ x" },
			[]finding.Code{KubernetesTooOld},
		},
		"KubernetesNone": {"A name is not a version.", func(f *facts, _ *platform.Platform) { f.kubernetes = "master" }, []finding.Code{KubernetesVersionUnknown}},
		"NoCrossplane": {"Everything needs Crossplane.", func(f *facts, _ *platform.Platform) {
			f.crossplane, f.rbacManager, f.elsewhere = &deployment{}, &deployment{}, []string{}
		}, []finding.Code{CrossplaneMissing}},
		"CrossplaneUnseen": {"Reading other namespaces already produced a finding.", func(f *facts, _ *platform.Platform) {
			f.crossplane, f.rbacManager, f.elsewhere = &deployment{}, &deployment{}, nil
		}, nil},
		"CrossplaneElsewhere": {"Crossplane is installed in another namespace.", func(f *facts, _ *platform.Platform) {
			f.crossplane, f.rbacManager, f.elsewhere = &deployment{}, &deployment{}, []string{"upbound-system"}
		}, []finding.Code{CrossplaneElsewhere}},
		"CrossplaneMoved":   {"The policies are for crossplane-system.", func(_ *facts, p *platform.Platform) { p.Namespace = "upbound-system" }, []finding.Code{AzureProviderUnlisted, CrossplaneNamespaceUnsupported, PlatformAccountTooWide}},
		"CrossplaneDown":    {"A Crossplane without ready pods composes nothing.", func(f *facts, _ *platform.Platform) { f.crossplane.ready = 0 }, []finding.Code{CrossplaneNotRunning}},
		"CrossplaneStopped": {"A Crossplane with 0 replicas composes nothing.", func(f *facts, _ *platform.Platform) { f.crossplane.desired, f.crossplane.ready = 0, 0 }, []finding.Code{CrossplaneNotRunning}},
		"CrossplaneOld":     {"Older versions have GHSA-77cv-mrm6-fr3c.", func(f *facts, _ *platform.Platform) { f.crossplane.image = "crossplane/crossplane:v2.3.9" }, []finding.Code{CrossplaneTooOld}},
		"CrossplaneDigest": {"A label has the version of an image with a digest.", func(f *facts, _ *platform.Platform) {
			f.crossplane.image, f.crossplane.version = "registry.example.org:5000/crossplane@sha256:abc", "2.4.1"
		}, nil},
		"CrossplaneUnknown": {"A digest without a label has no version.", func(f *facts, _ *platform.Platform) {
			f.crossplane.image, f.crossplane.version = "registry.example.org:5000/crossplane@sha256:abc", ""
		}, []finding.Code{CrossplaneVersionUnknown}},
		"CrossplaneNext":  {"A build from source has a later version.", func(f *facts, _ *platform.Platform) { f.crossplane.image = "crossplane/crossplane:v2.5.0-rc.0.12.gabc" }, nil},
		"NoRBACManager":   {"A platform team can grant permissions itself.", func(f *facts, _ *platform.Platform) { f.rbacManager = &deployment{} }, []finding.Code{RBACManagerMissing}},
		"RBACManagerDown": {"Without the RBAC manager, new packages get no permissions.", func(f *facts, _ *platform.Platform) { f.rbacManager.ready = 0 }, []finding.Code{RBACManagerNotRunning}},
		"Burst":           {"The default burst is too low.", func(f *facts, _ *platform.Platform) { f.crossplane.args = []string{"core", "start"} }, []finding.Code{CircuitBreakerLow}},
		"BurstApart": {"The value of a flag can be a separate argument.", func(f *facts, _ *platform.Platform) {
			f.crossplane.args = []string{"--circuit-breaker-burst", "1000.0"}
		}, nil},
		"BurstEnds":        {"A flag without a value sets no burst.", func(f *facts, _ *platform.Platform) { f.crossplane.args = []string{"--circuit-breaker-burst"} }, []finding.Code{CircuitBreakerLow}},
		"PackageMissing":   {"Without the function, nothing is composed.", edit(function, func(p *pkg) { p.name, p.image = "other", "ghcr.io/other/function-other:v1" }), []finding.Code{PackageMissing}},
		"NoConfiguration":  {"Without the Configuration, there is no API.", edit(configuration, func(p *pkg) { p.image = "ghcr.io/other/other:v1" }), []finding.Code{PackageMissing}},
		"ConfigurationAny": {"Nothing refers to the Configuration by name.", edit(configuration, func(p *pkg) { p.name = "platform" }), nil},
		"NotInstalled":     {"The package waits for its dependencies.", edit(function, func(p *pkg) { p.installed = condition{Type: "Installed", Status: "False", Reason: "x"} }), []finding.Code{PackageNotInstalled}},
		"NotHealthy":       {"The pod of the provider does not start.", edit(keyvault, func(p *pkg) { p.healthy = condition{Type: "Healthy", Status: "Unknown"} }), []finding.Code{PackageNotHealthy}},
		"Misnamed":         {"Policies refer to the function by name.", edit(function, func(p *pkg) { p.name = "function-platform-application" }), []finding.Code{PackageMisnamed, PackageMissing}},
		"Twice": {"Crossplane runs both of two equal providers.", func(f *facts, _ *platform.Platform) {
			f.packages = append(f.packages, pkg{kind: "Provider", name: "upbound-provider-azure-keyvault", image: "xpkg.upbound.io/upbound/provider-azure-keyvault:v2.6.0"})
		}, []finding.Code{PackageMisnamed}},
		"Versions":      {"An upgrade has stopped halfway.", edit(function, func(p *pkg) { p.image = "ghcr.io/p6m-dev/function-platform-application:v0.2.0" }), []finding.Code{VersionsDiffer}},
		"Digest":        {"A digest has no version.", edit(function, func(p *pkg) { p.image = "ghcr.io/p6m-dev/function-platform-application@sha256:abc" }), nil},
		"TagAndDigest":  {"A tag beside a digest has the version.", edit(function, func(p *pkg) { p.image = "ghcr.io:443/p6m-dev/function-platform-application:v0.2.0@sha256:abc" }), []finding.Code{VersionsDiffer}},
		"AzureVersions": {"One Azure provider was not upgraded.", edit(keyvault, func(p *pkg) { p.image = "x/provider-azure-keyvault:v2.5.0" }), []finding.Code{AzureVersionsDiffer}},
		"NoRuntime":     {"The default of Crossplane is not that of the provider.", edit(keyvault, func(p *pkg) { p.runtime = "default" }), []finding.Code{RuntimeConfigNotSet}},
		"RuntimeNone":   {"Without a runtime configuration, Crossplane uses its default.", edit(keyvault, func(p *pkg) { p.runtime = "" }), []finding.Code{RuntimeConfigNotSet}},
		"RuntimeGone":   {"The provider cannot start without its runtime configuration.", edit(keyvault, func(p *pkg) { p.runtime = "other" }), []finding.Code{RuntimeConfigMissing}},
		"RuntimeOwn": {"A platform can use its own runtime configuration.", func(f *facts, p *platform.Platform) {
			f.runtimes["own"] = f.runtimes["provider-azure"]
			edit(keyvault, func(p *pkg) { p.runtime = "own" })(f, p)
		}, nil},
		"Account": {"The federated credential is for another ServiceAccount.", func(f *facts, _ *platform.Platform) {
			r := f.runtimes["provider-azure"]
			r.serviceAccount = ""
			f.runtimes["provider-azure"] = r
		}, []finding.Code{ServiceAccountWrong}},
		"AccountGone":     {"Pods need their ServiceAccount.", func(f *facts, _ *platform.Platform) { f.serviceAccount = new(false) }, []finding.Code{ServiceAccountMissing}},
		"FunctionRuntime": {"The default runtime configuration sets no resource requests.", edit(function, func(p *pkg) { p.runtime = "default" }), []finding.Code{FunctionRuntimeNotSet}},
		"OldTokenFile": {"The token is no longer at the path of the webhook.", func(_ *facts, p *platform.Platform) {
			p.Azure.TokenFile = "/var/run/secrets/azure/tokens/azure-identity-token"
		}, []finding.Code{TokenFileNotMounted}},
		"NoTokenFile":  {"The default of the provider is the path of the webhook.", func(_ *facts, p *platform.Platform) { p.Azure.TokenFile = "" }, []finding.Code{TokenFileNotMounted}},
		"TokenSlashes": {"Two spellings of a path are the same file.", func(_ *facts, p *platform.Platform) { p.Azure.TokenFile = "/var/run//secrets/p6m.dev/entra/./token" }, nil},
		"CreatorToken": {"The secret sync provider mounts its own token.", func(f *facts, _ *platform.Platform) {
			r := f.runtimes["provider-keyvault-secretsync"]
			r.tokens = nil
			f.runtimes["provider-keyvault-secretsync"] = r
		}, []finding.Code{TokenFileNotMounted}},
		"CreatorPassword": {"A client secret needs no token.", func(f *facts, p *platform.Platform) {
			f.runtimes["provider-keyvault-secretsync"] = runtimeConfig{serviceAccount: "provider-keyvault-secretsync"}
			p.Creator.Source = "ClientSecret"
		}, nil},
		"Audience": {"Entra ID rejects another audience.", func(f *facts, _ *platform.Platform) {
			f.runtimes["provider-azure"].tokens[tokenFile] = "sts.amazonaws.com"
		}, []finding.Code{TokenAudienceWrong}},
		"NoDefinition":  {"Without a definition, teams have no API.", func(f *facts, _ *platform.Platform) { f.definitions = nil }, []finding.Code{DefinitionMissing}},
		"NotServed":     {"The API server does not serve the kind yet.", func(f *facts, _ *platform.Platform) { f.definitions[0].established.Status = "False" }, []finding.Code{DefinitionNotReady}},
		"NotOffered":    {"A claim has its own condition.", func(f *facts, _ *platform.Platform) { f.definitions[0].name = platform.ClaimDefinition }, []finding.Code{DefinitionNotReady}},
		"Both":          {"Both variants define the same kind.", func(f *facts, _ *platform.Platform) { f.definitions = append(f.definitions, f.definitions[0]) }, []finding.Code{VariantsBoth}},
		"NoComposition": {"Without a Composition, nothing is composed.", func(_ *facts, p *platform.Platform) { p.Composition = "" }, []finding.Code{CompositionMissing}},
		"Compositions":  {"Crossplane picks one of several Compositions.", func(_ *facts, p *platform.Platform) { p.Compositions = []string{"a", "b"} }, []finding.Code{CompositionAmbiguous}},
		"KindMissing":   {"Without its kind, no vault is composed.", func(f *facts, _ *platform.Platform) { f.kinds["vaults.keyvault.azure.m.upbound.io"] = kind{} }, []finding.Code{KindMissing}},
		"KindInactive": {"An inactive kind is not served.", func(f *facts, _ *platform.Platform) {
			f.kinds["vaults.keyvault.azure.m.upbound.io"] = kind{inactive: true}
		}, []finding.Code{KindInactive}},
		"NoPrivateEndpoints": {"Providers that no setting needs can be missing.", func(f *facts, _ *platform.Platform) {
			f.kinds[privateEndpoints], f.kinds[diagnosticSettings] = kind{}, kind{inactive: true}
		}, nil},
		"PrivateEndpointsMissing": {"Without its kind, no private endpoint is composed.", func(f *facts, p *platform.Platform) {
			f.kinds[privateEndpoints] = kind{}
			p.Settings.KeyVault = &v1alpha1.KeyVaultDefaults{Network: &v1alpha1.KeyVaultNetwork{PrivateEndpoint: &v1alpha1.KeyVaultPrivateEndpoint{}}}
		}, []finding.Code{KindMissing}},
		"NoKEDA": {"KEDA is optional.", func(f *facts, _ *platform.Platform) { f.kinds[scaledObjects] = kind{} }, nil},
		"KEDA": {"The settings require KEDA.", func(f *facts, p *platform.Platform) {
			f.kinds[scaledObjects] = kind{}
			p.Settings.Autoscaling.KEDA = new(true)
		}, []finding.Code{KEDAMissing}},
		"Grant":         {"Crossplane has no permission to write Ingresses.", func(f *facts, _ *platform.Platform) { f.grants[neededGrants("crossplane-system")[2]] = false }, []finding.Code{GrantMissing}},
		"PolicyMissing": {"A missing policy protects nothing.", func(f *facts, _ *platform.Platform) { delete(f.policies, "provider-azure-writes") }, []finding.Code{PolicyMissing}},
		"Unbound":       {"A policy without a binding has no effect.", func(f *facts, _ *platform.Platform) { f.policies["provider-azure-writes"] = policy{} }, []finding.Code{PolicyUnbound}},
		"WarnsOnly": {"Warnings block nothing.", func(f *facts, _ *platform.Platform) {
			f.policies["provider-azure-writes"] = policy{actions: []string{"Warn", "Audit"}}
		}, []finding.Code{PolicyUnbound}},
		"Audited": {"The page binds these policies with Audit first.", func(f *facts, _ *platform.Platform) {
			f.policies["function-platform-application-namespaces"] = policy{actions: []string{"Audit"}}
			f.policies["provider-keyvault-secretsync-namespaces"] = policy{actions: []string{"Audit"}}
		}, []finding.Code{PolicyAudited, PolicyAudited}},
		"AuditedOther": {"The page binds this policy only with Deny.", func(f *facts, _ *platform.Platform) {
			f.policies["platform-application-namespaces"] = policy{actions: []string{"Audit"}}
		}, []finding.Code{PolicyUnbound}},
		"Ignores": {"A policy that ignores failures can be bypassed.", func(f *facts, _ *platform.Platform) {
			f.policies["provider-azure-writes"] = policy{actions: []string{"Deny"}, ignores: true}
		}, []finding.Code{PolicyIgnoresFailures}},
		"Admits":  {"A bound policy admits the dry run.", func(f *facts, _ *platform.Platform) { f.attempts["provider-azure-writes"] = attempt{outcome: admitted} }, []finding.Code{PolicyAdmits}},
		"Untried": {"Something other than the policy rejected the dry run.", func(f *facts, _ *platform.Platform) { f.attempts["provider-azure-writes"] = attempt{outcome: untried} }, []finding.Code{PolicyUntried}},
		"UntriedForParameters": {"Without parameters, policies reject all requests.", func(f *facts, _ *platform.Platform) {
			f.attempts["provider-azure-writes"], f.parameters = attempt{outcome: untried}, &parameters{}
		}, []finding.Code{ParametersMissing}},
		"NotAs": {"Each account has one finding.", func(f *facts, _ *platform.Platform) {
			for name, a := range f.attempts {
				f.attempts[name] = attempt{account: a.account[:len("system:serviceaccount")], outcome: notAs}
			}
		}, []finding.Code{ImpersonationForbidden, ImpersonationForbidden}},
		"Unwanted": {"All policies have one warning.", func(f *facts, _ *platform.Platform) {
			for name := range f.attempts {
				f.attempts[name] = attempt{outcome: unwanted}
			}
		}, []finding.Code{PoliciesNotTried}},
		"Acceptance": {"The account of acceptance runs needs its policy.", func(f *facts, _ *platform.Platform) { f.acceptance = new(true) }, []finding.Code{PolicyMissing}},
		"AcceptanceExempt": {"An exempted account without its policy is unrestricted.", func(f *facts, _ *platform.Platform) {
			f.policies[acceptanceExempts] = policy{actions: []string{"Deny"}, conditions: []string{"is-not-argo-cd", acceptanceCondition}}
		}, []finding.Code{PolicyMissing}},
		"AcceptanceRestricted": {"The component has the account and its policy.", func(f *facts, _ *platform.Platform) {
			f.acceptance, f.policies[acceptancePolicy] = new(true), policy{actions: []string{"Deny"}}
		}, nil},
		"AcceptanceUnknown": {"Reading the account already produced a finding.", func(f *facts, _ *platform.Platform) { f.acceptance = nil }, nil},
		"NoParameters":      {"Policies need their parameters.", func(f *facts, _ *platform.Platform) { f.parameters = &parameters{} }, []finding.Code{ParametersMissing}},
		"ArgoCD": {"Argo CD applies manifests of teams.", func(f *facts, _ *platform.Platform) {
			f.parameters.users = []string{"system:serviceaccount:argocd:argocd-application-controller"}
		}, []finding.Code{PlatformAccountTooWide}},
		"Everybody": {"All accounts are authenticated.", func(f *facts, _ *platform.Platform) {
			f.parameters.groups = append(f.parameters.groups, "system:authenticated")
		}, []finding.Code{PlatformAccountTooWide}},
		"Team": {"The group includes the pods of a team.", func(f *facts, _ *platform.Platform) {
			f.parameters.groups = append(f.parameters.groups, "system:serviceaccounts:shop")
		}, []finding.Code{PlatformAccountTooWide}},
		"Pod": {"The account belongs to a pod of a team.", func(f *facts, _ *platform.Platform) { f.parameters.users = []string{"system:serviceaccount:shop:web"} }, []finding.Code{PlatformAccountTooWide}},
		"ArgoCDElsewhere": {"Argo CD has accounts in remote clusters, too.", func(f *facts, _ *platform.Platform) {
			f.parameters.users = []string{"system:serviceaccount:kube-system:argocd-manager", "system:serviceaccount:openshift-gitops:openshift-gitops-argocd-application-controller"}
		}, []finding.Code{PlatformAccountTooWide, PlatformAccountTooWide}},
		"Components": {"Any component of these namespaces could be compromised.", func(f *facts, _ *platform.Platform) {
			f.parameters.groups = append(f.parameters.groups, "system:serviceaccounts:kube-system", "system:serviceaccounts:crossplane-system", "system:serviceaccounts:argocd")
		}, []finding.Code{PlatformAccountTooWide, PlatformAccountTooWide, PlatformAccountTooWide}},
		"AzureProviders": {"Listed accounts have the rights of the Azure providers.", func(f *facts, _ *platform.Platform) {
			f.parameters.azureProviders = append(f.parameters.azureProviders, "system:serviceaccount:crossplane-system:other", "system:serviceaccount:shop:web", "system:authenticated", "jane@example.com",
				"system:serviceaccount:crossplane-system-2:provider-azure")
		}, []finding.Code{PlatformAccountTooWide, PlatformAccountTooWide, PlatformAccountTooWide, PlatformAccountTooWide}},
		"Backup": {"The page lists an account for backups.", func(f *facts, _ *platform.Platform) {
			f.parameters.users = []string{"system:serviceaccount:velero:velero"}
		}, nil},
		"Unlisted": {"A line with a space matches no account.", func(f *facts, _ *platform.Platform) {
			f.parameters.azureProviders = []string{" system:serviceaccount:crossplane-system:provider-azure"}
		}, []finding.Code{AzureProviderUnlisted}},
		"NoLabels":   {"Applications need a labelled namespace.", func(f *facts, _ *platform.Platform) { f.namespaces, f.applications = f.namespaces[:1], nil }, []finding.Code{NamespacesUnlabelled}},
		"Unlabelled": {"A namespace with applications needs the label.", func(f *facts, _ *platform.Platform) { f.applications = []string{"shop", "tools"} }, []finding.Code{NamespaceUnlabelled}},
		"LabelOther": {"The value of the label is case-sensitive.", func(f *facts, _ *platform.Platform) { f.namespaces[1].labels[labelWorkloads] = "Composed" }, []finding.Code{NamespaceUnlabelled, NamespacesUnlabelled}},
		"PlatformLabelled": {"The Secrets of the platform need more protection.", func(f *facts, _ *platform.Platform) {
			f.namespaces[0].labels = map[string]string{labelWorkloads: "x"}
		}, []finding.Code{PlatformNamespaceLabelled}},
		"Tenant":      {"The settings require a tenant label.", func(_ *facts, p *platform.Platform) { p.Settings.TenantLabel = "meta.p6m.dev/tenant" }, []finding.Code{TenantMissing}},
		"Zone":        {"A landing zone lists a labelled namespace.", zoned("shop", "eu"), nil},
		"ZoneUnknown": {"A label names a landing zone that does not exist.", zoned("", "us"), []finding.Code{LandingZoneMissing}},
		"ZoneUnread": {"Without settings of the platform, no landing zone is known to be missing.", func(f *facts, p *platform.Platform) {
			zoned("", "us")(f, p)
			p.Settings, p.Zones = nil, nil
		}, nil},
		"ZoneNotListed": {"A landing zone does not list the namespace with its label.", zoned("", "eu"), []finding.Code{LandingZoneNotAllowed}},
		"ZoneNotChosen": {"A listed namespace has no label.", zoned("shop", ""), []finding.Code{LandingZoneNotChosen}},
		"ZoneNamespace": {"A listed namespace does not exist.", zoned("gone", ""), []finding.Code{LandingZoneNamespaceMissing}},
		"ZoneSubscription": {"The provider configuration of a zone has another subscription.", func(f *facts, p *platform.Platform) {
			zoned("shop", "eu")(f, p)
			other := *p.Azure
			other.Object, other.SubscriptionID = "ClusterProviderConfig/azure-eu", tenant
			p.Zones[0].Azure = &other
		}, []finding.Code{SubscriptionDiffers}},
		"ZoneTenant": {"A zone in another tenant uses the platform's own provider configurations.", func(f *facts, p *platform.Platform) {
			zoned("shop", "eu")(f, p)
			p.Zones[0].Settings.TenantID = subscription
			p.Zones = append(p.Zones, p.Zones[0])
		}, []finding.Code{TenantDiffers, TenantDiffers}},
		"ZoneCreator": {"Nobody creates the secrets of a zone.", func(f *facts, p *platform.Platform) {
			zoned("shop", "eu")(f, p)
			p.Zones[0].Creator, p.Zones[0].CreatesNothing = nil, true
		}, []finding.Code{CreatorMissing}},
		"NoWebhook":         {"Only some applications need the webhook.", func(f *facts, _ *platform.Platform) { f.webhook = new(false) }, []finding.Code{WebhookMissing}},
		"NoNetworkPolicies": {"Without network policies, every pod can connect.", func(f *facts, _ *platform.Platform) { f.networkPolicies = map[string]bool{} }, []finding.Code{NetworkPolicyMissing, NetworkPolicyMissing}},
		"AllowedNamespace": {"An allowed namespace is misspelt.", func(_ *facts, p *platform.Platform) {
			p.Settings.NetworkPolicy = &v1alpha1.NetworkPolicyDefaults{Enabled: new(true), AllowedNamespaces: []string{"tools", "ingress"}}
		}, []finding.Code{AllowedNamespaceMissing}},
		"NoIngressClass": {"No controller serves a missing class.", func(f *facts, _ *platform.Platform) { f.ingressClasses = map[string]bool{} }, []finding.Code{IngressClassMissing}},
		"DefaultType": {"Without types, the default type is a class.", func(_ *facts, p *platform.Platform) {
			p.Settings.Ingress = &v1alpha1.IngressDefaults{DefaultType: "internal"}
		}, []finding.Code{IngressClassMissing}},
		"Samples":       {"Sample values may be real ids of another organization.", func(_ *facts, p *platform.Platform) { p.Samples = []string{"a"} }, []finding.Code{SampleValues}},
		"Subscription":  {"Settings and providers have different subscriptions.", func(_ *facts, p *platform.Platform) { p.Azure.SubscriptionID = tenant }, []finding.Code{SubscriptionDiffers}},
		"Capitals":      {"Ids of Azure are not case-sensitive.", func(_ *facts, p *platform.Platform) { p.Azure.SubscriptionID = strings.ToUpper(subscription) }, nil},
		"TenantOther":   {"Settings and Azure providers have different tenants.", func(_ *facts, p *platform.Platform) { p.Azure.TenantID = subscription }, []finding.Code{TenantDiffers}},
		"TenantCreator": {"Settings and secret sync provider have different tenants.", func(_ *facts, p *platform.Platform) { p.Creator.TenantID = subscription }, []finding.Code{TenantDiffers}},
		"Cloud":         {"Settings and providers have different clouds.", func(_ *facts, p *platform.Platform) { p.Azure.Environment = "usgovernment" }, []finding.Code{CloudDiffers}},
		"CloudUnknown":  {"The environment is unknown.", func(_ *facts, p *platform.Platform) { p.Azure.Environment = "german" }, []finding.Code{CloudDiffers}},
		"CloudBoth": {"Settings and providers have the same cloud.", func(_ *facts, p *platform.Platform) {
			p.Azure.Environment, p.Settings.Cloud = "china", settings.CloudAzureChina
		}, nil},
		"Incomplete": {"A provider needs its client id.", func(_ *facts, p *platform.Platform) { p.Azure.ClientID = "" }, []finding.Code{ProviderConfigIncomplete}},
		"Password":   {"A Secret has the other fields.", func(_ *facts, p *platform.Platform) { *p.Azure = platform.Principal{Source: "Secret"} }, []finding.Code{CredentialsSource}},
		"Issuer":     {"Entra ID compares the trailing slash.", func(_ *facts, p *platform.Platform) { p.Issuer = strings.TrimSuffix(issuer, "/") }, []finding.Code{IssuerDiffers}},
		"IssuerCase": {"Entra ID compares capital letters.", func(_ *facts, p *platform.Platform) { p.Issuer = strings.ToUpper(issuer) }, []finding.Code{IssuerDiffers}},
		"NoCreator":  {"Teams wait for secrets that are not created.", func(_ *facts, p *platform.Platform) { p.Creator, p.CreatesNothing = nil, true }, []finding.Code{CreatorMissing}},
		"NobodyLists": {"Nobody lists the shared vault.", func(_ *facts, p *platform.Platform) {
			p.Creator, p.CreatesNothing, p.Settings.Secrets.CreateMissing = nil, true, new(false)
			p.Settings.Secrets.Shared = []v1alpha1.SharedSecrets{{Name: "platform", ListWith: "ProviderConfig"}, {Name: "own", ListWith: "Application"}}
		}, []finding.Code{ListerMissing}},
		"NobodyCreates": {"The settings disable the creation of secrets.", func(_ *facts, p *platform.Platform) {
			p.Creator, p.CreatesNothing, p.Settings.Secrets.CreateMissing = nil, true, new(false)
		}, nil},
	}
}

// TestFixCircuitBreaker proves that the fix keeps the existing args and version.
func TestFixCircuitBreaker(t *testing.T) {
	const helm = "helm upgrade crossplane crossplane --repo https://charts.crossplane.io/stable --version "

	cases := map[string]struct {
		reason     string
		crossplane deployment
		want       string
	}{
		"Args": {
			reason:     "Args can have commas, quotes and a low burst.",
			crossplane: deployment{image: "x/crossplane:v2.4.1", args: []string{"core", "start", "--debug", "--circuit-breaker-burst=100", "--x=a,'b'"}},
			want:       "2.4.1 --wait --namespace crossplane-system --reuse-values --set-json 'args=[\"--debug\",\"--x=a,'\\''b'\\''\",\"--circuit-breaker-burst=500\"]'",
		},
		"Apart": {
			reason:     "VERSION stands for an unknown version.",
			crossplane: deployment{image: "x/crossplane", args: []string{"core", "start", "--circuit-breaker-burst", "100"}},
			want:       "VERSION --wait --namespace crossplane-system --reuse-values --set-json 'args=[\"--circuit-breaker-burst=500\"]'",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := wellFacts()
			tc.crossplane.found, tc.crossplane.ready = true, 1
			f.crossplane = &tc.crossplane

			for _, found := range decide(f, wellPlatform(t)) {
				if found.Code != CircuitBreakerLow {
					continue
				}

				_, got, _ := strings.Cut(Words().Words(found).Fix, helm)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("\n%s\nFix: -want, +got:\n%s", tc.reason, diff)
				}

				return
			}

			t.Errorf("\n%s\nno finding %s", tc.reason, CircuitBreakerLow)
		})
	}
}

func codes(found []finding.Finding) []finding.Code {
	var out []finding.Code
	for _, f := range found {
		out = append(out, f.Code)
	}

	slices.Sort(out)

	return out
}

func TestDecide(t *testing.T) {
	words, covered := Words(), map[finding.Code]bool{}

	for name, tc := range decisions() {
		t.Run(name, func(t *testing.T) {
			f, p := wellFacts(), wellPlatform(t)
			tc.change(&f, &p)

			found := decide(f, p)
			if diff := cmp.Diff(tc.want, codes(found)); diff != "" {
				t.Errorf("\n%s\ndecide(...): -want, +got:\n%s\n%+v", tc.reason, diff, found)
			}

			for _, f := range found {
				w := words.Words(f)
				if w.Severity == "" {
					t.Errorf("%s has no words", f.Code)
				}

				if text := w.Problem + w.Impact + w.Fix; leftOver(text) {
					t.Errorf("%s lacks a parameter: %s", f.Code, text)
				}
			}
		})

		for _, c := range tc.want {
			covered[c] = true
		}
	}

	for _, code := range slices.Sorted(maps.Keys(words)) {
		if !covered[code] {
			t.Errorf("no case finds %s", code)
		}
	}
}

// leftOver reports whether a sentence still has the name of a parameter. Braces of JSON in a command are none.
func leftOver(s string) bool {
	for _, part := range strings.Split(s, "{")[1:] {
		name, _, ok := strings.Cut(part, "}")
		if ok && name != "" && !strings.ContainsAny(name, `"-=, {`) {
			return true
		}
	}

	return false
}

// TestDecideAnything proves that no content of a cluster breaks decide, and that every finding has words.
func TestDecideAnything(t *testing.T) {
	words := Words()
	p := wellPlatform(t)

	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "v1.2", "default", ":", "@", "a:b@c", "/", "--circuit-breaker-burst", "1e999", "system:serviceaccount:"}))
		f := wellFacts()
		f.kubernetes = s.Draw(t, "kubernetes")
		f.crossplane = &deployment{found: true, image: s.Draw(t, "image"), version: s.Draw(t, "version"), args: rapid.SliceOf(s).Draw(t, "args")}
		f.packages = append(f.packages, pkg{
			kind: rapid.SampledFrom([]string{"Provider", "Function", "Configuration"}).Draw(t, "kind"), name: s.Draw(t, "name"), image: s.Draw(t, "package"), runtime: s.Draw(t, "runtime"),
			healthy: condition{Status: s.Draw(t, "status"), Reason: s.Draw(t, "reason"), Message: s.Draw(t, "message")},
		})
		f.parameters = &parameters{found: true, groups: rapid.SliceOf(s).Draw(t, "groups"), users: rapid.SliceOf(s).Draw(t, "users")}
		f.namespaces = append(f.namespaces, namespace{s.Draw(t, "namespace"), map[string]string{s.Draw(t, "label"): s.Draw(t, "value")}})

		p := p
		p.Azure = &platform.Principal{Source: s.Draw(t, "source"), TokenFile: s.Draw(t, "file"), SubscriptionID: s.Draw(t, "subscription"), Environment: s.Draw(t, "environment")}
		p.Issuer = s.Draw(t, "issuer")

		for _, f := range decide(f, p) {
			if words.Words(f).Severity == "" {
				t.Errorf("%s has no words", f.Code)
			}
		}
	})
}
