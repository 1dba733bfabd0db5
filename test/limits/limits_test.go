// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package limits

import (
	"context"
	"flag"
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
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/watch"
)

var update = flag.Bool("update", false, "write the tables of the page instead of comparing with them") //nolint:gochecknoglobals // The way of the flag package.

// TestPage compares the page with what is computed.
func TestPage(t *testing.T) {
	path := file(t, "docs", "operations", "limits-and-cost.md")
	page := read(t, path)
	want, names := compute(page)

	slices.Sort(names)

	if diff := cmp.Diff(slices.Sorted(maps.Keys(tables())), names); diff != "" {
		t.Errorf("tables of the page: -want, +got:\n%s", diff)
	}

	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}

		return
	}

	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(page, "\n")); diff != "" {
		t.Errorf("%s: -want, +got:\n%s\nIf this is meant, run `go test ./test/limits -update`, and look at the text around the tables.", path, diff)
	}
}

// TestNumbersInText looks for numbers of the text that follow from the others.
func TestNumbersInText(t *testing.T) {
	page := strings.Join(strings.Fields(read(t, file(t, "docs", "operations", "limits-and-cost.md"))), " ")
	one, three := NewApplication(1), NewApplication(3)
	idle := Sync(30*time.Second, secrets)

	for name, want := range map[string]string{
		"Reads": fmt.Sprintf("takes %d reads to look at an application with one role assignment, and %d more for each further one",
			one.Reads(), Reads()[assignment]),
		"Looks":      fmt.Sprintf("%d to %d every 10 minutes, %d to %d when it is new", one.Reads(), three.Reads(), one.sum(firstReads()), three.sum(firstReads())),
		"Tokens":     fmt.Sprintf("| %d to %d every 10 minutes |", one.sum(tokens()), three.sum(tokens())),
		"Restart":    "For 800 applications with one role assignment that takes " + short(one.Restart(PerResourceGroup)),
		"New":        fmt.Sprintf("A new application with one role assignment takes %d reads and %d writes", one.sum(firstReads()), one.resources()),
		"Creation":   "800 take at least " + short(one.Creation(PerResourceGroup)),
		"Writes":     fmt.Sprintf("10 a second | %d to %d when it is new", one.resources(), three.resources()),
		"Deletions":  fmt.Sprintf("10 a second | %d to %d when it is deleted", one.resources(), three.resources()),
		"OtherReads": "With the default, " + thousands(significant(idle.Reads, 3)) + " of them are not lists",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s: the page does not say %q", name, want)
		}
	}
}

// resources that it has, each of which is written once.
func (a Application) resources() int {
	return a.sum(map[string]int{vault: 1, identity: 1, credential: 1, assignment: 1})
}

// TestApplication counts what the function makes of the guide's application with the settings of the examples: an officer, and an
// identity that creates secrets.
func TestApplication(t *testing.T) {
	got := Application{}

	for document := range strings.SplitSeq(read(t, file(t, "test", "render", "testdata", "golden", "modern", "web-application", "3-secrets-synced.yaml")), "\n---\n") {
		var o struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}

		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatal(err)
		}

		if strings.Contains(o.APIVersion, ".azure.m.upbound.io/") {
			got[o.Kind]++
		}
	}

	if diff := cmp.Diff(NewApplication(3), got); diff != "" {
		t.Errorf("managed resources of an application: -want, +got:\n%s", diff)
	}
}

// A vault that never changes, and counts its lists.
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
				w := watch.New(l, 1, 15*time.Minute, watch.NewMetrics(), func(types.NamespacedName) {})
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

// TestDefaults compares with the flags of both providers.
func TestDefaults(t *testing.T) {
	azure := flagDefault(t, read(t, filepath.Join(module(t), "cmd", "provider", "keyvault", "zz_main.go")), `Flag\("poll", .*\.Default\("([^"]+)"\)`)
	if azure != AzurePoll {
		t.Errorf("--poll of the Azure providers: want %s, got %s", AzurePoll, azure)
	}

	if got := flagDefault(t, read(t, file(t, "provider", "main.go")), `FullReadInterval +time\.Duration .default:"([^"]+)"`); got != fullRead {
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
	if err != nil {
		t.Fatal(err)
	}

	return d
}

// TestFit has what is true of every application.
func TestFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := NewApplication(rapid.IntRange(1, 500).Draw(t, "assignments"))
		poll := time.Duration(rapid.IntRange(1, 3600).Draw(t, "seconds")) * time.Second
		f := a.Fit(poll)

		if f.Assignments*a[assignment] > RoleAssignments {
			t.Errorf("%d applications have more than %d role assignments", f.Assignments, RoleAssignments)
		}

		if float64(f.Reads*a.Reads()) > ReadsPerSecond*poll.Seconds() {
			t.Errorf("%d applications take more than %d reads a second", f.Reads, ReadsPerSecond)
		}

		if more := NewApplication(a[assignment] + 1).Fit(poll); more.Assignments > f.Assignments || more.Reads > f.Reads {
			t.Errorf("more fit with another role assignment: %v, and %v without", more, f)
		}
	})
}

func TestNumbers(t *testing.T) {
	cases := map[string]struct {
		reason    string
		got, want string
	}{
		"Small":       {reason: "A number without a comma.", got: thousands(999), want: "999"},
		"Large":       {reason: "A comma for each three digits.", got: thousands(1234567), want: "1,234,567"},
		"Significant": {reason: "The rest is noise.", got: thousands(significant(553263, 3)), want: "553,000"},
		"Few":         {reason: "A number with fewer digits is as it is.", got: thousands(significant(7, 3)), want: "7"},
		"None":        {reason: "Zero has none.", got: thousands(significant(0, 3)), want: "0"},
		"Cents":       {reason: "Small sums have cents.", got: money(0.346), want: "$0.35"},
		"Dollars":     {reason: "Large ones have none.", got: money(2890.8), want: "$2,891"},
		"Seconds":     {reason: "Zeros that count.", got: short(30 * time.Second), want: "30s"},
		"Minutes":     {reason: "No seconds.", got: short(10 * time.Minute), want: "10m"},
		"Hour":        {reason: "No minutes either.", got: short(time.Hour), want: "1h"},
		"Mixed":       {reason: "All that there is.", got: short(90*time.Minute + 5*time.Second), want: "1h30m5s"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.got != tc.want {
				t.Errorf("\n%s\nwant %s, got %s", tc.reason, tc.want, tc.got)
			}
		})
	}
}

// module is the directory of provider-azure.
func module(t *testing.T) string {
	t.Helper()

	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/upbound/provider-azure/v2").Output()
	if err != nil {
		t.Fatal(err)
	}

	return strings.TrimSpace(string(out))
}

func file(t *testing.T, elements ...string) string {
	t.Helper()

	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	return filepath.Join(append([]string{root}, elements...)...)
}

func read(t *testing.T, path string) string {
	t.Helper()

	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	return string(b)
}
