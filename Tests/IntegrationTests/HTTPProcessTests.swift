import Glibc
import MindServers
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// The http and webhook cells as processes, on a real nats-server and against a real HTTP server.
@Suite("Cells that speak HTTP", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct HTTPProcessTests {
    @Test("a hanging server blocks no process, a failing one is certain, a command is posted once")
    func live() async throws {
        var template = Array("/tmp/nimmer-http-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let nats = try await NATSServer.start(NATSServerOptions(folder: folder))
        let bus = try await NATSBus.open(BusSettings(url: nats.url, name: "http-test", waitsForServer: false))
        var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMER") }
        variables["NIMMERVERSE_NATS_URL"] = nats.url
        let waves = try await bus.messages(try SubjectPattern("dev.nervous.cells.web.wave"))
        let environment = variables
        try await FaultServer.run(script: { $0.line.hasPrefix("POST") ? Reply.page("204 No Content", "") : [.hang] }) {
            server in
            let web = try await ChildProcess.spawn(
                ChildCommand(
                    WholeSystem.executable("http-cell"),
                    [
                        "--name", "web", "--url", server.url + "/health", "--interval-ms", "50", "--timeout-ms",
                        "600000",
                    ],
                    environment: environment), output: .discarded)
            let hook = try await ChildProcess.spawn(
                ChildCommand(
                    WholeSystem.executable("webhook-cell"),
                    ["--name", "hook", "--post", "{notify: '\(server.url)/notify'}"], environment: environment),
                output: .discarded)
            #expect(await eventually(within: .seconds(120)) { server.requests.contains { $0.line.hasPrefix("GET") } })
            // It answers while its look hangs, and asks no second time.
            for _ in 0..<5 {
                let answer = try await bus.request(
                    try Subject(foreign: "$SRV.STATS.web"), payload: [], timeout: .seconds(60))
                #expect(try JSON(parsing: answer.payload)["data"]?["senses"]?.int ?? 0 > 0)
            }
            #expect(server.requests.count { $0.line.hasPrefix("GET") } == 1)
            func nimmer(_ words: String...) async throws -> String {
                let command = ChildCommand(WholeSystem.executable("nimmer"), words, environment: environment)
                let answer = try await ChildProcess.run(command, limit: .seconds(120))
                return answer.lines.map(\.text).joined(separator: "\n")
            }
            let posted = try await nimmer(
                "cell", "ask", "hook", "--timeout", "60", "--command", "notify", #"{"text": "hello"}"#)
            #expect(posted.contains("204"), "\(posted)")
            #expect(
                server.requests.filter { $0.line == "POST /notify HTTP/1.1" }.map(\.bodyText) == [
                    #"{"command":"notify","payload":{"text":"hello"}}"#
                ])
            // Asked to stop, it waits a few seconds for its look, which lasts ten minutes.
            #expect(await web.terminate(grace: .seconds(60)) == .exited(0))
            server.answer { _ in Reply.page("503 Service Unavailable", "") }
            let again = try await ChildProcess.spawn(
                ChildCommand(
                    WholeSystem.executable("http-cell"),
                    ["--name", "web", "--url", server.url + "/health", "--interval-ms", "50"], environment: environment),
                output: .discarded)
            for await message in waves {
                let wave = try Envelope<WaveSignal>(decoding: message.payload).body
                guard wave.semanticContent["status"]?.int == 503 else { continue }
                #expect(wave.confidence == 1)
                break
            }
            #expect(try await nimmer("cell", "list").contains("DOWN"))
            _ = await again.terminate(grace: .seconds(60))
            _ = await hook.terminate(grace: .seconds(60))
        }
        await bus.close()
        await nats.stop()
    }

    @Test(
        "--check reads the settings and the files that they name",
        arguments: [
            (["--url", "https://nas.lan/a?key=secret"], Int32(0), "https://nas.lan/a"), ([], 78, "url must be set"),
            (["--url", "nas.lan"], 78, "url must be an address"),
            (["--url", "http://nas.lan/", "--tls-ca", "/nowhere.pem"], 78, "/nowhere.pem cannot be read as PEM"),
            (["--url", "http://nas.lan/", "--token-file", "/nowhere"], 78, "/nowhere cannot be read"),
            (["--url", "http://nas.lan/", "--timeout-ms", "1"], 64, "from 10 to 600000"),
        ])
    func check(words: [String], status: Int32, text: String) async throws {
        let variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMER") }
        let answer = try await ChildProcess.run(
            ChildCommand(WholeSystem.executable("http-cell"), words + ["--check"], environment: variables),
            limit: .seconds(120))
        let lines = answer.lines.map(\.text).joined(separator: "\n")
        #expect(answer.status == .exited(status), "\(lines)")
        #expect(lines.contains(text), "\(lines)")
        #expect(!lines.contains("secret"), "\(lines)")
    }
}
