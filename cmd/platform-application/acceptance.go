// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/acceptance"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/doctor"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/platform"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// doctorTimeout bounds all checks of the doctor.
const doctorTimeout = 5 * time.Minute

// notAsked is the doctor's result in the report of a run with --force.
const notAsked = "NotAsked"

// acceptanceCommand runs a test application, or cleans up after an earlier run.
type acceptanceCommand struct {
	Run     acceptanceRun     `cmd:"" default:"withargs"                                                     help:"Run the test application in a separate namespace, and clean up. Exit code: 0 if all steps passed, 3 if a step failed, 1 if the run could not start."`
	Cleanup acceptanceCleanup `cmd:"" help:"Clean up after runs that ended without a cleanup, or list them."`
}

// acceptanceRun is one run.
type acceptanceRun struct {
	clusterFlags

	Namespace       string                   `default:"crossplane-system"                                                                                                                                                          help:"Namespace of Crossplane."`
	Image           string                   `help:"Image to run as the application, for example in your mirror. Default: the image of this program's release."                                                                    placeholder:"ghcr.io/p6m-dev/platform-application:VERSION"`
	DeletionPolicy  string                   `default:"auto"                                                                                                                                                                       enum:"auto,Purge,SoftDelete"                               help:"Deletion policy of the vault. Purge leaves nothing. SoftDelete proves that values can be recovered, and leaves a deleted vault. auto: Purge if the settings allow it."`
	OfficerObjectID string                   `help:"Object id of the officer in the run's manifest. keyVault.allow.officerIds of the settings must list it. Default: keyVault.officers of the settings must contain your account." name:"officer-object-id"                                   placeholder:"UUID"`
	NamespaceLabels map[string]string        `help:"Additional labels of the namespace, for example a label that your policies require."                                                                                           name:"namespace-label"                                     placeholder:"NAME=VALUE"`
	Timeouts        map[string]time.Duration `help:"Timeout of a step: ${steps}."                                                                                                                                                  name:"timeout"                                             placeholder:"STEP=DURATION"`
	Report          []string                 `help:"File of the report: JSON if its name ends in .json, otherwise Markdown. Repeat the flag for both."                                                                             placeholder:"FILE"                                         type:"path"`
	Output          string                   `default:"markdown"                                                                                                                                                                   enum:"markdown,json"                                       help:"Format of the printed report: markdown or json."                                                                                                                       short:"o"`
	Force           bool                     `help:"Start without running the doctor."`
}

// Validate checks the flags that kong cannot check.
func (c *acceptanceRun) Validate() error {
	for name, timeout := range c.Timeouts {
		if !slices.Contains(acceptance.StepNames(), name) {
			return fmt.Errorf("--timeout: unknown step %q: choose from %s", name, strings.Join(acceptance.StepNames(), ", "))
		}

		if timeout <= 0 {
			return fmt.Errorf("--timeout: %s is %s, but must be positive", name, timeout)
		}
	}

	for name, value := range c.NamespaceLabels {
		if wrong := slices.Concat(validation.IsQualifiedName(name), validation.IsValidLabelValue(value)); len(wrong) > 0 {
			return fmt.Errorf("--namespace-label: cannot use %s=%s as a label: %s", name, value, strings.Join(wrong, ", "))
		}
	}

	if c.OfficerObjectID != "" && !objectID.MatchString(c.OfficerObjectID) {
		return fmt.Errorf("--officer-object-id: %q is not a UUID in lower case", c.OfficerObjectID)
	}

	return nil
}

// objectID matches object ids in manifests.
var objectID = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)

// Run runs the application, and prints the report.
func (c *acceptanceRun) Run(ctx context.Context) error {
	o, report, err := c.prepare(ctx)
	if err != nil {
		return err
	}

	id := acceptance.NewID()
	o.Commands = acceptance.Commands(id, c.arguments()...)

	// Fail early if the report cannot be written.
	if err := o.Save(report); err != nil {
		return err
	}

	stop := endAtOnce(o.Commands)
	defer stop()

	report = acceptance.Run(ctx, o, id, report)

	data, err := report.Encode(c.Output)
	if err != nil {
		return err
	}

	if _, err := os.Stdout.Write(data); err != nil {
		return fmt.Errorf("cannot print report: %w", err)
	}

	if report.Result != acceptance.Passed {
		return exit{needsPerson}
	}

	return nil
}

// prepare checks everything that a run needs before it creates anything.
func (c *acceptanceRun) prepare(ctx context.Context) (o acceptance.Options, report acceptance.Report, err error) {
	examined, err := c.askDoctor(ctx)
	if err != nil {
		return o, report, err
	}

	config, kube, err := c.connect()
	if err != nil {
		return o, report, err
	}

	o = acceptance.Options{
		Client: kube, CrossplaneNamespace: c.Namespace, Image: c.Image,
		NamespaceLabels: c.NamespaceLabels, BindRole: c.BindRole, OfficerObjectID: c.OfficerObjectID, Timeouts: c.Timeouts, Say: say, Save: c.save,
	}

	if o.Kube, err = kubernetes.NewForConfig(config); err != nil {
		return o, report, fmt.Errorf("cannot create client of the cluster: %w", err)
	}

	if o.Image == "" && released() == "" {
		return o, report, fmt.Errorf("cannot start: set --image, because there is no image of this program's version %s", version)
	}

	if o.Image == "" {
		o.Image = "ghcr.io/p6m-dev/platform-application:" + version
	}

	variant, err := acceptance.Variant(o.Kube)
	if err != nil {
		return o, report, err
	}

	if o.Settings, err = c.settings(ctx, config); err != nil {
		return o, report, err
	}

	if c.OfficerObjectID == "" {
		if err := acceptance.CheckOfficers(o.Settings); err != nil {
			return o, report, err
		}
	}

	if o.DeletionPolicy, err = c.deletionPolicy(o.Settings); err != nil {
		return o, report, err
	}

	if err := c.mayName(o.Settings); err != nil {
		return o, report, err
	}

	if o.Officer, err = acceptance.SignIn(ctx, o.Settings.Cloud); err != nil {
		return o, report, err
	}

	c.mention(ctx, kube)

	report = acceptance.Describe(ctx, o, "platform-application "+version)
	report.Doctor, report.Variant, report.Server = examined, variant, config.Host

	return o, report, nil
}

// askDoctor returns the doctor's result, or an error if applications cannot run.
func (c *acceptanceRun) askDoctor(ctx context.Context) (string, error) {
	if c.Force {
		return notAsked, nil
	}

	words, err := catalogue()
	if err != nil {
		return "", err
	}

	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()

	areas, err := (&doctorCommand{Kubeconfig: c.Kubeconfig, Context: c.Context, Namespace: c.Namespace}).look(ctx)
	if err != nil {
		return "", err
	}

	report := doctor.Run(ctx, words, areas...)
	if report.Result == doctor.Failed {
		report.Text(os.Stderr)

		return "", errors.New("cannot start: the doctor found problems that prevent applications from running; fix them, or use --force")
	}

	return string(report.Result), nil
}

// deletionPolicy returns the deletion policy of the vault.
func (c *acceptanceRun) deletionPolicy(s inputv1alpha1.PlatformConfigSpec) (v1alpha1.DeletionPolicy, error) {
	purge := s.KeyVault.Allow.Purge

	switch {
	case c.DeletionPolicy == string(v1alpha1.DeletionPurge) && !purge:
		return "", errors.New("cannot use deletionPolicy Purge: keyVault.allow.purge of the settings is false")
	case c.DeletionPolicy == "auto" && purge:
		return v1alpha1.DeletionPurge, nil
	case c.DeletionPolicy == "auto":
		return v1alpha1.DeletionSoftDelete, nil
	default:
		return v1alpha1.DeletionPolicy(c.DeletionPolicy), nil
	}
}

// mayName returns an error unless the settings allow the officer in a manifest.
func (c *acceptanceRun) mayName(s inputv1alpha1.PlatformConfigSpec) error {
	allow := s.KeyVault.Allow
	listed := slices.ContainsFunc(allow.OfficerIDs, func(id string) bool { return strings.EqualFold(id, c.OfficerObjectID) })

	// Azure checks whether the id is a group.
	if c.OfficerObjectID == "" || listed || allow.Officers == settings.OfficersGroups || allow.Officers == settings.OfficersAny {
		return nil
	}

	return fmt.Errorf("cannot name officer %s in the manifest: keyVault.allow of the settings needs officers %s and the id in officerIds", c.OfficerObjectID, settings.OfficersListed)
}

// mention prints the namespaces of other runs.
func (c *acceptanceRun) mention(ctx context.Context, kube client.Client) {
	left, err := acceptance.Leftovers(ctx, kube)
	if err != nil {
		say(err.Error())
	}

	for _, l := range left {
		say(fmt.Sprintf("namespace %s belongs to another run, which began at %s. If that run has ended, clean up with: %s",
			l.Namespace, l.Created.Format(time.RFC3339), acceptance.Commands(l.Run, c.arguments()...)[0]))
	}
}

// save writes the report to all files.
func (c *acceptanceRun) save(r acceptance.Report) error {
	var errs []error
	for _, path := range c.Report {
		errs = append(errs, r.WriteFile(path))
	}

	return errors.Join(errs...)
}

// settings returns the platform's settings, as the function reads them.
func (c *acceptanceRun) settings(ctx context.Context, config *rest.Config) (inputv1alpha1.PlatformConfigSpec, error) {
	cluster, err := platform.Connect(config, c.Namespace)
	if err != nil {
		return inputv1alpha1.PlatformConfigSpec{}, err
	}

	p, found := platform.Read(ctx, cluster)
	if p.Settings != nil {
		return *p.Settings, nil
	}

	var wrong []string
	for _, f := range found {
		wrong = append(wrong, platform.Words().Words(f).Problem)
	}

	return inputv1alpha1.PlatformConfigSpec{}, fmt.Errorf("cannot use the settings of the platform: %s", strings.Join(wrong, " "))
}

// endAtOnce exits on a second signal, and prints how to clean up. The first signal ends the run's context.
func endAtOnce(commands []string) (stop func()) {
	signals := make(chan os.Signal, 2) //nolint:mnd // Both.
	done := make(chan struct{})

	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)

	go func() {
		for n := 1; ; n++ {
			select {
			case <-done:
				return
			case <-signals:
			}

			if n == 1 {
				say("ending the run and cleaning up; a second signal exits immediately, without a cleanup")

				continue
			}

			say("exited without a cleanup. Clean up with:\n" + strings.Join(commands, "\n"))
			os.Exit(needsPerson)
		}
	}()

	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// say prints a line of progress. The report goes to the standard output.
func say(line string) { fmt.Fprintln(os.Stderr, time.Now().UTC().Format(time.TimeOnly), line) }
