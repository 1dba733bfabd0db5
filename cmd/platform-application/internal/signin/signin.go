// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

// Package signin signs in to Azure as somebody that was named, and never as the machine that it runs on.
package signin

import (
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// tokenFile is the variable that a pod with a workload identity has.
const tokenFile = "AZURE_FEDERATED_TOKEN_FILE"

// Credential of whoever runs the program: a workload identity and nothing else where there is a token for one, else the application
// that the variables name, or whoever has signed in with the Azure CLI. The default of the SDK goes on to the metadata service: in a
// pod that would be the identity of the node, which may do what nobody has meant to let the program do. The tenant may be empty.
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

	// It says in an error that the variables are not set.
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
