//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/plane"
)

// findTimeout bounds the time until a fault is found, probes included. After that, the search for other faults continues.
const findTimeout = 2 * time.Minute

// A fault of a platform that the doctor finds.
type fault struct {
	reason string

	// plant plants the fault, and registers its removal with the cleanup of the test.
	plant planter

	// kubeconfig of the user of the doctor. Default: a user with all permissions.
	kubeconfig func(t *testing.T, p *plane.Plane) string

	// want are the additional codes besides those of a healthy platform.
	want []string

	// alone means that even those are not found.
	alone bool
}

// A doctorArea has faults of one area. The unit tests TestDecide and TestRead cover every finding and every kind of fact, and TestStandIn
// faults in Azure. A plane shows that a real API server and pods behave as these tests assume.
type doctorArea struct {
	// prepare prepares a plane in which the area finds no fault, for the duration of the test.
	prepare planter
	faults  map[string]fault
}

// A planter changes a plane for the duration of the test.
type planter = func(*testing.T, *plane.Plane)

// together plants several faults, or none.
func together(all ...planter) planter {
	return func(t *testing.T, p *plane.Plane) {
		t.Helper()

		for _, plant := range all {
			plant(t, p)
		}
	}
}

// doctorAreas returns the areas by name.
func doctorAreas() map[string]doctorArea {
	return map[string]doctorArea{
		"cluster": {together(), clusterFaults()},
		"place":   {together(prepareAzure, prepareForPlace), placeFaults()},
	}
}

// A doctorReport is the doctor's report for pipelines.
type doctorReport struct {
	Result string `json:"result"`
	Areas  []struct {
		Name     string          `json:"name"`
		Findings []doctorFinding `json:"findings"`
	} `json:"areas"`
}

type doctorFinding struct {
	Code    string `json:"code"`
	Object  string `json:"object"`
	Problem string `json:"problem"`
}

// A doctor is the program, for one plane.
type doctor struct {
	program, kubeconfig string
	areas, env          []string
	plane               *plane.Plane
}

// TestDoctor plants faults in a healthy platform, one after the other, and checks the doctor's findings.
func TestDoctor(t *testing.T) {
	d := newDoctor(t, w.modern)
	prepareForDoctor(t, w.modern)

	for _, name := range slices.Sorted(maps.Keys(doctorAreas())) {
		area := doctorAreas()[name]

		t.Run(name, func(t *testing.T) {
			area.prepare(t, w.modern)

			// Policies need a moment to take effect.
			well := d.well(t, name)

			for _, planted := range slices.Sorted(maps.Keys(area.faults)) {
				t.Run(planted, func(t *testing.T) { d.finds(t, name, area.faults[planted], well) })
			}

			// The API server needs a moment to forget the last fault.
			if diff := cmp.Diff(well, d.well(t, name)); diff != "" {
				t.Errorf("findings after all faults were taken away: -want, +got:\n%s", diff)
			}
		})
	}
}

// well waits until the doctor passes in some areas, or in all, and returns its remaining findings.
func (d *doctor) well(t *testing.T, areas ...string) []string {
	t.Helper()

	var out []string

	eventually(t, "a platform that is well", func(ctx context.Context) error {
		report, err := d.run(ctx, areas...)
		if err != nil {
			return err
		}

		if report.Result != "Passed" {
			return fmt.Errorf("want Passed, got %s: %+v", report.Result, report.Areas)
		}

		out = nil
		for _, a := range report.Areas {
			out = append(out, codes(a.Findings)...)
		}

		return nil
	})

	return out
}

// finds waits until the doctor finds a fault.
func (d *doctor) finds(t *testing.T, area string, f fault, well []string) {
	t.Helper()

	if f.plant != nil {
		f.plant(t, d.plane)
	}

	as := *d
	if f.kubeconfig != nil {
		as.kubeconfig = f.kubeconfig(t, d.plane)
	}

	if f.alone {
		well = nil
	}

	want := slices.Compact(slices.Sorted(slices.Values(slices.Concat(f.want, well))))

	// New policies, and the removal of the previous fault, need a moment to take effect.
	ctx, cancel := context.WithTimeout(t.Context(), findTimeout)
	defer cancel()

	err := plane.Eventually(ctx, "what the doctor finds", func(ctx context.Context) error {
		report, err := as.run(ctx, area)
		if err != nil {
			return err
		}

		if len(report.Areas) != 1 {
			return fmt.Errorf("want area %s alone, got %d areas", area, len(report.Areas))
		}

		found := report.Areas[0].Findings
		if diff := cmp.Diff(want, slices.Compact(codes(found))); diff != "" {
			return fmt.Errorf("findings: -want, +got:\n%s\n%+v", diff, found)
		}

		return nil
	})
	if err != nil {
		t.Errorf("\n%s\n%v", f.reason, err)
	}
}

// newDoctor builds the program.
func newDoctor(t *testing.T, p *plane.Plane) *doctor {
	t.Helper()

	d := &doctor{
		program: filepath.Join(w.dir, "platform-application"), kubeconfig: p.Kubeconfig(), areas: []string{"azure", "cluster", "place"}, plane: p,
		env: slices.Concat(w.azure.Env(), []string{"AZURE_TENANT_ID=" + plane.Tenant, "AZURE_CLIENT_ID=" + doctorClient, "AZURE_CLIENT_SECRET=" + doctorPassword}),
	}

	goBuild(t, d.program, "./cmd/platform-application")

	return d
}

// run runs the doctor in all areas, or in some. Its exit code must match its report.
func (d *doctor) run(ctx context.Context, areas ...string) (doctorReport, error) {
	args := []string{"doctor", "--kubeconfig", d.kubeconfig, "--output", "json"}

	for _, area := range d.areas {
		if len(areas) > 0 && !slices.Contains(areas, area) {
			args = append(args, "--skip", area)
		}
	}

	var out, said bytes.Buffer

	cmd := exec.CommandContext(ctx, d.program, args...)
	cmd.Env = append(os.Environ(), d.env...)
	cmd.Stdout, cmd.Stderr = &out, &said

	code := 0

	if err := cmd.Run(); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			return doctorReport{}, fmt.Errorf("cannot run the doctor: %w", err)
		}

		code = failed.ExitCode()
	}

	var report doctorReport
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		return report, fmt.Errorf("cannot read the report of the doctor, which ended with %d: %w\n%s\n%s", code, err, out.Bytes(), said.Bytes())
	}

	want := 3
	if report.Result == "Passed" {
		want = 0
	}

	if code != want {
		return report, fmt.Errorf("result %s: want exit code %d, got %d", report.Result, want, code)
	}

	return report, nil
}

// codes returns the codes of findings, sorted.
func codes(findings []doctorFinding) []string {
	out := []string{}
	for _, f := range findings {
		out = append(out, f.Code)
	}

	slices.Sort(out)

	return out
}
