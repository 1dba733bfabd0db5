// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/keyvault"
	"github.com/p6m-dev/platform-application/provider/payload"
)

// maxRequest is etcd's default limit.
const maxRequest = 3 << 19

// For any vault, all resulting objects can be written, or the state contains the reason. That also
// holds when all keys change while pods reference the old ones.
func TestMakeSizes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := specOf()
		spec.Target.Name = strings.Repeat("t", rapid.IntRange(1, 72).Draw(t, "target"))
		name := strings.Repeat("s", rapid.SampledFrom([]int{1, 10, 20, 60, 120}).Draw(t, "name"))

		for i := range rapid.IntRange(1, 100).Draw(t, "secrets") {
			spec.Secrets = append(spec.Secrets, v1alpha1.SyncedSecret{Name: fmt.Sprintf("%s%d", name, i)})
		}

		p, current := Plan{}, Current{}
		for _, version := range []string{v1, v2} {
			findings := map[string]Observed{}
			s := hostile(t, version)

			for _, synced := range spec.Secrets {
				findings[synced.Name] = found(s)
			}

			p = Make(spec, p.After.KeyVaultSecretSyncObservation, current, findings, noon())
			checkSizes(t, spec, p)

			current = Current{Data: p.Data, Record: p.Record}
			spec.Target.InUse = slices.Sorted(maps.Keys(p.Data))
		}
	})
}

// hostile returns a secret with as many and as long keys as needed, with or without values.
func hostile(t *rapid.T, version string) keyvault.Secret {
	first := rapid.SampledFrom([]string{"a", "A", "_", "k-k", "<", "é"}).Draw(t, "first")
	keys := rapid.SampledFrom([]int{1, 50, 100, 200, 255, 256, 257, 1000}).Draw(t, "keys")
	length := rapid.SampledFrom([]int{0, 1, 10, 30, 60, 120, 200}).Draw(t, "length")
	value := rapid.SampledFrom([]int{0, 1, 30, 100}).Draw(t, "value")

	members := map[string]any{}
	for i, size := 0, 0; i < keys && size < 24<<10; i++ {
		key := first + version[:1] + strings.Repeat("x", length) + fmt.Sprintf("%x", i)
		members[key] = strings.Repeat("v", value)
		size += len(key) + value + len(`"<":"",`) + 5
	}

	s := secret(version, encode(members))
	s.ContentType = "application/json"

	return s
}

func checkSizes(t *rapid.T, spec v1alpha1.KeyVaultSecretSyncParameters, p Plan) {
	t.Helper()

	if p.Problem != nil && (p.After.State != v1alpha1.StateTargetTooLarge || p.Problem.Finding.String() == "") {
		t.Fatalf("The Secret is too large, and the state is %s", p.After.State)
	}

	for _, s := range p.After.Observation(spec).Secrets {
		if s.State != v1alpha1.StateSynced && s.Message == "" {
			t.Fatalf("Secret %s is %s without a word", s.Name, s.State)
		}
	}

	for what, size := range map[string]int{"Secret": sizeOfSecret(t, p), "Deployment": sizeOfDeployment(t, spec.Target.Name, p), "sync": sizeOfSync(t, spec, p)} {
		if size > maxRequest {
			t.Fatalf("The %s has %d bytes, with %d keys", what, size, len(p.Data))
		}
	}
}

// managed returns the entries that the API server adds about field managers.
func managed(fields ...string) metav1.ObjectMeta {
	return metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{FieldsV1: &metav1.FieldsV1{Raw: []byte(strings.Join(fields, ","))}}}}
}

func sizeOfSecret(t *rapid.T, p Plan) int {
	record, err := p.Record.Encode()
	if err != nil {
		t.Fatal(err)
	}

	var fields []string
	for key := range p.Data {
		fields = append(fields, fmt.Sprintf(`"f:%s":{}`, key))
	}

	s := corev1.Secret{ObjectMeta: managed(fields...), Data: p.Data}
	s.Annotations = map[string]string{"record": record}

	return s.Size()
}

// sizeOfDeployment returns the size of a Deployment with a variable for each key, and a prefix.
func sizeOfDeployment(t *rapid.T, target string, p Plan) int {
	t.Helper()

	var fields []string
	container := corev1.Container{}

	for key := range p.Data {
		secret, name, _ := strings.Cut(key, ".")
		if name == "" {
			name = secret
		}

		name = "SHOP_" + name
		fields = append(fields, fmt.Sprintf(`"k:{\"name\":\"%s\"}":{".":{},"f:name":{},"f:valueFrom":{"f:secretKeyRef":{}}}`, name))
		container.Env = append(container.Env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: target}, Key: key,
		}}})
	}

	d := appsv1.Deployment{ObjectMeta: managed(fields...)}
	d.Spec.Template.Spec.Containers = []corev1.Container{container}

	return d.Size()
}

// sizeOfSync returns the size of a sync with all keys in use.
func sizeOfSync(t *rapid.T, spec v1alpha1.KeyVaultSecretSyncParameters, p Plan) int {
	t.Helper()

	spec.Target.InUse = slices.Sorted(maps.Keys(p.Data))

	text, err := json.Marshal(map[string]any{"spec": spec, "status": p.After.Observation(spec)})
	if err != nil {
		t.Fatal(err)
	}

	return len(text)
}

// Keys that were synced before the limit existed are kept.
func TestMakeTooManyKeysStay(t *testing.T) {
	current := Current{Data: map[string][]byte{}, Record: Record{}}
	had := content(v1)

	for i := range 1000 {
		key := fmt.Sprintf("K%03d", i)
		had.Keys = append(had.Keys, key)
		current.Data[payload.DataKey("s00", key)] = []byte("v")
	}

	current.Record["s00"] = had
	p := Make(specOf(wide(1)...), v1alpha1.KeyVaultSecretSyncObservation{}, current, map[string]Observed{"s00": found(dotenv(1001, 4))}, noon())

	if p.Changed || p.Problem != nil || len(p.Data) != 1000 || p.After.State != v1alpha1.StateInvalid {
		t.Errorf("Make(...): want the Secret as it is and state Invalid, got %d keys, changed %t, state %s, problem %v", len(p.Data), p.Changed, p.After.State, p.Problem)
	}

	if m := p.After.Observation(specOf()).Secrets[0].Message; !strings.Contains(m, "more than 256 keys") || !strings.HasSuffix(m, "stay in use.") {
		t.Errorf("Make(...): got message %q", m)
	}
}

// Each limit applies by itself.
func TestMakeLimits(t *testing.T) {
	type args struct{ secrets, name, keys, key, value int }

	cases := map[string]struct {
		reason string
		args   args
		want   bool
	}{
		"Usual":     {"Half of the keys of the largest manifest fit with values of 100 characters.", args{100, 23, 25, 17, 100}, false},
		"LongNames": {"Names of secrets are part of every data key.", args{20, 120, 200, 10, 0}, true},
		"LongKeys":  {"Keys are names of variables.", args{20, 10, 80, 240, 0}, true},
		"FewerKeys": {"Fewer large values fit.", args{20, 10, 40, 240, 0}, false},
		"Count":     {"Many short values fit, up to a number.", args{20, 4, 250, 4, 1}, false},
		"TooMany":   {"More values do not fit.", args{20, 4, 251, 4, 1}, true},
		"Both":      {"Values and names fit separately, but not together.", args{40, 120, 75, 10, 300}, true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			spec, findings := specOf(), map[string]Observed{}

			for i := range tc.args.secrets {
				name := fmt.Sprintf("%s%02d", strings.Repeat("s", tc.args.name-2), i)
				spec.Secrets = append(spec.Secrets, v1alpha1.SyncedSecret{Name: name})
				s := dotenv(tc.args.keys, tc.args.key)
				s.Value = strings.ReplaceAll(s.Value, "=\n", "="+strings.Repeat("v", tc.args.value)+"\n")
				findings[name] = found(s)
			}

			p := Make(spec, v1alpha1.KeyVaultSecretSyncObservation{}, Current{}, findings, noon())
			if got := p.Problem != nil; got != tc.want || !got && p.After.State != v1alpha1.StateSynced {
				t.Errorf("\n%s\nMake(...): want a problem %t, got %v, state %s", tc.reason, tc.want, p.Problem, p.After.State)
			}
		})
	}
}
