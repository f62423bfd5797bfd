{{/* What the agent reads from its environment. Everything of it is a setting of service/settings.py or of a library. */}}
{{- define "innerloop.env" -}}
- name: INNERLOOP_HOST
  value: {{ .Values.server.host | quote }}
- name: INNERLOOP_PORT
  value: "8001"
- name: INNERLOOP_PUBLIC_URL
  value: {{ include "innerloop.publicUrl" . | quote }}
{{- if .Values.server.grpc.enabled }}
- name: INNERLOOP_GRPC_PORT
  value: "8002"
- name: INNERLOOP_GRPC_PUBLIC_URL
  value: {{ include "innerloop.grpcPublicUrl" . | quote }}
{{- end }}
- name: INNERLOOP_MANAGEMENT_PORT
  value: {{ .Values.management.port | int | quote }}
- name: INNERLOOP_WEDGED_SECONDS
  value: {{ .Values.probes.wedgedSeconds | int | quote }}
- name: INNERLOOP_CONNECTIONS
  value: {{ .Values.server.connections | int | quote }}
- name: INNERLOOP_DRAIN_SECONDS
  value: {{ .Values.drain.turnSeconds | int | quote }}
- name: INNERLOOP_LEASE_SECONDS
  value: {{ .Values.leaseSeconds | int | quote }}
{{- with .Values.database.keepDays }}
- name: INNERLOOP_KEEP_DAYS
  value: {{ . | int | quote }}
{{- end }}
{{- with .Values.peers }}
{{- $urls := dict }}
{{- $direct := list }}
{{- range . }}
{{- $_ := set $urls .name (include "innerloop.peerUrl" (list $ .)) }}
{{- if .service }}
{{- $direct = append $direct .name }}
{{- end }}
{{- end }}
- name: INNERLOOP_PEERS
  value: {{ toJson $urls | quote }}
{{- with $direct }}
- name: INNERLOOP_DIRECT_PEERS
  value: {{ toJson . | quote }}
{{- end }}
{{- end }}
{{- with .Values.server.egressAllow }}
- name: INNERLOOP_EGRESS_ALLOW
  value: {{ toJson . | quote }}
{{- end }}
{{- with .Values.auth.jwt }}
{{- if .jwks }}
- name: INNERLOOP_AUTH__JWT__JWKS
  value: {{ .jwks | quote }}
- name: INNERLOOP_AUTH__JWT__ISSUER
  value: {{ .issuer | quote }}
- name: INNERLOOP_AUTH__JWT__AUDIENCE
  value: {{ .audience | quote }}
{{- end }}
{{- end }}
{{- if .Values.auth.apiKeys.existingSecret }}
- name: INNERLOOP_AUTH__API_KEYS
  value: "/etc/innerloop/api-keys/{{ .Values.auth.apiKeys.key }}"
{{- end }}
{{- with .Values.auth.proxy }}
{{- if .addresses }}
- name: INNERLOOP_AUTH__PROXY__ADDRESSES
  value: {{ toJson .addresses | quote }}
- name: INNERLOOP_AUTH__PROXY__HEADER
  value: {{ .header | quote }}
{{- end }}
{{- end }}
{{- if .Values.cardKeys.existingSecret }}
{{- $files := list }}
{{- range .Values.cardKeys.keys }}
{{- $files = append $files (printf "/etc/innerloop/card-keys/%s" .) }}
{{- end }}
- name: INNERLOOP_CARD_KEYS
  value: {{ toJson $files | quote }}
{{- end }}
{{- if .Values.push.signing.existingSecret }}
- name: INNERLOOP_PUSH_KEY
  value: "/etc/innerloop/push-signing/{{ .Values.push.signing.key }}"
{{- end }}
{{- if .Values.push.encryption.existingSecret }}
- name: INNERLOOP_PUSH_SECRETS
  value: "/etc/innerloop/push-encryption/{{ .Values.push.encryption.key }}"
{{- end }}
{{- with include "innerloop.engine" . }}
- name: INNERLOOP_ENGINE
  value: {{ . | quote }}
{{- end }}
{{- if eq .Values.device "cpu" }}
{{- with include "innerloop.threads" . }}
- name: OMP_NUM_THREADS
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{ include "innerloop.foldersEnv" . }}
{{- include "innerloop.databaseEnv" .Values.database }}
{{- include "innerloop.tracesEnv" . }}
{{- if ne .Values.model.source "image" }}
- name: HF_HUB_OFFLINE
  value: "1"
{{- end }}
{{- end }}

{{/* The environment of a container: (list $ what-the-chart-sets), and what else whoever installs it wants there. */}}
{{- define "innerloop.environment" -}}
{{- $ := index . 0 -}}
env:
  {{- index . 1 | trim | nindent 2 }}
  {{- with include "innerloop.extraEnv" $ }}
  {{- . | nindent 2 }}
  {{- end }}
{{- with $.Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
Not what the chart sets in any container, such as the time to drain, by which it computes the grace period; and nothing
twice, which server-side apply refuses.
*/}}
{{- define "innerloop.extraEnv" -}}
{{- $names := list -}}
{{- $set := include "innerloop.env" . | fromYamlArray -}}
{{- if eq .Values.model.source "download" -}}
{{- $set = concat $set (include "innerloop.downloadEnv" . | fromYamlArray) -}}
{{- end -}}
{{- if eq .Values.workload.kind "LeaderWorkerSet" -}}
{{- $set = concat $set (include "innerloop.workerEnv" . | fromYamlArray) -}}
{{- end -}}
{{- range $set -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if regexMatch "(?i)^innerloop_" .name -}}
{{- fail (printf "extraEnv has %s: every setting of the service is one of this chart's values" .name) -}}
{{- else if has .name $names -}}
{{- fail (printf "extraEnv has %s, which is set already" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- with .Values.extraEnv }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Of every container that runs `innerloop` on an agent's folder. */}}
{{- define "innerloop.foldersEnv" -}}
- name: INNERLOOP_DATA
  value: /data
- name: INNERLOOP_CACHE
  value: {{ include "innerloop.cache" . | quote }}
- name: INNERLOOP_LOG_FORMAT
  value: {{ .Values.server.logFormat | quote }}
- name: INNERLOOP_LOG_LEVEL
  value: {{ .Values.server.logLevel | quote }}
{{- end }}

{{/* Of the init container that downloads. */}}
{{- define "innerloop.downloadEnv" -}}
{{ include "innerloop.foldersEnv" . }}
{{- with .Values.model.download }}
{{- if .endpoint }}
- name: HF_ENDPOINT
  value: {{ .endpoint | quote }}
{{- end }}
{{- if .existingSecret }}
- name: HF_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | quote }}
      key: {{ .key | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Of a LeaderWorkerSet's workers. */}}
{{- define "innerloop.workerEnv" -}}
- name: HF_HUB_OFFLINE
  value: "1"
- name: VLLM_NO_USAGE_STATS
  value: "1"
{{- end }}

{{/* The URL, from a Secret: existingSecret and key. */}}
{{- define "innerloop.databaseEnv" -}}
{{- if .existingSecret }}
- name: INNERLOOP_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | quote }}
      key: {{ .key | quote }}
{{- end }}
{{- end }}

{{- define "innerloop.tracesEnv" -}}
{{- if .Values.traces.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .Values.traces.endpoint | quote }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: {{ .Values.traces.protocol | quote }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ divf .Values.traces.samplePercent 100 | quote }}
- name: OTEL_SERVICE_NAME
  value: {{ include "innerloop.fullname" . | quote }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: OTEL_RESOURCE_ATTRIBUTES
  value: "k8s.namespace.name={{ .Release.Namespace }},k8s.pod.name=$(POD_NAME),k8s.node.name=$(NODE_NAME),service.instance.id=$(POD_NAME)"
{{- end }}
{{- end }}
