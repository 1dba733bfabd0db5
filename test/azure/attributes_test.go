// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/go-cmp/cmp"
)

// TestAttributes: of the attributes of a secret only enabled decides who gets its value. All of them are kept and shown everywhere.
func TestAttributes(t *testing.T) { //nolint:gocognit // One question, asked wherever the answer is.
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, vault, w.officer(t))
	past, future := w.clock.Now().Add(-time.Hour), w.clock.Now().Add(time.Hour)
	disabled := refusal{Status: 403, Code: "Forbidden", Inner: "SecretDisabled"}

	cases := map[string]struct {
		reason string
		args   azsecrets.SecretAttributes
		want   refusal
	}{
		"Within":   {"It is its time.", azsecrets.SecretAttributes{Enabled: new(true), NotBefore: &past, Expires: &future}, refusal{}},
		"TooEarly": {"Its time has not come, and it is served.", azsecrets.SecretAttributes{Enabled: new(true), NotBefore: &future}, refusal{}},
		"TooLate":  {"Its time is over, and it is served.", azsecrets.SecretAttributes{Enabled: new(true), Expires: &past}, refusal{}},
		"Disabled": {"It is not served, whatever time it is.", azsecrets.SecretAttributes{Enabled: new(false), NotBefore: &past, Expires: &future}, disabled},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			// They can come with a value or after it.
			set, err := c.SetSecret(t.Context(), name+"-set", azsecrets.SetSecretParameters{Value: new("x"), SecretAttributes: &tc.args}, nil)
			must(t, err)

			version := put(t, c, name+"-updated", "x")
			updated, err := c.UpdateSecretProperties(t.Context(), name+"-updated", version, azsecrets.UpdateSecretPropertiesParameters{SecretAttributes: &tc.args}, nil)
			must(t, err)

			for secret, answer := range map[string]*azsecrets.SecretAttributes{name + "-set": set.Attributes, name + "-updated": updated.Attributes} {
				got, err := c.GetSecret(t.Context(), secret, "", nil)
				if diff := cmp.Diff(tc.want, refused(t, err)); diff != "" {
					t.Errorf("\n%s\nGetSecret(..., %q): -want, +got:\n%s", tc.reason, secret, diff)
				}

				told := map[string]*azsecrets.SecretAttributes{"answer": answer, "list": listed(t, c, secret), "versions": listedVersion(t, c, secret)}
				if err == nil {
					told["get"] = got.Attributes
				}

				for where, a := range told {
					a := azsecrets.SecretAttributes{Enabled: a.Enabled, NotBefore: a.NotBefore, Expires: a.Expires}
					if diff := cmp.Diff(tc.args, a); diff != "" {
						t.Errorf("\n%s\n%s: %s: attributes: -want, +got:\n%s", tc.reason, secret, where, diff)
					}
				}
			}
		})
	}
}

// listed returns the attributes of a secret in the list of secrets.
func listed(tb testing.TB, c *azsecrets.Client, name string) *azsecrets.SecretAttributes {
	tb.Helper()

	for pager := c.NewListSecretPropertiesPager(nil); pager.More(); {
		page, err := pager.NextPage(tb.Context())
		must(tb, err)

		for _, item := range page.Value {
			if item.ID.Name() == name {
				return item.Attributes
			}
		}
	}

	tb.Fatalf("%s is not listed", name)

	return nil
}

// listedVersion returns the attributes of the only version of a secret in the list of versions.
func listedVersion(tb testing.TB, c *azsecrets.Client, name string) *azsecrets.SecretAttributes {
	tb.Helper()

	page, err := c.NewListSecretPropertiesVersionsPager(name, nil).NextPage(tb.Context())
	must(tb, err)

	if len(page.Value) != 1 {
		tb.Fatalf("%s: want one version, got %d", name, len(page.Value))
	}

	return page.Value[0].Attributes
}

// TestAttributesAreOfAVersion: a new version does not inherit attributes.
func TestAttributesAreOfAVersion(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, vault, w.officer(t))

	first, err := c.SetSecret(t.Context(), "a", azsecrets.SetSecretParameters{
		Value: new("1"), SecretAttributes: &azsecrets.SecretAttributes{Enabled: new(false), NotBefore: new(w.clock.Now()), Expires: new(w.clock.Now())},
	}, nil)
	must(t, err)
	put(t, c, "a", "2")

	_, err = c.GetSecret(t.Context(), "A", first.ID.Version(), nil)
	if diff := cmp.Diff(refusal{Status: 403, Code: "Forbidden", Inner: "SecretDisabled"}, refused(t, err)); diff != "" {
		t.Errorf("GetSecret(...) of the first version, which is kept: -want, +got:\n%s", diff)
	}

	got, err := c.GetSecret(t.Context(), "a", "", nil)
	must(t, err)

	want := *first.Attributes
	want.Enabled, want.NotBefore, want.Expires = new(true), nil, nil

	if diff := cmp.Diff(&want, got.Attributes); diff != "" {
		t.Errorf("GetSecret(...): attributes of a new version: -want, +got:\n%s", diff)
	}
}
