// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"cmp"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// Codes about the platform that a cluster describes.
const (
	PermissionMissing       finding.Code = "PermissionMissing"
	CannotRead              finding.Code = "CannotRead"
	InputInvalid            finding.Code = "InputInvalid"
	SettingsMissing         finding.Code = "SettingsMissing"
	SettingsIncomplete      finding.Code = "SettingsIncomplete"
	SettingsNotSet          finding.Code = "SettingsNotSet"
	SettingsUnknown         finding.Code = "SettingsUnknown"
	SettingsInvalid         finding.Code = "SettingsInvalid"
	ProviderConfigMissing   finding.Code = "ProviderConfigMissing"
	ProviderConfigInvalid   finding.Code = "ProviderConfigInvalid"
	ProviderConfigElsewhere finding.Code = "ProviderConfigElsewhere"
	IssuerUnknown           finding.Code = "IssuerUnknown"
)

// noIssuer is the error of a discovery document without an issuer.
const noIssuer = "NoIssuer"

// Words returns the sentences of the codes.
func Words() finding.Catalogue {
	return finding.Catalogue{
		PermissionMissing: {
			Severity: finding.Unknown,
			Problem:  "The doctor has no permission to {verb} {object}.",
			Impact:   "Faults there stay unnoticed.",
			Fix:      "Grant the doctor's account the permission to {verb} {resource}, as listed in docs/operations/doctor.md, and run the doctor again:\nkubectl auth can-i {verb} {resource}",
		},
		CannotRead: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot read {object}: {error}",
			Impact:   "Faults there stay unnoticed.",
			Fix:      "Check the health of the API server, and run the doctor again:\nkubectl get --raw /readyz?verbose",
		},
		InputInvalid: {
			Severity: finding.Error,
			Problem:  "The function input in {object} is invalid: {error}",
			Impact:   "Every application fails with a fatal result, and its resources are not changed.",
			Fix:      "Correct spec.pipeline of the Composition, or install the Configuration of the platform again:\nkubectl get {resource} --output yaml",
		},
		SettingsMissing: {
			Severity: finding.Error,
			Problem:  "{object}, which contains the settings of the platform, is missing.",
			Impact:   "No new application is composed, and existing ones are not changed.",
			Fix:      "Set your values in settings.yaml, a copy of examples/platform/settings.yaml, and apply the base again:\n" + finding.Apply,
		},
		SettingsIncomplete: {
			Severity: finding.Error,
			Problem:  "Required settings are missing in {object}: {fields}",
			Impact:   "No application that uses these settings is composed or changed.",
			Fix:      "Add the fields to settings.yaml, and apply it:\n" + finding.Apply,
		},
		SettingsNotSet: {
			Severity: finding.Error,
			Problem:  "{object} still has the placeholder REPLACE_ME in: {fields}",
			Impact:   "No application that uses these settings is composed or changed, or Azure rejects the providers.",
			Fix:      "Set the fields in settings.yaml, and apply it:\n" + finding.Apply,
		},
		SettingsUnknown: {
			Severity: finding.Error,
			Problem:  "{object} has unknown settings: {fields}",
			Impact:   "One unknown field invalidates all settings. No application that uses these settings is composed or changed.",
			Fix:      "Correct the spelling in settings.yaml, and apply it. docs/reference/platformconfig.md lists all fields:\n" + finding.Apply,
		},
		SettingsInvalid: {
			Severity: finding.Error,
			Problem:  "This version of the function rejects the settings in {object}: {error}",
			Impact:   "No application that uses these settings is composed or changed.",
			Fix:      "Correct the fields in the message, in settings.yaml or in the file of the landing zone, apply it, and run the doctor again, because it examines landing zones only if the platform's own settings are valid:\n" + finding.Apply,
		},
		ProviderConfigMissing: {
			Severity: finding.Error,
			Problem:  "{object} of {group} is missing, but the settings refer to it.",
			Impact:   "The providers cannot sign in to Azure. Resources of applications stay unready.",
			Fix:      "When the packages are healthy, apply the base again:\n" + finding.Apply,
		},
		ProviderConfigInvalid: {
			Severity: finding.Error,
			Problem:  "{object} of {group} is invalid: {error}",
			Impact:   "The providers cannot sign in to Azure. Resources of applications stay unready.",
			Fix:      "Correct the field, for example in settings.yaml, and apply it:\n" + finding.Apply,
		},
		ProviderConfigElsewhere: {
			Severity: finding.Warning,
			Problem:  "The settings refer to a ProviderConfig in the namespace of each application: {object} of {group}. The doctor checks only ClusterProviderConfigs.",
			Impact:   "An application without that ProviderConfig in its namespace stays unready.",
			Fix:      "Check them yourself:\nkubectl get providerconfigs.{group} --all-namespaces",
		},
		IssuerUnknown: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot determine the token issuer of the API server: {error}",
			Impact:   "If oidcIssuerUrl of the settings differs from the issuer, Entra ID rejects every application.",
			Fix:      "Compare the issuer with the settings, using an account that has permission to read it:\nkubectl get --raw /.well-known/openid-configuration",
			Phrases:  map[string]map[string]string{"error": {noIssuer: "its discovery document names no issuer"}},
		},
	}
}

// Unreadable returns the finding about an object or a list that the doctor cannot read. The resource is in the form of kubectl, such as
// configmaps/name. A list, or a path of the API server, has no object.
func Unreadable(object, verb, resource string, err error) finding.Finding {
	object = cmp.Or(object, resource)

	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return finding.Finding{Code: PermissionMissing, Object: object, With: map[string]string{"verb": verb, "resource": resource}}
	}

	return finding.Finding{Code: CannotRead, Object: object, With: map[string]string{"error": err.Error()}}
}

// IsMissing reports whether an object or its kind does not exist.
func IsMissing(err error) bool {
	return apierrors.IsNotFound(err) || meta.IsNoMatchError(err)
}

// errWrongType returns the error of content that does not match its schema.
func errWrongType(field string, err error) error {
	return errors.Join(fmt.Errorf("cannot read %s", field), err)
}
