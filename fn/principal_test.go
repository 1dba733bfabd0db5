// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/p6m-dev/platform-application/fn/compose"
)

const (
	wrongOfficer = "88888888-8888-4888-8888-888888888888"
	officerRole  = compose.PrefixRoleAssignmentOfficer + wrongOfficer
)

// TestWrongPrincipal checks that a condition names an unknown object id once an observed time shows
// that the assignment was requested two minutes ago. The Azure provider retries for 30 minutes
// without an error.
func TestWrongPrincipal(t *testing.T) {
	asked := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return asked.Add(d).Format(time.RFC3339) }

	// observe sets a condition of an object.
	observe := func(o map[string]any, conditionType, status, when, message string) {
		conditions, _ := nested(o, "status")["conditions"].([]any)
		nested(o, "status")["conditions"] = append(conditions, map[string]any{
			"type": conditionType, "status": status, "lastTransitionTime": when, "reason": "Reason", "message": message,
		})
	}

	type want struct {
		reason string
		says   []string
		never  string
	}

	waits := want{reason: compose.ReasonCreating, says: []string{"No action is needed.", "these object ids may be wrong: " + wrongOfficer + " in spec.keyVault.officers of the manifest"}}
	doubts := want{
		reason: compose.ReasonAzureRefused, never: "wait",
		says: []string{"for more than 2 minutes. These object ids may be wrong, or in another tenant: " + wrongOfficer + " in spec.keyVault.officers of the manifest."},
	}

	cases := map[string]struct {
		reason string
		change func(w *world, officer map[string]any)
		want   want
	}{
		"NotAsked": {
			reason: "The provider has not requested the assignment; it may be down.",
			change: func(w *world, officer map[string]any) {
				delete(nested(officer, "metadata"), "annotations")
				delete(nested(officer, "status"), "conditions")
				observe(w.composed[compose.NameSecretSync], "Synced", "True", at(time.Hour), "")
			},
			want: waits,
		},
		"Young": {
			reason: "Without a later time, nothing is concluded.",
			change: func(w *world, _ map[string]any) {
				observe(w.composed[compose.NameSecretSync], "Synced", "True", at(2*time.Minute-time.Second), "")
			},
			want: waits,
		},
		"LaterCondition": {
			reason: "Another part of the application has changed later.",
			change: func(w *world, _ map[string]any) {
				observe(w.composed[compose.NameSecretSync], "Synced", "True", at(2*time.Minute), "")
			},
			want: doubts,
		},
		"SyncedOnly": {
			reason: "A provider that has observed the assignment has requested it.",
			change: func(w *world, officer map[string]any) {
				delete(nested(officer, "metadata"), "annotations")
				observe(w.composed[compose.NameSecretSync], "Synced", "True", at(2*time.Minute), "")
			},
			want: doubts,
		},
		"LaterStatus": {
			reason: "A condition of the application itself has changed later.",
			change: func(w *world, _ map[string]any) { observe(w.xr, "SecretsSynced", "False", at(5*time.Minute), "") },
			want:   doubts,
		},
		"LaterManifest": {
			reason: "The manifest was changed later.",
			change: func(w *world, _ map[string]any) {
				nested(w.xr, "metadata")["managedFields"] = []any{map[string]any{"manager": "argocd", "operation": "Apply", "time": at(time.Hour)}}
			},
			want: doubts,
		},
		"Failed": {
			reason: "While the provider retries, only its last operation reports the error.",
			change: func(_ *world, officer map[string]any) {
				observe(officer, "LastAsyncOperation", "False", at(30*time.Minute), "async create failed: PrincipalNotFound")
			},
			want: want{reason: compose.ReasonAzureRefused, says: []string{"async create failed: PrincipalNotFound"}},
		},
		"Assigned": {
			reason: "The id was valid.",
			change: func(_ *world, officer map[string]any) { observe(officer, "Ready", "True", at(time.Hour), "") },
			want:   want{reason: compose.ReasonAvailable},
		},
		"OwnIdentity": {
			reason: "The application's own identity was not entered by a person.",
			change: func(w *world, officer map[string]any) {
				observe(officer, "Ready", "True", at(time.Hour), "")
				own := w.composed[compose.NameRoleAssignmentApp]
				annotate(own, "crossplane.io/external-create-pending", at(0))
				delete(nested(own, "status"), "conditions")
			},
			want: want{reason: compose.ReasonCreating, never: "object id"},
		},
		"Creator": {
			reason: "The platform team entered the id of the secret creator.",
			change: func(w *world, officer map[string]any) {
				observe(officer, "Ready", "True", at(time.Hour), "")
				creator := w.composed[compose.NameRoleAssignmentCreator]
				annotate(creator, "crossplane.io/external-create-pending", at(0))
				delete(nested(creator, "status"), "conditions")
			},
			want: want{reason: compose.ReasonAzureRefused, says: []string{"44444444-4444-4444-8444-444444444444 in secretCreatorPrincipalId of the platform settings"}},
		},
		"NoTimes": {
			reason: "An invalid time counts as unknown.",
			change: func(w *world, officer map[string]any) {
				annotate(officer, "crossplane.io/external-create-pending", "yesterday")
				delete(nested(officer, "status"), "conditions")
				observe(w.composed[compose.NameSecretSync], "Synced", "True", "9999999999-01-01", "")
			},
			want: waits,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, `{"secrets": [{"name": "postgres-credentials"}], "keyVault": {"officers": [{"objectId": "`+wrongOfficer+`"}]}}`)
			w.azureAll()
			officer := w.composed[officerRole]
			annotate(officer, "crossplane.io/external-create-pending", at(0))
			nested(officer, "status")["conditions"] = []any{}
			observe(officer, "Synced", "True", at(0), "")
			tc.change(w, officer)

			c := condition(w.call(), compose.TypeAccessReady)
			if c.GetReason() != tc.want.reason {
				t.Errorf("\n%s\nAccessReady: want reason %s, got %s: %s", tc.reason, tc.want.reason, c.GetReason(), c.GetMessage())
			}
			for _, say := range tc.want.says {
				if !strings.Contains(c.GetMessage(), say) {
					t.Errorf("\n%s\nAccessReady: want a message that says %q, got %q", tc.reason, say, c.GetMessage())
				}
			}
			if tc.want.never != "" && strings.Contains(c.GetMessage(), tc.want.never) {
				t.Errorf("\n%s\nAccessReady: want a message without %q, got %q", tc.reason, tc.want.never, c.GetMessage())
			}
		})
	}
}
