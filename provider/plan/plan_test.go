// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

const testVault = "https://web.vault.azure.net"

// Versions have 32 digits.
const (
	v1 = "11111111111111111111111111111111"
	v2 = "22222222222222222222222222222222"
)

func noon() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func at(d time.Duration) *metav1.Time { return new(metav1.NewTime(noon().Add(d))) }

func specOf(secrets ...v1alpha1.SyncedSecret) v1alpha1.KeyVaultSecretSyncParameters {
	return v1alpha1.KeyVaultSecretSyncParameters{
		VaultURI: testVault + "/",
		Secrets:  secrets,
		Target:   v1alpha1.Target{Name: "web-secrets"},
	}
}

// state returns a finding that was made without reading a secret.
func state(s v1alpha1.State) Observed { return Observed{Verdict: NewVerdict(s)} }

// failed returns a finding about a missing object.
func failed(s v1alpha1.State, object string) Observed {
	return Observed{Verdict: NewVerdict(s, finding.Finding{Reason: finding.ProviderConfigMissing, Object: object})}
}

func found(s keyvault.Secret) Observed { return Observed{Secret: &s} }

// secret returns a secret with a version that was set an hour before noon.
func secret(version, value string) keyvault.Secret {
	return keyvault.Secret{
		Properties: keyvault.Properties{Version: version, Enabled: true, Created: noon().Add(-2 * time.Hour), Updated: noon().Add(-time.Hour)},
		Value:      value,
	}
}

// content returns the content of that version, which was synced half an hour before noon.
func content(version string, keys ...string) Content { //nolint:unparam // A case says which version it is about.
	return Content{
		Version: version, Keys: keys,
		Created: noon().Add(-2 * time.Hour).Unix(), Updated: noon().Add(-time.Hour).Unix(), Synced: noon().Add(-30 * time.Minute).Unix(),
	}
}

// retired adds retired data keys to content.
func retired(c Content, dataKeys ...string) Content {
	c.Retired = dataKeys

	return c
}

// taken marks content that an earlier release split into keys.
func taken(c Content) Content {
	c.HadKeys = true

	return c
}

// typed sets a content type.
func typed(s keyvault.Secret, contentType string) keyvault.Secret {
	s.ContentType = contentType

	return s
}

func data(keysAndValues ...string) map[string][]byte {
	d := map[string][]byte{}
	for pair := range slices.Chunk(keysAndValues, 2) {
		d[pair[0]] = []byte(pair[1])
	}

	return d
}

// observed returns the status of content.
func observed(state v1alpha1.State, message, version string, synced time.Duration, keys ...v1alpha1.ObservedKey) v1alpha1.ObservedSecret {
	return v1alpha1.ObservedSecret{
		Name: "db", State: state, Message: message, Version: version, Keys: keys,
		CreatedAt: at(-2 * time.Hour), UpdatedAt: at(-time.Hour), SyncedAt: at(synced),
	}
}

func key(name string) v1alpha1.ObservedKey {
	return v1alpha1.ObservedKey{Key: name, DataKey: "db." + name}
}

func TestMakeSecret(t *testing.T) {
	type args struct {
		secret  v1alpha1.SyncedSecret
		current Current
		finding Observed
		inUse   []string
	}

	type want struct {
		Data    map[string][]byte
		Changed bool
		Retired []string
		Before  v1alpha1.ObservedSecret
		After   v1alpha1.ObservedSecret
	}

	const (
		stays   = " The values it had before stay in use."
		absent  = "Key A, used by env, is missing. Set it in secret db of https://web.vault.azure.net, or correct env."
		lines   = "If the value has lines KEY=VALUE that are variables, set its content type to application/x-dotenv, or format to Dotenv in the manifest."
		hadKeys = "The same version had keys before and is one variable now, because plain text is no longer split into keys. " + lines + " If it is plain text, set its content type to text/plain."
		notText = "It has keys, but env uses it as plain text. Set plain text in secret db of https://web.vault.azure.net, or name a key in env."
	)

	had := Current{Data: data("db.A", "a"), Record: Record{"db": content(v1, "A")}}

	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"First": {
			reason: "A new secret is written, and reported once it is.",
			args:   args{finding: found(secret(v1, `{"A":"a"}`))},
			want: want{
				Data: data("db.A", "a"), Changed: true,
				Before: v1alpha1.ObservedSecret{Name: "db", Message: "The latest version is not in the Secret yet."},
				After:  observed(v1alpha1.StateSynced, "", v1, 0, key("A")),
			},
		},
		"Same": {
			reason: "A version that was read again changes nothing, not even the time of its sync.",
			args:   args{current: had, finding: found(secret(v1, `{"A":"a"}`))},
			want: want{
				Data:   data("db.A", "a"),
				Before: observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A")),
			},
		},
		"Latest": {
			reason: "An unchanged secret needs no read.",
			args:   args{current: had, finding: state(v1alpha1.StateSynced)},
			want: want{
				Data:   data("db.A", "a"),
				Before: observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A")),
			},
		},
		"NewVersion": {
			reason: "A new version replaces the old one: its removed keys are deleted.",
			args:   args{current: had, finding: found(secret(v2, `{"B":"b"}`))},
			want: want{
				Data: data("db.B", "b"), Changed: true,
				Before: observed("", "The latest version is not in the Secret yet.", v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateSynced, "", v2, 0, key("B")),
			},
		},
		"KeyInUse": {
			reason: "A removed key that pods reference keeps its last value, and is not reported.",
			args:   args{current: had, finding: found(secret(v2, `{"B":"b"}`)), inUse: []string{"db.A"}},
			want: want{
				Data: data("db.A", "a", "db.B", "b"), Changed: true, Retired: []string{"db.A"},
				Before: observed("", "The latest version is not in the Secret yet.", v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateSynced, "", v2, 0, key("B")),
			},
		},
		"KeyStillInUse": {
			reason: "A retired key remains when a later version lacks it too, and other removed keys are deleted.",
			args: args{
				current: Current{Data: data("db.A", "a", "db.B", "b", "db.C", "c"), Record: Record{"db": retired(content(v1, "B"), "db.A", "db.C")}},
				finding: found(secret(v2, `{"D":"d"}`)), inUse: []string{"db.C", "db.A", "db.A", "dbx.A", "db.D", "db.E"},
			},
			want: want{
				Data: data("db.A", "a", "db.C", "c", "db.D", "d"), Changed: true, Retired: []string{"db.A", "db.C"},
				Before: observed("", "The latest version is not in the Secret yet.", v1, -30*time.Minute, key("B")),
				After:  observed(v1alpha1.StateSynced, "", v2, 0, key("D")),
			},
		},
		"KeyInUseUnchanged": {
			reason: "Without a change, nothing is written.",
			args: args{
				current: Current{Data: data("db.A", "a", "db.B", "b"), Record: Record{"db": retired(content(v1, "B"), "db.A")}},
				finding: state(v1alpha1.StateSynced), inUse: []string{"db.A", "db.B"},
			},
			want: want{
				Data: data("db.A", "a", "db.B", "b"), Retired: []string{"db.A"},
				Before: observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("B")),
				After:  observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("B")),
			},
		},
		"KeyBack": {
			reason: "A key that returns gets its new value.",
			args: args{
				current: Current{Data: data("db.A", "a", "db.B", "b"), Record: Record{"db": retired(content(v1, "B"), "db.A")}},
				finding: found(secret(v2, `{"A":"new"}`)), inUse: []string{"db.A"},
			},
			want: want{
				Data: data("db.A", "new"), Changed: true,
				Before: observed("", "The latest version is not in the Secret yet.", v1, -30*time.Minute, key("B")),
				After:  observed(v1alpha1.StateSynced, "", v2, 0, key("A")),
			},
		},
		"KeyNotInUse": {
			reason: "A retired key that no pod references is deleted, whatever the vault answers.",
			args: args{
				current: Current{Data: data("db.A", "a", "db.B", "b"), Record: Record{"db": retired(content(v1, "B"), "db.A")}},
				finding: failed(v1alpha1.StateUnreachable, "vault"), inUse: []string{"db.B"},
			},
			want: want{
				Data: data("db.B", "b"), Changed: true,
				Before: observed(v1alpha1.StateUnreachable, "vault does not exist"+stays, v1, -30*time.Minute, key("B")),
				After:  observed(v1alpha1.StateUnreachable, "vault does not exist"+stays, v1, -30*time.Minute, key("B")),
			},
		},
		"TextInUse": {
			reason: "Plain text in use is kept when its secret gets keys.",
			args: args{
				current: Current{Data: data("db", "text"), Record: Record{"db": content(v1, "")}},
				finding: found(secret(v2, `{"A":"a"}`)), inUse: []string{"db"},
			},
			want: want{
				Data: data("db", "text", "db.A", "a"), Changed: true, Retired: []string{"db"},
				Before: observed("", "The latest version is not in the Secret yet.", v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
				After:  observed(v1alpha1.StateSynced, "", v2, 0, key("A")),
			},
		},
		"LostRecordInUse": {
			reason: "A retired key is kept even without a record.",
			args:   args{current: Current{Data: had.Data}, finding: found(secret(v2, `{"B":"b"}`)), inUse: []string{"db.A"}},
			want: want{
				Data: data("db.A", "a", "db.B", "b"), Changed: true, Retired: []string{"db.A"},
				Before: v1alpha1.ObservedSecret{Name: "db", Message: "The latest version is not in the Secret yet."},
				After:  observed(v1alpha1.StateSynced, "", v2, 0, key("B")),
			},
		},
		"RequiredKeyGone": {
			reason: "A version without a required key does not replace one with the key.",
			args: args{
				secret:  v1alpha1.SyncedSecret{RequiredKeys: []string{"A"}},
				current: had, finding: found(secret(v2, `{"B":"b"}`)),
			},
			want: want{
				Data:   data("db.A", "a"),
				Before: observed(v1alpha1.StateAwaitingValue, absent+stays, v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateAwaitingValue, absent+stays, v1, -30*time.Minute, key("A")),
			},
		},
		"RequiredKeyNull": {
			reason: "A version in which a key of the structure has no value is not synced.",
			args: args{
				secret:  v1alpha1.SyncedSecret{RequiredKeys: []string{"A"}},
				current: had, finding: found(secret(v2, `{"A":null,"B":"b"}`)),
			},
			want: want{
				Data:   data("db.A", "a"),
				Before: observed(v1alpha1.StateAwaitingValue, absent+stays, v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateAwaitingValue, absent+stays, v1, -30*time.Minute, key("A")),
			},
		},
		"RequiredKeyEmpty": {
			reason: "An empty value counts as a value, because it may be intended.",
			args: args{
				secret:  v1alpha1.SyncedSecret{RequiredKeys: []string{"A"}},
				current: had, finding: found(secret(v2, `{"A":""}`)),
			},
			want: want{
				Data: data("db.A", ""), Changed: true,
				Before: observed("", "The latest version is not in the Secret yet.", v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateSynced, "", v2, 0, key("A")),
			},
		},
		"RequiredKeysFirst": {
			reason: "An incomplete new secret is not written.",
			args: args{
				secret:  v1alpha1.SyncedSecret{RequiredKeys: []string{"A", "B", "C"}},
				finding: found(secret(v1, `{"B":"b"}`)),
			},
			want: want{
				Data:   data(),
				Before: v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "Keys A, C, used by env, are missing. Set them in secret db of https://web.vault.azure.net, or correct env."},
				After:  v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "Keys A, C, used by env, are missing. Set them in secret db of https://web.vault.azure.net, or correct env."},
			},
		},
		"RequiredKeyOfNone": {
			reason: "A secret that was just created has no values.",
			args: args{
				secret:  v1alpha1.SyncedSecret{RequiredKeys: []string{"A"}},
				finding: found(secret(v1, `{}`)),
			},
			want: want{
				Data:   data(),
				Before: v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "It has no values yet. Set a value of db in https://web.vault.azure.net."},
				After:  v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "It has no values yet. Set a value of db in https://web.vault.azure.net."},
			},
		},
		"RequiredText": {
			reason: "A variable of plain text cannot use keys.",
			args: args{
				secret:  v1alpha1.SyncedSecret{RequiredKeys: []string{""}},
				current: Current{Data: data("db", "text"), Record: Record{"db": content(v1, "")}}, finding: found(secret(v2, `{"A":"a"}`)),
			},
			want: want{
				Data:   data("db", "text"),
				Before: observed(v1alpha1.StateAwaitingValue, notText+stays, v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
				After:  observed(v1alpha1.StateAwaitingValue, notText+stays, v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
			},
		},
		"RequiredKeyOfText": {
			reason: "Plain text has no keys, and its lines may have been meant as variables.",
			args: args{
				secret:  v1alpha1.SyncedSecret{RequiredKeys: []string{"A"}},
				current: had, finding: found(secret(v1, "A=a\nB=b\n")),
			},
			want: want{
				Data:   data("db.A", "a"),
				Before: observed(v1alpha1.StateAwaitingValue, "It is plain text, but key A is expected. Set JSON in secret db of https://web.vault.azure.net. "+lines+stays, v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateAwaitingValue, "It is plain text, but key A is expected. Set JSON in secret db of https://web.vault.azure.net. "+lines+stays, v1, -30*time.Minute, key("A")),
			},
		},
		"StructureOfText": {
			reason: "Plain text lacks the keys of the structure, whatever its content.",
			args: args{
				secret:  v1alpha1.SyncedSecret{Keys: []string{"A", "B"}, RequiredKeys: []string{"C"}},
				finding: found(secret(v1, "hunter2")),
			},
			want: want{
				Data:   data(),
				Before: v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "It is plain text, but keys A, B, C are expected. Set JSON in secret db of https://web.vault.azure.net. " + lines},
				After:  v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "It is plain text, but keys A, B, C are expected. Set JSON in secret db of https://web.vault.azure.net. " + lines},
			},
		},
		"StructureOfTextChanged": {
			reason: "Keys that were added to the structure are missing, too.",
			args: args{
				secret:  v1alpha1.SyncedSecret{Keys: []string{"A"}},
				current: Current{Data: data("db", "text"), Record: Record{"db": content(v1, "")}}, finding: state(v1alpha1.StateSynced),
			},
			want: want{
				Data:   data("db", "text"),
				Before: observed(v1alpha1.StateAwaitingValue, "It is plain text, but key A is expected. Set JSON in secret db of https://web.vault.azure.net. "+lines+stays, v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
				After:  observed(v1alpha1.StateAwaitingValue, "It is plain text, but key A is expected. Set JSON in secret db of https://web.vault.azure.net. "+lines+stays, v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
			},
		},
		"HadKeys": {
			reason: "Plain text that an earlier release split into keys is one value. Its keys stay while pods reference them, and the message contains the remedy.",
			args: args{
				current: Current{Data: data("db.A", "a", "db.B", "b"), Record: Record{"db": content(v1, "A", "B")}},
				finding: found(secret(v1, "A=a\nB=b\n")), inUse: []string{"db.A"},
			},
			want: want{
				Data: data("db", "A=a\nB=b\n", "db.A", "a"), Changed: true, Retired: []string{"db.A"},
				Before: observed(v1alpha1.StateSynced, hadKeys, v1, -30*time.Minute, key("A"), key("B")),
				After:  observed(v1alpha1.StateSynced, hadKeys, v1, 0, v1alpha1.ObservedKey{DataKey: "db"}),
			},
		},
		"HadKeysStill": {
			reason: "The hint on lost keys stays while nothing changes.",
			args: args{
				current: Current{Data: data("db", "A=a\nB=b\n"), Record: Record{"db": taken(content(v1, ""))}},
				finding: state(v1alpha1.StateSynced),
			},
			want: want{
				Data:   data("db", "A=a\nB=b\n"),
				Before: observed(v1alpha1.StateSynced, hadKeys, v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
				After:  observed(v1alpha1.StateSynced, hadKeys, v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
			},
		},
		"HadKeysRead": {
			reason: "The hint on lost keys stays when the same version is read again.",
			args: args{
				current: Current{Data: data("db", "A=a\nB=b\n"), Record: Record{"db": taken(content(v1, ""))}},
				finding: found(secret(v1, "A=a\nB=b\n")),
			},
			want: want{
				Data:   data("db", "A=a\nB=b\n"),
				Before: observed(v1alpha1.StateSynced, hadKeys, v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
				After:  observed(v1alpha1.StateSynced, hadKeys, v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
			},
		},
		"HadKeysAgain": {
			reason: "A content type text/plain shows that plain text was intended.",
			args: args{
				current: Current{Data: data("db", "A=a\n"), Record: Record{"db": taken(content(v1, ""))}},
				finding: found(typed(secret(v1, "A=a\n"), "application/x-dotenv")),
			},
			want: want{
				Data: data("db.A", "a"), Changed: true,
				Before: observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
				After: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "", v1, 0, key("A"))
					o.ContentType = "application/x-dotenv"

					return o
				}(),
			},
		},
		"HadKeysNoMore": {
			reason: "The hint on lost keys ends with the content type text/plain.",
			args: args{
				current: Current{Data: data("db", "A=a\n"), Record: Record{"db": taken(content(v1, ""))}},
				finding: found(typed(secret(v1, "A=a\n"), "text/plain")),
			},
			want: want{
				Data: data("db", "A=a\n"), Changed: true,
				Before: observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"}),
				After: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, v1alpha1.ObservedKey{DataKey: "db"})
					o.ContentType = "text/plain"

					return o
				}(),
			},
		},
		"TextOfNewVersion": {
			reason: "A new version may be plain text.",
			args:   args{current: had, finding: found(secret(v2, "hunter2"))},
			want: want{
				Data: data("db", "hunter2"), Changed: true,
				Before: observed("", "The latest version is not in the Secret yet.", v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateSynced, "", v2, 0, v1alpha1.ObservedKey{DataKey: "db"}),
			},
		},
		"RequirementChanged": {
			reason: "A newly required key is reported as missing, even for the latest version.",
			args: args{
				secret:  v1alpha1.SyncedSecret{RequiredKeys: []string{"A"}},
				current: Current{Data: data("db.B", "b"), Record: Record{"db": content(v1, "B")}}, finding: state(v1alpha1.StateSynced),
			},
			want: want{
				Data:   data("db.B", "b"),
				Before: observed(v1alpha1.StateAwaitingValue, absent+stays, v1, -30*time.Minute, key("B")),
				After:  observed(v1alpha1.StateAwaitingValue, absent+stays, v1, -30*time.Minute, key("B")),
			},
		},
		"Repaired": {
			reason: "A value that was changed in the Secret is restored.",
			args: args{
				current: Current{Data: data("db.A", "tampered"), Record: had.Record},
				finding: found(secret(v1, `{"A":"a"}`)),
			},
			want: want{
				Data: data("db.A", "a"), Changed: true,
				Before: observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateSynced, "", v1, 0, key("A")),
			},
		},
		"Restored": {
			reason: "A key that was removed from the Secret is restored, and not reported until then.",
			args: args{
				current: Current{Data: data("db.A", "a"), Record: Record{"db": content(v1, "A", "B")}},
				finding: found(secret(v1, `{"A":"a","B":"b"}`)),
			},
			want: want{
				Data: data("db.A", "a", "db.B", "b"), Changed: true,
				Before: v1alpha1.ObservedSecret{Name: "db", Message: "The latest version is not in the Secret yet."},
				After:  observed(v1alpha1.StateSynced, "", v1, 0, key("A"), key("B")),
			},
		},
		"Text": {
			reason: "Plain text is stored under the name of the secret.",
			args:   args{finding: found(secret(v1, "a"))},
			want: want{
				Data: data("db", "a"), Changed: true,
				Before: v1alpha1.ObservedSecret{Name: "db", Message: "The latest version is not in the Secret yet."},
				After:  observed(v1alpha1.StateSynced, "", v1, 0, v1alpha1.ObservedKey{DataKey: "db"}),
			},
		},
		"Null": {
			reason: "A key without a value is omitted, a key with an empty value is not.",
			args:   args{finding: found(secret(v1, `{"A":null,"B":""}`))},
			want: want{
				Data: data("db.B", ""), Changed: true,
				Before: v1alpha1.ObservedSecret{Name: "db", Message: "The latest version is not in the Secret yet."},
				After:  observed(v1alpha1.StateSynced, "", v1, 0, key("B")),
			},
		},
		"AwaitingAll": {
			reason: "An object without keys has no values yet.",
			args:   args{finding: found(secret(v1, `{}`))},
			want: want{
				Data:   data(),
				Before: v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "It has no values yet. Set a value of db in https://web.vault.azure.net."},
				After:  v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "It has no values yet. Set a value of db in https://web.vault.azure.net."},
			},
		},
		"AwaitingSome": {
			reason: "While keys of the structure are empty, null or absent, nothing of the secret is written.",
			args: args{
				secret:  v1alpha1.SyncedSecret{Keys: []string{"A", "B", "C", "D"}},
				finding: found(secret(v1, `{"A":"a","B":"","C":null}`)),
			},
			want: want{
				Data:   data(),
				Before: v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "Keys B, C, D have no values yet. Set them in secret db of https://web.vault.azure.net."},
				After:  v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateAwaitingValue, Message: "Keys B, C, D have no values yet. Set them in secret db of https://web.vault.azure.net."},
			},
		},
		"AwaitingAfterSynced": {
			reason: "An incomplete new version does not replace a complete one.",
			args: args{
				secret:  v1alpha1.SyncedSecret{Keys: []string{"A"}},
				current: had, finding: found(secret(v2, `{"A":""}`)),
			},
			want: want{
				Data:   data("db.A", "a"),
				Before: observed(v1alpha1.StateAwaitingValue, "Key A has no value yet. Set it in secret db of https://web.vault.azure.net."+stays, v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateAwaitingValue, "Key A has no value yet. Set it in secret db of https://web.vault.azure.net."+stays, v1, -30*time.Minute, key("A")),
			},
		},
		"StructureChanged": {
			reason: "A newly listed key is reported as missing, even for the latest version.",
			args: args{
				secret:  v1alpha1.SyncedSecret{Keys: []string{"A", "B"}},
				current: had, finding: state(v1alpha1.StateSynced),
			},
			want: want{
				Data:   data("db.A", "a"),
				Before: observed(v1alpha1.StateAwaitingValue, "Key B has no value yet. Set it in secret db of https://web.vault.azure.net."+stays, v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateAwaitingValue, "Key B has no value yet. Set it in secret db of https://web.vault.azure.net."+stays, v1, -30*time.Minute, key("A")),
			},
		},
		"StructureOfEmptyValue": {
			reason: "A key of the structure that is empty in the Secret has no value yet.",
			args: args{
				secret:  v1alpha1.SyncedSecret{Keys: []string{"A"}},
				current: Current{Data: data("db.A", ""), Record: had.Record}, finding: state(v1alpha1.StateSynced),
			},
			want: want{
				Data:   data("db.A", ""),
				Before: observed(v1alpha1.StateAwaitingValue, "Key A has no value yet. Set it in secret db of https://web.vault.azure.net."+stays, v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateAwaitingValue, "Key A has no value yet. Set it in secret db of https://web.vault.azure.net."+stays, v1, -30*time.Minute, key("A")),
			},
		},
		"Invalid": {
			reason: "The message about an invalid value is a sentence without the value.",
			args: args{
				secret:  v1alpha1.SyncedSecret{Format: "JSON"},
				current: had, finding: found(secret(v2, `hunter2`)),
			},
			want: want{
				Data:   data("db.A", "a"),
				Before: observed(v1alpha1.StateInvalid, `Cannot read secret "db" as JSON: line 1, column 1: an object in { } is expected: write one, or set the format to Text.`+stays, v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateInvalid, `Cannot read secret "db" as JSON: line 1, column 1: an object in { } is expected: write one, or set the format to Text.`+stays, v1, -30*time.Minute, key("A")),
			},
		},
		"Failed": {
			reason: "An unreadable secret keeps its values.",
			args:   args{current: had, finding: failed(v1alpha1.StateForbidden, "vault")},
			want: want{
				Data:   data("db.A", "a"),
				Before: observed(v1alpha1.StateForbidden, "vault does not exist"+stays, v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateForbidden, "vault does not exist"+stays, v1, -30*time.Minute, key("A")),
			},
		},
		"FailedNeverSynced": {
			reason: "A secret that was never synced has no values that stay in use.",
			args:   args{finding: failed(v1alpha1.StateMissing, "secret")},
			want: want{
				Data:   data(),
				Before: v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateMissing, Message: "secret does not exist"},
				After:  v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateMissing, Message: "secret does not exist"},
			},
		},
		"LostRecord": {
			reason: "Without a record, data that looks like the secret's is kept until it can be replaced, and its version is unknown.",
			args: args{
				current: Current{Data: data("db.A", "a", "db", "text", "dbx", "foreign", "dbx.A", "foreign")},
				finding: failed(v1alpha1.StateUnreachable, "vault"),
			},
			want: want{
				Data:   data("db.A", "a", "db", "text"),
				Before: v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateUnreachable, Message: "vault does not exist"},
				After:  v1alpha1.ObservedSecret{Name: "db", State: v1alpha1.StateUnreachable, Message: "vault does not exist"},
			},
		},
		"Expired": {
			reason: "An expired secret is synced, with a warning.",
			args: args{finding: found(keyvault.Secret{
				Properties: keyvault.Properties{Version: v1, Created: noon().Add(-2 * time.Hour), Updated: noon().Add(-time.Hour), Expires: noon()}, Value: `{"A":"a"}`,
			})},
			want: want{
				Data: data("db.A", "a"), Changed: true,
				Before: v1alpha1.ObservedSecret{Name: "db", Message: "The latest version is not in the Secret yet."},
				After: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "It expired at 2026-05-01T12:00:00Z. Its values are still in use; set new ones in https://web.vault.azure.net.", v1, 0, key("A"))
					o.ExpiresAt = at(0)

					return o
				}(),
			},
		},
		"NotYetValid": {
			reason: "A secret that is not valid yet is synced, with a warning.",
			args: args{finding: found(keyvault.Secret{
				Properties: keyvault.Properties{
					Version: v1, Created: noon().Add(-2 * time.Hour), Updated: noon().Add(-time.Hour), NotBefore: noon().Add(time.Second),
				}, Value: `{"A":"a"}`,
			})},
			want: want{
				Data: data("db.A", "a"), Changed: true,
				Before: v1alpha1.ObservedSecret{Name: "db", Message: "The latest version is not in the Secret yet."},
				After: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "It is not valid before 2026-05-01T12:00:01Z. Its values are already in use, because Key Vault serves them.", v1, 0, key("A"))
					o.NotBefore = at(time.Second)

					return o
				}(),
			},
		},
		"ValidMeanwhile": {
			reason: "The warning ends when the secret becomes valid.",
			args: args{
				current: Current{Data: had.Data, Record: func() Record {
					c := content(v1, "A")
					c.NotBefore = noon().Unix()

					return Record{"db": c}
				}()},
				finding: state(v1alpha1.StateSynced),
			},
			want: want{
				Data: data("db.A", "a"),
				Before: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A"))
					o.NotBefore = at(0)

					return o
				}(),
				After: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A"))
					o.NotBefore = at(0)

					return o
				}(),
			},
		},
		"NeverValid": {
			reason: "A secret that expires before it becomes valid gets both warnings, and a year that the status cannot hold is omitted.",
			args: args{finding: found(keyvault.Secret{
				Properties: keyvault.Properties{
					Version: v1, Created: noon().Add(-2 * time.Hour), Updated: noon().Add(-time.Hour), NotBefore: time.Unix(maxUnix+1, 0), Expires: noon(),
				}, Value: `{"A":"a"}`,
			})},
			want: want{
				Data: data("db.A", "a"), Changed: true,
				Before: v1alpha1.ObservedSecret{Name: "db", Message: "The latest version is not in the Secret yet."},
				After: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "It is not valid before 10000-01-01T00:00:00Z. Its values are already in use, because Key Vault serves them. "+
						"It expired at 2026-05-01T12:00:00Z. Its values are still in use; set new ones in https://web.vault.azure.net.", v1, 0, key("A"))
					o.ExpiresAt = at(0)

					return o
				}(),
			},
		},
		"ExpiredMeanwhile": {
			reason: "The message of a synced secret is kept next to the warning.",
			args: args{
				current: Current{Data: had.Data, Record: func() Record {
					c := content(v1, "A")
					c.Expires = noon().Add(-time.Second).Unix()

					return Record{"db": c}
				}()},
				finding: failed(v1alpha1.StateSynced, "change"),
			},
			want: want{
				Data: data("db.A", "a"),
				Before: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "change does not exist It expired at 2026-05-01T11:59:59Z. Its values are still in use; set new ones in https://web.vault.azure.net.", v1, -30*time.Minute, key("A"))
					o.ExpiresAt = at(-time.Second)

					return o
				}(),
				After: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "change does not exist It expired at 2026-05-01T11:59:59Z. Its values are still in use; set new ones in https://web.vault.azure.net.", v1, -30*time.Minute, key("A"))
					o.ExpiresAt = at(-time.Second)

					return o
				}(),
			},
		},
		"FormatChanged": {
			reason: "The same version in another format is different content.",
			args: args{
				secret:  v1alpha1.SyncedSecret{Format: "Text"},
				current: had, finding: found(secret(v1, `{"A":"a"}`)),
			},
			want: want{
				Data: data("db", `{"A":"a"}`), Changed: true,
				Before: observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A")),
				After:  observed(v1alpha1.StateSynced, "", v1, 0, v1alpha1.ObservedKey{DataKey: "db"}),
			},
		},
		"MetadataChanged": {
			reason: "A content type that was added later changes only the record.",
			args: args{current: had, finding: found(keyvault.Secret{
				Properties: keyvault.Properties{Version: v1, ContentType: "application/json", Created: noon().Add(-2 * time.Hour), Updated: noon().Add(-time.Minute)}, Value: `{"A":"a"}`,
			})},
			want: want{
				Data: data("db.A", "a"), Changed: true,
				Before: observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A")),
				After: func() v1alpha1.ObservedSecret {
					o := observed(v1alpha1.StateSynced, "", v1, -30*time.Minute, key("A"))
					o.ContentType, o.UpdatedAt = "application/json", at(-time.Minute)

					return o
				}(),
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.args.secret.Name = "db"

			spec := specOf(tc.args.secret)
			spec.Target.InUse = tc.args.inUse

			p := Make(spec, v1alpha1.KeyVaultSecretSyncObservation{}, tc.args.current, map[string]Observed{"db": tc.args.finding}, noon())
			got := want{Data: p.Data, Changed: p.Changed, Retired: p.Record["db"].Retired, Before: p.Before.Observation(spec).Secrets[0], After: p.After.Observation(spec).Secrets[0]}

			checkReasons(t, p.Before, spec)
			checkReasons(t, p.After, spec)

			// The comparison includes the messages.
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(v1alpha1.ObservedSecret{}, "Reason")); diff != "" {
				t.Errorf("\n%s\nMake(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A secret is not reported as synced unless all of its data is in the Secret, because its keys
// would not be reported.
func TestMakeIncompleteIsNotSynced(t *testing.T) {
	current := Current{Data: data("db.A", "a"), Record: Record{"db": content(v1, "A", "B")}}

	p := Make(specOf(v1alpha1.SyncedSecret{Name: "db"}), v1alpha1.KeyVaultSecretSyncObservation{}, current,
		map[string]Observed{"db": state(v1alpha1.StateSynced)}, noon())

	if got := p.After.Secrets[0]; got.State == v1alpha1.StateSynced && got.Version == "" {
		t.Errorf("\nKey B of db is gone from the Secret.\nMake(...): says that db is synced, of no version and without keys, %s of all", p.After.SecretsSynced)
	}
}

func TestMakeForeignData(t *testing.T) {
	cases := map[string]struct {
		reason  string
		current Current
		want    bool
	}{
		"Other":   {reason: "Foreign data changes nothing.", current: Current{Data: data("db.A", "a", "foreign", "x", "other.A", "x"), Record: Record{"db": content(v1, "A")}}},
		"SameKey": {reason: "Foreign data is kept, even under a name that could belong to the secret.", current: Current{Data: data("db.A", "a", "db.FOREIGN", "x"), Record: Record{"db": content(v1, "A")}}},
		"Removed": {
			reason:  "The data of a secret that is no longer listed is removed.",
			current: Current{Data: data("db.A", "a", "old.A", "x"), Record: Record{"db": content(v1, "A"), "old": content(v1, "A")}}, want: true,
		},
		"RemovedBySomebodyElse": {
			reason:  "Data that is already missing is only removed from the record.",
			current: Current{Data: data("db.A", "a"), Record: Record{"db": content(v1, "A"), "old": content(v1, "A")}}, want: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := Make(specOf(v1alpha1.SyncedSecret{Name: "db"}), v1alpha1.KeyVaultSecretSyncObservation{}, tc.current,
				map[string]Observed{"db": state(v1alpha1.StateSynced)}, noon())

			if diff := cmp.Diff(tc.want, p.Changed); diff != "" {
				t.Errorf("\n%s\nMake(...).Changed: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(data("db.A", "a"), p.Data); diff != "" {
				t.Errorf("\n%s\nMake(...).Data: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMakeLastChangeTime(t *testing.T) {
	before := at(-time.Hour)

	cases := map[string]struct {
		reason   string
		previous *metav1.Time
		current  Current
		finding  Observed
		want     *metav1.Time
	}{
		"Nothing": {reason: "Without any content, there is no time of change.", finding: state(v1alpha1.StateMissing)},
		"Changed": {reason: "Changed content sets the time.", previous: before, finding: found(secret(v1, "a")), want: at(0)},
		"Same": {
			reason: "Unchanged content keeps the time.", previous: before,
			current: Current{Data: data("db", "a"), Record: Record{"db": content(v1, "")}}, finding: state(v1alpha1.StateSynced), want: before,
		},
		"RecordOnly": {
			reason: "A new version with the same content keeps the time.", previous: before,
			current: Current{Data: data("db", "a"), Record: Record{"db": content(v1, "")}}, finding: found(secret(v2, "a")), want: before,
		},
		"StatusLost": {
			reason:  "Existing content with an unknown time of change gets the current time.",
			current: Current{Data: data("db", "a"), Record: Record{"db": content(v1, "")}}, finding: state(v1alpha1.StateSynced), want: at(0),
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := Make(specOf(v1alpha1.SyncedSecret{Name: "db"}), v1alpha1.KeyVaultSecretSyncObservation{LastChangeTime: tc.previous}, tc.current,
				map[string]Observed{"db": tc.finding}, noon().Add(300*time.Millisecond))

			if diff := cmp.Diff(tc.want, p.After.LastChangeTime); diff != "" {
				t.Errorf("\n%s\nMake(...).After.LastChangeTime: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.previous, p.Before.LastChangeTime); diff != "" {
				t.Errorf("\n%s\nMake(...).Before.LastChangeTime: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMakeState(t *testing.T) {
	type secrets []v1alpha1.SyncedSecret

	type want struct {
		State    v1alpha1.State
		Synced   string
		NotReady []string
	}

	a, b, c := v1alpha1.SyncedSecret{Name: "a"}, v1alpha1.SyncedSecret{Name: "b"}, v1alpha1.SyncedSecret{Name: "c"}
	optional := v1alpha1.SyncedSecret{Name: "a", Optional: true}
	synced := state(v1alpha1.StateSynced)
	has := Current{Data: data("a", "a", "b", "b"), Record: Record{"a": content(v1, ""), "b": content(v1, "")}}

	cases := map[string]struct {
		reason   string
		secrets  secrets
		current  Current
		findings map[string]Observed
		want     want
	}{
		"None":   {reason: "A sync without secrets is ready.", want: want{State: v1alpha1.StateSynced, Synced: "0/0"}},
		"Synced": {reason: "A sync whose secrets are all synced is ready.", secrets: secrets{a, b}, current: has, findings: map[string]Observed{"a": synced, "b": synced}, want: want{State: v1alpha1.StateSynced, Synced: "2/2"}},
		"Worst": {
			reason: "A rejected read is worse than an awaited value.", secrets: secrets{a, b, c}, current: has,
			findings: map[string]Observed{"a": synced, "b": state(v1alpha1.StateForbidden), "c": state(v1alpha1.StateAwaitingValue)},
			want:     want{State: v1alpha1.StateForbidden, Synced: "1/3", NotReady: []string{"c"}},
		},
		"NotFoundOut": {
			reason: "A secret without a finding has no message.", secrets: secrets{a, b}, current: has,
			findings: map[string]Observed{"a": synced}, want: want{State: "", Synced: "1/2"},
		},
		"OptionalMissing": {
			reason: "An optional secret may be missing.", secrets: secrets{optional},
			findings: map[string]Observed{"a": state(v1alpha1.StateMissing)}, want: want{State: v1alpha1.StateSynced, Synced: "0/1"},
		},
		"OptionalAwaiting": {
			reason: "An optional secret may have no value.", secrets: secrets{optional},
			findings: map[string]Observed{"a": state(v1alpha1.StateAwaitingValue)}, want: want{State: v1alpha1.StateSynced, Synced: "0/1"},
		},
		"OptionalInvalid": {
			reason: "An optional secret that cannot be read is a problem, but does not block readiness.", secrets: secrets{optional},
			findings: map[string]Observed{"a": state(v1alpha1.StateInvalid)}, want: want{State: v1alpha1.StateInvalid, Synced: "0/1"},
		},
		"OptionalGone": {
			reason: "A missing optional secret is a problem while it is in use.", secrets: secrets{optional}, current: has,
			findings: map[string]Observed{"a": state(v1alpha1.StateMissing)}, want: want{State: v1alpha1.StateMissing, Synced: "0/1"},
		},
		"Gone": {
			reason: "A secret that was synced once does not block readiness.", secrets: secrets{a}, current: has,
			findings: map[string]Observed{"a": state(v1alpha1.StateMissing)}, want: want{State: v1alpha1.StateMissing, Synced: "0/1"},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := Make(specOf(tc.secrets...), v1alpha1.KeyVaultSecretSyncObservation{}, tc.current, tc.findings, noon())

			got := want{State: p.After.State, Synced: p.After.SecretsSynced}
			for _, s := range NotReady(p.After.KeyVaultSecretSyncObservation, specOf(tc.secrets...)) {
				got.NotReady = append(got.NotReady, s.Name)
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nMake(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// No previous status makes a plan fail.
func TestMakeForeignState(t *testing.T) {
	p := Make(specOf(v1alpha1.SyncedSecret{Name: "db"}), v1alpha1.KeyVaultSecretSyncObservation{
		Secrets: []v1alpha1.ObservedSecret{{Name: "db", State: "OfAnotherRelease"}},
	}, Current{}, map[string]Observed{"db": found(secret(v1, "a"))}, noon())

	if diff := cmp.Diff(data("db", "a"), p.Data); diff != "" {
		t.Errorf("\nA state that this release does not know is replaced.\nMake(...): -want, +got:\n%s", diff)
	}
}

// large returns secrets that do not fit into one Secret together.
func large(n int) (secrets []v1alpha1.SyncedSecret, findings map[string]Observed) {
	findings = map[string]Observed{}

	for i := range n {
		name := fmt.Sprintf("s%02d", i)
		secrets = append(secrets, v1alpha1.SyncedSecret{Name: name})
		findings[name] = found(secret(v2, strings.Repeat("x", 25*1024-i)))
	}

	return secrets, findings
}

const tooManyKeys = "The Secret would have %d keys, too many or with names too long for Kubernetes, so it is not changed. Remove some secrets from the list, or give them fewer or shorter keys, of letters, digits, hyphens, dots and underscores only; those with the most are %s."

// wide returns secrets with many keys.
func wide(n int) (secrets []v1alpha1.SyncedSecret) {
	for i := range n {
		secrets = append(secrets, v1alpha1.SyncedSecret{Name: fmt.Sprintf("s%02d", i)})
	}

	return secrets
}

// dotenv returns keys of this length, without values.
func dotenv(keys, length int) keyvault.Secret {
	var b strings.Builder
	for i := range keys {
		fmt.Fprintf(&b, "%s%03d=\n", strings.Repeat("K", length-3), i)
	}

	s := secret(v2, b.String())
	s.ContentType = "application/x-dotenv"

	return s
}

// The largest manifest is synced: 100 secrets with 50 keys each, with names of ordinary length.
func TestMakeLargestManifest(t *testing.T) {
	secrets, findings := []v1alpha1.SyncedSecret{}, map[string]Observed{}

	for i := range 100 {
		name := fmt.Sprintf("postgres-credentials-%02d", i)
		secrets = append(secrets, v1alpha1.SyncedSecret{Name: name})
		findings[name] = found(dotenv(50, len("POSTGRES_PASSWORD")))
	}

	if p := Make(specOf(secrets...), v1alpha1.KeyVaultSecretSyncObservation{}, Current{}, findings, noon()); p.Problem != nil {
		t.Errorf("Make(...): want all that the schema allows, got %v", p.Problem)
	}
}

func TestMakeTooLarge(t *testing.T) { //nolint:gocognit // One plan, and all that has to be true of it.
	manyKeys := func() string {
		var b strings.Builder
		for i := range 150 {
			fmt.Fprintf(&b, `,"%s%03d":"v"`, strings.Repeat("<", 120), i)
		}

		return "{" + strings.TrimPrefix(b.String(), ",") + "}"
	}

	secrets, findings := large(50)
	secrets = append(secrets, v1alpha1.SyncedSecret{Name: "kept"}, v1alpha1.SyncedSecret{Name: "missing"})
	findings["s00"] = found(secret(v2, "new"))
	findings["kept"] = state(v1alpha1.StateSynced)
	findings["missing"] = failed(v1alpha1.StateMissing, "secret")

	cases := map[string]struct {
		reason   string
		secrets  []v1alpha1.SyncedSecret
		findings map[string]Observed
		want     string
	}{
		"Values": {
			reason: "All values together exceed the limit of a Secret.", secrets: secrets, findings: findings,
			want: fmt.Sprintf("The Secret would have %d bytes, more than the %d that Kubernetes allows, so it is not changed. Make secrets smaller, or remove some from the list; "+
				"the largest are s01, s02, s03, s04, s05, s06, s07, s08, s09, s10, and 41 more.", 49*25*1024-49*50/2+len("new")+len("kept"), corev1.MaxSecretSize),
		},
		"Keys": {
			reason:  "All keys together exceed the limit of annotations.",
			secrets: []v1alpha1.SyncedSecret{{Name: "s00", Format: "JSON"}, {Name: "s01", Format: "JSON"}, {Name: "kept"}},
			findings: map[string]Observed{
				"s00": found(secret(v2, manyKeys())), "s01": found(secret(v2, manyKeys())), "kept": state(v1alpha1.StateSynced),
			},
			want: fmt.Sprintf(tooManyKeys, 301, "s00, s01, kept"),
		},
		"Names": {
			reason:  "All names of keys together exceed the limit of a Deployment.",
			secrets: append(wide(20), v1alpha1.SyncedSecret{Name: "kept"}),
			findings: func() map[string]Observed {
				f := map[string]Observed{"kept": state(v1alpha1.StateSynced)}
				for i, s := range wide(20) {
					f[s.Name] = found(dotenv(250-i, 100))
				}

				return f
			}(),
			want: fmt.Sprintf(tooManyKeys, 20*250-190+1, "s00, s01, s02, s03, s04, s05, s06, s07, s08, s09, and 11 more"),
		},
		"Count": {
			reason:  "The secret has more keys than a manifest can list.",
			secrets: append(wide(20), v1alpha1.SyncedSecret{Name: "kept"}),
			findings: func() map[string]Observed {
				f := map[string]Observed{"kept": state(v1alpha1.StateSynced)}
				for i, s := range wide(20) {
					f[s.Name] = found(dotenv(256-i/2, 4))
				}

				return f
			}(),
			want: fmt.Sprintf(tooManyKeys, 20*256-90+1, "s00, s01, s02, s03, s04, s05, s06, s07, s08, s09, and 11 more"),
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			current := Current{
				Data:   data("s00", "old", "kept", "kept", "foreign", "x"),
				Record: Record{"s00": content(v1, ""), "kept": content(v1, "")},
			}
			previous := v1alpha1.KeyVaultSecretSyncObservation{LastChangeTime: at(-time.Hour)}

			p := Make(specOf(tc.secrets...), previous, current, tc.findings, noon())

			if p.Problem == nil {
				t.Fatalf("\n%s\nMake(...): no problem", tc.reason)
			}

			if diff := cmp.Diff(tc.want, finding.Sentences(SubjectOf(specOf(), ""), p.Problem.Finding)); diff != "" || p.Problem.State != v1alpha1.StateTargetTooLarge {
				t.Errorf("\n%s\nMake(...).Problem: -want, +got:\n%s", tc.reason, diff)
			}

			if p.Changed || !cmp.Equal(current.Data, p.Data) || !cmp.Equal(current.Record, p.Record) {
				t.Errorf("\n%s\nMake(...): changes the Secret, which was to be left as it is", tc.reason)
			}

			if diff := cmp.Diff(p.Before.Secrets, p.After.Secrets); diff != "" {
				t.Errorf("\nNothing is written.\nMake(...): -Before, +After:\n%s", diff)
			}

			if diff := cmp.Diff(v1alpha1.StateTargetTooLarge, p.After.State); diff != "" {
				t.Errorf("\n%s\nMake(...).After.State: -want, +got:\n%s", tc.reason, diff)
			}

			states := map[string]v1alpha1.ObservedSecret{}
			for _, s := range p.After.Observation(specOf()).Secrets {
				states[s.Name] = v1alpha1.ObservedSecret{State: s.State, Version: s.Version, Message: s.Message}
			}

			want := map[string]v1alpha1.ObservedSecret{
				"s00":  {State: v1alpha1.StateInvalid, Version: v1, Message: "Its latest version does not fit into the Secret."},
				"s01":  {State: v1alpha1.StateInvalid, Message: "Its latest version does not fit into the Secret."},
				"kept": {State: v1alpha1.StateSynced, Version: v1},
			}
			for name, s := range want {
				if diff := cmp.Diff(s, states[name]); diff != "" {
					t.Errorf("\n%s\nMake(...).After of %s: -want, +got:\n%s", tc.reason, name, diff)
				}
			}
		})
	}
}

// The content does not change, so the time does not change either.
func TestMakeTooLargeLastChangeTime(t *testing.T) {
	secrets, findings := large(50)

	p := Make(specOf(secrets...), v1alpha1.KeyVaultSecretSyncObservation{LastChangeTime: at(-time.Hour)}, Current{}, findings, noon())

	if diff := cmp.Diff(at(-time.Hour), p.After.LastChangeTime); diff != "" {
		t.Errorf("\nThe Secret is unchanged.\nMake(...).After.LastChangeTime: -want, +got:\n%s", diff)
	}
}

// A Secret at the limit is not a problem, even with data that others have added to it.
func TestMakeLargeUnchanged(t *testing.T) {
	secrets, findings := large(40)
	first := Make(specOf(secrets...), v1alpha1.KeyVaultSecretSyncObservation{}, Current{}, findings, noon())
	current := Current{Data: first.Data, Record: first.Record}
	current.Data["foreign"] = make([]byte, 24<<10)

	second := Make(specOf(secrets...), first.After.KeyVaultSecretSyncObservation, current, synced(first.Record), noon())

	if first.Problem != nil || second.Problem != nil || second.Changed {
		t.Errorf("\nA Secret that fits is written once.\nMake(...): problems %v and %v, changed again: %t", first.Problem, second.Problem, second.Changed)
	}
}

func TestTargetRevision(t *testing.T) {
	base := Record{"a": content(v1, "A"), "b": content(v1, "B")}
	with := func(change func(c *Content)) Record {
		c := base["b"]
		change(&c)

		return Record{"a": base["a"], "b": c}
	}
	spec := specOf(v1alpha1.SyncedSecret{Name: "a"}, v1alpha1.SyncedSecret{Name: "b"})
	revision := target("x", base, spec).Revision

	cases := map[string]struct {
		reason string
		spec   v1alpha1.KeyVaultSecretSyncParameters
		record Record
		same   bool
	}{
		"Order":       {reason: "The order of the list does not change the revision.", spec: specOf(v1alpha1.SyncedSecret{Name: "b"}, v1alpha1.SyncedSecret{Name: "a"}), record: base, same: true},
		"Times":       {reason: "Times do not change the revision.", spec: spec, record: with(func(c *Content) { c.Synced, c.Updated, c.NotBefore, c.Expires, c.Created = 1, 2, 5, 3, 4 }), same: true},
		"ContentType": {reason: "The content type does not change the revision.", spec: spec, record: with(func(c *Content) { c.ContentType = "application/json" }), same: true},
		"Retired":     {reason: "Retired keys that pods still reference do not change the revision.", spec: spec, record: with(func(c *Content) { c.Retired = []string{"b.OLD"} }), same: true},
		"Keys":        {reason: "Keys do not change the revision, because the version determines them.", spec: spec, record: with(func(c *Content) { c.Keys = []string{"C"} }), same: true},
		"NotListed":   {reason: "A secret that is not listed does not change the revision.", spec: spec, record: Record{"a": base["a"], "b": base["b"], "c": content(v1, "C")}, same: true},
		"Structure":   {reason: "The structure does not change the revision, only the content does.", spec: specOf(v1alpha1.SyncedSecret{Name: "a", Keys: []string{"A"}, Optional: true}, v1alpha1.SyncedSecret{Name: "b"}), record: base, same: true},
		"Version":     {reason: "A version changes the revision.", spec: spec, record: with(func(c *Content) { c.Version = v2 })},
		"Format":      {reason: "A format changes the revision.", spec: spec, record: with(func(c *Content) { c.Format = "Text" })},
		"Less":        {reason: "A missing secret changes the revision.", spec: spec, record: Record{"a": base["a"]}},
		"Off":         {reason: "Removing a secret from the list changes the revision.", spec: specOf(v1alpha1.SyncedSecret{Name: "a"}), record: base},
		"Swapped":     {reason: "Swapping the versions of two secrets changes the revision.", spec: specOf(v1alpha1.SyncedSecret{Name: "a"}, v1alpha1.SyncedSecret{Name: "c"}), record: Record{"a": base["a"], "c": base["b"]}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := target("x", tc.record, tc.spec).Revision
			if diff := cmp.Diff(tc.same, got == revision); diff != "" {
				t.Errorf("\n%s\ntarget(...).Revision is the same: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	if diff := cmp.Diff(&v1alpha1.ObservedTarget{Name: "x"}, target("x", Record{}, spec)); diff != "" {
		t.Errorf("\nAn empty Secret has no revision.\ntarget(...): -want, +got:\n%s", diff)
	}
}

func TestAwaiting(t *testing.T) {
	many := make([]string, 0, 12)
	for i := range 12 {
		many = append(many, fmt.Sprintf("K%d", i))
	}

	cases := map[string]struct {
		reason string
		keys   []string
		want   string
	}{
		"None": {reason: "A secret without a structure names no keys.", want: "It has no values yet. Set a value of db in https://web.vault.azure.net."},
		"One":  {reason: "A single key is named in the singular.", keys: []string{"A"}, want: "Key A has no value yet. Set it in secret db of https://web.vault.azure.net."},
		"Two":  {reason: "Two keys are joined by \"and\".", keys: []string{"A", "B"}, want: "Keys A, B have no values yet. Set them in secret db of https://web.vault.azure.net."},
		"Many": {reason: "A long list of keys is shortened.", keys: many, want: "Keys K0, K1, K2, K3, K4, K5, K6, K7, K8, K9, and 2 more have no values yet. Set them in secret db of https://web.vault.azure.net."},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := AwaitingValue(v1alpha1.SyncedSecret{Name: "db", Keys: tc.keys})
			if diff := cmp.Diff(tc.want, finding.Sentences(SubjectOf(specOf(), "db"), got.Findings...)); diff != "" || got.State != v1alpha1.StateAwaitingValue {
				t.Errorf("\n%s\nAwaitingValue(...): state %s, -want, +got:\n%s", tc.reason, got.State, diff)
			}
		})
	}
}

// A verdict may be cached from a time when the Secret still had values, so it contains nothing
// about them.
func TestVerdicts(t *testing.T) {
	current := Current{Data: data("db.A", "a"), Record: Record{"db": content(v1, "A")}}
	p := Make(specOf(v1alpha1.SyncedSecret{Name: "db", Format: "JSON"}, v1alpha1.SyncedSecret{Name: "api"}), v1alpha1.KeyVaultSecretSyncObservation{}, current,
		map[string]Observed{"db": found(secret(v2, "no object")), "api": state(v1alpha1.StateMissing)}, noon())

	reasons := map[string][]finding.Reason{}
	for name, v := range p.Verdicts {
		for _, f := range v.Findings {
			reasons[name] = append(reasons[name], f.Reason)
		}
	}

	if diff := cmp.Diff(map[string][]finding.Reason{"db": {finding.ValueInvalid}}, reasons); diff != "" {
		t.Errorf("\nMake(...): verdicts on secrets that were read: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(finding.ValuesKept, p.After.Findings["db"][1].Reason); diff != "" {
		t.Errorf("\nMake(...): the status says what pods have: -want, +got:\n%s", diff)
	}
}

// Secrets of the same size are always named in the same order. Otherwise the status would change
// with every look.
func TestMakeTooLargeSameSize(t *testing.T) {
	var secrets []v1alpha1.SyncedSecret

	findings := map[string]Observed{}

	for i := range 50 {
		name := fmt.Sprintf("s%02d", i)
		secrets = append(secrets, v1alpha1.SyncedSecret{Name: name})
		findings[name] = found(secret(v1, strings.Repeat("x", 24<<10)))
	}

	spec := specOf(secrets...)

	want := Make(spec, v1alpha1.KeyVaultSecretSyncObservation{}, Current{}, findings, noon())
	for range 10 {
		got := Make(spec, v1alpha1.KeyVaultSecretSyncObservation{}, Current{}, findings, noon())
		if diff := cmp.Diff(want.Problem, got.Problem); diff != "" {
			t.Fatalf("\nThe same state is described in the same words.\nMake(...).Problem: -once, +again:\n%s", diff)
		}
	}
}

// TestGone deletes the Secret: until it is written again, it is not reported as synced.
func TestGone(t *testing.T) {
	spec := v1alpha1.KeyVaultSecretSyncParameters{Secrets: []v1alpha1.SyncedSecret{{Name: "db"}}}
	previous := v1alpha1.KeyVaultSecretSyncObservation{Secrets: []v1alpha1.ObservedSecret{{Name: "db", State: v1alpha1.StateSynced, Version: v1}}}

	p := Make(spec, previous, Current{}, map[string]Observed{"db": found(secret(v1, `{"A":"a"}`))}, noon())

	type want struct {
		Synced string
		State  v1alpha1.State
	}

	if diff := cmp.Diff(want{Synced: "0/1"}, want{p.Before.SecretsSynced, p.Before.State}); diff != "" {
		t.Errorf("Make(...): before it is written: -want, +got:\n%s", diff)
	}

	if diff := cmp.Diff(want{"1/1", v1alpha1.StateSynced}, want{p.After.SecretsSynced, p.After.State}); diff != "" {
		t.Errorf("Make(...): after it is written: -want, +got:\n%s", diff)
	}
}

// checkReasons checks that each secret has the reason of its first finding, which is also the first
// sentence of its message.
func checkReasons(t *testing.T, s Status, spec v1alpha1.KeyVaultSecretSyncParameters) {
	t.Helper()

	for _, secret := range s.Observation(spec).Secrets {
		want := ""
		if why := s.Findings[secret.Name]; len(why) > 0 {
			want = string(why[0].Reason)
		}

		if diff := cmp.Diff(want, secret.Reason); diff != "" {
			t.Errorf("Reason of secret %s: -want, +got:\n%s", secret.Name, diff)
		}

		if (secret.Reason == "") != (secret.Message == "") {
			t.Errorf("Secret %s has reason %q and message %q", secret.Name, secret.Reason, secret.Message)
		}
	}
}

// A release can change a message, but not a reason.
func TestReason(t *testing.T) {
	cases := map[string]struct {
		reason string
		secret v1alpha1.SyncedSecret
		o      Observed
		want   string
	}{
		"Synced":  {reason: "A synced secret has no reason.", o: found(secretWith("A")), want: ""},
		"Invalid": {reason: "An invalid value has its reason.", o: Observed{Secret: &keyvault.Secret{Value: "{"}}, want: "ValueInvalid"},
		"NoValue": {reason: "A key of the structure without a value has its reason.", secret: v1alpha1.SyncedSecret{Keys: []string{"B"}}, o: found(secretWith("A")), want: "KeysWithoutValue"},
		"Kept":    {reason: "The consequence for the pods is not a reason.", o: failed(v1alpha1.StateForbidden, "x"), want: "ProviderConfigMissing"},
		"Unknown": {reason: "A state without a finding has no reason.", o: state(v1alpha1.StateSynced), want: ""},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.secret.Name = "db"
			spec := specOf(tc.secret)

			got := Make(spec, v1alpha1.KeyVaultSecretSyncObservation{}, Current{}, map[string]Observed{"db": tc.o}, noon()).After.Observation(spec).Secrets[0].Reason
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nReason: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// secretWith returns a secret with one key.
func secretWith(key string) keyvault.Secret {
	return keyvault.Secret{Properties: keyvault.Properties{Version: v1, ContentType: "application/json"}, Value: `{"` + key + `": "a"}`}
}
