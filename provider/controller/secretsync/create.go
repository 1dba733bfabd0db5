// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
	"github.com/p6m-dev/platform-application/provider/plan"
)

// createRetry is the longest pause before another attempt to create a secret. The first pause
// is the poll interval, because the role on a new vault is usually only a moment late.
const createRetry = 2 * time.Minute

// contentTypeJSON of created secrets.
const contentTypeJSON = "application/json"

// isObject reports whether a secret in this format can be created as a JSON object without
// values. In the other formats, the object would be the value.
func isObject(f payload.Format) bool {
	return f == "" || f == payload.Auto || f == payload.JSON
}

// isMissing reports whether a secret is missing or deleted in the vault.
func isMissing(s v1alpha1.State) bool {
	return s == v1alpha1.StateMissing || s == v1alpha1.StateSoftDeleted
}

// creations returns the secrets to create now.
func (e *external) creations() []v1alpha1.SyncedSecret {
	return slices.DeleteFunc(e.creatable(), func(s v1alpha1.SyncedSecret) bool {
		return e.input.now.Before(e.memory.secrets[s.Name].createAfter)
	})
}

// nextCreation returns when to try again to create a secret, or zero.
func (e *external) nextCreation() time.Time {
	var next time.Time

	for _, s := range e.creatable() {
		if after := e.memory.secrets[s.Name].createAfter; e.input.now.Before(after) {
			next = earliest(next, after)
		}
	}

	return next
}

// creatable returns the missing secrets that may be created, now or later.
func (e *external) creatable() []v1alpha1.SyncedSecret {
	var out []v1alpha1.SyncedSecret

	for _, s := range e.input.cr.Spec.ForProvider.Secrets {
		if isMissing(e.observed[s.Name].State) && e.input.mayCreate(s) {
			out = append(out, s)
		}
	}

	return out
}

// createMissing creates missing secrets in the vault, and reports whether it tried to create
// any. A failure is never an error of the sync, because existing secrets are still synced.
func (e *external) createMissing(ctx context.Context, cr *v1alpha1.KeyVaultSecretSync) bool {
	list := e.creations()
	if len(list) == 0 {
		return false
	}

	creator, err := e.creator(ctx, cr)

	for _, s := range list {
		p := keyvault.Properties{}
		if err == nil {
			p, err = creator.Create(ctx, s.Name, contentTypeJSON, structure(s.Keys))
		}

		e.created(s, p, err)

		if err == nil {
			e.watcher.Created(client.ObjectKeyFromObject(cr), p.Updated)
		}

		// These reasons concern only one secret, so the others are still created.
		switch keyvault.ReasonOf(err) {
		case keyvault.Exists, keyvault.Deleted, keyvault.BeingDeleted, keyvault.BeingRecovered:
			err = nil
		default:
		}
	}

	return true
}

// created records that a secret was created, or why it was not.
func (e *external) created(s v1alpha1.SyncedSecret, p keyvault.Properties, err error) {
	m := e.memory
	memo := m.secrets[s.Name]

	e.metrics.created(err)

	switch keyvault.ReasonOf(err) {
	case "":
		memo.Verdict, memo.updated, memo.absence = plan.AwaitingValue(s), p.Updated, absence{}
		m.created = latest(m.created, p.Updated)
		e.observed[s.Name] = plan.Observed{Verdict: memo.Verdict, LookAgain: m.settled(s.Name, p.Updated, e.input.now)}
	case keyvault.Exists:
		// Another client created it first. The next list shows it.
		memo.createAfter = e.input.now.Add(e.input.interval)
	case keyvault.Deleted:
		if !memo.deleted {
			memo.createWait = 0
		}

		memo.deleted, memo.moving = true, ""
		memo.createWait = min(max(2*memo.createWait, failedRetry), e.fullRead)
		memo.createAfter = e.input.now.Add(memo.createWait)
		e.observed[s.Name] = e.input.missing(s, memo.absence)
	case keyvault.BeingDeleted, keyvault.BeingRecovered:
		// This ends within seconds.
		memo.deleted, memo.moving = false, keyvault.ReasonOf(err)
		memo.createAfter = e.input.now.Add(min(failedRetry, e.fullRead))
		e.observed[s.Name] = e.input.missing(s, memo.absence)
	default:
		failure := finding.Because(finding.NotCreated, causeOf(err))

		memo.moving, memo.createFailure = "", &failure
		memo.createWait = min(max(2*memo.createWait, e.input.interval), createRetry)
		memo.createAfter = e.input.now.Add(max(memo.createWait, keyvault.RetryAfterOf(err)))
		e.observed[s.Name] = e.input.missing(s, memo.absence)
	}

	m.secrets[s.Name] = memo
}

// structure returns a JSON object with these keys and empty values. Values are empty strings
// instead of null, so that a person only has to type between the quotes.
func structure(keys []string) string {
	tokens := []jsontext.Token{jsontext.BeginObject}
	for _, key := range keys {
		tokens = append(tokens, jsontext.String(key), jsontext.String(""))
	}

	var b strings.Builder

	e := jsontext.NewEncoder(&b, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	for _, t := range append(tokens, jsontext.EndObject) {
		_ = e.WriteToken(t) // A strings.Builder takes everything.
	}

	return strings.TrimSpace(b.String())
}

// causeOf returns the cause of an error, without its operation.
func causeOf(err error) finding.Finding {
	if e, ok := errors.AsType[*keyvault.Error](err); ok {
		return e.Cause
	}

	return finding.Finding{Reason: finding.Unknown}
}
