// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// maxAhead is the number of seconds by which clocks may differ. Beyond that, Entra ID rejects tokens.
const maxAhead = 300

// decide returns the findings for facts. base is the kustomization of the probes.
func decide(f facts, base string) []finding.Finding {
	d := decider{facts: f, base: base}

	d.issuer()
	d.jobs()

	for _, p := range f.places {
		d.differences(p)

		if p.facts != nil {
			d.place(p)
		}
	}

	return d.found
}

type decider struct {
	facts facts
	base  string
	found []finding.Finding
}

// add adds a finding, with the parameters that all of them have.
func (d *decider) add(code finding.Code, object string, with map[string]string) {
	all := map[string]string{"base": d.base, "namespace": d.facts.platform.Namespace}
	maps.Copy(all, with)

	d.found = append(d.found, finding.Finding{Code: code, Object: object, With: all})
}

// trusted reports whether Entra ID has accepted a token of this cluster, which proves that it can read the documents of the issuer.
func (d *decider) trusted() bool {
	return slices.ContainsFunc(d.facts.places, func(p probed) bool {
		return p.facts != nil && p.facts.Exchange != nil && p.facts.Exchange.Done
	})
}

// issuer checks the documents of the issuer. Area cluster compares the issuer with the settings.
func (d *decider) issuer() {
	cluster := d.facts.platform.Issuer
	if cluster == "" {
		return // Reading it already produced a finding.
	}

	docs := d.facts.documents
	with := map[string]string{"issuer": cluster, "document": discovery(cluster)}

	switch {
	case d.trusted() && docs.Outcome != Reached:
	case docs.Outcome != Reached:
		d.add(IssuerNotSeen, cluster, in(with, "error", cmp.Or(docs.Detail, string(docs.Outcome))))
	case docs.Problem.Code != "":
		d.add(IssuerDocumentMissing, cluster, docs.Problem.parameters(with))
	case docs.Issuer != cluster:
		d.add(IssuerDocumentDiffers, cluster, in(with, "has", clean(docs.Issuer)))
	default:
		d.keys(with)
	}
}

// keys reports signing keys that the issuer does not publish.
func (d *decider) keys(with map[string]string) {
	var signing []string

	for _, p := range d.facts.places {
		if p.facts != nil && p.facts.Token != nil && p.facts.Token.KeyID != "" {
			signing = append(signing, p.facts.Token.KeyID)
		}
	}

	// Without a token, each key of the API server may be a signing key.
	if len(signing) == 0 {
		signing = d.facts.keys
	}

	if len(signing) == 0 {
		problem := cmp.Or(d.facts.keysProblem, Problem{Code: NoKeys})
		d.add(IssuerKeysUnknown, d.facts.platform.Issuer, problem.parameters(with))

		return
	}

	slices.Sort(signing)

	for _, key := range slices.Compact(signing) {
		if !slices.Contains(d.facts.documents.Keys, key) {
			d.add(IssuerKeyMissing, d.facts.platform.Issuer, in(with, "key", key))
		}
	}
}

// jobs checks the Jobs of the probes.
func (d *decider) jobs() {
	var absent []string

	for _, p := range d.facts.places {
		with := cmp.Or(p.problem, waiting(p.pod)).parameters(map[string]string{"place": p.name})

		switch {
		case p.state == missing:
			absent = append(absent, p.name)
		case p.state == running:
			d.add(ProbeUnfinished, "Job/"+jobPrefix+p.name, with)
		case p.facts == nil:
			d.add(ProbeFailed, "Job/"+jobPrefix+p.name, with)
		}
	}

	if len(absent) > 0 {
		d.add(PlaceNotProbed, "", map[string]string{"places": finding.List(absent)})
	}
}

// waiting returns the reason why a pod has not finished.
func waiting(pod *corev1.Pod) Problem {
	if pod == nil {
		return Problem{Code: NoPod}
	}

	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Waiting != nil {
			return Problem{Code: Failed, Detail: clean(strings.TrimSuffix(s.State.Waiting.Reason+": "+s.State.Waiting.Message, ": "))}
		}
	}

	return Problem{Code: PodPhase, Detail: clean(string(pod.Status.Phase))}
}

// place checks the facts of a place.
func (d *decider) place(p probed) {
	f := p.facts
	with := map[string]string{"place": p.name, "node": ""}

	if p.pod != nil {
		with["node"] = p.pod.Spec.NodeName
	}

	d.endpoint(f.Login, with)

	if f.Manager != nil {
		d.endpoint(*f.Manager, with)
	}

	d.vault(f, with)

	if a := f.Login.Ahead; a != nil && (*a > maxAhead || *a < -maxAhead) {
		d.add(ClockDiffers, "Node/"+with["node"], in(with, "seconds", strconv.FormatInt(max(*a, -*a), 10), "host", f.Login.Host))
	}

	if len(f.Unread) > 0 {
		d.add(ProbeCannotRead, p.name, in(with, "objects", finding.List(f.Unread)))
	}

	d.signIn(f, with)

	if f.Machine && p.pod != nil && d.forbids(p.pod) {
		d.add(PoliciesNotEnforced, p.name, with)
	}
}

// in returns parameters with further pairs.
func in(with map[string]string, pairs ...string) map[string]string {
	out := maps.Clone(with)
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}

	return out
}

// vault checks the connection to a vault. Without a vault, a name that does not resolve proves nothing.
func (d *decider) vault(f *Facts, with map[string]string) {
	unresolved := f.Login.Outcome == Reached &&
		(f.Vault.Outcome == NoSuchHost || f.Vault.Outcome == ProxyRefused && f.Vault.Status >= 500)

	if f.AnyVault && unresolved {
		d.add(VaultNotTried, with["place"], in(with, "host", f.Vault.Host))

		return
	}

	d.endpoint(f.Vault, with)

	if code, ok := map[string]finding.Code{byFirewall: VaultFirewallBlocks, byConnection: VaultPrivateOnly}[f.Refusal]; ok {
		d.add(code, f.Vault.Host, in(with, "host", f.Vault.Host))
	}
}

// endpoint checks the connection to a host.
func (d *decider) endpoint(e Endpoint, with map[string]string) {
	code, ok := map[Outcome]finding.Code{
		NoSuchHost: NameNotResolved, NoDNS: NameNotResolved, NoProxy: ProxyUnreachable, BadProxy: ProxyUnreachable, ProxyRefused: ProxyRefuses,
		UnknownAuthority: TLSIntercepted, OutOfTime: CertificateInvalid, BadCertificate: CertificateInvalid, NoAnswer: EgressBlocked,
	}[e.Outcome]
	if !ok {
		return
	}

	target := e.Host
	if _, domain, ok := strings.Cut(e.Host, "."); ok && slices.ContainsFunc(allClouds(), func(c cloud) bool { return c.isVault(e.Host) }) {
		target = "*." + domain // All vaults.
	}

	d.add(code, e.Host, in(with, "host", e.Host, "target", target, "proxy", cmp.Or(e.Proxy, "HTTPS_PROXY"), "status", strconv.Itoa(e.Status), "authority", e.Detail, "error", cmp.Or(e.Detail, string(e.Outcome))))
}

// signIn checks the token of a provider, and its exchange.
func (d *decider) signIn(f *Facts, with map[string]string) {
	if f.Token == nil {
		switch {
		case f.Source != "" && !withToken(f.Source):
			d.add(SignInNotTried, f.Place, in(with, "source", f.Source))
		case withToken(f.Source), d.signsIn(f.Place) && len(f.Unread) == 0:
			d.add(ProbeFailed, "Job/"+jobPrefix+f.Place, Problem{Code: NoTokenFact}.parameters(with))
		}

		return
	}

	t := *f.Token
	with = in(with, "path", t.Path, "identity", "crossplane")

	if f.Place == platform.CreatorServiceAccount {
		with["identity"] = "secret-creator"
	}

	if t.Problem.Code != "" {
		d.add(TokenMissing, f.Place, t.Problem.parameters(with))

		return
	}

	subject := fmt.Sprintf("system:serviceaccount:%s:%s", d.facts.platform.Namespace, f.Place)

	for _, claim := range []struct{ name, has, wants string }{
		{"audience", finding.List(t.Audiences), keyvault.TokenAudience},
		{"issuer", t.Issuer, cmp.Or(d.facts.platform.Issuer, t.Issuer)},
		{"subject", t.Subject, subject},
	} {
		if claim.has != claim.wants {
			d.add(TokenDiffers, f.Place, in(with, "claim", claim.name, "has", claim.has, "wants", claim.wants))
		}
	}

	if f.Exchange == nil && t.forEntra() && f.Login.Outcome == Reached {
		d.add(ProbeFailed, "Job/"+jobPrefix+f.Place, Problem{Code: NoAnswerFact}.parameters(with))
	}

	if x := f.Exchange; x != nil && !x.Done {
		code := refused(*x)
		aadsts := "AADSTS" + strconv.Itoa(x.Code)
		problem := cmp.Or(x.Problem, Problem{Code: Failed, Detail: aadsts})
		d.add(code, f.Place, in(problem.parameters(with), "client", x.ClientID, "tenant", x.TenantID, "issuer", t.Issuer, "subject", t.Subject,
			"host", f.Login.Host, "document", discovery(t.Issuer), "number", strconv.Itoa(x.Code), "code", aadsts))
	}
}

// signsIn reports whether the settings let a provider sign in with its token.
func (d *decider) signsIn(place string) bool {
	p := principal(d.facts.platform, place)

	return p != nil && withToken(p.Source)
}

// refused returns the code for an exchange in which Entra ID issued no token.
func refused(x Exchange) finding.Code {
	if x.Code == 0 {
		return SignInUnanswered
	}

	switch x.Meaning {
	case keyvault.NoCredentialYet, keyvault.NoMatch, keyvault.OtherIssuer, keyvault.OtherAudience, keyvault.OtherSubject, keyvault.OtherCase:
		return TokenNotTrusted
	case keyvault.NoClient, keyvault.ZeroClient, keyvault.ClientDisabled:
		return ClientUnknown
	case keyvault.NoTenant:
		return TenantUnknown
	case keyvault.IssuerUnreachable, keyvault.IssuerUnreadable:
		return IssuerUnreachable
	case keyvault.FederationOff, keyvault.IssuerRefused, keyvault.PolicyRefused:
		return TenantRefuses
	case keyvault.OtherTime:
		return TokenOutOfTime
	case keyvault.Unverified:
		return TokenNotVerified
	case keyvault.EntraBroken, keyvault.EntraThrottled:
		return SignInUnanswered
	case keyvault.NoResource, keyvault.BadClientSecret:
		return SignInRefused
	default:
		return SignInRefused
	}
}
