// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package secretsync

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/plan"
	"github.com/p6m-dev/platform-application/provider/watch"
	"github.com/p6m-dev/platform-application/test/plain"
)

// A plain value is in the data of the Secret in one piece. No piece of it is in a status,
// condition, event, log, metric or the metadata of the Secret. If it is invalid, the last good
// value stays.
func TestPlainValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := plain.Values().Draw(t, "value")
		s := v1alpha1.SyncedSecret{
			Name:         "db",
			Keys:         rapid.SampledFrom([][]string{nil, nil, {"A"}, {"A", "B"}}).Draw(t, "keys"),
			RequiredKeys: rapid.SampledFrom([][]string{nil, nil, {""}, {"C"}}).Draw(t, "required keys"),
		}
		l := lookAt(s)
		if rapid.Bool().Draw(t, "first") {
			l.empty()
		}

		r := newRecording(l)
		r.write(t, keyvault.Secret{Properties: keyvault.Properties{Version: v2, Updated: noon(), Enabled: true}, Value: v.Text})

		for place, text := range r.places(t) {
			if piece := v.Piece(text); piece != "" {
				t.Errorf("%q of a value (%s) is in the %s: %s", piece, v.Kind, place, text)
			}
		}

		o := r.cr.Status.AtProvider.Secrets[0]
		if o.Version != v2 {
			if _, wrote := r.data["db"]; wrote || o.Message == "" || o.State == v1alpha1.StateSynced {
				t.Errorf("A value (%s) is refused with state %q and message %q, and the Secret has keys %q", v.Kind, o.State, o.Message, r.dataKeys())
			}

			return
		}

		want := []v1alpha1.ObservedKey{{DataKey: "db"}}
		if diff := cmp.Diff(want, o.Keys); diff != "" || string(r.data["db"]) != v.Text || len(r.data) != 1 {
			t.Errorf("A value (%s) is taken apart: the Secret has keys %q, and the status -want, +got:\n%s", v.Kind, r.dataKeys(), diff)
		}
	})
}

// A recording has everything that the provider does with a secret.
type recording struct {
	*external

	cr     *v1alpha1.KeyVaultSecretSync
	events *events
	logs   strings.Builder
	// data and rest are the data and the metadata of the applied Secret.
	data map[string][]byte
	rest string
}

func newRecording(l *look) *recording {
	r := &recording{cr: l.cr}
	r.external, r.events = externalOf(l)
	r.log = logging.NewLogrLogger(funcr.New(func(prefix, args string) { r.logs.WriteString(prefix + args + "\n") }, funcr.Options{Verbosity: 10}))
	r.metrics.follow(func(types.NamespacedName) time.Time { return noon() }, func() watch.Counts { return watch.Counts{Watched: 1, Fast: 1, Slow: 1, TooLarge: 1, Unlisted: 1} })

	kube := &fake.Clientset{}
	kube.AddReactor("patch", "secrets", func(a clienttesting.Action) (bool, runtime.Object, error) {
		patch, ok := a.(clienttesting.PatchAction)
		if !ok {
			return false, nil, nil
		}

		s := &corev1.Secret{}
		if err := json.Unmarshal(patch.GetPatch(), s); err != nil {
			return true, nil, err //nolint:wrapcheck // It is the client that gets it.
		}

		applied := s.DeepCopy()
		r.data, s.Data = s.Data, nil
		rest, err := json.Marshal(s)
		r.rest = string(rest)

		return true, applied, err //nolint:wrapcheck // It is the client that gets it.
	})
	r.secrets = kube.CoreV1()

	return r
}

// write applies the content that was read.
func (r *recording) write(t *rapid.T, secret keyvault.Secret) {
	t.Helper()

	r.observed["db"] = plan.Observed{Secret: &secret}
	r.plan = plan.Make(r.cr.Spec.ForProvider, r.cr.Status.AtProvider, r.input.current, r.observed, noon())
	r.remember(r.plan)
	r.preview(r.cr, r.plan.Before, r.plan.Problem)
	fmt.Fprintf(&r.logs, "%+v\n", r.cr.Status)

	// A rejected value changes nothing.
	r.target.secret = &corev1.Secret{Data: r.input.current.Data}
	if _, err := r.Update(t.Context(), r.cr); err != nil {
		t.Fatalf("Update(...): %v", err)
	}
}

// places are the outputs that must not contain a piece of a value.
func (r *recording) places(t *rapid.T) map[string]string {
	t.Helper()

	status, err := json.Marshal(r.cr.Status)
	if err != nil {
		t.Fatal(err)
	}

	registry := prometheus.NewRegistry()
	registry.MustRegister(r.metrics)

	metrics, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}

	return map[string]string{
		"status": string(status), "events": strings.Join(*r.events, "\n"), "log": r.logs.String(), "metrics": fmt.Sprint(metrics),
		"rest of the Secret": r.rest, "data keys": strings.Join(r.dataKeys(), "\n"), "memory": fmt.Sprintf("%+v", r.memory.secrets),
	}
}

func (r *recording) dataKeys() []string {
	keys := make([]string, 0, len(r.data))
	for key := range r.data {
		keys = append(keys, key)
	}

	return keys
}
