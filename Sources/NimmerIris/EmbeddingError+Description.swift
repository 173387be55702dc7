extension EmbeddingError: CustomStringConvertible {
    /// The reason in a few words, for a person.
    public var description: String {
        switch self {
        case .unavailable(let reason): reason
        case .timedOut: "no answer in time"
        case .wrongDimensions(let found, let expected): "an embedding has \(found) components; expected \(expected)"
        case .notFinite: "an embedding has a component that is not finite, or no length"
        case .unknownText: "no part of the text is known"
        }
    }
}
