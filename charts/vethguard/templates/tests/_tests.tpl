{{/* metadata of an object of `helm test`. A dict: root, suffix, weight. */}}
{{- define "vethguard.testMetadata" -}}
{{- $hook := dict "helm.sh/hook" "test" "helm.sh/hook-weight" .weight "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" -}}
{{- include "vethguard.metadata" (dict "root" .root "suffix" .suffix "annotations" $hook "labels" (dict "app.kubernetes.io/component" .suffix)) -}}
{{- end }}

{{/* Where pods of the test run, and as whom. */}}
{{- define "vethguard.testPod" -}}
automountServiceAccountToken: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationGracePeriodSeconds: 1
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tests.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "vethguard.testContainer" -}}
{{- include "vethguard.image" .root }}
command:
  - node
  - -e
  - |
    {{- .root.Files.Get (printf "files/tests/%s" .script) | trim | nindent 4 }}
{{ include "vethguard.restricted" .root }}
{{ include "vethguard.smallResources" .root }}
{{- end }}

{{/* What kubelet calls the address of the test's Service in the environment of pods; names in the cluster's DNS are not needed then. */}}
{{- define "vethguard.testServerVariable" -}}
{{- printf "%s_TEST_SERVER_SERVICE_HOST" (include "vethguard.name" . | upper | replace "-" "_") -}}
{{- end }}
