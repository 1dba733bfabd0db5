// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/p6m-dev/platform-application/test/apiserver"
)

func quantity(s string) resource.Quantity { return resource.MustParse(s) }

func mount(name, path string) corev1.VolumeMount {
	return corev1.VolumeMount{Name: name, MountPath: path}
}

// TestVolumes: Secrets and ConfigMaps are files, which change when they do.
func TestVolumes(t *testing.T) {
	ns := namespace(t)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "vault"}, StringData: map[string]string{"key": "one", "other": "two"}}
	must(t, api.Client().Create(t.Context(), secret))
	must(t, api.Client().Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "settings"}, Data: map[string]string{"a.yaml": "a"}}))

	yes := true
	p := ready(t, create(t, newTestPod(ns, "volumes", func(p *corev1.Pod) {
		p.Labels = map[string]string{"app": "shop"}
		p.Spec.Volumes = []corev1.Volume{
			{Name: "secret", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "vault"}}},
			{Name: "items", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "vault", Items: []corev1.KeyToPath{{Key: "key", Path: "deep/er/file"}}}}},
			{Name: "settings", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}},
			{Name: "none", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "none", Optional: &yes}}},
			{Name: "empty", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{Name: "all", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}},
				{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "vault"}, Items: []corev1.KeyToPath{{Key: "key", Path: "key"}}}},
				{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}}}}},
			}}}},
		}
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{
			mount("secret", "/secret"), mount("items", "/var/items"), mount("settings", "/etc/settings"), mount("none", "/none"), mount("empty", "/empty"), mount("all", "/all"),
		}
	})))

	for file, want := range map[string]string{
		"/secret/key": "one", "/secret/other": "two", "/secret/..data/key": "one", "/var/items/deep/er/file": "one", "/etc/settings/a.yaml": "a",
		"/all/a.yaml": "a", "/all/key": "one", "/all/labels": `app="shop"`,
	} {
		if diff := cmp.Diff(want, answer(t, p, "/file?name="+file)); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", file, diff)
		}
	}

	answer(t, p, "/write?name=/empty/file")

	if diff := cmp.Diff("written", answer(t, p, "/file?name=/empty/file")); diff != "" {
		t.Errorf("/empty: -want, +got:\n%s", diff)
	}

	if _, err := ask(t.Context(), node, p, "/write?name=/secret/new"); err == nil {
		t.Error("a program can write to the volume of a Secret")
	}

	secret.StringData = map[string]string{"key": "new", "added": "three"}
	must(t, api.Client().Update(t.Context(), secret))

	for file, want := range map[string]string{"/secret/key": "new", "/secret/added": "three", "/all/key": "new"} {
		err := apiserver.Eventually(t.Context(), func(ctx context.Context) error {
			got, err := ask(ctx, node, p, "/file?name="+file)
			if err != nil {
				return err
			}

			if diff := cmp.Diff(want, got); diff != "" {
				return fmt.Errorf("%s: -want, +got:\n%s", file, diff)
			}

			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestToken: a token is what the API server itself takes for the ServiceAccount's,
// for its audience only, and bound to the pod.
func TestToken(t *testing.T) {
	ns := namespace(t)
	must(t, api.CreateServiceAccount(t.Context(), ns, "shop"))

	const audience = "api://AzureADTokenExchange"

	seconds := int64(3600)
	p := ready(t, create(t, newTestPod(ns, "token", func(p *corev1.Pod) {
		p.Spec.ServiceAccountName = "shop"
		p.Spec.Volumes = []corev1.Volume{{Name: "azure", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: audience, ExpirationSeconds: &seconds, Path: "token"}},
		}}}}}
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{mount("azure", "/var/run/secrets/azure")}
	})))

	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{
		Token: answer(t, p, "/file?name=/var/run/secrets/azure/token"), Audiences: []string{audience},
	}}
	must(t, api.Client().Create(t.Context(), review))

	type got struct {
		Authenticated bool
		User, Pod     string
		Audiences     []string
	}

	have := got{Authenticated: review.Status.Authenticated, User: review.Status.User.Username, Audiences: review.Status.Audiences}
	if pods := review.Status.User.Extra["authentication.kubernetes.io/pod-name"]; len(pods) > 0 {
		have.Pod = pods[0]
	}

	if diff := cmp.Diff(got{Authenticated: true, User: apiserver.ServiceAccountUser(ns, "shop"), Pod: "token", Audiences: []string{audience}}, have); diff != "" {
		t.Errorf("review: -want, +got:\n%s\n%s", diff, review.Status.Error)
	}
}

// TestTokenRefresh: a program finds a new token in the same file before the old one has
// expired, without being started again.
func TestTokenRefresh(t *testing.T) {
	// The shortest that the API server gives.
	seconds := int64(600)
	p := ready(t, create(t, newTestPod(namespace(t), "token", func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "short", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "shop", ExpirationSeconds: &seconds, Path: "token"}},
		}}}}}
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{mount("short", "/short")}
	})))

	const file = "/file?name=/short/token"

	first, process := answer(t, p, file), pidOf(p)

	// 80 % of ten minutes would be too long for a test.
	node.mu.Lock()
	running := node.pods[p.UID]
	node.mu.Unlock()

	soon := time.Now().Add(time.Second)

	running.tokens.mu.Lock()
	for key, have := range running.tokens.known {
		if want := have.expires.Add(-2 * time.Minute); key.seconds == seconds && have.refresh.Sub(want).Abs() > 10*time.Second {
			t.Errorf("want it refreshed about two minutes before it expires, at %v, got %v", want, have.refresh)
		}

		have.refresh = soon
		running.tokens.known[key] = have
	}
	running.tokens.mu.Unlock()

	running.changed.notify()

	var second string

	eventuallyTrue(t, func(ctx context.Context) (err error) {
		if second, err = ask(ctx, node, p, file); err == nil && second == first {
			err = errors.New("the program still reads the first token")
		}

		return err
	})

	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: second, Audiences: []string{"shop"}}}
	must(t, api.Client().Create(t.Context(), review))

	if !review.Status.Authenticated {
		t.Errorf("the API server does not take the second token: %s", review.Status.Error)
	}

	if diff := cmp.Diff(process, pidOf(p)); diff != "" {
		t.Errorf("process: -want, +got:\n%s", diff)
	}
}

// TestTokenOutage: while the API server is away, a token is used for as long as it is
// good.
func TestTokenOutage(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	must(t, listener.Close())

	away, err := kubernetes.NewForConfig(&rest.Config{Host: listener.Addr().String()})
	must(t, err)

	now := time.Now()

	cases := map[string]struct {
		reason           string
		refresh, expires time.Time
		want             string
	}{
		"Fresh":   {reason: "A fresh token is reused.", refresh: now.Add(time.Hour), expires: now.Add(2 * time.Hour), want: "first"},
		"Old":     {reason: "It is good until it expires.", refresh: now.Add(-time.Minute), expires: now.Add(time.Hour), want: "first"},
		"Expired": {reason: "It is good for nothing.", refresh: now.Add(-time.Hour), expires: now.Add(-time.Minute)},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			seconds := int64(600)
			tokens := &tokens{known: map[tokenKey]token{{audience: "shop", seconds: seconds}: {value: "first", refresh: tc.refresh, expires: tc.expires}}}

			got, err := tokens.get(t.Context(), away, newTestPod("shop", "pod"), &corev1.ServiceAccountTokenProjection{Audience: "shop", ExpirationSeconds: &seconds})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nget(...): -want, +got:\n%s", tc.reason, diff)
			}

			if (err != nil) != (tc.want == "") {
				t.Errorf("\n%s\nget(...): want an error: %t, got %v", tc.reason, tc.want == "", err)
			}
		})
	}
}
