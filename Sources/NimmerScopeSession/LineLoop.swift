import NimmerOutput
import NimmerReplay
import NimmerScope
import NimmerTerminal
import NimmerWave

/// The same events as lines, for a pipe, a file, or a person who asked for lines (oscilloscope.md, Must: not a terminal). Each is
/// written when it happens.
package struct LineLoop {
    private let mailbox: Mailbox
    private let happenings: TerminalEvents
    private let live: LiveSource?
    private let writer: RecordingWriter?
    private let formatter: EventFormatter
    /// Prints lines for the reader of the output.
    private let print: (TerminalText) throws(ReaderGone) -> Void
    /// Prints what went wrong beside them.
    private let warn: (TerminalText) -> Void
    private let asJSON: Bool
    private let count: Int?
    package private(set) var filter: TailFilter
    private var lost = 0

    package init(
        _ mailbox: Mailbox, live: LiveSource?, record: String?, formatter: EventFormatter, asJSON: Bool, count: Int?,
        filter: TailFilter, print: @escaping (TerminalText) throws(ReaderGone) -> Void,
        warn: @escaping (TerminalText) -> Void
    ) throws {
        self.mailbox = mailbox
        happenings = try TerminalEvents(nil, wakeUp: mailbox.wakeUp)
        self.live = live
        writer = try record.map { path throws(Failure) in try RecordingWriter(path) }
        self.formatter = formatter
        self.asJSON = asJSON
        self.count = count
        self.filter = filter
        self.print = print
        self.warn = warn
    }

    /// Prints until a signal comes, the reader goes, or enough was shown.
    ///
    /// - Throws: ``ReaderGone``, or ``Failure`` when a recording cannot be written.
    package mutating func run() throws {
        while true {
            let events = happenings.wait(until: nil)
            if events.contains(.end) { return }
            let batch = mailbox.take()
            if try !show(batch.events) { return }
            try writer?.flush()
            let lost = batch.lost + (live?.lost ?? 0)
            if lost > self.lost {
                warn("\(NimmerOutput.count(lost - self.lost, "message")) lost: this reader is too slow")
                self.lost = lost
            }
            if batch.ends { return }
        }
    }

    /// Prints a recording at its speed, until its end, a signal, or the reader's going.
    ///
    /// - Throws: ``ReaderGone``, or ``Failure`` for a line that is not a message.
    package mutating func play(_ recording: Player) throws {
        var player = recording
        defer { for note in player.notes { warn("\(note)") } }
        let clock = ContinuousClock()
        var until = clock.now
        while true {
            let moment = clock.now
            let due = try player.advance(milliseconds: until.duration(to: moment) / .milliseconds(1), limit: 256)
            until = moment
            let events = due.map { ScopeEvent.message(subject: $0.subject, payload: $0.payload, arrival: $0.at) }
            if try !show(events) || player.motion != .playing { return }
            let pause = Duration.milliseconds(saturating: min(3_600_000, player.millisecondsUntilNext ?? 0))
            if happenings.wait(until: clock.now + pause).contains(.end) { return }
        }
    }

    /// Prints a batch; false when enough was shown.
    private mutating func show(_ events: [ScopeEvent]) throws -> Bool {
        var page: TerminalText = ""
        var isEnough = false
        for event in events where !isEnough {
            switch event {
            case .message(let subject, let payload, let at):
                writer?.add(subject: subject, payload: payload, at: at)
                guard filter.passes(subject: subject, payload: payload) else { continue }
                page +=
                    asJSON
                    ? TerminalText(json: Self.json(subject, payload))
                    : formatter.line(subject: subject, payload: payload, at: at)
                page += "\n"
                isEnough = count.map { filter.shown >= $0 } ?? false
            case .connection(.lost(let server), _): warn("\(server) is lost; connecting again")
            case .connection(.connected(let server), _) where wasConnected:
                warn("connected again to \(server)")
            case .connection(.connected, _): wasConnected = true
            case .notice(let text, _): warn("\(text)")
            default: break
            }
        }
        if !page.isEmpty { try print(page) }
        if isEnough { try writer?.flush() }
        return !isEnough
    }

    private var wasConnected = false

    /// The message on one line; one that is not JSON is marked as such.
    package static func json(_ subject: String, _ payload: [UInt8]) -> String {
        guard let value = try? JSON(parsing: payload) else {
            let excerpt = String(decoding: payload.prefix(Wire.maximumExcerpt), as: UTF8.self)
            return JSON.object([
                "refused": "not JSON", "subject": .string(subject), "excerpt": .string(excerpt),
            ]).text
        }
        return payload.contains(0x0a) ? value.text : String(decoding: payload, as: UTF8.self)
    }
}
