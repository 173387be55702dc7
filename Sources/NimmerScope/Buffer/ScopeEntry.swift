import NimmerWave

/// Kind of message; the order is that of importance for marks that fall on one place.
enum EntryKind: UInt8, Sendable, CaseIterable, Comparable {
    case wave, heartbeat, attention, correlation, nerve, result, command, reject, refused, change, outcome, transition,
        collapse
    case response, request

    static func < (a: EntryKind, b: EntryKind) -> Bool { a.rawValue < b.rawValue }
}

/// A message in the buffer, in 32 bytes; its text is in a ``PayloadStore``.
struct Entry: Sendable {
    /// Time of arrival, in nanoseconds.
    var at: Int64
    /// Position of its bytes.
    var place: Int
    /// Their number.
    var length: UInt32
    /// Its confidence, signed by its polarity, or a potential; not a number where it has none.
    var value: Float
    /// The number of its subject.
    var subject: UInt16
    /// The number of its lane; ``noLane`` for none.
    var lane: UInt16
    /// The number of its trace, for waves.
    var trace: UInt16
    /// Kind of message.
    var kind: EntryKind
    /// Further facts.
    var flags: EntryFlags

    static let noLane = UInt16.max
}

/// Flags of an entry.
struct EntryFlags: OptionSet, Sendable {
    let rawValue: UInt8

    /// The filter lets it pass.
    static let passes = EntryFlags(rawValue: 1)
    /// It is a wave below the minimum confidence.
    static let quiet = EntryFlags(rawValue: 2)
    /// It speaks of the virtual garden.
    static let virtual = EntryFlags(rawValue: 4)
    /// It is a change to OPEN.
    static let opens = EntryFlags(rawValue: 8)
    /// It is a change to CLOSED.
    static let closes = EntryFlags(rawValue: 16)
    /// It is the begin of a change, else its end.
    static let begins = EntryFlags(rawValue: 32)
    /// It is the change of a cell that becomes STALE, or is so no more.
    static let silence = EntryFlags(rawValue: 64)
    /// It is the change of a cell that becomes HUNGRY, or is so no more.
    static let hunger = EntryFlags(rawValue: 128)
}

/// World that a subject belongs to; it gives a trace its colour.
enum SubjectDomain: UInt8, Sendable, Hashable, Comparable {
    case nervous, cognitive, organs

    /// The world of a subject.
    init(_ subject: some StringProtocol) {
        let tokens = subject.split(separator: ".", maxSplits: 2)
        switch tokens.count > 1 ? tokens[1] : "" {
        case "cognitive": self = .cognitive
        case "organs": self = .organs
        default: self = .nervous
        }
    }

    static func < (a: SubjectDomain, b: SubjectDomain) -> Bool { a.rawValue < b.rawValue }
}

/// A subject, kept once for all its messages.
struct SubjectName: Sendable {
    /// As it travels.
    let text: String
    /// Whom it names: the last token but one, a sender behind it left aside.
    let owner: String
    /// Its world.
    let domain: SubjectDomain
    /// Indicates whether it is a device's: of no environment, and not of the server or an inbox.
    let isDevices: Bool

    init(_ text: String) {
        self.text = text
        let plain = (try? Subject(foreign: text)).flatMap { SharedSubject($0) }?.plain.text ?? text
        let tokens = plain.split(separator: ".")
        owner = tokens.count > 1 ? String(tokens[tokens.count - 2]) : text
        domain = SubjectDomain(text)
        let first = text.prefix { $0 != "." }
        isDevices = Environment(rawValue: String(first)) == nil && !first.hasPrefix("$") && !first.hasPrefix("_")
    }
}
