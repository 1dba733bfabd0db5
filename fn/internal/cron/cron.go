// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package cron validates schedules and time zones of KEDA's cron trigger. It never computes a
// time. KEDA parses schedules with github.com/robfig/cron/v3. This package does not, because
// that parser panics on schedules such as TZ=0 (https://github.com/robfig/cron/issues/554), and
// any team can write a schedule.
package cron

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // The image of the function has no time zones.
)

// maxLength is the limit of a schedule.
const maxLength = 256

var zone = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*)*$`)

// IsZone reports whether a name is a time zone such as Europe/Berlin. Local is invalid, because
// it depends on the machine.
func IsZone(name string) bool {
	if len(name) > 64 || name == "Local" || !zone.MatchString(name) {
		return false
	}
	_, err := time.LoadLocation(name)

	return err == nil
}

// A field of a schedule has numbers from first to last, or the names of these numbers.
type field struct {
	first, last int
	names       []string
}

func fields() []field {
	return []field{
		{first: 0, last: 59},
		{first: 0, last: 23},
		{first: 1, last: 31},
		{first: 1, last: 12, names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
		{first: 0, last: 6, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
	}
}

// IsSchedule reports whether a string has the five fields of a crontab. Descriptors such as
// @daily are invalid.
func IsSchedule(s string) bool {
	parts := strings.Fields(s)
	if len(s) > maxLength || len(parts) != len(fields()) {
		return false
	}
	for i, f := range fields() {
		for item := range strings.SplitSeq(parts[i], ",") {
			if !f.has(item) {
				return false
			}
		}
	}

	return true
}

// has reports whether an item is a number, a range or *, optionally with a step.
func (f field) has(item string) bool {
	values, step, hasStep := strings.Cut(item, "/")
	if n, err := strconv.Atoi(step); hasStep && (err != nil || n < 1 || !digits(step)) {
		return false
	}
	if values == "*" || values == "?" {
		return true
	}
	low, high, isRange := strings.Cut(values, "-")
	from, ok := f.number(low)
	if !ok || !isRange {
		return ok
	}
	to, ok := f.number(high)

	return ok && from <= to
}

func (f field) number(s string) (int, bool) {
	if i := slices.Index(f.names, strings.ToLower(s)); i >= 0 {
		return f.first + i, true
	}
	n, err := strconv.Atoi(s)

	return n, err == nil && digits(s) && n >= f.first && n <= f.last
}

func digits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
