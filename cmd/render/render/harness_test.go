// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/p6m-dev/platform-application/package/tools"
)

// started returns a harness for this repository, which is closed after the test.
func started(t *testing.T) *Harness {
	t.Helper()

	root, err := tools.Root()
	if err != nil {
		t.Fatalf("Root(): %v", err)
	}

	harness, err := Start(t.Context(), root)
	if err != nil {
		t.Fatalf("Start(...): %v", err)
	}

	t.Cleanup(func() {
		if err := harness.Close(); err != nil {
			t.Errorf("Close(): %v", err)
		}
	})

	return harness
}

// TestFatalResult renders an application without the settings of the platform, with the pinned tool and the older ones. The error is
// the function's fatal result alone, and names the flag.
func TestFatalResult(t *testing.T) {
	t.Parallel()

	pinned := started(t)

	for _, version := range []string{"", Crossplane20, Crossplane120} {
		t.Run("Crossplane"+version, func(t *testing.T) {
			t.Parallel()

			h := pinned
			if version != "" {
				var err error
				if h, err = pinned.WithOlderTool(t.Context(), version); err != nil {
					t.Fatalf("WithOlderTool(...): %v", err)
				}
			}

			application, _, _, err := h.inputs(Request{Example: "demo"})
			if err != nil {
				t.Fatalf("inputs(...): %v", err)
			}

			f, err := h.files(Modern, application, nil, nil)
			if err != nil {
				t.Fatalf("files(...): %v", err)
			}

			f.settings = ""

			_, err = crossplane(t.Context(), h.tool.path, h.dir, h.tool.args(f)...)
			if got := message(err); !strings.HasPrefix(got, "cannot find EnvironmentConfig") || !strings.Contains(got, h.tool.settingsFlag+" (Crossplane") {
				t.Errorf("without settings: want an error that names %s, got %q", h.tool.settingsFlag, got)
			}
		})
	}
}

// TestNoNamespace renders a manifest without a namespace, and warns.
func TestNoNamespace(t *testing.T) {
	t.Parallel()

	harness := started(t)

	application, err := loadOne(filepath.Join(harness.root, "examples", "manifests", "data-app.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	rendered, err := harness.compose(t.Context(), Modern, application, nil)
	if err != nil {
		t.Fatalf("without namespace: compose(...): %v", err)
	}

	if !strings.Contains(string(rendered), "namespace default") {
		t.Errorf("without namespace: want a warning, got\n%s", rendered)
	}
}
