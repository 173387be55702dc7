import NimmerBus

/// Position of a reader without acknowledgements. The server delivers to it once: what a lost connection or a full queue took
/// shows as a gap in the numbers of the consumer's deliveries, and is read again by a new consumer.
struct ReadingOrder {
    /// Verdict on a delivery.
    enum Verdict {
        /// The next one: to be taken.
        case next
        /// One that it has had: to be dropped.
        case known
        /// Deliveries before it are missing: to be dropped, and a new consumer is needed.
        case gap
    }

    private let start: ConsumerConfiguration.Start
    /// The deliveries of the present consumer.
    private var deliveries: UInt64 = 0
    /// The sequence of the last message that was taken, or that was there before the reader.
    private(set) var last: UInt64 = 0
    /// Indicates whether everything that was there at the start was taken.
    private var isCaughtUp = false

    init(_ start: ConsumerConfiguration.Start) { self.start = start }

    /// A new consumer delivers from now on.
    ///
    /// - Parameter position: the sequence that it has come to.
    mutating func begin(position: UInt64) {
        deliveries = 0
        if start == .new { last = max(last, position) }
    }

    /// The stream is another one than before: its sequences begin again.
    mutating func forget() {
        last = 0
        isCaughtUp = false
    }

    /// Position at which a new consumer continues.
    var next: ConsumerConfiguration.Start {
        // Half of the newest messages: those that were taken already come again, and are dropped.
        if last == 0 || start == .lastPerSubject && !isCaughtUp { return start }
        return .sequence(last + 1)
    }

    /// Judges a delivery of the present consumer, in the order of arrival.
    mutating func judge(_ delivery: AckSubject) -> Verdict {
        guard delivery.consumerSequence == deliveries + 1 else {
            return delivery.consumerSequence <= deliveries ? .known : .gap
        }
        deliveries += 1
        if delivery.waiting == 0 { isCaughtUp = true }
        guard delivery.sequence > last else { return .known }
        last = delivery.sequence
        return .next
    }
}

/// Fields of the reply subject of a delivery:
/// `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<waiting>`, or with
/// `<domain>.<account>` before the stream and one more token at the end.
struct AckSubject {
    let consumer: String
    let deliveryCount: Int
    let sequence: UInt64
    /// The number of the delivery among all of its consumer: 1, 2, ….
    let consumerSequence: UInt64
    /// Time at which the stream stored the message, in nanoseconds since 1970.
    let storedAt: Int64
    let waiting: UInt64

    init?(_ text: String) {
        guard text.hasPrefix("$JS.ACK.") else { return nil }
        let tokens = text.split(separator: ".")
        let first = tokens.count == 9 ? 4 : 6
        guard tokens.count == 9 || tokens.count >= 11, let deliveries = Int(tokens[first]),
            let sequence = UInt64(tokens[first + 1]), let consumerSequence = UInt64(tokens[first + 2]),
            let time = Int64(tokens[first + 3]), let waiting = UInt64(tokens[first + 4])
        else { return nil }
        consumer = String(tokens[first - 1])
        deliveryCount = deliveries
        self.sequence = sequence
        self.consumerSequence = consumerSequence
        storedAt = time
        self.waiting = waiting
    }
}
