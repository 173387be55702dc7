import Glibc
import NimmerPlatform

/// A private authority, and a server's certificate that it signed: for development and tests, not for production, where
/// certificates come from a managed authority.
public struct DevelopmentCertificates: Sendable {
    /// The folder of the files.
    public let folder: String
    /// The authority's certificate, which clients need: `ca.pem`.
    public var authority: String { folder + "/ca.pem" }
    /// The server's certificate: `server.pem`.
    public var certificate: String { folder + "/server.pem" }
    /// The server's key: `server.key`.
    public var key: String { folder + "/server.key" }

    /// Makes the files that are missing: the authority once, the server's certificate at each call.
    ///
    /// - Parameters:
    ///   - folder: where the files go; keys are readable by their owner alone.
    ///   - names: DNS names and IPv4 addresses that the server's certificate is for; the first is also its subject.
    ///   - days: for how long the server's certificate is valid; the authority's is for ten years. Below 1 it has
    ///     expired already, which is for tests.
    /// - Throws: a ``ServerError`` when a name is invalid, or `openssl` is missing or fails.
    public static func make(in folder: String, names: [String], days: Int = 365) async throws(ServerError)
        -> DevelopmentCertificates
    {
        let files = DevelopmentCertificates(folder: folder)
        for name in names where name.isEmpty || !name.utf8.allSatisfy(isNameByte) {
            throw ServerError(.openSSL, "a server's name must be letters, digits, dots and hyphens; found '\(name)'")
        }
        guard let first = names.first else { throw ServerError(.openSSL, "the server's name is missing") }
        let (above, name) = try SmallFile.halves(folder)
        let held = try OwnFolder.open(above, below: [name], making: 0o700)
        if let found = held.firstForeign(.own()) {
            throw OwnFolder.refusal(
                found.path, ("belongs to user \(UserName.of(found.owner))", "make certificates in a folder of your own")
            )
        }
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        let authorityKey = folder + "/ca.key"
        if !SmallFile.exists(files.authority) || !SmallFile.exists(authorityKey) {
            _ = try await OpenSSL.run(
                ["req", "-x509", "-days", "3650", "-subj", "/CN=nimmerverse development authority"] + curve
                    + ["-keyout", authorityKey, "-out", files.authority])
        }
        let request = folder + "/server.csr"
        _ = try await OpenSSL.run(
            ["req", "-subj", "/CN=\(first)"] + curve + ["-keyout", files.key, "-out", request])
        let kinds = names.map { name in
            name.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: ".") } ? "IP:\(name)" : "DNS:\(name)"
        }
        let extensions = folder + "/server.ext"
        try SmallFile.write(
            "subjectAltName=\(kinds.joined(separator: ","))\nextendedKeyUsage=serverAuth,clientAuth\n", to: extensions)
        _ = try await OpenSSL.run(
            ["x509", "-req", "-in", request, "-CA", files.authority, "-CAkey", authorityKey, "-CAcreateserial"]
                + ["-days", "\(days)", "-extfile", extensions, "-out", files.certificate])
        for path in [request, extensions] { unlink(path) }
        for path in [authorityKey, files.key] { chmod(path, 0o600) }
        return files
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || ".-*".utf8.contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
