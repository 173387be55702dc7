import NimmerOutput
import NimmerPlatform
import NimmerReplay
import NimmerScopeSession
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// The screens that the built `nimmer` shows in a terminal emulator, kept as files under Golden/ with their colours (`cat` shows
/// one). `NIMMER_WRITE_GOLDEN=1 swift test --filter RecordedScreenTests` rewrites them.
@Suite(.enabled(Tmux.hint) { Tmux.program != nil })
struct RecordedScreenTests {
    /// What is started, what is typed, and what it is called.
    struct Shot: Sendable, CustomTestStringConvertible {
        var name: String
        var size = (width: 120, height: 36)
        var words: [String] = []
        var variables: [String: String] = [:]
        var keys: [String] = []
        var testDescription: String { name }
    }

    /// Stopped soon after a mind was asked, with everything in sight.
    private static let stopped = ["--at", "52.5s"]
    private static let text = ["NO_COLOR": "1", "COLORTERM": ""]

    static let shots =
        [
            Shot(name: "live-80x24", size: (80, 24), words: stopped),
            Shot(name: "live-120x36", words: stopped),
            Shot(name: "live-200x60", size: (200, 60), words: stopped),
            Shot(name: "ended", words: ["--speed", "1e6"]),
            // The rest is played while the view is held, at once.
            Shot(
                name: "paused", words: ["--at", "40s", "--speed", "1e6"],
                keys: ["Space", "S-Left", "x", "S-Left", "Left", "p"]),
            Shot(name: "filter-typed", words: stopped, keys: ["/plan"]),
            Shot(name: "filtered", words: stopped, keys: ["/math", "Enter"]),
            Shot(name: "filtered-out", words: stopped, keys: ["/!math", "Enter", "MMMMMM"]),
            Shot(name: "spike-in-one-column", words: stopped, keys: ["--", "/vision", "Enter"]),
            Shot(
                name: "spike-zoomed-in", words: ["--at", "39s"],
                keys: ["/vision", "Enter", "Left", "++++"]),
            Shot(name: "inspect-wave-80x24", size: (80, 24), words: stopped, keys: ["3", "Up", "Up", "Enter"]),
            Shot(name: "inspect-wave-120x36", words: stopped, keys: ["3", "Up", "Up", "Enter"]),
            Shot(name: "inspect-wave-raw", words: stopped, keys: ["3", "Up", "Up", "Enter", "r"]),
            Shot(name: "inspect-gate-80x24", size: (80, 24), words: stopped, keys: ["2", "Enter"]),
            Shot(name: "inspect-gate-120x36", words: stopped, keys: ["2", "Enter"]),
            Shot(
                name: "inspect-escalation-120x36", words: ["--speed", "1e6"],
                keys: ["/bridge.request", "Enter", "3", "Up", "Enter"]),
            Shot(
                name: "inspect-escalation-200x60", size: (200, 60), words: ["--speed", "1e6"],
                keys: ["/bridge.request", "Enter", "3", "Up", "Enter"]),
            Shot(name: "help-80x24", size: (80, 24), words: stopped, keys: ["?"]),
            Shot(name: "help-120x36", words: stopped, keys: ["?"]),
            Shot(name: "too-small", size: (70, 20), words: stopped),
            Shot(name: "staging", size: (80, 24), words: stopped, variables: ["NIMMERVERSE_ENV": "staging"]),
            Shot(name: "prod", size: (80, 24), words: stopped, variables: ["NIMMERVERSE_ENV": "prod"]),
        ] + depths
    /// What the terminal says of itself, or what it is told, for every depth and every level of glyphs.
    private static let depths = [
        Shot(name: "colors-256", size: (80, 24), words: stopped, variables: ["COLORTERM": ""]),
        Shot(name: "colors-16", size: (80, 24), words: stopped, variables: ["COLORTERM": "", "TERM": "xterm"]),
        Shot(name: "colors-16-asked-for", size: (80, 24), words: stopped + ["--color", "16"]),
        Shot(name: "colors-none", size: (80, 24), words: stopped, variables: ["NO_COLOR": "1"], keys: ["3", "Up"]),
        Shot(name: "glyphs-blocks", size: (80, 24), words: stopped, variables: ["TERM": "linux", "COLORTERM": ""]),
        Shot(name: "plain-asked-for", size: (80, 24), words: stopped + ["--color", "never", "--glyphs", "ascii"]),
        Shot(name: "glyphs-ascii", size: (80, 24), words: stopped, variables: ["LC_ALL": "C"]),
    ]

    static let gateShots = [
        Shot(name: "gate-watch-80x24", size: (80, 24), words: stopped),
        Shot(name: "gate-watch-120x36", words: stopped, keys: ["Down"]),
        Shot(name: "gate-watch-200x60", size: (200, 60), words: stopped),
    ]

    @Test(arguments: shots) func tail(_ shot: Shot) async throws {
        try await check(shot, ["wave", "tail", "--from", Recorded.minute] + shot.words)
    }

    @Test(arguments: gateShots) func gateWatch(_ shot: Shot) async throws {
        try await check(shot, ["gate", "watch", "--from", Recorded.minute] + shot.words)
    }

    private func check(_ shot: Shot, _ words: [String]) async throws {
        try await Tmux.run(
            [Tool.path] + words, width: shot.size.width, height: shot.size.height, variables: shot.variables
        ) { terminal in
            try await terminal.wait { $0.contains("STOPPED") || $0.contains("END") || $0.contains("nimmer needs") }
            try await terminal.press(shot.keys)
            try await RecordedGolden.check(terminal, shot.name)
        }
    }

    /// A terminal that is made smaller and larger shows what one of that size shows from the start.
    @Test func aNewSizeIsDrawnAsIfItHadAlwaysBeenSo() async throws {
        let words = ["wave", "tail", "--from", Recorded.minute] + Self.stopped
        try await Tmux.run([Tool.path] + words, width: 200, height: 60) { terminal in
            try await terminal.wait(for: "STOPPED")
            for (name, width, height) in [("live-80x24", 80, 24), ("too-small", 70, 20), ("live-120x36", 120, 36)] {
                try await terminal.resize(width: width, height: height)
                try await RecordedGolden.check(terminal, name, writes: false)
            }
        }
    }
}

/// A minute that is kept as a recording in docs/, for these screens and for those without a server at hand.
/// `NIMMER_WRITE_RECORDING=1 swift test --filter RecordedMinuteTests` lets a thalamus live through it again; the screens are to be
/// rewritten then too.
@Suite struct RecordedMinuteTests {
    @Test func theRecordingHoldsAMinuteWorthLookingAt() throws {
        if ChildCommand.inheritedEnvironment["NIMMER_WRITE_RECORDING"] != nil {
            let writer = try RecordingWriter(Recorded.minute)
            for message in try Scene().messages {
                writer.add(subject: message.subject, payload: message.payload, at: message.at)
            }
            try writer.flush()
        }
        var reader = try RecordingReader(Recorded.minute)
        var kinds: [MessageType: Int] = [:]
        while let message = try reader.next() {
            kinds[try AnyMessage.decode(message.payload).header.messageType, default: 0] += 1
        }
        #expect(kinds[.waveSignal] ?? 0 > 700)
        #expect(kinds[.gateTransition] ?? 0 >= 4)
        #expect(kinds[.collapse] == 2 && kinds[.cognitiveRequest] == 2 && kinds[.cognitiveResponse] == 2)
        #expect(kinds[.command] == 1 && kinds[.commandResult] == 1)
    }
}

enum Recorded {
    static let minute = WaveTailPageTests.folder + "/minute.ndjson"
}

/// Screens of a terminal emulator as files.
enum RecordedGolden {
    private static let folder = WaveTailPageTests.root + "/Tests/NimmerToolTests/Golden"
    static var isWriting: Bool { ChildCommand.inheritedEnvironment["NIMMER_WRITE_GOLDEN"] != nil }

    /// Waits until the terminal shows what the file holds.
    static func check(
        _ terminal: Tmux, _ name: String, writes: Bool = true, masked: ((String) -> String)? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let colors = masked == nil
        let path = "\(folder)/\(name).\(colors ? "ans" : "txt")"
        let mask = masked ?? { $0 }
        if isWriting {
            if writes { try FileText.write(mask(try await terminal.settled(colors: colors)), to: path) }
            return
        }
        guard let kept = FileText.read(path) else {
            Issue.record("\(path) is missing: NIMMER_WRITE_GOLDEN=1 writes it", sourceLocation: sourceLocation)
            return
        }
        let shown = mask(try await terminal.wait(seconds: 120, colors: colors) { mask($0) == kept })
        guard shown != kept else { return }
        let (old, new) = (kept.split(separator: "\n"), shown.split(separator: "\n"))
        let line = zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }
        Issue.record(
            """
            \(name) differs (NIMMER_WRITE_GOLDEN=1 writes it anew), first in line \((line?.offset ?? min(old.count, new.count)) + 1):
            kept: \(line.map { String($0.element.0).visible() } ?? "")
            now:  \(line.map { String($0.element.1).visible() } ?? "")
            \(shown)
            """, sourceLocation: sourceLocation)
    }
}
