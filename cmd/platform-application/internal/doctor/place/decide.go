// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// maxAhead is by how many seconds clocks may differ. Entra ID takes no tokens beyond.
const maxAhead = 300

// decide what facts mean. The base of kustomize has the probes.
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

// add a finding. What all of them may name is there already.
func (d *decider) add(code finding.Code, object string, with map[string]string) {
	all := map[string]string{"base": d.base, "namespace": d.facts.platform.Namespace}
	maps.Copy(all, with)

	d.found = append(d.found, finding.Finding{Code: code, Object: object, With: all})
}

// trusted tells whether Entra ID has taken a token of this cluster: it has read the issuer's documents then, and knows the key.
func (d *decider) trusted() bool {
	return slices.ContainsFunc(d.facts.places, func(p probed) bool {
		return p.facts != nil && p.facts.Exchange != nil && p.facts.Exchange.Done
	})
}

// issuer of tokens, which is the same everywhere. Area cluster compares it with the settings.
func (d *decider) issuer() {
	cluster := d.facts.platform.Issuer
	if cluster == "" {
		return // Which is found where it is read.
	}

	docs := d.facts.documents
	with := map[string]string{"issuer": cluster, "error": cmp.Or(docs.Problem, docs.Detail, string(docs.Outcome)), "document": discovery(cluster)}

	switch {
	case d.trusted() && docs.Outcome != Reached:
	case docs.Outcome != Reached:
		d.add(IssuerNotSeen, cluster, with)
	case docs.Problem != "":
		d.add(IssuerDocumentMissing, cluster, with)
	case docs.Issuer != cluster:
		with["has"] = clean(docs.Issuer)
		d.add(IssuerDocumentDiffers, cluster, with)
	default:
		d.keys(with)
	}
}

// keys of the cluster that tokens are signed with, which are among those that the issuer publishes.
func (d *decider) keys(with map[string]string) {
	var signing []string

	for _, p := range d.facts.places {
		if p.facts != nil && p.facts.Token != nil && p.facts.Token.KeyID != "" {
			signing = append(signing, p.facts.Token.KeyID)
		}
	}

	// Without a token, any of those of the API server may be the one.
	if len(signing) == 0 {
		signing = d.facts.keys
	}

	if len(signing) == 0 {
		with["error"] = cmp.Or(d.facts.keysProblem, "it has none")
		d.add(IssuerKeysUnknown, d.facts.platform.Issuer, with)

		return
	}

	slices.Sort(signing)

	for _, key := range slices.Compact(signing) {
		if !slices.Contains(d.facts.documents.Keys, key) {
			d.add(IssuerKeyMissing, d.facts.platform.Issuer, map[string]string{"issuer": with["issuer"], "document": with["document"], "key": key})
		}
	}
}

// jobs that probe places.
func (d *decider) jobs() {
	var absent []string

	for _, p := range d.facts.places {
		with := map[string]string{"place": p.name, "error": cmp.Or(p.problem, waiting(p.pod))}

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
		d.add(PlaceNotProbed, "", map[string]string{"places": strings.Join(absent, " and ")})
	}
}

// waiting is what a pod waits for.
func waiting(pod *corev1.Pod) string {
	if pod == nil {
		return "it has no pod yet"
	}

	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Waiting != nil {
			return clean(strings.TrimSuffix(s.State.Waiting.Reason+": "+s.State.Waiting.Message, ": "))
		}
	}

	return "its pod is " + clean(string(pod.Status.Phase))
}

// differences between the pod of a probe and those that it stands for: what it sees is not what they see then.
func (d *decider) differences(p probed) {
	if p.pod == nil {
		return
	}

	for _, policy := range d.facts.policies {
		probe := selects(policy.Spec.PodSelector, p.pod)

		if slices.ContainsFunc(p.pods, func(pod corev1.Pod) bool { return selects(policy.Spec.PodSelector, &pod) != probe }) {
			d.add(ProbePolicyDiffers, "NetworkPolicy/"+policy.Name, map[string]string{"place": p.name})
		}
	}

	fields := map[string]bool{}

	for _, pod := range p.pods {
		for name, has := range network(&pod) {
			fields[name] = fields[name] || !reflect.DeepEqual(has, network(p.pod)[name])
		}

		for name, has := range network(p.pod) {
			fields[name] = fields[name] || !reflect.DeepEqual(has, network(&pod)[name])
		}
	}

	maps.DeleteFunc(fields, func(_ string, differs bool) bool { return !differs })

	if len(fields) > 0 {
		d.add(ProbeDiffers, "Job/"+jobPrefix+p.name, map[string]string{"place": p.name, "fields": strings.Join(slices.Sorted(maps.Keys(fields)), ", ")})
	}
}

// network is what of a pod decides whom it reaches, besides its labels.
func network(pod *corev1.Pod) map[string]any {
	out := map[string]any{}

	if pod.Spec.HostNetwork {
		out["hostNetwork"] = true
	}

	if p := pod.Spec.DNSPolicy; p != "" && p != corev1.DNSClusterFirst {
		out["dnsPolicy"] = p
	}

	if pod.Spec.DNSConfig != nil {
		out["dnsConfig"] = pod.Spec.DNSConfig
	}

	if len(pod.Spec.HostAliases) > 0 {
		out["hostAliases"] = pod.Spec.HostAliases
	}

	if len(pod.Spec.Containers) == 0 {
		return out
	}

	for _, v := range pod.Spec.Containers[0].Env {
		switch name := strings.ToUpper(v.Name); name {
		case "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR":
			v.Name = name
			out[name] = v
		}
	}

	return out
}

// selects tells whether a selector selects a pod. One that is invalid selects none.
func selects(s metav1.LabelSelector, pod *corev1.Pod) bool {
	selector, err := metav1.LabelSelectorAsSelector(&s)

	return err == nil && selector.Matches(labels.Set(pod.Labels))
}

// place of which there are facts.
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
		d.add(ProbeCannotRead, p.name, in(with, "objects", strings.Join(f.Unread, ", ")))
	}

	d.signIn(f, with)

	if f.Machine && p.pod != nil && d.forbids(p.pod) {
		d.add(PoliciesNotEnforced, p.name, with)
	}
}

// in parameters, others.
func in(with map[string]string, pairs ...string) map[string]string {
	out := maps.Clone(with)
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}

	return out
}

// vault that was looked for, or a name that none has: if DNS or the proxy knows others, this says nothing.
func (d *decider) vault(f *Facts, with map[string]string) {
	gone := f.Login.Outcome == Reached &&
		(f.Vault.Outcome == NoSuchHost || f.Vault.Outcome == ProxyRefused && f.Vault.Status >= 500)

	if f.AnyVault && gone {
		d.add(VaultNotTried, with["place"], in(with, "host", f.Vault.Host))

		return
	}

	d.endpoint(f.Vault, with)
}

// endpoint that was looked for.
func (d *decider) endpoint(e Endpoint, with map[string]string) {
	code, ok := map[Outcome]finding.Code{
		NoSuchHost: NameNotResolved, NoDNS: NameNotResolved, NoProxy: ProxyUnreachable, ProxyRefused: ProxyRefuses,
		UnknownAuthority: TLSIntercepted, OutOfTime: CertificateInvalid, BadCertificate: CertificateInvalid, NoAnswer: EgressBlocked,
	}[e.Outcome]
	if !ok {
		return
	}

	target := e.Host
	if _, domain, ok := strings.Cut(e.Host, "."); ok && slices.ContainsFunc(allClouds(), func(c cloud) bool { return c.isVault(e.Host) }) {
		target = "*." + domain // Of all vaults.
	}

	d.add(code, e.Host, in(with, "host", e.Host, "target", target, "proxy", e.Proxy, "status", strconv.Itoa(e.Status), "authority", e.Detail, "error", cmp.Or(e.Detail, string(e.Outcome))))
}

// signIn of a provider with its token.
func (d *decider) signIn(f *Facts, with map[string]string) {
	if f.Token == nil {
		switch {
		case f.Source != "" && !withToken(f.Source):
			d.add(SignInNotTried, f.Place, in(with, "source", f.Source))
		case withToken(f.Source), d.signsIn(f.Place) && len(f.Unread) == 0:
			d.add(ProbeFailed, "Job/"+jobPrefix+f.Place, in(with, "error", "its log says nothing of a token"))
		}

		return
	}

	t := *f.Token
	with = in(with, "path", t.Path, "identity", "crossplane")

	if f.Place == platform.CreatorServiceAccount {
		with["identity"] = "secret-creator"
	}

	if t.Problem != "" {
		d.add(TokenMissing, f.Place, in(with, "error", t.Problem))

		return
	}

	subject := fmt.Sprintf("system:serviceaccount:%s:%s", d.facts.platform.Namespace, f.Place)

	for _, claim := range []struct{ name, has, wants string }{
		{"audience", strings.Join(t.Audiences, ", "), keyvault.TokenAudience},
		{"issuer", t.Issuer, cmp.Or(d.facts.platform.Issuer, t.Issuer)},
		{"subject", t.Subject, subject},
	} {
		if claim.has != claim.wants {
			d.add(TokenDiffers, f.Place, in(with, "claim", claim.name, "has", claim.has, "wants", claim.wants))
		}
	}

	if f.Exchange == nil && t.forEntra() && f.Login.Outcome == Reached {
		d.add(ProbeFailed, "Job/"+jobPrefix+f.Place, in(with, "error", "its log does not say what Entra ID answers"))
	}

	if x := f.Exchange; x != nil && !x.Done {
		code := refused(*x)
		d.add(code, f.Place, in(with, "client", x.ClientID, "tenant", x.TenantID, "issuer", t.Issuer, "subject", t.Subject, "host", f.Login.Host,
			"document", discovery(t.Issuer), "number", strconv.Itoa(x.Code), "code", "AADSTS"+strconv.Itoa(x.Code), "error", cmp.Or(x.Problem, "AADSTS"+strconv.Itoa(x.Code))))
	}
}

// signsIn tells whether a provider signs in with its token, by the settings.
func (d *decider) signsIn(place string) bool {
	who := principal(d.facts.platform, place)

	return who != nil && withToken(who.Source)
}

// refused is what it means that Entra ID has given no token.
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

// forbids tells whether policies keep a pod from the metadata service of its node.
func (d *decider) forbids(pod *corev1.Pod) bool {
	selected := false

	for _, p := range d.facts.policies {
		if !selects(p.Spec.PodSelector, pod) || !slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeEgress) {
			continue
		}

		selected = true

		if slices.ContainsFunc(p.Spec.Egress, allowsMachine) {
			return false
		}
	}

	return selected
}
