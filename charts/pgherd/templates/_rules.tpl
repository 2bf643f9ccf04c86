{{/*
Rules of the operator's account, out of files/rights.yaml, which is made from the operator's own list. Arguments: dict
"root" and "scopes" (watched, own, cluster). Answers YAML; empty when there are none.
*/}}
{{- define "pgherd.rules" -}}
{{- $root := .root -}}
{{- $scopes := .scopes -}}
{{- $configuration := include "pgherd.configuration" $root | fromYaml -}}
{{- $all := eq (include "pgherd.watched" $root) "*" -}}
{{- $registers := $all -}}
{{- $general := index $configuration "" | default dict -}}
{{- if hasKey $general "enable_crd_registration" -}}
  {{- $registers = $general.enable_crd_registration -}}
{{- end -}}
{{- $teams := $configuration.teams_api | default dict -}}
{{- $url := $teams.teams_api_url | default "https://teams.example.com/api/" -}}
{{- $token := $configuration.kubernetes.oauth_token_secret_name | default "" | trimPrefix (printf "%s/" $root.Release.Namespace) -}}
{{- $asks := and $teams.enable_teams_api (ne $url "https://teams.example.com/api/") -}}
{{- $reached := or $all (has $root.Release.Namespace (include "pgherd.watched" $root | splitList ",")) -}}
{{- $given := dict "token" (and $asks (not $reached) $token (not (contains "/" $token))) "everywhere" $all "namespaces" (not $all) "definitions" $registers
    "ConfigMap" (eq $root.Values.configTarget "ConfigMap")
    "OperatorConfiguration" (ne $root.Values.configTarget "ConfigMap") -}}
{{- $rules := list -}}
{{- range $root.Files.Get "files/rights.yaml" | fromYamlArray -}}
  {{- if and (has .scope $scopes) (or (not .when) (index $given .when)) -}}
    {{- $rule := dict "apiGroups" (list .group) "resources" (list .resource) "verbs" .verbs -}}
    {{- if .names -}}
      {{- $names := list -}}
      {{- range .names -}}
        {{- $names = append $names (. | replace "{configuration}" (include "pgherd.fullname" $root) | replace "{token}" $token) -}}
      {{- end -}}
      {{- if has "{pods}" .names -}}
        {{- $role := include "pgherd.podRole" $root | fromYaml -}}
        {{- $names = list $role.name -}}
        {{- $_ := set $rule "resources" (list (ternary "roles" "clusterroles" (eq $role.kind "Role"))) -}}
      {{- end -}}
      {{- $_ := set $rule "resourceNames" $names -}}
    {{- end -}}
    {{- $rules = append $rules $rule -}}
  {{- end -}}
{{- end -}}
{{- if $rules -}}{{- toYaml $rules -}}{{- end -}}
{{- end -}}

{{/* The role that the account of the database pods is bound to, as YAML. */}}
{{- define "pgherd.podRole" -}}
{{- $kubernetes := (include "pgherd.configuration" . | fromYaml).kubernetes -}}
{{- $definition := $kubernetes.pod_service_account_role_binding_definition | default dict -}}
{{- if kindIs "string" $definition -}}{{- $definition = $definition | fromYaml -}}{{- end -}}
{{- $ref := $definition.roleRef | default dict -}}
kind: {{ $ref.kind | default "ClusterRole" }}
name: {{ $ref.name | default (include "pgherd.podServiceAccountName" .) }}
{{- end -}}

{{/* Who gets the rules. */}}
{{- define "pgherd.subjects" -}}
- kind: ServiceAccount
  name: {{ include "pgherd.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* A Role with its binding. Arguments: dict "root", "name", "namespace", "scopes". */}}
{{- define "pgherd.role" -}}
{{- with include "pgherd.rules" . }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $.name }}
  namespace: {{ $.namespace }}
  labels:
    {{- include "pgherd.labels" $.root | nindent 4 }}
rules:
  {{- . | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $.name }}
  namespace: {{ $.namespace }}
  labels:
    {{- include "pgherd.labels" $.root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $.name }}
subjects:
  {{- include "pgherd.subjects" $.root | nindent 2 }}
{{- end }}
{{- end -}}
