// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package place

import "strconv"

// A ProblemCode names a kind of Problem. problemPhrases has the phrase of each.
type ProblemCode string

// Problems of tokens, documents and responses.
const (
	// Failed is an error of a library or of Kubernetes, which Detail has.
	Failed ProblemCode = "Failed"

	NoFile     ProblemCode = "NoFile"
	Unreadable ProblemCode = "Unreadable"
	NotJWT     ProblemCode = "NotJWT"
	NotHTTPS   ProblemCode = "NotHTTPS"
	BadStatus  ProblemCode = "BadStatus"
	NotJSON    ProblemCode = "NotJSON"
	NoKeys     ProblemCode = "NoKeys"
	BadTenant  ProblemCode = "BadTenant"
	NoCode     ProblemCode = "NoCode"
)

// Problems of probes.
const (
	NoPod        ProblemCode = "NoPod"
	PodPhase     ProblemCode = "PodPhase"
	NoFacts      ProblemCode = "NoFacts"
	NoTokenFact  ProblemCode = "NoTokenFact"
	NoAnswerFact ProblemCode = "NoAnswerFact"
)

// A Problem is the reason for a missing fact. The zero value means that there is none.
type Problem struct {
	Code ProblemCode `json:"code"`

	// Address of a document, and Status of a response.
	Address string `json:"address,omitempty"`
	Status  int    `json:"status,omitempty"`

	// Detail is a text of another program.
	Detail string `json:"detail,omitempty"`
}

// failed returns the problem of an error.
func failed(err error) Problem { return Problem{Code: Failed, Detail: clean(err.Error())} }

// known reports whether this version has a phrase for the problem. Another version may have written it.
func (p Problem) known() bool {
	_, ok := problemPhrases()["error"][string(p.Code)]

	return ok || p == Problem{}
}

// cleaned returns the problem with clean texts.
func (p Problem) cleaned() Problem {
	p.Address, p.Detail = clean(p.Address), clean(p.Detail)

	return p
}

// parameters returns with and the parameters of the problem's phrase.
func (p Problem) parameters(with map[string]string) map[string]string {
	return in(with, "error", string(p.Code), "address", p.Address, "status", strconv.Itoa(p.Status), "detail", p.Detail)
}
