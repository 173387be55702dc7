/// A failure of the store of artifacts, described so that a person can act on it.
public struct ArtifactError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure; stable, for programs and counters.
    public enum Code: String, Sendable, CaseIterable {
        /// The store holds no such artifact: never put, removed or expired.
        case notFound
        /// Its description is there, some of its bytes are not: they expire first, and one being replaced loses them for a moment.
        case incomplete
        /// Its bytes are not those that its digest names, or its description cannot be read.
        case damaged
        /// It is larger than the store takes, or than the reader asked for.
        case tooLarge
        /// The store is full.
        case full
        /// The contents are not what was announced: another digest or size.
        case mismatch
        /// An argument makes no sense.
        case invalid
        /// The reader asked for no more.
        case stopped
        /// The server does not permit it to this client.
        case notPermitted
        /// The server does not answer, refuses, or has no store.
        case unavailable
    }

    /// The kind of failure.
    public let code: Code
    /// A one-line description.
    public let message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A failure of the bus underneath.
    init(_ error: BusError) {
        switch error.code {
        case .full: self.init(.full, "the store of artifacts is full: \(error)")
        case .tooLarge: self.init(.tooLarge, error.description)
        case .badCredentials: self.init(.notPermitted, error.description)
        default: self.init(.unavailable, error.description)
        }
    }

    /// Indicates whether trying the same again later can succeed.
    public var canRetry: Bool {
        switch code {
        case .incomplete, .full, .unavailable: true
        default: false
        }
    }

    /// The message.
    public var description: String { message }
}
