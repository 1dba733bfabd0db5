// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package cron

import (
	"strings"
	"testing"
)

func TestIsSchedule(t *testing.T) {
	cases := map[string]struct {
		reason   string
		schedule string
		want     bool
	}{
		"WorkingHours": {"A schedule of working hours is valid.", "0 8 * * 1-5", true},
		"Names":        {"Months and days have names, in any letters.", "30 6 1 jan-MAR Mon,wed", true},
		"Steps":        {"A step goes from a number, a range or all.", "*/15 0-12/2 5/10 ? *", true},
		"Last":         {"The maximum of each field is valid.", "59 23 31 12 6", true},
		"Blanks":       {"Any number of blanks is between fields.", " 0  8 * *\t* ", true},
		"Empty":        {"An empty schedule is invalid.", "", false},
		"Four":         {"A field is missing.", "0 8 * *", false},
		"Six":          {"A field for seconds is invalid.", "0 0 8 * * *", false},
		"Descriptor":   {"KEDA supports no descriptors.", "@daily", false},
		"Zone":         {"The time zone has a separate field.", "TZ=UTC 0 8 * *", false},
		"Minute":       {"An hour has 60 minutes.", "60 8 * * *", false},
		"Day":          {"There is no day 0.", "0 8 0 * *", false},
		"Month":        {"There is no month 13.", "0 8 * 13 *", false},
		"Sunday":       {"Sunday is only 0.", "0 8 * * 7", false},
		"NameOfOther":  {"A month is not a day.", "0 8 * * jan", false},
		"Backwards":    {"A range is ascending.", "0 8 * * 5-1", false},
		"NoStep":       {"A step is a number.", "*/ 8 * * *", false},
		"ZeroStep":     {"A step is at least 1.", "*/0 8 * * *", false},
		"TwoSteps":     {"An item has at most one step.", "*/2/2 8 * * *", false},
		"Sign":         {"A number has no sign.", "+1 8 * * *", false},
		"Negative":     {"A number is not negative.", "-1 8 * * *", false},
		"Comma":        {"An item is not empty.", "0,,1 8 * * *", false},
		"Huge":         {"The length of a number is limited.", strings.Repeat("9", 100) + " 8 * * *", false},
		"Long":         {"The length of a schedule is limited.", strings.Repeat("1,", 500) + "1 8 * * *", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := IsSchedule(tc.schedule); got != tc.want {
				t.Errorf("\n%s\nIsSchedule(%q): want %t, got %t", tc.reason, tc.schedule, tc.want, got)
			}
		})
	}
}

func TestIsZone(t *testing.T) {
	cases := map[string]struct {
		reason string
		zone   string
		want   bool
	}{
		"City":     {"Zones are named after cities.", "Europe/Berlin", true},
		"UTC":      {"UTC is a zone.", "UTC", true},
		"Offset":   {"A zone can have an offset.", "Etc/GMT+5", true},
		"Deep":     {"Some zones have three parts.", "America/Argentina/Buenos_Aires", true},
		"Empty":    {"An empty name is not a zone.", "", false},
		"Local":    {"Local depends on the machine.", "Local", false},
		"Unknown":  {"KEDA rejects an unknown zone.", "Mars/Phobos", false},
		"Path":     {"A zone must not be a path.", "../../etc/passwd", false},
		"Absolute": {"A zone must not be an absolute path.", "/etc/localtime", false},
		"Long":     {"The length of a zone is limited.", strings.Repeat("A", 65), false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := IsZone(tc.zone); got != tc.want {
				t.Errorf("\n%s\nIsZone(%q): want %t, got %t", tc.reason, tc.zone, tc.want, got)
			}
		})
	}
}

func FuzzIsSchedule(f *testing.F) {
	for _, s := range []string{"0 8 * * 1-5", "*/15 0-12/2 5/10 ? jan", "@daily", "60 * * * *", "1-2-3 * * * *"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if IsSchedule(s) && (len(s) > maxLength || len(strings.Fields(s)) != 5) {
			t.Errorf("IsSchedule(%q): want false, got true", s)
		}
	})
}
