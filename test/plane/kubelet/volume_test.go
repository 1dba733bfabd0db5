// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

func quantity(s string) resource.Quantity { return resource.MustParse(s) }

func mount(name, path string) corev1.VolumeMount {
	return corev1.VolumeMount{Name: name, MountPath: path}
}

// TestVolumes checks that Secrets and ConfigMaps become files, which follow their changes.
func TestVolumes(t *testing.T) {
	ns := namespace(t)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "vault"}, StringData: map[string]string{"key": "one", "other": "two"}}
	check.Must(t, api.Client().Create(t.Context(), secret))
	check.Must(t, api.Client().Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "settings"}, Data: map[string]string{"a.yaml": "a"}}))

	yes := true
	p := ready(t, create(t, newTestPod(ns, "volumes", func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{
			{Name: "secret", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "vault"}}},
			{Name: "items", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "vault", Items: []corev1.KeyToPath{{Key: "key", Path: "deep/er/file"}}}}},
			{Name: "settings", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}},
			{Name: "none", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "none", Optional: &yes}}},
			{Name: "empty", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{Name: "all", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}},
				{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "vault"}, Items: []corev1.KeyToPath{{Key: "key", Path: "key"}}}},
				{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "name", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}}},
			}}}},
		}
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{
			mount("secret", "/secret"), mount("items", "/var/items"), mount("settings", "/etc/settings"), mount("none", "/none"), mount("empty", "/empty"), mount("all", "/all"),
		}
	})))

	for file, want := range map[string]string{
		"/secret/key": "one", "/secret/other": "two", "/var/items/deep/er/file": "one", "/etc/settings/a.yaml": "a",
		"/all/a.yaml": "a", "/all/key": "one", "/all/name": "volumes",
	} {
		if diff := cmp.Diff(want, answer(t, p, "/file?name="+file)); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", file, diff)
		}
	}

	answer(t, p, "/write?name=/empty/file")

	if diff := cmp.Diff("written", answer(t, p, "/file?name=/empty/file")); diff != "" {
		t.Errorf("/empty: -want, +got:\n%s", diff)
	}

	if _, err := ask(t.Context(), p, "/write?name=/secret/new"); err == nil {
		t.Error("a program can write to the volume of a Secret")
	}

	secret.StringData = map[string]string{"key": "new", "added": "three"}
	check.Must(t, api.Client().Update(t.Context(), secret))

	for file, want := range map[string]string{"/secret/key": "new", "/secret/added": "three", "/all/key": "new"} {
		err := apiserver.Eventually(t.Context(), func(ctx context.Context) error {
			got, err := ask(ctx, p, "/file?name="+file)
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

// TestToken checks that the API server accepts a token for the ServiceAccount, for its audience
// only, and bound to the pod.
func TestToken(t *testing.T) {
	ns := namespace(t)
	check.Must(t, api.CreateServiceAccount(t.Context(), ns, "shop"))

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
	check.Must(t, api.Client().Create(t.Context(), review))

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
