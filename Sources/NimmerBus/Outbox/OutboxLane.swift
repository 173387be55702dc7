import NimmerWave

extension OutboxQueue {
    /// A message that waits.
    struct Entry: Sendable, Hashable {
        var message: OutboxMessage
        var order: UInt64
        /// Payload bytes in memory.
        var size: Int
        var attempts = 0
        var isSpilled = false
    }

    /// The messages of one subject, and what is known of it.
    struct Lane: Sendable, Hashable {
        enum Phase: Sendable, Hashable {
            /// Nothing is on its way.
            case idle
            /// The first message is on its way.
            case sending(UInt64)
            /// The newest message of the subject is being read.
            case comparing(UInt64)
        }

        var entries: ArraySlice<Entry> = []
        var phase = Phase.idle
        /// The newest message of the subject, as far as is known; nil: not known.
        var last: StoredIdentity?
        var isReady = false
        /// True when another process has stored on the subject, until ``OutboxQueue/know(_:last:id:)`` names the message to continue from.
        var isSuperseded = false

        /// Puts a message last.
        ///
        /// - Returns: whether the lane has become ready by that.
        mutating func append(_ entry: Entry, isStalled: Bool) -> Bool {
            entries.append(entry)
            guard phase == .idle, !isReady, !isStalled else { return false }
            isReady = true
            return true
        }

        /// Puts the first message on its way, where one may leave.
        ///
        /// - Returns: the message's id, how often it was on its way before, and where its subject stands if it has a fence.
        mutating func begin(_ attempt: UInt64) -> (id: MessageID, before: Int, fence: Fence?)? {
            isReady = false
            guard phase == .idle, let place = entries.indices.first else { return nil }
            phase = .sending(attempt)
            entries[place].attempts += 1
            return (
                entries[place].message.id, entries[place].attempts - 1,
                entries[place].message.fence.map { Fence(stream: $0, last: last?.sequence ?? 0) }
            )
        }
    }
}
