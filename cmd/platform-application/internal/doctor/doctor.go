// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package doctor looks at a cluster and its Azure, and reports what would keep applications from running. It changes nothing.
package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

// areaTimeout bounds how long an area is looked at.
const areaTimeout = 2 * time.Minute

// Codes of all areas.
const (
	// CannotLook is about an area that could not be looked at.
	CannotLook finding.Code = "CannotLook"

	// ClusterUnreachable is about a cluster that does not answer at all.
	ClusterUnreachable finding.Code = "ClusterUnreachable"
)

// Words of what the doctor says of itself.
func Words() finding.Catalogue {
	return finding.Catalogue{
		CannotLook: {
			Severity: finding.Unknown,
			Wrong:    "The doctor cannot look at {object}: {error}",
			Breaks:   "Faults there stay unnoticed.",
			Mend:     "Mend what the message says. If it is about permissions, docs/operations/doctor.md lists those that the doctor needs.",
		},
		ClusterUnreachable: {
			Severity: finding.Unknown,
			Wrong:    "The API server of the cluster does not answer the doctor: {error}",
			Breaks:   "Nothing can be looked at. If nobody gets an answer, applications cannot be changed.",
			Mend:     "See that the network or VPN leads there, that kubelogin has signed you in, and that the kubeconfig is of this cluster:\nkubectl get --raw /version\naz aks get-credentials --name CLUSTER --resource-group CLUSTER_GROUP",
		},
	}
}

// An Area is a part of the platform that is looked at.
type Area struct {
	// Name of the area, such as cluster. --skip knows it by this name.
	Name string

	// Look returns what was found. An error is one that keeps the whole area from being looked at.
	Look func(context.Context) ([]finding.Finding, error)
}

// errNoCluster is why nothing else is looked at: the cluster says which platform it is.
var errNoCluster = errors.New("the cluster, which says where to look, does not answer")

// Unreachable are areas of a cluster that does not answer. The first one says why.
func Unreachable(err error, areas []Area) []Area {
	out := slices.Clone(areas)

	for i := range out {
		out[i].Look = func(context.Context) ([]finding.Finding, error) { return nil, errNoCluster }
	}

	if len(out) > 0 {
		out[0].Look = func(context.Context) ([]finding.Finding, error) {
			return []finding.Finding{{Code: ClusterUnreachable, With: map[string]string{"error": err.Error()}}}, nil
		}
	}

	return out
}

// A Result is what came of a run.
type Result string

// Results. Warnings are no failure.
const (
	Passed     Result = "Passed"
	Failed     Result = "Failed"
	Incomplete Result = "Incomplete"
)

// A Report of all areas.
type Report struct {
	Result Result       `json:"result"`
	Areas  []AreaReport `json:"areas"`
}

// An AreaReport is what was found in an area.
type AreaReport struct {
	Name     string          `json:"name"`
	Findings []FindingReport `json:"findings"`
}

// A FindingReport is a finding with its sentences.
type FindingReport struct {
	Code       finding.Code      `json:"code"`
	Severity   finding.Severity  `json:"severity"`
	Object     string            `json:"object,omitempty"`
	Wrong      string            `json:"wrong"`
	Breaks     string            `json:"breaks"`
	Mend       string            `json:"mend"`
	Parameters map[string]string `json:"parameters,omitempty"`
}

// Run looks at all areas, one after the other.
func Run(ctx context.Context, words finding.Catalogue, areas ...Area) Report {
	out := Report{Result: Passed}

	for _, a := range areas {
		found := look(ctx, a)
		words.Sort(found)

		area := AreaReport{Name: a.Name, Findings: []FindingReport{}}

		for _, f := range found {
			w := words.Words(f)
			area.Findings = append(area.Findings, FindingReport{
				Code: f.Code, Severity: w.Severity, Object: finding.Printable(f.Object), Wrong: w.Wrong, Breaks: w.Breaks, Mend: w.Mend, Parameters: printable(f.With),
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

// printable parameters: a pipeline may print them as they are.
func printable(with map[string]string) map[string]string {
	out := maps.Clone(with)
	for name, value := range out {
		out[name] = finding.Printable(value)
	}

	return out
}

// JSON writes the report for pipelines.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")

	if err := e.Encode(r); err != nil {
		return fmt.Errorf("cannot write report: %w", err)
	}

	return nil
}

// Text writes the report for people.
func (r Report) Text(w io.Writer) {
	for _, a := range r.Areas {
		if len(a.Findings) == 0 {
			fmt.Fprintf(w, "ok       %s\n", a.Name)

			continue
		}

		fmt.Fprintf(w, "         %s\n", a.Name)

		for _, f := range a.Findings {
			fmt.Fprintf(w, "%-8s %s: %s\n", strings.ToLower(string(f.Severity)), f.Code, indented(f.Wrong))
			fmt.Fprintf(w, "         It breaks: %s\n         Mend it:   %s\n", indented(f.Breaks), indented(f.Mend))
		}
	}

	fmt.Fprintf(w, "\n%s\n", r.Result)
}

// indented keeps further lines from looking like a finding.
func indented(s string) string { return strings.ReplaceAll(s, "\n", "\n                    ") }
