{{/*
unset removes every key whose value is null, at any depth: null in a values file unsets a value of an earlier file.
*/}}
{{- define "platform-application.unset" -}}
{{- if kindIs "map" . -}}
  {{- range $key, $value := . -}}
    {{- if kindIs "invalid" $value -}}
      {{- $_ := unset $ $key -}}
    {{- else -}}
      {{- include "platform-application.unset" $value -}}
    {{- end -}}
  {{- end -}}
{{- else if kindIs "slice" . -}}
  {{- range . -}}
    {{- include "platform-application.unset" . -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
external-secrets converts externalSecrets to a list of spec.secrets, sorted by name.

A remoteRef.key is one secret in Key Vault. Each secretKey that references it, in any group, is one of its variables. Conflicts
fail with their location. The schema of the values checks everything else.
*/}}
{{- define "platform-application.external-secrets" -}}
{{- $secrets := dict -}}
{{- $variables := dict -}}
{{- $external := .Values.externalSecrets | default dict -}}
{{- range $group, $entry := ternary ($external.secrets | default dict) dict (ne $external.enabled false) -}}
  {{- if and $entry.refreshInterval (eq (include "platform-application.seconds" $entry.refreshInterval) "0") -}}
    {{- printf "externalSecrets.secrets.%s: refreshInterval %s disables refreshes in External Secrets, but not here: remove it or use a long interval"
        $group $entry.refreshInterval | fail -}}
  {{- end -}}
  {{- range $item := $entry.data -}}
    {{- $at := printf "externalSecrets.secrets.%s: %s" $group $item.secretKey -}}
    {{- $ref := $item.remoteRef -}}
    {{- $name := include "platform-application.key-vault-name" (dict "at" $at "key" $ref.key) -}}

    {{- /* Key Vault ignores case in names of secrets. */ -}}
    {{- $id := lower $name -}}
    {{- if not (hasKey $secrets $id) -}}
      {{- $new := dict "name" $name "key" $ref.key "at" $at "plain" (empty $ref.property) "env" list "keys" list "refreshInterval" $entry.refreshInterval -}}
      {{- $_ := set $secrets $id $new -}}
    {{- end -}}
    {{- $secret := get $secrets $id -}}

    {{- if ne $secret.key $ref.key -}}
      {{- printf "%s references %s, and %s references %s: both are the secret %s in Key Vault: use one spelling, or rename one"
          $at (quote $ref.key) $secret.at (quote $secret.key) (quote $name) | fail -}}
    {{- end -}}
    {{- if ne $secret.plain (empty $ref.property) -}}
      {{- printf "%s and %s reference %s, but only one has a property: set property in both if the secret is JSON, and in neither if it is plain text"
          $at $secret.at (quote $ref.key) | fail -}}
    {{- end -}}

    {{- /* Without an interval changes are synced at every poll. */ -}}
    {{- if $secret.refreshInterval -}}
      {{- $seconds := include "platform-application.seconds" ($entry.refreshInterval | default "") | atoi -}}
      {{- if lt $seconds (include "platform-application.seconds" $secret.refreshInterval | atoi) -}}
        {{- $_ := set $secret "refreshInterval" $entry.refreshInterval -}}
      {{- end -}}
    {{- end -}}

    {{- $source := printf "%s of %s" (ternary "the value" (quote $ref.property) (empty $ref.property)) (quote $ref.key) -}}
    {{- $before := get $variables $item.secretKey -}}
    {{- if and $before (ne $before.source $source) -}}
      {{- printf "externalSecrets.secrets: variable %s is %s in %s, and %s in %s: rename or remove one of them"
          $item.secretKey $before.source $before.group $source $group | fail -}}
    {{- end -}}
    {{- if not $before -}}
      {{- $_ := set $variables $item.secretKey (dict "group" $group "source" $source) -}}
      {{- $variable := dict "name" $item.secretKey -}}
      {{- with $ref.property -}}
        {{- $_ := set $variable "key" . -}}
        {{- $_ := set $secret "keys" (append $secret.keys . | uniq) -}}
      {{- end -}}
      {{- $_ := set $secret "env" (append $secret.env $variable) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- $list := list -}}
{{- range $id := keys $secrets | sortAlpha -}}
  {{- $secret := get $secrets $id -}}
  {{- range $.Values.secrets -}}
    {{- if eq (lower .name) $id -}}
      {{- printf "%s references %s, which is also listed in secrets: add the variable to env there, or remove the secret there"
          $secret.at (quote $secret.key) | fail -}}
    {{- end -}}
  {{- end -}}
  {{- $out := pick $secret "name" "env" -}}
  {{- range $field := list "keys" "refreshInterval" -}}
    {{- with get $secret $field -}}
      {{- $_ := set $out $field . -}}
    {{- end -}}
  {{- end -}}
  {{- $list = append $list $out -}}
{{- end -}}
{{- toYaml $list -}}
{{- end -}}

{{/*
key-vault-name is the name in Key Vault of a remoteRef.key. Names in Key Vault have no slashes, so a key with a slash comes from
another store. A hyphen replaces the slash.
*/}}
{{- define "platform-application.key-vault-name" -}}
{{- $parts := splitList "/" .key -}}
{{- if and (eq (len $parts) 2) (has (first $parts) (list "secret" "cert" "key")) -}}
  {{- if eq (first $parts) "key" -}}
    {{- printf "%s: remoteRef.key %s is a key of Key Vault, and only secrets become variables: remove it" .at (quote .key) | fail -}}
  {{- end -}}
  {{- printf "%s: remoteRef.key %s: use %s, or %s if that is a path of another store"
      .at (quote .key) (quote (last $parts)) (.key | replace "/" "-" | quote) | fail -}}
{{- end -}}
{{- $name := .key | replace "/" "-" -}}
{{- if not (regexMatch "^[0-9a-zA-Z-]+$" $name) -}}
  {{- printf "%s: remoteRef.key %s: the name of a Key Vault secret has letters, digits and hyphens, nothing else: use %s"
      .at (quote .key) (regexReplaceAll "[^0-9a-zA-Z-]" $name "-" | quote) | fail -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{/* seconds converts a duration such as 1h30m to seconds. An empty duration is 0. */}}
{{- define "platform-application.seconds" -}}
{{- $units := dict "h" 3600 "m" 60 "s" 1 -}}
{{- $seconds := 0 -}}
{{- range $part := regexFindAll "[0-9]+[hms]" . -1 -}}
  {{- $number := regexFind "[0-9]+" $part | atoi -}}
  {{- $seconds = add $seconds (mul $number (get $units (regexFind "[hms]" $part))) -}}
{{- end -}}
{{- $seconds -}}
{{- end -}}
