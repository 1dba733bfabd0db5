// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/test/docs"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	alertsFile    = "package/monitoring/alerts.yaml"
	dashboardFile = "package/monitoring/dashboard.json"
)

// An alert of a PrometheusRule.
type alert struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// rules are groups of alerts, as Prometheus loads them.
type rules struct {
	Groups []struct {
		Name  string  `json:"name"`
		Rules []alert `json:"rules"`
	} `json:"groups"`
}

// shipped returns the rules in the PrometheusRule.
func shipped(t *testing.T) rules {
	t.Helper()

	var resource struct {
		Spec rules `json:"spec"`
	}
	check.Must(t, yaml.Unmarshal([]byte(check.Read(t, alertsFile)), &resource))

	return resource.Spec
}

func alerts(t *testing.T) []alert {
	t.Helper()

	var out []alert
	for _, g := range shipped(t).Groups {
		out = append(out, g.Rules...)
	}

	if len(out) == 0 {
		t.Fatal("there are no alerts")
	}

	return out
}

// A panel of a dashboard.
type panel struct {
	Title   string `json:"title"`
	Targets []struct {
		Expr         string `json:"expr"`
		LegendFormat string `json:"legendFormat"`
	} `json:"targets"`
}

// A dashboard of Grafana.
type dashboard struct {
	Panels     []panel `json:"panels"`
	Templating struct {
		List []struct {
			Name       string `json:"name"`
			Definition string `json:"definition"`
		} `json:"list"`
	} `json:"templating"`
}

func loadDashboard(t *testing.T) dashboard {
	t.Helper()

	d := dashboard{}
	check.Must(t, json.Unmarshal([]byte(check.Read(t, dashboardFile)), &d))

	if len(d.Panels) == 0 {
		t.Fatal("there are no panels")
	}

	return d
}

func TestAlerts(t *testing.T) {
	got, names := map[string][]string{}, map[string]bool{}

	for _, a := range alerts(t) {
		if faults := a.check(metrics(t)); len(faults) > 0 {
			got[a.Alert] = faults
		}

		if names[a.Alert] {
			got[a.Alert] = append(got[a.Alert], "it is there twice")
		}

		names[a.Alert] = true
	}

	if diff := cmp.Diff(map[string][]string{}, got); diff != "" {
		t.Errorf("faults of %s: -want, +got:\n%s", alertsFile, diff)
	}
}

// check checks an alert: its expression, and that it tells whom it concerns and what to do. promtool checks the labels in its summary.
func (a alert) check(m Metrics) []string {
	faults := m.Check(a.Expr)

	for _, name := range []string{"summary", "description", "runbook_url"} {
		if a.Annotations[name] == "" {
			faults = append(faults, "it has no "+name)
		}
	}

	if strings.Contains(a.Annotations["description"], "$labels") {
		faults = append(faults, "its description has labels, which no test compares")
	}

	if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
		faults = append(faults, "it has no severity")
	}

	if !slices.Contains([]string{"platform", "application"}, a.Labels["team"]) {
		faults = append(faults, "it has no team")
	}

	return faults
}

func TestDashboard(t *testing.T) {
	d := loadDashboard(t)
	got := map[string][]string{}

	for _, p := range d.Panels {
		for _, target := range p.Targets {
			if faults := metrics(t).Check(target.Expr); len(faults) > 0 {
				got[p.Title] = faults
			}
		}
	}

	for _, v := range d.Templating.List {
		values := regexp.MustCompile(`^label_values\(([^,]+), (\w+)\)$`).FindStringSubmatch(v.Definition)

		switch {
		case v.Definition == "":
		case values == nil:
			got["$"+v.Name] = []string{"cannot read " + v.Definition}
		default:
			m, ok := metrics(t).series(values[1])
			if !ok || !slices.Contains(m.Labels, values[2]) {
				got["$"+v.Name] = []string{"there are no " + v.Definition}
			}
		}
	}

	if diff := cmp.Diff(map[string][]string{}, got); diff != "" {
		t.Errorf("faults of %s: -want, +got:\n%s", dashboardFile, diff)
	}
}

// TestCheckFails checks that the checks find faults.
func TestCheckFails(t *testing.T) {
	m := Metrics{
		"syncs":    {Type: "gauge", Labels: []string{"namespace", "state"}, values: map[string]map[string]bool{"state": {"Synced": true, "Missing": true}}},
		"requests": {Type: "counter", Labels: []string{"controller"}, values: map[string]map[string]bool{"controller": {"ours": true}}},
		"late":     {Type: "histogram"},
	}

	for name, tc := range map[string]struct {
		reason     string
		expression string
		want       []string
	}{
		"Good":              {reason: "A valid expression has no fault.", expression: `sum by (namespace) (syncs{state=~"Synced|Missing"})`},
		"GoodHistogram":     {reason: "A histogram has buckets.", expression: `histogram_quantile(0.5, sum by (le) (rate(late_bucket[5m])))`},
		"UnknownMetric":     {reason: "An unknown metric is reported.", expression: `sync`, want: []string{"there is no metric sync"}},
		"HistogramAsGauge":  {reason: "A histogram has no series of its own name.", expression: `late`, want: []string{"there is no metric late"}},
		"CounterAsBuckets":  {reason: "A counter has no buckets.", expression: `requests_bucket`, want: []string{"there is no metric requests_bucket"}},
		"UnknownLabel":      {reason: "An unknown label is reported.", expression: `syncs{status="Synced"}`, want: []string{"metric syncs has no label status"}},
		"UnknownState":      {reason: "An unknown state is reported.", expression: `syncs{state=~"Synced|Lost"}`, want: []string{`metric syncs has never state="Lost"`}},
		"Pattern":           {reason: "A pattern matches an observed value.", expression: `syncs{state!~"Mis.+"}`},
		"UnknownPattern":    {reason: "A pattern that matches no observed value is reported.", expression: `syncs{state!~".+[.]gone"}`, want: []string{`metric syncs has never state=".+[.]gone"`}},
		"UnknownController": {reason: "An unknown controller is reported.", expression: `requests{controller="theirs"}`, want: []string{`metric requests has never controller="theirs"`}},
		"Syntax":            {reason: "An invalid expression is reported.", expression: `sum(`, want: []string{`cannot parse "sum(": 1:5: parse error: unclosed left parenthesis`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, m.Check(tc.expression)); diff != "" {
				t.Errorf("\n%s\nCheck(%q): -want, +got:\n%s", tc.reason, tc.expression, diff)
			}
		})
	}

	bad := alert{Expr: `sum by (state) (syncs)`, Annotations: map[string]string{"summary": "x", "description": "{{ $labels.state }}"}}
	want := []string{"it has no runbook_url", "its description has labels, which no test compares", "it has no severity", "it has no team"}

	if diff := cmp.Diff(want, bad.check(m)); diff != "" {
		t.Errorf("\nAn alert that says too much and too little.\ncheck(...): -want, +got:\n%s", diff)
	}
}

// TestRunbook checks that the runbook has a section for every state and for every alert.
func TestRunbook(t *testing.T) {
	const path = "docs/operations/runbook.md"

	runbook := check.Read(t, path)

	var missing []string

	for _, s := range states(t) {
		if !docs.HasSection(runbook, strings.ToLower(s)) {
			missing = append(missing, "state "+s)
		}
	}

	for _, a := range alerts(t) {
		page, anchor, _ := strings.Cut(a.Annotations["runbook_url"], "#")
		if !strings.HasSuffix(page, "/blob/main/"+path) || !docs.HasSection(runbook, anchor) {
			missing = append(missing, "alert "+a.Alert+" ("+a.Annotations["runbook_url"]+")")
		}
	}

	if diff := cmp.Diff([]string(nil), missing); diff != "" {
		t.Errorf("missing in %s: -want, +got:\n%s", path, diff)
	}
}

// TestAlertsAreDocumented checks that the page has a row for every alert, and no other row.
func TestAlertsAreDocumented(t *testing.T) {
	const page = "docs/operations/alerts.md"

	want, got := map[string]string{}, map[string]string{}

	for _, a := range alerts(t) {
		want[a.Alert] = fmt.Sprintf("%s, %s, %s", a.Labels["severity"], a.For, a.Labels["team"])
	}

	for _, row := range docs.Rows(check.Read(t, page)) {
		if strings.HasPrefix(row[0], "`KeyVault") && len(row) >= 4 {
			got[docs.Words(row[0])] = strings.Join(row[1:4], ", ")
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("severity, duration and team in %s: -alerts.yaml, +page:\n%s", page, diff)
	}
}
