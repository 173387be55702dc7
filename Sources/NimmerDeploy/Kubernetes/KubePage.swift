/// The page for browsers on Kubernetes: its Deployment, Service, account and network policy.
enum KubePage {
    /// The manifests.
    static let text = """
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: web
        automountServiceAccountToken: false
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          selector:
            app.kubernetes.io/name: web
          ports:
            - {name: https, protocol: TCP, port: 443, targetPort: https}
        ---
        # Browsers come through a proxy, in a namespace with this label (an ingress controller, oauth2-proxy), or kubectl port-forward.
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: web
        spec:
          podSelector:
            matchLabels: {nimmerverse.io/role: web}
          policyTypes: [Ingress]
          ingress:
            - from:
                - namespaceSelector:
                    matchLabels: {nimmerverse.io/web: "true"}
              ports:
                - {protocol: TCP, port: 8443}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          labels:
            nimmerverse.io/tls: client
        spec:
          # Sessions of browsers are in its memory.
          replicas: 1
          strategy:
            type: Recreate
          selector:
            matchLabels:
              app.kubernetes.io/name: web
          template:
            metadata:
              labels:
                app.kubernetes.io/name: web
                nimmerverse.io/role: web
                nimmerverse.io/nats: client
                nimmerverse.io/postgres: client
            spec:
              serviceAccountName: web
              automountServiceAccountToken: false
              enableServiceLinks: false
              terminationGracePeriodSeconds: 20
              securityContext:
                runAsNonRoot: true
                runAsUser: 65532
                runAsGroup: 65532
                fsGroup: 65532
                seccompProfile: {type: RuntimeDefault}
              containers:
                - name: web
                  image: nimmerverse/nimmer-web
                  imagePullPolicy: IfNotPresent
                  # NIMMER_WEB_PUBLIC_URL, NIMMER_WEB_OPERATORS and a proxy's header are the overlay's (ConfigMap nimmerverse).
                  envFrom:
                    - configMapRef: {name: nimmerverse}
                  env:
                    - {name: NIMMERVERSE_SYSTEM, value: /etc/nimmerverse/system.yaml}
                    - {name: NIMMERVERSE_NATS_CREDENTIALS, value: /run/secrets/nats/credentials}
                    - {name: NIMMERVERSE_POSTGRES_URL, value: $(NIMMERVERSE_POSTGRES_READER_URL)}
                    - {name: NIMMER_WEB_PASSWORD_FILE, value: /run/secrets/postgres/password}
                    - {name: NIMMER_WEB_LISTEN, value: "0.0.0.0:8443"}
                    - {name: NIMMER_WEB_TLS_CERTIFICATE, value: /run/secrets/tls/tls.crt}
                    - {name: NIMMER_WEB_TLS_KEY, value: /run/secrets/tls/tls.key}
                    - {name: NIMMER_WEB_TOKEN_FILE, value: /run/secrets/token/token}
                  ports:
                    - {name: http, containerPort: 9464}
                    - {name: https, containerPort: 8443}
                  startupProbe:
                    httpGet: {path: /healthz, port: http}
                    periodSeconds: 1
                    failureThreshold: 60
                  livenessProbe:
                    httpGet: {path: /healthz, port: http}
                    periodSeconds: 10
                    timeoutSeconds: 4
                  readinessProbe:
                    httpGet: {path: /readyz, port: http}
                    periodSeconds: 5
                    timeoutSeconds: 4
                  resources:
                    requests: {cpu: 25m, memory: 64Mi, ephemeral-storage: 1Mi}
                    limits: {cpu: "1", memory: 256Mi, ephemeral-storage: 16Mi}
                  securityContext:
                    allowPrivilegeEscalation: false
                    readOnlyRootFilesystem: true
                    capabilities: {drop: [ALL]}
                  volumeMounts:
                    - {name: system, mountPath: /etc/nimmerverse, readOnly: true}
                    - {name: nats, mountPath: /run/secrets/nats, readOnly: true}
                    - {name: postgres, mountPath: /run/secrets/postgres, readOnly: true}
                    - {name: tls, mountPath: /run/secrets/tls, readOnly: true}
                    - {name: token, mountPath: /run/secrets/token, readOnly: true}
                    - {name: temporary, mountPath: /tmp}
              volumes:
                - name: system
                  configMap: {name: system}
                - name: nats
                  secret: {secretName: nats-web, defaultMode: 0440}
                - name: postgres
                  secret: {secretName: postgres-reader, defaultMode: 0440}
                - name: tls
                  secret: {secretName: web-tls, defaultMode: 0440}
                - name: token
                  secret: {secretName: web-token, defaultMode: 0440}
                # The socket behind its TLS.
                - name: temporary
                  emptyDir: {sizeLimit: 1Mi}

        """
}
