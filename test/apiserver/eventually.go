// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"time"
)

const (
	eventuallyInterval = 50 * time.Millisecond
	eventuallyTimeout  = 30 * time.Second
)

// Eventually calls the check until it returns no error, for things that an API
// server does in its own time. It gives up with the context, or after 30
// seconds, and returns the check's last error.
func Eventually(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, eventuallyTimeout)
	defer cancel()

	tick := time.NewTicker(eventuallyInterval)
	defer tick.Stop()

	var last error

	for {
		err := check(ctx)
		if err == nil {
			return nil
		}

		// An error that only says that time is up would hide the one that matters.
		if last == nil || ctx.Err() == nil {
			last = err
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up: %w", last)
		case <-tick.C:
		}
	}
}
