import Glibc
import NimmerBus
import NimmerOutput
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers
@testable import NimmerBackup

/// docs/reference/backup.md, Order.
@Suite struct BackupCutTests {
    private static let source = Source(entityID: "a", entityType: .service, garden: .real, tier: 2)

    private func stored(_ subject: Subject, _ payload: [UInt8], _ sequence: UInt64, at second: Int64) -> StoredMessage {
        StoredMessage(
            message: BusMessage(subject: subject, payload: payload, at: Timestamp(seconds: second, nanoseconds: 0)),
            sequence: sequence)
    }

    private func request(_ id: MessageID, _ sequence: UInt64, at second: Int64) throws -> StoredMessage {
        let request = CognitiveRequest(
            requestID: id, collapseID: id, eventType: "fault", domain: try Token("plant"), confidence: 0.9,
            structuredInput: [:],
            suggestedActions: [], processingBudgetLF: 1, responseTimeoutMilliseconds: 1000,
            expiresAt: Timestamp(seconds: 100, nanoseconds: 0))
        let message = Envelope(id: id, at: Timestamp(seconds: second, nanoseconds: 0), from: Self.source, request)
        return stored(.cognitiveRequest(.dev), message.encoded(), sequence, at: second)
    }

    private func answer(to id: MessageID, at second: Int64) -> StoredMessage {
        stored(.cognitiveResponse(.dev), Array(#"{"body":{"request_id":"\#(id.text)"}}"#.utf8), 1, at: second)
    }

    private static let questions = "DEV-ESCALATIONS"

    @Test func onlyWhatIsAboutALaterQuestionIsLeftOut() throws {
        var cut = BackupCut(.dev)
        func takes(_ stored: StoredMessage, of stream: String) -> Bool { cut.takes(stored, of: stream) }
        let (old, aged, later) = (MessageID.named("old"), MessageID.named("aged"), MessageID.named("later"))
        #expect(cut.next(of: Self.questions) == 1)
        #expect(takes(try request(old, 4, at: 10), of: Self.questions))
        #expect(cut.next(of: Self.questions) == 5)
        cut.learn(try request(later, 6, at: 12), of: Self.questions)
        #expect(cut.next(of: Self.questions) == 7)
        // Of a question that its stream holds no more, what was decided stays.
        for (id, isTaken) in [(old, true), (aged, true), (later, false)] {
            #expect(takes(answer(to: id, at: 21), of: "DEV-DECISIONS") == isTaken)
            let act = Array(#"{"body":{"request_id":"\#(id.text)"}}"#.utf8)
            #expect(takes(stored(.act(.dev), act, 2, at: 22), of: "DEV-DECISIONS") == isTaken)
            let record = stored(try Subject(foreign: "$KV.DEV-ACTS.\(id.text)"), [], 3, at: 23)
            #expect(takes(record, of: "KV_DEV-ACTS") == isTaken)
        }
        // What became of an opening is about none.
        let gate = GateID(region: try Region("plant"))
        #expect(takes(stored(.feedback(.dev, gate: gate), [], 4, at: 30), of: "DEV-DECISIONS"))
    }

    // MARK: - Whole copies

    /// What a copy of a bus holds: subjects by stream, in order.
    private func copy(
        _ bus: any Bus, while progress: () -> Void = {}
    ) async throws -> [String: [String]] {
        var template = Array("/tmp/nimmer-cut-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let path = folder + "/a.backup"
        let writer = try BackupWriter(path)
        try writer.head(BackupContents.Head(environment: .dev, madeAt: Timestamp(seconds: 1, nanoseconds: 0)))
        let last = try await StreamBackup(bus, .dev, at: "here").write(to: writer, progress: progress)
        _ = try writer.finish(last: last)
        let file = try BackupFile(path)
        var found: [String: [String]] = [:]
        for stream in try BackupIndex(file).streams {
            var place = stream.place
            while case let record = try file.record(at: place), record.record.kind == .message {
                let message = try #require(BackupMessage(body: record.record.body))
                found[stream.stream.name, default: []].append(
                    message.subject + " " + String(decoding: message.payload.suffix(60), as: UTF8.self))
                place = record.next
            }
        }
        return found
    }

    private func put(_ bus: any Bus, _ subject: Subject, _ payload: [UInt8], _ id: String) {
        bus.publishDurably(subject, payload: payload, id: .named(id), headers: [:], timeout: .seconds(60)) {
            if case .failure(let error) = $0 { Issue.record(error) }
        }
    }

    /// A question, its answer and what became of it.
    private func ask(_ bus: any Bus, _ id: MessageID) throws {
        put(
            bus, Subject.cognitiveRequest(.dev).from(try Token("a")), try request(id, 1, at: 1).message.payload,
            "q\(id)")
    }

    private func decide(_ bus: any Bus, _ id: MessageID, record state: String) throws {
        let body = Array(#"{"body":{"request_id":"\#(id.text)"}}"#.utf8)
        put(bus, .cognitiveResponse(.dev), body, "r\(id)")
        put(bus, .act(.dev), body, "a\(id)")
        put(bus, try Subject(foreign: "$KV.DEV-ACTS.\(id.text)"), Array(state.utf8), "k\(id)\(state)")
    }

    private func systemBus() async throws -> InMemoryBus {
        let bus = InMemoryBus()
        try await SystemStreams.ensure(on: bus, environment: .dev)
        _ = try await bus.keyValue(SystemStreams.acts(.dev))
        return bus
    }

    /// A person asks at noon, nothing else happens, and the copy is made in the evening.
    @Test func whatWasDecidedInAQuietSystemIsCopied() async throws {
        let bus = try await systemBus()
        let gate = GateID(region: try Region("plant"))
        put(bus, .transition(.dev, gate: gate), [], "release")
        let asked = MessageID.named("asked")
        try ask(bus, asked)
        let consumer = try await bus.consumer(
            ConsumerConfiguration(stream: Self.questions, durable: try Token("bridge")))
        for delivery in try await consumer.fetch(maximum: 1, wait: .seconds(60), linger: .zero) { try delivery.ack() }
        await consumer.stop()
        try decide(bus, asked, record: "done")
        let found = try await copy(bus)
        #expect(found[Self.questions]?.count == 1)
        #expect(found["DEV-DECISIONS"]?.count == 2)
        #expect(found["KV_DEV-ACTS"]?.count == 1)
    }

    /// What is asked while the copy is made is in it with everything that is about it, or not at all; a record that changes meanwhile
    /// is in it as it then is.
    @Test func whatHappensWhileItIsCopiedIsWholeOrAbsent() async throws {
        let bus = try await systemBus()
        let (old, later, last) = (MessageID.named("old"), MessageID.named("later"), MessageID.named("last"))
        try ask(bus, old)
        try decide(bus, old, record: "pending")
        var step = 0
        let found = try await copy(bus) {
            step += 1
            do {
                switch step {
                // The questions are copied.
                case 1:
                    try ask(bus, later)
                    try decide(bus, later, record: "done")
                // The answers are.
                case 2:
                    let record = try Subject(foreign: "$KV.DEV-ACTS.\(old.text)")
                    put(bus, record, Array("approved".utf8), "changed")
                // The records are.
                case 3:
                    try ask(bus, last)
                    try decide(bus, last, record: "done")
                    let record = try Subject(foreign: "$KV.DEV-ACTS.\(old.text)")
                    put(bus, record, Array("sending".utf8), "changed again")
                default: break
                }
            } catch { Issue.record(error) }
        }
        #expect(step >= 3)
        #expect(found[Self.questions]?.count == 1)
        #expect(found["DEV-DECISIONS"]?.count == 2)
        let records = try #require(found["KV_DEV-ACTS"])
        #expect(records.allSatisfy { $0.contains(old.text) }, "\(records)")
        #expect(records.last?.hasSuffix("approved") == true || records.last?.hasSuffix("sending") == true, "\(records)")
    }

    /// A server where nothing of the environment is, or the wrong environment.
    @Test func nothingIsNoBackup() async throws {
        let bus = InMemoryBus()
        let nothing = await #expect(throws: Failure.self) { try await StreamBackup(bus, .dev, at: "nats://here") }
        #expect(nothing?.message.text.contains("nats://here has no stream DEV-TRANSITIONS") == true)
        #expect(nothing?.message.text.contains("environment dev ") == true)
        try await SystemStreams.ensure(on: bus, environment: .dev)
        _ = try await StreamBackup(bus, .dev, at: "nats://here")
        try await bus.deleteStream("DEV-DECISIONS")
        let half = await #expect(throws: Failure.self) { try await StreamBackup(bus, .dev, at: "nats://here") }
        #expect(half?.message.text.contains("DEV-DECISIONS") == true)
    }
}
