// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"crypto/md5"  //nolint:gosec // Somebody might use it.
	"crypto/sha1" //nolint:gosec // Somebody might use it.
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	changelogs "github.com/crossplane/crossplane-runtime/v2/apis/changelogs/proto/v1alpha1"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/plain"
)

// forms in which a text could be seen somewhere, by what they are.
func forms(text string) map[string]string {
	out := map[string]string{"itself": text, "in a URL": url.QueryEscape(text)}

	b := []byte(text)
	out["hex"], out["HEX"] = hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b))

	// In a JSON string, and in a JSON string in a JSON string.
	once, _ := json.Marshal(text)          //nolint:errchkjson // A string can be encoded.
	twice, _ := json.Marshal(string(once)) //nolint:errchkjson // A string can be encoded.
	out["JSON"], out["JSON in JSON"] = inner(once, 1), inner(twice, 3)

	quoted := fmt.Sprintf("%q", text)
	out["Go"] = quoted[1 : len(quoted)-1]

	// Within a longer text, which may begin anywhere, only those digits are always the
	// same that have nothing to do with what is before and after.
	for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
		for before := range 3 {
			digits := encoding.EncodeToString(append(make([]byte, before), b...))
			first := (before*8 + 5) / 6
			last := (before + len(b)) * 8 / 6
			out[fmt.Sprintf("%s after %d", name, before)] = digits[first:last]
		}
	}

	for name, sum := range map[string][]byte{
		"MD5": sum16(md5.Sum(b)), "SHA-1": sum20(sha1.Sum(b)), "SHA-256": sum32(sha256.Sum256(b)), "SHA-512": sum64(sha512.Sum512(b)), //nolint:gosec // See above.
	} {
		out[name] = hex.EncodeToString(sum)
		out[name+" in base64"] = base64.RawStdEncoding.EncodeToString(sum)
		out[name+" in base64url"] = base64.RawURLEncoding.EncodeToString(sum)
		// Enough of one to try values with.
		out["begin of "+name] = hex.EncodeToString(sum[:8])
	}

	return out
}

// inner is a quoted text without its quotes.
func inner(quoted []byte, n int) string { return string(quoted[n : len(quoted)-n]) }

func sum16(s [16]byte) []byte { return s[:] }
func sum20(s [20]byte) []byte { return s[:] }
func sum32(s [32]byte) []byte { return s[:] }
func sum64(s [64]byte) []byte { return s[:] }

// A watchdog knows all values, and what was seen where.
type watchdog struct {
	// values by what they are called.
	values map[string]string
	// seen texts by the place.
	seen map[string]string
}

// secret returns a new value, with characters that are escaped here and there.
func (w *watchdog) secret(name string) string {
	v := strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", "") + `+"/\<&>é` + "\t?" + uuid.NewString()
	w.values[name] = v
	// A part of one would be bad enough.
	w.values["the first part of "+name] = v[:32]
	w.values["the last part of "+name] = v[len(v)-24:]

	return v
}

// leaks are those values that are somewhere, in any form. Only their names are told.
func (w *watchdog) leaks() []string {
	var out []string

	for name, value := range w.values {
		for form, text := range forms(value) {
			for place, content := range w.seen {
				if strings.Contains(content, text) {
					out = append(out, fmt.Sprintf("%s is in %s (%s)", name, place, form))
				}
			}
		}
	}

	slices.Sort(out)

	return out
}

// Whatever form a value is in, it is found: otherwise TestLeaks would be worth
// nothing.
func TestWatchdog(t *testing.T) {
	w := &watchdog{values: map[string]string{}, seen: map[string]string{}}
	value := w.secret("password")
	payload, err := json.Marshal(map[string]string{"user": "web", "password": value})
	must(t, err)

	w.values = map[string]string{"password": value, "payload": string(payload)}

	sha := sha256.Sum256([]byte(value))
	status, err := json.Marshal(map[string]string{"message": "cannot parse " + string(payload)})
	must(t, err)

	cases := map[string]struct {
		reason string
		seen   string
		want   bool
	}{
		"Nothing":         {reason: "What has no value in it is no leak.", seen: `{"user": "web", "password": ""}`},
		"Itself":          {reason: "A value can be seen as it is.", seen: "x" + value + "x", want: true},
		"Secret":          {reason: "Data of Secrets are in base64.", seen: base64.StdEncoding.EncodeToString([]byte(value)), want: true},
		"Shifted1":        {reason: "A value can be in something that is in base64.", seen: base64.StdEncoding.EncodeToString([]byte("a" + value + "b")), want: true},
		"Shifted2":        {reason: "A value can be in something that is in base64.", seen: base64.URLEncoding.EncodeToString([]byte("ab" + value + "c")), want: true},
		"Shifted3":        {reason: "A value can be in something that is in base64.", seen: base64.RawURLEncoding.EncodeToString([]byte("abc" + value + "de")), want: true},
		"Hex":             {reason: "A value can be in hexadecimal digits.", seen: hex.EncodeToString([]byte(value)), want: true},
		"UpperHex":        {reason: "A value can be in hexadecimal digits.", seen: strings.ToUpper(hex.EncodeToString([]byte(value))), want: true},
		"Payload":         {reason: "A value can be in JSON.", seen: string(payload), want: true},
		"PayloadInStatus": {reason: "JSON can be in JSON.", seen: string(status), want: true},
		"Quoted":          {reason: "Errors quote with %q.", seen: fmt.Sprintf("%q", value), want: true},
		"URL":             {reason: "A value can be in a URL.", seen: "https://x/?" + url.Values{"v": {value}}.Encode(), want: true},
		"Hash":            {reason: "A hash allows to try values.", seen: hex.EncodeToString(sha[:]), want: true},
		"ShortHash":       {reason: "A part of a hash does, too.", seen: hex.EncodeToString(sha[:8]), want: true},
		"HashInBase64":    {reason: "A hash can be in base64.", seen: base64.StdEncoding.EncodeToString(sha[:]), want: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w.seen = map[string]string{"text": tc.seen}

			if diff := cmp.Diff(tc.want, len(w.leaks()) > 0); diff != "" {
				t.Errorf("\n%s\nleaks(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// changeLog receives the change logs of a provider.
type changeLog struct {
	changelogs.UnimplementedChangeLogServiceServer

	mu      sync.Mutex
	entries strings.Builder
	n       int
}

// SendChangeLog keeps an entry.
func (c *changeLog) SendChangeLog(_ context.Context, r *changelogs.SendChangeLogRequest) (*changelogs.SendChangeLogResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	b, err := protojson.Marshal(r)
	c.entries.Write(b)
	c.n++

	return &changelogs.SendChangeLogResponse{}, err //nolint:wrapcheck // There is nothing to add.
}

// serve change logs at a socket, and return its path.
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

// look at all places where a value must not be.
func (w *watchdog) look(t *testing.T, when string, p *Process, c *changeLog) {
	t.Helper()

	ctx := t.Context()

	metrics, err := p.Metrics(ctx)
	must(t, err)

	w.seen["metrics "+when] = metrics
	w.seen["the log"] = p.Log()

	c.mu.Lock()
	w.seen["change logs"] = c.entries.String()
	c.mu.Unlock()

	for place, list := range map[string]client.ObjectList{
		"events":                 &corev1.EventList{},
		"KeyVaultSecretSyncs":    &v1alpha1.KeyVaultSecretSyncList{},
		"ProviderConfigs":        &v1alpha1.ProviderConfigList{},
		"ClusterProviderConfigs": &v1alpha1.ClusterProviderConfigList{},
		"ProviderConfigUsages":   &v1alpha1.ProviderConfigUsageList{},
		"metadata of Secrets":    secretsMetadata(),
	} {
		must(t, world.Kube.List(ctx, list))

		content, err := json.Marshal(list)
		must(t, err)

		w.seen[place+" "+when] = string(content)
	}

	// Events of the other API have fields of their own.
	events := &eventsv1.EventList{}
	must(t, world.Kube.List(ctx, events))

	content, err := json.Marshal(events)
	must(t, err)

	w.seen["events.k8s.io "+when] = string(content)
}

func secretsMetadata() client.ObjectList {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))

	return list
}

// A leakTest is an application to which everything happens that can go wrong.
type leakTest struct {
	*watchdog

	t    *testing.T
	app  *App
	sync *v1alpha1.KeyVaultSecretSync
	p    *Process
	logs *changeLog

	// updated is when a secret was last set. No two are in the same second.
	updated time.Time
}

// A value is in the vault and in the application's Secret, and nowhere else, in no
// form, whatever goes wrong.
func TestLeaks(t *testing.T) {
	l := &leakTest{
		t: t, watchdog: &watchdog{values: map[string]string{}, seen: map[string]string{}},
		logs: &changeLog{}, updated: time.Now().Add(-24 * time.Hour),
	}
	l.p = world.Start(t, "--debug", "--enable-changelogs", "--changelogs-socket-path="+l.logs.serve(t))
	l.app = world.App(t, world.API.Namespace(t), "web")
	t.Cleanup(func() { must(t, world.Abandon(context.WithoutCancel(t.Context()), l.app.Namespace)) })

	creator := world.Creator(t, l.app.Namespace, l.secret("client secret"))
	creator.MayCreate(t, l.app)

	l.sync = l.app.Sync()
	l.sync.Spec.ForProvider.CreateMissing = true
	l.sync.Spec.ProviderConfigReference = world.ClusterConfig(t, creator.Credentials())

	l.first()
	l.rotate()
	l.unreadable()
	l.fail()
	l.tooLarge()
	l.remove()

	for _, leak := range l.leaks() {
		t.Error(leak)
	}

	// What was not looked at cannot be found.
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

// first sync of every format, and of a secret that is missing.
func (l *leakTest) first() {
	l.t.Helper()

	versions := map[string]string{
		"json":   l.put("json", "application/json", l.object(l.secret("first of json"), l.secret("second of json"))),
		"text":   l.put("text", "", l.secret("text")),
		"dotenv": l.put("dotenv", "application/x-dotenv", "A="+l.plain("first of dotenv")+"\nB='"+l.plain("second of dotenv")+"'\n"),
	}

	for name, kind := range map[string]string{"pfx": azure.ContentTypePFX, "pem": azure.ContentTypePEM} {
		version, err := world.Azure.PutCertificate(l.app.Vault, name, azure.Certificate{ContentType: kind, DNSNames: []string{"web.example.com"}, ECDSA: true})
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
			refused := strings.HasPrefix(name, "plain-") && s.State == v1alpha1.StateInvalid // What looks like an object or a certificate.
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

		// The lines of a private key, which are not in one piece everywhere.
		for line := range strings.Lines(value) {
			if line = strings.TrimSpace(line); len(line) == 64 {
				l.values["a line of "+key] = line
			}
		}
	}

	l.look(l.t, "after the first sync", l.p, l.logs)
}

// rotate a secret, and one that the provider has created.
func (l *leakTest) rotate() {
	l.t.Helper()

	l.synced("json", l.put("json", "application/json", l.object(l.secret("rotated first of json"), l.secret("rotated second of json"))))
	l.synced("missing", l.put("missing", "application/json", `{"KEY":"`+l.plain("created")+`"}`))
	l.look(l.t, "after a rotation", l.p, l.logs)
}

// unreadable values.
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

	// One that was good before.
	l.put("json", "application/json", `{"key0": "`+l.plain("unfinished JSON of json"))
	l.state("json", v1alpha1.StateInvalid)
	l.look(l.t, "with values that cannot be read", l.p, l.logs)
}

// fail to read, each time with a new value on its way.
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
			l.synced("text", version) // With another token.
			continue
		}

		l.until("text", func(s v1alpha1.ObservedSecret) bool { return s.State != v1alpha1.StateSynced })
		remove()
		l.synced("text", l.put("text", "", l.secret("text after "+name)))
	}

	l.look(l.t, "after faults", l.p, l.logs)
}

// tooLarge for a Secret.
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
	l.look(l.t, "when it is too large", l.p, l.logs)
}

// remove the sync, and end the provider.
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
	l.look(l.t, "after the deletion", l.p, l.logs)
	must(l.t, l.p.Stop())
	l.seen["the log"] = l.p.Log()
}

// list more secrets in the sync.
func (l *leakTest) list(s ...v1alpha1.SyncedSecret) {
	l.sync.Spec.ForProvider.Secrets = append(l.sync.Spec.ForProvider.Secrets, s...)
}

// put a secret, and return its version.
func (l *leakTest) put(name, contentType, value string) string {
	l.t.Helper()

	l.updated = l.updated.Add(2 * time.Second)

	version, err := world.Azure.PutSecret(l.app.Vault, name, azure.Secret{Value: value, ContentType: contentType, Updated: l.updated})
	must(l.t, err)

	l.values["payload of "+name+" "+version] = value

	return version
}

// object with these values.
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

// until a secret is as it should be.
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

// plain returns a new value of letters and digits only.
func (w *watchdog) plain(name string) string {
	v := strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", "")
	w.values[name] = v

	return v
}
