{{/* Names and labels are those of Zalando's chart, so that a release of it can be upgraded to this one. */}}
{{- define "pgherd.name" -}}
{{- default "postgres-operator" .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "pgherd.fullname" -}}
{{- $name := include "pgherd.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pgherd.serviceAccountName" -}}
{{- default (include "pgherd.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "pgherd.podServiceAccountName" -}}
{{- default (printf "%s-pod" (include "pgherd.fullname" .)) .Values.podServiceAccount.name -}}
{{- end -}}

{{/* A text in the values of older charts, an object today; empty for none. */}}
{{- define "pgherd.podPriorityClassName" -}}
{{- $class := .Values.podPriorityClassName -}}
{{- if kindIs "string" $class -}}
{{- $class -}}
{{- else if $class.create -}}
{{- default (printf "%s-pod" (include "pgherd.fullname" .)) $class.name -}}
{{- else -}}
{{- $class.name -}}
{{- end -}}
{{- end -}}

{{- define "pgherd.controllerID" -}}
{{- default (include "pgherd.fullname" .) .Values.controllerID.name -}}
{{- end -}}

{{- define "pgherd.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pgherd.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pgherd.labels" -}}
{{ include "pgherd.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "pgherd.image" -}}
{{- with .Values.image.registry }}{{ . }}/{{ end -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
