// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// well returns the facts of a healthy platform.
func well() facts {
	pod := func(labels map[string]string) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{NodeName: "node-1", Containers: []corev1.Container{{}}}}
	}

	place := func(name, pkg string, f Facts) probed {
		f.Place = name
		probe, provider := pod(map[string]string{providerLabel: pkg}), pod(map[string]string{providerLabel: pkg, "pkg.crossplane.io/revision": pkg + "-1"})

		return probed{name: name, state: finished, facts: &f, pod: &probe, pods: []corev1.Pod{provider}}
	}

	reached := func(host string) Endpoint { return Endpoint{Host: host, Outcome: Reached, Ahead: new(int64(2))} }

	return facts{
		platform:  platform.Platform{Namespace: "crossplane-system", Issuer: issuer, Settings: &v1alpha1.PlatformConfigSpec{OIDCIssuerURL: issuer}},
		documents: documents{URL: issuer, Outcome: Reached, Issuer: issuer, Keys: []string{"k1", "k2"}},
		keys:      []string{"k1"},
		places: []probed{
			place(platform.AzureServiceAccount, "crossplane-contrib-provider-azure-keyvault", Facts{
				Login: reached(login), Manager: new(reached(manager)), Vault: reached(vault), Source: sourceFile,
				Token:    &Token{Path: tokenPath, Issuer: issuer, Subject: subject, Audiences: []string{keyvault.TokenAudience}, KeyID: "k1"},
				Exchange: &Exchange{ClientID: identity, TenantID: tenant, Done: true},
			}),
			place(platform.CreatorServiceAccount, "p6m-dev-provider-keyvault-secretsync", Facts{Login: reached(login), Vault: reached(vault)}),
		},
		policies: []networkingv1.NetworkPolicy{{
			ObjectMeta: metav1.ObjectMeta{Name: "provider-keyvault-secretsync"},
			Spec: networkingv1.NetworkPolicySpec{
				PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{providerLabel: "p6m-dev-provider-keyvault-secretsync"}},
				PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress},
				Egress: []networkingv1.NetworkPolicyEgressRule{{
					To:    []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: []string{"169.254.169.254/32"}}}},
					Ports: []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(443))}},
				}},
			},
		}},
	}
}

// found is the code and the object of a finding.
type found struct {
	Code   finding.Code
	Object string
}

func TestDecide(t *testing.T) {
	const (
		azurePlace = platform.AzureServiceAccount
		syncPlace  = platform.CreatorServiceAccount
	)

	endpoint := func(outcome Outcome) func(*facts) {
		return func(f *facts) { f.places[0].facts.Login.Outcome, f.places[0].facts.Exchange = outcome, nil }
	}
	refused := func(meaning keyvault.Meaning, code int) func(*facts) {
		return func(f *facts) {
			f.places[0].facts.Exchange = &Exchange{ClientID: identity, TenantID: tenant, Meaning: meaning, Code: code}
		}
	}

	cases := map[string]struct {
		reason string
		edit   func(f *facts)
		want   []found
	}{
		"Well": {"A healthy platform has no findings.", func(*facts) {}, nil},
		"NoJobs": {"Without Jobs, nothing has been probed.", func(f *facts) {
			f.places = []probed{{name: azurePlace, state: missing}, {name: syncPlace, state: missing}}
		}, []found{{PlaceNotProbed, ""}}},
		"Running": {"A probe that waits for its image has not finished.", func(f *facts) { f.places[0].state, f.places[0].facts = running, nil }, []found{
			{ProbeUnfinished, "Job/platform-application-doctor-provider-azure"},
		}},
		"Broken":     {"A finished probe without facts has failed.", func(f *facts) { f.places[0].facts, f.places[0].problem = nil, Problem{Code: NoFacts} }, []found{{ProbeFailed, "Job/platform-application-doctor-provider-azure"}}},
		"Unread":     {"The probe has no permission to read the settings.", func(f *facts) { f.places[1].facts.Unread = []string{"EnvironmentConfig/x"} }, []found{{ProbeCannotRead, syncPlace}}},
		"NoExchange": {"The facts about a good token include its exchange.", func(f *facts) { f.places[0].facts.Exchange = nil }, []found{{ProbeFailed, "Job/platform-application-doctor-provider-azure"}}},
		"NoToken":    {"The facts of a provider that signs in include its token.", func(f *facts) { f.places[0].facts.Token, f.places[0].facts.Exchange = nil, nil }, []found{{ProbeFailed, "Job/platform-application-doctor-provider-azure"}}},
		"NoSource": {"If the settings sign in with a token, the facts include it.", func(f *facts) {
			f.platform.Creator = &platform.Principal{Source: sourceWorkload}
		}, []found{{ProbeFailed, "Job/platform-application-doctor-" + syncPlace}}},
		"NoSuchHost":      {"DNS does not know the name.", endpoint(NoSuchHost), []found{{NameNotResolved, login}}},
		"NoDNS":           {"DNS is blocked.", endpoint(NoDNS), []found{{NameNotResolved, login}}},
		"Blocked":         {"A firewall drops packets.", endpoint(NoAnswer), []found{{EgressBlocked, login}}},
		"NoProxy":         {"The proxy is unreachable.", endpoint(NoProxy), []found{{ProxyUnreachable, login}}},
		"BadProxy":        {"The address of the proxy is invalid.", endpoint(BadProxy), []found{{ProxyUnreachable, login}}},
		"ProxyRefuses":    {"The proxy allows only listed hosts.", endpoint(ProxyRefused), []found{{ProxyRefuses, login}}},
		"Intercepted":     {"A proxy decrypts TLS.", endpoint(UnknownAuthority), []found{{TLSIntercepted, login}}},
		"OutOfTime":       {"The clock is far off.", endpoint(OutOfTime), []found{{CertificateInvalid, login}}},
		"OtherHost":       {"DNS returns another host.", endpoint(BadCertificate), []found{{CertificateInvalid, login}}},
		"Manager":         {"Only Resource Manager is blocked.", func(f *facts) { f.places[0].facts.Manager.Outcome = NoAnswer }, []found{{EgressBlocked, manager}}},
		"Vault":           {"Only vaults are blocked.", func(f *facts) { f.places[1].facts.Vault.Outcome = NoAnswer }, []found{{EgressBlocked, vault}}},
		"VaultGone":       {"The name of an existing vault must resolve.", func(f *facts) { f.places[1].facts.Vault.Outcome = NoSuchHost }, []found{{NameNotResolved, vault}}},
		"NoVault":         {"The name of a missing vault does not resolve.", func(f *facts) { f.places[1].facts.Vault.Outcome, f.places[1].facts.AnyVault = NoSuchHost, true }, []found{{VaultNotTried, syncPlace}}},
		"VaultFirewall":   {"The firewall of a vault blocks the cluster.", func(f *facts) { f.places[1].facts.Refusal = byFirewall }, []found{{VaultFirewallBlocks, vault}}},
		"VaultConnection": {"A vault needs a private endpoint.", func(f *facts) { f.places[1].facts.Refusal = byConnection }, []found{{VaultPrivateOnly, vault}}},
		"VaultOther":      {"A version that is newer knows other refusals.", func(f *facts) { f.places[1].facts.Refusal = "Other" }, nil},
		"NoVaultProxy": {
			"The proxy cannot resolve the name of a missing vault.",
			func(f *facts) {
				v := &f.places[1].facts.Vault
				v.Outcome, v.Status, f.places[1].facts.AnyVault = ProxyRefused, http.StatusBadGateway, true
			},
			[]found{{VaultNotTried, syncPlace}},
		},
		"NoVaultRefused": {
			"The proxy allows only listed hosts, without vaults.",
			func(f *facts) {
				v := &f.places[1].facts.Vault
				v.Outcome, v.Status, f.places[1].facts.AnyVault = ProxyRefused, http.StatusForbidden, true
			},
			[]found{{ProxyRefuses, vault}},
		},
		"NoVaultDNS": {"DNS does not respond, even if there is no vault.", func(f *facts) { f.places[1].facts.Vault.Outcome, f.places[1].facts.AnyVault = NoDNS, true }, []found{{NameNotResolved, vault}}},
		"NoVaultNoName": {
			"If DNS does not know other hosts either, it would not resolve an existing vault.",
			func(f *facts) {
				f.places[1].facts.Login.Outcome, f.places[1].facts.Vault.Outcome, f.places[1].facts.AnyVault = NoSuchHost, NoSuchHost, true
			},
			[]found{{NameNotResolved, login}, {NameNotResolved, vault}},
		},
		"Ahead":          {"The clock of the node is behind.", func(f *facts) { f.places[0].facts.Login.Ahead = new(int64(301)) }, []found{{ClockDiffers, "Node/node-1"}}},
		"Behind":         {"The clock of the node is ahead.", func(f *facts) { f.places[0].facts.Login.Ahead = new(int64(-301)) }, []found{{ClockDiffers, "Node/node-1"}}},
		"LittleAhead":    {"Entra ID accepts 5 minutes.", func(f *facts) { f.places[0].facts.Login.Ahead = new(int64(300)) }, nil},
		"IssuerUnknown":  {"Reading the cluster already reported an unknown issuer.", func(f *facts) { f.platform.Issuer, f.documents = "", documents{} }, nil},
		"IssuerDocument": {"The document is that of another issuer.", func(f *facts) { f.documents.Issuer = "https://other.example.com" }, []found{{IssuerDocumentDiffers, issuer}}},
		"IssuerMissing": {"The issuer publishes no document.", func(f *facts) {
			f.documents = documents{URL: issuer, Outcome: Reached, Problem: Problem{Code: BadStatus, Status: 404}}
		}, []found{{IssuerDocumentMissing, issuer}}},
		"IssuerHere":    {"An issuer that Entra ID reaches can be unreachable for the doctor.", func(f *facts) { f.documents = documents{URL: issuer, Outcome: NoAnswer} }, nil},
		"IssuerNowhere": {"Without a token exchange, it is unknown whether Entra ID reaches the issuer.", func(f *facts) { f.documents, f.places = documents{URL: issuer, Outcome: NoAnswer}, nil }, []found{{IssuerNotSeen, issuer}}},
		"KeyOfToken":    {"The issuer does not publish the key of a token.", func(f *facts) { f.places[0].facts.Token.KeyID = "k3" }, []found{{IssuerKeyMissing, issuer}}},
		"KeyOfServer":   {"Without a token, the issuer must publish every key of the API server.", func(f *facts) { f.places, f.keys = nil, []string{"k1", "k3"} }, []found{{IssuerKeyMissing, issuer}}},
		"KeysUnknown":   {"Without a token and without permission to read the keys, they are unknown.", func(f *facts) { f.places, f.keys, f.keysProblem = nil, nil, Problem{Code: Failed, Detail: "forbidden"} }, []found{{IssuerKeysUnknown, issuer}}},
		"TokenMissing": {"The settings still have the path of the webhook.", func(f *facts) {
			f.places[0].facts.Token, f.places[0].facts.Exchange = &Token{Path: "/x", Problem: Problem{Code: NoFile}}, nil
		}, []found{{TokenMissing, azurePlace}}},
		"TokenAudience": {"The token is for the API server.", func(f *facts) { f.places[0].facts.Token.Audiences, f.places[0].facts.Exchange = []string{"x"}, nil }, []found{{TokenDiffers, azurePlace}}},
		"TokenIssuer":   {"The issuer of the cluster has changed.", func(f *facts) { f.places[0].facts.Token.Issuer = "https://old.example.com" }, []found{{TokenDiffers, azurePlace}}},
		"TokenSubject":  {"The provider runs as another ServiceAccount.", func(f *facts) { f.places[0].facts.Token.Subject += "-2" }, []found{{TokenDiffers, azurePlace}}},
		"Source": {"The doctor reads no Secrets.", func(f *facts) {
			f.places[0].facts.Source, f.places[0].facts.Token, f.places[0].facts.Exchange = "Secret", nil, nil
		}, []found{{SignInNotTried, azurePlace}}},
		"NoMatch":         {"The credential is for another cluster.", refused(keyvault.NoMatch, 70021), []found{{TokenNotTrusted, azurePlace}}},
		"OtherSubject":    {"The credential is for another ServiceAccount.", refused(keyvault.OtherSubject, 700213), []found{{TokenNotTrusted, azurePlace}}},
		"NoClient":        {"The client id is wrong.", refused(keyvault.NoClient, 700016), []found{{ClientUnknown, azurePlace}}},
		"NoTenant":        {"The tenant is wrong.", refused(keyvault.NoTenant, 90002), []found{{TenantUnknown, azurePlace}}},
		"EntraIssuer":     {"Entra ID cannot reach the issuer.", refused(keyvault.IssuerUnreachable, 50166), []found{{IssuerUnreachable, azurePlace}}},
		"Federation":      {"The tenant forbids federation.", refused(keyvault.FederationOff, 700223), []found{{TenantRefuses, azurePlace}}},
		"Time":            {"The token is from the future.", refused(keyvault.OtherTime, 700024), []found{{TokenOutOfTime, azurePlace}}},
		"Signature":       {"The issuer publishes other keys.", refused(keyvault.Unverified, 5002730), []found{{TokenNotVerified, azurePlace}}},
		"NewCode":         {"An unknown code of Entra ID is an error.", refused("", 123456), []found{{SignInRefused, azurePlace}}},
		"Busy":            {"Entra ID is busy.", refused(keyvault.EntraThrottled, 90055), []found{{SignInUnanswered, azurePlace}}},
		"Silent":          {"Entra ID does not respond.", func(f *facts) { f.places[0].facts.Exchange = &Exchange{Problem: Problem{Code: Failed, Detail: "EOF"}} }, []found{{SignInUnanswered, azurePlace}}},
		"Machine":         {"The metadata service responds, although a policy forbids it.", func(f *facts) { f.places[1].facts.Machine = true }, []found{{PoliciesNotEnforced, syncPlace}}},
		"MachineAllowed":  {"No policy forbids the metadata service to the Azure providers.", func(f *facts) { f.places[0].facts.Machine = true }, nil},
		"MachineNoPolicy": {"Without policies, the metadata service may respond.", func(f *facts) { f.places[1].facts.Machine, f.policies = true, nil }, nil},
		"MachineOpen": {
			"A policy allows the metadata service, for source ManagedIdentity.",
			func(f *facts) {
				f.places[1].facts.Machine = true
				f.policies[0].Spec.Egress = append(f.policies[0].Spec.Egress, networkingv1.NetworkPolicyEgressRule{
					To:    []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: "169.254.169.254/32"}}},
					Ports: []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(80))}},
				})
			},
			nil,
		},
		"OtherPolicy": {
			"A policy selects the label of the revision, which probes lack.",
			func(f *facts) {
				f.policies = append(f.policies, networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "own"}, Spec: networkingv1.NetworkPolicySpec{
					PodSelector: metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "pkg.crossplane.io/revision", Operator: metav1.LabelSelectorOpExists}}},
				}})
			},
			[]found{{ProbePolicyDiffers, "NetworkPolicy/own"}, {ProbePolicyDiffers, "NetworkPolicy/own"}},
		},
		"OtherProxy": {
			"Only the provider uses a proxy.",
			func(f *facts) {
				f.places[0].pods[0].Spec.Containers[0].Env = []corev1.EnvVar{{Name: "https_proxy", Value: "http://proxy"}, {Name: "TZ", Value: "UTC"}}
			},
			[]found{{ProbeDiffers, "Job/platform-application-doctor-provider-azure"}},
		},
		"SameProxy": {
			"Provider and probe use the same proxy.",
			func(f *facts) {
				for _, pod := range []*corev1.Pod{f.places[0].pod, &f.places[0].pods[0]} {
					pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "HTTPS_PROXY", Value: "http://proxy"}}
				}
			},
			nil,
		},
	}

	covered := map[finding.Code]bool{}

	for name, tc := range cases {
		for _, one := range tc.want {
			covered[one.Code] = true
		}

		t.Run(name, func(t *testing.T) {
			f := well()
			tc.edit(&f)

			var got []found

			for _, one := range decide(f, "BASE") {
				got = append(got, found{one.Code, one.Object})
				checkWords(t, one)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ndecide(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	if diff := cmp.Diff(slices.Sorted(maps.Keys(Words())), slices.Sorted(maps.Keys(covered))); diff != "" {
		t.Errorf("codes that a case finds: -want, +got:\n%s", diff)
	}
}

var parameter = regexp.MustCompile(`\{[a-z]+\}`)

// checkWords proves that every sentence of a finding is complete.
func checkWords(t *testing.T, f finding.Finding) {
	t.Helper()

	w := Words().Words(f)
	for _, text := range []string{w.Problem, w.Impact, w.Fix} {
		if text == "" || parameter.MatchString(text) {
			t.Errorf("%s: a sentence is not complete: %q", f.Code, text)
		}
	}
}

// TestMeanings proves that every error of Entra ID has words.
func TestMeanings(t *testing.T) {
	for _, m := range []keyvault.Meaning{
		keyvault.IssuerUnreachable, keyvault.IssuerUnreadable, keyvault.NoCredentialYet, keyvault.NoMatch, keyvault.OtherIssuer, keyvault.OtherAudience,
		keyvault.OtherSubject, keyvault.OtherCase, keyvault.FederationOff, keyvault.IssuerRefused, keyvault.PolicyRefused, keyvault.NoTenant, keyvault.NoClient,
		keyvault.ZeroClient, keyvault.ClientDisabled, keyvault.NoResource, keyvault.OtherTime, keyvault.Unverified, keyvault.EntraBroken, keyvault.EntraThrottled,
	} {
		if _, ok := Words()[refused(Exchange{Meaning: m, Code: 1})]; !ok {
			t.Errorf("refused(%s): the code has no words", m)
		}
	}
}

// TestDecideAnything proves that no text in a log, a token or a document breaks decide or injects a command.
func TestDecideAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"$(reboot)", "`reboot`", "'; reboot #", "a\nreboot", "*"}))

		f := well()
		f.platform.Issuer = "https://" + text.Draw(t, "issuer")
		f.documents = documents{Outcome: Reached, Issuer: text.Draw(t, "document"), Keys: []string{text.Draw(t, "key")}}
		facts := f.places[0].facts
		facts.Login = Endpoint{Host: text.Draw(t, "host"), Outcome: Outcome(text.Draw(t, "outcome")), Detail: text.Draw(t, "detail")}
		facts.Token = &Token{Path: text.Draw(t, "path"), Issuer: text.Draw(t, "token"), Subject: text.Draw(t, "subject")}
		facts.Exchange = &Exchange{ClientID: text.Draw(t, "client"), Meaning: keyvault.Meaning(text.Draw(t, "meaning")), Code: rapid.Int().Draw(t, "code")}
		cleanFacts(facts)

		for _, one := range decide(f, "BASE") {
			if _, ok := Words()[one.Code]; !ok {
				t.Fatalf("%s has no words", one.Code)
			}

			_, commands, _ := strings.Cut(Words().Words(one).Fix, "\n")
			if i := slices.IndexFunc(strings.Split(commands, "\n"), func(line string) bool { return strings.HasPrefix(line, "reboot") }); i >= 0 {
				t.Fatalf("the commands of %s run an injected command: %q", one.Code, commands)
			}
		}
	})
}

// TestSeverity proves that the doctor does not pass if network policies have no effect.
func TestSeverity(t *testing.T) {
	if got := Words()[PoliciesNotEnforced].Severity; got != finding.Error {
		t.Errorf("severity of %s: want %s, got %s", PoliciesNotEnforced, finding.Error, got)
	}
}

// TestProblems proves that every problem has a phrase, and that no finding prints a code instead.
func TestProblems(t *testing.T) {
	problems := []ProblemCode{
		Failed, NoFile, Unreadable, NotJWT, NotHTTPS, BadStatus, NotJSON, NoKeys, BadTenant, NoCode, NoPod, PodPhase, NoFacts, NoTokenFact, NoAnswerFact,
	}

	for _, code := range problems {
		p := Problem{Code: code, Address: "https://a", Status: 500, Detail: "EOF"}
		f := finding.Finding{Code: ProbeFailed, With: p.parameters(map[string]string{"place": "a", "base": "b"})}

		if !p.known() || strings.Contains(Words().Words(f).Problem, string(code)) {
			t.Errorf("%s: want a phrase, got %q", code, Words().Words(f).Problem)
		}

		checkWords(t, f)
	}

	if len(problems) != len(problemPhrases()["error"]) {
		t.Errorf("want %d phrases, got %d", len(problems), len(problemPhrases()["error"]))
	}
}
