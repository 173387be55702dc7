import CNATS
import NimmerBus
import NimmerWave

extension BusError {
    /// Describes why an attempt to connect failed, and its remedy.
    static func connecting(
        _ server: ServerURL, _ status: natsStatus, _ text: String?, _ settings: BusSettings
    ) -> BusError {
        let cause = text ?? words(status)
        let lowered = cause.lowercased()
        if status == NATS_CONNECTION_AUTH_FAILED || lowered.includes("authorization violation")
            || lowered.includes("authentication")
        {
            guard settings.credentials != .none || server.credentials != .none else {
                return BusError(
                    .badCredentials,
                    "the server at \(server.shown) requires credentials, and there are none: set NIMMERVERSE_NATS_CREDENTIALS, or "
                        + "start this in the folder of the 'nimmer up' whose server it is", cause: cause)
            }
            guard server.credentials == .none else {
                return BusError(
                    .badCredentials,
                    "the server at \(server.shown) refuses \(server.credentials.words) in its address: correct them; \(ServerURL.advice)",
                    cause: cause)
            }
            return BusError(
                .badCredentials,
                "the server at \(server.shown) refuses \(settings.credentials.words): correct them in the configuration",
                cause: cause)
        }
        switch status {
        case NATS_SSL_ERROR:
            let words = Certificates.diagnosis(of: server, settings)
            return BusError(
                .tls,
                words ?? "TLS with \(server.shown) fails: check the authority, the certificates and the server's name",
                cause: cause)
        case NATS_SECURE_CONNECTION_REQUIRED:
            return BusError(
                .tls, "the server at \(server.shown) requires TLS: use tls://\(server.host):\(server.port)",
                cause: cause)
        case NATS_SECURE_CONNECTION_WANTED:
            return BusError(
                .tls, "TLS is configured, but the server at \(server.shown) has none: use nats:// without certificates",
                cause: cause)
        default:
            // A server that refuses a client's certificate hangs up, which alone looks like any other end.
            if server.isSecure, let words = Certificates.diagnosis(of: server, settings) {
                return BusError(.tls, words, cause: cause)
            }
            return BusError(
                .notConnected,
                "no NATS server answers at \(server.shown): start one ('nimmer up' starts a private one) or correct the address",
                cause: cause)
        }
    }
}

extension BusSettings.Credentials {
    /// Kind of the credentials, without any secret.
    var words: String {
        switch self {
        case .none: "a connection without credentials"
        case .password(let user, _): "the password of user '\(user)'"
        case .token: "the token"
        case .file(let path): "the credentials of '\(path)'"
        }
    }
}
