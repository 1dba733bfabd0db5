// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import "time"

// LatestTime returns the latest time in an object. A function has no clock, and the current
// time is the same or later.
func LatestTime(o Object) time.Time {
	latest := o.time("metadata", "creationTimestamp")
	for _, name := range []string{annotationPending, annotationCreated} {
		latest = later(latest, o.time("metadata", "annotations", name))
	}
	for c := range o.objects("status", "conditions") {
		latest = later(latest, c.time("lastTransitionTime"))
	}
	for f := range o.objects("metadata", "managedFields") {
		latest = later(latest, f.time("time"))
	}

	return latest
}

// latest returns the LatestTime of all observed objects.
func (c *composition) latest() time.Time {
	latest := c.app.LatestTime
	for _, o := range c.seen {
		latest = later(latest, LatestTime(o))
	}

	return latest
}

// requestedSince returns the time since which the provider requests a resource from Azure. It
// is zero if that is unknown.
func (o Object) requestedSince() time.Time {
	if since := o.time("metadata", "annotations", annotationPending); !since.IsZero() {
		return since
	}
	for c := range o.objects("status", "conditions") {
		if c.str("type") == conditionSynced && c.str("status") == "True" {
			return c.time("lastTransitionTime")
		}
	}

	return time.Time{}
}

// time returns the time at a path, or zero.
func (o Object) time(path ...string) time.Time {
	t, err := time.Parse(time.RFC3339, o.str(path...))
	if err != nil {
		return time.Time{}
	}

	return t
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}

	return a
}
