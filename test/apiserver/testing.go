// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/test/internal/check"
)

// Run runs all tests of a package with one API server, which it passes to use
// first, and returns their exit code:
//
//	var server *apiserver.Server
//
//	func TestMain(m *testing.M) {
//		os.Exit(apiserver.Run(m, func(s *apiserver.Server) { server = s }))
//	}
//
// Tests that share a server keep apart by taking a Namespace each.
func Run(m *testing.M, use func(*Server), opts ...Option) int {
	s, err := Start(context.Background(), opts...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)

		return 1
	}

	// A panic does not leak the server, because the guard ends it.
	use(s)

	code := m.Run()

	if err := s.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "cannot stop API server:", err)

		return max(code, 1)
	}

	return code
}

// StartFor starts an API server for one test, and stops it when the test ends.
func StartFor(tb testing.TB, opts ...Option) *Server {
	tb.Helper()

	s, err := Start(tb.Context(), opts...)
	check.Must(tb, err)

	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Errorf("cannot stop API server: %v", err)
		}
	})

	return s
}

// notInNames are the characters that the name of a namespace cannot have.
var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// Namespace creates a namespace for applications with a unique name that contains the test's.
func (s *Server) Namespace(tb testing.TB) string {
	tb.Helper()

	// The API server needs some characters to make the name unique.
	prefix := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(tb.Name()), "-"), "-")
	prefix = strings.TrimSuffix(prefix[:min(len(prefix), 50)], "-")

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: prefix + "-", Labels: map[string]string{LabelWorkloads: WorkloadsComposed},
	}}
	check.Must(tb, s.client.Create(tb.Context(), ns))

	return ns.GetName()
}
