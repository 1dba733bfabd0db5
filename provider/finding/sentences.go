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

// A text of a reason, with parameters in braces. Many is the plural for several Names, if it
// differs.
type text struct{ one, many string }

const (
	// keyValueLines is a hint for all plain text, because the provider does not inspect it.
	keyValueLines = "If the value has lines KEY=VALUE that are variables, set its content type to application/x-dotenv, or format to Dotenv in the manifest."
	malformed     = "cannot read secret {quoted}{format}{atPosition}: {cause}"
	noCredential  = "the identity has no federated credential for this service account and cluster"
)

// table of all sentences. Causes are parts of a sentence: they begin with a lower-case letter and
// have no full stop.
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
	ValueInvalid:    {one: "{Cause}."},
	ValueUnreadable: {one: "The value cannot be read."},
	ValuePostponed: {one: "Decryption is postponed until {at}, because PFX files of this application used too many key-derivation iterations. " +
		"Export them with fewer, such as 2048, the default of openssl."},
	NotYetValid: {one: "It is not valid before {at}. Its values are already in use, because Key Vault serves them."},
	Expired:     {one: "It expired at {at}. Its values are still in use; set new ones in {vault}."},
	ChangeHeld:  {one: "It has changed. The change is synced at {at}, as refreshInterval requires."},
	ValuesKept:  {one: "The values it had before stay in use."},

	LatestVersionDisabled: {one: "The latest version is disabled. Enable it, or set a new value."},
	Disabled:              {one: "It is disabled. Enable it, or set a new value."},
	VersionMissing:        {one: "Secret {secret} of {vault} has no version {version}. Name another version, or none to use the latest."},
	Missing:               {one: "There is no secret {secret} in {vault}. Create it."},
	MissingCertificate:    {one: "There is no secret {secret} in {vault}. Create it, or import a certificate of that name."},
	Gone:                  {one: "Secret {secret} of {vault} was deleted. Recover it with az keyvault secret recover or, if that is refused, create it again."},
	SoftDeleted:           {one: "Secret {secret} of {vault} is deleted, and its name is taken until it is purged. Recover it with az keyvault secret recover, or ask your platform team."},
	BeingDeleted:          {one: "Secret {secret} of {vault} is being deleted. Recover it with az keyvault secret recover in a few seconds."},
	BeingRecovered:        {one: "Secret {secret} of {vault} is being recovered, which takes a few seconds. No action is needed."},
	NotCreated:            {one: "It could not be created in advance: {cause}. The provider retries."},

	Throttled:   {one: "It cannot be read for the moment: {cause}. The provider retries; no action is needed."},
	Unreachable: {one: "It cannot be read: {cause}. The provider retries; if this lasts for 15 minutes, ask your platform team."},
	NetworkBlocked: {one: "It cannot be read: {cause}. Roles are not the cause. Ask your platform team to let the cluster through the firewall of {vault}, or to check its private endpoint " +
		"and the DNS record of the endpoint. A new private endpoint takes a few minutes."},
	AwaitingAccess:        {one: "Identity {identity} has no access yet: {cause}. Access takes up to 10 minutes after the identity or its role is created. No action is needed."},
	AccessDenied:          {one: "Identity {identity} cannot read {vault}: {cause}."},
	TokenRequestForbidden: {one: "{Cause}. Ask your platform team to check the ClusterRole and the admission policy of the provider."},
	VaultTooLarge: {one: "The vault is too large to be listed: {cause}. Each secret is read separately instead, every {every}; everything else works as usual. " +
		"Delete unused secrets, or give the application a vault of its own."},

	VersionWritten:    {one: "version {version} is in Secret {target}."},
	VersionNotWritten: {one: "The latest version is not in the Secret yet."},
	VersionTooLarge:   {one: "Its latest version does not fit into the Secret."},
	SecretTooLarge: {one: "The Secret would have {count} bytes, more than the {limit} that Kubernetes allows, so it is not changed. " +
		"Make secrets smaller, or remove some from the list; the largest are {names}."},
	SecretTooManyKeys: {one: "The Secret would have {count} keys, too many or with names too long for Kubernetes, so it is not changed. Remove some secrets from the list, " +
		"or give them fewer or shorter keys, of letters, digits, hyphens, dots and underscores only; those with the most are {names}."},
	More:           {one: "And {count} more."},
	SecretConflict: {one: "Secret {target} already exists in this namespace and is not controlled by this KeyVaultSecretSync, so it is not changed. Delete it."},

	GrantRole:         {one: "Ask your platform team to grant the identity the role Key Vault Secrets User on the vault, or on this secret if applications share the vault, which takes effect within 10 minutes."},
	CheckAccess:       {one: "Ask your platform team to check how {vault} controls access."},
	CheckCredential:   {one: "Ask your platform team to check the federated credential of the identity, and ServiceAccount {serviceAccount}."},
	CheckIdentity:     {one: "Ask your platform team to check the identity, and tenantId and clientId of the sync."},
	CheckClocks:       {one: "Ask your platform team to check the clocks of the control plane."},
	CheckKeys:         {one: "Ask your platform team to compare the keys that the cluster's issuer publishes with those of its API server."},
	AskTenant:         {one: "Ask your platform team to contact the administrators of the tenant."},
	RenewClientSecret: {one: "Ask your platform team to renew the client secret."},

	SecretNotFound:       {one: "the secret does not exist"},
	SecretRecoverable:    {one: "a secret of that name is deleted and can be recovered"},
	SecretBeingDeleted:   {one: "a secret of that name is being deleted"},
	SecretBeingRecovered: {one: "a secret of that name is being recovered"},
	SecretDisabled:       {one: "the secret is disabled"},
	SecretExists:         {one: "another client created the secret first"},
	FirewallBlocks:       {one: "the firewall of the vault blocks this cluster"},
	PerimeterBlocks:      {one: "the network security perimeter of the vault blocks this cluster"},
	PrivateEndpointOnly:  {one: "the vault accepts connections through its private endpoint only, and this cluster does not use it"},
	RoleMissing:          {one: "the identity has no role that allows this"},
	AccessPolicyMissing:  {one: "the vault uses access policies, and none of them allows this"},
	AccessRefused:        {one: "the vault refuses access for another reason than a missing role"},
	TokenRejected:        {one: "the vault rejects the token"},
	VaultThrottled:       {one: "the vault throttles requests"},
	VaultUnavailable:     {one: "the vault is unavailable (HTTP status {status})"},
	RequestRejected:      {one: "the vault rejects the request (HTTP status {status})"},
	VaultUnexpected:      {one: "the vault, or a proxy before it, sent an unexpected response (HTTP status {status})"},
	ListTooLong:          {one: "its list has more than {limit} pages"},
	ListTooSlow:          {one: "its list takes longer than {every}"},

	HostUnknown:          {one: "the host name does not exist"},
	HostUnresolved:       {one: "the host name cannot be resolved"},
	TimedOut:             {one: "the request timed out"},
	Canceled:             {one: "the request was canceled"},
	ConnectionFailed:     {one: "the connection failed during {operation}"},
	CertificateUntrusted: {one: "the certificate of the server is not trusted"},
	NoResponse:           {one: "no response, or an unexpected one"},
	OtherHost:            {one: "the previous response points to a host other than the vault and its cloud"},
	TooManyRequests:      {one: "the provider's request queue for this vault is full"},
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
	IdentityInvalid:        {one: "the client ID or the tenant ID is invalid"},
	ManagedIdentityMissing: {one: "the node has no such managed identity; assign it to the node pool, and name its clientId if there are several"},
	ManagedIdentityFailed:  {one: "the managed identity cannot be used here"},
	WorkloadIdentityUnset:  {one: "the provider configuration has no clientId and tenantId, or the pod of the provider has no token for Entra ID"},
	ClientSecretInvalid:    {one: "the tenant ID, the client ID or the client secret is invalid"},
	CreatorUnset:           {one: "the provider configuration names no identity that creates secrets"},
	TokenRequestDenied: {one: `Kubernetes does not let the provider request tokens in namespace "{namespace}": ` +
		"the namespace has no label meta.p6m.dev/workloads=composed, or the provider has no permission to create serviceaccounts/token"},

	IssuerUnreachable:    {one: "{service} cannot reach the cluster's issuer ({code})"},
	IssuerUnreadable:     {one: "{service} cannot read the keys of the cluster's issuer ({code})"},
	IdentityRefused:      {one: "Entra ID rejects the identity"},
	CredentialMissing:    {one: "the identity has no federated credential"},
	CredentialNoMatch:    {one: noCredential},
	CredentialIssuer:     {one: noCredential + ": none has the cluster's issuer"},
	CredentialAudience:   {one: noCredential + ": none has the audience api://AzureADTokenExchange"},
	CredentialSubject:    {one: noCredential + ": none has the subject of the service account"},
	CredentialCase:       {one: "the subject or the issuer of the federated credential differs from that of the service account in case"},
	FederationOff:        {one: "workload identity federation is disabled in the tenant"},
	IssuerRefused:        {one: "a policy of the tenant does not allow tokens of this issuer"},
	PolicyRefused:        {one: "a Conditional Access policy of the tenant blocks the identity"},
	TenantMissing:        {one: "the tenant does not exist"},
	ClientMissing:        {one: "the tenant has no identity with this client ID"},
	ClientPlaceholder:    {one: "the client ID is a placeholder"},
	ClientDisabled:       {one: "the identity is disabled in the tenant"},
	KeyVaultUnknown:      {one: "the tenant has no service principal for Azure Key Vault"},
	TokenExpired:         {one: "the token of the service account has expired, or the clocks differ"},
	TokenUnverified:      {one: "Entra ID cannot verify the token of the service account: the published issuer or keys do not match those of the cluster"},
	ClientSecretRejected: {one: "the client secret is wrong or has expired"},

	ProviderConfigUnset:       {one: "the sync has no providerConfigRef"},
	ProviderConfigMissing:     {one: "{object} does not exist"},
	ProviderConfigForbidden:   {one: "the provider has no permission to read {object}"},
	ProviderConfigUnreadable:  {one: "Kubernetes cannot return {object} at the moment"},
	ProviderConfigKindUnknown: {one: "providerConfigRef names {object}, which is neither a ProviderConfig nor a ClusterProviderConfig"},
	SecretOfOtherNamespace:    {one: "{object} references a Secret in another namespace, which only a ClusterProviderConfig may do"},
	ClientSecretMissing:       {one: "{object}, which has the client secret, does not exist"},
	ClientSecretForbidden:     {one: "the provider has no permission to read {object}, which has the client secret"},
	ClientSecretUnreadable:    {one: "Kubernetes cannot return {object}, which has the client secret, at the moment"},
	ClientSecretKeyMissing:    {one: "{object} has no client secret under key {names}"},

	Malformed:          {one: malformed},
	MalformedAsGuessed: {one: malformed + "; correct it or, if it is plain text, set its content type to text/plain or the format to Text"},
	MalformedAsTyped:   {one: malformed + "; correct it, or the content type of the secret"},
	FormatUnknown:      {one: "the format does not exist: use Auto, JSON, Text, Dotenv, PEM or PKCS12"},
	SecretNameInvalid:  {one: "its name is invalid in Key Vault: use up to 127 letters, digits and hyphens"},
	ValueTooLong:       {one: "the value is larger than the {limit} bytes that Key Vault stores: split it into several secrets"},
	TooManyKeys:        {one: "the secret has more than {limit} keys: split it into several secrets"},
	ValueHasNUL:        {one: "the value has a NUL character, which environment variables cannot hold: remove it"},
	KeyHasNUL:          {one: "the value of this key has a NUL character, which environment variables cannot hold: remove it"},
	NotUTF8:            {one: "this byte is not valid UTF-8: save the value as UTF-8"},
	KeyEmpty:           {one: "this key is empty: name it or remove it"},
	GuessedKeyUnlikely: {one: "this key does not look like a name (words, few digits, '-', '_' and '.', at most {limit} characters), so the value may not be JSON: " +
		"rename the key or, if the value is JSON, set its content type to application/json"},
	DataKeyTooLong: {one: "this key is too long: key and secret name together can have at most {limit} characters"},
	KeyTwice:       {one: "duplicate key, first at {position}: remove one"},
	KeysCollide:    {one: "this key and the key at {position} collide, because Kubernetes allows only letters, digits, '-', '_' and '.': rename one"},

	DotenvKeyMissing: {one: "a key is missing: a key begins with a letter or _, and has only letters, digits, and _ . -; use # for a comment"},
	DotenvEqualsMissing: {one: "the = after the key is missing: write KEY=VALUE, where a key has only letters, digits, and _ . -; " +
		"put a value of several lines in quotes"},
	DotenvQuoteOpen:  {one: "the quote that begins here does not end: add the missing quote"},
	DotenvAfterQuote: {one: "unexpected text after the closing quote: remove it, or put the whole value in quotes"},

	JSONObjectExpected:      {one: "an object in { } is expected: write one, or set the format to Text"},
	JSONTextAfterObject:     {one: "unexpected text after the JSON object: remove it"},
	JSONTooDeep:             {one: "objects and arrays are nested too deeply: put this one into a string"},
	JSONKeyMissing:          {one: "a key in double quotes is missing"},
	JSONColonMissing:        {one: "a colon is missing after a key"},
	JSONValueMissing:        {one: "a value is missing, or text is not in double quotes"},
	JSONNumberInvalid:       {one: "this is not a JSON number: put it in double quotes"},
	JSONObjectCommaMissing:  {one: "a comma or } is missing"},
	JSONArrayCommaMissing:   {one: "a comma or ] is missing"},
	JSONObjectCommaTrailing: {one: "trailing comma before this }: remove it"},
	JSONArrayCommaTrailing:  {one: "trailing comma before this ]: remove it"},
	JSONStringOpen:          {one: `the string that begins here does not end: add the missing "`},
	JSONControlCharacter:    {one: `a string has a line break or another control character: write \n for a line break, or add the missing "`},
	JSONEscapeUnknown:       {one: `this \ does not begin an escape sequence: write \\ for the character itself`},
	JSONEscapeShort:         {one: `four hexadecimal digits are missing after \u: write \\ if the character \ itself is meant`},
	JSONEscapeHalf:          {one: `this \u escape is half of a character: add the other half, or write the character itself`},

	PrivateKeyMissing:     {one: "there is no private key: store it with its certificates, and if this is a certificate of Key Vault, make its key exportable"},
	PrivateKeySeveral:     {one: "there are several private keys: store each with its own certificates in a separate secret"},
	PrivateKeyUnreadable:  {one: "the private key cannot be read: it is damaged, or not an RSA, EC or Ed25519 key as PKCS#8, PKCS#1 or SEC 1; export it again"},
	PrivateKeyUnsupported: {one: "the private key is not an RSA, EC or Ed25519 key: its certificate cannot be found"},
	PrivateKeyNoPublicKey: {one: "the private key does not include its public key, which is needed to find its certificate on this curve: export it again with its public key"},
	PrivateKeyTooLarge:    {one: "the private key is too large: use an RSA key of at most {limit} bits, such as 4096"},
	PrivateKeyMislabeled:  {one: "the private key is labeled {label}, but it is a key for the label {otherLabel}: correct its BEGIN and END lines ({command})"},
	PrivateKeyEncrypted:   {one: "the private key is encrypted: store it without a pass phrase ({command})"},
	CertificateMissing:    {one: "there is no certificate: store that of the private key with it"},
	CertificateOfOtherKey: {one: "none of the certificates belongs to the private key: store those that were issued for it"},
	CertificateUnreadable: {one: "the certificate that begins here cannot be read: it is damaged or not an X.509 certificate; export it again"},
	CertificateTrusted:    {one: "the certificate that begins here has the form TRUSTED CERTIFICATE, which few programs read: export it again ({command})"},
	CertificateBundle:     {one: "the certificates that begin here are a PKCS#7 bundle: export them one by one ({command})"},

	PEMMissing:      {one: "there is no PEM block: store a private key and its certificates with their BEGIN and END lines and all line breaks"},
	PEMBlockDamaged: {one: "the block that begins here is damaged: copy the whole block again, with its line breaks"},
	PEMBlockOpen:    {one: "the block that begins here has no matching END line: copy the whole block again, with its line breaks"},
	OutsidePEM: {one: "this line is outside the private key and the certificates, and would be lost: remove it or, if it is not needed, " +
		"set the content type to application/x-pem-file"},

	PFXNotBase64:             {one: "the value is not base64: store a PFX file in base64, or import it as a certificate of Key Vault"},
	PFXExpected:              {one: "the value is base64, but does not encode a PFX file: store a PFX file, or import it as a certificate of Key Vault"},
	PFXHasPassword:           {one: "the PFX file has a password: export or import it without one"},
	PFXDamaged:               {one: "the PFX file is damaged or has a password: export or import it again without one"},
	PFXEncryptionUnsupported: {one: "the PFX file uses an unsupported encryption: export it again with AES, the default of most programs, or import it without a password"},
	PFXTooManyIterations:     {one: "the PFX file needs too many iterations to open: export it with a few thousand, such as 2048, the default of openssl"},
	PFXKeyMissing:            {one: "the PFX file has no private key, or not in its usual place: export it with its certificates, and if this is a certificate of Key Vault, make its key exportable"},
	PFXCertificateUnreadable: {one: "a certificate of the PFX file cannot be read: it is damaged or not an X.509 certificate; export it again"},
}

// Sentences renders findings on a subject, in their order.
func Sentences(s Subject, list ...Finding) string {
	parts := make([]string, 0, len(list))
	for _, f := range list {
		parts = append(parts, f.render(s))
	}

	return strings.Join(parts, " ")
}

// Entry returns the text about one secret in a list of secrets. The state is optional.
func Entry(secret, state, sentences string) string {
	if state != "" {
		sentences = state + ". " + sentences
	}

	return strings.TrimSpace(secret + ": " + sentences)
}

// String renders the finding without a subject, as the cause of an error.
func (f Finding) String() string { return f.render(Subject{}) }

// render a finding.
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
		"{operation}", f.Operation, "{object}", f.Object, "{position}", f.Position.String(),
		"{quoted}", strconv.Quote(s.Secret), "{format}", prefixed(" as ", f.Format), "{atPosition}", prefixed(": ", f.Position.String()),
		"{label}", f.Label, "{otherLabel}", f.OtherLabel, "{command}", f.Command,
		"{cause}", cause, "{Cause}", capitalize(cause),
	).Replace(template)
}

// String returns, for example: line 3, column 7.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return ""
	case p.Column == 0:
		return fmt.Sprintf("line %d", p.Line)
	default:
		return fmt.Sprintf("line %d, column %d", p.Line, p.Column)
	}
}

// prefixed returns a text with a prefix, or nothing for an empty text.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}

	return prefix + text
}

// abbreviate a list of names, so that the message fits on one line.
func abbreviate(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}

	return fmt.Sprintf("%s, and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// capitalize the first letter of a sentence, and drop the full stop at its end.
func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}

	return string(unicode.ToUpper(r)) + strings.TrimSuffix(s[n:], ".")
}
