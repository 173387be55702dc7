import Glibc
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// A program in a terminal emulator (tmux, on a private server), typed to and looked at as by a person.
final class Tmux {
    static let program = Executables.find("tmux")
    static let hint: Comment = "needs tmux: apt-get install tmux"

    private let folder: String
    private let program: String

    /// Starts a command in a terminal of a size.
    ///
    /// - Parameter variables: the command's whole environment besides PATH, locale, time zone and kind of terminal.
    init(_ command: [String], width: Int, height: Int, variables: [String: String] = [:]) async throws {
        program = try #require(Self.program)
        var template = Array("/tmp/nimmer-tmux-XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
        var all = [
            "PATH": String(cString: getenv("PATH")), "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm-256color",
            "COLORTERM": "truecolor", "SWIFT_BACKTRACE": "enable=no",
        ]
        all.merge(variables) { $1 }
        let words =
            all.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }.map { "\($0.key)=\($0.value)" } + command
        let line = "cd '\(folder)' && exec env -i " + words.map { "'\($0)'" }.joined(separator: " ")
        try await tmux(
            ["-f", "/dev/null", "new-session", "-d", "-x", "\(width)", "-y", "\(height)", line, ";"]
                + ["set", "-g", "status", "off", ";", "set", "-g", "remain-on-exit", "on"])
    }

    /// Ends the program and the server, and removes what they left.
    func stop() async {
        _ = try? await tmux(["kill-server"])
        _ = try? await ChildProcess.run(ChildCommand("/bin/rm", ["-rf", folder]))
    }

    /// Starts a command, looks at it, and ends it whatever happens.
    static func run(
        _ command: [String], width: Int, height: Int, variables: [String: String] = [:],
        _ body: (Tmux) async throws -> Void
    ) async throws {
        let terminal = try await Tmux(command, width: width, height: height, variables: variables)
        do {
            try await body(terminal)
        } catch {
            await terminal.stop()
            throw error
        }
        await terminal.stop()
    }

    /// The folder that the command runs in.
    var workingFolder: String { folder }

    /// Keys by their names in tmux; anything else is typed as it is.
    private static let names: Set<String> = [
        "Enter", "Escape", "Space", "Tab", "BTab", "Up", "Down", "Left", "Right", "S-Up", "S-Down", "S-Left", "S-Right",
        "Home", "End", "PPage", "NPage", "BSpace", "C-c", "C-l", "C-u", "C-z",
    ]

    /// Presses keys, one after the other.
    func press(_ keys: String...) async throws { try await press(keys) }

    func press(_ keys: [String]) async throws {
        for key in keys {
            try await tmux(["send-keys"] + (Self.names.contains(key) ? [key] : ["-l", "--", key]))
        }
    }

    func resize(width: Int, height: Int) async throws {
        try await tmux(["resize-window", "-x", "\(width)", "-y", "\(height)"])
    }

    /// What the terminal shows: text, or with `colors` text and the sequences that colour it.
    func screen(colors: Bool = false) async throws -> String {
        let lines = try await tmux(["capture-pane", "-p"] + (colors ? ["-e", "-N"] : []))
        return (colors ? ColoredText.canonical(lines) : lines).joined(separator: "\n") + "\n"
    }

    /// Looks until the screen is as wanted, or the time is over; returns the last look.
    @discardableResult
    func wait(seconds: Double = 120, colors: Bool = false, until isWanted: (String) -> Bool) async throws -> String {
        let end = ContinuousClock.now + .seconds(saturating: seconds)
        while true {
            let shown = try await screen(colors: colors)
            if isWanted(shown) || ContinuousClock.now > end { return shown }
            try await Task.sleep(for: .milliseconds(30))
        }
    }

    /// Waits for a text on the screen.
    func wait(for text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let shown = try await wait { $0.contains(text) }
        try #require(shown.contains(text), "\(text) is not on the screen:\n\(shown)", sourceLocation: sourceLocation)
    }

    /// Waits until nothing moves any more.
    func settled(colors: Bool) async throws -> String {
        var last = ""
        var same = 0
        return try await wait(colors: colors) { shown in
            same = shown == last ? same + 1 : 0
            last = shown
            return same >= 8
        }
    }

    /// What the terminal says of itself.
    func display(_ format: String) async throws -> String {
        try await tmux(["display-message", "-p", format]).joined()
    }

    @discardableResult
    private func tmux(_ words: [String]) async throws -> [String] {
        var variables = ChildCommand.inheritedEnvironment
        for name in ["TMUX", "TMUX_PANE"] { variables[name] = nil }
        variables["TMUX_TMPDIR"] = folder
        variables["LC_ALL"] = "C.UTF-8"
        let answer = try await ChildProcess.run(
            ChildCommand(program, ["-u"] + words, environment: variables, signalWhenParentDies: nil),
            limit: .seconds(60))
        try #require(answer.status.isSuccess, "tmux \(words): \(answer.lines.map(\.text))")
        return answer.lines.filter { $0.stream == .output }.map(\.text)
    }
}
