/// The states that a cell and its parts entered last, so that an author names only the next one.
struct EnteredStates: Sendable, Hashable {
    /// The state entered last by whatever part; nil: none yet.
    private(set) var latest: String?
    private let initial: String
    private var own: String?
    private var parts: [String: String] = [:]

    init(initial: String) { self.initial = initial }

    func state(of part: String?) -> String {
        guard let part else { return own ?? initial }
        return parts[part] ?? initial
    }

    /// Enters a state.
    ///
    /// - Returns: the one before it.
    mutating func enter(_ state: String, of part: String?, isLast: Bool) -> String {
        let earlier = self.state(of: part)
        latest = state
        if let part { parts[part] = isLast ? nil : state } else { own = isLast ? nil : state }
        return earlier
    }
}
