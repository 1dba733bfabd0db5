// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command server is a Redis in memory, for a test of programs that do not start without one: server ADDRESS.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: server ADDRESS")

		os.Exit(1)
	}

	redis := miniredis.NewMiniRedis()
	if err := redis.StartAddr(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "cannot listen on %s: %v\n", os.Args[1], err)

		os.Exit(1)
	}

	// Its clock stands still unless it is moved.
	for range time.Tick(time.Second) {
		redis.FastForward(time.Second)
	}
}
