{{/* A node that computes for a leader. It has no port for anybody else, no credentials and no probes: it dies with its group. */}}
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
  serviceAccountName: {{ include "innerloop.serviceAccount" . | quote }}
  {{- include "innerloop.podCommon" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ include "innerloop.graceSeconds" . }}
  containers:
    - name: engine
      {{- include "innerloop.container" . | nindent 6 }}
      command: [vllm, serve, {{ .Values.nodes.model | quote }}]
      args:
        - --headless
        - --nnodes={{ .Values.nodes.size }}
        - --node-rank=$(LWS_WORKER_INDEX)
        - --master-addr=$(LWS_LEADER_ADDRESS)
        - --master-port={{ .Values.nodes.port }}
        - --tensor-parallel-size={{ .Values.gpus }}
        - --pipeline-parallel-size={{ .Values.nodes.size }}
      env:
        - name: HF_HUB_OFFLINE
          value: "1"
        - name: VLLM_NO_USAGE_STATS
          value: "1"
      resources:
        {{- include "innerloop.resources" . | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        - name: shm
          mountPath: /dev/shm
        - name: model
          mountPath: {{ .Values.model.mountPath | quote }}
          readOnly: true
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: {{ .Values.tmp.sizeLimit | quote }}
    - name: shm
      emptyDir:
        medium: Memory
        sizeLimit: {{ default "2Gi" .Values.shm.sizeLimit | quote }}
    {{- include "innerloop.modelVolume" . | nindent 4 }}
{{- end }}
