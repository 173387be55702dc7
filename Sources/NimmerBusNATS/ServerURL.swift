import NimmerBus
import NimmerWave

/// One address out of a comma-separated list, with a form that may be shown.
struct ServerURL: Sendable, Hashable {
    /// As nats.c takes it, credentials included.
    let text: String
    /// Without credentials.
    let shown: String
    /// The host's name or address.
    let host: String
    /// The port.
    let port: UInt16
    /// Indicates whether the scheme asks for TLS.
    let isSecure: Bool

    init(_ given: String) throws(BusError) {
        let halves = given.halves(around: "://")
        let scheme = halves?.before ?? "nats"
        var place = halves?.after ?? given
        if place.hasSuffix("/") { place.removeLast() }
        let afterUser: String = place.split(separator: "@").last.map { String($0) } ?? ""
        let shown = ShownAddress("\(scheme)://\(place)").description
        let expected = "an address must be nats://HOST:PORT or tls://HOST:PORT; found '\(shown)'"
        guard scheme == "nats" || scheme == "tls", !afterUser.isEmpty else { throw BusError(.invalid, expected) }
        var host = afterUser
        var port: UInt16 = 4222
        if let colon = afterUser.lastIndex(of: ":"), !afterUser.hasSuffix("]") {
            host = String(afterUser[..<colon])
            guard let number = UInt16(afterUser[afterUser.index(after: colon)...]) else {
                throw BusError(.invalid, expected)
            }
            port = number
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || "[]".contains($0) }) else {
            throw BusError(.invalid, expected)
        }
        text = "\(scheme)://\(place)"
        self.shown = shown
        self.host = host
        self.port = port
        isSecure = scheme == "tls"
    }

    /// The addresses of a comma-separated list.
    static func list(_ text: String) throws(BusError) -> [ServerURL] {
        var found: [ServerURL] = []
        for part in text.split(separator: ",") {
            let trimmed = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            found.append(try ServerURL(trimmed))
        }
        guard !found.isEmpty else { throw BusError(.invalid, "no server address found; expected nats://HOST:PORT") }
        return found
    }
}
