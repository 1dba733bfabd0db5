// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

//nolint:bodyclose // Bodies of answers are strings.
package keyvault

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/p6m-dev/platform-application/provider/finding"
)

func TestMeanings(t *testing.T) {
	type want struct {
		Meaning Meaning
		Reason  Reason
		Lasting bool
	}

	cases := map[string]struct {
		reason string
		codes  []int
		want   want
	}{
		"IssuerUnreachable": {reason: "An unreachable issuer is not a fault of the identity.", codes: []int{50166, 501661, 90061}, want: want{IssuerUnreachable, Unreachable, false}},
		"IssuerUnreadable":  {reason: "An issuer with unreadable keys is not a fault of the identity.", codes: []int{900612}, want: want{IssuerUnreadable, Unreachable, false}},
		"Propagation":       {reason: "A new credential needs time to propagate.", codes: []int{70025}, want: want{NoCredentialYet, NoIdentity, false}},
		"NoMatch":           {reason: "A federated credential that does not match may not have propagated yet.", codes: []int{70021}, want: want{NoMatch, NoIdentity, false}},
		"Issuer":            {reason: "Another issuer than the credential's has its own meaning.", codes: []int{700211}, want: want{OtherIssuer, NoIdentity, false}},
		"Audience":          {reason: "Another audience than the credential's has its own meaning.", codes: []int{700212}, want: want{OtherAudience, NoIdentity, false}},
		"Subject":           {reason: "Another subject than the credential's has its own meaning.", codes: []int{700213}, want: want{OtherSubject, NoIdentity, false}},
		"Case":              {reason: "A subject that differs in case does not change with time.", codes: []int{7002137, 7002138}, want: want{OtherCase, NoIdentity, true}},
		"Off":               {reason: "A tenant without federation stays so until it is configured.", codes: []int{700223, 700238}, want: want{FederationOff, NoIdentity, true}},
		"Policy":            {reason: "A policy of the tenant lasts until it is changed.", codes: []int{7002381}, want: want{IssuerRefused, NoIdentity, true}},
		"Zero":              {reason: "A placeholder as client ID lasts until it is corrected.", codes: []int{700038}, want: want{ZeroClient, NoIdentity, true}},
		"Client":            {reason: "A new identity needs time to propagate.", codes: []int{700016}, want: want{NoClient, NoIdentity, false}},
		"Keys":              {reason: "Entra ID caches the keys of an issuer for a while.", codes: []int{700027, 7000272}, want: want{Unverified, NoIdentity, false}},
		"Unknown":           {reason: "An unknown code is passed on.", codes: []int{7002139, 70021300, 5016, 7, 501669}, want: want{"", NoIdentity, false}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, code := range tc.codes {
				e := entraRefusal(400, strconv.Itoa(code))

				if diff := cmp.Diff(tc.want, want{e.Meaning, e.Reason, e.Lasting()}); diff != "" {
					t.Errorf("\n%s\nclassify(AADSTS%d): -want, +got:\n%s", tc.reason, code, diff)
				}

				if !strings.HasSuffix(e.Cause.String(), fmt.Sprintf(" (AADSTS%d)", code)) || e.Code != fmt.Sprintf("AADSTS%d", code) {
					t.Errorf("\nThe number can be looked up.\nclassify(AADSTS%d): %q, code %s", code, e.Cause, e.Code)
				}
			}
		})
	}
}

func entraRefusal(status int, codes string) *Error {
	return issuer{service: finding.EntraID}.classify(&azidentity.AuthenticationFailedError{RawResponse: answerOf(status, nil, entraError(codes))}, "x")
}

// Each code has one meaning, and each meaning is in the table once, with a text.
func TestRefusals(t *testing.T) {
	codes, meanings := map[int]bool{}, map[Meaning]bool{}

	for _, r := range refusals {
		if meanings[r.meaning] || r.meaning == "" || r.cause == "" || len(r.codes) == 0 || r.reason == "" {
			t.Errorf("refusals: %+v is there twice, or is not whole", r)
		}

		meanings[r.meaning] = true

		for _, c := range r.codes {
			if codes[c] {
				t.Errorf("refusals: %d has two meanings", c)
			}

			codes[c] = true
		}
	}
}

// The runbook lists every known code.
func TestRefusalsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations/runbook.md")
	if err != nil {
		t.Fatal(err)
	}

	for _, r := range refusals {
		for _, c := range r.codes {
			if !strings.Contains(string(page), fmt.Sprintf("`AADSTS%d`", c)) {
				t.Errorf("docs/operations/runbook.md: there is nothing about AADSTS%d", c)
			}
		}
	}
}

// A code is compared as a number, not by its first digits.
func TestRefusalProperties(t *testing.T) {
	var known []int
	for _, r := range refusals {
		known = append(known, r.codes...)
	}

	rapid.Check(t, func(t *rapid.T) {
		code := rapid.OneOf(rapid.IntRange(1, 99999999), rapid.Custom(func(t *rapid.T) int {
			return rapid.SampledFrom(known).Draw(t, "known")*10 + rapid.IntRange(0, 9).Draw(t, "digit")
		}), rapid.SampledFrom(known)).Draw(t, "code")

		want := Meaning("")

		for _, r := range refusals {
			if slices.Contains(r.codes, code) {
				want = r.meaning
			}
		}

		if e := entraRefusal(rapid.SampledFrom([]int{400, 401}).Draw(t, "status"), strconv.Itoa(code)); e.Meaning != want || e.Code != "AADSTS"+strconv.Itoa(code) {
			t.Fatalf("classify(AADSTS%d): meaning %q and code %s, want %q", code, e.Meaning, e.Code, want)
		}
	})
}
