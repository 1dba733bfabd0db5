// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package provider tests the provider's real program against a real API server and
// the stand-in for Azure, with the permissions that its ServiceAccount has in a
// cluster.
package provider

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/package/tools"
	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/azure"
)

const (
	// Tenant is the tenant of all identities and vaults.
	Tenant = "11111111-1111-4111-8111-111111111111"

	// audience is the audience of the tokens that federated credentials accept.
	audience = "api://AzureADTokenExchange"
)

// A World has an API server, Azure, and the provider's program.
type World struct {
	API   *apiserver.Server
	Azure *azure.Server

	// Kube has all permissions.
	Kube client.Client

	program    string
	kubeconfig string
	// provider has the provider's permissions.
	provider *rest.Config
	dir      string
	vaults   atomic.Int64
}

// New makes a world around an API server. The provider is built, not started.
func New(ctx context.Context, api *apiserver.Server, o azure.Options) (*World, error) {
	dir, err := os.MkdirTemp("", "provider-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a directory: %w", err)
	}

	w := &World{API: api, dir: dir, program: filepath.Join(dir, "provider"), kubeconfig: filepath.Join(dir, "kubeconfig")}
	if err := w.set(ctx, o); err != nil {
		_ = w.Close()
		return nil, err
	}

	return w, nil
}

// Close stops Azure and removes all files.
func (w *World) Close() error {
	var err error
	if w.Azure != nil {
		err = w.Azure.Close()
	}

	if removed := os.RemoveAll(w.dir); err == nil {
		err = removed
	}

	return err
}

// An App is an application with the resources that Crossplane makes for it: an identity, a vault,
// roles and a ServiceAccount.
type App struct {
	world *World

	Namespace, Name string
	ClientID        string
	PrincipalID     string
	Vault           string
}

// App makes an application. Options delay or omit its role.
func (w *World) App(tb testing.TB, namespace, name string, o ...AppOption) *App {
	tb.Helper()

	a, err := w.NewApp(tb.Context(), namespace, name, o...)
	if err != nil {
		tb.Fatalf("cannot make application %s/%s: %v", namespace, name, err)
	}

	return a
}

// An AppOption changes the resources of an application.
type AppOption func(*appOptions)

type appOptions struct {
	roleDelay time.Duration
	noRole    bool
}

// WithRoleDelay delays the effect of the role.
func WithRoleDelay(d time.Duration) AppOption { return func(o *appOptions) { o.roleDelay = d } }

// WithoutRole omits the role.
func WithoutRole() AppOption { return func(o *appOptions) { o.noRole = true } }

// NewApp is App for callers without a test.
func (w *World) NewApp(ctx context.Context, namespace, name string, opts ...AppOption) (*App, error) {
	o := &appOptions{}
	for _, opt := range opts {
		opt(o)
	}

	a := &App{
		world: w, Namespace: namespace, Name: name,
		ClientID: uuid.NewString(), PrincipalID: uuid.NewString(),
		Vault: fmt.Sprintf("v%d-%s", w.vaults.Add(1), uuid.NewString()[:8]),
	}

	if err := w.API.CreateServiceAccount(ctx, namespace, name); err != nil {
		return nil, err
	}

	if err := w.Azure.PutApplication(azure.Application{TenantID: Tenant, ClientID: a.ClientID, PrincipalID: a.PrincipalID}); err != nil {
		return nil, err
	}

	if err := w.Azure.PutVault(azure.Vault{Name: a.Vault, TenantID: Tenant}); err != nil {
		return nil, err
	}

	if err := w.Azure.PutFederatedCredential(Tenant, a.ClientID, azure.FederatedCredential{
		Name: "kubernetes", Issuer: w.API.Issuer(), Subject: apiserver.ServiceAccountUser(namespace, name), Audiences: []string{audience},
	}); err != nil {
		return nil, err
	}

	if o.noRole {
		return a, nil
	}

	return a, a.grant(o.roleDelay)
}

// Recover the deleted vault of an application, and its role, which Azure deletes with the vault.
func (a *App) Recover() error {
	if err := a.world.Azure.RecoverVault(a.Vault); err != nil {
		return err
	}

	return a.grant(0)
}

// URI returns the address of the vault.
func (a *App) URI() string { return "https://" + a.Vault + ".vault.azure.net/" }

// Target returns the name of the application's Secret.
func (a *App) Target() string { return a.Name + "-keyvault" }

// Sync returns the application's KeyVaultSecretSync, as the function composes it but polled every
// second, without faster polls. It is not applied.
func (a *App) Sync(secrets ...v1alpha1.SyncedSecret) *v1alpha1.KeyVaultSecretSync {
	s := &v1alpha1.KeyVaultSecretSync{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KeyVaultSecretSyncKind},
		ObjectMeta: metav1.ObjectMeta{Namespace: a.Namespace, Name: a.Name},
	}
	s.Spec.ForProvider = v1alpha1.KeyVaultSecretSyncParameters{
		VaultURI: a.URI(), TenantID: Tenant, ClientID: a.ClientID, ServiceAccountName: a.Name,
		Secrets: secrets, Target: v1alpha1.Target{Name: a.Target()},
		PollInterval: &metav1.Duration{Duration: time.Second}, FastPollInterval: &metav1.Duration{},
	}

	return s
}

// Put sets a secret in the application's vault, and returns its version.
func (a *App) Put(tb testing.TB, name, value string) string {
	tb.Helper()

	version, err := a.world.Azure.PutSecret(a.Vault, name, azure.Secret{Value: value, Updated: a.next(name)})
	must(tb, err)

	return version
}

// Secret returns the Secret of the application, or nil if it is missing.
func (a *App) Secret(ctx context.Context) (*corev1.Secret, error) {
	s := &corev1.Secret{}

	err := a.world.Kube.Get(ctx, client.ObjectKey{Namespace: a.Namespace, Name: a.Target()}, s)
	switch {
	case kerrors.IsNotFound(err):
		return nil, nil //nolint:nilnil // There is none.
	case err != nil:
		return nil, fmt.Errorf("cannot get Secret: %w", err)
	}

	return s, nil
}

// A Creator is an identity that creates missing secrets: an application whose client secret is in a
// Kubernetes Secret.
type Creator struct {
	ClientID, PrincipalID string
	// Secret has the client secret under key clientSecret.
	Secret types.NamespacedName

	world *World
}

// Creator makes an identity that creates missing secrets, with its client secret
// in a Secret of that namespace.
func (w *World) Creator(tb testing.TB, namespace, clientSecret string) *Creator {
	tb.Helper()

	c := &Creator{
		ClientID: uuid.NewString(), PrincipalID: uuid.NewString(), world: w,
		Secret: types.NamespacedName{Namespace: namespace, Name: "creator-" + uuid.NewString()[:8]},
	}

	err := w.Azure.PutApplication(azure.Application{TenantID: Tenant, ClientID: c.ClientID, PrincipalID: c.PrincipalID, ClientSecret: clientSecret})
	must(tb, err)

	err = w.Kube.Create(tb.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.Secret.Namespace, Name: c.Secret.Name},
		StringData: map[string]string{"clientSecret": clientSecret},
	})
	must(tb, err)

	return c
}

// MayCreate gives the identity the role Key Vault Secrets Officer on the vault of an application.
func (c *Creator) MayCreate(tb testing.TB, a *App) {
	tb.Helper()

	err := c.world.Azure.PutRoleAssignment(a.Vault, azure.RoleAssignment{ID: "creator-" + c.ClientID, PrincipalID: c.PrincipalID, Role: azure.SecretsOfficer})
	must(tb, err)
}

// Credentials returns the credentials for a provider configuration.
func (c *Creator) Credentials() v1alpha1.ProviderCredentials {
	return v1alpha1.ProviderCredentials{
		Source: v1alpha1.CredentialsSourceClientSecret, TenantID: Tenant, ClientID: c.ClientID,
		SecretRef: &v1alpha1.SecretKeyReference{Namespace: c.Secret.Namespace, Name: c.Secret.Name, Key: "clientSecret"},
	}
}

// Config makes a ProviderConfig of these credentials in a namespace, or without a namespace a
// ClusterProviderConfig, and returns a reference to it.
func (w *World) Config(tb testing.TB, namespace string, c v1alpha1.ProviderCredentials) *xpv1.ProviderConfigReference {
	tb.Helper()

	meta, spec := metav1.ObjectMeta{Namespace: namespace, GenerateName: "config-"}, v1alpha1.ProviderConfigSpec{Credentials: c}
	kind, pc := v1alpha1.ProviderConfigKind, client.Object(&v1alpha1.ProviderConfig{ObjectMeta: meta, Spec: spec})

	if namespace == "" {
		kind, pc = v1alpha1.ClusterProviderConfigKind, &v1alpha1.ClusterProviderConfig{ObjectMeta: meta, Spec: spec}
	}

	must(tb, w.Kube.Create(tb.Context(), pc))

	return &xpv1.ProviderConfigReference{Kind: kind, Name: pc.GetName()}
}

func (w *World) set(ctx context.Context, o azure.Options) error {
	root, err := tools.Root()
	if err != nil {
		return err
	}

	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", w.program, "./provider")
	build.Dir = root

	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build the provider: %w\n%s", err, out)
	}

	if w.provider, err = w.API.InstallProvider(ctx); err != nil {
		return err
	}

	if err := apiserver.WriteKubeconfig(w.kubeconfig, w.provider); err != nil {
		return err
	}

	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return fmt.Errorf("cannot make a scheme: %w", err)
		}
	}

	if w.Kube, err = client.New(w.API.Config(), client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("cannot make a client: %w", err)
	}

	if w.Azure, err = azure.Start(ctx, o); err != nil {
		return err
	}

	if err := w.Azure.PutTenant(Tenant); err != nil {
		return err
	}

	return w.Azure.PutIssuerSource(w.API.Issuer(), w.API.JWKS)
}

// next returns the update time of a secret that is set now: at least a second after the previous
// one, which is the resolution of lists. Zero means now.
func (a *App) next(name string) time.Time {
	secrets, err := a.world.Azure.Secrets(a.Vault)
	if err != nil {
		return time.Time{}
	}

	for _, s := range secrets {
		if s.Name == name && !s.Updated.Before(time.Now().Truncate(time.Second)) {
			return s.Updated.Add(time.Second)
		}
	}

	return time.Time{}
}

// grant the application its role on its vault.
func (a *App) grant(delay time.Duration) error {
	return a.world.Azure.PutRoleAssignment(a.Vault, azure.RoleAssignment{
		ID: "app", PrincipalID: a.PrincipalID, Role: azure.SecretsUser, Delay: delay,
	})
}
