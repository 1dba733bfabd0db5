// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"errors"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// Key Vault responds at once to a request to delete or to recover a secret, and completes it some seconds later.
// Meanwhile
//   - the secret is neither active nor deleted: 404 for both, for which the clients of Azure poll
//     (DeleteSecretOperation.cs and RecoverDeletedSecretOperation.cs in github.com/Azure/azure-sdk-for-net);
//   - a write is rejected with 409 ObjectIsBeingRecovered (github.com/Azure/azure-sdk-for-net/issues/31581 and
//     github.com/hashicorp/terraform-provider-azurerm/issues/12285) or ObjectIsBeingDeleted (recordings of
//     github.com/Azure/azure-sdk-for-js, sdk/keyvault, where a purge follows a deletion).
//
// It is an assumption that lists omit the secret, and that deletions and recoveries are rejected
// like purges.

// A move is a deletion or a recovery in progress.
type move struct {
	secret *secret
	began  time.Time

	// deletion is true for a deletion, and false for a recovery.
	deletion bool
}

// SetTransitionTime sets how long deletions and recoveries of secrets take, including those in progress. The default is no time: a test
// holds them with an hour, and ends them with 0.
func (s *Store) SetTransitionTime(vaultName string, d time.Duration) error {
	return s.with(vaultName, "set the transition time of", func(v *vault) error {
		if d < 0 {
			return errors.New("a duration cannot be negative")
		}

		v.transition = d
		v.settle(s.now())

		return nil
	})
}

// begin begins a deletion or a recovery.
func (v *vault) begin(m move, now time.Time) {
	delete(v.secrets, lower(m.secret.name))
	delete(v.deletedSecrets, lower(m.secret.name))
	v.moving[lower(m.secret.name)] = m
	v.settle(now)
}

// settle completes deletions and recoveries whose time has passed.
func (v *vault) settle(now time.Time) {
	for name, m := range v.moving {
		if now.Before(m.began.Add(v.transition)) {
			continue
		}

		delete(v.moving, name)

		if m.deletion {
			v.deletedSecrets[name] = m.secret
		} else {
			v.secrets[name] = m.secret
		}
	}
}

// busy returns the rejection of a write to a secret that is being deleted or recovered, or nil.
func (v *vault) busy(name string) *wire.Answer {
	m, ok := v.moving[lower(name)]

	switch {
	case !ok:
		return nil
	case m.deletion:
		return new(conflict("ObjectIsBeingDeleted", "Secret %s is currently being deleted and cannot be re-created; retry later.", name))
	default:
		return new(conflict("ObjectIsBeingRecovered", "Secret %s is currently being recovered and cannot be re-created; retry later.", name))
	}
}
