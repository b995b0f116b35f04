{{/* What the pods of scheduler, drafters and verifiers share. */}}

{{/* Environment. Context: root, component, values (of the component), kind (kind of its connections). */}}
{{- define "nightbeam.env" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
- name: NIGHTBEAM_NAMESPACE
  value: {{ $values.clusterName | quote }}
- name: NIGHTBEAM_LOG_LEVEL
  value: {{ $values.logLevel }}
- name: NIGHTBEAM_LOG_FORMAT
  value: json
{{- if ne .component "verifier" }}
{{- if $values.redis.existingSecret }}
- name: NIGHTBEAM_REDIS_URL_FILE
  value: /etc/nightbeam/redis/url
{{- else }}
- name: NIGHTBEAM_REDIS_URL
  value: {{ default (printf "%s://%s-redis:6379" (ternary "rediss" "redis" $values.tls.enabled) (include "nightbeam.fullname" $root)) $values.redis.url | quote }}
{{- end }}
{{- end }}
{{- if $values.nats.existingSecret }}
- name: NIGHTBEAM_NATS_URL_FILE
  value: /etc/nightbeam/nats/url
{{- else if include "nightbeam.hasNats" $root }}
- name: NIGHTBEAM_NATS_URL
  value: {{ default (printf "%s://%s-nats:4222" (ternary "tls" "nats" $values.tls.enabled) (include "nightbeam.fullname" $root)) $values.nats.url | quote }}
{{- end }}
{{- if $values.nats.credsSecret }}
- name: NIGHTBEAM_NATS_CREDS
  value: /etc/nightbeam/nats-creds/creds
{{- end }}
- name: NIGHTBEAM_CLUSTER_KEY_FILE
  value: /etc/nightbeam/auth/cluster-key
{{- if $values.tls.enabled }}
- name: NIGHTBEAM_TLS_CA
  value: /etc/nightbeam/tls/ca.crt
- name: NIGHTBEAM_TLS_CERT
  value: /etc/nightbeam/tls/tls.crt
- name: NIGHTBEAM_TLS_KEY
  value: /etc/nightbeam/tls/tls.key
{{- end }}
{{- if $values.metrics.enabled }}
- name: NIGHTBEAM_METRICS_LISTEN
  value: "0.0.0.0:{{ $values.metrics.port }}"
{{- end }}
{{- with $values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ $values.tracing.sampleRatio | quote }}
{{- end }}
{{- if ne .component "verifier" }}
{{- with $values.s3.region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- with $values.s3.endpoint }}
- name: AWS_ENDPOINT_URL_S3
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- if ne .component "scheduler" }}
# Its name in `nightbeam nodes` is that of the pod.
- name: NIGHTBEAM_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: NIGHTBEAM_HEALTH_LISTEN
  value: 0.0.0.0:7081
- name: NIGHTBEAM_GRACE_MS
  value: {{ mul .values.graceSeconds 1000 | toString | quote }}
{{- end }}
{{- range $name, $value := .values.options }}
- name: {{ printf "NIGHTBEAM_%s" (snakecase $name | upper) }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- with .values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
Threads, which Node counts by the cores of the machine, whatever the container's share of them is.
Context: the values of the component.
*/}}
{{- define "nightbeam.workers" -}}
{{- if not (hasKey .options "workers") -}}
{{- range $kind := list "limits" "requests" -}}
{{- $amounts := default dict (get $.resources $kind) -}}
{{- if and (hasKey $amounts "cpu") (or (eq $kind "limits") (not (hasKey (default dict $.resources.limits) "cpu"))) }}
- name: NIGHTBEAM_WORKERS
  valueFrom:
    resourceFieldRef:
      resource: {{ $kind }}.cpu
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "nightbeam.envFrom" -}}
{{- with .Values.s3.existingSecret }}
envFrom:
  - secretRef:
      name: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Volumes. Context: root, component. Those of the component come in addition. */}}
{{- define "nightbeam.volumes" -}}
{{- $values := .root.Values -}}
- name: tmp
  emptyDir: {}
- name: data
{{- if $values.data.existingClaim }}
  persistentVolumeClaim:
    claimName: {{ $values.data.existingClaim | quote }}
{{- else if $values.data.volume }}
{{ toYaml $values.data.volume | indent 2 }}
{{- else }}
  persistentVolumeClaim:
    claimName: {{ include "nightbeam.fullname" .root }}-data
{{- end }}
- name: auth
  secret:
    secretName: {{ include "nightbeam.authSecret" .root | quote }}
    defaultMode: 0440
{{- if ne .component "scheduler" }}
    items:
      - key: cluster-key
        path: cluster-key
{{- end }}
{{- if and $values.redis.existingSecret (ne .component "verifier") }}
- name: redis
  secret:
    secretName: {{ $values.redis.existingSecret | quote }}
    defaultMode: 0440
    items:
      - key: url
        path: url
{{- end }}
{{- with $values.nats.existingSecret }}
- name: nats
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
    items:
      - key: url
        path: url
{{- end }}
{{- with $values.nats.credsSecret }}
- name: nats-creds
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
    items:
      - key: creds
        path: creds
{{- end }}
{{- if $values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ include "nightbeam.tlsSecret" . | quote }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{- define "nightbeam.mounts" -}}
{{- $values := .root.Values -}}
- name: tmp
  mountPath: /tmp
- name: data
  mountPath: {{ $values.data.mountPath }}
  readOnly: {{ or $values.data.readOnly (eq .component "verifier") }}
- name: auth
  mountPath: /etc/nightbeam/auth
  readOnly: true
{{- if and $values.redis.existingSecret (ne .component "verifier") }}
- name: redis
  mountPath: /etc/nightbeam/redis
  readOnly: true
{{- end }}
{{- if $values.nats.existingSecret }}
- name: nats
  mountPath: /etc/nightbeam/nats
  readOnly: true
{{- end }}
{{- if $values.nats.credsSecret }}
- name: nats-creds
  mountPath: /etc/nightbeam/nats-creds
  readOnly: true
{{- end }}
{{- if $values.tls.enabled }}
- name: tls
  mountPath: /etc/nightbeam/tls
  readOnly: true
{{- end }}
{{- end -}}

{{/* The pod, but for its containers and volumes. Context: root, component, group, values. */}}
{{- define "nightbeam.podSettings" -}}
serviceAccountName: {{ include "nightbeam.serviceAccount" .root }}
# No service calls Kubernetes.
automountServiceAccountToken: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . | quote }}
{{- end }}
{{- end }}
securityContext:
{{ toYaml .root.Values.podSecurityContext | indent 2 }}
{{- include "nightbeam.placement" . }}
{{- end -}}

{{/* Where pods run. Context: root, component, group, values. */}}
{{- define "nightbeam.placement" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
{{ toYaml . | indent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
{{ toYaml . | indent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
{{ toYaml . | indent 2 }}
{{- end }}
{{- if .root.Values.topologySpread.enabled }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: {{ .root.Values.topologySpread.key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
{{ include "nightbeam.selector" . | indent 8 }}
{{- end }}
{{- end -}}

{{- define "nightbeam.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Probes of drafters and verifiers. One that is alive and not ready waits, and says for what: it is not restarted. */}}
{{- define "nightbeam.nodeProbes" -}}
livenessProbe:
  httpGet:
    path: /healthz
    port: health
  initialDelaySeconds: 10
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet:
    path: /readyz
    port: health
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}

{{- define "nightbeam.metricsPort" -}}
{{- if .Values.metrics.enabled }}
- name: metrics
  containerPort: {{ .Values.metrics.port }}
{{- end }}
{{- end -}}
