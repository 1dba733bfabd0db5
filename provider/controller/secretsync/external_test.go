// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

func kubeWith(t *testing.T, objects ...client.Object) *fake.ClientBuilder {
	t.Helper()

	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}

	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithStatusSubresource(&v1alpha1.KeyVaultSecretSync{})
}

// An events is a recorder that notes what it is told.
type events []string

func (e *events) Event(_ runtime.Object, ev event.Event) {
	*e = append(*e, fmt.Sprintf("%s %s %s", ev.Type, ev.Reason, ev.Message))
}

func (e *events) WithAnnotations(...string) event.Recorder { return e }

func externalOf(l *look) (*external, *events) {
	recorded := &events{}
	e := &external{
		connector: &connector{metrics: NewMetrics(), record: recorded, log: logging.NewNopLogger(), fullRead: fullRead},
		look:      l, observed: map[string]plan.Observed{},
	}

	if l != nil {
		e.memory = l.memory
	}

	return e, recorded
}

// A Secret that is too large once is too large the next time, too: it does not depend on
// one secret's value.
func TestRememberTooLarge(t *testing.T) {
	var (
		secrets []v1alpha1.SyncedSecret
		list    []keyvault.Properties
	)

	for i := range 50 {
		name := fmt.Sprintf("s%02d", i)
		secrets = append(secrets, v1alpha1.SyncedSecret{Name: name})
		list = append(list, keyvault.Properties{Name: name, Enabled: true, Updated: noon()})
	}

	l := &look{sync: newSync(secrets...), record: plan.Record{}, snapshot: watch.NewSnapshot(list, names(newSync(secrets...).Spec.ForProvider), noon()), memory: &memory{secrets: map[string]memo{}}, now: noon()}
	e, _ := externalOf(l)

	for _, s := range secrets {
		e.observed[s.Name] = plan.Observed{Secret: &keyvault.Secret{Properties: keyvault.Properties{Version: v1, Updated: noon()}, Value: strings.Repeat("x", 24<<10)}}
	}

	first := plan.Make(l.sync.Spec.ForProvider, l.sync.Status.AtProvider, l.current, e.observed, noon())
	e.remember(first)

	again := map[string]plan.Observed{}

	for _, s := range secrets {
		f, known := l.known(s)
		if !known {
			f = e.observed[s.Name] // It is read again.
		}

		again[s.Name] = f
	}

	second := plan.Make(l.sync.Spec.ForProvider, first.After.KeyVaultSecretSyncObservation, l.current, again, noon())
	if diff := cmp.Diff(first.Problem, second.Problem); diff != "" {
		t.Errorf("\nNothing has changed.\nremember(...): -first look, +second look:\n%s", diff)
	}
}

// When a secret becomes valid, and when it expires, there is something to say, also of
// one that was just read for the first time.
func TestRememberExpiry(t *testing.T) {
	cases := map[string]struct {
		reason        string
		from, expires time.Time
		want          time.Time
	}{
		"Later":    {reason: "It is looked at by then.", expires: noon().Add(time.Hour), want: noon().Add(time.Hour)},
		"Over":     {reason: "The warning is there already.", expires: noon().Add(-time.Hour)},
		"Never":    {reason: "There is nothing to say."},
		"NotYet":   {reason: "It is looked at by then.", from: noon().Add(time.Hour), expires: noon().Add(2 * time.Hour), want: noon().Add(time.Hour)},
		"Valid":    {reason: "That is over.", from: noon().Add(-time.Hour), expires: noon().Add(time.Hour), want: noon().Add(time.Hour)},
		"NowValid": {reason: "Nothing is to come.", from: noon()},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := &look{sync: newSync(v1alpha1.SyncedSecret{Name: "db"}), memory: &memory{secrets: map[string]memo{}}, now: noon()}
			e, _ := externalOf(l)
			e.observed["db"] = plan.Observed{Secret: &keyvault.Secret{Properties: keyvault.Properties{Version: v1, NotBefore: tc.from, Expires: tc.expires}, Value: `{"A":"x"}`}}

			e.remember(plan.Make(l.sync.Spec.ForProvider, l.sync.Status.AtProvider, l.current, e.observed, noon()))

			if !l.memory.next.Equal(tc.want) {
				t.Errorf("\n%s\nremember(...): want a look at %s, got one at %s", tc.reason, tc.want, l.memory.next)
			}
		})
	}
}

// Policies with Update and without Create give no Secret: no client may create it.
func TestWriteWithoutCreate(t *testing.T) {
	l := &look{sync: newSync(v1alpha1.SyncedSecret{Name: "db"}), memory: &memory{secrets: map[string]memo{}}, now: noon()}
	l.sync.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve, xpv1.ManagementActionUpdate})

	e, _ := externalOf(l)
	e.observed["db"] = plan.Observed{Secret: &keyvault.Secret{Properties: keyvault.Properties{Version: v1}, Value: `{"A":"x"}`}}
	e.plan = plan.Make(l.sync.Spec.ForProvider, l.sync.Status.AtProvider, l.current, e.observed, noon())

	if _, err := e.Update(t.Context(), l.sync); err != nil {
		t.Errorf("\nUpdate(...): %v", err)
	}

	if diff := cmp.Diff("0/1", l.sync.Status.AtProvider.SecretsSynced); diff != "" {
		t.Errorf("\nNothing is in a Secret.\nUpdate(...): secrets synced: -want, +got:\n%s", diff)
	}
}

func TestMay(t *testing.T) {
	cases := map[string]struct {
		reason   string
		policies xpv1.ManagementPolicies
		want     bool
	}{
		"None":   {reason: "No policies are all.", want: true},
		"All":    {reason: "All.", policies: xpv1.ManagementPolicies{"*"}, want: true},
		"Delete": {reason: "This one.", policies: xpv1.ManagementPolicies{"Observe", "Delete"}, want: true},
		"Others": {reason: "Others.", policies: xpv1.ManagementPolicies{"Observe", "Create", "Update", "LateInitialize"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSync()
			s.SetManagementPolicies(tc.policies)

			if diff := cmp.Diff(tc.want, mayDelete(s)); diff != "" {
				t.Errorf("\n%s\nmayDelete(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCreatorOf(t *testing.T) {
	type want struct {
		Name    string
		Creator string
		Secret  string
		Err     string
	}

	credentials := func(source v1alpha1.CredentialsSource, ref *v1alpha1.SecretKeyReference) v1alpha1.ProviderConfigSpec {
		return v1alpha1.ProviderConfigSpec{Credentials: v1alpha1.ProviderCredentials{Source: source, TenantID: "tenant", ClientID: "creator", SecretRef: ref}}
	}
	own := func(ref *v1alpha1.SecretKeyReference) client.Object {
		return &v1alpha1.ProviderConfig{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "own"}, Spec: credentials("ClientSecret", ref)}
	}
	shared := func(source v1alpha1.CredentialsSource, ref *v1alpha1.SecretKeyReference) client.Object {
		return &v1alpha1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "default"}, Spec: credentials(source, ref)}
	}
	secret := func(namespace string) client.Object {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "creator"}, Data: map[string][]byte{"secret": []byte("of-" + namespace)}}
	}
	ref := func(namespace, key string) *v1alpha1.SecretKeyReference {
		return &v1alpha1.SecretKeyReference{Namespace: namespace, Name: "creator", Key: key}
	}
	cluster, namespaced := &xpv1.ProviderConfigReference{Kind: "ClusterProviderConfig", Name: "default"}, &xpv1.ProviderConfigReference{Kind: "ProviderConfig", Name: "own"}

	cases := map[string]struct {
		reason  string
		ref     *xpv1.ProviderConfigReference
		objects []client.Object
		want    want
	}{
		"None":             {reason: "No reference.", want: want{Err: "refers to no provider configuration"}},
		"Kind":             {reason: "A reference to something else.", ref: &xpv1.ProviderConfigReference{Kind: "Secret", Name: "x"}, want: want{Name: "Secret x", Err: "which is not a provider configuration"}},
		"Missing":          {reason: "There is none.", ref: cluster, want: want{Name: "ClusterProviderConfig default", Err: "there is no ClusterProviderConfig default"}},
		"MissingOwn":       {reason: "There is none in this namespace.", ref: namespaced, want: want{Name: "ProviderConfig own", Err: "there is no ProviderConfig own in this namespace"}},
		"WorkloadIdentity": {reason: "The identity of the provider.", ref: cluster, objects: []client.Object{shared("WorkloadIdentity", nil)}, want: want{Name: "ClusterProviderConfig default", Creator: "WorkloadIdentity tenant/creator"}},
		"Own": {
			reason: "The configuration of the namespace.", ref: namespaced, objects: []client.Object{own(ref("", "secret")), secret("team-a")},
			want: want{Name: "team-a/ProviderConfig own", Creator: "ClientSecret tenant/creator", Secret: "of-team-a"},
		},
		"OwnNamed": {
			reason: "Its namespace may be named.", ref: namespaced, objects: []client.Object{own(ref("team-a", "secret")), secret("team-a")},
			want: want{Name: "team-a/ProviderConfig own", Creator: "ClientSecret tenant/creator", Secret: "of-team-a"},
		},
		"Foreign": {
			reason: "Nobody uses the Secrets of another namespace.", ref: namespaced, objects: []client.Object{own(ref("team-b", "secret")), secret("team-b")},
			want: want{Name: "team-a/ProviderConfig own", Err: "another namespace, which only a ClusterProviderConfig may"},
		},
		"Cluster": {
			reason: "The configuration of the platform.", ref: cluster, objects: []client.Object{shared("ClientSecret", ref("platform", "secret")), secret("platform")},
			want: want{Name: "ClusterProviderConfig default", Creator: "ClientSecret tenant/creator", Secret: "of-platform"},
		},
		"NoSecret": {
			reason: "There is no Secret.", ref: cluster, objects: []client.Object{shared("ClientSecret", ref("platform", "secret"))},
			want: want{Name: "ClusterProviderConfig default", Creator: "ClientSecret tenant/creator", Err: "cannot get the client secret"},
		},
		"NoKey": {
			reason: "It has no such key.", ref: cluster, objects: []client.Object{shared("ClientSecret", ref("platform", "other")), secret("platform")},
			want: want{Name: "ClusterProviderConfig default", Creator: "ClientSecret tenant/creator", Err: "there is no client secret in Secret platform/creator under key other"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSync()
			s.SetProviderConfigReference(tc.ref)

			name, c, err := creatorOf(t.Context(), kubeWith(t, tc.objects...).Build(), s)

			got := want{Name: name, Secret: c.ClientSecret}
			if c != (keyvault.Creator{}) {
				got.Creator = fmt.Sprint(c)
			}

			if err != nil && tc.want.Err != "" && strings.Contains(err.Error(), tc.want.Err) {
				got.Err = tc.want.Err
			} else if err != nil {
				got.Err = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ncreatorOf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
