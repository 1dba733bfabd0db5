// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package migrate tests docs/how-to/migrate.md: the script that copies secrets between vaults, and the page and its examples
// against the programs.
package migrate

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/azure/az"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

const (
	tenant           = "11111111-1111-1111-1111-111111111111"
	officer          = "33333333-3333-3333-3333-333333333301"
	officerPrincipal = "33333333-3333-3333-3333-333333333302"
	officerSecret    = "officer's own"

	from = "shop-legacy-vault"
	to   = "web-next-tntm3rpfjmb47wv"

	script = "../../examples/migrate/copy-secrets.sh"
)

// These variables of the environment control az.
const (
	// gateVariable is a socket that each set asks for permission to proceed, before and after it.
	gateVariable = "MIGRATE_GATE"
	// logVariable is a file that every command line is appended to.
	logVariable = "MIGRATE_LOG"
)

// These are the exit codes of the script.
const (
	done   = 0
	failed = 1
	usage  = 2
	left   = 3
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "az" {
		if err := errors.Join(record(os.Args[1:]), az.Run(context.Background(), os.Args[1:], ask)); err != nil {
			fmt.Fprintln(os.Stderr, "ERROR:", err)
			os.Exit(1)
		}

		os.Exit(0)
	}

	os.Exit(m.Run())
}

// record appends the command line to the log.
func record(args []string) error {
	f, err := os.OpenFile(os.Getenv(logVariable), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		fmt.Fprintf(f, "%q\n", args)

		err = f.Close()
	}

	return err
}

// ask asks for permission to proceed, if the gate is set.
func ask(what string) error {
	gate := os.Getenv(gateVariable)
	if gate == "" {
		return nil
	}

	c, err := new(net.Dialer).DialContext(context.Background(), "unix", gate)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // It was answered.

	fmt.Fprintln(c, what)

	_, err = bufio.NewReader(c).ReadString('\n')

	return err
}

// A world has two vaults, and a command az for both.
type world struct {
	*azure.Server

	bin, tmp, log string

	// values are those that were put into a vault.
	values []string
}

func newWorld(t *testing.T) *world {
	t.Helper()

	server, err := azure.Start(t.Context(), azure.Options{})
	check.Must(t, err)
	check.Close(t, server)

	role := []azure.RoleAssignment{{ID: "o", PrincipalID: officerPrincipal, Role: azure.SecretsOfficer}}
	check.Must(t, server.Apply(azure.State{
		Tenants: []azure.TenantState{{ID: tenant, Applications: []azure.ApplicationState{
			{Application: azure.Application{ClientID: officer, PrincipalID: officerPrincipal, ClientSecret: officerSecret}},
		}}},
		Vaults: []azure.VaultState{
			{Vault: azure.Vault{Name: from, TenantID: tenant}, RoleAssignments: role},
			{Vault: azure.Vault{Name: to, TenantID: tenant}, RoleAssignments: role},
		},
	}))

	w := &world{Server: server, bin: t.TempDir(), tmp: t.TempDir(), log: filepath.Join(t.TempDir(), "log")}

	program, err := os.Executable()
	check.Must(t, err)
	check.Must(t, os.Symlink(program, filepath.Join(w.bin, "az")))

	if _, err := exec.LookPath("jq"); err != nil {
		jq := check.Tool(t, "jq")
		check.Must(t, os.Symlink(jq, filepath.Join(w.bin, "jq")))
	}

	// In no test does a command line contain a value.
	t.Cleanup(func() {
		if log, err := os.ReadFile(w.log); err == nil {
			w.expectNoValue(t, "a command line", string(log))
		}
	})

	return w
}

// put sets a secret in a vault to a new value.
func (w *world) put(t *testing.T, vault, name string, s azure.Secret) string {
	t.Helper()

	if s.Value == "" {
		s.Value = rand.Text()
	}

	w.values = append(w.values, s.Value)

	id, err := w.PutSecret(vault, name, s)
	check.Must(t, err)

	return "https://" + vault + ".vault.azure.net/secrets/" + name + "/" + id
}

func (w *world) expectNoValue(t *testing.T, where, text string) {
	t.Helper()

	for _, v := range w.values {
		if v = strings.Trim(v, "{}\r\n "); len(v) > 8 && strings.Contains(text, v) {
			t.Errorf("want no value in %s:\n%s", where, text)
		}
	}
}

// command returns a command that runs the script in its own process group, as a terminal does.
func (w *world) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", append([]string{script}, args...)...)
	cmd.Env = append(w.Env(), "PATH="+w.bin+":"+os.Getenv("PATH"), "TMPDIR="+w.tmp, logVariable+"="+w.log,
		"AZURE_STAND_IN_ADMIN="+w.AdminURL(), "AZURE_TENANT_ID="+tenant, "AZURE_CLIENT_ID="+officer, "AZURE_CLIENT_SECRET="+officerSecret)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	return cmd
}

// run runs the script, which leaves no file and prints no value.
func (w *world) run(t *testing.T, want int, args ...string) string {
	t.Helper()

	cmd := w.command(t.Context(), args...)
	out, err := cmd.CombinedOutput()

	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("cannot run the script: %v", err)
	}

	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Errorf("copy-secrets.sh %v: want exit status %d, got %d\n%s", args, want, got, out)
	}

	w.expectNoValue(t, "the output", string(out))
	w.expectNoFiles(t)

	return string(out)
}

func (w *world) expectNoFiles(t *testing.T) {
	t.Helper()

	if files, err := os.ReadDir(w.tmp); err != nil || len(files) > 0 {
		t.Errorf("want no files to stay, got %v, %v", files, err)
	}
}

// read returns a secret of a vault.
func (w *world) read(t *testing.T, vault, name string) azsecrets.Secret {
	t.Helper()

	transport := w.Transport()
	defer transport.CloseIdleConnections()

	options := policy.ClientOptions{Transport: &http.Client{Transport: transport}}
	credential, err := azidentity.NewClientSecretCredential(tenant, officer, officerSecret, &azidentity.ClientSecretCredentialOptions{ClientOptions: options})
	check.Must(t, err)

	client, err := azsecrets.NewClient("https://"+vault+".vault.azure.net", credential, &azsecrets.ClientOptions{ClientOptions: options})
	check.Must(t, err)

	got, err := client.GetSecret(t.Context(), name, "", nil)
	check.Must(t, err)

	return got.Secret
}

// writes returns the script's writes to the new vault, by name of secret. Only set is allowed.
func (w *world) writes(t *testing.T) []string {
	t.Helper()

	all, err := w.Writes(to, "")
	check.Must(t, err)

	var names []string

	for _, write := range all {
		if write.Principal == "" {
			continue
		}

		if write.Operation != "set" {
			t.Errorf("want nothing but set, got %+v", write)
		}

		names = append(names, write.Secret)
	}

	return names
}

func TestCopy(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	expires := time.Now().Add(100 * time.Hour).Truncate(time.Second).UTC()
	begins := time.Now().Add(-time.Hour).Truncate(time.Second).UTC()

	id := w.put(t, from, "database", azure.Secret{
		Value: "{\"PASSWORD\":\"'$(touch x)' \\\"é\\\" " + rand.Text() + "\"}\n", ContentType: "application/json",
		Tags: map[string]string{"owner": "team shop = we", "empty": "", "file-encoding": "utf-8", "note": "two\nlines"}, Expires: expires, NotBefore: begins,
	})
	w.put(t, from, "plain", azure.Secret{})
	w.put(t, from, "off", azure.Secret{Disabled: true})

	w.run(t, done, "--dry-run", from, to)

	if got := w.writes(t); len(got) > 0 {
		t.Errorf("--dry-run: want no writes, got %v", got)
	}

	out := w.run(t, done, from, to)
	if !strings.Contains(out, "off: skipped: it is disabled") || !strings.Contains(out, "3 secrets, 0 left for you, 0 failed") {
		t.Errorf("want to be told what was done, got\n%s", out)
	}

	want, got := w.read(t, from, "database"), w.read(t, to, "database")
	want.Tags["copied-from"] = &id

	if diff := cmp.Diff([]any{want.Value, want.ContentType, want.Tags, want.Attributes.Expires, want.Attributes.NotBefore},
		[]any{got.Value, got.ContentType, got.Tags, got.Attributes.Expires, got.Attributes.NotBefore}); diff != "" {
		t.Errorf("database: want a true copy: -want, +got:\n%s", diff)
	}

	if !got.Attributes.Expires.Equal(expires) || !got.Attributes.NotBefore.Equal(begins) {
		t.Errorf("database: want its dates, got %v", got.Attributes)
	}

	before := w.writes(t)
	if diff := cmp.Diff([]string{"database", "plain"}, before); diff != "" {
		t.Errorf("want what is enabled to be copied: -want, +got:\n%s", diff)
	}

	w.run(t, done, from, to)

	if diff := cmp.Diff(before, w.writes(t)); diff != "" {
		t.Errorf("want nothing to be copied again: -want, +got:\n%s", diff)
	}
}

func TestCopyDecides(t *testing.T) { //nolint:tparallel // The cases share a directory, which must be empty after each.
	t.Parallel()

	w := newWorld(t)
	past := time.Now().Add(-time.Hour).Truncate(time.Second)
	platform := map[string]string{"created-by": "provider-keyvault-secretsync"}

	cases := map[string]struct {
		reason string
		// The fields are the values in the old vault and in the new one, whose tag marks a copy of an earlier version.
		source azure.Secret
		older  *azure.Secret
		there  *azure.Secret
		exit   int
		copied bool
	}{
		"placeholder": {
			reason: "A placeholder of the platform without a value is replaced, although it is newer.",
			source: azure.Secret{Created: past}, there: &azure.Secret{Value: `{"A":"","B":null}`, Tags: platform}, copied: true,
		},
		"placeholder-filled": {
			reason: "A placeholder with a value is kept.",
			source: azure.Secret{Created: past}, there: &azure.Secret{Value: `{"A":"","B":"filled in by hand"}`, Tags: platform}, exit: left,
		},
		"placeholder-text": {
			reason: "A placeholder that is no longer an object is kept.",
			source: azure.Secret{Created: past}, there: &azure.Secret{Value: `filled in by hand`, Tags: platform}, exit: left,
		},
		"looks-empty": {
			reason: "An empty object that the platform did not create is kept.",
			source: azure.Secret{}, there: &azure.Secret{Value: `{}`, Created: past}, exit: left,
		},
		"others": {
			reason: "A value without our tag is never overwritten, however old it is.",
			source: azure.Secret{}, there: &azure.Secret{Created: past}, exit: left,
		},
		"our-older": {
			reason: "A copy of an older version is updated.",
			older:  &azure.Secret{Created: past}, source: azure.Secret{}, there: &azure.Secret{Created: past.Add(time.Minute)}, copied: true,
		},
		"ours-newer": {
			reason: "A value that is newer than the old vault's is kept, even with our tag.",
			older:  &azure.Secret{Created: past}, source: azure.Secret{Created: past.Add(time.Minute)}, there: &azure.Secret{}, exit: left,
		},
		"returns": {
			reason: "A value with carriage returns would be changed.",
			source: azure.Secret{Value: "line one\r\nline two\r\n"}, exit: left,
		},
		"binary": {
			reason: "A file in base64 would be read as text.",
			source: azure.Secret{Value: "YmluYXJ5IGZpbGU=", Tags: map[string]string{"file-encoding": "base64"}}, exit: left,
		},
		"tags": {
			reason: "The secret already has the maximum number of tags.",
			source: azure.Secret{Tags: tags(15)}, exit: left,
		},
		"UPPER": {
			reason: "Key Vault ignores case in names.",
			source: azure.Secret{}, there: &azure.Secret{Created: past}, exit: left,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.there != nil && tc.older != nil {
				tc.there.Tags = map[string]string{"copied-from": w.put(t, from, name, *tc.older)}
			}

			w.put(t, from, name, tc.source)

			if tc.there != nil {
				w.put(t, to, strings.ToLower(name), *tc.there)
			}

			out := w.run(t, tc.exit, from, to, name)

			if got := slices.ContainsFunc(w.writes(t), func(s string) bool { return strings.EqualFold(s, name) }); got != tc.copied {
				t.Errorf("\n%s\nwant copied: %t, got %t\n%s", tc.reason, tc.copied, got, out)
			}

			if tc.copied && *w.read(t, to, name).Value != *w.read(t, from, name).Value {
				t.Errorf("\n%s\nwant the value of the old vault", tc.reason)
			}
		})
	}
}

func tags(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprint("t", i)] = "v"
	}

	return m
}

func TestCopyLeavesAndFails(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	_, err := w.PutCertificate(from, "tls", azure.Certificate{DNSNames: []string{"shop.example.com"}, ECDSA: true})
	check.Must(t, err)
	w.put(t, from, "deleted", azure.Secret{})
	w.put(t, to, "deleted", azure.Secret{})
	check.Must(t, w.DeleteSecret(to, "deleted"))
	w.put(t, from, "last", azure.Secret{})

	if out := w.run(t, left, from, to, "tls", "nowhere"); !strings.Contains(out, "tls: left: it belongs to a certificate") ||
		!strings.Contains(out, "nowhere: left: it is not in "+from) {
		t.Errorf("want to be told what is left, got\n%s", out)
	}

	// A secret that cannot be written does not block the others.
	if out := w.run(t, failed, from, to); !strings.Contains(out, "deleted: failed") || !strings.Contains(out, "last: copied") {
		t.Errorf("want to be told what failed, got\n%s", out)
	}

	w.run(t, failed, from, "no-such-vault")

	for _, args := range [][]string{{}, {from}, {from, strings.ToUpper(from)}, {"--all", from, to}} {
		w.run(t, usage, args...)
	}
}

// TestCopyKilled kills the script and its processes before and after each write, and runs it again.
func TestCopyKilled(t *testing.T) {
	t.Parallel()

	for _, when := range []string{"before a", "after a", "before b", "after b", "before c", "after c"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			for _, name := range []string{"a", "b", "c"} {
				w.put(t, from, name, azure.Secret{Value: name + "\n" + rand.Text()})
			}

			w.kill(t, when)

			if files, err := os.ReadDir(w.tmp); err != nil || len(files) != 1 {
				t.Errorf("want what was killed to have left something to clean up, got %v, %v", files, err)
			}

			w.run(t, done, from, to)

			if diff := cmp.Diff([]string{"a", "b", "c"}, w.writes(t)); diff != "" {
				t.Errorf("want each to be written once: -want, +got:\n%s", diff)
			}

			for _, name := range []string{"a", "b", "c"} {
				if *w.read(t, to, name).Value != *w.read(t, from, name).Value {
					t.Errorf("%s: want the value of the old vault", name)
				}
			}
		})
	}
}

// kill kills the script at that moment.
func (w *world) kill(t *testing.T, when string) {
	t.Helper()

	gate := filepath.Join(t.TempDir(), "gate")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", gate)
	check.Must(t, err)

	var out bytes.Buffer

	cmd := w.command(t.Context(), from, to)
	cmd.Env = append(cmd.Env, gateVariable+"="+gate)
	cmd.Stdout, cmd.Stderr = &out, &out
	check.Must(t, cmd.Start())

	// A script that ends sends no further requests.
	ended := make(chan error, 1)

	go func() {
		ended <- cmd.Wait()

		_ = listener.Close()
	}()

	for {
		c, err := listener.Accept()
		if err != nil {
			t.Fatalf("want to be asked %q, but the script has ended: %v\n%s", when, <-ended, &out)
		}

		asked, err := bufio.NewReader(c).ReadString('\n')
		check.Must(t, err)

		if strings.TrimSpace(asked) == when {
			check.Must(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL))
			check.Must(t, c.Close())

			break
		}

		fmt.Fprintln(c, "go on")
		check.Must(t, c.Close())
	}

	if err := <-ended; err == nil {
		t.Errorf("want the script to be killed\n%s", &out)
	}

	w.expectNoValue(t, "the output", out.String())
}
