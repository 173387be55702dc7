import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerWave
import Synchronization
import Testing

/// Where nobody has an identity, clients of any library are answered, and still no answer goes to a subject that means something
/// (decision 0020).
@Suite("Where answers go without identities", .timeLimit(.minutes(5)))
struct AnswerPlaceTests {
    private static let inboxes = ["_INBOX.x", "_INBOX.a.b.c", "_OTHER.x", "_CHAOS.7.1"]
    private static let others = [
        "$JS.API.STREAM.DELETE.DEV-TRANSITIONS", "$JS.API.STREAM.PURGE.DEV-DECISIONS",
        "$JS.API.STREAM.MSG.DELETE.DEV-ASIDE", "$KV.DEV-ACTS.a", "$SRV.PING", "dev.cognitive.bridge.response",
        "dev.nervous.cells.motor.request", "prod.nervous.cells.a.wave", "plant.wheels", "_INBOX", "_OTHER", "INBOX.x",
    ]

    @Test(arguments: await Servers.installed())
    func inboxesAreAnsweredAndNothingElse(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { server, part in
            #expect(part.identity == nil)
            let asker = try await NATSBus.open(BusSettings(url: server.url, name: "asker", waitsForServer: false))
            try await ask(part, from: asker)
            await asker.close()
        }
    }

    @Test func inMemoryToo() async throws {
        let bus = InMemoryBus()
        try await ask(bus, from: bus)
        await bus.close()
    }

    /// Asks a part in each way in which parts answer, for an answer in each place.
    private func ask(_ part: any Bus, from asker: any Bus) async throws {
        let services = ServiceResponder(
            .init(name: "part", id: "part-1", version: "1.0.0", summary: "Answers.", started: .now()), bus: part)
        services.report { ServiceResponder.Statistics() }
        try await services.start()
        let request = Subject.request(.dev, cell: try Token("part"))
        let passedOn = try Subject(foreign: "dev.nervous.shards.1.request")
        _ = try await part.subscribe(SubjectPattern(request)) { [weak part] _, _, arrival in
            try? part?.respond(to: arrival.message(), payload: [0x31])
        }
        _ = try await part.subscribe(SubjectPattern(request.from(try Token("asker")))) { [weak part] _, _, arrival in
            try? part?.passOn(arrival.message(), to: passedOn)
        }
        _ = try await part.subscribe(SubjectPattern(passedOn)) { [weak part] _, _, arrival in
            try? part?.respond(to: arrival.message(), payload: [0x32])
        }
        let heard = Mutex<[String: Int]>([:])
        _ = try await asker.subscribe(SubjectPattern(">")) { _, _, arrival in
            guard arrival.reply == nil else { return }
            let subject = arrival.message().subject.text
            guard Self.inboxes.contains(subject) || Self.others.contains(subject) else { return }
            heard.withLock { $0[subject, default: 0] += 1 }
        }
        let questions = try [
            request, request.from(try Token("asker")), Subject(foreign: "$SRV.STATS"),
            Subject(foreign: "$SRV.INFO.part"),
            Subject(foreign: "$SRV.PING.part.part-1"),
        ]
        for reply in Self.inboxes + Self.others {
            let reply = try Subject(foreign: reply)
            for question in questions { try asker.publish(question, payload: [], headers: [:], reply: reply) }
        }
        let answers = Self.inboxes.count * questions.count
        for _ in 0..<2000 where heard.withLock({ $0.values.reduce(0, +) }) < answers {
            try await asker.flush(timeout: .seconds(60))
        }
        let refused = UInt64(Self.others.count * questions.count)
        for _ in 0..<2000 where part.status.counters.repliesRefused < refused {
            try await part.flush(timeout: .seconds(60))
        }
        try await asker.flush(timeout: .seconds(60))
        #expect(part.status.counters.repliesRefused == refused)
        let expected = Dictionary(uniqueKeysWithValues: Self.inboxes.map { ($0, questions.count) })
        #expect(heard.withLock { $0 } == expected)
    }
}
