{{/*
Rules of the operator's account, out of files/rights.yaml, which is made from the operator's own list. Arguments: dict
"root", "scopes" (watched, own, cluster, infrastructure) and for the last one "namespace". Answers YAML; empty when there
are none.
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
{{- $mode := $configuration.kubernetes.storage_resize_mode | default "pvc" -}}
{{- $given := dict "ebs" (eq $mode "ebs") "disks" (and (not $all) (has $mode (list "ebs" "mixed"))) "token" (and $asks (not $reached) $token (not (contains "/" $token))) "everywhere" $all "namespaces" (not $all) "definitions" $registers
    "elsewhere" (not $reached)
    "ConfigMap" (eq $root.Values.configTarget "ConfigMap")
    "OperatorConfiguration" (ne $root.Values.configTarget "ConfigMap") -}}
{{- $rules := list -}}
{{- range $root.Files.Get "files/rights.yaml" | fromYamlArray -}}
  {{- if and (has .scope $scopes) (or (not .when) (index $given .when)) -}}
    {{- $rule := dict "apiGroups" (list .group) "resources" (list .resource) "verbs" .verbs -}}
    {{- if .names -}}
      {{- $names := list -}}
      {{- if has "{infrastructure}" .names -}}
        {{- $names = index (include "pgherd.infrastructure" $root | fromYaml) $.namespace -}}
      {{- else -}}
      {{- range .names -}}
        {{- $names = append $names (. | replace "{configuration}" (include "pgherd.fullname" $root) | replace "{token}" $token) -}}
      {{- end -}}
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

{{/*
Where roles of all clusters are, outside of the watched namespaces: names of Secrets and ConfigMaps by namespace, as YAML. A
Secret without a namespace may be in the operator's or in `default`.
*/}}
{{- define "pgherd.infrastructure" -}}
{{- $kubernetes := (include "pgherd.configuration" . | fromYaml).kubernetes -}}
{{- $watched := include "pgherd.watched" . | splitList "," -}}
{{- $list := $kubernetes.infrastructure_roles_secrets | default list -}}
{{- $text := $list -}}
{{- if not (kindIs "string" $list) -}}{{- $text = toJson $list -}}{{- end -}}
{{- $secrets := list -}}
{{- if $kubernetes.infrastructure_roles_secret_name -}}
  {{- $secrets = append $secrets $kubernetes.infrastructure_roles_secret_name -}}
{{- end -}}
{{- range regexFindAll "secretname\"?\\s*:\\s*\"?[^\",}\\s]+" $text -1 -}}
  {{- $secrets = append $secrets (regexReplaceAll "^secretname\"?\\s*:\\s*\"?" . "") -}}
{{- end -}}
{{- $places := dict -}}
{{- range ternary (list) $secrets (has "*" $watched) -}}
  {{- $parts := splitList "/" . -}}
  {{- $name := last $parts -}}
  {{- range ternary (list $.Release.Namespace "default" | uniq) (initial $parts) (eq (len $parts) 1) -}}
    {{- if not (has . $watched) -}}
      {{- $_ := set $places . (append (index $places . | default list) $name | uniq | sortAlpha) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toYaml $places -}}
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
