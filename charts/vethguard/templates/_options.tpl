{{/* The values that are settings of the agent, as its flags. test/chart/options.test.ts compares with src/config/options.ts. */}}
{{- define "vethguard.flags" -}}
{{- if and .Values.source (include "vethguard.isOn" .Values.events) }}
{{- fail "events: needs an API server, which source stands in for; leave out one of the two" }}
{{- end }}
{{- with .Values.source }}
- {{ printf "--source=%s" . | quote }}
{{- end }}
{{- with .Values.kubeconfig }}
- {{ printf "--kubeconfig=%s" . | quote }}
{{- end }}
- --backend={{ .Values.backend }}
- --spoof-guard={{ include "vethguard.onOrOff" .Values.spoofGuard }}
- --tunnels={{ .Values.tunnels }}
- --log-level={{ .Values.logLevel }}
- --listen={{ .Values.listen }}
- --metrics-policy-labels={{ include "vethguard.onOrOff" .Values.metricsPolicyLabels }}
- --dry-run={{ include "vethguard.onOrOff" .Values.dryRun }}
- --events={{ include "vethguard.onOrOff" .Values.events }}
- --cluster-network-policies={{ include "vethguard.onOrOff" .Values.clusterNetworkPolicies }}
{{- with .Values.serviceCidrs }}
- --service-cidrs={{ join "," . }}
{{- end }}
- --compare-seconds={{ int64 .Values.compareSeconds }}
{{- end }}

{{/* true and false, which is also what YAML makes of on and off, as the agent says it; a number as it is. */}}
{{- define "vethguard.onOrOff" -}}
{{- if kindIs "bool" . }}{{ ternary "on" "off" . }}{{ else if kindIs "string" . }}{{ . }}{{ else }}{{ int64 . }}{{ end }}
{{- end }}

{{- define "vethguard.isOn" -}}
{{- if eq (include "vethguard.onOrOff" .) "on" }}yes{{ end }}
{{- end }}

{{- define "vethguard.port" -}}
{{- regexFind "[0-9]+$" .Values.listen -}}
{{- end }}

{{/* Host of `listen`, without brackets. */}}
{{- define "vethguard.listenHost" -}}
{{- regexReplaceAll ":[0-9]+$" .Values.listen "" | trimPrefix "[" | trimSuffix "]" -}}
{{- end }}

{{/* Where on the node the agent answers. */}}
{{- define "vethguard.localHost" -}}
{{- $host := include "vethguard.listenHost" . -}}
{{- if has $host (list "" "0.0.0.0") }}127.0.0.1{{ else if eq $host "::" }}::1{{ else }}{{ $host }}{{ end }}
{{- end }}

{{/* An httpGet action. A dict: root, path. Without a host kubelet asks the pod's address, which is that of the node. */}}
{{- define "vethguard.httpGet" -}}
{{- $host := include "vethguard.localHost" .root -}}
httpGet:
  path: {{ .path }}
  port: {{ include "vethguard.port" .root }}
  {{- if ne $host "$(HOST_IP)" }}
  host: {{ $host | quote }}
  {{- end }}
{{- end }}
