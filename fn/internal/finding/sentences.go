// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

// Results, which Crossplane shows as events and in its own conditions, and errors.
const (
	NothingChanged              Reason = "NothingChanged"
	NamespaceMissing            Reason = "NamespaceMissing"
	HowToRender                 Reason = "HowToRender"
	NamesUnresolved             Reason = "NamesUnresolved"
	SettingsUnresolved          Reason = "SettingsUnresolved"
	SettingsMissing             Reason = "SettingsMissing"
	EnvironmentConfigNotFound   Reason = "EnvironmentConfigNotFound"
	TenantUnresolved            Reason = "TenantUnresolved"
	NamespaceNotFound           Reason = "NamespaceNotFound"
	TenantLabelMissing          Reason = "TenantLabelMissing"
	ApplicationUnreadable       Reason = "ApplicationUnreadable"
	ApplicationWithoutNamespace Reason = "ApplicationWithoutNamespace"
	InputUnreadable             Reason = "InputUnreadable"
	ApplicationNotComposed      Reason = "ApplicationNotComposed"
	ResourcesNotEncoded         Reason = "ResourcesNotEncoded"
	StatusNotEncoded            Reason = "StatusNotEncoded"
	NameTaken                   Reason = "NameTaken"
	ResourceForeign             Reason = "ResourceForeign"
	ResourceOrphaned            Reason = "ResourceOrphaned"
	WrongType                   Reason = "WrongType"
	ConfigNotString             Reason = "ConfigNotString"
	QuantityInvalid             Reason = "QuantityInvalid"
)

// Condition IdentityReady.
const (
	IdentityCreating   Reason = "IdentityCreating"
	IdentityReplacing  Reason = "IdentityReplacing"
	CredentialCreating Reason = "CredentialCreating"
	IdentityAvailable  Reason = "IdentityAvailable"
	IdentityRefused    Reason = "IdentityRefused"
	OwnedByAnother     Reason = "OwnedByAnother"
)

// Condition KeyVaultReady.
const (
	VaultCreating                Reason = "VaultCreating"
	VaultLookedUp                Reason = "VaultLookedUp"
	VaultRefused                 Reason = "VaultRefused"
	VaultWithdrawn               Reason = "VaultWithdrawn"
	VaultUsesAccessPolicies      Reason = "VaultUsesAccessPolicies"
	VaultNotReady                Reason = "VaultNotReady"
	VaultAvailable               Reason = "VaultAvailable"
	Notes                        Reason = "Notes"
	VaultChangeRefused           Reason = "VaultChangeRefused"
	PurgeProtectionStays         Reason = "PurgeProtectionStays"
	VaultOfOtherTenant           Reason = "VaultOfOtherTenant"
	SubscriptionsDiffer          Reason = "SubscriptionsDiffer"
	SubscriptionNote             Reason = "SubscriptionNote"
	ProvidersInOtherSubscription Reason = "ProvidersInOtherSubscription"
	ObjectInOtherSubscription    Reason = "ObjectInOtherSubscription"
)

// Condition AccessReady.
const (
	RolesRevoked           Reason = "RolesRevoked"
	RolesReplacing         Reason = "RolesReplacing"
	RoleRefused            Reason = "RoleRefused"
	PrincipalsDoubtful     Reason = "PrincipalsDoubtful"
	RolesAvailable         Reason = "RolesAvailable"
	RolesCreating          Reason = "RolesCreating"
	PrincipalsInDoubt      Reason = "PrincipalsInDoubt"
	PrincipalIn            Reason = "PrincipalIn"
	SourceSecretCreator    Reason = "SourceSecretCreator"
	SourcePlatformOfficers Reason = "SourcePlatformOfficers"
	SourceOfficers         Reason = "SourceOfficers"
)

// Condition SecretsSynced, and messages of secrets in the status.
const (
	NoSecrets               Reason = "NoSecrets"
	SecretsSynced           Reason = "SecretsSynced"
	SecretsSyncedOrOptional Reason = "SecretsSyncedOrOptional"
	SecretsNotSynced        Reason = "SecretsNotSynced"
	SecretNotWritten        Reason = "SecretNotWritten"
	SecretNotWrittenBesides Reason = "SecretNotWrittenBesides"
	SecretsInState          Reason = "SecretsInState"
	SecretsInStateWith      Reason = "SecretsInStateWith"
	SecretBlocked           Reason = "SecretBlocked"
	SecretWaitsForAzure     Reason = "SecretWaitsForAzure"
	SecretNotLookedAt       Reason = "SecretNotLookedAt"
	ProviderSays            Reason = "ProviderSays"
	VariablesCollide        Reason = "VariablesCollide"
	Collision               Reason = "Collision"
	VariablesWithheld       Reason = "VariablesWithheld"
	WithheldFromSecret      Reason = "WithheldFromSecret"
	WithheldFromKey         Reason = "WithheldFromKey"
	AndMore                 Reason = "AndMore"
)

// Condition WorkloadReady.
const (
	NoDeployment         Reason = "NoDeployment"
	PodsWaitForIdentity  Reason = "PodsWaitForIdentity"
	PodsHeld             Reason = "PodsHeld"
	PodsWaitForSecrets   Reason = "PodsWaitForSecrets"
	WaitsForSecret       Reason = "WaitsForSecret"
	WaitsForWrite        Reason = "WaitsForWrite"
	WaitsForPlainText    Reason = "WaitsForPlainText"
	WaitsForKey          Reason = "WaitsForKey"
	ImageUnknown         Reason = "ImageUnknown"
	IngressRefused       Reason = "IngressRefused"
	IngressWillBeRefused Reason = "IngressWillBeRefused"
	IngressStays         Reason = "IngressStays"
	PodsStarting         Reason = "PodsStarting"
	PodsRollingOut       Reason = "PodsRollingOut"
	PodsUpdating         Reason = "PodsUpdating"
	PodsAvailable        Reason = "PodsAvailable"
	RolloutFailed        Reason = "RolloutFailed"
	PodsNotCreated       Reason = "PodsNotCreated"
)

// Problems of an Ingress.
const (
	IngressTypeMissing Reason = "IngressTypeMissing"
	IngressTypeUnknown Reason = "IngressTypeUnknown"
	IngressTypeInvalid Reason = "IngressTypeInvalid"
	HostnamesMissing   Reason = "HostnamesMissing"
	HostnameInvalid    Reason = "HostnameInvalid"
	HostnameNotAllowed Reason = "HostnameNotAllowed"
	PathInvalid        Reason = "PathInvalid"
	LoginInvalid       Reason = "LoginInvalid"
	LoginMissing       Reason = "LoginMissing"
	IngressTypeDefault Reason = "IngressTypeDefault"
	NoIngressType      Reason = "NoIngressType"
	AnnotationProtects Reason = "AnnotationProtects"
)

// Condition FieldsIgnored.
const (
	NoFieldsIgnored           Reason = "NoFieldsIgnored"
	FieldsIgnored             Reason = "FieldsIgnored"
	FieldIgnored              Reason = "FieldIgnored"
	FieldIgnoredBecause       Reason = "FieldIgnoredBecause"
	FieldMistaken             Reason = "FieldMistaken"
	FieldsAfterIgnored        Reason = "FieldsAfterIgnored"
	MustBeList                Reason = "MustBeList"
	MustBeBoolean             Reason = "MustBeBoolean"
	NotEnabled                Reason = "NotEnabled"
	DeploymentMissing         Reason = "DeploymentMissing"
	PortMissing               Reason = "PortMissing"
	PurgeNotAllowed           Reason = "PurgeNotAllowed"
	PremiumNotAllowed         Reason = "PremiumNotAllowed"
	OfficerNotListed          Reason = "OfficerNotListed"
	OfficerNotGroup           Reason = "OfficerNotGroup"
	OfficersNotAllowed        Reason = "OfficersNotAllowed"
	AnnotationReserved        Reason = "AnnotationReserved"
	AnnotationNotAllowed      Reason = "AnnotationNotAllowed"
	AnnotationNamesNamespace  Reason = "AnnotationNamesNamespace"
	AnnotationNamesHost       Reason = "AnnotationNamesHost"
	AutoscalingNotEnabled     Reason = "AutoscalingNotEnabled"
	AutoscalingKeepsPod       Reason = "AutoscalingKeepsPod"
	CPUNotMeasured            Reason = "CPUNotMeasured"
	LoadNotMeasured           Reason = "LoadNotMeasured"
	KEDAMissing               Reason = "KEDAMissing"
	KEDARefuses               Reason = "KEDARefuses"
	TriggersTooMany           Reason = "TriggersTooMany"
	TriggerTwice              Reason = "TriggerTwice"
	TriggerNameInvalid        Reason = "TriggerNameInvalid"
	TriggerInvalid            Reason = "TriggerInvalid"
	TriggerNotAllowed         Reason = "TriggerNotAllowed"
	TriggerMetadataTooLong    Reason = "TriggerMetadataTooLong"
	TriggerMetadataInvalid    Reason = "TriggerMetadataInvalid"
	TriggerWithoutCredentials Reason = "TriggerWithoutCredentials"
	MetricTypeNotString       Reason = "MetricTypeNotString"
	MetricTypeOfResource      Reason = "MetricTypeOfResource"
	MetricTypeOfOther         Reason = "MetricTypeOfOther"
	PercentageInvalid         Reason = "PercentageInvalid"
	MetricQuantityInvalid     Reason = "MetricQuantityInvalid"
	ContainerNameInvalid      Reason = "ContainerNameInvalid"
	TimeZoneInvalid           Reason = "TimeZoneInvalid"
	ScheduleInvalid           Reason = "ScheduleInvalid"
	ScheduleEmpty             Reason = "ScheduleEmpty"
	DesiredReplicasInvalid    Reason = "DesiredReplicasInvalid"
	DesiredReplicasTooMany    Reason = "DesiredReplicasTooMany"
	NetworkPolicyMissing      Reason = "NetworkPolicyMissing"
	InboundInvalid            Reason = "InboundInvalid"
	CallerIgnored             Reason = "CallerIgnored"
	CallersTooMany            Reason = "CallersTooMany"
	CallerInvalid             Reason = "CallerInvalid"
	CallerNameNotString       Reason = "CallerNameNotString"
	CallerNameInvalid         Reason = "CallerNameInvalid"
	CallerNamespaceNotString  Reason = "CallerNamespaceNotString"
	CallerNamespaceInvalid    Reason = "CallerNamespaceInvalid"
	CallerPortInvalid         Reason = "CallerPortInvalid"
	CallerProtocolInvalid     Reason = "CallerProtocolInvalid"
	CallerProtocolUnused      Reason = "CallerProtocolUnused"
	SelectorsInvalid          Reason = "SelectorsInvalid"
	SelectorsTooMany          Reason = "SelectorsTooMany"
	SelectorNotLabel          Reason = "SelectorNotLabel"
	SelectorChoosesByRole     Reason = "SelectorChoosesByRole"
	SelectorNotString         Reason = "SelectorNotString"
	SelectorValueInvalid      Reason = "SelectorValueInvalid"
	SelectorValuesTooMany     Reason = "SelectorValuesTooMany"
	SelectorEmpty             Reason = "SelectorEmpty"
	ReferenceUnknown          Reason = "ReferenceUnknown"
	ReferenceLater            Reason = "ReferenceLater"
	ReferencesNotChecked      Reason = "ReferencesNotChecked"
	Reference                 Reason = "Reference"
	ReferenceUnprintable      Reason = "ReferenceUnprintable"
)

// Refusals of manifests.
const (
	ApplicationNameInvalid Reason = "ApplicationNameInvalid"
	ApplicationNameDefault Reason = "ApplicationNameDefault"
	NamespaceRetired       Reason = "NamespaceRetired"
	VariableNameInvalid    Reason = "VariableNameInvalid"
	VariablePrefixInvalid  Reason = "VariablePrefixInvalid"
	SecretNameInvalid      Reason = "SecretNameInvalid"
	RefreshIntervalInvalid Reason = "RefreshIntervalInvalid"
	PrefixWithEnv          Reason = "PrefixWithEnv"
	EnvKeyUnknown          Reason = "EnvKeyUnknown"
	KeyInvalid             Reason = "KeyInvalid"
	ImageMissing           Reason = "ImageMissing"
	MustNotBeNegative      Reason = "MustNotBeNegative"
	PortNameInvalid        Reason = "PortNameInvalid"
	PortInvalid            Reason = "PortInvalid"
	MustBePositive         Reason = "MustBePositive"
	MinAboveMaxReplicas    Reason = "MinAboveMaxReplicas"
	OfficerInvalid         Reason = "OfficerInvalid"
	VaultNameStays         Reason = "VaultNameStays"
	VaultNotAssigned       Reason = "VaultNotAssigned"
	VaultCannotChange      Reason = "VaultCannotChange"
	VaultNameLength        Reason = "VaultNameLength"
	VaultNameCharacters    Reason = "VaultNameCharacters"
	VaultNameStart         Reason = "VaultNameStart"
	VaultNameEnd           Reason = "VaultNameEnd"
	VaultNameHyphens       Reason = "VaultNameHyphens"
)

// Refusals of settings.
const (
	SettingsInputUnreadable   Reason = "SettingsInputUnreadable"
	SettingsUnreadable        Reason = "SettingsUnreadable"
	SettingsUnusable          Reason = "SettingsUnusable"
	SettingsIncomplete        Reason = "SettingsIncomplete"
	PlaceholdersLeft          Reason = "PlaceholdersLeft"
	MustBeUUID                Reason = "MustBeUUID"
	MustBeHTTPS               Reason = "MustBeHTTPS"
	MustBeResourceGroup       Reason = "MustBeResourceGroup"
	IssuerWithoutSlash        Reason = "IssuerWithoutSlash"
	MustBeSubdomain           Reason = "MustBeSubdomain"
	MustBeQualifiedName       Reason = "MustBeQualifiedName"
	MustNotBeReserved         Reason = "MustNotBeReserved"
	IngressClassByAnnotation  Reason = "IngressClassByAnnotation"
	IngressClassNotAllowed    Reason = "IngressClassNotAllowed"
	AnnotationPatternInvalid  Reason = "AnnotationPatternInvalid"
	TagInvalid                Reason = "TagInvalid"
	MustBeNamespace           Reason = "MustBeNamespace"
	LabelValueInvalid         Reason = "LabelValueInvalid"
	MustBeBetween             Reason = "MustBeBetween"
	MustBeTriggerType         Reason = "MustBeTriggerType"
	ResourceNameInvalid       Reason = "ResourceNameInvalid"
	MustBeWhole               Reason = "MustBeWhole"
	MustEqualLimit            Reason = "MustEqualLimit"
	MustNotExceedLimit        Reason = "MustNotExceedLimit"
	OfficerIDsUnused          Reason = "OfficerIDsUnused"
	AssignmentIncomplete      Reason = "AssignmentIncomplete"
	AssignedTwice             Reason = "AssignedTwice"
	AdoptionIncomplete        Reason = "AdoptionIncomplete"
	VariablePatternInvalid    Reason = "VariablePatternInvalid"
	VariableNotInFull         Reason = "VariableNotInFull"
	PollIntervalInvalid       Reason = "PollIntervalInvalid"
	FastPollIntervalInvalid   Reason = "FastPollIntervalInvalid"
	PerNamespaceWithoutDomain Reason = "PerNamespaceWithoutDomain"
	DomainBelowAnother        Reason = "DomainBelowAnother"
	DomainTooLong             Reason = "DomainTooLong"
	NameFits                  Reason = "NameFits"
	NamesFit                  Reason = "NamesFit"
	DefaultTypeUnknown        Reason = "DefaultTypeUnknown"
)

// sentences of all reasons. {name} is a parameter, and {name:q} one in quotes. A
// sentence is changed here, and in the page that quotes it.
//
//nolint:gochecknoglobals // A constant.
var sentences = map[Reason]string{
	// Results, which Crossplane shows as events and in its own conditions, and errors.
	NothingChanged:              "Nothing was changed, and what runs keeps running: {cause}",
	NamespaceMissing:            "metadata.namespace is missing: this is what the manifest becomes in namespace {namespace}, where kubectl puts it; in another namespace, the vault and the identity have other names",
	HowToRender:                 "To render, pass it in a file with --required-resources (Crossplane 2) or --extra-resources (Crossplane 1.15 to 1.20).",
	NamesUnresolved:             "Crossplane has not looked yet whether the names of new objects are free. To render, use Crossplane 1.15 or later.",
	SettingsUnresolved:          "Crossplane has not read EnvironmentConfig {name} yet, which has the settings of the platform.",
	SettingsMissing:             "The settings of the platform are missing: EnvironmentConfig {name} does not exist. What runs keeps running, and changes wait until your platform team has restored it.",
	EnvironmentConfigNotFound:   "cannot find EnvironmentConfig {name:q}: to render, pass it in a file with --required-resources (Crossplane 2) or --extra-resources (Crossplane 1.15 to 1.20); in a cluster, create it; only if the Composition's input has all settings, set environmentConfigRef.resolution to {optional} there",
	TenantUnresolved:            "Crossplane has not read Namespace {namespace} yet, whose label {label} names the tenant.",
	NamespaceNotFound:           "Crossplane cannot find Namespace {namespace}, whose label {label} names the tenant. What exists stays as it is, and nothing new is created. Your platform team can help.",
	TenantLabelMissing:          "Namespace {namespace} has no label {label}, which names the tenant that owns it. What exists stays as it is, and nothing new is created, until your platform team has set the label.",
	ApplicationUnreadable:       "cannot read {kind}: {cause}",
	ApplicationWithoutNamespace: "cannot compose {kind} {name:q}: it has no namespace; create a {modern} in the namespace of the application",
	InputUnreadable:             "cannot read the function's input from the Composition: {cause}",
	ApplicationNotComposed:      "cannot compose application {namespace}/{name}: {cause}",
	ResourcesNotEncoded:         "cannot encode composed resources: {cause}",
	StatusNotEncoded:            "cannot encode status: {cause}",
	NameTaken:                   "cannot create {kind} {name}: there is one already that does not belong to this application: remove it, or give the application another name; if the application has left it behind, your platform team adds the application to the setting adopt",
	ResourceForeign:             "cannot use {object} as composed resource {name:q}: it is of another kind, namespace or controller; remove it from the application's resourceRefs",
	ResourceOrphaned:            "cannot use {object} as composed resource {name:q}: nothing controls it; if the application has lost it, your platform team adds the application to the setting adopt",
	WrongType:                   "{field}: must be {wanted}, not {given}",
	ConfigNotString:             "{field}: must be a string: put the value in quotes",
	QuantityInvalid:             "{field}: {value:q} is not a quantity such as 500m, 2 or 512Mi",

	// Condition IdentityReady.
	IdentityCreating:   "The identity {identity} is being created in Azure. This normally takes a minute. Nothing to do but wait.",
	IdentityReplacing:  "The identity {identity} now has client id {client}. Running pods still have the one that they were created with, client id {former} of tenant {tenant}. They are replaced when the ServiceAccount {serviceAccount} has the new one. This normally takes a minute. Nothing to do but wait.",
	CredentialCreating: "The identity {identity} exists; its federated credential is being created. This normally takes a minute. Nothing to do but wait.",
	IdentityAvailable:  "Pods run as identity {identity} (client id {client}).",
	IdentityRefused:    "Azure rejected the {kind}: {problem}. Your platform team can help.",
	OwnedByAnother:     "The {what} {name} already exists in Azure, and its tags do not prove that it belongs to this application. It is neither used nor changed. Your platform team looks for its owner. If it belongs to this application, they set its tags in Azure: {owner}. Otherwise they purge it, and then delete {object} in the cluster; or give the application another name.",

	// Condition KeyVaultReady.
	VaultCreating:                "Vault {vault} is being created in Azure. This normally takes 2 minutes. Nothing to do but wait.",
	VaultLookedUp:                "Vault {vault} is being looked up. This normally takes a minute. If it lasts, your platform team can check that the vault exists in the resource group they assigned it from.",
	VaultRefused:                 "Azure did not create vault {vault}: {problem}. Your platform team can help.",
	VaultWithdrawn:               "Vault {vault} is no longer assigned to this application. Running pods keep the values they have, and changes in the vault no longer reach them. Ask your platform team to assign it again (keyVault.assigned), or delete the application.",
	VaultUsesAccessPolicies:      "Vault {vault} uses access policies, so role assignments have no effect. Ask its owner to switch it to Azure role-based access control.",
	VaultNotReady:                "Vault {vault} is not ready: {problem}. If this lasts for 10 minutes, your platform team can help.",
	VaultAvailable:               "Put values into {uri}.",
	Notes:                        "Note: {notes}.",
	VaultChangeRefused:           "Azure rejected the last change of the vault: {problem}",
	PurgeProtectionStays:         "the vault keeps its purge protection, which Azure never turns off; when the application is deleted the vault stays recoverable",
	VaultOfOtherTenant:           "the vault still belongs to tenant {vault}, although the Namespace now belongs to tenant {namespace}; your platform team decides which tenant owns the vault",
	SubscriptionsDiffer:          "The subscriptions differ: {difference}. Nothing new is created in the wrong one, and what runs keeps running, until your platform team has corrected the settings.",
	SubscriptionNote:             "Note: {difference}. Your platform team can help.",
	ProvidersInOtherSubscription: "{config} of the Azure providers names subscription {other}, and the settings of the platform name {settings}",
	ObjectInOtherSubscription:    "{object} is in subscription {other}, and the settings of the platform name {settings}",

	// Condition AccessReady.
	RolesRevoked:           "The roles on the vault are being revoked, because it is no longer assigned to this application. Azure can take 10 minutes to apply this.",
	RolesReplacing:         "A principal has changed, so role assignments on the vault are being replaced: {assignments}. This normally takes a minute.",
	RoleRefused:            "Azure did not assign {role} on the vault ({assignment}): {problem}. Your platform team can help.",
	PrincipalsDoubtful:     "Azure has not assigned roles on the vault for more than 2 minutes. These object ids may be wrong, or in another tenant: {principals}. Correct them. If they are right, the roles are assigned within 30 minutes.",
	RolesAvailable:         "All roles on the vault are assigned. Azure can take 10 minutes to apply a change.",
	RolesCreating:          "Roles on the vault are being assigned: {assignments}. This normally takes 2 minutes after the vault and the identity exist; then Azure can take 10 minutes to apply them. Nothing to do but wait.",
	PrincipalsInDoubt:      "If it takes longer, these object ids may be wrong: {principals}.",
	PrincipalIn:            "{principal} in {source}",
	SourceSecretCreator:    "secretCreatorPrincipalId of the settings of the platform",
	SourcePlatformOfficers: "keyVault.officers of the settings of the platform",
	SourceOfficers:         "spec.keyVault.officers of the manifest",

	// Condition SecretsSynced, and messages of secrets in the status.
	NoSecrets:               "The application lists no secrets.",
	SecretsSynced:           "{synced} of {total} secrets are synced.",
	SecretsSyncedOrOptional: "{synced} of {total} secrets are synced; the others are optional and have no value.",
	SecretsNotSynced:        "{synced} of {total} secrets are synced. {secrets}.",
	SecretNotWritten:        "{synced} of {total} secrets are synced, but the Kubernetes Secret {secret} is not up to date: {problem}.",
	SecretNotWrittenBesides: "Besides, the Kubernetes Secret {secret} is not up to date: {problem}.",
	SecretsInState:          "{secrets}: {state}",
	SecretsInStateWith:      "{secrets}: {state}, {message}",
	SecretBlocked:           "cannot be synced: {problem}",
	SecretWaitsForAzure:     "waits for the vault and the identity, which normally takes 5 minutes after creation",
	SecretNotLookedAt:       "not looked at yet, which normally takes a minute",
	ProviderSays:            "{message}",
	VariablesCollide:        "Variables are not injected because their names collide: {collisions}. Rename the keys in the vault, or choose names with env in spec.secrets.",
	Collision:               "keys {keys} of secret {secret} all become variable {variable}",
	VariablesWithheld:       "Variables are withheld because they can change what code runs or whom it trusts: {variables}. To have one, ask for it by name with env in spec.secrets.",
	WithheldFromSecret:      "{variable} from secret {secret}",
	WithheldFromKey:         "{variable} from key {key} of secret {secret}",
	AndMore:                 "and {more} more",

	// Condition WorkloadReady.
	NoDeployment:         "The application has no deployment.",
	PodsWaitForIdentity:  "The pods start when the identity exists; condition IdentityReady shows the progress. This normally takes a minute.",
	PodsHeld:             "The running pods stay as they are, with image {image}, until every secret has its values. Waiting for {secrets}; condition SecretsSynced says why. All changes of the deployment wait with it.",
	PodsWaitForSecrets:   "The pods start when every secret has its values. Waiting for {secrets}; condition SecretsSynced says why.",
	WaitsForSecret:       "{secret} ({state})",
	WaitsForWrite:        "the Kubernetes Secret {secret}, which is not up to date: {problem}",
	WaitsForPlainText:    "{secret} has keys and is not plain text, so variable {variable} needs a key",
	WaitsForKey:          "{secret} has no key {key}, which variable {variable} comes from",
	ImageUnknown:         "unknown",
	IngressRefused:       "{problems}. The pods are not affected.",
	IngressWillBeRefused: "The Ingress will be refused then: {problems}.",
	IngressStays:         "the Ingress that exists stays as it was",
	PodsStarting:         "The pods are being started. This normally takes a minute.",
	PodsRollingOut:       "The pods are being rolled out. This normally takes a few minutes.",
	PodsUpdating:         "{updated} of {wanted} pods are up to date, {available} are available. This normally takes a few minutes.",
	PodsAvailable:        "{available} of {wanted} pods are up to date and available.",
	RolloutFailed:        "New pods do not become ready: {problem}. {available} of {wanted} pods are available. The log of the new pods says why; pods of the previous rollout keep running.",
	PodsNotCreated:       "Pods cannot be created: {problem}",

	// Problems of an Ingress.
	IngressTypeMissing: "spec.networking.ingress.type: required, one of {types}",
	IngressTypeUnknown: "spec.networking.ingress.type: the platform has no type {type:q}, only {types}; use one of these, or ask your platform team to add yours to ingress.types of the settings",
	IngressTypeInvalid: "spec.networking.ingress.type: must be the name of an IngressClass, with lower-case letters, digits, hyphens and dots",
	HostnamesMissing:   "spec.networking.ingress.hostnames: required, because the platform has no default domain",
	HostnameInvalid:    "spec.networking.ingress.hostnames: {hostname:q} must be lower-case letters, digits, hyphens and dots, such as shop.example.com or *.example.com",
	HostnameNotAllowed: "spec.networking.ingress.hostnames: {hostname} is not in a domain that applications may use: {domains}",
	PathInvalid:        "spec.networking.ingress.path: must begin with / and must not contain blanks, quotes, braces, semicolons, backslashes, # or empty segments",
	LoginInvalid:       "spec.networking.ingress.oidc: must be true, false or an object whose enabled is true or false; without it the application could be open to everybody by mistake",
	LoginMissing:       "spec.networking.ingress.oidc: the platform has no login for ingress type {type}, only for {types}; without one the application would be open to everybody; use one of these, or ask your platform team to set oidcAnnotations of yours in ingress.types of the settings",
	IngressTypeDefault: "(default)",
	NoIngressType:      "none",
	AnnotationProtects: "{annotation}: {why}; without it the application could be open to everybody; ask your platform team",

	// Condition FieldsIgnored.
	NoFieldsIgnored:           "Every field of the spec has its effect.",
	FieldsIgnored:             "These fields are kept but have no effect: {fields}.",
	FieldIgnored:              "{field}",
	FieldIgnoredBecause:       "{field} ({why})",
	FieldMistaken:             "{field} (did you mean {meant}?)",
	FieldsAfterIgnored:        "and all after it",
	MustBeList:                "must be a list",
	MustBeBoolean:             "must be true or false, without quotes",
	NotEnabled:                "enabled is not true",
	DeploymentMissing:         "there is no deployment",
	PortMissing:               "the deployment has no port for it",
	PurgeNotAllowed:           "the platform does not allow Purge",
	PremiumNotAllowed:         "the platform does not allow premium",
	OfficerNotListed:          "the platform allows only officers that it lists",
	OfficerNotGroup:           "the platform allows only groups, with principalType Group",
	OfficersNotAllowed:        "the platform allows no officers of applications",
	AnnotationReserved:        "reserved",
	AnnotationNotAllowed:      "not allowed for ingress type {type}",
	AnnotationNamesNamespace:  "it may name an object of another namespace",
	AnnotationNamesHost:       "it may name a host that is not in a domain that applications may use",
	AutoscalingNotEnabled:     "spec.autoscaling.enabled is not true",
	AutoscalingKeepsPod:       "autoscaling keeps at least 1 pod",
	CPUNotMeasured:            "the CPU load cannot be measured: set spec.deployment.resources.requests.cpu",
	LoadNotMeasured:           "the load cannot be measured: set spec.deployment.resources.requests.{resource}",
	KEDAMissing:               "the platform has no KEDA, so only the CPU load scales the pods",
	KEDARefuses:               "KEDA does not act on the ScaledObject; your platform team can see why in its status",
	TriggersTooMany:           "only {most} triggers have an effect, and this and later ones do not",
	TriggerTwice:              "there is one of this type already",
	TriggerNameInvalid:        "must be at most 63 letters, digits and hyphens, and no other trigger's",
	TriggerInvalid:            "must be an object with type, a string, and metadata, a map",
	TriggerNotAllowed:         "the platform does not allow this type of trigger",
	TriggerMetadataTooLong:    "metadata must not have more than {most} entries",
	TriggerMetadataInvalid:    "metadata must be a map of strings of at most {most} characters",
	TriggerWithoutCredentials: "triggers of applications have no credentials",
	MetricTypeNotString:       "metricType must be a string",
	MetricTypeOfResource:      "metricType must be Utilization or AverageValue",
	MetricTypeOfOther:         "metricType must be AverageValue or Value",
	PercentageInvalid:         "metadata.value must be a percentage from 1 to 9999",
	MetricQuantityInvalid:     "metadata.value must be a quantity greater than 0",
	ContainerNameInvalid:      "metadata.containerName must be the name of the application",
	TimeZoneInvalid:           "metadata.timezone must be a time zone such as Europe/Berlin",
	ScheduleInvalid:           "metadata.start and metadata.end must be minute, hour, day of the month, month and day of the week, such as 0 8 * * 1-5",
	ScheduleEmpty:             "metadata.start and metadata.end must not be the same",
	DesiredReplicasInvalid:    "metadata.desiredReplicas must be a whole number of pods",
	DesiredReplicasTooMany:    "there are at most {most} pods: set spec.autoscaling.maxReplicas",
	NetworkPolicyMissing:      "the platform has no network policies, so any pod that reaches the application may connect",
	InboundInvalid:            "must be an object with services",
	CallerIgnored:             "{why}; it lets nobody in",
	CallersTooMany:            "only {most} services have an effect, and this and later ones do not",
	CallerInvalid:             "must be an object with name, and namespace and port if needed",
	CallerNameNotString:       "name must be a string: put it in quotes",
	CallerNameInvalid:         "name must be the name of an application",
	CallerNamespaceNotString:  "namespace must be a string: put it in quotes",
	CallerNamespaceInvalid:    "namespace must be the name of a namespace",
	CallerPortInvalid:         "port must be from 1 to 65535",
	CallerProtocolInvalid:     "protocol must be TCP or UDP",
	CallerProtocolUnused:      "the deployment has no port of this protocol",
	SelectorsInvalid:          "must be a map of node labels",
	SelectorsTooMany:          "only the first {most} have an effect, and this and later ones do not",
	SelectorNotLabel:          "not the name of a label",
	SelectorChoosesByRole:     "applications do not choose nodes by name or role",
	SelectorNotString:         "must be a string, with commas between values: put it in quotes",
	SelectorValueInvalid:      "a value must be at most 63 letters, digits, hyphens, underscores and dots, and begin and end with a letter or digit",
	SelectorValuesTooMany:     "must not have more than {most} values",
	SelectorEmpty:             "has no value",
	ReferenceUnknown:          "there is no variable of that name",
	ReferenceLater:            "only variables of secrets, and of config if they come before it in the alphabet, can be referred to",
	ReferencesNotChecked:      "this and later references are not checked",
	Reference:                 "$({variable}) in {field}",
	ReferenceUnprintable:      "$(…) in {field}",

	// Refusals of manifests.
	ApplicationNameInvalid: "must be lower-case letters, digits and hyphens, start with a letter, end with a letter or digit, and be at most 63 characters long: it becomes the name of a Service",
	ApplicationNameDefault: "must not be default, which is the ServiceAccount of pods that choose none",
	NamespaceRetired:       "namespace {namespace} is retired, and an application in it could get the vault of an earlier one; use another namespace, or ask your platform team to purge those vaults and take the namespace off retiredNamespaces",
	VariableNameInvalid:    "must be the name of an environment variable",
	VariablePrefixInvalid:  "must be the beginning of an environment variable's name",
	SecretNameInvalid:      "must be 1 to 127 letters, digits and hyphens, which is all that Key Vault allows",
	RefreshIntervalInvalid: "must be a duration such as 30m or 24h",
	PrefixWithEnv:          "cannot be combined with env",
	EnvKeyUnknown:          "must be one of keys",
	KeyInvalid:             "must be 1 to 125 letters, digits, hyphens, underscores and dots",
	ImageMissing:           "the image to run",
	MustNotBeNegative:      "must not be negative",
	PortNameInvalid:        "must be lower-case letters, digits and hyphens with a letter among them, and at most 15 characters long",
	PortInvalid:            "must be from 1 to 65535",
	MustBePositive:         "must be at least 1",
	MinAboveMaxReplicas:    "must not be greater than maxReplicas",
	OfficerInvalid:         "must be a lower-case UUID: the object id of a user, group or service principal in Entra ID",
	VaultNameStays:         "it cannot be removed: the application uses vault {vault:q}, which is not its own, and would lose its secrets",
	VaultNotAssigned:       "vault {vault:q} is not assigned to this application; ask your platform team to add it to keyVault.assigned, or leave the name out to get an own vault",
	VaultCannotChange:      "the application has vault {vault:q}, and would lose its secrets with another",
	VaultNameLength:        "must be 3 to 24 characters long",
	VaultNameCharacters:    "must contain only letters (a-z, A-Z), digits and hyphens",
	VaultNameStart:         "must start with a letter",
	VaultNameEnd:           "must end with a letter or digit",
	VaultNameHyphens:       "must not contain two hyphens in a row",

	// Refusals of settings.
	SettingsInputUnreadable:   "cannot read the function's input: {cause}",
	SettingsUnreadable:        "cannot read platform settings: {cause}",
	SettingsUnusable:          "cannot use platform settings: {cause}",
	SettingsIncomplete:        "missing {fields}",
	PlaceholdersLeft:          "set your own value instead of {placeholder}: {fields}",
	MustBeUUID:                "must be a UUID",
	MustBeHTTPS:               "must be an https URL",
	MustBeResourceGroup:       "must be a name, not an id",
	IssuerWithoutSlash:        "must end with a slash, as the issuer of every AKS cluster does: Entra ID compares every character",
	MustBeSubdomain:           "must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit",
	MustBeQualifiedName:       "must have a name of letters, digits, hyphens, underscores and dots, with a domain and a slash in front or none",
	MustNotBeReserved:         "is reserved",
	IngressClassByAnnotation:  "use ingressClassName; Kubernetes rejects an Ingress with both",
	IngressClassNotAllowed:    "must not be {annotation}, because the type chooses the class",
	AnnotationPatternInvalid:  "must have the whole domain and its slash before the *",
	TagInvalid:                "must have a name of at most 512 characters without < > % & \\ ? /, and a value of at most 256",
	MustBeNamespace:           "must be the name of a namespace",
	LabelValueInvalid:         "must have a value of at most 63 letters, digits, hyphens, underscores and dots",
	MustBeBetween:             "must be from {least} to {most}",
	MustBeTriggerType:         "must be a type of trigger that KEDA has, such as cron",
	ResourceNameInvalid:       "must be cpu, memory, ephemeral-storage, hugepages-<size>, or a resource with a domain and a slash in front",
	MustBeWhole:               "must be a whole number",
	MustEqualLimit:            "must be equal to the limit",
	MustNotExceedLimit:        "must not be more than the limit, which is {limit}",
	OfficerIDsUnused:          "has an effect only with officers {listed} or {groups}",
	AssignmentIncomplete:      "name, namespace and application are required",
	AssignedTwice:             "vault {vault} is assigned to {namespace}/{application} already",
	AdoptionIncomplete:        "namespace and name are required",
	VariablePatternInvalid:    "must be the name of a variable, with an asterisk at its end or beginning or none",
	VariableNotInFull:         "must be the name of a variable, in full",
	PollIntervalInvalid:       "must be a duration of at least one second, such as 30s or 5m",
	FastPollIntervalInvalid:   "must be a duration of at least one second, such as 5s, or 0s to turn fast polls off",
	PerNamespaceWithoutDomain: "needs a domain or allowedDomains",
	DomainBelowAnother:        "{domain} must not be below {other}, because a namespace could have hostnames of another",
	DomainTooLong:             "must be at most {most} characters long, so that {names} in front",
	NameFits:                  "the name of an application fits",
	NamesFit:                  "the names of an application and its namespace fit",
	DefaultTypeUnknown:        "must be one of types",
}
