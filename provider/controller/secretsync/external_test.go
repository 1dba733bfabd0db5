// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
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

// An events is a recorder that keeps events.
type events []string

func (e *events) Event(_ runtime.Object, ev event.Event) {
	*e = append(*e, fmt.Sprintf("%s %s %s", ev.Type, ev.Reason, ev.Message))
}

func (e *events) WithAnnotations(...string) event.Recorder { return e }

func externalOf(l *look) (*external, *events) {
	recorded := &events{}
	e := &external{
		connector: &connector{metrics: NewMetrics(), record: recorded, log: logging.NewNopLogger(), fullRead: fullRead},
		observed:  map[string]plan.Observed{},
	}

	if l != nil {
		e.input, e.memory = l.lookInput, l.memory
	}

	return e, recorded
}

// A Secret that is too large stays too large, because that does not depend on one secret's value.
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

	l := &look{lookInput: lookInput{cr: newSync(secrets...), record: plan.Record{}, snapshot: watch.NewSnapshot(list, names(newSync(secrets...).Spec.ForProvider), noon()), now: noon()}, memory: &memory{secrets: map[string]memo{}}}
	e, _ := externalOf(l)

	for _, s := range secrets {
		e.observed[s.Name] = plan.Observed{Secret: &keyvault.Secret{Properties: keyvault.Properties{Version: v1, Updated: noon()}, Value: strings.Repeat("x", 24<<10)}}
	}

	first := plan.Make(l.cr.Spec.ForProvider, l.cr.Status.AtProvider, l.current, e.observed, noon())
	e.remember(first)

	again := map[string]plan.Observed{}

	for _, s := range secrets {
		f, known := l.known(s)
		if !known {
			f = e.observed[s.Name] // The next look reads it again.
		}

		again[s.Name] = f
	}

	second := plan.Make(l.cr.Spec.ForProvider, first.After.KeyVaultSecretSyncObservation, l.current, again, noon())
	if diff := cmp.Diff(first.Problem, second.Problem); diff != "" {
		t.Errorf("\nNothing has changed.\nremember(...): -first look, +second look:\n%s", diff)
	}
}

// The validity and the expiry of a secret each need a look at that time, even if the secret was
// just read for the first time.
func TestNextLookExpiry(t *testing.T) {
	cases := map[string]struct {
		reason        string
		from, expires time.Time
		want          time.Time
	}{
		"Later":    {reason: "A look is scheduled for the time of the warning.", expires: noon().Add(time.Hour), want: noon().Add(time.Hour)},
		"Over":     {reason: "After the expiry, the warning is already reported.", expires: noon().Add(-time.Hour)},
		"Never":    {reason: "A secret without an expiry needs no look."},
		"NotYet":   {reason: "A look is scheduled for the start of validity.", from: noon().Add(time.Hour), expires: noon().Add(2 * time.Hour), want: noon().Add(time.Hour)},
		"Valid":    {reason: "After the start of validity, the expiry counts.", from: noon().Add(-time.Hour), expires: noon().Add(time.Hour), want: noon().Add(time.Hour)},
		"NowValid": {reason: "A valid secret without an expiry needs no look.", from: noon()},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := &look{lookInput: lookInput{cr: newSync(v1alpha1.SyncedSecret{Name: "db"}), now: noon()}, memory: &memory{secrets: map[string]memo{}}}
			e, _ := externalOf(l)
			e.observed["db"] = plan.Observed{Secret: &keyvault.Secret{Properties: keyvault.Properties{Version: v1, NotBefore: tc.from, Expires: tc.expires}, Value: `{"A":"x"}`}}

			e.makePlan(l.cr)

			if next := e.nextLook(); !next.Equal(tc.want) {
				t.Errorf("\n%s\nnextLook(): want %s, got %s", tc.reason, tc.want, next)
			}
		})
	}
}

// The policy Update without Create writes no Secret, because a client must not create it.
func TestWriteWithoutCreate(t *testing.T) {
	l := &look{lookInput: lookInput{cr: newSync(v1alpha1.SyncedSecret{Name: "db"}), now: noon()}, memory: &memory{secrets: map[string]memo{}}}
	l.cr.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionObserve, xpv1.ManagementActionUpdate})

	e, _ := externalOf(l)
	e.observed["db"] = plan.Observed{Secret: &keyvault.Secret{Properties: keyvault.Properties{Version: v1}, Value: `{"A":"x"}`}}
	e.plan = plan.Make(l.cr.Spec.ForProvider, l.cr.Status.AtProvider, l.current, e.observed, noon())

	if _, err := e.Update(t.Context(), l.cr); err != nil {
		t.Errorf("\nUpdate(...): %v", err)
	}

	if diff := cmp.Diff("0/1", l.cr.Status.AtProvider.SecretsSynced); diff != "" {
		t.Errorf("\nNothing is in a Secret.\nUpdate(...): secrets synced: -want, +got:\n%s", diff)
	}
}

func TestDecide(t *testing.T) {
	observe := xpv1.ManagementPolicies{xpv1.ManagementActionObserve}
	noCreate := xpv1.ManagementPolicies{xpv1.ManagementActionObserve, xpv1.ManagementActionUpdate}

	cases := map[string]struct {
		reason   string
		policies xpv1.ManagementPolicies
		missing  bool
		stale    bool
		changed  bool
		creating bool
		want     outcome
	}{
		"Same":              {reason: "A Secret as planned is not written.", want: upToDate},
		"SameReadOnly":      {reason: "A Secret as planned needs no permission.", policies: observe, want: upToDate},
		"Changed":           {reason: "Changed content is written.", changed: true, want: toWrite},
		"Metadata":          {reason: "Changed labels are written.", stale: true, want: toWrite},
		"Missing":           {reason: "A missing Secret is written.", missing: true, want: toWrite},
		"Creating":          {reason: "A missing secret of the vault is created.", creating: true, want: toWrite},
		"ChangedReadOnly":   {reason: "Without the policy Update, changed content is not written.", policies: observe, changed: true, want: mayNotWrite},
		"MissingNoCreate":   {reason: "Without the policy Create, a missing Secret is not written.", policies: noCreate, missing: true, want: mayNotWrite},
		"ChangedNoCreate":   {reason: "An update does not need the policy Create.", policies: noCreate, changed: true, want: toWrite},
		"CreatingReadOnly":  {reason: "Policies apply to the secrets of the vault, too.", policies: observe, creating: true, want: mayNotWrite},
		"MetadataReadOnly":  {reason: "Without the policy Update, changed labels are not written.", policies: observe, stale: true, want: mayNotWrite},
		"MissingOnlyCreate": {reason: "Creating the Secret does not need the policy Update.", policies: xpv1.ManagementPolicies{xpv1.ManagementActionCreate}, missing: true, want: toWrite},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cr := newSync()
			cr.SetManagementPolicies(tc.policies)

			s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Labels: labels(cr), Annotations: map[string]string{annotationSync: cr.Name}}}
			if mayDelete(cr) {
				s.OwnerReferences = []metav1.OwnerReference{{UID: cr.UID, Controller: new(true)}}
			}

			if tc.stale {
				s.Labels = nil
			}

			to := target{secret: s, ours: true}
			if tc.missing {
				to = target{}
			}

			if got := decide(cr, to, plan.Plan{Changed: tc.changed}, tc.creating); got != tc.want {
				t.Errorf("\n%s\ndecide(...): want %d, got %d", tc.reason, tc.want, got)
			}
		})
	}
}

func TestMay(t *testing.T) {
	cases := map[string]struct {
		reason   string
		policies xpv1.ManagementPolicies
		want     bool
	}{
		"None":   {reason: "No policies allow everything.", want: true},
		"All":    {reason: "The policy * allows a deletion.", policies: xpv1.ManagementPolicies{"*"}, want: true},
		"Delete": {reason: "The policy Delete allows a deletion.", policies: xpv1.ManagementPolicies{"Observe", "Delete"}, want: true},
		"Others": {reason: "Other policies do not allow a deletion.", policies: xpv1.ManagementPolicies{"Observe", "Create", "Update", "LateInitialize"}},
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
		Cause   *finding.Finding
	}

	refused := func(code int32, reason metav1.StatusReason) error {
		return &kerrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reason, Message: "request 4711 of today"}}
	}
	forbidden, timeout := refused(http.StatusForbidden, metav1.StatusReasonForbidden), refused(http.StatusGatewayTimeout, metav1.StatusReasonTimeout)

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
		// err is returned when an object of type failed is read.
		err    error
		failed client.Object
		want   want
	}{
		"None":             {reason: "A sync without a reference has no creator.", want: want{Cause: &finding.Finding{Reason: finding.ProviderConfigUnset}}},
		"Kind":             {reason: "A reference to another kind is rejected.", ref: &xpv1.ProviderConfigReference{Kind: "Secret", Name: "x"}, want: want{Name: "Secret x", Cause: &finding.Finding{Reason: finding.ProviderConfigKindUnknown, Object: "Secret x"}}},
		"Missing":          {reason: "A missing ClusterProviderConfig is reported.", ref: cluster, want: want{Name: "ClusterProviderConfig default", Cause: &finding.Finding{Reason: finding.ProviderConfigMissing, Object: "ClusterProviderConfig default"}}},
		"MissingOwn":       {reason: "A missing ProviderConfig is reported.", ref: namespaced, want: want{Name: "team-a/ProviderConfig own", Cause: &finding.Finding{Reason: finding.ProviderConfigMissing, Object: "team-a/ProviderConfig own"}}},
		"WorkloadIdentity": {reason: "The provider's workload identity can create secrets.", ref: cluster, objects: []client.Object{shared("WorkloadIdentity", nil)}, want: want{Name: "ClusterProviderConfig default", Creator: "WorkloadIdentity tenant/creator"}},
		"Own": {
			reason: "A ProviderConfig uses a Secret in its namespace.", ref: namespaced, objects: []client.Object{own(ref("", "secret")), secret("team-a")},
			want: want{Name: "team-a/ProviderConfig own", Creator: "ClientSecret tenant/creator", Secret: "of-team-a"},
		},
		"OwnNamed": {
			reason: "A ProviderConfig may name its own namespace.", ref: namespaced, objects: []client.Object{own(ref("team-a", "secret")), secret("team-a")},
			want: want{Name: "team-a/ProviderConfig own", Creator: "ClientSecret tenant/creator", Secret: "of-team-a"},
		},
		"Foreign": {
			reason: "A ProviderConfig cannot use a Secret of another namespace.", ref: namespaced, objects: []client.Object{own(ref("team-b", "secret")), secret("team-b")},
			want: want{Name: "team-a/ProviderConfig own", Cause: &finding.Finding{Reason: finding.SecretOfOtherNamespace, Object: "team-a/ProviderConfig own"}},
		},
		"Cluster": {
			reason: "A ClusterProviderConfig uses a Secret in the namespace that it names.", ref: cluster, objects: []client.Object{shared("ClientSecret", ref("platform", "secret")), secret("platform")},
			want: want{Name: "ClusterProviderConfig default", Creator: "ClientSecret tenant/creator", Secret: "of-platform"},
		},
		"NoSecret": {
			reason: "A missing Secret is reported.", ref: cluster, objects: []client.Object{shared("ClientSecret", ref("platform", "secret"))},
			want: want{Name: "ClusterProviderConfig default", Creator: "ClientSecret tenant/creator", Cause: &finding.Finding{Reason: finding.ClientSecretMissing, Object: "Secret platform/creator"}},
		},
		"NoKey": {
			reason: "A missing key of the Secret is reported.", ref: cluster, objects: []client.Object{shared("ClientSecret", ref("platform", "other")), secret("platform")},
			want: want{Name: "ClusterProviderConfig default", Creator: "ClientSecret tenant/creator", Cause: &finding.Finding{Reason: finding.ClientSecretKeyMissing, Object: "Secret platform/creator", Names: []string{"other"}}},
		},
		"Forbidden": {
			reason: "A missing permission is not a missing object.", ref: cluster, err: forbidden, failed: &v1alpha1.ClusterProviderConfig{},
			want: want{Name: "ClusterProviderConfig default", Cause: &finding.Finding{Reason: finding.ProviderConfigForbidden, Object: "ClusterProviderConfig default"}},
		},
		"OwnForbidden": {
			reason: "A missing permission on a ProviderConfig is not a missing object.", ref: namespaced, err: forbidden, failed: &v1alpha1.ProviderConfig{},
			want: want{Name: "team-a/ProviderConfig own", Cause: &finding.Finding{Reason: finding.ProviderConfigForbidden, Object: "team-a/ProviderConfig own"}},
		},
		"Timeout": {
			reason: "A failure of Kubernetes does not mean that the object is missing, and its text does not matter.", ref: cluster, err: timeout, failed: &v1alpha1.ClusterProviderConfig{},
			want: want{Name: "ClusterProviderConfig default", Cause: &finding.Finding{Reason: finding.ProviderConfigUnreadable, Object: "ClusterProviderConfig default"}},
		},
		"OwnTimeout": {
			reason: "A failure to read a ProviderConfig does not mean that it is missing.", ref: namespaced, err: timeout, failed: &v1alpha1.ProviderConfig{},
			want: want{Name: "team-a/ProviderConfig own", Cause: &finding.Finding{Reason: finding.ProviderConfigUnreadable, Object: "team-a/ProviderConfig own"}},
		},
		"SecretForbidden": {
			reason: "The provider reads only Secrets that its role names.", ref: cluster, objects: []client.Object{shared("ClientSecret", ref("platform", "secret"))},
			err: forbidden, failed: &corev1.Secret{},
			want: want{Name: "ClusterProviderConfig default", Creator: "ClientSecret tenant/creator", Cause: &finding.Finding{Reason: finding.ClientSecretForbidden, Object: "Secret platform/creator"}},
		},
		"SecretTimeout": {
			reason: "A temporary failure to read the client secret is reported.", ref: cluster, objects: []client.Object{shared("ClientSecret", ref("platform", "secret"))},
			err: timeout, failed: &corev1.Secret{},
			want: want{Name: "ClusterProviderConfig default", Creator: "ClientSecret tenant/creator", Cause: &finding.Finding{Reason: finding.ClientSecretUnreadable, Object: "Secret platform/creator"}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSync()
			s.SetProviderConfigReference(tc.ref)

			kube := kubeWith(t, tc.objects...).WithInterceptorFuncs(interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if tc.err != nil && reflect.TypeOf(o) == reflect.TypeOf(tc.failed) {
						return tc.err
					}

					return c.Get(ctx, key, o, opts...)
				},
			}).Build()

			name, c, err := creatorOf(t.Context(), kube, s)

			got := want{Name: name, Secret: c.ClientSecret}
			if c != (keyvault.Creator{}) {
				got.Creator = fmt.Sprint(c)
			}

			if e, ok := errors.AsType[*keyvault.Error](err); ok {
				got.Cause = &e.Cause
			} else if err != nil {
				t.Fatalf("\n%s\ncreatorOf(...): want a *keyvault.Error, got %v", tc.reason, err)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ncreatorOf(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
