// SPDX-FileCopyrightText: 2026 The PlatformApplication Authors
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"

	"github.com/p6m-dev/platform-application/apis/input/v1alpha1"
	"github.com/p6m-dev/platform-application/fn/azurename"
)

const complete = `"tenantId": "11111111-1111-4111-8111-111111111111", "subscriptionId": "22222222-2222-4222-8222-222222222222", "resourceGroupName": "rg", "location": "westeurope", "oidcIssuerUrl": "https://issuer.example.com/"`

func TestResolve(t *testing.T) {
	type args struct{ input, overlay string }
	type want struct {
		settings func(s v1alpha1.PlatformConfigSpec) any
		value    any
		err      string
	}
	cases := map[string]struct {
		reason string
		args   args
		want   want
	}{
		"Defaults": {
			reason: "Missing settings have defaults.",
			args:   args{input: `{` + complete + `}`},
			want: want{
				settings: func(s v1alpha1.PlatformConfigSpec) any {
					return []any{s.Cloud, *s.AzureProviderConfigRef, s.KeyVault.SKU, s.KeyVault.DeletionPolicy, *s.KeyVault.SoftDeleteRetentionDays, *s.Secrets.CreateMissing, s.Secrets.EnvironmentPrefixes}
				},
				value: []any{"AzurePublic", v1alpha1.ProviderConfigReference{Kind: "ClusterProviderConfig", Name: "default"}, "standard", "Retain", int32(90), true, []string{"common-", "dev-", "stg-", "prd-", "prod-"}},
			},
		},
		"ValuesReplace": {
			reason: "A value of the overlay replaces that of the input.",
			args:   args{input: `{` + complete + `}`, overlay: `{"location": "northeurope"}`},
			want:   want{settings: func(s v1alpha1.PlatformConfigSpec) any { return s.Location }, value: "northeurope"},
		},
		"ObjectsMerge": {
			reason: "Objects are merged, at every depth.",
			args:   args{input: `{` + complete + `, "tags": {"a": "1", "b": "1"}, "keyVault": {"sku": "premium"}}`, overlay: `{"tags": {"b": "2", "c": "2"}, "keyVault": {"deletionPolicy": "SoftDelete"}}`},
			want: want{
				settings: func(s v1alpha1.PlatformConfigSpec) any {
					return []any{s.Tags, s.KeyVault.SKU, s.KeyVault.DeletionPolicy}
				},
				value: []any{map[string]string{"a": "1", "b": "2", "c": "2"}, "premium", "SoftDelete"},
			},
		},
		"ListsReplace": {
			reason: "Lists are replaced, because merging could only add officers.",
			args: args{
				input:   `{` + complete + `, "keyVault": {"officers": [{"objectId": "33333333-3333-4333-8333-333333333333", "principalType": "Group"}]}}`,
				overlay: `{"keyVault": {"officers": [{"objectId": "44444444-4444-4444-8444-444444444444"}]}}`,
			},
			want: want{
				settings: func(s v1alpha1.PlatformConfigSpec) any { return s.KeyVault.Officers },
				value:    []v1alpha1.Officer{{ObjectID: "44444444-4444-4444-8444-444444444444"}},
			},
		},
		"AllMissing": {
			reason: "All missing settings are reported together.",
			args:   args{input: `{}`},
			want:   want{err: "cannot use platform settings: missing tenantId, subscriptionId, resourceGroupName, location, oidcIssuerUrl"},
		},
		"Placeholders": {
			reason: "A placeholder is reported, even if it would be a valid value.",
			args: args{input: `{"tenantId": "REPLACE_ME", "subscriptionId": "22222222-2222-4222-8222-222222222222", "resourceGroupName": "REPLACE_ME",
				"location": "REPLACE_ME", "oidcIssuerUrl": "https://REPLACE_ME/", "secretCreatorPrincipalId": "REPLACE_ME"}`},
			want: want{err: "cannot use platform settings: replace REPLACE_ME with your own value: tenantId, resourceGroupName, location, oidcIssuerUrl, secretCreatorPrincipalId"},
		},
		"AllWrong": {
			reason: "All invalid settings are reported together, with their paths.",
			args: args{input: `{"tenantId": "contoso", "subscriptionId": "prod", "resourceGroupName": "rg", "location": "westeurope", "oidcIssuerUrl": "http://issuer",
				"cloud": "Moon", "secretCreatorPrincipalId": "me", "azureProviderConfigRef": {"kind": "Config"},
				"keyVault": {"sku": "gold", "deletionPolicy": "Purge", "softDeleteRetentionDays": 5, "officers": [{"objectId": "ann", "principalType": "Person"}], "allow": {"officers": "Everybody", "officerIds": ["bob"]}, "assigned": [{"name": "v"}, {"name": "legacy", "namespace": "shop", "application": "api"}, {"name": "Legacy", "namespace": "billing", "application": "api"}]},
				"tags": {"a/b": "c"}, "workload": {"replicas": -1, "labels": {"Bad Key!": "x"}, "imagePullSecrets": [""]},
				"secrets": {"environmentPrefixes": [""], "withheldVariables": ["APP_*", "*_URI", "*", "A B", "APP_*"], "allowedVariables": ["http_proxy", "LD_*"], "structures": [{"keys": ["a"]}], "pollInterval": "often"},
				"ingress": {"domain": "-", "allowedDomains": ["-", "A"], "defaultType": "internal", "types": [{"name": "Public", "annotations": {"argocd.argoproj.io/tracking-id": "x"}}]}}`},
			want: want{err: `cannot use platform settings: tenantId: Invalid value: "contoso": must be a UUID
subscriptionId: Invalid value: "prod": must be a UUID
secretCreatorPrincipalId: Invalid value: "me": must be a UUID
oidcIssuerUrl: Invalid value: "http://issuer": must be an https URL
cloud: Unsupported value: "Moon": supported values: "AzurePublic", "AzureUSGovernment", "AzureChina"
azureProviderConfigRef.kind: Unsupported value: "Config": supported values: "ProviderConfig", "ClusterProviderConfig"
azureProviderConfigRef.name: Required value
tags[a/b]: Invalid value: "a/b": must have a name of at most 512 characters without < > % & \ ? /, and a value of at most 256
keyVault.sku: Unsupported value: "gold": supported values: "standard", "premium"
keyVault.deletionPolicy: Unsupported value: "Purge": supported values: "Retain", "SoftDelete"
keyVault.softDeleteRetentionDays: Invalid value: 5: must be from 7 to 90
keyVault.officers[0].objectId: Invalid value: "ann": must be a UUID
keyVault.officers[0].principalType: Unsupported value: "Person": supported values: "User", "Group", "ServicePrincipal"
keyVault.allow.officers: Unsupported value: "Everybody": supported values: "None", "Listed", "Groups", "Any"
keyVault.allow.officerIds[0]: Invalid value: "bob": must be a UUID
keyVault.allow.officerIds: Forbidden: is used only if officers is Listed or Groups
keyVault.assigned[0]: Required value: name, namespace and application are required
keyVault.assigned[2]: Forbidden: vault Legacy is already assigned to shop/api
secrets.environmentPrefixes[0]: Required value
secrets.structures[0].name: Required value
secrets.withheldVariables[2]: Invalid value: "*": must be the name of a variable, optionally with an asterisk at one end
secrets.withheldVariables[3]: Invalid value: "A B": must be the name of a variable, optionally with an asterisk at one end
secrets.withheldVariables[4]: Duplicate value: "APP_*"
secrets.allowedVariables[1]: Invalid value: "LD_*": must be the full name of a variable
secrets.pollInterval: Invalid value: "often": must be a duration of at least one second, such as 30s or 5m
workload.replicas: Invalid value: -1: must not be negative
workload.labels[Bad Key!]: Invalid value: "Bad Key!": must be a name of letters, digits, hyphens, underscores and dots, optionally after a domain and a slash
workload.imagePullSecrets[0]: Invalid value: "": must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit
ingress.domain: Invalid value: "-": must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit
ingress.allowedDomains[0]: Invalid value: "-": must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit
ingress.allowedDomains[1]: Invalid value: "A": must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit
ingress.types[0].name: Invalid value: "Public": must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit
ingress.types[0].annotations[argocd.argoproj.io/tracking-id]: Forbidden: is reserved
ingress.defaultType: Invalid value: "internal": must be one of types`},
		},
		"AllowedAnnotations": {
			reason: "Only full names, and beginnings with a whole domain, show which tools read an annotation.",
			args: args{input: `{` + complete + `}`, overlay: `{"ingress": {"types": [{"name": "a", "allowedAnnotations": ["example.com/a", "b", "example.com/proxy-*", "example.com/*",
				"*", "example.*", "", "kubernetes.io/ingress.class", "argocd.argoproj.io/*", "crossplane.io/external-name", "example.com/a*b", "a b", "example.com/"]}]}}`},
			want: want{err: `cannot use platform settings: ingress.types[0].allowedAnnotations[4]: Invalid value: "*": must have a whole domain and a slash before the *
ingress.types[0].allowedAnnotations[5]: Invalid value: "example.*": must have a whole domain and a slash before the *
ingress.types[0].allowedAnnotations[6]: Invalid value: "": must be a name of letters, digits, hyphens, underscores and dots, optionally after a domain and a slash
ingress.types[0].allowedAnnotations[7]: Forbidden: must not be kubernetes.io/ingress.class, because the type chooses the class
ingress.types[0].allowedAnnotations[8]: Invalid value: "argocd.argoproj.io/*": is reserved
ingress.types[0].allowedAnnotations[9]: Invalid value: "crossplane.io/external-name": is reserved
ingress.types[0].allowedAnnotations[10]: Invalid value: "example.com/a*b": must be a name of letters, digits, hyphens, underscores and dots, optionally after a domain and a slash
ingress.types[0].allowedAnnotations[11]: Invalid value: "a b": must be a name of letters, digits, hyphens, underscores and dots, optionally after a domain and a slash
ingress.types[0].allowedAnnotations[12]: Invalid value: "example.com/": must be a name of letters, digits, hyphens, underscores and dots, optionally after a domain and a slash`},
		},
		"DomainAllowed": {
			reason: "A domain is allowed with the one above it.",
			args:   args{input: `{` + complete + `}`, overlay: `{"ingress": {"domain": "apps.example.com", "allowedDomains": ["example.net", "example.com"]}}`},
			want:   want{settings: func(s v1alpha1.PlatformConfigSpec) any { return s.Ingress.Domain }, value: "apps.example.com"},
		},
		"DomainNotAllowed": {
			reason: "Every application without hostnames would lose changes of its Ingress.",
			args:   args{input: `{` + complete + `}`, overlay: `{"ingress": {"domain": "apps.example.com", "allowedDomains": ["shop.example.com", "ps.example.com"]}}`},
			want:   want{err: `cannot use platform settings: ingress.domain: Invalid value: "apps.example.com": must be one of allowedDomains, or a subdomain of one`},
		},
		"PerNamespace": {
			reason: "Sibling domains keep the hostnames of namespaces separate.",
			args:   args{input: `{` + complete + `}`, overlay: `{"ingress": {"perNamespace": true, "domain": "apps.example.com", "allowedDomains": ["example.net", "apps.example.com"]}}`},
			want:   want{settings: func(s v1alpha1.PlatformConfigSpec) any { return s.Ingress.PerNamespace }, value: true},
		},
		"PerNamespaceBelow": {
			reason: "In example.com, namespace apps would own the hostnames of all others in apps.example.com.",
			args:   args{input: `{` + complete + `}`, overlay: `{"ingress": {"perNamespace": true, "domain": "apps.example.com", "allowedDomains": ["example.com", "notexample.com"]}}`},
			want:   want{err: "cannot use platform settings: ingress.perNamespace: Forbidden: apps.example.com must not be a subdomain of example.com: one namespace could claim another's hostnames"},
		},
		"PerNamespaceNowhere": {
			reason: "Without a domain every hostname would be allowed.",
			args:   args{input: `{` + complete + `}`, overlay: `{"ingress": {"perNamespace": true}}`},
			want:   want{err: "cannot use platform settings: ingress.perNamespace: Forbidden: requires domain or allowedDomains"},
		},
		"PerNamespaceLong": {
			reason: "A hostname has at most 253 characters, with both names in front.",
			args:   args{input: `{` + complete + `}`, overlay: `{"ingress": {"perNamespace": true, "domain": "` + strings.Repeat("a.", 62) + `aa"}}`},
			want:   want{err: `cannot use platform settings: ingress.domain: Invalid value: "` + strings.Repeat("a.", 62) + `aa": must be at most 125 characters long, so that the names of an application and its namespace fit in front`},
		},
		"PullSecretTwice": {
			reason: "A pull secret must not be listed twice: it would break every application with a deployment.",
			args:   args{input: `{` + complete + `}`, overlay: `{"workload": {"imagePullSecrets": ["registry", "mirror", "registry"]}}`},
			want:   want{err: `cannot use platform settings: workload.imagePullSecrets[2]: Duplicate value: "registry"`},
		},
		"TwiceInOtherCase": {
			reason: "Entra ID and Key Vault ignore case, so these are the same officer, prefix and secret.",
			args: args{input: `{` + complete + `}`, overlay: `{
				"keyVault": {"officers": [{"objectId": "AAAAAAAA-3333-4333-8333-333333333333"}, {"objectId": "aaaaaaaa-3333-4333-8333-333333333333", "principalType": "Group"}]},
				"secrets": {"environmentPrefixes": ["dev-", "Dev-"], "structures": [{"name": "db"}, {"name": "DB", "keys": ["a"]}]}}`},
			want: want{err: `cannot use platform settings: keyVault.officers[1].objectId: Duplicate value: "aaaaaaaa-3333-4333-8333-333333333333"
secrets.environmentPrefixes[1]: Duplicate value: "dev-"
secrets.structures[1].name: Duplicate value: "db"`},
		},
		"Tenants": {
			reason: "A label and namespaces are used unchanged.",
			args:   args{input: `{` + complete + `}`, overlay: `{"tenantLabel": "meta.p6m.dev/tenant", "retiredNamespaces": ["shop-old", "3scale"]}`},
			want: want{
				settings: func(s v1alpha1.PlatformConfigSpec) any { return []any{s.TenantLabel, s.RetiredNamespaces} },
				value:    []any{"meta.p6m.dev/tenant", []string{"shop-old", "3scale"}},
			},
		},
		"TenantsOff": {
			reason: "Without tenantLabel, ownership is not proven.",
			args:   args{input: `{` + complete + `}`},
			want:   want{settings: func(s v1alpha1.PlatformConfigSpec) any { return s.TenantLabel }, value: ""},
		},
		"TenantsWrong": {
			reason: "An invalid label or namespace would never be found.",
			args:   args{input: `{` + complete + `}`, overlay: `{"tenantLabel": "the tenant", "retiredNamespaces": ["shop", "Shop/api", ""]}`},
			want: want{err: `cannot use platform settings: tenantLabel: Invalid value: "the tenant": must be a name of letters, digits, hyphens, underscores and dots, optionally after a domain and a slash
retiredNamespaces[1]: Invalid value: "Shop/api": must be the name of a namespace
retiredNamespaces[2]: Invalid value: "": must be the name of a namespace`},
		},
		"Keys": {
			reason: "The sync accepts the same keys in a structure as in a manifest.",
			args:   args{input: `{` + complete + `}`, overlay: `{"secrets": {"structures": [{"name": "a"}, {"name": "b", "keys": ["user", "user", "", "pass word", "` + strings.Repeat("k", 126) + `"]}]}}`},
			want: want{err: `cannot use platform settings: secrets.structures[1].keys[2]: Invalid value: "": must be 1 to 125 letters, digits, hyphens, underscores and dots
secrets.structures[1].keys[3]: Invalid value: "pass word": must be 1 to 125 letters, digits, hyphens, underscores and dots
secrets.structures[1].keys[4]: Invalid value: "` + strings.Repeat("k", 126) + `": must be 1 to 125 letters, digits, hyphens, underscores and dots
secrets.structures[1].keys[1]: Duplicate value: "user"`},
		},
		"TooManyKeys": {
			reason: "The sync accepts up to 50 keys.",
			args:   args{input: `{` + complete + `}`, overlay: `{"secrets": {"structures": [{"name": "a", "keys": [` + keys(51) + `]}]}}`},
			want:   want{err: "cannot use platform settings: secrets.structures[0].keys: Too many: 51: must have at most 50 items"},
		},
		"TooManyVariables": {
			reason: "Each name is compared with every key, so their number is bounded.",
			args:   args{input: `{` + complete + `}`, overlay: `{"secrets": {"allowedVariables": [` + keys(201) + `]}}`},
			want:   want{err: "cannot use platform settings: secrets.allowedVariables: Too many: 201: must have at most 200 items"},
		},
		"PollInterval": {
			reason: "The sync accepts intervals from one second.",
			args:   args{input: `{` + complete + `}`, overlay: `{"secrets": {"pollInterval": "500ms"}}`},
			want:   want{err: `cannot use platform settings: secrets.pollInterval: Invalid value: "500ms": must be a duration of at least one second, such as 30s or 5m`},
		},
		"FastPollInterval": {
			reason: "Fast polls have a shortest interval.",
			args:   args{input: `{` + complete + `}`, overlay: `{"secrets": {"fastPollInterval": "500ms"}}`},
			want:   want{err: `cannot use platform settings: secrets.fastPollInterval: Invalid value: "500ms": must be a duration of at least one second, such as 5s, or 0s to disable fast polls`},
		},
		"ShortestIntervals": {
			reason: "One second is the shortest interval, and valid.",
			args:   args{input: `{` + complete + `}`, overlay: `{"secrets": {"pollInterval": "1s", "fastPollInterval": "1s"}}`},
			want: want{settings: func(s v1alpha1.PlatformConfigSpec) any {
				return s.Secrets.PollInterval + " " + s.Secrets.FastPollInterval
			}, value: "1s 1s"},
		},
		"NoFastPolls": {
			reason: "Fast polls can be disabled.",
			args:   args{input: `{` + complete + `}`, overlay: `{"secrets": {"fastPollInterval": "0s"}}`},
			want:   want{settings: func(s v1alpha1.PlatformConfigSpec) any { return s.Secrets.FastPollInterval }, value: "0s"},
		},
		"Resources": {
			reason: "All resources that Kubernetes accepts for a container are accepted.",
			args: args{input: `{` + complete + `}`, overlay: `{"workload": {"resources": {
				"limits": {"memory": "1Gi", "hugepages-2Mi": "4Mi", "example.com/gpu": "1"},
				"requests": {"cpu": "500m", "memory": "1024Mi", "hugepages-2Mi": "4Mi", "example.com/gpu": "1"}}}}`},
			want: want{settings: func(s v1alpha1.PlatformConfigSpec) any { return len(s.Workload.Resources.Requests) }, value: 4},
		},
		"LabelValue": {
			reason: "Kubernetes would reject every Deployment with such a label.",
			args:   args{input: `{` + complete + `}`, overlay: `{"workload": {"labels": {"team": "not valid"}}}`},
			want:   want{err: `cannot use platform settings: workload.labels[team]: Invalid value: "not valid": must have a value of at most 63 letters, digits, hyphens, underscores and dots`},
		},
		"ResourcesWrong": {
			reason: "Values that Kubernetes rejects would stop every Deployment without own resources.",
			args: args{input: `{` + complete + `}`, overlay: `{"workload": {"resources": {
				"limits": {"cpu": "1", "memory": "-1Gi", "disk": "1", "example.com/gpu": "500m", "example.com/tpu": "2"},
				"requests": {"cpu": "2", "example.com/gpu": "500m", "example.com/tpu": "1", "hugepages-2Mi": "4Mi"}}}}`},
			want: want{err: `cannot use platform settings: workload.resources.limits[disk]: Invalid value: "disk": resources must be cpu, memory, ephemeral-storage, hugepages-<size> or extended ones such as nvidia.com/gpu
workload.resources.limits[example.com/gpu]: Invalid value: "500m": must be a whole number
workload.resources.limits[memory]: Invalid value: "-1Gi": must not be negative
workload.resources.requests[example.com/gpu]: Invalid value: "500m": must be a whole number
workload.resources.requests[cpu]: Invalid value: "2": must not exceed the limit of 1
workload.resources.requests[example.com/tpu]: Invalid value: "1": must be equal to the limit
workload.resources.requests[hugepages-2Mi]: Invalid value: "4Mi": must be equal to the limit`},
		},
		"IngressWrong": {
			reason: "Values that Kubernetes rejects would keep every Ingress of the type from changing.",
			args: args{input: `{` + complete + `}`, overlay: `{"ingress": {"domain": "` + strings.Repeat("a.", 95) + `a", "types": [
				{"name": "public", "ingressClassName": "Public", "tlsSecretName": "a b", "annotations": {"kubernetes.io/ingress.class": "nginx"}}]}}`},
			want: want{err: `cannot use platform settings: ingress.domain: Invalid value: "` + strings.Repeat("a.", 95) + `a": must be at most 189 characters long, so that the name of an application fits in front
ingress.types[0].ingressClassName: Invalid value: "Public": must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit
ingress.types[0].tlsSecretName: Invalid value: "a b": must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit
ingress.types[0].annotations[kubernetes.io/ingress.class]: Forbidden: use ingressClassName; Kubernetes rejects an Ingress with both`},
		},
		"DefaultClass": {
			reason: "Without types, the default is the name of an IngressClass.",
			args:   args{input: `{` + complete + `}`, overlay: `{"ingress": {"defaultType": "Public"}}`},
			want:   want{err: `cannot use platform settings: ingress.defaultType: Invalid value: "Public": must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit`},
		},
		"WorkloadDefaults": {
			reason: "By default, an application has a limit, a budget, and triggers that connect to nothing outside.",
			args:   args{input: `{` + complete + `}`},
			want: want{
				settings: func(s v1alpha1.PlatformConfigSpec) any {
					return []any{*s.Autoscaling.MaxReplicas, s.Autoscaling.KEDA == nil, s.Autoscaling.AllowedTriggers, s.NetworkPolicy.Enabled == nil, *s.Workload.PodDisruptionBudget}
				},
				value: []any{int32(10), true, []string{"cron", "cpu", "memory"}, true, true},
			},
		},
		"Cluster": {
			reason: "A cluster can have a name, and use vaults of its peers.",
			args:   args{input: `{` + complete + `}`, overlay: `{"clusterName": "production", "clusterSharing": {"role": "Member", "peers": ["https://oidc.example.com/blue/"]}}`},
			want: want{
				settings: func(s v1alpha1.PlatformConfigSpec) any {
					return []any{s.ClusterName, s.ClusterSharing.Role, s.ClusterSharing.Peers}
				},
				value: []any{"production", "Member", []string{"https://oidc.example.com/blue/"}},
			},
		},
		"ClusterOfIssuer": {
			reason: "A cluster can have the names of a cluster that is named by its issuer.",
			args:   args{input: `{` + complete + `}`, overlay: `{"clusterName": "https://oidc.example.com/blue/"}`},
			want: want{
				settings: func(s v1alpha1.PlatformConfigSpec) any { return []any{s.ClusterName, s.ClusterSharing.Role} },
				value:    []any{"https://oidc.example.com/blue/", ""},
			},
		},
		"ClusterWrong": {
			reason: "Every wrong field is named.",
			args:   args{input: `{` + complete + `}`, overlay: `{"clusterName": "Production_1", "clusterSharing": {"role": "Boss", "peers": ["blue", "https://a.example", "https://a.example/"]}}`},
			want: want{err: `cannot use platform settings: clusterName: Invalid value: "Production_1": must be a DNS label of at most 63 lower-case letters, digits and hyphens, or the OIDC issuer URL of a cluster
clusterSharing.role: Unsupported value: "Boss": supported values: "Member", "Owner", "SoleOwner"
clusterSharing.peers[0]: Invalid value: "blue": must be an https URL
clusterSharing.peers[2]: Duplicate value: "https://a.example"`},
		},
		"ClusterUnnamed": {
			reason: "Without a name, a cluster shares nothing.",
			args:   args{input: `{` + complete + `}`, overlay: `{"clusterSharing": {"peers": ["https://oidc.example.com/blue"]}}`},
			want: want{err: `cannot use platform settings: clusterSharing: Forbidden: has no effect without clusterName
clusterSharing.role: Required value: required with peers`},
		},
		"ClusterAlone": {
			reason: "A member without peers would use nothing and create nothing.",
			args:   args{input: `{` + complete + `}`, overlay: `{"clusterName": "production", "clusterSharing": {"role": "Member"}}`},
			want:   want{err: `cannot use platform settings: clusterSharing.peers: Required value: a member uses the vaults of its peers`},
		},
		"ClusterOwnIssuer": {
			reason: "A cluster is not its own peer. A slash at the end is ignored.",
			args:   args{input: `{` + complete + `}`, overlay: `{"oidcIssuerUrl": "https://oidc.example.com/blue", "clusterName": "production", "clusterSharing": {"role": "Owner", "peers": ["https://oidc.example.com/blue/"]}}`},
			want:   want{err: `cannot use platform settings: clusterSharing.peers[0]: Invalid value: "https://oidc.example.com/blue/": must not be the issuer of this cluster`},
		},
		"WorkloadSettings": {
			reason: "The settings of the platform are used.",
			args: args{
				input:   `{` + complete + `, "autoscaling": {"maxReplicas": 5, "keda": true, "allowedTriggers": ["cron"]}, "networkPolicy": {"enabled": true}}`,
				overlay: `{"autoscaling": {"maxReplicas": 30}, "workload": {"podDisruptionBudget": false}, "networkPolicy": {"allowedNamespaces": ["ingress-nginx"]}}`,
			},
			want: want{
				settings: func(s v1alpha1.PlatformConfigSpec) any {
					return []any{*s.Autoscaling.MaxReplicas, *s.Autoscaling.KEDA, s.Autoscaling.AllowedTriggers, *s.NetworkPolicy.Enabled, s.NetworkPolicy.AllowedNamespaces, *s.Workload.PodDisruptionBudget}
				},
				value: []any{int32(30), true, []string{"cron"}, true, []string{"ingress-nginx"}, false},
			},
		},
		"WorkloadSettingsWrong": {
			reason: "Values that Kubernetes and KEDA reject would stop every application.",
			args:   args{input: `{` + complete + `}`, overlay: `{"autoscaling": {"maxReplicas": 0, "allowedTriggers": ["cron", "", "cron"]}, "networkPolicy": {"allowedNamespaces": ["Ingress", "a.b", "x", "x"]}}`},
			want: want{err: `cannot use platform settings: autoscaling.maxReplicas: Invalid value: 0: must be from 1 to 1000
autoscaling.allowedTriggers[1]: Invalid value: "": must be a trigger type of KEDA, such as cron
autoscaling.allowedTriggers[2]: Duplicate value: "cron"
networkPolicy.allowedNamespaces[0]: Invalid value: "Ingress": must be the name of a namespace
networkPolicy.allowedNamespaces[1]: Invalid value: "a.b": must be the name of a namespace
networkPolicy.allowedNamespaces[3]: Duplicate value: "x"`},
		},
		"ManyTriggers": {
			reason: "The limits are those of the schema.",
			args:   args{input: `{` + complete + `}`, overlay: `{"autoscaling": {"allowedTriggers": [` + keys(101) + `]}}`},
			want:   want{err: "cannot use platform settings: autoscaling.allowedTriggers: Too many: 101: must have at most 100 items"},
		},
		"VaultNetwork": {
			reason: "A network has the defaults of Azure, and a private endpoint is placed beside the vaults.",
			args: args{input: `{` + complete + `}`, overlay: `{"keyVault": {"network": {"defaultAction": "Deny", "ipRules": ["20.50.1.2", "20.60.0.0/16"],
				"virtualNetworkSubnetIds": ["` + subnet(testSubscription) + `"],
				"privateEndpoint": {"subnetId": "` + subnet(testSubscription) + `", "privateDnsZoneIds": ["` + zone + `"]}},
				"diagnostics": {"logAnalyticsWorkspaceId": "` + workspace + `"}}}`},
			want: want{
				settings: func(s v1alpha1.PlatformConfigSpec) any {
					n := s.KeyVault.Network
					return []any{
						n.Bypass, n.ApplyToExisting, n.PrivateEndpoint.Location == s.Location, n.PrivateEndpoint.ResourceGroupName == s.ResourceGroupName,
						*n.PrivateEndpoint.AzureProviderConfigRef, s.KeyVault.Diagnostics.CategoryGroups,
					}
				},
				value: []any{"AzureServices", false, true, true, v1alpha1.ProviderConfigReference{Kind: "ClusterProviderConfig", Name: "default"}, []string{"audit"}},
			},
		},
		"VaultNetworkDisabled": {
			reason: "What is removed needs no id.",
			args:   args{input: `{` + complete + `}`, overlay: `{"keyVault": {"network": {"privateEndpoint": {"enabled": false}}, "diagnostics": {"enabled": false}}}`},
			want:   want{settings: func(s v1alpha1.PlatformConfigSpec) any { return s.KeyVault.Network.Bypass }, value: ""},
		},
		"VaultNetworkDisabledInZone": {
			reason: "A landing zone in another subscription can do without the private endpoint of the platform.",
			args:   args{input: `{` + complete + `}`, overlay: `{"keyVault": {"network": {"privateEndpoint": {"enabled": false, "subnetId": "` + subnet("99999999-9999-4999-8999-999999999999") + `"}}}}`},
			want:   want{settings: func(s v1alpha1.PlatformConfigSpec) any { return *s.KeyVault.Network.PrivateEndpoint.Enabled }, value: false},
		},
		"VaultNetworkWrong": {
			reason: "Values that Azure rejects would keep vaults from being created, or open.",
			args: args{input: `{` + complete + `}`, overlay: `{"keyVault": {"network": {"bypass": "All", "ipRules": ["10.0.0.1", "20.50.1.2/16", "::1", "0.0.0.0/0", "office"],
				"virtualNetworkSubnetIds": ["` + strings.ToLower(subnet(testSubscription)) + `"],
				"privateEndpoint": {"privateDnsZoneIds": ["` + strings.Replace(zone, "vaultcore.azure.net", "blob.core.windows.net", 1) + `"]}},
				"diagnostics": {"logAnalyticsWorkspaceId": "logs", "categoryGroups": ["audit"], "categories": ["Audit Event"]}}}`},
			want: want{err: `cannot use platform settings: keyVault.network.bypass: Unsupported value: "All": supported values: "AzureServices", "None"
keyVault.network.defaultAction: Required value: set Deny, so that bypass, ipRules and virtualNetworkSubnetIds take effect
keyVault.network.ipRules[0]: Invalid value: "10.0.0.1": must be a public IPv4 address, or a range such as 20.50.0.0/16 with no bits set after its prefix
keyVault.network.ipRules[1]: Invalid value: "20.50.1.2/16": must be a public IPv4 address, or a range such as 20.50.0.0/16 with no bits set after its prefix
keyVault.network.ipRules[2]: Invalid value: "::1": must be a public IPv4 address, or a range such as 20.50.0.0/16 with no bits set after its prefix
keyVault.network.ipRules[3]: Invalid value: "0.0.0.0/0": must be a public IPv4 address, or a range such as 20.50.0.0/16 with no bits set after its prefix
keyVault.network.ipRules[4]: Invalid value: "office": must be a public IPv4 address, or a range such as 20.50.0.0/16 with no bits set after its prefix
keyVault.network.virtualNetworkSubnetIds[0]: Invalid value: "` + strings.ToLower(subnet(testSubscription)) + `": must be an id such as ` + exampleSubnet + `, with exactly this case
keyVault.network.privateEndpoint.privateDnsZoneIds[0]: Invalid value: "` + strings.Replace(zone, "vaultcore.azure.net", "blob.core.windows.net", 1) + `": must be an id such as ` + exampleZone + `, with exactly this case
keyVault.network.privateEndpoint.subnetId: Required value
keyVault.diagnostics.logAnalyticsWorkspaceId: Invalid value: "logs": must be an id such as ` + exampleWorkspace + `, with exactly this case
keyVault.diagnostics.categories: Forbidden: cannot be combined with categoryGroups
keyVault.diagnostics.categories[0]: Invalid value: "Audit Event": must be a category or a group of logs of Key Vault, such as AuditEvent or audit`},
		},
		"SubnetElsewhere": {
			reason: "The provider configuration of the vaults cannot create a private endpoint in another subscription.",
			args:   args{input: `{` + complete + `}`, overlay: `{"keyVault": {"network": {"privateEndpoint": {"subnetId": "` + subnet("99999999-9999-4999-8999-999999999999") + `"}}}}`},
			want:   want{err: `cannot use platform settings: keyVault.network.privateEndpoint.subnetId: Invalid value: "` + subnet("99999999-9999-4999-8999-999999999999") + `": is in another subscription than the vaults, so azureProviderConfigRef and resourceGroupName are required`},
		},
		"InheritedTags": {
			reason: "Whoever can write tags in Azure must not become the owner of a vault.",
			args:   args{input: `{` + complete + `}`, overlay: `{"inheritedTags": ["Tenant", "a<b", "cost", "Cost", "Platform-Application-Cluster"]}`},
			want: want{err: `cannot use platform settings: inheritedTags[0]: Forbidden: must not be one of the tags that the function sets: application, namespace, tenant, landing-zone, platform-application-cluster
inheritedTags[1]: Invalid value: "a<b": must be a name of at most 512 characters without < > % & \ ? /
inheritedTags[3]: Duplicate value: "Cost"
inheritedTags[4]: Forbidden: must not be one of the tags that the function sets: application, namespace, tenant, landing-zone, platform-application-cluster`},
		},
		"TagTwice": {
			reason: "For Azure, names that differ only in case are one tag.",
			args:   args{input: `{` + complete + `, "tags": {"cost": "1"}}`, overlay: `{"tags": {"Cost": "2"}}`},
			want:   want{err: `cannot use platform settings: tags[cost]: Duplicate value: "cost"`},
		},
		"LongTag": {
			reason: "Azure counts characters, not bytes.",
			args:   args{input: `{` + complete + `}`, overlay: `{"tags": {"a": "` + strings.Repeat("é", 256) + `", "b": "` + strings.Repeat("é", 257) + `"}}`},
			want:   want{err: `cannot use platform settings: tags[b]: Invalid value: "b": must have a name of at most 512 characters without < > % & \ ? /, and a value of at most 256`},
		},
		"ManyTags": {
			reason: "Azure would reject every vault, also those that run.",
			args:   args{input: `{` + complete + `}`, overlay: `{"tags": {` + tags(46) + `}}`},
			want:   want{err: "cannot use platform settings: tags: Too many: 46: must have at most 45 items"},
		},
		"ManyInheritedTags": {
			reason: "A resource in Azure has at most 50 tags, and the function sets five.",
			args:   args{input: `{` + complete + `}`, overlay: `{"tags": {` + tags(20) + `}, "inheritedTags": [` + keys(28) + `]}`},
			want:   want{err: "cannot use platform settings: inheritedTags: Too many: 48: must have at most 45 items"},
		},
		"Misspelt": {
			reason: "A misspelt setting is an error, because it would otherwise be noticed too late.",
			args:   args{input: `{` + complete + `}`, overlay: `{"keyVault": {"officer": []}}`},
			want:   want{err: `cannot read platform settings: unknown field "keyVault.officer"`},
		},
		"OtherCase": {
			reason: "Setting names are case-sensitive.",
			args:   args{input: `{` + complete + `, "keyVault": {"sku": "premium"}}`, overlay: `{"KeyVault": {"sku": "standard"}}`},
			want:   want{err: `cannot read platform settings: unknown field "KeyVault"`},
		},
		"WrongType": {
			reason: "A wrong type is named with its path.",
			args:   args{input: `{` + complete + `}`, overlay: `{"tags": ["a"]}`},
			want:   want{err: "cannot read platform settings: tags: must be an object, not a list"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			input := &v1alpha1.PlatformConfig{}
			read(t, tc.args.input, &input.Spec)
			var overlay map[string]any
			read(t, tc.args.overlay, &overlay)
			s, err := Resolve(input, overlay)
			got := ""
			if err != nil {
				got = lines(err)
			}
			if diff := cmp.Diff(tc.want.err, got); diff != "" {
				t.Fatalf("\n%s\nResolve(...): -want error, +got:\n%s", tc.reason, diff)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tc.want.value, tc.want.settings(s)); diff != "" {
				t.Errorf("\n%s\nResolve(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// lines returns the lines of an error, one per field.
func lines(err error) string {
	all, ok := errors.AsType[utilerrors.Aggregate](err)
	if !ok {
		return err.Error()
	}
	prefix, _ := strings.CutSuffix(err.Error(), all.Error())
	var out []string
	for _, e := range all.Errors() {
		out = append(out, e.Error())
	}

	return prefix + strings.Join(out, "\n")
}

// keys returns that many keys of a structure, as items of a JSON list.
func keys(n int) string {
	out := make([]string, 0, n)
	for i := range n {
		out = append(out, fmt.Sprintf(`"k%d"`, i))
	}

	return strings.Join(out, ", ")
}

// read reads a JSON document, if there is one.
func read(t *testing.T, doc string, into any) {
	t.Helper()
	if doc == "" {
		return
	}
	if err := json.Unmarshal([]byte(doc), into); err != nil {
		t.Fatal(err)
	}
}

func TestAssigned(t *testing.T) {
	s := &v1alpha1.PlatformConfigSpec{KeyVault: &v1alpha1.KeyVaultDefaults{Assigned: []v1alpha1.AssignedVault{
		{Name: "Legacy", Namespace: "shop", Application: "api"},
	}}}
	cases := map[string]struct {
		reason                        string
		vault, namespace, application string
		want                          bool
	}{
		"Assigned":         {"An application can use its assigned vault; Azure ignores case.", "legacy", "shop", "api", true},
		"OtherNamespace":   {"An application of that name in another namespace cannot use it.", "legacy", "billing", "api", false},
		"OtherApplication": {"Another application of the namespace cannot use it.", "legacy", "shop", "web", false},
		"OtherVault":       {"The application cannot use other vaults.", "billing", "shop", "api", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, got := Assigned(s, tc.vault, tc.namespace, tc.application); got != tc.want {
				t.Errorf("\n%s\nAssigned(...): want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}

// TestTagsOfFunction checks that the settings cannot set a tag that the function sets, in any case of letters: it names the owner of a
// vault, and a landing zone must not change it, either.
func TestTagsOfFunction(t *testing.T) {
	for _, tag := range azurename.Tags() {
		for _, name := range []string{tag, strings.ToUpper(tag), strings.ToUpper(tag[:1]) + tag[1:]} {
			for field, settings := range map[string]string{
				"tags[" + name + "]": `{"tags": {"` + name + `": "x"}}`,
				"inheritedTags[0]":   `{"inheritedTags": ["` + name + `"]}`,
			} {
				for where, resolve := range map[string]func() error{
					"Platform": func() error {
						_, err := Resolve(&v1alpha1.PlatformConfig{}, merge(decoded(t, platformOverlay), decoded(t, settings)))
						return err
					},
					"Zone": func() error {
						_, err := ResolveInZone(&v1alpha1.PlatformConfig{}, decoded(t, platformOverlay), "eu", decoded(t, settings))
						return err
					},
				} {
					if err := resolve(); err == nil || !strings.Contains(err.Error(), ": "+field+": Forbidden") {
						t.Errorf("%s: want %s to be refused, got %v", where, field, err)
					}
				}
			}
		}
	}
}

// testSubscription is the subscription of complete settings.
const testSubscription = "22222222-2222-4222-8222-222222222222"

const (
	zone      = "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/rg-network/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
	workspace = "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/rg-logs/providers/Microsoft.OperationalInsights/workspaces/logs"
)

func subnet(subscription string) string {
	return "/subscriptions/" + subscription + "/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/cluster/subnets/endpoints"
}

// tags returns that many tags, as members of a JSON object.
func tags(n int) string {
	out := make([]string, 0, n)
	for i := range n {
		out = append(out, fmt.Sprintf(`"t%d": ""`, i))
	}

	return strings.Join(out, ", ")
}
