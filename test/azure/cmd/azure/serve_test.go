// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	reader, writer := io.Pipe()
	ended := make(chan error, 1)

	go func() {
		err := run(ctx, []string{"--proxy-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0", "--state", "testdata/state.yaml"}, nil, writer)
		_ = writer.Close()

		ended <- err
	}()

	var said strings.Builder

	// The last line is the last thing that it says before it waits.
	for lines := bufio.NewScanner(reader); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")

		if strings.Contains(lines.Text(), " counts") {
			cancel()
		}
	}

	if err := <-ended; err != nil {
		t.Fatalf("run(...): %s", err)
	}

	for _, want := range []string{"export HTTPS_PROXY='http://127.0.0.1:", "export SSL_CERT_FILE='", "1 vaults are registered", "--admin 127.0.0.1:"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("run(...): want %q in\n%s", want, said.String())
		}
	}

	// The values of the state are nobody's to read.
	for _, value := range []string{"POSTGRES", "of-the-officer"} {
		if strings.Contains(said.String(), value) {
			t.Errorf("run(...): %q is in\n%s", value, said.String())
		}
	}
}
