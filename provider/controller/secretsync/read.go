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
// requested.
func readSecrets(ctx context.Context, v vault, list []v1alpha1.SyncedSecret) map[string]answer {
	if len(list) == 0 {
		return nil
	}

	client, err := v.client()
	answers := make(map[string]answer, len(list))

	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		slots = make(chan struct{}, min(1+len(list)/readsInOrder, readsAtOnce))
		stop  = err
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

			secret, err := client.Get(ctx, s.Name, s.Version)

			mu.Lock()
			defer mu.Unlock()

			answers[s.Name] = answer{secret: secret, err: err}

			if r := keyvault.ReasonOf(err); r == keyvault.Unreachable || r == keyvault.Throttled || r == keyvault.NoIdentity {
				stop = err
			}
		})
	}

	wg.Wait()

	return answers
}
