import Glibc
import NimmerPlatform
import Synchronization
import Testing

@testable import NimmerServers

/// The end of a process meets no handlers of its libraries (`ProcessEnd`): these run beside threads that still use what they free.
@Suite(
    "The end of a process", .enabled(Prerequisites.note, Prerequisites.areMet),
    .enabled(if: Executables.find("cc") != nil, "there is no C compiler"))
struct ProcessEndTests {
    @Test("is by its status, whatever its libraries would do at the end")
    func status() async throws {
        try await Prerequisites.preloading("aborts-at-exit.c") { folder, preloaded in
            let environment = preloaded.filter { !$0.key.hasPrefix("NIMMER") }
            func end(_ program: String, _ words: String...) async throws -> ChildExit {
                let command = ChildCommand(WholeSystem.executable(program), words, environment: environment)
                return try await ChildProcess.run(command, limit: .seconds(120)).status
            }
            #expect(try await end("nimmer", "--version") == .exited(0))
            #expect(try await end("nimmer", "check", folder + "/nothing.yaml") == .exited(EX_NOINPUT))
            #expect(try await end("nimmer", "chek") == .exited(EX_USAGE))
            #expect(try await end("thalamus", "--version") == .exited(0))
            #expect(try await end("sensor-cell", "--bogus") == .exited(EX_USAGE))
            let nats = try await NATSServer.start(NATSServerOptions(folder: folder))
            var variables = environment
            variables["NIMMERVERSE_NATS_URL"] = nats.url
            let ready = Mutex(false)
            let thalamus = try await ChildProcess.spawn(
                ChildCommand(WholeSystem.executable("thalamus"), [], environment: variables),
                output: .lines { line in if line.text.contains("Listening") { ready.withLock { $0 = true } } })
            #expect(await eventually(within: .seconds(120)) { ready.withLock { $0 } })
            #expect(await thalamus.terminate(grace: .seconds(60)) == .exited(0))
            await nats.stop()
        }
    }
}
