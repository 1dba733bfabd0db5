// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// CreateNamespace creates a namespace unless there is one of that name.
func (s *Server) CreateNamespace(ctx context.Context, name string) error {
	return s.Apply(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

// CreateServiceAccount creates a ServiceAccount, and its namespace, unless they
// exist. In other clusters a controller creates the ServiceAccount default of
// each namespace; here a test that needs it does.
func (s *Server) CreateServiceAccount(ctx context.Context, namespace, name string) error {
	if err := s.CreateNamespace(ctx, namespace); err != nil {
		return err
	}

	return s.Apply(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}})
}

func (s *Server) getNamespace(ctx context.Context, name string) error {
	if err := s.client.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{}); err != nil {
		return fmt.Errorf("cannot get namespace %q: %w", name, err)
	}

	return nil
}
