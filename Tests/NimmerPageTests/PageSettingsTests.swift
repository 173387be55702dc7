import Testing

@testable import NimmerPage

/// Settings that would show a nervous system to a network are refused before it listens.
@Suite struct PageSettingsTests {
    private func settings(_ listen: String, _ change: (inout PageSettings) -> Void = { _ in }) throws -> PageSettings {
        var settings = PageSettings()
        settings.listen = try ListenAddress(listen)
        change(&settings)
        return settings
    }

    @Test(arguments: ["127.0.0.1:0", "127.9.9.9:80", "localhost:8080", "[::1]:8080"])
    func thisMachineNeedsNothing(listen: String) throws { try settings(listen).validate() }

    @Test(arguments: ["0.0.0.0:0", "192.168.1.4:80", "[::]:8080", "[2001:db8::1]:443"])
    func elsewhereNeedsTLSAndATokenOrAProxy(listen: String) throws {
        #expect(throws: PageError.self) { try settings(listen).validate() }
        #expect(throws: PageError.self) { try settings(listen) { $0.tls = ("c", "k") }.validate() }
        #expect(throws: PageError.self) { try settings(listen) { $0.token = "a secret of enough length" }.validate() }
        try settings(listen) {
            $0.tls = ("c", "k")
            $0.token = "a secret of enough length"
            $0.publicURL = "https://nimmer.example"
        }.validate()
        let range = try AddressRange("10.0.0.0/8")
        try settings(listen) {
            $0.proxyHeader = "X-Forwarded-User"
            $0.trustedProxies = [range]
            $0.publicURL = "https://nimmer.example"
        }.validate()
    }

    @Test func whatNobodyCouldOpenOrEverybodyCouldReadIsRefused() throws {
        let range = try AddressRange("10.0.0.0/8")
        // Every request would name another host.
        for listen in ["0.0.0.0:8443", "[::]:8443"] {
            let error = #expect(throws: PageError.self) {
                try settings(listen) {
                    $0.tls = ("c", "k")
                    $0.token = "a secret of enough length"
                }.validate()
            }
            #expect(error?.description.contains("public_url") == true)
        }
        // The token would cross the network as it is.
        #expect(throws: PageError.self) {
            try settings("10.1.2.3:8080") {
                $0.proxyHeader = "X-Forwarded-User"
                $0.trustedProxies = [range]
                $0.token = "a secret of enough length"
            }.validate()
        }
    }

    @Test func halfAProtectionIsRefused() throws {
        #expect(throws: PageError.self) { try settings("127.0.0.1:0") { $0.token = "short" }.validate() }
        #expect(throws: PageError.self) { try settings("127.0.0.1:0") { $0.proxyHeader = "X-User" }.validate() }
        let range = try AddressRange("127.0.0.1")
        for header in ["", "X User", "X:User", "X\nUser"] {
            #expect(throws: PageError.self) {
                try settings("127.0.0.1:0") {
                    $0.proxyHeader = header
                    $0.trustedProxies = [range]
                }.validate()
            }
        }
        for url in ["nimmer.example", "ftp://a", "https://a/b", "https://", "https://user@a"] {
            #expect(throws: PageError.self) { try settings("127.0.0.1:0") { $0.publicURL = url }.validate() }
        }
    }

    @Test(arguments: [
        "", "127.0.0.1", ":80", "example.com:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "[::1:80", "1.2.3:4",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        let error = #expect(throws: PageError.self) { try ListenAddress(text) }
        #expect(error?.status == 400)
    }

    @Test func rangesAreOfBits() throws {
        let range = try AddressRange("10.128.0.0/9")
        #expect(range.contains("10.128.0.1"))
        #expect(range.contains("10.255.255.255"))
        #expect(!range.contains("10.127.255.255"))
        #expect(range.contains("::ffff:10.128.0.1"))
        #expect(!range.contains("not an address"))
        #expect(try AddressRange("0.0.0.0/0").contains("8.8.8.8"))
        #expect(try AddressRange("2001:db8::/32").contains("2001:db8:1::1"))
        #expect(try !AddressRange("2001:db8::/32").contains("2001:db9::1"))
        for text in ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "host/8", "::1/129"] {
            #expect(throws: PageError.self) { try AddressRange(text) }
        }
    }

    @Test func linksAreForThisMachineOnly() throws {
        #expect(try settings("127.0.0.1:0").printsLinks)
        #expect(try !settings("0.0.0.0:0").printsLinks)
        #expect(try !settings("127.0.0.1:0") { $0.proxyHeader = "X" }.printsLinks)
    }
}
