// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"testing"

	"github.com/p6m-dev/platform-application/fn/compose"
)

// BenchmarkRunFunction measures one call of the function, request to response,
// for applications with as many secrets of five keys each.
func BenchmarkRunFunction(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("FirstCall/secrets=%d", n), func(b *testing.B) {
			benchmark(b, applicationWith(b, n, 5))
		})
		b.Run(fmt.Sprintf("SteadyState/secrets=%d", n), func(b *testing.B) {
			benchmark(b, runningWith(b, n, 5))
		})
	}
}

func benchmark(b *testing.B, w *world) {
	b.Helper()
	f, req := NewFunction(nopLogger()), w.request()
	w.converse(req)
	b.ReportAllocs()
	for b.Loop() {
		if rsp, err := f.RunFunction(b.Context(), req); err != nil || fatal(rsp) != "" {
			b.Fatalf("RunFunction(...): %v %s", err, fatal(rsp))
		}
	}
}

// applicationWith returns an application with that many secrets, whose structure the manifest
// defines.
func applicationWith(tb testing.TB, secrets, keys int) *world {
	tb.Helper()
	w := newWorld(tb, `{"deployment": {"image": "shop-api:1", "ports": [{"port": 8080, "protocol": "http"}]}, "config": {"LOG_LEVEL": "info"}}`)
	var list []any
	for i := range secrets {
		var names []any
		for k := range keys {
			names = append(names, fmt.Sprintf("S%d_KEY_%d", i, k))
		}
		list = append(list, map[string]any{"name": fmt.Sprintf("secret-%d", i), "keys": names})
	}
	nested(w.xr, "spec")["secrets"] = list

	return w
}

// runningWith returns a running application with that many synced secrets.
func runningWith(tb testing.TB, secrets, keys int) *world {
	tb.Helper()
	w := applicationWith(tb, secrets, keys)
	w.azureAll()
	for i := range secrets {
		var names []string
		for k := range keys {
			names = append(names, fmt.Sprintf("S%d_KEY_%d", i, k))
		}
		w.sync(fmt.Sprintf("secret-%d", i), "Synced", names...)
	}
	w.reconcile()
	w.rollout()
	w.reconcile()
	if got := len(podOf(tb, w.composed[compose.NameDeployment]).Env); got != secrets*keys+1 {
		tb.Fatalf("want %d variables, got %d", secrets*keys+1, got)
	}

	return w
}

// TestManySecrets shows that the largest application the schema allows renders.
func TestManySecrets(t *testing.T) {
	w := runningWith(t, 100, 50)
	pod := podOf(t, desired(w.call(), compose.NameDeployment))
	if got, want := len(pod.Env), 100*50+1; got != want {
		t.Errorf("RunFunction(...): want %d variables, got %d", want, got)
	}
}
