import NimmerWave

/// One who connects to the NATS server, and the least that it needs (protocol.md, Subjects; decision 0008).
public struct Grant: Sendable, Hashable {
    /// Kind of a part.
    public enum Role: String, Sendable, CaseIterable {
        /// A cell: publishes its waves, answers its requests.
        case cell
        /// A nerve: a cell that hears, and asks, the ones that its settings name.
        case nerve
        /// An organ: owns a model, and answers what is asked of it.
        case organ
        /// The thalamus, or one of several that share its regions.
        case thalamus
        /// The cognition bridge, the only one that publishes decisions.
        case bridge
        /// The hippocampus.
        case hippocampus
        /// The virtual garden: hears what the thalamus hears, and publishes traces alone.
        case garden
        /// The page for browsers: reads everything and the streams; acts where the system file lets it.
        case web
        /// An observer: reads everything, writes nothing.
        case observer
        /// An operator: also sends requests, reads streams and publishes outcomes.
        case `operator`
    }

    /// The name of the part, or of the role: `pump-flow`, `thalamus`, `observer`; unique in an environment.
    public var name: String
    /// Kind of the part.
    public var role: Role
    /// Subjects that it may publish to.
    public var publish: [String] = []
    /// Subjects that it may not publish to, although a pattern of ``publish`` covers them.
    public var publishDenied: [String] = []
    /// Subjects that it may subscribe to.
    public var subscribe: [String] = []
    /// Subjects that it may subscribe to outside queue groups only: in one it would take the messages of their receivers.
    public var queueDenied: [String] = []

    /// The first tokens of its inboxes: no other identity may read there.
    public var inboxPrefix: String { "_INBOX.\(name)" }

    /// An identity that may only publish to itself, to measure round trips.
    init(_ name: String, _ role: Role) {
        self.name = name
        self.role = role
        publish = ["\(inboxPrefix).>"]
        subscribe = ["\(inboxPrefix).>"]
    }

    /// Lets it ask on a shared subject, in its own name and, as long as 2.0 is spoken (until 2.2), without one; and find out
    /// which of the two a peer takes (protocol.md, Sender).
    mutating func asks(_ subject: String, of peer: String? = nil) {
        publish += [subject, "\(subject).\(name)"]
        if let peer { publish.append("$SRV.STATS.\(peer)") }
    }

    /// Lets it answer what it is asked: into inboxes, which name the request by a random number (`allow_responses` would let it grant
    /// itself any subject by asking itself with that subject for the reply).
    ///
    /// - Parameter inboxes: those into which it answers.
    mutating func answers(into inboxes: [String]) { publish += inboxes }

    /// Lets it receive a shared subject, from every sender.
    mutating func serves(_ subject: String) { subscribe += [subject, "\(subject).*"] }

    /// Returns whether it may publish on a subject, as the server decides it.
    public func mayPublish(_ subject: String) -> Bool {
        publish.contains { Self.covers($0, subject) } && !publishDenied.contains { Self.covers($0, subject) }
    }

    /// Returns whether it may subscribe to a subject, as the server decides it.
    public func maySubscribe(_ subject: String) -> Bool { subscribe.contains { Self.covers($0, subject) } }

    private static func covers(_ pattern: String, _ subject: String) -> Bool {
        (try? SubjectPattern(pattern))?.matches(subject) ?? false
    }
}
