// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"sync"
)

// auditPolicy makes the API server log every request for a resource before it handles the request,
// so that the log has every request that a client got a response to.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [ResponseStarted, ResponseComplete, Panic]
rules:
  - level: None
    users: [system:apiserver]
  - level: None
    nonResourceURLs: ["*"]
  - level: Metadata
`

// A Request has the counted fields of a request to the API server, allowed or not.
type Request struct {
	// Verb is get, list, watch, create, update, patch, delete or deletecollection.
	// Server-side apply is patch.
	Verb string

	Group       string
	Resource    string
	Subresource string
	Namespace   string
}

// Requests counts requests.
type Requests map[Request]int

// Requests returns the number of requests of the user since the start of the API server. user is
// the name in the API server: see ServiceAccountUser.
func (s *Server) Requests(user string) (Requests, error) {
	return s.audit.requests(user)
}

// Since returns the requests after an earlier count.
func (r Requests) Since(earlier Requests) Requests {
	return r.filter(func(q Request) int { return r[q] - earlier[q] })
}

// Writes returns the requests that change the stored objects, if they are allowed. It excludes
// Leases, which leader election renews continuously, and questions in the form of objects, such as
// a request for a token.
func (r Requests) Writes() Requests {
	return r.filter(func(q Request) int {
		if q.writes() {
			return r[q]
		}

		return 0
	})
}

func (r Requests) filter(count func(Request) int) Requests {
	out := Requests{}

	for q := range r {
		if n := count(q); n > 0 {
			out[q] = n
		}
	}

	return out
}

func (q Request) writes() bool {
	switch q.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
	default:
		return false
	}

	switch q.Group {
	case "coordination.k8s.io":
		return q.Resource != "leases"
	case "authentication.k8s.io", "authorization.k8s.io":
		return false
	case "":
		return q.Resource != "serviceaccounts" || q.Subresource != "token"
	default:
		return true
	}
}

// An auditLog counts the entries of a log that the API server appends to.
type auditLog struct {
	path string

	mu     sync.Mutex
	read   int64
	counts map[string]Requests
}

// auditEvent has the used fields of an entry.
type auditEvent struct {
	Verb string `json:"verb"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Namespace   string `json:"namespace"`
		APIGroup    string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
}

func (l *auditLog) requests(user string) (Requests, error) {
	l.mu.Lock()
	defer l.mu.Unlock()

	if err := l.catchUp(); err != nil {
		return nil, fmt.Errorf("cannot count requests: %w", err)
	}

	out := Requests{}
	maps.Copy(out, l.counts[user])

	return out, nil
}

// catchUp counts the entries since the last call.
func (l *auditLog) catchUp() error {
	f, err := os.Open(l.path)
	if err != nil {
		return err //nolint:wrapcheck // It names the file and what was attempted.
	}
	defer f.Close() //nolint:errcheck // It was only read.

	entries, err := io.ReadAll(io.NewSectionReader(f, l.read, 1<<62))
	if err != nil {
		return fmt.Errorf("cannot read %q: %w", l.path, err)
	}

	// An incomplete entry is counted next time.
	entries = entries[:bytes.LastIndexByte(entries, '\n')+1]

	for entry := range bytes.Lines(entries) {
		e := auditEvent{}
		if err := json.Unmarshal(entry, &e); err != nil {
			return fmt.Errorf("cannot parse %q: %w", l.path, err)
		}

		l.count(e)
	}

	l.read += int64(len(entries))

	return nil
}

func (l *auditLog) count(e auditEvent) {
	if l.counts == nil {
		l.counts = map[string]Requests{}
	}

	if l.counts[e.User.Username] == nil {
		l.counts[e.User.Username] = Requests{}
	}

	l.counts[e.User.Username][Request{
		Verb:        e.Verb,
		Group:       e.ObjectRef.APIGroup,
		Resource:    e.ObjectRef.Resource,
		Subresource: e.ObjectRef.Subresource,
		Namespace:   e.ObjectRef.Namespace,
	}]++
}
