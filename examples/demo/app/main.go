// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Command app is the application of the demo. It serves the environment that it was started with,
// and masks all values except those of the variables in DEMO_SHOW. So a reader sees which process has
// which environment.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

const (
	address         = ":8080"
	headerTimeout   = 5 * time.Second
	shutdownTimeout = 5 * time.Second

	// variableShown lists the variables whose values are shown unmasked, separated by
	// commas. None of them may be a secret.
	variableShown = "DEMO_SHOW"
)

// A Process describes the running process.
type Process struct {
	// Host it runs on: the name of its Pod.
	Host    string    `json:"host"`
	Started time.Time `json:"started"`

	// Environment it was started with, by name.
	Environment []Variable `json:"environment"`
}

// A Variable of the environment. Its value is masked unless it is public.
type Variable struct {
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
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("cannot find out on which host this is: %w", err)
	}

	shown := strings.Split(os.Getenv(variableShown), ",")

	return serve(ctx, Process{Host: host, Started: time.Now().UTC(), Environment: variables(os.Environ(), shown)})
}

// serve until the context ends, and then answer what was asked before.
func serve(ctx context.Context, me Process) error {
	server := &http.Server{Addr: address, Handler: handler(me), ReadHeaderTimeout: headerTimeout}
	ended := make(chan error, 1)

	go func() { ended <- server.ListenAndServe() }()

	log.Printf("%s serves %d variables on %s", me.Host, len(me.Environment), address)

	select {
	case err := <-ended:
		return fmt.Errorf("cannot serve: %w", err)
	case <-ctx.Done():
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()

	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("cannot shut down: %w", err)
	}

	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot serve: %w", err)
	}

	log.Printf("%s has ended", me.Host)

	return nil
}

// handler answers probes, and everything else with what the process is.
func handler(me Process) http.Handler {
	mux := http.NewServeMux()

	// The second is where examples have it.
	for _, path := range []string{"/healthz", "/health/readiness"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	}

	mux.HandleFunc("GET /process", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(me)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s, started %s\n\n", me.Host, me.Started.Format(time.RFC3339))

		for _, v := range me.Environment {
			fmt.Fprintf(w, "%s=%s\n", v.Name, v.Value)
		}
	})

	return mux
}

// variables of an environment, sorted, with all values masked but those to be shown.
func variables(environ, shown []string) []Variable {
	out := make([]Variable, 0, len(environ))

	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !slices.Contains(shown, name) {
			value = mask(value)
		}

		out = append(out, Variable{Name: name, Value: value})
	}

	slices.SortFunc(out, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })

	return out
}

// mask a value so that nothing is left of it but whether there is one.
func mask(value string) string {
	if value == "" {
		return ""
	}

	return fmt.Sprintf("****** (%d characters)", utf8.RuneCountInString(value))
}
