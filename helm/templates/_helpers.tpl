{{/* What everything of the release is called, the Service included. */}}
{{- define "innerloop.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- end }}

{{/* What the workload is called. A LeaderWorkerSet makes a Service of its own name, for its nodes. */}}
{{- define "innerloop.workloadName" -}}
{{ include "innerloop.fullname" . }}{{ if eq .Values.workload.kind "LeaderWorkerSet" }}-nodes{{ end }}
{{- end }}

{{/* What selects the release's pods; with a component, some of them. It can never change. */}}
{{- define "innerloop.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* By which the agent's pods are found by peers, who know nothing of it but its Service's name. */}}
{{- define "innerloop.agentSelector" -}}
{{ include "innerloop.selector" . }}
app.kubernetes.io/component: agent
{{- end }}

{{- define "innerloop.labels" -}}
{{ include "innerloop.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: innerloop
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (replace "+" "_" .Chart.Version) | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The metadata of an object: (list $ name annotations labels). */}}
{{- define "innerloop.metadata" -}}
{{- $ := index . 0 -}}
name: {{ index . 1 | quote }}
namespace: {{ $.Release.Namespace | quote }}
labels:
  {{- $labels := include "innerloop.labels" $ | fromYaml }}
  {{- toYaml (mergeOverwrite $labels (index . 3)) | nindent 2 }}
{{- with mergeOverwrite (deepCopy $.Values.commonAnnotations) (index . 2) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "innerloop.image" -}}
{{- with .Values.image -}}
{{- $registry := default .registry $.Values.global.imageRegistry -}}
{{- if $registry }}{{ $registry }}/{{ end -}}
{{ .repository }}
{{- $released := ternary (index .digests $.Values.device) "" (empty .tag) -}}
{{- with default $released .digest }}@{{ . }}{{ else }}:{{ default (printf "%s-%s" $.Chart.AppVersion $.Values.device) .tag }}{{ end -}}
{{- end -}}
{{- end }}

{{- define "innerloop.pullSecrets" -}}
{{- with concat .Values.imagePullSecrets .Values.global.imagePullSecrets | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "innerloop.serviceAccount" -}}
{{- default (ternary (include "innerloop.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{/* Where other pods reach an agent's Service: (dict "service" "namespace" "port"). */}}
{{- define "innerloop.serviceUrl" -}}
http://{{ .service }}.{{ .namespace }}.svc:{{ .port }}
{{- end }}

{{/* Where this agent's own Service is reached. */}}
{{- define "innerloop.ownUrl" -}}
{{- include "innerloop.serviceUrl" (dict "service" (include "innerloop.fullname" .) "namespace" .Release.Namespace "port" .Values.service.port) -}}
{{- end }}

{{/* What the card says: where callers reach the agent. */}}
{{- define "innerloop.publicUrl" -}}
{{- if .Values.server.publicUrl -}}
{{- .Values.server.publicUrl -}}
{{- else if and .Values.httpRoute.enabled .Values.httpRoute.hostnames -}}
https://{{ include "innerloop.oneHost" (list (first .Values.httpRoute.hostnames) "server.publicUrl") }}
{{- else if .Values.ingress.enabled -}}
{{ ternary "https" "http" (not (empty .Values.ingress.tlsSecret)) }}://{{ include "innerloop.oneHost" (list .Values.ingress.host "server.publicUrl") }}
{{- else -}}
{{- include "innerloop.ownUrl" . -}}
{{- end -}}
{{- end }}

{{/* The same for gRPC, as its clients take it. */}}
{{- define "innerloop.grpcPublicUrl" -}}
{{- if .Values.server.grpc.publicUrl -}}
{{- .Values.server.grpc.publicUrl -}}
{{- else if and .Values.grpcRoute.enabled .Values.grpcRoute.hostnames -}}
{{ include "innerloop.oneHost" (list (first .Values.grpcRoute.hostnames) "server.grpc.publicUrl") }}:443
{{- else -}}
{{ include "innerloop.fullname" . }}.{{ .Release.Namespace }}.svc:{{ .Values.service.grpcPort }}
{{- end -}}
{{- end }}

{{/* A host that callers can go to: (list host value), where the value says another. */}}
{{- define "innerloop.oneHost" -}}
{{- if hasPrefix "*" (first .) -}}
{{- fail (printf "%s stands for many hosts, of which the card names one: say which in %s" (first .) (last .)) -}}
{{- end -}}
{{- first . -}}
{{- end }}

{{- define "innerloop.peerUrl" -}}
{{- $ := index . 0 -}}
{{- with index . 1 -}}
{{- if .url -}}
{{- .url -}}
{{- else -}}
{{- include "innerloop.serviceUrl" (dict "service" .service "namespace" (default $.Release.Namespace .namespace) "port" (default 8001 .port)) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The port of a URL. */}}
{{- define "innerloop.portOf" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- default (ternary "443" "80" (eq $url.scheme "https")) $port -}}
{{- end }}

{{/* Whether who asks has to show something. */}}
{{- define "innerloop.authenticated" -}}
{{- with .Values.auth }}{{ if or .jwt.jwks .apiKeys.existingSecret .proxy.addresses }}true{{ end }}{{ end -}}
{{- end }}

{{/* How long the model may take to load, in seconds. */}}
{{- define "innerloop.startupSeconds" -}}
{{- .Values.probes.startupSeconds | int | default (ternary 1800 300 (eq .Values.device "gpu")) -}}
{{- end }}

{{/* The same from a pod's beginning on: what runs before the agent counts too. */}}
{{- define "innerloop.beginSeconds" -}}
{{- $before := ternary .Values.workload.initSeconds 0 (not (empty (include "innerloop.initContainers" .))) -}}
{{- add (include "innerloop.startupSeconds" .) $before -}}
{{- end }}

{{/*
Seconds from the moment a pod is told to end to the moment it is killed:

    preStop       it has left the Service's endpoints, and proxies hear of it; it still serves
    turns         SIGTERM: new requests are turned away, running turns may end
    closing       turns that are let go of say so, service/endpoint/worker.py; then clients read what was sent to them,
                  over HTTP, service/process/server.py, and after that over gRPC, service/endpoint/grpc.py
    margin        the engine, the database, what is sent last
*/}}
{{- define "innerloop.graceSeconds" -}}
{{- $closing := include "innerloop.closingSeconds" . | int -}}
{{- with .Values.drain -}}
{{- $needed := add .preStopSeconds .turnSeconds $closing .marginSeconds | int -}}
{{- $given := int .terminationGracePeriodSeconds -}}
{{- if and $given (lt $given $needed) -}}
{{- fail (printf "drain.terminationGracePeriodSeconds is %d, but %d s before SIGTERM, %d s for turns, %d s to close and a margin of %d s are %d s: the pod would be killed in the middle of it" $given (int .preStopSeconds) (int .turnSeconds) $closing (int .marginSeconds) $needed) -}}
{{- end -}}
{{- default $needed $given -}}
{{- end -}}
{{- end }}

{{- define "innerloop.closingSeconds" -}}
{{ add 5 5 (ternary 5 0 .Values.server.grpc.enabled) }}
{{- end }}

{{/* Those of a container that its probes have given up: its turns get no further, so nobody waits for them. */}}
{{- define "innerloop.failedSeconds" -}}
{{ add .Values.drain.preStopSeconds (include "innerloop.closingSeconds" .) .Values.drain.marginSeconds }}
{{- end }}

{{/* The threads that compute: the container's processors but one, which is left for everything else. vLLM's own choice would be the node's. */}}
{{- define "innerloop.threads" -}}
{{- $resources := include "innerloop.amounts" . | fromYaml -}}
{{- $cpu := dig "limits" "cpu" (dig "requests" "cpu" "" $resources) $resources | toString -}}
{{- if $cpu -}}
{{- $cores := ternary (divf (trimSuffix "m" $cpu | float64) 1000) (trimSuffix "m" $cpu | float64) (hasSuffix "m" $cpu) -}}
{{- max 1 (sub (floor $cores | int) 1) -}}
{{- end -}}
{{- end }}

{{/* Whether prepared weights are written to an empty volume, and where they are. */}}
{{- define "innerloop.cache" -}}
{{- if ne .Values.adapter.source "none" -}}
/cache
{{- else -}}
/models
{{- end -}}
{{- end }}

{{- define "innerloop.modelClaim" -}}
{{- with .Values.model.claim -}}
{{- if .existingClaim }}{{ .existingClaim }}{{ else if .size }}{{ include "innerloop.fullname" $ }}-models{{ end -}}
{{- end -}}
{{- end }}

{{/* Whether a pod may have to wait until another has let go of a volume, which one node mounts. */}}
{{- define "innerloop.holdsVolume" -}}
{{- $data := and .Values.persistence.enabled (not (has "ReadWriteMany" .Values.persistence.accessModes)) -}}
{{- $model := false -}}
{{- with .Values.model -}}
{{- if and (has .source (list "claim" "download")) .claim.size (not .claim.existingClaim) -}}
{{- $model = not (or (has "ReadWriteMany" .claim.accessModes) (has "ReadOnlyMany" .claim.accessModes)) -}}
{{- end -}}
{{- end -}}
{{- if or $data $model }}true{{ end -}}
{{- end }}

{{/*
How many replicas there are, unless the autoscaler alone says so. A count that was there and is left out becomes 1, so the
one that there is goes on being named. Not where Helm applies on the server and the autoscaler has set it: there it stays
without being named, and a rollback to another one would be refused.
*/}}
{{- define "innerloop.replicas" -}}
{{- with .Values.autoscaling -}}
{{- if eq .kind "none" -}}
{{ $.Values.replicaCount | int }}
{{- else -}}
{{- $kind := $.Values.workload.kind -}}
{{- $api := ternary "leaderworkerset.x-k8s.io/v1" "apps/v1" (eq $kind "LeaderWorkerSet") -}}
{{- $live := lookup $api $kind $.Release.Namespace (include "innerloop.workloadName" $) -}}
{{- $applied := false -}}
{{- $scaled := false -}}
{{- range dig "metadata" "managedFields" list $live -}}
{{- if eq .operation "Apply" }}{{ $applied = true }}{{ end -}}
{{- if eq (default "" .subresource) "scale" }}{{ $scaled = true }}{{ end -}}
{{- end -}}
{{- $count := dig "spec" "replicas" "" $live | toString -}}
{{- if and $count (not (and $applied $scaled)) -}}
{{- $least := ternary 0 .minReplicas (and (eq .kind "keda") (eq (toString .keda.idleReplicaCount) "0")) -}}
{{ max (int $least) (int $count) }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The engine's arguments beside the service's own. */}}
{{- define "innerloop.engine" -}}
{{- $engine := dict -}}
{{- if and (eq .Values.device "gpu") (gt (int .Values.gpus) 1) -}}
{{- $_ := set $engine "tensor_parallel_size" (int .Values.gpus) -}}
{{- end -}}
{{- if eq .Values.workload.kind "LeaderWorkerSet" -}}
{{- $_ := set $engine "pipeline_parallel_size" (int .Values.nodes.size) -}}
{{- $_ := set $engine "nnodes" (int .Values.nodes.size) -}}
{{- $_ := set $engine "node_rank" 0 -}}
{{- $_ := set $engine "master_addr" "$(LWS_LEADER_ADDRESS)" -}}
{{- $_ := set $engine "master_port" (int .Values.nodes.port) -}}
{{- end -}}
{{- with mergeOverwrite $engine .Values.engine }}{{ toJson . }}{{ end -}}
{{- end }}
