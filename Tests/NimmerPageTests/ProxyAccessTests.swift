import NimmerWave
import Testing

@testable import NimmerPage

/// Users of a proxy and clients behind TLS: entry, and the right to act.
@Suite struct ProxyAccessTests {
    private static let now = SteadyTime.now()

    private func access(_ change: (inout PageSettings) -> Void = { _ in }) -> PageAccess {
        var settings = PageSettings()
        settings.proxyHeader = "X-Forwarded-User"
        settings.trustedProxies = [try? AddressRange("10.1.0.0/16")].compactMap { $0 }
        settings.operators = ["ada"]
        settings.token = "a-secret-of-the-form"
        change(&settings)
        return PageAccess(settings, listening: ListenAddress(host: "10.1.0.9", port: 8443), at: Self.now)
    }

    private func request(
        user: String? = nil, session: Sessions.Session? = nil, from peer: String = "10.1.2.3"
    ) -> PageRequest {
        var headers: [String: String] = [:]
        headers["x-forwarded-user"] = user
        if let session { headers["cookie"] = "nimmer_session_8443=\(session.id)" }
        return PageRequest(method: "GET", path: "/", headers: headers, peer: peer)
    }

    @Test func aProxyNamesTheUserWhereItsAddressIsTrusted() throws {
        var access = access()
        let ada = try #require(try access.session(request(user: "ada"), at: Self.now))
        #expect(ada.user == "ada" && ada.role == .operator && ada.isOfProxy)
        #expect(try access.session(request(user: "ben"), at: Self.now)?.role == .observer)
        #expect(try access.session(request(user: "ada", from: "10.2.2.3"), at: Self.now) == nil)
        #expect(try access.session(request(user: "ada", from: ""), at: Self.now) == nil)
        #expect(throws: PageError.self) { try access.session(request(), at: Self.now) }
    }

    /// The proxy knows who is logged in now: what a browser kept from before opens nothing.
    @Test func theHeaderGoesBeforeTheCookie() throws {
        var access = access()
        let ada = try #require(try access.session(request(user: "ada"), at: Self.now))
        let ben = try #require(try access.session(request(user: "ben", session: ada), at: Self.now))
        #expect(ben.user == "ben" && ben.role == .observer && ben.id != ada.id)
        #expect(throws: PageError.self) { try access.session(request(session: ada), at: Self.now) }
        #expect(try access.session(request(session: ada, from: "10.2.2.3"), at: Self.now) == nil)
        #expect(try access.session(request(user: "ada", session: ada), at: Self.now)?.id == ada.id)
    }

    @Test func whoGaveTheTokenNeedsNoProxyAndIsNoUserOfIt() throws {
        var access = access { $0.operators = ["*"] }
        let session = try access.enter(token: "a-secret-of-the-form", from: "10.0.0.1", at: Self.now)
        #expect(!session.isOfProxy)
        #expect(try access.session(request(session: session, from: "192.168.1.2"), at: Self.now)?.id == session.id)
        #expect(try access.session(request(session: session), at: Self.now)?.id == session.id)
        let named = try #require(try access.session(request(user: session.user), at: Self.now))
        #expect(named.id != session.id, "a user of the proxy who is called as the way in")
    }

    /// The address of a client behind TLS comes as the name of a socket; what names none is trusted with nothing.
    @Test func theAddressBehindTLSIsHandedOn() throws {
        for (bytes, text) in [
            ([10, 1, 2, 3] as [UInt8], "10.1.2.3"), ([0xfd] + [UInt8](repeating: 0, count: 14) + [7], "fd00::7"),
        ] {
            let path = FrontPeer.path(of: bytes, number: 12, beside: "/tmp/nimmer-web-abcdef/page")
            #expect(path == "/tmp/nimmer-web-abcdef/\(text)-12")
            #expect(FrontPeer.address(ofPath: path) == text)
        }
        for path in ["", "/tmp/x/page", "/tmp/x/ada-1", "10.1.2.3", "/tmp/10.1.2.3-4/page"] {
            #expect(FrontPeer.address(ofPath: path) == nil, "\(path)")
        }
    }

    @Test func beyondThisMachineItMustFindOutWhoAsks() throws {
        func isGood(_ change: (inout PageSettings) -> Void) -> Bool {
            var settings = PageSettings()
            settings.listen = ListenAddress(host: "0.0.0.0", port: 8443)
            settings.publicURL = "https://nimmer.example"
            change(&settings)
            do throws(PageError) { try settings.validate() } catch { return false }
            return true
        }
        let proxies = try [AddressRange("10.1.2.3")]
        #expect(!isGood { _ in })
        #expect(isGood { $0.listen = .loopback })
        #expect(!isGood { $0.tls = ("c", "k") } && !isGood { $0.token = "a-secret-of-the-form" })
        #expect(isGood { ($0.tls, $0.token) = (("c", "k"), "a-secret-of-the-form") })
        #expect(!isGood { ($0.tls, $0.token) = (("c", "k"), "short") })
        #expect(!isGood { $0.proxyHeader = "X-Forwarded-User" })
        #expect(isGood { ($0.proxyHeader, $0.trustedProxies) = ("X-Forwarded-User", proxies) })
        // With TLS between the proxy and the page, too.
        #expect(isGood { ($0.proxyHeader, $0.trustedProxies, $0.tls) = ("X-Forwarded-User", proxies, ("c", "k")) })
    }

    /// It holds for every port of a host, others' too.
    @Test func onlyAHostOfThePagesOwnIsBoundToHTTPS() {
        for (url, isBound) in [
            ("https://nimmer.example.org", true), ("https://nimmer.example.org:443", true),
            ("https://nas.example:8443", false), ("https://localhost", false), ("https://192.168.1.2", false),
            ("http://nimmer.example.org", false),
        ] { #expect(Origin(url)?.ownsItsHost == isBound, "\(url)") }
    }
}
