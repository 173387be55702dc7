import NimmerBus
import NimmerMemoryPostgres
import NimmerOutput
import NimmerScope
import NimmerWave
import Synchronization

/// Answers browsers: who may in, the files of the page, what it asks, and what a person does (web.md; docs/reference/web.md).
package final class PageServer: Sendable {
    /// Result of a request.
    package enum Answer: Sendable {
        case response(PageResponse)
        /// The connection becomes a WebSocket.
        case socket(Tab, Sessions.Session)
    }

    package let model: PageModel
    private let assets: Assets
    private let access: Mutex<PageAccess>
    private let decisions: PageDecisions
    private let history: History
    private let settings: PageSettings
    private let control: @Sendable (Tab.Control) -> Void
    /// Called when a browser got in by a link, so that the next can be printed.
    private let onEntry: @Sendable (PageServer) -> Void
    /// Called with what went wrong and concerns no request.
    private let onFault: @Sendable (String) -> Void
    private let listening: ListenAddress
    private let sessionFile: SessionFile?
    private let keptAt: Mutex<SteadyTime>
    private let refused = Atomic<Int>(0)
    private let answered = Atomic<Int>(0)

    /// Bytes of a request's body at most.
    package static let maximumBody = 8 << 10

    package init(
        _ settings: PageSettings, listening: ListenAddress, model: PageModel, assets: Assets = .embedded,
        decisions: PageDecisions, history: History, control: @escaping @Sendable (Tab.Control) -> Void = { _ in },
        onEntry: @escaping @Sendable (PageServer) -> Void = { _ in },
        onFault: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.settings = settings
        self.control = control
        self.model = model
        self.assets = assets
        self.decisions = decisions
        self.history = history
        self.onEntry = onEntry
        self.onFault = onFault
        self.listening = listening
        sessionFile = settings.sessionFile.map { SessionFile($0) }
        var access = PageAccess(settings, listening: listening, at: .now())
        sessionFile?.restore(into: &access, listening: listening, at: .now(), .now())
        self.access = Mutex(access)
        keptAt = Mutex(.now())
    }

    /// Keeps the sessions over a restart: at once where there is a new one, else so often that one that is used does not end by it.
    private func keepSessions(at now: SteadyTime, isNew: Bool = false) {
        guard let sessionFile else { return }
        let isDue = keptAt.withLock { kept in
            guard isNew || now.duration(since: kept) > .seconds(600) else { return false }
            kept = now
            return true
        }
        guard isDue else { return }
        do throws(Failure) {
            try sessionFile.keep(currentAccess, listening: listening, at: now, .now())
        } catch { onFault("a restart ends the sessions: \(error.printed.text)") }
    }

    /// A new one-time link: its path.
    package func link(_ role: PageRole) throws(PageError) -> String {
        try access.withLock { (access) throws(PageError) in try access.link(role) }
    }

    /// Requests that were answered, and those of them that were refused.
    package var counts: (answered: Int, refused: Int) {
        (answered.load(ordering: .relaxed), refused.load(ordering: .relaxed))
    }

    /// The session of a tab; nil once it has ended.
    package func session(_ session: Sessions.Session) -> Sessions.Session? {
        access.withLock { access in access.session(key: session.key, at: .now()) }
    }

    /// The rules and sessions as they are now.
    var currentAccess: PageAccess { access.withLock { $0 } }

    /// Counts a tab that is looked at as use of its session.
    package func watched(_ session: Sessions.Session) {
        let now = SteadyTime.now()
        access.withLock { $0.sessions.watch(session, at: now) }
        keepSessions(at: now)
    }

    /// Carries out what a tab asks of a recording.
    package func control(_ control: Tab.Control) { self.control(control) }

    /// Answers a request.
    package func answer(_ request: PageRequest) async -> Answer {
        answered.add(1, ordering: .relaxed)
        do throws(PageError) {
            return try await route(request)
        } catch {
            refused.add(1, ordering: .relaxed)
            // A person is shown a page, a program JSON.
            let isPage = request.path == "/enter" || request.path == "/" && request.method == "GET"
            if error.status == 401 || error.status == 429, isPage {
                return .response(entrance(error, request))
            }
            return .response(secured(.refusal(error)))
        }
    }

    private func route(_ request: PageRequest) async throws(PageError) -> Answer {
        guard request.body.count <= Self.maximumBody else {
            throw PageError(
                "a body must be at most \(Self.maximumBody) bytes; found \(request.body.count)", status: 413)
        }
        let now = SteadyTime.now()
        try access.withLock { (access) throws(PageError) in try access.check(request) }
        if request.path.hasPrefix("/assets/") { return .response(try asset(request)) }
        if request.path == "/enter" { return .response(try enter(request, at: now)) }
        let session = try access.withLock { (access) throws(PageError) in try access.session(request, at: now) }
        guard let session else {
            throw PageError(
                "there is no session",
                remedy: settings.token == nil ? "open the link that the server printed" : "give the token",
                status: 401)
        }
        if request.path == "/feed" {
            try access.withLock { (access) throws(PageError) in try access.checkOrigin(ofSocket: request) }
            return .socket(try model.openTab(after: request.query["after"]), session)
        }
        let response =
            request.method == "POST" ? try await act(request, session, at: now) : try await look(request, session)
        return .response(compressed(secured(response, session, request), request))
    }

    private func look(_ request: PageRequest, _ session: Sessions.Session) async throws(PageError) -> PageResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            throw PageError("expected GET or POST; found \(request.method.visible(limit: 20))", status: 405)
        }
        switch request.path {
        case "/":
            return PageResponse(
                status: 200, headers: [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")],
                body: assets.page(model.environment, session.role))
        case "/history": return .json(try await history.answer(request))
        default: break
        }
        let parts = request.path.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw Self.notFound(request) }
        switch parts[0] {
        case "decision": return .json(try await decisions.card(parts[1]))
        case "what-if": return .json(try await decisions.counterfactual(parts[1], trust: try request.number("trust")))
        case "gate": return .json(try await decisions.explanation(parts[1]))
        default: throw Self.notFound(request)
        }
    }

    private func act(_ request: PageRequest, _ session: Sessions.Session, at now: SteadyTime) async throws(PageError)
        -> PageResponse
    {
        guard request.path == "/outcome" || request.path == "/verdict" else { throw Self.notFound(request) }
        try access.withLock { (access) throws(PageError) in try access.act(request, session, at: now) }
        let json: JSON
        do throws(Refusal) { json = try JSON(parsing: request.body) } catch {
            throw PageError("an act is JSON; found \(error)")
        }
        if request.path == "/outcome" {
            return .json(try await decisions.report(json, by: session.user))
        }
        return .json(["text": .string(try await decisions.decide(json, by: session.user))])
    }

    private static func notFound(_ request: PageRequest) -> PageError {
        PageError("nothing is found under \(request.path.visible(limit: 80))", status: 404)
    }

    // MARK: - Getting in

    private func enter(_ request: PageRequest, at now: SteadyTime) throws(PageError) -> PageResponse {
        let session: Sessions.Session
        if request.method == "POST" {
            guard let token = Self.form(request.body)["token"] else { throw PageError("the form holds no token") }
            session = try access.withLock { (access) throws(PageError) in
                try access.enter(token: token, from: request.peer, at: now)
            }
        } else {
            // Only a person's own step uses a link up, no look-ahead of a browser.
            guard request.method == "GET", request.headers["sec-purpose"] == nil else {
                throw PageError("a link is followed, not looked at ahead", status: 403)
            }
            session = try access.withLock { (access) throws(PageError) in
                try access.enter(link: request.query["key"] ?? "", from: request.peer, at: now)
            }
            onEntry(self)
        }
        keepSessions(at: now, isNew: true)
        var response = secured(.redirect(to: "/" + Self.moment(request)))
        let cookie = access.withLock { $0.cookie(for: session, isEncrypted: request.isEncrypted || isSecureOutside) }
        response.headers.append(("Set-Cookie", cookie))
        return response
    }

    /// The query of a link to a moment, which goes through the entrance; empty without one.
    private static func moment(_ request: PageRequest) -> String {
        let kept = ["from", "at", "to", "open"].compactMap { key in
            request.query[key].map { "\(key)=\(quoted($0))" }
        }
        return kept.isEmpty ? "" : "?" + kept.joined(separator: "&")
    }

    private var isSecureOutside: Bool { settings.publicURL?.hasPrefix("https:") ?? false }

    private func entrance(_ error: PageError, _ request: PageRequest) -> PageResponse {
        let reason = error.remedy.isEmpty ? "\(error)" : "\(error): \(error.remedy)"
        var response = secured(
            PageResponse(
                status: error.status,
                headers: [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")],
                body: assets.entrance(
                    model.environment, reason: reason, query: Self.moment(request), takesToken: settings.token != nil)))
        // A link of another site comes without the cookie (SameSite=Strict); asked again by this page, it has it.
        if request.headers["sec-fetch-site"] == "cross-site", request.path == "/" {
            response.headers.append(("Refresh", "0; url=/\(Self.moment(request))"))
        }
        return response
    }

    /// The fields of a form (application/x-www-form-urlencoded).
    static func form(_ body: [UInt8]) -> [String: String] {
        var fields: [String: String] = [:]
        for part in body.split(separator: UInt8(ascii: "&")) {
            let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { fields[plain(pair[0])] = plain(pair[1]) }
        }
        return fields
    }

    private static func plain(_ bytes: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                out.append(value)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// A text within a query: what is no letter or digit is written as its number.
    private static func quoted(_ text: String) -> String {
        text.utf8.prefix(128).map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || [0x2d, 0x2e, 0x3a].contains(byte)
            if isPlain { return String(Unicode.Scalar(byte)) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    // MARK: - Files and headers

    private func asset(_ request: PageRequest) throws(PageError) -> PageResponse {
        guard request.method == "GET" || request.method == "HEAD",
            let file = assets.files[String(request.path.dropFirst("/assets/".count))]
        else { throw Self.notFound(request) }
        var response = PageResponse(
            status: 200,
            headers: [
                ("Content-Type", file.type), ("Cache-Control", "public, max-age=31536000, immutable"),
                ("Vary", "Accept-Encoding"),
            ],
            body: file.bytes)
        if let packed = file.packed, Self.takesGzip(request) {
            response.body = packed
            response.headers.append(("Content-Encoding", "gzip"))
        }
        return secured(response)
    }

    private static func takesGzip(_ request: PageRequest) -> Bool {
        (request.headers["accept-encoding"] ?? "").split(separator: ",").contains { part in
            let pieces = part.split(separator: ";").map { $0.filter { $0 != " " } }
            return pieces.first == "gzip" && !pieces.dropFirst().contains { $0 == "q=0" || $0 == "q=0.0" }
        }
    }

    private func compressed(_ response: PageResponse, _ request: PageRequest) -> PageResponse {
        guard response.body.count >= 1024, Self.takesGzip(request), let packed = Gzip.packed(response.body),
            packed.count < response.body.count
        else { return response }
        var response = response
        response.body = packed
        response.headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        return response
    }

    /// The rules of every answer: nothing from elsewhere, nothing inline, in no other site's frame.
    private func secured(_ response: PageResponse) -> PageResponse {
        var response = response
        response.headers += [
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; img-src 'self'; "
                    + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
        ]
        // It holds for every port of its host: for a name that is the page's own alone.
        if settings.tls != nil, let origin = settings.publicURL.flatMap({ Origin($0) }), origin.ownsItsHost {
            response.headers.append(("Strict-Transport-Security", "max-age=31536000"))
        }
        return response
    }

    /// The same, and the cookie of a session that a proxy's header has opened.
    private func secured(_ response: PageResponse, _ session: Sessions.Session, _ request: PageRequest) -> PageResponse
    {
        var response = secured(response)
        if request.cookie(access.withLock { $0.cookie }) != session.id {
            let cookie = access.withLock {
                $0.cookie(for: session, isEncrypted: request.isEncrypted || isSecureOutside)
            }
            response.headers.append(("Set-Cookie", cookie))
        }
        return response
    }
}
