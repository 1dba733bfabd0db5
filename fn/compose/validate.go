// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"slices"
	"strconv"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/azurename"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// validate rejects manifests whose objects the API server or Azure would reject. The schema
// rejects most of them at admission. A manifest that is rendered, or was admitted by an older
// schema, gets the same message here.
func validate(a Application, p inputv1alpha1.PlatformConfigSpec, seen Observed) error {
	var errs field.ErrorList
	if len(validation.IsDNS1035Label(a.Name)) > 0 {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), a.Name, finding.Say(finding.ApplicationNameInvalid)))
	}
	if a.Name == "default" {
		// All pods without a serviceAccountName would get its identity.
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), a.Name, finding.Say(finding.ApplicationNameDefault)))
	}
	errs = append(errs, validateNamespace(a, p, seen, field.NewPath("metadata", "namespace"))...)
	spec := field.NewPath("spec")
	errs = append(errs, validateConfig(a.Spec.Config, spec.Child("config"))...)
	errs = append(errs, validateSecrets(a.Spec.Secrets, spec.Child("secrets"))...)
	if d := a.Spec.Deployment; d != nil {
		errs = append(errs, validateDeployment(d, spec.Child("deployment"))...)
	}
	if as := a.Spec.Autoscaling; as != nil && as.Enabled {
		errs = append(errs, validateAutoscaling(as, spec.Child("autoscaling"))...)
	}
	if kv := a.Spec.KeyVault; kv != nil {
		errs = append(errs, validateKeyVault(kv, spec.Child("keyVault"))...)
	}
	errs = append(errs, validateVaultName(a, p, seen, spec.Child("keyVault", "name"))...)

	return errs.ToAggregate()
}

// validateNamespace rejects new applications in retired namespaces.
func validateNamespace(a Application, p inputv1alpha1.PlatformConfigSpec, seen Observed, path *field.Path) field.ErrorList {
	if _, exists := seen[NameKeyVault]; exists || !slices.Contains(p.RetiredNamespaces, a.Namespace) {
		return nil
	}

	return field.ErrorList{field.Forbidden(path, finding.Say(finding.NamespaceRetired, finding.With{"namespace": a.Namespace}))}
}

func validateConfig(config map[string]string, path *field.Path) (errs field.ErrorList) {
	for name := range config {
		// The value is not shown: teams put confidential values into config.
		if len(validation.IsEnvVarName(name)) > 0 || len(name) > 255 {
			errs = append(errs, field.Invalid(path.Key(name), name, finding.Say(finding.ConfigNameInvalid)))
		}
	}
	slices.SortFunc(errs, func(a, b *field.Error) int { return strings.Compare(a.Field, b.Field) })

	return errs
}

func validateSecrets(secrets []v1alpha1.Secret, path *field.Path) (errs field.ErrorList) {
	names := map[string]bool{}
	for i, s := range secrets {
		at := path.Index(i)
		switch {
		case !isSecretName(s.Name):
			errs = append(errs, field.Invalid(at.Child("name"), s.Name, finding.Say(finding.SecretNameInvalid)))
		case names[strings.ToLower(s.Name)]:
			// Key Vault ignores case.
			errs = append(errs, field.Duplicate(at.Child("name"), s.Name))
		}
		names[strings.ToLower(s.Name)] = true
		if s.Prefix != "" && !isVariableName(s.Prefix) {
			errs = append(errs, field.Invalid(at.Child("prefix"), s.Prefix, finding.Say(finding.VariablePrefixInvalid)))
		}
		if s.RefreshInterval != "" {
			if d, err := time.ParseDuration(s.RefreshInterval); err != nil || d < 0 {
				errs = append(errs, field.Invalid(at.Child("refreshInterval"), s.RefreshInterval, finding.Say(finding.RefreshIntervalInvalid)))
			}
		}
		if len(s.Env) > 0 && s.Prefix != "" {
			errs = append(errs, field.Forbidden(at.Child("prefix"), finding.Say(finding.PrefixWithEnv)))
		}
		errs = append(errs, validateEnv(s, at)...)
	}

	return errs
}

func validateEnv(s v1alpha1.Secret, path *field.Path) (errs field.ErrorList) {
	names := map[string]bool{}
	for i, e := range s.Env {
		at := path.Child("env").Index(i)
		switch {
		case !isVariableName(e.Name):
			errs = append(errs, field.Invalid(at.Child("name"), e.Name, finding.Say(finding.VariableNameInvalid)))
		case names[e.Name]:
			errs = append(errs, field.Duplicate(at.Child("name"), e.Name))
		}
		names[e.Name] = true
		switch {
		case len(s.Keys) == 0 || slices.Contains(s.Keys, e.Key):
		case e.Key == "":
			errs = append(errs, field.Required(at.Child("key"), finding.Say(finding.EnvKeyMissing)))
		default:
			errs = append(errs, field.Invalid(at.Child("key"), e.Key, finding.Say(finding.EnvKeyUnknown)))
		}
	}
	for i, k := range s.Keys {
		if len(validation.IsConfigMapKey(k)) > 0 || len(k) > 125 {
			errs = append(errs, field.Invalid(path.Child("keys").Index(i), k, finding.Say(finding.KeyInvalid)))
		}
		if slices.Contains(s.Keys[:i], k) {
			errs = append(errs, field.Duplicate(path.Child("keys").Index(i), k))
		}
	}

	return errs
}

func validateDeployment(d *v1alpha1.Deployment, path *field.Path) (errs field.ErrorList) {
	if d.Image == "" {
		errs = append(errs, field.Required(path.Child("image"), finding.Say(finding.ImageMissing)))
	}
	if d.Replicas != nil && *d.Replicas < 0 {
		errs = append(errs, field.Invalid(path.Child("replicas"), *d.Replicas, finding.Say(finding.MustNotBeNegative)))
	}
	if r := d.Resources; r != nil {
		errs = append(errs, settings.Resources(path.Child("resources"), r.Limits, r.Requests)...)
	}
	names, numbers := map[string]bool{}, map[string]bool{}
	for i, p := range d.Ports {
		at := path.Child("ports").Index(i)
		errs = append(errs, validatePort(p.Port, at.Child("port"))...)
		if n := portName(p); len(validation.IsValidPortName(n)) > 0 {
			errs = append(errs, field.Invalid(at.Child("name"), n, finding.Say(finding.PortNameInvalid)))
		} else if names[n] {
			errs = append(errs, field.Duplicate(at.Child("name"), n))
		}
		names[portName(p)] = true
		number := string(transport(p)) + "/" + strconv.Itoa(int(p.Port))
		if numbers[number] {
			errs = append(errs, field.Duplicate(at.Child("port"), number))
		}
		numbers[number] = true
	}
	probes := []struct {
		name  string
		probe *v1alpha1.Probe
	}{{"readinessProbe", d.ReadinessProbe}, {"livenessProbe", d.LivenessProbe}, {"startupProbe", d.StartupProbe}}
	for _, p := range probes {
		if p.probe != nil {
			errs = append(errs, validatePort(p.probe.Port, path.Child(p.name, "port"))...)
		}
	}

	return errs
}

func validatePort(port int32, path *field.Path) field.ErrorList {
	if len(validation.IsValidPortNum(int(port))) > 0 {
		return field.ErrorList{field.Invalid(path, port, finding.Say(finding.PortInvalid))}
	}

	return nil
}

func validateAutoscaling(a *v1alpha1.Autoscaling, path *field.Path) (errs field.ErrorList) {
	switch {
	case a.MaxReplicas == nil:
	case *a.MaxReplicas < 1:
		errs = append(errs, field.Invalid(path.Child("maxReplicas"), *a.MaxReplicas, finding.Say(finding.MustBePositive)))
	case a.MinReplicas != nil && *a.MinReplicas > *a.MaxReplicas:
		errs = append(errs, field.Invalid(path.Child("minReplicas"), *a.MinReplicas, finding.Say(finding.MinAboveMaxReplicas)))
	}
	if a.MinReplicas != nil && *a.MinReplicas < 1 {
		errs = append(errs, field.Invalid(path.Child("minReplicas"), *a.MinReplicas, finding.Say(finding.MustBePositive)))
	}
	if t := a.TargetCPUUtilizationPercentage; t != nil && *t < 1 {
		errs = append(errs, field.Invalid(path.Child("targetCPUUtilizationPercentage"), *t, finding.Say(finding.MustBePositive)))
	}

	return errs
}

func validateKeyVault(kv *v1alpha1.KeyVault, path *field.Path) (errs field.ErrorList) {
	policies := []v1alpha1.DeletionPolicy{"", v1alpha1.DeletionRetain, v1alpha1.DeletionSoftDelete, v1alpha1.DeletionPurge}
	if !slices.Contains(policies, kv.DeletionPolicy) {
		errs = append(errs, field.NotSupported(path.Child("deletionPolicy"), kv.DeletionPolicy, policies[1:]))
	}
	if kv.Name != "" {
		if err := azurename.ValidVault(kv.Name); err != nil {
			errs = append(errs, field.Invalid(path.Child("name"), kv.Name, err.Error()))
		}
	}
	for i, o := range kv.Officers {
		if !isUUID(o.ObjectID) {
			errs = append(errs, field.Invalid(path.Child("officers").Index(i).Child("objectId"), o.ObjectID, finding.Say(finding.OfficerInvalid)))
		}
	}

	return errs
}

// validateVaultName protects the vaults of other applications, because an application gets
// a role on the vault that it names. It also prevents an application from losing its vault.
func validateVaultName(a Application, p inputv1alpha1.PlatformConfigSpec, seen Observed, path *field.Path) field.ErrorList {
	name := ""
	if a.Spec.KeyVault != nil {
		name = a.Spec.KeyVault.Name
	}
	vault := seen[NameKeyVault]
	have := vault.str("metadata", "annotations", annotationExternalName)
	_, assigned := settings.Assigned(&p, name, a.Namespace, a.Name)
	switch {
	case name == "" && isAdopted(vault):
		return field.ErrorList{field.Forbidden(path, finding.Say(finding.VaultNameStays, finding.With{"vault": have}))}
	case name == "":
		return nil
	case !assigned && !isWithdrawn(a, p, vault):
		return field.ErrorList{field.Forbidden(path, finding.Say(finding.VaultNotAssigned, finding.With{"vault": name}))}
	case have != "" && !strings.EqualFold(have, name):
		return field.ErrorList{field.Forbidden(path, finding.Say(finding.VaultCannotChange, finding.With{"vault": have}))}
	}

	return nil
}

// isWithdrawn reports whether an application uses a vault that is no longer assigned to it.
// A missing list of assignments withdraws nothing, because it may be lost.
func isWithdrawn(a Application, p inputv1alpha1.PlatformConfigSpec, vault Object) bool {
	if a.Spec.KeyVault == nil || a.Spec.KeyVault.Name == "" || p.KeyVault.Assigned == nil || !isAdopted(vault) {
		return false
	}
	_, assigned := settings.Assigned(&p, a.Spec.KeyVault.Name, a.Namespace, a.Name)

	return !assigned && strings.EqualFold(vault.str("metadata", "annotations", annotationExternalName), a.Spec.KeyVault.Name)
}

// isAdopted reports whether an observed vault was adopted, which makes it read-only. The
// application's own vault is also read-only until its owner is proven, but has a tenant id.
func isAdopted(vault Object) bool {
	policies := vault.list("spec", "managementPolicies")
	return len(policies) == 1 && policies[0] == string(xpv1.ManagementActionObserve) && vault.str("spec", "forProvider", "tenantId") == ""
}

func isSecretName(s string) bool {
	return len(s) >= 1 && len(s) <= 127 && !strings.ContainsFunc(s, func(r rune) bool { return r != '-' && !isAlphanumeric(r) })
}

func isVariableName(s string) bool {
	return s != "" && len(s) <= 255 && (s[0] < '0' || s[0] > '9') && !strings.ContainsFunc(s, func(r rune) bool { return r != '_' && !isAlphanumeric(r) })
}

// isUUID reports whether a string has the form in which Entra ID shows object ids. The form
// matters, because the id becomes a part of names.
func isUUID(s string) bool {
	u, err := uuid.Parse(s)
	return err == nil && u.String() == s
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
