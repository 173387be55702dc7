import Glibc
import NimmerBus
import NimmerPlatform
import NimmerSystem
import NimmerWave

/// The environment variables that every process of the system understands.
public enum ProcessVariable {
    /// Each variable and what it selects, in the order of `--help`.
    public static let all: [(name: String, help: String)] = [
        ("NIMMERVERSE_ENV", "The environment: dev (default), staging or prod."),
        ("NIMMERVERSE_SYSTEM", "The system file; else /etc/nimmerverse/<env>.yaml where that exists."),
        ("NIMMERVERSE_NAME", "The process's name on the bus."),
        ("NIMMERVERSE_LOG", "How logs are written: text (default) or json."),
        ("NIMMERVERSE_NATS_URL", "The nats-server, nats://127.0.0.1:4222 unless set."),
        ("NIMMERVERSE_NATS_USER", "The user at the nats-server."),
        ("NIMMERVERSE_NATS_PASSWORD", "The user's password."),
        ("NIMMERVERSE_NATS_TOKEN", "A token instead of user and password."),
        ("NIMMERVERSE_NATS_CREDENTIALS", "A credentials file instead of user and password."),
        ("NIMMERVERSE_NATS_INBOX", "The first tokens of the subjects of answers, such as _INBOX.math; else _INBOX."),
        ("NIMMERVERSE_NATS_REPLICAS", "How many servers of a cluster keep each stream, 1 to 5."),
        ("NIMMERVERSE_NATS_CA", "The certificate of the authority of the server's certificate, PEM."),
        ("NIMMERVERSE_NATS_CERTIFICATE", "The client's certificate, PEM."),
        ("NIMMERVERSE_NATS_KEY", "The client's key, PEM."),
        (
            "NIMMERVERSE_HTTP_PORT",
            "Where /healthz, /readyz and /metrics are served: a port, or address:port; nowhere unless set."
        ),
        (
            "NIMMERVERSE_STATE",
            "A folder for what must outlive the process, such as decisions that wait for their stream; else memory only."
        ),
        (
            "NIMMERVERSE_PLAY",
            "1 where a cell is handed recorded readings by `nimmer up --play` instead of reading its source."
        ),
        ("NIMMERVERSE_REVISION", "What was built, for nimmer_build_info; images set it."),
        ("NIMMERVERSE_POSTGRES_URL", "The PostgreSQL server, for the hippocampus."),
        ("NIMMERVERSE_POSTGRES_PASSWORD", "Its password."),
    ]

    static let names = Set(all.map(\.name))

    /// The process's own variables.
    public static func current() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }
}

extension BusSettings {
    /// Takes what a system file states about the server.
    ///
    /// - Returns: why the file of a password or token gives none; the variables may hold it all the same.
    mutating func take(_ nats: NATSSettings) -> SecretFileError? {
        var trouble: SecretFileError?
        func secret(_ path: String?) -> String? {
            guard let path else { return nil }
            do throws(SecretFileError) { return try SecretFile.read(path) } catch {
                trouble = error
                return nil
            }
        }
        url = nats.url ?? url
        if let file = nats.credentials {
            credentials = .file(file)
        } else if let token = secret(nats.tokenFile) {
            credentials = .token(token)
        } else if let user = nats.user {
            credentials = .password(user: user, password: secret(nats.passwordFile) ?? "")
        }
        tlsCA = nats.tlsCA ?? tlsCA
        tlsCertificate = nats.tlsCertificate ?? tlsCertificate
        tlsKey = nats.tlsKey ?? tlsKey
        replicas = nats.replicas ?? replicas
        return trouble
    }

    /// Takes what environment variables state about the server.
    public mutating func take(_ variables: [String: String]) {
        func value(_ name: String) -> String? {
            variables["NIMMERVERSE_NATS_" + name].flatMap { $0.isEmpty ? nil : $0 }
        }
        url = value("URL") ?? url
        if let file = value("CREDENTIALS") {
            credentials = .file(file)
        } else if let token = value("TOKEN") {
            credentials = .token(token)
        } else if value("USER") != nil || value("PASSWORD") != nil {
            var known = (user: "", password: "")
            if case .password(let user, let password) = credentials { known = (user, password) }
            credentials = .password(
                user: value("USER") ?? known.user, password: value("PASSWORD") ?? known.password)
        }
        tlsCA = value("CA") ?? tlsCA
        tlsCertificate = value("CERTIFICATE") ?? tlsCertificate
        tlsKey = value("KEY") ?? tlsKey
        inboxPrefix = value("INBOX") ?? inboxPrefix
        replicas = value("REPLICAS").flatMap { Int($0) }.flatMap { (1...5).contains($0) ? $0 : nil } ?? replicas
    }
}
