{{/*
Merges the dict from into the dict into as a JSON merge patch (RFC 7386): objects are merged, other values are replaced, and null
removes a value. Helm's merge functions ignore new values that are false, 0 or empty.
*/}}
{{- define "platform.merge" -}}
{{- range $key, $value := .from | default dict -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $.into $key -}}
{{- else if kindIs "map" $value -}}
{{- if not (kindIs "map" (get $.into $key)) -}}
{{- $_ := set $.into $key dict -}}
{{- end -}}
{{- include "platform.merge" (dict "into" (get $.into $key) "from" $value) -}}
{{- else if kindIs "slice" $value -}}
{{- $items := list -}}
{{- range $value -}}
{{- $box := dict -}}
{{- include "platform.merge" (dict "into" $box "from" (dict "item" .)) -}}
{{- $items = append $items $box.item -}}
{{- end -}}
{{- $_ := set $.into $key $items -}}
{{- else -}}
{{- $_ := set $.into $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
