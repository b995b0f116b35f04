{{/* Names and labels. */}}
{{- define "nightbeam.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough for what is added to it: Kubernetes allows 63 characters, and a StatefulSet's pods get a hash. */}}
{{- define "nightbeam.fullname" -}}
{{- $name := include "nightbeam.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 30 | trimSuffix "-" -}}
{{- end -}}

{{- define "nightbeam.serviceAccount" -}}
{{- $own := ternary (include "nightbeam.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $own .Values.serviceAccount.name -}}
{{- end -}}

{{/* Context of these two: root, and component: scheduler, drafter, redis, nats, or verifier with its group. */}}
{{- define "nightbeam.selector" -}}
app.kubernetes.io/name: {{ include "nightbeam.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .group }}
nightbeam/group: {{ . }}
{{- end }}
{{- end -}}

{{- define "nightbeam.labels" -}}
{{ include "nightbeam.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Context: root, and name of the image. With a tag or a digest it is complete. */}}
{{- define "nightbeam.image" -}}
{{- $image := .root.Values.image -}}
{{- if regexMatch "[:@]" .name -}}
{{- .name -}}
{{- else -}}
{{- $name := ternary .name (printf "%s/%s" $image.registry .name) (empty $image.registry) -}}
{{- printf "%s:%s" $name (default .root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The groups of verifiers that are enabled, each with all its values, by name, as JSON. */}}
{{- define "nightbeam.verifiers" -}}
{{- $root := . -}}
{{- $groups := dict -}}
{{- range $name, $own := .Values.verifiers -}}
{{- $group := mergeOverwrite (deepCopy $root.Values.verifierDefaults) (default dict $own) -}}
{{- if $group.enabled -}}
{{- range $key := list "target" "catalogue" "scoring" "precision" -}}
{{- if not (get $group $key) -}}{{- $_ := set $group $key (get $root.Values.model $key) -}}{{- end -}}
{{- end -}}
{{- if not $group.image -}}
{{- $_ := set $group "image" (ternary "nightbeam-verifier-cuda" "nightbeam-verifier" (hasPrefix "cuda" $group.device)) -}}
{{- end -}}
{{- $_ := set $groups $name $group -}}
{{- end -}}
{{- end -}}
{{- toJson $groups -}}
{{- end -}}

{{/* Whether verifiers are found through NATS. Empty: no. */}}
{{- define "nightbeam.hasNats" -}}
{{- if or .Values.nats.enabled .Values.nats.url .Values.nats.existingSecret -}}yes{{- end -}}
{{- end -}}

{{/* Host and port of the verifiers of all groups, for drafters without NATS. */}}
{{- define "nightbeam.verifierAddresses" -}}
{{- $root := . -}}
{{- $all := list -}}
{{- range $name, $group := include "nightbeam.verifiers" . | fromJson -}}
{{- $host := printf "%s-verifier-%s" (include "nightbeam.fullname" $root) $name -}}
{{- range $number := until (int $group.replicas) -}}
{{- $all = append $all (printf "%s-%d.%s.%s.svc:7070" $host $number $host $root.Release.Namespace) -}}
{{- end -}}
{{- end -}}
{{- join "," $all -}}
{{- end -}}

{{/* The Secret of tokens and of the cluster's key. */}}
{{- define "nightbeam.authSecret" -}}
{{- default (printf "%s-auth" (include "nightbeam.fullname" .)) .Values.auth.existingSecret -}}
{{- end -}}

{{/* The Secret of the certificate of a component. Context: root, component. */}}
{{- define "nightbeam.tlsSecret" -}}
{{- default (printf "%s-%s-tls" (include "nightbeam.fullname" .root) .component) (get .root.Values.tls.secrets .component) -}}
{{- end -}}

{{/* Values that contradict each other, or that only you can know. */}}
{{- define "nightbeam.check" -}}
{{- range $name, $group := include "nightbeam.verifiers" . | fromJson -}}
{{- if not (and $group.target $group.catalogue) -}}
{{- fail "model.target and model.catalogue are required: the paths, in the containers, of the large model and of the catalogue" -}}
{{- end -}}
{{- if and $group.autoscaling.enabled (not (include "nightbeam.hasNats" $)) -}}
{{- fail (printf "verifiers.%s.autoscaling needs NATS, through which drafters find verifiers: set nats.enabled, or nats.url" $name) -}}
{{- end -}}
{{- end -}}
{{- if not (or .Values.redis.enabled .Values.redis.url .Values.redis.existingSecret) -}}
{{- fail "redis.url or redis.existingSecret is required if redis.enabled is false" -}}
{{- end -}}
{{- if and (include "nightbeam.scales" .) (not .Values.autoscaling.prometheusAddress) -}}
{{- fail "autoscaling.prometheusAddress is required for autoscaling: the address of a Prometheus that scrapes this cluster" -}}
{{- end -}}
{{- if and (include "nightbeam.scales" .) (not .Values.metrics.enabled) -}}
{{- fail "autoscaling reads the scheduler's metrics: set metrics.enabled" -}}
{{- end -}}
{{- if and .Values.scheduler.ingress.enabled (not .Values.scheduler.ingress.host) -}}
{{- fail "scheduler.ingress.host is required if scheduler.ingress.enabled is true" -}}
{{- end -}}
{{- end -}}

{{- define "nightbeam.scales" -}}
{{- if .Values.drafters.autoscaling.enabled -}}yes{{- end -}}
{{- range $name, $group := include "nightbeam.verifiers" . | fromJson -}}
{{- if $group.autoscaling.enabled -}}yes{{- end -}}
{{- end -}}
{{- end -}}

{{/* Shards that wait, are worked on or will be tried again, in PromQL. Each scheduler reports all of them. */}}
{{- define "nightbeam.openShards" -}}
max(sum by (pod) (nightbeam_queue_shards{namespace={{ .Release.Namespace | quote }}, pod=~"{{ include "nightbeam.fullname" . }}-scheduler-.*"}))
{{- end -}}
