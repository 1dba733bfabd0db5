// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

const rulesTestFile = "test/monitoring/testdata/alerts.yaml"

// TestRules runs promtool, which checks all rules and runs the alerts on series.
func TestRules(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		check.Must(t, os.WriteFile(path, data, 0o600))

		return path
	}
	marshal := func(content any) []byte {
		data, err := yaml.Marshal(content)
		check.Must(t, err)

		return data
	}

	// Without the operator, users load the rules of the PrometheusRule.
	all := shipped(t)
	promtool(t, "check", "rules", write("all.yaml", marshal(all)))

	// promtool compares all annotations, and descriptions are long.
	for _, g := range all.Groups {
		for i, a := range g.Rules {
			g.Rules[i].Annotations = map[string]string{"summary": a.Annotations["summary"]}
		}
	}

	write("rules.yaml", marshal(all))

	promtool(t, "test", "rules", write("tests.yaml", []byte(expand(check.Read(t, rulesTestFile)))))
}

var manySeries = regexp.MustCompile(`(?m)^(.*)\{1\.\.(\d+)\}(.*\n)`)

// expand repeats the lines with a range such as {1..640}, once for each number.
func expand(text string) string {
	return manySeries.ReplaceAllStringFunc(text, func(line string) string {
		m := manySeries.FindStringSubmatch(line)
		last, _ := strconv.Atoi(m[2])

		var out strings.Builder
		for n := range last {
			out.WriteString(m[1] + strconv.Itoa(n+1) + m[3])
		}

		return out.String()
	})
}

func promtool(t *testing.T, args ...string) {
	t.Helper()

	path := check.Tool(t, "promtool")

	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
}

// TestRulesAreTested checks that every alert fires in one test, and does not fire in another.
func TestRulesAreTested(t *testing.T) {
	file := struct {
		Tests []struct {
			Cases []struct {
				Alert  string           `json:"alertname"`
				Firing []map[string]any `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		} `json:"tests"`
	}{}
	check.Must(t, yaml.Unmarshal([]byte(check.Read(t, rulesTestFile)), &file))

	type tested struct{ Fires, Silent bool }

	want, got := map[string]tested{}, map[string]tested{}

	for _, a := range alerts(t) {
		want[a.Alert] = tested{Fires: true, Silent: true}
	}

	for _, group := range file.Tests {
		for _, c := range group.Cases {
			seen := got[c.Alert]
			seen.Fires = seen.Fires || len(c.Firing) > 0
			seen.Silent = seen.Silent || len(c.Firing) == 0
			got[c.Alert] = seen
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tests of alerts in %s: -want, +got:\n%s", rulesTestFile, diff)
	}
}
