// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Applications run in namespaces with this label, and the provider works there only.
const (
	LabelWorkloads    = "meta.p6m.dev/workloads"
	WorkloadsComposed = "composed"
)

// CreateNamespace creates a namespace for applications unless there is one of that
// name.
func (s *Server) CreateNamespace(ctx context.Context, name string) error {
	return s.Apply(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{LabelWorkloads: WorkloadsComposed},
	}})
}

// CreatePlatformNamespace creates a namespace that is not for applications, unless
// there is one of that name.
func (s *Server) CreatePlatformNamespace(ctx context.Context, name string) error {
	return s.Apply(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

// CreateServiceAccount creates a ServiceAccount unless it exists, and a namespace for
// applications if there is none of that name. In other clusters a controller creates
// the ServiceAccount default of each namespace; here a test that needs it does.
func (s *Server) CreateServiceAccount(ctx context.Context, namespace, name string) error {
	if err := s.getNamespace(ctx, namespace); kerrors.IsNotFound(err) {
		if err := s.CreateNamespace(ctx, namespace); err != nil {
			return err
		}
	} else if err != nil {
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
