// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
)

// A reader of the objects that pods refer to. What is not there is an error that
// says so in the words that Kubernetes has for it.
type reader interface {
	Secret(namespace, name string) (*corev1.Secret, error)
	ConfigMap(namespace, name string) (*corev1.ConfigMap, error)
}

// environment of a container, of all that its specification says, by the rules of
// Kubernetes: env beats envFrom, and references are expanded to what came before
// or is in the environment of services.
func environment(pod *corev1.Pod, c *corev1.Container, r reader, services map[string]string, node corev1.ResourceList) (map[string]string, error) {
	env := map[string]string{}

	for _, from := range c.EnvFrom {
		values, err := valuesFrom(pod.Namespace, from, r)
		if err != nil {
			return nil, err
		}

		for k, v := range values {
			env[from.Prefix+k] = v
		}
	}

	for _, e := range c.Env {
		value, ok := e.Value, true

		var err error
		if value != "" {
			// The pod's own variables override those of services.
			vars := maps.Clone(services)
			maps.Copy(vars, env)

			value = expand(value, vars)
		} else if e.ValueFrom != nil {
			value, ok, err = valueFrom(pod, c, e.ValueFrom, r, node)
		}

		if err != nil {
			return nil, err
		}

		if ok {
			env[e.Name] = value
		}
	}

	for k, v := range services {
		if _, ok := env[k]; !ok {
			env[k] = v
		}
	}

	return env, nil
}

func valuesFrom(namespace string, from corev1.EnvFromSource, r reader) (map[string]string, error) {
	switch {
	case from.ConfigMapRef != nil:
		cm, err := r.ConfigMap(namespace, from.ConfigMapRef.Name)
		if err != nil {
			return nil, unlessOptional(err, from.ConfigMapRef.Optional)
		}

		return cm.Data, nil
	case from.SecretRef != nil:
		s, err := r.Secret(namespace, from.SecretRef.Name)
		if err != nil {
			return nil, unlessOptional(err, from.SecretRef.Optional)
		}

		out := map[string]string{}
		for k, v := range s.Data {
			out[k] = string(v)
		}

		return out, nil
	}

	return nil, nil //nolint:nilnil // From nothing comes nothing.
}

// valueFrom returns a value, and whether there is one.
func valueFrom(pod *corev1.Pod, c *corev1.Container, from *corev1.EnvVarSource, r reader, node corev1.ResourceList) (string, bool, error) {
	switch {
	case from.FieldRef != nil:
		value, err := fieldValue(pod, from.FieldRef.FieldPath)

		return value, true, err
	case from.ResourceFieldRef != nil:
		value, err := resourceValue(pod, c.Name, from.ResourceFieldRef, node)

		return value, true, err
	case from.ConfigMapKeyRef != nil:
		ref := from.ConfigMapKeyRef

		cm, err := r.ConfigMap(pod.Namespace, ref.Name)
		if err != nil {
			return "", false, unlessOptional(err, ref.Optional)
		}

		value, ok := cm.Data[ref.Key]
		if !ok && !isTrue(ref.Optional) {
			return "", false, fmt.Errorf("couldn't find key %v in ConfigMap %v/%v", ref.Key, pod.Namespace, ref.Name)
		}

		return value, ok, nil
	case from.SecretKeyRef != nil:
		ref := from.SecretKeyRef

		s, err := r.Secret(pod.Namespace, ref.Name)
		if err != nil {
			return "", false, unlessOptional(err, ref.Optional)
		}

		value, ok := s.Data[ref.Key]
		if !ok && !isTrue(ref.Optional) {
			return "", false, fmt.Errorf("couldn't find key %v in Secret %v/%v", ref.Key, pod.Namespace, ref.Name)
		}

		return string(value), ok, nil
	}

	return "", false, fmt.Errorf("a source of an environment variable of container %q is not supported", c.Name)
}

// unlessOptional returns the error, unless it says that something is not there
// that does not have to be.
func unlessOptional(err error, optional *bool) error {
	if isTrue(optional) && kerrors.IsNotFound(err) {
		return nil
	}

	return err
}

func isTrue(b *bool) bool { return b != nil && *b }

// join the layers of an environment, of which later ones win, as programs get it.
func join(layers ...map[string]string) []string {
	all := map[string]string{}
	for _, l := range layers {
		maps.Copy(all, l)
	}

	out := make([]string, 0, len(all))
	for _, k := range slices.Sorted(maps.Keys(all)) {
		out = append(out, k+"="+all[k])
	}

	return out
}
