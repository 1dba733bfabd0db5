{{/*
unset removes every key of a value that is null, however deep: with null a file of values unsets what an earlier one has set.
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
external-secrets turns externalSecrets into a list of spec.secrets, sorted by name.

A remoteRef.key is one secret in Key Vault. Each secretKey that refers to it is one of its variables, whichever group it is in.
Whatever cannot be meant fails, and says where: the schema of the values has seen to the rest.
*/}}
{{- define "platform-application.external-secrets" -}}
{{- $secrets := dict -}}
{{- $variables := dict -}}
{{- $external := .Values.externalSecrets | default dict -}}
{{- range $group, $entry := ternary ($external.secrets | default dict) dict (ne $external.enabled false) -}}
  {{- if and $entry.refreshInterval (eq (include "platform-application.seconds" $entry.refreshInterval) "0") -}}
    {{- printf "externalSecrets.secrets.%s: refreshInterval %s means never to External Secrets, and always here: delete it, or write a long one"
        $group $entry.refreshInterval | fail -}}
  {{- end -}}
  {{- range $item := $entry.data -}}
    {{- $at := printf "externalSecrets.secrets.%s: %s" $group $item.secretKey -}}
    {{- $ref := $item.remoteRef -}}
    {{- $name := include "platform-application.key-vault-name" (dict "at" $at "key" $ref.key) -}}

    {{- /* Key Vault does not tell upper from lower case. */ -}}
    {{- $id := lower $name -}}
    {{- if not (hasKey $secrets $id) -}}
      {{- $new := dict "name" $name "key" $ref.key "at" $at "plain" (empty $ref.property) "env" list "keys" list "refreshInterval" $entry.refreshInterval -}}
      {{- $_ := set $secrets $id $new -}}
    {{- end -}}
    {{- $secret := get $secrets $id -}}

    {{- if ne $secret.key $ref.key -}}
      {{- printf "%s refers to %s, and %s refers to %s: in Key Vault both are the secret %s: write one of them in all places, or rename one"
          $at (quote $ref.key) $secret.at (quote $secret.key) (quote $name) | fail -}}
    {{- end -}}
    {{- if ne $secret.plain (empty $ref.property) -}}
      {{- printf "%s and %s refer to %s, only one of them with a property: give both a property if the secret is JSON, and none if it is plain text"
          $at $secret.at (quote $ref.key) | fail -}}
    {{- end -}}

    {{- /* No interval is the shortest: at every look. */ -}}
    {{- if $secret.refreshInterval -}}
      {{- $seconds := include "platform-application.seconds" ($entry.refreshInterval | default "") | atoi -}}
      {{- if lt $seconds (include "platform-application.seconds" $secret.refreshInterval | atoi) -}}
        {{- $_ := set $secret "refreshInterval" $entry.refreshInterval -}}
      {{- end -}}
    {{- end -}}

    {{- $source := printf "%s of %s" (ternary "the value" (quote $ref.property) (empty $ref.property)) (quote $ref.key) -}}
    {{- $before := get $variables $item.secretKey -}}
    {{- if and $before (ne $before.source $source) -}}
      {{- printf "externalSecrets.secrets: the variable %s is %s in %s, and %s in %s: rename one of them, or delete it"
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
      {{- printf "%s refers to %s, which is in secrets, too: add the variable to its env there, or delete it there"
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
key-vault-name is the name in Key Vault of a remoteRef.key. No Key Vault has a secret with a slash in its name, so a key that has
one comes from another store, and the hyphen stands for what is created here.
*/}}
{{- define "platform-application.key-vault-name" -}}
{{- $parts := splitList "/" .key -}}
{{- if and (eq (len $parts) 2) (has (first $parts) (list "secret" "cert" "key")) -}}
  {{- if eq (first $parts) "key" -}}
    {{- printf "%s: remoteRef.key %s is a key of Key Vault: only secrets become variables: delete it" .at (quote .key) | fail -}}
  {{- end -}}
  {{- printf "%s: remoteRef.key %s: write %s, or %s if that is a path of another store"
      .at (quote .key) (quote (last $parts)) (.key | replace "/" "-" | quote) | fail -}}
{{- end -}}
{{- $name := .key | replace "/" "-" -}}
{{- if not (regexMatch "^[0-9a-zA-Z-]+$" $name) -}}
  {{- printf "%s: remoteRef.key %s: the name of a Key Vault secret has letters, digits and hyphens, nothing else: write %s"
      .at (quote .key) (regexReplaceAll "[^0-9a-zA-Z-]" $name "-" | quote) | fail -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{/* seconds is the length of a duration such as 1h30m, and 0 of none. */}}
{{- define "platform-application.seconds" -}}
{{- $units := dict "h" 3600 "m" 60 "s" 1 -}}
{{- $seconds := 0 -}}
{{- range $part := regexFindAll "[0-9]+[hms]" . -1 -}}
  {{- $number := regexFind "[0-9]+" $part | atoi -}}
  {{- $seconds = add $seconds (mul $number (get $units (regexFind "[hms]" $part))) -}}
{{- end -}}
{{- $seconds -}}
{{- end -}}
