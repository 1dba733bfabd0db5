// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package keyvault

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/p6m-dev/platform-application/apis/secrets/v1alpha1"
	"github.com/p6m-dev/platform-application/provider/finding"
)

// A Creator is the identity that creates missing secrets. It is comparable.
type Creator struct {
	Source   v1alpha1.CredentialsSource
	TenantID string
	ClientID string
	// ClientSecret of source ClientSecret.
	ClientSecret string
}

// Format prints the creator without its client secret.
func (c Creator) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s %s/%s", c.Source, c.TenantID, c.ClientID)
}

// MarshalText encodes the creator without its client secret.
func (c Creator) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

// LogValue logs the creator without its client secret.
func (c Creator) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// issuer of the creator's tokens.
func (c Creator) issuer() issuer {
	switch c.Source {
	case v1alpha1.CredentialsSourceManagedIdentity:
		return issuer{service: finding.NodeMetadataService}
	case v1alpha1.CredentialsSourceWorkloadIdentity:
		return issuer{service: finding.EntraID, tenant: cmp.Or(c.TenantID, os.Getenv("AZURE_TENANT_ID"))}
	default:
		return issuer{service: finding.EntraID, tenant: c.TenantID}
	}
}

// credential of the creator.
func (c Creator) credential(options azcore.ClientOptions) (azcore.TokenCredential, error) {
	switch c.Source {
	case v1alpha1.CredentialsSourceWorkloadIdentity:
		credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: toAuthority(options), TenantID: c.TenantID, ClientID: c.ClientID,
		})
		if err != nil {
			return nil, &Error{
				Reason: NoIdentity, Operation: "use the workload identity of the provider",
				Cause: finding.Finding{Reason: finding.WorkloadIdentityUnset},
			}
		}

		return credential, nil
	case v1alpha1.CredentialsSourceManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if c.ClientID != "" {
			o.ID = azidentity.ClientID(c.ClientID)
		}

		credential, err := azidentity.NewManagedIdentityCredential(o)
		if err != nil {
			return nil, &Error{Reason: NoIdentity, Operation: "use the managed identity of the node", Cause: finding.Finding{Reason: finding.ManagedIdentityFailed}}
		}

		return credential, nil
	case v1alpha1.CredentialsSourceClientSecret:
		credential, err := azidentity.NewClientSecretCredential(c.TenantID, c.ClientID, c.ClientSecret, &azidentity.ClientSecretCredentialOptions{ClientOptions: toAuthority(options)})
		if err != nil {
			return nil, &Error{Reason: NoIdentity, Operation: "use the client secret", Cause: finding.Finding{Reason: finding.ClientSecretInvalid}}
		}

		return credential, nil
	default:
		return nil, &Error{Reason: NoIdentity, Operation: "create secrets", Cause: finding.Finding{Reason: finding.CreatorUnset}}
	}
}
