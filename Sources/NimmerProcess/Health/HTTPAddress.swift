import Glibc
import NimmerWave

/// Address at which a process serves its health and metrics: NIMMERVERSE_HTTP_PORT is a port (every address of the machine) or
/// `address:port` (`127.0.0.1:9464`, `[::1]:9464`); `0` lets the system choose a port.
struct HTTPAddress: Equatable, Sendable, CustomStringConvertible {
    /// The address; nil for all.
    var host: String?
    /// The port.
    var port: UInt16

    /// - Throws: `ProcessFailure` (usage) that names what was found.
    init(_ text: String) throws(ProcessFailure) {
        let colon = text.lastIndex(of: ":")
        let number = colon.map { text[text.index(after: $0)...] } ?? text[...]
        var host = colon.map { String(text[..<$0]) }
        if let named = host, named.hasPrefix("["), named.hasSuffix("]") { host = String(named.dropFirst().dropLast()) }
        guard let port = UInt16(number), number.allSatisfy(\.isNumber), host != "" else {
            throw ProcessFailure(
                .usage,
                "NIMMERVERSE_HTTP_PORT: found '\(text)'; expected a port (0…65535) or address:port, such as "
                    + "127.0.0.1:9464")
        }
        self.host = host
        self.port = port
    }

    var description: String {
        guard let host else { return "port \(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Calls the body with each socket address that this names until one works.
    ///
    /// - Returns: what the body returned, or the reason why nothing worked.
    func first<Result>(
        passive: Bool, _ body: (_ family: Int32, UnsafePointer<sockaddr>, socklen_t) -> Result?
    ) -> (result: Result?, trouble: String) {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST | (passive ? AI_PASSIVE : 0)
        let hosts: [String?] = host.map { [$0 == "localhost" ? "127.0.0.1" : $0] } ?? ["::", "0.0.0.0"]
        var trouble = "no such address"
        for host in hosts {
            var found: UnsafeMutablePointer<addrinfo>?
            let status = getaddrinfo(host, String(port), &hints, &found)
            guard status == 0, let list = found else {
                trouble = String(cString: gai_strerror(status))
                continue
            }
            defer { freeaddrinfo(list) }
            var next = found
            while let entry = next {
                next = entry.pointee.ai_next
                guard let address = entry.pointee.ai_addr else { continue }
                if let result = body(entry.pointee.ai_family, address, entry.pointee.ai_addrlen) {
                    return (result, "")
                }
                trouble = String(cString: strerror(errno))
            }
        }
        return (nil, trouble)
    }
}
