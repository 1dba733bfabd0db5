{{/*
Sets values in objects, which are keyed by kind, namespace and name. Values stay data and never become YAML text.
*/}}
{{- define "platform.values" -}}
{{- $objects := .objects -}}
{{- $values := .values -}}

{{- $settings := (index $objects "EnvironmentConfig.apiextensions.crossplane.io/platform-application").data -}}
{{- $azure := (index $objects "ClusterProviderConfig.azure.m.upbound.io/default").spec -}}
{{- $secretSync := (index $objects "ClusterProviderConfig.secrets.p6m.dev/default").spec -}}

{{- with $values.secretCreator -}}
{{- if .enabled -}}
{{- $_ := set $settings "secretCreatorPrincipalId" (.principalId | default "REPLACE_ME") -}}
{{- $_ := set $secretSync.credentials "clientId" (.clientId | default "REPLACE_ME") -}}
{{- $_ := set $secretSync.credentials "tenantId" (.tenantId | default $values.settings.tenantId) -}}
{{- end -}}
{{- end -}}
{{- include "platform.merge" (dict "into" $settings "from" $values.settings) -}}
{{- include "platform.merge" (dict "into" $secretSync "from" $values.secretSyncProviderConfig) -}}

{{- $_ := set $azure "tenantID" $values.settings.tenantId -}}
{{- $_ := set $azure "subscriptionID" $values.settings.subscriptionId -}}
{{- if $values.azureProviderConfig.credentials -}}
{{- $_ := unset $azure "clientID" -}}
{{- end -}}
{{- include "platform.merge" (dict "into" $azure "from" $values.azureProviderConfig) -}}

{{- range $zone, $own := $values.landingZones -}}
{{- if $own -}}
{{- $name := printf "platform-application-%s" $zone -}}
{{- $data := deepCopy $own.settings -}}
{{- with $own.azureProviderConfig -}}
{{- /* The identity of a zone signs in like that of the platform, and has an id of its own. */ -}}
{{- $config := deepCopy (index $objects "ClusterProviderConfig.azure.m.upbound.io/default") -}}
{{- $_ := set $config.metadata "name" $name -}}
{{- if .credentials -}}
{{- $_ := unset $config.spec "clientID" -}}
{{- else if $config.spec.clientID -}}
{{- $_ := set $config.spec "clientID" "REPLACE_ME" -}}
{{- end -}}
{{- $_ := set $config.spec "tenantID" ($data.tenantId | default $settings.tenantId) -}}
{{- $_ := set $config.spec "subscriptionID" ($data.subscriptionId | default $settings.subscriptionId) -}}
{{- include "platform.merge" (dict "into" $config.spec "from" .) -}}
{{- $_ := set $data "azureProviderConfigRef" (dict "kind" "ClusterProviderConfig" "name" $name) -}}
{{- $_ := set $objects (printf "ClusterProviderConfig.azure.m.upbound.io/%s" $name) $config -}}
{{- end -}}
{{- $config := deepCopy (index $objects "EnvironmentConfig.apiextensions.crossplane.io/platform-application") -}}
{{- $_ := set $config.metadata "name" $name -}}
{{- $_ := set $config "data" $data -}}
{{- $_ := set $objects (printf "EnvironmentConfig.apiextensions.crossplane.io/%s" $name) $config -}}
{{- end -}}
{{- end -}}

{{- range $key, $object := $objects -}}
{{- if has (first (splitList "/" $key)) (list "Configuration.pkg.crossplane.io" "Function.pkg.crossplane.io" "Provider.pkg.crossplane.io") -}}
{{- $repository := regexReplaceAll ":[^:/]*$" $object.spec.package "" -}}
{{- $version := ternary $.version (($values.azureProviders | default dict).version) (hasPrefix "ghcr.io/p6m-dev/" $repository) -}}
{{- with $version -}}
{{- $_ := set $object.spec "package" (printf "%s:%s" $repository .) -}}
{{- end -}}
{{- if eq $object.kind "Configuration" -}}
{{- /* Helm creates the Configuration first, so Crossplane would install its dependencies. */ -}}
{{- $_ := set $object.spec "skipDependencyResolution" true -}}
{{- end -}}
{{- include "platform.merge" (dict "into" $object.spec "from" (get ($values.packages | default dict) (base $repository))) -}}
{{- end -}}
{{- end -}}

{{- range $name, $runtime := $values.runtimes -}}
{{- $deployment := (index $objects (printf "DeploymentRuntimeConfig.pkg.crossplane.io/%s" $name)).spec.deploymentTemplate.spec -}}
{{- include "platform.merge" (dict "into" $deployment "from" (pick ($runtime | default dict) "replicas")) -}}
{{- include "platform.merge" (dict "into" (first $deployment.template.spec.containers) "from" (pick ($runtime | default dict) "args" "resources")) -}}
{{- include "platform.merge" (dict "into" $deployment.template.spec "from" (omit ($runtime | default dict) "replicas" "args" "resources")) -}}
{{- end -}}

{{- range $name, $list := $values.admission -}}
{{- if kindIs "slice" $list -}}
{{- /* The values are added to the base's accounts, so that administrators and the Azure providers keep their access. */ -}}
{{- $data := (index $objects "ConfigMap/crossplane-system/platform-application-admission").data -}}
{{- $names := concat (splitList "\n" (get $data $name)) $list | compact | uniq -}}
{{- $_ := set $data $name (ternary "" (printf "%s\n" (join "\n" $names)) (empty $names)) -}}
{{- end -}}
{{- end -}}

{{- with $values.acceptance -}}
{{- if .enabled -}}
{{- $pod := (index $objects "CronJob.batch/crossplane-system/platform-application-acceptance").spec.jobTemplate.spec.template.spec -}}
{{- $container := first $pod.containers -}}
{{- $mirror := $values.mirror | default dict -}}
{{- $registry := ternary (get ($mirror.prefixes | default dict) "p6m-dev") "ghcr.io/p6m-dev/" (eq true $mirror.enabled) -}}
{{- $image := .image | default (printf "%splatform-application:%s" $registry $.version) -}}
{{- $_ := set $container "image" $image -}}
{{- $args := list -}}
{{- range $container.args -}}
{{- $args = append $args (ternary (printf "--image=%s" $image) . (hasPrefix "--image=" .)) -}}
{{- end -}}
{{- with .principalId -}}
{{- $args = append $args (printf "--officer-object-id=%s" .) -}}
{{- end -}}
{{- $_ := set $container "args" $args -}}
{{- $ids := dict "AZURE_CLIENT_ID" (.clientId | default "REPLACE_ME") "AZURE_TENANT_ID" (.tenantId | default $values.settings.tenantId) -}}
{{- range $variable := $container.env -}}
{{- with get $ids $variable.name -}}
{{- $_ := set $variable "value" . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- with $values.mirror -}}
{{- if .enabled -}}
{{- $pullSecret := .pullSecret -}}
{{- range $name, $prefix := .prefixes -}}
{{- $image := (index $objects (printf "ImageConfig.pkg.crossplane.io/%s" $name)).spec -}}
{{- $_ := set $image.rewriteImage "prefix" $prefix -}}
{{- if $pullSecret -}}
{{- $_ := set $image.registry.authentication.pullSecretRef "name" $pullSecret -}}
{{- else if kindIs "string" $pullSecret -}}
{{- $_ := unset $image "registry" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
