import Logging
import NimmerBus
import NimmerProcess
import NimmerWave
import Testing

/// Lives of one service, one after the other, on one bus.
@Suite("What ends a process is kept and set aside")
struct CrashSuspectTrackerTests {
    private let bus = InMemoryBus()
    private let stream = "DEV-ESCALATIONS"

    private func keeper(_ instance: String) throws -> CrashSuspectTracker {
        CrashSuspectTracker(
            bus: bus, environment: .dev, service: try Token("cognition-bridge"), instance: instance,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, window: 3_600_000)
    }

    /// A delivery that notes what is said to it.
    private func delivery(_ count: Int, _ answers: @escaping @Sendable (Delivery.Answer) -> Void = { _ in }) throws
        -> Delivery
    {
        let message = BusMessage(
            subject: try Subject(foreign: "dev.cognitive.bridge.request.thalamus"),
            headers: ["Nats-Msg-Id": "abc", "Trace": "t: 1"], payload: [0x7b, 0, 0xff], at: .now())
        return Delivery(message: message, sequence: 7, deliveryCount: count, waiting: 0) { answers($0) }
    }

    /// Begins a life, lets it take a message, and ends it as a crash would: nothing more is heard of it.
    private func live(_ name: String, _ body: @escaping @Sendable (CrashSuspectTracker) async throws -> Void)
        async throws
    {
        let keeper = try keeper(name)
        await keeper.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await keeper.run() }
            try await body(keeper)
            group.cancelAll()
        }
    }

    @Test func whatEndsEachLifeIsSetAsideWithItsBytes() async throws {
        try await bus.ensureStream(
            StreamConfiguration(name: stream, subjects: [SubjectPattern("dev.cognitive.bridge.request.*")]))
        let stream = stream, fresh = try delivery(1)
        try await live("1") { keeper in
            #expect(await keeper.sort([fresh], of: stream).now.count == 1)
        }
        // Its messages are older than the next life.
        let poison = try delivery(2), again = try delivery(3)
        try await live("2") { keeper in
            let sorted = await keeper.sort([poison], of: stream)
            #expect(sorted.now.count == 1 && sorted.hasSuspects)
        }
        try await live("3") { keeper in
            let sorted = await keeper.sort([again], of: stream)
            #expect(sorted.now.isEmpty && sorted.alone.count == 1)
            await keeper.begin(alone: again, of: stream)
            #expect(keeper.isCritical(again, of: stream))
        }
        let (answers, answered) = AsyncStream<Delivery.Answer>.makeStream()
        let last = try delivery(4) { answered.yield($0) }
        try await live("4") { keeper in
            let sorted = await keeper.sort([last], of: stream)
            #expect(sorted.now.isEmpty && sorted.alone.isEmpty && keeper.setAside == 1)
        }
        #expect(await answers.first { _ in true } == .term)
        let stored = try #require(try await bus.read(stream: DeadLetter.stream(.dev)).first)
        let aside = try #require(DeadLetter(stored.message))
        #expect(stored.message.subject.text == "dev.nervous.aside.cognition-bridge")
        #expect(aside.payload == last.message.payload && aside.subject == last.message.subject)
        #expect(aside.original == last.message.headers && aside.headersToRepeat == ["Trace": "t: 1"])
        #expect(aside.stream == stream && aside.sequence == 7 && aside.reason.hasPrefix("the process ended 3 times"))
    }

    @Test func aLifeThatEndsInOrderLeavesNothing() async throws {
        let first = try keeper("1")
        await first.open()
        await first.close()
        let bucket = try await bus.keyValue(SystemStreams.handling(.dev))
        #expect(try await bucket.entries().isEmpty)
        let old = try delivery(2), stream = stream
        try await live("2") { keeper in
            #expect(await keeper.sort([old], of: stream).hasSuspects == false)
        }
        #expect(try await bucket.entries().count == 1)
    }

    @Test func aLifeThatStillAnswersIsAnotherInstance() async throws {
        let first = try keeper("1")
        await first.open()
        let ping = try SubjectPattern("$SRV.PING.cognition-bridge.1")
        let bus = bus
        _ = try await bus.subscribe(ping) { _, _, arrival in
            guard let reply = arrival.reply else { return }
            try? bus.publish(reply, payload: [])
        }
        let second = try keeper("2")
        await second.open()
        let bucket = try await bus.keyValue(SystemStreams.handling(.dev))
        #expect(try await bucket.entries().count == 2)
    }

    @Test func withoutTheBucketEverythingIsHandled() async throws {
        let keeper = try keeper("1")
        await bus.close()
        await keeper.open()
        let again = try delivery(2)
        #expect(await keeper.sort([again], of: stream).now.count == 1)
        await keeper.close()
    }
}
