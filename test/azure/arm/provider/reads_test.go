package provider_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/limits"
)

// TestReads counts what the resource manager is asked with each look at an application, which is what the page about limits
// computes with.
func TestReads(t *testing.T) {
	w := newWorld(t)
	w.start()

	a := newApp(unique(), owned, "true")
	must(t, api.CreateServiceAccount(t.Context(), w.namespace, a.name))
	w.apply(a.vault, a.identity)

	credential, role := w.grant(a)
	w.apply(credential, role)
	w.ready(credential)
	w.ready(role)

	// The operations of a kind: with the first, the provider looks at the resource.
	kinds := map[string][]string{
		"Vault":                       {azure.OpGetVault, azure.OpGetDeletedVault},
		"UserAssignedIdentity":        {azure.OpGetIdentity},
		"FederatedIdentityCredential": {azure.OpGetCredential, azure.OpListCredentials},
		"RoleAssignment":              {azure.OpGetRoleAssignment, azure.OpGetRoleDefinition, azure.OpListRoleAssignments, azure.OpListRoleDefinitions},
	}

	looks := func(since azure.Counts) int {
		var n []int
		for _, operations := range kinds {
			n = append(n, asked(w.Counts(), operations[:1])-asked(since, operations[:1]))
		}

		return slices.Min(n)
	}

	// What comes of the creation is over some looks later.
	settled := w.Counts()
	await(t, func() bool { return looks(settled) >= 3 })

	before := w.Counts()
	await(t, func() bool { return looks(before) >= 10 })

	after := w.Counts()
	got, writes := map[string]int{}, 0

	for kind, operations := range kinds {
		n := asked(after, operations[:1]) - asked(before, operations[:1])
		got[kind] = (asked(after, operations) - asked(before, operations) + n/2) / n
	}

	for _, operation := range []string{
		azure.OpPutVault, azure.OpPatchVault, azure.OpPutIdentity, azure.OpPatchIdentity, azure.OpPutCredential, azure.OpPutRoleAssignment,
	} {
		writes += asked(after, []string{operation}) - asked(before, []string{operation})
	}

	if diff := cmp.Diff(limits.Reads(), got); diff != "" {
		t.Errorf("reads of the resource manager with each look at a resource: -want, +got:\n%s", diff)
	}

	if writes != 0 {
		t.Errorf("an application that does not change is written %d times", writes)
	}

	// The page's application is this one.
	if diff := cmp.Diff(slices.Sorted(maps.Keys(limits.NewApplication(1))), slices.Sorted(maps.Keys(kinds))); diff != "" {
		t.Errorf("kinds of an application: -want, +got:\n%s", diff)
	}
}

// asked is how often the operations were, whatever the answer.
func asked(c azure.Counts, operations []string) int {
	sum := 0
	for _, operation := range operations {
		sum += c.Of(azure.CountKey{Operation: operation})
	}

	return sum
}

// await what becomes true.
func await(t *testing.T, is func() bool) {
	t.Helper()

	eventually(t, func(context.Context) error {
		if !is() {
			return errors.New("it has not come to that yet")
		}

		return nil
	})
}
