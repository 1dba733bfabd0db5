// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"slices"
	"strings"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// placeholder marks values in package/platform that a platform team must replace.
const placeholder = "REPLACE_ME"

// maxListed is the limit of lists of namespaces, applications and vaults.
const maxListed = 10000

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
	c.atMost(field.NewPath("retiredNamespaces"), len(s.RetiredNamespaces), maxListed)
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
	c.unique(path, names)
}

// unique rejects a value that a list has twice, as an API server rejects it in a set. If one
// of the two is removed, the other is easily overlooked, and would still allow something.
func (c *checker) unique(path *field.Path, values []string) {
	c.distinct(values, path.Index)
}

// uniqueKeys rejects two objects of a list with the same key, of which only the first would be used.
func (c *checker) uniqueKeys(path *field.Path, key string, values []string) {
	c.distinct(values, func(i int) *field.Path { return path.Index(i).Child(key) })
}

func (c *checker) distinct(values []string, at func(i int) *field.Path) {
	known := make(map[string]bool, len(values))
	for i, v := range values {
		if known[v] {
			c.add(field.Duplicate(at(i), v))
		}
		known[v] = true
	}
}

// each returns a value of each item.
func each[T any](items []T, value func(T) string) []string {
	out := make([]string, 0, len(items))
	for _, item := range items {
		out = append(out, value(item))
	}

	return out
}

func (c *checker) qualified(path *field.Path, value any, name string) {
	if len(validation.IsQualifiedName(name)) > 0 {
		c.invalid(path, value, finding.MustBeQualifiedName)
	}
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

func (c *checker) adopt(path *field.Path, applications []v1alpha1.ApplicationReference) {
	c.atMost(path, len(applications), maxListed)
	for i, a := range applications {
		if a.Namespace == "" || a.Name == "" {
			c.add(field.Required(path.Index(i), finding.Say(finding.AdoptionIncomplete)))
		}
	}
}
