// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command app replaces the images of the examples, which do not exist. It is healthy for every
// probe, and serves its whole environment; the program of the demo masks most values.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const headerTimeout = 5 * time.Second

// A process has an environment, in the format of package plane.
type process struct {
	Started     time.Time  `json:"started"`
	Environment []variable `json:"environment"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)

	stop()

	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	me := process{Started: time.Now().UTC()}

	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		me.Environment = append(me.Environment, variable{Name: name, Value: value})
	}

	answer, err := json.Marshal(me)
	if err != nil {
		return fmt.Errorf("cannot encode environment: %w", err)
	}

	// These are the ports of the test and of the probes in manifests.
	addresses := []string{":8080", ":3000", ":8501", ":9011"}
	ended := make(chan error, len(addresses))

	for _, address := range addresses {
		server := &http.Server{Addr: address, ReadHeaderTimeout: headerTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(answer) // A client notices an incomplete response.
		})}

		go func() { ended <- server.ListenAndServe() }()
	}

	select {
	case err := <-ended:
		return fmt.Errorf("cannot serve: %w", err)
	case <-ctx.Done():
		return nil
	}
}
