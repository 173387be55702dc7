import NimmerBus
import NimmerWave

/// One address out of a comma-separated list, with a form that may be shown.
package struct ServerURL: Sendable, Hashable {
    /// As nats.c takes it; without credentials, which nats.c would not decode.
    let text: String
    /// Without credentials.
    let shown: String
    /// The host's name or address.
    let host: String
    /// The port.
    let port: UInt16
    /// Indicates whether the scheme asks for TLS.
    let isSecure: Bool
    /// User and password, or the token, that stand in the address, percent-decoded.
    let credentials: BusSettings.Credentials

    /// Advice for a user or password that holds what separates the parts of an address.
    static let advice =
        "percent-encode special characters of its user and password (% is %25, @ %40, : %3A, / %2F, ? %3F, # %23, comma %2C, "
        + "space %20), or set NIMMERVERSE_NATS_USER and NIMMERVERSE_NATS_PASSWORD"

    init(_ given: String) throws(BusError) {
        let halves = given.halves(around: "://")
        let scheme = halves?.before ?? "nats"
        var place = halves?.after ?? given
        if place.hasSuffix("/") { place.removeLast() }
        let at = place.lastIndex(of: "@")
        let afterUser = at.map { String(place[place.index(after: $0)...]) } ?? place
        let shown = ShownAddress("\(scheme)://\(place)").description
        func refusal() -> BusError {
            BusError(
                .invalid,
                "an address must be nats://HOST:4222 or tls://HOST:4222; found '\(shown)'"
                    + (at == nil ? "" : "; \(Self.advice)"))
        }
        // Other programs end the user and password at the first of these: what was meant is open.
        if let at, let mark = place[..<at].first(where: { "/?#@".contains($0) }) {
            throw BusError(
                .invalid, "the user or password of the address '\(shown)' holds '\(mark)' as it is; \(Self.advice)")
        }
        guard scheme == "nats" || scheme == "tls", !afterUser.isEmpty else { throw refusal() }
        var host = afterUser
        var port: UInt16 = 4222
        if let colon = afterUser.lastIndex(of: ":"), !afterUser.hasSuffix("]") {
            host = String(afterUser[..<colon])
            guard let number = UInt16(afterUser[afterUser.index(after: colon)...]) else { throw refusal() }
            port = number
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || "[]".contains($0) }) else { throw refusal() }
        credentials =
            try at.map { (at) throws(BusError) in try Self.credentials(place[..<at], shown) }
            ?? BusSettings.Credentials.none
        text = "\(scheme)://\(afterUser)"
        self.shown = shown
        self.host = host
        self.port = port
        isSecure = scheme == "tls"
    }

    /// Holds a comma-separated list of addresses against what can be connected to, without connecting.
    ///
    /// - Throws: a `BusError` that names the address without its credentials, and what was expected.
    package static func check(_ text: String) throws(BusError) { _ = try list(text) }

    /// The addresses of a comma-separated list.
    static func list(_ text: String) throws(BusError) -> [ServerURL] {
        var found: [ServerURL] = []
        let parts = text.split(separator: ",")
        for (index, part) in parts.enumerated() {
            // A comma within a password would make its first half a host.
            guard index == 0 || !part.contains("@") || part.includes("://") || parts[index - 1].contains("@") else {
                throw BusError(
                    .invalid, "the addresses '\(ShownAddress(text))' are separated within a user or password; \(advice)"
                )
            }
            let trimmed = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            do throws(BusError) {
                found.append(try ServerURL(trimmed))
            } catch {
                guard !part.contains("@"), text.contains("@") else { throw error }
                throw BusError(error.code, "\(error.message); \(advice)")
            }
        }
        guard !found.isEmpty else { throw BusError(.invalid, "no server address found; expected nats://HOST:4222") }
        return found
    }

    /// Credentials before the `@`: a user and a password, or a token.
    private static func credentials(
        _ text: Substring, _ shown: String
    ) throws(BusError) -> BusSettings.Credentials {
        guard let colon = text.firstIndex(of: ":") else {
            let token = try decoded(text, shown)
            return token.isEmpty ? .none : .token(token)
        }
        return .password(
            user: try decoded(text[..<colon], shown), password: try decoded(text[text.index(after: colon)...], shown))
    }

    private static func decoded(_ text: Substring, _ shown: String) throws(BusError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(Substring(digits)), radix: 16)
            else {
                throw BusError(
                    .invalid,
                    "the user or password of the address '\(shown)' holds a % without two hexadecimal digits; \(advice)"
                )
            }
            guard value != 0 else {
                throw BusError(
                    .invalid,
                    "the user or password of the address '\(shown)' holds %00; a user, password or token holds no NUL")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw BusError(.invalid, "the user or password of the address '\(shown)' is not UTF-8; \(advice)")
        }
        return text
    }
}
