// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// text of a reason. {name} in it is the parameter of that name. Many is the plural, if
// several Names need another text.
type text struct{ one, many string }

const (
	// keyValueLines goes with every plain text alike, because nobody looks at its value.
	keyValueLines = "If the value has lines KEY=VALUE that are variables, set its content type to application/x-dotenv, or format to Dotenv in the manifest."
	noCredential  = "the identity has no federated credential for this service account and cluster"
)

// table of all sentences. Causes are parts of a sentence: they begin with a small letter
// and have no full stop.
//
//nolint:gochecknoglobals // A constant.
var table = map[Reason]text{
	NoValue: {one: "It has no values yet. Set a value of {secret} in {vault}."},
	KeysWithoutValue: {
		one:  "Key {names} has no value yet. Set it in secret {secret} of {vault}.",
		many: "Keys {names} have no values yet. Set them in secret {secret} of {vault}.",
	},
	KeysMissing: {
		one:  "Key {names}, used by env, is missing. Set it in secret {secret} of {vault}, or correct env.",
		many: "Keys {names}, used by env, are missing. Set them in secret {secret} of {vault}, or correct env.",
	},
	PlainTextExpected: {one: "It has keys, but env uses it as plain text. Set plain text in secret {secret} of {vault}, or name a key in env."},
	KeysExpected: {
		one:  "It is plain text, but key {names} is expected. Set JSON in secret {secret} of {vault}. " + keyValueLines,
		many: "It is plain text, but keys {names} are expected. Set JSON in secret {secret} of {vault}. " + keyValueLines,
	},
	KeysLost: {one: "The same version had keys before and is one variable now, because plain text is no longer split into keys. " + keyValueLines +
		" If it is plain text, set its content type to text/plain."},
	ValueInvalid:    {one: "{Detail}."},
	ValueUnreadable: {one: "The value cannot be read."},
	ValuePostponed: {one: "It is opened at {at}, because the PFX files of this application took too many iterations recently. " +
		"Export them with a few thousand, such as the 2048 that openssl has by default."},
	NotYetValid: {one: "It is not valid before {at}. Its values are already in use, because Key Vault serves them."},
	Expired:     {one: "It expired at {at}. Its values are still in use; set new ones in {vault}."},
	ChangeHeld:  {one: "It has changed. The change is synced at {at}, because of refreshInterval."},
	ValuesKept:  {one: "The values it had before stay in use."},

	LatestVersionDisabled: {one: "The latest version is disabled. Enable it, or set a new value."},
	Disabled:              {one: "It is disabled. Enable it, or set a new value."},
	VersionMissing:        {one: "Secret {secret} of {vault} has no version {version}. Name another version, or none to use the latest."},
	Missing:               {one: "There is no secret {secret} in {vault}. Create it."},
	MissingCertificate:    {one: "There is no secret {secret} in {vault}. Create it, or import a certificate of that name."},
	Gone:                  {one: "Secret {secret} of {vault} was deleted. Recover it with az keyvault secret recover or, if that is refused, create it again."},
	SoftDeleted:           {one: "Secret {secret} of {vault} is deleted, and its name is taken until it is purged. Recover it with az keyvault secret recover, or ask your platform team."},
	BeingDeleted:          {one: "Secret {secret} of {vault} is being deleted, which takes some seconds. Then you can recover it with az keyvault secret recover."},
	BeingRecovered:        {one: "Secret {secret} of {vault} is being recovered, which takes some seconds. Nothing to do but wait."},
	NotCreated:            {one: "It could not be created in advance: {cause}. The provider retries."},

	Throttled:             {one: "It cannot be read for the moment: {cause}. The provider retries; you do not have to do anything."},
	Unreachable:           {one: "It cannot be read: {cause}. The provider retries; if this lasts for 15 minutes, ask your platform team."},
	AwaitingAccess:        {one: "Azure does not let identity {identity} in yet: {cause}. This is normal for 10 minutes after the identity was created. Nothing to do but wait."},
	AccessDenied:          {one: "Azure does not let identity {identity} read {vault}: {cause}."},
	TokenRequestForbidden: {one: "{Cause}. Your platform team can check the ClusterRole and the admission policy of the provider."},
	VaultTooLarge: {one: "The vault is too large to be listed: {cause}. Each secret is read separately instead, every {every}; everything else works as usual. " +
		"Delete unused secrets, or give the application a vault of its own."},

	VersionWritten:    {one: "version {version} is in Secret {target}."},
	VersionNotWritten: {one: "The latest version is not in the Secret yet."},
	VersionTooLarge:   {one: "Its latest version does not fit into the Secret."},
	SecretTooLarge: {one: "The Secret would have {count} bytes, more than the {limit} that Kubernetes allows, so it is left as it is. " +
		"Make secrets smaller or take some off the list; the largest are {names}."},
	SecretTooManyKeys: {one: "The Secret would have {count} keys, too many or with names too long for Kubernetes, so it is left as it is. Take some secrets off the list, " +
		"or give them fewer or shorter keys, of letters, digits, hyphens, dots and underscores only; those with the most are {names}."},
	More:           {one: "And {count} more."},
	SecretConflict: {one: "There is a Secret {target} in this namespace that belongs to somebody else, so it is left alone. Delete or rename it."},

	GrantRole:         {one: "Your platform team can grant the identity the role Key Vault Secrets User on the vault, which takes effect within 10 minutes."},
	CheckCredential:   {one: "Your platform team can check the federated credential of the identity, and ServiceAccount {serviceAccount}."},
	CheckIdentity:     {one: "Your platform team can check the identity, and tenantId and clientId of the sync."},
	CheckClocks:       {one: "Your platform team can check the clocks of the control plane."},
	CheckKeys:         {one: "Your platform team can compare the keys that the cluster's issuer publishes with those of its API server."},
	AskTenant:         {one: "Your platform team can ask the administrators of the tenant."},
	RenewClientSecret: {one: "Your platform team can renew the client secret."},

	SecretNotFound:       {one: "the secret does not exist"},
	SecretRecoverable:    {one: "a secret of that name is deleted and can be recovered"},
	SecretBeingDeleted:   {one: "a secret of that name is being deleted"},
	SecretBeingRecovered: {one: "a secret of that name is being recovered"},
	SecretDisabled:       {one: "the secret is disabled"},
	SecretExists:         {one: "somebody else has created it meanwhile"},
	FirewallBlocks:       {one: "the firewall of the vault blocks this cluster"},
	PrivateEndpointOnly:  {one: "the vault accepts connections through its private endpoint only, and this cluster does not use it"},
	RoleMissing:          {one: "the identity has no role that allows this"},
	TokenRejected:        {one: "the vault rejects the token"},
	VaultThrottled:       {one: "the vault throttles requests"},
	VaultUnavailable:     {one: "the vault is unavailable (HTTP status {status})"},
	RequestRejected:      {one: "the vault rejects the request (HTTP status {status})"},
	ListTooLong:          {one: "its list has more than {limit} pages"},
	ListTooSlow:          {one: "its list takes longer than {every}"},

	HostUnknown:          {one: "the host name does not exist"},
	HostUnresolved:       {one: "the host name cannot be resolved"},
	TimedOut:             {one: "the request timed out"},
	Canceled:             {one: "the request was canceled"},
	ConnectionFailed:     {one: "the connection failed during {detail}"},
	CertificateUntrusted: {one: "the certificate of the server is not trusted"},
	NoResponse:           {one: "no response, or an unexpected one"},
	OtherHost:            {one: "the previous response points to a host other than the vault and its cloud"},
	TooManyRequests:      {one: "too many requests of the provider wait for this vault"},
	Unknown:              {one: "the reason is unknown"},

	ServiceThrottled:       {one: "{service} throttles requests"},
	ServiceUnavailable:     {one: "{service} is unavailable (HTTP status {status})"},
	ServiceFailed:          {one: "{service} is unavailable ({code})"},
	ServiceUnexpected:      {one: "{service} sent an unexpected response (HTTP status {status})"},
	ServiceSilent:          {one: "{service}: {cause}"},
	ServiceOverloaded:      {one: "{service} throttles requests ({code})"},
	NoToken:                {one: "{service} issues no token: {cause} ({code})"},
	OtherTenant:            {one: "the vault is in another tenant than the identity"},
	ServiceAccountMissing:  {one: `there is no ServiceAccount "{serviceAccount}" in namespace "{namespace}"`},
	KubernetesThrottled:    {one: "Kubernetes throttles requests"},
	ServiceAccountNoToken:  {one: "Kubernetes issues no token for ServiceAccount {serviceAccount}"},
	IdentityInvalid:        {one: "client ID or tenant ID is not valid"},
	ManagedIdentityMissing: {one: "the node has no such managed identity; assign it to the node pool, and name its clientId if there are several"},
	ManagedIdentityFailed:  {one: "the managed identity cannot be used here"},
	WorkloadIdentityUnset:  {one: "the provider configuration has no clientId and tenantId, or the pod of the provider has no token for Entra ID"},
	ClientSecretInvalid:    {one: "tenant ID, client ID or client secret is not valid"},
	CreatorUnset:           {one: "the provider configuration names no identity that creates secrets"},
	CreatorUnusable:        {one: "{detail}"},
	TokenRequestDenied: {one: `Kubernetes does not let the provider request tokens in namespace "{namespace}": ` +
		"the namespace has no label meta.p6m.dev/workloads=composed, or the provider may not create serviceaccounts/token"},

	IssuerUnreachable:    {one: "{service} cannot reach the cluster's issuer ({code})"},
	IssuerUnreadable:     {one: "{service} cannot read the keys of the cluster's issuer ({code})"},
	IdentityRefused:      {one: "it refuses the identity"},
	CredentialMissing:    {one: "the identity has no federated credential"},
	CredentialNoMatch:    {one: noCredential},
	CredentialIssuer:     {one: noCredential + ": none has the cluster's issuer"},
	CredentialAudience:   {one: noCredential + ": none has the audience api://AzureADTokenExchange"},
	CredentialSubject:    {one: noCredential + ": none has the subject of the service account"},
	CredentialCase:       {one: "the subject or the issuer of the federated credential differs from that of the service account in upper and lower case"},
	FederationOff:        {one: "workload identity federation is switched off in the tenant"},
	IssuerRefused:        {one: "a policy of the tenant does not allow tokens of this issuer"},
	PolicyRefused:        {one: "a Conditional Access policy of the tenant blocks the identity"},
	TenantMissing:        {one: "the tenant does not exist"},
	ClientMissing:        {one: "the tenant has no identity with this client ID"},
	ClientPlaceholder:    {one: "the client ID is a placeholder and not that of an identity"},
	ClientDisabled:       {one: "the identity is disabled in the tenant"},
	KeyVaultUnknown:      {one: "the tenant does not know Azure Key Vault"},
	TokenExpired:         {one: "the token of the service account has expired, or the clocks differ"},
	TokenUnverified:      {one: "it cannot verify the token of the service account; the cluster's issuer or its keys are not what Entra ID sees"},
	ClientSecretRejected: {one: "the client secret is wrong or has expired"},
}

// Sentences about a subject, in the order of the findings.
func Sentences(s Subject, list ...Finding) string {
	parts := make([]string, 0, len(list))
	for _, f := range list {
		parts = append(parts, f.render(s))
	}

	return strings.Join(parts, " ")
}

// String returns the text of a cause, which does not depend on a subject.
func (f Finding) String() string { return f.render(Subject{}) }

// render the text of a finding.
func (f Finding) render(s Subject) string {
	template := table[f.Reason].one
	if many := table[f.Reason].many; many != "" && len(f.Names) != 1 {
		template = many
	}

	cause := ""
	if f.Cause != nil {
		cause = f.Cause.render(s)
	}

	return strings.NewReplacer(
		"{secret}", s.Secret, "{vault}", strings.TrimSuffix(s.Vault, "/"), "{identity}", s.Identity, "{target}", s.Target,
		"{names}", abbreviate(f.Names), "{at}", f.At.UTC().Format(time.RFC3339), "{every}", f.Every.String(),
		"{count}", strconv.Itoa(f.Count), "{limit}", strconv.Itoa(f.Limit), "{version}", f.Version,
		"{namespace}", f.Namespace, "{serviceAccount}", f.ServiceAccount,
		"{service}", string(f.Service), "{status}", strconv.Itoa(f.Status), "{code}", f.Code,
		"{detail}", f.Detail, "{Detail}", capitalize(f.Detail), "{cause}", cause, "{Cause}", capitalize(cause),
	).Replace(template)
}

// abbreviate a list: a message is read in one line.
func abbreviate(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}

	return fmt.Sprintf("%s, and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// capitalize the beginning of a sentence, and drop a full stop at the end.
func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}

	return string(unicode.ToUpper(r)) + strings.TrimSuffix(s[n:], ".")
}
