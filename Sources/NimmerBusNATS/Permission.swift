import NimmerWave

/// A permission that a server denied (decision 0008).
struct Permission: Hashable, Sendable {
    enum Verb: String, Sendable {
        case publish = "publishing to"
        case subscribe = "subscribing to"
    }

    let verb: Verb
    let subject: String
    /// Indicates whether the words end within the subject: nats.c keeps 255 bytes of them.
    let isCut: Bool

    /// One verb and its subject.
    init(verb: Verb, subject: String) {
        self.verb = verb
        self.subject = subject
        isCut = false
    }

    /// Reads the server's words: `Permissions Violation for Publish to "dev.x"`, `… for Subscription to "dev.x" using queue …`.
    init?(words: String) {
        guard let rest = words.halves(around: "\"")?.after else { return nil }
        let quoted = rest.halves(around: "\"")
        verb = words.lowercased().includes("subscription to") ? .subscribe : .publish
        subject = quoted?.before ?? rest
        isCut = quoted == nil
    }

    /// Returns whether it is about a subject.
    func covers(_ subject: String) -> Bool { isCut ? subject.hasPrefix(self.subject) : subject == self.subject }
}
