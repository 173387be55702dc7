import NimmerWave

/// Sessions of those who got in, and the links and tokens that let one in; a value, time is an argument (web.md, Security).
package struct Sessions: Sendable {
    /// Someone who got in.
    package struct Session: Sendable {
        /// The secret in the cookie; empty in one of a former start that was not used since.
        fileprivate(set) package var id: String
        /// Digest of the secret.
        let key: String
        /// Name of the user: of the proxy's header, else how one got in.
        package let user: String
        /// Indicates whether a proxy names its user in each request.
        package let isOfProxy: Bool
        package let role: PageRole
        /// The secret that acts must carry beside the cookie; it follows from the cookie's, and never leads to it.
        fileprivate(set) package var csrf: String
        fileprivate(set) package var lastUsed: SteadyTime
        fileprivate var acts: TokenBucket<SteadyTime>

        init(id: String, user: String, role: PageRole, isOfProxy: Bool, at now: SteadyTime) {
            self.init(key: Secret.key(of: id), user: user, role: role, isOfProxy: isOfProxy, lastUsed: now, at: now)
            use(id, at: now)
        }

        fileprivate init(
            key: String, user: String, role: PageRole, isOfProxy: Bool, lastUsed: SteadyTime, at now: SteadyTime
        ) {
            (id, csrf) = ("", "")
            self.key = key
            self.user = user
            self.role = role
            self.isOfProxy = isOfProxy
            self.lastUsed = lastUsed
            acts = TokenBucket(20, at: now)
        }

        fileprivate mutating func use(_ id: String, at now: SteadyTime) {
            if self.id.isEmpty { (self.id, csrf) = (id, Secret.key(of: "csrf \(id)")) }
            lastUsed = now
        }
    }

    /// A session that was not used for so long has ended.
    package static let idle = Duration.seconds(12 * 3600)
    /// Sessions at most; of more the one goes that was not used for longest.
    package static let maximum = 256
    /// Links that wait at most.
    private static let maximumLinks = 8
    /// User of a session by the way in, where that names none.
    static let byLink = "the link"
    static let byToken = "token"

    /// Sessions by the digest of their secret.
    private var sessions: [String: Session] = [:]
    private var links: [(secret: String, role: PageRole)] = []
    /// Attempts to get in, of each address and of all.
    private var attempts = SenderBudgets(burst: 10, perSecond: 0.5)
    private var allAttempts: TokenBucket<SteadyTime>

    package init(at now: SteadyTime) {
        allAttempts = TokenBucket(100, at: now)
    }

    /// The secret of a new link, which lets one browser in once.
    package mutating func link(_ role: PageRole) throws(PageError) -> String {
        let secret = try Secret.random()
        links.append((secret, role))
        if links.count > Self.maximumLinks { links.removeFirst() }
        return secret
    }

    /// Lets in who follows a link; the link is used up by it.
    package mutating func enter(link secret: String, from peer: String, at now: SteadyTime) throws(PageError) -> Session
    {
        try attempt(from: peer, at: now)
        guard let place = links.firstIndex(where: { Secret.isEqual($0.secret, secret) }) else {
            throw PageError(
                "this link was used already, or is of another start of the server",
                remedy: "use the newest link that `nimmer web` has printed", status: 401)
        }
        return try open(Self.byLink, links.remove(at: place).role, at: now)
    }

    /// Lets in who knows the token.
    package mutating func enter(
        token: String, expected: String, from peer: String, role: PageRole, at now: SteadyTime
    ) throws(PageError) -> Session {
        try attempt(from: peer, at: now)
        guard Secret.isEqual(token, expected) else {
            throw PageError("this is not the token", remedy: "it stands in the file of token_file", status: 401)
        }
        return try open(Self.byToken, role, at: now)
    }

    /// Makes a session.
    package mutating func open(
        _ user: String, _ role: PageRole, isOfProxy: Bool = false, at now: SteadyTime
    ) throws(PageError) -> Session {
        sessions = sessions.filter { now.duration(since: $0.value.lastUsed) < Self.idle }
        if sessions.count >= Self.maximum, let oldest = sessions.values.min(by: { $0.lastUsed < $1.lastUsed }) {
            sessions[oldest.key] = nil
        }
        let session = Session(id: try Secret.random(), user: user, role: role, isOfProxy: isOfProxy, at: now)
        sessions[session.key] = session
        return session
    }

    /// The session of a cookie; nil where it has ended, or never was.
    package mutating func session(_ id: String?, at now: SteadyTime) -> Session? {
        guard let id, !id.isEmpty else { return nil }
        let key = Secret.key(of: id)
        guard var session = sessions[key] else { return nil }
        guard now.duration(since: session.lastUsed) < Self.idle else {
            sessions[key] = nil
            return nil
        }
        session.use(id, at: now)
        sessions[key] = session
        return session
    }

    /// The session with a digest without use of it; nil where it has ended.
    func look(_ key: String, at now: SteadyTime) -> Session? {
        guard let session = sessions[key], now.duration(since: session.lastUsed) < Self.idle else { return nil }
        return session
    }

    /// Counts a look of a person at a tab as use, to the minute.
    mutating func watch(_ session: Session, at now: SteadyTime) {
        guard let known = look(session.key, at: now), now.duration(since: known.lastUsed) > .seconds(60) else { return }
        sessions[session.key]?.lastUsed = now
    }

    /// The session that a proxy's user has, made where there is none.
    package mutating func session(ofUser user: String, _ role: PageRole, at now: SteadyTime) throws(PageError)
        -> Session
    {
        if let known = sessions.values.first(where: { $0.isOfProxy && $0.user == user && $0.role == role }) {
            sessions[known.key]?.lastUsed = now
            return known
        }
        return try open(user, role, isOfProxy: true, at: now)
    }

    /// Counts an act of a session.
    ///
    /// - Throws: ``PageError`` where there were too many.
    package mutating func act(_ session: Session, at now: SteadyTime) throws(PageError) {
        sessions[session.key]?.acts.fill(to: 20, perSecond: 1, at: now)
        guard sessions[session.key]?.acts.take(1) ?? false else {
            throw PageError("too many acts at once", remedy: "wait a few seconds", status: 429)
        }
    }

    /// The sessions that a restart must not end: digests of secrets, and no secret. A proxy names its users again by itself.
    package func kept(at now: SteadyTime, _ wall: Timestamp) -> JSON {
        .array(
            sessions.values.filter { !$0.isOfProxy }.sorted { $0.key < $1.key }.map { session in
                [
                    "key": .string(session.key), "user": .string(session.user), "role": .string(session.role.rawValue),
                    "used": .string(wall.advanced(milliseconds: -now.milliseconds(since: session.lastUsed)).rfc3339),
                ]
            })
    }

    /// Takes in the sessions of a former start.
    ///
    /// - Parameter roles: role that each way in gives now; a session with another one has ended.
    package mutating func restore(_ kept: JSON, roles: [String: PageRole], at now: SteadyTime, _ wall: Timestamp) {
        for item in (kept.array ?? []).prefix(Self.maximum) {
            guard let key = item["key"]?.string, key.utf8.count == Secret.keyLength, let user = item["user"]?.string,
                let role = item["role"]?.string.flatMap({ PageRole(rawValue: $0) }), roles[user] == role,
                let used = item["used"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
                used <= wall
            else { continue }
            let lastUsed = now.advanced(milliseconds: -wall.milliseconds(since: used))
            guard now.duration(since: lastUsed) < Self.idle else { continue }
            sessions[key] = Session(
                key: key, user: user, role: role, isOfProxy: false, lastUsed: lastUsed, at: now)
        }
    }

    /// Number of sessions.
    package var count: Int { sessions.count }

    private mutating func attempt(from peer: String, at now: SteadyTime) throws(PageError) {
        allAttempts.fill(to: 100, perSecond: 10, at: now)
        guard attempts.take(1, ofSender: peer, at: now), allAttempts.take(1) else {
            throw PageError("too many attempts to get in", remedy: "wait a minute", status: 429)
        }
    }
}
