/// A subject that several identities may publish to, taken apart (protocol.md, Sender).
///
/// Where identities are configured, its last token is the sender, which the server guards: each identity may publish only
/// the form that ends in its own name. The form without a sender is what 2.0 wrote, and what is written where there are no
/// identities. Shared are requests to cells and nerves, requests to minds, verification outcomes and the verbs of organs;
/// every other subject has one publisher, which its own tokens name.
public struct SharedSubject: Sendable, Hashable {
    /// The subject without its sender: `dev.nervous.cells.motor.request`.
    public let plain: Subject
    /// Publisher, where the subject names it.
    public let sender: Token?

    /// Takes a subject apart; nil for one that is not shared.
    public init?(_ subject: Subject) {
        let tokens = subject.text.split(separator: ".", omittingEmptySubsequences: false)
        guard let count = Self.plainCount(tokens), tokens.count == count || tokens.count == count + 1 else {
            return nil
        }
        guard tokens.count > count else {
            plain = subject
            sender = nil
            return
        }
        guard let last = tokens.last, Token.isValid(String(last)) else { return nil }
        sender = Token(trusted: String(last))
        plain = Subject(tokens.dropLast().joined(separator: "."))
    }

    /// Number of tokens of the form without a sender.
    private static func plainCount(_ tokens: [Substring]) -> Int? {
        guard tokens.count >= 4 else { return nil }
        switch (tokens[1], tokens[2]) {
        case ("nervous", "cells"): return tokens.count >= 5 && tokens[4] == "request" ? 5 : nil
        case ("nervous", "gates"): return tokens.count >= 5 && tokens[4] == "transition" ? 5 : nil
        case ("nervous", "outcomes"): return tokens.count >= 5 && tokens[4] == "feedback" ? 5 : nil
        case ("cognitive", "bridge"): return tokens[3] == "request" ? 4 : nil
        case ("organs", _): return 4
        default: return nil
        }
    }
}

extension Subject {
    /// The form of a shared subject that names its sender; the subject itself for nil.
    public func from(_ sender: Token?) -> Subject { sender.map { Subject(text, $0.text) } ?? self }

    /// The gate of `<env>.nervous.gates.<gate>.transition`; nil for any other subject.
    public var transitionGate: GateID? {
        let tokens = text.split(separator: ".", omittingEmptySubsequences: false)
        guard tokens.count == 5, tokens[1] == "nervous", tokens[2] == "gates", tokens[4] == "transition" else {
            return nil
        }
        return try? GateID(String(tokens[3]))
    }

    /// The gate of `<env>.nervous.outcomes.<gate>.feedback`, with a sender behind it or without; nil for any other subject.
    public var feedbackGate: GateID? {
        guard let shared = SharedSubject(self) else { return nil }
        let tokens = shared.plain.text.split(separator: ".")
        guard tokens[2] == "outcomes" else { return nil }
        return try? GateID(String(tokens[3]))
    }
}

extension SubjectPattern {
    /// Both forms of a shared subject: without a sender, and with any. No message matches both.
    public static func shared(_ subject: Subject) -> [SubjectPattern] {
        [SubjectPattern(subject), SubjectPattern(trusted: "\(subject.text).*")]
    }
}
