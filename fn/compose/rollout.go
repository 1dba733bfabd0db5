// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/p6m-dev/platform-application/apis/platformapplication/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/internal/finding"
)

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
	containers := observed.containers()
	for name, want := range desired.containers() {
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
	wanted := desired.containers()
	more := func(o Object) bool {
		for name, container := range o.containers() {
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

// containers returns the containers of a Deployment's pods, by name.
func (o Object) containers() map[string]Object {
	return byName(o.list("spec", "template", "spec", "containers"))
}

func byName(list []any) map[string]Object {
	out := make(map[string]Object, len(list))
	for _, e := range list {
		m, _ := e.(map[string]any)
		out[Object(m).str("name")] = m
	}

	return out
}

// rollout returns the progress of a Deployment, by the rules of kubectl rollout status.
func rollout(o Object) Condition {
	c := Condition{Status: False, Reason: ReasonRollingOut}
	if o == nil {
		return c.with(finding.New(finding.PodsStarting))
	}

	generation, _ := o.number("metadata", "generation")
	observed, _ := o.number("status", "observedGeneration")
	want, ok := o.number("spec", "replicas")
	if !ok {
		want = 1
	}
	total, _ := o.number("status", "replicas")
	updated, _ := o.number("status", "updatedReplicas")
	available, _ := o.number("status", "availableReplicas")
	progressing := o.condition("Progressing")

	switch {
	case observed < generation:
		return c.with(finding.New(finding.PodsRollingOut))
	case progressing.reason == "ProgressDeadlineExceeded":
		c.Reason = ReasonRolloutFailed
		return c.with(finding.New(finding.RolloutFailed, finding.With{"problem": shorten(progressing.message), "available": available, "wanted": want}))
	case o.condition("ReplicaFailure").status == "True":
		c.Reason = ReasonRolloutFailed
		return c.with(finding.New(finding.PodsNotCreated, finding.With{"problem": shorten(o.condition("ReplicaFailure").message)}))
	case updated < want || total > updated || available < want:
		return c.with(finding.New(finding.PodsUpdating, finding.With{"updated": updated, "wanted": want, "available": available}))
	}
	c.Status, c.Reason = True, ReasonAvailable

	return c.with(finding.New(finding.PodsAvailable, finding.With{"available": available, "wanted": want}))
}
