// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// tokens are those of a pod, each used for most of its lifetime.
type tokens map[tokenKey]token

type tokenKey struct {
	audience string
	seconds  int64
}

type token struct {
	value            string
	refresh, expires time.Time
}

// get returns a token for a volume.
func (t tokens) get(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod, p *corev1.ServiceAccountTokenProjection) (string, error) {
	key := tokenKey{audience: p.Audience, seconds: 3600}
	if p.ExpirationSeconds != nil {
		key.seconds = *p.ExpirationSeconds
	}

	now := time.Now()

	have := t[key]
	if now.Before(have.refresh) {
		return have.value, nil
	}

	next, err := requestToken(ctx, client, pod, key)
	if err != nil && now.Before(have.expires) {
		// The API server may be back before the old token expires.
		return have.value, nil
	}

	if err != nil {
		return "", err
	}

	t[key] = next

	return next.value, nil
}

func requestToken(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod, key tokenKey) (token, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()

	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: &key.seconds,
		BoundObjectRef:    &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID},
	}}
	if key.audience != "" {
		request.Spec.Audiences = []string{key.audience}
	}

	now := time.Now()

	got, err := client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(ctx, pod.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return token{}, fmt.Errorf("failed to fetch token: %w", err)
	}

	// The server may have chosen another lifetime than requested.
	expires := got.Status.ExpirationTimestamp.Time
	life := min(time.Duration(key.seconds)*time.Second, expires.Sub(now))

	return token{value: got.Status.Token, refresh: now.Add(life * 4 / 5), expires: expires}, nil
}
