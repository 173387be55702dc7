import NimmerBus
import NimmerWave
import Testing

/// docs/reference/compatibility.md, The streams: what they capture follows who lives.
@Suite(.timeLimit(.minutes(5))) struct SystemStreamsTests {
    private static let transitions = SystemStreams.transitions(.dev)
    private static let escalations = SystemStreams.escalations(.dev)
    private static let collapse = Subject.collapse(.dev).text
    private static let plain = Subject.cognitiveRequest(.dev).text
    private static let named = SubjectPattern.cognitiveRequests(.dev).text

    /// A thalamus that says it speaks a version; nil: it says nothing of it.
    private func peer(on bus: any Bus, speaking version: String?, in env: String = "dev") async throws
        -> any Subscription
    {
        var metadata: JSONObject = ["entity_type": "thalamus", "environment": .string(env)]
        metadata["protocol"] = version.map { .string($0) }
        let answer: JSON = ["name": "thalamus", "id": "a", "metadata": .object(metadata)]
        return try await bus.subscribe(try SubjectPattern("$SRV.INFO")) { [weak bus] _, _, arrival in
            try? bus?.respond(to: arrival.message(), payload: answer.bytes)
        }
    }

    /// What 2.0 makes of the streams when it starts.
    private func setBack(on bus: any Bus) async throws {
        try await bus.ensureStream(
            StreamConfiguration(
                name: Self.transitions, subjects: [.transitions(.dev), SubjectPattern(.collapse(.dev))],
                maximumAge: .seconds(7 * 86_400)))
        try await bus.ensureStream(
            StreamConfiguration(
                name: Self.escalations, subjects: [SubjectPattern(.cognitiveRequest(.dev))],
                maximumAge: .seconds(7 * 86_400)))
    }

    private func captured(on bus: any Bus) async throws -> Set<String> {
        Set(try await bus.stream(Self.transitions).subjects + bus.stream(Self.escalations).subjects)
    }

    /// The first change that watching brings.
    private func firstChange(on bus: any Bus) async throws -> SystemStreams.Change? {
        let (changes, change) = AsyncStream.makeStream(of: SystemStreams.Change.self)
        let watching = Task {
            await SystemStreams.watch(
                on: bus, environment: .dev, every: .milliseconds(1), wait: .milliseconds(5)
            ) { outcome in
                if case .success(let found) = outcome { change.yield(found) }
            }
        }
        defer { watching.cancel() }
        return await changes.first { _ in true }
    }

    @Test func aProcessOf20ThatStartsIsNoticedAndItsGoingToo() async throws {
        let bus = InMemoryBus()
        let own = try await peer(on: bus, speaking: "2.1")
        try await SystemStreams.ensure(on: bus, environment: .dev)
        #expect(try await captured(on: bus) == [SubjectPattern.transitions(.dev).text, Self.named])
        let old = try await peer(on: bus, speaking: "2.0")
        try await setBack(on: bus)
        #expect(try await !captured(on: bus).contains(Self.named))
        #expect(try await firstChange(on: bus) == .widened)
        #expect(
            try await captured(on: bus) == [
                SubjectPattern.transitions(.dev).text, Self.named, Self.plain, Self.collapse,
            ])
        old.cancel()
        #expect(try await firstChange(on: bus) == .migrated)
        #expect(try await captured(on: bus) == [SubjectPattern.transitions(.dev).text, Self.named])
        own.cancel()
        await bus.close()
    }

    /// A process of 2.0 that answered late when the streams were migrated gets its subjects back.
    @Test func whatWasMigratedTooSoonIsTakenBack() async throws {
        let bus = InMemoryBus()
        try await SystemStreams.ensure(on: bus, environment: .dev)
        _ = try await peer(on: bus, speaking: nil)
        #expect(try await firstChange(on: bus) == .widened)
        #expect(try await captured(on: bus).isSuperset(of: [Self.plain, Self.collapse]))
        await bus.close()
    }

    @Test func aProcessOfAnotherEnvironmentChangesNothing() async throws {
        let bus = InMemoryBus()
        try await setBack(on: bus)
        _ = try await peer(on: bus, speaking: "2.0", in: "prod")
        #expect(try await firstChange(on: bus) == .migrated)
        await bus.close()
    }
}
