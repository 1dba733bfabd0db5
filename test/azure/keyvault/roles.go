// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/p6m-dev/platform-application/test/azure/fault"
)

// The built-in roles that matter for secrets, by the ids of their definitions.
const (
	Administrator       = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
	Reader              = "21090545-7ca7-4776-b22c-e363652d74d2"
	SecretsOfficer      = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
	SecretsUser         = "4633458b-17de-408a-b874-0445c86b69e6"
	CertificatesOfficer = "a4417e6f-fecd-4de8-b567-7b0420556985"
)

// roles by name. Names are compared in lower case.
var roles = map[string]string{ //nolint:gochecknoglobals // A constant in all but name.
	"key vault administrator":        Administrator,
	"key vault reader":               Reader,
	"key vault secrets officer":      SecretsOfficer,
	"key vault secrets user":         SecretsUser,
	"key vault certificates officer": CertificatesOfficer,
}

// actions are the data actions that operations on secrets need.
var actions = map[string]string{ //nolint:gochecknoglobals // A constant in all but name.
	fault.Get:          "secrets/getSecret/action",
	fault.List:         "secrets/readMetadata/action",
	fault.ListVersions: "secrets/readMetadata/action",
	fault.Set:          "secrets/setSecret/action",
	fault.Update:       "secrets/update/action",
	fault.Delete:       "secrets/delete",
	fault.Recover:      "secrets/recover/action",
	fault.Purge:        "secrets/purge/action",

	// Reading a deleted secret needs the permission to recover it.
	fault.GetDeleted:  "secrets/recover/action",
	fault.ListDeleted: "secrets/recover/action",

	// Azure has no action for reading alone.
	fault.GetContacts: "certificatecontacts/write",
}

// permitted are the operations that a role allows.
var permitted = map[string][]string{ //nolint:gochecknoglobals // A constant in all but name.
	Administrator: {
		fault.Get, fault.List, fault.ListVersions, fault.Set, fault.Update, fault.Delete, fault.Recover, fault.Purge,
		fault.GetDeleted, fault.ListDeleted, fault.GetContacts,
	},
	SecretsOfficer: {
		fault.Get, fault.List, fault.ListVersions, fault.Set, fault.Update, fault.Delete, fault.Recover, fault.Purge,
		fault.GetDeleted, fault.ListDeleted,
	},
	SecretsUser:         {fault.Get, fault.List, fault.ListVersions},
	Reader:              {fault.List, fault.ListVersions},
	CertificatesOfficer: {fault.GetContacts},
}

// A RoleAssignment gives a principal a role on a vault.
type RoleAssignment struct {
	// ID of the assignment: any name that is unique in the vault.
	ID string `json:"id,omitempty"`

	// PrincipalID is the object id of an identity.
	PrincipalID string `json:"principalId"`

	// Role is the name or the id of a built-in role, or the resource id of its definition.
	Role string `json:"role"`

	// Delay is how long the assignment takes to reach the vault.
	Delay time.Duration `json:"-"`

	// RefuseList stands for a condition on the names of secrets, which makes Azure reject lists.
	RefuseList bool `json:"refuseList,omitempty"`

	// Secrets are the names that such a condition allows. Empty allows all; naming any implies RefuseList.
	Secrets []string `json:"secrets,omitempty"`
}

// roleID returns the id of a role's definition.
func roleID(role string) (string, error) {
	id := strings.ToLower(role[strings.LastIndexByte(role, '/')+1:])

	if _, ok := permitted[id]; ok {
		return id, nil
	}

	if id, ok := roles[strings.ToLower(role)]; ok {
		return id, nil
	}

	return "", fmt.Errorf("there is no role %q that says anything about secrets", role)
}

// Knows tells whether a role, by name, id or resource id of its definition, has data actions on secrets.
func Knows(role string) bool {
	_, err := roleID(role)

	return err == nil
}

// allows tells whether the assignment permits an operation on a secret at a time.
func (a assignment) allows(operation, secret string, now time.Time) bool {
	if now.Before(a.from) || !slices.Contains(permitted[a.role], operation) {
		return false
	}

	// A condition on names rejects lists, which have no name.
	if operation == fault.List || operation == fault.ListDeleted {
		return !a.RefuseList && len(a.Secrets) == 0
	}

	return len(a.Secrets) == 0 || slices.ContainsFunc(a.Secrets, func(name string) bool { return strings.EqualFold(name, secret) })
}
