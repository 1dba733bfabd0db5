// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package settings resolves the settings of a platform: the input of the
// function, overlaid by an EnvironmentConfig, checked and with its defaults.
package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	kjson "sigs.k8s.io/json"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/jsonerror"
)

// Resolution policies of an EnvironmentConfig.
const (
	ResolutionRequired = "Required"
	ResolutionOptional = "Optional"
)

// placeholder is what package/platform has where a platform team has to set a value.
const placeholder = "REPLACE_ME"

// AnnotationIngressClass was how a class was chosen before there was a field for it.
// Kubernetes refuses it beside that field.
const AnnotationIngressClass = "kubernetes.io/ingress.class"

// maxVariables that a list may name: each is compared with every key.
const maxVariables = 200

// An asterisk alone would withhold everything.
var (
	withheldVariable = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*\*?|\*[A-Za-z0-9_]+)$`)
	allowedVariable  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// A Reference names the EnvironmentConfig that overlays the input.
type Reference struct {
	Name     string
	Required bool
}

// EnvironmentConfig returns which EnvironmentConfig overlays the input.
func EnvironmentConfig(input *v1alpha1.PlatformConfig) Reference {
	ref := Reference{Name: v1alpha1.DefaultEnvironmentConfig, Required: true}
	if r := input.Spec.EnvironmentConfigRef; r != nil {
		if r.Name != "" {
			ref.Name = r.Name
		}
		ref.Required = r.Resolution != ResolutionOptional
	}
	return ref
}

// Resolve overlays the input with the data of an EnvironmentConfig, which may be
// nil: objects are merged, lists and plain values are replaced. It returns the
// settings with their defaults, or an error that names every field that is
// missing or unusable.
func Resolve(input *v1alpha1.PlatformConfig, overlay map[string]any) (v1alpha1.PlatformConfigSpec, error) {
	var s v1alpha1.PlatformConfigSpec

	base, err := toMap(input.Spec)
	if err != nil {
		return s, fmt.Errorf("cannot read the function's input: %w", err)
	}
	if err := fromMap(merge(base, overlay), &s); err != nil {
		return s, fmt.Errorf("cannot read platform settings: %w", err)
	}
	if err := check(&s); err != nil {
		return s, fmt.Errorf("cannot use platform settings: %w", err)
	}
	setDefaults(&s)
	return s, nil
}

// merge returns base overlaid by over, and changes neither.
func merge(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for k, v := range over {
		b, okBase := out[k].(map[string]any)
		o, okOver := v.(map[string]any)
		if okBase && okOver {
			v = merge(b, o)
		}
		out[k] = v
	}
	return out
}

func toMap(s v1alpha1.PlatformConfigSpec) (map[string]any, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, err //nolint:wrapcheck // The caller says what was read.
	}
	m := map[string]any{}
	return m, json.Unmarshal(b, &m) //nolint:wrapcheck // The caller says what was read.
}

// fromMap is strict: a misspelt setting must not be ignored in silence.
func fromMap(m map[string]any, s *v1alpha1.PlatformConfigSpec) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err //nolint:wrapcheck // The caller says what was read.
	}
	// encoding/json would take a setting for another whose name differs in case, and one
	// of the input would win over it.
	unknown, err := kjson.UnmarshalStrict(b, s)
	if err != nil {
		return jsonerror.Explain(err)
	}
	return errors.Join(unknown...)
}

// A MissingError is about required settings.
type MissingError struct{ Fields []string }

// Error names the fields.
func (e *MissingError) Error() string { return "missing " + strings.Join(e.Fields, ", ") }

// A PlaceholderError is about settings that nobody has set yet.
type PlaceholderError struct{ Fields []string }

// Error names the fields.
func (e *PlaceholderError) Error() string {
	return fmt.Sprintf("set your own value instead of %s: %s", placeholder, strings.Join(e.Fields, ", "))
}

// check names everything that is missing first, because a platform team that
// starts out wants the whole list at once.
func check(s *v1alpha1.PlatformConfigSpec) error {
	required := []struct{ field, value string }{
		{"tenantId", s.TenantID},
		{"subscriptionId", s.SubscriptionID},
		{"resourceGroupName", s.ResourceGroupName},
		{"location", s.Location},
		{"oidcIssuerUrl", s.OIDCIssuerURL},
	}
	var missing []string
	for _, r := range required {
		if r.value == "" {
			missing = append(missing, r.field)
		}
	}
	if len(missing) > 0 {
		return &MissingError{Fields: missing}
	}

	if left := placeholders(s); len(left) > 0 {
		return &PlaceholderError{Fields: left}
	}

	c := checker{}
	c.uuid("tenantId", s.TenantID)
	c.uuid("subscriptionId", s.SubscriptionID)
	if s.SecretCreatorPrincipalID != "" {
		c.uuid("secretCreatorPrincipalId", s.SecretCreatorPrincipalID)
	}
	if u, err := url.Parse(s.OIDCIssuerURL); err != nil || u.Scheme != "https" || u.Host == "" {
		c.add("oidcIssuerUrl", "must be an https URL")
	}
	if strings.Contains(s.ResourceGroupName, "/") {
		c.add("resourceGroupName", "must be a name, not an id")
	}
	if strings.Contains(s.OIDCIssuerURL, ".oic.prod-aks.azure.com/") && !strings.HasSuffix(s.OIDCIssuerURL, "/") {
		c.add("oidcIssuerUrl", "must end with a slash, as the issuer of every AKS cluster does: Entra ID compares it to the letter")
	}
	c.oneOf("cloud", s.Cloud, CloudAzurePublic, CloudAzureUSGovernment, CloudAzureChina)
	c.providerConfig("azureProviderConfigRef", s.AzureProviderConfigRef)
	c.providerConfig("secretSyncProviderConfigRef", s.SecretSyncProviderConfigRef)
	c.tags(s.Tags)
	c.tenants(s)
	c.keyVault(s.KeyVault)
	c.secrets(s.Secrets)
	c.workload(s.Workload)
	c.autoscaling(s.Autoscaling)
	c.networkPolicy(s.NetworkPolicy)
	c.ingress(s.Ingress)
	c.adopt(s.Adopt)
	return errors.Join(c.errs...)
}

// placeholders returns the fields that nobody has set yet. Azure would take some of
// these values for a name.
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

type checker struct{ errs []error }

func (c *checker) add(field, message string) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s", field, message))
}

func (c *checker) dns(field, value string) {
	if len(validation.IsDNS1123Subdomain(value)) > 0 {
		c.add(field, strconv.Quote(value)+" must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit")
	}
}

// unique refuses what the API server does not take twice in one list. It says so
// in a way that keeps Crossplane from applying anything else.
func (c *checker) unique(field string, values []string) {
	for i, v := range values {
		if slices.Contains(values[:i], v) {
			c.add(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("%q must not be listed twice", v))
		}
	}
}

func (c *checker) qualified(field, name string) {
	if len(validation.IsQualifiedName(name)) > 0 {
		c.add(field, "must have a name of letters, digits, hyphens, underscores and dots, with a domain and a slash in front or none")
	}
}

func (c *checker) annotations(field string, annotations map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		c.qualified(field+"["+name+"]", strings.ToLower(name))
		if IsReserved(name) {
			c.add(field+"["+name+"]", "is reserved")
		}
		if name == AnnotationIngressClass {
			c.add(field+"["+name+"]", "must be ingressClassName instead, which Kubernetes does not let it stand beside")
		}
	}
}

// allowedAnnotation is a whole name, or the beginning of one with its whole domain:
// with less, nobody could say which tools read what it stands for.
func (c *checker) allowedAnnotation(field, pattern string) {
	begin, wildcard := strings.CutSuffix(pattern, "*")
	name := begin
	if wildcard {
		name += "x" // The shortest of those that it stands for.
	}
	switch {
	case wildcard && !strings.Contains(begin, "/"):
		c.add(field, strconv.Quote(pattern)+" must have the whole domain and its slash before the *")
	case name == AnnotationIngressClass:
		c.add(field, "must not be "+AnnotationIngressClass+", because the type chooses the class")
	case IsReserved(name):
		c.add(field, strconv.Quote(pattern)+" is reserved")
	default:
		c.qualified(field, strings.ToLower(name))
	}
}

// IsReserved is true of annotations by which tools tell what is theirs. What sets
// them could pass for something else.
func IsReserved(annotation string) bool {
	domain, _, _ := strings.Cut(annotation, "/")
	for _, d := range []string{"crossplane.io", "argoproj.io", "kubectl.kubernetes.io"} {
		if domain == d || strings.HasSuffix(domain, "."+d) {
			return true
		}
	}
	return false
}

func (c *checker) uuid(field, value string) {
	if _, err := uuid.Parse(value); err != nil || len(value) != 36 {
		c.add(field, "must be a UUID")
	}
}

func (c *checker) oneOf(field, value string, allowed ...string) {
	if value == "" {
		return
	}
	if slices.Contains(allowed, value) {
		return
	}
	c.add(field, "must be one of "+strings.Join(allowed, ", "))
}

func (c *checker) providerConfig(field string, ref *v1alpha1.ProviderConfigReference) {
	if ref == nil {
		return
	}
	c.oneOf(field+".kind", ref.Kind, "ProviderConfig", "ClusterProviderConfig")
	if ref.Name == "" {
		c.add(field+".name", "is required")
	}
}

// tags are checked as Azure does.
// https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
func (c *checker) tags(tags map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if name == "" || len(name) > 512 || len(tags[name]) > 256 || strings.ContainsAny(name, `<>%&\?/`) {
			c.add("tags["+name+"]", `must have a name of at most 512 characters without < > % & \ ? /, and a value of at most 256`)
		}
	}
}

// tenants checks what tells whose a namespace is, and was.
func (c *checker) tenants(s *v1alpha1.PlatformConfigSpec) {
	if s.TenantLabel != "" {
		c.qualified("tenantLabel", s.TenantLabel)
	}
	for i, name := range s.RetiredNamespaces {
		if len(validation.IsDNS1123Label(name)) > 0 {
			c.add(fmt.Sprintf("retiredNamespaces[%d]", i), strconv.Quote(name)+" must be the name of a namespace")
		}
	}
}

func (c *checker) workload(w *v1alpha1.WorkloadDefaults) {
	if w == nil {
		return
	}
	if w.Replicas != nil && *w.Replicas < 0 {
		c.add("workload.replicas", "must not be negative")
	}
	for _, name := range slices.Sorted(maps.Keys(w.Labels)) {
		c.qualified("workload.labels["+name+"]", name)
		if len(validation.IsValidLabelValue(w.Labels[name])) > 0 {
			c.add("workload.labels["+name+"]", "must have a value of at most 63 letters, digits, hyphens, underscores and dots")
		}
	}
	for i, name := range w.ImagePullSecrets {
		c.dns(fmt.Sprintf("workload.imagePullSecrets[%d]", i), name)
	}
	c.unique("workload.imagePullSecrets", w.ImagePullSecrets)
	if r := w.Resources; r != nil {
		c.resources("workload.resources.limits", r.Limits)
		c.resources("workload.resources.requests", r.Requests)
		c.requests("workload.resources.requests", r.Requests, r.Limits)
	}
}

func (c *checker) autoscaling(a *v1alpha1.AutoscalingDefaults) {
	if a == nil {
		return
	}
	if n := a.MaxReplicas; n != nil && (*n < 1 || *n > 1000) {
		c.add("autoscaling.maxReplicas", "must be from 1 to 1000")
	}
	if len(a.AllowedTriggers) > 100 {
		c.add("autoscaling.allowedTriggers", "must not have more than 100 types")
	}
	for i, name := range a.AllowedTriggers {
		if len(validation.IsDNS1123Label(name)) > 0 {
			c.add(fmt.Sprintf("autoscaling.allowedTriggers[%d]", i), strconv.Quote(name)+" must be a type of trigger that KEDA has, such as cron")
		}
	}
	c.unique("autoscaling.allowedTriggers", a.AllowedTriggers)
}

func (c *checker) networkPolicy(n *v1alpha1.NetworkPolicyDefaults) {
	if n == nil {
		return
	}
	if len(n.AllowedNamespaces) > 50 {
		c.add("networkPolicy.allowedNamespaces", "must not have more than 50 names")
	}
	for i, name := range n.AllowedNamespaces {
		if len(validation.IsDNS1123Label(name)) > 0 {
			c.add(fmt.Sprintf("networkPolicy.allowedNamespaces[%d]", i), strconv.Quote(name)+" must be the name of a namespace")
		}
	}
	c.unique("networkPolicy.allowedNamespaces", n.AllowedNamespaces)
}

// resources are checked as Kubernetes does for a container.
func (c *checker) resources(field string, resources corev1.ResourceList) {
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		at, quantity := fmt.Sprintf("%s[%s]", field, name), resources[name]
		if !isOvercommittable(name) && !strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix) && !strings.Contains(string(name), "/") {
			c.add(at, "must be cpu, memory, ephemeral-storage, hugepages-<size>, or a resource with a domain and a slash in front")
		}
		c.qualified(at, string(name))
		if quantity.Sign() < 0 {
			c.add(at, quantity.String()+" must not be negative")
		}
		if strings.Contains(string(name), "/") && quantity.MilliValue()%1000 != 0 {
			c.add(at, quantity.String()+" must be a whole number")
		}
	}
}

// requests cannot be more than limits; of what a node cannot promise twice, they
// are the same.
func (c *checker) requests(field string, requests, limits corev1.ResourceList) {
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		request := requests[name]
		limit, limited := limits[name]
		at := fmt.Sprintf("%s[%s]", field, name)
		switch {
		case !isOvercommittable(name) && (!limited || request.Cmp(limit) != 0):
			c.add(at, request.String()+" must be the limit, too")
		case limited && request.Cmp(limit) > 0:
			c.add(at, fmt.Sprintf("%s must not be more than the limit, which is %s", request.String(), limit.String()))
		}
	}
}

func isOvercommittable(name corev1.ResourceName) bool {
	return slices.Contains([]corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage}, name)
}

func (c *checker) keyVault(kv *v1alpha1.KeyVaultDefaults) {
	if kv == nil {
		return
	}
	c.oneOf("keyVault.sku", kv.SKU, "standard", "premium")
	c.oneOf("keyVault.deletionPolicy", kv.DeletionPolicy, "Retain", "SoftDelete")
	if d := kv.SoftDeleteRetentionDays; d != nil && (*d < 7 || *d > 90) {
		c.add("keyVault.softDeleteRetentionDays", "must be from 7 to 90")
	}
	for i, o := range kv.Officers {
		c.uuid(fmt.Sprintf("keyVault.officers[%d].objectId", i), o.ObjectID)
		c.oneOf(fmt.Sprintf("keyVault.officers[%d].principalType", i), o.PrincipalType, "User", "Group", "ServicePrincipal")
	}
	if a := kv.Allow; a != nil {
		c.oneOf("keyVault.allow.officers", a.Officers, OfficersNone, OfficersListed, OfficersGroups, OfficersAny)
		for i, id := range a.OfficerIDs {
			c.uuid(fmt.Sprintf("keyVault.allow.officerIds[%d]", i), id)
		}
		if len(a.OfficerIDs) > 0 && a.Officers != OfficersListed && a.Officers != OfficersGroups {
			c.add("keyVault.allow.officerIds", "has an effect only with officers "+OfficersListed+" or "+OfficersGroups)
		}
	}
	vaults := map[string]v1alpha1.AssignedVault{}
	for i, a := range kv.Assigned {
		field := fmt.Sprintf("keyVault.assigned[%d]", i)
		if a.Name == "" || a.Namespace == "" || a.Application == "" {
			c.add(field, "name, namespace and application are required")
			continue
		}
		// Two applications in one vault would read each other's secrets, and fight
		// over the role assignments of officers, which Azure has once only.
		if other, ok := vaults[strings.ToLower(a.Name)]; ok {
			c.add(field, fmt.Sprintf("vault %s is assigned to %s/%s already", a.Name, other.Namespace, other.Application))
		}
		vaults[strings.ToLower(a.Name)] = a
	}
}

func (c *checker) adopt(applications []v1alpha1.ApplicationReference) {
	for i, a := range applications {
		if a.Namespace == "" || a.Name == "" {
			c.add(fmt.Sprintf("adopt[%d]", i), "namespace and name are required")
		}
	}
}

func (c *checker) secrets(s *v1alpha1.SecretDefaults) {
	if s == nil {
		return
	}
	for i, p := range s.EnvironmentPrefixes {
		if p == "" {
			c.add(fmt.Sprintf("secrets.environmentPrefixes[%d]", i), "must not be empty")
		}
	}
	for i, st := range s.Structures {
		if st.Name == "" {
			c.add(fmt.Sprintf("secrets.structures[%d].name", i), "is required")
		}
		c.keys(fmt.Sprintf("secrets.structures[%d].keys", i), st.Keys)
	}
	c.variables("secrets.withheldVariables", s.WithheldVariables, withheldVariable, "the name of a variable, with an asterisk at its end or beginning or none")
	c.variables("secrets.allowedVariables", s.AllowedVariables, allowedVariable, "the name of a variable, in full")
	if s.PollInterval != "" {
		if d, err := time.ParseDuration(s.PollInterval); err != nil || d < time.Second {
			c.add("secrets.pollInterval", fmt.Sprintf("%q must be a duration of at least one second, such as 30s or 5m", s.PollInterval))
		}
	}
	if s.FastPollInterval != "" {
		if d, err := time.ParseDuration(s.FastPollInterval); err != nil || d < time.Second && d != 0 {
			c.add("secrets.fastPollInterval", fmt.Sprintf("%q must be a duration of at least one second, such as 5s, or 0s to turn fast polls off", s.FastPollInterval))
		}
	}
}

func (c *checker) variables(field string, names []string, valid *regexp.Regexp, want string) {
	if len(names) > maxVariables {
		c.add(field, fmt.Sprintf("must not have more than %d names", maxVariables))
	}
	for i, name := range names {
		if !valid.MatchString(name) {
			c.add(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("%q must be %s", name, want))
		}
	}
	c.unique(field, names)
}

// keys of a structure are as those of a manifest.
func (c *checker) keys(field string, keys []string) {
	if len(keys) > 50 {
		c.add(field, "must not have more than 50 keys")
	}
	for i, k := range keys {
		if len(validation.IsConfigMapKey(k)) > 0 || len(k) > 125 {
			c.add(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("%q must be 1 to 125 letters, digits, hyphens, underscores and dots", k))
		}
	}
	c.unique(field, keys)
}

// perNamespace wants domains beside each other: in example.com, namespace apps would have
// the hostnames of all namespaces in apps.example.com.
func (c *checker) perNamespace(in *v1alpha1.IngressDefaults) {
	if !in.PerNamespace {
		return
	}
	domains := IngressDomains(in)
	if len(domains) == 0 {
		c.add("ingress.perNamespace", "needs a domain or allowedDomains")
	}
	for _, domain := range domains {
		for _, other := range domains {
			if strings.HasSuffix(domain, "."+other) {
				c.add("ingress.perNamespace", domain+" must not be below "+other+", because a namespace could have hostnames of another")
			}
		}
	}
}

// IngressDomains of the platform, each once.
func IngressDomains(in *v1alpha1.IngressDefaults) []string {
	if in.Domain == "" || slices.Contains(in.AllowedDomains, in.Domain) {
		return in.AllowedDomains
	}
	return append([]string{in.Domain}, in.AllowedDomains...)
}

func (c *checker) ingress(in *v1alpha1.IngressDefaults) {
	if in == nil {
		return
	}
	if in.Domain != "" {
		c.dns("ingress.domain", in.Domain)
		// The whole hostname has at most 253 characters.
		most, front := validation.DNS1123SubdomainMaxLength-validation.DNS1035LabelMaxLength-1, "the name of an application fits"
		if in.PerNamespace {
			most, front = most-validation.DNS1123LabelMaxLength-1, "the names of an application and its namespace fit"
		}
		if len(in.Domain) > most {
			c.add("ingress.domain", fmt.Sprintf("must be at most %d characters long, so that %s in front", most, front))
		}
	}
	c.perNamespace(in)
	for i, domain := range in.AllowedDomains {
		c.dns(fmt.Sprintf("ingress.allowedDomains[%d]", i), domain)
	}
	names := map[string]bool{"": true}
	for i, t := range in.Types {
		names[t.Name] = true
		field := fmt.Sprintf("ingress.types[%d]", i)
		c.dns(field+".name", t.Name)
		if t.IngressClassName != "" {
			c.dns(field+".ingressClassName", t.IngressClassName)
		}
		if t.TLSSecretName != "" {
			c.dns(field+".tlsSecretName", t.TLSSecretName)
		}
		c.annotations(field+".annotations", t.Annotations)
		for i, pattern := range t.AllowedAnnotations {
			c.allowedAnnotation(fmt.Sprintf("%s.allowedAnnotations[%d]", field, i), pattern)
		}
		c.annotations(field+".oidcAnnotations", t.OIDCAnnotations)
	}
	switch {
	case len(in.Types) > 0 && !names[in.DefaultType]:
		c.add("ingress.defaultType", "must be one of types")
	case len(in.Types) == 0 && in.DefaultType != "":
		c.dns("ingress.defaultType", in.DefaultType)
	}
}
