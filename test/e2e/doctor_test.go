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

// findTimeout bounds what it takes until a fault is found, probes included. One that is not found keeps no other from being looked for.
const findTimeout = 2 * time.Minute

// A fault of a platform that the doctor finds.
type fault struct {
	reason string

	// plant the fault. What it registers with the cleanup of the test takes the fault away.
	plant func(t *testing.T, p *plane.Plane)

	// kubeconfig of whoever runs the doctor. Default: somebody who may do anything.
	kubeconfig func(t *testing.T, p *plane.Plane) string

	// want are the codes that are found, besides those of a platform that is well.
	want []string

	// alone: not even those are found.
	alone bool
}

// doctorFaults by area. Each area has a file of its own.
func doctorFaults() map[string]map[string]fault {
	return map[string]map[string]fault{
		"cluster": clusterFaults(),
		"place":   placeFaults(),
		"azure":   azureFaults(),
	}
}

// doctorUnplanted are the codes for which no fault is planted here, with the reason and the test that covers each.
func doctorUnplanted() []map[string]string {
	return []map[string]string{
		clusterUnplanted(),
		placeUnplanted(),
		azureUnplanted(),
	}
}

// A doctorReport is what the doctor prints for pipelines.
type doctorReport struct {
	Result string `json:"result"`
	Areas  []struct {
		Name     string          `json:"name"`
		Findings []doctorFinding `json:"findings"`
	} `json:"areas"`
}

type doctorFinding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Object   string `json:"object"`
	Wrong    string `json:"wrong"`
	Breaks   string `json:"breaks"`
	Mend     string `json:"mend"`
}

// A doctor is the program, for one plane.
type doctor struct {
	program, kubeconfig string
	areas               []string
	plane               *plane.Plane
}

// doctorPreparations make of a plane what an area finds nothing wrong with, while its faults are planted.
func doctorPreparations() map[string]planter {
	return map[string]planter{
		"cluster": func(*testing.T, *plane.Plane) {},
		"azure":   prepareAzure,
		"place":   together(prepareAzure, prepareForPlace),
	}
}

// TestDoctor plants faults into a platform that is well, one after the other, and reads what the doctor finds.
func TestDoctor(t *testing.T) {
	d := newDoctor(t, w.modern)
	prepareForDoctor(t, w.modern)

	for _, area := range d.areas {
		t.Run(area, func(t *testing.T) {
			doctorPreparations()[area](t, w.modern)

			// Policies come into force in a moment.
			well := d.well(t, area)
			faults := doctorFaults()[area]

			for _, name := range slices.Sorted(maps.Keys(faults)) {
				t.Run(name, func(t *testing.T) { d.finds(t, area, faults[name], well) })
			}

			// The API server forgets the last fault in a moment.
			if diff := cmp.Diff(well, d.well(t, area)); diff != "" {
				t.Errorf("findings after all faults were taken away: -want, +got:\n%s", diff)
			}
		})
	}
}

// well waits until the doctor passes in some areas, or in all, and returns what it finds all the same.
func (d *doctor) well(t *testing.T, areas ...string) []string {
	t.Helper()

	var out []string

	must(t, plane.Eventually(t.Context(), "a platform that is well", func(ctx context.Context) error {
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
	}))

	return out
}

// finds a fault.
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

	// Policies come into force, and the fault before this one goes, in a moment.
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

// TestDoctorCodes keeps a finding from being without a test that plants its fault.
func TestDoctorCodes(t *testing.T) {
	d := newDoctor(t, w.modern)

	out, err := exec.CommandContext(t.Context(), d.program, "doctor", "--list", "--output", "json").Output()
	if err != nil {
		t.Fatal(err)
	}

	var catalogue []doctorFinding
	if err := json.Unmarshal(out, &catalogue); err != nil {
		t.Fatal(err)
	}

	covered := map[string]bool{}

	for _, faults := range doctorFaults() {
		for _, f := range faults {
			for _, code := range f.want {
				covered[code] = true
			}
		}
	}

	for _, unplanted := range doctorUnplanted() {
		for code := range unplanted {
			if covered[code] {
				t.Errorf("%s is planted, and listed as if it could not be", code)
			}

			covered[code] = true
		}
	}

	if diff := cmp.Diff(codes(catalogue), slices.Sorted(maps.Keys(covered))); diff != "" {
		t.Errorf("codes that have a planted fault, or a reason why not: -want, +got:\n%s", diff)
	}
}

// newDoctor builds the program.
func newDoctor(t *testing.T, p *plane.Plane) *doctor {
	t.Helper()

	d := &doctor{program: filepath.Join(w.dir, "platform-application"), kubeconfig: p.Kubeconfig(), areas: slices.Sorted(maps.Keys(doctorFaults())), plane: p}

	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", d.program, "./cmd/platform-application")
	build.Dir = w.root

	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the doctor: %v\n%s", err, out)
	}

	return d
}

// run the doctor in all areas, or in some. Its exit code says what its report does.
func (d *doctor) run(ctx context.Context, areas ...string) (doctorReport, error) {
	args := []string{"doctor", "--kubeconfig", d.kubeconfig, "--output", "json"}

	for _, area := range d.areas {
		if len(areas) > 0 && !slices.Contains(areas, area) {
			args = append(args, "--skip", area)
		}
	}

	var out, said bytes.Buffer

	cmd := exec.CommandContext(ctx, d.program, args...)
	cmd.Env = append(
		os.Environ(),
		"HTTPS_PROXY="+w.azure.ProxyURL(), "NO_PROXY=127.0.0.1,localhost", "SSL_CERT_FILE="+filepath.Join(w.dir, "azure-ca.pem"),
		"AZURE_TENANT_ID="+plane.Tenant, "AZURE_CLIENT_ID="+doctorClient, "AZURE_CLIENT_SECRET="+doctorPassword,
	)
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

// codes of findings, sorted.
func codes(findings []doctorFinding) []string {
	out := []string{}
	for _, f := range findings {
		out = append(out, f.Code)
	}

	slices.Sort(out)

	return out
}
