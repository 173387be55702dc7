import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerOutput
import NimmerPlatform
import NimmerReplay
import NimmerServers
import NimmerWave
import Synchronization
import Testing

@testable import nimmer

/// `nimmer wave tail` and a real server.
@Suite(.enabled("needs nats-server") { (try? await NATSBinary.choose()) != nil })
struct LiveTailTests {
    /// Timeout of what must come: the tests beside it may keep both cores busy for many seconds.
    static let timeout = Duration.seconds(120)

    /// A private server, a bus that speaks on it, and a folder, for one test.
    final class TailBench: Sendable {
        let server: NATSServer
        let bus: any Bus
        let folder: String

        init() async throws {
            var template = Array("/tmp/nimmer-tail-XXXXXX".utf8CString)
            folder = String(cString: try #require(mkdtemp(&template)))
            server = try await NATSServer.start(NATSServerOptions(folder: folder + "/nats", syncsAlways: false))
            bus = try await NATS.connector(BusSettings(url: server.url, name: "test"))
        }

        func stop() async {
            await bus.close()
            await server.stop()
            _ = try? await ChildProcess.run(ChildCommand("/bin/rm", ["-rf", folder]))
        }

        static func run(_ body: (TailBench) async throws -> Void) async throws {
            let desk = try await TailBench()
            do {
                try await body(desk)
            } catch {
                await desk.stop()
                throw error
            }
            await desk.stop()
        }

        /// Emits one wave of a cell, and waits until the server has it.
        func emit(_ cell: String, _ confidence: Double = 0.9) async throws {
            let message = Self.wave(cell, confidence)
            try bus.publish(Subject.wave(.dev, cell: try Token(cell)), payload: message)
            try await bus.flush(timeout: .seconds(60))
        }

        static func wave(_ cell: String, _ confidence: Double) -> [UInt8] {
            let body = WaveSignal(
                domain: try! Token(cell),  // a name that the test wrote
                confidence: confidence, semanticContent: ["operation": "addition"], lifeforceCost: 0)
            return Envelope(id: .v7(), at: .now(), from: Source(entityID: cell, entityType: .cell), body).encoded()
        }

        /// Emits until something holds: nobody knows when a tail has subscribed.
        func emit(_ cell: String, until isEnough: () -> Bool) async throws {
            let end = ContinuousClock.now + LiveTailTests.timeout
            while !isEnough(), ContinuousClock.now < end {
                try await emit(cell)
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(isEnough())
        }

        /// A tail whose output is a pipe.
        func tail(_ words: [String], environment: [String: String] = [:]) async throws -> (ChildProcess, Lines) {
            let lines = Lines()
            var variables = ChildCommand.inheritedEnvironment
            for name in variables.keys where name.hasPrefix("NIMMERVERSE") || name == "NO_COLOR" {
                variables[name] = nil
            }
            variables.merge(environment) { $1 }
            let command = ChildCommand(
                Tool.path, ["wave", "tail", "--server", server.url] + words, environment: variables,
                workingDirectory: folder)
            let child = try await ChildProcess.spawn(command, output: .lines { lines.add($0) })
            return (child, lines)
        }
    }

    final class Lines: Sendable {
        private let held = Mutex<[OutputLine]>([])
        func add(_ line: OutputLine) { held.withLock { $0.append(line) } }
        var output: [String] { held.withLock { $0.filter { $0.stream == .output }.map(\.text) } }
        var errors: [String] { held.withLock { $0.filter { $0.stream == .error }.map(\.text) } }
    }

    @Test func linesComeWhenTheyHappenAndCountEndsThem() async throws {
        try await TailBench.run { desk in
            let (child, lines) = try await desk.tail(["--count", "1000", "--ignore", "dev.nervous.cells.noise.>"])
            try await desk.emit("math") { !lines.output.isEmpty }
            try await desk.emit("noise")
            try await desk.emit("vision")
            let end = ContinuousClock.now + LiveTailTests.timeout
            // The last of the first cell's waves may come only now.
            while lines.output.last?.contains("vision") != true, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(lines.output.last?.contains("vision") == true)
            #expect(!lines.output.contains { $0.contains("noise") || $0.contains("\u{1b}") })
            _ = await child.terminate(signal: SIGTERM, grace: .seconds(60))
            #expect(child.exitStatus == .exited(0))
            let (three, counted) = try await desk.tail(["--count", "3", "--json", "--min-confidence", "0.5"])
            try await desk.emit("math") { three.exitStatus != nil }
            #expect(three.exitStatus == .exited(0))
            #expect(counted.output.count == 3)
            #expect(counted.output.allSatisfy { (try? AnyMessage.decode(Array($0.utf8))) != nil })
        }
    }

    /// Who filters by an MQTT topic hears what a nats-server delivers of it, beside what the environment publishes.
    @Test func aFilterMayBeATopic() async throws {
        try await TailBench.run { desk in
            let (child, lines) = try await desk.tail(["--filter", "tele/hotWater/SENSOR", "--count", "1"])
            let end = ContinuousClock.now + LiveTailTests.timeout
            while child.exitStatus == nil, ContinuousClock.now < end {
                for subject in ["tele.boiler.SENSOR", "tele.hotWater.SENSOR"] {
                    try desk.bus.publish(try Subject(foreign: subject), payload: Array(#"{"degrees":51}"#.utf8))
                }
                try await desk.emit("math")
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(child.exitStatus == .exited(0))
            #expect(lines.output.count == 1 && lines.output.first?.contains("hotWater") == true, "\(lines.output)")
            #expect(!lines.output.joined().contains("math"))
        }
    }

    @Test func colourIsForTerminalsUnlessAskedFor() async throws {
        try await TailBench.run { desk in
            for (words, variable, isColoured) in [
                ([], nil, false), (["--color", "always"], nil, true), (["--color", "always"], "1", true),
                (["--color", "16"], nil, true), (["--color", "never"], nil, false),
            ] as [([String], String?, Bool)] {
                let (child, lines) = try await desk.tail(
                    words + ["--count", "1"], environment: variable.map { ["NO_COLOR": $0] } ?? [:])
                try await desk.emit("math") { child.exitStatus != nil }
                #expect(lines.output.first?.contains("\u{1b}[") == isColoured, "\(words)")
            }
        }
    }

    /// `nimmer wave tail | head -3`: three lines, no word, and both end well.
    @Test func aReaderThatGoesEndsItQuietly() async throws {
        guard let bash = Executables.find("bash") else {
            print("SKIPPED: no bash, whose PIPESTATUS says how both ended")
            return
        }
        try await TailBench.run { desk in
            let lines = Lines()
            let line =
                "'\(Tool.path)' wave tail --server \(desk.server.url) | head -3; echo ended ${PIPESTATUS[@]}"
            let child = try await ChildProcess.spawn(
                ChildCommand(bash, ["-c", line], workingDirectory: desk.folder), output: .lines { lines.add($0) })
            try await desk.emit("math") { child.exitStatus != nil }
            #expect(lines.output.count == 4 && lines.output.last == "ended 0 0", "\(lines.output)")
            #expect(lines.errors.isEmpty)
        }
    }

    @Test func thePastComesFirstEachMessageOnce() async throws {
        try await TailBench.run { desk in
            try await SystemStreams.ensure(on: desk.bus, environment: .dev, keepingWaves: true)
            for index in 0..<50 { try await desk.emit("c\(index)") }
            let (child, lines) = try await desk.tail(["--since", "10m", "--record", "all.ndjson"])
            let end = ContinuousClock.now + Self.timeout
            for index in 50...80 {
                // The last come while it shows the present.
                while index > 65, lines.output.isEmpty, ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(10))
                }
                try await desk.emit("c\(index)")
                try await Task.sleep(for: .milliseconds(10))
            }
            while !lines.output.contains(where: { $0.contains(" c80 ") }), ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(10))
            }
            _ = await child.terminate(signal: SIGINT, grace: .seconds(60))
            let cells = lines.output.compactMap { $0.split(separator: " ").dropFirst(3).first.map(String.init) }
            #expect(cells == (0...80).map { "c\($0)" })
            // What was recorded is what was shown, and a recording is read as lines too, and by replay.
            let again = try await Tool.run(["wave", "tail", "--from", "all.ndjson"], folder: desk.folder)
            #expect(again.output == lines.output)
            #expect(
                try ReplayInput(
                    FileText.bytes(desk.folder + "/all.ndjson"), file: "all.ndjson", format: ReplayFormat(), pace: 1
                ).kind == .waves)
        }
    }

    @Test func changesOfThePastComeToo() async throws {
        try await TailBench.run { desk in
            try await SystemStreams.ensure(on: desk.bus, environment: .dev, keepingWaves: true)
            let event = ChangeEvent(
                edge: .begin, domain: try Token("flow"), view: "level", value: 31, normal: 31.78, times: 2.923,
                direction: .below, confidence: 0.96, at: .now())
            let source = Source(entityID: "pump-flow", entityType: .cell)
            try desk.bus.publish(
                .change(.dev, try Token("pump-flow"), isNerve: false),
                payload: Envelope(id: .v7(), at: .now(), from: source, event).encoded())
            try await desk.bus.flush(timeout: .seconds(60))
            let stored = try await desk.bus.stream(SystemStreams.waves(.dev)).messages
            #expect(stored == 1)
            let (child, lines) = try await desk.tail(["--since", "10m", "--count", "1"])
            try await desk.emit("math") { child.exitStatus != nil }
            #expect(lines.output.count == 1)
            #expect(lines.output.first?.contains("◖ change    pump-flow         0.96  begins: 31 where 31.78") == true)
        }
    }

    @Test func aMissingStreamOfWavesIsReportedAndNothingElseFails() async throws {
        try await TailBench.run { desk in
            let (child, lines) = try await desk.tail(["--since", "1h", "--count", "1"])
            try await desk.emit("math") { child.exitStatus != nil }
            #expect(child.exitStatus == .exited(0))
            #expect(lines.errors.contains { $0.contains("DEV-WAVES") && $0.contains("keep_waves") })
        }
    }

    /// The server goes and comes back: the screen says so both times, and shows what comes afterwards.
    @Test func aLostServerIsShownAndFoundAgain() async throws {
        try await TailBench.run { desk in
            let terminal = try PseudoTerminal()
            try terminal.start(Tool.path, ["wave", "tail", "--server", desk.server.url])
            try #require(try await terminal.wait(for: "LIVE"))
            try await desk.emit("math") {
                terminal.pump()
                return terminal.contains("math")
            }
            kill(desk.server.pid, SIGKILL)
            #expect(try await terminal.wait(for: "NO SERVER"))
            try await desk.server.restart()
            let place = terminal.output.count
            #expect(try await terminal.wait(for: "LIVE", after: place))
            try await desk.emit("vision") {
                terminal.pump()
                return terminal.contains("vision", after: place)
            }
            terminal.type("q")
            #expect(try await terminal.end() == 0)
        }
    }

    /// The recording key, in a screen on a live server: what it writes, the screen plays again.
    @Test func theRecordingKeyWritesWhatTheScreenPlays() async throws {
        try await TailBench.run { desk in
            let terminal = try PseudoTerminal()
            try terminal.start(
                "/bin/sh", ["-c", "cd '\(desk.folder)' && exec '\(Tool.path)' wave tail --server \(desk.server.url)"])
            try #require(try await terminal.wait(for: "LIVE"))
            terminal.type("w")
            func recording() -> String? {
                FileText.names(in: desk.folder).first { $0.hasSuffix(".ndjson") }.map { desk.folder + "/" + $0 }
            }
            try #require(try await terminal.wait { _ in recording() != nil })
            let path = try #require(recording())
            try await desk.emit("pump") { (FileText.read(path) ?? "").contains("pump") }
            terminal.type("wq")
            #expect(try await terminal.end() == 0)
            let player = try PseudoTerminal()
            try player.start(Tool.path, ["wave", "tail", "--from", path, "--speed", "1000"])
            #expect(try await player.wait { $0.contains("pump") && $0.contains("END") })
            player.type("q")
            #expect(try await player.end() == 0)
        }
    }
}
