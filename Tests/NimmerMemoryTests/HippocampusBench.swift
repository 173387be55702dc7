import NimmerMemory
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBus
@testable import NimmerHippocampus

/// A hippocampus at work on a bus within this process, and what it said.
final class HippocampusBench: Sendable {
    let bus = InMemoryBus()
    let hippocampus: Hippocampus
    let notices = Mutex<[String]>([])
    let rejects = Mutex<[String]>([])
    private let stop = AsyncStream<Void>.makeStream()

    init(_ store: any MemoryStore, rows: Int = 100, milliseconds: Double = 20) {
        let limits = Batcher<Hippocampus.Held>.Limits(
            milliseconds: milliseconds, rows: rows, capacity: rows * 2, firstRetryMilliseconds: 5,
            lastRetryMilliseconds: 20)
        let box = Box()
        hippocampus = Hippocampus(
            bus: bus, store: store, environment: .dev, limits: limits,
            reject: { refusal, _ in box.bench?.rejects.withLock { $0.append(refusal.field) } },
            notify: { notice in box.bench?.notices.withLock { $0.append(notice.name) } })
        box.bench = self
    }

    private final class Box: @unchecked Sendable {  // set once, before anything runs
        weak var bench: HippocampusBench?
    }

    /// Makes the streams as 2.0 had them, and lets a thalamus of 2.0 live, so that they stay so.
    func keepLegacy() async throws {
        let answer = Array(#"{"metadata": {"entity_type": "thalamus"}}"#.utf8)
        _ = try await bus.subscribe(try SubjectPattern("$SRV.INFO")) { [bus] _, _, arrival in
            try? bus.respond(to: arrival.message(), payload: answer)
        }
        for (name, subject, legacy) in [
            (SystemStreams.transitions(.dev), SubjectPattern.transitions(.dev), Subject.collapse(.dev)),
            (SystemStreams.escalations(.dev), .cognitiveRequests(.dev), Subject.cognitiveRequest(.dev)),
        ] {
            try await bus.ensureStream(
                StreamConfiguration(name: name, subjects: [subject, SubjectPattern(legacy)]))
        }
    }

    /// Runs it while `body` does, then stops it and waits for its end.
    ///
    /// - Parameter legacy: whether the streams are those of 2.0, with a peer that needs them.
    func run(legacy: Bool = true, _ body: () async throws -> Void) async throws {
        if legacy { try await keepLegacy() }
        #expect(try await SystemStreams.ensure(on: bus, environment: .dev) == legacy)
        let (stopped, ask) = stop
        let hippocampus = hippocampus
        let task = Task { await hippocampus.run(until: { for await _ in stopped {} }) }
        defer { ask.finish() }
        try await body()
        ask.finish()
        await task.value
    }

    func publish(_ entries: [MemoryEntry]) async throws {
        for entry in entries {
            let subject = try Subject(foreign: entry.subject)
            if case .correlation = entry.row {
                try bus.publish(subject, payload: entry.payload)
            } else {
                try await bus.publishDurably(subject, payload: entry.payload, id: entry.row.messageID)
            }
        }
    }

    /// How many messages of the transitions' stream were delivered and not acknowledged, or wait.
    func open() async throws -> Int {
        let consumer = try await bus.consumer(
            ConsumerConfiguration(stream: SystemStreams.transitions(.dev), durable: try Token("hippocampus")))
        let info = try await consumer.info()
        return info.unacknowledged + Int(info.waiting)
    }
}

extension Hippocampus.Notice {
    fileprivate var name: String {
        switch self {
        case .lost: "lost"
        case .recovered: "recovered"
        case .setAside(let count, _): "set aside \(count)"
        case .waitingForStream: "waiting"
        }
    }
}

/// Waits until something holds; fails the test when it does not within two minutes: the machine may be busy.
func eventually(_ what: Comment, _ condition: () async throws -> Bool) async throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(120)
    while try await !condition() {
        try #require(clock.now < end, what)
        try await Task.sleep(for: .milliseconds(5))
    }
}
