// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/finding"
)

const (
	minKubernetes = "1.30.0"
	minCrossplane = "2.4.0"

	// minBurst of Crossplane's circuit breaker.
	minBurst  = 500
	burstFlag = "--circuit-breaker-burst"

	// supportedNamespace has the ServiceAccounts, policies and federated credentials of the base.
	supportedNamespace = "crossplane-system"
)

// deployment reads a Deployment of Crossplane.
func (r *reader) deployment(name string) *deployment {
	u, known := r.get(deployments, r.kube.Namespace, name)
	if u == nil {
		if known {
			return &deployment{}
		}

		return nil
	}

	var of struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
		Spec struct {
			Replicas *int32 `json:"replicas"`
			Template struct {
				Spec struct {
					Containers []struct {
						Image string   `json:"image"`
						Args  []string `json:"args"`
					} `json:"containers"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
		Status struct {
			ReadyReplicas int32 `json:"readyReplicas"`
		} `json:"status"`
	}

	decode(u.Object, &of)

	d := &deployment{found: true, version: of.Metadata.Labels["app.kubernetes.io/version"], desired: 1, ready: of.Status.ReadyReplicas}
	if of.Spec.Replicas != nil {
		d.desired = *of.Spec.Replicas
	}

	if c := of.Spec.Template.Spec.Containers; len(c) > 0 {
		d.image, d.args = c[0].Image, c[0].Args
	}

	return d
}

// elsewhere returns the namespaces in which the chart of Crossplane is installed.
func (r *reader) elsewhere() []string {
	out := []string{}
	if !r.list(deployments.metadata(), "", func(o map[string]any) {
		if u := (&unstructured.Unstructured{Object: o}); u.GetLabels()["app"] == "crossplane" && !slices.Contains(out, u.GetNamespace()) {
			out = append(out, u.GetNamespace())
		}
	}) {
		return nil
	}

	return out
}

// versions checks Kubernetes, Crossplane and the RBAC manager.
func (d *decision) versions() {
	if v := d.facts.kubernetes; v != "" {
		switch older, ok := olderThan(v, minKubernetes); {
		case !ok:
			d.add(KubernetesVersionUnknown, "", params{"version": v})
		case older:
			d.add(KubernetesTooOld, "", params{"version": v})
		}
	}

	if c := d.facts.crossplane; c != nil {
		d.crossplane(*c)
	}

	if m := d.facts.rbacManager; m != nil {
		switch {
		case !m.found && d.facts.crossplane != nil && d.facts.crossplane.found:
			d.add(RBACManagerMissing, "Deployment/crossplane-rbac-manager", params{"namespace": d.platform.Namespace, "version": chart(d.facts.crossplane.release())})
		case m.found && m.ready == 0:
			d.add(RBACManagerNotRunning, "Deployment/crossplane-rbac-manager", params{"namespace": d.platform.Namespace})
		}
	}
}

// crossplane checks the Deployment of Crossplane.
func (d *decision) crossplane(c deployment) {
	const object = "Deployment/crossplane"

	with := params{"namespace": d.platform.Namespace}

	switch elsewhere := d.facts.elsewhere; {
	case !c.found && elsewhere == nil:
		// Unknown, which is already reported.
		return
	case !c.found && len(elsewhere) > 0:
		d.add(CrossplaneElsewhere, object, params{"namespace": d.platform.Namespace, "namespaces": finding.List(elsewhere), "first": elsewhere[0]})

		return
	case !c.found:
		d.add(CrossplaneMissing, object, with)

		return
	case d.platform.Namespace != supportedNamespace:
		d.add(CrossplaneNamespaceUnsupported, object, with)
	}

	if c.ready == 0 {
		d.add(CrossplaneNotRunning, object, with)
	}

	v := c.release()

	switch older, ok := olderThan(v, minCrossplane); {
	case !ok:
		d.add(CrossplaneVersionUnknown, object, params{"image": c.image, "namespace": d.platform.Namespace})
	case older:
		d.add(CrossplaneTooOld, object, params{"version": v, "namespace": d.platform.Namespace})
	}

	if burst(c.args) < minBurst {
		d.add(CircuitBreakerLow, object, params{"namespace": d.platform.Namespace, "version": chart(v), "args": withBurst(c.args)})
	}
}

// olderThan reports whether a version is older than another one. ok is false if it is not a version.
func olderThan(v, least string) (older, ok bool) {
	parsed, err := version.ParseGeneric(v)
	if err != nil {
		return false, false
	}

	return parsed.LessThan(version.MustParseGeneric(least)), true
}

// release returns the version of Crossplane in its image, or in its labels.
func (d deployment) release() string {
	if tag := (pkg{image: d.image}).tag(); isVersion(tag) {
		return tag
	}

	return d.version
}

// isVersion reports whether a text is a version.
func isVersion(v string) bool {
	_, ok := olderThan(v, minCrossplane)

	return ok
}

// chart returns the version of the chart that installs a version of Crossplane.
func chart(v string) string {
	if !isVersion(v) {
		return "VERSION"
	}

	return strings.TrimPrefix(v, "v")
}

// withBurst returns the existing args and the missing one as JSON, for the chart. The chart adds the command itself.
func withBurst(args []string) string {
	var out []string

	for i, a := range args {
		value := i > 0 && args[i-1] == burstFlag
		if a == "core" || a == "start" || value || strings.HasPrefix(a, burstFlag) {
			continue
		}

		out = append(out, a)
	}

	data, err := json.Marshal(append(out, fmt.Sprintf("%s=%d", burstFlag, minBurst)))
	if err != nil {
		panic(err) // Strings always have JSON.
	}

	return string(data)
}

// burst returns the burst in the args of Crossplane, or 0.
func burst(args []string) int {
	for i, a := range args {
		value, ok := strings.CutPrefix(a, burstFlag)
		if !ok {
			continue
		}

		if value == "" && i+1 < len(args) {
			value = args[i+1]
		}

		n, err := strconv.ParseFloat(strings.TrimPrefix(value, "="), 64)
		if err == nil {
			return int(n)
		}
	}

	return 0
}
