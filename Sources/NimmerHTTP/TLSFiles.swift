import COpenSSL
import Glibc
import NimmerWave

/// Files of a TLS connection, in PEM.
package struct TLSFiles: Sendable {
    /// Authorities that are believed; nil: those of the machine.
    package var authority: String?
    /// Certificate of this side.
    package var certificate: String?
    /// Key of the certificate.
    package var key: String?

    package init(authority: String? = nil, certificate: String? = nil, key: String? = nil) {
        self.authority = authority
        self.certificate = certificate
        self.key = key
    }

    /// Paths of the machine's authorities on Linux distributions: Debian and the images, Red Hat, SUSE, Alpine. Nil when none of
    /// them is there; libcurl then looks where it was built to.
    static var authoritiesOfMachine: String? {
        [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
            "/etc/ssl/cert.pem",
        ].first { access($0, R_OK) == 0 }
    }

    /// Reads every file once, so that a wrong one is known at the start and not with the first question.
    ///
    /// - Throws: a `Refusal` with the file's path.
    package func check() throws(Refusal) {
        for path in [authority, certificate].compactMap({ $0 }) where !Self.holdsCertificates(path) {
            throw Refusal(.value, "\(path) cannot be read as PEM")
        }
        if let key, !Self.holdsKey(key) { throw Refusal(.value, "\(key) cannot be read as PEM") }
        guard (certificate == nil) == (key == nil) else {
            throw Refusal(.value, "tls: a certificate and its key go together; one of them is missing")
        }
    }

    /// Returns whether a file holds one certificate at least and nothing broken.
    private static func holdsCertificates(_ path: String) -> Bool {
        guard let file = BIO_new_file(path, "r") else { return false }
        defer { BIO_free_all(file) }
        ERR_clear_error()
        defer { ERR_clear_error() }
        var count = 0
        while let certificate = PEM_read_bio_X509(file, nil, nil, nil) {
            X509_free(certificate)
            count += 1
        }
        // The end of the file is an error, too: no line begins another certificate.
        return count > 0 && nimmer_is_end_of_pem(ERR_peek_last_error()) != 0
    }

    private static func holdsKey(_ path: String) -> Bool {
        guard let file = BIO_new_file(path, "r") else { return false }
        defer { BIO_free_all(file) }
        defer { ERR_clear_error() }
        // No password is given: without this, OpenSSL would ask for one at the terminal.
        guard let key = PEM_read_bio_PrivateKey(file, nil, { _, _, _, _ in -1 }, nil) else { return false }
        EVP_PKEY_free(key)
        return true
    }
}
