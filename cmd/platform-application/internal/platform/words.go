// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// Codes of what is wrong with what a cluster says of its platform.
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

// Words of the codes.
func Words() finding.Catalogue {
	return finding.Catalogue{
		PermissionMissing: {
			Severity: finding.Unknown,
			Wrong:    "The doctor may not {verb} {object}.",
			Breaks:   "Faults there stay unnoticed.",
			Mend:     "Give the account that runs the doctor the permission to {verb} {resource}, which docs/operations/doctor.md lists, and run the doctor again:\nkubectl auth can-i {verb} {resource}",
		},
		CannotRead: {
			Severity: finding.Unknown,
			Wrong:    "The doctor cannot read {object}: {error}",
			Breaks:   "Faults there stay unnoticed.",
			Mend:     "Find out why the API server does not answer, and run the doctor again:\nkubectl get --raw /readyz?verbose",
		},
		InputInvalid: {
			Severity: finding.Error,
			Wrong:    "The input of the function in {object} cannot be read: {error}",
			Breaks:   "Every application fails with a fatal result, and nothing of it is changed.",
			Mend:     "Correct spec.pipeline of the Composition, or install the Configuration of this platform again:\nkubectl get {resource} --output yaml",
		},
		SettingsMissing: {
			Severity: finding.Error,
			Wrong:    "{object}, which has the settings of the platform, is missing.",
			Breaks:   "No new application is composed, and those that exist are not changed.",
			Mend:     "Set your values in settings.yaml, a copy of examples/platform/settings.yaml, and apply the base again:\n" + finding.Apply,
		},
		SettingsIncomplete: {
			Severity: finding.Error,
			Wrong:    "These settings in {object} are required and missing: {fields}",
			Breaks:   "No application is composed or changed.",
			Mend:     "Add the fields to settings.yaml, and apply it:\n" + finding.Apply,
		},
		SettingsNotSet: {
			Severity: finding.Error,
			Wrong:    "{object} still has REPLACE_ME instead of your own values: {fields}",
			Breaks:   "No application is composed or changed, or Azure refuses the providers.",
			Mend:     "Set the fields in settings.yaml, and apply it:\n" + finding.Apply,
		},
		SettingsUnknown: {
			Severity: finding.Error,
			Wrong:    "{object} has settings that do not exist: {fields}",
			Breaks:   "Settings with a field that does not exist are refused as a whole. No application is composed or changed.",
			Mend:     "Correct the spelling in settings.yaml, and apply it. docs/reference/platformconfig.md has all fields:\n" + finding.Apply,
		},
		SettingsInvalid: {
			Severity: finding.Error,
			Wrong:    "The function refuses the settings in {object}: {error}",
			Breaks:   "No application is composed or changed.",
			Mend:     "Correct the fields that the message names in settings.yaml, and apply it:\n" + finding.Apply,
		},
		ProviderConfigMissing: {
			Severity: finding.Error,
			Wrong:    "{object} of {group}, which the settings name, is missing.",
			Breaks:   "The providers cannot sign in to Azure. Resources of applications stay unready.",
			Mend:     "Apply the base again when the packages are healthy:\n" + finding.Apply,
		},
		ProviderConfigInvalid: {
			Severity: finding.Error,
			Wrong:    "{object} of {group} cannot be read: {error}",
			Breaks:   "The providers cannot sign in to Azure. Resources of applications stay unready.",
			Mend:     "Correct the field where you have set it, such as in settings.yaml, and apply it:\n" + finding.Apply,
		},
		ProviderConfigElsewhere: {
			Severity: finding.Warning,
			Wrong:    "The settings name a ProviderConfig in the namespace of each application: {object} of {group}. The doctor looks at ClusterProviderConfigs only.",
			Breaks:   "An application without that ProviderConfig in its namespace stays unready.",
			Mend:     "Look at them yourself:\nkubectl get providerconfigs.{group} --all-namespaces",
		},
		IssuerUnknown: {
			Severity: finding.Unknown,
			Wrong:    "The API server does not say who issues its tokens: {error}",
			Breaks:   "If oidcIssuerUrl of the settings is another issuer, Entra ID refuses every application.",
			Mend:     "Compare the issuer with the settings yourself, as somebody who may read it:\nkubectl get --raw /.well-known/openid-configuration",
		},
	}
}

// Unreadable returns what is found where an object or a list cannot be read. The resource is as kubectl takes it, such as
// configmaps/name.
func Unreadable(object, verb, resource string, err error) finding.Finding {
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return finding.Finding{Code: PermissionMissing, Object: object, With: map[string]string{"verb": verb, "resource": resource}}
	}

	return finding.Finding{Code: CannotRead, Object: object, With: map[string]string{"error": err.Error()}}
}

// IsMissing tells whether an object is not there, or its kind is not.
func IsMissing(err error) bool {
	return apierrors.IsNotFound(err) || meta.IsNoMatchError(err)
}

// errWrongType is about content that is not what its schema says.
func errWrongType(field string, err error) error {
	return errors.Join(fmt.Errorf("cannot read %s", field), err)
}
