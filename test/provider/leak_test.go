// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	changelogs "github.com/crossplane/crossplane-runtime/v2/apis/changelogs/proto/v1alpha1"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plain"
)

// changeLog receives the change logs of a provider.
type changeLog struct {
	changelogs.UnimplementedChangeLogServiceServer

	mu      sync.Mutex
	entries strings.Builder
}

// String returns all entries.
func (c *changeLog) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.entries.String()
}

// SendChangeLog keeps an entry.
func (c *changeLog) SendChangeLog(_ context.Context, r *changelogs.SendChangeLogRequest) (*changelogs.SendChangeLogResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	b, err := protojson.Marshal(r)
	c.entries.Write(b)

	return &changelogs.SendChangeLogResponse{}, err //nolint:wrapcheck // There is nothing to add.
}

// serve serves change logs at a socket, and returns its path.
func (c *changeLog) serve(t *testing.T) string {
	t.Helper()

	path := filepath.Join(t.TempDir(), "s")

	l, err := net.Listen("unix", path) //nolint:noctx // It returns at once.
	must(t, err)

	s := grpc.NewServer()
	changelogs.RegisterChangeLogServiceServer(s, c)

	go s.Serve(l) //nolint:errcheck // It ends with the test.

	t.Cleanup(s.Stop)

	return path
}

// A leakTest is an application with every kind of failure.
type leakTest struct {
	t    *testing.T
	app  *App
	sync *v1alpha1.KeyVaultSecretSync
	p    *Process
	logs *changeLog

	// values are named values, and seen are the outputs by place.
	values, seen map[string]string
	// updated is the time of the last update of a secret. No two are in the same second.
	updated time.Time
}

// A value is only in the vault and in the application's Secret, in any form, whatever fails.
func TestLeaks(t *testing.T) {
	l := &leakTest{
		t: t, values: map[string]string{}, seen: map[string]string{},
		logs: &changeLog{}, updated: time.Now().Add(-24 * time.Hour),
	}
	l.p = world.Start(t, "--debug", "--enable-changelogs", "--changelogs-socket-path="+l.logs.serve(t))
	l.app = world.App(t, world.API.Namespace(t), "web")
	t.Cleanup(func() { must(t, world.Abandon(context.WithoutCancel(t.Context()), l.app.Namespace)) })

	creator := world.Creator(t, l.app.Namespace, l.secret("client secret"))
	creator.MayCreate(t, l.app)

	l.sync = l.app.Sync()
	l.sync.Spec.ForProvider.CreateMissing = true
	l.sync.Spec.ProviderConfigReference = world.Config(t, "", creator.Credentials())

	l.first()
	l.rotate()
	l.unreadable()
	l.fail()
	l.tooLarge()
	l.remove()

	for _, leak := range plain.Find(l.values, l.seen) {
		t.Error(leak)
	}

	// Outputs that were not collected cannot be searched.
	for place, content := range map[string]string{
		"the log": "Successfully requested", "change logs": l.app.Namespace, "events after faults": string(v1alpha1.StateUnreachable),
		"metrics after faults": "keyvault_secretsync_azure_requests_total", "KeyVaultSecretSyncs after faults": `"dataKey":"json.key0"`,
		"metadata of Secrets after faults": "managedFields", "ProviderConfigUsages after faults": l.app.Namespace,
	} {
		if !strings.Contains(l.seen[place], content) {
			t.Errorf("%q is not in %s, which has %d characters", content, place, len(l.seen[place]))
		}
	}
}

// first is the first sync of every format, and of a missing secret.
func (l *leakTest) first() {
	l.t.Helper()

	versions := map[string]string{
		"json":   l.put("json", "application/json", l.object(l.secret("first of json"), l.secret("second of json"))),
		"text":   l.put("text", "", l.secret("text")),
		"dotenv": l.put("dotenv", "application/x-dotenv", "A="+l.plain("first of dotenv")+"\nB='"+l.plain("second of dotenv")+"'\n"),
	}

	for name, kind := range map[string]string{"pfx": azure.ContentTypePFX, "pem": azure.ContentTypePEM} {
		version, err := world.Azure.PutCertificate(l.app.Vault, name, azure.Certificate{ContentType: kind, DNSNames: []string{"web.example.com"}, ECDSA: true, Modern: true})
		must(l.t, err)

		versions[name] = version
		l.values["payload of "+name], err = world.Azure.SecretValue(l.app.Vault, name, "")
		must(l.t, err)
	}

	for name, value := range plain.Examples(func() string { return l.plain(fmt.Sprintf("plain value %d", len(l.values))) }) {
		versions["plain-"+name] = l.put("plain-"+name, "", value)
	}

	for _, name := range slices.Sorted(maps.Keys(versions)) {
		l.list(v1alpha1.SyncedSecret{Name: name})
	}

	l.list(v1alpha1.SyncedSecret{Name: "missing", Keys: []string{"KEY"}})
	world.Apply(l.t, l.sync)

	for name, version := range versions {
		l.until(name, func(s v1alpha1.ObservedSecret) bool {
			refused := strings.HasPrefix(name, "plain-") && s.State == v1alpha1.StateInvalid // The values look like an object or a certificate.
			return refused || s.State == v1alpha1.StateSynced && s.Version == version
		})
	}

	l.state("missing", v1alpha1.StateAwaitingValue)

	data, err := l.app.Data(l.t.Context())
	must(l.t, err)

	for key, value := range data {
		l.values["data "+key] = value

		if !strings.HasSuffix(key, ".tls.key") {
			continue
		}

		// The lines of a private key are not in one piece everywhere.
		for line := range strings.Lines(value) {
			if line = strings.TrimSpace(line); len(line) == 64 {
				l.values["a line of "+key] = line
			}
		}
	}

	l.look("after the first sync")
}

// rotate changes a secret, and one that the provider has created.
func (l *leakTest) rotate() {
	l.t.Helper()

	l.synced("json", l.put("json", "application/json", l.object(l.secret("rotated first of json"), l.secret("rotated second of json"))))
	l.synced("missing", l.put("missing", "application/json", `{"KEY":"`+l.plain("created")+`"}`))
	l.look("after a rotation")
}

// unreadable sets unreadable values.
func (l *leakTest) unreadable() {
	l.t.Helper()

	for name, value := range map[string]string{
		"unfinished": `{"key": "` + l.plain("unfinished JSON") + `", ` + l.plain("more of it"),
		"twice":      `{"` + l.plain("key that is a value") + `": {"x": 1, "x": 2}, "a": "` + l.plain("value beside it") + `"`,
		"trailing":   `{"key": "` + l.plain("JSON before more") + `"} ` + l.plain("after JSON"),
		"collision":  `{"a/b": "` + l.plain("one of two keys") + `", "a_b": "` + l.plain("the other of two keys") + `", "a b": "x"}`,
		"number":     `{"key": ` + l.plain("no number") + `}`,
	} {
		l.put(name, "application/json", value)
		l.list(v1alpha1.SyncedSecret{Name: name, Format: "JSON"})
	}

	l.put("no-pem", azure.ContentTypePEM, "-----BEGIN PRIVATE KEY-----\n"+l.plain("no PEM")+"\n-----END PRIVATE KEY-----\n")
	l.put("no-pfx", azure.ContentTypePFX, base64.StdEncoding.EncodeToString([]byte(l.plain("no PFX"))))
	l.put("no-dotenv", "", "A='"+l.plain("no end of dotenv")+"\nB="+l.plain("more dotenv"))
	l.list(v1alpha1.SyncedSecret{Name: "no-pem"}, v1alpha1.SyncedSecret{Name: "no-pfx"}, v1alpha1.SyncedSecret{Name: "no-dotenv", Format: "Dotenv"})
	world.Apply(l.t, l.sync)

	for _, name := range []string{"unfinished", "twice", "trailing", "number", "no-pem", "no-pfx", "no-dotenv"} {
		l.state(name, v1alpha1.StateInvalid)
	}

	// The secret had a good value before.
	l.put("json", "application/json", `{"key0": "`+l.plain("unfinished JSON of json"))
	l.state("json", v1alpha1.StateInvalid)
	l.look("with values that cannot be read")
}

// fail makes reads fail, each time with a new value pending.
func (l *leakTest) fail() {
	l.t.Helper()

	echo := func(name string) string {
		return `{"value":"` + l.plain(name) + `","error":{"code":"` + l.plain(name+" as code") + `"`
	}
	refusal := `{"error":{"code":"BadParameter","message":"cannot take ` + l.plain("echo in an error") + `"}}`

	faults := map[string]azure.Fault{
		"garbage":        {Operation: azure.OpGet, Effect: azure.EffectGarbage, Text: echo("echo of a read")},
		"refusal":        {Operation: azure.OpGet, Effect: azure.EffectGarbage, Text: refusal},
		"garbled list":   {Operation: azure.OpList, Effect: azure.EffectGarbage, Text: echo("echo of a list")},
		"truncated":      {Operation: azure.OpGet, Effect: azure.EffectTruncate},
		"reset":          {Operation: azure.OpGet, Effect: azure.EffectReset},
		"throttled":      {Operation: azure.OpGet, Effect: azure.EffectStatus, Status: http.StatusTooManyRequests, RetryAfter: time.Second},
		"forbidden":      {Operation: azure.OpGet, Effect: azure.EffectStatus, Status: http.StatusForbidden},
		"broken":         {Operation: azure.OpGet, Effect: azure.EffectStatus, Status: http.StatusInternalServerError, Error: l.plain("error code")},
		"throttled list": {Operation: azure.OpList, Effect: azure.EffectStatus, Status: http.StatusTooManyRequests, RetryAfter: time.Second},
		"revoked token":  {Operation: azure.OpList, Effect: azure.EffectRevokeToken, Count: 1},
		"expired token":  {Operation: azure.OpList, Effect: azure.EffectExpireToken, Count: 1},
	}

	for _, name := range slices.Sorted(maps.Keys(faults)) {
		f := faults[name]
		f.Vault = l.app.Vault

		remove := fault(l.t, f)
		version := l.put("text", "", l.secret("text while "+name))

		if f.Count > 0 {
			l.synced("text", version) // The read uses another token.
			continue
		}

		l.until("text", func(s v1alpha1.ObservedSecret) bool { return s.State != v1alpha1.StateSynced })
		remove()
		l.synced("text", l.put("text", "", l.secret("text after "+name)))
	}

	l.look("after faults")
}

// tooLarge sets values that exceed the limit of a Secret.
func (l *leakTest) tooLarge() {
	l.t.Helper()

	for i := range 45 {
		name := fmt.Sprintf("large-%02d", i)

		_, err := world.Azure.PutSecret(l.app.Vault, name, azure.Secret{Value: l.plain(name) + strings.Repeat(".", 24000), Updated: l.updated})
		must(l.t, err)
		l.list(v1alpha1.SyncedSecret{Name: name})
	}

	world.Apply(l.t, l.sync)
	world.Await(l.t, l.sync, func(s *v1alpha1.KeyVaultSecretSync) error {
		if s.Status.AtProvider.State != v1alpha1.StateTargetTooLarge {
			return fmt.Errorf("state is %s", s.Status.AtProvider.State)
		}

		return nil
	})
	l.look("when it is too large")
}

// remove deletes the sync, and stops the provider.
func (l *leakTest) remove() {
	l.t.Helper()

	must(l.t, world.Kube.Delete(l.t.Context(), l.sync.DeepCopy()))
	eventually(l.t, func(ctx context.Context) error {
		s, err := l.app.Secret(ctx)
		if err == nil && s != nil {
			err = errors.New("the Secret is not deleted")
		}

		return err
	})
	l.look("after the deletion")
	must(l.t, l.p.Stop())
	l.seen["the log"] = l.p.Log()
}

// list adds secrets to the sync.
func (l *leakTest) list(s ...v1alpha1.SyncedSecret) {
	l.sync.Spec.ForProvider.Secrets = append(l.sync.Spec.ForProvider.Secrets, s...)
}

// put sets a secret, and returns its version.
func (l *leakTest) put(name, contentType, value string) string {
	l.t.Helper()

	l.updated = l.updated.Add(2 * time.Second)

	version, err := world.Azure.PutSecret(l.app.Vault, name, azure.Secret{Value: value, ContentType: contentType, Updated: l.updated})
	must(l.t, err)

	l.values["payload of "+name+" "+version] = value

	return version
}

// object returns an object with these values.
func (l *leakTest) object(values ...string) string {
	l.t.Helper()

	m := map[string]string{}
	for i, v := range values {
		m[fmt.Sprintf("key%d", i)] = v
	}

	b, err := json.Marshal(m)
	must(l.t, err)

	return string(b)
}

// until waits until a secret has the expected state.
func (l *leakTest) until(name string, check func(v1alpha1.ObservedSecret) bool) {
	l.t.Helper()

	eventually(l.t, func(ctx context.Context) error {
		got, err := world.Get(ctx, l.sync)
		if err == nil && !check(observed(got, name)) {
			err = fmt.Errorf("%s is not as it should be: %s", name, messages(got))
		}

		return err
	})
}

func (l *leakTest) synced(name, version string) {
	l.t.Helper()
	l.until(name, func(s v1alpha1.ObservedSecret) bool { return s.State == v1alpha1.StateSynced && s.Version == version })
}

func (l *leakTest) state(name string, state v1alpha1.State) {
	l.t.Helper()
	l.until(name, func(s v1alpha1.ObservedSecret) bool { return s.State == state })
}

// look collects all outputs that must not contain a value.
func (l *leakTest) look(when string) {
	l.t.Helper()

	places, err := world.Places(l.t.Context(), l.p)
	must(l.t, err)

	for place, content := range places {
		l.seen[place+" "+when] = content
	}

	l.seen["the log"], l.seen["change logs"] = l.p.Log(), l.logs.String()
}

// secret returns a new value with characters that some formats escape.
func (l *leakTest) secret(name string) string {
	v := strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", "") + `+"/\<&>é` + "\t?" + uuid.NewString()
	l.values[name] = v
	// Even a part of a value would be a leak.
	l.values["the first part of "+name] = v[:32]
	l.values["the last part of "+name] = v[len(v)-24:]

	return v
}

// plain returns a new value of letters and digits only.
func (l *leakTest) plain(name string) string {
	l.values[name] = strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", "")

	return l.values[name]
}
