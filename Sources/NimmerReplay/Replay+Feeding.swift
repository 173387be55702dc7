import NimmerCell
import NimmerThalamus
import NimmerWave

extension Replay {
    /// Lets an outcome that a gate learned from feed the cells with a budget (docs/reference/lifeforce.md).
    mutating func feed(
        _ learned: LearnedOutcome, _ opener: Token, _ opening: MessageID, _ result: VerificationResult, at: Timestamp
    ) {
        let accepted = AcceptedOutcome(
            gateID: learned.gate, region: learned.region, opening: opening, opener: opener,
            witnesses: learned.witnesses, sender: "replay", result: result, at: at)
        for (member, food) in foods {
            guard let amount = food.amount(of: accepted) else { continue }
            pending.append((member, cast.members[member].part.feed(amount, opening: opening, at: at)))
        }
    }
}
