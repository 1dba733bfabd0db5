// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"cmp"

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
	if !w.waits() {
		w.ignored = append(w.ignored, c.unresolved(s)...)
	}

	return w
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
	name := w.observed.str("metadata", "name")
	return cmp.Or(w.observed.containers()[name].str("image"), finding.Say(finding.ImageUnknown))
}
