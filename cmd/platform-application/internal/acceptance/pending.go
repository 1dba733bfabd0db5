// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/sentence"
)

// A Code identifies a sentence of the table.
type Code string

// A pending says what a run still waits for. Its message may be a text of another program, and is never compared.
type pending struct {
	code Code

	object, state, reason string

	message string
}

// Error renders the sentence.
func (p pending) Error() string {
	return table[p.code].Render(sentence.With{"object": p.object, "state": p.state, "reason": p.reason, "message": p.message})
}

// progressOf returns what an error waits for as values, without messages: everything pending in it, or the reason of a rejected
// request, or nothing that is known.
func progressOf(err error) []pending {
	switch e := err.(type) { //nolint:errorlint // It walks through all wrapped errors.
	case pending:
		e.message = ""

		return []pending{e}
	case kerrors.APIStatus:
		return []pending{{reason: string(e.Status().Reason)}}
	case interface{ Unwrap() []error }:
		var out []pending
		for _, wrapped := range e.Unwrap() {
			out = append(out, progressOf(wrapped)...)
		}

		return out
	case interface{ Unwrap() error }:
		return progressOf(e.Unwrap())
	default:
		return nil
	}
}

// poll is how often a check is repeated.
const poll = time.Second

// until repeats a check until it passes. It prints what the check waits for when that changes.
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

		// A check that was interrupted says less than the one before.
		if ctx.Err() == nil || last == nil {
			if last == nil || !slices.Equal(progressOf(last), progressOf(err)) {
				say(waitingFor.Render(sentence.With{"what": what, "state": shorten(err.Error())}))
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

// permanent is an error that no retry can fix.
type permanent struct{ error }
