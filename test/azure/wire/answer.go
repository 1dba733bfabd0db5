// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire sends the answers of services, subject to faults, and counts them.
package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Headers sets the header fields of every answer of Azure, and further ones, as alternating names
// and values.
func Headers(w http.ResponseWriter, r *http.Request, more ...string) {
	h := w.Header()

	for i, fields := 0, append([]string{
		"Cache-Control", "no-cache", "Pragma", "no-cache", "Strict-Transport-Security", "max-age=31536000; includeSubDomains",
		"X-Content-Type-Options", "nosniff", "X-Ms-Request-Id", uuid.NewString(), "X-Ms-Client-Request-Id", r.Header.Get("X-Ms-Client-Request-Id"),
	}, more...); i < len(fields); i += 2 {
		if fields[i+1] != "" {
			h.Set(fields[i], fields[i+1])
		}
	}
}

// RetryAfter returns a header with a time in whole seconds, rounded up, or without one.
func RetryAfter(d time.Duration) http.Header {
	if d <= 0 {
		return http.Header{}
	}

	return http.Header{"Retry-After": []string{strconv.Itoa(int((d + time.Second - 1) / time.Second))}}
}

// An Answer to a request.
type Answer struct {
	// Status of HTTP.
	Status int

	// Header fields of this answer.
	Header http.Header

	// Body, which is JSON unless Header says otherwise.
	Body []byte

	// Error is the code of a refusal, for counting.
	Error string
}

// JSON returns an answer with that body.
func JSON(status int, body any) Answer {
	data, err := json.Marshal(body)
	if err != nil {
		// The bodies have our own types, of strings and numbers.
		return Answer{Status: http.StatusInternalServerError, Error: "CannotEncode"}
	}

	return Answer{Status: status, Body: data}
}

// prepare adds the header fields of the answer.
func (a Answer) prepare(header http.Header) {
	maps.Copy(header, a.Header)

	if len(a.Body) > 0 && header.Get("Content-Type") == "" {
		header["Content-Type"] = []string{"application/json; charset=utf-8"}
	}

	header["Content-Length"] = []string{strconv.Itoa(len(a.Body))}

	if a.Status == http.StatusNoContent {
		delete(header, "Content-Length")
	}
}

// write sends the answer.
func (a Answer) write(w http.ResponseWriter) {
	a.prepare(w.Header())
	w.WriteHeader(a.Status)

	_, _ = w.Write(a.Body)
}

// cut sends half of the answer and ends the connection, with a reset or normally.
func (a Answer) cut(w http.ResponseWriter, reset bool) {
	header := w.Header().Clone()
	a.prepare(header)

	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close() //nolint:errcheck // It is broken off on purpose.

	var head bytes.Buffer

	response := http.Response{
		StatusCode: a.Status, ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)),
	}
	_ = response.Write(&head)

	_, _ = conn.Write(head.Bytes()[:head.Len()-(len(a.Body)+1)/2])

	if reset {
		Reset(conn)
	}
}

// Reset closes a connection with a reset.
func Reset(conn net.Conn) {
	for {
		switch c := conn.(type) {
		case *net.TCPConn:
			_ = c.SetLinger(0)
			_ = c.Close()

			return
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			_ = conn.Close()

			return
		}
	}
}

type networkKey struct{}

// WithNetwork returns the context of a connection from a network.
func WithNetwork(ctx context.Context, network string) context.Context {
	return context.WithValue(ctx, networkKey{}, network)
}

// NetworkOf returns the network that a request comes from: a name, or nothing for the rest of the internet.
func NetworkOf(r *http.Request) string {
	network, _ := r.Context().Value(networkKey{}).(string)

	return network
}
