// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

func TestReadSecrets(t *testing.T) {
	fails := func(r keyvault.Reason, status int) error { return &keyvault.Error{Reason: r, Status: status} }
	broken, silent := fails(keyvault.Unreachable, 500), fails(keyvault.Unreachable, 0)

	all := []string{"a", "b", "c", "d", "e"}

	cases := map[string]struct {
		reason string
		errs   map[string]error
		// want are the requested secrets.
		want []string
	}{
		"Fine":       {reason: "All secrets are read.", want: all},
		"One":        {reason: "One secret that cannot be read does not keep the others waiting.", errs: map[string]error{"b": broken}, want: all},
		"Some":       {reason: "A success in between shows that the vault responds.", errs: map[string]error{"a": broken, "c": broken, "e": broken}, want: all},
		"Broken":     {reason: "A vault that fails twice in a row is left alone.", errs: map[string]error{"b": broken, "c": broken}, want: []string{"a", "b", "c"}},
		"Silent":     {reason: "A vault that does not respond is not awaited a second time.", errs: map[string]error{"b": silent}, want: []string{"a", "b"}},
		"Throttled":  {reason: "A vault that throttles is left alone.", errs: map[string]error{"b": fails(keyvault.Throttled, 429)}, want: []string{"a", "b"}},
		"NoIdentity": {reason: "Without a token, nothing can be read.", errs: map[string]error{"b": fails(keyvault.NoIdentity, 401)}, want: []string{"a", "b"}},
		"Forbidden":  {reason: "A role may be on single secrets.", errs: map[string]error{"b": fails(keyvault.Forbidden, 403), "c": fails(keyvault.Forbidden, 403)}, want: all},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			list := make([]v1alpha1.SyncedSecret, 0, len(all))
			for _, name := range all {
				list = append(list, v1alpha1.SyncedSecret{Name: name})
			}

			var asked []string

			answers := readSecrets(t.Context(), func(_ context.Context, name, _ string) (keyvault.Secret, error) {
				asked = append(asked, name)

				return keyvault.Secret{}, tc.errs[name]
			}, list)

			if diff := cmp.Diff(tc.want, asked); diff != "" {
				t.Errorf("\n%s\nreadSecrets(...): requests: -want, +got:\n%s", tc.reason, diff)
			}

			for i, name := range all {
				if failed := answers[name].err != nil; failed != (tc.errs[name] != nil || i >= len(tc.want)) {
					t.Errorf("\nA secret that was not requested has the error of the vault.\nreadSecrets(...): %s failed: %t", name, failed)
				}
			}
		})
	}
}
