import NimmerBus
import NimmerWave

/// A sender with an outbox, its connections, and the stream that it writes to: everything that can happen to them, one step at a time.
///
/// Each message follows from the one before it, as a gate's transitions do; so what the stream holds must be a chain, whatever is
/// lost, late, repeated or killed, and other writers.
struct OutboxModel: Hashable {
    /// What may still happen.
    struct Budget: Hashable {
        var puts = 3
        var losses = 1
        var timeouts = 1
        var refusals = 1
        var crashes = 1
        var rivals = 1
    }

    enum Step: Hashable {
        /// The sender concludes a further message.
        case put
        /// The server takes the next message of a connection; -1: of the present one.
        case serve(Int)
        /// The server has no room for it.
        case refuse
        /// The client hears the next acknowledgement.
        case hear
        /// The connection breaks: what is under way to the server may still be taken, what comes from it is lost.
        case lose
        /// What an earlier connection still carried is gone.
        case vanish(Int)
        case reconnect
        /// Nothing was heard of the oldest attempt in time.
        case giveUp
        /// The pause after a failure is over.
        case resume
        /// The newest message of the subject was read for a comparison.
        case compare
        /// The sender dies, and another begins from what the stream holds.
        case crash
        /// Another writes, following from what the stream holds.
        case rival
        /// The sender goes on from what another has stored.
        case retake
    }

    struct Stored: Hashable {
        var id: Int
        var follows: Int
    }

    struct Wire: Hashable {
        var attempt: OutboxQueue.Attempt
        var follows: Int
    }

    struct Answer: Hashable {
        var attempt: OutboxQueue.Attempt
        var outcome: Result<StreamAck, BusError>
    }

    static let subject = Subject.transition(.dev, gate: GateID(region: Region(token("gate"))))

    var budget = Budget()
    let isFenced: Bool
    /// Indicates whether what waits outlives the sender.
    var isKept = false
    private(set) var stream: [Stored] = []
    private var queue = OutboxQueue()
    /// The message that each waiting one follows from.
    private var follows: [Int: Int] = [:]
    private var last = 0
    private var next = 1
    private var connection: [Wire]? = []
    private var earlier: [[Wire]] = []
    private var answers: [Answer] = []
    private var flying: [OutboxQueue.Attempt] = []
    private var comparing: [OutboxQueue.Attempt] = []
    private var mustRetake = false
    private(set) var concluded: Set<Int> = []
    private(set) var givenUp: Set<Int> = []

    init(isFenced: Bool) { self.isFenced = isFenced }

    /// Indicates whether each message of the stream follows from the one before it, and none stands in it twice.
    var isChain: Bool {
        var before = 0
        for item in stream {
            guard item.follows == before else { return false }
            before = item.id
        }
        return Set(stream.map(\.id)).count == stream.count
    }

    /// Indicates whether all is said: nothing can happen any more but budgeted harm, and the stream holds what was concluded.
    var isComplete: Bool { concluded.subtracting(givenUp).isSubset(of: Set(stream.map(\.id))) }

    /// What can happen now.
    var steps: [Step] {
        var steps: [Step] = []
        if budget.puts > 0, !mustRetake { steps.append(.put) }
        if let connection {
            if !connection.isEmpty {
                steps.append(.serve(-1))
                if budget.refusals > 0 { steps.append(.refuse) }
            }
            if budget.losses > 0 { steps.append(.lose) }
            if !comparing.isEmpty { steps.append(.compare) }
        } else {
            steps.append(.reconnect)
        }
        for place in earlier.indices {
            if !earlier[place].isEmpty { steps.append(.serve(place)) }
            steps.append(.vanish(place))
        }
        if !answers.isEmpty { steps.append(.hear) }
        if budget.timeouts > 0, !flying.isEmpty { steps.append(.giveUp) }
        if queue.isStalled { steps.append(.resume) }
        if budget.crashes > 0 { steps.append(.crash) }
        if isFenced, budget.rivals > 0 { steps.append(.rival) }
        if mustRetake { steps.append(.retake) }
        return steps
    }

    mutating func take(_ step: Step) {
        switch step {
        case .put:
            budget.puts -= 1
            let id = next
            next += 1
            concluded.insert(id)
            follows[id] = last
            last = id
            let message = OutboxMessage(
                subject: Self.subject, id: Self.identity(id), payload: [], fence: isFenced ? "S" : nil)
            perform(queue.put(queue.placed(message)) + queue.due())
        case .serve(let place):
            let wire = place < 0 ? connection?.removeFirst() : earlier[place].removeFirst()
            if let wire {
                let answer = store(wire)
                if place < 0 { answers.append(Answer(attempt: wire.attempt, outcome: answer)) }
            }
        case .refuse:
            budget.refusals -= 1
            if let wire = connection?.removeFirst() {
                answers.append(Answer(attempt: wire.attempt, outcome: .failure(BusError(.full, ""))))
            }
        case .hear:
            let answer = answers.removeFirst()
            flying.removeAll { $0 == answer.attempt }
            switch answer.outcome {
            case .success(let ack): perform(queue.acknowledged(answer.attempt, ack) + queue.due())
            case .failure(let error): perform(queue.failed(answer.attempt, error) + queue.due())
            }
        case .lose:
            budget.losses -= 1
            if let connection, !connection.isEmpty { earlier.append(connection) }
            connection = nil
            answers = []
            queue.disconnected()
            let lost = flying
            flying = []
            for attempt in lost { perform(queue.failed(attempt, BusError(.notConnected, ""))) }
        case .vanish(let place): earlier.remove(at: place)
        case .reconnect:
            connection = []
            comparing = []
            queue.connected()
            perform(queue.due())
        case .giveUp:
            budget.timeouts -= 1
            perform(queue.failed(flying.removeFirst(), BusError(.timeout, "")) + queue.due())
        case .resume:
            queue.resume()
            perform(queue.due())
        case .compare:
            let newest = stream.indices.last.map {
                StoredIdentity(id: Self.identity(stream[$0].id), sequence: UInt64($0 + 1))
            }
            perform(queue.compared(comparing.removeFirst(), .success(newest)) + queue.due())
        case .crash:
            budget.crashes -= 1
            if let connection, !connection.isEmpty { earlier.append(connection) }
            connection = []
            answers = []
            flying = []
            comparing = []
            let left = isKept ? queue.waiting : []
            givenUp.formUnion(concluded.subtracting(left.map { Self.number($0.id) }))
            mustRetake = false
            queue = OutboxQueue()
            takeUp(left)
        case .rival:
            budget.rivals -= 1
            stream.append(Stored(id: next, follows: stream.last?.id ?? 0))
            next += 1
        case .retake:
            mustRetake = false
            goOn()
        }
    }

    /// From what the sender's earlier run left, and what the stream holds.
    private mutating func takeUp(_ left: [OutboxMessage]) {
        for message in left { perform(queue.put(message)) }
        if let newest = stream.last {
            let identity = StoredIdentity(id: Self.identity(newest.id), sequence: UInt64(stream.count))
            perform(queue.reconcile(Self.subject, newest: identity))
        }
        if let waiting = queue.waiting.last { last = Self.number(waiting.id) } else { goOn() }
        perform(queue.due())
    }

    /// From what the stream holds.
    private mutating func goOn() {
        last = stream.last?.id ?? 0
        queue.know(Self.subject, last: UInt64(stream.count), id: stream.last.map { Self.identity($0.id) })
    }

    /// As a stream does: first what it holds already, then the fence.
    private mutating func store(_ wire: Wire) -> Result<StreamAck, BusError> {
        let id = Self.number(wire.attempt.id)
        if let place = stream.firstIndex(where: { $0.id == id }) {
            return .success(StreamAck(stream: "S", sequence: UInt64(place + 1), isDuplicate: true))
        }
        if let fence = wire.attempt.fence, fence.last != UInt64(stream.count) {
            return .failure(BusError(.conflict, ""))
        }
        stream.append(Stored(id: id, follows: wire.follows))
        return .success(StreamAck(stream: "S", sequence: UInt64(stream.count), isDuplicate: false))
    }

    private mutating func perform(_ actions: [OutboxQueue.Action]) {
        for action in actions {
            switch action {
            case .send(let attempt):
                let wire = Wire(attempt: attempt, follows: follows[Self.number(attempt.id)] ?? -1)
                flying.append(attempt)
                if connection == nil { flying.removeLast() } else { connection?.append(wire) }
            case .compare(let attempt): comparing.append(attempt)
            case .superseded(_, let ids, _):
                givenUp.formUnion(ids.map(Self.number))
                mustRetake = true
            case .dropped(let id): givenUp.insert(Self.number(id))
            case .stored, .refused: break
            }
        }
    }

    private static func token(_ name: String) -> Token {
        do { return try Token(name) } catch { preconditionFailure("\(error)") }
    }

    private static func identity(_ number: Int) -> MessageID { MessageID(high: 1, low: UInt64(number)) }
    private static func number(_ id: MessageID) -> Int { Int(id.low) }
}
