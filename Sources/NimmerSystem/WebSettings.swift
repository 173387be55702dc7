/// The page for browsers (`nimmer-web`): the section grants it an identity of its own.
public struct WebSettings: Sendable, Hashable {
    /// Rights of the page's identity.
    public enum Role: String, Sendable, CaseIterable {
        /// Reads what passes and what the streams hold.
        case observer
        /// Also publishes outcomes, and approves or refuses commands that wait for a person.
        case `operator`
    }

    /// Name of the identity.
    public static let identity = "web"

    /// Rights of the identity.
    public var role = Role.observer
    /// Position in the file.
    package var mark = YAMLMark.start

    /// The page of an observer.
    public init() {}
}

extension SystemFile {
    /// Returns whether an identity may ask services and change nothing.
    package func isObserver(_ identity: String) -> Bool {
        identity == "observer" || identity == WebSettings.identity && web?.role == .observer
    }
}
