// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:bodyclose // Bodies of answers are strings.
package keyvault

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clientgotesting "k8s.io/client-go/testing"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
)

func identity() Identity {
	return Identity{TenantID: "tenant", ClientID: "client", Namespace: "team-a", ServiceAccount: "web"}
}

func TestServiceAccountTokens(t *testing.T) {
	const operation = "get a token of ServiceAccount team-a/web"

	accounts := schema.GroupResource{Resource: "serviceaccounts"}

	cases := map[string]struct {
		reason string
		err    error
		want   *Error
	}{
		"Token":    {reason: "A ServiceAccount gets a token."},
		"NotFound": {reason: "A missing ServiceAccount gets no token.", err: kerrors.NewNotFound(accounts, marker), want: &Error{Reason: NoIdentity, Operation: operation, Cause: finding.Finding{Reason: finding.ServiceAccountMissing, Namespace: "team-a", ServiceAccount: "web"}}},
		"Forbidden": {
			reason: "A rejected request, by RBAC or an admission policy, gets no token.", err: kerrors.NewForbidden(accounts, "web", errors.New(marker)),
			want: &Error{Reason: NoIdentity, Operation: operation, Cause: finding.Finding{Reason: finding.TokenRequestDenied, Namespace: "team-a", ServiceAccount: "web"}, Kubernetes: true},
		},
		"Throttled": {reason: "A throttled request is reported as throttled.", err: kerrors.NewTooManyRequests(marker, 7), want: &Error{Reason: Throttled, Operation: operation, Cause: finding.Finding{Reason: finding.KubernetesThrottled, Namespace: "team-a", ServiceAccount: "web"}}},
		"Broken":    {reason: "An error of the API server is reported as unreachable.", err: kerrors.NewInternalError(errors.New(marker)), want: &Error{Reason: Unreachable, Operation: operation, Cause: finding.Finding{Reason: finding.ServiceAccountNoToken, Namespace: "team-a", ServiceAccount: "web"}}},
		"NoAnswer":  {reason: "A missing response of the API server is reported as unreachable.", err: errors.New(marker), want: &Error{Reason: Unreachable, Operation: operation, Cause: finding.Finding{Reason: finding.ServiceAccountNoToken, Namespace: "team-a", ServiceAccount: "web"}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			kube := fake.NewClientset()
			asked := authenticationv1.TokenRequestSpec{}

			kube.PrependReactor("create", "serviceaccounts", func(a clientgotesting.Action) (bool, runtime.Object, error) {
				create, ok := a.(clientgotesting.CreateAction)
				if !ok || a.GetSubresource() != "token" || a.GetNamespace() != "team-a" {
					return false, nil, nil
				}

				if r, ok := create.GetObject().(*authenticationv1.TokenRequest); ok {
					asked = r.Spec
				}

				return true, &authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{Token: "jwt"}}, tc.err
			})

			token, err := ServiceAccountTokens{Client: kube.CoreV1()}.Token(t.Context(), identity())
			if diff := cmp.Diff(tc.want, errorOf(t, err)); diff != "" {
				t.Errorf("\n%s\nToken(...): -want, +got:\n%s", tc.reason, diff)
			}

			if tc.err == nil && token != "jwt" {
				t.Errorf("\n%s\nToken(...) = %q", tc.reason, token)
			}

			want := authenticationv1.TokenRequestSpec{Audiences: []string{"api://AzureADTokenExchange"}, ExpirationSeconds: new(int64(600))}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Errorf("\nTokens are for Entra ID alone, and short-lived.\nToken(...): -want, +got:\n%s", diff)
			}
		})
	}
}

// A tokenFunc is a credential that calls a function.
type tokenFunc func() (azcore.AccessToken, error)

func (f tokenFunc) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return f()
}

func TestCredentialThrottled(t *testing.T) {
	now := time.Now()
	asked := 0

	var answer error

	c, err := newCredential(func() time.Time { return now }, issuer{service: finding.EntraID}, func() (azcore.TokenCredential, error) {
		return tokenFunc(func() (azcore.AccessToken, error) {
			asked++
			return azcore.AccessToken{Token: "token"}, answer
		}), nil
	})
	if err != nil {
		t.Fatal(err)
	}

	throttled := func(retryAfter string) error {
		return &azidentity.AuthenticationFailedError{RawResponse: answerOf(429, map[string]string{"Retry-After": retryAfter}, marker)}
	}
	slow := func(status int, after time.Duration) *Error {
		return &Error{Reason: Throttled, Operation: "get a token", Cause: finding.Finding{Reason: finding.ServiceThrottled, Service: finding.EntraID}, Status: status, RetryAfter: after}
	}

	steps := []struct {
		reason string
		after  time.Duration
		answer error
		want   *Error
		asked  int
	}{
		{reason: "The first token is requested.", asked: 1},
		{reason: "A throttled request pauses for the Retry-After.", answer: throttled("30"), want: slow(429, 30*time.Second), asked: 2},
		{reason: "During the pause, nothing is requested.", after: 10 * time.Second, want: slow(0, 20*time.Second), asked: 2},
		{reason: "Without a Retry-After, the pause has a default length.", after: 20 * time.Second, answer: throttled(""), want: slow(429, 10*time.Second), asked: 3},
		{reason: "Consecutive pauses double.", after: 10 * time.Second, answer: throttled(""), want: slow(429, 20*time.Second), asked: 4},
		{reason: "After the pause, a token is issued.", after: 20 * time.Second, asked: 5},
		{reason: "After a success, the next pause is short again.", answer: throttled(""), want: slow(429, 10*time.Second), asked: 6},
	}

	for i, s := range steps {
		now = now.Add(s.after)
		answer = s.answer

		_, err := c.GetToken(t.Context(), policy.TokenRequestOptions{})
		if diff := cmp.Diff(s.want, errorOf(t, err)); diff != "" {
			t.Errorf("\n%s\nGetToken(...) of step %d: -want, +got:\n%s", s.reason, i, diff)
		}

		if diff := cmp.Diff(s.asked, asked); diff != "" {
			t.Errorf("\n%s\nTimes that Entra ID was asked after step %d: -want, +got:\n%s", s.reason, i, diff)
		}
	}
}

// A credential caches its token, and drops the assertion it was exchanged for.
func TestCredentialKeeps(t *testing.T) {
	now := time.Now()
	made, asked, broken := 0, 0, false
	answer := azcore.AccessToken{}

	c, err := newCredential(func() time.Time { return now }, issuer{service: finding.EntraID}, func() (azcore.TokenCredential, error) {
		if broken {
			return nil, errors.New(marker)
		}

		made++

		return tokenFunc(func() (azcore.AccessToken, error) {
			asked++
			return answer, nil
		}), nil
	})
	if err != nil {
		t.Fatal(err)
	}

	vaults := policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}, TenantID: "tenant"}
	with := func(change func(*policy.TokenRequestOptions)) policy.TokenRequestOptions {
		o := vaults
		change(&o)

		return o
	}

	steps := []struct {
		reason  string
		after   time.Duration
		forget  bool
		options policy.TokenRequestOptions
		answer  azcore.AccessToken
		want    string
		// made and asked are the counts so far.
		made, asked int
	}{
		{reason: "The first request gets a new token.", options: vaults, answer: azcore.AccessToken{Token: "a", ExpiresOn: now.Add(time.Hour)}, want: "a", made: 1, asked: 1},
		{reason: "A valid token is reused.", after: 54 * time.Minute, options: vaults, want: "a", made: 1, asked: 1},
		{reason: "A token is renewed before it expires.", after: 2 * time.Minute, options: vaults, answer: azcore.AccessToken{Token: "b", ExpiresOn: now.Add(3 * time.Hour), RefreshOn: now.Add(2 * time.Hour)}, want: "b", made: 2, asked: 2},
		{reason: "Entra ID sets the time of the renewal.", after: time.Hour, options: vaults, want: "b", made: 2, asked: 2},
		{reason: "A token is renewed at that time.", after: time.Hour, options: vaults, answer: azcore.AccessToken{Token: "c", ExpiresOn: now.Add(5 * time.Hour)}, want: "c", made: 3, asked: 3},
		{reason: "A vault that sends claims gets a new token.", options: with(func(o *policy.TokenRequestOptions) { o.Claims = "{}" }), answer: azcore.AccessToken{Token: "d", ExpiresOn: now.Add(5 * time.Hour)}, want: "d", made: 4, asked: 4},
		{reason: "The new token is also used without claims.", options: vaults, want: "d", made: 4, asked: 4},
		{reason: "A token is valid for one tenant only.", options: with(func(o *policy.TokenRequestOptions) { o.TenantID = "other" }), answer: azcore.AccessToken{Token: "e", ExpiresOn: now.Add(5 * time.Hour)}, want: "e", made: 5, asked: 5},
		{reason: "A token is valid for one scope only.", options: with(func(o *policy.TokenRequestOptions) { o.TenantID, o.Scopes = "other", []string{"other"} }), answer: azcore.AccessToken{Token: "f", ExpiresOn: now.Add(5 * time.Hour)}, want: "f", made: 6, asked: 6},
		{reason: "Only the last token is cached.", options: vaults, answer: azcore.AccessToken{Token: "g", ExpiresOn: now.Add(5 * time.Hour)}, want: "g", made: 7, asked: 7},
		{reason: "A revoked token is not reused.", forget: true, options: vaults, answer: azcore.AccessToken{Token: "h", ExpiresOn: now.Add(5 * time.Hour)}, want: "h", made: 8, asked: 8},
	}

	for i, s := range steps {
		now = now.Add(s.after)
		answer = s.answer

		if s.forget {
			c.forget(c.token.Token)
		}

		got, err := c.GetToken(t.Context(), s.options)
		if err != nil {
			t.Errorf("\n%s\nGetToken(...) of step %d: %v", s.reason, i, err)
		}

		if diff := cmp.Diff([]any{s.want, s.made, s.asked}, []any{got.Token, made, asked}); diff != "" {
			t.Errorf("\n%s\nToken, credentials made and times asked after step %d: -want, +got:\n%s", s.reason, i, diff)
		}
	}

	// A valid token is used while there is no new one, and no longer.
	answer = azcore.AccessToken{Token: "i", ExpiresOn: now.Add(time.Hour), RefreshOn: now.Add(time.Minute)}

	c.forget(c.token.Token)

	if _, err := c.GetToken(t.Context(), vaults); err != nil {
		t.Fatal(err)
	}

	broken = true

	for after, want := range map[time.Duration]string{2 * time.Minute: "i", 56 * time.Minute: ""} {
		then := now
		now = now.Add(after)

		got, err := c.GetToken(t.Context(), vaults)
		if diff := cmp.Diff(want, got.Token); diff != "" || (err == nil) != (want != "") {
			t.Errorf("\nA token is used while it is good.\nGetToken(...) after %s: error %v, -want, +got:\n%s", after, err, diff)
		}

		now = then
	}

	c.forget(c.token.Token)

	if _, err := c.GetToken(t.Context(), vaults); err == nil {
		t.Error("\nA credential that cannot be created issues no token.\nGetToken(...): no error")
	}
}

// After a failed renewal, the valid token is used, and not every request to a vault asks Entra ID
// for another one.
func TestCredentialSpares(t *testing.T) {
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	now, asked := start, 0

	c, err := newCredential(func() time.Time { return now }, issuer{service: finding.EntraID}, func() (azcore.TokenCredential, error) { return staticToken(""), nil })
	if err != nil {
		t.Fatal(err)
	}

	options := policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}}
	c.make = func() (azcore.TokenCredential, error) {
		asked++

		return nil, errors.New(marker)
	}
	c.store(azcore.AccessToken{Token: "good", RefreshOn: start.Add(time.Minute), ExpiresOn: start.Add(30 * time.Minute)}, options)

	for _, step := range []struct {
		reason string
		at     time.Duration
		want   int
		fails  bool
	}{
		{reason: "A fresh token is used without a request.", at: 0},
		{reason: "A renewal that fails leaves the token in use.", at: time.Minute, want: 1},
		{reason: "During the refresh delay, the token is used.", at: 2 * time.Minute, want: 1},
		{reason: "No token is requested before the refresh delay ends.", at: 6*time.Minute - time.Second, want: 1},
		{reason: "After the refresh delay, the renewal is retried.", at: 6 * time.Minute, want: 2},
		{reason: "Shortly before the token expires, the renewal is retried.", at: 24 * time.Minute, want: 3},
		{reason: "An expired token is not used.", at: 25 * time.Minute, want: 4, fails: true},
		{reason: "Without a valid token, every request asks Entra ID.", at: 26 * time.Minute, want: 5, fails: true},
	} {
		now = start.Add(step.at)

		got, err := c.GetToken(t.Context(), options)
		if (err != nil) != step.fails || err == nil && got.Token != "good" {
			t.Errorf("\n%s\nGetToken(...) after %s = %q, %v", step.reason, step.at, got.Token, err)
		}

		if diff := cmp.Diff(step.want, asked); diff != "" {
			t.Errorf("\n%s\ntimes asked after %s: -want, +got:\n%s", step.reason, step.at, diff)
		}
	}
}

// Concurrent requests for a token get the same token.
func TestCredentialConcurrently(t *testing.T) {
	made := 0
	a := &azure{answer: entra(func(r *http.Request) *http.Response { return page(r, 1) })}
	s := &tokenSource{}
	options := clientOptions(newCounted(a, NewMetrics(), time.Now))

	c, err := newCredential(time.Now, issuer{service: finding.EntraID, tenant: "tenant"}, func() (azcore.TokenCredential, error) {
		made++
		return applicationCredential(identity(), s, options)
	})
	if err != nil {
		t.Fatal(err)
	}

	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			got, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
			if err != nil || got.Token != "entra-token" {
				t.Errorf("\nGetToken(...): %q, %v", got.Token, err)
			}
		})
	}

	wg.Wait()

	if diff := cmp.Diff([]any{1, map[Identity]int{identity(): 1}}, []any{made, s.n}); diff != "" {
		t.Errorf("\nCredentials made, and tokens of service accounts: -want, +got:\n%s", diff)
	}
}

// A vault names its tenant, which may differ from the identity's.
func TestCredentialTenant(t *testing.T) {
	cases := map[string]struct {
		reason string
		issuer issuer
		asked  string
		// tenant is the one that azidentity is asked for.
		tenant string
		want   *Error
	}{
		"Same":     {reason: "The tenant of the identity is accepted.", issuer: issuer{service: finding.EntraID, tenant: "tenant"}, asked: "tenant", tenant: "tenant"},
		"Capitals": {reason: "The tenant of the identity in capital letters is accepted.", issuer: issuer{service: finding.EntraID, tenant: "TENANT"}, asked: "tenant", tenant: "TENANT"},
		"None":     {reason: "A vault may name no tenant.", issuer: issuer{service: finding.EntraID, tenant: "tenant"}},
		"Any":      {reason: "An identity without a known tenant accepts any tenant.", issuer: issuer{service: finding.NodeMetadataService}, asked: "tenant", tenant: "tenant"},
		"Other": {
			reason: "Another tenant is rejected without a request.", issuer: issuer{service: finding.EntraID, tenant: "other"}, asked: "tenant",
			want: &Error{Reason: NoIdentity, Operation: "get a token", Cause: finding.Finding{Reason: finding.OtherTenant}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			asked := &tenants{}

			c, err := newCredential(time.Now, tc.issuer, func() (azcore.TokenCredential, error) { return asked, nil })
			if err != nil {
				t.Fatal(err)
			}

			_, err = c.GetToken(t.Context(), policy.TokenRequestOptions{TenantID: tc.asked})
			if diff := cmp.Diff(tc.want, errorOf(t, err)); diff != "" {
				t.Errorf("\n%s\nGetToken(...): -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.tenant, asked.last); diff != "" {
				t.Errorf("\n%s\ntenant that is asked for: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// An unknown tenant is detected when its endpoints are requested.
func TestCredentialUnknownTenant(t *testing.T) {
	a := &azure{answer: func(r *http.Request) *http.Response { return reply(r, 400, nil, entraError("90002")) }}

	c, err := newCredential(time.Now, issuer{service: finding.EntraID}, func() (azcore.TokenCredential, error) {
		return applicationCredential(identity(), &tokenSource{}, clientOptions(newCounted(a, NewMetrics(), time.Now)))
	})
	if err != nil {
		t.Fatal(err)
	}

	_, err = c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})

	want := &Error{Reason: NoIdentity, Operation: "get a token", Cause: noToken("AADSTS90002", finding.TenantMissing), Status: 400, Code: "AADSTS90002", Meaning: NoTenant}
	if diff := cmp.Diff(want, errorOf(t, err)); diff != "" {
		t.Errorf("GetToken(...): -want, +got:\n%s", diff)
	}
}

// tenants is a credential that records the tenant it was last asked for.
type tenants struct{ last string }

func (t *tenants) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t.last = o.TenantID
	return azcore.AccessToken{}, nil
}

func TestCreatorIssuer(t *testing.T) {
	t.Setenv("AZURE_TENANT_ID", "of-the-pod")

	cases := map[string]struct {
		reason  string
		creator Creator
		want    issuer
	}{
		"ClientSecret":   {reason: "A client secret uses the tenant of its configuration.", creator: Creator{Source: v1alpha1.CredentialsSourceClientSecret, TenantID: "named"}, want: issuer{service: finding.EntraID, tenant: "named"}},
		"Workload":       {reason: "A workload identity uses the tenant of the pod.", creator: Creator{Source: v1alpha1.CredentialsSourceWorkloadIdentity}, want: issuer{service: finding.EntraID, tenant: "of-the-pod"}},
		"WorkloadTenant": {reason: "A named tenant takes precedence over the environment.", creator: Creator{Source: v1alpha1.CredentialsSourceWorkloadIdentity, TenantID: "named"}, want: issuer{service: finding.EntraID, tenant: "named"}},
		"Node":           {reason: "A managed identity of the node is not asked for a tenant.", creator: Creator{Source: v1alpha1.CredentialsSourceManagedIdentity, TenantID: "named"}, want: issuer{service: finding.NodeMetadataService}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.creator.issuer(), cmp.AllowUnexported(issuer{})); diff != "" {
				t.Errorf("\n%s\nissuer(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The metadata service of a node reports on its managed identities.
func TestManagedIdentity(t *testing.T) {
	none := &Error{Reason: NoIdentity, Operation: "get a token", Cause: finding.Finding{Reason: finding.ManagedIdentityMissing}}

	cases := map[string]struct {
		reason string
		client string
		answer *http.Response
		err    error
		want   *Error
	}{
		"Token":   {reason: "The node's identity gets a token.", answer: answerOf(200, nil, `{"access_token":"token","expires_in":"3600","resource":"https://vault.azure.net","token_type":"Bearer"}`)},
		"None":    {reason: "A node without an identity gives no token.", answer: answerOf(400, nil, `{"error":"invalid_request","error_description":"`+marker+`"}`), want: none},
		"Unknown": {reason: "A node without the named identity gives no token.", client: "client", answer: answerOf(400, nil, `{"error":"invalid_request","error_description":"`+marker+`"}`), want: none},
		"Throttled": {
			reason: "A throttled metadata service is reported as throttled.", answer: answerOf(429, nil, marker),
			want: &Error{Reason: Throttled, Operation: "get a token", Cause: finding.Finding{Reason: finding.ServiceThrottled, Service: finding.NodeMetadataService}, RetryAfter: 10 * time.Second, Status: 429},
		},
		"Broken": {
			reason: "A failing metadata service is reported as unreachable.", answer: answerOf(500, nil, marker),
			want: &Error{Reason: Unreachable, Operation: "get a token", Cause: finding.Finding{Reason: finding.ServiceUnavailable, Service: finding.NodeMetadataService, Status: 500}, Status: 500},
		},
		"Absent": {
			reason: "A metadata service that does not respond means that the node is not in Azure, or that the pod has no access.", err: errors.New(marker),
			want: &Error{Reason: Unreachable, Operation: "get a token", Cause: finding.Finding{Reason: finding.ServiceSilent, Service: finding.NodeMetadataService, Cause: &finding.Finding{Reason: finding.NoResponse}}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			creator := Creator{Source: v1alpha1.CredentialsSourceManagedIdentity, ClientID: tc.client}
			options := clientOptions(answering(func() (*http.Response, error) { return tc.answer, tc.err }))

			c, err := newCredential(time.Now, creator.issuer(), func() (azcore.TokenCredential, error) { return creator.credential(options) })
			if err != nil {
				t.Fatal(err)
			}

			// azidentity caches tokens of nodes for the whole process, so each test uses another
			// vault.
			_, err = c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://" + name + "/.default"}})
			if diff := cmp.Diff(tc.want, errorOf(t, err)); diff != "" {
				t.Errorf("\n%s\nGetToken(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// answering is a transport with one answer.
type answering func() (*http.Response, error)

func (a answering) Do(*http.Request) (*http.Response, error) { return a() }

func TestCreatorCredential(t *testing.T) {
	t.Setenv("AZURE_CLIENT_ID", "")
	t.Setenv("AZURE_TENANT_ID", "")
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", "")

	cases := map[string]struct {
		reason  string
		creator Creator
		want    *Error
	}{
		"None":    {reason: "Without a source, there is no identity.", creator: Creator{Source: v1alpha1.CredentialsSourceNone}, want: &Error{Reason: NoIdentity, Operation: "create secrets", Cause: finding.Finding{Reason: finding.CreatorUnset}}},
		"Unknown": {reason: "An unknown source is rejected.", creator: Creator{Source: marker}, want: &Error{Reason: NoIdentity, Operation: "create secrets", Cause: finding.Finding{Reason: finding.CreatorUnset}}},
		"NoWorkloadIdentity": {
			reason: "A pod without a workload identity has no identity.", creator: Creator{Source: v1alpha1.CredentialsSourceWorkloadIdentity},
			want: &Error{Reason: NoIdentity, Operation: "use the workload identity of the provider", Cause: finding.Finding{Reason: finding.WorkloadIdentityUnset}},
		},
		"ManagedIdentity": {reason: "A managed identity needs no client id.", creator: Creator{Source: v1alpha1.CredentialsSourceManagedIdentity}},
		"ManagedByID":     {reason: "A managed identity may have a client id.", creator: Creator{Source: v1alpha1.CredentialsSourceManagedIdentity, ClientID: "client"}},
		"ClientSecret":    {reason: "A client secret is a valid source.", creator: Creator{Source: v1alpha1.CredentialsSourceClientSecret, TenantID: "tenant", ClientID: "client", ClientSecret: hidden}},
		"BadTenant": {
			reason: "An invalid tenant is rejected.", creator: Creator{Source: v1alpha1.CredentialsSourceClientSecret, TenantID: "/" + marker, ClientID: "client", ClientSecret: hidden},
			want: &Error{Reason: NoIdentity, Operation: "use the client secret", Cause: finding.Finding{Reason: finding.ClientSecretInvalid}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := tc.creator.credential(clientOptions(newCounted(nil, NewMetrics(), time.Now)))
			if diff := cmp.Diff(tc.want, errorOf(t, err)); diff != "" {
				t.Errorf("\n%s\ncredential(...): -want, +got:\n%s", tc.reason, diff)
			}

			if err == nil && c == nil {
				t.Errorf("\n%s\ncredential(...): there is none", tc.reason)
			}
		})
	}
}
