// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const (
	root           = "../.."
	namespacedFile = root + "/apis/platformapplication/definition.yaml"
	claimFile      = root + "/apis/claim/definition.yaml"
)

// notChecked is what a user reads after a fault that keeps the API server from
// running the CEL rules.
const notChecked = "<nil>: Invalid value: null: " + errNotChecked

// TestRefused shows, for manifests with one fault, exactly what a user reads.
func TestRefused(t *testing.T) {
	cases := map[string]struct {
		reason string
		name   string // Default: web-application.
		spec   string
		want   []string
	}{
		"NameStartsWithDigit": {
			reason: "A Service cannot have such a name.",
			name:   "2048",
			spec:   `spec: {}`,
			want:   []string{"metadata.name: Invalid value: the name must have lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen: it becomes the name of a Service"},
		},
		"NameHasDot": {
			reason: "A Service cannot have such a name, although other resources can.",
			name:   "web.application",
			spec:   `spec: {}`,
			want:   []string{"metadata.name: Invalid value: the name must have lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen: it becomes the name of a Service"},
		},
		"NameHasUpperCase": {
			reason: "No resource can have such a name.",
			name:   "Web-Application",
			spec:   `spec: {}`,
			want: []string{
				`metadata.name: Invalid value: "Web-Application": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
				"metadata.name: Invalid value: the name must have lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen: it becomes the name of a Service",
			},
		},
		"NameTooLong": {
			reason: "The name is also the value of a label.",
			name:   strings.Repeat("a", 64),
			spec:   `spec: {}`,
			want: []string{
				"metadata.name: Too long: may not be more than 63 bytes",
				notChecked,
			},
		},
		"NoSpec": {
			reason: "Crossplane requires spec, if only an empty one.",
			spec:   ``,
			want: []string{
				"spec: Required value",
				notChecked,
			},
		},
		"SecretAsString": {
			reason: "A list of names is an obvious mistake.",
			spec:   `spec: {secrets: [api-credentials]}`,
			want: []string{
				`spec.secrets[0]: Invalid value: "api-credentials": must be an object for an array of list-type map`,
				`spec.secrets[0]: Invalid value: "string": spec.secrets[0] in body must be of type object: "string"`,
				notChecked,
			},
		},
		"SecretNameUnderscore": {
			reason: "Key Vault allows no underscores.",
			spec:   `spec: {secrets: [{name: api_credentials}]}`,
			want:   []string{`spec.secrets[0].name: Invalid value: "api_credentials": the name of a Key Vault secret has letters, digits and hyphens, nothing else`},
		},
		"SecretNameSlash": {
			reason: "Paths are for other secret stores.",
			spec:   `spec: {secrets: [{name: prod/postgres/credentials}]}`,
			want:   []string{`spec.secrets[0].name: Invalid value: "prod/postgres/credentials": the name of a Key Vault secret has letters, digits and hyphens, nothing else`},
		},
		"SecretNameEmpty": {
			reason: "An empty name is not a name.",
			spec:   `spec: {secrets: [{name: ""}]}`,
			want:   []string{`spec.secrets[0].name: Invalid value: "": spec.secrets[0].name in body should be at least 1 chars long`},
		},
		"SecretNameMissing": {
			reason: "Without a name there is no secret.",
			spec:   `spec: {secrets: [{optional: true}]}`,
			want: []string{
				"spec.secrets[0].name: Required value",
				notChecked,
			},
		},
		"SecretNameTooLong": {
			reason: "Key Vault allows 127 characters.",
			spec:   `spec: {secrets: [{name: ` + strings.Repeat("a", 128) + `}]}`,
			want: []string{
				"spec.secrets[0].name: Too long: may not be more than 127 bytes",
				notChecked,
			},
		},
		"SecretTwice": {
			reason: "The name is the key of the list.",
			spec:   `spec: {secrets: [{name: api-credentials}, {name: api-credentials}]}`,
			want:   []string{`spec.secrets[1]: Duplicate value: {"name":"api-credentials"}`},
		},
		"SecretTwiceInOtherCase": {
			reason: "Key Vault ignores case.",
			spec:   `spec: {secrets: [{name: api-credentials}, {name: API-Credentials}]}`,
			want:   []string{"spec.secrets: Invalid value: no two names may differ only in upper and lower case: Key Vault takes them for the same secret"},
		},
		"TooManySecrets": {
			reason: "There is a limit, and it is told.",
			spec:   specWithSecrets(101, 1),
			want: []string{
				"spec.secrets: Too many: 101: must have at most 100 items",
				notChecked,
			},
		},
		"TooManyKeys": {
			reason: "There is a limit, and it is told.",
			spec:   specWithSecrets(1, 51),
			want: []string{
				"spec.secrets[0].keys: Too many: 51: must have at most 50 items",
				notChecked,
			},
		},
		"KeyTwice": {
			reason: "A structure has each key once.",
			spec:   `spec: {secrets: [{name: a, keys: [USER, USER]}]}`,
			want:   []string{`spec.secrets[0].keys[1]: Duplicate value: "USER"`},
		},
		"KeyBlank": {
			reason: "A key becomes a key of a Kubernetes Secret.",
			spec:   `spec: {secrets: [{name: a, keys: ["API KEY"]}]}`,
			want:   []string{`spec.secrets[0].keys[0]: Invalid value: "API KEY": a key has letters, digits, hyphens, underscores and dots, nothing else`},
		},
		"KeysEmpty": {
			reason: "An empty list would be mistaken for no structure.",
			spec:   `spec: {secrets: [{name: a, keys: []}]}`,
			want:   []string{"spec.secrets[0].keys: Invalid value: 0: spec.secrets[0].keys in body should have at least 1 items"},
		},
		"EnvNameHyphen": {
			reason: "Shells cannot read such a variable.",
			spec:   `spec: {secrets: [{name: a, env: [{name: API-KEY, key: key}]}]}`,
			want:   []string{`spec.secrets[0].env[0].name: Invalid value: "API-KEY": the name of a variable has letters, digits and underscores, and does not begin with a digit`},
		},
		"EnvNameDigit": {
			reason: "Shells cannot read such a variable.",
			spec:   `spec: {secrets: [{name: a, env: [{name: 2FA, key: key}]}]}`,
			want:   []string{`spec.secrets[0].env[0].name: Invalid value: "2FA": the name of a variable has letters, digits and underscores, and does not begin with a digit`},
		},
		"EnvNameTooLong": {
			reason: "There is a limit, and it is told.",
			spec:   `spec: {secrets: [{name: a, env: [{name: ` + strings.Repeat("A", 256) + `}]}]}`,
			want: []string{
				"spec.secrets[0].env[0].name: Too long: may not be more than 255 bytes",
				notChecked,
			},
		},
		"EnvTwice": {
			reason: "A variable has one value.",
			spec:   `spec: {secrets: [{name: a, env: [{name: KEY, key: a}, {name: KEY, key: b}]}]}`,
			want:   []string{`spec.secrets[0].env[1]: Duplicate value: {"name":"KEY"}`},
		},
		"EnvKeyNotInKeys": {
			reason: "The secret will never have that key.",
			spec:   `spec: {secrets: [{name: a, keys: [user], env: [{name: DB_PASSWORD, key: password}]}]}`,
			want:   []string{"spec.secrets[0]: Invalid value: env must use no other keys than those in keys"},
		},
		"EnvWithoutKeyButKeys": {
			reason: "A secret with keys has no value as a whole.",
			spec:   `spec: {secrets: [{name: a, keys: [user], env: [{name: DB_USER}]}]}`,
			want:   []string{"spec.secrets[0]: Invalid value: if the secret has keys, every entry of env needs a key"},
		},
		"EnvKeySlash": {
			reason: "The key could never be in the Kubernetes Secret.",
			spec:   `spec: {secrets: [{name: a, env: [{name: A, key: a/b}]}]}`,
			want:   []string{`spec.secrets[0].env[0].key: Invalid value: "a/b": a key has letters, digits, hyphens, underscores and dots, nothing else`},
		},
		"PrefixWithEnv": {
			reason: "The prefix would have no effect.",
			spec:   `spec: {secrets: [{name: a, prefix: DB_, env: [{name: USER, key: user}]}]}`,
			want:   []string{"spec.secrets[0]: Invalid value: prefix cannot be combined with env, because env lists exact names"},
		},
		"PrefixLowerCase": {
			reason: "Variables are upper case.",
			spec:   `spec: {secrets: [{name: a, prefix: db_}]}`,
			want:   []string{`spec.secrets[0].prefix: Invalid value: "db_": a prefix has upper-case letters, digits and underscores, and does not begin with a digit`},
		},
		"FormatUnknown": {
			reason: "All formats are named.",
			spec:   `spec: {secrets: [{name: a, format: json}]}`,
			want: []string{
				`spec.secrets[0].format: Unsupported value: "json": supported values: "Auto", "JSON", "Text", "Dotenv", "PEM", "PKCS12"`,
				notChecked,
			},
		},
		"VersionIsNotAnID": {
			reason: "Other systems number versions.",
			spec:   `spec: {secrets: [{name: a, version: "3"}]}`,
			want:   []string{`spec.secrets[0].version: Invalid value: "3": a version is the last part of the secret's identifier in Key Vault: 32 characters, each a digit or a letter from a to f`},
		},
		"VersionIsIdentifier": {
			reason: "People copy the whole identifier from the portal.",
			spec:   `spec: {secrets: [{name: a, version: "https://v.vault.azure.net/secrets/a/0123456789abcdef0123456789abcdef"}]}`,
			want:   []string{`spec.secrets[0].version: Invalid value: "https://v.vault.azure.net/secrets/a/0123456789abcdef0123456789abcdef": a version is the last part of the secret's identifier in Key Vault: 32 characters, each a digit or a letter from a to f`},
		},
		"RefreshIntervalUnit": {
			reason: "Go durations know no days.",
			spec:   `spec: {secrets: [{name: a, refreshInterval: 1d}]}`,
			want:   []string{`spec.secrets[0].refreshInterval: Invalid value: "1d": refreshInterval must be a duration in hours, minutes and seconds, such as 24h, 30m or 1h30m`},
		},
		"RefreshIntervalNumber": {
			reason: "A number without unit is ambiguous.",
			spec:   `spec: {secrets: [{name: a, refreshInterval: 60}]}`,
			want: []string{
				`spec.secrets[0].refreshInterval: Invalid value: "integer": spec.secrets[0].refreshInterval in body must be of type string: "integer"`,
				notChecked,
			},
		},
		"RefreshIntervalEmpty": {
			reason: "An empty string is not a duration.",
			spec:   `spec: {secrets: [{name: a, refreshInterval: ""}]}`,
			want:   []string{`spec.secrets[0].refreshInterval: Invalid value: "": refreshInterval must be a duration in hours, minutes and seconds, such as 24h, 30m or 1h30m`},
		},
		"ConfigName": {
			reason: "No pod can have such a variable.",
			spec:   `spec: {config: {"LOG LEVEL": info}}`,
			want:   []string{"spec.config: Invalid value: the name of an environment variable has letters, digits, underscores, dots and hyphens, begins with a letter or underscore, and is at most 255 characters long"},
		},
		"ConfigNameTooLong": {
			reason: "There is a limit, and it is told.",
			spec:   `spec: {config: {` + strings.Repeat("A", 256) + `: info}}`,
			want:   []string{"spec.config: Invalid value: the name of an environment variable has letters, digits, underscores, dots and hyphens, begins with a letter or underscore, and is at most 255 characters long"},
		},
		"ConfigNumber": {
			reason: "YAML takes an unquoted number for a number.",
			spec:   `spec: {config: {PORT: 8080}}`,
			want: []string{
				`spec.config.PORT: Invalid value: "integer": spec.config.PORT in body must be of type string: "integer"`,
				notChecked,
			},
		},
		"ConfigBoolean": {
			reason: "YAML takes an unquoted true for a boolean.",
			spec:   `spec: {config: {DEBUG: true}}`,
			want: []string{
				`spec.config.DEBUG: Invalid value: "boolean": spec.config.DEBUG in body must be of type string: "boolean"`,
				notChecked,
			},
		},
		"ConfigList": {
			reason: "A pod's list of name and value is an obvious mistake.",
			spec:   `spec: {config: [{name: DEBUG, value: "true"}]}`,
			want: []string{
				`unknown field "spec.config[0].name"`,
				`unknown field "spec.config[0].value"`,
				`spec.config: Invalid value: "array": spec.config in body must be of type object: "array"`,
				notChecked,
			},
		},
		"ImageMissing": {
			reason: "A workload needs an image.",
			spec:   `spec: {deployment: {replicas: 1}}`,
			want: []string{
				"spec.deployment.image: Required value",
				notChecked,
			},
		},
		"ImageEmpty": {
			reason: "A workload needs an image.",
			spec:   `spec: {deployment: {image: ""}}`,
			want:   []string{`spec.deployment.image: Invalid value: "": spec.deployment.image in body should be at least 1 chars long`},
		},
		"ImageBlank": {
			reason: "A template went wrong.",
			spec:   `spec: {deployment: {image: "registry.example.com/app: 1.0"}}`,
			want:   []string{`spec.deployment.image: Invalid value: "registry.example.com/app: 1.0": image must not contain blanks`},
		},
		"ReplicasNegative": {
			reason: "Zero is the least.",
			spec:   `spec: {deployment: {image: app, replicas: -1}}`,
			want:   []string{"spec.deployment.replicas: Invalid value: -1: spec.deployment.replicas in body should be greater than or equal to 0"},
		},
		"ReplicasString": {
			reason: "Quotes make a string.",
			spec:   `spec: {deployment: {image: app, replicas: "3"}}`,
			want: []string{
				`spec.deployment.replicas: Invalid value: "string": spec.deployment.replicas in body must be of type integer: "string"`,
				notChecked,
			},
		},
		"PortZero": {
			reason: "There is no port 0.",
			spec:   `spec: {deployment: {image: app, ports: [{port: 0}]}}`,
			want:   []string{"spec.deployment.ports[0].port: Invalid value: 0: spec.deployment.ports[0].port in body should be greater than or equal to 1"},
		},
		"PortTooLarge": {
			reason: "There is no port 65536.",
			spec:   `spec: {deployment: {image: app, ports: [{port: 65536}]}}`,
			want:   []string{"spec.deployment.ports[0].port: Invalid value: 65536: spec.deployment.ports[0].port in body should be less than or equal to 65535"},
		},
		"PortMissing": {
			reason: "A port needs its number.",
			spec:   `spec: {deployment: {image: app, ports: [{name: http}]}}`,
			want: []string{
				"spec.deployment.ports[0].port: Required value",
				notChecked,
			},
		},
		"PortTwice": {
			reason: "A Service cannot have a port twice.",
			spec:   `spec: {deployment: {image: app, ports: [{port: 8080, protocol: http}, {port: 8080, protocol: grpc}]}}`,
			want:   []string{"spec.deployment.ports: Invalid value: no port may be listed twice; every protocol but udp counts as tcp"},
		},
		"PortNameTwice": {
			reason: "A Service cannot have a port name twice.",
			spec:   `spec: {deployment: {image: app, ports: [{name: http, port: 8080}, {name: http, port: 8081}]}}`,
			want:   []string{"spec.deployment.ports: Invalid value: no port name may be used twice"},
		},
		"PortNameUpperCase": {
			reason: "Kubernetes allows no upper case.",
			spec:   `spec: {deployment: {image: app, ports: [{name: HTTP, port: 8080}]}}`,
			want:   []string{`spec.deployment.ports[0].name: Invalid value: "HTTP": a port name has lower-case letters, digits and single hyphens, begins with a letter and does not end with a hyphen`},
		},
		"PortNameTwoHyphens": {
			reason: "Kubernetes allows no two hyphens in a row here.",
			spec:   `spec: {deployment: {image: app, ports: [{name: http--api, port: 8080}]}}`,
			want:   []string{`spec.deployment.ports[0].name: Invalid value: "http--api": a port name has lower-case letters, digits and single hyphens, begins with a letter and does not end with a hyphen`},
		},
		"PortNameTooLong": {
			reason: "Kubernetes allows 15 characters.",
			spec:   `spec: {deployment: {image: app, ports: [{name: metrics-internal, port: 8080}]}}`,
			want: []string{
				"spec.deployment.ports[0].name: Too long: may not be more than 15 bytes",
				notChecked,
			},
		},
		"PortProtocol": {
			reason: "All protocols are named.",
			spec:   `spec: {deployment: {image: app, ports: [{port: 8080, protocol: sctp}]}}`,
			want: []string{
				`spec.deployment.ports[0].protocol: Unsupported value: "sctp": supported values: "tcp", "udp", "http", "https", "http2", "grpc", "TCP", "UDP", "HTTP", "HTTPS", "HTTP2", "GRPC"`,
				notChecked,
			},
		},
		"ProbeWithoutPort": {
			reason: "A probe needs to know whom to ask.",
			spec:   `spec: {deployment: {image: app, readinessProbe: {path: /healthz}}}`,
			want: []string{
				"spec.deployment.readinessProbe.port: Required value",
				notChecked,
			},
		},
		"ProbePathRelative": {
			reason: "A path begins with a slash.",
			spec:   `spec: {deployment: {image: app, readinessProbe: {path: healthz, port: 8080}}}`,
			want:   []string{`spec.deployment.readinessProbe.path: Invalid value: "healthz": path must begin with /`},
		},
		"LivenessSuccessThreshold": {
			reason: "Kubernetes would refuse the Deployment.",
			spec:   `spec: {deployment: {image: app, livenessProbe: {port: 8080, successThreshold: 2}}}`,
			want:   []string{"spec.deployment.livenessProbe.successThreshold: Invalid value: successThreshold must be 1: Kubernetes allows nothing else for a livenessProbe"},
		},
		"StartupSuccessThreshold": {
			reason: "Kubernetes would refuse the Deployment.",
			spec:   `spec: {deployment: {image: app, startupProbe: {port: 8080, successThreshold: 2}}}`,
			want:   []string{"spec.deployment.startupProbe.successThreshold: Invalid value: successThreshold must be 1: Kubernetes allows nothing else for a startupProbe"},
		},
		"ResourceUnknown": {
			reason: "Kubernetes would refuse the Deployment.",
			spec:   `spec: {deployment: {image: app, resources: {limits: {mem: 1Gi}}}}`,
			want:   []string{"spec.deployment.resources.limits: Invalid value: a resource is cpu, memory, ephemeral-storage, hugepages-<size> or an extended one such as nvidia.com/gpu"},
		},
		"QuantityBlank": {
			reason: "Kubernetes knows no such quantity.",
			spec:   `spec: {deployment: {image: app, resources: {limits: {memory: 1 GB}}}}`,
			want:   []string{`spec.deployment.resources.limits[memory]: Invalid value: "1 GB": a quantity is a number with a unit if need be, such as 250m or 1 of cpu and 512Mi or 2Gi of memory`},
		},
		"QuantityHuge": {
			reason: "The API server would compute a power of ten of this size, and not get to an end.",
			spec:   `spec: {deployment: {image: app, resources: {limits: {cpu: "1e-2000000000"}}}}`,
			want:   []string{`spec.deployment.resources.limits[cpu]: Invalid value: "1e-2000000000": a quantity is a number with a unit if need be, such as 250m or 1 of cpu and 512Mi or 2Gi of memory`},
		},
		"QuantityHugeBesideRequest": {
			reason: "Nor to compare it with another.",
			spec:   `spec: {deployment: {image: app, resources: {limits: {cpu: "1e2000000000"}, requests: {cpu: "1"}}}}`,
			want:   []string{`spec.deployment.resources.limits[cpu]: Invalid value: "1e2000000000": a quantity is a number with a unit if need be, such as 250m or 1 of cpu and 512Mi or 2Gi of memory`},
		},
		"QuantityFraction": {
			reason: "YAML takes an unquoted fraction for a number, which the API server does not take for a quantity.",
			spec:   `spec: {deployment: {image: app, resources: {limits: {cpu: 0.5}}}}`,
			want: []string{
				`<nil>: Invalid value: "": "spec.deployment.resources.limits.cpu" must validate at least one schema (anyOf)`,
				`<nil>: Invalid value: "": Checked value must be of type integer (default format) in spec.deployment.resources.limits.cpu`,
				`spec.deployment.resources.limits.cpu: Invalid value: "number": spec.deployment.resources.limits.cpu in body must be of type integer,string: "number"`,
				`spec.deployment.resources.limits.cpu: Invalid value: "number": spec.deployment.resources.limits.cpu in body must be of type integer: "number"`,
				notChecked,
			},
		},
		"QuantityNegative": {
			reason: "Kubernetes would refuse the Deployment.",
			spec:   `spec: {deployment: {image: app, resources: {limits: {memory: -1Gi}}}}`,
			want:   []string{`spec.deployment.resources.limits[memory]: Invalid value: "-1Gi": a quantity is a number with a unit if need be, such as 250m or 1 of cpu and 512Mi or 2Gi of memory`},
		},
		"RequestAboveLimit": {
			reason: "Kubernetes would refuse the Deployment.",
			spec:   `spec: {deployment: {image: app, resources: {requests: {cpu: 1}, limits: {cpu: 500m}}}}`,
			want:   []string{"spec.deployment.resources: Invalid value: a request of cpu or memory must not be greater than its limit"},
		},
		"MinAboveMax": {
			reason: "An autoscaler needs a range.",
			spec:   `spec: {autoscaling: {enabled: true, minReplicas: 5, maxReplicas: 2}}`,
			want:   []string{"spec.autoscaling: Invalid value: minReplicas must not be greater than maxReplicas"},
		},
		"AutoscalingMinZero": {
			reason: "Kubernetes scales to one at least.",
			spec:   `spec: {autoscaling: {enabled: true, minReplicas: 0, maxReplicas: 2}}`,
			want:   []string{"spec.autoscaling.minReplicas: Invalid value: 0: spec.autoscaling.minReplicas in body should be greater than or equal to 1"},
		},
		"VaultNameTooShort": {
			reason: "Azure asks for three characters.",
			spec:   `spec: {keyVault: {name: kv}}`,
			want:   []string{`spec.keyVault.name: Invalid value: "kv": spec.keyVault.name in body should be at least 3 chars long`},
		},
		"VaultNameTooLong": {
			reason: "Azure allows 24 characters.",
			spec:   `spec: {keyVault: {name: web-application-key-vault}}`,
			want: []string{
				"spec.keyVault.name: Too long: may not be more than 24 bytes",
				notChecked,
			},
		},
		"VaultNameDigit": {
			reason: "Azure asks for a letter first.",
			spec:   `spec: {keyVault: {name: 1-web-application}}`,
			want:   []string{`spec.keyVault.name: Invalid value: "1-web-application": the name of a vault has letters, digits and single hyphens, begins with a letter and does not end with a hyphen`},
		},
		"VaultNameTwoHyphens": {
			reason: "Azure allows no two hyphens in a row.",
			spec:   `spec: {keyVault: {name: web--application}}`,
			want:   []string{`spec.keyVault.name: Invalid value: "web--application": the name of a vault has letters, digits and single hyphens, begins with a letter and does not end with a hyphen`},
		},
		"VaultNameHyphenLast": {
			reason: "Azure allows no hyphen last.",
			spec:   `spec: {keyVault: {name: web-application-}}`,
			want:   []string{`spec.keyVault.name: Invalid value: "web-application-": the name of a vault has letters, digits and single hyphens, begins with a letter and does not end with a hyphen`},
		},
		"VaultNameUnderscore": {
			reason: "Azure allows no underscore.",
			spec:   `spec: {keyVault: {name: web_application}}`,
			want:   []string{`spec.keyVault.name: Invalid value: "web_application": the name of a vault has letters, digits and single hyphens, begins with a letter and does not end with a hyphen`},
		},
		"VaultNameIsURL": {
			reason: "The name is not the URL.",
			spec:   `spec: {keyVault: {name: web.vault.azure.net}}`,
			want:   []string{`spec.keyVault.name: Invalid value: "web.vault.azure.net": the name of a vault has letters, digits and single hyphens, begins with a letter and does not end with a hyphen`},
		},
		"SKU": {
			reason: "Azure has two.",
			spec:   `spec: {keyVault: {sku: Standard}}`,
			want: []string{
				`spec.keyVault.sku: Unsupported value: "Standard": supported values: "standard", "premium"`,
				notChecked,
			},
		},
		"DeletionPolicy": {
			reason: "Crossplane's Orphan is called Retain here.",
			spec:   `spec: {keyVault: {deletionPolicy: Orphan}}`,
			want: []string{
				`spec.keyVault.deletionPolicy: Unsupported value: "Orphan": supported values: "Retain", "SoftDelete", "Purge"`,
				notChecked,
			},
		},
		"OfficerByMail": {
			reason: "Azure assigns roles to object ids.",
			spec:   `spec: {keyVault: {officers: [{objectId: jane@example.com}]}}`,
			want:   []string{`spec.keyVault.officers[0].objectId: Invalid value: "jane@example.com": objectId is the object id of a user, group or service principal in Entra ID: a UUID in lower case, not a name or an e-mail address`},
		},
		"OfficerUpperCase": {
			reason: "Names are made from the id, so it has one spelling.",
			spec:   `spec: {keyVault: {officers: [{objectId: 0C7D1B8E-6A3F-4E55-9C2A-3F1D5B7E9A01}]}}`,
			want:   []string{`spec.keyVault.officers[0].objectId: Invalid value: "0C7D1B8E-6A3F-4E55-9C2A-3F1D5B7E9A01": objectId is the object id of a user, group or service principal in Entra ID: a UUID in lower case, not a name or an e-mail address`},
		},
		"OfficerTwice": {
			reason: "The object id is the key of the list.",
			spec: `spec: {keyVault: {officers: [{objectId: 0c7d1b8e-6a3f-4e55-9c2a-3f1d5b7e9a01},
			  {objectId: 0c7d1b8e-6a3f-4e55-9c2a-3f1d5b7e9a01, principalType: User}]}}`,
			want: []string{`spec.keyVault.officers[1]: Duplicate value: {"objectId":"0c7d1b8e-6a3f-4e55-9c2a-3f1d5b7e9a01"}`},
		},
		"OfficerPrincipalType": {
			reason: "Azure has these.",
			spec:   `spec: {keyVault: {officers: [{objectId: 0c7d1b8e-6a3f-4e55-9c2a-3f1d5b7e9a01, principalType: user}]}}`,
			want: []string{
				`spec.keyVault.officers[0].principalType: Unsupported value: "user": supported values: "User", "Group", "ServicePrincipal"`,
				notChecked,
			},
		},
		"HostnameUpperCase": {
			reason: "Kubernetes allows no upper case.",
			spec:   `spec: {networking: {ingress: {enabled: true, hostnames: [Shop.example.com]}}}`,
			want:   []string{`spec.networking.ingress.hostnames[0]: Invalid value: "Shop.example.com": a hostname has lower-case letters, digits, hyphens and dots, for example shop.example.com or *.example.com; no scheme, port or path`},
		},
		"HostnameIsURL": {
			reason: "A hostname is not a URL.",
			spec:   `spec: {networking: {ingress: {enabled: true, hostnames: ["https://shop.example.com"]}}}`,
			want:   []string{`spec.networking.ingress.hostnames[0]: Invalid value: "https://shop.example.com": a hostname has lower-case letters, digits, hyphens and dots, for example shop.example.com or *.example.com; no scheme, port or path`},
		},
		"HostnameTwice": {
			reason: "An Ingress has each hostname once.",
			spec:   `spec: {networking: {ingress: {enabled: true, hostnames: [shop.example.com, shop.example.com]}}}`,
			want:   []string{`spec.networking.ingress.hostnames[1]: Duplicate value: "shop.example.com"`},
		},
		"IngressPathRelative": {
			reason: "A path begins with a slash.",
			spec:   `spec: {networking: {ingress: {enabled: true, path: shop}}}`,
			want:   []string{`spec.networking.ingress.path: Invalid value: "shop": path must begin with / and must not contain blanks`},
		},
		"IngressType": {
			reason: "A type may be the name of an IngressClass.",
			spec:   `spec: {networking: {ingress: {enabled: true, type: Public_Internet}}}`,
			want:   []string{`spec.networking.ingress.type: Invalid value: "Public_Internet": a type has lower-case letters, digits, hyphens and dots, and begins and ends with a letter or digit`},
		},
		"IngressEnabledString": {
			reason: "Quotes make a string.",
			spec:   `spec: {networking: {ingress: {enabled: "yes"}}}`,
			want: []string{
				`spec.networking.ingress.enabled: Invalid value: "string": spec.networking.ingress.enabled in body must be of type boolean: "string"`,
				notChecked,
			},
		},
	}

	v := load(t, LoadXRD, namespacedFile)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.name == "" {
				tc.name = "web-application"
			}
			got := v.Validate(application(t, tc.name, tc.spec))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\nValidate(...): -want, +got:\n%s", tc.reason, diff)
			}
			if len(got) == 0 {
				t.Errorf("\n%s\nValidate(...): accepted", tc.reason)
			}
		})
	}
}

// TestUpdateRefused shows what cannot change once an application exists.
func TestUpdateRefused(t *testing.T) {
	const (
		name  = `spec.keyVault.name: Invalid value: keyVault.name cannot be set, changed or removed after creation: the application would lose the secrets of its present vault`
		purge = `spec.keyVault.deletionPolicy: Invalid value: keyVault.deletionPolicy cannot become Purge after creation: the vault has purge protection, which Azure never turns off`
	)
	cases := map[string]struct {
		reason   string
		old, new string
		want     []string
	}{
		"VaultChanged": {
			reason: "The application would be without its secrets.",
			old:    `spec: {keyVault: {name: shop-kv}}`,
			new:    `spec: {keyVault: {name: other-kv}}`,
			want:   []string{name},
		},
		"VaultAdded": {
			reason: "The application would leave its own vault.",
			old:    `spec: {}`,
			new:    `spec: {keyVault: {name: shop-kv}}`,
			want:   []string{name},
		},
		"VaultAddedToSettings": {
			reason: "The application would leave its own vault.",
			old:    `spec: {keyVault: {sku: standard}}`,
			new:    `spec: {keyVault: {sku: standard, name: shop-kv}}`,
			want:   []string{name},
		},
		"VaultRemoved": {
			reason: "The application would be without its secrets.",
			old:    `spec: {keyVault: {name: shop-kv}}`,
			new:    `spec: {}`,
			want:   []string{name},
		},
		"RetainToPurge": {
			reason: "Purge protection stays on.",
			old:    `spec: {keyVault: {deletionPolicy: Retain}}`,
			new:    `spec: {keyVault: {deletionPolicy: Purge}}`,
			want:   []string{purge},
		},
		"SoftDeleteToPurge": {
			reason: "Purge protection stays on.",
			old:    `spec: {keyVault: {deletionPolicy: SoftDelete}}`,
			new:    `spec: {keyVault: {deletionPolicy: Purge}}`,
			want:   []string{purge},
		},
		"DefaultToPurge": {
			reason: "The default is never Purge.",
			old:    `spec: {}`,
			new:    `spec: {keyVault: {deletionPolicy: Purge}}`,
			want:   []string{purge},
		},
		"PurgeToRetain": {
			reason: "Protection can be turned on at any time.",
			old:    `spec: {keyVault: {deletionPolicy: Purge}}`,
			new:    `spec: {keyVault: {deletionPolicy: Retain}}`,
		},
		"PurgeStays": {
			reason: "Nothing changes.",
			old:    `spec: {keyVault: {name: shop-kv, deletionPolicy: Purge}}`,
			new:    `spec: {keyVault: {name: shop-kv, deletionPolicy: Purge}, config: {A: b}}`,
		},
		"SettingsRemoved": {
			reason: "A vault without name has no settings to lose.",
			old:    `spec: {keyVault: {sku: premium}}`,
			new:    `spec: {}`,
		},
	}

	for _, v := range validators(t) {
		for name, tc := range cases {
			t.Run(v.CRD().Spec.Names.Kind+"/"+name, func(t *testing.T) {
				got := v.ValidateUpdate(as(v, application(t, "web-application", tc.new)), as(v, application(t, "web-application", tc.old)))
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("\n%s\nValidateUpdate(...): -want, +got:\n%s", tc.reason, diff)
				}
			})
		}
	}
}

// TestAccepted has manifests that every definition must accept.
func TestAccepted(t *testing.T) {
	cases := map[string]struct {
		reason string
		spec   string
	}{
		"Empty": {
			reason: "An application may have nothing but a vault.",
			spec:   `spec: {}`,
		},
		"InTheWild": {
			reason: "A manifest that teams already have applies unchanged.",
			spec: `
spec:
  deployment:
    image: registry.example.com/web-application:latest
    replicas: 3
    ports:
    - name: http
      protocol: http
      port: 8080
    - name: grpc
      protocol: grpc
      port: 9090
    resources:
      requests: {cpu: 100m, memory: 128Mi}
      limits: {cpu: 1, memory: 512Mi}
    readinessProbe: {path: /health/readiness, port: 8080}
    livenessProbe: {path: /health/liveness, port: 8080, initialDelaySeconds: 0}
  config: {}
  networking:
    inbound:
    - application: gateway
    outbound: []
    cdn: {enabled: false}
    ingress: {enabled: true, path: /, oidc: {enabled: true, audience: web}}
  resources: {database: {type: postgres}}
  resourceRequirements:
  - name: database
    type: postgres
  managedResources: []
  rollouts: {strategy: canary}
`,
		},
		"Everything": {
			reason: "Every field has a place.",
			spec: `
spec:
  deployment:
    image: registry.example.com/shop@sha256:0000000000000000000000000000000000000000000000000000000000000000
    replicas: 0
    ports: [{port: 53, protocol: udp}, {port: 53, protocol: TCP}]
    command: [/shop]
    args: [--listen, ":8080"]
    resources: {limits: {nvidia.com/gpu: 1, ephemeral-storage: 1Gi, hugepages-2Mi: 4Mi, cpu: "0.5"}}
    readinessProbe: {port: 8080, path: /, scheme: HTTPS, successThreshold: 2, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3}
    livenessProbe: {port: 8080, successThreshold: 1}
    startupProbe: {port: 8080}
    restartOnSecretChange: false
  config: {DATABASE_URL: "postgres://$(POSTGRES_USER)@db", spring.profiles.active: prod, _x-y: ""}
  secrets:
  - {name: postgres-credentials, prefix: DB_, optional: true, refreshInterval: 1h30m, format: JSON}
  - {name: Prod-API-key, env: [{name: api_key}], version: 0123456789abcdef0123456789abcdef}
  - {name: "2", keys: [tls.crt, clientId, A-B_c], env: [{name: CRT, key: tls.crt}]}
  keyVault:
    name: Shop-kv1
    deletionPolicy: Purge
    sku: premium
    officers: [{objectId: 0c7d1b8e-6a3f-4e55-9c2a-3f1d5b7e9a01, principalType: Group}, {objectId: 1c7d1b8e-6a3f-4e55-9c2a-3f1d5b7e9a01}]
  autoscaling: {enabled: true, minReplicas: 2, maxReplicas: 2, targetCPUUtilizationPercentage: 60}
  networking:
    ingress:
      enabled: true
      hostnames: [shop.example.com, "*.shop.example.com", localhost]
      path: /shop
      type: public-internet
      annotations: {example.com/a: b}
`,
		},
		"Unknown": {
			reason: "Nothing is pruned, wherever it is: the function lists it in a condition.",
			spec: `
spec:
  secretss: [{name: api-credentials}]
  deployment:
    image: app
    secrets: [{name: api-credentials}]
    ports: [{port: 8080, prot: http}]
    resources: {claims: [{name: gpu}]}
    readinessProbe: {port: 8080, httpGet: {path: /}}
  secrets: [{name: a, nam: b, env: [{name: A, keys: a}]}]
  keyVault: {region: westeurope, officers: [{objectId: 0c7d1b8e-6a3f-4e55-9c2a-3f1d5b7e9a01, mail: a@example.com}]}
  autoscaling: {metrics: [{type: Resource}]}
  networking: {mesh: true, ingress: {visibility: PublicIP, cdn: {enabled: false}}}
`,
		},
		"Shapes": {
			reason: "A value of a type that is not acted on keeps nobody from applying.",
			spec: `
spec:
  deployment: {image: app, readOnlyRootFilesystem: "yes"}
  autoscaling: {enabled: true, triggers: {type: cron}}
  workloadSelectors: [amd64]
  networking: {inbound: true, outbound: {external: [{host: a.example.com, port: 443, protocol: TCP}]}, ingress: {oidc: "true", hostnames: []}}
  resources: {postgres: [{name: main}]}
  resourceRequirements: [{resourceType: postgres, resourceName: main, provider: azure, scope: shared}]
  config: {ConnectionStrings__DefaultConnection: "Host=$(DB_HOST)", lower_case: a}
`,
		},
		"NullsOfTemplates": {
			reason: "A template leaves keys without a value; the API server drops them.",
			spec: `
spec:
  deployment: {image: app, command: null, resources: {limits: null}}
  config:
  secrets:
  keyVault:
`,
		},
		"AutoscalingOff": {
			reason: "What is turned off need not be complete.",
			spec:   `spec: {deployment: {image: app, replicas: 5}, autoscaling: {enabled: false, maxReplicas: 2}}`,
		},
	}
	for _, v := range validators(t) {
		for name, tc := range cases {
			t.Run(v.CRD().Spec.Names.Kind+"/"+name, func(t *testing.T) {
				if got := v.Validate(as(v, application(t, "web-application", tc.spec))); len(got) > 0 {
					t.Errorf("\n%s\nValidate(...): refused:\n%s", tc.reason, strings.Join(got, "\n"))
				}
			})
		}
	}
}

// TestMostSecrets checks that the limits can be reached within the budget that
// an API server has for rules.
func TestMostSecrets(t *testing.T) {
	t.Parallel()

	v := load(t, LoadXRD, namespacedFile)
	if got := v.Validate(application(t, "web-application", specWithSecrets(100, 50))); len(got) > 0 {
		t.Errorf("Validate(...): refused:\n%s", strings.Join(got, "\n"))
	}
}

// TestCrossplaneFields checks that what Crossplane adds to an object is part of
// the derived definitions.
func TestCrossplaneFields(t *testing.T) {
	status := `
status:
  secretsSynced: 0/1
  secrets: [{name: a, state: Missing, message: No such secret., updatedAt: "2026-01-02T03:04:05Z"}]
  conditions: [{type: Ready, status: "False", reason: Creating, lastTransitionTime: "2026-01-02T03:04:05Z"}]
`
	cases := map[string]struct {
		v    *Validator
		spec string
	}{
		"Namespaced": {
			v:    load(t, LoadXRD, namespacedFile),
			spec: `spec: {crossplane: {compositionRef: {name: a}, resourceRefs: []}}` + status,
		},
		"Legacy": {
			v:    load(t, LoadXRD, claimFile),
			spec: `spec: {claimRef: {name: a, namespace: b}, compositionRef: {name: a}, resourceRefs: [{kind: A}]}` + status,
		},
		"Claim": {
			v:    load(t, LoadClaim, claimFile),
			spec: `spec: {resourceRef: {name: a}, compositionRef: {name: a}, compositeDeletePolicy: Background}` + status,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.v.Validate(as(tc.v, application(t, "web-application", tc.spec))); len(got) > 0 {
				t.Errorf("Validate(...): refused:\n%s", strings.Join(got, "\n"))
			}
		})
	}
}

// TestExamples checks the manifests that people copy, and those that the converter makes.
func TestExamples(t *testing.T) { //nolint:gocognit // Every document of every file, for every definition.
	vs := validators(t)
	for _, file := range exampleFiles(t) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, doc := range strings.Split(string(b), "\n---\n") {
			obj := map[string]any{}
			if err := yaml.UnmarshalStrict([]byte(doc), &obj); err != nil {
				t.Fatalf("%s: cannot parse document %d: %s", file, i, err)
			}
			if obj["kind"] != "PlatformApplication" {
				continue
			}
			// People name it, if nothing that is converted does.
			if obj["metadata"] == nil {
				obj["metadata"] = map[string]any{"name": "named"}
			}
			for _, v := range vs {
				if got := v.Validate(as(v, obj)); len(got) > 0 {
					t.Errorf("%s: %s refused:\n%s", file, v.CRD().Spec.Names.Kind, strings.Join(got, "\n"))
				}
			}
		}
	}
}

// exampleFiles are those that have manifests.
func exampleFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"examples/*/application.yaml", "examples/manifests/*.yaml", "examples/manifests/overlay/*/application.yaml", "examples/migrate/*.yaml", "examples/migrate/*/*.yaml", "cmd/platform-application/internal/convert/testdata/*/out.yaml"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			t.Fatalf("there is no %s", pattern)
		}
		files = append(files, found...)
	}
	return files
}

// validators returns one Validator for each definition a manifest may meet.
func validators(t *testing.T) []*Validator {
	t.Helper()
	return []*Validator{load(t, LoadXRD, namespacedFile), load(t, LoadXRD, claimFile), load(t, LoadClaim, claimFile)}
}

func load(tb testing.TB, from func(string) (*Validator, error), path string) *Validator {
	tb.Helper()
	v, err := from(path)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// application returns a PlatformApplication, given spec and status as YAML.
func application(tb testing.TB, name, rest string) map[string]any {
	tb.Helper()
	obj, err := FromYAML("apiVersion: meta.p6m.dev/v1alpha1\nkind: PlatformApplication\nmetadata:\n  name: " + fmt.Sprintf("%q", name) + "\n  labels: {p6m.dev/app: web}\n" + rest)
	if err != nil {
		tb.Fatal(err)
	}
	return obj
}

// as returns the object as one of the kind and scope that the Validator is for.
func as(v *Validator, obj map[string]any) map[string]any {
	u := (&unstructured.Unstructured{Object: obj}).DeepCopy()
	u.SetKind(v.CRD().Spec.Names.Kind)
	if v.CRD().Spec.Scope == extv1.ClusterScoped {
		u.SetNamespace("")
	}
	return u.Object
}

// specWithSecrets returns a spec with secrets that have keys and variables,
// with names as long as can be.
func specWithSecrets(secrets, keys int) string {
	var b strings.Builder
	b.WriteString("spec:\n  secrets:\n")
	for i := range secrets {
		fmt.Fprintf(&b, "  - name: %s%03d\n    keys:\n", strings.Repeat("s", 124), i)
		for k := range keys {
			fmt.Fprintf(&b, "    - %s%02d\n", strings.Repeat("k", 123), k)
		}
		b.WriteString("    env:\n")
		for k := range min(keys, 50) {
			fmt.Fprintf(&b, "    - {name: %s%02d, key: %s%02d}\n", strings.Repeat("V", 253), k, strings.Repeat("k", 123), k)
		}
	}
	return b.String()
}
