// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package acceptance runs an application with three secrets on a cluster, in a separate namespace, as a team and an officer would: it
// creates the application, sets and rotates its values, disables and recovers a secret, and deletes and recreates the application.
// It measures each step, and always cleans up.
package acceptance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

// Cleanup is the name of the last step, for its timeout.
const Cleanup = "cleanup"

// CleanupTimeout is generous: Azure deletes a vault in some minutes, and more slowly when it is busy.
const CleanupTimeout = 20 * time.Minute

// Options of a run.
type Options struct {
	// Client of the cluster. Kube reads logs.
	Client client.Client
	Kube   kubernetes.Interface

	// Officer sets values.
	Officer Officer

	// Settings of the platform, with their defaults.
	Settings inputv1alpha1.PlatformConfigSpec

	// CrossplaneNamespace is where Crossplane runs.
	CrossplaneNamespace string

	// Image of the application: this program.
	Image string

	// OfficerObjectID is the officer in the run's manifest. Empty if the settings name the officer.
	OfficerObjectID string

	// DeletionPolicy of the vault: Purge or SoftDelete.
	DeletionPolicy v1alpha1.DeletionPolicy

	// NamespaceLabels are added to the labels of the namespace.
	NamespaceLabels map[string]string

	// BindRole is a ClusterRole that the run binds to its own account in its namespace. Empty if the account needs none.
	BindRole string

	// Timeouts of steps that differ from the default, by name.
	Timeouts map[string]time.Duration

	// Say prints a line of progress.
	Say func(string)

	// Commands clean up if the run cannot.
	Commands []string

	// Save stores the report after each step.
	Save func(Report) error
}

// A run is one acceptance test.
type run struct {
	Options

	id string

	// values are the expected values of the vault.
	values *values

	// version of the secret that was rotated.
	version string

	// app as last observed.
	app application

	report *Report

	// current is the report of the step in progress.
	current *StepReport
}

// Run performs the steps until one fails, and cleans up. It completes a report that describes the platform.
func Run(ctx context.Context, o Options, id string, report Report) Report {
	r := &run{Options: o, id: id, report: &report}

	report.Run, report.Namespace, report.Result, report.Started = id, namespaceName(id), Running, time.Now().UTC()
	report.Image, report.DeletionPolicy = o.Image, string(o.DeletionPolicy)
	report.Skipped = skipped

	var err error
	if r.values, err = newValues(); err != nil {
		report.Result, report.Ended = Failed, time.Now().UTC()
		report.Notes = append(report.Notes, err.Error())

		return report
	}

	report.Result = Passed

	for _, s := range steps() {
		result := newStepReport(s.name, NotReached)

		if report.Result == Passed {
			r.perform(ctx, s, result)
		}

		if result.Result == Failed {
			report.Result = Failed
		}

		report.Steps = append(report.Steps, *result)
		r.save()
	}

	// An interrupted run also cleans up.
	r.clean(context.WithoutCancel(ctx))

	report.Ended = time.Now().UTC()
	r.save()

	return *r.report
}

func newStepReport(name string, result Result) *StepReport {
	return &StepReport{Name: name, What: stepTexts[name].what, Normal: stepTexts[name].normal, Result: result}
}

// begin reports that a step begins.
func (r *run) begin(result *StepReport, timeout time.Duration) {
	r.current = result
	r.Say(stepBegins.Render(sentence.With{"step": result.Name, "what": result.What, "normal": result.Normal, "timeout": timeout}))
}

// perform runs a step within its timeout.
func (r *run) perform(ctx context.Context, s step, result *StepReport) {
	timeout := r.timeout(s)
	result.Result = Running
	r.begin(result, timeout)
	r.save(*result)

	started := time.Now()
	err := r.within(ctx, timeout, s.do)
	result.Seconds = seconds(time.Since(started))

	if err == nil {
		result.Result = Passed
		r.Say(stepPassed.Render(sentence.With{"step": s.name, "seconds": tenths(result.Seconds)}))

		return
	}

	result.Result, result.Error, result.Conditions = Failed, r.values.hide(shorten(err.Error())), r.app.notTrue(r.values)
	if ctx.Err() != nil {
		result.Error = interrupted.Render(sentence.With{"error": result.Error})
	}

	r.Say(stepFailed.Render(sentence.With{"step": s.name, "seconds": tenths(result.Seconds), "error": result.Error}))

	for _, c := range result.Conditions {
		r.Say(conditionLine.Render(sentence.With{"type": c.Type, "status": c.Status, "reason": c.Reason, "message": c.Message}))
	}
}

// within calls a function with a timeout. A panic in it becomes an error, so that the run still cleans up.
func (r *run) within(ctx context.Context, timeout time.Duration, do func(context.Context, *run) error) (err error) {
	// An interrupted run begins nothing new.
	if err := ctx.Err(); err != nil {
		return err //nolint:wrapcheck // The step has the context.
	}

	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()

	return do(ctx, r)
}

// clean deletes everything that the run has created, and reports what remains.
func (r *run) clean(ctx context.Context) {
	result := newStepReport(Cleanup, Running)
	timeout := r.timeout(step{name: Cleanup, timeout: CleanupTimeout})

	r.report.Cleanup = result
	r.begin(result, timeout)
	r.save()

	started := time.Now()
	err := r.within(ctx, timeout, func(ctx context.Context, r *run) error { return Remove(ctx, r.Client, r.id, r.BindRole, r.Say) })
	result.Seconds, result.Result = seconds(time.Since(started)), Passed

	r.report.Remains = remains(r.report.Azure, r.DeletionPolicy, time.Now().UTC())

	if err != nil {
		result.Result, result.Error, r.report.Result = Failed, r.values.hide(shorten(err.Error())), Failed
		r.report.Remains = append([]string{namespaceRemains.Render(sentence.With{"namespace": namespaceName(r.id)})}, r.report.Remains...)
		r.report.CleanUp = r.Commands
	}

	r.Say(cleanupEnded.Render(sentence.With{"step": Cleanup, "result": result.Result, "seconds": tenths(result.Seconds)}))
}

func (r *run) timeout(s step) time.Duration {
	if t, ok := r.Timeouts[s.name]; ok {
		return t
	}

	return s.timeout
}

// save stores the report with the step in progress. A run continues if that fails.
func (r *run) save(more ...StepReport) {
	report := *r.report
	report.Steps = append(slices.Clone(report.Steps), more...)

	if report.Ended.IsZero() {
		report.Result = Running
	}

	if err := r.Save(report); err != nil {
		r.Say(reportNotSaved.Render(sentence.With{"error": err}))
	}
}

// measure adds a measurement to the current step.
func (r *run) measure(what string, since time.Time) {
	took := seconds(time.Since(since))
	r.current.Measured = append(r.current.Measured, Measurement{What: what, Seconds: took})
	r.Say(measured.Render(sentence.With{"what": what, "seconds": tenths(took)}))
}
