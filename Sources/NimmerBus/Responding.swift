import NimmerWave

/// The only place that publishes to a subject which a request names (decision 0008). An answer goes to inboxes and nowhere else: the
/// sender of a request could have its answers say what it may not say itself, or have them ask the server to delete a stream.
extension Bus {
    /// Answers a request; does nothing when its sender waits for no answer, or wants it elsewhere than in an inbox, which is counted.
    public func respond(to message: BusMessage, payload: [UInt8], headers: Headers = [:]) throws(BusError) {
        try respond(on: message.reply, payload: payload, headers: headers)
    }

    /// Answers on the reply subject of a request; see ``respond(to:payload:headers:)``.
    public func respond(on reply: Subject?, payload: [UInt8], headers: Headers = [:]) throws(BusError) {
        guard let reply else { return }
        guard reply.isInbox else { return countRefusedReply(reply) }
        try publish(reply, payload: payload, headers: headers, reply: nil)
    }

    /// Passes a request on to another who answers it; does nothing when the answer is wanted elsewhere than in an inbox, which is
    /// counted.
    public func passOn(_ request: BusMessage, to subject: Subject) throws(BusError) {
        if let reply = request.reply, !reply.isInbox { return countRefusedReply(reply) }
        try publish(subject, payload: request.payload, headers: [:], reply: request.reply)
    }
}

extension Subject {
    /// Whether it is an inbox, as every NATS client makes them: `_INBOX.` and at least one token.
    public var isInbox: Bool { text.utf8.count > 7 && text.utf8.starts(with: "_INBOX.".utf8) }
}
