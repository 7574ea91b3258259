{{/* Name of all objects: release and chart, said once. A label of DNS even with the longest suffix: at most 44 characters, no dots. */}}
{{- define "vethguard.name" -}}
{{- $chart := .Values.nameOverride | default .Chart.Name -}}
{{- $name := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name)) -}}
{{- $name | replace "." "-" | trunc 44 | trimSuffix "-" -}}
{{- end }}

{{- define "vethguard.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "vethguard.name" .) "default" .Values.serviceAccount.create) -}}
{{- end }}

{{/* What a Selector may ask for: it never changes. */}}
{{- define "vethguard.selectorLabels" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "vethguard.labels" -}}
{{- $own := include "vethguard.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") -}}
{{- toYaml (merge $own .Values.labels) -}}
{{- end }}

{{/*
metadata of an object. A dict: root; suffix of its name, labels, annotations and clusterWide are optional.
*/}}
{{- define "vethguard.metadata" -}}
{{- $root := .root -}}
name: {{ include "vethguard.name" $root }}{{ with .suffix }}-{{ . }}{{ end }}
{{- if not .clusterWide }}
namespace: {{ $root.Release.Namespace }}
{{- end }}
labels:
  {{- toYaml (merge (include "vethguard.labels" $root | fromYaml) (.labels | default dict)) | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) $root.Values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Labels of pods. A dict: root, component. */}}
{{- define "vethguard.podLabels" -}}
{{- $own := include "vethguard.selectorLabels" .root | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/component" .component -}}
{{- toYaml $own -}}
{{- end }}
