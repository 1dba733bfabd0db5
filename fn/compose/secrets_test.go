// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// Secrets are grouped by their state and its reason. Sentences do not matter.
func TestDescribeSecrets(t *testing.T) {
	secret := func(name, state, reason, message string) listedSecret {
		observed := Object{"name": name, "state": state, "message": message}
		if reason != "" {
			observed["reason"] = reason
		}

		return listedSecret{spec: v1alpha1.Secret{Name: name}, observed: observed, sync: &syncing{composed: true}}
	}
	type group struct{ Secrets, Message string }

	cases := map[string]struct {
		reason string
		list   []listedSecret
		want   []group
	}{
		"SameSentence": {
			reason: "Equal sentences are shown once.",
			list:   []listedSecret{secret("a", "Disabled", "Disabled", "Enable it."), secret("b", "Disabled", "Disabled", "Enable it.")},
			want:   []group{{"a, b", "Enable it."}},
		},
		"OwnSentences": {
			reason: "Sentences that name their secret are all shown, in one group.",
			list:   []listedSecret{secret("a", "Missing", "Missing", "Create a."), secret("b", "Missing", "Missing", "Create b.")},
			want:   []group{{"a, b", "Create a. Create b."}},
		},
		"OtherReason": {
			reason: "Another reason is another group, even with the same sentence.",
			list:   []listedSecret{secret("a", "Invalid", "ValueInvalid", "No."), secret("b", "Invalid", "VersionTooLarge", "No.")},
			want:   []group{{"a", "No."}, {"b", "No."}},
		},
		"OtherState": {
			reason: "Another state is another group.",
			list:   []listedSecret{secret("a", "Missing", "Gone", "No."), secret("b", "SoftDeleted", "Gone", "No.")},
			want:   []group{{"a", "No."}, {"b", "No."}},
		},
		"NoReason": {
			reason: "An earlier version of the provider has reported no reason: the state decides.",
			list:   []listedSecret{secret("a", "Missing", "", "Create a."), secret("b", "Missing", "", "Create b.")},
			want:   []group{{"a, b", "Create a. Create b."}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []group
			for _, f := range (secrets{list: tc.list, syncing: tc.list[0].sync}).describe(tc.list).Items {
				part, ok := f.(finding.Finding)
				if !ok {
					t.Fatalf("describe(...): want findings, got a %T", f)
				}
				with := part.With
				got = append(got, group{fmt.Sprint(with["secrets"]), fmt.Sprint(with["message"])})
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\ndescribe(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
