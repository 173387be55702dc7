import NimmerWave

/// Rules of who may ask: the address that browsers use, the session of a cookie or of a proxy's header, the token of an act
/// (web.md, Security).
package struct PageAccess: Sendable {
    let settings: PageSettings
    /// Origins that browsers may use.
    private let origins: Set<Origin>
    package internal(set) var sessions: Sessions

    /// The cookie that holds a session: of its own for each port, since browsers send a host's cookies to all of them.
    package let cookie: String

    /// - Parameter listening: the address with the port that it really has.
    package init(_ settings: PageSettings, listening: ListenAddress, at now: SteadyTime) {
        self.settings = settings
        cookie = settings.publicURL == nil ? "nimmer_session_\(listening.port)" : "nimmer_session"
        sessions = Sessions(at: now)
        let scheme = settings.tls == nil ? "http" : "https"
        var origins: Set<Origin> = [Origin(scheme: scheme, host: listening.description)]
        if listening.isLoopback {
            // Names of this machine that no name server can turn elsewhere.
            for host in ["127.0.0.1", "localhost", "[::1]"] {
                origins.insert(Origin(scheme: scheme, host: "\(host):\(listening.port)"))
            }
        }
        if let url = settings.publicURL.flatMap({ Origin($0) }) { origins.insert(url) }
        self.origins = origins
    }

    /// Checks that a request names this server as its host, and comes from no other site's page.
    ///
    /// - Throws: ``PageError`` with status 421 or 403.
    package func check(_ request: PageRequest) throws(PageError) {
        let host = request.headers["host"] ?? ""
        guard origins.contains(where: { $0.host == Origin(scheme: $0.scheme, host: host).host }) else {
            throw PageError(
                "this server is not known as \(host.visible(limit: 80))",
                remedy: "use the address that it printed, or name yours with public_url", status: 421)
        }
        if let text = request.headers["origin"] {
            guard let origin = Origin(text), origins.contains(origin) else {
                throw PageError("requests of the page of another site are refused", status: 403)
            }
        } else if request.method != "GET" && request.method != "HEAD" {
            throw PageError("a request that acts must name its origin", status: 403)
        }
        if let site = request.headers["sec-fetch-site"], !["same-origin", "none"].contains(site),
            request.headers["sec-fetch-mode"] != "navigate" || request.method != "GET"
        {
            throw PageError("requests of the page of another site are refused", status: 403)
        }
    }

    /// Checks what a WebSocket needs besides: browsers always send its origin.
    ///
    /// - Throws: ``PageError`` with status 403.
    package func checkOrigin(ofSocket request: PageRequest) throws(PageError) {
        guard request.headers["origin"] != nil else {
            throw PageError("a WebSocket must name its origin", status: 403)
        }
    }

    /// The session of a request; nil where there is none.
    ///
    /// The user that a trusted proxy names precedes the cookie: a user who was replaced or removed there keeps no earlier session. A session
    /// that a proxy has opened is good in its requests only.
    ///
    /// - Throws: ``PageError`` where a proxy is trusted and names no user.
    package mutating func session(_ request: PageRequest, at now: SteadyTime) throws(PageError) -> Sessions.Session? {
        let known = sessions.session(request.cookie(cookie), at: now)
        let own = known?.isOfProxy == false ? known : nil
        guard let header = settings.proxyHeader, settings.trustedProxies.contains(where: { $0.contains(request.peer) })
        else { return own }
        let user = request.headers[header.lowercased()] ?? ""
        guard !user.isEmpty else {
            if let own { return own }
            throw PageError("the proxy names no user in \(header.visible(limit: 60))", status: 401)
        }
        guard user.utf8.count <= 256 else {
            throw PageError("the proxy names a user of \(user.utf8.count) bytes", status: 400)
        }
        return try sessions.session(ofUser: user, role(of: user), at: now)
    }

    private func role(of user: String) -> PageRole {
        settings.operators.contains(user) || settings.operators.contains("*") ? .operator : .observer
    }

    /// Checks that a session may act, and that the act is of its own page.
    ///
    /// - Throws: ``PageError`` with status 403 or 429.
    package mutating func act(_ request: PageRequest, _ session: Sessions.Session, at now: SteadyTime) throws(PageError)
    {
        guard session.role == .operator else {
            throw PageError("an observer looks, and does not act", remedy: "ask an operator", status: 403)
        }
        guard Secret.isEqual(request.headers["x-csrf-token"] ?? "", session.csrf) else {
            throw PageError("the act does not carry this session's token", remedy: "reload the page", status: 403)
        }
        guard (request.headers["content-type"] ?? "").hasPrefix("application/json") else {
            throw PageError("an act must be application/json", status: 415)
        }
        try sessions.act(session, at: now)
    }

    /// Lets in who follows a link.
    package mutating func enter(link: String, from peer: String, at now: SteadyTime) throws(PageError)
        -> Sessions.Session
    {
        try sessions.enter(link: link, from: peer, at: now)
    }

    /// Lets in who gave the token in the form.
    package mutating func enter(token: String, from peer: String, at now: SteadyTime) throws(PageError)
        -> Sessions.Session
    {
        guard let expected = settings.token else {
            throw PageError("this server has no token", remedy: "use the link that it printed", status: 401)
        }
        return try sessions.enter(
            token: token, expected: expected, from: peer, role: tokenRole, at: now)
    }

    /// A new one-time link; its path.
    package mutating func link(_ role: PageRole) throws(PageError) -> String { "/enter?key=\(try sessions.link(role))" }

    /// The header that gives a browser its session.
    package func cookie(for session: Sessions.Session, isEncrypted: Bool) -> String {
        "\(cookie)=\(session.id); Path=/; HttpOnly; SameSite=Strict" + (isEncrypted ? "; Secure" : "")
    }
}

extension PageAccess {
    /// The session of a tab, which a look does not keep alive; nil where it has ended.
    func session(key: String, at now: SteadyTime) -> Sessions.Session? { sessions.look(key, at: now) }

    /// Role that each way in gives: a session of a former start with another one has ended.
    var roles: [String: PageRole] { [Sessions.byLink: settings.linkRole, Sessions.byToken: tokenRole] }

    private var tokenRole: PageRole { settings.operators.contains("*") ? .operator : .observer }
}
