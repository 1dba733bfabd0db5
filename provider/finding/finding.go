// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package finding has everything that the provider can find out, as values, and the
// one table of sentences that people read about it.
//
// Code creates, keeps and compares findings. Sentences are made at the edge: for a
// status, a condition, an event or the text of an error. No code reads a sentence, not
// even one in a status that an earlier version has written: facts that must survive a
// restart are in fields of the status, or in the record that an annotation of the Secret
// holds (see plan.Record), and neither has changed with the sentences.
package finding

import (
	"slices"
	"time"
)

// A Finding is one fact. Its Reason says which, and the other fields are the parameters
// of that Reason. Its Subject is known where the sentence is made.
type Finding struct {
	Reason Reason

	// Names of keys or, of a Secret as a whole, of secrets.
	Names []string
	// At is when it happens or has happened, and Every how often or how long.
	At    time.Time
	Every time.Duration
	// Count of something, and its Limit.
	Count, Limit int
	// Version of a secret.
	Version string

	// Namespace and ServiceAccount that an identity uses.
	Namespace, ServiceAccount string
	// Service that answered, with an HTTP status or a code of its own.
	Service Service
	Status  int
	Code    string

	// Detail is the text of a package that has no findings.
	Detail string
	// Cause of the finding.
	Cause *Finding
}

// A Service that gives tokens.
type Service string

// Services.
const (
	EntraID             Service = "Entra ID"
	NodeMetadataService Service = "the metadata service of the node"
)

// Because returns a finding of a reason with a cause.
func Because(r Reason, cause Finding) Finding { return Finding{Reason: r, Cause: &cause} }

// Equal tells whether two findings are the same fact.
func (f Finding) Equal(o Finding) bool {
	if (f.Cause == nil) != (o.Cause == nil) || f.Cause != nil && !f.Cause.Equal(*o.Cause) {
		return false
	}

	return f.Reason == o.Reason && slices.Equal(f.Names, o.Names) &&
		f.At.Equal(o.At) && f.Every == o.Every && f.Count == o.Count && f.Limit == o.Limit && f.Version == o.Version &&
		f.Namespace == o.Namespace && f.ServiceAccount == o.ServiceAccount &&
		f.Service == o.Service && f.Status == o.Status && f.Code == o.Code && f.Detail == o.Detail
}

// A Subject of findings is one secret of a vault, read with an identity for
// a Kubernetes Secret.
type Subject struct {
	Secret string
	// Vault is its URI.
	Vault string
	// Identity is its client ID.
	Identity string
	// Target is the name of the Kubernetes Secret.
	Target string
}
