{{/* What pods of the agent, of its test and of its removal have in common. */}}

{{- define "vethguard.image" -}}
{{- $version := ternary (printf "@%s" .Values.image.digest) (printf ":%s" (.Values.image.tag | default .Chart.AppVersion)) (ne .Values.image.digest "") -}}
image: {{ printf "%s%s" .Values.image.repository $version | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{/* Of what writes to the kernel: uid 0, because a capability reaches other users' programs only by way of their files. */}}
{{- define "vethguard.netAdmin" -}}
securityContext:
  runAsUser: 0
  runAsGroup: 0
  runAsNonRoot: false
  privileged: false
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
    add: [NET_ADMIN]
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Of everything else. */}}
{{- define "vethguard.restricted" -}}
securityContext:
  runAsUser: 65534
  runAsGroup: 65534
  runAsNonRoot: true
  privileged: false
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Of what is there to wait and to say a word. */}}
{{- define "vethguard.smallResources" -}}
resources:
  requests:
    cpu: 10m
    memory: 48Mi
{{- end }}
