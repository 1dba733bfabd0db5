// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/p6m-dev/platform-application/provider/payload"
	"github.com/p6m-dev/platform-application/test/internal/check"
)

// azCommands are the commands of the Azure CLI on pages and in messages, each with some options of
// its reference. TestShare runs those that share a vault, and test/e2e those of the page about setting
// up a platform, against the stand-in for Azure.
func azCommands() map[string]string {
	return map[string]string{
		"acr import":                               "--name --source --image",
		"account list":                             "--all",
		"account subscription enable":              "--id",
		"ad group show":                            "--group",
		"ad signed-in-user show":                   "",
		"ad sp show":                               "--id",
		"ad user show":                             "--id",
		"account set":                              "",
		"account show":                             "",
		"aks get-credentials":                      "--name --resource-group",
		"aks get-upgrades":                         "--name --resource-group",
		"aks show":                                 "--name --resource-group",
		"aks update":                               "--name --resource-group --enable-oidc-issuer --enable-workload-identity --network-dataplane",
		"aks upgrade":                              "--name --resource-group --kubernetes-version",
		"group create":                             "--name --location",
		"group show":                               "--name",
		"identity create":                          "--name --resource-group",
		"identity federated-credential create":     "--name --identity-name --resource-group --issuer --subject --audiences",
		"identity federated-credential delete":     "--name --identity-name --resource-group --yes",
		"identity federated-credential list":       "--identity-name --resource-group",
		"identity federated-credential update":     "--name --identity-name --resource-group --issuer --subject --audiences",
		"identity list":                            "--resource-group",
		"identity show":                            "--name --resource-group",
		"keyvault certificate backup":              "--vault-name --name --file",
		"keyvault certificate import":              "--vault-name --name --file --password",
		"keyvault certificate list":                "--vault-name",
		"keyvault certificate restore":             "--vault-name --file",
		"keyvault list":                            "--resource-group",
		"keyvault list-deleted":                    "",
		"keyvault network-rule list":               "--name",
		"keyvault purge":                           "--name --location",
		"keyvault recover":                         "--name --location",
		"keyvault secret backup":                   "--vault-name --name --file",
		"keyvault secret download":                 "--vault-name --name --file --encoding --version",
		"keyvault secret list":                     "--vault-name --include-managed",
		"keyvault secret list-deleted":             "--vault-name",
		"keyvault secret list-versions":            "--vault-name --name",
		"keyvault secret recover":                  "--vault-name --name",
		"keyvault secret restore":                  "--vault-name --file",
		"keyvault secret set":                      "--vault-name --name --file --encoding --value --content-type --not-before --expires --tags --disabled",
		"keyvault secret set-attributes":           "--vault-name --name --version --content-type --enabled --not-before --expires --tags",
		"keyvault secret show":                     "--vault-name --name --version",
		"keyvault show":                            "--name --resource-group",
		"keyvault update":                          "--name --resource-group --enable-rbac-authorization",
		"lock delete":                              "--ids",
		"login":                                    "--tenant",
		"monitor activity-log list":                "--resource-group --offset",
		"monitor diagnostic-settings create":       "--name --resource --workspace --logs",
		"monitor metrics list":                     "--resource --metrics --interval --aggregation",
		"network firewall application-rule create": "--firewall-name --resource-group --collection-name --name --priority --action --protocols --source-addresses --target-fqdns",
		"policy exemption create":                  "--name --policy-assignment --policy-definition-reference-ids --exemption-category --scope",
		"provider register":                        "--namespace --wait",
		"resource list":                            "--resource-group",
		"resource tag":                             "--ids --tags --is-incremental",
		"role assignment create":                   "--role --scope --assignee --assignee-object-id --assignee-principal-type --condition --condition-version",
		"role assignment delete":                   "--ids --assignee --role --scope",
		"role assignment list":                     "--scope --assignee --all --include-groups --include-inherited",
		"role definition create":                   "--role-definition",
		"role definition update":                   "--role-definition",
		"vmss run-command invoke":                  "--command-id --scripts --ids",
	}
}

var (
	// azCall is a command and its own arguments.
	azCall = regexp.MustCompile(`(?:^|[\s(])az ([a-z][^|;)\n]*)`)
	option = regexp.MustCompile(`(?:^|\s)(--[a-z-]+)`)
	quotes = regexp.MustCompile(`"(?:\$\([^)]*\)|[^"])*"|'[^']*'`)
)

// azFaults returns the faults of commands in a text: unknown commands, and options that they do not
// have.
func azFaults(text string) []string {
	commands := azCommands()
	text = quotes.ReplaceAllString(strings.ReplaceAll(text, "\\\n", " "), "Q")

	var out []string

	for _, call := range azCall.FindAllStringSubmatch(text, -1) {
		name := ""
		for _, known := range slices.Sorted(maps.Keys(commands)) {
			if strings.HasPrefix(call[1]+" ", known+" ") {
				name = known
			}
		}

		if name == "" {
			out = append(out, "there is no command: az "+call[1])

			continue
		}

		options := strings.Fields(commands[name] + " --output --query --subscription")
		for _, o := range option.FindAllStringSubmatch(call[1], -1) {
			if !slices.Contains(options, o[1]) {
				out = append(out, "az "+name+" has no option "+o[1])
			}
		}
	}

	return out
}

// TestAzure checks the commands of the Azure CLI on pages, in the script that copies secrets and in
// messages.
func TestAzure(t *testing.T) {
	found := 0
	look := func(where, text string) {
		found += len(azCall.FindAllString(text, -1))

		for _, fault := range azFaults(text) {
			t.Errorf("%s: %s", where, fault)
		}
	}

	for page, blocks := range pages(t) {
		for _, b := range blocks {
			if b.Commands() {
				look(page, b.Text)
			}
		}

		for _, s := range spans(check.Read(t, page)) {
			if !strings.Contains(s, "…") { // It is only a part of a command.
				look(page, s)
			}
		}
	}

	for _, text := range literals(t) {
		look("a message", strings.ReplaceAll(mayBe.ReplaceAllString(text, "$1"), "for az keyvault and", ""))
	}

	// If pages have another format, nothing would be checked.
	if found < 130 {
		t.Errorf("want at least 130 commands, got %d", found)
	}
}

// mayBe matches a command that may be part of a sentence. A message then has no options.
var mayBe = regexp.MustCompile(`(az keyvault secret recover)[^-]*`)

// TestAzureFaults checks that TestAzure finds faults.
func TestAzureFaults(t *testing.T) {
	cases := map[string]struct {
		reason string
		text   string
		want   []string
	}{
		"Command": {reason: "The command does not exist.", text: "az keyvault secret get --name x", want: []string{"there is no command: az keyvault secret get --name x"}},
		"Option":  {reason: "The option has another name.", text: "az keyvault secret set --vault x", want: []string{"az keyvault secret set has no option --vault"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, azFaults(tc.text)); diff != "" {
				t.Errorf("\n%s\nazFaults(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// tools are the tools in messages, each with the texts that a message may have: commands that a
// test runs, and words.
func toolsInMessages() map[string][]string {
	return map[string][]string{
		// provider/payload runs these.
		"openssl": {"openssl pkey -in key.pem -out plain.pem", "openssl x509 -in cert.pem -out plain.pem", "openssl pkcs7 -in cert.pem -print_certs -out plain.pem", "openssl has by default", "openssl puts"},
		"sed":     {"sed 's/%s/%s/' key.pem > relabelled.pem"},
		// They are in the report about a migration, which test/migrate follows.
		"jq": {"jq '.data | map_values(@base64d)'"},
	}
}

var toolInMessage = regexp.MustCompile(`\b(openssl|sed|jq) [-'.a-z]`)

// TestToolsInMessages finds commands in messages that no test runs.
func TestToolsInMessages(t *testing.T) {
	found := 0

	for _, text := range literals(t) {
		for _, at := range toolInMessage.FindAllStringSubmatchIndex(text, -1) {
			found++

			rest := text[at[0]:]
			if !slices.ContainsFunc(toolsInMessages()[text[at[2]:at[3]]], func(known string) bool { return strings.HasPrefix(rest, known) }) {
				t.Errorf("no test runs the command in this message: %s", rest)
			}
		}
	}

	if found < 4 {
		t.Errorf("want at least 4 commands in messages, got %d", found)
	}
}

// TestValues runs the commands before a command that needs Azure: the keys of a certificate become the value of a
// secret.
func TestValues(t *testing.T) {
	jq := check.Tool(t, "jq")

	var command string

	for _, b := range pages(t)["docs/how-to/request-a-secret.md"] {
		for _, c := range b.each() {
			if strings.HasPrefix(c, "jq ") {
				command = c
			}
		}
	}

	dir := t.TempDir()
	files := map[string]string{"tls.crt": "a\nb\n", "tls.key": "\"c\"\n", "ca.crt": "d"}

	for name, text := range files {
		check.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}

	cmd := exec.CommandContext(t.Context(), "bash", "-euc", command)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+filepath.Dir(jq)+string(filepath.ListSeparator)+os.Getenv("PATH"))

	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, said)
	}

	text, err := os.ReadFile(filepath.Join(dir, "values.json"))
	check.Must(t, err)

	parsed, err := payload.Parse(payload.Secret{Name: "tls", ContentType: "application/json", Value: string(text)}, payload.Auto)
	check.Must(t, err)

	got := map[string]string{}
	for _, e := range parsed.Entries {
		got[e.Key] = string([]byte(e.Value))
	}

	if diff := cmp.Diff(files, got); diff != "" {
		t.Errorf("%s: -want, +got:\n%s", command, diff)
	}
}
