import NimmerWave

/// The only place that publishes to a subject which a request names (decision 0020). An answer goes to inboxes and nowhere else: the
/// sender of a request could have its answers publish what it may not publish itself, or have them ask the server to delete a stream. Where the
/// server guards who asks, the inbox is the asker's own: who reads the inbox of a waiting request could have another answer it.
extension Bus {
    /// Answers a request; does nothing when its sender waits for no answer, or names a reply subject that is not an inbox of it, which is counted.
    public func respond(to message: BusMessage, payload: [UInt8], headers: Headers = [:]) throws(BusError) {
        guard let reply = answerable(message) else { return }
        try publish(reply, payload: payload, headers: headers, reply: nil)
    }

    /// Answers on the reply subject of a request whose subject names no sender; see ``respond(to:payload:headers:)``.
    public func respond(on reply: Subject, payload: [UInt8]) throws(BusError) {
        guard maySend(on: reply) else { return }
        try publish(reply, payload: payload, headers: [:], reply: nil)
    }

    /// Checks that an answer may go to a reply subject, and counts a refusal.
    public func maySend(on reply: Subject) -> Bool {
        if mayAnswer(on: reply) { return true }
        countRefusedReply(reply)
        return false
    }

    /// Passes a request on to another who answers it; does nothing when the answer is wanted elsewhere than in the asker's inbox,
    /// which is counted.
    public func passOn(_ request: BusMessage, to subject: Subject) throws(BusError) {
        let reply = answerable(request)
        guard reply != nil || request.reply == nil else { return }
        try publish(subject, payload: request.payload, headers: [:], reply: reply)
    }

    /// The reply subject of a request, where it may be answered there.
    private func answerable(_ request: BusMessage) -> Subject? {
        guard let reply = request.reply else { return nil }
        let sender = identity == nil ? nil : SharedSubject(request.subject)?.sender
        guard mayAnswer(on: reply), sender.map({ reply.text.hasPrefix("_INBOX.\($0).") }) ?? true else {
            countRefusedReply(reply)
            return nil
        }
        return reply
    }

    /// Allows inboxes. Without an identity also other subjects that begin with an underscore, as inboxes of some clients do: no subject of
    /// a server, an environment or a device begins so.
    private func mayAnswer(on reply: Subject) -> Bool {
        reply.isInbox || identity == nil && reply.text.utf8.first == UInt8(ascii: "_") && reply.text.includes(".")
    }
}

extension Subject {
    /// Indicates whether it is an inbox, as every NATS client makes them: `_INBOX.` and at least one token.
    public var isInbox: Bool { text.utf8.count > 7 && text.utf8.starts(with: "_INBOX.".utf8) }
}
