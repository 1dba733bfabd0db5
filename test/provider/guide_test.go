// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
)

// What the guide promises: its three use cases, from an empty vault to a rotated value.
func TestGuide(t *testing.T) { //nolint:tparallel // Two providers would get into each other's way.
	start(t).group(t, map[string]func(*testing.T, *suite){
		"Structures":   testStructures,
		"Certificates": testCertificates,
		"FirstValue":   testFirstValue,
	})
}

func testFirstValue(t *testing.T, s *suite) {
	t.Helper()

	app := s.app(t)
	version := s.put(t, app, "db", `{"USER":"hunter2"}`)
	sync := app.Sync(v1alpha1.SyncedSecret{Name: "db"})
	world.Apply(t, sync)

	got := s.expect(t, app, sync, "db", expectation{State: v1alpha1.StateSynced, Data: map[string]string{"db.USER": "hunter2"}})
	if diff := cmp.Diff(version, observed(got, "db").Version); diff != "" {
		t.Errorf("version: -want, +got:\n%s", diff)
	}
}

func testStructures(t *testing.T, s *suite) {
	t.Helper()

	type values struct {
		value string
		data  map[string]string
	}

	cases := map[string]struct {
		reason string
		secret v1alpha1.SyncedSecret
		// structure that is created, and the words that tell what to do then.
		structure string
		words     []string
		first     values
		then      values
	}{
		"DatabaseCredentials": {
			reason:    "Keys of a structure are created empty, and become data when all of them have values.",
			secret:    v1alpha1.SyncedSecret{Name: "postgres-credentials", Keys: []string{"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_PORT"}},
			structure: `{"POSTGRES_USER":"","POSTGRES_PASSWORD":"","POSTGRES_PORT":""}`,
			words:     []string{"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_PORT", "postgres-credentials"},
			first: values{
				value: `{"POSTGRES_USER":"hunter2-u","POSTGRES_PASSWORD":"hunter2-p","POSTGRES_PORT":5432}`,
				data: map[string]string{
					"postgres-credentials.POSTGRES_USER": "hunter2-u", "postgres-credentials.POSTGRES_PASSWORD": "hunter2-p", "postgres-credentials.POSTGRES_PORT": "5432",
				},
			},
			then: values{
				value: `{"POSTGRES_USER":"hunter2-u","POSTGRES_PASSWORD":"hunter2-q","POSTGRES_PORT":5432,"POSTGRES_SSL":true}`,
				data: map[string]string{
					"postgres-credentials.POSTGRES_USER": "hunter2-u", "postgres-credentials.POSTGRES_PASSWORD": "hunter2-q",
					"postgres-credentials.POSTGRES_PORT": "5432", "postgres-credentials.POSTGRES_SSL": "true",
				},
			},
		},
		"APIKeys": {
			reason:    "An API key is a secret of two keys.",
			secret:    v1alpha1.SyncedSecret{Name: "api-credentials", Keys: []string{"API_KEY", "API_SECRET"}},
			structure: `{"API_KEY":"","API_SECRET":""}`,
			words:     []string{"API_KEY", "API_SECRET"},
			first: values{
				value: `{"API_KEY":"hunter2-k","API_SECRET":"hunter2-s"}`,
				data:  map[string]string{"api-credentials.API_KEY": "hunter2-k", "api-credentials.API_SECRET": "hunter2-s"},
			},
			then: values{
				value: `{"API_KEY":"hunter2-l","API_SECRET":"hunter2-s"}`,
				data:  map[string]string{"api-credentials.API_KEY": "hunter2-l", "api-credentials.API_SECRET": "hunter2-s"},
			},
		},
		"NoStructure": {
			reason:    "A secret nobody knows the keys of is created as an empty object, and takes any keys.",
			secret:    v1alpha1.SyncedSecret{Name: "anything"},
			structure: `{}`,
			words:     []string{"no values yet", "anything"},
			first:     values{value: `{"A":"hunter2"}`, data: map[string]string{"anything.A": "hunter2"}},
			then:      values{value: `hunter2 in plain text`, data: map[string]string{"anything": "hunter2 in plain text"}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app := s.app(t)
			creator := world.Creator(t, app.Namespace, mark)
			creator.MayCreate(t, app)

			sync := app.Sync(tc.secret)
			sync.Spec.ProviderConfigReference = world.ClusterConfig(t, creator.Credentials())
			sync.Spec.ForProvider.CreateMissing = true
			world.Apply(t, sync)

			s.expect(t, app, sync, tc.secret.Name, expectation{State: v1alpha1.StateAwaitingValue, Words: tc.words})
			expectWrites(t, app, []azure.Write{{Secret: tc.secret.Name, Operation: "set", Principal: creator.PrincipalID}})

			created, err := world.Azure.SecretValue(app.Vault, tc.secret.Name, "")
			must(t, err)

			if diff := cmp.Diff(tc.structure, created); diff != "" {
				t.Errorf("\n%s\nstructure in the vault: -want, +got:\n%s", tc.reason, diff)
			}

			// What was created is left alone from then on.
			s.polled(t, 3)
			s.expect(t, app, sync, tc.secret.Name, expectation{State: v1alpha1.StateAwaitingValue, Words: tc.words})

			first := s.set(t, app, sync, tc.secret.Name, tc.first.value, tc.first.data)
			then := s.set(t, app, sync, tc.secret.Name, tc.then.value, tc.then.data)

			if first.Status.AtProvider.Target.Revision == then.Status.AtProvider.Target.Revision {
				t.Errorf("\n%s\nrevision %s is the same after a new version", tc.reason, then.Status.AtProvider.Target.Revision)
			}
		})
	}
}

// set a value, and wait until it has arrived: the Secret has it, and the status
// tells its version and keys.
func (s *suite) set(t *testing.T, a *App, sync *v1alpha1.KeyVaultSecretSync, name, value string, data map[string]string) *v1alpha1.KeyVaultSecretSync {
	t.Helper()

	version := s.put(t, a, name, value)

	return s.arrived(t, a, sync, name, version, data)
}

func (s *suite) arrived(t *testing.T, a *App, sync *v1alpha1.KeyVaultSecretSync, name, version string, data map[string]string) *v1alpha1.KeyVaultSecretSync {
	t.Helper()

	got := world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
		o := observed(got, name)
		if o.State != v1alpha1.StateSynced || o.Version != version {
			return fmt.Errorf("%s is %s with version %q, want %s with version %q\n%s", name, o.State, o.Version, v1alpha1.StateSynced, version, messages(got))
		}

		return nil
	})
	// The status tells of what is in the Secret, not of what will be.
	s.expectData(t, a, expectation{State: "as its status says", Data: data})
	s.expectEvent(t, sync, name, v1alpha1.StateSynced)

	var keys []string
	for _, k := range observed(got, name).Keys {
		keys = append(keys, k.DataKey)
	}

	if diff := cmp.Diff(slices.Sorted(maps.Keys(data)), keys); diff != "" {
		t.Errorf("data keys in the status: -want, +got:\n%s", diff)
	}

	want := v1alpha1.KeyVaultSecretSyncObservation{State: v1alpha1.StateSynced, SecretsSynced: "1/1"}
	if diff := cmp.Diff(want, got.Status.AtProvider, cmpopts.IgnoreFields(want, "Secrets", "Target", "LastChangeTime", "Polling")); diff != "" {
		t.Errorf("status: -want, +got:\n%s", diff)
	}

	return got
}

// expectWrites to a vault, by whoever did not come from outside.
func expectWrites(t *testing.T, a *App, want []azure.Write) {
	t.Helper()

	got, err := world.Azure.Writes(a.Vault, "")
	must(t, err)

	got = slices.DeleteFunc(got, func(w azure.Write) bool { return w.Principal == "" })
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(azure.Write{}, "Version", "Time"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("writes to the vault: -want, +got:\n%s", diff)
	}
}

func testCertificates(t *testing.T, s *suite) {
	t.Helper()

	cases := map[string]struct {
		reason string
		first  azure.Certificate
		then   azure.Certificate
	}{
		"PKCS12": {
			reason: "A certificate is a PFX by default.",
			first:  azure.Certificate{DNSNames: []string{"first.example.com"}},
			then:   azure.Certificate{DNSNames: []string{"then.example.com"}, Modern: true, ECDSA: true},
		},
		"PEM": {
			reason: "A certificate can be PEM, with the key in front.",
			first:  azure.Certificate{ContentType: azure.ContentTypePEM, DNSNames: []string{"first.example.com"}, ECDSA: true},
			then:   azure.Certificate{ContentType: azure.ContentTypePEM, DNSNames: []string{"then.example.com"}},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			app := s.app(t)
			creator := world.Creator(t, app.Namespace, mark)
			creator.MayCreate(t, app)

			sync := app.Sync(v1alpha1.SyncedSecret{Name: "tls-certificates", Create: new(false)})
			sync.Spec.ProviderConfigReference = world.ClusterConfig(t, creator.Credentials())
			sync.Spec.ForProvider.CreateMissing = true
			world.Apply(t, sync)

			s.expect(t, app, sync, "tls-certificates", expectation{State: v1alpha1.StateMissing, Words: []string{"tls-certificates", app.Vault, "import a certificate"}})
			s.polled(t, 3)
			expectWrites(t, app, nil)

			revisions := map[string]bool{}

			for _, c := range []azure.Certificate{tc.first, tc.then} {
				version, err := world.Azure.PutCertificate(app.Vault, "tls-certificates", c)
				must(t, err)

				got := world.Await(t, sync, func(got *v1alpha1.KeyVaultSecretSync) error {
					if v := observed(got, "tls-certificates").Version; v != version {
						return fmt.Errorf("version is %q, want %q\n%s", v, version, messages(got))
					}

					return nil
				})
				revisions[got.Status.AtProvider.Target.Revision] = true

				expectCertificate(t, app, c.DNSNames[0])

				if observed(got, "tls-certificates").ExpiresAt == nil {
					t.Errorf("\n%s\nthe status does not tell when the certificate expires", tc.reason)
				}

				s.expectEvent(t, sync, "tls-certificates", v1alpha1.StateSynced)
				s.polled(t, 3) // Lists tell versions of one second not apart.
			}

			if len(revisions) != 2 {
				t.Errorf("\n%s\nrevisions: want 2, got %v", tc.reason, revisions)
			}
		})
	}
}

// expectCertificate that a server can be started with, and whose chain leads to
// its root.
func expectCertificate(t *testing.T, a *App, host string) {
	t.Helper()

	data, err := a.Data(t.Context())
	must(t, err)

	if diff := cmp.Diff([]string{"tls-certificates.ca.crt", "tls-certificates.tls.crt", "tls-certificates.tls.key"}, slices.Sorted(maps.Keys(data))); diff != "" {
		t.Fatalf("keys of the Secret: -want, +got:\n%s", diff)
	}

	pair, err := tls.X509KeyPair([]byte(data["tls-certificates.tls.crt"]), []byte(data["tls-certificates.tls.key"]))
	must(t, err)

	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	must(t, err)

	o := x509.VerifyOptions{DNSName: host, Intermediates: x509.NewCertPool(), Roots: x509.NewCertPool()}

	for _, raw := range pair.Certificate[1:] {
		c, err := x509.ParseCertificate(raw)
		must(t, err)
		o.Intermediates.AddCert(c)
	}

	if !o.Roots.AppendCertsFromPEM([]byte(data["tls-certificates.ca.crt"])) {
		t.Error("there is no certificate in ca.crt")
	}

	if _, err := leaf.Verify(o); err != nil {
		t.Errorf("the first certificate of tls.crt is not that of %s, or the rest does not lead to the root in ca.crt: %v", host, err)
	}
}
