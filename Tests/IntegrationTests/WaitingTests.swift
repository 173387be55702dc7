import Glibc
import NimmerPlatform
import Testing

@testable import NimmerServers

@Suite(
    "A start waits for its server, and says so", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized,
    .timeLimit(.minutes(5)))
struct WaitingTests {
    /// Processes that need nothing but a bus.
    private static let names = [
        "thalamus", "cognition-bridge", "math-cell", "vitals-cell", "collision-avoidance-nerve", "organ",
    ]

    /// A process, what it says and where it tells how it is.
    private final class Waiter: Sendable {
        let name: String
        let child: ChildProcess
        let port: UInt16
        private let lines = LineBox(limit: 200)
        var log: [String] { lines.texts }

        init(_ name: String, sharing: Bool, server: UInt16, folder: String) async throws {
            self.name = name
            port = try LoopbackPort.free()
            var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMERVERSE_") }
            variables["NIMMERVERSE_NATS_URL"] = "nats://127.0.0.1:\(server)"
            variables["NIMMERVERSE_HTTP_PORT"] = "\(port)"
            let file = folder + (sharing ? "/shared.yaml" : "/system.yaml")
            let isService = ["thalamus", "cognition-bridge", "organ"].contains(name)
            let command = ChildCommand(
                WholeSystem.executable(name), isService ? ["--system", file] : [], environment: variables)
            child = try await ChildProcess.spawn(
                command, output: .lines { [lines] line in lines.append(line) })
        }

        /// What a probe is told.
        func health() async -> String {
            var variables = ChildCommand.inheritedEnvironment
            variables["NIMMERVERSE_HTTP_PORT"] = "\(port)"
            let command = ChildCommand(WholeSystem.executable(name), ["--health"], environment: variables)
            let answer = try? await ChildProcess.run(command, limit: .seconds(120))
            return answer?.lines.map(\.text).joined(separator: "\n") ?? "no answer"
        }

        /// The answer to a probe once it contains this, or the last one: on a busy machine a process starts late.
        func health(once text: String) async -> String {
            let end = ContinuousClock.now + .seconds(60)
            while true {
                let found = await health()
                if found.contains(text) || ContinuousClock.now >= end { return found }
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func with(_ body: (UInt16, String, [Waiter]) async throws -> Void) async throws {
        var template = Array("/tmp/nimmer-wait-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let text =
            "nimmerverse: 1\nname: waiting\norgans:\n  - {name: organ, kind: ollama, model: m, url: \"http://127.0.0.1:1\"}\n"
        try SmallFile.write(text, to: folder + "/system.yaml")
        try SmallFile.write(text + "thalamus:\n  partitions: 4\n", to: folder + "/shared.yaml")
        let port = try LoopbackPort.free()
        var waiters: [Waiter] = []
        for name in Self.names {
            waiters.append(try await Waiter(name, sharing: false, server: port, folder: folder))
        }
        waiters.append(try await Waiter("thalamus", sharing: true, server: port, folder: folder))
        do {
            try await body(port, folder, waiters)
        } catch {
            for waiter in waiters { await waiter.child.terminate(signal: SIGKILL) }
            throw error
        }
        for waiter in waiters {
            let exit = await waiter.child.terminate(grace: .seconds(60))
            #expect(exit.isSuccess, "\(waiter.name) ended with \(exit): \(waiter.log)")
        }
    }

    @Test("without a limit, and continues when there is one", arguments: await NATSBinary.installed())
    func waits(_ binary: NATSBinary) async throws {
        try await with { port, folder, waiters in
            // Longer than any question waits for its answer.
            try await Task.sleep(for: .seconds(9))
            for waiter in waiters {
                #expect(waiter.child.exitStatus == nil, "\(waiter.name) has left: \(waiter.log)")
                #expect(await waiter.health(once: "not ready: nats: ").hasPrefix("not ready: nats: "))
            }
            for waiter in waiters where ["thalamus", "cognition-bridge"].contains(waiter.name) {
                #expect(
                    await waiter.health(once: "; waiting for the streams: ").contains("; waiting for the streams: "))
                @Sendable func waits() -> Int {
                    waiter.log.count { $0.contains(": Waiting for=\"the streams\" reason=") }
                }
                #expect(await eventually(within: .seconds(120)) { waits() > 0 })
                #expect(waits() == 1, "\(waiter.log)")
            }
            var options = NATSServerOptions(folder: folder + "/nats", binary: binary.path)
            options.port = port
            let server = try await NATSServer.start(options)
            let ready = await eventually(within: .seconds(120)) {
                waiters.allSatisfy {
                    $0.log.contains { $0.contains("Continuing") }
                        || !["thalamus", "cognition-bridge"].contains($0.name)
                }
            }
            #expect(ready)
            for waiter in waiters {
                var answer = ""
                let end = ContinuousClock.now + .seconds(60)
                while answer != "ready", ContinuousClock.now < end {
                    answer = await waiter.health()
                    if answer != "ready" { try await Task.sleep(for: .milliseconds(100)) }
                }
                #expect(answer == "ready", "\(waiter.name): \(waiter.log)")
            }
            await server.stop()
        }
    }

    @Test("and ends with status 0 when it is asked to")
    func stops() async throws {
        try await with { _, _, waiters in
            let isWaiting = await eventually(within: .seconds(120)) {
                waiters.allSatisfy { $0.log.contains { $0.contains("No connection yet") } }
            }
            #expect(isWaiting)
        }
    }
}
