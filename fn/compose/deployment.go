// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
)

func (c *composition) deployment(s secrets) *appsv1ac.DeploymentApplyConfiguration {
	seen := c.seen[NameDeployment]
	template := corev1ac.PodTemplateSpec().
		WithLabels(c.platform.Workload.Labels).
		WithLabels(c.podLabels()).
		WithLabels(map[string]string{labelUseWorkloads: "true"}).
		WithSpec(c.pod())
	if r := s.revision; r != "" && ptr.Deref(c.app.Spec.Deployment.RestartOnSecretChange, true) {
		template.WithAnnotations(map[string]string{v1alpha1.SecretsRevisionAnnotation: r})
	}
	// Removing the annotation, for example with a new manifest, must not roll the pods again.
	if at := cmp.Or(c.app.Annotations[v1alpha1.RestartedAtAnnotation], seen.str(podAnnotation(v1alpha1.RestartedAtAnnotation)...)); at != "" {
		template.WithAnnotations(map[string]string{v1alpha1.RestartedAtAnnotation: at})
	}

	spec := appsv1ac.DeploymentSpec().
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(c.selector())).
		WithTemplate(template)
	if n := c.replicas(seen); n != nil {
		spec.WithReplicas(*n)
	}
	object := appsv1ac.Deployment(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithSpec(spec)

	return object
}

func (c *composition) pod() *corev1ac.PodSpecApplyConfiguration {
	security := corev1ac.PodSecurityContext().
		WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))
	if v := c.platform.Workload.RunAsNonRoot; v != nil {
		security.WithRunAsNonRoot(*v)
	}
	pod := corev1ac.PodSpec().
		WithServiceAccountName(c.app.Name).
		WithSecurityContext(security).
		WithContainers(c.container())
	if nodes, _ := c.nodes(); len(nodes) > 0 {
		pod.WithAffinity(corev1ac.Affinity().WithNodeAffinity(corev1ac.NodeAffinity().
			WithRequiredDuringSchedulingIgnoredDuringExecution(corev1ac.NodeSelector().
				WithNodeSelectorTerms(corev1ac.NodeSelectorTerm().WithMatchExpressions(nodes...)))))
	}
	for _, name := range c.platform.Workload.ImagePullSecrets {
		pod.WithImagePullSecrets(corev1ac.LocalObjectReference().WithName(name))
	}

	return pod
}

// securityContext satisfies the Pod Security Standard "restricted" on platforms that
// require pods to run as non-root.
func (c *composition) securityContext() *corev1ac.SecurityContextApplyConfiguration {
	security := corev1ac.SecurityContext().WithAllowPrivilegeEscalation(false)
	if ptr.Deref(c.platform.Workload.RunAsNonRoot, false) {
		security.WithCapabilities(corev1ac.Capabilities().WithDrop("ALL"))
	}
	if v, ok := parse(c.app.Spec.Deployment.ReadOnlyRootFilesystem).(bool); ok {
		security.WithReadOnlyRootFilesystem(v)
	}

	return security
}

func (c *composition) container() *corev1ac.ContainerApplyConfiguration {
	d := c.app.Spec.Deployment
	container := corev1ac.Container().
		WithName(c.app.Name).
		WithImage(d.Image).
		WithCommand(d.Command...).
		WithArgs(d.Args...).
		WithSecurityContext(c.securityContext())
	for _, p := range d.Ports {
		container.WithPorts(corev1ac.ContainerPort().WithName(portName(p)).WithProtocol(transport(p)).WithContainerPort(p.Port))
	}
	if r := c.resources(); r != nil {
		container.WithResources(r)
	}
	if d.ReadinessProbe != nil {
		container.WithReadinessProbe(probe(d.ReadinessProbe))
	}
	if d.LivenessProbe != nil {
		container.WithLivenessProbe(probe(d.LivenessProbe))
	}
	if d.StartupProbe != nil {
		container.WithStartupProbe(probe(d.StartupProbe))
	}

	return container
}

// setEnvironment sets the variables of the container, those of secrets first, so that config
// can refer to them. Variables are the largest part of the result, and conversion from Go
// types would take three times as long.
func setEnvironment(deployment Object, s secrets) {
	targets := make(map[string]string, len(s.list))
	for _, secret := range s.list {
		targets[secret.spec.Name] = secret.sync.target
	}
	vars := make([]any, 0, len(s.environment.Variables))
	for _, v := range s.environment.Variables {
		if v.Secret == "" {
			vars = append(vars, map[string]any{"name": v.Name, "value": v.Value})
			continue
		}
		ref := map[string]any{"name": targets[v.Secret], "key": v.DataKey}
		if v.Optional {
			ref["optional"] = true
		}
		vars = append(vars, map[string]any{"name": v.Name, "valueFrom": map[string]any{"secretKeyRef": ref}})
	}
	for _, e := range deployment.list("spec", "template", "spec", "containers") {
		if container, ok := e.(map[string]any); ok && len(vars) > 0 {
			container["env"] = vars
		}
	}
}

// hideServices sets enableServiceLinks to false, so that a Service named server does not set
// SERVER_PORT. The change rolls pods, so a running Deployment gets it with its next
// rollout. A changed field alone does not prove a rollout, because the API server may
// default it to the same value.
func (c *composition) hideServices(replaced bool) {
	path := []string{"spec", "template", "spec"}
	links, ok := c.seen[NameDeployment].object(path...)["enableServiceLinks"].(bool)
	if replaced || ok && !links {
		Object(c.desired[NameDeployment].Object).object(path...)["enableServiceLinks"] = false
	}
}

func (c *composition) resources() *corev1ac.ResourceRequirementsApplyConfiguration {
	out := corev1ac.ResourceRequirements()
	switch d := c.platform.Workload.Resources; {
	case c.app.Spec.Deployment.Resources != nil:
		r := c.app.Spec.Deployment.Resources
		return withResources(out, r.Limits, r.Requests)
	case d != nil:
		return withResources(out, d.Limits, d.Requests)
	}

	return nil
}

func withResources(out *corev1ac.ResourceRequirementsApplyConfiguration, limits, requests corev1.ResourceList) *corev1ac.ResourceRequirementsApplyConfiguration {
	if len(limits) > 0 {
		out.WithLimits(limits)
	}
	if len(requests) > 0 {
		out.WithRequests(requests)
	}

	return out
}

func probe(p *v1alpha1.Probe) *corev1ac.ProbeApplyConfiguration {
	out := corev1ac.Probe()
	if p.Path == "" {
		out.WithTCPSocket(corev1ac.TCPSocketAction().WithPort(intstr.FromInt32(p.Port)))
	} else {
		get := corev1ac.HTTPGetAction().WithPath(p.Path).WithPort(intstr.FromInt32(p.Port))
		if p.Scheme != "" {
			get.WithScheme(p.Scheme)
		}
		out.WithHTTPGet(get)
	}
	out.InitialDelaySeconds = p.InitialDelaySeconds
	out.PeriodSeconds = p.PeriodSeconds
	out.TimeoutSeconds = p.TimeoutSeconds
	out.SuccessThreshold = p.SuccessThreshold
	out.FailureThreshold = p.FailureThreshold

	return out
}
