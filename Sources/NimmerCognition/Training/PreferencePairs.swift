import NimmerWave

/// An answer that reality bore out against one that it contradicted, to the same kind of request.
public struct PreferencePair: Sendable, Hashable {
    /// The answer to prefer; the prompt is its own.
    public var chosen: TrainingConversation
    /// The answer to avoid.
    public var rejected: TrainingConversation

    /// The pair as one line of the preference form.
    public var json: JSON {
        [
            "prompt": .array(chosen.question),
            "chosen": [TrainingConversation.message("assistant", chosen.answer)],
            "rejected": [TrainingConversation.message("assistant", rejected.answer)],
            "schema": .string(chosen.schema.text), "request": .string(chosen.request.text),
            "rejected_request": .string(rejected.request.text), "asked_at": .string(chosen.askedAt.rfc3339),
            "region": .string(chosen.kind.region),
        ]
    }
}

extension TrainingConversation {
    /// Part of an answer that two answers are compared by.
    struct Verdict: Sendable, Hashable {
        var action: String
        var isFalseAlarm: Bool
    }

    var verdict: Verdict { Verdict(action: action, isFalseAlarm: isFalseAlarm) }
}

/// Makes pairs out of conversations in the order in which they were asked (training.md, Preference pairs).
///
/// Each conversation is compared with the newest earlier one of its kind whose judgement is the opposite and whose verdict is another:
/// another action, or the same one with another word on whether it is a false alarm; so each makes one pair at most, and the same conversations in the same order make the same pairs.
public struct PreferencePairs: Sendable {
    /// Kinds of request that are remembered; the one that was silent for longest goes.
    public static let maximumKinds = 1_024

    private struct Slot: Sendable {
        var number: Int
        var conversation: TrainingConversation
    }

    /// Of each kind the newest conversation of each verdict and judgement: at most four for each action.
    private var kinds: [TrainingConversation.Kind: [Slot]] = [:]
    private var number = 0

    /// No conversation yet.
    public init() {}

    /// Takes the next conversation.
    ///
    /// - Returns: the pair that it makes with an earlier one; nil where there is none to compare it with.
    public mutating func take(_ conversation: TrainingConversation) -> PreferencePair? {
        number += 1
        var slots = kinds[conversation.kind] ?? []
        let other = slots.filter {
            $0.conversation.judgement != conversation.judgement && $0.conversation.verdict != conversation.verdict
        }.max { $0.number < $1.number }
        slots.removeAll {
            $0.conversation.judgement == conversation.judgement && $0.conversation.verdict == conversation.verdict
        }
        slots.append(Slot(number: number, conversation: conversation))
        kinds[conversation.kind] = slots
        if kinds.count > Self.maximumKinds,
            let silent = kinds.min(by: { ($0.value.last?.number ?? 0) < ($1.value.last?.number ?? 0) })
        {
            kinds[silent.key] = nil
        }
        guard let other = other?.conversation else { return nil }
        return conversation.judgement == .good
            ? PreferencePair(chosen: conversation, rejected: other)
            : PreferencePair(chosen: other, rejected: conversation)
    }
}
