// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

// Results, which Crossplane shows as events and in its own conditions, and errors.
const (
	NothingChanged              Reason = "NothingChanged"
	NothingElseChanged          Reason = "NothingElseChanged"
	NamespaceMissing            Reason = "NamespaceMissing"
	HowToRender                 Reason = "HowToRender"
	NamesUnresolved             Reason = "NamesUnresolved"
	SharedUncounted             Reason = "SharedUncounted"
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
	NameElsewhere               Reason = "NameElsewhere"
	ResourceForeign             Reason = "ResourceForeign"
	ResourceOrphaned            Reason = "ResourceOrphaned"
	WrongType                   Reason = "WrongType"
	KindBoolean                 Reason = "KindBoolean"
	KindWholeNumber             Reason = "KindWholeNumber"
	KindNumber                  Reason = "KindNumber"
	KindString                  Reason = "KindString"
	KindList                    Reason = "KindList"
	KindObject                  Reason = "KindObject"
	KindOther                   Reason = "KindOther"
	ConfigNotString             Reason = "ConfigNotString"
	QuantityInvalid             Reason = "QuantityInvalid"
)

// Landing zones.
const (
	LandingZoneUnresolved       Reason = "LandingZoneUnresolved"
	LandingZoneUnknown          Reason = "LandingZoneUnknown"
	LandingZoneNameInvalid      Reason = "LandingZoneNameInvalid"
	LandingZoneConfigUnresolved Reason = "LandingZoneConfigUnresolved"
	LandingZoneConfigMissing    Reason = "LandingZoneConfigMissing"
	LandingZoneNotAllowed       Reason = "LandingZoneNotAllowed"
	LandingZoneUnusable         Reason = "LandingZoneUnusable"
	PlatformUnusable            Reason = "PlatformUnusable"
	OnlyInLandingZone           Reason = "OnlyInLandingZone"
	NotInLandingZone            Reason = "NotInLandingZone"
	StaysInZone                 Reason = "StaysInZone"
	StaysInZoneWithoutLabel     Reason = "StaysInZoneWithoutLabel"
	StaysOutsideZones           Reason = "StaysOutsideZones"
	StaysInTenant               Reason = "StaysInTenant"
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

// Clusters that share vaults and identities.
const (
	OwnedByOtherCluster Reason = "OwnedByOtherCluster"
	UsedFromCluster     Reason = "UsedFromCluster"
	NotChangedByMember  Reason = "NotChangedByMember"
	MemberWaits         Reason = "MemberWaits"
	DeletionWithheld    Reason = "DeletionWithheld"
	RolesAwaitOwner     Reason = "RolesAwaitOwner"
	RolesMayBeGranted   Reason = "RolesMayBeGranted"
	RolesNotRevoked     Reason = "RolesNotRevoked"
	RolesLeftToOwner    Reason = "RolesLeftToOwner"
	AnswerOfAzure       Reason = "AnswerOfAzure"
	MustBeClusterName   Reason = "MustBeClusterName"
	NeedsClusterName    Reason = "NeedsClusterName"
	PeersNeedRole       Reason = "PeersNeedRole"
	MemberNeedsPeers    Reason = "MemberNeedsPeers"
	MustNotBeOwnIssuer  Reason = "MustNotBeOwnIssuer"
)

// Network and logs of a vault, in condition KeyVaultReady.
const (
	PrivateEndpointCreating Reason = "PrivateEndpointCreating"
	PrivateEndpointRefused  Reason = "PrivateEndpointRefused"
	PrivateEndpointNoRecord Reason = "PrivateEndpointNoRecord"
	PrivateEndpointNote     Reason = "PrivateEndpointNote"
	PrivateEndpointFailed   Reason = "PrivateEndpointFailed"
	PrivateEndpointApproval Reason = "PrivateEndpointApproval"
	VaultStaysOpen          Reason = "VaultStaysOpen"
	LogsNotSent             Reason = "LogsNotSent"
	WaitsForPrivateEndpoint Reason = "WaitsForPrivateEndpoint"
	SecretsWaitForEndpoint  Reason = "SecretsWaitForEndpoint"
)

// Settings of the network, the logs and the tags of vaults.
const (
	TagOfFunction             Reason = "TagOfFunction"
	TagNameInvalid            Reason = "TagNameInvalid"
	NetworkRulesUnused        Reason = "NetworkRulesUnused"
	MustBePublicIPv4          Reason = "MustBePublicIPv4"
	MustBeAzureID             Reason = "MustBeAzureID"
	SubnetInOtherSubscription Reason = "SubnetInOtherSubscription"
	CategoriesWithGroups      Reason = "CategoriesWithGroups"
	LogCategoryInvalid        Reason = "LogCategoryInvalid"
)

// Condition AccessReady.
const (
	RolesRevoked           Reason = "RolesRevoked"
	RolesReplacing         Reason = "RolesReplacing"
	RoleRefused            Reason = "RoleRefused"
	PrincipalsDoubtful     Reason = "PrincipalsDoubtful"
	RolesAvailable         Reason = "RolesAvailable"
	RolesCreating          Reason = "RolesCreating"
	RolesAwaitProof        Reason = "RolesAwaitProof"
	PrincipalsInDoubt      Reason = "PrincipalsInDoubt"
	PrincipalIn            Reason = "PrincipalIn"
	SourceSecretCreator    Reason = "SourceSecretCreator"
	SourcePlatformOfficers Reason = "SourcePlatformOfficers"
	SourceOfficers         Reason = "SourceOfficers"
)

// Condition SecretsSynced, and the messages of secrets in the status.
const (
	NoSecrets               Reason = "NoSecrets"
	SecretsSynced           Reason = "SecretsSynced"
	SecretsSyncedOrOptional Reason = "SecretsSyncedOrOptional"
	SecretsNotSynced        Reason = "SecretsNotSynced"
	SecretNotWritten        Reason = "SecretNotWritten"
	SecretNotWrittenBesides Reason = "SecretNotWrittenBesides"
	SecretsInState          Reason = "SecretsInState"
	SecretsStayOwn          Reason = "SecretsStayOwn"
	SecretsInStateWith      Reason = "SecretsInStateWith"
	SecretBlocked           Reason = "SecretBlocked"
	SecretBlockedShort      Reason = "SecretBlockedShort"
	SecretWaitsForAzure     Reason = "SecretWaitsForAzure"
	SecretNotLookedAt       Reason = "SecretNotLookedAt"
	SharedRevoked           Reason = "SharedRevoked"
	SharedTakenAway         Reason = "SharedTakenAway"
	SharedVaultChanged      Reason = "SharedVaultChanged"
	SharedLimitReached      Reason = "SharedLimitReached"
	SharedNotSyncedYet      Reason = "SharedNotSyncedYet"
	SharedStaysOwn          Reason = "SharedStaysOwn"
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
	HostnameRule       Reason = "HostnameRule"
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

// Errors in manifests.
const (
	ApplicationNameInvalid Reason = "ApplicationNameInvalid"
	ApplicationNameDefault Reason = "ApplicationNameDefault"
	NamespaceRetired       Reason = "NamespaceRetired"
	ConfigNameInvalid      Reason = "ConfigNameInvalid"
	VariableNameInvalid    Reason = "VariableNameInvalid"
	VariablePrefixInvalid  Reason = "VariablePrefixInvalid"
	SecretNameInvalid      Reason = "SecretNameInvalid"
	RefreshIntervalInvalid Reason = "RefreshIntervalInvalid"
	PrefixWithEnv          Reason = "PrefixWithEnv"
	EnvKeyMissing          Reason = "EnvKeyMissing"
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

// Errors in settings.
const (
	SettingsInputUnreadable   Reason = "SettingsInputUnreadable"
	SettingsUnreadable        Reason = "SettingsUnreadable"
	SettingsUnusable          Reason = "SettingsUnusable"
	SettingsIncomplete        Reason = "SettingsIncomplete"
	PlaceholdersLeft          Reason = "PlaceholdersLeft"
	MustBeUUID                Reason = "MustBeUUID"
	MustBeHTTPS               Reason = "MustBeHTTPS"
	MustBeResourceGroup       Reason = "MustBeResourceGroup"
	MustBeGrantScope          Reason = "MustBeGrantScope"
	IssuerWithoutSlash        Reason = "IssuerWithoutSlash"
	MustBeSubdomain           Reason = "MustBeSubdomain"
	MustBeQualifiedName       Reason = "MustBeQualifiedName"
	MustNotBeReserved         Reason = "MustNotBeReserved"
	IngressClassByAnnotation  Reason = "IngressClassByAnnotation"
	IngressClassNotAllowed    Reason = "IngressClassNotAllowed"
	AnnotationPatternInvalid  Reason = "AnnotationPatternInvalid"
	TagInvalid                Reason = "TagInvalid"
	MustBeNamespace           Reason = "MustBeNamespace"
	LabelOfFunction           Reason = "LabelOfFunction"
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
	SharedOverlap             Reason = "SharedOverlap"
	SharedNameInvalid         Reason = "SharedNameInvalid"
	SharedVaultURIInvalid     Reason = "SharedVaultURIInvalid"
	SharedVaultIDInvalid      Reason = "SharedVaultIDInvalid"
	SharedVaultsDiffer        Reason = "SharedVaultsDiffer"
	SharedWithoutNames        Reason = "SharedWithoutNames"
	SharedLimitsExceed        Reason = "SharedLimitsExceed"
	AdoptionIncomplete        Reason = "AdoptionIncomplete"
	VariablePatternInvalid    Reason = "VariablePatternInvalid"
	VariableNotInFull         Reason = "VariableNotInFull"
	PollIntervalInvalid       Reason = "PollIntervalInvalid"
	FastPollIntervalInvalid   Reason = "FastPollIntervalInvalid"
	PerNamespaceWithoutDomain Reason = "PerNamespaceWithoutDomain"
	DomainBelowAnother        Reason = "DomainBelowAnother"
	DomainTooLong             Reason = "DomainTooLong"
	DomainNotAllowed          Reason = "DomainNotAllowed"
	NameFits                  Reason = "NameFits"
	NamesFit                  Reason = "NamesFit"
	DefaultTypeUnknown        Reason = "DefaultTypeUnknown"
)

// sentences has the text of every reason. {name} is a parameter, and {name:q} a quoted
// one. Rules of the definition have the same text there. Pages quote sentences, so a
// change here may need one in docs.
//
//nolint:gochecknoglobals // A constant.
var sentences = map[Reason]string{
	// Results, which Crossplane shows as events and in its own conditions, and errors.
	NothingChanged:              "Nothing was changed; running pods are not affected: {cause}",
	NothingElseChanged:          "Only what the platform has revoked was changed: {cause}",
	NamespaceMissing:            "metadata.namespace is missing; this is the result for namespace {namespace}, kubectl's default. In another namespace, the vault and the identity have different names.",
	HowToRender:                 "To render, pass it in a file with --required-resources (Crossplane 2) or --extra-resources (Crossplane 1.15 to 1.20).",
	SharedUncounted:             "Crossplane has not yet counted the role assignments on shared secrets in the namespace.",
	NamesUnresolved:             "Crossplane has not yet checked whether the names of new objects are free. To render, use Crossplane 1.15 or later.",
	SettingsUnresolved:          "Crossplane has not yet read EnvironmentConfig {name}, which holds the platform settings.",
	SettingsMissing:             "The platform settings are missing: EnvironmentConfig {name} does not exist. Running pods are not affected. Changes are applied after your platform team has restored it.",
	EnvironmentConfigNotFound:   "cannot find EnvironmentConfig {name:q}: to render, pass it in a file with --required-resources (Crossplane 2) or --extra-resources (Crossplane 1.15 to 1.20); in a cluster, create it; if the Composition's input has all settings, set environmentConfigRef.resolution to {optional} there instead",
	TenantUnresolved:            "Crossplane has not yet read Namespace {namespace}, whose label {label} names the tenant.",
	NamespaceNotFound:           "Crossplane cannot find Namespace {namespace}, whose label {label} names the tenant. Existing resources are kept; no new ones are created. Ask your platform team for help.",
	TenantLabelMissing:          "Namespace {namespace} has no label {label}, which names its tenant. Existing resources are kept; no new ones are created. Ask your platform team to set the label.",
	ApplicationUnreadable:       "cannot read {kind}: {cause}",
	ApplicationWithoutNamespace: "cannot compose {kind} {name:q}: it has no namespace; create a {modern} in the namespace of the application",
	InputUnreadable:             "cannot read the function's input from the Composition: {cause}",
	ApplicationNotComposed:      "cannot compose application {namespace}/{name}: {cause}",
	ResourcesNotEncoded:         "cannot encode composed resources: {cause}",
	StatusNotEncoded:            "cannot encode status: {cause}",
	NameTaken:                   "cannot create {kind} {name}: it already exists and does not belong to this application; delete it, or rename the application; if an earlier application of this name left it behind, ask your platform team to add the application to the setting adopt",
	NameElsewhere:               "cannot take over {kind} {name}: the application would get another one instead of {existing:q}; ask your platform team to restore the landing zone and the settings with which it was created",
	ResourceForeign:             "cannot use {object} as composed resource {name:q}: it has another kind, namespace or controller; remove it from the application's resourceRefs",
	ResourceOrphaned:            "cannot use {object} as composed resource {name:q}: it has no controller; if it belonged to this application before, ask your platform team to add the application to the setting adopt",
	WrongType:                   "{field}: must be {wanted}, not {given}",
	KindBoolean:                 "true or false",
	KindWholeNumber:             "a whole number",
	KindNumber:                  "a number",
	KindString:                  "a string",
	KindList:                    "a list",
	KindObject:                  "an object",
	KindOther:                   "a value of another type",
	ConfigNotString:             "{field}: must be a string: put the value in quotes",
	QuantityInvalid:             "must be a quantity, such as 250m or 1 for cpu, and 512Mi or 2Gi for memory",

	// Landing zones.
	LandingZoneUnresolved:       "Crossplane has not yet read Namespace {namespace}, whose label {label} names the landing zone.",
	LandingZoneUnknown:          "Crossplane cannot find Namespace {namespace}, whose label {label} names the landing zone. No new resources are created. Ask your platform team for help.",
	LandingZoneNameInvalid:      "Landing zone {zone:q} does not exist: the name must be lower-case letters, digits, hyphens and dots. Existing resources are kept; no new ones are created. Ask your platform team to correct the label of Namespace {namespace}.",
	LandingZoneConfigUnresolved: "Crossplane has not yet read EnvironmentConfig {config}, which holds the settings of landing zone {zone}.",
	LandingZoneConfigMissing:    "The settings of landing zone {zone} are missing: EnvironmentConfig {config} does not exist. Existing resources are kept; no new ones are created. Ask your platform team to create it, or to correct the label of Namespace {namespace}.",
	LandingZoneNotAllowed:       "Namespace {namespace} may not use landing zone {zone}: landingZone.namespaces of EnvironmentConfig {config} does not list it. Existing resources are kept; no new ones are created. Ask your platform team to add the Namespace, or to correct its label.",
	LandingZoneUnusable:         "cannot use EnvironmentConfig {config} of landing zone {zone}: {cause}",
	PlatformUnusable:            "cannot use the platform's own settings, EnvironmentConfig {config}, which landing zone {zone} overlays: {cause}",
	OnlyInLandingZone:           "only the EnvironmentConfig of a landing zone can set it",
	NotInLandingZone:            "a landing zone cannot change it; set it in the platform's own settings",
	StaysInZone:                 "the application stays in landing zone {zone}, although the label of its Namespace now names {label}",
	StaysInZoneWithoutLabel:     "the application stays in landing zone {zone}, although its Namespace no longer has the label",
	StaysOutsideZones:           "the application keeps the platform's own settings, although the label of its Namespace now names landing zone {label}",
	StaysInTenant:               "the application stays in Entra ID tenant {tenant}, although the platform settings now name {settings}; ask your platform team to correct tenantId",

	// Condition IdentityReady.
	IdentityCreating:   "Identity {identity} is being created in Azure. This normally takes a minute. No action is needed.",
	IdentityReplacing:  "Identity {identity} now has client id {client}. Running pods still use client id {former} of tenant {tenant}. They are replaced once ServiceAccount {serviceAccount} has the new id. This normally takes a minute. No action is needed.",
	CredentialCreating: "Identity {identity} exists; its federated credential is being created. This normally takes a minute. No action is needed.",
	IdentityAvailable:  "Pods run as identity {identity} (client id {client}).",
	IdentityRefused:    "Azure rejected the {kind}: {problem}. Ask your platform team for help.",
	OwnedByAnother:     "The {what} {name} already exists in Azure, and its tags do not prove that it belongs to this application. It is not used or changed. Ask your platform team to find its owner: if it belongs to this application, they set its tags in Azure: {owner}; otherwise they purge it and then delete {object} in the cluster. You can also rename the application.",

	// Condition KeyVaultReady.
	VaultCreating:                "Vault {vault} is being created in Azure. This normally takes 2 minutes. No action is needed.",
	VaultLookedUp:                "Vault {vault} is being looked up. This normally takes a minute. If it takes longer, ask your platform team to check that the vault exists in the resource group of its assignment.",
	VaultRefused:                 "Azure did not create vault {vault}: {problem}. Ask your platform team for help.",
	VaultWithdrawn:               "Vault {vault} is no longer assigned to this application. Running pods keep their values, and changes in the vault no longer reach them. Ask your platform team to assign it again (keyVault.assigned), or delete the application.",
	VaultUsesAccessPolicies:      "Vault {vault} uses access policies, so role assignments have no effect. Ask its owner to switch it to Azure role-based access control.",
	VaultNotReady:                "Vault {vault} is not ready: {problem}. If this lasts for 10 minutes, ask your platform team for help.",
	VaultAvailable:               "Put values into {uri}.",
	Notes:                        "Note: {notes}.",
	VaultChangeRefused:           "Azure rejected the last change of the vault: {problem}",
	PurgeProtectionStays:         "Azure never turns purge protection off, so the vault stays recoverable when the application is deleted",
	VaultOfOtherTenant:           "the vault still belongs to tenant {vault}, although the Namespace now belongs to tenant {namespace}; ask your platform team which tenant should own the vault",
	SubscriptionsDiffer:          "The subscriptions differ: {difference}. Nothing is created in the wrong subscription, and running pods are not affected. Ask your platform team to correct the settings.",
	SubscriptionNote:             "Note: {difference}. Ask your platform team for help.",
	ProvidersInOtherSubscription: "{config} of the Azure providers names subscription {other}, but the platform settings name {settings}",
	ObjectInOtherSubscription:    "{object} is in subscription {other}, but the platform settings name {settings}",

	// Clusters that share vaults and identities.
	OwnedByOtherCluster: "The {what} {name} belongs to the cluster with issuer {cluster}, as its tags say. This cluster does not use or change it. Ask your platform team: to use or take over vaults and identities of that cluster, they list its issuer in clusterSharing; if both clusters have the same clusterName by mistake, they give this one another name and then delete {object} in it, which changes nothing in Azure.",
	UsedFromCluster:     "the vault belongs to the cluster with issuer {cluster}, and this cluster uses it without changing it",
	NotChangedByMember:  "this cluster is a member (clusterSharing), so it does not change the vault",
	MemberWaits:         "The {what} {name} does not exist yet. This cluster is a member (clusterSharing) and creates none: it waits for the cluster that owns the others. If the application does not run there, ask your platform team for help. If it does, ask them to compare clusterName, subscription, resource group and landing zone of both clusters, which must be the same.",
	DeletionWithheld:    "deletionPolicy {policy} has no effect while several clusters may use the vault: the vault stays when the application is deleted, unless clusterSharing.role is SoleOwner",
	RolesAwaitOwner:     "Roles on the vault are missing: {assignments}. This cluster does not assign them, because another cluster does. If they are missing for 10 minutes, ask your platform team to check the application in that cluster.",
	RolesMayBeGranted:   "If that cluster grants them on a wider scope, keyVault.roleAssignments must also be Granted in the settings of this cluster.",
	RolesNotRevoked:     "Role assignments that this cluster no longer needs still exist in Azure: {assignments}. Another cluster may need them. If none does, ask your platform team to delete them in Azure, or to set clusterSharing.role to SoleOwner.",
	RolesLeftToOwner:    "This cluster no longer uses the roles on the vault, because its settings no longer assign the vault to this application. It is a member (clusterSharing): the roles are revoked when the owner's settings no longer assign the vault either.",
	AnswerOfAzure:       "The Azure provider reports: {problem}.",
	MustBeClusterName:   "must be a DNS label of at most 63 lower-case letters, digits and hyphens, or the OIDC issuer URL of a cluster",
	NeedsClusterName:    "has no effect without clusterName",
	PeersNeedRole:       "required with peers",
	MemberNeedsPeers:    "a member uses the vaults of its peers",
	MustNotBeOwnIssuer:  "must not be the issuer of this cluster",
	// Network and logs of a vault.
	PrivateEndpointCreating: "Vault {vault} is reachable only through its private endpoint {endpoint}, which is being created. This normally takes 3 minutes. No action is needed.",
	PrivateEndpointRefused:  "Azure did not create private endpoint {endpoint}, so vault {vault} is not reachable yet: {problem}. Ask your platform team for help.",
	PrivateEndpointNoRecord: "Vault {vault} is not reachable yet: its private endpoint {endpoint} has no record in the private DNS zones. This normally takes a minute. If it takes longer, ask your platform team to check its DNS zone group.",
	PrivateEndpointNote:     "private endpoint {endpoint} of the vault is not ready; the vault is reachable without it",
	PrivateEndpointFailed:   "Azure rejected private endpoint {endpoint} of the vault: {problem}; the vault is reachable without it",
	PrivateEndpointApproval: "if secrets cannot be read, ask your platform team to approve the connection of private endpoint {endpoint} to the vault",
	VaultStaysOpen:          "the network settings close the vault when its private endpoint is ready",
	LogsNotSent:             "Azure rejected the diagnostic setting of the vault: {problem}",
	WaitsForPrivateEndpoint: "private endpoint {endpoint} of the vault (not ready)",
	SecretsWaitForEndpoint:  "The vault cannot be reached before its private endpoint {endpoint} is ready; see condition KeyVaultReady.",

	// Condition AccessReady.
	RolesRevoked:           "The roles on the vault are being revoked, because the vault is no longer assigned to this application. Azure can take 10 minutes to apply this.",
	RolesReplacing:         "A principal has changed, so role assignments on the vault are being replaced: {assignments}. This normally takes a minute.",
	RoleRefused:            "Azure did not assign {role} on the vault ({assignment}): {problem}. Ask your platform team for help.",
	PrincipalsDoubtful:     "Azure has not assigned roles on the vault for more than 2 minutes. These object ids may be wrong, or in another tenant: {principals}. Check them. If they are correct, the roles are assigned within 30 minutes.",
	RolesAvailable:         "All roles on the vault are assigned. Azure can take 10 minutes to apply a change.",
	RolesCreating:          "Roles on the vault are being assigned: {assignments}. This normally takes 2 minutes after the vault and the identity exist; then Azure can take 10 minutes to apply them. No action is needed.",
	RolesAwaitProof:        "Roles on the vault wait until the application may use the vault and the identity: {assignments}. Conditions KeyVaultReady and IdentityReady say what to do.",
	PrincipalsInDoubt:      "If it takes longer, these object ids may be wrong: {principals}.",
	PrincipalIn:            "{principal} in {source}",
	SourceSecretCreator:    "secretCreatorPrincipalId of the platform settings",
	SourcePlatformOfficers: "keyVault.officers of the platform settings",
	SourceOfficers:         "spec.keyVault.officers of the manifest",

	// Condition SecretsSynced, and the messages of secrets in the status.
	NoSecrets:               "The application lists no secrets.",
	SecretsSynced:           "{synced} of {total} secrets are synced.",
	SecretsSyncedOrOptional: "{synced} of {total} secrets are synced; the others are optional and have no value.",
	SecretsNotSynced:        "{synced} of {total} secrets are synced. {secrets}.",
	SecretNotWritten:        "{synced} of {total} secrets are synced, but the Kubernetes Secret {secret} is not up to date: {problem}.",
	SecretNotWrittenBesides: "In addition, the Kubernetes Secret {secret} is not up to date: {problem}.",
	SecretsInState:          "{secrets} ({state})",
	SecretsStayOwn:          "{secrets}.",
	SecretsInStateWith:      "{secrets} ({state}): {message}",
	SecretBlocked:           "cannot be synced: {problem}",
	SecretBlockedShort:      "cannot be synced; condition SecretsSynced says why",
	SecretWaitsForAzure:     "waiting for the vault and the identity, which normally takes 5 minutes after creation",
	SecretNotLookedAt:       "not read yet, which normally takes a minute",
	SharedRevoked:           "the platform has revoked the shared secrets {entry} from this application. Remove the secret from spec.secrets, or set its source to Own",
	SharedTakenAway:         "The platform has revoked the shared secrets {entry} from this application.",
	SharedVaultChanged:      "the platform's shared secrets {entry} are in another vault now. Secrets that this application already has stay in use. Ask your platform team for help",
	SharedLimitReached:      "no more role assignments on the shared secrets {entry} are allowed in namespace {namespace}: the limit is {most}. Ask your platform team to raise maxRoleAssignmentsPerNamespace",
	SharedStaysOwn:          "it stays in the application's own vault, because {problem}",
	SharedNotSyncedYet:      "It comes from the application's own vault until the platform's shared secrets {entry} have it.",
	ProviderSays:            "{message}",
	VariablesCollide:        "Variables are not injected because their names collide: {collisions}. Rename the keys in the vault, or choose names with env in spec.secrets.",
	Collision:               "keys {keys} of secret {secret} all become variable {variable}",
	VariablesWithheld:       "Variables are withheld because they can change which code runs or what it trusts: {variables}. To inject one, name it with env in spec.secrets.",
	WithheldFromSecret:      "{variable} from secret {secret}",
	WithheldFromKey:         "{variable} from key {key} of secret {secret}",
	AndMore:                 "and {more} more",

	// Condition WorkloadReady.
	NoDeployment:         "The application has no deployment.",
	PodsWaitForIdentity:  "The pods start when the identity exists; condition IdentityReady shows the progress. This normally takes a minute.",
	PodsHeld:             "The running pods keep image {image} until every secret has its values. Waiting for {secrets}; see condition SecretsSynced. Changes to the deployment are applied after that.",
	PodsWaitForSecrets:   "The pods start when every secret has its values. Waiting for {secrets}; see condition SecretsSynced.",
	WaitsForSecret:       "{secret} ({state})",
	WaitsForWrite:        "the Kubernetes Secret {secret}, which is not up to date: {problem}",
	WaitsForPlainText:    "a key for variable {variable} in env, because secret {secret} has keys",
	WaitsForKey:          "key {key} of secret {secret}, which variable {variable} needs",
	ImageUnknown:         "unknown",
	IngressRefused:       "{problems}. The pods are not affected.",
	IngressWillBeRefused: "The Ingress also has problems: {problems}.",
	IngressStays:         "the existing Ingress is unchanged",
	PodsStarting:         "The pods are being started. This normally takes a minute.",
	PodsRollingOut:       "The pods are being rolled out. This normally takes a few minutes.",
	PodsUpdating:         "{updated} of {wanted} pods are up to date, {available} are available. This normally takes a few minutes.",
	PodsAvailable:        "{available} of {wanted} pods are up to date and available.",
	RolloutFailed:        "New pods do not become ready: {problem}. {available} of {wanted} pods are available. See the logs of the new pods. Pods of the previous rollout keep running.",
	PodsNotCreated:       "Pods cannot be created: {problem}",

	// Problems of an Ingress.
	IngressTypeMissing: "spec.networking.ingress.type: required; use one of {types}",
	IngressTypeUnknown: "spec.networking.ingress.type: the platform has no type {type:q}; use one of {types}, or ask your platform team to add yours to ingress.types of the settings",
	IngressTypeInvalid: "spec.networking.ingress.type: the name of an IngressClass {rule}",
	HostnamesMissing:   "spec.networking.ingress.hostnames: required, because the platform has no default domain",
	HostnameInvalid:    "spec.networking.ingress.hostnames: {hostname:q} {rule}",
	HostnameRule:       "must be lower-case letters, digits, hyphens and dots, such as shop.example.com or *.example.com, without scheme, port and path",
	HostnameNotAllowed: "spec.networking.ingress.hostnames: {hostname} is not in an allowed domain: {domains}",
	PathInvalid:        "spec.networking.ingress.path: must begin with / and must not contain blanks, quotes, braces, semicolons, backslashes, # or empty segments",
	LoginInvalid:       "spec.networking.ingress.oidc: must be true, false or an object whose enabled is true or false; otherwise the application could be public by mistake",
	LoginMissing:       "spec.networking.ingress.oidc: ingress type {type} has no login (types with a login: {types}), so the application would be public; use a type with a login, or ask your platform team to set oidcAnnotations of yours in ingress.types of the settings",
	IngressTypeDefault: "(default)",
	NoIngressType:      "none",
	AnnotationProtects: "{annotation}: {why}; without it the application could be public; ask your platform team for help",

	// Condition FieldsIgnored.
	NoFieldsIgnored:           "All fields of the spec are used.",
	FieldsIgnored:             "These fields are kept but have no effect: {fields}.",
	FieldIgnored:              "{field}",
	FieldIgnoredBecause:       "{field} ({why})",
	FieldMistaken:             "{field} (did you mean {meant}?)",
	FieldsAfterIgnored:        "this and later fields are ignored",
	MustBeList:                "must be a list",
	MustBeBoolean:             "must be true or false, without quotes",
	NotEnabled:                "enabled is not true",
	DeploymentMissing:         "spec.deployment is missing",
	PortMissing:               "the deployment has no TCP port",
	PurgeNotAllowed:           "the platform does not allow Purge",
	PremiumNotAllowed:         "the platform does not allow premium",
	OfficerNotListed:          "the platform allows only listed officers",
	OfficerNotGroup:           "the platform allows only groups, with principalType Group",
	OfficersNotAllowed:        "the platform allows no officers in manifests",
	AnnotationReserved:        "reserved",
	AnnotationNotAllowed:      "not allowed for ingress type {type}",
	AnnotationNamesNamespace:  "its value may name an object in another namespace",
	AnnotationNamesHost:       "its value may name a host outside the allowed domains",
	AutoscalingNotEnabled:     "spec.autoscaling.enabled is not true",
	AutoscalingKeepsPod:       "autoscaling keeps at least 1 pod",
	CPUNotMeasured:            "the CPU load cannot be measured: set spec.deployment.resources.requests.cpu",
	LoadNotMeasured:           "the load cannot be measured: set spec.deployment.resources.requests.{resource}",
	KEDAMissing:               "the platform has no KEDA, so only the CPU load scales the pods",
	KEDARefuses:               "KEDA rejects the ScaledObject; ask your platform team to check its status",
	TriggersTooMany:           "at most {most} triggers are used; this and later ones are ignored",
	TriggerTwice:              "only one trigger of this type is allowed",
	TriggerNameInvalid:        "must be at most 63 lower-case letters, digits and hyphens, and unique among the triggers",
	TriggerInvalid:            "must be an object with type (a string) and metadata (a map)",
	TriggerNotAllowed:         "the platform does not allow this type of trigger",
	TriggerMetadataTooLong:    "metadata must have at most {most} entries",
	TriggerMetadataInvalid:    "metadata must be a map of strings of at most {most} characters",
	TriggerWithoutCredentials: "triggers of applications cannot have credentials",
	MetricTypeNotString:       "metricType must be a string",
	MetricTypeOfResource:      "metricType must be Utilization or AverageValue",
	MetricTypeOfOther:         "metricType must be AverageValue or Value",
	PercentageInvalid:         "metadata.value must be a percentage from 1 to 9999",
	MetricQuantityInvalid:     "metadata.value must be a quantity greater than 0",
	ContainerNameInvalid:      "metadata.containerName must be the name of the application",
	TimeZoneInvalid:           "metadata.timezone must be a time zone such as Europe/Berlin",
	ScheduleInvalid:           "metadata.start and metadata.end must be minute, hour, day of the month, month and day of the week, such as 0 8 * * 1-5",
	ScheduleEmpty:             "metadata.start and metadata.end must differ",
	DesiredReplicasInvalid:    "metadata.desiredReplicas must be a whole number of pods",
	DesiredReplicasTooMany:    "autoscaling allows at most {most} pods: set spec.autoscaling.maxReplicas",
	NetworkPolicyMissing:      "the platform has no network policies, so any pod that can reach the application can connect",
	InboundInvalid:            "must be an object with services",
	CallerIgnored:             "{why}; this entry allows no traffic",
	CallersTooMany:            "at most {most} services are used; this and later ones are ignored",
	CallerInvalid:             "must be an object with name and, if needed, namespace and port",
	CallerNameNotString:       "name must be a string: put it in quotes",
	CallerNameInvalid:         "name must be the name of an application",
	CallerNamespaceNotString:  "namespace must be a string: put it in quotes",
	CallerNamespaceInvalid:    "namespace must be the name of a namespace",
	CallerPortInvalid:         "port must be from 1 to 65535",
	CallerProtocolInvalid:     "protocol must be TCP or UDP",
	CallerProtocolUnused:      "the deployment has no port of this protocol",
	SelectorsInvalid:          "must be a map of node labels",
	SelectorsTooMany:          "at most {most} labels are used; this and later ones are ignored",
	SelectorNotLabel:          "must be the name of a label",
	SelectorChoosesByRole:     "applications must not choose nodes by name or role",
	SelectorNotString:         "must be a string, with commas between values: put it in quotes",
	SelectorValueInvalid:      "a value must be at most 63 letters, digits, hyphens, underscores and dots, and begin and end with a letter or digit",
	SelectorValuesTooMany:     "must have at most {most} values",
	SelectorEmpty:             "has no value",
	ReferenceUnknown:          "there is no variable of this name",
	ReferenceLater:            "can refer only to variables of secrets, and to variables of config that come earlier in the alphabet",
	ReferencesNotChecked:      "this and later references are not checked",
	Reference:                 "$({variable}) in {field}",
	ReferenceUnprintable:      "$(…) in {field}",

	// Errors in manifests.
	ApplicationNameInvalid: "must be at most 63 lower-case letters, digits and hyphens, begin with a letter and end with a letter or digit: it becomes the name of a Service",
	ApplicationNameDefault: "must not be default: pods without a serviceAccountName use that ServiceAccount",
	NamespaceRetired:       "namespace {namespace} is retired: a new application could get the vault of an earlier one; use another namespace, or ask your platform team to purge those vaults and remove the namespace from retiredNamespaces",
	ConfigNameInvalid:      "names must be at most 255 letters, digits, underscores, dots and hyphens, and begin with a letter or underscore",
	VariableNameInvalid:    "must be letters, digits and underscores, and not begin with a digit",
	VariablePrefixInvalid:  "must be upper-case letters, digits and underscores, and not begin with a digit",
	SecretNameInvalid:      "must be 1 to 127 letters, digits and hyphens: Key Vault allows nothing else",
	RefreshIntervalInvalid: "must be a duration in hours, minutes and seconds, such as 24h, 30m or 1h30m",
	PrefixWithEnv:          "cannot be combined with env, because env lists exact names",
	EnvKeyMissing:          "env must name a key in every entry, because the secret has keys",
	EnvKeyUnknown:          "env must use only keys that are listed in keys",
	KeyInvalid:             "must be 1 to 125 letters, digits, hyphens, underscores and dots",
	ImageMissing:           "the image to run",
	MustNotBeNegative:      "must not be negative",
	PortNameInvalid:        "must be at most 15 lower-case letters, digits and single hyphens, begin with a letter and end with a letter or digit",
	PortInvalid:            "must be from 1 to 65535",
	MustBePositive:         "must be at least 1",
	MinAboveMaxReplicas:    "must not be greater than maxReplicas",
	OfficerInvalid:         "must be the object id of a user, group or service principal in Entra ID: a UUID in lower case, not a name or an e-mail address",
	VaultNameStays:         "cannot be removed: the application uses vault {vault:q}, which was assigned to it, and would lose its secrets",
	VaultNotAssigned:       "vault {vault:q} is not assigned to this application; ask your platform team to add it to keyVault.assigned, or remove the name to get a vault of the application's own",
	VaultCannotChange:      "cannot be changed: the application uses vault {vault:q} and would lose its secrets",
	VaultNameLength:        "must be 3 to 24 characters long",
	VaultNameCharacters:    "must contain only letters (a-z, A-Z), digits and hyphens",
	VaultNameStart:         "must start with a letter",
	VaultNameEnd:           "must end with a letter or digit",
	VaultNameHyphens:       "must not contain two hyphens in a row",

	// Errors in settings.
	SettingsInputUnreadable:   "cannot read the function's input: {cause}",
	SettingsUnreadable:        "cannot read platform settings: {cause}",
	SettingsUnusable:          "cannot use platform settings: {cause}",
	SettingsIncomplete:        "missing {fields}",
	PlaceholdersLeft:          "replace {placeholder} with your own value: {fields}",
	MustBeUUID:                "must be a UUID",
	MustBeHTTPS:               "must be an https URL",
	MustBeResourceGroup:       "must be the name of a resource group, not its id",
	MustBeGrantScope:          "must be the id of a subscription or of a resource group: /subscriptions/<id> or /subscriptions/<id>/resourceGroups/<name>",
	IssuerWithoutSlash:        "must end with a slash, like the issuer of every AKS cluster: Entra ID compares every character",
	MustBeSubdomain:           "must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit",
	MustBeQualifiedName:       "must be a name of letters, digits, hyphens, underscores and dots, optionally after a domain and a slash",
	MustNotBeReserved:         "is reserved",
	IngressClassByAnnotation:  "use ingressClassName; Kubernetes rejects an Ingress with both",
	IngressClassNotAllowed:    "must not be {annotation}, because the type chooses the class",
	AnnotationPatternInvalid:  "must have a whole domain and a slash before the *",
	TagOfFunction:             "must not be one of the tags that the function sets: {tags}",
	TagNameInvalid:            "must be a name of at most 512 characters without < > % & \\ ? /",
	NetworkRulesUnused:        "set Deny, so that bypass, ipRules and virtualNetworkSubnetIds take effect",
	MustBePublicIPv4:          "must be a public IPv4 address, or a range such as 20.50.0.0/16 with no bits set after its prefix",
	MustBeAzureID:             "must be an id such as {example}, with exactly this case",
	SubnetInOtherSubscription: "is in another subscription than the vaults, so azureProviderConfigRef and resourceGroupName are required",
	CategoriesWithGroups:      "cannot be combined with categoryGroups",
	LogCategoryInvalid:        "must be a category or a group of logs of Key Vault, such as AuditEvent or audit",
	TagInvalid:                "must have a name of at most 512 characters without < > % & \\ ? /, and a value of at most 256",
	MustBeNamespace:           "must be the name of a namespace",
	LabelOfFunction:           "must not be one of the labels that the function sets: {labels}",
	LabelValueInvalid:         "must have a value of at most 63 letters, digits, hyphens, underscores and dots",
	MustBeBetween:             "must be from {least} to {most}",
	MustBeTriggerType:         "must be a trigger type of KEDA, such as cron",
	ResourceNameInvalid:       "resources must be cpu, memory, ephemeral-storage, hugepages-<size> or extended ones such as nvidia.com/gpu",
	MustBeWhole:               "must be a whole number",
	MustEqualLimit:            "must be equal to the limit",
	MustNotExceedLimit:        "must not exceed the limit of {limit}",
	OfficerIDsUnused:          "is used only if officers is {listed} or {groups}",
	AssignmentIncomplete:      "name, namespace and application are required",
	SharedOverlap:             "entries {entry} and {other} match the same names in the same namespace",
	SharedNameInvalid:         "must be 1 to 20 lower-case letters and digits, and begin with a letter",
	SharedVaultURIInvalid:     "must be the address of a vault, such as https://shared-ab12.vault.azure.net/",
	SharedVaultIDInvalid:      "must be the id of a vault: /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.KeyVault/vaults/<name>",
	SharedVaultsDiffer:        "must be the id of the vault in vaultUri",
	SharedWithoutNames:        "must have names or prefixes",
	SharedLimitsExceed:        "the limits of all namespaces are {assignments} role assignments in subscription {subscription}, and Azure allows {most}; lower maxRoleAssignmentsPerNamespace, use a vault in another subscription, or access Granted",
	AssignedTwice:             "vault {vault} is already assigned to {namespace}/{application}",
	AdoptionIncomplete:        "namespace and name are required",
	VariablePatternInvalid:    "must be the name of a variable, optionally with an asterisk at one end",
	VariableNotInFull:         "must be the full name of a variable",
	PollIntervalInvalid:       "must be a duration of at least one second, such as 30s or 5m",
	FastPollIntervalInvalid:   "must be a duration of at least one second, such as 5s, or 0s to disable fast polls",
	PerNamespaceWithoutDomain: "requires domain or allowedDomains",
	DomainBelowAnother:        "{domain} must not be a subdomain of {other}: one namespace could claim another's hostnames",
	DomainNotAllowed:          "must be one of allowedDomains, or a subdomain of one",
	DomainTooLong:             "must be at most {most} characters long, so that {names} in front",
	NameFits:                  "the name of an application fits",
	NamesFit:                  "the names of an application and its namespace fit",
	DefaultTypeUnknown:        "must be one of types",
}
