{{/* The pod of one agent, whatever keeps it running. */}}
{{- define "innerloop.pod" -}}
metadata:
  labels:
    {{- $labels := include "innerloop.labels" . | fromYaml }}
    {{- $_ := set $labels "app.kubernetes.io/component" "agent" }}
    {{- $_ := set $labels "innerloop.dev/agent" (include "innerloop.fullname" .) }}
    {{- toYaml (merge $labels .Values.podLabels) | nindent 4 }}
  annotations:
    checksum/config: {{ toJson .Values.agent.files | sha256sum }}
    {{- with merge (deepCopy .Values.podAnnotations) .Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "innerloop.podComputing" . | nindent 2 }}
  {{- if .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
  {{- else if ne .Values.spread "none" }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . | quote }}
      whenUnsatisfiable: {{ ternary "DoNotSchedule" "ScheduleAnyway" (eq $.Values.spread "hard") }}
      labelSelector:
        matchLabels:
          {{- include "innerloop.agentSelector" $ | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- with include "innerloop.initContainers" . }}
  initContainers:
    {{- . | trim | nindent 4 }}
  {{- end }}
  containers:
    - name: agent
      {{- include "innerloop.container" . | nindent 6 }}
      args: [serve, {{ .Values.agent.path | quote }}]
      ports:
        - name: http
          containerPort: 8001
        {{- if .Values.server.grpc.enabled }}
        - name: grpc
          containerPort: 8002
        {{- end }}
        - name: management
          containerPort: {{ .Values.management.port }}
      {{- include "innerloop.environment" (list . (include "innerloop.env" .)) | nindent 6 }}
      {{- include "innerloop.probes" . | nindent 6 }}
      lifecycle:
        preStop:
          sleep:
            seconds: {{ .Values.drain.preStopSeconds }}
      resources:
        {{- include "innerloop.resources" . | nindent 8 }}
      volumeMounts:
        {{- include "innerloop.weightMounts" (list . .Values.model.claim.readOnly) | nindent 8 }}
        {{- include "innerloop.mounts" . | nindent 8 }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "innerloop.volumes" . | nindent 4 }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* Of every pod that a model is computed in. */}}
{{- define "innerloop.podComputing" -}}
serviceAccountName: {{ include "innerloop.serviceAccount" . | quote }}
{{- include "innerloop.podCommon" . | nindent 0 }}
terminationGracePeriodSeconds: {{ include "innerloop.graceSeconds" . }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.resourceClaims }}
resourceClaims:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Of every pod that the chart makes: where it runs, and with what rights. */}}
{{- define "innerloop.podCommon" -}}
automountServiceAccountToken: false
# A Service called innerloop-auth would become variables that the agent takes for its settings.
enableServiceLinks: false
{{- if .Values.userNamespace }}
hostUsers: false
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- include "innerloop.pullSecrets" . }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with .Values.schedulerName }}
schedulerName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $tolerations := .Values.tolerations }}
{{- if eq .Values.device "gpu" }}
{{- $tolerations = append $tolerations (dict "key" "nvidia.com/gpu" "operator" "Exists" "effect" "NoSchedule") }}
{{- end }}
{{- with $tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "innerloop.container" -}}
image: {{ include "innerloop.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- end }}

{{/* Loading, ready, draining and wedged are told apart by the management port; none of it depends on peers or load. */}}
{{- define "innerloop.probes" -}}
{{- with .Values.probes -}}
{{- $seconds := include "innerloop.startupSeconds" $ | int -}}
startupProbe:
  httpGet: {path: /startupz, port: management}
  periodSeconds: {{ .periodSeconds }}
  timeoutSeconds: {{ .timeoutSeconds }}
  failureThreshold: {{ ceil (divf $seconds .periodSeconds) | int }}
  terminationGracePeriodSeconds: {{ include "innerloop.failedSeconds" $ }}
readinessProbe:
  httpGet: {path: /readyz, port: management}
  periodSeconds: {{ .periodSeconds }}
  timeoutSeconds: {{ .timeoutSeconds }}
  failureThreshold: {{ .readinessFailures }}
livenessProbe:
  httpGet: {path: /livez, port: management}
  periodSeconds: {{ .periodSeconds }}
  timeoutSeconds: {{ .timeoutSeconds }}
  failureThreshold: {{ .livenessFailures }}
  terminationGracePeriodSeconds: {{ include "innerloop.failedSeconds" $ }}
{{- end }}
{{- end }}

{{/*
Processors and memory. What values name neither a request nor a limit of is chosen by device: on a CPU what the embedded
model was measured with, on a GPU a guess that nobody has measured, as the nodes of clouds have it for each GPU.
*/}}
{{- define "innerloop.amounts" -}}
{{- $gpus := ternary (max 1 (int .Values.gpus)) 0 (eq .Values.device "gpu") -}}
{{- $chosen := dict "cpu" "2" "memory" "4Gi" -}}
{{- if $gpus -}}
{{- $chosen = dict "cpu" (mul 4 $gpus | toString) "memory" (printf "%dGi" (mul 16 $gpus)) -}}
{{- end -}}
{{- $requests := deepCopy (default dict .Values.resources.requests) -}}
{{- $limits := deepCopy (default dict .Values.resources.limits) -}}
{{- range $name, $amount := $chosen -}}
{{- if not (or (hasKey $requests $name) (hasKey $limits $name)) -}}
{{- $_ := set $requests $name $amount -}}
{{- $_ := set $limits $name $amount -}}
{{- end -}}
{{- end -}}
{{- $amounts := dict -}}
{{- with $requests }}{{ $_ := set $amounts "requests" . }}{{ end -}}
{{- with $limits }}{{ $_ := set $amounts "limits" . }}{{ end -}}
{{ toYaml $amounts }}
{{- end }}

{{/* The same with devices. */}}
{{- define "innerloop.resources" -}}
{{- $resources := include "innerloop.amounts" . | fromYaml -}}
{{- with .Values.resources.claims }}{{ $_ := set $resources "claims" . }}{{ end -}}
{{- if and (eq .Values.device "gpu") .Values.gpus -}}
{{- $limits := default dict $resources.limits -}}
{{- $_ := set $resources "limits" (merge $limits (dict "nvidia.com/gpu" (int .Values.gpus))) -}}
{{- end -}}
{{ toYaml $resources }}
{{- end }}

{{/* What runs before the agent. */}}
{{- define "innerloop.initContainers" -}}
{{- with .Values.initContainers }}
{{- toYaml . }}
{{- end }}
{{- if eq .Values.model.source "download" }}
{{ include "innerloop.download" . }}
{{- end }}
{{- end }}

{{/* Gets the weights, with the hub's token, which the agent itself never sees. */}}
{{- define "innerloop.download" -}}
- name: download
  {{- include "innerloop.container" . | nindent 2 }}
  args: [model, prepare, {{ .Values.agent.path | quote }}]
  {{- include "innerloop.environment" (list . (include "innerloop.downloadEnv" .)) | nindent 2 }}
  resources:
    {{- include "innerloop.amounts" . | nindent 4 }}
  volumeMounts:
    {{- include "innerloop.weightMounts" (list . false) | nindent 4 }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* What weights are made of, and where they are put: (list $ whether-a-claim-is-read-only). */}}
{{- define "innerloop.weightMounts" -}}
{{- $ := index . 0 -}}
{{- $readOnly := index . 1 -}}
{{- with $.Values -}}
- name: tmp
  mountPath: /tmp
{{- range $name, $_ := .agent.files }}
- name: files
  mountPath: "{{ $.Values.agent.path }}/{{ $name }}"
  subPath: {{ $name | quote }}
  readOnly: true
{{- end }}
{{- if ne .model.source "image" }}
- name: model
  mountPath: {{ ternary "/models" .model.mountPath (eq .model.source "download") | quote }}
  readOnly: {{ or (eq .model.source "imageVolume") $readOnly }}
{{- end }}
{{- if include "innerloop.hasCache" $ }}
- name: cache
  mountPath: {{ include "innerloop.cache" $ | quote }}
{{- end }}
{{- if ne .adapter.source "none" }}
- name: adapter
  mountPath: "{{ .agent.path }}/{{ .adapter.folder }}"
  readOnly: true
  {{- if .adapter.subPath }}
  subPath: {{ .adapter.subPath | quote }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* What else the agent reads and writes. */}}
{{- define "innerloop.mounts" -}}
- name: data
  mountPath: /data
{{- include "innerloop.shmMount" . }}
{{- include "innerloop.mountsOfSecrets" (include "innerloop.secretMounts" . | fromYamlArray) }}
{{- end }}

{{- define "innerloop.shmMount" -}}
{{- if or .Values.shm.sizeLimit (eq .Values.device "gpu") }}
- name: shm
  mountPath: /dev/shm
{{- end }}
{{- end }}

{{/* Secrets that are files: name of the volume, secret, path, and which keys of it if not all. */}}
{{- define "innerloop.secretMounts" -}}
{{- with .Values.auth.apiKeys }}
{{- if .existingSecret }}
- {name: api-keys, secret: {{ .existingSecret | quote }}, path: /etc/innerloop/api-keys, keys: [{{ .key | quote }}]}
{{- end }}
{{- end }}
{{- with .Values.cardKeys }}
{{- if .existingSecret }}
- {name: card-keys, secret: {{ .existingSecret | quote }}, path: /etc/innerloop/card-keys, keys: {{ toJson .keys }}}
{{- end }}
{{- end }}
{{- with .Values.push.signing }}
{{- if .existingSecret }}
- {name: push-signing, secret: {{ .existingSecret | quote }}, path: /etc/innerloop/push-signing, keys: [{{ .key | quote }}]}
{{- end }}
{{- end }}
{{- with .Values.push.encryption }}
{{- if .existingSecret }}
- {name: push-encryption, secret: {{ .existingSecret | quote }}, path: /etc/innerloop/push-encryption, keys: [{{ .key | quote }}]}
{{- end }}
{{- end }}
{{- include "innerloop.otherSecretMounts" . }}
{{- end }}

{{/* Those that the chart knows nothing of. */}}
{{- define "innerloop.otherSecretMounts" -}}
{{- range $index, $mount := .Values.secretMounts }}
- {name: secret-{{ $index }}, secret: {{ $mount.secret | quote }}, path: {{ $mount.path | quote }}, keys: []}
{{- end }}
{{- end }}

{{- define "innerloop.mountsOfSecrets" -}}
{{- range . }}
- name: {{ .name | quote }}
  mountPath: {{ .path | quote }}
  readOnly: true
{{- end }}
{{- end }}

{{- define "innerloop.volumesOfSecrets" -}}
{{- range . }}
- name: {{ .name | quote }}
  secret:
    secretName: {{ .secret | quote }}
    defaultMode: 0440
    {{- with .keys }}
    items:
      {{- range . }}
      - {key: {{ . | quote }}, path: {{ . | quote }}}
      {{- end }}
    {{- end }}
{{- end }}
{{- end }}

{{/* Whether weights are prepared in a volume that is empty at first: /models may be read only, or somebody else's. */}}
{{- define "innerloop.hasCache" -}}
{{- with .Values -}}
{{- $elsewhere := and (has .model.source (list "imageVolume" "claim")) (ne .model.mountPath "/models") -}}
{{- if or $elsewhere (ne .adapter.source "none") -}}true{{- end -}}
{{- end -}}
{{- end }}

{{/* All of the pod's volumes but a StatefulSet's own. */}}
{{- define "innerloop.volumes" -}}
{{- with .Values -}}
{{ include "innerloop.workingVolumes" $ }}
{{- if include "innerloop.dataClaim" $ }}
- name: data
  persistentVolumeClaim:
    claimName: {{ include "innerloop.dataClaim" $ | quote }}
{{- else if not .persistence.enabled }}
- name: data
  emptyDir:
    sizeLimit: {{ .persistence.sizeLimit | quote }}
{{- end }}
{{- if .agent.files }}
- name: files
  configMap:
    name: {{ include "innerloop.fullname" $ }}-files
{{- end }}
{{- if include "innerloop.hasCache" $ }}
- name: cache
  emptyDir:
    sizeLimit: {{ .model.cacheSizeLimit | quote }}
{{- end }}
{{- if eq .adapter.source "imageVolume" }}
- name: adapter
  {{- include "innerloop.imageVolume" $ | nindent 2 }}
    reference: {{ .adapter.reference | quote }}
{{- else if eq .adapter.source "claim" }}
- name: adapter
  persistentVolumeClaim:
    claimName: {{ .adapter.existingClaim | quote }}
    readOnly: true
{{- end }}
{{- include "innerloop.volumesOfSecrets" (include "innerloop.secretMounts" $ | fromYamlArray) }}
{{- end }}
{{- end }}

{{/* Those of every process that computes: a leader's and its workers' alike. */}}
{{- define "innerloop.workingVolumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .Values.tmp.sizeLimit | quote }}
{{- if or .Values.shm.sizeLimit (eq .Values.device "gpu") }}
- name: shm
  emptyDir:
    medium: Memory
    sizeLimit: {{ default "2Gi" .Values.shm.sizeLimit | quote }}
{{- end }}
{{- if ne .Values.model.source "image" }}
{{ include "innerloop.modelVolume" . }}
{{- end }}
{{- end }}

{{/* Where the model comes from, or the empty volume that it is downloaded to. */}}
{{- define "innerloop.modelVolume" -}}
{{- with .Values.model -}}
- name: model
{{- if eq .source "imageVolume" }}
  {{- include "innerloop.imageVolume" $ | nindent 2 }}
    reference: {{ .imageVolume.reference | quote }}
    pullPolicy: {{ .imageVolume.pullPolicy }}
{{- else if include "innerloop.modelClaim" $ }}
  persistentVolumeClaim:
    claimName: {{ include "innerloop.modelClaim" $ | quote }}
    {{- if and (eq .source "claim") .claim.readOnly }}
    readOnly: true
    {{- end }}
{{- else }}
  emptyDir:
    sizeLimit: {{ .cacheSizeLimit | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "innerloop.imageVolume" -}}
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- if not (semverCompare ">=1.33-0" $version) -}}
{{- fail (printf "image volumes want Kubernetes 1.33 or newer, and this is %s: take another source, or say --kube-version if there is no cluster to ask" $version) -}}
{{- end -}}
image:
{{- end }}

{{/* The claim of /data, unless there is none or a StatefulSet makes one for each replica. */}}
{{- define "innerloop.dataClaim" -}}
{{- with .Values.persistence -}}
{{- if .enabled -}}
{{- if .existingClaim -}}
{{ .existingClaim }}
{{- else if ne $.Values.workload.kind "StatefulSet" -}}
{{ include "innerloop.fullname" $ }}-data
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
