import NimmerSystem
import NimmerWave

/// An outcome that a rule of the system file gives an opening.
public struct RuledOutcome: Sendable, Hashable {
    /// The opening.
    public let opening: MessageID
    /// Its gate.
    public let gate: GateID
    /// Its domain.
    public let domain: Token
    /// Result.
    public let result: VerificationResult
    /// The regions that the rule is for, as the file has them.
    public let rule: String
    /// The number that decided, and the cell or nerve that reported it; nil where none did.
    public let decided: Reading?

    /// A number that a cell or nerve reported.
    public struct Reading: Sendable, Hashable {
        /// The cell or nerve.
        public let name: String
        /// The number.
        public let number: Double
    }

    /// The outcome as a message; its id is the same whichever thalamus derives it.
    public func message(in environment: Environment, at: Timestamp, from source: Source) -> Envelope<
        VerificationOutcome
    > {
        let actual: JSON? = decided.map { [$0.name: .number($0.number)] }
        return Envelope(
            id: .ruled(opening, in: environment), at: at, from: source,
            VerificationOutcome(
                originalSignalID: opening, domain: domain, outcome: result, actualResult: actual,
                verificationSource: "rule:\(rule)"))
    }
}

/// Openings whose outcomes follow from what cells and nerves report afterwards (trust.md, Rules): no clock, no bus.
///
/// Only what comes after an opening counts, never the wave that opened. Where what a rule names was not heard in its time, or is STALE at the end
/// of it, there is no outcome.
public struct OutcomeRules: Sendable {
    /// An opening that waits.
    private struct Watch {
        let opening: MessageID
        let gate: GateID
        let domain: Token
        let rule: Int
        /// The request whose commands are to be done first.
        let request: MessageID?
        /// Time of the opening.
        let at: Timestamp
        /// Indicates whether the stream holds the opening, so that an outcome can name it.
        var isStored: Bool
        /// Time from which waves count; nil until the commands are done.
        var from: Timestamp?
        var heard: Set<String> = []

        func deadline(_ rules: [VerificationRule]) -> Timestamp {
            // Commands that nothing is heard of for so long are not done.
            from.map { $0.advanced(milliseconds: rules[rule].within) } ?? at.advanced(milliseconds: 86_400_000)
        }
    }

    /// Openings that wait at most; of more the oldest get no outcome.
    public static let capacity = 4_096

    private let rules: [VerificationRule]
    private var watches: [Watch] = []
    /// Outcomes of openings that the stream does not hold yet.
    private var early: [RuledOutcome] = []
    /// The cells and nerves whose input has stopped.
    private var stale: Set<String> = []

    /// The rules of a system file.
    public init(_ system: SystemFile?) { rules = system?.verify ?? [] }

    /// Indicates whether there is no rule.
    public var isEmpty: Bool { rules.isEmpty }

    /// Indicates whether a rule waits for commands.
    public var waitsForCommands: Bool { rules.contains { $0.after == .commandDone } }

    /// The cells and nerves that rules name.
    public var names: Set<String> { Set(rules.flatMap { $0.conditions.values.map(\.organism) }) }

    /// Time at which the next opening is decided; nil while none waits.
    public var next: Timestamp? { watches.map { $0.deadline(rules) }.min() }

    /// A gate has opened.
    ///
    /// - Parameter isStored: whether the stream holds the opening; else an outcome waits for ``stored(_:)``.
    public mutating func opened(_ id: MessageID, _ opening: GateTransition, isStored: Bool = true) {
        guard let rule = rules.firstIndex(where: { $0.holds(for: opening.region) }),
            !watches.contains(where: { $0.opening == id })
        else { return }
        let waits = rules[rule].after == .commandDone
        let request = opening.escalated?.requestID
        // Whose question does not go up has no commands.
        guard !waits || request != nil else { return }
        if watches.count >= Self.capacity { watches.removeFirst() }
        watches.append(
            Watch(
                opening: id, gate: opening.gateID, domain: opening.domain, rule: rule, request: waits ? request : nil,
                at: opening.at, isStored: isStored, from: waits ? nil : opening.at))
    }

    /// The stream holds an opening.
    ///
    /// - Returns: its outcome, where that was decided before.
    public mutating func stored(_ opening: MessageID) -> RuledOutcome? {
        if let place = watches.firstIndex(where: { $0.opening == opening }) { watches[place].isStored = true }
        return early.firstIndex { $0.opening == opening }.map { early.remove(at: $0) }
    }

    /// Forgets the openings of a gate that the stream does not hold, and never will: another thalamus has judged the gate.
    public mutating func forgetUnstored(of gate: GateID) {
        watches.removeAll { $0.gate == gate && !$0.isStored }
        early.removeAll { $0.gate == gate }
    }

    /// The outcome of an opening became known otherwise.
    public mutating func decided(_ opening: MessageID) {
        watches.removeAll { $0.opening == opening }
        early.removeAll { $0.opening == opening }
    }

    /// Forgets the openings of gates that another thalamus has.
    public mutating func forget(where isGone: (GateID) -> Bool) {
        watches.removeAll { isGone($0.gate) }
        early.removeAll { isGone($0.gate) }
    }

    /// The commands of a decision came to an end.
    public mutating func acted(_ act: Act) {
        guard let place = watches.firstIndex(where: { $0.request == act.requestID && $0.from == nil }) else { return }
        let isDone = act.outcome == .done && !act.commands.isEmpty && act.commands.allSatisfy { $0.status == .ok }
        if isDone { watches[place].from = max(act.at, watches[place].at) } else { watches.remove(at: place) }
    }

    /// The input of a cell or nerve has stopped, or is there again.
    public mutating func silence(of sender: Token, begins: Bool) {
        if begins { stale.insert(sender.text) } else { stale.remove(sender.text) }
    }

    /// A cell or nerve has emitted a wave.
    ///
    /// - Parameter at: its time.
    /// - Returns: the outcomes that it decides.
    public mutating func heard(_ sender: Token, _ wave: WaveSignal, at: Timestamp) -> [RuledOutcome] {
        stale.remove(sender.text)
        var outcomes: [RuledOutcome] = []
        var waiting: [RuledOutcome] = []
        watches = watches.filter { watch in
            guard let from = watch.from, at > from, at <= watch.deadline(rules) else { return true }
            for result in VerificationRule.order {
                guard let condition = rules[watch.rule].conditions[result], condition.organism == sender.text,
                    let number = condition.number(in: wave), condition.holds(for: number)
                else { continue }
                let reading = RuledOutcome.Reading(name: sender.text, number: number)
                give(outcome(of: watch, result, reading), watch, &outcomes, &waiting)
                return false
            }
            return true
        }
        for place in watches.indices {
            guard let from = watches[place].from, at > from, at <= watches[place].deadline(rules) else { continue }
            let conditions = rules[watches[place].rule].conditions.values.filter { $0.organism == sender.text }
            if !conditions.isEmpty, conditions.allSatisfy({ $0.number(in: wave) != nil }) {
                watches[place].heard.insert(sender.text)
            }
        }
        wait(waiting)
        return outcomes
    }

    /// Removes the openings whose time is over by a moment.
    ///
    /// - Returns: the outcomes of those of which everything was heard, in their order.
    public mutating func due(by moment: Timestamp) -> [RuledOutcome] {
        var outcomes: [RuledOutcome] = []
        var waiting: [RuledOutcome] = []
        watches = watches.filter { watch in
            guard watch.deadline(rules) < moment else { return true }
            let named = Set(rules[watch.rule].conditions.values.map(\.organism))
            if let result = rules[watch.rule].otherwise, watch.from != nil, named.isSubset(of: watch.heard),
                named.isDisjoint(with: stale)
            {
                give(outcome(of: watch, result, nil), watch, &outcomes, &waiting)
            }
            return false
        }
        wait(waiting)
        return outcomes
    }

    private func give(
        _ outcome: RuledOutcome, _ watch: Watch, _ outcomes: inout [RuledOutcome], _ waiting: inout [RuledOutcome]
    ) {
        if watch.isStored { outcomes.append(outcome) } else { waiting.append(outcome) }
    }

    /// Holds outcomes until the stream holds their openings; of too many the oldest go.
    private mutating func wait(_ outcomes: [RuledOutcome]) {
        guard !outcomes.isEmpty else { return }
        early = (early + outcomes).suffix(Self.capacity)
    }

    private func outcome(
        of watch: Watch, _ result: VerificationResult, _ decided: RuledOutcome.Reading?
    ) -> RuledOutcome {
        RuledOutcome(
            opening: watch.opening, gate: watch.gate, domain: watch.domain, result: result,
            rule: rules[watch.rule].region, decided: decided)
    }
}

extension VerificationRule.Condition {
    /// The number of a wave that the condition is about; nil where the wave has none.
    fileprivate func number(in wave: WaveSignal) -> Double? {
        guard let field else { return wave.confidence * Double(wave.polarity) }
        var value = wave.semanticContent
        for key in field {
            guard let next = value[key] else { return nil }
            value = next
        }
        return value.double
    }
}
