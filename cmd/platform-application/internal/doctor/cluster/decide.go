// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

const (
	minKubernetes = "1.30.0"
	minCrossplane = "2.4.0"

	// minBurst of Crossplane's circuit breaker.
	minBurst  = 500
	burstFlag = "--circuit-breaker-burst"

	// supportedNamespace is where ServiceAccounts, policies and federated credentials of the base are.
	supportedNamespace = "crossplane-system"

	// audience of tokens for Entra ID.
	audience = "api://AzureADTokenExchange"

	// tokenFileDefault is what provider-azure v2.6.0 reads if its configuration names no file.
	tokenFileDefault = "/var/run/secrets/azure/tokens/azure-identity-token"

	// maxListed is how many names a finding has.
	maxListed = 20
)

// An expected package, by the name that the Composition, policies and network policies know it by.
type expected struct {
	kind, name, repository, runtime, serviceAccount string
	azure                                           bool
}

// expectedPackages of the platform. Of the Configuration there are two variants.
func expectedPackages() []expected {
	azure := func(name string) expected {
		return expected{"Provider", "crossplane-contrib-" + name, name, "provider-azure", platform.AzureServiceAccount, true}
	}

	return []expected{
		{kind: "Provider", name: "p6m-dev-provider-keyvault-secretsync", repository: "provider-keyvault-secretsync", runtime: "provider-keyvault-secretsync", serviceAccount: platform.CreatorServiceAccount},
		{kind: "Function", name: platform.Function, repository: "function-platform-application", runtime: "function-platform-application"},
		azure("provider-family-azure"), azure("provider-azure-keyvault"), azure("provider-azure-managedidentity"), azure("provider-azure-authorization"),
	}
}

const configuration = "configuration-platform-application"

// composedKinds are the managed resources of applications, with the version that is composed.
func composedKinds() map[string]string {
	return map[string]string{
		"vaults.keyvault.azure.m.upbound.io":                              "v1beta1",
		"userassignedidentities.managedidentity.azure.m.upbound.io":       "v1beta1",
		"federatedidentitycredentials.managedidentity.azure.m.upbound.io": "v1beta1",
		"roleassignments.authorization.azure.m.upbound.io":                "v1beta1",
		"keyvaultsecretsyncs.secrets.p6m.dev":                             "v1alpha1",
		scaledObjects:                                                     "v1alpha1",
	}
}

// scaledObjects are of KEDA, which not every cluster has.
const scaledObjects = "scaledobjects.keda.sh"

// neededGrants are those of package/rbac and package/provider.
func neededGrants(ns string) []grant {
	crossplane := "system:serviceaccount:" + ns + ":crossplane"

	out := []grant{{"system:serviceaccount:" + ns + ":" + platform.CreatorServiceAccount, "create", "", "serviceaccounts/token"}}
	for _, g := range []grant{
		{group: "autoscaling", resource: "horizontalpodautoscalers"},
		{group: "networking.k8s.io", resource: "ingresses"},
		{group: "networking.k8s.io", resource: "networkpolicies"},
		{group: "policy", resource: "poddisruptionbudgets"},
		{group: "keda.sh", resource: "scaledobjects"},
	} {
		out = append(out, grant{crossplane, "create", g.group, g.resource})
	}

	return append(out, grant{crossplane, "get", "", "namespaces"}, grant{crossplane, "get", "azure.m.upbound.io", "clusterproviderconfigs"})
}

// platformNamespaces never have applications.
func platformNamespaces(crossplane string) []string {
	return []string{"argocd", crossplane, "kube-node-lease", "kube-public", "kube-system"}
}

type params = map[string]string

// A decision collects findings.
type decision struct {
	facts    facts
	platform platform.Platform
	found    []finding.Finding
}

func (d *decision) add(code finding.Code, object string, with params) {
	d.found = append(d.found, finding.Finding{Code: code, Object: object, With: with})
}

// decide what is found. What is not known is not decided on: it was found when it was read.
func decide(f facts, p platform.Platform) []finding.Finding {
	d := &decision{facts: f, platform: p}

	d.versions()
	d.packages()
	d.runtimes()
	d.definitions()
	d.kinds()
	d.grants()
	d.policies()
	d.attempts()
	d.parameters()
	d.namespaces()
	d.optional()
	d.azure()
	d.settings()

	return d.found
}

// olderThan tells whether a version is older. What cannot be read is no version.
func olderThan(v, least string) (older, ok bool) {
	parsed, err := version.ParseGeneric(v)
	if err != nil {
		return false, false
	}

	return parsed.LessThan(version.MustParseGeneric(least)), true
}

func (d *decision) versions() {
	if v := d.facts.kubernetes; v != "" {
		switch older, ok := olderThan(v, minKubernetes); {
		case !ok:
			d.add(KubernetesVersionUnknown, "", params{"version": v})
		case older:
			d.add(KubernetesTooOld, "", params{"version": v})
		}
	}

	if c := d.facts.crossplane; c != nil {
		d.crossplane(*c)
	}

	if m := d.facts.rbacManager; m != nil {
		switch {
		case !m.found && d.facts.crossplane != nil && d.facts.crossplane.found:
			d.add(RBACManagerMissing, "Deployment/crossplane-rbac-manager", params{"namespace": d.platform.Namespace, "version": chart(d.facts.crossplane.release())})
		case m.found && m.ready == 0:
			d.add(RBACManagerNotRunning, "Deployment/crossplane-rbac-manager", params{"namespace": d.platform.Namespace})
		}
	}
}

func (d *decision) crossplane(c deployment) {
	const object = "Deployment/crossplane"

	with := params{"namespace": d.platform.Namespace}

	switch elsewhere := d.facts.elsewhere; {
	case !c.found && elsewhere == nil:
		// Whether there is one was found not to be known.
		return
	case !c.found && len(elsewhere) > 0:
		d.add(CrossplaneElsewhere, object, params{"namespace": d.platform.Namespace, "namespaces": listed(elsewhere), "first": elsewhere[0]})

		return
	case !c.found:
		d.add(CrossplaneMissing, object, with)

		return
	case d.platform.Namespace != supportedNamespace:
		d.add(CrossplaneNamespaceUnsupported, object, with)
	}

	if c.ready == 0 {
		d.add(CrossplaneNotRunning, object, with)
	}

	v := c.release()

	switch older, ok := olderThan(v, minCrossplane); {
	case !ok:
		d.add(CrossplaneVersionUnknown, object, params{"image": c.image, "namespace": d.platform.Namespace})
	case older:
		d.add(CrossplaneTooOld, object, params{"version": v, "namespace": d.platform.Namespace})
	}

	if burst(c.args) < minBurst {
		d.add(CircuitBreakerLow, object, params{"namespace": d.platform.Namespace, "version": chart(v), "args": withBurst(c.args)})
	}
}

// release is the version of Crossplane, as its image has it, or its labels.
func (d deployment) release() string {
	if tag := (pkg{image: d.image}).tag(); isVersion(tag) {
		return tag
	}

	return d.version
}

// isVersion tells whether a text can be compared as a version.
func isVersion(v string) bool {
	_, ok := olderThan(v, minCrossplane)

	return ok
}

// chart is the version of Crossplane's chart that installs a version of Crossplane.
func chart(v string) string {
	if !isVersion(v) {
		return "VERSION"
	}

	return strings.TrimPrefix(v, "v")
}

// withBurst are the args of the chart, as JSON: those that there are, and the one that is missing. The chart adds the command by itself.
func withBurst(args []string) string {
	var out []string

	for i, a := range args {
		apart := i > 0 && args[i-1] == burstFlag
		if a == "core" || a == "start" || apart || strings.HasPrefix(a, burstFlag) {
			continue
		}

		out = append(out, a)
	}

	data, err := json.Marshal(append(out, fmt.Sprintf("%s=%d", burstFlag, minBurst)))
	if err != nil {
		panic(err) // Texts are always JSON.
	}

	return string(data)
}

// burst that Crossplane has been given.
func burst(args []string) int {
	for i, a := range args {
		value, ok := strings.CutPrefix(a, burstFlag)
		if !ok {
			continue
		}

		if value == "" && i+1 < len(args) {
			value = args[i+1]
		}

		n, err := strconv.ParseFloat(strings.TrimPrefix(value, "="), 64)
		if err == nil {
			return int(n)
		}
	}

	return 0
}

func (d *decision) packages() {
	if !d.facts.packagesRead {
		return
	}

	all := expectedPackages()

	// Both variants would define the same kind.
	for _, name := range []string{configuration, configuration + "-claim"} {
		if d.installs("Configuration", name) {
			all = append(all, expected{kind: "Configuration", name: name, repository: name})
		}
	}

	if len(all) == len(expectedPackages()) {
		d.add(PackageMissing, "Configuration/"+configuration, nil)
	}

	ours, azure := map[string][]string{}, map[string][]string{}

	for _, e := range all {
		versions := ours
		if e.azure {
			versions = azure
		}

		d.expects(e, versions)
	}

	for code, versions := range map[finding.Code]map[string][]string{VersionsDiffer: ours, AzureVersionsDiffer: azure} {
		if len(versions) > 1 {
			d.add(code, "", params{"versions": versionsOf(versions)})
		}
	}
}

// installs tells whether a package of that repository is installed, under whatever name.
func (d *decision) installs(kind, repository string) bool {
	return slices.ContainsFunc(d.facts.packages, func(p pkg) bool { return p.kind == kind && p.repository() == repository })
}

// expects a package, and collects its version. Nothing knows a Configuration by its name.
func (d *decision) expects(e expected, versions map[string][]string) {
	anyName, installed := e.kind == "Configuration", false

	for _, p := range d.facts.packages {
		switch named := p.name == e.name || anyName && p.repository() == e.repository; {
		case p.kind != e.kind:
		case named:
			installed = true

			d.health(p)

			if tag := p.tag(); tag != "" {
				versions[tag] = append(versions[tag], p.key())
			}
		case p.repository() == e.repository:
			d.add(PackageMisnamed, p.key(), params{"name": e.name, "resource": resourceOf(p)})
		}
	}

	if !installed {
		d.add(PackageMissing, e.kind+"/"+e.name, nil)
	}
}

// versionsOf packages, for people.
func versionsOf(versions map[string][]string) string {
	var out []string
	for _, v := range slices.Sorted(maps.Keys(versions)) {
		out = append(out, v+" ("+strings.Join(versions[v], ", ")+")")
	}

	return strings.Join(out, ", ")
}

// resourceOf a package, as kubectl takes it.
func resourceOf(p pkg) string {
	return strings.ToLower(p.kind) + "s.pkg.crossplane.io/" + p.name
}

func (d *decision) health(p pkg) {
	for code, c := range map[finding.Code]condition{PackageNotInstalled: p.installed, PackageNotHealthy: p.healthy} {
		if c.Status != "True" {
			d.add(code, p.key(), params{"reason": said(c), "resource": resourceOf(p)})
		}
	}
}

// said is what a condition says.
func said(c condition) string {
	out := strings.TrimPrefix(strings.TrimSuffix(c.Reason+": "+c.Message, ": "), ": ")
	if out == "" {
		return "there is no condition " + c.Type
	}

	return out
}

// runtimes of packages: their ServiceAccounts, and the tokens that they sign in with.
func (d *decision) runtimes() {
	if !d.facts.packagesRead || d.facts.runtimes == nil {
		return
	}

	azure := false

	for _, e := range expectedPackages() {
		i := slices.IndexFunc(d.facts.packages, func(p pkg) bool { return p.kind == e.kind && p.name == e.name })
		if i < 0 {
			continue
		}

		p := d.facts.packages[i]
		with := params{"runtime": e.runtime, "resource": resourceOf(p)}

		r, ok := d.facts.runtimes[p.runtime]

		switch {
		case e.kind == "Function" && (p.runtime != e.runtime || !ok):
			d.add(FunctionRuntimeNotSet, p.key(), with)
		case e.kind == "Function":
		case p.runtime == "" || p.runtime == "default":
			d.add(RuntimeConfigNotSet, p.key(), with)
		case !ok:
			d.add(RuntimeConfigMissing, "DeploymentRuntimeConfig/"+p.runtime, with)
		case r.serviceAccount != e.serviceAccount:
			with["account"], with["runtime"] = e.serviceAccount, p.runtime
			d.add(ServiceAccountWrong, "DeploymentRuntimeConfig/"+p.runtime, with)
		default:
			d.token(p.runtime, r, e.azure)
		}

		azure = azure || e.azure
	}

	if known := d.facts.serviceAccount; azure && known != nil && !*known {
		d.add(ServiceAccountMissing, "ServiceAccount/"+platform.AzureServiceAccount, nil)
	}

	d.found = compact(d.found)
}

// compact leaves out findings that are there already: the Azure providers have one DeploymentRuntimeConfig.
func compact(found []finding.Finding) []finding.Finding {
	var out []finding.Finding

	for _, f := range found {
		if !slices.ContainsFunc(out, func(o finding.Finding) bool { return o.Code == f.Code && o.Object == f.Object && f.Object != "" }) {
			out = append(out, f)
		}
	}

	return out
}

// token that a provider signs in with, at the path that its configuration has.
func (d *decision) token(name string, r runtimeConfig, azure bool) {
	file := r.tokenFile

	switch {
	case azure && (d.platform.Azure == nil || d.platform.Azure.Source != "OIDCTokenFile"):
		return
	case azure:
		file = d.platform.Azure.TokenFile
		if file == "" {
			file = tokenFileDefault
		}
	case d.platform.Creator == nil || d.platform.Creator.Source != "WorkloadIdentity":
		return
	}

	object, with := "DeploymentRuntimeConfig/"+name, params{"file": file}

	switch got, ok := r.tokens[path.Clean(file)]; {
	case !ok:
		d.add(TokenFileNotMounted, object, with)
	case got != audience:
		d.add(TokenAudienceWrong, object, params{"file": file, "audience": got})
	}
}

func (d *decision) definitions() {
	if !d.facts.definitionsRead {
		return
	}

	switch len(d.facts.definitions) {
	case 0:
		d.add(DefinitionMissing, "CompositeResourceDefinition/"+platform.ModernDefinition, nil)

		return
	case 1:
	default:
		d.add(VariantsBoth, "", nil)
	}

	for _, x := range d.facts.definitions {
		conditions := []condition{x.established}
		if x.name == platform.ClaimDefinition {
			conditions = append(conditions, x.offered)
		}

		for _, c := range conditions {
			if c.Status != "True" {
				d.add(DefinitionNotReady, "CompositeResourceDefinition/"+x.name, params{"condition": c.Type, "reason": said(c), "name": x.name})
			}
		}
	}

	switch {
	case d.platform.Composition == "":
		d.add(CompositionMissing, "", nil)
	case len(d.platform.Compositions) > 1:
		d.add(CompositionAmbiguous, "", params{"compositions": listed(d.platform.Compositions), "definition": d.facts.definitions[0].name, "name": d.platform.Composition})
	}
}

func (d *decision) kinds() {
	for _, name := range slices.Sorted(maps.Keys(d.facts.kinds)) {
		k := d.facts.kinds[name]

		switch {
		case k.served || name == scaledObjects:
		case k.inactive:
			d.add(KindInactive, "ManagedResourceDefinition/"+name, params{"name": name})
		default:
			d.add(KindMissing, "CustomResourceDefinition/"+name, params{"version": composedKinds()[name]})
		}
	}
}

func (d *decision) grants() {
	for _, g := range slices.SortedFunc(maps.Keys(d.facts.grants), func(a, b grant) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
		if !d.facts.grants[g] {
			name := strings.TrimSuffix(g.resource+"."+g.group, ".")
			d.add(GrantMissing, g.account, params{"verb": g.verb, "what": name})
		}
	}
}

func (d *decision) policies() {
	if d.facts.policies == nil {
		return
	}

	for _, name := range expectedPolicies(d.facts) {
		object, with := "ValidatingAdmissionPolicy/"+name, params{"name": name}

		switch p, ok := d.facts.policies[name]; {
		case !ok:
			d.add(PolicyMissing, object, with)
		case slices.Contains(p.actions, "Deny") && p.ignores:
			d.add(PolicyIgnoresFailures, object, with)
		case slices.Contains(p.actions, "Deny"):
		case slices.Contains(p.actions, "Audit") && slices.Contains(auditedFirst(), name):
			d.add(PolicyAudited, object, with)
		default:
			d.add(PolicyUnbound, object, with)
		}
	}
}

// auditedFirst are the policies that package/platform/audit-namespaces has record and not refuse.
func auditedFirst() []string {
	return []string{"function-platform-application-namespaces", "provider-keyvault-secretsync-namespaces"}
}

func (d *decision) attempts() {
	notAsAccount := map[string][]string{}

	var notTried []string

	for _, name := range slices.Sorted(maps.Keys(d.facts.attempts)) {
		object := "ValidatingAdmissionPolicy/" + name

		switch a := d.facts.attempts[name]; a.outcome {
		case refused:
		case admitted:
			d.add(PolicyAdmits, object, params{"account": a.account, "name": name})
		case untried:
			// Without parameters all policies refuse everything, and which of them the API server names is a matter of chance.
			if p := d.facts.parameters; p != nil && !p.found {
				continue
			}

			d.add(PolicyUntried, object, params{"account": a.account, "error": a.why})
		case notAs:
			notAsAccount[a.account] = append(notAsAccount[a.account], name)
		case unwanted:
			notTried = append(notTried, name)
		}
	}

	if len(notTried) > 0 {
		d.add(PoliciesNotTried, "", params{"policies": listed(notTried)})
	}

	for _, account := range slices.Sorted(maps.Keys(notAsAccount)) {
		d.add(ImpersonationForbidden, account, params{"policies": listed(notAsAccount[account])})
	}
}

func (d *decision) parameters() {
	p := d.facts.parameters
	if p == nil {
		return
	}

	const object = "ConfigMap/" + parametersName

	with := params{"namespace": d.platform.Namespace}
	if !p.found {
		d.add(ParametersMissing, object, with)

		return
	}

	tooWide := func(list, account string) {
		d.add(PlatformAccountTooWide, object, params{"account": account, "list": list, "namespace": d.platform.Namespace})
	}

	for _, account := range p.groups {
		if d.isTooWide(account) {
			tooWide("groups", account)
		}
	}

	for _, account := range p.users {
		if d.isTooWide(account) {
			tooWide("users", account)
		}
	}

	// Crossplane runs all providers in its own namespace. Spaces make it another account, which nobody has.
	for _, account := range p.azureProviders {
		if !strings.HasPrefix(strings.TrimSpace(account), "system:serviceaccount:"+d.platform.Namespace+":") {
			tooWide("azureProviders", account)
		}
	}

	if account := "system:serviceaccount:" + d.platform.Namespace + ":" + platform.AzureServiceAccount; !slices.Contains(p.azureProviders, account) {
		d.add(AzureProviderUnlisted, object, params{"account": account, "namespace": d.platform.Namespace})
	}
}

// isTooWide tells whether teams are behind an account, or Argo CD, which applies what they have in Git, or everything that runs in a
// namespace of the platform or the cluster: one of its components may be taken over.
func (d *decision) isTooWide(account string) bool {
	if slices.Contains([]string{"system:anonymous", "system:authenticated", "system:unauthenticated", "system:serviceaccounts"}, account) {
		return true
	}

	if ns, ok := strings.CutPrefix(account, "system:serviceaccounts:"); ok {
		return slices.Contains(platformNamespaces(d.platform.Namespace), ns) || d.isOfTeams(ns)
	}

	if of, ok := strings.CutPrefix(account, "system:serviceaccount:"); ok {
		ns, name, _ := strings.Cut(of, ":")

		// Names as its manifests, its charts and its command line have them, whatever its namespace is called.
		return strings.Contains(name, "argocd") || d.isOfTeams(ns)
	}

	return false
}

// isOfTeams tells whether applications run in a namespace.
func (d *decision) isOfTeams(name string) bool {
	return slices.ContainsFunc(d.facts.namespaces, func(n namespace) bool { return n.name == name && n.labels[labelWorkloads] == composed })
}

func (d *decision) namespaces() {
	if d.facts.namespaces == nil {
		return
	}

	tenant, labelled := "", false
	if d.platform.Settings != nil {
		tenant = d.platform.Settings.TenantLabel
	}

	for _, n := range d.facts.namespaces {
		object, with := "Namespace/"+n.name, params{"name": n.name, "label": tenant}

		switch of, ok := n.labels[labelWorkloads]; {
		case ok && slices.Contains(platformNamespaces(d.platform.Namespace), n.name):
			d.add(PlatformNamespaceLabelled, object, with)
		case of == composed:
			labelled = true

			if tenant != "" && n.labels[tenant] == "" {
				d.add(TenantMissing, object, with)
			}
		case slices.Contains(d.facts.applications, n.name):
			d.add(NamespaceUnlabelled, object, with)
		}
	}

	if !labelled {
		d.add(NamespacesUnlabelled, "", nil)
	}
}

// optional parts, which settings may need.
func (d *decision) optional() {
	if w := d.facts.webhook; w != nil && !*w {
		d.add(WebhookMissing, "", nil)
	}

	if d.facts.networkPolicies != nil {
		for _, name := range []string{"function-platform-application", "provider-keyvault-secretsync"} {
			if !d.facts.networkPolicies[name] {
				d.add(NetworkPolicyMissing, "NetworkPolicy/"+name, nil)
			}
		}
	}

	if d.platform.Settings != nil {
		d.needed(*d.platform.Settings)
	}
}

// needed by settings.
func (d *decision) needed(s v1alpha1.PlatformConfigSpec) {
	if k, known := d.facts.kinds[scaledObjects]; known && !k.served && s.Autoscaling.KEDA != nil && *s.Autoscaling.KEDA {
		d.add(KEDAMissing, "CustomResourceDefinition/"+scaledObjects, nil)
	}

	if n := s.NetworkPolicy; n.Enabled != nil && *n.Enabled && d.facts.namespaces != nil {
		for _, name := range n.AllowedNamespaces {
			if !slices.ContainsFunc(d.facts.namespaces, func(n namespace) bool { return n.name == name }) {
				d.add(AllowedNamespaceMissing, "Namespace/"+name, params{"name": name})
			}
		}
	}

	if d.facts.ingressClasses == nil {
		return
	}

	for _, name := range ingressClassesOf(d.platform) {
		if !d.facts.ingressClasses[name] {
			d.add(IngressClassMissing, "IngressClass/"+name, nil)
		}
	}
}

// ingressClassesOf the settings.
func ingressClassesOf(p platform.Platform) []string {
	in := p.Settings.Ingress
	if len(in.Types) == 0 && in.DefaultType != "" {
		return []string{in.DefaultType}
	}

	var out []string

	for _, t := range in.Types {
		name := t.IngressClassName
		if name == "" {
			name = t.Name
		}

		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}

	return out
}

// azure compares the providers with the settings.
func (d *decision) azure() {
	a := d.platform.Azure
	if a == nil {
		return
	}

	object := a.Object + " of " + platform.AzureGroup
	with := params{"resource": "clusterproviderconfigs." + platform.AzureGroup + "/" + strings.TrimPrefix(a.Object, "ClusterProviderConfig/")}

	if a.Source != "OIDCTokenFile" {
		d.add(CredentialsSource, object, params{"source": a.Source, "resource": with["resource"]})
	} else if missing := without([][2]string{{"clientID", a.ClientID}, {"tenantID", a.TenantID}, {"subscriptionID", a.SubscriptionID}}); len(missing) > 0 {
		with["fields"] = listed(missing)
		d.add(ProviderConfigIncomplete, object, with)
	}

	s := d.platform.Settings
	if s == nil {
		return
	}

	differ := func(code finding.Code, theirs, ours string) {
		if theirs != "" && !strings.Contains(theirs, "REPLACE_ME") && !strings.EqualFold(theirs, ours) {
			d.add(code, object, params{"theirs": theirs, "ours": ours, "resource": with["resource"]})
		}
	}

	differ(SubscriptionDiffers, a.SubscriptionID, s.SubscriptionID)
	differ(TenantDiffers, a.TenantID, s.TenantID)

	if cloud, ok := clouds()[strings.ToLower(a.Environment)]; !ok || cloud != s.Cloud {
		environment := a.Environment
		if environment == "" {
			environment = "public"
		}

		d.add(CloudDiffers, object, params{"theirs": environment, "ours": s.Cloud, "resource": with["resource"]})
	}
}

// clouds of the settings, by the environment of the Azure providers.
func clouds() map[string]string {
	return map[string]string{
		"": settings.CloudAzurePublic, "public": settings.CloudAzurePublic,
		"usgovernment": settings.CloudAzureUSGovernment, "china": settings.CloudAzureChina,
	}
}

// without a value.
func without(fields [][2]string) []string {
	var out []string

	for _, f := range fields {
		if f[1] == "" {
			out = append(out, f[0])
		}
	}

	return out
}

// settings that fit neither the cluster nor each other.
func (d *decision) settings() {
	if len(d.platform.Samples) > 0 {
		d.add(SampleValues, "", params{"fields": listed(d.platform.Samples)})
	}

	s := d.platform.Settings
	if s == nil {
		return
	}

	if issuer := d.platform.Issuer; issuer != "" && issuer != s.OIDCIssuerURL {
		d.add(IssuerDiffers, "", params{"theirs": issuer, "ours": s.OIDCIssuerURL})
	}

	if c := d.platform.Creator; c != nil && c.TenantID != "" && !strings.EqualFold(c.TenantID, s.TenantID) {
		name := strings.TrimPrefix(c.Object, "ClusterProviderConfig/")
		d.add(TenantDiffers, c.Object+" of "+platform.SyncGroup, params{
			"theirs": c.TenantID, "ours": s.TenantID, "resource": "clusterproviderconfigs." + platform.SyncGroup + "/" + name,
		})
	}

	if create := s.Secrets.CreateMissing; d.platform.CreatesNothing && create != nil && *create {
		d.add(CreatorMissing, "", nil)
	}
}

// listed is a list that people read.
func listed(names []string) string {
	if more := len(names) - maxListed; more > 0 {
		return strings.Join(names[:maxListed], ", ") + fmt.Sprintf(", and %d more", more)
	}

	return strings.Join(names, ", ")
}
