// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

// TestRun waits for the files, and checks that each is good for what it is for.
func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()

	dir, out := t.TempDir(), make(chan error, 1)
	greeting, greeted := io.Pipe()

	go func() {
		out <- (&command{Dir: dir}).run(ctx, greeted)

		_ = greeted.Close()
	}()

	// The greeting is the last thing that is done.
	if _, err := greeting.Read(make([]byte, 1)); err != nil {
		t.Fatalf("want a greeting, got %v: %v", err, <-out)
	}

	go func() { _, _ = io.Copy(io.Discard, greeting) }()

	data, err := os.ReadFile(filepath.Join(dir, issuerFile))
	if err != nil {
		t.Fatalf("cannot read issuer: %v", err)
	}

	state, err := azure.ParseState(data)
	if err != nil || len(state.Issuers) != 1 || state.Issuers[0].Issuer != apiserver.DefaultIssuer || len(state.Issuers[0].JWKS) == 0 {
		t.Errorf("ParseState(%s): want one issuer with keys, got %v and error %v", issuerFile, state, err)
	}

	got := map[string]bool{}
	for _, file := range []string{adminFile, providerFile} {
		got[file] = mayCreateNamespaces(t, filepath.Join(dir, file))
	}

	if diff := cmp.Diff(map[string]bool{adminFile: true, providerFile: false}, got); diff != "" {
		t.Errorf("who may create namespaces: -want, +got:\n%s", diff)
	}

	stop()

	if err := <-out; err != nil {
		t.Errorf("run(...): %v", err)
	}
}

func mayCreateNamespaces(t *testing.T, kubeconfig string) bool {
	t.Helper()

	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatalf("cannot read %s: %v", kubeconfig, err)
	}

	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatalf("cannot make a client: %v", err)
	}

	_, err = kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}},
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})

	return err == nil
}
