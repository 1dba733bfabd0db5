// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

// put sets a secret through the data plane and returns its version.
func put(tb testing.TB, c *azsecrets.Client, name, value string) string {
	tb.Helper()

	got, err := c.SetSecret(tb.Context(), name, azsecrets.SetSecretParameters{Value: &value}, nil)
	must(tb, err)

	return got.ID.Version()
}

// TestPages follows lists over their pages.
func TestPages(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, vault, w.officer(t))

	var versions, deleted, listed []string

	for i := range 60 {
		version, err := w.PutSecret(vault, "db", azure.Secret{Value: "x"})
		must(t, err)

		name := fmt.Sprintf("gone-%02d", i)
		_, err = w.PutSecret(vault, name, azure.Secret{Value: "x"})
		must(t, err)
		must(t, w.DeleteSecret(vault, name))

		here := fmt.Sprintf("a-%02d", i)
		_, err = w.PutSecret(vault, here, azure.Secret{Value: "x", Disabled: i == 0, ContentType: "text/plain"})
		must(t, err)

		versions, deleted = append(versions, version), append(deleted, name)
		listed = append(listed, fmt.Sprintf("%s/ text/plain %t", here, i != 0))
	}

	cases := map[string]struct {
		reason string
		pages  func() [][]string
		want   []string
	}{
		"Versions": {
			reason: "Every version is listed once, in the order of their ids and not of their times.",
			pages: func() [][]string {
				return pages(t, c.NewListSecretPropertiesVersionsPager("db", nil), func(r azsecrets.ListSecretPropertiesVersionsResponse) []string {
					return each(r.Value, func(p *azsecrets.SecretProperties) string { return p.ID.Version() })
				})
			},
			want: slices.Sorted(slices.Values(versions)),
		},
		"Secrets": {
			reason: "Every secret is listed once, without a version, with the attributes of the current one.",
			pages: func() [][]string {
				return pages(t, c.NewListSecretPropertiesPager(nil), func(r azsecrets.ListSecretPropertiesResponse) []string {
					return each(r.Value, func(p *azsecrets.SecretProperties) string {
						if p.ContentType == nil {
							return p.ID.Name()
						}

						return fmt.Sprintf("%s/%s %s %t", p.ID.Name(), p.ID.Version(), *p.ContentType, *p.Attributes.Enabled)
					})
				})
			},
			want: append(listed, "db"),
		},
		"Deleted": {
			reason: "Every deleted secret is listed once, and no other.",
			pages: func() [][]string {
				return pages(t, c.NewListDeletedSecretPropertiesPager(nil), func(r azsecrets.ListDeletedSecretPropertiesResponse) []string {
					return each(r.Value, func(p *azsecrets.DeletedSecretProperties) string { return p.ID.Name() })
				})
			},
			want: deleted,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := tc.pages()

			if diff := cmp.Diff([]int{25, 25, len(tc.want) - 50}, each(got, func(page []string) int { return len(page) })); diff != "" {
				t.Errorf("\n%s\npages of 25: -want, +got:\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want, slices.Concat(got...)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// pages returns what a list has on each of its pages.
func pages[T any](tb testing.TB, pager *runtime.Pager[T], items func(T) []string) [][]string {
	tb.Helper()

	var out [][]string

	for pager.More() {
		page, err := pager.NextPage(tb.Context())
		must(tb, err)

		out = append(out, items(page))
	}

	return out
}

func each[T, R any](all []T, of func(T) R) []R {
	out := make([]R, 0, len(all))
	for _, one := range all {
		out = append(out, of(one))
	}

	return out
}

func TestSoftDelete(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, vault, w.officer(t))
	version := put(t, c, "a", "1")

	deleted, err := c.DeleteSecret(t.Context(), "a", nil)
	must(t, err)

	now := w.clock.Now()
	want := azsecrets.DeletedSecret{
		ID:         new(azsecrets.ID("https://kv-test.vault.azure.net/secrets/a/" + version)),
		RecoveryID: new("https://kv-test.vault.azure.net/deletedsecrets/a"),
		Attributes: &azsecrets.SecretAttributes{
			Enabled: new(true), Created: &now, Updated: &now, RecoveryLevel: new("Recoverable+Purgeable"), RecoverableDays: new(int32(90)),
		},
		DeletedDate: &now, ScheduledPurgeDate: new(now.Add(90 * 24 * time.Hour)),
	}

	if diff := cmp.Diff(want, deleted.DeletedSecret); diff != "" {
		t.Errorf("DeleteSecret(...): -want, +got:\n%s", diff)
	}

	got, err := c.GetDeletedSecret(t.Context(), "a", nil)
	must(t, err)

	if diff := cmp.Diff(want, got.DeletedSecret); diff != "" {
		t.Errorf("GetDeletedSecret(...): -want, +got:\n%s", diff)
	}

	page, err := c.NewListDeletedSecretPropertiesPager(nil).NextPage(t.Context())
	must(t, err)

	if diff := cmp.Diff(1, len(page.Value)); diff != "" {
		t.Errorf("ListDeletedSecretProperties(...): -want, +got:\n%s", diff)
	}

	_, err = c.GetSecret(t.Context(), "a", "", nil)
	if diff := cmp.Diff(refusal{Status: 404, Code: "SecretNotFound"}, refused(t, err)); diff != "" {
		t.Errorf("GetSecret(...) of a deleted one: -want, +got:\n%s", diff)
	}

	_, err = c.SetSecret(t.Context(), "A", azsecrets.SetSecretParameters{Value: new("2")}, nil)
	if diff := cmp.Diff(refusal{Status: 409, Code: "Conflict", Inner: "ObjectIsDeletedButRecoverable"}, refused(t, err)); diff != "" {
		t.Errorf("SetSecret(...) of a deleted one: -want, +got:\n%s", diff)
	}

	_, err = c.RecoverDeletedSecret(t.Context(), "a", nil)
	must(t, err)

	back, err := c.GetSecret(t.Context(), "a", "", nil)
	must(t, err)

	if diff := cmp.Diff("1", *back.Value); diff != "" {
		t.Errorf("GetSecret(...) of a recovered one: -want, +got:\n%s", diff)
	}

	_, err = c.DeleteSecret(t.Context(), "a", nil)
	must(t, err)

	_, err = c.PurgeDeletedSecret(t.Context(), "a", nil)
	must(t, err)

	_, err = c.GetDeletedSecret(t.Context(), "a", nil)
	if diff := cmp.Diff(refusal{Status: 404, Code: "SecretNotFound"}, refused(t, err)); diff != "" {
		t.Errorf("GetDeletedSecret(...) of a purged one: -want, +got:\n%s", diff)
	}

	put(t, c, "a", "3")
}

// A place is where a secret is, by the answers to those who read it, ask for the deleted one and write it.
type place struct{ Get, Deleted, Set, Delete, Recover, Purge refusal }

// placeOf a secret. Nothing is written that could be: a secret that is there is only read.
func placeOf(t *testing.T, c *azsecrets.Client, name string) place {
	t.Helper()

	p := place{}

	_, err := c.GetSecret(t.Context(), name, "", nil)
	p.Get = refused(t, err)

	if err == nil {
		return p
	}

	_, err = c.GetDeletedSecret(t.Context(), name, nil)
	p.Deleted = refused(t, err)

	_, set := c.SetSecret(t.Context(), strings.ToUpper(name), azsecrets.SetSecretParameters{Value: new("2")}, nil)
	p.Set = refused(t, set)

	if err == nil {
		return p
	}

	_, err = c.DeleteSecret(t.Context(), name, nil)
	p.Delete = refused(t, err)

	_, err = c.RecoverDeletedSecret(t.Context(), name, nil)
	p.Recover = refused(t, err)

	_, err = c.PurgeDeletedSecret(t.Context(), name, nil)
	p.Purge = refused(t, err)

	return p
}

// TestTransitions: while it is deleted or recovered, a secret is neither active nor deleted.
func TestTransitions(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, vault, w.officer(t))
	put(t, c, "a", "1")
	must(t, w.SetTransitionTime(vault, 10*time.Second))

	away := refusal{Status: 404, Code: "SecretNotFound"}
	busy := func(inner string) place {
		r := refusal{Status: 409, Code: "Conflict", Inner: inner}

		return place{Get: away, Deleted: away, Set: r, Delete: r, Recover: r, Purge: r}
	}

	for _, step := range []struct {
		reason string
		do     func() error
		want   place
		listed int
	}{
		{"At first it is there.", func() error { return nil }, place{}, 1},
		{"Then it is being deleted.", func() error { return w.DeleteSecret(vault, "a") }, busy("ObjectIsBeingDeleted"), 0},
		{"That takes its time.", func() error { w.clock.Move(9 * time.Second); return nil }, busy("ObjectIsBeingDeleted"), 0},
		{
			"Then it is deleted.", func() error { w.clock.Move(time.Second); return nil },
			place{Get: away, Set: refusal{Status: 409, Code: "Conflict", Inner: "ObjectIsDeletedButRecoverable"}},
			0,
		},
		{"Then it is being recovered.", func() error { return w.RecoverSecret(vault, "a") }, busy("ObjectIsBeingRecovered"), 0},
		{"It can be let go.", func() error { return w.SetTransitionTime(vault, 0) }, place{}, 1},
		{"As it was.", func() error { return nil }, place{}, 1},
	} {
		must(t, step.do())

		if diff := cmp.Diff(step.want, placeOf(t, c, "a")); diff != "" {
			t.Errorf("\n%s\n-want, +got:\n%s", step.reason, diff)
		}

		page, err := c.NewListSecretPropertiesPager(nil).NextPage(t.Context())
		must(t, err)

		if diff := cmp.Diff(step.listed, len(page.Value)); diff != "" {
			t.Errorf("\n%s\nListSecretProperties(...): -want, +got:\n%s", step.reason, diff)
		}
	}

	if err := w.SetTransitionTime(vault, -1); err == nil {
		t.Error("SetTransitionTime(-1): want an error")
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	must(t, w.PutVault(azure.Vault{Name: "kv-protected", TenantID: tenant, PurgeProtection: true, RetentionDays: 7}))
	must(t, w.PutRoleAssignment("kv-protected", azure.RoleAssignment{ID: "o", PrincipalID: officerPrincipal, Role: azure.SecretsOfficer}))

	c := w.client(t, "kv-protected", w.officer(t))
	put(t, c, "a", "1")

	_, err := c.DeleteSecret(t.Context(), "a", nil)
	must(t, err)

	_, err = c.PurgeDeletedSecret(t.Context(), "a", nil)
	if diff := cmp.Diff(refusal{Status: 403, Code: "Forbidden"}, refused(t, err)); diff != "" {
		t.Errorf("PurgeDeletedSecret(...) with purge protection: -want, +got:\n%s", diff)
	}

	// Key Vault purges it when its time has come. The token does not last so long, and a fresh credential gets a fresh one.
	w.clock.Move(7 * 24 * time.Hour)
	put(t, w.client(t, "kv-protected", w.officer(t)), "a", "2")
}
