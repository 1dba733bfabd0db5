// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package compose

import (
	stdcmp "cmp"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	inputv1alpha1 "github.com/p6m-dev/platform-application/apis/input/v1alpha1"
)

// TestValidate checks the errors of manifests that the schema has not validated, for example
// when they are rendered locally.
func TestValidate(t *testing.T) {
	const id = "88888888-8888-4888-8888-888888888888"
	type args struct {
		name, spec string
		seen       Observed
	}
	cases := map[string]struct {
		reason string
		args   args
		want   string
	}{
		"Empty": {
			reason: "An empty spec is valid.",
			args:   args{spec: `{}`},
		},
		"NameWithDot": {
			reason: "A Service cannot have such a name.",
			args:   args{name: "shop.api", spec: `{}`},
			want:   `metadata.name: Invalid value: "shop.api": must be at most 63 lower-case letters, digits and hyphens, begin with a letter and end with a letter or digit: it becomes the name of a Service`,
		},
		"NameDefault": {
			reason: "Pods that choose no ServiceAccount must not get an application's identity.",
			args:   args{name: "default", spec: `{}`},
			want:   `metadata.name: Invalid value: "default": must not be default: pods without a serviceAccountName use that ServiceAccount`,
		},
		"ConfigName": {
			reason: "Variables have names that a pod can have; the value is not shown.",
			args:   args{spec: `{"config": {"1LOG LEVEL": "hunter2", "A=B": "hunter2"}}`},
			want:   `[spec.config[1LOG LEVEL]: Invalid value: "1LOG LEVEL": names must be at most 255 letters, digits, underscores, dots and hyphens, and begin with a letter or underscore, spec.config[A=B]: Invalid value: "A=B": names must be at most 255 letters, digits, underscores, dots and hyphens, and begin with a letter or underscore]`,
		},
		"SecretUnderscore": {
			reason: "Key Vault allows no underscore.",
			args:   args{spec: `{"secrets": [{"name": "postgres_credentials"}]}`},
			want:   `spec.secrets[0].name: Invalid value: "postgres_credentials": must be 1 to 127 letters, digits and hyphens: Key Vault allows nothing else`,
		},
		"SecretSlash": {
			reason: "Key Vault allows no slash.",
			args:   args{spec: `{"secrets": [{"name": "a"}, {"name": "prod/db"}]}`},
			want:   `spec.secrets[1].name: Invalid value: "prod/db": must be 1 to 127 letters, digits and hyphens: Key Vault allows nothing else`,
		},
		"SecretEmpty": {
			reason: "A secret has a name.",
			args:   args{spec: `{"secrets": [{"name": ""}]}`},
			want:   `spec.secrets[0].name: Invalid value: "": must be 1 to 127 letters, digits and hyphens: Key Vault allows nothing else`,
		},
		"SecretTwice": {
			reason: "Key Vault ignores case, so names must differ in more than case.",
			args:   args{spec: `{"secrets": [{"name": "api-key"}, {"name": "API-key"}]}`},
			want:   `spec.secrets[1].name: Duplicate value: "API-key"`,
		},
		"Prefix": {
			reason: "A prefix begins a variable's name.",
			args:   args{spec: `{"secrets": [{"name": "a", "prefix": "9-"}]}`},
			want:   `spec.secrets[0].prefix: Invalid value: "9-": must be upper-case letters, digits and underscores, and not begin with a digit`,
		},
		"PrefixWithEnv": {
			reason: "A prefix has no effect on exact names.",
			args:   args{spec: `{"secrets": [{"name": "a", "prefix": "P_", "env": [{"name": "A", "key": "k"}]}]}`},
			want:   `spec.secrets[0].prefix: Forbidden: cannot be combined with env, because env lists exact names`,
		},
		"RefreshInterval": {
			reason: "An interval has a unit.",
			args:   args{spec: `{"secrets": [{"name": "a", "refreshInterval": "30"}]}`},
			want:   `spec.secrets[0].refreshInterval: Invalid value: "30": must be a duration in hours, minutes and seconds, such as 24h, 30m or 1h30m`,
		},
		"EnvName": {
			reason: "A variable has a name that a pod can have.",
			args:   args{spec: `{"secrets": [{"name": "a", "env": [{"name": "A-B", "key": "k"}]}]}`},
			want:   `spec.secrets[0].env[0].name: Invalid value: "A-B": must be letters, digits and underscores, and not begin with a digit`,
		},
		"EnvDigit": {
			reason: "No digit begins a variable's name.",
			args:   args{spec: `{"secrets": [{"name": "a", "env": [{"name": "0A", "key": "k"}, {"name": "9A", "key": "k"}]}]}`},
			want:   `[spec.secrets[0].env[0].name: Invalid value: "0A": must be letters, digits and underscores, and not begin with a digit, spec.secrets[0].env[1].name: Invalid value: "9A": must be letters, digits and underscores, and not begin with a digit]`,
		},
		"EnvTwice": {
			reason: "A variable comes from one key.",
			args:   args{spec: `{"secrets": [{"name": "a", "env": [{"name": "A", "key": "k"}, {"name": "A", "key": "l"}]}]}`},
			want:   `spec.secrets[0].env[1].name: Duplicate value: "A"`,
		},
		"EnvWithoutKey": {
			reason: "A secret with keys has no value as a whole.",
			args:   args{spec: `{"secrets": [{"name": "a", "keys": ["user"], "env": [{"name": "A"}]}]}`},
			want:   `spec.secrets[0].env[0].key: Required value: env must name a key in every entry, because the secret has keys`,
		},
		"EnvContradictsKeys": {
			reason: "A variable comes from a key of the structure.",
			args:   args{spec: `{"secrets": [{"name": "a", "keys": ["user"], "env": [{"name": "A", "key": "username"}]}]}`},
			want:   `spec.secrets[0].env[0].key: Invalid value: "username": env must use only keys that are listed in keys`,
		},
		"KeyName": {
			reason: "A key becomes a key of a Kubernetes Secret.",
			args:   args{spec: `{"secrets": [{"name": "a", "keys": ["user name"]}]}`},
			want:   `spec.secrets[0].keys[0]: Invalid value: "user name": must be 1 to 125 letters, digits, hyphens, underscores and dots`,
		},
		"KeyTwice": {
			reason: "A structure has each key once.",
			args:   args{spec: `{"secrets": [{"name": "a", "keys": ["user", "user"]}]}`},
			want:   `spec.secrets[0].keys[1]: Duplicate value: "user"`,
		},
		"NoImage": {
			reason: "A deployment runs an image.",
			args:   args{spec: `{"deployment": {}}`},
			want:   `spec.deployment.image: Required value: the image to run`,
		},
		"NegativeReplicas": {
			reason: "A number of pods is not negative.",
			args:   args{spec: `{"deployment": {"image": "a", "replicas": -1}}`},
			want:   `spec.deployment.replicas: Invalid value: -1: must not be negative`,
		},
		"PortZero": {
			reason: "Ports begin with 1.",
			args:   args{spec: `{"deployment": {"image": "a", "ports": [{"port": 0, "name": "web"}]}}`},
			want:   `spec.deployment.ports[0].port: Invalid value: 0: must be from 1 to 65535`,
		},
		"PortTooHigh": {
			reason: "Ports end with 65535.",
			args:   args{spec: `{"deployment": {"image": "a", "ports": [{"port": 65536, "name": "web"}]}}`},
			want:   `spec.deployment.ports[0].port: Invalid value: 65536: must be from 1 to 65535`,
		},
		"Devices": {
			reason: "Kubernetes would reject the Deployment.",
			args:   args{spec: `{"deployment": {"image": "a", "resources": {"limits": {"nvidia.com/gpu": "500m", "memory": "1Gi"}, "requests": {"hugepages-2Mi": "4Mi", "memory": "2Gi"}}}}`},
			want:   `[spec.deployment.resources.limits[nvidia.com/gpu]: Invalid value: "500m": must be a whole number, spec.deployment.resources.requests[hugepages-2Mi]: Invalid value: "4Mi": must be equal to the limit, spec.deployment.resources.requests[memory]: Invalid value: "2Gi": must not exceed the limit of 1Gi]`,
		},
		"Resources": {
			reason: "Kubernetes accepts these, among them a resource of a scheduler in its own domain.",
			args:   args{spec: `{"deployment": {"image": "a", "resources": {"limits": {"nvidia.com/gpu": 1, "hugepages-2Mi": "4Mi"}, "requests": {"cpu": "0.5", "kubernetes.io/batch-cpu": "500m"}}}}`},
		},
		"PortTwice": {
			reason: "A port is listed once.",
			args:   args{spec: `{"deployment": {"image": "a", "ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]}}`},
			want:   `spec.deployment.ports[1].port: Duplicate value: "TCP/80"`,
		},
		"PortNameTwice": {
			reason: "A port's name is used once.",
			args:   args{spec: `{"deployment": {"image": "a", "ports": [{"port": 80, "name": "web"}, {"port": 81, "name": "web"}]}}`},
			want:   `spec.deployment.ports[1].name: Duplicate value: "web"`,
		},
		"PortName": {
			reason: "A port's name is short.",
			args:   args{spec: `{"deployment": {"image": "a", "ports": [{"port": 80, "name": "administration-port"}]}}`},
			want:   `spec.deployment.ports[0].name: Invalid value: "administration-port": must be at most 15 lower-case letters, digits and single hyphens, begin with a letter and end with a letter or digit`,
		},
		"ProbePort": {
			reason: "A probe asks a port.",
			args:   args{spec: `{"deployment": {"image": "a", "livenessProbe": {"port": 70000}}}`},
			want:   `spec.deployment.livenessProbe.port: Invalid value: 70000: must be from 1 to 65535`,
		},
		"NoMaxReplicas": {
			reason: "The platform has a default limit.",
			args:   args{spec: `{"autoscaling": {"enabled": true}}`},
		},
		"MinAboveMax": {
			reason: "The least is not more than the most.",
			args:   args{spec: `{"autoscaling": {"enabled": true, "minReplicas": 5, "maxReplicas": 3}}`},
			want:   `spec.autoscaling.minReplicas: Invalid value: 5: must not be greater than maxReplicas`,
		},
		"MaxReplicasZero": {
			reason: "Autoscaling does not scale to 0.",
			args:   args{spec: `{"autoscaling": {"enabled": true, "maxReplicas": 0}}`},
			want:   `spec.autoscaling.maxReplicas: Invalid value: 0: must be at least 1`,
		},
		"TargetZero": {
			reason: "A target of 0 is never reached.",
			args:   args{spec: `{"autoscaling": {"enabled": true, "maxReplicas": 2, "targetCPUUtilizationPercentage": 0}}`},
			want:   `spec.autoscaling.targetCPUUtilizationPercentage: Invalid value: 0: must be at least 1`,
		},
		"DeletionPolicy": {
			reason: "A deletion policy is one of three.",
			args:   args{spec: `{"keyVault": {"deletionPolicy": "Delete"}}`},
			want:   `spec.keyVault.deletionPolicy: Unsupported value: "Delete": supported values: "Retain", "SoftDelete", "Purge"`,
		},
		"OfficerName": {
			reason: "An officer is an object of Entra ID, not an e-mail address.",
			args:   args{spec: `{"keyVault": {"officers": [{"objectId": "ann@example.com"}]}}`},
			want:   `spec.keyVault.officers[0].objectId: Invalid value: "ann@example.com": must be the object id of a user, group or service principal in Entra ID: a UUID in lower case, not a name or an e-mail address`,
		},
		"VaultName": {
			reason: "A vault's name follows Azure's rule.",
			args:   args{spec: `{"keyVault": {"name": "legacy--vault"}}`},
			want:   `[spec.keyVault.name: Invalid value: "legacy--vault": must not contain two hyphens in a row, spec.keyVault.name: Forbidden: vault "legacy--vault" is not assigned to this application; ask your platform team to add it to keyVault.assigned, or remove the name to get a vault of the application's own]`,
		},
		"VaultOfOthers": {
			reason: "An application that named the vault of another would get access.",
			args:   args{spec: `{"keyVault": {"name": "billing-vault"}}`},
			want:   `spec.keyVault.name: Forbidden: vault "billing-vault" is not assigned to this application; ask your platform team to add it to keyVault.assigned, or remove the name to get a vault of the application's own`,
		},
		"VaultAssigned": {
			reason: "An application can name a vault that is assigned to it.",
			args:   args{spec: `{"keyVault": {"name": "legacy-vault"}}`},
		},
		"VaultChanged": {
			reason: "An application cannot change from its own vault to an assigned one.",
			args: args{
				spec: `{"keyVault": {"name": "legacy-vault"}}`,
				seen: Observed{NameKeyVault: observedVault("shop-api-abc", "Observe", "Create")},
			},
			want: `spec.keyVault.name: Forbidden: cannot be changed: the application uses vault "shop-api-abc" and would lose its secrets`,
		},
		"VaultRemoved": {
			reason: "An application cannot stop using an assigned vault.",
			args: args{
				spec: `{"keyVault": {"officers": [{"objectId": "` + id + `"}]}}`,
				seen: Observed{NameKeyVault: observedVault("legacy-vault", "Observe")},
			},
			want: `spec.keyVault.name: Forbidden: cannot be removed: the application uses vault "legacy-vault", which was assigned to it, and would lose its secrets`,
		},
	}
	settings := inputv1alpha1.PlatformConfigSpec{KeyVault: &inputv1alpha1.KeyVaultDefaults{
		Assigned: []inputv1alpha1.AssignedVault{{Name: "Legacy-Vault", Namespace: "shop", Application: "shop-api"}, {Name: "billing-vault", Namespace: "billing", Application: "shop-api"}},
	}}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := Application{Name: stdcmp.Or(tc.args.name, "shop-api"), Namespace: "shop"}
			if err := json.Unmarshal([]byte(tc.args.spec), &a.Spec); err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := validate(a, settings, tc.args.seen); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nvalidate(...): -want error, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func observedVault(name string, policies ...any) Object {
	return Object{
		"metadata": map[string]any{"annotations": map[string]any{annotationExternalName: name}},
		"spec":     map[string]any{"managementPolicies": policies},
	}
}
