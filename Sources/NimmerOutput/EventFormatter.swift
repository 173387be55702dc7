import NimmerScope
import NimmerTerminal
import NimmerWave
import Synchronization

/// One line for each thing that happens, as `nimmer wave tail` and `nimmer up` print it: time, sign and kind, what it is
/// about, how sure, and the text (oscilloscope.md, Not a terminal; The visual language).
package struct EventFormatter: Sendable {
    package let paint: Paint
    /// Width to which lines are cut, in columns, looked up for each line since a terminal changes; nil: never.
    package let width: @Sendable () -> Int?

    /// Width of the column for the name of what an event is about, where names may be longer.
    package static let nameWidth = 16
    /// Width of the column for names at most.
    private static let longestName = 32
    /// Width of the column for names, to which longer ones are cut where lines are cut; nil: ``nameWidth``, and longer ones shift the rest.
    private let fixedNameWidth: Int?

    /// Topics of the last requests, so that their answers can name them too.
    private let questions = RequestTopics()

    /// - Parameter nameWidth: width of the column for names, to which longer ones are cut where lines are; nil: longer ones shift the rest.
    package init(paint: Paint, nameWidth: Int? = nil, width: @escaping @Sendable () -> Int?) {
        self.paint = paint
        self.width = width
        fixedNameWidth = nameWidth
    }

    /// Width of a column that holds these names, up to a bound.
    package static func nameWidth(of names: [String]) -> Int {
        min(longestName, names.map { TerminalText($0).width }.reduce(nameWidth, max))
    }

    /// A name in its column.
    ///
    /// - Parameters:
    ///   - nameWidth: width of the column.
    ///   - isCut: whether a longer one is cut.
    package static func column(_ name: String, nameWidth: Int, isCut: Bool) -> TerminalText {
        let name = TerminalText(name)
        return (isCut ? name.cut(to: nameWidth) : name).padded(nameWidth)
    }

    /// - Parameter columns: a width that stays.
    package init(paint: Paint, columns: Int? = nil) { self.init(paint: paint) { columns } }

    /// The line for one message from the bus; what cannot be decoded is a line with the reason.
    package func line(subject: String, payload: [UInt8], at arrival: Timestamp) -> TerminalText {
        do throws(Refusal) {
            return line(subject: subject, message: try AnyMessage.decode(payload, on: subject))
        } catch {
            return compose(arrival, EventText(refused: error, subject: subject, payload: payload))
        }
    }

    /// The line for one decoded message.
    ///
    /// - Parameters:
    ///   - repeats: for a wave that stands for several: how many, and the time of the first.
    ///   - now: time that the line shows where it is later than the event; nil: the event's.
    package func line(
        subject: String, message: AnyMessage, repeats: (count: Int, since: Timestamp)? = nil, at now: Timestamp? = nil
    ) -> TerminalText {
        switch message {
        case .cognitiveRequest(let request): questions.remember(request.body)
        // Its answer may come before the copy of its request.
        case .gateTransition(let opening): if let request = opening.escalated { questions.remember(request.body) }
        default: break
        }
        let note = repeats.map { repeats -> TerminalText in
            paint(.strong, "×\(repeats.count)") + paint(.quiet, " since \(LocalTime.clock(repeats.since))  ")
        }
        let at = max(message.happened, now ?? message.happened)
        return compose(at, EventText(message, subject: subject) { questions.about($0) }, note)
    }

    private func compose(_ at: Timestamp, _ event: EventText, _ note: TerminalText? = nil) -> TerminalText {
        let sign: TerminalText = "\(Character(event.sign.glyph(.braille))) \(event.sign.word.padded(9))"
        var line: TerminalText =
            "\(paint(.quiet, "\(LocalTime.clock(at))")) \(paint(Paint.Ink(event.ink) ?? .nervous, sign)) "
        let columns = width()
        let name = Self.column(
            event.name, nameWidth: fixedNameWidth ?? Self.nameWidth, isCut: fixedNameWidth != nil && columns != nil)
        line += "\(name) \(event.value.indented(to: 5))  "
        if let note { line += note }
        var room = columns.map { max(16, $0 - line.width) } ?? .max
        for run in event.text.runs where room > 0 {
            let text = columns == nil ? TerminalText.whole(run.text) : TerminalText(run.text).cut(to: room)
            room -= text.width
            line += Paint.Ink(run.ink).map { paint($0, text) } ?? text
        }
        return line
    }
}

extension AnyMessage {
    /// Time of the event.
    fileprivate var happened: Timestamp {
        switch self {
        case .gateTransition(let transition): transition.body.at
        case .collapse(let collapse): collapse.body.windowEnd
        case .nerveState(let state): state.body.at
        case .changeEvent(let change): change.body.at
        case .correlationEvent(let event): event.body.windowEnd
        default: header.timestamp
        }
    }
}

extension Paint.Ink {
    /// Style of a meaning of the oscilloscope in lines; nil for plain text.
    package init?(_ ink: Ink) {
        switch ink {
        case .text: return nil
        case .strong, .accent: self = .strong
        case .quiet, .faint: self = .quiet
        case .nervous: self = .nervous
        case .cognitive: self = .cognitive
        case .organs: self = .organs
        case .good: self = .good
        case .bad: self = .bad
        case .warning: self = .warning
        }
    }
}

/// Requests that were seen lately and what they were about: a response names only the request.
private final class RequestTopics: Sendable {
    private let domains = Mutex<[MessageID: String]>([:])

    func remember(_ request: CognitiveRequest) {
        domains.withLock { domains in
            if domains.count >= 256 { domains.removeAll() }
            domains[request.requestID] = request.domain.text
        }
    }

    func about(_ id: MessageID) -> String { domains.withLock { $0[id] ?? "" } }
}

extension Paint {
    /// A gate's state by text and colour.
    package func state(_ state: GateState) -> TerminalText {
        switch state {
        case .open: self(.good, "OPEN")
        case .stable: self(.quiet, "STABLE")
        case .closed: self(.bad, "CLOSED")
        }
    }
}
