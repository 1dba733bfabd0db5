// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package doctor runs the checks of its areas, which are the packages below it, and reports what keeps applications from running. It
// changes nothing.
package doctor

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

// areaTimeout limits the time for one area.
const areaTimeout = 2 * time.Minute

// Codes that every area can report.
const (
	// CannotLook is about an area that the doctor cannot examine.
	CannotLook finding.Code = "CannotLook"

	// ClusterUnreachable is about a cluster whose API server does not respond.
	ClusterUnreachable finding.Code = "ClusterUnreachable"
)

// Words returns the sentences of these codes.
func Words() finding.Catalogue {
	return finding.Catalogue{
		CannotLook: {
			Severity: finding.Unknown,
			Problem:  "The doctor cannot examine {object}: {error}",
			Impact:   "Faults there stay unnoticed.",
			Fix:      "Fix the cause in the message. docs/operations/doctor.md lists the permissions that the doctor needs.",
			Phrases:  map[string]map[string]string{"error": {string(ClusterUnreachable): "the API server of the cluster does not respond"}},
		},
		ClusterUnreachable: {
			Severity: finding.Unknown,
			Problem:  "The API server of the cluster does not respond: {error}",
			Impact:   "The doctor cannot examine anything. If the API server is down, applications cannot be changed.",
			Fix:      "Check the network or VPN, the sign-in of kubelogin, and that the kubeconfig is for this cluster:\nkubectl get --raw /version\naz aks get-credentials --name CLUSTER --resource-group CLUSTER_GROUP",
		},
	}
}

// An Area is a part of the platform that the doctor examines.
type Area struct {
	// Name of the area, such as cluster, as --skip takes it.
	Name string

	// Look returns the findings. It returns an error if it cannot examine the area at all.
	Look func(context.Context) ([]finding.Finding, error)
}

// Unreachable returns the areas of a cluster that does not respond. Only the first one reports the cause.
func Unreachable(err error, areas []Area) []Area {
	out := slices.Clone(areas)

	for i := range out {
		found := finding.Finding{Code: CannotLook, Object: out[i].Name, With: map[string]string{"error": string(ClusterUnreachable)}}
		if i == 0 {
			found = finding.Finding{Code: ClusterUnreachable, With: map[string]string{"error": err.Error()}}
		}

		out[i].Look = func(context.Context) ([]finding.Finding, error) { return []finding.Finding{found}, nil }
	}

	return out
}

// A Result is the outcome of a run.
type Result string

// Results. Warnings do not fail a run.
const (
	Passed     Result = "Passed"
	Failed     Result = "Failed"
	Incomplete Result = "Incomplete"
)

// A Report has the findings of all areas.
type Report struct {
	Result Result       `json:"result"`
	Areas  []AreaReport `json:"areas"`
}

// An AreaReport has the findings of one area.
type AreaReport struct {
	Name     string          `json:"name"`
	Findings []FindingReport `json:"findings"`
}

// A FindingReport is a finding with its sentences.
type FindingReport struct {
	Code       finding.Code      `json:"code"`
	Severity   finding.Severity  `json:"severity"`
	Object     string            `json:"object,omitempty"`
	Problem    string            `json:"problem"`
	Impact     string            `json:"impact"`
	Fix        string            `json:"fix"`
	Parameters map[string]string `json:"parameters,omitempty"`
}

// Run examines all areas, one after the other.
func Run(ctx context.Context, words finding.Catalogue, areas ...Area) Report {
	out := Report{Result: Passed}

	for _, a := range areas {
		found := look(ctx, a)
		words.Sort(found)

		area := AreaReport{Name: a.Name, Findings: []FindingReport{}}

		for _, f := range found {
			w := words.Words(f)
			area.Findings = append(area.Findings, FindingReport{
				Code: f.Code, Severity: w.Severity, Object: sentence.Printable(f.Object), Problem: w.Problem, Impact: w.Impact, Fix: w.Fix, Parameters: printable(f.With),
			})

			switch {
			case w.Severity == finding.Error:
				out.Result = Failed
			case w.Severity == finding.Unknown && out.Result == Passed:
				out.Result = Incomplete
			}
		}

		out.Areas = append(out.Areas, area)
	}

	return out
}

func look(ctx context.Context, a Area) []finding.Finding {
	ctx, cancel := context.WithTimeout(ctx, areaTimeout)
	defer cancel()

	found, err := a.Look(ctx)
	if err != nil {
		found = append(found, finding.Finding{Code: CannotLook, Object: a.Name, With: map[string]string{"error": err.Error()}})
	}

	return found
}

// printable returns parameters that a pipeline can print unchanged.
func printable(with map[string]string) map[string]string {
	out := maps.Clone(with)
	for name, value := range out {
		out[name] = sentence.Printable(value)
	}

	return out
}

// JSON writes the report for pipelines.
func (r Report) JSON(w io.Writer) error { return finding.WriteJSON(w, r) }

// Text writes the report for people.
func (r Report) Text(w io.Writer) {
	for _, a := range r.Areas {
		if len(a.Findings) == 0 {
			fmt.Fprintf(w, "ok       %s\n", a.Name)

			continue
		}

		fmt.Fprintf(w, "         %s\n", a.Name)

		for _, f := range a.Findings {
			fmt.Fprintf(w, "%-8s %s: %s\n", strings.ToLower(string(f.Severity)), f.Code, indented(f.Problem))
			fmt.Fprintf(w, "         Impact: %s\n         Fix:    %s\n", indented(f.Impact), indented(f.Fix))
		}
	}

	fmt.Fprintf(w, "\n%s\n", r.Result)
}

// indented returns text whose further lines do not look like a finding.
func indented(s string) string { return strings.ReplaceAll(s, "\n", "\n                 ") }
