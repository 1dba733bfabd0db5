// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/uuid"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
	"github.com/p6m-dev/platform-application/test/azure/arm/provider"
)

const (
	tenant       = "11111111-1111-4111-8111-111111111111"
	subscription = "22222222-2222-4222-8222-222222222222"
	group        = "rg-applications"

	clientID     = "99999999-9999-4999-8999-999999999901"
	principalID  = "99999999-9999-4999-8999-999999999902"
	clientSecret = "of-the-platform"

	audience = "api://AzureADTokenExchange"

	// patience is longer than one backoff of the provider after faults.
	patience = 90 * time.Second
	interval = 100 * time.Millisecond
)

// api is shared by all tests, and program is the provider's.
var (
	api     *apiserver.Server //nolint:gochecknoglobals // As apiserver.Run documents.
	program string            //nolint:gochecknoglobals // As api.
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "provider-azure-")
	if err != nil {
		panic(err)
	}

	code := apiserver.Run(m, func(s *apiserver.Server) {
		api, program = s, filepath.Join(dir, "provider-azure")

		if err := prepare(); err != nil {
			panic(err)
		}
	})

	_ = os.RemoveAll(dir)

	os.Exit(code)
}

// prepare builds the program and installs what its packages have.
func prepare() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()

	root, err := tools.Root()
	if err != nil {
		return err
	}

	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./test/azure/arm/cmd/provider-azure")
	build.Dir = root

	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build the provider: %w\n%s", err, out)
	}

	for _, pkg := range provider.Packages() {
		files, err := provider.CRDs(ctx, pkg)
		if err != nil {
			return err
		}

		if err := api.InstallCRDs(ctx, files...); err != nil {
			return err
		}
	}

	return nil
}

// A world is Azure with a subscription, and a namespace with a provider configuration.
type world struct {
	*azure.Server

	tb         testing.TB
	namespace  string
	kubeconfig string
}

// newWorld starts Azure. Providers of other worlds cannot reach it, and managed resources of other namespaces are not in it.
func newWorld(tb testing.TB) *world {
	tb.Helper()

	w := &world{tb: tb, namespace: api.Namespace(tb), kubeconfig: filepath.Join(tb.TempDir(), "kubeconfig")}
	must(tb, apiserver.WriteKubeconfig(w.kubeconfig, api.Config()))

	var err error

	w.Server, err = azure.Start(tb.Context(), azure.Options{})
	must(tb, err)
	tb.Cleanup(func() { must(tb, w.Close()) })

	must(tb, w.Apply(azure.State{
		Tenants: []azure.TenantState{{ID: tenant, Applications: []azure.ApplicationState{
			{Application: azure.Application{ClientID: clientID, PrincipalID: principalID, ClientSecret: clientSecret}},
		}}},
		Subscriptions: []azure.Subscription{{
			ID: subscription, TenantID: tenant, RoleAssignments: []azure.ScopedRoleAssignment{{PrincipalID: principalID, Role: "Owner"}},
			ResourceGroups: []azure.ResourceGroup{{Name: group, Location: "westeurope"}},
		}},
	}))
	must(tb, w.PutIssuerSource(api.Issuer(), api.JWKS))

	credentials, err := json.Marshal(map[string]string{
		"clientId": clientID, "clientSecret": clientSecret, "tenantId": tenant, "subscriptionId": subscription,
	})
	must(tb, err)
	must(tb, api.Client().Create(tb.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "azure"}, StringData: map[string]string{"credentials": string(credentials)},
	}))
	w.apply(`
apiVersion: azure.m.upbound.io/v1beta1
kind: ProviderConfig
metadata: {name: default}
spec:
  credentials: {source: Secret, secretRef: {namespace: ignored, name: azure, key: credentials}}
`)

	return w
}

// manifest reads YAML, in the world's namespace unless it says another.
func (w *world) manifest(text string) *unstructured.Unstructured {
	w.tb.Helper()

	o := &unstructured.Unstructured{}
	must(w.tb, yaml.Unmarshal([]byte(text), &o.Object))

	if o.GetNamespace() == "" {
		o.SetNamespace(w.namespace)
	}

	return o
}

// apply manifests.
func (w *world) apply(texts ...string) {
	w.tb.Helper()

	for _, text := range texts {
		must(w.tb, api.Apply(w.tb.Context(), w.manifest(text)))
	}
}

// get the managed resource that a manifest is of.
func (w *world) get(ctx context.Context, text string) (*unstructured.Unstructured, error) {
	o := w.manifest(text)
	err := api.Client().Get(ctx, client.ObjectKeyFromObject(o), o)

	return o, err //nolint:wrapcheck // There is nothing to add.
}

// eventually calls the check until it returns no error.
func eventually(tb testing.TB, check func(ctx context.Context) error) {
	tb.Helper()

	var last error

	err := wait.PollUntilContextTimeout(tb.Context(), interval, patience, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)

		return last == nil, nil
	})
	if err != nil {
		tb.Fatal(errors.Join(err, last))
	}
}

// ready waits until a managed resource is, and returns it.
func (w *world) ready(text string) *unstructured.Unstructured {
	w.tb.Helper()

	var got *unstructured.Unstructured

	eventually(w.tb, func(ctx context.Context) error {
		var err error

		got, err = w.get(ctx, text)
		if err != nil {
			return err
		}

		for _, typ := range []string{"Ready", "Synced"} {
			if status, message := condition(got, typ); status != "True" {
				return fmt.Errorf("%s %s is not %s: %s", got.GetKind(), got.GetName(), typ, message)
			}
		}

		return nil
	})

	return got
}

// says waits until condition Synced of a managed resource has words in its message.
func (w *world) says(text, words string) {
	w.tb.Helper()

	eventually(w.tb, func(ctx context.Context) error {
		got, err := w.get(ctx, text)
		if err != nil {
			return err
		}

		if _, message := condition(got, "Synced"); !strings.Contains(message, words) {
			return fmt.Errorf("%s %s: want condition Synced to say %q, got %q", got.GetKind(), got.GetName(), words, message)
		}

		return nil
	})
}

// delete a managed resource and wait until it is gone.
func (w *world) delete(text string) {
	w.tb.Helper()

	must(w.tb, client.IgnoreNotFound(api.Client().Delete(w.tb.Context(), w.manifest(text))))
	eventually(w.tb, func(ctx context.Context) error {
		got, err := w.get(ctx, text)
		if kerrors.IsNotFound(err) {
			return nil
		}

		_, message := condition(got, "Synced")

		return fmt.Errorf("%s %s is still there: %s", got.GetKind(), got.GetName(), message)
	})
}

// patch a managed resource.
func (w *world) patch(text, patch string) {
	w.tb.Helper()

	must(w.tb, api.Client().Patch(w.tb.Context(), w.manifest(text), client.RawPatch(types.MergePatchType, []byte(patch))))
}

// resources are those that a part of whose id is as it says.
func (w *world) resources(part string) []azure.ARMResource {
	var out []azure.ARMResource

	for _, r := range w.ARMResources() {
		if strings.Contains(r.ID, part) {
			r.Updated = 0
			out = append(out, r)
		}
	}

	return out
}

// abandon the managed resources of the namespace, so that providers of later tests leave them alone.
func (w *world) abandon() {
	ctx := context.WithoutCancel(w.tb.Context())

	for _, gk := range []string{
		"keyvault.azure.m.upbound.io/v1beta1, Kind=VaultList", "managedidentity.azure.m.upbound.io/v1beta1, Kind=UserAssignedIdentityList",
		"managedidentity.azure.m.upbound.io/v1beta1, Kind=FederatedIdentityCredentialList",
		"authorization.azure.m.upbound.io/v1beta1, Kind=RoleAssignmentList",
	} {
		version, kind, _ := strings.Cut(gk, ", Kind=")
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion(version)
		list.SetKind(kind)

		if err := api.Client().List(ctx, list, client.InNamespace(w.namespace)); err != nil {
			w.tb.Errorf("cannot list %s: %v", kind, err)
		}

		for i := range list.Items {
			_ = api.Client().Delete(ctx, &list.Items[i])
			_ = api.Client().Patch(ctx, &list.Items[i], client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))
		}
	}
}

// condition of a managed resource.
func condition(o *unstructured.Unstructured, typ string) (status, message string) {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, one := range list {
		c, ok := one.(map[string]any)
		if ok && c["type"] == typ {
			return fmt.Sprint(c["status"]), fmt.Sprint(c["message"])
		}
	}

	return "", ""
}

// at returns what the provider observed.
func at(o *unstructured.Unstructured, field string) string {
	value, _, _ := unstructured.NestedString(o.Object, "status", "atProvider", field)

	return value
}

// A process is a provider that runs.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

// Write a part of the log.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.log.Write(b) //nolint:wrapcheck // It never fails.
}

// text of the log.
func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.log.String()
}

// start the provider, and end it with the test.
func (w *world) start(args ...string) *process {
	w.tb.Helper()

	p := &process{done: make(chan struct{})}
	p.cmd = exec.Command(program, append([]string{ //nolint:noctx // It is stopped as Kubernetes does.
		"--poll=1s", "--time-scale=0.01", "--metrics-bind-address=0", "--health-probe-bind-addr=0",
	}, args...)...)
	p.cmd.Env = append(w.Env(), "KUBECONFIG="+w.kubeconfig, "HOME="+os.TempDir())
	p.cmd.Stdout, p.cmd.Stderr = io.Writer(p), io.Writer(p)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}

	must(w.tb, p.cmd.Start())

	go func() {
		_ = p.cmd.Wait()

		close(p.done)
	}()

	w.tb.Cleanup(func() {
		p.end(w.tb, syscall.SIGTERM)
		w.abandon()

		if w.tb.Failed() {
			w.tb.Logf("log of the provider:\n%s", p.text())
		}
	})

	return p
}

// end the provider with a signal.
func (p *process) end(tb testing.TB, signal os.Signal) {
	tb.Helper()

	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		tb.Errorf("cannot end the provider: %v", err)
	}

	select {
	case <-p.done:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()

		tb.Error("the provider does not end")
	}
}

// client of a vault for who has a ServiceAccount and a client id.
func (w *world) client(vault, account, id string) *azsecrets.Client {
	w.tb.Helper()

	transport := w.Transport()
	w.tb.Cleanup(transport.CloseIdleConnections)
	options := policy.ClientOptions{Transport: &http.Client{Transport: transport}, Retry: policy.RetryOptions{MaxRetries: -1}}

	clientset, err := kubernetes.NewForConfig(api.Config())
	must(w.tb, err)

	cred, err := azidentity.NewClientAssertionCredential(tenant, id, func(ctx context.Context) (string, error) {
		token, err := clientset.CoreV1().ServiceAccounts(w.namespace).CreateToken(ctx, account,
			&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}}}, metav1.CreateOptions{})
		if err != nil {
			return "", fmt.Errorf("cannot get a token: %w", err)
		}

		return token.Status.Token, nil
	}, &azidentity.ClientAssertionCredentialOptions{ClientOptions: options})
	must(w.tb, err)

	c, err := azsecrets.NewClient("https://"+vault+".vault.azure.net", cred, &azsecrets.ClientOptions{ClientOptions: options})
	must(w.tb, err)

	return c
}

// unique is a name that no other test has.
func unique() string { return "app-" + uuid.NewString()[:8] }

func must(tb testing.TB, err error) {
	tb.Helper()

	if err != nil {
		tb.Fatal(err)
	}
}
