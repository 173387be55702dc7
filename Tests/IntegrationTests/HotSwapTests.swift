import Glibc
import IdentifiedServers
import NimmerPlatform
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// A newer version of a cell beside the one that works (docs/deployment.md, Hot swap), as processes on a real server.
@Suite("A hot swap", .serialized, .timeLimit(.minutes(5)))
struct HotSwapTests {
    /// What the processes logged, and how far the device has counted.
    private final class Notes: Sendable {
        private let lines = Mutex<[String]>([])
        private let number = Mutex(0)
        var log: [String] { lines.withLock { $0 } }
        var count: Int { number.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        func next() -> Int {
            number.withLock { number in
                defer { number += 1 }
                return number
            }
        }
    }

    /// What a wave of the fixture says.
    private struct SentWave: Hashable {
        var by: String
        var input: String?
        var sensed: Double?
    }

    private func said(_ tap: WireTap) -> [SentWave] {
        tap.messages.filter { $0.subject == "dev.nervous.cells.swap.wave" }.compactMap { message in
            guard let wave = try? Envelope<WaveSignal>(decoding: message.payload).body.semanticContent,
                let by = wave["by"]?.string
            else { return nil }
            return SentWave(by: by, input: wave["input"]?.string, sensed: wave["sensed"]?.double)
        }
    }

    private func start(_ version: String, _ identified: IdentifiedServer, _ notes: Notes) async throws -> ChildProcess {
        var variables = identified.variables(for: "swap")
        variables["SWAP_VERSION"] = version
        let command = ChildCommand(WholeSystem.executable("swap-cell"), [], environment: variables)
        return try await ChildProcess.spawn(
            command, output: .lines { line in notes.add("\(version) | \(line.text)") })
    }

    @Test(
        "the new version takes over when it listens, the old one leaves, and no wave is lost or doubled",
        .enabled(
            if: Executables.find("nats-server") != nil
                && Executables.find(WholeSystem.executable("swap-cell")) != nil,
            "nats-server or swap-cell is not here (swift build)"))
    func swap() async throws {
        for binary in await NATSBinary.installed() { try await swap(on: binary) }
    }

    private func swap(on binary: NATSBinary) async throws {
        var template = Array("/tmp/nimmer-swap-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let text = """
            nimmerverse: 1
            name: swap
            cells:
              - {name: swap, command: [swap-cell], subjects: {subscribe: [swap.device]}}
            """
        let identified = try await IdentifiedServer.start(text, in: folder, binary)
        let nats = identified.server
        let tap = try WireTap(port: nats.port, pattern: "dev.>")
        let notes = Notes()
        var children: [ChildProcess] = []
        do {
            let old = try await start("1.0.0", identified, notes)
            children.append(old)
            try #require(await eventually(within: .seconds(120)) { said(tap).contains { $0.by == "1.0.0" } })

            // A device that never stops talking, until the old version has been gone for a while.
            let device = Task {
                var after = 0
                while after < 300, !Task.isCancelled {
                    _ = await tap.publish("swap.device", Array("\(notes.next())".utf8))
                    if old.exitStatus != nil { after += 1 }
                    try? await Task.sleep(for: .microseconds(500))
                }
            }
            try #require(await eventually(within: .seconds(120)) { notes.count > 300 })
            let new = try await start("2.0.0", identified, notes)
            children.append(new)
            await device.value
            #expect(old.exitStatus?.isSuccess == true)
            let total = notes.count
            try #require(
                await eventually(within: .seconds(120)) { said(tap).contains { $0.input == "\(total - 1)" } })

            let all = said(tap)
            let inputs = all.compactMap(\.input)
            let missing = Set((0..<total).map(String.init)).subtracting(inputs)
            #expect(missing.isEmpty, "lost: \(missing.sorted().prefix(20)) of \(total)")
            #expect(inputs.count == Set(inputs).count, "doubled: \(inputs.count - Set(inputs).count)")
            #expect(Set(all.filter { $0.input != nil }.map(\.by)) == ["1.0.0", "2.0.0"])
            let last = try #require(all.filter { $0.by == "1.0.0" }.compactMap(\.sensed).max())
            try #require(
                await eventually(within: .seconds(120)) { said(tap).contains { $0.by == "2.0.0" && $0.sensed != nil } })
            let first = try #require(said(tap).filter { $0.by == "2.0.0" }.compactMap(\.sensed).min())
            #expect(first > last, "both sensed at once")

            // An older one stands by, and works when the newer has left.
            let back = try await start("1.0.0", identified, notes)
            children.append(back)
            try #require(
                await eventually(within: .seconds(120)) { notes.log.contains { $0.contains("Standing by") } })
            let before = said(tap).count { $0.by == "1.0.0" }
            let exit = await new.terminate(grace: .seconds(60))
            #expect(exit.isSuccess)
            #expect(
                await eventually(within: .seconds(120)) {
                    said(tap).count { $0.by == "1.0.0" && $0.sensed != nil } > before
                })
        } catch {
            for child in children { await child.terminate(signal: SIGKILL) }
            tap.close()
            await nats.stop()
            print(notes.log.suffix(40).joined(separator: "\n"))
            throw error
        }
        for child in children { await child.terminate(grace: .seconds(60)) }
        tap.close()
        await nats.stop()
    }
}
