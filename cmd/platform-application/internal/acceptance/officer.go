// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package acceptance

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/cmd/platform-application/internal/signin"
	"github.com/p6m-dev/platform-application/fn/settings"
)

// requestTimeout bounds one request to Azure, and signing in.
const requestTimeout = 30 * time.Second

// An Officer has the permission to set values in the application's vault.
type Officer struct {
	// ObjectID in Entra ID, and ClientID if the officer is an application.
	ObjectID, ClientID string

	credential azcore.TokenCredential
	suffix     string
}

// A vaultCloud is an Azure cloud, with the DNS suffix of its vaults.
type vaultCloud struct {
	configuration cloud.Configuration
	suffix        string
}

func cloudOf(name string) vaultCloud {
	switch name {
	case settings.CloudAzureUSGovernment:
		return vaultCloud{cloud.AzureGovernment, "vault.usgovcloudapi.net"}
	case settings.CloudAzureChina:
		return vaultCloud{cloud.AzureChina, "vault.azure.cn"}
	default:
		return vaultCloud{cloud.AzurePublic, "vault.azure.net"}
	}
}

// SignIn uses the environment's credential: an application, a workload identity, or the user of the Azure CLI.
func SignIn(ctx context.Context, cloudName string) (Officer, error) {
	c := cloudOf(cloudName)

	credential, err := signin.Credential(c.configuration, "")
	if err != nil {
		return Officer{}, fmt.Errorf("cannot sign in to Azure: %w", err)
	}

	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()

	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://" + c.suffix + "/.default"}})
	if err != nil {
		return Officer{}, fmt.Errorf("cannot sign in to Azure: %s", shorten(err.Error()))
	}

	o := Officer{credential: credential, suffix: c.suffix}
	o.ObjectID, o.ClientID = who(token.Token)

	return o, nil
}

// CheckOfficers returns an error for settings without officers, because Key Vault would reject all values. It does not check that
// the account is one of them: only Entra ID knows the members of groups.
func CheckOfficers(s inputv1alpha1.PlatformConfigSpec) error {
	if s.KeyVault == nil || len(s.KeyVault.Officers) == 0 {
		return errors.New("cannot start: keyVault.officers of the settings is empty, so nobody can set values; name your account with --officer-object-id, or add it or its group to keyVault.officers")
	}

	return nil
}

// who returns the account of a token, for the report. The signature is not verified.
func who(token string) (objectID, clientID string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 { //nolint:mnd // Header, claims and signature.
		return "", ""
	}

	claims := struct {
		OID   string `json:"oid"`
		AppID string `json:"appid"`
	}{}
	if data, err := base64.RawURLEncoding.DecodeString(parts[1]); err != nil || json.Unmarshal(data, &claims) != nil {
		return "", ""
	}

	return shorten(claims.OID), shorten(claims.AppID)
}

// client returns the client of a vault. The officer's token is sent only to vaults of its cloud.
func (o Officer) client(vault string) (*azsecrets.Client, error) {
	u, err := url.Parse(vault)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || !isVault(u.Hostname(), o.suffix) {
		return nil, permanent{fmt.Errorf("cannot use %q as a vault: it is not a host of %s", shorten(vault), o.suffix)}
	}

	// The caller retries.
	client, err := azsecrets.NewClient("https://"+u.Hostname()+"/", o.credential, &azsecrets.ClientOptions{
		ClientOptions: policy.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot create client for vault %s: %w", vault, err)
	}

	return client, nil
}

func isVault(host, suffix string) bool {
	name, ok := strings.CutSuffix(host, "."+suffix)

	return ok && name != "" && !strings.Contains(name, ".")
}

// set sets a secret, and returns its version.
func (o Officer) set(ctx context.Context, vault, name, value string) (version string, err error) {
	err = o.do(ctx, vault, "set secret "+name, func(ctx context.Context, c *azsecrets.Client) error {
		got, err := c.SetSecret(ctx, name, azsecrets.SetSecretParameters{Value: &value}, nil)
		if err == nil && got.ID != nil {
			version = got.ID.Version()
		}

		return err
	})

	return version, err
}

// enable enables or disables a version of a secret.
func (o Officer) enable(ctx context.Context, vault, name, version string, enabled bool) error {
	return o.do(ctx, vault, "change secret "+name, func(ctx context.Context, c *azsecrets.Client) error {
		_, err := c.UpdateSecretProperties(ctx, name, version, azsecrets.UpdateSecretPropertiesParameters{
			SecretAttributes: &azsecrets.SecretAttributes{Enabled: &enabled},
		}, nil)

		return err
	})
}

// delete deletes a secret.
func (o Officer) delete(ctx context.Context, vault, name string) error {
	return o.do(ctx, vault, "delete secret "+name, func(ctx context.Context, c *azsecrets.Client) error {
		_, err := c.DeleteSecret(ctx, name, nil)
		if isNotFound(err) {
			return nil // It is already deleted: a response was lost.
		}

		return err
	})
}

// recover recovers a deleted secret.
func (o Officer) recover(ctx context.Context, vault, name string) error {
	return o.do(ctx, vault, "recover secret "+name, func(ctx context.Context, c *azsecrets.Client) error {
		_, err := c.RecoverDeletedSecret(ctx, name, nil)
		if isNotFound(err) {
			// It is already recovered because a response was lost, or it is still being deleted.
			if _, found := c.GetSecret(ctx, name, "", nil); found == nil {
				return nil
			}
		}

		return err
	})
}

func isNotFound(err error) bool {
	failure := &azcore.ResponseError{}

	return errors.As(err, &failure) && failure.StatusCode == http.StatusNotFound
}

func (o Officer) do(ctx context.Context, vault, what string, do func(context.Context, *azsecrets.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()

	c, err := o.client(vault)
	if err != nil {
		return err
	}

	return o.explain(what, do(ctx, c))
}

// explain returns a short error. Errors of Key Vault are long.
func (o Officer) explain(what string, err error) error {
	if err == nil {
		return nil
	}

	failure := &azcore.ResponseError{}
	if !errors.As(err, &failure) {
		return fmt.Errorf("cannot %s: %s", what, shorten(err.Error()))
	}

	out := pending{
		code: KeyVaultAnswered, object: what, reason: shorten(failure.ErrorCode),
		state: strconv.Itoa(failure.StatusCode) + " " + http.StatusText(failure.StatusCode),
	}
	if failure.StatusCode == http.StatusForbidden {
		out.code, out.message = OfficerNotAllowed, o.ObjectID
	}

	return out
}
