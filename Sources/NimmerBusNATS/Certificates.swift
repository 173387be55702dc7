import CNATS
import Glibc
import NimmerBus
import NimmerWave

/// Explains what is wrong with certificates: nats.c only reports that a handshake failed, so that once one has failed it is done
/// again here, and OpenSSL is asked for its verdict.
enum Certificates {
    /// One line that names what is wrong and the remedy; nil when nothing more is known.
    static func diagnosis(of server: ServerURL, _ settings: BusSettings) -> String? {
        guard let socket = Greeting.connection(to: server.host, server.port, isBlocking: true) else { return nil }
        defer { close(socket) }
        guard Greeting.skipLine(of: socket), let context = SSL_CTX_new(TLS_client_method()) else { return nil }
        defer { SSL_CTX_free(context) }
        if let authorities = settings.tlsCA {
            SSL_CTX_load_verify_locations(context, authorities, nil)
        } else {
            SSL_CTX_set_default_verify_paths(context)
        }
        if let certificate = settings.tlsCertificate, let key = settings.tlsKey {
            SSL_CTX_use_certificate_chain_file(context, certificate)
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM)
        }
        guard let session = SSL_new(context) else { return nil }
        defer { SSL_free(session) }
        let name = settings.tlsServerName ?? server.host
        SSL_set1_host(session, name)
        SSL_set_fd(session, socket)
        ERR_clear_error()
        guard SSL_connect(session) == 1 else { return alert(server, settings) }
        let verdict = SSL_get_verify_result(session)
        guard verdict == 0 else { return words(verdict, server, name) }
        // With TLS 1.3 a server accepts or refuses the client's certificate only after the handshake.
        var byte: UInt8 = 0
        return SSL_read(session, &byte, 1) > 0 ? nil : alert(server, settings)
    }

    /// Meaning of OpenSSL's verdict on a server's certificate.
    private static func words(_ verdict: Int, _ server: ServerURL, _ name: String) -> String {
        let certificate = "the certificate of the server at \(server.shown)"
        switch Int32(truncatingIfNeeded: verdict) {
        case X509_V_ERR_CERT_HAS_EXPIRED: return "\(certificate) has expired: renew it"
        case X509_V_ERR_CERT_NOT_YET_VALID: return "\(certificate) is not valid yet: check both clocks"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return "\(certificate) is self-signed and not trusted by this process: "
                + "name its authority with NIMMERVERSE_NATS_CA"
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "\(certificate) is for another name than '\(name)': use a name that it carries, or make it again"
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
            return "\(certificate) is of an authority that this process does not trust: "
                + "name that authority with NIMMERVERSE_NATS_CA"
        default:
            let text = X509_verify_cert_error_string(verdict).map { String(cString: $0) } ?? "an error"
            return "\(certificate) cannot be trusted: \(text)"
        }
    }

    /// Meaning of the server's answer to the client's certificate, or to its lack of one.
    private static func alert(_ server: ServerURL, _ settings: BusSettings) -> String? {
        guard let reason = ERR_reason_error_string(ERR_peek_last_error()).map({ String(cString: $0) }) else {
            return nil
        }
        guard reason.includes("alert"), reason.includes("certificate") || reason.includes("ca") else { return nil }
        let which = settings.tlsCertificate.map { "the certificate '\($0)'" } ?? "a client without a certificate"
        return "the server at \(server.shown) refuses \(which) (\(reason)): use one of the authority that it trusts"
    }
}
