// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/azurename"
)

// A composition collects the desired resources.
type composition struct {
	app      Application
	platform inputv1alpha1.PlatformConfigSpec
	seen     Observed
	names    azurename.Scope

	desired map[string]Resource
	waiting bool
}

func newComposition(a Application, p inputv1alpha1.PlatformConfigSpec, seen Observed) *composition {
	p.AzureProviderConfigRef = AzureProviderConfig(p, seen)
	return &composition{
		app:      a,
		platform: p,
		seen:     seen,
		names: azurename.Scope{
			SubscriptionID: p.SubscriptionID,
			Issuer:         p.OIDCIssuerURL,
			Cluster:        p.ClusterName,
			Namespace:      a.Namespace,
			Name:           a.Name,
		},
		desired: make(map[string]Resource, len(seen)),
	}
}

// want makes an object desired.
func (c *composition) want(name string, object any) {
	m := toMap(object)
	c.seen[name].keepProviderConfig(m)
	c.desired[name] = Resource{Object: m, Ready: ready(c.seen[name])}
}

// wantOwned makes an object in Azure desired. An object that is not owned is not ready, even
// if the provider reports it as ready.
func (c *composition) wantOwned(o ownership, name string, object any) {
	c.want(name, object)
	if !o.usable() {
		c.setReady(name, false)
		c.waiting = true
	}
}

// keep makes an observed resource desired, unchanged. If it is not observed, keep returns
// false and the result waits for it.
func (c *composition) keep(name string) bool {
	o, ok := c.seen[name]
	if !ok {
		c.waiting = true
		return false
	}
	object := own(o)
	if name == NameDeployment && c.autoscaled() && !ownsReplicas(o) {
		delete(Object(object).object("spec"), "replicas")
	}
	c.desired[name] = Resource{Object: object, Ready: ready(o)}

	return true
}

// keepIfObserved keeps a resource that exists. The result does not wait for another one.
func (c *composition) keepIfObserved(name string) {
	if _, ok := c.seen[name]; ok {
		c.keep(name)
	}
}

// release removes a resource from the desired state, and the result waits for that.
func (c *composition) release(name string, deletes bool) {
	c.waiting = true
	c.drop(name, deletes)
}

// drop removes an observed resource from the desired state. Crossplane then deletes the object,
// and its policies decide whether the provider deletes the resource in Azure, too. Wrong policies
// are corrected first, and the resource is removed in a later call.
func (c *composition) drop(name string, deletes bool) {
	if c.seen[name].allows(xpv1.ManagementActionDelete) == deletes {
		return
	}
	c.keep(name)
	if deletes {
		setPolicies(c.desired[name].Object, xpv1.ManagementActionObserve, xpv1.ManagementActionDelete)
	} else {
		setPolicies(c.desired[name].Object, xpv1.ManagementActionObserve)
	}
}

// setReady overrides the readiness of a desired resource.
func (c *composition) setReady(name string, ready bool) {
	r := c.desired[name]
	r.Ready = ready
	c.desired[name] = r
}
