import NimmerMemory
import NimmerMemoryPostgres
import NimmerTesting
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBus
@testable import NimmerHippocampus

/// A store that fails as often as it is told, before or after its work is done.
private final class FlakyStore: MemoryStore {
    enum Failure: Sendable { case before, after }

    let inner = InMemoryStore()
    private let failures: Mutex<[Failure]>

    init(_ failures: [Failure] = []) { self.failures = Mutex(failures) }

    func open() async throws(MemoryError) {}

    func write(_ entries: [MemoryEntry]) async throws(MemoryError) -> WriteReport {
        let failure = failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if failure == .before { throw MemoryError(.unreachable, "away", canRetry: true) }
        let report = try await inner.write(entries)
        if failure == .after { throw MemoryError(.unreachable, "the answer was lost", canRetry: true) }
        return report
    }

    func trail(of id: MessageID) async throws(MemoryError) -> MemoryTrail? { try await inner.trail(of: id) }
    func trainingPage(_ query: TrainingQuery) async throws(MemoryError) -> TrainingPage {
        try await inner.trainingPage(query)
    }
    func lifeforce(_ query: LifeforceQuery) async throws(MemoryError) -> [LifeforceDay] {
        try await inner.lifeforce(query)
    }
    func answerPage(_ query: TrainingQuery) async throws(MemoryError) -> AnswerPage {
        try await inner.answerPage(query)
    }
    func gates(_ environment: Environment) async throws(MemoryError) -> [GateBalance] {
        try await inner.gates(environment)
    }
    func counts() async throws(MemoryError) -> MemoryCounts { try await inner.counts() }
    func close() async {}
}

@Suite("The hippocampus")
struct HippocampusTests {
    @Test("remembers what the streams hold and acknowledges it")
    func remembers() async throws {
        let store = FlakyStore()
        let bench = HippocampusBench(store)
        let decision = try DecisionFixture(seed: "hippocampus")
        try await bench.run {
            try await bench.publish(decision.entries.filter { if case .correlation = $0.row { false } else { true } })
            try await eventually("six rows") { bench.hippocampus.status.stored == 6 }
            try await eventually("all acknowledged") { try await bench.open() == 0 }
            try await eventually("the trace") {
                try await bench.publish([decision.entries[2]])
                return bench.hippocampus.status.stored == 7
            }
        }
        let trail = try await store.trail(of: decision.collapse.body.collapseID)
        #expect(trail?.verifications == [decision.verification])
        #expect(bench.notices.withLock { $0 } == [])
    }

    @Test("remembers the outcomes that a thalamus accepted, also before there is one")
    func acceptedOutcomes() async throws {
        let store = FlakyStore()
        let bench = HippocampusBench(store)
        let decision = try DecisionFixture(seed: "accepted")
        try await bench.run {
            try await eventually("every stream is read") {
                bench.hippocampus.streams.allSatisfy { bench.hippocampus.status.lag[$0] != nil }
            }
            try await bench.publish([decision.opening, decision.accepted()])
            try await eventually("both are stored") { bench.hippocampus.status.stored == 2 }
        }
        #expect(try await store.counts().accepted == 1)
        let earned = try await store.lifeforce(LifeforceQuery(environment: .dev, since: "2000-01-01")).map(\.earned)
        #expect(earned == [10], "what a confirmed opening gives back unless the system file states otherwise")
    }

    @Test("makes three rows of an opening that carries its collapse, once, and migrates the streams of 2.0")
    func openings() async throws {
        let store = FlakyStore([.after])
        let bench = HippocampusBench(store, rows: 2)
        let decision = try DecisionFixture(seed: "whole")
        guard case .transition(var opening) = decision.opening.row else { return }
        let collapse = decision.collapse.body
        opening.body.collapse = OpeningCollapse(
            collapseID: collapse.collapseID, confidence: collapse.confidence, windowStart: collapse.windowStart,
            witnesses: collapse.witnesses.map {
                OpeningWitness(origin: $0.origin, similarity: $0.similarity, semanticContent: $0.semanticContent)
            })
        opening.body.escalation = Escalation(
            eventType: "resonance", suggestedActions: [], processingBudgetLF: 1, responseTimeoutMilliseconds: 1000,
            expiresAt: opening.body.at)
        let request = try #require(opening.escalated?.body.requestID)
        for stream in SystemStreams.streams(.dev) {
            var old = stream
            old.subjects += SystemStreams.legacy(.dev)[stream.name].map { [$0] } ?? []
            try await bench.bus.ensureStream(old)
        }
        try await bench.run(legacy: false) {
            let subject = Subject.transition(.dev, gate: opening.body.gateID)
            try await bench.bus.publishDurably(subject, payload: opening.encoded(), id: opening.header.messageID)
            try await eventually("it is acknowledged") { try await bench.open() == 0 }
            #expect(bench.hippocampus.status.stored + bench.hippocampus.status.known == 3)
        }
        let trail = try #require(try await store.trail(of: collapse.collapseID))
        #expect(trail.collapse?.body.transitionID == opening.header.messageID && trail.transition?.body.collapse == nil)
        #expect(trail.request?.body.requestID == request)
        for (name, legacy) in SystemStreams.legacy(.dev) {
            #expect(try await bench.bus.stream(name).subjects.contains(legacy.text) == false)
        }
    }

    @Test("keeps what was published before it started")
    func catchesUp() async throws {
        let store = FlakyStore()
        let bench = HippocampusBench(store, rows: 10)
        try await bench.keepLegacy()
        try await SystemStreams.ensure(on: bench.bus, environment: .dev)
        for number in 0..<95 { try await bench.publish([try DecisionFixture(seed: "early \(number)").opening]) }
        try await bench.run(legacy: true) { try await eventually("95 rows") { bench.hippocampus.status.stored == 95 } }
    }

    @Test("sets aside what it cannot decode, reports it, and is not asked again")
    func rejects() async throws {
        let store = FlakyStore()
        let bench = HippocampusBench(store)
        try await bench.run {
            let subject = Subject.collapse(.dev)
            try await bench.bus.publishDurably(subject, payload: Array("not JSON".utf8), id: .v7())
            try await bench.publish([try DecisionFixture(seed: "after the bad one").opening])
            try await eventually("both are stored") { bench.hippocampus.status.stored == 2 }
            try await eventually("both are answered") { try await bench.open() == 0 }
        }
        #expect(try await store.counts().rejected == 1)
        #expect(bench.hippocampus.status.rejected == 1)
        #expect(bench.rejects.withLock { $0 } == [""])
    }

    @Test("holds messages while the store is unavailable, logs it once, and loses none")
    func lost() async throws {
        let store = FlakyStore(Array(repeating: .before, count: 6))
        let bench = HippocampusBench(store, rows: 3)
        try await bench.run {
            for number in 0..<20 { try await bench.publish([try DecisionFixture(seed: "lost \(number)").opening]) }
            try await eventually("it notices") { bench.notices.withLock { $0 }.contains("lost") }
            try await eventually("20 rows") { bench.hippocampus.status.stored == 20 }
            try await eventually("all acknowledged") { try await bench.open() == 0 }
        }
        #expect(bench.notices.withLock { $0 } == ["lost", "recovered"])
        #expect(bench.hippocampus.status.trouble == nil)
        #expect(try await store.gates(.dev).first?.transitions == 20)
    }

    @Test("a commit whose answer was lost counts once")
    func lostAnswer() async throws {
        let store = FlakyStore([.after])
        let bench = HippocampusBench(store)
        try await bench.run {
            try await bench.publish([try DecisionFixture(seed: "answer").opening])
            try await eventually("it is known") { bench.hippocampus.status.known == 1 }
        }
        #expect(try await store.gates(.dev).first?.transitions == 1)
    }

    @Test("writes what it holds before it leaves")
    func flushes() async throws {
        let store = FlakyStore()
        let bench = HippocampusBench(store, milliseconds: 3_600_000)
        try await bench.run {
            try await bench.publish([try DecisionFixture(seed: "flush").opening])
            try await eventually("it is held") { bench.hippocampus.status.held == 1 }
            #expect(try await store.counts().transitions == 0)
        }
        #expect(try await store.counts().transitions == 1)
        #expect(try await bench.open() == 0)
    }

    @Test("leaves without the store; what it held comes again")
    func leaves() async throws {
        let store = FlakyStore(Array(repeating: .before, count: 1_000))
        let bench = HippocampusBench(store)
        try await bench.run {
            try await bench.publish([try DecisionFixture(seed: "leave").opening])
            try await eventually("it notices") { bench.hippocampus.status.trouble != nil }
        }
        #expect(try await bench.open() == 1)
    }

    @Test(
        "remembers in PostgreSQL",
        .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
    func inPostgres() async throws {
        let store = PostgresStore(try await TestDatabase.shared.fresh())
        let bench = HippocampusBench(store)
        try await bench.run {
            for number in 0..<30 {
                let decision = try DecisionFixture(seed: "real \(number)", source: number == 7 ? "nul\0" : "math-1")
                try await bench.publish([decision.opening, decision.entries[1]])
            }
            try await eventually("59 rows") { bench.hippocampus.status.stored == 59 }
            try await eventually("all acknowledged") { try await bench.open() == 0 }
        }
        #expect(try await store.counts().rejected == 1)
        #expect(bench.notices.withLock { $0 } == ["set aside 1"])
    }
}
