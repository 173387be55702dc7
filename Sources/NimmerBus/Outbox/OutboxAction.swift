import NimmerWave

extension OutboxQueue {
    /// A step for the caller, which passes its outcome to the queue.
    public enum Action: Sendable, Hashable {
        /// Publish durably, then call ``acknowledged(_:_:)`` or ``failed(_:_:)``.
        case send(Attempt)
        /// Read the newest message of the attempt's subject, then call ``compared(_:_:)``.
        case compare(Attempt)
        /// A stream holds the message.
        case stored(MessageID, StreamAck)
        /// No stream will ever hold the message.
        case refused(MessageID, BusError)
        /// Another has stored on the subject: these messages are given up.
        case superseded(Subject, [MessageID], by: StoredIdentity)
        /// Given up to stay within the limits.
        case dropped(MessageID)
    }

    /// One attempt to send a message.
    public struct Attempt: Sendable, Hashable {
        /// Counts the attempts of the outbox; a later attempt of the same message has a greater one.
        public var number: UInt64
        /// The message.
        public var id: MessageID
        /// Its subject.
        public var subject: Subject
        /// The sequence that the newest message of the subject must have in its stream; nil: any.
        public var fence: Fence?
    }

    /// A condition on which a stream takes a message.
    public struct Fence: Sendable, Hashable {
        /// The stream.
        public var stream: String
        /// The sequence of the newest message of the subject; 0: there must be none.
        public var last: UInt64
    }

    /// The limits of an outbox.
    public struct Limits: Sendable, Hashable {
        /// Messages that may wait.
        public var messages: Int
        /// Payload bytes that may wait in memory.
        public var bytes: Int
        /// Messages that may be on their way at a time, each of another subject.
        public var inFlight: Int

        /// Limits from their parts.
        public init(messages: Int = 65_536, bytes: Int = 64 << 20, inFlight: Int = 1_024) {
            self.messages = messages
            self.bytes = bytes
            self.inFlight = inFlight
        }
    }
}
