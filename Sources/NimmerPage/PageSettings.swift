import NimmerWave

/// Role of a person who watches: an observer's page has no button that acts, and the server refuses it as well (web.md, Security).
package enum PageRole: String, Sendable, Hashable {
    case observer
    case `operator`
}

/// Settings of the server of the page; what could expose a nervous system by mistake is refused before it listens.
package struct PageSettings: Sendable {
    /// Address to listen on.
    package var listen = ListenAddress.loopback
    /// Files of a certificate and its key, PEM; nil: no TLS of its own.
    package var tls: (certificate: String, key: String)?
    /// The secret of the login form; nil: no form.
    package var token: String?
    /// Name of the header in which an identity-aware proxy names the user; nil: none is believed.
    package var proxyHeader: String?
    /// Addresses whose header is believed.
    package var trustedProxies: [AddressRange] = []
    /// Users who may act; `*` is every user who got in.
    package var operators: Set<String> = []
    /// The origin that browsers use, such as `https://nimmer.example`; nil: the address of the server.
    package var publicURL: String?
    /// File that keeps sessions over a restart; nil: a restart ends them.
    package var sessionFile: String?
    /// Role of who follows a one-time link.
    package var linkRole = PageRole.observer

    /// Indicates whether one-time links are printed: where only this machine connects, and no proxy states who it is.
    package var printsLinks: Bool { listen.isLoopback && proxyHeader == nil }

    package init() {}

    /// Checks that no one gets in who should not.
    ///
    /// - Throws: ``PageError`` that names what was found and what was expected.
    package func validate() throws(PageError) {
        if !listen.isLoopback, !(tls != nil && token != nil), proxyHeader == nil {
            throw PageError(
                "listening on \(listen) would show this nervous system to the network",
                remedy: "give tls_certificate, tls_key and token_file, or proxy_header; or listen on 127.0.0.1")
        }
        if listen.isWildcard, publicURL == nil {
            throw PageError(
                "listening on \(listen) needs public_url: requests that name another host are refused",
                remedy: "name the origin that browsers use, such as https://nimmer.example")
        }
        if token != nil, tls == nil, !listen.isLoopback {
            throw PageError(
                "without TLS the token would cross the network as it is", remedy: "give tls_certificate and tls_key")
        }
        if let token, token.utf8.count < 16 {
            throw PageError("the token must be at least 16 bytes long; found \(token.utf8.count)")
        }
        if proxyHeader != nil, trustedProxies.isEmpty {
            throw PageError(
                "proxy_header names users, and any client could send it",
                remedy: "name the addresses of the proxy with trusted_proxies, for example 127.0.0.1 or 10.0.0.0/8")
        }
        if let header = proxyHeader,
            header.isEmpty || !header.utf8.allSatisfy({ 0x21...0x7e ~= $0 && $0 != 0x3a })
        {
            throw PageError("proxy_header must be the name of a header; found \(header.visible(limit: 60))")
        }
        if let url = publicURL, Origin(url) == nil {
            throw PageError(
                "public_url must be an origin such as https://nimmer.example; found \(url.visible(limit: 80))")
        }
    }
}

/// An address to listen on: `HOST:PORT`, `[::1]:PORT`; port 0 takes a free one.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// The usual one: this machine only, a free port.
    package static let loopback = ListenAddress(host: "127.0.0.1", port: 0)

    package let host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// - Throws: ``PageError`` that names what was found.
    package init(_ text: String) throws(PageError) {
        let text = text.hasPrefix("localhost:") ? "127.0.0.1:" + text.dropFirst("localhost:".count) : text
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw PageError(
                "an address to listen on must be HOST:PORT; found \(text.visible(limit: 60))",
                remedy: "for example 127.0.0.1:0 (a free port) or [::1]:8080")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard IPAddress(host) != nil else {
            throw PageError(
                "an address to listen on must begin with an IP address or localhost; found \(host.visible(limit: 60))",
                remedy: "for example 127.0.0.1:0, 0.0.0.0:8443 or [::1]:8080")
        }
        self.init(host: host, port: port)
    }

    /// Indicates whether it stands for every address of the machine.
    package var isWildcard: Bool { IPAddress(host)?.bytes.allSatisfy { $0 == 0 } ?? false }

    /// Indicates whether only this machine reaches it.
    package var isLoopback: Bool { IPAddress(host)?.isLoopback ?? false }

    package var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Scheme, host and port of an address of the web, as a browser writes it in `Origin`.
package struct Origin: Sendable, Hashable, CustomStringConvertible {
    package let scheme: String
    /// Host with its port where that is not the scheme's own.
    package let host: String

    package init(scheme: String, host: String) {
        self.scheme = scheme
        let usual = scheme == "https" ? ":443" : ":80"
        let host = host.lowercased()
        self.host = host.hasSuffix(usual) ? String(host.dropLast(usual.count)) : host
    }

    /// Nil where the text is not one.
    package init?(_ text: String) {
        guard let halves = text.halves(around: "://"), ["http", "https"].contains(halves.before),
            !halves.after.isEmpty,
            halves.after.utf8.allSatisfy({ 0x21...0x7e ~= $0 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@") })
        else { return nil }
        self.init(scheme: halves.before, host: halves.after)
    }

    package var description: String { "\(scheme)://\(host)" }

    /// Indicates whether nothing else is to be expected at its host: a name, at the usual port of https.
    package var ownsItsHost: Bool {
        scheme == "https" && !host.utf8.contains(UInt8(ascii: ":")) && IPAddress(host) == nil && host != "localhost"
            && !host.hasSuffix(".localhost")
    }
}
