// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

const source = `
package v1

// An App is an application.
type App struct {
	Spec   AppSpec   ` + "`json:\"spec,omitempty\"`" + `
	Status AppStatus ` + "`json:\"status,omitempty\"`" + `
}

// AppSpec is the desired state.
//
// +kubebuilder:validation:XValidation:rule="true"
type AppSpec struct {
	Image string
	Ports []Port ` + "`json:\"ports\"`" + `
	Liveness, Ignored *Probe ` + "`json:\"x\"`" + `
	Live  *Probe ` + "`json:\"live,omitempty\"`" + `
	Ready *Probe ` + "`json:\"ready,omitempty\"`" + `
	Args  []string ` + "`json:\"args\"`" + `
}

// Probe checks a pod.
type Probe struct {
	Port int ` + "`json:\"port\"`" + `
}

type Port struct {
	Number int ` + "`json:\"number\"`" + `
	Name string ` + "`json:\"name\"`" + `
}

type AppStatus struct{}
`

func TestReference(t *testing.T) {
	t.Parallel()

	types := goTypes{}
	if err := types.add("types.go", []byte(source)); err != nil {
		t.Fatalf("add(...): %s", err)
	}

	probe := extv1.JSONSchemaProps{Type: "object", Properties: map[string]extv1.JSONSchemaProps{"port": {Type: "integer"}}}
	live, ready := probe, probe
	live.Description = "Live reports whether a pod lives."
	ready.Description = "Ready reports whether a pod is ready."
	ready.XValidations = extv1.ValidationRules{{Message: "no | bars"}}

	crd := example()
	crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"] = extv1.JSONSchemaProps{
		Type:         "object",
		Required:     []string{"ports"},
		XValidations: extv1.ValidationRules{{Message: "ports must be sorted"}},
		Properties: map[string]extv1.JSONSchemaProps{
			"zone": {Type: "string", Enum: []extv1.JSON{{Raw: []byte(`"a"`)}, {Raw: []byte(`"b"`)}}},
			"args": {
				Description: "Args are the arguments\nof <command>.",
				Type:        "array",
				MaxItems:    new(int64(9)),
				XListType:   new("set"),
				Items: &extv1.JSONSchemaPropsOrArray{Schema: &extv1.JSONSchemaProps{
					Type: "string", MinLength: new(int64(1)), XValidations: extv1.ValidationRules{{Message: "no blanks"}},
				}},
			},
			"labels": {
				Type:                 "object",
				Default:              &extv1.JSON{Raw: []byte(`{}`)},
				AdditionalProperties: &extv1.JSONSchemaPropsOrBool{Schema: &extv1.JSONSchemaProps{Type: "string"}},
			},
			"extra": {XPreserveUnknownFields: new(true)},
			"live":  live,
			"ready": ready,
			"ports": {
				Type:         "array",
				XListMapKeys: []string{"number"},
				Items: &extv1.JSONSchemaPropsOrArray{Schema: &extv1.JSONSchemaProps{
					Type:     "object",
					Required: []string{"number"},
					Properties: map[string]extv1.JSONSchemaProps{
						"name":   {Type: "string", Pattern: "^[a|b]$", MinLength: new(int64(1)), MaxLength: new(int64(1))},
						"number": {Type: "integer", Description: "Number of the port, such as 11 to 90 or 1 to 9.", Minimum: new(1.), Maximum: new(9.)},
					},
				}},
			},
		},
	}

	want := `<!-- Code generated from the Go types in apis by 'make generate'. DO NOT EDIT. -->

# App

` + "`apiVersion: example.com/v1`, `kind: App`, short name `a`" + `

An App is an application.

Hello.

- All is well.

## spec

AppSpec is the desired state.

- ports must be sorted.

| Field | Type | Required | Description |
|---|---|---|---|
| ` + "`ports`" + ` | list of [ports[]](#specports) | yes | No two with the same ` + "`number`" + `. |
| ` + "`live`" + ` | [live](#speclive) |  | Live reports whether a pod lives. |
| ` + "`ready`" + ` | [live](#speclive) |  | Ready reports whether a pod is ready. No \| bars. |
| ` + "`args`" + ` | list of strings |  | Args are the arguments of &lt;command&gt;. At most 9 entries, no duplicates. Each: not empty. No blanks. |
| ` + "`extra`" + ` | anything |  |  |
| ` + "`labels`" + ` | map of strings |  | Default: ` + "`{}`" + `. |
| ` + "`zone`" + ` | string |  | One of ` + "`a`, `b`" + `. |

## spec.ports[]

| Field | Type | Required | Description |
|---|---|---|---|
| ` + "`number`" + ` | integer | yes | Number of the port, such as 11 to 90 or 1 to 9. 1 to 9. |
| ` + "`name`" + ` | string |  | Exactly 1 characters, matches ` + "`^[a\\|b]$`" + `. |

## spec.live

Probe checks a pod.

| Field | Type | Required | Description |
|---|---|---|---|
| ` + "`port`" + ` | integer |  |  |

## status

| Field | Type | Description |
|---|---|---|
| ` + "`ready`" + ` | boolean |  |
`

	if diff := cmp.Diff(want, reference(crd, types, "Hello.")); diff != "" {
		t.Errorf("reference(...): -want, +got:\n%s", diff)
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()

	fields := properties{"env": {}, "keyVault": {}}
	cases := map[string]struct {
		reason  string
		message string
		want    string
	}{
		"Prose":     {reason: "A sentence begins with a capital letter.", message: "the name is too long", want: "The name is too long"},
		"Field":     {reason: "The name of a field is written as in a manifest.", message: "env must not be empty", want: "env must not be empty"},
		"Path":      {reason: "A path begins with the name of a field.", message: "keyVault.name cannot change", want: "keyVault.name cannot change"},
		"OtherWord": {reason: "A word that only begins like a field is prose.", message: "environments differ", want: "Environments differ"},
		"Empty":     {reason: "A rule may have no message."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, sentence(tc.message, nil, fields)); diff != "" {
				t.Errorf("\n%s\nsentence(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestAnchor(t *testing.T) {
	t.Parallel()

	if got, want := anchor("spec.keyVault.officers[]"), "speckeyvaultofficers"; got != want {
		t.Errorf("anchor(...): want %q, got %q", want, got)
	}
}
