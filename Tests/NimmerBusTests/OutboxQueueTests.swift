import NimmerBus
import NimmerWave
import Testing

/// The outbox's order, through every interleaving of what can happen to its messages.
@Suite("The outbox's order") struct OutboxQueueTests {
    /// Walks through every state that can be reached; the first path that ends in harm, and how many states there are.
    private static func explore(
        _ start: OutboxModel, most: Int = 2_000_000
    ) -> (harm: [OutboxModel.Step]?, states: Int) {
        var seen: Set<OutboxModel> = [start]
        var paths: [(OutboxModel, [OutboxModel.Step])] = [(start, [])]
        while let (model, path) = paths.popLast() {
            let steps = model.steps
            // Once no harm is left to do, all must be said.
            if steps.allSatisfy({ [.crash, .rival, .lose].contains($0) }), !model.isComplete {
                return (path, seen.count)
            }
            for step in steps {
                var next = model
                next.take(step)
                if !next.isChain { return (path + [step], seen.count) }
                guard seen.count < most, seen.insert(next).inserted else { continue }
                paths.append((next, path + [step]))
            }
        }
        return (nil, seen.count)
    }

    @Test(
        "whatever is lost, late, repeated, refused or killed, a fenced subject holds a chain and all of it",
        arguments: [0, 1])
    func fenced(rivals: Int) {
        var model = OutboxModel(isFenced: true)
        model.budget.rivals = rivals
        model.budget.refusals = 1 - rivals
        let (harm, states) = Self.explore(model)
        #expect(harm == nil, "\(harm ?? [])")
        #expect(states > 1_000)
    }

    @Test(
        "what a dead sender's journal kept is said by its heir: once, in its place, and not behind what another has said"
    )
    func kept() {
        for rivals in [0, 1] {
            var model = OutboxModel(isFenced: true)
            model.isKept = true
            model.budget.rivals = rivals
            model.budget.refusals = 1 - rivals
            let (harm, states) = Self.explore(model)
            #expect(harm == nil, "\(harm ?? [])")
            #expect(states > 1_000)
        }
    }

    @Test("what an earlier life left is compared with its stream, however long ago that was")
    func reconciled() throws {
        var (queue, messages) = (OutboxQueue(), try (0..<3).map { try Self.message("a", $0) })
        for place in messages.indices {
            messages[place].fence = "S"
            messages[place] = queue.placed(messages[place])
            _ = queue.put(messages[place])
        }
        let subject = messages[0].subject
        #expect(messages.map(\.follows) == [nil, messages[0].id, messages[1].id])
        let stored = queue.reconcile(subject, newest: StoredIdentity(id: messages[1].id, sequence: 9))
        #expect(
            stored.count == 2 && queue.waiting == [messages[2]], "two were stored, their acknowledgements were lost")
        #expect(Self.attempts(queue.due()).first?.fence?.last == 9)

        queue = OutboxQueue()
        _ = queue.put(messages[2])
        #expect(
            queue.reconcile(subject, newest: StoredIdentity(id: messages[1].id, sequence: 9)).isEmpty,
            "it follows from it")
        #expect(queue.waiting == [messages[2]])

        queue = OutboxQueue()
        for message in messages { _ = queue.put(message) }
        let other = StoredIdentity(id: .v7(), sequence: 11)
        #expect(queue.reconcile(subject, newest: other) == [.superseded(subject, messages.map(\.id), by: other)])
        #expect(queue.waiting.isEmpty && queue.due().isEmpty && queue.counters.superseded == 3)
    }

    @Test("without a fence the order holds as long as the sender lives")
    func unfenced() {
        var model = OutboxModel(isFenced: false)
        model.budget.crashes = 0
        let (harm, states) = Self.explore(model)
        #expect(harm == nil, "\(harm ?? [])")
        #expect(states > 500)
    }

    @Test("the check finds what a fence is for: a dead sender's message that is stored behind its heir's")
    func theCheckCanFail() {
        var model = OutboxModel(isFenced: false)
        model.budget = OutboxModel.Budget(puts: 2, losses: 0, timeouts: 0, refusals: 0, crashes: 1, rivals: 0)
        #expect(Self.explore(model).harm != nil)
    }

    private static func message(_ subject: String, _ number: Int, bytes: Int = 10) throws -> OutboxMessage {
        OutboxMessage(
            subject: try Subject(foreign: subject), id: .named("\(subject)/\(number)"),
            payload: Array(repeating: UInt8(truncatingIfNeeded: number), count: bytes))
    }

    private static func attempts(_ actions: [OutboxQueue.Action]) -> [OutboxQueue.Attempt] {
        actions.compactMap { if case .send(let attempt) = $0 { attempt } else { nil } }
    }

    @Test("one message of a subject is on its way, those of others go beside it")
    func lanes() throws {
        var queue = OutboxQueue()
        for number in 0..<3 {
            for subject in ["a", "b"] { _ = queue.put(try Self.message(subject, number)) }
        }
        let first = Self.attempts(queue.due())
        #expect(first.map(\.subject.text) == ["a", "b"] && queue.due().isEmpty)
        _ = queue.acknowledged(first[0], StreamAck(stream: "S", sequence: 1, isDuplicate: false))
        let second = Self.attempts(queue.due())
        #expect(second.map(\.id) == [try Self.message("a", 1).id])
        #expect(queue.counters.waiting == 5 && queue.counters.acknowledged == 1)
    }

    @Test("on a new connection all goes again in the order of putting in, no more at a time than allowed")
    func again() throws {
        var queue = OutboxQueue(OutboxQueue.Limits(inFlight: 3))
        let names = (0..<9).map { "s\(($0 * 5) % 9)" }
        for name in names { _ = queue.put(try Self.message(name, 0)) }
        #expect(Self.attempts(queue.due()).map(\.subject.text) == Array(names.prefix(3)))
        queue.disconnected()
        #expect(queue.due().isEmpty)
        queue.connected()
        let again = Self.attempts(queue.due())
        #expect(again.map(\.subject.text) == Array(names.prefix(3)) && queue.counters.retries == 3)
        for attempt in again {
            _ = queue.acknowledged(attempt, StreamAck(stream: "S", sequence: attempt.number, isDuplicate: false))
        }
        #expect(Self.attempts(queue.due()).map(\.subject.text) == Array(names[3..<6]))
    }

    @Test("beyond its limits the oldest go, the newest never, and all are counted")
    func limits() throws {
        var queue = OutboxQueue(OutboxQueue.Limits(messages: 64, bytes: 6_400))
        queue.disconnected()
        var dropped = 0
        for number in 0..<200 {
            dropped += queue.put(try Self.message("s\(number % 5)", number, bytes: 50)).count
        }
        #expect(queue.counters.waiting <= 64 && dropped == Int(queue.counters.dropped))
        #expect(queue.counters.waiting + dropped == 200)
        #expect(queue.waiting.last?.id == (try Self.message("s4", 199).id))
        _ = queue.put(try Self.message("large", 0, bytes: 7_000))
        #expect(queue.counters.waiting == 1 && queue.counters.bytes == 7_000)
    }

    @Test("a message that no stream takes is refused once, and those behind it go on")
    func refused() throws {
        var queue = OutboxQueue()
        _ = queue.put(try Self.message("a", 0))
        _ = queue.put(try Self.message("a", 1))
        let first = try #require(Self.attempts(queue.due()).first)
        let error = BusError(.tooLarge, "too large")
        #expect(queue.failed(first, error) == [.refused(first.id, error)])
        #expect(Self.attempts(queue.due()).count == 1 && queue.counters.refused == 1)
    }

    @Test("a full stream is trouble until it takes something")
    func trouble() throws {
        var queue = OutboxQueue()
        _ = queue.put(try Self.message("a", 0))
        let first = try #require(Self.attempts(queue.due()).first)
        _ = queue.failed(first, BusError(.full, "no space left on device"))
        #expect(queue.trouble?.code == .full && queue.isStalled && queue.due().isEmpty)
        queue.resume()
        let second = try #require(Self.attempts(queue.due()).first)
        _ = queue.acknowledged(second, StreamAck(stream: "S", sequence: 1, isDuplicate: false))
        #expect(queue.trouble == nil && !queue.isStalled && queue.counters.waiting == 0)
    }

    @Test("a silent server is trouble too, before any attempt has failed, until it acknowledges something")
    func silence() throws {
        var queue = OutboxQueue()
        let nothing = BusError(.timeout, "no stream acknowledges anything")
        queue.noteSilence(nothing)
        #expect(queue.trouble == nil, "nothing waits")
        _ = queue.put(try Self.message("a", 0))
        let attempt = try #require(Self.attempts(queue.due()).first)
        queue.disconnected()
        queue.noteSilence(nothing)
        #expect(queue.trouble == nil, "without a connection nobody is to blame")
        queue.connected()
        let again = try #require(Self.attempts(queue.due()).first)
        queue.noteSilence(nothing)
        #expect(queue.trouble == nothing)
        #expect(queue.failed(attempt, BusError(.timeout, "late")).isEmpty && queue.trouble == nothing)
        _ = queue.failed(again, BusError(.timeout, "no answer in time"))
        #expect(queue.trouble == nothing, "it says more than the attempt's own failure")
        queue.resume()
        let last = try #require(Self.attempts(queue.due()).first)
        _ = queue.acknowledged(last, StreamAck(stream: "S", sequence: 1, isDuplicate: false))
        #expect(queue.trouble == nil)
    }

    @Test("a stream that was purged or recreated takes what follows; another's message prevents it")
    func purged() throws {
        var queue = OutboxQueue()
        var message = try Self.message("a", 0)
        message.fence = "S"
        queue.know(message.subject, last: 7)
        _ = queue.put(message)
        var attempt = try #require(Self.attempts(queue.due()).first)
        #expect(attempt.fence?.last == 7)
        #expect(queue.failed(attempt, BusError(.conflict, "wrong last sequence")) == [.compare(attempt)])
        #expect(queue.compared(attempt, .success(nil)).isEmpty)
        attempt = try #require(Self.attempts(queue.due()).first)
        #expect(attempt.fence?.last == 0)
        _ = queue.failed(attempt, BusError(.conflict, "wrong last sequence"))
        let other = StoredIdentity(id: .v7(), sequence: 3)
        #expect(queue.compared(attempt, .success(other)) == [.superseded(message.subject, [message.id], by: other)])
        var later = try Self.message("a", 1)
        later.fence = "S"
        #expect(queue.put(later) == [.dropped(later.id)], "it follows from what was given up")
        queue.know(message.subject, last: 3)
        #expect(queue.put(later).isEmpty && Self.attempts(queue.due()).first?.fence?.last == 3)
    }

    @Test("what an earlier process left continues from what it follows, though its subject was not read before")
    func followsUnseen() throws {
        var (queue, messages) = (OutboxQueue(), try (0..<4).map { try Self.message("a", $0) })
        for place in messages.indices {
            messages[place].fence = "S"
            messages[place].follows = place > 0 ? messages[place - 1].id : nil
        }
        let subject = messages[0].subject, conflict = BusError(.conflict, "wrong last sequence")
        for message in messages[2...] { _ = queue.put(message, isKept: true) }
        var attempt = try #require(Self.attempts(queue.due()).first)
        #expect(attempt.fence?.last == 0)
        _ = queue.failed(attempt, conflict)
        #expect(queue.compared(attempt, .success(StoredIdentity(id: messages[1].id, sequence: 8))).isEmpty)
        attempt = try #require(Self.attempts(queue.due()).first)
        #expect(attempt.id == messages[2].id && attempt.fence?.last == 8, "nobody else has stored there")
        // The stream holds some of it, longer than it recognises repetitions.
        queue = OutboxQueue()
        for message in messages { _ = queue.put(message, isKept: true) }
        attempt = try #require(Self.attempts(queue.due()).first)
        _ = queue.failed(attempt, conflict)
        #expect(queue.compared(attempt, .success(StoredIdentity(id: messages[2].id, sequence: 9))).count == 3)
        attempt = try #require(Self.attempts(queue.due()).first)
        #expect(attempt.id == messages[3].id && attempt.fence?.last == 9)
        // Another has stored there.
        queue = OutboxQueue()
        for message in messages[2...] { _ = queue.put(message, isKept: true) }
        attempt = try #require(Self.attempts(queue.due()).first)
        _ = queue.failed(attempt, conflict)
        let other = StoredIdentity(id: .v7(), sequence: 9)
        #expect(
            queue.compared(attempt, .success(other)) == [
                .superseded(subject, messages[2...].map(\.id), by: other)
            ])
    }

    @Test("with a fenced message that is refused or given up, what follows from it goes too")
    func chainsEndTogether() throws {
        func chain(_ subject: String, _ count: Int, bytes: Int = 10) throws -> [OutboxMessage] {
            try (0..<count).map {
                var message = try Self.message(subject, $0, bytes: bytes)
                message.fence = "S"
                return message
            }
        }
        var queue = OutboxQueue()
        let messages = try chain("a", 3), subject = messages[0].subject
        queue.know(subject, last: 4, id: .named("before"))
        for message in messages { _ = queue.put(message) }
        let attempt = try #require(Self.attempts(queue.due()).first)
        let last = StoredIdentity(id: .named("before"), sequence: 4), error = BusError(.tooLarge, "too large")
        #expect(
            queue.failed(attempt, error) == [
                .refused(attempt.id, error), .superseded(subject, messages[1...].map(\.id), by: last),
            ])
        let next = try chain("a", 4)[3]
        #expect(queue.waiting.isEmpty && queue.put(next) == [.dropped(next.id)], "until it is known again")

        queue = OutboxQueue(OutboxQueue.Limits(messages: 1_000, bytes: 4_000))
        queue.disconnected()
        var actions: [OutboxQueue.Action] = []
        for message in try chain("a", 30, bytes: 100) + chain("b", 30, bytes: 100) { actions += queue.put(message) }
        let given = actions.compactMap { if case .superseded(let subject, _, _) = $0 { subject.text } else { nil } }
        #expect(given == ["a"], "the oldest chain as a whole")
        #expect(queue.waiting.map(\.subject.text) == Array(repeating: "b", count: 30) && queue.counters.dropped == 30)
    }

    @Test("where bytes are too many, what costs none is not given up")
    func spilledStays() throws {
        var queue = OutboxQueue(OutboxQueue.Limits(messages: 1_000, bytes: 1_000))
        queue.disconnected()
        for number in 0..<50 { _ = queue.put(try Self.message("kept\(number)", number, bytes: 100), isKept: true) }
        queue.spill { _ in true }
        var actions: [OutboxQueue.Action] = []
        for number in 0..<20 { actions += queue.put(try Self.message("new\(number)", number, bytes: 100)) }
        #expect(actions.count == Int(queue.counters.dropped) && (10...11).contains(actions.count))
        #expect(queue.waiting.filter { $0.subject.text.hasPrefix("kept") }.count == 50)
    }
}
