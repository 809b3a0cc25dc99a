{{- define "parts" -}}
{{- $parts := div (add (int64 .Values.clients) (sub (int64 .Values.clientsPerPart) 1)) (int64 .Values.clientsPerPart) -}}
{{- if gt (int64 $parts) 1000 -}}
{{- fail (printf "a run has at most 1000 parts, and these are %d: raise clientsPerPart" (int64 $parts)) -}}
{{- end -}}
{{- $parts -}}
{{- end -}}

{{- define "over" -}}
{{- if .Values.nats.enabled -}}
nats://{{ .Release.Name }}-nats:4222
{{- else -}}
{{- required "nats.url is the URL of NATS; nats.enabled=true starts a server" .Values.nats.url -}}
{{- end -}}
{{- end -}}

{{- define "run" -}}
{{- if gt (len .Release.Name) 16 -}}
{{- fail "the name of the release is the run id, of at most 16 characters" -}}
{{- end -}}
{{- .Release.Name -}}
{{- end -}}

{{- define "container" -}}
image: {{ .Values.image | quote }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources: {{- toYaml .Values.resources | nindent 2 }}
{{- end -}}

{{- define "pod" -}}
restartPolicy: Never
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
{{- end -}}
