// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// An auditEvent has the relevant fields of a line of the audit log.
type auditEvent struct {
	Verb      string `json:"verb"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	RequestObject json.RawMessage `json:"requestObject"`
}

// TestAuditPolicy checks that an API server with the policy records reads of Secrets and requests
// of tokens, but no value and no token.
func TestAuditPolicy(t *testing.T) {
	policy, err := filepath.Abs(filepath.Join(root, base, "audit-policy.yaml"))
	check.Must(t, err)

	log := filepath.Join(t.TempDir(), "audit.log")
	s := apiserver.StartFor(t, apiserver.WithFlag("audit-policy-file", policy), apiserver.WithFlag("audit-log-path", log))

	const value = "correct-horse-battery-staple"

	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-application-keyvault"},
		StringData: map[string]string{"prod-postgres-credentials.POSTGRES_PASSWORD": value},
	}

	check.Must(t, s.CreateServiceAccount(t.Context(), "shop", "web-application"))

	check.Must(t, s.Apply(t.Context(), secret))

	check.Must(t, s.Client().Get(t.Context(), client.ObjectKeyFromObject(secret), secret))

	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-application"}}
	token := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{"api://AzureADTokenExchange"}}}

	check.Must(t, s.Client().SubResource("token").Create(t.Context(), account, token))

	// A policy defines permissions, so its content is recorded.
	for _, o := range file(t, "package/rbac/crossplane.yaml") {
		check.Must(t, s.Apply(t.Context(), o))
	}

	data, err := os.ReadFile(log)
	check.Must(t, err)

	for what, text := range map[string]string{"a value": value, "a token": token.Status.Token} {
		if text == "" || bytes.Contains(data, []byte(text)) {
			t.Errorf("the audit log has %s in it, or there was none", what)
		}
	}

	want := []string{
		"create serviceaccounts/token web-application",
		"get secrets web-application-keyvault",
		"patch clusterroles crossplane:platform-application with what was sent",
		"patch secrets web-application-keyvault",
	}
	if diff := cmp.Diff(want, written(t, data)); diff != "" {
		t.Errorf("requests in the audit log: -want, +got:\n%s", diff)
	}
}

// written returns the test's requests in the audit log.
func written(t *testing.T, log []byte) []string {
	t.Helper()

	var out []string

	for line := range bytes.Lines(log) {
		e := auditEvent{}
		check.Must(t, json.Unmarshal(line, &e))

		resource := e.ObjectRef.Resource
		if e.ObjectRef.Subresource != "" {
			resource += "/" + e.ObjectRef.Subresource
		}

		request := strings.Join([]string{e.Verb, resource, e.ObjectRef.Name}, " ")
		if e.RequestObject != nil {
			request += " with what was sent"
		}

		// The API server sends many requests to itself when it starts.
		if strings.Contains(request, "web-application") || strings.Contains(request, "platform-application") {
			out = append(out, request)
		}
	}

	slices.Sort(out)

	return out
}
