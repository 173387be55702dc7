import Glibc
import NimmerOutput
import NimmerPlatform
import NimmerScopeSession
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// The screen on a real terminal: whatever ends it, the terminal is given back (oscilloscope.md, Must).
@Suite struct ScreenTests {
    static let enter = "\u{1b}[?1049h"
    static let leave = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    /// A recording of a few waves, in a folder of its own.
    static func recording(_ lines: Int = 40) throws -> String {
        var template = Array("/tmp/nimmer-screen-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let start = try Timestamp(rfc3339: "2026-02-14T18:30:00Z")
        let path = folder + "/waves.ndjson"
        let writer = try RecordingWriter(path)
        for index in 0..<lines {
            let at = start.advanced(milliseconds: Double(index) * 100)
            let wave = WaveSignal(
                domain: try Token("math"), confidence: 0.93, semanticContent: ["operation": "addition"],
                lifeforceCost: 0)
            let source = Source(entityID: "math", entityType: .cell)
            writer.add(
                subject: "dev.nervous.cells.math.wave",
                payload: Envelope(id: .v7(), at: at, from: source, wave).encoded(), at: at)
        }
        try writer.flush()
        return path
    }

    /// Starts the screen on a recording, and waits until it is drawn.
    static func screen(_ words: [String] = []) async throws -> PseudoTerminal {
        let terminal = try PseudoTerminal()
        try terminal.start(Tool.path, try ["wave", "tail", "--from", recording()] + words)
        try #require(try await terminal.wait { $0.contains("math") && $0.contains("\u{1b}[?2026l") })
        return terminal
    }

    /// Everything that ends it from inside or outside, with the exit status, or minus the signal.
    enum Ending: String, CaseIterable, Sendable {
        case q, controlC, terminate, interrupt, hangup, illegal, trap, abort, segmentation, busError

        var signal: Int32? {
            switch self {
            case .q, .controlC: nil
            case .terminate: SIGTERM
            case .interrupt: SIGINT
            case .hangup: SIGHUP
            case .illegal: SIGILL
            case .trap: SIGTRAP
            case .abort: SIGABRT
            case .segmentation: SIGSEGV
            case .busError: SIGBUS
            }
        }

        /// A crash must still look like one to who started the process.
        var status: Int32 {
            switch self {
            case .illegal, .trap, .abort, .segmentation, .busError: -(signal ?? 0)
            default: 0
            }
        }
    }

    @Test(arguments: Ending.allCases) func theTerminalIsGivenBack(after ending: Ending) async throws {
        let terminal = try PseudoTerminal()
        let before = try terminal.settings()
        try terminal.start(Tool.path, ["wave", "tail", "--from", Self.recording()])
        try #require(try await terminal.wait { $0.contains("math") && $0.contains("\u{1b}[?2026l") })
        #expect(try terminal.settings() != before)
        switch ending {
        case .q: terminal.type("q")
        case .controlC: terminal.type([3])
        default: kill(terminal.child, try #require(ending.signal))
        }
        #expect(try await terminal.end() == ending.status)
        #expect(try terminal.settings() == before)
        let text = String(decoding: terminal.output, as: UTF8.self)
        #expect(text.components(of: Self.enter) == 1 && text.components(of: Self.leave) == 1)
        #expect(text.hasSuffix(Self.leave))
    }

    @Test func itEndsWhenItsTerminalIsClosed() async throws {
        let terminal = try await Self.screen()
        terminal.hangUp()
        #expect(try await terminal.end() != nil)
    }

    /// Ctrl-Z, then `fg`, in a real shell: the shell's own settings while it is stopped, ours afterwards, the shell's at the end.
    @Test func controlZGoesToTheShellAndFgComesBack() async throws {
        guard let bash = Executables.find("bash") else {
            print("SKIPPED: no bash to be stopped by")
            return
        }
        let terminal = try PseudoTerminal()
        try terminal.start(bash, ["--norc", "--noprofile", "--noediting", "-i"])
        try #require(try await terminal.wait(for: "$ "))
        let before = try terminal.settings()
        terminal.type("'\(Tool.path)' wave tail --from '\(try Self.recording())'; echo left-$?\n")
        try #require(try await terminal.wait { $0.contains(Self.enter) && $0.contains("math", after: 300) })
        #expect(try await terminal.wait { (try? $0.settings()) != before })
        for _ in 0..<2 {
            var place = terminal.output.count
            terminal.type([0x1a])
            try #require(try await terminal.wait(for: "Stopped", after: place))
            #expect(terminal.contains(Self.leave, after: place))
            #expect(try await terminal.wait { (try? $0.settings()) == before })
            place = terminal.output.count
            terminal.type("fg\n")
            try #require(try await terminal.wait(for: Self.enter, after: place))
            #expect(try await terminal.wait(for: "math", after: place))
            #expect(try await terminal.wait { (try? $0.settings()) != before })
        }
        terminal.type("q")
        #expect(try await terminal.wait { (try? $0.settings()) == before })
        terminal.type("exit\n")
        #expect(try await terminal.end() != nil)
    }

    @Test func aRecordingIsPlotted() async throws {
        let path = try Self.recording()
        for ending in ["svg", "csv"] {
            let answer = try await Tool.run(["wave", "plot", "--from", path, "--out", "\(path).\(ending)"])
            #expect(answer.status.isSuccess, "\(answer.errors)")
        }
        let picture = try #require(FileText.read(path + ".svg"))
        #expect(picture.hasPrefix("<svg") || picture.hasPrefix("<?xml"))
        #expect(picture.contains("math"))
        // A heading, and each of the waves.
        let table = try #require(FileText.read(path + ".csv"))
        #expect(table.utf8.filter { $0 == 0x0a }.count == 41)
    }

    @Test func aNewSizeIsDrawnAnew() async throws {
        let terminal = try await Self.screen()
        let place = terminal.output.count
        terminal.resize(width: 60, height: 20)
        #expect(try await terminal.wait(for: "\u{1b}[2J", after: place))
        terminal.type("q")
        #expect(try await terminal.end() == 0)
    }

    /// A recording that has ended and keys that rest: nothing is written, and no time is used.
    @Test func anEndedRecordingCostsNothing() async throws {
        let terminal = try await Self.screen(["--speed", "1000"])
        try #require(try await terminal.wait(for: "END"))
        // On a busy machine the last frame comes later.
        var (place, used) = (-1, -1)
        for _ in 0..<120 {
            try await terminal.wait(seconds: 1) { _ in false }
            let now = (terminal.output.count, try Self.processorTicks(terminal.child))
            if now == (place, used) { break }
            (place, used) = now
        }
        try await terminal.wait(seconds: 2) { _ in false }
        #expect(terminal.output.count == place)
        #expect(try Self.processorTicks(terminal.child) == used)
    }

    /// What a process has used, in hundredths of a second.
    static func processorTicks(_ process: pid_t) throws -> Int {
        let line = try #require(FileText.read("/proc/\(process)/stat"))
        let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
        return (try #require(Int(fields[11]))) + (try #require(Int(fields[12])))
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
