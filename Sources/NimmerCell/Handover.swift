import NimmerGate
import NimmerWave

/// Messages between instances of one name, so that a newer version takes over without a wave lost or doubled
/// (docs/deployment.md, Hot swap).
///
/// Versions decide, nothing is configured: instances of the same version share their work, an older one yields to a
/// newer, and an older one that starts beside a newer stands by until that leaves.
struct Handover: Sendable {
    /// Message of the handover.
    enum Message: String, Sendable {
        /// Asks which instance runs.
        case hello
        /// The new instance listens: stop sensing, reply with the time of the next sensing, and exit.
        case take
        /// I live here now.
        case here
        /// I leave.
        case left
    }

    /// Reaction of a running instance.
    enum Reaction: Equatable, Sendable {
        /// Nothing: it concerns another instance.
        case none
        /// Answers with its version.
        case answer
        /// Stops sensing, answers with its appointment and its gate, and leaves.
        case handOver(to: String)
        /// Leaves without having been asked: a newer one started at the same time.
        case leave(to: String)
    }

    /// Reaction of a starting instance to an answer.
    enum StartDecision: Equatable, Sendable {
        /// No instance, or an equal one: it starts.
        case live
        /// Takes over.
        case take(from: String)
        /// Waits until the newer one leaves.
        case standBy(for: String)
    }

    let version: String
    let instance: String

    /// Reaction of a running instance to a message from another.
    func reaction(to word: Message, version other: String, instance: String) -> Reaction {
        guard instance != self.instance else { return .none }
        switch word {
        case .hello: return .answer
        case .take: return Self.isNewer(other, than: version) ? .handOver(to: other) : .answer
        case .here: return Self.isNewer(other, than: version) ? .leave(to: other) : .none
        case .left: return .none
        }
    }

    /// Reaction of a starting instance to the one that runs.
    func startDecision(_ other: String?) -> StartDecision {
        guard let other else { return .live }
        if Self.isNewer(version, than: other) { return .take(from: other) }
        return Self.isNewer(other, than: version) ? .standBy(for: other) : .live
    }

    /// A word as it travels.
    func command(_ word: Message) -> Command {
        Command(
            command: word.rawValue, payload: ["version": .string(version), "instance": .string(instance)],
            deadlineMilliseconds: 1000)
    }

    /// Returns whether a version comes after another: number by number, then what follows a `-` before what has none
    /// (semver.org, 11).
    static func isNewer(_ version: String, than other: String) -> Bool {
        func parts(_ text: String) -> (numbers: [Int], suffix: String) {
            let plain = text.prefix { $0 != "+" }
            let halves = plain.split(separator: "-", maxSplits: 1)
            let numbers = (halves.first ?? "").split(separator: ".").map { Int($0) ?? 0 }
            return (
                numbers + Array(repeating: 0, count: max(0, 3 - numbers.count)),
                halves.count > 1 ? String(halves[1]) : ""
            )
        }
        let (mine, theirs) = (parts(version), parts(other))
        if mine.numbers != theirs.numbers { return theirs.numbers.lexicographicallyPrecedes(mine.numbers) }
        if mine.suffix.isEmpty || theirs.suffix.isEmpty { return mine.suffix.isEmpty && !theirs.suffix.isEmpty }
        return mine.suffix > theirs.suffix
    }
}

/// State that one instance leaves to the next: when it would have sensed, and where its gate stands.
struct HandoverState: Equatable, Sendable {
    var nextSense: Timestamp?
    var state: GateState
    var potential: Double
    var weight: Double
    /// The interval that its gate follows, in milliseconds; 0 for none.
    var interval = 0.0
    var at: Timestamp

    var json: JSON {
        [
            "interval_ms": .number(interval), "next_sense": nextSense.map { .string($0.rfc3339) } ?? .null,
            "gate_state": .string(state.word),
            "potential": .number(potential), "weight": .number(weight), "at": .string(at.rfc3339),
        ]
    }

    init(
        nextSense: Timestamp?, state: GateState, potential: Double, weight: Double, interval: Double = 0, at: Timestamp
    ) {
        self.interval = interval
        self.nextSense = nextSense
        self.state = state
        self.potential = potential
        self.weight = weight
        self.at = at
    }

    /// Reads the state in an answer; nil when it holds none.
    init?(_ json: JSON) {
        guard let state = json["gate_state"]?.string.flatMap(GateState.init(word:)),
            let potential = json["potential"]?.double, let weight = json["weight"]?.double,
            let at = json["at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) })
        else { return nil }
        self.init(
            nextSense: json["next_sense"]?.string.flatMap { try? Timestamp(rfc3339: $0) }, state: state,
            potential: potential, weight: weight, interval: json["interval_ms"]?.double ?? 0, at: at)
    }
}
