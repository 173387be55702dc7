import NimmerBus

/// Messages that were published while there was no connection: a bounded list, sent in order once there is one.
struct Backlog {
    struct Entry {
        var subject: String
        var payload: [UInt8]
        var headers: Headers
        var reply: String?
        /// Deadline after which no caller waits for the answer.
        var expires: ContinuousClock.Instant?
    }

    static let maximumBytes = 8 << 20
    private(set) var entries: [Entry] = []
    private var bytes = 0

    /// Keeps an entry; false when it is full.
    mutating func keep(_ entry: Entry) -> Bool {
        let size = entry.payload.count + entry.subject.utf8.count + 64
        guard bytes + size <= Self.maximumBytes else { return false }
        bytes += size
        entries.append(entry)
        return true
    }

    mutating func take() -> [Entry] {
        defer {
            entries = []
            bytes = 0
        }
        return entries
    }
}
