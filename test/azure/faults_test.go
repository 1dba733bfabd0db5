// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package azure_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/test/azure"
)

func TestFaults(t *testing.T) {
	t.Parallel()

	type want struct {
		// first and second are the statuses that two gets end with, 0 for a broken connection.
		first  int
		second int

		// inError is in the words of the client's error.
		inError string
	}

	cases := map[string]struct {
		reason string
		fault  azure.Fault
		want   want
	}{
		"Throttled": {
			"A status is answered as often as it says.",
			azure.Fault{Operation: azure.OpGet, Effect: azure.EffectStatus, Status: 429, RetryAfter: 7 * time.Second, Count: 1},
			want{429, 200, "Throttled"},
		},
		"Broken": {
			"Or until it is removed.", azure.Fault{Vault: "KV-TEST", Effect: azure.EffectStatus, Status: 503}, want{503, 503, "InternalServerError"},
		},
		"Named": {
			"The code can be chosen.", azure.Fault{Secret: "known", Effect: azure.EffectStatus, Status: 403, Error: "Odd", Count: 2}, want{403, 403, "Odd"},
		},
		"Conflict": {
			"A conflict has the code inside.",
			azure.Fault{Operation: azure.OpGet, Effect: azure.EffectStatus, Status: 409, Error: "ObjectIsBeingRecovered", Count: 1},
			want{409, 200, "ObjectIsBeingRecovered"},
		},
		"OtherVault":     {"Others are not affected.", azure.Fault{Vault: "kv-other", Effect: azure.EffectHang}, want{200, 200, ""}},
		"OtherOperation": {"Nor other operations.", azure.Fault{Operation: azure.OpList, Effect: azure.EffectHang}, want{200, 200, ""}},
		"OtherSecret":    {"Nor other secrets.", azure.Fault{Secret: "unknown", Effect: azure.EffectHang}, want{200, 200, ""}},
		"OtherIdentity":  {"Nor others who ask.", azure.Fault{Identity: readerPrincipal, Effect: azure.EffectHang}, want{200, 200, ""}},
		"Identity": {
			"Who asks can be chosen, by either id.",
			azure.Fault{Identity: officer, Effect: azure.EffectStatus, Status: 500, Count: 1},
			want{500, 200, "InternalServerError"},
		},
		"Garbage": {
			"A body can be anything.", azure.Fault{Operation: azure.OpGet, Effect: azure.EffectGarbage, Text: "<oops>", Count: 1}, want{0, 200, "unmarshalling"},
		},
		"Truncated": {
			"Or end too early.", azure.Fault{Operation: azure.OpGet, Effect: azure.EffectTruncate, Count: 1}, want{0, 200, io.ErrUnexpectedEOF.Error()},
		},
		"Reset": {
			"Or with a reset.", azure.Fault{Operation: azure.OpGet, Effect: azure.EffectReset, Count: 1}, want{0, 200, syscall.ECONNRESET.Error()},
		},
		"Hang": {
			// Were it once only, the transport would ask again by itself on another connection.
			"Or not come at all, within a bound.",
			azure.Fault{Operation: azure.OpGet, Effect: azure.EffectHang, Duration: time.Millisecond},
			want{0, 0, "EOF"},
		},
		"Slow": {
			"Or come later, but come.", azure.Fault{Operation: azure.OpGet, Effect: azure.EffectSlow, Duration: time.Millisecond}, want{200, 200, ""},
		},
		"ExpiredOnce": {
			"A client recovers from a refused token if it is refused once.",
			azure.Fault{Effect: azure.EffectExpireToken, Count: 1},
			want{200, 200, ""},
		},
		"Expired": {
			"But sends the same again.", azure.Fault{Effect: azure.EffectExpireToken, Count: 2}, want{401, 200, "Unauthorized"},
		},
		"Revoked": {
			"A client gets a fresh token when it is asked to.", azure.Fault{Effect: azure.EffectRevokeToken, Count: 1}, want{200, 200, ""},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)

			_, err := w.PutSecret(vault, "known", azure.Secret{Value: "x"})
			must(t, err)

			c := w.client(t, vault, w.officer(t))

			// The first request gets a token.
			_, err = c.GetSecret(t.Context(), "known", "", nil)
			must(t, err)

			_, err = w.AddFault(tc.fault)
			must(t, err)

			_, err = c.GetSecret(t.Context(), "known", "", nil)
			_, again := c.GetSecret(t.Context(), "known", "", nil)

			if diff := cmp.Diff([]int{tc.want.first, tc.want.second}, []int{status(err), status(again)}); diff != "" {
				t.Errorf("\n%s\nGetSecret(...) twice: -want, +got:\n%s\n%v", tc.reason, diff, err)
			}

			if (err == nil) != (tc.want.inError == "") || err != nil && !strings.Contains(err.Error(), tc.want.inError) {
				t.Errorf("\n%s\nGetSecret(...): want an error with %q, got: %v", tc.reason, tc.want.inError, err)
			}
		})
	}
}

// status of the answer that a client got, or 0 without a proper one.
func status(err error) int {
	if err == nil {
		return http.StatusOK
	}

	if r, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return r.StatusCode
	}

	return 0
}

// A token that is refused without claims is sent once more, and then the client gives up: its credential keeps it.
func TestExpiredTokens(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, vault, w.officer(t))
	put(t, c, "a", "1")

	w.ExpireTokens(officerPrincipal)
	w.ResetCounts()

	_, err := c.GetSecret(t.Context(), "a", "", nil)
	if diff := cmp.Diff(refusal{Status: 401, Code: "Unauthorized"}, refused(t, err)); diff != "" {
		t.Errorf("GetSecret(...): -want, +got:\n%s", diff)
	}

	want := azure.Counts{{Key: azure.CountKey{Vault: vault, Operation: azure.OpGet, Status: 401, Error: "invalid_token"}, Count: 2}}
	if diff := cmp.Diff(want, w.Counts()); diff != "" {
		t.Errorf("Counts(): -want, +got:\n%s", diff)
	}

	_, err = w.client(t, vault, w.officer(t)).GetSecret(t.Context(), "a", "", nil)
	must(t, err)
}

func TestInvalidFaults(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	cases := map[string]struct {
		reason string
		fault  azure.Fault
	}{
		"NoEffect":       {"A fault does something.", azure.Fault{}},
		"OddOperation":   {"To something that there is.", azure.Fault{Operation: "read", Effect: azure.EffectHang}},
		"GoodStatus":     {"A status is a bad one.", azure.Fault{Effect: azure.EffectStatus, Status: 200}},
		"UselessStatus":  {"And of use.", azure.Fault{Effect: azure.EffectHang, Status: 500}},
		"SlowByNothing":  {"Slow is how much.", azure.Fault{Effect: azure.EffectSlow}},
		"NegativeCount":  {"Less than none is none.", azure.Fault{Effect: azure.EffectHang, Count: -1}},
		"GarbageConnect": {"There is no body when connecting.", azure.Fault{Operation: azure.OpConnect, Effect: azure.EffectGarbage}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if _, err := w.AddFault(tc.fault); err == nil {
				t.Errorf("\n%s\nAddFault(...): want an error", tc.reason)
			}
		})
	}
}
