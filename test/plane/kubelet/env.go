// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// These are the kinds of objects that pods reference.
const (
	secretKind    = "Secret"
	configMapKind = "ConfigMap"
)

// A source is a Secret or a ConfigMap that a pod references.
type source struct {
	kind, name string
	optional   *bool
}

// read returns the data of a source. It is empty if the source is missing and optional.
func (p *pod) read(ctx context.Context, s source) (map[string][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()

	var (
		out map[string][]byte
		err error
	)

	if s.kind == secretKind {
		var found *corev1.Secret
		if found, err = p.kubelet.client.CoreV1().Secrets(p.namespace()).Get(ctx, s.name, metav1.GetOptions{}); err == nil {
			out = found.Data
		}
	} else {
		var found *corev1.ConfigMap
		if found, err = p.kubelet.client.CoreV1().ConfigMaps(p.namespace()).Get(ctx, s.name, metav1.GetOptions{}); err == nil {
			out = map[string][]byte{}
			for k, v := range found.Data {
				out[k] = []byte(v)
			}
		}
	}

	if !kerrors.IsNotFound(err) {
		return out, err //nolint:wrapcheck // A kubelet says no more.
	}

	if isTrue(s.optional) {
		return nil, nil //nolint:nilnil // From nothing comes nothing.
	}

	return nil, kerrors.NewNotFound(schema.GroupResource{Resource: strings.ToLower(s.kind)}, s.name)
}

// key returns one value of a source, and whether it exists.
func (p *pod) key(ctx context.Context, s source, key string) (string, bool, error) {
	values, err := p.read(ctx, s)
	value, ok := values[key]

	if err == nil && !ok && !isTrue(s.optional) {
		err = fmt.Errorf("couldn't find key %v in %s %v/%v", key, s.kind, p.namespace(), s.name)
	}

	return string(value), ok, err
}

// environment returns the environment of a container by the rules of Kubernetes: references are
// expanded to earlier variables or to those of services.
func (p *pod) environment(ctx context.Context, c *corev1.Container) (map[string]string, error) {
	env, services := map[string]string{}, p.kubelet.services()

	for _, e := range c.Env {
		// The pod's own variables override those of services.
		vars := maps.Clone(services)
		maps.Copy(vars, env)

		value, ok := expand(e.Value, vars), true

		if e.ValueFrom != nil {
			var err error
			if value, ok, err = p.valueOf(ctx, c, e.ValueFrom); err != nil {
				return nil, err
			}
		}

		if ok {
			env[e.Name] = value
		}
	}

	maps.Copy(services, env)

	return services, nil
}

// valueOf returns the value of a variable from another source, and whether it exists.
func (p *pod) valueOf(ctx context.Context, c *corev1.Container, from *corev1.EnvVarSource) (string, bool, error) {
	switch {
	case from.FieldRef != nil:
		value, err := p.field(from.FieldRef.FieldPath)

		return value, true, err
	case from.ResourceFieldRef != nil:
		return resourceValue(c, from.ResourceFieldRef, p.kubelet.capacity), true, nil
	case from.SecretKeyRef != nil:
		ref := from.SecretKeyRef

		return p.key(ctx, source{secretKind, ref.Name, ref.Optional}, ref.Key)
	}

	return "", false, fmt.Errorf("a source of an environment variable of container %q is not supported", c.Name)
}

// field returns a field of the pod, as the downward API names it.
func (p *pod) field(path string) (string, error) {
	o := p.spec()

	if label, ok := strings.CutPrefix(path, "metadata.labels['"); ok {
		return o.Labels[strings.TrimSuffix(label, "']")], nil
	}

	switch path {
	case "metadata.name":
		return o.Name, nil
	case "metadata.namespace":
		return o.Namespace, nil
	case "spec.serviceAccountName":
		return o.Spec.ServiceAccountName, nil
	case "status.podIP":
		return p.ip, nil
	}

	return "", fmt.Errorf("unsupported fieldPath: %v", path)
}

// resourceValue returns a limit or request of a container. Without a limit, that of the node
// applies.
func resourceValue(c *corev1.Container, ref *corev1.ResourceFieldSelector, node corev1.ResourceList) string {
	kind, name, _ := strings.Cut(ref.Resource, ".")

	values := c.Resources.Limits
	if kind == "requests" {
		values = c.Resources.Requests
	}

	quantity, ok := values[corev1.ResourceName(name)]
	if !ok && kind == "limits" {
		quantity = node[corev1.ResourceName(name)]
	}

	divisor := ref.Divisor
	if divisor.IsZero() {
		divisor = resource.MustParse("1")
	}

	return strconv.FormatFloat(math.Ceil(float64(quantity.MilliValue())/float64(divisor.MilliValue())), 'f', 0, 64)
}

// expand replaces each $(NAME) by the variable of that name, as Kubernetes does:
// $$ is one $, and references to missing variables stay as they are.
func expand(s string, vars map[string]string) string {
	var out strings.Builder

	for {
		before, after, found := strings.Cut(s, "$")

		out.WriteString(before)

		if !found {
			return out.String()
		}

		name, rest, closed := strings.Cut(after, ")")
		value, known := vars[strings.TrimPrefix(name, "(")]

		switch {
		case strings.HasPrefix(after, "$"):
			s = after[1:]

			out.WriteString("$")
		case closed && known && strings.HasPrefix(name, "("):
			s = rest

			out.WriteString(value)
		default:
			s = after

			out.WriteString("$")
		}
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

// join joins the layers of an environment, with precedence for later ones.
func join(layers ...map[string]string) []string {
	all := map[string]string{}
	for _, l := range layers {
		maps.Copy(all, l)
	}

	var out []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		out = append(out, k+"="+all[k])
	}

	return out
}
