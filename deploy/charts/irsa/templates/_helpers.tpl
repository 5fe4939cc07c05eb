{{/* Labels of all objects. */}}
{{- define "irsa.labels" -}}
app.kubernetes.io/name: irsa
app.kubernetes.io/component: webhook
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Labels that select the webhook's pods; they never change. */}}
{{- define "irsa.selector" -}}
app.kubernetes.io/name: irsa
app.kubernetes.io/component: webhook
{{- end }}

{{- define "irsa.image" -}}
{{- $repository := required "set image.repository to the repository of irsa's image in your registry, such as registry.example.com/irsa" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* One entry of the webhook configuration: name, path, failurePolicy, and the operator for required namespaces. */}}
{{- define "irsa.webhook" -}}
- name: {{ .name }}
  admissionReviewVersions: [v1, v1beta1]
  clientConfig:
    service:
      name: irsa-webhook
      namespace: {{ .root.Release.Namespace }}
      path: {{ .path }}
      port: {{ .root.Values.webhook.servicePort }}
  failurePolicy: {{ .failurePolicy }}
  matchPolicy: Equivalent
  reinvocationPolicy: IfNeeded
  # Events; dry runs create none.
  sideEffects: NoneOnDryRun
  timeoutSeconds: {{ .root.Values.webhook.timeoutSeconds }}
  rules:
    - apiGroups: [""]
      apiVersions: [v1]
      operations: [CREATE]
      resources: [pods]
      scope: Namespaced
  namespaceSelector:
    matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: NotIn
        values:
          {{- toYaml (concat (list "kube-system" "kube-node-lease" "kube-public" .root.Release.Namespace) .root.Values.webhook.excludedNamespaces | uniq) | nindent 10 }}
      - key: irsa.dev/injection
        operator: {{ .operator }}
        values: [required]
  matchConditions:
    # The API server cannot change static pods.
    - name: not-a-mirror-pod
      expression: >-
        !has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)
    # These pods start even if the webhook is unavailable.
    - name: not-opted-out
      expression: >-
        !has(object.metadata.annotations) || !('irsa.dev/inject' in object.metadata.annotations)
        || object.metadata.annotations['irsa.dev/inject'] != 'false'
{{- end }}
