// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"

	"github.com/p6m-dev/platform-application/provider/finding"
)

// A Meaning of an error of Entra ID. Several codes can have the same meaning.
type Meaning string

// Meanings of errors of Entra ID.
const (
	// IssuerUnreachable: Entra ID cannot fetch the documents of the cluster's issuer.
	IssuerUnreachable Meaning = "IssuerUnreachable"
	// IssuerUnreadable: Entra ID has fetched them, but finds no keys that it can read.
	IssuerUnreadable Meaning = "IssuerUnreadable"
	// NoCredentialYet: the identity has no federated credential, which takes minutes to propagate.
	NoCredentialYet Meaning = "NoCredentialYet"
	// NoMatch: no credential of the identity matches the service account, or it has not propagated.
	NoMatch Meaning = "NoMatch"
	// OtherIssuer, OtherAudience, OtherSubject: no credential matches that claim of the token.
	OtherIssuer   Meaning = "OtherIssuer"
	OtherAudience Meaning = "OtherAudience"
	OtherSubject  Meaning = "OtherSubject"
	// OtherCase: a credential matches issuer and subject of the token except for their case.
	OtherCase Meaning = "OtherCase"
	// FederationOff: the tenant accepts no tokens of other issuers.
	FederationOff Meaning = "FederationOff"
	// IssuerRefused: a policy of the tenant rejects tokens of this issuer.
	IssuerRefused Meaning = "IssuerRefused"
	// PolicyRefused: Conditional Access blocks the identity.
	PolicyRefused Meaning = "PolicyRefused"
	// NoTenant, NoClient, ZeroClient, ClientDisabled: unknown or disabled tenant or client id.
	NoTenant       Meaning = "NoTenant"
	NoClient       Meaning = "NoClient"
	ZeroClient     Meaning = "ZeroClient"
	ClientDisabled Meaning = "ClientDisabled"
	// NoResource: the tenant has no service principal for Azure Key Vault.
	NoResource Meaning = "NoResource"
	// OtherTime: by the clock of Entra ID, the token of the service account has expired or is not
	// valid yet.
	OtherTime Meaning = "OtherTime"
	// Unverified: the signature of the token does not match the issuer.
	Unverified Meaning = "Unverified"
	// BadClientSecret: the client secret is wrong or has expired.
	BadClientSecret Meaning = "BadClientSecret"
	// EntraBroken and EntraThrottled: transient.
	EntraBroken    Meaning = "EntraBroken"
	EntraThrottled Meaning = "EntraThrottled"
)

// A refusal describes the errors with one meaning.
type refusal struct {
	meaning Meaning
	codes   []int
	reason  Reason
	// lasting is true if retrying is pointless until the configuration changes.
	lasting bool
	// cause of the error or, if its reason is NoIdentity, of the missing token.
	cause finding.Reason
	// remedy, if it differs from that of most identities.
	remedy finding.Reason
}

// refusals by meaning. Microsoft documents some of the codes, and may add others at any time;
// an unknown code is reported as it is. Codes are compared as numbers: 700213 must not match
// 7002138.
//
//   - https://learn.microsoft.com/entra/identity-platform/reference-error-codes
//   - https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity
//     for 700223 and 700238
//   - https://azure.github.io/azure-workload-identity/docs/troubleshooting.html for 90061,
//     https://github.com/Azure/azure-workload-identity/issues/642 for 50166,
//     https://github.com/Azure/AKS/issues/4029 for 501661, and
//     https://github.com/Azure/azure-workload-identity/issues/1232 for 7000272
//
//nolint:gochecknoglobals // A constant.
var refusals = []refusal{
	{meaning: IssuerUnreachable, codes: []int{50166, 501661, 90061}, reason: Unreachable, cause: finding.IssuerUnreachable},
	{meaning: IssuerUnreadable, codes: []int{900612}, reason: Unreachable, cause: finding.IssuerUnreadable},
	{meaning: NoCredentialYet, codes: []int{70025}, reason: NoIdentity, cause: finding.CredentialMissing},
	{meaning: NoMatch, codes: []int{70021}, reason: NoIdentity, cause: finding.CredentialNoMatch},
	{meaning: OtherIssuer, codes: []int{700211}, reason: NoIdentity, cause: finding.CredentialIssuer},
	{meaning: OtherAudience, codes: []int{700212}, reason: NoIdentity, cause: finding.CredentialAudience},
	{meaning: OtherSubject, codes: []int{700213}, reason: NoIdentity, cause: finding.CredentialSubject},
	{meaning: OtherCase, codes: []int{7002137, 7002138}, reason: NoIdentity, lasting: true, cause: finding.CredentialCase},
	{meaning: FederationOff, codes: []int{700223, 700238}, reason: NoIdentity, lasting: true, cause: finding.FederationOff, remedy: finding.AskTenant},
	{meaning: IssuerRefused, codes: []int{7002381}, reason: NoIdentity, lasting: true, cause: finding.IssuerRefused, remedy: finding.AskTenant},
	{meaning: PolicyRefused, codes: []int{53003}, reason: NoIdentity, lasting: true, cause: finding.PolicyRefused, remedy: finding.AskTenant},
	{meaning: NoTenant, codes: []int{90002, 900023}, reason: NoIdentity, lasting: true, cause: finding.TenantMissing, remedy: finding.CheckIdentity},
	{meaning: NoClient, codes: []int{700016}, reason: NoIdentity, cause: finding.ClientMissing, remedy: finding.CheckIdentity},
	{meaning: ZeroClient, codes: []int{700038}, reason: NoIdentity, lasting: true, cause: finding.ClientPlaceholder, remedy: finding.CheckIdentity},
	{meaning: ClientDisabled, codes: []int{7000112}, reason: NoIdentity, lasting: true, cause: finding.ClientDisabled, remedy: finding.AskTenant},
	{meaning: NoResource, codes: []int{500011}, reason: NoIdentity, lasting: true, cause: finding.KeyVaultUnknown, remedy: finding.AskTenant},
	{meaning: OtherTime, codes: []int{700024, 500133}, reason: NoIdentity, lasting: true, cause: finding.TokenExpired, remedy: finding.CheckClocks},
	{meaning: Unverified, codes: []int{700027, 7000272, 50013, 50027, 5002730}, reason: NoIdentity, cause: finding.TokenUnverified, remedy: finding.CheckKeys},
	{meaning: BadClientSecret, codes: []int{7000215, 7000222}, reason: NoIdentity, lasting: true, cause: finding.ClientSecretRejected, remedy: finding.RenewClientSecret},
	{meaning: EntraBroken, codes: []int{90006, 90033}, reason: Unreachable, cause: finding.ServiceFailed},
	{meaning: EntraThrottled, codes: []int{50196, 90055}, reason: Throttled, cause: finding.ServiceOverloaded},
}

func (r refusal) has(code int) bool { return slices.Contains(r.codes, code) }

// refusal returns the description of a meaning, or an empty one for no meaning.
func (m Meaning) refusal() refusal {
	i := slices.IndexFunc(refusals, func(r refusal) bool { return r.meaning == m })
	if i < 0 {
		return refusal{}
	}

	return refusals[i]
}

// issuerFails reports whether one of the codes means that the cluster's issuer fails, rather
// than Entra ID.
func issuerFails(codes []int) bool {
	return slices.ContainsFunc(codes, func(c int) bool {
		return IssuerUnreachable.refusal().has(c) || IssuerUnreadable.refusal().has(c)
	})
}

// Lasting reports whether retrying is pointless until the configuration changes.
func (e *Error) Lasting() bool { return e.misconfigured() || e.Meaning.refusal().lasting }

// misconfigured reports whether the identity cannot read the vault, whatever Entra ID would say. The name of a deleted vault may
// belong to another tenant now.
func (e *Error) misconfigured() bool {
	return e.Cause.Reason == finding.OtherTenant || e.Cause.Reason == finding.IdentityInvalid
}

// Remedy returns the remedy for the error, or an empty one if the usual remedy applies.
func (e *Error) Remedy() finding.Reason {
	switch {
	case e.Cause.Reason == finding.AccessPolicyMissing, e.Cause.Reason == finding.AccessRefused:
		return finding.CheckAccess
	case e.misconfigured():
		return finding.CheckIdentity
	default:
		return e.Meaning.refusal().remedy
	}
}

// MeaningOf returns the first known meaning of these codes of Entra ID, with its code, or no
// meaning and the first code. The codes must not be empty.
func MeaningOf(codes []int) (m Meaning, code int) {
	code, known := recognize(codes)

	return known.meaning, code
}

// CodesOf returns the codes of Entra ID in the body of a failed response.
func CodesOf(body []byte) []int {
	b := errorBody{}
	if json.Unmarshal(body, &b) != nil {
		return nil
	}

	return b.codes()
}

// recognize returns the first code with a known meaning, or the first code.
func recognize(codes []int) (int, refusal) {
	for _, c := range codes {
		if i := slices.IndexFunc(refusals, func(r refusal) bool { return r.has(c) }); i >= 0 {
			return c, refusals[i]
		}
	}

	return codes[0], refusal{reason: NoIdentity, cause: finding.IdentityRefused}
}

// refuse sets the reason, the meaning and the cause of an error by the codes of Entra ID.
func (e *Error) refuse(service finding.Service, codes []int) {
	code, known := recognize(codes)
	e.Code, e.Meaning, e.Reason = "AADSTS"+strconv.Itoa(code), known.meaning, known.reason

	e.Cause = finding.Finding{Reason: known.cause, Service: service, Code: e.Code}
	if known.reason == NoIdentity {
		e.Cause = finding.Finding{Reason: finding.NoToken, Service: service, Code: e.Code, Cause: &finding.Finding{Reason: known.cause}}
	}
}

// codeInDescription matches the code in the field error_description of Entra ID. See
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var codeInDescription = regexp.MustCompile(`\bAADSTS([1-9][0-9]{3,9})\b`)

// codes of Entra ID in the body of a response: those in the field error_codes or, if there are
// none, the one in the description.
func (b errorBody) codes() []int {
	var listed, codes []int

	if json.Unmarshal(b.Codes, &listed) == nil {
		codes = slices.DeleteFunc(listed, func(c int) bool { return c <= 0 })
	}

	if len(codes) > 0 {
		return codes
	}

	var description string
	if json.Unmarshal(b.Description, &description) != nil {
		return nil
	}

	match := codeInDescription.FindStringSubmatch(description)
	if match == nil {
		return nil
	}

	code, err := strconv.Atoi(match[1])
	if err != nil {
		return nil
	}

	return []int{code}
}
