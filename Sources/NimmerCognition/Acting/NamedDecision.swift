import NimmerWave

extension ActRecord {
    /// The decision that a person names by its id, or by the beginning of one.
    ///
    /// - Parameters:
    ///   - text: what the person gave; nil for nothing.
    ///   - records: those that wait.
    /// - Throws: a ``Refusal`` whose message states what is missing, or that there are none or several.
    package static func decision(named text: String?, among records: [ActRecord]) throws(Refusal) -> MessageID {
        guard let text, !text.isEmpty else {
            throw Refusal(.missing, field: "id", "payload.id must be a decision's id, or its first characters")
        }
        let found = records.map(\.decision).filter { $0.text.hasPrefix(text.lowercased()) }
        guard found.count == 1, let id = found.first else {
            throw Refusal(
                .value, field: "id",
                found.isEmpty
                    ? "no waiting decision has an id that begins with \(text.prefix(40))"
                    : "\(found.count) decisions have ids that begin with \(text.prefix(40)); use a longer prefix")
        }
        return id
    }
}
