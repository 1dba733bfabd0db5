// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/p6m-dev/platform-application/package/tools"
)

// Predicates of attestations, as cosign names them.
const (
	bill       = "spdxjson"
	provenance = "slsaprovenance1"
)

// tagged makes cosign store signatures and attestations under tags of the same repository. By default cosign stores bundles, which
// Crossplane 2.4 does not find when an ImageConfig verifies packages.
func tagged() []string { return []string{"--new-bundle-format=false"} }

// A Signer signs with a key, or with the identity of its workflow.
type Signer struct {
	Key string `env:"KEY" help:"File with cosign's private key, for a registry of your own. COSIGN_PASSWORD is its password. Default: the identity of the workflow signs." name:"key"`
}

// args returns the arguments of commands that sign. Without a signing configuration, cosign uses the public services of Sigstore, or
// none with a key.
func (s Signer) args() []string {
	args := []string{"--yes", "--use-signing-config=false"}
	if s.Key != "" {
		args = append(args, "--key="+s.Key, "--tlog-upload=false")
	}

	return args
}

// sign signs an artifact in a registry and all its images.
func (s Signer) sign(ctx context.Context, ref name.Digest) error {
	_, err := cosign(ctx, "sign", s.args(), tagged(), []string{"--recursive", ref.String()})

	return err
}

// attest attests a predicate, and replaces one of the same kind from an earlier run.
func (s Signer) attest(ctx context.Context, kind, predicate string, ref name.Digest) error {
	_, err := cosign(ctx, "attest", s.args(), tagged(), []string{"--replace", "--type=" + kind, "--predicate=" + predicate, ref.String()})

	return err
}

// signFile writes a bundle that verifies a file.
func (s Signer) signFile(ctx context.Context, path, bundle string) error {
	_, err := cosign(ctx, "sign-blob", s.args(), []string{"--bundle=" + bundle, path})

	return err
}

// A Verifier verifies signatures of a key or of a workflow.
type Verifier struct {
	PublicKey string `env:"PUBLIC_KEY"                                      help:"File with the public key, for signatures with a key."     name:"public-key"`
	Identity  string `env:"IDENTITY"                                        help:"Workflow that has signed. Default: the release workflow." name:"identity"`
	Issuer    string `default:"https://token.actions.githubusercontent.com" help:"Issuer of the workflow's identity."                       name:"issuer"`
}

// identity is the identity of the release workflow, without the version.
const identity = "https://github.com/p6m-dev/platform-application/.github/workflows/release.yaml@refs/tags/"

func (v Verifier) args(version string) []string {
	if v.PublicKey != "" {
		// Signatures with a key are not in a public log.
		return []string{"--key=" + v.PublicKey, "--insecure-ignore-tlog"}
	}

	who := v.Identity
	if who == "" {
		who = identity + version
	}

	return []string{"--certificate-identity=" + who, "--certificate-oidc-issuer=" + v.Issuer}
}

// verify verifies the signature of an artifact in a registry.
func (v Verifier) verify(ctx context.Context, version string, ref name.Digest) error {
	_, err := cosign(ctx, "verify", v.args(version), tagged(), []string{ref.String()})

	return err
}

// verifyAttestation verifies that the attestation of an artifact has the predicate of a file.
func (v Verifier) verifyAttestation(ctx context.Context, version, kind, predicate string, ref name.Digest) error {
	out, err := cosign(ctx, "verify-attestation", v.args(version), tagged(), []string{"--type=" + kind, ref.String()})
	if err != nil {
		return err
	}

	data, err := os.ReadFile(predicate) //nolint:gosec // In the directory of a release.
	if err != nil {
		return fmt.Errorf("cannot read predicate: %w", err)
	}

	var want any
	if err := json.Unmarshal(data, &want); err != nil {
		return fmt.Errorf("cannot parse predicate %s: %w", predicate, err)
	}

	attested, err := predicates(out)
	if err != nil {
		return fmt.Errorf("cannot read attestations of %s: %w", ref, err)
	}

	for _, got := range attested {
		if reflect.DeepEqual(got, want) {
			return nil
		}
	}

	return fmt.Errorf("cannot trust %s: its attestation %s differs from %s", ref, kind, predicate)
}

// verifyFile verifies a file with its bundle.
func (v Verifier) verifyFile(ctx context.Context, version, path, bundle string) error {
	_, err := cosign(ctx, "verify-blob", v.args(version), []string{"--bundle=" + bundle, path})

	return err
}

// predicates returns the predicates of verified attestations, which are one envelope per line.
func predicates(envelopes []byte) ([]any, error) {
	var out []any

	for line := range bytes.Lines(envelopes) {
		var envelope struct {
			Payload string `json:"payload"`
		}
		if err := json.Unmarshal(line, &envelope); err != nil {
			return nil, fmt.Errorf("cannot parse envelope: %w", err)
		}

		payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
		if err != nil {
			return nil, fmt.Errorf("cannot decode payload: %w", err)
		}

		var statement struct {
			Predicate any `json:"predicate"`
		}
		if err := json.Unmarshal(payload, &statement); err != nil {
			return nil, fmt.Errorf("cannot parse statement: %w", err)
		}

		out = append(out, statement.Predicate)
	}

	return out, nil
}

// cosign runs a command of the pinned tool, and returns its output.
func cosign(ctx context.Context, command string, args ...[]string) ([]byte, error) {
	path, err := tools.Path(ctx, "cosign")
	if err != nil {
		return nil, err
	}

	cmd := exec.CommandContext(ctx, path, command) //nolint:gosec // A pinned tool.
	for _, a := range args {
		cmd.Args = append(cmd.Args, a...)
	}

	var said bytes.Buffer
	cmd.Stderr = &said

	out, err := cmd.Output()
	if exit := (&exec.ExitError{}); errors.As(err, &exit) {
		return nil, fmt.Errorf("cannot %s %s: cosign: %w\n%s", command, cmd.Args[len(cmd.Args)-1], err, bytes.TrimSpace(said.Bytes()))
	}

	if err != nil {
		return nil, fmt.Errorf("cannot run cosign: %w", err)
	}

	return out, nil
}
