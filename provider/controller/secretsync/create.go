// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
	"github.com/p6m-dev/platform-application/provider/plan"
)

// createRetry is how long it takes at most until a secret that could not be created
// is tried again. It begins with the interval in which the vault is looked at: for
// a new vault, the role that is missing is most often on its way.
const createRetry = 2 * time.Minute

// contentTypeJSON of secrets that are created.
const contentTypeJSON = "application/json"

// mayCreate tells whether a secret that is missing may be created in advance. The
// application's identity has read the vault by then: only that shows that a
// secret is missing.
func (e *external) mayCreate(s v1alpha1.SyncedSecret) bool {
	return e.look.sync.Spec.ForProvider.CreateMissing && s.Version == "" && (s.Create == nil || *s.Create) && isObject(payload.Format(s.Format))
}

// isObject tells whether a JSON object without values can wait for them: as text, it
// would be taken for the value.
func isObject(f payload.Format) bool {
	return f == "" || f == payload.Auto || f == payload.JSON
}

// gone is true of a secret that the vault does not have, or not any more.
func gone(s v1alpha1.State) bool {
	return s == v1alpha1.StateMissing || s == v1alpha1.StateSoftDeleted
}

// creations are those secrets that are to be created now.
func (e *external) creations() []v1alpha1.SyncedSecret {
	var out []v1alpha1.SyncedSecret

	for _, s := range e.look.sync.Spec.ForProvider.Secrets {
		if !gone(e.findings[s.Name].State) || !e.mayCreate(s) {
			continue
		}

		after := e.look.memory.secrets[s.Name].createAfter
		if e.look.now.Before(after) {
			e.look.memory.lookAt(after)
			continue
		}

		out = append(out, s)
	}

	return out
}

// createMissing creates what is missing in the vault, and tells whether anything
// has come of it. That is never an error of the sync: what exists is synced in any
// case.
func (e *external) createMissing(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) bool {
	list := e.creations()
	if len(list) == 0 {
		return false
	}

	creator, err := e.creator(ctx, sync)

	for _, s := range list {
		p := keyvault.Properties{}
		if err == nil {
			p, err = creator.Create(ctx, s.Name, contentTypeJSON, structure(s.Keys))
		}

		e.created(s, p, err)

		if err == nil {
			e.watcher.Created(client.ObjectKeyFromObject(sync), p.Updated)
		}

		// The others are created even if this one cannot be.
		switch keyvault.ReasonOf(err) {
		case keyvault.Exists, keyvault.Deleted, keyvault.BeingDeleted, keyvault.BeingRecovered:
			err = nil
		default:
		}
	}

	return true
}

// created, or not created.
func (e *external) created(s v1alpha1.SyncedSecret, p keyvault.Properties, err error) {
	m := e.look.memory
	memo := m.secrets[s.Name]

	e.metrics.created(err)

	switch keyvault.ReasonOf(err) {
	case "":
		f := plan.Awaiting(e.look.sync.Spec.ForProvider.VaultURI, s)
		memo.state, memo.message, memo.updated = f.State, f.Message, p.Updated
		memo.absence = absence{}
		m.settled(s.Name, p.Updated, e.look.now)
		m.created = later(m.created, p.Updated)
		e.findings[s.Name] = f
	case keyvault.Exists:
		// The next list shows it.
		memo.createAfter = e.look.now.Add(e.look.interval)
	case keyvault.Deleted:
		if !memo.deleted {
			memo.createWait = 0
		}

		memo.deleted, memo.moving = true, ""
		memo.createWait = min(max(2*memo.createWait, failedRetry), e.fullRead)
		memo.createAfter = e.look.now.Add(memo.createWait)
		e.findings[s.Name] = e.look.missing(s, memo)
	case keyvault.BeingDeleted, keyvault.BeingRecovered:
		// It is known in some seconds what becomes of it.
		memo.deleted, memo.moving = false, keyvault.ReasonOf(err)
		memo.createAfter = e.look.now.Add(min(failedRetry, e.fullRead))
		e.findings[s.Name] = e.look.missing(s, memo)
	default:
		memo.moving = ""
		memo.createWait = min(max(2*memo.createWait, e.look.interval), createRetry)
		memo.createAfter = e.look.now.Add(max(memo.createWait, retryAfter(err)))
		memo.createMessage = fmt.Sprintf("It could not be created in advance: %s. It is tried again.", describe(err))
		e.findings[s.Name] = e.look.missing(s, memo)
	}

	m.secrets[s.Name] = memo

	if !memo.createAfter.IsZero() {
		m.lookAt(memo.createAfter)
	}
}

// creator returns the client that creates secrets.
func (e *external) creator(ctx context.Context, sync *v1alpha1.KeyVaultSecretSync) (*keyvault.Client, error) {
	name, c, err := creatorOf(ctx, e.kube, sync)
	if err != nil {
		return nil, &keyvault.Error{Reason: keyvault.NoIdentity, Operation: "create secrets", Detail: err.Error()}
	}

	return e.pool.Creator(sync.Spec.ForProvider.VaultURI, name, c)
}

// askForDeleted finds out which missing secrets can be recovered, of those that
// an attempt to create them would not tell.
func (e *external) askForDeleted(ctx context.Context) {
	for _, s := range e.look.sync.Spec.ForProvider.Secrets {
		if !gone(e.findings[s.Name].State) || e.mayCreate(s) {
			continue
		}

		if _, found := e.look.snapshot.Item(s.Name); found {
			continue // Only the version is missing.
		}

		memo := e.look.memory.secrets[s.Name]
		if again := memo.asked.Add(memo.askWait); !memo.asked.IsZero() && e.look.now.Before(again) {
			e.look.memory.lookAt(again)
			continue
		}

		deleted, err := e.isDeleted(ctx, s)
		memo.told(deleted, err, e.look.now, e.fullRead)
		e.look.memory.lookAt(memo.asked.Add(memo.askWait))
		e.look.memory.secrets[s.Name] = memo
		e.findings[s.Name] = e.look.missing(s, memo)
	}
}

// isDeleted asks with the identity that creates secrets, as the one of the
// application is normally not allowed to know.
func (e *external) isDeleted(ctx context.Context, s v1alpha1.SyncedSecret) (bool, error) {
	if e.look.sync.Spec.ForProvider.CreateMissing {
		if c, err := e.creator(ctx, e.look.sync); err == nil {
			deleted, err := c.Deleted(ctx, s.Name)

			switch keyvault.ReasonOf(err) {
			case "", keyvault.BeingDeleted, keyvault.BeingRecovered:
				return deleted, err
			default:
			}
		}
	}

	c, err := vault{pool: e.pool, target: e.look.memory.target}.client()
	if err != nil {
		return false, err
	}

	return c.Deleted(ctx, s.Name)
}

// structure is the value of a secret that has keys and no values yet. Values are
// empty and not null, so that a person only has to type between quotes.
func structure(keys []string) string {
	var b strings.Builder

	b.WriteString("{")

	for i, key := range keys {
		if i > 0 {
			b.WriteString(",")
		}

		name, _ := json.Marshal(key) //nolint:errchkjson // A string can be encoded.
		b.Write(name)
		b.WriteString(`:""`)
	}

	b.WriteString("}")

	return b.String()
}

// describe an error without what was attempted.
func describe(err error) string {
	if e, ok := errors.AsType[*keyvault.Error](err); ok {
		return e.Detail
	}

	return "for an unknown reason"
}

func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*keyvault.Error](err); ok {
		return e.RetryAfter
	}

	return 0
}
