// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

// A Reason names a kind of finding.
type Reason string

// Reasons about the value of a secret.
const (
	NoValue           Reason = "NoValue"
	KeysWithoutValue  Reason = "KeysWithoutValue"
	KeysMissing       Reason = "KeysMissing"
	PlainTextExpected Reason = "PlainTextExpected"
	KeysExpected      Reason = "KeysExpected"
	KeysLost          Reason = "KeysLost"
	ValueInvalid      Reason = "ValueInvalid"
	ValueUnreadable   Reason = "ValueUnreadable"
	ValuePostponed    Reason = "ValuePostponed"
	NotYetValid       Reason = "NotYetValid"
	Expired           Reason = "Expired"
	ChangeHeld        Reason = "ChangeHeld"
	// ValuesKept follows the reason why a secret that was synced before is not synced now.
	ValuesKept Reason = "ValuesKept"
)

// Reasons about a secret in its vault.
const (
	LatestVersionDisabled Reason = "LatestVersionDisabled"
	Disabled              Reason = "Disabled"
	VersionMissing        Reason = "VersionMissing"
	Missing               Reason = "Missing"
	MissingCertificate    Reason = "MissingCertificate"
	Gone                  Reason = "Gone"
	SoftDeleted           Reason = "SoftDeleted"
	BeingDeleted          Reason = "BeingDeleted"
	BeingRecovered        Reason = "BeingRecovered"
	NotCreated            Reason = "NotCreated"
)

// Reasons about access to a vault.
const (
	Throttled             Reason = "Throttled"
	Unreachable           Reason = "Unreachable"
	NetworkBlocked        Reason = "NetworkBlocked"
	AwaitingAccess        Reason = "AwaitingAccess"
	AccessDenied          Reason = "AccessDenied"
	TokenRequestForbidden Reason = "TokenRequestForbidden"
	VaultTooLarge         Reason = "VaultTooLarge"
)

// Reasons about the Kubernetes Secret.
const (
	VersionWritten    Reason = "VersionWritten"
	VersionNotWritten Reason = "VersionNotWritten"
	VersionTooLarge   Reason = "VersionTooLarge"
	SecretTooLarge    Reason = "SecretTooLarge"
	SecretTooManyKeys Reason = "SecretTooManyKeys"
	SecretConflict    Reason = "SecretConflict"
	// More ends a shortened list.
	More Reason = "More"
)

// Remedies follow another finding.
const (
	GrantRole         Reason = "GrantRole"
	CheckAccess       Reason = "CheckAccess"
	CheckCredential   Reason = "CheckCredential"
	CheckIdentity     Reason = "CheckIdentity"
	CheckClocks       Reason = "CheckClocks"
	CheckKeys         Reason = "CheckKeys"
	AskTenant         Reason = "AskTenant"
	RenewClientSecret Reason = "RenewClientSecret"
)

// Causes: answers of a vault.
const (
	SecretNotFound       Reason = "SecretNotFound"
	SecretRecoverable    Reason = "SecretRecoverable"
	SecretBeingDeleted   Reason = "SecretBeingDeleted"
	SecretBeingRecovered Reason = "SecretBeingRecovered"
	SecretDisabled       Reason = "SecretDisabled"
	SecretExists         Reason = "SecretExists"
	FirewallBlocks       Reason = "FirewallBlocks"
	PerimeterBlocks      Reason = "PerimeterBlocks"
	PrivateEndpointOnly  Reason = "PrivateEndpointOnly"
	RoleMissing          Reason = "RoleMissing"
	AccessPolicyMissing  Reason = "AccessPolicyMissing"
	AccessRefused        Reason = "AccessRefused"
	TokenRejected        Reason = "TokenRejected"
	VaultThrottled       Reason = "VaultThrottled"
	VaultUnavailable     Reason = "VaultUnavailable"
	RequestRejected      Reason = "RequestRejected"
	VaultUnexpected      Reason = "VaultUnexpected"
	ListTooLong          Reason = "ListTooLong"
	ListTooSlow          Reason = "ListTooSlow"
)

// Causes: no answer, or no request.
const (
	HostUnknown          Reason = "HostUnknown"
	HostUnresolved       Reason = "HostUnresolved"
	TimedOut             Reason = "TimedOut"
	Canceled             Reason = "Canceled"
	ConnectionFailed     Reason = "ConnectionFailed"
	CertificateUntrusted Reason = "CertificateUntrusted"
	NoResponse           Reason = "NoResponse"
	OtherHost            Reason = "OtherHost"
	TooManyRequests      Reason = "TooManyRequests"
	Unknown              Reason = "Unknown"
)

// Causes: no token.
const (
	ServiceThrottled       Reason = "ServiceThrottled"
	ServiceUnavailable     Reason = "ServiceUnavailable"
	ServiceFailed          Reason = "ServiceFailed"
	ServiceUnexpected      Reason = "ServiceUnexpected"
	ServiceSilent          Reason = "ServiceSilent"
	ServiceOverloaded      Reason = "ServiceOverloaded"
	NoToken                Reason = "NoToken"
	OtherTenant            Reason = "OtherTenant"
	ServiceAccountMissing  Reason = "ServiceAccountMissing"
	TokenRequestDenied     Reason = "TokenRequestDenied"
	KubernetesThrottled    Reason = "KubernetesThrottled"
	ServiceAccountNoToken  Reason = "ServiceAccountNoToken"
	IdentityInvalid        Reason = "IdentityInvalid"
	ManagedIdentityMissing Reason = "ManagedIdentityMissing"
	ManagedIdentityFailed  Reason = "ManagedIdentityFailed"
	WorkloadIdentityUnset  Reason = "WorkloadIdentityUnset"
	ClientSecretInvalid    Reason = "ClientSecretInvalid"
	CreatorUnset           Reason = "CreatorUnset"
)

// Causes: refusals of Entra ID.
const (
	IssuerUnreachable    Reason = "IssuerUnreachable"
	IssuerUnreadable     Reason = "IssuerUnreadable"
	IdentityRefused      Reason = "IdentityRefused"
	CredentialMissing    Reason = "CredentialMissing"
	CredentialNoMatch    Reason = "CredentialNoMatch"
	CredentialIssuer     Reason = "CredentialIssuer"
	CredentialAudience   Reason = "CredentialAudience"
	CredentialSubject    Reason = "CredentialSubject"
	CredentialCase       Reason = "CredentialCase"
	FederationOff        Reason = "FederationOff"
	IssuerRefused        Reason = "IssuerRefused"
	PolicyRefused        Reason = "PolicyRefused"
	TenantMissing        Reason = "TenantMissing"
	ClientMissing        Reason = "ClientMissing"
	ClientPlaceholder    Reason = "ClientPlaceholder"
	ClientDisabled       Reason = "ClientDisabled"
	KeyVaultUnknown      Reason = "KeyVaultUnknown"
	TokenExpired         Reason = "TokenExpired"
	TokenUnverified      Reason = "TokenUnverified"
	ClientSecretRejected Reason = "ClientSecretRejected"
)

// Reasons about the identity that creates secrets.
const (
	ProviderConfigUnset       Reason = "ProviderConfigUnset"
	ProviderConfigMissing     Reason = "ProviderConfigMissing"
	ProviderConfigForbidden   Reason = "ProviderConfigForbidden"
	ProviderConfigUnreadable  Reason = "ProviderConfigUnreadable"
	ProviderConfigKindUnknown Reason = "ProviderConfigKindUnknown"
	SecretOfOtherNamespace    Reason = "SecretOfOtherNamespace"
	ClientSecretMissing       Reason = "ClientSecretMissing"
	ClientSecretForbidden     Reason = "ClientSecretForbidden"
	ClientSecretUnreadable    Reason = "ClientSecretUnreadable"
	ClientSecretKeyMissing    Reason = "ClientSecretKeyMissing"
)

// Reasons about the format of a value. Malformed and its variants have one of the others as
// their cause.
const (
	Malformed          Reason = "Malformed"
	MalformedAsGuessed Reason = "MalformedAsGuessed"
	MalformedAsTyped   Reason = "MalformedAsTyped"
	FormatUnknown      Reason = "FormatUnknown"
	SecretNameInvalid  Reason = "SecretNameInvalid"
	ValueTooLong       Reason = "ValueTooLong"
	TooManyKeys        Reason = "TooManyKeys"
	ValueHasNUL        Reason = "ValueHasNUL"
	KeyHasNUL          Reason = "KeyHasNUL"
	NotUTF8            Reason = "NotUTF8"
	KeyEmpty           Reason = "KeyEmpty"
	GuessedKeyUnlikely Reason = "GuessedKeyUnlikely"
	DataKeyTooLong     Reason = "DataKeyTooLong"
	KeyTwice           Reason = "KeyTwice"
	KeysCollide        Reason = "KeysCollide"
)

// Causes: dotenv.
const (
	DotenvKeyMissing    Reason = "DotenvKeyMissing"
	DotenvEqualsMissing Reason = "DotenvEqualsMissing"
	DotenvQuoteOpen     Reason = "DotenvQuoteOpen"
	DotenvAfterQuote    Reason = "DotenvAfterQuote"
)

// Causes: JSON.
const (
	JSONObjectExpected      Reason = "JSONObjectExpected"
	JSONTextAfterObject     Reason = "JSONTextAfterObject"
	JSONTooDeep             Reason = "JSONTooDeep"
	JSONKeyMissing          Reason = "JSONKeyMissing"
	JSONColonMissing        Reason = "JSONColonMissing"
	JSONValueMissing        Reason = "JSONValueMissing"
	JSONNumberInvalid       Reason = "JSONNumberInvalid"
	JSONObjectCommaMissing  Reason = "JSONObjectCommaMissing"
	JSONArrayCommaMissing   Reason = "JSONArrayCommaMissing"
	JSONObjectCommaTrailing Reason = "JSONObjectCommaTrailing"
	JSONArrayCommaTrailing  Reason = "JSONArrayCommaTrailing"
	JSONStringOpen          Reason = "JSONStringOpen"
	JSONControlCharacter    Reason = "JSONControlCharacter"
	JSONEscapeUnknown       Reason = "JSONEscapeUnknown"
	JSONEscapeShort         Reason = "JSONEscapeShort"
	JSONEscapeHalf          Reason = "JSONEscapeHalf"
)

// Causes: private keys and certificates.
const (
	PrivateKeyMissing     Reason = "PrivateKeyMissing"
	PrivateKeySeveral     Reason = "PrivateKeySeveral"
	PrivateKeyUnreadable  Reason = "PrivateKeyUnreadable"
	PrivateKeyUnsupported Reason = "PrivateKeyUnsupported"
	PrivateKeyNoPublicKey Reason = "PrivateKeyNoPublicKey"
	PrivateKeyTooLarge    Reason = "PrivateKeyTooLarge"
	PrivateKeyMislabeled  Reason = "PrivateKeyMislabeled"
	PrivateKeyEncrypted   Reason = "PrivateKeyEncrypted"
	CertificateMissing    Reason = "CertificateMissing"
	CertificateOfOtherKey Reason = "CertificateOfOtherKey"
	CertificateUnreadable Reason = "CertificateUnreadable"
	CertificateTrusted    Reason = "CertificateTrusted"
	CertificateBundle     Reason = "CertificateBundle"
)

// Causes: PEM.
const (
	PEMMissing      Reason = "PEMMissing"
	PEMBlockDamaged Reason = "PEMBlockDamaged"
	PEMBlockOpen    Reason = "PEMBlockOpen"
	OutsidePEM      Reason = "OutsidePEM"
)

// Causes: PFX files.
const (
	PFXNotBase64             Reason = "PFXNotBase64"
	PFXExpected              Reason = "PFXExpected"
	PFXHasPassword           Reason = "PFXHasPassword"
	PFXDamaged               Reason = "PFXDamaged"
	PFXEncryptionUnsupported Reason = "PFXEncryptionUnsupported"
	PFXTooManyIterations     Reason = "PFXTooManyIterations"
	PFXKeyMissing            Reason = "PFXKeyMissing"
	PFXCertificateUnreadable Reason = "PFXCertificateUnreadable"
)
