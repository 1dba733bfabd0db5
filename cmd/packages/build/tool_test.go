// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"io"
	"log"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/p6m-dev/platform-application/package/tools"
)

// TestTool builds and pushes the image twice, with the same result.
func TestTool(t *testing.T) {
	root, err := tools.Root()
	if err != nil {
		t.Fatal(err)
	}

	tool := ToolForPlatforms()
	tool.Program.Main = "./examples/demo/app" // It takes no time to build.

	type want struct {
		Files       []string
		Pin         Pin
		Platforms   []string
		Annotations map[string]string
		Config      v1.Config
	}

	push := func() want {
		address := listen(t, registry.New(registry.Logger(log.New(io.Discard, "", 0))))

		files, err := tool.Build(t.Context(), Options{Root: root, Out: t.TempDir(), Version: "v1.2.3", Architectures: []string{"amd64", "arm64"}})
		if err != nil {
			t.Fatal(err)
		}

		ref, err := tool.Push(t.Context(), address, "v1.2.3", files)
		if err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff(address+"/p6m-dev/platform-application:v1.2.3", ref); diff != "" {
			t.Errorf("Push(...): -want, +got:\n%s", diff)
		}

		pushed := manifestOf(t, ref)
		out := want{Platforms: pushed.platforms(), Annotations: pushed.Annotations}

		for _, f := range files {
			out.Files = append(out.Files, filepath.Base(f.Path))

			image, err := readImage(f.Path)
			if err != nil {
				t.Fatal(err)
			}

			config, err := image.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}

			out.Config = config.Config
		}

		if out.Pin, err = tool.Pin(t.Context(), ref); err != nil {
			t.Fatal(err)
		}

		// The registry differs each time.
		out.Pin.Reference = out.Pin.Reference[len(address):]

		return out
	}

	got := push()

	if diff := cmp.Diff(got, push()); diff != "" {
		t.Errorf("the same input must give the same image: -first, +second:\n%s", diff)
	}

	expect := want{
		Files:     []string{"platform-application-v1.2.3-amd64.tar", "platform-application-v1.2.3-arm64.tar"},
		Platforms: []string{"linux/amd64", "linux/arm64"},
		Pin:       Pin{Name: "ghcr.io/p6m-dev/platform-application", Reference: got.Pin.Reference},
		Annotations: map[string]string{
			"org.opencontainers.image.title":       "platform-application",
			"org.opencontainers.image.version":     "v1.2.3",
			"org.opencontainers.image.source":      "https://github.com/p6m-dev/platform-application",
			"org.opencontainers.image.licenses":    "Apache-2.0",
			"org.opencontainers.image.description": "Checks a platform for PlatformApplications.",
		},
		Config: v1.Config{Entrypoint: []string{"/platform-application"}, User: "65532:65532", WorkingDir: "/"},
	}
	if diff := cmp.Diff(expect, got); diff != "" {
		t.Errorf("image: -want, +got:\n%s", diff)
	}
}
