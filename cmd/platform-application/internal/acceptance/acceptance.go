// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package acceptance runs the application of the guide on a cluster, in a namespace of its own, as a team and an officer would: it is
// created, gets its values, has them rotated, loses access and gets it back, is deleted and comes back. Everything is measured, and
// everything is cleaned up, whatever happens.
package acceptance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

// Cleanup is the name of what comes last, for its timeout.
const Cleanup = "cleanup"

// CleanupTimeout is generous: Azure takes some minutes to delete a vault, and more when it is busy.
const CleanupTimeout = 20 * time.Minute

// Options of a run.
type Options struct {
	// Client of the cluster, and one that reads logs.
	Client client.Client
	Kube   kubernetes.Interface

	// Officer who sets values.
	Officer Officer

	// Settings of the platform, with their defaults.
	Settings inputv1alpha1.PlatformConfigSpec

	// CrossplaneNamespace is where Crossplane runs.
	CrossplaneNamespace string

	// Image of the application: this program.
	Image string

	// OfficerObjectID is whom the manifest of the run names as officer of its vault, and of no other. Empty if the settings have the officer.
	OfficerObjectID string

	// DeletionPolicy of the vault: Purge or SoftDelete.
	DeletionPolicy v1alpha1.DeletionPolicy

	// NamespaceLabels that the namespace has besides those that it needs.
	NamespaceLabels map[string]string

	// BindRole is a ClusterRole that the run binds to its own account in its namespace. Empty if the account needs none.
	BindRole string

	// Timeouts of steps that differ from the default, by name.
	Timeouts map[string]time.Duration

	// Say tells what is done now, a line at a time.
	Say func(string)

	// Commands that clean up if the run cannot.
	Commands []string

	// Save the report as it is so far.
	Save func(Report) error
}

// A run of the acceptance test.
type run struct {
	Options

	id string

	// values that the vault has, or shall have.
	values *values

	// version of the secret that was rotated.
	version string

	// app as it was seen last.
	app application

	report *Report

	// current step.
	current *StepReport
}

// Run the steps until one fails, and clean up. The report has the versions of what is run on.
func Run(ctx context.Context, o Options, id string, report Report) Report {
	r := &run{Options: o, id: id, report: &report}

	report.Run, report.Namespace, report.Result, report.Started = id, NamespaceOf(id), Running, time.Now().UTC()
	report.Image, report.DeletionPolicy = o.Image, string(o.DeletionPolicy)
	report.Skipped = skipped()

	var err error
	if r.values, err = newValues(); err != nil {
		report.Result, report.Ended = Failed, time.Now().UTC()
		report.Notes = append(report.Notes, err.Error())

		return report
	}

	report.Result = Passed

	for _, s := range steps() {
		result := &StepReport{Name: s.name, What: s.what, Normal: s.normal, Result: NotReached}

		if report.Result == Passed {
			r.perform(ctx, s, result)
		}

		if result.Result == Failed {
			report.Result = Failed
		}

		report.Steps = append(report.Steps, *result)
		r.save()
	}

	// It has to be done even if somebody wants the run to end.
	r.clean(context.WithoutCancel(ctx))

	report.Ended = time.Now().UTC()
	r.save()

	return *r.report
}

// perform a step within its time.
func (r *run) perform(ctx context.Context, s step, result *StepReport) {
	timeout := r.timeout(s)
	r.current, result.Result = result, Running
	r.Say(fmt.Sprintf("%s: %s (normally %s, at most %s)", s.name, s.what, s.normal, timeout))
	r.save(*result)

	started := time.Now()
	err := r.within(ctx, timeout, s.do)
	result.Seconds = seconds(time.Since(started))

	if err == nil {
		result.Result = Passed
		r.Say(fmt.Sprintf("%s: passed in %.1f s", s.name, result.Seconds))

		return
	}

	result.Result, result.Error, result.Conditions = Failed, r.values.hide(shorten(err.Error())), r.app.notTrue(r.values)
	if ctx.Err() != nil {
		result.Error = "interrupted: " + result.Error
	}

	r.Say(fmt.Sprintf("%s: failed after %.1f s: %s", s.name, result.Seconds, result.Error))

	for _, c := range result.Conditions {
		r.Say(fmt.Sprintf("  %s is %s (%s): %s", c.Type, c.Status, c.Reason, c.Message))
	}
}

// within a time, do something. A bug in it must not keep the run from cleaning up.
func (r *run) within(ctx context.Context, timeout time.Duration, do func(context.Context, *run) error) (err error) {
	// Nothing new is begun when somebody wants the run to end.
	if err := ctx.Err(); err != nil {
		return err //nolint:wrapcheck // The step says what was done.
	}

	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("this program has a fault: %v", p)
		}
	}()

	return do(ctx, r)
}

// clean up, and say what is left.
func (r *run) clean(ctx context.Context) {
	result := &StepReport{Name: Cleanup, What: "delete the application and the namespace", Normal: "3 minutes", Result: Running}
	timeout := r.timeout(step{name: Cleanup, timeout: CleanupTimeout})

	r.current, r.report.Cleanup = result, result
	r.Say(fmt.Sprintf("%s: %s (normally %s, at most %s)", Cleanup, result.What, result.Normal, timeout))
	r.save()

	started := time.Now()
	err := r.within(ctx, timeout, func(ctx context.Context, r *run) error { return Remove(ctx, r.Client, r.id, r.BindRole, r.Say) })
	result.Seconds, result.Result = seconds(time.Since(started)), Passed

	r.report.Remains = remains(r.report.Azure, r.DeletionPolicy, time.Now().UTC())

	if err != nil {
		result.Result, result.Error, r.report.Result = Failed, r.values.hide(shorten(err.Error())), Failed
		r.report.Remains = append([]string{"Namespace " + NamespaceOf(r.id) + ", and what is in it."}, r.report.Remains...)
		r.report.CleanUp = r.Commands
	}

	r.Say(fmt.Sprintf("%s: %s after %.1f s", Cleanup, result.Result, result.Seconds))
}

func (r *run) timeout(s step) time.Duration {
	if t, ok := r.Timeouts[s.name]; ok {
		return t
	}

	return s.timeout
}

// save the report as it is so far, with the step that is under way. That it could not be saved is in what is saved later, and said.
func (r *run) save(more ...StepReport) {
	report := *r.report
	report.Steps = append(slices.Clone(report.Steps), more...)

	if report.Ended.IsZero() {
		report.Result = Running
	}

	if err := r.Save(report); err != nil {
		r.Say("cannot save the report: " + err.Error())
	}
}

// measure something that a step has not only done.
func (r *run) measure(what string, since time.Time) {
	took := seconds(time.Since(since))
	r.current.Measured = append(r.current.Measured, Measurement{What: what, Seconds: took})
	r.Say(fmt.Sprintf("  %s: %.1f s", what, took))
}

// poll is how often something is looked at that is waited for.
const poll = time.Second

// until a check has no more to say, it is made again and again. What it says is told when it changes.
func (r *run) until(ctx context.Context, what string, check func(context.Context) error) error {
	return await(ctx, what, func(line string) { r.Say(r.values.hide(line)) }, check)
}

func await(ctx context.Context, what string, say func(string), check func(context.Context) error) error {
	var last error

	err := wait.PollUntilContextCancel(ctx, poll, true, func(ctx context.Context) (bool, error) {
		err := check(ctx)
		if err == nil {
			return true, nil
		}

		if p, ok := errors.AsType[permanent](err); ok {
			return false, p
		}

		// What was cut short says less than what was there before.
		if ctx.Err() == nil || last == nil {
			if last == nil || last.Error() != err.Error() {
				say("  waiting for " + what + ": " + shorten(err.Error()))
			}

			last = err
		}

		return false, nil
	})
	if p, ok := errors.AsType[permanent](err); ok {
		return fmt.Errorf("cannot wait for %s: %w", what, p.error)
	}

	if err != nil {
		return fmt.Errorf("cannot wait any longer for %s: %w", what, last)
	}

	return nil
}

// permanent is an error that no waiting mends.
type permanent struct{ error }
