// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"errors"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
)

const (
	testVault = "https://web.vault.azure.net/"

	// Versions have 32 digits.
	v1 = "11111111111111111111111111111111"
	v2 = "22222222222222222222222222222222"
)

func noon() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

// before returns a time before noon.
func before(d time.Duration) time.Time { return noon().Add(-d) }

func newSync(secrets ...v1alpha1.SyncedSecret) *v1alpha1.KeyVaultSecretSync {
	s := &v1alpha1.KeyVaultSecretSync{ObjectMeta: metav1.ObjectMeta{
		Namespace: "team-a", Name: "web", UID: "sync-uid", Generation: 1, CreationTimestamp: metav1.NewTime(before(24 * time.Hour)),
	}}
	s.SetManagementPolicies(xpv1.ManagementPolicies{xpv1.ManagementActionAll})
	s.Spec.ForProvider = v1alpha1.KeyVaultSecretSyncParameters{
		VaultURI: testVault, TenantID: "tenant", ClientID: "client", ServiceAccountName: "web",
		Secrets: secrets, Target: v1alpha1.Target{Name: "web-secrets"},
	}

	return s
}

// lookAt returns a look at a sync whose one secret is in the Secret as version v1, updated an hour
// before noon.
func lookAt(s v1alpha1.SyncedSecret) *look {
	content := plan.Content{
		Version: v1, Format: "", Updated: before(time.Hour).Unix(), Synced: before(30 * time.Minute).Unix(), Keys: []string{"A"},
	}
	current := plan.Current{Data: map[string][]byte{"db.A": []byte("a")}, Record: plan.Record{"db": content}}

	return &look{lookInput: lookInput{cr: newSync(s), current: current, record: current.Intact(), now: noon(), interval: 30 * time.Second, snapshot: listed(before(time.Hour), true)}, memory: &memory{secrets: map[string]memo{}, since: before(24 * time.Hour)}}
}

// afterNoon returns the duration since noon, or zero for no time.
func afterNoon(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}

	return t.Sub(noon())
}

// said returns a finding about an object.
func said(object string) finding.Finding {
	return finding.Finding{Reason: finding.ProviderConfigMissing, Object: object}
}

func notCreated(why string) *finding.Finding {
	return new(finding.Because(finding.NotCreated, said(why)))
}

func verdict(state v1alpha1.State, message string) plan.Verdict {
	return plan.NewVerdict(state, said(message))
}

// messageOf returns the message about secret db.
func messageOf(l *look, o plan.Observed) string {
	return finding.Sentences(plan.SubjectOf(l.cr.Spec.ForProvider, "db"), o.Findings...)
}

// listed returns a list from just before noon.
func listed(updated time.Time, enabled bool) watch.Snapshot {
	return watch.NewSnapshot([]keyvault.Properties{{Name: "DB", Updated: updated, Enabled: enabled}}, []string{"db"}, before(time.Second))
}

// empty removes the data of the Secret.
func (l *look) empty() {
	l.current, l.record = plan.Current{}, plan.Record{}
}

func TestLookKnown(t *testing.T) {
	type want struct {
		Known   bool
		State   v1alpha1.State
		Message string
		// Next is the time after noon of the next look.
		Next time.Duration
	}

	const (
		missing  = "There is no secret db in https://web.vault.azure.net. Create it."
		disabled = "The latest version is disabled. Enable it, or set a new value."
		changed  = "It has changed. The change is synced at 2026-05-01T12:30:00Z, as refreshInterval requires."
	)

	read := want{}
	synced := want{Known: true, State: v1alpha1.StateSynced}
	fails := func(r keyvault.Reason) func(l *look) {
		return func(l *look) { l.snapshot.Err = &keyvault.Error{Reason: r, Cause: said("no")} }
	}

	cases := map[string]struct {
		reason string
		secret v1alpha1.SyncedSecret
		change func(l *look)
		want   want
	}{
		"Latest":         {reason: "A version that the Secret already has is not read.", want: synced},
		"New":            {reason: "A secret that is not in the Secret is read.", change: func(l *look) { l.empty() }, want: read},
		"Changed":        {reason: "A newer version in the list is read.", change: func(l *look) { l.snapshot = listed(before(time.Minute), true) }, want: read},
		"Restored":       {reason: "An older version in the list, such as from a backup, is read.", change: func(l *look) { l.snapshot = listed(before(2*time.Hour), true) }, want: read},
		"All":            {reason: "A full read reads all secrets.", change: func(l *look) { l.readAll = true }, want: read},
		"DataLost":       {reason: "A secret with missing data is read.", change: func(l *look) { delete(l.current.Data, "db.A"); l.record = l.current.Intact() }, want: read},
		"FormatChanged":  {reason: "A secret with another format is read.", secret: v1alpha1.SyncedSecret{Format: "Text"}, want: read},
		"Pinned":         {reason: "A pinned version is read once.", secret: v1alpha1.SyncedSecret{Version: v1}, change: func(l *look) { l.snapshot = listed(before(time.Minute), true) }, want: synced},
		"PinnedOther":    {reason: "Another pinned version is read.", secret: v1alpha1.SyncedSecret{Version: v2}, want: read},
		"PinnedDisabled": {reason: "The list shows the latest version, not the pinned one.", secret: v1alpha1.SyncedSecret{Version: v1}, change: func(l *look) { l.snapshot = listed(before(time.Hour), false) }, want: synced},
		"PinnedMissing":  {reason: "A missing secret has no versions.", secret: v1alpha1.SyncedSecret{Version: v1}, change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon()); l.empty() }, want: want{Known: true, State: v1alpha1.StateMissing, Message: missing}},
		"PinnedSoftDeleted": {
			reason: "A soft-deleted secret has no versions.", secret: v1alpha1.SyncedSecret{Version: v1}, change: func(l *look) {
				l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon())
				l.memory.secrets["db"] = memo{absence: absence{deleted: true}}
			},
			want: want{Known: true, State: v1alpha1.StateSoftDeleted, Message: "Secret db of https://web.vault.azure.net is deleted, and its name is taken until it is purged. Recover it with az keyvault secret recover, or ask your platform team."},
		},
		"BeingDeleted": {
			reason: "A deletion takes seconds.", change: func(l *look) {
				l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon())
				l.memory.secrets["db"] = memo{absence: absence{moving: keyvault.BeingDeleted}}
			},
			want: want{Known: true, State: v1alpha1.StateSoftDeleted, Message: "Secret db of https://web.vault.azure.net is being deleted. Recover it with az keyvault secret recover in a few seconds."},
		},
		"BeingRecovered": {
			reason: "A recovery takes seconds.", change: func(l *look) {
				l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon())
				l.memory.secrets["db"] = memo{absence: absence{moving: keyvault.BeingRecovered, deleted: true}}
			},
			want: want{Known: true, State: v1alpha1.StateSoftDeleted, Message: "Secret db of https://web.vault.azure.net is being recovered, which takes a few seconds. No action is needed."},
		},
		"Uncovered": {
			reason: "A list for other names does not show this secret.",
			change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, []string{"api"}, noon()) }, want: read,
		},
		"UncoveredNew": {
			reason: "A list for other names does not show whether a new secret exists.",
			change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, []string{"api"}, noon()); l.empty() }, want: read,
		},
		"NotListedYet": {reason: "Before the first list ends, nothing is known.", change: func(l *look) { l.snapshot = watch.Snapshot{}; l.empty() }, want: read},
		"TooLarge":     {reason: "In a vault with too many secrets, each secret is read.", change: fails(keyvault.TooLarge), want: read},
		"PutOnList": {reason: "A list from before the secret was added does not count.", change: func(l *look) {
			l.snapshot, l.memory.changed = watch.NewSnapshot(nil, []string{"db"}, before(time.Minute)), before(time.Second)
		}, want: read},
		"Disabled": {reason: "A disabled secret cannot be read.", change: func(l *look) { l.snapshot = listed(before(time.Hour), false) }, want: want{Known: true, State: v1alpha1.StateDisabled, Message: disabled}},
		"Missing":  {reason: "A missing secret is reported as missing.", change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon()); l.empty() }, want: want{Known: true, State: v1alpha1.StateMissing, Message: missing}},
		"Gone": {
			reason: "A missing secret that was synced before keeps its data.", change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon()) },
			want: want{Known: true, State: v1alpha1.StateMissing, Message: "Secret db of https://web.vault.azure.net was deleted. Recover it with az keyvault secret recover or, if that is refused, create it again."},
		},
		"MissingNotCreated": {
			reason: "A missing secret with create: false may be a certificate's.", secret: v1alpha1.SyncedSecret{Create: new(false)},
			change: func(l *look) { l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon()); l.empty() },
			want:   want{Known: true, State: v1alpha1.StateMissing, Message: "There is no secret db in https://web.vault.azure.net. Create it, or import a certificate of that name."},
		},
		"MissingNotCreatedYet": {
			reason: "A failed creation is reported.", change: func(l *look) {
				l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon())
				l.empty()
				l.memory.secrets["db"] = memo{absence: absence{createFailure: notCreated("no")}}
			},
			want: want{Known: true, State: v1alpha1.StateMissing, Message: missing + " It could not be created in advance: no does not exist. The provider retries."},
		},
		"SoftDeleted": {
			reason: "A soft-deleted secret is reported.", change: func(l *look) {
				l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon())
				l.memory.secrets["db"] = memo{absence: absence{deleted: true}}
			},
			want: want{Known: true, State: v1alpha1.StateSoftDeleted, Message: "Secret db of https://web.vault.azure.net is deleted, and its name is taken until it is purged. Recover it with az keyvault secret recover, or ask your platform team."},
		},
		"JustCreated": {
			reason: "A secret that was created after the list is not missing.", change: func(l *look) {
				l.snapshot = watch.NewSnapshot(nil, []string{"db"}, before(time.Minute))
				l.empty()
				l.memory.secrets["db"] = memo{Verdict: verdict(v1alpha1.StateAwaitingValue, "value"), updated: before(time.Second)}
			},
			want: want{Known: true, State: v1alpha1.StateAwaitingValue, Message: "value does not exist"},
		},
		"CreatedAndDeleted": {
			reason: "A created secret that is absent from a later list is missing.", change: func(l *look) {
				l.snapshot = watch.NewSnapshot(nil, []string{"db"}, before(time.Second))
				l.empty()
				l.memory.secrets["db"] = memo{Verdict: verdict(v1alpha1.StateAwaitingValue, "value"), updated: before(time.Minute)}
			},
			want: want{Known: true, State: v1alpha1.StateMissing, Message: missing},
		},
		"Memo": {
			reason: "An unusable value is not read again.", change: func(l *look) {
				l.snapshot = listed(before(time.Minute), true)
				l.memory.secrets["db"] = memo{Verdict: verdict(v1alpha1.StateInvalid, "value"), updated: before(time.Minute)}
			},
			want: want{Known: true, State: v1alpha1.StateInvalid, Message: "value does not exist"},
		},
		"MemoOfOther": {
			reason: "An unusable value that has changed is read again.", change: func(l *look) {
				l.snapshot = listed(before(time.Minute), true)
				l.memory.secrets["db"] = memo{Verdict: verdict(v1alpha1.StateInvalid, "value"), updated: before(2 * time.Minute)}
			},
			want: read,
		},
		"MemoAll": {
			reason: "A full read reads an unusable value again.", change: func(l *look) {
				l.readAll, l.snapshot = true, listed(before(time.Minute), true)
				l.memory.secrets["db"] = memo{Verdict: verdict(v1alpha1.StateInvalid, "value"), updated: before(time.Minute)}
			},
			want: read,
		},
		"Held": {
			reason: "A change waits for the refresh interval.", secret: v1alpha1.SyncedSecret{RefreshInterval: &metav1.Duration{Duration: time.Hour}},
			change: func(l *look) { l.snapshot = listed(before(time.Minute), true) },
			want:   want{Known: true, State: v1alpha1.StateSynced, Message: changed, Next: 30 * time.Minute},
		},
		"HeldAll": {
			reason: "A full read does not shorten the refresh interval.", secret: v1alpha1.SyncedSecret{RefreshInterval: &metav1.Duration{Duration: time.Hour}},
			change: func(l *look) { l.readAll, l.snapshot = true, listed(before(time.Minute), true) },
			want:   want{Known: true, State: v1alpha1.StateSynced, Message: changed, Next: 30 * time.Minute},
		},
		"HeldNoMore": {
			reason: "After the refresh interval, the change is synced.", secret: v1alpha1.SyncedSecret{RefreshInterval: &metav1.Duration{Duration: 30 * time.Minute}},
			change: func(l *look) { l.snapshot = listed(before(time.Minute), true) }, want: read,
		},
		"HeldNotYet": {
			reason: "A secret that was never synced does not wait.", secret: v1alpha1.SyncedSecret{RefreshInterval: &metav1.Duration{Duration: time.Hour}},
			change: func(l *look) { l.empty() }, want: read,
		},
		"HeldOtherFormat": {
			reason: "A change of the spec does not wait.", secret: v1alpha1.SyncedSecret{Format: "Text", RefreshInterval: &metav1.Duration{Duration: time.Hour}},
			change: func(l *look) { l.snapshot = listed(before(time.Minute), true) }, want: read,
		},
		"Expired": {
			reason: "After a sync, no refresh is pending.", change: func(l *look) {
				c := l.record["db"]
				c.Expires = before(time.Hour).Unix()
				l.record["db"] = c
			},
			want: synced,
		},
		"OneByOne":    {reason: "If lists are rejected, each secret is read.", change: fails(keyvault.Forbidden), want: read},
		"Throttled":   {reason: "The vault throttles.", change: fails(keyvault.Throttled), want: want{Known: true, State: v1alpha1.StateThrottled, Message: "It cannot be read for the moment: no does not exist. The provider retries; no action is needed."}},
		"Unreachable": {reason: "The vault does not answer.", change: fails(keyvault.Unreachable), want: want{Known: true, State: v1alpha1.StateUnreachable, Message: "It cannot be read: no does not exist. The provider retries; if this lasts for 15 minutes, ask your platform team."}},
		"Unknown": {
			reason: "An unknown error counts as unreachable.", change: func(l *look) { l.snapshot.Err = errors.New("x") },
			want: want{Known: true, State: v1alpha1.StateUnreachable, Message: "It cannot be read: no response, or an unexpected one. The provider retries; if this lasts for 15 minutes, ask your platform team."},
		},
		"NoPermission": {
			reason: "A rejection by Kubernetes can happen at any time.",
			change: func(l *look) {
				l.snapshot.Err = &keyvault.Error{Reason: keyvault.NoIdentity, Kubernetes: true, Cause: said("no")}
				l.memory.since, l.record = noon(), nil
			},
			want: want{Known: true, State: v1alpha1.StateForbidden, Message: "No does not exist. Ask your platform team to check the ClusterRole and the admission policy of the provider."},
		},
		"IssuerUnreachable": {
			reason: "A failing issuer is neither a fault nor a propagation delay of the identity.",
			change: func(l *look) {
				l.empty()
				l.memory.since = before(time.Minute)
				l.snapshot.Err = &keyvault.Error{Reason: keyvault.Unreachable, Meaning: keyvault.IssuerUnreachable, Cause: finding.Finding{Reason: finding.IssuerUnreachable, Service: finding.EntraID, Code: "AADSTS50166"}}
			},
			want: want{Known: true, State: v1alpha1.StateUnreachable, Message: "It cannot be read: Entra ID cannot reach the cluster's issuer (AADSTS50166). The provider retries; if this lasts for 15 minutes, ask your platform team."},
		},
		"FederationOff": {
			reason: "A lasting refusal is Forbidden at once, even for a new identity.",
			change: func(l *look) {
				l.empty()
				l.memory.since = before(time.Minute)
				l.snapshot.Err = &keyvault.Error{Reason: keyvault.NoIdentity, Meaning: keyvault.FederationOff, Cause: said("no")}
			},
			want: want{Known: true, State: v1alpha1.StateForbidden, Message: "Identity client cannot read https://web.vault.azure.net: no does not exist. Ask your platform team to contact the administrators of the tenant."},
		},
		"OtherTenant": {
			reason: "A vault in another tenant is Forbidden at once, and nothing about the credential helps.",
			change: func(l *look) {
				l.empty()
				l.memory.since = before(time.Minute)
				l.snapshot.Err = &keyvault.Error{Reason: keyvault.NoIdentity, Cause: finding.Finding{Reason: finding.OtherTenant}}
			},
			want: want{Known: true, State: v1alpha1.StateForbidden, Message: "Identity client cannot read https://web.vault.azure.net: the vault is in another tenant than the identity. Ask your platform team to check the identity, and tenantId and clientId of the sync."},
		},
		"IdentityInvalid": {
			reason: "An invalid identity is Forbidden at once.",
			change: func(l *look) {
				l.empty()
				l.memory.since = before(time.Minute)
				l.snapshot.Err = &keyvault.Error{Reason: keyvault.NoIdentity, Cause: finding.Finding{Reason: finding.IdentityInvalid}}
			},
			want: want{Known: true, State: v1alpha1.StateForbidden, Message: "Identity client cannot read https://web.vault.azure.net: the client ID or the tenant ID is invalid. Ask your platform team to check the identity, and tenantId and clientId of the sync."},
		},
		"NoCredentialYet": {
			reason: "A new credential may still be propagating.",
			change: func(l *look) {
				l.empty()
				l.memory.since = before(time.Minute)
				l.snapshot.Err = &keyvault.Error{Reason: keyvault.NoIdentity, Meaning: keyvault.NoCredentialYet, Cause: said("no")}
			},
			want: want{Known: true, State: v1alpha1.StateAwaitingAccess, Next: 9 * time.Minute, Message: "Identity client has no access yet: no does not exist. Access takes up to 10 minutes after the identity or its role is created. No action is needed."},
		},
		"NoIdentity": {
			reason: "A removed identity is Forbidden.", change: fails(keyvault.NoIdentity),
			want: want{Known: true, State: v1alpha1.StateForbidden, Message: "Identity client cannot read https://web.vault.azure.net: no does not exist. Ask your platform team to check the federated credential of the identity, and ServiceAccount web."},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.secret.Name = "db"
			l := lookAt(tc.secret)

			if tc.change != nil {
				tc.change(l)
			}

			f, known := l.known(tc.secret)
			got := want{Known: known, State: f.State, Message: messageOf(l, f), Next: afterNoon(f.LookAgain)}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nknown(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLookRefused(t *testing.T) {
	type want struct {
		State v1alpha1.State
		Next  time.Duration
	}

	cases := map[string]struct {
		reason string
		change func(l *look)
		want   want
	}{
		"New":        {reason: "A new identity gets access soon.", change: func(l *look) { l.memory.since = before(time.Minute) }, want: want{State: v1alpha1.StateAwaitingAccess, Next: 9 * time.Minute}},
		"AlmostOver": {reason: "For ten minutes, a missing role is normal.", change: func(l *look) { l.memory.since = before(propagation - time.Second) }, want: want{State: v1alpha1.StateAwaitingAccess, Next: time.Second}},
		"Over":       {reason: "After ten minutes, a missing role is Forbidden.", change: func(l *look) { l.memory.since = before(propagation) }, want: want{State: v1alpha1.StateForbidden}},
		"Allowed":    {reason: "An identity that had access before has lost its role.", change: func(l *look) { l.memory.since, l.memory.allowed = before(time.Minute), true }, want: want{State: v1alpha1.StateForbidden}},
		"Had":        {reason: "A sync with a synced secret has had access before.", change: func(l *look) { l.memory.since = before(time.Minute); l.record["db"] = plan.Content{Version: v1} }, want: want{State: v1alpha1.StateForbidden}},
		"Known": {
			reason: "A reported refusal does not become normal when the provider restarts.", change: func(l *look) {
				l.memory.since = before(time.Minute)
				l.cr.Status.AtProvider.Secrets = []v1alpha1.ObservedSecret{{Name: "db", State: v1alpha1.StateForbidden}}
			},
			want: want{State: v1alpha1.StateForbidden},
		},
		"Waiting": {
			reason: "A secret that awaits access keeps its state.", change: func(l *look) {
				l.memory.since = before(time.Minute)
				l.cr.Status.AtProvider.Secrets = []v1alpha1.ObservedSecret{{Name: "db", State: v1alpha1.StateAwaitingAccess}}
			},
			want: want{State: v1alpha1.StateAwaitingAccess, Next: 9 * time.Minute},
		},
	}

	for name, tc := range cases {
		for _, r := range []keyvault.Reason{keyvault.Forbidden, keyvault.NoIdentity} {
			t.Run(name+string(r), func(t *testing.T) {
				l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
				l.empty()
				tc.change(l)

				o := l.failed(v1alpha1.SyncedSecret{Name: "db"}, &keyvault.Error{Reason: r})
				got := want{State: o.State, Next: afterNoon(o.LookAgain)}

				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("\n%s\nfailed(...): -want, +got:\n%s", tc.reason, diff)
				}
			})
		}
	}
}

// An application has a role on each shared secret, so access to one says nothing about another.
func TestLookRefusedOne(t *testing.T) {
	shared := func(l *look) {
		l.memory.added = before(time.Minute)
		l.lookInput = l.shared(0)
	}

	type want struct {
		State v1alpha1.State
		Next  time.Duration
	}

	awaits := want{State: v1alpha1.StateAwaitingAccess, Next: 9 * time.Minute}

	cases := map[string]struct {
		reason string
		err    keyvault.Reason
		change func(l *look)
		want   want
	}{
		"Added": {reason: "A secret that was just listed has a new role.", err: keyvault.Forbidden, change: shared, want: awaits},
		"AddedWithoutList": {
			reason: "If the application itself may not list the vault, it can have roles on secrets, too.", err: keyvault.Forbidden,
			change: func(l *look) {
				l.memory.added = before(time.Minute)
				l.snapshot.Err = &keyvault.Error{Reason: keyvault.Forbidden}
			},
			want: awaits,
		},
		"Over": {
			reason: "After ten minutes, the role is missing.", err: keyvault.Forbidden, want: want{State: v1alpha1.StateForbidden},
			change: func(l *look) { shared(l); l.memory.added = before(propagation) },
		},
		"Had": {
			reason: "A secret that was synced has lost its role.", err: keyvault.Forbidden, want: want{State: v1alpha1.StateForbidden},
			change: func(l *look) { shared(l); l.record["db"] = plan.Content{Version: v1} },
		},
		"OnVault": {
			reason: "An identity that may list the vault has a role on all of it.", err: keyvault.Forbidden, want: want{State: v1alpha1.StateForbidden},
			change: func(l *look) { l.memory.added = before(time.Minute) },
		},
		"NoIdentity": {reason: "The identity is not new.", err: keyvault.NoIdentity, change: shared, want: want{State: v1alpha1.StateForbidden}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
			l.empty()
			l.memory.allowed = true
			tc.change(l)

			o := l.failed(v1alpha1.SyncedSecret{Name: "db"}, &keyvault.Error{Reason: tc.err})
			if diff := cmp.Diff(tc.want, want{State: o.State, Next: afterNoon(o.LookAgain)}); diff != "" {
				t.Errorf("\n%s\nfailed(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLookRemedy(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    keyvault.Error
		want   finding.Reason
	}{
		"Role":   {reason: "A role is missing.", err: keyvault.Error{Reason: keyvault.Forbidden, Cause: finding.Finding{Reason: finding.RoleMissing}}, want: finding.GrantRole},
		"Policy": {reason: "Access policies ignore roles.", err: keyvault.Error{Reason: keyvault.Forbidden, Cause: finding.Finding{Reason: finding.AccessPolicyMissing}}, want: finding.CheckAccess},
		"Other":  {reason: "An unknown refusal may have nothing to do with roles.", err: keyvault.Error{Reason: keyvault.Forbidden, Cause: finding.Finding{Reason: finding.AccessRefused}}, want: finding.CheckAccess},
		"Token":  {reason: "A token is usually missing because of the credential.", err: keyvault.Error{Reason: keyvault.NoIdentity}, want: finding.CheckCredential},
		"Clocks": {reason: "Some codes of Entra ID have another remedy.", err: keyvault.Error{Reason: keyvault.NoIdentity, Meaning: keyvault.OtherTime}, want: finding.CheckClocks},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := lookAt(v1alpha1.SyncedSecret{Name: "db"}).failed(v1alpha1.SyncedSecret{Name: "db"}, &tc.err)

			if diff := cmp.Diff(tc.want, o.Findings[len(o.Findings)-1].Reason); diff != "" {
				t.Errorf("\n%s\nfailed(...): remedy: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLookRetry(t *testing.T) {
	type want struct {
		State   v1alpha1.State
		Finding finding.Reason
		Retry   bool
		Next    time.Duration
	}

	cases := map[string]struct {
		reason string
		secret v1alpha1.SyncedSecret
		// gone is true if the list does not have the secret.
		gone       bool
		distrusted bool
		err        error
		want       want
	}{
		"NotFound":    {reason: "The list will show when the secret exists.", gone: true, err: &keyvault.Error{Reason: keyvault.NotFound}, want: want{State: v1alpha1.StateMissing, Finding: finding.Gone}},
		"NoVersion":   {reason: "A missing version will not appear later.", secret: v1alpha1.SyncedSecret{Version: v2}, err: &keyvault.Error{Reason: keyvault.NotFound}, want: want{State: v1alpha1.StateMissing, Finding: finding.VersionMissing}},
		"Listed":      {reason: "A list and a read that disagree will agree later, without a change in the list.", err: &keyvault.Error{Reason: keyvault.NotFound}, want: want{State: v1alpha1.StateMissing, Finding: finding.Gone, Next: failedRetry}},
		"Deleting":    {reason: "A deletion takes seconds.", err: &keyvault.Error{Reason: keyvault.BeingDeleted}, want: want{State: v1alpha1.StateSoftDeleted, Finding: finding.BeingDeleted, Next: failedRetry}},
		"Recovering":  {reason: "A recovery ends within seconds.", err: &keyvault.Error{Reason: keyvault.BeingRecovered}, want: want{State: v1alpha1.StateSoftDeleted, Finding: finding.BeingRecovered, Next: failedRetry}},
		"Disabled":    {reason: "The list will show when the secret is enabled.", err: &keyvault.Error{Reason: keyvault.Disabled}, want: want{State: v1alpha1.StateDisabled, Finding: finding.Disabled}},
		"Forbidden":   {reason: "The list does not show when a role is assigned.", err: &keyvault.Error{Reason: keyvault.Forbidden}, want: want{State: v1alpha1.StateForbidden, Finding: finding.AccessDenied, Next: refusedRetry}},
		"Blocked":     {reason: "A vault behind a firewall is read again soon: a new private endpoint takes minutes.", err: &keyvault.Error{Reason: keyvault.Unreachable, Cause: finding.Finding{Reason: finding.FirewallBlocks}}, want: want{State: v1alpha1.StateUnreachable, Finding: finding.NetworkBlocked, Next: failedRetry}},
		"Unreachable": {reason: "An unreachable secret is read again soon.", err: &keyvault.Error{Reason: keyvault.Unreachable}, want: want{State: v1alpha1.StateUnreachable, Finding: finding.Unreachable, Next: failedRetry}},
		"Unknown":     {reason: "An unknown error is retried soon.", err: errors.New("x"), want: want{State: v1alpha1.StateUnreachable, Finding: finding.Unreachable, Next: failedRetry}},
		"Throttled":   {reason: "A read is retried after the Retry-After of Azure.", err: &keyvault.Error{Reason: keyvault.Throttled, RetryAfter: time.Minute}, want: want{State: v1alpha1.StateThrottled, Finding: finding.Throttled, Next: time.Minute}},
		"Soon":        {reason: "A retry never comes sooner than after the minimum pause.", err: &keyvault.Error{Reason: keyvault.Throttled, RetryAfter: time.Second}, want: want{State: v1alpha1.StateThrottled, Finding: finding.Throttled, Next: failedRetry}},
		"Distrusted":  {reason: "If the Secret may have changed, all secrets are read again.", distrusted: true, err: &keyvault.Error{Reason: keyvault.Unreachable}, want: want{State: v1alpha1.StateUnreachable, Finding: finding.Unreachable, Retry: true, Next: failedRetry}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.secret.Name = "db"
			l := lookAt(tc.secret)
			l.distrusted = tc.distrusted

			if tc.gone {
				l.snapshot = watch.NewSnapshot(nil, []string{"db"}, noon())
			}

			failed, at := l.retry(tc.secret, tc.err)
			o := l.failed(tc.secret, tc.err)
			got := want{State: o.State, Finding: o.Findings[0].Reason, Retry: failed, Next: afterNoon(at)}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nfailed(...), retry(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A failed read is repeated, although the list shows no change, and its verdict stays until then.
func TestLookFailed(t *testing.T) {
	type want struct {
		State v1alpha1.State
		// Next is when the secret is read again.
		Next time.Duration
	}

	fails := func(r keyvault.Reason) error { return &keyvault.Error{Reason: r, Cause: said("no")} }
	shared := func(l *look) { l.lookInput = l.shared(0) }

	cases := map[string]struct {
		reason string
		secret v1alpha1.SyncedSecret
		change func(l *look)
		err    error
		want   want
	}{
		"Unreachable":   {reason: "A secret that could not be read is not Synced.", err: fails(keyvault.Unreachable), want: want{State: v1alpha1.StateUnreachable, Next: failedRetry}},
		"Throttled":     {reason: "A throttled read is repeated.", err: fails(keyvault.Throttled), want: want{State: v1alpha1.StateThrottled, Next: failedRetry}},
		"Forbidden":     {reason: "A secret stays Forbidden until it can be read.", err: fails(keyvault.Forbidden), want: want{State: v1alpha1.StateForbidden, Next: refusedRetry}},
		"NotFound":      {reason: "A list that lags behind does not make a deleted secret Synced.", err: fails(keyvault.NotFound), want: want{State: v1alpha1.StateMissing, Next: failedRetry}},
		"Pinned":        {reason: "The list does not show when a pinned version is enabled.", secret: v1alpha1.SyncedSecret{Version: v1}, err: fails(keyvault.Disabled), want: want{State: v1alpha1.StateDisabled, Next: fullRead}},
		"PinnedGone":    {reason: "The list does not show that a pinned version is missing.", secret: v1alpha1.SyncedSecret{Version: v1}, err: fails(keyvault.NotFound), want: want{State: v1alpha1.StateMissing, Next: fullRead}},
		"Shared":        {reason: "The list of another identity does not show permissions.", change: shared, err: fails(keyvault.Forbidden), want: want{State: v1alpha1.StateForbidden, Next: refusedRetry}},
		"SharedMissing": {reason: "A read that contradicts the list of another identity is repeated.", change: shared, err: fails(keyvault.NotFound), want: want{State: v1alpha1.StateMissing, Next: failedRetry}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.secret.Name = "db"
			l := lookAt(tc.secret)
			l.fullRead = fullRead

			if tc.change != nil {
				tc.change(l)
			}

			known := func() want {
				o, _ := l.known(tc.secret)
				return want{State: o.State, Next: afterNoon(o.LookAgain)}
			}
			conclude := func(a answer) {
				l.conclude([]v1alpha1.SyncedSecret{tc.secret}, map[string]answer{"db": a}, map[string]plan.Observed{})
			}

			conclude(answer{err: tc.err})

			if diff := cmp.Diff(tc.want, known()); diff != "" {
				t.Errorf("\n%s\nknown(...): -want, +got:\n%s", tc.reason, diff)
			}

			l.now = noon().Add(tc.want.Next)

			if diff := cmp.Diff(want{}, known()); diff != "" {
				t.Errorf("\nThen it is read again.\nknown(...): -want, +got:\n%s", diff)
			}

			conclude(answer{secret: keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: v1, Updated: before(time.Hour)}}})

			if diff := cmp.Diff(want{State: v1alpha1.StateSynced}, known()); diff != "" {
				t.Errorf("\nA read that succeeds replaces the verdict.\nknown(...): -want, +got:\n%s", diff)
			}
		})
	}
}

// The verdict of the last read counts, although the list shows no change since an earlier one: a list does not show two changes
// in the same second, and nothing about pinned versions and roles.
func TestLookLastRead(t *testing.T) {
	good := keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: v1, Updated: before(time.Hour)}, Value: `{"A":"a"}`}
	bad := keyvault.Secret{Properties: keyvault.Properties{Name: "db", Version: v2, ContentType: "application/json", Updated: before(time.Hour)}, Value: "no object"}

	type want struct {
		Known bool
		State v1alpha1.State
	}

	cases := map[string]struct {
		reason string
		// empty is true if the Secret does not have the secret.
		empty bool
		reads []answer
		want  want
	}{
		"Good":        {reason: "The Secret has the latest version.", reads: []answer{{secret: good}}, want: want{Known: true, State: v1alpha1.StateSynced}},
		"Bad":         {reason: "The Secret has an earlier version of the same second.", reads: []answer{{secret: bad}}, want: want{Known: true, State: v1alpha1.StateInvalid}},
		"BadAgain":    {reason: "A full read does not change that.", reads: []answer{{secret: bad}, {secret: bad}}, want: want{Known: true, State: v1alpha1.StateInvalid}},
		"GoodAgain":   {reason: "An earlier verdict does not outlast the next read.", reads: []answer{{secret: bad}, {secret: good}}, want: want{Known: true, State: v1alpha1.StateSynced}},
		"Refused":     {reason: "An earlier verdict does not outlast a failure.", reads: []answer{{secret: bad}, {err: &keyvault.Error{Reason: keyvault.Forbidden}}}, want: want{Known: true, State: v1alpha1.StateForbidden}},
		"NeverSynced": {reason: "The failure of a secret that was never synced is not remembered.", empty: true, reads: []answer{{secret: bad}, {err: &keyvault.Error{Reason: keyvault.Forbidden}}}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := v1alpha1.SyncedSecret{Name: "db"}

			l := lookAt(s)
			if tc.empty {
				l.empty()
			}

			for _, read := range tc.reads {
				e, _ := externalOf(l)
				l.conclude([]v1alpha1.SyncedSecret{s}, map[string]answer{"db": read}, e.observed)
				e.makePlan(l.cr)
			}

			o, known := l.known(s)

			if diff := cmp.Diff(tc.want, want{Known: known, State: o.State}); diff != "" {
				t.Errorf("\n%s\nknown(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// When a list is allowed again, so are reads: the verdict of a read without a list ends.
func TestLookFailedWithoutList(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db"}
	l := lookAt(s)

	err := &keyvault.Error{Reason: keyvault.Forbidden}
	l.snapshot.Err = err
	l.conclude([]v1alpha1.SyncedSecret{s}, map[string]answer{"db": {err: err}}, map[string]plan.Observed{})

	l.snapshot.Err = nil

	if o, _ := l.known(s); o.State != v1alpha1.StateSynced {
		t.Errorf("\nknown(...): want %s, got %s", v1alpha1.StateSynced, o.State)
	}
}

// The verdict of a failed read ends when the list shows something else.
func TestLookFailedBefore(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db"}
	l := lookAt(s)
	there := l.snapshot

	l.conclude([]v1alpha1.SyncedSecret{s}, map[string]answer{"db": {err: &keyvault.Error{Reason: keyvault.NotFound}}}, map[string]plan.Observed{})

	for _, step := range []struct {
		reason   string
		snapshot watch.Snapshot
		want     v1alpha1.State
	}{
		{reason: "A list that lags behind is not believed.", snapshot: there, want: v1alpha1.StateMissing},
		{reason: "The list confirms the deletion.", snapshot: watch.NewSnapshot(nil, []string{"db"}, noon()), want: v1alpha1.StateMissing},
		{reason: "A recovered secret is Synced.", snapshot: there, want: v1alpha1.StateSynced},
	} {
		l.snapshot = step.snapshot

		if o, _ := l.known(s); o.State != step.want {
			t.Errorf("\n%s\nknown(...): want %s, got %s", step.reason, step.want, o.State)
		}
	}
}

// A running deletion or recovery is reported, but not cached.
func TestLookMoving(t *testing.T) {
	for _, r := range []keyvault.Reason{keyvault.BeingDeleted, keyvault.BeingRecovered} {
		l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
		before := l.memory.clone()

		f := l.failed(v1alpha1.SyncedSecret{Name: "db"}, &keyvault.Error{Reason: r})
		if diff := cmp.Diff(v1alpha1.StateSoftDeleted, f.State); diff != "" {
			t.Errorf("\nfailed(%s): -want, +got:\n%s", r, diff)
		}

		if diff := cmp.Diff(before.secrets, l.memory.secrets, cmp.AllowUnexported(memo{}, absence{})); diff != "" {
			t.Errorf("\nfailed(%s): it is remembered: -before, +after:\n%s", r, diff)
		}
	}
}

// A secret that is listed again starts fresh: findings about its absence do not apply to its next
// absence.
func TestLookListedAgain(t *testing.T) {
	l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
	l.memory.secrets["db"] = memo{Verdict: plan.NewVerdict(v1alpha1.StateInvalid), absence: absence{
		deleted: true, moving: keyvault.BeingRecovered, checkedAt: noon(), checkWait: fullRead, createAfter: noon().Add(fullRead), createWait: time.Minute, createFailure: notCreated("no"),
	}}

	f, known := l.known(v1alpha1.SyncedSecret{Name: "db"})
	if !known || f.State != v1alpha1.StateSynced {
		t.Errorf("\nThe secret is synced at once.\nknown(...) = %v, %t", f, known)
	}

	if diff := cmp.Diff(memo{Verdict: plan.NewVerdict(v1alpha1.StateInvalid)}, l.memory.secrets["db"], cmp.AllowUnexported(memo{}, absence{})); diff != "" {
		t.Errorf("\nmemory: -want, +got:\n%s", diff)
	}
}

func TestLookNextFullRead(t *testing.T) {
	fails := func(r keyvault.Reason) error { return &keyvault.Error{Reason: r} }

	cases := map[string]struct {
		reason string
		read   time.Time
		err    error
		want   time.Duration
	}{
		"Read":        {reason: "A full read was done a while ago.", read: before(time.Minute), want: fullRead - time.Minute},
		"Due":         {reason: "A failed full read was done just now.", read: before(fullRead), want: failedRetry},
		"Never":       {reason: "A first full read that failed is retried.", want: failedRetry},
		"Unreachable": {reason: "Nothing can be read before the watcher wakes the sync, however long that takes.", read: before(time.Hour), err: fails(keyvault.Unreachable)},
		"NoIdentity":  {reason: "Nothing can be read without an identity.", read: before(time.Hour), err: fails(keyvault.NoIdentity)},
		"Throttled":   {reason: "Nothing can be read while the vault throttles.", read: before(time.Hour), err: fails(keyvault.Throttled)},
		"OneByOne":    {reason: "Without the list, secrets may be read one by one.", read: before(time.Hour), err: fails(keyvault.Forbidden), want: failedRetry},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
			l.memory.lastFullRead, l.snapshot.Err, l.fullRead = tc.read, tc.err, fullRead

			if diff := cmp.Diff(tc.want, afterNoon(l.nextFullRead())); diff != "" {
				t.Errorf("\n%s\nnextFullRead(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A sync with many secrets does not read all of them in every interval.
func TestLookNextReadMany(t *testing.T) {
	l := lookAt(v1alpha1.SyncedSecret{Name: "db"})
	l.read = true
	l.cr.Spec.ForProvider.Secrets = make([]v1alpha1.SyncedSecret, 200)

	if diff := cmp.Diff(200*time.Second, afterNoon(l.nextRead())); diff != "" {
		t.Errorf("\nThere is one read a second.\nnextRead(): -want, +got:\n%s", diff)
	}
}

func TestLookNextRead(t *testing.T) {
	l := lookAt(v1alpha1.SyncedSecret{Name: "db"})

	const refused, some = false, true

	steps := []struct {
		reason string
		read   bool
		want   time.Duration
	}{
		{reason: "A refused read is retried.", read: refused, want: 30 * time.Second},
		{reason: "The first retry comes after a minute.", read: refused, want: time.Minute},
		{reason: "The pauses double.", read: refused, want: 2 * time.Minute},
		{reason: "The pauses double again.", read: refused, want: 4 * time.Minute},
		{reason: "The pauses have a limit.", read: refused, want: refusedRetry},
		{reason: "The pauses stay at the limit.", read: refused, want: refusedRetry},
		{reason: "A sync that can read one secret keeps its normal interval.", read: some, want: 30 * time.Second},
		{reason: "The backoff restarts after a success.", read: refused, want: 30 * time.Second},
	}

	for i, s := range steps {
		l.read = s.read

		if diff := cmp.Diff(s.want, afterNoon(l.nextRead())); diff != "" {
			t.Errorf("\n%s\nnextRead() of step %d: -want, +got:\n%s", s.reason, i, diff)
		}
	}

	l.memory.refused = 8

	for _, interval := range []time.Duration{time.Hour, 20 * 8760 * time.Hour} {
		l.interval = interval

		if diff := cmp.Diff(interval, afterNoon(l.nextRead())); diff != "" {
			t.Errorf("\nThe interval is never shortened.\nnextRead(): -want, +got:\n%s", diff)
		}
	}
}

// A look does not change its input.
func TestLookChangesNothing(t *testing.T) {
	s := v1alpha1.SyncedSecret{Name: "db"}
	everything := cmp.AllowUnexported(memory{}, memo{}, absence{}, unsettled{}, invalidVersion{}, version{}, budget{})

	original := &memory{
		secrets: map[string]memo{"db": {absence: absence{deleted: true}}}, unsettled: map[string]unsettled{"db": {at: noon()}},
		postponed: map[string]time.Time{"db": noon()}, opened: map[string]version{"db": {version: v2}},
		invalid: map[string]invalidVersion{"db": {version: version{version: v2}}}, since: before(24 * time.Hour),
	}
	kept := original.clone()

	l := lookAt(s)
	l.memory, l.snapshot.Err = original.clone(), &keyvault.Error{Reason: keyvault.Forbidden}

	l.conclude([]v1alpha1.SyncedSecret{s}, map[string]answer{"db": {secret: keyvault.Secret{
		Properties: keyvault.Properties{Name: "db", Version: v1, Updated: noon()}, Value: `{"A":"a"}`,
	}}}, map[string]plan.Observed{})
	l.nextRead()

	if diff := cmp.Diff(kept, original, everything); diff != "" {
		t.Errorf("\nconclude(...): -before, +after:\n%s", diff)
	}

	if cmp.Equal(original, l.memory, everything) {
		t.Error("\nconclude(...): nothing is remembered, so this tests nothing")
	}
}
