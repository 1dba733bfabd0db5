// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
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

// kubeTimeout is for one request to the API server.
const kubeTimeout = 30 * time.Second

// doctorTimeout is for all that the doctor looks at.
const doctorTimeout = 5 * time.Minute

// notAsked is the doctor's result if somebody does not want it.
const notAsked = "NotAsked"

// acceptanceCommand runs an application, or cleans up after a run that could not.
type acceptanceCommand struct {
	Run     acceptanceRun     `cmd:"" default:"withargs"                                                      help:"Run the application of the guide in a namespace of its own, and clean up. Exits with 0 if all steps passed, with 3 if one failed, else with 1."`
	Cleanup acceptanceCleanup `cmd:"" help:"Clean up after runs that could not, or list what they have left."`
}

// clusterFlags say which cluster, and what the account of this program needs there.
type clusterFlags struct {
	Kubeconfig string `help:"Path of the kubeconfig. Default: as kubectl finds it, and in a pod its ServiceAccount."                           type:"path"`
	Context    string `help:"Context of the kubeconfig."`
	BindRole   string `help:"ClusterRole that this account binds to itself in the namespace of the run, if it may do nothing there by itself." placeholder:"NAME"`
}

// acceptanceRun is one run.
type acceptanceRun struct {
	clusterFlags

	Namespace       string                   `default:"crossplane-system"                                                                                                                                                                                                    help:"Namespace of Crossplane."`
	Image           string                   `help:"Image of the application, which is that of this program, such as one of a mirror."                                                                                                                                       placeholder:"ghcr.io/p6m-dev/platform-application:VERSION"`
	DeletionPolicy  string                   `default:"auto"                                                                                                                                                                                                                 enum:"auto,Purge,SoftDelete"                               help:"Of the vault: Purge leaves nothing, SoftDelete proves that values come back and leaves a deleted vault. auto: Purge where the settings allow it."`
	OfficerObjectID string                   `help:"Object id in Entra ID of whom the manifest of the run names as officer of its vault. keyVault.allow.officerIds of the settings has to list it. Without it, keyVault.officers of the settings has to have who runs this." name:"officer-object-id"                                   placeholder:"UUID"`
	NamespaceLabels map[string]string        `help:"More labels of the namespace, such as one that a policy of yours asks for."                                                                                                                                              name:"namespace-label"                                     placeholder:"NAME=VALUE"`
	Timeouts        map[string]time.Duration `help:"When to give up a step: ${steps}."                                                                                                                                                                                       name:"timeout"                                             placeholder:"STEP=DURATION"`
	Report          []string                 `help:"File to write the report to, as JSON if its name ends so, else as Markdown. Repeat it for both."                                                                                                                         placeholder:"FILE"                                         type:"path"`
	Output          string                   `default:"markdown"                                                                                                                                                                                                             enum:"markdown,json"                                       help:"How to print the report: markdown or json."                                                                                                       short:"o"`
	Force           bool                     `help:"Start without asking the doctor."`
}

// Validate what kong cannot.
func (c *acceptanceRun) Validate() error {
	for name, timeout := range c.Timeouts {
		if !slices.Contains(acceptance.StepNames(), name) {
			return fmt.Errorf("--timeout: there is no step %q: there are %s", name, strings.Join(acceptance.StepNames(), ", "))
		}

		if timeout <= 0 {
			return fmt.Errorf("--timeout: %s is %s, and has to be more than 0", name, timeout)
		}
	}

	for name, value := range c.NamespaceLabels {
		if wrong := slices.Concat(validation.IsQualifiedName(name), validation.IsValidLabelValue(value)); len(wrong) > 0 {
			return fmt.Errorf("--namespace-label: cannot use %s=%s as a label: %s", name, value, strings.Join(wrong, ", "))
		}
	}

	if c.OfficerObjectID != "" && !objectID.MatchString(c.OfficerObjectID) {
		return fmt.Errorf("--officer-object-id: %q is no UUID in lower case", c.OfficerObjectID)
	}

	return nil
}

// objectID as manifests take it.
var objectID = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)

// Run the application.
func (c *acceptanceRun) Run(ctx context.Context) error {
	o, report, err := c.prepare(ctx)
	if err != nil {
		return err
	}

	id := acceptance.NewID()
	o.Commands = acceptance.Commands(id, c.arguments()...)

	// It is not worth a run that nobody can read the report of.
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

// prepare a run: all that has to be there before anything is made.
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
		return o, report, fmt.Errorf("cannot make client of the cluster: %w", err)
	}

	if o.Image == "" && released() == "" {
		return o, report, fmt.Errorf("cannot start: --image is required, as this program is no release but %s, of which there is no image", version)
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

// askDoctor whether an application can run at all.
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

		return "", errors.New("cannot start: the doctor has found what keeps applications from running. Mend it, or start with --force")
	}

	return string(report.Result), nil
}

// deletionPolicy of the vault.
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

// mayName is an error if the settings do not let a manifest name the officer.
func (c *acceptanceRun) mayName(s inputv1alpha1.PlatformConfigSpec) error {
	allow := s.KeyVault.Allow
	listed := slices.ContainsFunc(allow.OfficerIDs, func(id string) bool { return strings.EqualFold(id, c.OfficerObjectID) })

	// Azure tells whether it is a group.
	if c.OfficerObjectID == "" || listed || allow.Officers == settings.OfficersGroups || allow.Officers == settings.OfficersAny {
		return nil
	}

	return fmt.Errorf("cannot name officer %s in the manifest: keyVault.allow of the settings needs officers %s and the id in officerIds", c.OfficerObjectID, settings.OfficersListed)
}

// mention what other runs have left.
func (c *acceptanceRun) mention(ctx context.Context, kube client.Client) {
	left, err := acceptance.Leftovers(ctx, kube)
	if err != nil {
		say(err.Error())
	}

	for _, l := range left {
		say(fmt.Sprintf("namespace %s is left of a run that began at %s, unless that is still under way. Clean up with: %s",
			l.Namespace, l.Created.Format(time.RFC3339), acceptance.Commands(l.Run, c.arguments()...)[0]))
	}
}

// save the report as it is so far.
func (c *acceptanceRun) save(r acceptance.Report) error {
	var errs []error
	for _, path := range c.Report {
		errs = append(errs, r.WriteFile(path))
	}

	return errors.Join(errs...)
}

// acceptanceCleanup cleans up.
type acceptanceCleanup struct {
	clusterFlags

	Runs []string `arg:"" help:"Ids of runs. Without any, what runs have left is listed." name:"run" optional:""`
}

// Run the cleanup.
func (c *acceptanceCleanup) Run(ctx context.Context) error {
	_, kube, err := c.connect()
	if err != nil {
		return err
	}

	if len(c.Runs) == 0 {
		left, err := acceptance.Leftovers(ctx, kube)
		if err != nil {
			return err
		}

		for _, l := range left {
			fmt.Fprintf(os.Stdout, "%s\t%s\t%s\n", l.Run, l.Namespace, l.Created.Format(time.RFC3339))
		}

		return nil
	}

	ctx, cancel := context.WithTimeout(ctx, acceptance.CleanupTimeout)
	defer cancel()

	var errs []error
	for _, id := range c.Runs {
		errs = append(errs, acceptance.Remove(ctx, kube, id, c.BindRole, say))
	}

	return errors.Join(errs...)
}

// connect to the cluster, with a client that may write.
func (c *clusterFlags) connect() (*rest.Config, client.Client, error) {
	config, err := platform.Config(c.Kubeconfig, c.Context)
	if err != nil {
		return nil, nil, err
	}

	config.Timeout = kubeTimeout
	// The API server limits by itself. A limit of our own would end a wait with an error that says nothing of the cause.
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}

	out, err := client.New(config, client.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("cannot connect to the cluster: %w", err)
	}

	return config, out, nil
}

// arguments that lead to the same cluster.
func (c *clusterFlags) arguments() []string {
	var out []string

	flags := map[string]string{"--kubeconfig": c.Kubeconfig, "--context": c.Context, "--bind-role": c.BindRole}
	for _, flag := range slices.Sorted(maps.Keys(flags)) {
		if flags[flag] != "" {
			out = append(out, flag, flags[flag])
		}
	}

	return out
}

// settings of the platform, as the function has them.
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

// endAtOnce when a second signal comes, and tell how to clean up. The first one ends the run as its context does.
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
				say("ending the run and cleaning up. A second signal ends at once, and leaves everything")

				continue
			}

			say("ended without cleaning up. Clean up with:\n" + strings.Join(commands, "\n"))
			os.Exit(needsPerson)
		}
	}()

	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// say what is done now. The report is printed elsewhere.
func say(line string) { fmt.Fprintln(os.Stderr, time.Now().UTC().Format(time.TimeOnly), line) }

// workloadCommand is what runs as the application of an acceptance run.
type workloadCommand struct {
	ID        string   `help:"Id of the run."  name:"run"                            required:""`
	Key       string   `help:"Key of digests." required:""`
	Variables []string `arg:""                 help:"Variables to print digests of."`
}

// Run the application.
func (c *workloadCommand) Run(ctx context.Context) error {
	key, err := hex.DecodeString(c.Key)
	if err != nil {
		return fmt.Errorf("cannot read the key: %w", err)
	}

	return acceptance.Workload{Run: c.ID, Key: key, Variables: c.Variables, Lookup: os.LookupEnv, Out: os.Stdout}.Serve(ctx)
}
