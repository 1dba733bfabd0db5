// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/azure"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/cluster"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor/place"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
)

// needsPerson is the exit code if a person must act.
const needsPerson = 3

// doctorCommand checks a platform.
type doctorCommand struct {
	Kubeconfig string        `help:"Path of the kubeconfig. Default: as kubectl finds it; in a pod, its ServiceAccount." type:"path"`
	Context    string        `help:"Context of the kubeconfig."`
	Namespace  string        `default:"crossplane-system"                                                                help:"Namespace of Crossplane."`
	Output     string        `default:"text"                                                                             enum:"text,json"                help:"Format of the report: text or json." short:"o"`
	Skip       []string      `help:"Areas to skip, such as azure. Repeat the flag, or separate areas with commas."       placeholder:"AREA"`
	List       bool          `help:"List all possible findings without checking anything."`
	Timeout    time.Duration `default:"5m"                                                                               help:"Overall timeout."`

	Cluster cluster.Options `embed:""`
	Azure   azure.Options   `embed:""`
}

// Run prints a report, or all possible findings.
func (c *doctorCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()

	words, err := catalogue()
	if err != nil {
		return err
	}

	if c.List {
		return c.print(words)
	}

	areas, err := c.look(ctx)
	if err != nil {
		return err
	}

	report := doctor.Run(ctx, words, areas...)

	if err := c.print(report); err != nil {
		return err
	}

	if report.Result != doctor.Passed {
		return exit{needsPerson}
	}

	return nil
}

// A printer prints text for people, and JSON for pipelines.
type printer interface {
	Text(w io.Writer)
	JSON(w io.Writer) error
}

func (c *doctorCommand) print(p printer) error {
	if c.Output == "json" {
		return p.JSON(os.Stdout)
	}

	p.Text(os.Stdout)

	return nil
}

// look reads the platform, and returns the areas to check.
func (c *doctorCommand) look(ctx context.Context) ([]doctor.Area, error) {
	config, err := platform.Config(c.Kubeconfig, c.Context)
	if err != nil {
		return nil, err
	}

	kube, err := platform.Connect(config, c.Namespace)
	if err != nil {
		return nil, err
	}

	// Each of many requests would wait for its own deadline if the API server did not respond.
	if err := kube.Reach(ctx); err != nil {
		areas, wrong := c.without(c.areas(kube, platform.Platform{}, nil))

		return doctor.Unreachable(err, areas), wrong
	}

	p, found := platform.Read(ctx, kube)

	return c.without(c.areas(kube, p, found))
}

// without removes the areas to skip.
func (c *doctorCommand) without(areas []doctor.Area) ([]doctor.Area, error) {
	names := make([]string, len(areas))
	for i, a := range areas {
		names[i] = a.Name
	}

	for _, skip := range c.Skip {
		if !slices.Contains(names, skip) {
			return nil, fmt.Errorf("cannot skip unknown area %q: choose from %s", skip, strings.Join(names, ", "))
		}
	}

	return slices.DeleteFunc(areas, func(a doctor.Area) bool { return slices.Contains(c.Skip, a.Name) }), nil
}

// areas returns all areas in the order of an installation.
func (c *doctorCommand) areas(kube platform.Cluster, p platform.Platform, found []finding.Finding) []doctor.Area {
	return []doctor.Area{
		cluster.Area(kube, p, found, c.Cluster),
		azure.Area(p, c.Azure),
		place.Area(kube, p, released()),
	}
}

// catalogue returns all possible findings.
func catalogue() (finding.Catalogue, error) {
	return finding.Merge(
		doctor.Words(),
		platform.Words(),
		cluster.Words(),
		azure.Words(),
		place.Words(),
	)
}

// An exit ends the program with a code and without another message.
type exit struct{ code int }

func (e exit) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// ExitCode returns the exit code of the program.
func (e exit) ExitCode() int { return e.code }
