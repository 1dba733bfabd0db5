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
	"github.com/p6m-dev/platform-application/fn/settings"
)

// validate refuses what would become an object that the API server or Azure
// refuses. The schema says most of this at admission; a manifest that is
// rendered, or admitted by an older schema, gets the same answer here.
func validate(a Application, p inputv1alpha1.PlatformConfigSpec, seen Observed) error {
	var errs field.ErrorList
	if len(validation.IsDNS1035Label(a.Name)) > 0 {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), a.Name, "must be lower-case letters, digits and hyphens, start with a letter, end with a letter or digit, and be at most 63 characters long: it becomes the name of a Service"))
	}
	if a.Name == "default" {
		// Its pods would share the identity with all pods that choose none.
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), a.Name, "must not be default, which is the ServiceAccount of pods that choose none"))
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

func validateConfig(config map[string]string, path *field.Path) (errs field.ErrorList) {
	for name := range config {
		// Its value is left out: teams put into config what they should not.
		if len(validation.IsEnvVarName(name)) > 0 || len(name) > 255 {
			errs = append(errs, field.Invalid(path.Key(name), name, "must be the name of an environment variable"))
		}
	}
	slices.SortFunc(errs, func(a, b *field.Error) int {
		if a.Field < b.Field {
			return -1
		}
		return 1
	})
	return errs
}

func validateSecrets(secrets []v1alpha1.Secret, path *field.Path) (errs field.ErrorList) {
	names := map[string]bool{}
	for i, s := range secrets {
		at := path.Index(i)
		switch {
		case !isSecretName(s.Name):
			errs = append(errs, field.Invalid(at.Child("name"), s.Name, "must be 1 to 127 letters, digits and hyphens, which is all that Key Vault allows"))
		case names[strings.ToLower(s.Name)]:
			// Key Vault does not tell upper from lower case.
			errs = append(errs, field.Duplicate(at.Child("name"), s.Name))
		}
		names[strings.ToLower(s.Name)] = true
		if s.Prefix != "" && !isVariableName(s.Prefix) {
			errs = append(errs, field.Invalid(at.Child("prefix"), s.Prefix, "must be the beginning of an environment variable's name"))
		}
		if s.RefreshInterval != "" {
			if d, err := time.ParseDuration(s.RefreshInterval); err != nil || d < 0 {
				errs = append(errs, field.Invalid(at.Child("refreshInterval"), s.RefreshInterval, "must be a duration such as 30m or 24h"))
			}
		}
		if len(s.Env) > 0 && s.Prefix != "" {
			errs = append(errs, field.Forbidden(at.Child("prefix"), "it has no effect on env, which gives exact names"))
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
			errs = append(errs, field.Invalid(at.Child("name"), e.Name, "must be the name of an environment variable"))
		case names[e.Name]:
			errs = append(errs, field.Duplicate(at.Child("name"), e.Name))
		}
		names[e.Name] = true
		if len(s.Keys) > 0 && !slices.Contains(s.Keys, e.Key) {
			errs = append(errs, field.Invalid(at.Child("key"), e.Key, "must be one of keys"))
		}
	}
	for i, k := range s.Keys {
		if len(validation.IsConfigMapKey(k)) > 0 || len(k) > 125 {
			errs = append(errs, field.Invalid(path.Child("keys").Index(i), k, "must be 1 to 125 letters, digits, hyphens, underscores and dots"))
		}
		if slices.Contains(s.Keys[:i], k) {
			errs = append(errs, field.Duplicate(path.Child("keys").Index(i), k))
		}
	}
	return errs
}

func validateDeployment(d *v1alpha1.Deployment, path *field.Path) (errs field.ErrorList) {
	if d.Image == "" {
		errs = append(errs, field.Required(path.Child("image"), "the image to run"))
	}
	if d.Replicas != nil && *d.Replicas < 0 {
		errs = append(errs, field.Invalid(path.Child("replicas"), *d.Replicas, "must not be negative"))
	}
	names, numbers := map[string]bool{}, map[string]bool{}
	for i, p := range d.Ports {
		at := path.Child("ports").Index(i)
		errs = append(errs, validatePort(p.Port, at.Child("port"))...)
		if n := portName(p); len(validation.IsValidPortName(n)) > 0 {
			errs = append(errs, field.Invalid(at.Child("name"), n, "must be lower-case letters, digits and hyphens with a letter among them, and at most 15 characters long"))
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
		return field.ErrorList{field.Invalid(path, port, "must be from 1 to 65535")}
	}
	return nil
}

func validateAutoscaling(a *v1alpha1.Autoscaling, path *field.Path) (errs field.ErrorList) {
	switch {
	case a.MaxReplicas == nil:
	case *a.MaxReplicas < 1:
		errs = append(errs, field.Invalid(path.Child("maxReplicas"), *a.MaxReplicas, "must be at least 1"))
	case a.MinReplicas != nil && *a.MinReplicas > *a.MaxReplicas:
		errs = append(errs, field.Invalid(path.Child("minReplicas"), *a.MinReplicas, "must not be greater than maxReplicas"))
	}
	if a.MinReplicas != nil && *a.MinReplicas < 1 {
		errs = append(errs, field.Invalid(path.Child("minReplicas"), *a.MinReplicas, "must be at least 1"))
	}
	if t := a.TargetCPUUtilizationPercentage; t != nil && *t < 1 {
		errs = append(errs, field.Invalid(path.Child("targetCPUUtilizationPercentage"), *t, "must be at least 1"))
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
			errs = append(errs, field.Invalid(path.Child("officers").Index(i).Child("objectId"), o.ObjectID, "must be a lower-case UUID: the object id of a user, group or service principal in Entra ID"))
		}
	}
	return errs
}

// validateVaultName keeps an application from the vaults of others, since to
// name a vault is to be given a role on it, and from losing the vault it has.
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
		return field.ErrorList{field.Forbidden(path, "it cannot be removed: the application uses vault "+strconv.Quote(have)+", which is not its own, and would lose its secrets")}
	case name == "":
		return nil
	case !assigned && !isWithdrawn(a, p, vault):
		return field.ErrorList{field.Forbidden(path, "vault "+strconv.Quote(name)+" is not assigned to this application; ask your platform team to add it to keyVault.assigned, or leave the name out to get an own vault")}
	case have != "" && !strings.EqualFold(have, name):
		return field.ErrorList{field.Forbidden(path, "the application has vault "+strconv.Quote(have)+", and would lose its secrets with another")}
	}
	return nil
}

// isWithdrawn tells whether an application uses a vault that is assigned to it no
// longer. Only a list says so: if there is none at all, it may have got lost.
func isWithdrawn(a Application, p inputv1alpha1.PlatformConfigSpec, vault Object) bool {
	if a.Spec.KeyVault == nil || a.Spec.KeyVault.Name == "" || p.KeyVault.Assigned == nil || !isAdopted(vault) {
		return false
	}
	_, assigned := settings.Assigned(&p, a.Spec.KeyVault.Name, a.Namespace, a.Name)
	return !assigned && strings.EqualFold(vault.str("metadata", "annotations", annotationExternalName), a.Spec.KeyVault.Name)
}

// isAdopted tells whether an observed vault is only looked at, never changed. An own
// vault that is only looked at until it is proven whose it is has all its parameters.
func isAdopted(vault Object) bool {
	policies := vault.list("spec", "managementPolicies")
	return len(policies) == 1 && policies[0] == string(xpv1.ManagementActionObserve) && vault.str("spec", "forProvider", "tenantId") == ""
}

func isSecretName(s string) bool {
	return len(s) >= 1 && len(s) <= 127 && !containsOtherThan(s, func(r rune) bool { return r == '-' || isAlphanumeric(r) })
}

func isVariableName(s string) bool {
	return s != "" && len(s) <= 255 && (s[0] < '0' || s[0] > '9') && !containsOtherThan(s, func(r rune) bool { return r == '_' || isAlphanumeric(r) })
}

// isUUID is true of the form in which Entra ID shows object ids. The form counts,
// because the id becomes a part of names.
func isUUID(s string) bool {
	u, err := uuid.Parse(s)
	return err == nil && u.String() == s
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func containsOtherThan(s string, allowed func(rune) bool) bool {
	for _, r := range s {
		if !allowed(r) {
			return true
		}
	}
	return false
}
