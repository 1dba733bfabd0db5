// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestServeLogs(t *testing.T) {
	t.Parallel()

	long := strings.Repeat("x", 100_000)
	// A run ended without an end of its last line, and another said more.
	before := "one\ntwo"
	now := "three\nfour\n" + long + "\nlast"
	begin := time.Now().Add(-time.Hour).Truncate(time.Second)
	at := func(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }
	stamp := func(minutes int) string { return at(minutes).UTC().Format("2006-01-02T15:04:05.000000000Z") + " " }

	name := filepath.Join(t.TempDir(), "main.log")
	must(t, os.WriteFile(name, []byte(before+now), 0o600))

	first := int64(len(before))
	log := &logFile{name: name, growth: []mark{
		{0, at(0)}, {4, at(1)}, {first, at(2)}, {first + 2, at(3)}, {first + 11, at(4)}, {first + int64(len(now)), at(5)},
	}}

	cases := map[string]struct {
		reason string
		query  string
		status int
		want   string
	}{
		"All":            {reason: "The log of the running container starts after the previous one.", want: now},
		"Previous":       {reason: "And that ended where this begins.", query: "previous=true", want: before},
		"Timestamps":     {reason: "A line has the time when its first byte was written.", query: "timestamps=true", want: stamp(3) + "three\n" + stamp(4) + "four\n" + stamp(5) + long + "\n" + stamp(5) + "last"},
		"PreviousTimes":  {reason: "So has a line that has no end.", query: "previous=true&timestamps=true", want: stamp(1) + "one\n" + stamp(2) + "two"},
		"Tail":           {reason: "The last lines are counted from the end.", query: "tailLines=1", want: "last"},
		"TailLong":       {reason: "However long they are.", query: "tailLines=3", want: "four\n" + long + "\nlast"},
		"TailAll":        {reason: "There are no more than there are.", query: "tailLines=9", want: now},
		"TailNone":       {reason: "None is what one wants who only follows.", query: "tailLines=0"},
		"TailPrevious":   {reason: "The previous container has its own last lines.", query: "previous=true&tailLines=1", want: "two"},
		"TailTimes":      {reason: "The time does not depend on where one begins to read.", query: "tailLines=1&timestamps=true", want: stamp(5) + "last"},
		"SinceTime":      {reason: "Lines from that time on are returned, earlier ones are not.", query: "sinceTime=" + at(4).Format("2006-01-02T15:04:05Z07:00"), want: "four\n" + long + "\nlast"},
		"SinceSeconds":   {reason: "The same, from now.", query: "sinceSeconds=3450", want: now},
		"SinceJustNow":   {reason: "Nothing was written since.", query: "sinceSeconds=1"},
		"SinceTail":      {reason: "Both hold.", query: "tailLines=3&sinceSeconds=3330&timestamps=true", want: stamp(5) + long + "\n" + stamp(5) + "last"},
		"Limit":          {reason: "It ends in the middle of a line.", query: "limitBytes=8", want: "three\nfo"},
		"LimitLine":      {reason: "It ends with a line.", query: "limitBytes=6", want: "three\n"},
		"LimitTimes":     {reason: "Times are bytes, too.", query: "limitBytes=40&timestamps=true", want: (stamp(3) + "three\n" + stamp(4))[:40]},
		"LimitTail":      {reason: "Both hold.", query: "limitBytes=2&tailLines=1", want: "la"},
		"LimitLarge":     {reason: "There is no more.", query: "limitBytes=1000000", want: now},
		"Follow":         {reason: "It ends when the container has.", query: "follow=true&tailLines=1", want: "last"},
		"NotANumber":     {reason: "An invalid option is an error of the client.", query: "tailLines=few", status: http.StatusBadRequest, want: "cannot understand tailLines=\"few\"\n"},
		"NegativeNumber": {reason: "There are none.", query: "limitBytes=-1", status: http.StatusBadRequest, want: "cannot understand limitBytes=\"-1\"\n"},
		"NotATime": {
			reason: "As of a number.", query: "sinceTime=noon", status: http.StatusBadRequest,
			want: "cannot understand sinceTime: parsing time \"noon\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"noon\" as \"2006\"\n",
		},
	}

	s := &logServer{find: func(_, _, _ string, previous bool) (section, error) {
		if previous {
			return section{log: log, to: first}, nil
		}

		return section{log: log, from: first, ended: func() bool { return true }}, nil
	}}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			query := strings.ReplaceAll(tc.query, "+", "%2B") // Of a time zone.
			w := httptest.NewRecorder()
			s.serve(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/containerLogs/ns/pod/main?"+query, nil))

			type answer struct {
				Status int
				Body   string
			}

			want := answer{Status: max(tc.status, http.StatusOK), Body: tc.want}
			if diff := cmp.Diff(want, answer{Status: w.Code, Body: w.Body.String()}); diff != "" {
				t.Errorf("\n%s\nserve(%q): -want, +got:\n%s", tc.reason, tc.query, diff)
			}
		})
	}
}

// stamped lines: the time and the text of each.
func stamped(t *testing.T, log string) (times []time.Time, texts []string) {
	t.Helper()

	for line := range strings.Lines(log) {
		stamp, text, _ := strings.Cut(line, " ")

		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			t.Fatalf("line %q has no time: %v", line, err)
		}

		times, texts = append(times, at), append(texts, text)
	}

	return times, texts
}
