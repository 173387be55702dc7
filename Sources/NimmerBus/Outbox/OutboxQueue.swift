import NimmerWave

/// The order of an outbox as a value: which message may be sent, and what an acknowledgement or a failure means. No bus, no clock,
/// no lock (architecture.md, rule 1); ``Outbox`` performs its actions.
///
/// **Order.** Of each subject one message is on its way at a time: the next leaves when a stream holds it. So whatever is lost, late
/// or repeated, a stream holds the messages of a subject in the order in which they were put in.
///
/// **Repetition.** A message is sent again, under its id, when its attempt has failed; at once on a new connection, where nothing
/// overtakes it. The stream drops what it holds already.
///
/// **Fences.** A fenced message names the sequence of the newest message that its subject is known to hold. When the stream has
/// another, what it has is read: the message itself (its acknowledgement was lost), nothing (it was purged), or another's, which
/// supersedes it and all that follow from it.
public struct OutboxQueue: Sendable, Hashable {
    /// The counts.
    public private(set) var counters = OutboxCounters()
    /// Indicates whether there is a connection to send on.
    public private(set) var isConnected = true
    /// Reason why messages wait although there is a connection; nil while none does for long.
    public private(set) var trouble: BusError?

    private let limits: Limits
    private var lanes: [Subject: Lane] = [:]
    private var subjects: [MessageID: Subject] = [:]
    private var ready: ArraySlice<Subject> = []
    private var stalled: Set<Subject> = []
    private var inFlight = 0
    private var attempts: UInt64 = 0

    /// An empty queue.
    public init(_ limits: Limits = Limits()) { self.limits = limits }

    // MARK: - What happens

    /// Puts a message behind the others of its subject. One whose id waits already is not taken twice.
    ///
    /// - Parameter isKept: whether its bytes are kept elsewhere too, and may be released.
    public mutating func put(_ message: OutboxMessage, isKept: Bool = false) -> [Action] {
        guard subjects[message.id] == nil else { return [] }
        counters.taken += 1
        if message.fence != nil, lanes[message.subject]?.isSuperseded == true {
            // It follows from what was given up.
            counters.superseded += 1
            return [.dropped(message.id)]
        }
        counters.waiting += 1
        let size = message.payload.count
        counters.bytes += size
        subjects[message.id] = message.subject
        let entry = Entry(message: message, order: counters.taken, size: size)
        let isStalled = !stalled.isEmpty && stalled.contains(message.subject)
        if lanes[message.subject, default: Lane()].append(entry, isStalled: isStalled) { ready.append(message.subject) }
        if isKept, counters.bytes > limits.bytes { spill(last: message.subject) }
        return counters.waiting > limits.messages || counters.bytes > limits.bytes ? makeRoom() : []
    }

    /// Sets the sequence of a subject's newest message; 0: none. Called before its first fenced message, and after it was
    /// superseded, when the sender continues from there.
    public mutating func know(_ subject: Subject, last sequence: UInt64, id: MessageID? = nil) {
        lanes[subject, default: Lane()].last = StoredIdentity(id: id, sequence: sequence)
        lanes[subject]?.isSuperseded = false
    }

    /// A message as it is put in now: a fenced one names what it follows from.
    public func placed(_ message: OutboxMessage) -> OutboxMessage {
        guard message.fence != nil, let lane = lanes[message.subject] else { return message }
        var message = message
        message.follows = lane.entries.last?.message.id ?? lane.last?.id
        return message
    }

    /// Compares what an earlier run left of a subject with the newest message that its stream holds, before any of it is sent: what
    /// is stored already does not go again, however long ago that was; what follows from another message than the newest is given up.
    public mutating func reconcile(_ subject: Subject, newest: StoredIdentity) -> [Action] {
        var actions: [Action] = []
        if let lane = lanes[subject], lane.phase == .idle {
            if let stored = takeStored(of: subject, through: newest) {
                actions = stored
            } else if let first = lane.entries.first?.message, first.fence != nil, first.follows != newest.id {
                actions = supersede(subject, by: newest)
            }
        }
        know(subject, last: newest.sequence, id: newest.id)
        return actions
    }

    /// Takes out what the stream holds of a subject's messages, where the newest that it holds is among them: it took them in order, so
    /// up to that one it has them all.
    ///
    /// - Returns: what follows; nil when the newest is not among them.
    private mutating func takeStored(of subject: Subject, through newest: StoredIdentity) -> [Action]? {
        guard let id = newest.id, let lane = lanes[subject], lane.entries.contains(where: { $0.message.id == id })
        else {
            return nil
        }
        var actions: [Action] = []
        var isFound = false
        while !isFound, let first = lanes[subject]?.entries.first {
            isFound = first.message.id == id
            counters.acknowledged += 1
            counters.repeated += 1
            removeFirst(of: subject)
            actions.append(
                .stored(first.message.id, StreamAck(stream: "", sequence: newest.sequence, isDuplicate: true)))
        }
        return actions
    }

    /// Forgets what is known of the subjects that have nothing to send.
    public mutating func forget(where isGone: (Subject) -> Bool) {
        lanes = lanes.filter { !$0.value.entries.isEmpty || !isGone($0.key) }
    }

    /// Messages that may be sent now, in the order in which they were put in.
    public mutating func due() -> [Action] {
        var actions: [Action] = []
        while isConnected, inFlight < limits.inFlight, let subject = ready.popFirst() {
            guard let begun = lanes[subject]?.begin(attempts + 1) else { continue }
            attempts += 1
            inFlight += 1
            if begun.before > 0 { counters.retries += 1 }
            actions.append(.send(Attempt(number: attempts, id: begun.id, subject: subject, fence: begun.fence)))
        }
        return actions
    }

    /// A stream holds the message of an attempt, whichever of its attempts that was.
    public mutating func acknowledged(_ attempt: Attempt, _ ack: StreamAck) -> [Action] {
        guard let first = lanes[attempt.subject]?.entries.first, first.message.id == attempt.id else { return [] }
        trouble = nil
        counters.acknowledged += 1
        if ack.isDuplicate { counters.repeated += 1 }
        // Only fences need to know; of a repetition the sequence is that of the first.
        if first.message.fence != nil || lanes[attempt.subject]?.last != nil {
            lanes[attempt.subject]?.last = StoredIdentity(id: attempt.id, sequence: ack.sequence)
        }
        removeFirst(of: attempt.subject)
        return [.stored(attempt.id, ack)]
    }

    /// An attempt has failed. The failure of an earlier attempt than the last changes nothing.
    public mutating func failed(_ attempt: Attempt, _ error: BusError) -> [Action] {
        guard lanes[attempt.subject]?.phase == .sending(attempt.number) else { return [] }
        switch error.code {
        case .conflict where attempt.fence != nil:
            lanes[attempt.subject]?.phase = .comparing(attempt.number)
            return [.compare(attempt)]
        case .tooLarge, .invalid:
            counters.refused += 1
            removeFirst(of: attempt.subject)
            guard attempt.fence != nil else { return [.refused(attempt.id, error)] }
            // What follows from a message that will never be stored is not stored either.
            let last = lanes[attempt.subject]?.last ?? StoredIdentity(id: nil, sequence: 0)
            return [.refused(attempt.id, error)] + giveUp(attempt.subject, by: last, counting: \.dropped)
        default:
            stall(attempt.subject, error)
            return []
        }
    }

    /// The newest message of an attempt's subject was read: nil where the stream has none; or reading failed.
    public mutating func compared(_ attempt: Attempt, _ outcome: Result<StoredIdentity?, BusError>) -> [Action] {
        guard lanes[attempt.subject]?.phase == .comparing(attempt.number) else { return [] }
        switch outcome {
        case .failure(let error):
            stall(attempt.subject, error)
            return []
        case .success(let newest):
            if let newest, newest.id == attempt.id {
                return acknowledged(
                    attempt, StreamAck(stream: "", sequence: newest.sequence, isDuplicate: true))
            }
            // Of an earlier run's message nothing is known but what it follows from.
            let lane = lanes[attempt.subject]
            let known = lane?.last.map(\.id) ?? lane?.entries.first?.message.follows
            lanes[attempt.subject]?.last = newest ?? StoredIdentity(id: nil, sequence: 0)
            if let newest, known == nil || newest.id != known {
                if let stored = takeStored(of: attempt.subject, through: newest) { return stored }
                return supersede(attempt.subject, by: newest)
            }
            // Purged, too old to be kept, or the stream was made again with our last in it: nothing stands in between.
            becomeIdle(attempt.subject)
            makeReady(attempt.subject)
            return []
        }
    }

    /// There is a connection: what was on its way on the last one is sent again, in order and before anything else.
    public mutating func connected() {
        isConnected = true
        for subject in lanes.keys where lanes[subject]?.phase != .idle { becomeIdle(subject) }
        stalled = []
        let waiting = lanes.filter { !$0.value.entries.isEmpty }
            .sorted { ($0.value.entries.first?.order ?? 0) < ($1.value.entries.first?.order ?? 0) }
        ready = ArraySlice(waiting.map(\.key))
        for subject in ready { lanes[subject]?.isReady = true }
    }

    /// The connection is lost: nothing is sent until there is one.
    public mutating func disconnected() { isConnected = false }

    /// Nothing was acknowledged for a while, though messages are on their way: a server whose disk is full may publish nothing at all.
    public mutating func noteSilence(_ reason: BusError) {
        if isConnected, counters.waiting > 0, trouble == nil { trouble = reason }
    }

    /// The pause after failures is over: what has failed may be sent again.
    public mutating func resume() {
        let again = stalled.sorted {
            (lanes[$0]?.entries.first?.order ?? 0) < (lanes[$1]?.entries.first?.order ?? 0)
        }
        stalled = []
        for subject in again { makeReady(subject) }
    }

    // MARK: - What is so

    /// Indicates whether something has failed and waits for ``resume()``.
    public var isStalled: Bool { !stalled.isEmpty }

    /// The payload of a message that waits; nil when it does not, or was spilled.
    public func payload(of id: MessageID) -> [UInt8]? {
        guard let subject = subjects[id], let entry = lanes[subject]?.entries.first(where: { $0.message.id == id }),
            !entry.isSpilled
        else { return nil }
        return entry.message.payload
    }

    /// Lets go of the payloads of messages that are kept elsewhere.
    public mutating func spill(where isKept: (MessageID) -> Bool) {
        for subject in lanes.keys {
            for place in lanes[subject]?.entries.indices ?? 0..<0 {
                guard let id = lanes[subject]?.entries[place].message.id, isKept(id) else { continue }
                spill(subject, at: place)
            }
        }
    }

    /// Lets go of the payload of a subject's last message.
    private mutating func spill(last subject: Subject) {
        guard let place = lanes[subject]?.entries.indices.last else { return }
        spill(subject, at: place)
    }

    private mutating func spill(_ subject: Subject, at place: Int) {
        guard let entry = lanes[subject]?.entries[place], !entry.isSpilled else { return }
        counters.bytes -= entry.size
        counters.journaled += 1
        lanes[subject]?.entries[place].message.payload = []
        lanes[subject]?.entries[place].size = 0
        lanes[subject]?.entries[place].isSpilled = true
    }

    /// Returns whether a message waits.
    public func holds(_ id: MessageID) -> Bool { subjects[id] != nil }

    /// Returns whether a message waits of which only the journal has the payload.
    public func isSpilled(_ id: MessageID) -> Bool {
        subjects[id].flatMap { lanes[$0]?.entries.first { $0.message.id == id }?.isSpilled } ?? false
    }

    /// The messages that wait, in the order in which they were put in.
    public var waiting: [OutboxMessage] {
        lanes.values.flatMap(\.entries).sorted { $0.order < $1.order }.map(\.message)
    }

    // MARK: - Steps

    private mutating func makeReady(_ subject: Subject) {
        guard let lane = lanes[subject], lane.phase == .idle, !lane.isReady, !lane.entries.isEmpty,
            !stalled.contains(subject)
        else { return }
        lanes[subject]?.isReady = true
        ready.append(subject)
    }

    private mutating func becomeIdle(_ subject: Subject) {
        guard lanes[subject]?.phase != .idle else { return }
        lanes[subject]?.phase = .idle
        inFlight -= 1
    }

    private mutating func stall(_ subject: Subject, _ error: BusError) {
        if error.code != .notConnected, error.code != trouble?.code { trouble = error }
        becomeIdle(subject)
        stalled.insert(subject)
    }

    private mutating func removeFirst(of subject: Subject) {
        guard let first = lanes[subject]?.entries.popFirst() else { return }
        forget(first)
        becomeIdle(subject)
        settle(subject)
        makeReady(subject)
    }

    private mutating func forget(_ entry: Entry) {
        subjects[entry.message.id] = nil
        counters.waiting -= 1
        counters.bytes -= entry.size
        if entry.isSpilled { counters.journaled -= 1 }
        if counters.waiting == 0 { trouble = nil }
    }

    /// A lane without messages stays only for what is known of its subject.
    private mutating func settle(_ subject: Subject) {
        guard let lane = lanes[subject], lane.entries.isEmpty else { return }
        stalled.remove(subject)
        // A slice keeps what stood before it.
        if lane.last == nil { lanes[subject] = nil } else { lanes[subject]?.entries = [] }
    }

    /// Another has stored on a subject.
    private mutating func supersede(_ subject: Subject, by newest: StoredIdentity) -> [Action] {
        giveUp(subject, by: newest, counting: \.superseded)
    }

    /// Gives up the fenced messages of a subject, and all that would follow from them until the subject is known again.
    private mutating func giveUp(
        _ subject: Subject, by newest: StoredIdentity, counting counter: WritableKeyPath<OutboxCounters, UInt64>
    ) -> [Action] {
        guard let lane = lanes[subject] else { return [] }
        let given = lane.entries.prefix { $0.message.fence != nil }
        counters[keyPath: counter] += UInt64(given.count)
        lanes[subject]?.entries.removeFirst(given.count)
        for entry in given { forget(entry) }
        lanes[subject]?.isSuperseded = true
        becomeIdle(subject)
        settle(subject)
        makeReady(subject)
        return [.superseded(subject, given.map(\.message.id), by: newest)]
    }

    /// Gives up the oldest messages, the newest never: a sixty-fourth more than the limits ask for, so that the search for them is
    /// not made for each message. Where there are too many bytes, only what has some is given up; with a fenced message what follows
    /// from it.
    private mutating func makeRoom() -> [Action] {
        let most = (messages: limits.messages - limits.messages / 64, bytes: limits.bytes - limits.bytes / 64)
        let order = lanes.flatMap { lane in lane.value.entries.map { (order: $0.order, subject: lane.key) } }
            .sorted { $0.order < $1.order }
        var actions: [Action] = []
        for (number, subject) in order.dropLast() {
            let isTooMany = counters.waiting > most.messages
            guard isTooMany || counters.bytes > most.bytes else { break }
            guard let lane = lanes[subject],
                let place = lane.entries.firstIndex(where: { $0.order == number }),
                isTooMany || lane.entries[place].size > 0
            else { continue }
            if lane.entries[place].message.fence != nil {
                let last = lane.last ?? StoredIdentity(id: nil, sequence: 0)
                actions += giveUp(subject, by: last, counting: \.dropped)
                continue
            }
            for _ in lane.entries.startIndex...place {
                guard let first = lanes[subject]?.entries.first else { break }
                counters.dropped += 1
                removeFirst(of: subject)
                actions.append(.dropped(first.message.id))
            }
        }
        return actions
    }
}
