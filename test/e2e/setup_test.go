//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
	"github.com/p6m-dev/platform-application/test/plane"
)

// These are the sample values of the page and the example.
const (
	sampleSubscription    = "22222222-2222-4222-8222-222222222222"
	sampleIssuer          = "https://westeurope.oic.prod-aks.azure.com/11111111-1111-4111-8111-111111111111/33333333-3333-4333-8333-333333333333/"
	sampleClient          = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
	sampleCreatorClient   = "44444444-aaaa-4444-8444-444444444444"
	sampleCreatorObject   = "44444444-4444-4444-8444-444444444444"
	firstStep, secondStep = "\n## 1. ", "\n## 2. "
)

// subscribe gives the engineer an empty subscription with the role Owner and the cluster in it, and an `az` with that login.
func (e *engineer) subscribe(t *testing.T) {
	t.Helper()

	e.subscription = uuid.NewString()
	owner := azure.Application{TenantID: plane.Tenant, ClientID: uuid.NewString(), PrincipalID: uuid.NewString(), ClientSecret: uuid.NewString()}

	err := errors.Join(
		w.azure.PutTenant(plane.Tenant),
		w.azure.PutApplication(owner),
		w.azure.PutSubscription(azure.Subscription{
			ID: e.subscription, TenantID: plane.Tenant,
			RoleAssignments: []azure.ScopedRoleAssignment{{PrincipalID: owner.PrincipalID, Role: "Owner"}},
			ResourceGroups:  []azure.ResourceGroup{{Name: "rg-aks", Location: plane.Location}},
			Registrations:   map[string]string{"Microsoft.KeyVault": "NotRegistered", "Microsoft.ManagedIdentity": "NotRegistered"},
		}),
		w.azure.PutCluster(azure.Cluster{SubscriptionID: e.subscription, ResourceGroup: "rg-aks", Name: "aks-platform", Issuer: e.plane.Issuer()}),
	)
	must(t, err)

	bin := t.TempDir()
	goBuild(t, filepath.Join(bin, "az"), "./test/azure/cmd/az")

	e.reader.Instead = append(e.reader.Instead, sampleSubscription, e.subscription)
	e.reader.Env = append(
		e.reader.Env,
		"PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"AZURE_TENANT_ID="+owner.TenantID, "AZURE_CLIENT_ID="+owner.ClientID, "AZURE_CLIENT_SECRET="+owner.ClientSecret,
		"AZURE_CONFIG_DIR="+t.TempDir(),
	)
}

// goBuild builds a program of the repository.
func goBuild(t *testing.T, to, program string) {
	t.Helper()

	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", to, program)
	build.Dir = w.root

	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build %s: %v\n%s", program, err, out)
	}
}

// letIn follows steps 1 and 2 of the page: the output of its commands goes into the settings.
func (e *engineer) letIn(t *testing.T) {
	t.Helper()

	page, blocks := check.Read(t, setUpPage), blocksOf(t, setUpPage)
	line := func(heading string) int { return strings.Count(page[:strings.Index(page, heading)+1], "\n") }
	first, second := line(firstStep), line(secondStep)

	var last docs.Block

	chosen := func(b docs.Block) bool { return b.Mark == docs.Azure && b.Line > first && b.Line < second }
	for _, b := range blocks {
		if chosen(b) {
			last = b
		}
	}

	said := &strings.Builder{}
	r := e.reader
	r.Said = said

	must(t, r.Follow(t.Context(), blocks, chosen))

	_, printed, _ := strings.Cut(said.String(), fmt.Sprintf("==> line %d\n", last.Line))

	// The output has the issuer, a client id, and a table with a header.
	words := strings.Fields(printed)
	if len(words) != 8 {
		t.Fatalf("what step 2 needs: want 8 words, got %q", words)
	}

	t.Logf("step 1 prints %q", words)

	here := maps.Clone(e.plane.Settings())
	maps.DeleteFunc(here, func(name string, _ any) bool { return name != "keyVault" && name != "secrets" })
	e.describePlatform(t, filepath.Join(e.reader.Dir, "package"), here, "secret-creator")

	own := strings.NewReplacer(
		sampleSubscription, e.subscription, sampleIssuer, words[0], sampleClient, words[1], sampleCreatorClient, words[6], sampleCreatorObject, words[7],
	)

	for _, name := range []string{"settings.yaml", "secret-creator.yaml"} {
		text := own.Replace(check.Read(t, filepath.Join(examplePlatform, name)))
		must(t, os.WriteFile(filepath.Join(e.dir, name), []byte(text), 0o600))
	}
}

// doctorFinds checks the codes that the doctor finds, with a login to the cluster and to Azure. Without any code, the doctor has to pass.
// No probes run here: TestDoctorJob runs them.
func (e *engineer) doctorFinds(t *testing.T, when string, want ...string) {
	t.Helper()

	d := newDoctor(t, e.plane)
	d.env = slices.Concat(w.azure.Env(), e.reader.Env)

	report, err := d.run(t.Context(), "azure", "cluster")
	must(t, err)

	var found []string
	for _, a := range report.Areas {
		found = append(found, codes(a.Findings)...)
	}

	missing := slices.DeleteFunc(slices.Clone(want), func(code string) bool { return slices.Contains(found, code) })

	if len(missing) > 0 {
		t.Errorf("%s the doctor does not find %q: %+v", when, missing, report)
	}

	if diff := cmp.Diff("Passed", report.Result); len(want) == 0 && diff != "" {
		t.Errorf("%s: -want, +got:\n%s\n%+v", when, diff, report)
	}
}
