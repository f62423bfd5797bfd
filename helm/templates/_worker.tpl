{{/* A node that computes for a leader. It has no port for anybody else, no credentials of the chart's and no probes: it dies with its group. */}}
{{- define "innerloop.worker" -}}
metadata:
  labels:
    {{- $labels := include "innerloop.labels" . | fromYaml }}
    {{- $_ := set $labels "app.kubernetes.io/component" "engine" }}
    {{- toYaml (merge $labels .Values.podLabels) | nindent 4 }}
  {{- with merge (deepCopy .Values.podAnnotations) .Values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "innerloop.podComputing" . | nindent 2 }}
  containers:
    - name: engine
      {{- include "innerloop.container" . | nindent 6 }}
      command: [vllm, serve, {{ .Values.nodes.model | quote }}]
      args:
        - --headless
        {{- $rank := dict "node_rank" "$(LWS_WORKER_INDEX)" }}
        {{- include "innerloop.options" (mergeOverwrite (include "innerloop.engine" . | fromJson) $rank) | trim | nindent 8 }}
      {{- include "innerloop.environment" (list . (include "innerloop.workerEnv" .)) | nindent 6 }}
      resources:
        {{- include "innerloop.resources" . | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- include "innerloop.shmMount" . | trim | nindent 8 }}
        - name: model
          mountPath: {{ .Values.model.mountPath | quote }}
          readOnly: true
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "innerloop.workingVolumes" . | nindent 4 }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* Engine arguments as vLLM's command takes them; it has no options for the opposite of two, which are off anyway. */}}
{{- define "innerloop.options" -}}
{{- $on := list "aggregate_engine_logging" "disable_log_stats" -}}
{{- range $name, $value := . }}
{{- $option := replace "_" "-" $name }}
{{- if kindIs "bool" $value }}
{{- if $value }}
- --{{ $option }}
{{- else if not (has $name $on) }}
- --no-{{ $option }}
{{- end }}
{{- else if kindIs "slice" $value }}
{{- with $value }}
- --{{ $option }}
{{- range . }}
- {{ ternary . (toJson .) (kindIs "string" .) | quote }}
{{- end }}
{{- end }}
{{- else if not (kindIs "invalid" $value) }}
- {{ printf "--%s=%s" $option (ternary $value (toJson $value) (kindIs "string" $value)) | quote }}
{{- end }}
{{- end }}
{{- end }}
