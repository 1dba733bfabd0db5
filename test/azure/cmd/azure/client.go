package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const clientTimeout = 30 * time.Second

// client talks to the admin API of a stand-in that runs. Commands embed it for its flag.
type client struct {
	Admin string `default:"${admin}" env:"AZURE_STAND_IN_ADMIN" help:"Address of the admin API."`
}

// call sends a request and reads the answer into something, unless that is nil.
func (c client) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()

	var data []byte

	if body != nil {
		var err error

		data, err = json.Marshal(body)
		if err != nil {
			return fmt.Errorf("cannot encode request: %w", err)
		}
	}

	r, err := http.NewRequestWithContext(ctx, method, "http://"+strings.TrimPrefix(c.Admin, "http://")+path, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("cannot make request: %w", err)
	}

	r.Header.Set("Content-Type", "application/json")

	// Whatever proxy is set is not for this: it may even be the stand-in itself.
	direct := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	response, err := direct.Do(r)
	if err != nil {
		return fmt.Errorf("cannot reach the stand-in, is it running? %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // It has been read.

	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("cannot read answer: %w", err)
	}

	if response.StatusCode >= http.StatusBadRequest {
		return refusal(response.Status, answer)
	}

	if into == nil || len(answer) == 0 {
		return nil
	}

	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("cannot understand answer: %w", err)
	}

	return nil
}

func refusal(status string, answer []byte) error {
	var said struct {
		Error string `json:"error"`
	}

	if err := json.Unmarshal(answer, &said); err != nil || said.Error == "" {
		return fmt.Errorf("the stand-in answers %s", status)
	}

	return errors.New(said.Error)
}

// path joins segments, each of which may have any character.
func path(segments ...string) string {
	var b strings.Builder

	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}

	return b.String()
}
