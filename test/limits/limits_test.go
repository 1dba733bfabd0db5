// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package limits

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/watch"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// TestPage compares the page with the computed tables.
func TestPage(t *testing.T) {
	const path = "docs/operations/limits-and-cost.md"

	want, names := compute(check.Read(t, path))

	slices.Sort(names)

	if diff := cmp.Diff(slices.Sorted(maps.Keys(tables())), names); diff != "" {
		t.Errorf("tables of the page: -want, +got:\n%s", diff)
	}

	check.Golden(t, want, path)
}

// TestApplication counts the resources of web-application with the settings of the examples: an officer, and an identity
// that creates secrets.
func TestApplication(t *testing.T) {
	got := Application{}

	for document := range strings.SplitSeq(check.Read(t, "test", "render", "testdata", "golden", "modern", "web-application", "3-secrets-synced.yaml"), "\n---\n") {
		var o struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}

		check.Must(t, yaml.Unmarshal([]byte(document), &o))

		if strings.Contains(o.APIVersion, ".azure.m.upbound.io/") {
			got[o.Kind]++
		}
	}

	if diff := cmp.Diff(NewApplication(3), got); diff != "" {
		t.Errorf("managed resources of an application: -want, +got:\n%s", diff)
	}
}

// TestAlerts compares the thresholds of alerts with the limits.
func TestAlerts(t *testing.T) {
	expressions := map[string]string{}

	var rules struct {
		Spec struct {
			Groups []struct {
				Rules []struct{ Alert, Expr string }
			}
		}
	}
	check.Must(t, yaml.Unmarshal([]byte(check.Read(t, "package", "monitoring", "alerts.yaml")), &rules))

	for _, g := range rules.Spec.Groups {
		for _, r := range g.Rules {
			expressions[r.Alert] = r.Expr
		}
	}

	for alert, want := range map[string]string{
		"KeyVaultApplicationsNearLimit":         fmt.Sprintf("(?s)> %[1]d\n.*> %[1]d$", Warning(PerResourceGroup)),
		"KeyVaultRoleAssignmentsNearLimit":      fmt.Sprintf("> %d$", Warning(RoleAssignments)),
		"KeyVaultResourceManagerReadsNearLimit": fmt.Sprintf("(?s)-authorization.*\\+ %d \\* .*-network.*> %d$", Reads()[endpoint]-1, Warning(ReadsPerSecond)),
	} {
		if !regexp.MustCompile(want).MatchString(expressions[alert]) {
			t.Errorf("%s: want %s in %q", alert, want, expressions[alert])
		}
	}

	for n := range 3 {
		if all, first, _ := NewApplication(n + 1).Fit(AzurePoll).Subscription(); all < PerResourceGroup {
			t.Errorf("%d role assignments: an alert warns of a full resource group, but %s end at %d applications", n+1, first, all)
		}
	}
}

// A vault that never changes counts its lists.
type lister struct{ lists atomic.Int64 }

func (l *lister) List(context.Context, watch.Target, keyvault.Listing) ([]keyvault.Properties, error) {
	l.lists.Add(1)

	return []keyvault.Properties{{Name: "db", Enabled: true, Updated: time.Now().Add(-48 * time.Hour)}}, nil
}

func (*lister) Drop(watch.Target) {}

// TestLists measures how often the provider lists a vault.
func TestLists(t *testing.T) {
	const measured = 24 * time.Hour

	for name, interval := range map[string]time.Duration{"Fast": 5 * time.Second, "Default": 30 * time.Second, "Slow": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &lister{}
				w := watch.New(l, 1, 15*time.Minute, watch.NewMetrics(), func(types.NamespacedName, bool) {})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)

				go func() { ended <- w.Start(ctx) }()

				w.Watch(ctx, types.NamespacedName{Namespace: "shop", Name: "web"}, watch.Target{VaultURI: "https://a.vault.azure.net"},
					watch.Interest{Names: []string{"db"}, Interval: interval, Fast: 5 * time.Second})
				time.Sleep(measured)
				cancel()

				if err := <-ended; err != nil {
					t.Error(err)
				}

				got := float64(l.lists.Load()) * times(measured)
				if want := Sync(interval, secrets).Lists; got < 0.97*want || got > 1.03*want {
					t.Errorf("lists of a month every %s: want about %.0f, got %.0f", interval, want, got)
				}
			})
		})
	}
}

// TestDefaults compares the constants with the flags of both providers.
func TestDefaults(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(module(t), "cmd", "provider", "keyvault", "zz_main.go"))
	check.Must(t, err)

	azure := flagDefault(t, string(source), `Flag\("poll", .*\.Default\("([^"]+)"\)`)
	if azure != AzurePoll {
		t.Errorf("--poll of the Azure providers: want %s, got %s", AzurePoll, azure)
	}

	if got := flagDefault(t, check.Read(t, "provider", "main.go"), `FullReadInterval +time\.Duration .default:"([^"]+)"`); got != fullRead {
		t.Errorf("--full-read-interval: want %s, got %s", fullRead, got)
	}
}

func flagDefault(t *testing.T, source, expression string) time.Duration {
	t.Helper()

	found := regexp.MustCompile(expression).FindStringSubmatch(source)
	if found == nil {
		t.Fatalf("no flag is like %s", expression)
	}

	d, err := time.ParseDuration(found[1])
	check.Must(t, err)

	return d
}

// module is the directory of provider-azure.
func module(t *testing.T) string {
	t.Helper()

	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/upbound/provider-azure/v2").Output()
	check.Must(t, err)

	return strings.TrimSpace(string(out))
}
