package keyvault

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure/fault"
)

func TestParseRoute(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		args   string
		want   route
	}{
		"Get":         {"A secret is read.", "GET /secrets/a", route{operation: fault.Get, name: "a"}},
		"GetVersion":  {"Or a version of it.", "GET /secrets/a/1", route{operation: fault.Get, name: "a", version: "1"}},
		"GetRestore":  {"A secret may be called restore.", "GET /secrets/restore", route{operation: fault.Get, name: "restore"}},
		"Restore":     {"Which is something else when posted.", "POST /secrets/restore", route{operation: fault.Restore}},
		"Backup":      {"A backup is posted.", "POST /secrets/a/backup", route{operation: fault.Backup, name: "a"}},
		"GetBackup":   {"And not read.", "GET /secrets/a/backup", route{operation: fault.Unknown, name: "a", allow: "POST"}},
		"SetSlash":    {"A secret is set without a slash.", "PUT /secrets/a/", route{operation: fault.Unknown, name: "a", allow: "GET"}},
		"EmptyName":   {"A secret has a name.", "GET /secrets/", route{operation: fault.Unknown}},
		"Recover":     {"What was deleted comes back.", "POST /deletedsecrets/a/recover", route{operation: fault.Recover, name: "a"}},
		"PostSecrets": {"A list is only read.", "POST /secrets", route{operation: fault.Unknown, allow: "GET"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			method, path, _ := strings.Cut(tc.args, " ")
			if diff := cmp.Diff(tc.want, parseRoute(method, path), cmp.AllowUnexported(route{})); diff != "" {
				t.Errorf("\n%s\nparseRoute(%s): -want, +got:\n%s", tc.reason, tc.args, diff)
			}
		})
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()

	start := time.Unix(0, 0)
	l := limiter{max: 2}

	type take struct {
		Wait time.Duration
		OK   bool
	}

	got := []take{}

	for _, second := range []int{0, 4, 9, 10, 10, 14} {
		wait, ok := l.take(start.Add(time.Duration(second) * time.Second))
		got = append(got, take{wait, ok})
	}

	want := []take{{0, true}, {0, true}, {time.Second, false}, {0, true}, {4 * time.Second, false}, {0, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("take(...) at 0, 4, 9, 10, 10 and 14 s: -want, +got:\n%s", diff)
	}
}

func FuzzParseRoute(f *testing.F) {
	f.Add(http.MethodGet, "/secrets/a/1")
	f.Add(http.MethodPost, "/deletedsecrets//recover")
	f.Add("", "//")

	f.Fuzz(func(t *testing.T, method, path string) {
		r := parseRoute(method, path)
		if _, known := actions[r.operation]; !known && r.operation != fault.Unknown {
			t.Errorf("parseRoute(%q, %q): operation %q needs no right", method, path, r.operation)
		}
	})
}

func FuzzParseSkipToken(f *testing.F) {
	f.Add(formatSkipToken("secret-1"))
	f.Add("")
	f.Add("e30")

	f.Fuzz(func(t *testing.T, token string) {
		after, err := parseSkipToken(token)
		if err == nil && formatSkipToken(after) != token {
			t.Errorf("parseSkipToken(%q): it is not the token for %q", token, after)
		}
	})
}

func FuzzParseQuery(f *testing.F) {
	f.Add("api-version=7.4&maxresults=25&$skiptoken=e30")
	f.Add("%zz")

	f.Fuzz(func(t *testing.T, raw string) {
		q, refused := parseQuery(raw)
		if refused == nil && (q.maxResults < 1 || q.maxResults > maxPage || q.apiVersion == "") {
			t.Errorf("parseQuery(%q): %+v is accepted", raw, q)
		}
	})
}
