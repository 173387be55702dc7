import NimmerBus
import NimmerProcess
import NimmerSystem
import NimmerWave

// Confirmed openings feed the cells that asserted at them (docs/reference/lifeforce.md).

extension Configuration {
    /// Budget of the cell, by the system file; nil without one, and for a nerve.
    func cellBudget(of identity: Identity) -> CellBudgetSettings? {
        system?.cells.first { $0.name == identity.name.text }?.lifeforce
    }
}

/// Share of a cell in the outcomes of openings.
package struct CellFood: Sendable {
    /// Gates whose outcomes feed it.
    package let gates: [GateID]
    private let name: Token
    private let origins: [OriginPattern]
    private let amounts: LifeforceSettings

    /// The food of a cell; nil where it has no budget.
    package init?(of cell: Token, in system: SystemFile?) {
        guard let system, let organism = system.cells.first(where: { $0.name == cell.text }),
            organism.lifeforce != nil
        else { return nil }
        gates = system.foodRegions(of: organism).map { GateID(region: $0) }
        name = cell
        origins = organism.origins
        amounts = system.lifeforce
    }

    /// Amount that an outcome gives to the cell, in LF; nil where it did not assert at the opening.
    package func amount(of outcome: AcceptedOutcome) -> Double? {
        guard gates.contains(outcome.gateID), asserted(outcome.witnesses) else { return nil }
        // One that takes an outcome back names the result that it takes back.
        switch outcome.effect {
        case .outcome, .replacement: break
        case .withdrawal: return 0
        case .reset: return nil
        }
        return outcome.result == .confirmed ? max(0, amounts.amount(.confirmed, in: outcome.region)) : 0
    }

    /// Returns whether one of the witnesses is the cell's: its own name, or an origin that it is granted.
    private func asserted(_ witnesses: [Token]) -> Bool {
        witnesses.contains { witness in witness == name || origins.contains { $0.matches(witness.text) } }
    }
}

extension CellHost {
    /// Hears the outcomes of the regions that feed it, with a budget.
    func subscribeToFood() async throws -> [any Subscription] {
        guard let food = CellFood(of: identity.name, in: process.system) else { return [] }
        var subscriptions: [any Subscription] = []
        for gate in food.gates {
            let pattern = SubjectPattern(Subject.acceptedOutcome(process.environment, gate: gate))
            subscriptions.append(
                try await process.bus.subscribe(pattern) { _, _, arrival in
                    let message = arrival.message()
                    do throws(Refusal) {
                        let outcome = try Envelope<AcceptedOutcome>(decoding: message.payload, on: message.subject)
                        guard let amount = food.amount(of: outcome.body) else { return }
                        self.act(.arrival(arrival.at)) { body, now in
                            body.feed(amount, opening: outcome.body.opening, at: now)
                        }
                    } catch { self.rejects.reject(error, message) }
                })
        }
        return subscriptions
    }
}
