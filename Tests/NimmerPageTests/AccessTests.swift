import NimmerOutput
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerPage

#if canImport(Glibc)
    import Glibc
#endif

/// Sessions, links and tokens: entry, and the right to act.
@Suite struct AccessTests {
    private let start = SteadyTime(milliseconds: 5000)
    private let address = ListenAddress(host: "127.0.0.1", port: 8080)

    private func later(_ seconds: Double) -> SteadyTime { SteadyTime(milliseconds: 5000 + seconds * 1000) }

    private func request(
        _ method: String = "GET", _ path: String = "/", host: String = "127.0.0.1:8080", origin: String? = nil,
        headers: [String: String] = [:], peer: String = "127.0.0.1"
    ) -> PageRequest {
        var all = headers
        all["host"] = host
        all["origin"] = origin
        return PageRequest(method: method, path: path, headers: all, peer: peer)
    }

    private func access(_ change: (inout PageSettings) -> Void = { _ in }) -> PageAccess {
        var settings = PageSettings()
        settings.listen = address
        change(&settings)
        return PageAccess(settings, listening: address, at: start)
    }

    @Test(arguments: ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"])
    func theAddressesOfThisMachineAreKnown(host: String) throws {
        try access().check(request(host: host))
    }

    @Test(arguments: [
        "evil.example:8080", "127.0.0.1:8081", "127.0.0.1", "localhost.evil.example:8080", "",
        "127.0.0.1:8080.evil.example",
        "127.0.0.1:8080@evil.example", "0.0.0.0:8080",
    ])
    func aNameThatIsTurnedHereIsRefused(host: String) {
        let error = #expect(throws: PageError.self) { try access().check(request(host: host)) }
        #expect(error?.status == 421)
    }

    @Test(arguments: ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8080", ""])
    func anotherSitesPageIsRefused(origin: String) {
        for method in ["GET", "POST"] {
            let error = #expect(throws: PageError.self) { try access().check(request(method, origin: origin)) }
            #expect(error?.status == 403)
        }
    }

    @Test func anActNamesItsOrigin() throws {
        try access().check(request("POST", origin: "http://127.0.0.1:8080"))
        let error = #expect(throws: PageError.self) { try access().check(request("POST")) }
        #expect(error?.status == 403)
        #expect(throws: PageError.self) {
            try access().check(request(headers: ["sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"]))
        }
        // A link from elsewhere may be followed.
        try access().check(request(headers: ["sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"]))
        #expect(throws: PageError.self) { try access().checkOrigin(ofSocket: request("GET", "/feed")) }
    }

    @Test func thePublicAddressIsKnown() throws {
        let access = access { $0.publicURL = "https://nimmer.example" }
        try access.check(request(host: "nimmer.example", origin: "https://nimmer.example"))
        try access.check(request(host: "nimmer.example:443", origin: "https://nimmer.example:443"))
        #expect(throws: PageError.self) {
            try access.check(request(host: "nimmer.example", origin: "http://nimmer.example"))
        }
    }

    @Test func aLinkLetsOneBrowserInOnce() throws {
        var access = access()
        let link = try access.link(.operator)
        let secret = String(link.dropFirst("/enter?key=".count))
        #expect(secret.utf8.count >= 43)
        let session = try access.enter(link: secret, from: "::1", at: start)
        #expect(session.role == .operator)
        let error = #expect(throws: PageError.self) { try access.enter(link: secret, from: "::1", at: start) }
        #expect(error?.status == 401)
        let cookie = access.cookie(for: session, isEncrypted: true)
        for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] { #expect(cookie.contains(part)) }
        let found = try access.session(
            request(headers: ["cookie": "a=b; nimmer_session_8080=\(session.id); c=d"]), at: later(60))
        #expect(found?.id == session.id)
        #expect(
            try access.session(request(headers: ["cookie": "nimmer_session_8080=\(session.csrf)"]), at: start) == nil)
    }

    @Test func aSessionEndsWhenItIsNotUsed() throws {
        var access = access()
        let session = try access.sessions.open("a", .observer, at: start)
        let cookie = ["cookie": "nimmer_session_8080=\(session.id)"]
        #expect(try access.session(request(headers: cookie), at: later(11 * 3600)) != nil)
        #expect(try access.session(request(headers: cookie), at: later(22 * 3600)) != nil)
        #expect(try access.session(request(headers: cookie), at: later(35 * 3600)) == nil)
    }

    @Test func guessingIsSlow() throws {
        var access = access { $0.token = "the right token, long enough" }
        var statuses: [Int] = []
        for _ in 0..<30 {
            do { _ = try access.enter(token: "wrong", from: "10.0.0.1", at: start) } catch {
                statuses.append(error.status)
            }
        }
        #expect(statuses.count { $0 == 401 } == 10)
        #expect(statuses.count { $0 == 429 } == 20)
        #expect(throws: PageError.self) {
            try access.enter(token: "the right token, long enough", from: "10.0.0.1", at: start)
        }
        #expect(
            try access.enter(token: "the right token, long enough", from: "10.0.0.1", at: later(60)).role == .observer)
    }

    @Test func anObserverCannotAct() throws {
        var access = access()
        let session = try access.sessions.open("a", .observer, at: start)
        let act = request(
            "POST", "/outcome", origin: "http://127.0.0.1:8080",
            headers: ["x-csrf-token": session.csrf, "content-type": "application/json"])
        let error = #expect(throws: PageError.self) { try access.act(act, session, at: start) }
        #expect(error?.status == 403)
    }

    @Test func anActCarriesTheTokenOfItsSession() throws {
        var access = access()
        let session = try access.sessions.open("a", .operator, at: start)
        let other = try access.sessions.open("b", .operator, at: start)
        func act(_ token: String?, type: String = "application/json") -> PageRequest {
            var headers = ["content-type": type]
            headers["x-csrf-token"] = token
            return request("POST", "/outcome", origin: "http://127.0.0.1:8080", headers: headers)
        }
        try access.act(act(session.csrf), session, at: start)
        for wrong in [nil, "", other.csrf, session.id] {
            #expect(throws: PageError.self) { try access.act(act(wrong), session, at: start) }
        }
        #expect(throws: PageError.self) { try access.act(act(session.csrf, type: "text/plain"), session, at: start) }
        var refusals = 0
        for _ in 0..<40 { do { try access.act(act(session.csrf), session, at: start) } catch { refusals += 1 } }
        #expect(refusals > 0)
        try access.act(act(session.csrf), session, at: later(30))
    }

    @Test func onlyATrustedProxyNamesTheUser() throws {
        func make() throws -> PageAccess {
            let ranges = [try AddressRange("10.1.0.0/16"), try AddressRange("::1")]
            return access {
                $0.proxyHeader = "X-Forwarded-User"
                $0.trustedProxies = ranges
                $0.operators = ["anna"]
            }
        }
        var proxied = try make()
        let named = ["x-forwarded-user": "anna"]
        #expect(try proxied.session(request(headers: named, peer: "10.1.2.3"), at: start)?.role == .operator)
        #expect(try proxied.session(request(headers: named, peer: "::1"), at: start)?.user == "anna")
        #expect(
            try proxied.session(request(headers: ["x-forwarded-user": "eve"], peer: "10.1.2.3"), at: start)?.role
                == .observer)
        #expect(try proxied.session(request(headers: named, peer: "10.2.0.1"), at: start) == nil)
        #expect(try proxied.session(request(headers: named, peer: ""), at: start) == nil)
        #expect(throws: PageError.self) { try proxied.session(request(peer: "10.1.2.3"), at: start) }
    }

    @Test func aTabThatIsLookedAtIsUse() throws {
        var access = access()
        let session = try access.sessions.open("a", .observer, at: start)
        access.sessions.watch(session, at: later(11 * 3600))
        #expect(access.session(key: session.key, at: later(22 * 3600)) != nil)
        // One that has ended does not come back by a look.
        access.sessions.watch(session, at: later(35 * 3600))
        #expect(access.session(key: session.key, at: later(35 * 3600)) == nil)
    }

    @Test func sessionsAreBounded() throws {
        var access = access()
        let first = try access.sessions.open("a", .observer, at: start)
        for number in 0..<Sessions.maximum {
            _ = try access.sessions.open("u\(number)", .observer, at: later(Double(number + 1)))
        }
        #expect(access.sessions.count == Sessions.maximum)
        #expect(access.session(key: first.key, at: later(1000)) == nil)
    }

    @Test func aRestartKeepsSessionsWithoutTheirSecrets() throws {
        let path = "/tmp/nimmer-sessions-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).json"
        defer { unlink(path) }
        let wall = Timestamp.now()
        var former = access { $0.linkRole = .operator }
        let session = try former.sessions.open(Sessions.byLink, .operator, at: start)
        let observer = try former.sessions.open(Sessions.byLink, .observer, at: start)
        let old = try former.sessions.open(Sessions.byLink, .operator, at: later(-11 * 3600))
        let proxied = try former.sessions.open("anna", .operator, isOfProxy: true, at: start)
        try SessionFile(path).keep(former, listening: address, at: start, wall)
        let text = String(decoding: try SmallFile.bytes(path), as: UTF8.self)
        for secret in [session.id, session.csrf, observer.id, old.id] { #expect(!text.contains(secret)) }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(SessionFile(path).port == address.port)

        var next = access { $0.linkRole = .operator }
        // Two hours later, of another start of the clock.
        let (then, later) = (SteadyTime(nanoseconds: 5), wall.advanced(milliseconds: 2 * 3_600_000))
        SessionFile(path).restore(into: &next, listening: address, at: then, later)
        let found = next.sessions.session(session.id, at: then)
        #expect(found?.csrf == session.csrf && found?.role == .operator && found?.id == session.id)
        // What is no longer given, has ended meanwhile, or a proxy names again does not come back.
        for ended in [observer, old, proxied] { #expect(next.sessions.session(ended.id, at: then) == nil) }
        var elsewhere = access { $0.linkRole = .operator }
        let other = ListenAddress(host: "127.0.0.1", port: 9999)
        SessionFile(path).restore(into: &elsewhere, listening: other, at: then, later)
        #expect(elsewhere.sessions.count == 0)
    }

    @Test(arguments: [
        "", "{", "[]", #"{"port":70000,"sessions":7}"#, #"{"port":8080,"sessions":[{"key":"x"},null,[]]}"#,
    ])
    func aFileOfAnythingElseKeepsNothing(text: String) throws {
        let path = "/tmp/nimmer-sessions-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).json"
        defer { unlink(path) }
        try FileText.write(text, to: path)
        var access = access()
        SessionFile(path).restore(into: &access, listening: address, at: start, .now())
        #expect(access.sessions.count == 0)
        #expect(access.sessions.session("", at: start) == nil)
    }
}
