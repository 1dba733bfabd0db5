//go:build e2e

// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/p6m-dev/platform-application/test/apiserver"
	"github.com/p6m-dev/platform-application/test/plane"
)

const zoneLabel = "meta.p6m.dev/landing-zone"

// TestLandingZones runs applications of three landing zones in two subscriptions on one plane, next to one of the platform's own
// settings. Each zone has its own identity of the Azure providers. A label alone gives nobody a zone, and moves no application.
func TestLandingZones(t *testing.T) {
	p := w.modern
	own := namespaceOf(t, p)

	zones := []plane.LandingZone{
		{Name: "eu", Subscription: plane.Subscription, Namespaces: []string{own + "-eu"}},
		{Name: "us", Subscription: "66666666-2222-4222-8222-222222222222", Namespaces: []string{own + "-us"}},
		{Name: "asia", Subscription: "66666666-2222-4222-8222-222222222222", Namespaces: []string{own + "-asia"}},
	}
	for _, z := range zones {
		must(t, p.AddLandingZone(t.Context(), z))
		labelled(t, p, z.Namespaces[0], zoneLabel, z.Name)
	}

	// The subscription of the plane keeps its own resource group and roles.
	atHome := apply(t, p, own, "web")
	apps := map[string]*app{}

	for _, z := range zones {
		apps[z.Name] = apply(t, p, z.Namespaces[0], "web")
	}

	pw := password()
	atHome.set(t, postgres(pw))

	for _, z := range zones {
		apps[z.Name].set(t, postgres(pw))
	}

	isIn(t, atHome, "", plane.Subscription, plane.ResourceGroup)

	for _, z := range zones {
		apps[z.Name].runsWith(t, pw)
		isIn(t, apps[z.Name], z.Name, z.Subscription, z.ResourceGroup())
	}

	// Another label moves nothing, and the condition says so.
	labelled(t, p, zones[0].Namespaces[0], zoneLabel, "us")
	apps["eu"].wait(t, func(got *plane.Application) error {
		if c := got.Condition("KeyVaultReady"); c.Status != "True" || !strings.Contains(c.Message, "stays in landing zone eu, although the label of its Namespace now names us") {
			return fmt.Errorf("KeyVaultReady is %s: %s", c.Status, c.Message)
		}

		return nil
	})
	isIn(t, apps["eu"], "eu", zones[0].Subscription, zones[0].ResourceGroup())

	// A zone that does not list the namespace gives it nothing.
	stranger := own + "-stranger"
	labelled(t, p, stranger, zoneLabel, "us")

	refused := apply(t, p, stranger, "web")
	refused.wait(t, conditionSays("KeyVaultReady", stranger, "may not use landing zone us"))

	if got := refused.composed(t); len(got) > 0 {
		t.Errorf("a namespace that the zone does not list must get nothing, got %v", got)
	}

	// Listed, it gets its vault there.
	us := zones[1]
	us.Namespaces = append(us.Namespaces, stranger)
	must(t, p.ConfigureLandingZone(t.Context(), us))
	refused.set(t, postgres(pw))
	isIn(t, refused, "us", us.Subscription, us.ResourceGroup())
}

// isIn waits until an application is ready, and checks where its vault and its identity are.
func isIn(t *testing.T, a *app, zone, subscription, group string) {
	t.Helper()

	got := a.wait(t, plane.Ready)
	if got.Status.LandingZone != zone {
		t.Errorf("%s: want landing zone %q in the status, got %q", a.namespace, zone, got.Status.LandingZone)
	}

	want := strings.ToLower(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/", subscription, group))
	if id := got.Status.KeyVault.ResourceID; !strings.HasPrefix(strings.ToLower(id), want) {
		t.Errorf("%s: want a vault in %s, got %s", a.namespace, want, id)
	}

	for _, r := range w.azure.ARMResources() {
		if strings.HasSuffix(r.ID, "/userAssignedIdentities/"+got.Status.Identity.Name) && !strings.HasPrefix(strings.ToLower(r.ID), want) {
			t.Errorf("%s: want an identity in %s, got %s", a.namespace, want, r.ID)
		}
	}
}

// labelled labels a namespace of applications.
func labelled(t *testing.T, p *plane.Plane, namespace, label, value string) {
	t.Helper()

	must(t, p.API.Apply(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: namespace, Labels: map[string]string{apiserver.LabelWorkloads: apiserver.WorkloadsComposed, label: value},
	}}))
}
