import NimmerSystem

/// The Deployment of a cell, a nerve or the virtual garden: the restricted pod standard, probes on its own health page, its own identity.
package struct KubeDeployment {
    /// Its name on the bus.
    private let part: String
    private let role: String
    private let image: String
    /// Remark on how an old instance gives way to a new one, and the numbers for it.
    private let exchange: (remark: String, surge: Int, unavailable: Int)

    package init(_ organism: Organism, image: String) {
        part = organism.name
        role = organism.role.rawValue
        self.image = image
        exchange = ("The new one is ready when it has taken over from the old one, which then leaves (hot swap).", 1, 0)
    }

    /// The virtual garden. Two at once would count everything twice.
    package init(garden image: String) {
        part = "garden"
        role = "garden"
        self.image = image
        exchange = ("One at a time: each counts what it hears.", 0, 1)
    }

    package var text: String {
        let name = KubePlan.objectName(part)
        return """
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: \(name)
              labels:
                nimmerverse.io/tls: client
            spec:
              replicas: 1
              # \(exchange.remark)
              strategy:
                rollingUpdate: {maxSurge: \(exchange.surge), maxUnavailable: \(exchange.unavailable)}
              selector:
                matchLabels:
                  app.kubernetes.io/name: \(name)
              template:
                metadata:
                  labels:
                    app.kubernetes.io/name: \(name)
                    nimmerverse.io/role: \(role)
                    nimmerverse.io/nats: client
                spec:
                  serviceAccountName: organism
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
                    - name: \(name)
                      image: \(image)
                      imagePullPolicy: IfNotPresent
                      args: [--name, \(part)]
                      envFrom:
                        - configMapRef: {name: nimmerverse}
                      env:
                        - {name: NIMMERVERSE_SYSTEM, value: /etc/nimmerverse/system.yaml}
                        - {name: NIMMERVERSE_NATS_CREDENTIALS, value: /run/secrets/nats/credentials}
                        - {name: NIMMERVERSE_STATE, value: /var/lib/nimmerverse}
                      ports:
                        - {name: http, containerPort: 9464}
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
                        requests: {cpu: 25m, memory: 32Mi, ephemeral-storage: 1Mi}
                        limits: {cpu: 500m, memory: 128Mi, ephemeral-storage: 64Mi}
                      securityContext:
                        allowPrivilegeEscalation: false
                        readOnlyRootFilesystem: true
                        capabilities: {drop: [ALL]}
                      volumeMounts:
                        - {name: system, mountPath: /etc/nimmerverse, readOnly: true}
                        - {name: nats, mountPath: /run/secrets/nats, readOnly: true}
                        - {name: state, mountPath: /var/lib/nimmerverse}
                  volumes:
                    - name: system
                      configMap: {name: system}
                    - name: nats
                      secret: {secretName: nats-\(name), defaultMode: 0440}
                    # What waits for its stream, 16 MiB at most: outlives the container's crash, not the pod.
                    - name: state
                      emptyDir: {sizeLimit: 32Mi}

            """
    }
}
