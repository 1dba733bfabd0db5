// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

// A workload is the state of the application's pods.
type workload struct {
	requested bool
	observed  Object
	// waitingFor lists what blocks the workload. An existing Deployment is kept unchanged.
	waitingFor []finding.Finding
	// waitingForIdentity is true if the first pods wait for the identity.
	waitingForIdentity bool
	// rollsOut is true if the desired pods differ from the observed ones.
	rollsOut bool
	// formerIdentity is the identity of running pods that do not have the new one yet.
	formerIdentity string
	// refused lists the problems of the Ingress.
	refused []finding.Finding
	// ignored lists the fields of the workload without effect.
	ignored []IgnoredField
}

// waits reports whether the workload is blocked.
func (w workload) waits() bool { return w.waitingForIdentity || len(w.waitingFor) > 0 }

// held reports whether changes of a running Deployment are blocked.
func (w workload) held() bool { return w.waits() && w.observed != nil }

// workload runs the application. The Deployment is composed once every required secret has
// been synced, and always from then on. The first pods also wait for the identity, because a
// webhook writes its client id into a pod when the pod is created.
func (c *composition) workload(i identity, s secrets) workload {
	w := workload{requested: c.app.Spec.Deployment != nil, observed: c.seen[NameDeployment]}
	if !w.requested {
		w.ignored = c.withoutDeployment()
		return w
	}
	w.ignored = c.ignoredOfPods()

	w.waitingFor = s.waitingFor(w.observed)
	w.waitingForIdentity = w.observed == nil && !c.givesIdentity(i)
	if w.waits() {
		c.waiting = true
		c.keep(NameDeployment)
		w.formerIdentity = c.setPodIdentity(i)
		identity := podAnnotation(annotationPodIdentity)
		c.hideServices(Object(c.desired[NameDeployment].Object).str(identity...) != w.observed.str(identity...))
	} else {
		c.want(NameDeployment, c.deployment(s))
		setEnvironment(c.desired[NameDeployment].Object, s)
		w.formerIdentity = c.setPodIdentity(i)
		w.rollsOut = c.rollsOut()
		desired := c.desired[NameDeployment].Object
		c.hideServices(w.rollsOut && (!samePods(desired, w.observed) || c.withdraws(desired)))
	}
	c.service(w)
	c.networkPolicy(&w)
	c.autoscaler(&w)
	c.podDisruptionBudget(w)
	c.ingress(&w)

	return w
}

// rollsOut reports whether the desired pods differ from the last applied ones. It then marks
// the Deployment as not ready, because its status is still about the previous pods. A
// comparison with the observed pods would not work, because admission policies and other
// controllers change them.
func (c *composition) rollsOut() bool {
	desired, seen := c.desired[NameDeployment].Object, c.seen[NameDeployment]
	asked := digest(Object(desired).object("spec", "template"))
	set(desired, asked, "metadata", "annotations", annotationPodsAskedFor)

	last := seen.str("metadata", "annotations", annotationPodsAskedFor)
	if (last == asked || last == "" && samePods(desired, seen)) && !c.withdraws(desired) {
		return false
	}
	c.setReady(NameDeployment, false)

	return true
}

// digest returns a hash of a desired object. The object contains no value of a secret.
func digest(desired Object) string {
	b, err := json.Marshal(desired)
	if err != nil {
		// This cannot happen for an API object.
		panic(fmt.Sprintf("cannot encode pods: %v", err))
	}
	sum := sha256.Sum256(b)

	return hex.EncodeToString(sum[:16])
}

// samePods compares pods without a record of the last applied ones: image, variables,
// revision of the secrets, identity and requested restarts. The other fields have defaults
// that only the API server knows.
func samePods(desired, observed Object) bool {
	for _, name := range []string{v1alpha1.SecretsRevisionAnnotation, v1alpha1.RestartedAtAnnotation, annotationPodIdentity} {
		if desired.str(podAnnotation(name)...) != observed.str(podAnnotation(name)...) {
			return false
		}
	}
	containers := byName(observed.list("spec", "template", "spec", "containers"))
	for name, want := range byName(desired.list("spec", "template", "spec", "containers")) {
		have := containers[name]
		if !sameImage(want.str("image"), have.str("image")) {
			return false
		}
		haveEnv := byName(have.list("env"))
		for name, v := range byName(want.list("env")) {
			if v.str("value") != haveEnv[name].str("value") || v.str(secretKey()...) != haveEnv[name].str(secretKey()...) ||
				v.str(secretName()...) != haveEnv[name].str(secretName()...) {
				return false
			}
		}
	}

	return true
}

// withdraws reports whether running pods have a variable of the application's Secret that
// Crossplane applied and that is no longer desired.
func (c *composition) withdraws(desired Object) bool {
	targets := []string{c.target(c.seen[NameSecretSync])}
	for _, name := range c.observedShares() {
		targets = append(targets, c.share(name).target)
	}
	wanted := byName(desired.list("spec", "template", "spec", "containers"))
	more := func(o Object) bool {
		for name, container := range byName(o.list("spec", "template", "spec", "containers")) {
			env := byName(wanted[name].list("env"))
			for name, v := range byName(container.list("env")) {
				if _, ok := env[name]; !ok && slices.Contains(targets, v.str(secretName()...)) {
					return true
				}
			}
		}

		return false
	}
	seen := c.seen[NameDeployment]

	return more(seen) && more(own(seen))
}

// sameImage compares images. A policy may have pinned the observed image to its digest.
func sameImage(want, have string) bool {
	name, _, pinned := strings.Cut(have, "@")
	if !pinned || strings.Contains(want, "@") {
		return want == have
	}
	repository := want
	if i := strings.LastIndex(want, ":"); i > strings.LastIndex(want, "/") {
		repository = want[:i]
	}

	return name == want || name == repository
}

// podAnnotation returns the path of an annotation of the pods.
func podAnnotation(name string) []string {
	return []string{"spec", "template", "metadata", "annotations", name}
}

func byName(list []any) map[string]Object {
	out := make(map[string]Object, len(list))
	for _, e := range list {
		m, _ := e.(map[string]any)
		out[Object(m).str("name")] = m
	}

	return out
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

// ignoredOfPods returns the fields that have no effect on the pods.
func (c *composition) ignoredOfPods() []IgnoredField {
	_, ignored := c.nodes()
	switch parse(c.app.Spec.Deployment.ReadOnlyRootFilesystem).(type) {
	case nil, bool:
	default:
		ignored = append(ignored, IgnoredField{Path: "spec.deployment.readOnlyRootFilesystem", Why: finding.New(finding.MustBeBoolean)})
	}

	return ignored
}

func (c *composition) withoutDeployment() (ignored []IgnoredField) {
	if a := c.app.Spec.Autoscaling; a != nil && (a.Enabled || !IsEmpty(parse(a.Triggers))) {
		ignored = append(ignored, IgnoredField{Path: pathAutoscaling, Why: finding.New(finding.DeploymentMissing)})
	}
	if in := c.ingressSpec(); in != nil {
		ignored = append(ignored, IgnoredField{Path: pathIngress, Why: finding.New(finding.DeploymentMissing)})
	}
	if c.inbound() != nil {
		ignored = append(ignored, IgnoredField{Path: pathInbound, Why: finding.New(finding.DeploymentMissing)})
	}
	if !IsEmpty(parse(c.app.Spec.WorkloadSelectors)) {
		ignored = append(ignored, IgnoredField{Path: pathSelectors, Why: finding.New(finding.DeploymentMissing)})
	}

	return ignored
}

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

// portName returns the name of a port. It does not depend on the order of ports.
func portName(p v1alpha1.Port) string {
	return cmp.Or(p.Name, cmp.Or(strings.ToLower(p.Protocol), "tcp")+"-"+strconv.Itoa(int(p.Port)))
}

func transport(p v1alpha1.Port) corev1.Protocol {
	if strings.EqualFold(p.Protocol, "udp") {
		return corev1.ProtocolUDP
	}

	return corev1.ProtocolTCP
}

// isHTTP reports whether a port speaks HTTP.
func isHTTP(p v1alpha1.Port) bool {
	return slices.Contains([]string{"http", "https", "http2", "grpc"}, strings.ToLower(p.Protocol))
}

// appProtocol returns the protocol of a port for proxies. It is nil for plain TCP and UDP.
// https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
func appProtocol(p v1alpha1.Port) *string {
	switch strings.ToLower(p.Protocol) {
	case "http", "https", "grpc":
		return new(strings.ToLower(p.Protocol))
	case "http2":
		return new("kubernetes.io/h2c")
	}

	return nil
}

// service publishes the ports inside the cluster. While the Deployment is held, the Service
// is kept unchanged, because the running pods have the old ports.
func (c *composition) service(w workload) {
	ports := c.app.Spec.Deployment.Ports
	if w.waits() {
		c.keepIfObserved(NameService)
		return
	}
	if len(ports) == 0 {
		return
	}

	spec := corev1ac.ServiceSpec().WithSelector(c.selector())
	for _, p := range ports {
		port := corev1ac.ServicePort().
			WithName(portName(p)).
			WithProtocol(transport(p)).
			WithPort(p.Port).
			WithTargetPort(intstr.FromInt32(p.Port))
		port.AppProtocol = appProtocol(p)
		spec.WithPorts(port)
	}
	object := corev1ac.Service(c.app.Name, c.app.Namespace).WithLabels(c.labels()).WithSpec(spec)
	c.want(NameService, object)
}

func (w workload) condition() Condition {
	c := Condition{Type: TypeWorkloadReady, Status: False}
	var later []finding.Finding
	if len(w.refused) > 0 {
		later = append(later, finding.New(finding.IngressWillBeRefused, finding.With{"problems": finding.All("; ", w.refused)}))
	}
	waiting := finding.Some("; ", w.waitingFor)
	switch {
	case !w.requested:
		c.Status, c.Reason = True, ReasonNotRequested
		return c.with(finding.New(finding.NoDeployment))
	case w.waitingForIdentity && len(w.waitingFor) == 0:
		c.Reason = ReasonWaitingForIdentity
		return c.with(finding.New(finding.PodsWaitForIdentity)).with(later...)
	case w.held():
		c.Reason = ReasonHeld
		return c.with(finding.New(finding.PodsHeld, finding.With{"image": w.image(), "secrets": waiting})).with(later...)
	case w.waits():
		c.Reason = ReasonWaitingForSecrets
		return c.with(finding.New(finding.PodsWaitForSecrets, finding.With{"secrets": waiting})).with(later...)
	case len(w.refused) > 0:
		c.Reason = ReasonIngressRefused
		return c.with(finding.New(finding.IngressRefused, finding.With{"problems": finding.All("; ", w.refused)}))
	case w.rollsOut && w.observed != nil:
		c.Reason = ReasonRollingOut
		return c.with(finding.New(finding.PodsRollingOut))
	}
	r := rollout(w.observed)
	c.Status, c.Reason, c.Message = r.Status, r.Reason, r.Message

	return c
}

// image returns the image of the application's container. The pod can have other containers.
func (w workload) image() string {
	containers := byName(w.observed.list("spec", "template", "spec", "containers"))
	return cmp.Or(containers[w.observed.str("metadata", "name")].str("image"), finding.Say(finding.ImageUnknown))
}
