package provider

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/upbound/provider-azure/v2/apis/namespaced/v1beta1"
	"k8s.io/apimachinery/pkg/types"
	kube "sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	sourceTokenFile xpv1.CredentialsSource = "OIDCTokenFile"

	// defaultTokenFile of the real provider, which does not look at AZURE_FEDERATED_TOKEN_FILE (provider-azure v2.6.0,
	// internal/clients/azure.go, oidcAuth).
	defaultTokenFile = "/var/run/secrets/azure/tokens/azure-identity-token"

	// maxConnections to the resource manager that are kept open.
	maxConnections = 32
)

// clients makes clients of provider configurations. Those of the same credentials share their tokens.
type clients struct {
	kube  kube.Client
	http  *http.Client
	usage *resource.ProviderConfigUsageTracker

	mu          sync.Mutex
	credentials map[[sha256.Size]byte]azcore.TokenCredential
}

func newClients(c kube.Client) *clients {
	return &clients{
		kube:  c,
		usage: resource.NewProviderConfigUsageTracker(c, &v1beta1.ProviderConfigUsage{}),
		http: &http.Client{Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			MaxIdleConns:        2 * maxConnections,
			MaxIdleConnsPerHost: maxConnections,
			IdleConnTimeout:     time.Minute,
		}},
		credentials: map[[sha256.Size]byte]azcore.TokenCredential{},
	}
}

// A servicePrincipal is what a credentials Secret says. Its keys are those of the real provider.
type servicePrincipal struct {
	ClientID       string `json:"clientId"`
	ClientSecret   string `json:"clientSecret"`
	TenantID       string `json:"tenantId"`
	SubscriptionID string `json:"subscriptionId"`

	tokenFile string
}

// client returns the client that a managed resource is to be reconciled with, and notes that its configuration is in use.
func (c *clients) client(ctx context.Context, mg resource.ModernManaged) (*client, error) {
	spec, err := c.spec(ctx, mg)
	if err != nil {
		return nil, err
	}

	if err := c.usage.Track(ctx, mg); err != nil {
		return nil, fmt.Errorf("cannot track ProviderConfig usage: %w", err)
	}

	who, err := c.principal(ctx, spec)
	if err != nil {
		return nil, err
	}

	credential, err := c.credential(who)
	if err != nil {
		return nil, err
	}

	return &client{http: c.http, credential: credential, subscription: who.SubscriptionID}, nil
}

// spec of the provider configuration that a managed resource refers to.
func (c *clients) spec(ctx context.Context, mg resource.ModernManaged) (*v1beta1.ProviderConfigSpec, error) {
	ref := mg.GetProviderConfigReference()
	if ref == nil {
		return nil, errors.New("no providerConfigRef provided")
	}

	switch ref.Kind {
	case v1beta1.ProviderConfigKind:
		pc := &v1beta1.ProviderConfig{}
		if err := c.kube.Get(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}, pc); err != nil {
			return nil, fmt.Errorf("cannot get referenced ProviderConfig: %w", err)
		}

		// A configuration of a namespace takes Secrets of that namespace only.
		spec := pc.Spec.DeepCopy()
		if spec.Credentials.SecretRef != nil {
			spec.Credentials.SecretRef.Namespace = mg.GetNamespace()
		}

		return spec, nil
	case v1beta1.ClusterProviderConfigKind:
		pc := &v1beta1.ClusterProviderConfig{}
		if err := c.kube.Get(ctx, types.NamespacedName{Name: ref.Name}, pc); err != nil {
			return nil, fmt.Errorf("cannot get referenced ProviderConfig: %w", err)
		}

		return &pc.Spec, nil
	default:
		return nil, fmt.Errorf("referenced provider config kind %q is invalid for %s/%s", ref.Kind, mg.GetNamespace(), mg.GetName())
	}
}

// principal that a configuration names.
func (c *clients) principal(ctx context.Context, spec *v1beta1.ProviderConfigSpec) (servicePrincipal, error) {
	who := servicePrincipal{}

	switch source := spec.Credentials.Source; source {
	case xpv1.CredentialsSourceSecret:
		data, err := resource.CommonCredentialExtractor(ctx, source, c.kube, spec.Credentials.CommonCredentialSelectors)
		if err != nil {
			return who, fmt.Errorf("cannot extract credentials: %w", err)
		}

		// What json says of the text may quote it.
		if json.Unmarshal(data, &who) != nil {
			return who, errors.New("cannot unmarshal Azure credentials as JSON: they are not an object of strings")
		}
	case sourceTokenFile:
		who.tokenFile = tokenFile(spec)
	default:
		return who, fmt.Errorf("credentials source %q is not simulated: choose Secret or %s", source, sourceTokenFile)
	}

	for to, from := range map[*string]*string{&who.ClientID: spec.ClientID, &who.TenantID: spec.TenantID, &who.SubscriptionID: spec.SubscriptionID} {
		if from != nil {
			*to = *from
		}
	}

	if spec.Environment != nil && *spec.Environment != "public" {
		return who, fmt.Errorf("environment %q is not simulated: only public is", *spec.Environment)
	}

	for what, value := range map[string]string{"subscription": who.SubscriptionID, "tenant": who.TenantID, "client": who.ClientID} {
		if value == "" {
			return who, fmt.Errorf("%s ID must be set in ProviderConfig or in its credentials", what)
		}
	}

	return who, nil
}

func tokenFile(spec *v1beta1.ProviderConfigSpec) string {
	if spec.OidcTokenFilePath != nil {
		return *spec.OidcTokenFilePath
	}

	return defaultTokenFile
}

// credential that a principal proves itself with.
func (c *clients) credential(who servicePrincipal) (azcore.TokenCredential, error) {
	key := sha256.Sum256([]byte(strings.Join([]string{who.TenantID, who.ClientID, who.ClientSecret, who.tokenFile}, "\x00")))

	c.mu.Lock()
	defer c.mu.Unlock()

	if known := c.credentials[key]; known != nil {
		return known, nil
	}

	// The reconciler tries again.
	options := policy.ClientOptions{Transport: c.http, Retry: policy.RetryOptions{MaxRetries: -1}}

	var (
		made azcore.TokenCredential
		err  error
	)

	if who.tokenFile != "" {
		made, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, ClientID: who.ClientID, TenantID: who.TenantID, TokenFilePath: who.tokenFile,
		})
	} else {
		made, err = azidentity.NewClientSecretCredential(who.TenantID, who.ClientID, who.ClientSecret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options})
	}

	if err != nil {
		return nil, fmt.Errorf("cannot make a credential of client %q: %w", who.ClientID, err)
	}

	c.credentials[key] = made

	return made, nil
}
