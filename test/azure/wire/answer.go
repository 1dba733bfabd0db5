// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire sends the answers of services, subject to latency and faults, and counts them.
package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"

	"github.com/google/uuid"
)

// RequestID returns an id for a request.
func RequestID() string { return uuid.NewString() }

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
		// The bodies are our own types, of strings and numbers.
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

// cut sends half of the answer and ends the connection, with a reset or in the ordinary way.
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

// Reset closes a connection so that the other side sees it reset, not ended.
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
