import NimmerIris
import NimmerWave

/// Items that no store keeps, and questions that none answers, by name (memory.md, The store of meanings).
extension RememberedItem {
    /// Bytes of a text at most.
    public static let maximumText = 2_000

    /// Reason why no store can keep it; nil when one can.
    public var refusal: String? {
        if let reason = model.refusal(of: embedding) { return reason }
        if text.utf8.count > Self.maximumText {
            return "its text has \(text.utf8.count) bytes, expected at most \(Self.maximumText)"
        }
        return text.utf8.contains(0) ? "its text holds U+0000" : nil
    }
}

extension VectorQuery {
    /// Matches of a search at most.
    public static let mostMatches = 1_000

    /// Holds the question against what a store answers.
    ///
    /// - Throws: a ``MemoryError`` of the code `data` that names what was found and what was expected.
    package func check() throws(MemoryError) {
        if let reason = model.refusal(of: embedding) { throw MemoryError(.data, "a search is refused: \(reason)") }
        guard (1...Self.mostMatches).contains(limit) else {
            throw MemoryError(
                .data, "a search asks for \(limit) matches, expected 1 to \(Self.mostMatches)")
        }
        guard (-1...1).contains(minimumCosine) else {
            throw MemoryError(.data, "a search asks for a cosine of \(minimumCosine), expected -1 to 1")
        }
    }
}

extension EmbeddingModel {
    /// Reason why an embedding is not of this model, or the model not of any store; nil when all is well.
    func refusal(of embedding: Embedding) -> String? {
        guard (1...120).contains(name.count), !name.utf8.contains(0) else {
            return "the name of its model has \(name.count) characters, expected 1 to 120 without U+0000"
        }
        guard (1...4096).contains(dimensions) else {
            return "its model has \(dimensions) components, expected 1 to 4096"
        }
        guard embedding.dimensions == dimensions else {
            return "its embedding has \(embedding.dimensions) components, its model \(dimensions)"
        }
        return embedding.values.allSatisfy(\.isFinite) ? nil : "its embedding has a component that is not finite"
    }
}

extension VectorReport {
    /// An item that no store can keep.
    public struct Refused: Sendable, Hashable {
        /// The item's id.
        public var id: MessageID
        /// Reason.
        public var reason: String

        /// An item that no store can keep.
        public init(id: MessageID, reason: String) {
            self.id = id
            self.reason = reason
        }
    }

    /// Leaves out the items that no store can keep, and notes why.
    package mutating func admit(_ items: [RememberedItem]) -> [RememberedItem] {
        items.filter { item in
            guard let reason = item.refusal else { return true }
            refused.append(Refused(id: item.id, reason: reason))
            return false
        }
    }
}
