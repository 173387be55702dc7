import NimmerWave

/// An `http` or `https` address whose parts were checked: printable ASCII, a host, no user, no password, no fragment.
public struct WebAddress: Hashable, Sendable, CustomStringConvertible {
    /// The address as it is requested. Its query may hold a secret: ``description`` is what may be shown.
    public let text: String
    /// Indicates whether it is `https`.
    public let isEncrypted: Bool
    /// Host in lower case and port: `nas.lan:443`.
    public let server: String

    /// Reads an address.
    ///
    /// - Parameter field: the setting that holds it, for the refusal.
    /// - Throws: a `Refusal` that names the setting, what was expected, and what was found as far as it may be shown.
    public init(_ text: String, field: String) throws(Refusal) {
        let expected = "\(field) must be an address such as http://nas.lan:8080/health or https://example.org/"
        let shown = "'\(ShownAddress(text).description.prefix(80))'"
        let isPlain = text.utf8.count <= 2048 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x5c }
        guard isPlain, let (scheme, rest) = text.halves(around: "://") else {
            throw Refusal(.value, field: field, expected, found: shown)
        }
        switch scheme.lowercased() {
        case "http": isEncrypted = false
        case "https": isEncrypted = true
        default: throw Refusal(.value, field: field, expected, found: shown)
        }
        guard !rest.contains("#") else {
            throw Refusal(.value, field: field, "\(field) must not have a part behind #", found: shown)
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw Refusal(
                .value, field: field, "\(field) must not hold a user or password; a token comes from token_file",
                found: shown)
        }
        guard let server = Self.server(authority, usual: isEncrypted ? 443 : 80) else {
            throw Refusal(.value, field: field, expected, found: shown)
        }
        self.server = server
        self.text = text
    }

    /// The address as it may be shown: without its query.
    public var description: String { ShownAddress(text).description }

    /// Returns whether another address leads to the same host and port in the same way.
    public func isSameServer(as other: WebAddress) -> Bool {
        server == other.server && isEncrypted == other.isEncrypted
    }

    private static func server(_ authority: Substring, usual: Int) -> String? {
        var host = authority
        var port = usual
        // The colons of an IPv6 address stand within brackets.
        let end = authority.hasPrefix("[") ? authority.firstIndex(of: "]") : authority.startIndex
        guard let end else { return nil }
        if let colon = authority[end...].firstIndex(of: ":") {
            let digits = authority[authority.index(after: colon)...]
            guard !digits.isEmpty, digits.allSatisfy(\.isNumber), let number = Int(digits),
                (1...65_535).contains(number)
            else { return nil }
            host = authority[..<colon]
            port = number
        }
        let marks = host.hasPrefix("[") ? "[]:.%-_" : ".-_"
        guard !host.isEmpty, host != "[]", host.allSatisfy({ $0.isLetter || $0.isNumber || marks.contains($0) }) else {
            return nil
        }
        return "\(host.lowercased()):\(port)"
    }
}
