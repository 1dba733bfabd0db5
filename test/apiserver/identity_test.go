// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestConfigFor(t *testing.T) {
	ns := server.Namespace(t)

	if err := server.CreateServiceAccount(t.Context(), ns, "app"); err != nil {
		t.Fatalf("CreateServiceAccount(...): %v", err)
	}

	cfg, err := server.ConfigFor(t.Context(), ns, "app")
	if err != nil {
		t.Fatalf("ConfigFor(...): %v", err)
	}

	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := WriteKubeconfig(kubeconfig, cfg); err != nil {
		t.Fatalf("WriteKubeconfig(...): %v", err)
	}

	fromFile, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatalf("cannot read kubeconfig: %v", err)
	}

	admin := filepath.Join(t.TempDir(), "kubeconfig")
	if err := WriteKubeconfig(admin, server.Config()); err != nil {
		t.Fatalf("WriteKubeconfig(...): %v", err)
	}

	adminFromFile, err := clientcmd.BuildConfigFromFlags("", admin)
	if err != nil {
		t.Fatalf("cannot read kubeconfig: %v", err)
	}

	type want struct {
		user      string
		forbidden bool
	}

	cases := map[string]struct {
		reason string
		cfg    *rest.Config
		want   want
	}{
		"Admin":               {reason: "Tests may do anything.", cfg: server.Config(), want: want{user: "admin"}},
		"AdminFromKubeconfig": {reason: "So may a program that is run by a test.", cfg: adminFromFile, want: want{user: "admin"}},
		"ServiceAccount": {
			reason: "A ServiceAccount may do what it has been granted: nothing.",
			cfg:    cfg,
			want:   want{user: ServiceAccountUser(ns, "app"), forbidden: true},
		},
		"ServiceAccountFromKubeconfig": {
			reason: "A kubeconfig has the same credentials.",
			cfg:    fromFile,
			want:   want{user: ServiceAccountUser(ns, "app"), forbidden: true},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := client.New(tc.cfg, client.Options{})
			if err != nil {
				t.Fatalf("cannot create client: %v", err)
			}

			review := &authenticationv1.SelfSubjectReview{}
			if err := c.Create(t.Context(), review); err != nil {
				t.Fatalf("cannot ask who I am: %v", err)
			}

			got := want{
				user:      review.Status.UserInfo.Username,
				forbidden: kerrors.IsForbidden(c.List(t.Context(), &corev1.SecretList{}, client.InNamespace(ns))),
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestJWKS verifies a token as an identity provider does that trusts the cluster.
func TestJWKS(t *testing.T) {
	const audience = "api://example"

	ns := server.Namespace(t)

	if err := server.CreateServiceAccount(t.Context(), ns, "app"); err != nil {
		t.Fatalf("CreateServiceAccount(...): %v", err)
	}

	keys, err := server.JWKS(t.Context())
	if err != nil {
		t.Fatalf("JWKS(...): %v", err)
	}

	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "app"}}

	tr := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}}}
	if err := server.Client().SubResource("token").Create(t.Context(), sa, tr); err != nil {
		t.Fatalf("cannot get token: %v", err)
	}

	got, err := verify(keys, tr.Status.Token)
	if err != nil {
		t.Fatalf("verify(...): %v", err)
	}

	want := claims{Issuer: server.Issuer(), Subject: ServiceAccountUser(ns, "app"), Audience: []string{audience}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims of a token: -want, +got:\n%s", diff)
	}
}

type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
}

// verify returns the claims of a token if one of the keys has signed it with
// RS256.
func verify(jwks []byte, token string) (claims, error) {
	var keys struct {
		Keys []struct {
			ID       string `json:"kid"`
			Modulus  string `json:"n"`
			Exponent string `json:"e"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(jwks, &keys); err != nil {
		return claims{}, fmt.Errorf("cannot parse keys: %w", err)
	}

	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}, errors.New("token does not have three parts")
	}

	var header struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	if err := decode(parts[0], &header); err != nil {
		return claims{}, err
	}

	if header.Algorithm != "RS256" {
		return claims{}, fmt.Errorf("token is signed with %s", header.Algorithm)
	}

	for _, key := range keys.Keys {
		if key.ID != header.KeyID {
			continue
		}

		public := &rsa.PublicKey{
			N: new(big.Int).SetBytes(raw(key.Modulus)),
			E: int(new(big.Int).SetBytes(raw(key.Exponent)).Int64()),
		}

		hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, hash[:], raw(parts[2])); err != nil {
			return claims{}, fmt.Errorf("cannot verify signature: %w", err)
		}

		var c claims

		return c, decode(parts[1], &c)
	}

	return claims{}, fmt.Errorf("no key %q", header.KeyID)
}

func decode(part string, into any) error {
	if err := json.Unmarshal(raw(part), into); err != nil {
		return fmt.Errorf("cannot parse part of token: %w", err)
	}

	return nil
}

// raw returns nothing for what is not base64: no signature matches that.
func raw(s string) []byte {
	b, _ := base64.RawURLEncoding.DecodeString(s)

	return b
}
