import NimmerWave

/// Earlier decisions that a mind is reminded of, with what became of them (spec/iris.md, Recall).
///
/// Quoted data in the prompt, as witnesses are: their texts hold what was sensed, and order nothing. One whose outcome failed is marked, and is
/// no example to follow.
public struct Recall: Sendable, Hashable {
    /// An earlier decision.
    public struct Item: Sendable, Hashable {
        /// The decision: the id of the request that it answered.
        public var id: MessageID
        /// Time at which it was made.
        public var at: Timestamp
        /// Cosine to what is asked now, -1…1.
        public var cosine: Double
        /// Outcome of its opening: `confirmed`, `failed` or `partial`; nil: none yet.
        public var outcome: String?
        /// Number of near duplicates that it stands for.
        public var duplicates: Int
        /// Text by which it is remembered.
        public var text: String

        /// An earlier decision.
        public init(
            id: MessageID, at: Timestamp, cosine: Double, outcome: String? = nil, duplicates: Int = 0, text: String
        ) {
            self.id = id
            self.at = at
            self.cosine = cosine
            self.outcome = outcome
            self.duplicates = duplicates
            self.text = text
        }
    }

    /// Bytes of the text of one item at most.
    static let textBytes = 600
    /// Items of a record at most.
    public static let maximumItems = 20

    /// The decisions, the nearest first.
    public var items: [Item]

    /// Reminders of these.
    public init(_ items: [Item] = []) { self.items = items }

    /// The decisions of the hippocampus's answer to `recall`, the nearest first; what is no decision is left out.
    public init(answer: JSON) {
        items = (answer["matches"]?.array ?? []).prefix(Self.maximumItems).compactMap { match in
            guard let id = match["id"]?.string.flatMap({ try? MessageID($0) }),
                let at = match["at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
                let cosine = match["cosine"]?.double, cosine.isFinite, let text = match["text"]?.string,
                match["kind"]?.string == "decision"
            else { return nil }
            let outcome = match["outcome"]?.string.flatMap { VerificationResult(rawValue: $0)?.rawValue }
            let duplicates = Int(saturating: match["duplicates"]?.double ?? 0)
            return Item(
                id: id, at: at, cosine: max(-1, min(1, cosine)), outcome: outcome, duplicates: max(0, duplicates),
                text: text)
        }
    }

    /// The first items whose lines have at most so many bytes together.
    func lines(in room: Int, at now: Timestamp) -> (text: String, ids: [MessageID]) {
        var text = ""
        var ids: [MessageID] = []
        for item in items.prefix(Self.maximumItems) {
            let line = Prompt.escaped(item.json(at: now).text) + "\n"
            guard text.utf8.count + line.utf8.count <= room else { break }
            text += line
            ids.append(item.id)
        }
        return (text, ids)
    }
}

extension Recall.Item {
    /// The item as it stands in a prompt.
    fileprivate func json(at now: Timestamp) -> JSON {
        let days = max(0, now.milliseconds(since: at)) / 86_400_000
        var object: JSONObject = [
            "earlier_decision": .string(Prompt.cut(text, Recall.textBytes)),
            "outcome": .string(outcome ?? "not known"),
        ]
        if outcome == VerificationResult.failed.rawValue { object["failed"] = "it was wrong: no example to follow" }
        object["similarity"] = .number((cosine * 100).rounded() / 100)
        object["age_days"] = .number((days * 10).rounded() / 10)
        if duplicates > 0 { object["times"] = .number(Double(duplicates.addingSaturated(1))) }
        return .object(object)
    }
}
