//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plane"
)

const (
	// scalePoll is how often they are listed, which is work for the API server.
	scalePoll = 5 * time.Second

	// scaleTimeout is for all of them to be ready, on a machine that is busy.
	scaleTimeout = 15 * time.Minute
)

// applications is how many are created at once.
var applications = flag.Int("applications", 200, "how many applications TestScale creates at once") //nolint:gochecknoglobals // Flags are.

// TestScale creates many applications at once, and reports what that takes.
func TestScale(t *testing.T) {
	namespace, scale := namespaceOf(t, w.modern), *applications

	// Other tests would wait for them.
	t.Cleanup(func() { removeAll(t, namespace) })

	before := usage(t, w.modern)
	start := time.Now()

	for i := range scale {
		// Its image is nowhere: it is declared to run, since this is not about the pods.
		apply(t, w.modern, namespace, fmt.Sprintf("app-%03d", i), with("deployment.image", "registry.example.com/app:1"))
	}

	t.Logf("%d manifests applied after %.0f s", scale, time.Since(start).Seconds())

	filled := map[string]bool{}

	err := apiserver.Poll(t.Context(), scalePoll, scaleTimeout, func(ctx context.Context) error {
		// A busy API server may not answer in time.
		apps, err := list(ctx, w.modern, namespace)
		ready := 0

		for i := range apps {
			a := &apps[i]
			fill(t, a, filled)

			if status(a, "Ready") == "True" && status(a, "WorkloadReady") == "True" {
				ready++
			}
		}

		if ready < scale {
			return errors.Join(fmt.Errorf("only %d of %d applications are ready", ready, scale), err)
		}

		return nil
	})
	if err != nil {
		t.Fatalf("gave up after %s: %v", scaleTimeout, err)
	}

	took := time.Since(start)
	after := usage(t, w.modern)

	t.Logf("%d applications were ready after %.0f s", scale, took.Seconds())

	for name, u := range after {
		t.Logf("%-22s %6.1f s CPU  %4d MiB", name, (u.cpu - before[name].cpu).Seconds(), u.rss>>20)
	}
}

// removeAll applications of a namespace.
func removeAll(t *testing.T, namespace string) {
	t.Helper()

	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.GroupVersionKind{Group: "meta.p6m.dev", Version: "v1alpha1", Kind: "PlatformApplication"})

	ctx, asked := context.WithoutCancel(t.Context()), false

	err := plane.Eventually(ctx, "the end of all applications", func(ctx context.Context) error {
		if !asked {
			if err := w.modern.API.Client().DeleteAllOf(ctx, u, client.InNamespace(namespace)); err != nil {
				return fmt.Errorf("cannot delete applications: %w", err)
			}

			asked = true
		}

		left, err := list(ctx, w.modern, namespace)
		if err != nil {
			return err
		}

		if len(left) > 0 {
			return fmt.Errorf("%d are left", len(left))
		}

		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// fill the vault of an application that has one, once.
func fill(t *testing.T, a *unstructured.Unstructured, filled map[string]bool) {
	t.Helper()

	// It has an address as soon as Azure has it.
	uri, _, _ := unstructured.NestedString(a.Object, "status", "keyVault", "uri")
	vault, _, _ := unstructured.NestedString(a.Object, "status", "keyVault", "name")

	if uri == "" || filled[vault] {
		return
	}

	if _, err := w.azure.PutSecret(vault, secretName, azure.Secret{Value: postgres("x")}); err != nil {
		t.Fatal(err)
	}

	filled[vault] = true
}

func list(ctx context.Context, p *plane.Plane, namespace string) ([]unstructured.Unstructured, error) {
	l := &unstructured.UnstructuredList{}
	l.SetGroupVersionKind(schema.GroupVersionKind{Group: "meta.p6m.dev", Version: "v1alpha1", Kind: "PlatformApplicationList"})

	if err := p.API.Client().List(ctx, l, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("cannot list applications: %w", err)
	}

	return l.Items, nil
}

func status(u *unstructured.Unstructured, kind string) string {
	a := &plane.Application{Unstructured: u}

	return a.Condition(kind).Status
}

// A consumption is what the processes of a Deployment have used.
type consumption struct {
	cpu time.Duration
	rss int64
}

// usage of what works on applications.
func usage(t *testing.T, p *plane.Plane) map[string]consumption {
	t.Helper()

	out := map[string]consumption{}

	for _, process := range p.Processes() {
		if process.Namespace != plane.Namespace || process.PID == 0 {
			continue
		}

		u, err := consumed(process.PID)
		if err != nil {
			t.Fatal(err)
		}

		name := partOf(process.Pod)
		sum := out[name]
		out[name] = consumption{cpu: sum.cpu + u.cpu, rss: sum.rss + u.rss}
	}

	return out
}

// consumed by a process, as Linux has it: ticks of a hundredth of a second, and
// pages.
func consumed(pid int) (consumption, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return consumption{}, fmt.Errorf("cannot read what process %d has used: %w", pid, err)
	}

	// After the name, which may have anything in it.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))

	var numbers [3]int64

	for i, at := range []int{11, 12, 21} {
		if numbers[i], err = strconv.ParseInt(fields[at], 10, 64); err != nil {
			return consumption{}, fmt.Errorf("cannot read what process %d has used: %w", pid, err)
		}
	}

	return consumption{
		cpu: time.Duration(numbers[0]+numbers[1]) * 10 * time.Millisecond,
		rss: numbers[2] * int64(os.Getpagesize()),
	}, nil
}
