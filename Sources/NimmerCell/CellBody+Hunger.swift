import NimmerGate
import NimmerProcess
import NimmerSystem
import NimmerWave

// A cell that has spent its budget is HUNGRY (docs/reference/lifeforce.md): it senses, and emits waves of readings, every so manyth time; a log line, and a
// change event on the bus, when it begins and when it ends.

extension CellBody {
    /// Indicates whether it has spent its budget.
    public var isHungry: Bool { wasHungry }

    /// Amount that is left of its budget, in LF; nil: it has no budget.
    public var lifeforceLeft: Double? { budget?.left }

    /// Indicates whether it has lowered its rate: it is hungry, and not a reflex, which answers for safety.
    var isThrottled: Bool { wasHungry && own.gate.weight < own.gate.configuration.reflexWeight }

    /// Factor of its interval: 1 unless it has lowered its rate.
    var slowness: Double { isThrottled ? Double(budget?.settings.every ?? 1) : 1 }

    /// An outcome became known that the thalamus took into its trust: where the cell asserted at the opening, a confirmation feeds it.
    ///
    /// - Parameters:
    ///   - amount: what the outcome gives, in LF; below 0 it gives nothing.
    ///   - opening: the opening.
    ///   - moment: when the outcome is taken.
    public mutating func feed(_ amount: Double, opening: MessageID, at moment: Timestamp) -> Pulse {
        budget?.advance(to: moment)
        budget?.feed(amount, opening: opening)
        return update(at: moment) { _, _ in }
    }

    /// Returns whether a reading's waves are held back: of those that come by themselves every so manyth passes.
    mutating func holdsBack(_ inner: Pulse) -> Bool {
        guard isThrottled, inner.isReading, !isSensing else {
            if !isThrottled { heldInRow = 0 }
            return false
        }
        heldInRow += 1
        guard heldInRow >= Int(saturating: slowness) else { return true }
        heldInRow = 0
        return false
    }

    /// Notes whether it has become hungry, or is so no more.
    mutating func noteHunger(_ outer: inout Pulse) {
        guard var budget else { return }
        budget.advance(to: outer.at)
        self.budget = budget
        guard budget.isHungry != wasHungry else { return }
        wasHungry = budget.isHungry
        watch.slowness = hasOwnPace ? slowness : 1
        let values = [
            "budget": "\(JSON.number(budget.settings.budget).text) LF a \(budget.settings.period.rawValue)",
            "every": isThrottled ? "\(budget.settings.every)" : "1",
        ]
        if wasHungry {
            outer.append(.log(.warning, "HUNGRY: the budget is spent, the rate is lowered", values))
        } else {
            outer.append(.log(.info, "Fed: the rate is as usual again", values))
            bringNearer(outer.at)
        }
        report(
            ChangeEvent(
                edge: wasHungry ? .begin : .end, domain: identity.domain, region: identity.region,
                view: ChangeEvent.hunger, value: budget.left, normal: budget.settings.budget, times: 0,
                direction: .below, confidence: 1, at: outer.at, intervalMilliseconds: statedInterval), &outer)
    }

    /// Description of its hunger, in a few words; nil while it is not hungry.
    var hunger: String? {
        guard wasHungry, let budget else { return nil }
        let amount = "\(JSON.number(budget.settings.budget).text) LF a \(budget.settings.period.rawValue) spent"
        let rate =
            isThrottled ? ", senses every \(Self.ordinal(budget.settings.every)) time" : ", a reflex keeps its rate"
        return "HUNGRY: \(amount)\(rate)"
    }

    private static func ordinal(_ number: Int) -> String {
        switch (number % 10, number % 100) {
        case (1, let rest) where rest != 11: "\(number)st"
        case (2, let rest) where rest != 12: "\(number)nd"
        case (3, let rest) where rest != 13: "\(number)rd"
        default: "\(number)th"
        }
    }
}
