// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	eventuallyInterval = 50 * time.Millisecond
	eventuallyTimeout  = 30 * time.Second
)

// Eventually polls, for up to 30 seconds, for what an API server does
// asynchronously.
func Eventually(ctx context.Context, check func(context.Context) error) error {
	if err := Poll(ctx, eventuallyInterval, eventuallyTimeout, check); err != nil {
		return fmt.Errorf("gave up: %w", err)
	}

	return nil
}

// Poll calls the check at an interval until it returns no error. When the time is
// up or the context ends, it returns the check's last error.
func Poll(ctx context.Context, interval, timeout time.Duration, check func(context.Context) error) error {
	var last error

	err := wait.PollUntilContextTimeout(ctx, interval, timeout, true, func(ctx context.Context) (bool, error) {
		err := check(ctx)

		// A timeout error would hide the relevant one.
		if last == nil || ctx.Err() == nil {
			last = err
		}

		return err == nil, nil
	})
	if err != nil {
		return last
	}

	return nil
}
