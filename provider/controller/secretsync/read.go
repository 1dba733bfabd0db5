// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"context"
	"sync"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
)

// An answer is the response of a vault to a request for one secret.
type answer struct {
	secret keyvault.Secret
	err    error
}

// readSecrets reads a few secrets concurrently. When the vault is unreachable, the rest is not
// requested. One response may be about one secret only, which must not keep the rest waiting: two
// in a row are about the vault.
func readSecrets(ctx context.Context, get func(ctx context.Context, name, version string) (keyvault.Secret, error), list []v1alpha1.SyncedSecret) map[string]answer {
	answers := make(map[string]answer, len(list))

	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		slots = make(chan struct{}, min(1+len(list)/readsInOrder, readsAtOnce))
		fails bool
		stop  error
	)

	for _, s := range list {
		slots <- struct{}{}

		mu.Lock()

		failed := stop
		if failed != nil {
			answers[s.Name] = answer{err: failed}
		}

		mu.Unlock()

		if failed != nil {
			<-slots
			continue
		}

		wg.Go(func() {
			defer func() { <-slots }()

			secret, err := get(ctx, s.Name, s.Version)

			mu.Lock()
			defer mu.Unlock()

			answers[s.Name] = answer{secret: secret, err: err}

			switch r := keyvault.ReasonOf(err); {
			case r == keyvault.Throttled, r == keyvault.NoIdentity, r == keyvault.Unreachable && (fails || errorOf(err).Status == 0):
				stop = err
			default:
				fails = r == keyvault.Unreachable
			}
		})
	}

	wg.Wait()

	return answers
}
