import NimmerWave

/// A permission that a server denied (decision 0008).
struct Permission: Hashable, Sendable {
    enum Verb: String, Sendable {
        case publish = "publishing to"
        case subscribe = "subscribing to"
    }

    let verb: Verb
    let subject: String

    /// One verb and its subject.
    init(verb: Verb, subject: String) {
        self.verb = verb
        self.subject = subject
    }

    /// Reads the server's words: `Permissions Violation for Publish to "dev.x"`, `… for Subscription to "dev.x" using queue …`.
    init?(words: String) {
        guard let quoted = words.halves(around: "\"")?.after.halves(around: "\"")?.before else { return nil }
        verb = words.lowercased().includes("subscription to") ? .subscribe : .publish
        subject = quoted
    }
}
