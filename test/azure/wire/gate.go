// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/count"
	"github.com/p6m-dev/platform-application/test/azure/fault"
)

// maxDiscard bounds the part of a body that is read to detect whether the client is still
// connected.
const maxDiscard = 1 << 20

// A Gate applies faults to requests, and counts them. Its zero value is ready for use.
type Gate struct {
	fault.Rules
	count.Counter
}

// An Exchange is a request and the ways to answer it.
type Exchange struct {
	// Request that faults match.
	Request fault.Request

	// Key is the key for counting. Its status and error are filled in.
	Key count.Key

	// Refuse returns the answer to a request that a rule rejects.
	Refuse func(fault.Rule) Answer

	// Handle carries out the request.
	Handle func() Answer
}

// Serve answers a request.
func (g *Gate) Serve(w http.ResponseWriter, r *http.Request, x Exchange) {
	delay, rule := g.MatchFault(x.Request)
	if delay > 0 && !Wait(r.Context(), delay) {
		g.count(x.Key, Answer{})

		// Returning would send 200, and the client may still be connected while the server is being
		// closed.
		panic(http.ErrAbortHandler)
	}

	if rule == nil {
		answer := x.Handle()
		g.count(x.Key, answer)
		answer.write(w)

		return
	}

	switch rule.Effect {
	case fault.Hang:
		g.count(x.Key, Answer{})
		Hang(r, rule.Duration)
	case fault.Reset, fault.Truncate:
		answer := x.Handle()
		g.count(x.Key, Answer{Error: string(rule.Effect)})
		answer.cut(w, rule.Effect == fault.Reset)
	case fault.Garbage:
		answer := garbage(x.Handle(), rule.Text)
		g.count(x.Key, answer)
		answer.write(w)
	case fault.Status, fault.Slow, fault.ExpireToken, fault.RevokeToken:
		answer := x.Refuse(*rule)
		g.count(x.Key, answer)
		answer.write(w)
	}
}

func (g *Gate) count(key count.Key, answer Answer) {
	key.Status, key.Error = answer.Status, answer.Error
	g.Count(key)
}

// Hang never returns: it closes the connection when the client has gone, or after the duration.
func Hang(r *http.Request, d time.Duration) {
	// net/http notices that the client has gone only once the body is read.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxDiscard))

	if d > 0 {
		Wait(r.Context(), d)
	} else {
		<-r.Context().Done()
	}

	panic(http.ErrAbortHandler)
}

func garbage(a Answer, text string) Answer {
	a.Body = []byte(text)
	a.Error = string(fault.Garbage)

	if text == "" {
		a.Body = []byte("<html><head><title>Something between</title></head><body>This is not from the service.</body></html>")
	}

	return a
}

// Wait waits, and reports whether the time has passed.
func Wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
