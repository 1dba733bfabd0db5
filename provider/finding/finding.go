// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package finding defines the provider's findings, and the one table of their sentences.
//
// Code creates, keeps and compares findings. Sentences are rendered at the edge: for a status, a
// condition, an event or the cause of an error. No code reads a sentence, including messages in
// existing statuses: facts that must survive a restart are in other fields of the status, or in
// the record in an annotation of the Secret (see plan.Record).
//
// Texts of Go errors, such as the operation that failed, are not in the table. They are for logs
// and the condition Synced of the managed reconciler.
package finding

import (
	"slices"
	"time"
)

// A Finding is one fact: a Reason with its parameters. Its Subject is known where the sentence is
// rendered. No parameter holds a secret value, or any part of one.
type Finding struct {
	Reason Reason

	// Names of keys or, of a Secret as a whole, of secrets.
	Names []string
	// At is the time of an event, and Every an interval or duration.
	At    time.Time
	Every time.Duration
	// Count of bytes or keys, and the Limit.
	Count, Limit int
	// Version of a secret.
	Version string

	// Namespace and ServiceAccount that an identity uses.
	Namespace, ServiceAccount string
	// Service that answered, with an HTTP status or a code of the service.
	Service Service
	Status  int
	Code    string

	// Operation is the failed operation of a net.OpError, such as dial.
	Operation string
	// Object is a Kubernetes object, such as "ProviderConfig default".
	Object string

	// Format and Position of a value.
	Format   string
	Position Position
	// Label of a private key in PEM, and the OtherLabel that is correct.
	Label, OtherLabel string
	// Command that solves the problem.
	Command string

	// Cause of the finding.
	Cause *Finding
}

// A Position in a value: Line and Column from 1, the column in characters. Zero is none.
type Position struct{ Line, Column int }

// A Service that issues tokens.
type Service string

// Services.
const (
	EntraID             Service = "Entra ID"
	NodeMetadataService Service = "the metadata service of the node"
)

// Because returns a finding that has a cause.
func Because(r Reason, cause Finding) Finding { return Finding{Reason: r, Cause: &cause} }

// Equal reports whether two findings are the same fact.
func (f Finding) Equal(o Finding) bool {
	if (f.Cause == nil) != (o.Cause == nil) || f.Cause != nil && !f.Cause.Equal(*o.Cause) {
		return false
	}

	return f.Reason == o.Reason && slices.Equal(f.Names, o.Names) &&
		f.At.Equal(o.At) && f.Every == o.Every && f.Count == o.Count && f.Limit == o.Limit && f.Version == o.Version &&
		f.Namespace == o.Namespace && f.ServiceAccount == o.ServiceAccount &&
		f.Service == o.Service && f.Status == o.Status && f.Code == o.Code && f.Operation == o.Operation && f.Object == o.Object &&
		f.Format == o.Format && f.Position == o.Position && f.Label == o.Label && f.OtherLabel == o.OtherLabel && f.Command == o.Command
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
