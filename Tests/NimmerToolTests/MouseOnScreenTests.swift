import Glibc
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// The mouse and the theme on a real terminal: modes are taken and given back, reports are acted on, an answer chooses the theme.
@Suite("The mouse on the screen") struct MouseOnScreenTests {
    private static let on = "\u{1b}[?1000h\u{1b}[?1006h"
    private static let off = "\u{1b}[?1006l\u{1b}[?1000l"

    @Test(arguments: ScreenTests.Ending.allCases) func itsModesAreGivenBack(after ending: ScreenTests.Ending)
        async throws
    {
        let terminal = try await ScreenTests.screen()
        #expect(terminal.contains(Self.on, after: 0))
        switch ending {
        case .q: terminal.type("q")
        case .controlC: terminal.type([3])
        default: kill(terminal.child, try #require(ending.signal))
        }
        #expect(try await terminal.end() == ending.status)
        let text = String(decoding: terminal.output, as: UTF8.self)
        #expect(text.ranges(of: Self.on).count == 1 && text.ranges(of: Self.off).count == 1)
        let tail = try #require(text.ranges(of: Self.off).last)
        #expect(text[tail.upperBound...].hasSuffix(ScreenTests.leave))
    }

    @Test func withoutItTheTerminalSelectsText() async throws {
        let terminal = try await ScreenTests.screen(["--no-mouse"])
        terminal.type("q")
        #expect(try await terminal.end() == 0)
        #expect(!terminal.contains(Self.on, after: 0))
    }

    @Test func aStoppedProgramHasGivenItBack() async throws {
        guard let bash = Executables.find("bash") else {
            print("SKIPPED: no bash to be stopped by")
            return
        }
        let terminal = try PseudoTerminal()
        try terminal.start(bash, ["--norc", "--noprofile", "--noediting", "-i"])
        try #require(try await terminal.wait(for: "$ "))
        terminal.type("'\(Tool.path)' wave tail --from '\(try ScreenTests.recording())'\n")
        try #require(try await terminal.wait { $0.contains(Self.on) && $0.contains("math", after: 300) })
        let place = terminal.output.count
        terminal.type([0x1a])
        try #require(try await terminal.wait(for: "Stopped", after: place))
        #expect(terminal.contains(Self.off, after: place))
        let again = terminal.output.count
        terminal.type("fg\n")
        try #require(try await terminal.wait(for: Self.on, after: again))
        #expect(try await terminal.wait(for: "math", after: again))
        terminal.type("q")
        try #require(try await terminal.wait(for: Self.off, after: again))
        terminal.type("exit\n")
        #expect(try await terminal.end() != nil)
    }

    /// A terminal that answers has the theme that fits it; what it does not answer changes nothing.
    @Test func theTerminalsAnswerChoosesTheTheme() async throws {
        let light = "48;2;244;250;246"
        let terminal = try await ScreenTests.screen(["--color", "truecolor"])
        #expect(terminal.contains("\u{1b}]11;?\u{1b}\\", after: 0) && !terminal.contains(light, after: 0))
        terminal.type("\u{1b}]11;rgb:fdfd/f6f6/e3e3\u{7}")
        #expect(try await terminal.wait(for: light, after: 0))
        terminal.type("q")
        #expect(try await terminal.end() == 0)
        let chosen = try await ScreenTests.screen(["--color", "truecolor", "--theme", "light"])
        #expect(chosen.contains(light, after: 0) && !chosen.contains("]11;?", after: 0))
        chosen.type("q")
        #expect(try await chosen.end() == 0)
    }

    @Test func aThemeThatThereIsNotIsNamed() async throws {
        let path = try ScreenTests.recording()
        let flag = try await Tool.run(["wave", "tail", "--from", path, "--theme", "pink"])
        let reason = flag.errors.joined(separator: "\n")
        #expect(!flag.status.isSuccess && reason.contains("pink") && reason.contains("high-contrast"), "\(reason)")
        let variable = try await Tool.run(["wave", "tail", "--from", path], environment: ["NIMMER_THEME": "pink"])
        #expect(!variable.status.isSuccess && variable.errors.joined().contains("NIMMER_THEME"), "\(variable.errors)")
    }
}

/// What a person does with the mouse, in a terminal emulator.
@Suite(.enabled(Tmux.hint) { Tmux.program != nil }) struct MouseInTmuxTests {
    @Test func pressesSelectAndTheWheelZooms() async throws {
        try await Tmux.run(
            [Tool.path, "wave", "tail", "--from", Recorded.minute, "--at", "52.5s"], width: 120, height: 36
        ) { terminal in
            try await terminal.wait(for: "STOPPED")
            #expect(try await terminal.display("#{mouse_standard_flag}#{mouse_sgr_flag}") == "11")
            let shown = try await terminal.screen().split(separator: "\n", omittingEmptySubsequences: false)
            let vision = try #require(shown.firstIndex { $0.hasPrefix("│ vision ") })
            try await terminal.press("\u{1b}[<0;40;\(vision + 1)M\u{1b}[<0;40;\(vision + 1)m")
            try await terminal.wait(for: "▸vision")
            try await terminal.press("\u{1b}[<80;40;5M")
            try await terminal.wait(for: "10s/div")
            // What is malformed is no key.
            try await terminal.press("\u{1b}[<0;;q\u{1b}[<0;40;M\u{1b}[<999999;1;1M")
            try await terminal.press("0")
            try await terminal.wait(for: "15s/div")
            try await terminal.press("q")
            try await terminal.wait { $0.contains("Pane is dead") }
            #expect(try await terminal.display("#{mouse_standard_flag}#{mouse_sgr_flag}") == "00")
        }
    }
}
