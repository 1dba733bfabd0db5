// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

const (
	// jwksPath is the path of the API server's keys for tokens.
	jwksPath = "/openid/v1/jwks"

	// tokenKeyFile has the key that signs ServiceAccount tokens.
	tokenKeyFile = "token.key"

	// sessionLife exceeds any test, so that no client has to renew its token.
	sessionLife = 24 * time.Hour
)

// ServiceAccountUser returns the name of a ServiceAccount as a user.
func ServiceAccountUser(namespace, name string) string {
	return "system:serviceaccount:" + namespace + ":" + name
}

// Issuer of ServiceAccount tokens.
func (s *Server) Issuer() string {
	return s.options.issuer
}

// JWKS returns the keys that verify ServiceAccount tokens, as a JSON Web Key
// Set.
func (s *Server) JWKS(ctx context.Context) ([]byte, error) {
	c, err := discovery.NewDiscoveryClientForConfig(s.config)
	if err != nil {
		return nil, fmt.Errorf("cannot create client: %w", err)
	}

	keys, err := c.RESTClient().Get().AbsPath(jwksPath).DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot get keys of tokens: %w", err)
	}

	return keys, nil
}

// ConfigFor returns the configuration of a client with only the permissions of the ServiceAccount,
// which must exist.
func (s *Server) ConfigFor(ctx context.Context, namespace, serviceAccount string) (*rest.Config, error) {
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: serviceAccount}}
	tr := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: new(int64(sessionLife.Seconds())),
	}}

	if err := s.client.SubResource("token").Create(ctx, sa, tr); err != nil {
		return nil, fmt.Errorf("cannot get token of ServiceAccount %q in namespace %q: %w", serviceAccount, namespace, err)
	}

	cfg := rest.AnonymousClientConfig(s.config)
	// These are the limits of clients that set none.
	cfg.QPS, cfg.Burst = 0, 0
	cfg.BearerToken = tr.Status.Token

	return cfg, nil
}

// ConfigForUser returns the configuration of a client with a certificate of that
// user in those groups, such as system:kube-controller-manager.
func (s *Server) ConfigForUser(name string, groups ...string) (*rest.Config, error) {
	user, err := s.plane.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{})
	if err != nil {
		return nil, fmt.Errorf("cannot add user %q: %w", name, err)
	}

	return user.Config(), nil
}

// TokenKeyFile is the path of the private key that signs ServiceAccount tokens.
func (s *Server) TokenKeyFile() string {
	return filepath.Join(s.dir, tokenKeyFile)
}

// WriteKubeconfig writes the configuration of a client to a file, credentials
// included, for programs that are told by a kubeconfig which cluster to use.
func WriteKubeconfig(path string, cfg *rest.Config) error {
	const name = "test"

	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.Clusters[name] = &clientcmdapi.Cluster{Server: cfg.Host, CertificateAuthorityData: cfg.CAData}
	kubeconfig.AuthInfos[name] = &clientcmdapi.AuthInfo{
		ClientCertificateData: cfg.CertData,
		ClientKeyData:         cfg.KeyData,
		Token:                 cfg.BearerToken,
	}
	kubeconfig.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	kubeconfig.CurrentContext = name

	if err := clientcmd.WriteToFile(*kubeconfig, path); err != nil {
		return fmt.Errorf("cannot write kubeconfig %q: %w", path, err)
	}

	return nil
}
