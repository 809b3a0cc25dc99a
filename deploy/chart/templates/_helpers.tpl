{{- define "mqtt-sim.parts" -}}
{{- $parts := div (add (int .Values.clients) (sub (int .Values.clientsPerPart) 1)) (int .Values.clientsPerPart) -}}
{{- if gt $parts 1000 -}}
{{- fail (printf "%d clients in pods of %d are %d pods: at most 1,000 are possible; set clientsPerPart to %d or more" (int .Values.clients) (int .Values.clientsPerPart) $parts (div (add (int .Values.clients) 999) 1000)) -}}
{{- end -}}
{{- $parts -}}
{{- end -}}

{{- define "mqtt-sim.run" -}}
{{- $run := .Values.run | default .Release.Name -}}
{{- if gt (len $run) 16 -}}
{{- fail (printf "run %q has %d characters: the name of a run has at most 16; set run" $run (len $run)) -}}
{{- end -}}
{{- $run -}}
{{- end -}}

{{- define "mqtt-sim.nats" -}}
{{- if .Values.nats.url -}}
{{- .Values.nats.url -}}
{{- else if .Values.nats.enabled -}}
{{- printf "nats://%s-nats:4222" .Release.Name -}}
{{- else -}}
{{- fail "nats.url is empty: set it to a NATS server with JetStream, or set nats.enabled=true to try the chart" -}}
{{- end -}}
{{- end -}}

{{- define "mqtt-sim.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{- define "mqtt-sim.labels" -}}
app.kubernetes.io/name: mqtt-sim
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "mqtt-sim.pod" -}}
restartPolicy: Never
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 60
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "mqtt-sim.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "mqtt-sim.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- /* The volumes and mounts of the secrets: the password is for parts alone. */ -}}
{{- define "mqtt-sim.credentialsVolume" -}}
{{- with .Values.nats.credentials.secret }}
- name: nats-credentials
  secret: { secretName: {{ . | quote }}, defaultMode: 0440 }
{{- end }}
{{- with .Values.nats.ca.secret }}
- name: nats-ca
  secret: { secretName: {{ . | quote }}, defaultMode: 0440 }
{{- end }}
{{- end -}}
{{- define "mqtt-sim.credentialsMount" -}}
{{- if .Values.nats.credentials.secret }}
- { name: nats-credentials, mountPath: /etc/mqtt-sim/nats, readOnly: true }
{{- end }}
{{- if .Values.nats.ca.secret }}
- { name: nats-ca, mountPath: /etc/mqtt-sim/nats-ca, readOnly: true }
{{- end }}
{{- end -}}
{{- define "mqtt-sim.over" -}}
- --over
- {{ include "mqtt-sim.nats" . | quote }}
{{- if .Values.nats.credentials.secret }}
- --over-creds
- {{ printf "/etc/mqtt-sim/nats/%s" .Values.nats.credentials.key | quote }}
{{- end }}
{{- if .Values.nats.ca.secret }}
- --over-tls-ca
- {{ printf "/etc/mqtt-sim/nats-ca/%s" .Values.nats.ca.key | quote }}
{{- end }}
{{- end -}}

{{- define "mqtt-sim.ports" -}}
{{- $ends := splitList " " .Values.portRange -}}
{{- add1 (sub (int (last $ends)) (int (first $ends))) -}}
{{- end -}}

{{- /* The coordinator holds the reports of all parts at once, some 2 MiB each for 10 minutes of kills. */ -}}
{{- define "mqtt-sim.coordinatorResources" -}}
{{- if .Values.coordinator.resources -}}
{{- toYaml .Values.coordinator.resources -}}
{{- else -}}
{{- $memory := printf "%dMi" (add 512 (mul 2 (include "mqtt-sim.parts" . | int))) -}}
requests: { cpu: 500m, memory: {{ $memory }} }
limits: { memory: {{ $memory }} }
{{- end -}}
{{- end -}}
