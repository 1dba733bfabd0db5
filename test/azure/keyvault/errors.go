// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/p6m-dev/platform-application/test/azure/entra"
	"github.com/p6m-dev/platform-application/test/azure/fault"
	"github.com/p6m-dev/platform-application/test/azure/wire"
)

// claims is what a client sends to get a fresh token: base64 of {"access_token":{"nbf":{"essential":true}}}.
const claims = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ=="

// An errorBody is an error in Key Vault's format.
type errorBody struct {
	Error struct {
		Code       string            `json:"code"`
		Message    string            `json:"message"`
		InnerError map[string]string `json:"innererror,omitempty"`
	} `json:"error"`
}

// refuse returns an error. An inner code is optional.
func refuse(status int, code, inner, format string, args ...any) wire.Answer {
	var body errorBody

	body.Error.Code, body.Error.Message = code, fmt.Sprintf(format, args...)
	if inner != "" {
		body.Error.InnerError = map[string]string{"code": inner}
	}

	answer := wire.JSON(status, body)
	answer.Error = cmp.Or(inner, code)

	return answer
}

func badParameter(format string, args ...any) wire.Answer {
	return refuse(http.StatusBadRequest, "BadParameter", "", format, args...)
}

func notFound(name string) wire.Answer {
	return refuse(http.StatusNotFound, "SecretNotFound", "", "A secret with (name/id) %s was not found in this key vault. If you recently "+
		"deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see "+
		"https://go.microsoft.com/fwlink/?linkid=2125182", name)
}

func noContacts() wire.Answer {
	return refuse(http.StatusNotFound, "ContactsNotFound", "", "Contacts not found")
}

func conflict(inner, format string, args ...any) wire.Answer {
	return refuse(http.StatusConflict, "Conflict", inner, format, args...)
}

func managedSecret(operation string) wire.Answer {
	return refuse(http.StatusForbidden, "Forbidden", "SecretManagedByKeyVault",
		"Operation %s is not allowed on a secret that is managed by a certificate.", operation)
}

// forbidden is the refusal of an operation without a role assignment.
func (v *vault) forbidden(c entra.Caller, operation, secret string) wire.Answer {
	resource := v.ResourceID
	if secret != "" {
		resource += "/secrets/" + secret
	}

	return refuse(http.StatusForbidden, "Forbidden", "ForbiddenByRbac", "Caller is not authorized to perform action on resource.\r\n"+
		"If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n"+
		"Caller: appid=%s;oid=%s;iss=https://sts.windows.net/%s/\r\nAction: '%s'\r\n"+
		"Resource: '%s'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\n"+
		"Vault: %s;location=%s\r\n", c.ClientID, c.PrincipalID, c.TenantID, dataActions()[operation], resource, v.Name, v.Location)
}

// challenge requests a token. The space after the comma is part of the protocol: the client splits at spaces.
func challenge(tenantID, message, more string) wire.Answer {
	answer := refuse(http.StatusUnauthorized, "Unauthorized", "", "%s", message)
	answer.Header = http.Header{"Www-Authenticate": []string{
		`Bearer authorization="https://` + entra.Host + `/` + tenantID + `", resource="` + entra.VaultResource + `"` + more,
	}}

	return answer
}

const (
	invalidToken       = `, error="invalid_token"`
	insufficientClaims = `, error="insufficient_claims", claims="` + claims + `"`
)

// injected returns the answer of a fault.
func injected(tenantID string, rule fault.Rule) wire.Answer {
	switch rule.Effect {
	case fault.ExpireToken:
		return challenge(tenantID, "[TokenExpired] Error validating token: 'S2S12086'.", invalidToken)
	case fault.RevokeToken:
		return challenge(tenantID, "Continuous access evaluation resulted in a claims challenge.", insufficientClaims)
	default:
	}

	const message = "The request was refused on demand."

	if rule.Error != "" && rule.Status == http.StatusConflict {
		return conflict(rule.Error, message)
	}

	code := "BadParameter"

	switch {
	case rule.Status == http.StatusTooManyRequests:
		code = "Throttled"
	case rule.Status == http.StatusForbidden:
		code = "Forbidden"
	case rule.Status >= http.StatusInternalServerError:
		code = "InternalServerError"
	}

	answer := refuse(rule.Status, cmp.Or(rule.Error, code), "", message)
	answer.Header = wire.RetryAfter(rule.RetryAfter)

	return answer
}
