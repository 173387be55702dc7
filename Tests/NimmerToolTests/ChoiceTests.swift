import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

@Suite struct ChoiceTests {
    @Test func theServerComesFromFlagThenVariableThenRunningThenUsual() {
        let running = (url: "nats://127.0.0.1:9", folder: "/x/.nimmer/dev")
        #expect(ServerChoice.resolve(flag: "a", variable: "b", running: running).origin == .flag)
        #expect(ServerChoice.resolve(flag: nil, variable: "b", running: running).url == "b")
        #expect(ServerChoice.resolve(flag: nil, variable: "", running: running).url == running.url)
        #expect(ServerChoice.resolve(flag: nil, variable: nil, running: nil).url == "nats://127.0.0.1:4222")
    }

    @Test func aNamedContextComesBeforeTheVariableAndTheSelectedOneBehind() {
        let running = (url: "nats://127.0.0.1:9", folder: "/x/.nimmer/dev")
        let context = ContextStore.Context(name: "c", server: "d", credentials: "e")
        #expect(ServerChoice.resolve(flag: "a", context: context, variable: "b", running: running).url == "a")
        let named = ServerChoice.resolve(flag: nil, context: context, variable: "b", running: running)
        #expect(named.url == "d" && named.credentials == "e" && named.origin == .context("c"))
        #expect(ServerChoice.resolve(flag: nil, variable: "b", selected: context, running: running).url == "b")
        #expect(ServerChoice.resolve(flag: nil, variable: nil, selected: context, running: running).url == "d")
    }

    @Test(arguments: [
        ("plain", "'plain'"), ("", "''"), ("it's", "'it'\\''s'"),
        ("$(reboot) `x` \"y\" \\", "'$(reboot) `x` \"y\" \\'"),
        ("two\nlines", "'two\nlines'"),
    ])
    func aShellTakesATextAsItIs(text: String, quoted: String) async throws {
        #expect(ExportedVariables.quoted(text) == quoted)
        let answer = try await ChildProcess.run(ChildCommand("/bin/sh", ["-c", "printf %s \(quoted)"]))
        #expect(answer.lines.map(\.text).joined(separator: "\n") == text)
    }
}
