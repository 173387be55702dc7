import NimmerWave

/// Outcome of a real opening that the thalamus accepted, as far as the garden needs it.
struct HeardOutcome: Sendable, Hashable {
    let opening: MessageID
    let result: VerificationResult
    let sender: String
    let effect: OutcomeKind
    /// Share of an outcome that it counts as; nil of any but the opinion of a mind.
    let weight: Double?

    init(_ accepted: AcceptedOutcome) {
        opening = accepted.opening
        result = accepted.result
        sender = accepted.sender
        effect = accepted.effect
        weight = accepted.weight
    }
}

/// Part of an outcome that a verifier has for the variants.
struct HeardFeedback: Sendable, Hashable {
    let opening: MessageID
    /// Part of an outcome, -1…1.
    let amount: Double
    let sender: String
}

/// Message about a real opening that was read before that opening: the streams are read independently.
enum EarlyMessage: Sendable, Hashable {
    case outcome(HeardOutcome)
    case feedback(HeardFeedback)

    var opening: MessageID {
        switch self {
        case .outcome(let outcome): outcome.opening
        case .feedback(let feedback): feedback.opening
        }
    }
}

// As they are kept.

extension EarlyMessage {
    var kept: JSON {
        switch self {
        case .outcome(let outcome): outcome.kept
        case .feedback(let feedback): feedback.kept
        }
    }

    init?(_ json: JSON) {
        if let feedback = HeardFeedback(json) {
            self = .feedback(feedback)
        } else if let outcome = HeardOutcome(json) {
            self = .outcome(outcome)
        } else {
            return nil
        }
    }
}

extension HeardOutcome {
    var kept: JSON {
        var json: JSONObject = [
            "opening": .string(opening.text), "result": .string(result.rawValue), "sender": .string(sender),
            "effect": .string(effect.rawValue),
        ]
        json["weight"] = weight.map { .number($0) }
        return .object(json)
    }

    init?(_ json: JSON) {
        guard let opening = json["opening"]?.string.flatMap({ try? MessageID($0) }),
            let result = json["result"]?.string.flatMap(VerificationResult.init(rawValue:)),
            let sender = json["sender"]?.string,
            let effect = json["effect"]?.string.flatMap(OutcomeKind.init(rawValue:))
        else { return nil }
        self.opening = opening
        self.result = result
        self.sender = sender
        self.effect = effect
        weight = json["weight"]?.double
    }
}

extension HeardFeedback {
    var kept: JSON {
        ["opening": .string(opening.text), "amount": .number(amount), "sender": .string(sender)]
    }

    init?(_ json: JSON) {
        guard let opening = json["opening"]?.string.flatMap({ try? MessageID($0) }),
            let amount = json["amount"]?.double, let sender = json["sender"]?.string
        else { return nil }
        self.init(opening: opening, amount: amount, sender: sender)
    }
}
