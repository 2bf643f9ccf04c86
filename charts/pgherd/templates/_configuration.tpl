{{/*
One setting in the type that its definition has. Values written for the ConfigMap of older charts are texts: "true",
"8", "a:b,c:d"; and YAML makes numbers of texts such as 1. Argument: dict "type" and "value". Answers JSON.
*/}}
{{- define "pgherd.typed" -}}
{{- $value := .value -}}
{{- if kindIs "string" $value -}}
  {{- $text := trim $value -}}
  {{- if and (eq .type "boolean") (has $text (list "true" "false")) -}}
    {{- $value = eq $text "true" -}}
  {{- else if and (eq .type "integer") (regexMatch "^-?[0-9]+$" $text) -}}
    {{- $value = int64 $text -}}
  {{- else if and (eq .type "array") (not (hasPrefix "[" $text)) -}}
    {{- $value = $text | splitList "," | compact -}}
  {{- else if and (eq .type "object") (not (hasPrefix "{" $text)) -}}
    {{- $value = dict -}}
    {{- range $text | splitList "," | compact -}}
      {{- $pair := splitn ":" 2 . -}}
      {{- $_ := set $value (trim $pair._0) (trim ($pair._1 | default "")) -}}
    {{- end -}}
  {{- else if has .type (list "array" "object") -}}
    {{- $value = $text | fromYamlArray -}}
    {{- if eq .type "object" -}}{{- $value = $text | fromYaml -}}{{- end -}}
  {{- end -}}
{{- else if and (eq .type "string") (kindIs "float64" $value) -}}
  {{- $value = toJson $value -}}
{{- else if and (eq .type "string") (kindIs "bool" $value) -}}
  {{- $value = toString $value -}}
{{- end -}}
{{- toJson $value -}}
{{- end -}}

{{/* All settings in their groups, as YAML: the values, and what follows from other values. */}}
{{- define "pgherd.configuration" -}}
{{- $root := . -}}
{{- $types := .Files.Get "files/types.yaml" | fromYaml -}}
{{- $groups := dict -}}
{{- range $name, $group := .Files.Get "files/groups.yaml" | fromYaml -}}
  {{- $members := dict -}}
  {{- range $key, $value := index $root.Values $name -}}
    {{- if not (kindIs "invalid" $value) -}}
      {{- /* As JSON and back, because Helm hands numbers over in two ways. */ -}}
      {{- $value = (printf "{value: %s}" (toJson $value) | fromYaml).value -}}
      {{- $typed := include "pgherd.typed" (dict "type" (index $types $key | default "any") "value" $value) -}}
      {{- $_ := set $members $key (printf "{value: %s}" $typed | fromYaml).value -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set $groups $group $members -}}
{{- end -}}
{{- $kubernetes := $groups.kubernetes -}}
{{- $_ := set $kubernetes "pod_service_account_name" (include "pgherd.podServiceAccountName" .) -}}
{{- with include "pgherd.podPriorityClassName" . -}}
  {{- $_ := set $kubernetes "pod_priority_class_name" . -}}
{{- end -}}
{{- if and $groups.teams_api.enable_teams_api (not $kubernetes.oauth_token_secret_name) -}}
  {{- $_ := set $kubernetes "oauth_token_secret_name" (include "pgherd.fullname" .) -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}

{{/* The settings of one group as entries of a ConfigMap. Lists and maps go as JSON where the short form cannot say them. */}}
{{- define "pgherd.flat" -}}
{{- range $key, $value := . }}
{{- $text := toString $value }}
{{- if kindIs "slice" $value }}
  {{- $text = join "," $value }}
  {{- range $value }}{{ if or (not (kindIs "string" .)) (contains "," (toString .)) }}{{ $text = toJson $value }}{{ end }}{{ end }}
{{- else if kindIs "map" $value }}
  {{- $pairs := list }}
  {{- range $name, $each := $value }}{{ $pairs = append $pairs (printf "%s:%v" $name $each) }}{{ end }}
  {{- $text = join "," $pairs }}
  {{- range $name, $each := $value }}{{ if or (kindIs "map" $each) (kindIs "slice" $each) (regexMatch "[,:]" (toString $each)) }}{{ $text = toJson $value }}{{ end }}{{ end }}
{{- else if kindIs "float64" $value }}
  {{- $text = toJson $value }}
{{- end }}
{{ $key }}: {{ $text | quote }}
{{- end }}
{{- end -}}

{{/* Namespaces that are watched, comma separated; "*" for all. */}}
{{- define "pgherd.watched" -}}
{{- $written := (include "pgherd.configuration" . | fromYaml).kubernetes.watched_namespace | default "" -}}
{{- $names := list -}}
{{- range $written | toString | splitList "," -}}
  {{- with trim . -}}{{- $names = append $names . -}}{{- end -}}
{{- end -}}
{{- if has "*" $names -}}*{{- else -}}{{- $names | uniq | join "," | default .Release.Namespace -}}{{- end -}}
{{- end -}}
