// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// placeholder marks values in package/platform that a platform team must replace.
const placeholder = "REPLACE_ME"

// AnnotationIngressClass is deprecated. Kubernetes rejects an Ingress with this annotation and
// ingressClassName.
const AnnotationIngressClass = "kubernetes.io/ingress.class"

// Labels that the function sets on pods. Network policies find callers by those that name an
// application.
const (
	LabelApplication  = "meta.p6m.dev/application"
	LabelApp          = "p6m.dev/app"
	LabelName         = "app.kubernetes.io/name"
	LabelUseWorkloads = "azure.workload.identity/use"
)

func podLabels() []string {
	return []string{LabelApplication, LabelApp, LabelName, LabelUseWorkloads}
}

// maxVariables is the limit of a list of variables, because each is compared with every key.
const maxVariables = 200

// An asterisk alone would withhold everything.
var (
	withheldVariable = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*\*?|\*[A-Za-z0-9_]+)$`)
	allowedVariable  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// A MissingError lists missing required settings.
type MissingError struct{ Fields []string }

// Error names the fields.
func (e *MissingError) Error() string {
	return finding.Say(finding.SettingsIncomplete, finding.With{"fields": finding.All(", ", e.Fields)})
}

// A PlaceholderError lists settings that still have a placeholder.
type PlaceholderError struct{ Fields []string }

// Error names the fields.
func (e *PlaceholderError) Error() string {
	return finding.Say(finding.PlaceholdersLeft, finding.With{"placeholder": placeholder, "fields": finding.All(", ", e.Fields)})
}

// check returns an error about the faulty fields that count. It reports all missing settings first,
// because a new platform team needs the whole list.
func check(s *v1alpha1.PlatformConfigSpec, counts func(field string) bool) error {
	if missing := only(missing(s), counts); len(missing) > 0 {
		return &MissingError{Fields: missing}
	}
	if left := only(placeholders(s), counts); len(left) > 0 {
		return &PlaceholderError{Fields: left}
	}

	return slices.DeleteFunc(validate(s), func(err *field.Error) bool { return !counts(err.Field) }).ToAggregate()
}

// faulty returns the fields for which check returns an error.
func faulty(s *v1alpha1.PlatformConfigSpec) sets.Set[string] {
	fields := sets.New(missing(s)...).Insert(placeholders(s)...)
	for _, err := range validate(s) {
		fields.Insert(err.Field)
	}

	return fields
}

// anyField makes all faults count.
func anyField(string) bool { return true }

func only(fields []string, counts func(field string) bool) []string {
	return slices.DeleteFunc(fields, func(field string) bool { return !counts(field) })
}

// missing returns the required fields that are not set.
func missing(s *v1alpha1.PlatformConfigSpec) (fields []string) {
	for _, r := range []struct{ field, value string }{
		{"tenantId", s.TenantID},
		{"subscriptionId", s.SubscriptionID},
		{"resourceGroupName", s.ResourceGroupName},
		{"location", s.Location},
		{"oidcIssuerUrl", s.OIDCIssuerURL},
	} {
		if r.value == "" {
			fields = append(fields, r.field)
		}
	}

	return fields
}

// placeholders returns the fields that still have a placeholder. Azure would accept some of
// these values as names.
func placeholders(s *v1alpha1.PlatformConfigSpec) []string {
	var left []string
	for _, f := range []struct{ field, value string }{
		{"tenantId", s.TenantID},
		{"subscriptionId", s.SubscriptionID},
		{"resourceGroupName", s.ResourceGroupName},
		{"location", s.Location},
		{"oidcIssuerUrl", s.OIDCIssuerURL},
		{"secretCreatorPrincipalId", s.SecretCreatorPrincipalID},
	} {
		if strings.Contains(f.value, placeholder) {
			left = append(left, f.field)
		}
	}

	return left
}

// validate returns an error for every invalid field.
func validate(s *v1alpha1.PlatformConfigSpec) field.ErrorList {
	var c checker
	c.uuid(field.NewPath("tenantId"), s.TenantID)
	c.uuid(field.NewPath("subscriptionId"), s.SubscriptionID)
	if s.SecretCreatorPrincipalID != "" {
		c.uuid(field.NewPath("secretCreatorPrincipalId"), s.SecretCreatorPrincipalID)
	}
	c.issuer(field.NewPath("oidcIssuerUrl"), s.OIDCIssuerURL)
	if strings.Contains(s.ResourceGroupName, "/") {
		c.invalid(field.NewPath("resourceGroupName"), s.ResourceGroupName, finding.MustBeResourceGroup)
	}
	c.cluster(field.NewPath("clusterName"), s.ClusterName)
	c.clusterSharing(field.NewPath("clusterSharing"), s)
	c.oneOf(field.NewPath("cloud"), s.Cloud, CloudAzurePublic, CloudAzureUSGovernment, CloudAzureChina)
	c.providerConfig(field.NewPath("azureProviderConfigRef"), s.AzureProviderConfigRef)
	c.providerConfig(field.NewPath("secretSyncProviderConfigRef"), s.SecretSyncProviderConfigRef)
	c.tags(field.NewPath("tags"), s.Tags)
	c.inheritedTags(field.NewPath("inheritedTags"), s)
	if s.TenantLabel != "" {
		c.qualified(field.NewPath("tenantLabel"), s.TenantLabel, s.TenantLabel)
	}
	c.namespaces(field.NewPath("retiredNamespaces"), s.RetiredNamespaces)
	c.landingZone(field.NewPath("landingZone"), s.LandingZone)
	c.keyVault(field.NewPath("keyVault"), s.KeyVault)
	c.vaultNetwork(field.NewPath("keyVault", "network"), s)
	c.vaultDiagnostics(field.NewPath("keyVault", "diagnostics"), s.KeyVault)
	c.secrets(field.NewPath("secrets"), s.Secrets)
	c.workload(field.NewPath("workload"), s.Workload)
	c.autoscaling(field.NewPath("autoscaling"), s.Autoscaling)
	c.networkPolicy(field.NewPath("networkPolicy"), s.NetworkPolicy)
	c.ingress(field.NewPath("ingress"), s.Ingress)
	c.adopt(field.NewPath("adopt"), s.Adopt)

	return c.errs
}

// A checker collects invalid fields.
type checker struct{ errs field.ErrorList }

func (c *checker) add(err *field.Error) { c.errs = append(c.errs, err) }

func (c *checker) invalid(path *field.Path, value any, reason finding.Reason, with ...finding.With) {
	c.add(field.Invalid(path, value, finding.Say(reason, with...)))
}

func (c *checker) forbidden(path *field.Path, reason finding.Reason, with ...finding.With) {
	c.add(field.Forbidden(path, finding.Say(reason, with...)))
}

// atMost bounds the length of a list.
func (c *checker) atMost(path *field.Path, length, most int) {
	if length > most {
		c.add(field.TooMany(path, length, most))
	}
}

func (c *checker) issuer(path *field.Path, issuer string) {
	if !isIssuer(issuer) {
		c.invalid(path, issuer, finding.MustBeHTTPS)
	}
	if strings.Contains(issuer, ".oic.prod-aks.azure.com/") && !strings.HasSuffix(issuer, "/") {
		c.invalid(path, issuer, finding.IssuerWithoutSlash)
	}
}

func (c *checker) dns(path *field.Path, value string) {
	if len(validation.IsDNS1123Subdomain(value)) > 0 {
		c.invalid(path, value, finding.MustBeSubdomain)
	}
}

func (c *checker) namespaces(path *field.Path, names []string) {
	for i, name := range names {
		if len(validation.IsDNS1123Label(name)) > 0 {
			c.invalid(path.Index(i), name, finding.MustBeNamespace)
		}
	}
}

// unique rejects duplicates. The API server would reject them, too, and Crossplane would then
// apply no other resource.
func (c *checker) unique(path *field.Path, values []string) {
	known := make(map[string]bool, len(values))
	for i, v := range values {
		if known[v] {
			c.add(field.Duplicate(path.Index(i), v))
		}
		known[v] = true
	}
}

func (c *checker) qualified(path *field.Path, value any, name string) {
	if len(validation.IsQualifiedName(name)) > 0 {
		c.invalid(path, value, finding.MustBeQualifiedName)
	}
}

func (c *checker) annotations(path *field.Path, annotations map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		at := path.Key(name)
		c.qualified(at, name, strings.ToLower(name))
		if IsReserved(name) {
			c.forbidden(at, finding.MustNotBeReserved)
		}
		if name == AnnotationIngressClass {
			c.forbidden(at, finding.IngressClassByAnnotation)
		}
	}
}

// allowedAnnotation accepts a whole name, or the beginning of one with its whole domain: the
// domain shows which tools read an annotation.
func (c *checker) allowedAnnotation(path *field.Path, pattern string) {
	begin, wildcard := strings.CutSuffix(pattern, "*")
	name := begin
	if wildcard {
		name += "x" // The shortest name that matches.
	}
	switch {
	case wildcard && !strings.Contains(begin, "/"):
		c.invalid(path, pattern, finding.AnnotationPatternInvalid)
	case name == AnnotationIngressClass:
		c.forbidden(path, finding.IngressClassNotAllowed, finding.With{"annotation": AnnotationIngressClass})
	case IsReserved(name):
		c.invalid(path, pattern, finding.MustNotBeReserved)
	default:
		c.qualified(path, pattern, strings.ToLower(name))
	}
}

// IsReserved reports whether tools recognize their objects by an annotation. An application
// that sets one could impersonate another.
func IsReserved(annotation string) bool {
	domain, _, _ := strings.Cut(annotation, "/")
	for _, d := range []string{"crossplane.io", "argoproj.io", "kubectl.kubernetes.io"} {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}

	return false
}

func (c *checker) uuid(path *field.Path, value string) {
	if _, err := uuid.Parse(value); err != nil || len(value) != 36 {
		c.invalid(path, value, finding.MustBeUUID)
	}
}

func (c *checker) oneOf(path *field.Path, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		c.add(field.NotSupported(path, value, allowed))
	}
}

func (c *checker) providerConfig(path *field.Path, ref *v1alpha1.ProviderConfigReference) {
	if ref == nil {
		return
	}
	c.oneOf(path.Child("kind"), ref.Kind, "ProviderConfig", "ClusterProviderConfig")
	if ref.Name == "" {
		c.add(field.Required(path.Child("name"), ""))
	}
}

func (c *checker) workload(path *field.Path, w *v1alpha1.WorkloadDefaults) {
	if w == nil {
		return
	}
	if w.Replicas != nil && *w.Replicas < 0 {
		c.invalid(path.Child("replicas"), *w.Replicas, finding.MustNotBeNegative)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Labels)) {
		at := path.Child("labels").Key(name)
		c.qualified(at, name, name)
		if slices.Contains(podLabels(), name) {
			c.forbidden(at, finding.LabelOfFunction, finding.With{"labels": finding.All(", ", podLabels())})
		}
		if len(validation.IsValidLabelValue(w.Labels[name])) > 0 {
			c.invalid(at, w.Labels[name], finding.LabelValueInvalid)
		}
	}
	for i, name := range w.ImagePullSecrets {
		c.dns(path.Child("imagePullSecrets").Index(i), name)
	}
	c.unique(path.Child("imagePullSecrets"), w.ImagePullSecrets)
	if r := w.Resources; r != nil {
		c.resources(path.Child("resources", "limits"), r.Limits)
		c.resources(path.Child("resources", "requests"), r.Requests)
		c.requests(path.Child("resources", "requests"), r.Requests, r.Limits)
	}
}

func (c *checker) autoscaling(path *field.Path, a *v1alpha1.AutoscalingDefaults) {
	if a == nil {
		return
	}
	if n := a.MaxReplicas; n != nil && (*n < 1 || *n > 1000) {
		c.invalid(path.Child("maxReplicas"), *n, finding.MustBeBetween, finding.With{"least": 1, "most": 1000})
	}
	triggers := path.Child("allowedTriggers")
	c.atMost(triggers, len(a.AllowedTriggers), 100)
	for i, name := range a.AllowedTriggers {
		if len(validation.IsDNS1123Label(name)) > 0 {
			c.invalid(triggers.Index(i), name, finding.MustBeTriggerType)
		}
	}
	c.unique(triggers, a.AllowedTriggers)
}

func (c *checker) networkPolicy(path *field.Path, n *v1alpha1.NetworkPolicyDefaults) {
	if n == nil {
		return
	}
	namespaces := path.Child("allowedNamespaces")
	c.atMost(namespaces, len(n.AllowedNamespaces), 50)
	c.namespaces(namespaces, n.AllowedNamespaces)
	c.unique(namespaces, n.AllowedNamespaces)
}

// resources applies the rules of Kubernetes for a container.
func (c *checker) resources(path *field.Path, resources corev1.ResourceList) {
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		at, quantity := path.Key(string(name)), resources[name]
		if !isOvercommittable(name) && !strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix) && !strings.Contains(string(name), "/") {
			c.invalid(at, string(name), finding.ResourceNameInvalid)
		}
		c.qualified(at, string(name), string(name))
		if quantity.Sign() < 0 {
			c.invalid(at, quantity.String(), finding.MustNotBeNegative)
		}
		if strings.Contains(string(name), "/") && quantity.MilliValue()%1000 != 0 {
			c.invalid(at, quantity.String(), finding.MustBeWhole)
		}
	}
}

// requests rejects requests above their limits. If a node cannot overcommit a resource, the
// request must equal the limit.
func (c *checker) requests(path *field.Path, requests, limits corev1.ResourceList) {
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		request := requests[name]
		limit, limited := limits[name]
		at := path.Key(string(name))
		switch {
		case !isOvercommittable(name) && (!limited || request.Cmp(limit) != 0):
			c.invalid(at, request.String(), finding.MustEqualLimit)
		case limited && request.Cmp(limit) > 0:
			c.invalid(at, request.String(), finding.MustNotExceedLimit, finding.With{"limit": limit.String()})
		}
	}
}

func isOvercommittable(name corev1.ResourceName) bool {
	return slices.Contains([]corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage}, name)
}

func (c *checker) keyVault(path *field.Path, kv *v1alpha1.KeyVaultDefaults) {
	if kv == nil {
		return
	}
	c.oneOf(path.Child("sku"), kv.SKU, "standard", "premium")
	c.oneOf(path.Child("deletionPolicy"), kv.DeletionPolicy, "Retain", "SoftDelete")
	if d := kv.SoftDeleteRetentionDays; d != nil && (*d < 7 || *d > 90) {
		c.invalid(path.Child("softDeleteRetentionDays"), *d, finding.MustBeBetween, finding.With{"least": 7, "most": 90})
	}
	for i, o := range kv.Officers {
		at := path.Child("officers").Index(i)
		c.uuid(at.Child("objectId"), o.ObjectID)
		c.oneOf(at.Child("principalType"), o.PrincipalType, "User", "Group", "ServicePrincipal")
	}
	if a := kv.Allow; a != nil {
		allow := path.Child("allow")
		c.oneOf(allow.Child("officers"), a.Officers, OfficersNone, OfficersListed, OfficersGroups, OfficersAny)
		for i, id := range a.OfficerIDs {
			c.uuid(allow.Child("officerIds").Index(i), id)
		}
		if len(a.OfficerIDs) > 0 && a.Officers != OfficersListed && a.Officers != OfficersGroups {
			c.forbidden(allow.Child("officerIds"), finding.OfficerIDsUnused, finding.With{"listed": OfficersListed, "groups": OfficersGroups})
		}
	}
	c.oneOf(path.Child("roleAssignments"), kv.RoleAssignments, RoleAssignmentsVault, RoleAssignmentsGranted)
	c.confirmedGrants(path.Child("confirmedGrants"), kv.ConfirmedGrants)
	c.assigned(path.Child("assigned"), kv.Assigned)
}

// assigned allows one application per vault. Two applications would read each other's secrets,
// and compete for the role assignments of officers, because Azure allows only one per officer.
func (c *checker) assigned(path *field.Path, assigned []v1alpha1.AssignedVault) {
	vaults := map[string]v1alpha1.AssignedVault{}
	for i, a := range assigned {
		if a.Name == "" || a.Namespace == "" || a.Application == "" {
			c.add(field.Required(path.Index(i), finding.Say(finding.AssignmentIncomplete)))
			continue
		}
		if other, ok := vaults[strings.ToLower(a.Name)]; ok {
			c.forbidden(path.Index(i), finding.AssignedTwice, finding.With{"vault": a.Name, "namespace": other.Namespace, "application": other.Application})
		}
		vaults[strings.ToLower(a.Name)] = a
	}
}

func (c *checker) adopt(path *field.Path, applications []v1alpha1.ApplicationReference) {
	for i, a := range applications {
		if a.Namespace == "" || a.Name == "" {
			c.add(field.Required(path.Index(i), finding.Say(finding.AdoptionIncomplete)))
		}
	}
}

func (c *checker) secrets(path *field.Path, s *v1alpha1.SecretDefaults) {
	if s == nil {
		return
	}
	for i, p := range s.EnvironmentPrefixes {
		if p == "" {
			c.add(field.Required(path.Child("environmentPrefixes").Index(i), ""))
		}
	}
	for i, st := range s.Structures {
		at := path.Child("structures").Index(i)
		if st.Name == "" {
			c.add(field.Required(at.Child("name"), ""))
		}
		c.keys(at.Child("keys"), st.Keys)
	}
	c.shared(path.Child("shared"), s.Shared)
	c.variables(path.Child("withheldVariables"), s.WithheldVariables, withheldVariable, finding.VariablePatternInvalid)
	c.variables(path.Child("allowedVariables"), s.AllowedVariables, allowedVariable, finding.VariableNotInFull)
	if s.PollInterval != "" {
		if d, err := time.ParseDuration(s.PollInterval); err != nil || d < time.Second {
			c.invalid(path.Child("pollInterval"), s.PollInterval, finding.PollIntervalInvalid)
		}
	}
	if s.FastPollInterval != "" {
		if d, err := time.ParseDuration(s.FastPollInterval); err != nil || d < time.Second && d != 0 {
			c.invalid(path.Child("fastPollInterval"), s.FastPollInterval, finding.FastPollIntervalInvalid)
		}
	}
}

func (c *checker) variables(path *field.Path, names []string, valid *regexp.Regexp, reason finding.Reason) {
	c.atMost(path, len(names), maxVariables)
	for i, name := range names {
		if !valid.MatchString(name) {
			c.invalid(path.Index(i), name, reason)
		}
	}
	c.unique(path, names)
}

// keys applies the rules for keys in a manifest.
func (c *checker) keys(path *field.Path, keys []string) {
	c.atMost(path, len(keys), 50)
	for i, k := range keys {
		if len(validation.IsConfigMapKey(k)) > 0 || len(k) > 125 {
			c.invalid(path.Index(i), k, finding.KeyInvalid)
		}
	}
	c.unique(path, keys)
}

// perNamespace rejects subdomains of other domains. If example.com and apps.example.com were
// allowed, namespace apps would own the hostnames of all namespaces below apps.example.com.
func (c *checker) perNamespace(path *field.Path, in *v1alpha1.IngressDefaults) {
	if !in.PerNamespace {
		return
	}
	domains := IngressDomains(in)
	if len(domains) == 0 {
		c.forbidden(path, finding.PerNamespaceWithoutDomain)
	}
	for _, domain := range domains {
		for _, other := range domains {
			if strings.HasSuffix(domain, "."+other) {
				c.forbidden(path, finding.DomainBelowAnother, finding.With{"domain": domain, "other": other})
			}
		}
	}
}

// IngressDomains returns the domains of the platform, without duplicates.
func IngressDomains(in *v1alpha1.IngressDefaults) []string {
	if in.Domain == "" || slices.Contains(in.AllowedDomains, in.Domain) {
		return in.AllowedDomains
	}

	return append([]string{in.Domain}, in.AllowedDomains...)
}

func (c *checker) ingress(path *field.Path, in *v1alpha1.IngressDefaults) {
	if in == nil {
		return
	}
	c.domain(path.Child("domain"), in)
	c.perNamespace(path.Child("perNamespace"), in)
	for i, domain := range in.AllowedDomains {
		c.dns(path.Child("allowedDomains").Index(i), domain)
	}
	names := map[string]bool{"": true}
	for i, t := range in.Types {
		names[t.Name] = true
		c.ingressType(path.Child("types").Index(i), t)
	}
	switch {
	case len(in.Types) > 0 && !names[in.DefaultType]:
		c.invalid(path.Child("defaultType"), in.DefaultType, finding.DefaultTypeUnknown)
	case len(in.Types) == 0 && in.DefaultType != "":
		c.dns(path.Child("defaultType"), in.DefaultType)
	}
}

// domain limits the domain, because a hostname has at most 253 characters.
func (c *checker) domain(path *field.Path, in *v1alpha1.IngressDefaults) {
	if in.Domain == "" {
		return
	}
	c.dns(path, in.Domain)
	most, names := validation.DNS1123SubdomainMaxLength-validation.DNS1035LabelMaxLength-1, finding.NameFits
	if in.PerNamespace {
		most, names = most-validation.DNS1123LabelMaxLength-1, finding.NamesFit
	}
	if len(in.Domain) > most {
		c.invalid(path, in.Domain, finding.DomainTooLong, finding.With{"most": most, "names": finding.New(names)})
	}
}

func (c *checker) ingressType(path *field.Path, t v1alpha1.IngressType) {
	c.dns(path.Child("name"), t.Name)
	if t.IngressClassName != "" {
		c.dns(path.Child("ingressClassName"), t.IngressClassName)
	}
	if t.TLSSecretName != "" {
		c.dns(path.Child("tlsSecretName"), t.TLSSecretName)
	}
	c.annotations(path.Child("annotations"), t.Annotations)
	for i, pattern := range t.AllowedAnnotations {
		c.allowedAnnotation(path.Child("allowedAnnotations").Index(i), pattern)
	}
	c.annotations(path.Child("oidcAnnotations"), t.OIDCAnnotations)
}
