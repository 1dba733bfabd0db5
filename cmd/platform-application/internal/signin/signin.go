// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package signin signs in to Azure with an explicit identity, and never with that of the node.
package signin

import (
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// tokenFile is a variable of pods with a workload identity.
const tokenFile = "AZURE_FEDERATED_TOKEN_FILE"

// Credential returns only the workload identity if there is a token for one. Otherwise it returns the application in the variables of the
// environment, or the sign-in of the Azure CLI. It does not use the default chain of the SDK, which continues with the metadata service:
// in a pod, that returns the identity of the node, which may have unintended permissions. The tenant may be empty.
func Credential(c cloud.Configuration, tenantID string) (azcore.TokenCredential, error) {
	options := policy.ClientOptions{Cloud: c}

	if os.Getenv(tokenFile) != "" {
		out, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: options, TenantID: tenantID})
		if err != nil {
			return nil, fmt.Errorf("cannot sign in with the workload identity of this pod: %w", err)
		}

		return out, nil
	}

	var sources []azcore.TokenCredential

	// An error means that the variables are not set.
	if out, err := azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{ClientOptions: options}); err == nil {
		sources = append(sources, out)
	}

	cli, err := azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: tenantID})
	if err != nil {
		return nil, fmt.Errorf("cannot sign in with the Azure CLI: %w", err)
	}

	out, err := azidentity.NewChainedTokenCredential(append(sources, cli), nil)
	if err != nil {
		return nil, fmt.Errorf("cannot sign in to Azure: %w", err)
	}

	return out, nil
}
