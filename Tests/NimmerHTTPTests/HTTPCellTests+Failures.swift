import HTTPCell
import MindServers
import NimmerProcess
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerHTTP

/// Servers that do not answer, or not as HTTP, TLS and JSON want it.
extension HTTPCellTests {
    /// The detail of the wave that a look at an address gives; nil for silence.
    private static func detail(_ url: String, _ changes: [String: SettingValue] = [:]) async throws -> String? {
        var bench = try bench(url, changes)
        await bench.work()
        return bench.waves.last?.semanticContent["detail"]?.string
    }

    @Test func whatGivesNoWholeAnswerIsDown() async throws {
        // Short for a server that hangs alone: a busy machine answers the others later.
        let limit: [String: SettingValue] = ["timeout_ms": .whole(300)]
        let path: [String: SettingValue] = ["path": .text("load")]
        let both = limit.merging(path) { $1 }
        func reason(
            _ changes: [String: SettingValue] = path, _ script: @escaping FaultServer.Script
        ) async throws -> String? {
            try await Self.look(changes, script).wave?.semanticContent["reason"]?.string
        }
        #expect(try await reason(limit) { _ in [.hang] } == "timeout")
        #expect(try await reason(limit) { _ in [.send("HTTP/1.1 200 OK\r\nServer: x\r\n"), .hang] } == "timeout")
        #expect(try await reason([:]) { _ in [.send("HTTP/1.1 200 OK\r\nServer: x\r\n"), .close] } == "closed")
        #expect(try await reason(both) { _ in [.hang] } == "timeout")
        #expect(try await reason(both) { _ in [Reply.head(type: nil), Reply.chunk("{"), .hang] } == "timeout")
        #expect(
            try await reason(both) { _ in
                [Reply.head(type: nil), .sendForEver(Array("1\r\nx\r\n".utf8), pause: .milliseconds(20))]
            } == "timeout")
        #expect(try await reason { _ in [.close] } == "closed")
        #expect(try await reason { _ in [.send("SSH-2.0-OpenSSH_9\r\n"), .close] } == "malformed")
        #expect(try await reason { _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), .close] } == "closed")
    }

    /// Pages that stream for hours, such as server-sent events, answer with their head.
    @Test(arguments: [
        [Reply.head(type: "text/event-stream"), .hang],
        [Reply.head(type: nil), .sendForEver(Array("1\r\nx\r\n".utf8), pause: .milliseconds(20))],
        [
            Reply.head(type: nil),
            .sendForEver(Array("400\r\n\(String(repeating: "x", count: 1024))\r\n".utf8), pause: .zero),
        ],
    ])
    func withoutAPathTheHeadDecides(script: [FaultServer.Step]) async throws {
        try await FaultServer.run(script: { _ in script }) { server in
            var bench = try Self.bench(server.url, ["timeout_ms": .whole(600_000)])
            await bench.work()
            #expect(bench.waves.isEmpty && bench.states.isEmpty)
            // The client has closed the connection, whatever is still under way.
            while server.abandoned == 0 { await Task.yield() }
            #expect(server.requests.count == 1)
        }
    }

    /// Each kind of failure names its own cause.
    @Test func aFailedLookNamesItsCause() async throws {
        #expect(try await Self.detail("http://nas.invalid:8080/") == "the name nas.invalid cannot be resolved")
        try await CertificateFolder.with(
            """
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days -1 -extfile server.ext -out old.pem
            """
        ) { folder in
            let authority = ["tls_ca": SettingValue.text("\(folder)/ca.pem")]
            func certificate(_ name: String) -> (chain: String, key: String) {
                (chain: "\(folder)/\(name).pem", key: "\(folder)/server.key")
            }
            try await FaultServer.run(certificate: certificate("server")) { server in
                let (here, port) = ("127.0.0.1:\(server.port)", server.port)
                let other = try await Self.detail("https://localhost:\(port)/", authority)
                #expect(other == "the certificate of localhost:\(port) is for another name")
                let unknown = try await Self.detail("https://\(here)/")
                #expect(
                    unknown == "the certificate of \(here) is signed by no authority of this machine, or of tls_ca")
            }
            try await FaultServer.run(certificate: certificate("old")) { server in
                let here = "127.0.0.1:\(server.port)"
                let old = try await Self.detail("https://\(here)/", authority)
                #expect(old == "the certificate of \(here) has expired, or is not valid yet")
            }
        }
    }

    @Test(arguments: [
        (header: "Content-Encoding: gzip", name: "gzip"),
        (header: "content-encoding: X-GZip", name: "gzip"),
        (header: "Content-Encoding: br", name: "br"),
        (header: "Content-Encoding: <script>", name: "unknown"),
    ])
    func anEncodingThatWasNotAskedForIsNamed(header: String, name: String) async throws {
        let seen = try await Self.look(["path": .text("load")]) { _ in
            Reply.page("200 OK", headers: header + "\r\n", "x")
        }
        #expect(
            seen.wave?.semanticContent["detail"]?.string
                == "its answer is packed (\(name)), which was not asked for; expected JSON")
        #expect(seen.wave?.semanticContent["reason"]?.string == "answer")
    }

    @Test func aPackedAnswerWithoutAHeaderIsNamed() async throws {
        let seen = try await Self.look(["path": .text("load")]) { _ in
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n".utf8) + [0x1f, 0x8b, 8, 0])]
        }
        #expect(
            seen.wave?.semanticContent["detail"]?.string
                == "its answer is packed (gzip), which was not asked for; expected JSON")
    }

    /// Servers log an error for each connection that is closed before their answer was read.
    @Test func aShortAnswerIsTakenToItsEnd() async throws {
        let script = [Reply.head(type: nil), .wait(.milliseconds(50)), Reply.chunk("{}"), Reply.lastChunk]
        let server = try await FaultServer.run(script: { _ in script }) { server in
            let transfer = Transfer(
                TransferRequest(
                    url: server.url, headers: [], body: nil, deadline: .now + .seconds(600), tls: TLSFiles(),
                    proxy: nil, owner: ObjectIdentifier(server)))
            CurlLoop.shared.add(transfer)
            _ = try await transfer.head()
            await CurlClient.drain(transfer, atMost: .seconds(600))
            transfer.cancel()
            return server
        }
        #expect(server.requests.count == 1 && server.abandoned == 0)
    }
}
