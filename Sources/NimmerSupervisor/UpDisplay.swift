import NimmerOutput
import NimmerWave

/// Display of a running nervous system: its processes' logs and its events, in the same columns.
package struct UpDisplay: Sendable {
    package let paint: Paint
    /// Width to which lines are cut, in columns, looked up for each line; nil: never.
    package let width: @Sendable () -> Int?
    /// Processes in the order of their colours.
    package let names: [String]
    /// Width of the column for names: that of the longest, bounded.
    package let nameWidth: Int

    package init(paint: Paint, names: [String], width: @escaping @Sendable () -> Int?) {
        self.paint = paint
        self.width = width
        self.names = names
        nameWidth = EventFormatter.nameWidth(of: names)
    }

    private static let inks: [Paint.Ink] = [.process0, .process1, .process2, .process3, .process4]

    /// A line that a process printed. The system's own log lines (`time level name: message`) are set in the columns of the
    /// events; anything else stands behind the process's name.
    package func log(_ process: String, _ text: String) -> TerminalText {
        let ink = Self.inks[(names.firstIndex(of: process) ?? 0) % Self.inks.count]
        let name = paint(ink, EventFormatter.column(process, nameWidth: nameWidth, isCut: width() != nil))
        guard let parts = LogLine(text, of: process) else {
            return
                "\(paint(.quiet, "\(LocalTime.clock(.now()))")) \(TerminalText("│ output").padded(11)) \(name)        \(fit(text))"
        }
        let level = TerminalText("│ \(parts.level)").padded(11)
        let shown =
            switch parts.level {
            case "warning": paint(.warning, level)
            case "error", "critical": paint(.bad, level)
            default: paint(.quiet, level)
            }
        return "\(paint(.quiet, "\(LocalTime.clock(.now()))")) \(shown) \(name)        \(fit(parts.message))"
    }

    /// A line of `up` itself.
    package func own(_ text: TerminalText, _ ink: Paint.Ink = .strong) -> TerminalText {
        "\(paint(.quiet, "\(LocalTime.clock(.now()))")) \(paint(ink, TerminalText("│ up").padded(11))) \(text)"
    }

    /// A process's end, a restart, the stop.
    package func notice(_ notice: Supervisor.Notice) -> TerminalText {
        switch notice {
        case .ended(let name, let ending, let again):
            let when = again > 0 ? "; starting it again in \(LocalTime.span(milliseconds: again))" : ""
            return own("\(name) \(Self.words(ending))\(when)", .warning)
        case .slowing(let name, let failures):
            return own(
                "\(name) keeps failing (\(failures) times in a row): trying more and more rarely, never giving up", .bad
            )
        case .misconfigured(let name, let again):
            return own(
                "\(name) cannot run as it is set up, see its line above; looking again in \(LocalTime.span(milliseconds: again))",
                .bad)
        case .done(let name): return own("\(name) is done")
        case .absent(let name, let again):
            return own(
                "\(name) has nothing to sense here; looking again every \(LocalTime.span(milliseconds: again))",
                .warning)
        case .stopping: return own("stopping; Ctrl-C again to stop without waiting")
        case .restarted(let name): return own("\(name) starts again, as asked")
        case .killed(let name): return own("\(name) did not stop in time and was killed", .warning)
        }
    }

    package static func words(_ ending: Supervisor.Ending) -> TerminalText {
        switch ending {
        case .exited(0): "ended"
        case .exited(let status): "ended with status \(status)"
        case .signalled(let signal): "was ended by signal \(signal)"
        case .unstartable(let why): "could not be started: \(why)"
        }
    }

    private func fit(_ text: String) -> TerminalText {
        let text = TerminalText(text)
        return width().map { text.cut(to: max(24, $0 - 34 - nameWidth)) } ?? text
    }
}

/// A log line of one of the system's processes: `18:30:00.123 info math: Listening port=1`.
package struct LogLine: Equatable {
    package let level: String
    package let message: String

    private static let levels: Set<Substring> = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

    package init?(_ text: String, of process: String) {
        let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Self.levels.contains(parts[1]), parts[0].contains(":"),
            parts[2].hasPrefix("\(process): ")
        else { return nil }
        level = String(parts[1])
        message = String(parts[2].dropFirst(process.count + 2))
    }
}
