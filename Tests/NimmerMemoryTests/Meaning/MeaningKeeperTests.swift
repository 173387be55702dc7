import NimmerIris
import NimmerMemory
import NimmerPlatform
import NimmerTesting
import NimmerWave
import Synchronization
import Testing

@testable import NimmerHippocampus

@Suite("What was committed is remembered by its meaning", .timeLimit(.minutes(5)))
struct MeaningKeeperTests {
    private struct Bench {
        let store = InMemoryStore()
        let vectors: InMemoryVectorStore
        let embedder: ScriptedEmbedder
        let keeper: MeaningKeeper

        init(poison: String? = nil) throws {
            let table = try #require(RememberedFixture.table, "deploy/iris has no table of meanings")
            let embedder = ScriptedEmbedder(table, poison: poison)
            self.embedder = embedder
            vectors = InMemoryVectorStore(kernel: try Token("main"), outcomes: store)
            keeper = MeaningKeeper(
                store, vectors, embedder: { () async throws(EmbeddingError) -> any Embedder in embedder },
                environment: .dev, isTrusted: { _, _ in true })
        }

        /// Embeds until nothing is ready.
        func work() async { while await keeper.round() {} }

        func find(_ text: String, _ change: (inout MemorySearch.Question) -> Void = { _ in }) async throws
            -> [VectorMatch]
        {
            var question = MemorySearch.Question(text)
            change(&question)
            return try await MemorySearch(keeper).find(question, within: .seconds(60))
        }
    }

    @Test("the right opening is found first, with its outcome; decisions alone, of a region, since a time")
    func search() async throws {
        let bench = try Bench()
        await bench.work()
        _ = try await bench.store.write(
            RememberedFixture.decision(
                "pump", in: "plant.pump", "a grinding noise of the pump before it stopped", action: "stop_pump",
                result: .failed)
                + RememberedFixture.decision(
                    "door", in: "house.door", "the front door was left open at night", action: "close_door",
                    result: .confirmed)
                + RememberedFixture.decision(
                    "sum", in: "school.sums", "the addition of two numbers is wrong", action: "calculate_again"))
        await bench.work()
        #expect(bench.keeper.status.kept == 8, "three openings, three decisions, two outcomes")
        #expect(bench.keeper.status.waiting == 0 && bench.keeper.status.trouble == nil)
        let all = try await bench.find("pump noise before a stop")
        #expect(all.first?.item.region.text == "plant.pump" && all.first?.outcome == "failed")
        let decisions = try await bench.find("pump noise before a stop") { $0.kinds = [.decision] }
        #expect(decisions.map(\.item.region.text).first == "plant.pump" && decisions.count == 3)
        let houses = try await bench.find("pump noise") { $0.regions = try? SubjectPattern("house.>") }
        #expect(!houses.isEmpty && houses.allSatisfy { $0.item.region.text == "house.door" })
        let later = try await bench.find("pump noise") {
            $0.since = DecisionFixture.time.advanced(milliseconds: 30_000)
        }
        #expect(later.allSatisfy { $0.item.kind == .outcome } && later.count == 2)
        let id = try #require(decisions.first?.item.id)
        let others = try await bench.find("pump noise before a stop") {
            $0.kinds = [.decision]
            $0.except = id
        }
        #expect(others.count == 2 && !others.contains { $0.item.id == id })
    }

    @Test("more than a batch is embedded in batches; what happens again is counted, not kept")
    func duplicates() async throws {
        let bench = try Bench()
        await bench.work()
        for number in 0..<100 {
            _ = try await bench.store.write(
                RememberedFixture.decision("pump \(number)", in: "plant.pump", "a grinding noise", action: "stop_pump"))
        }
        await bench.work()
        let status = bench.keeper.status
        #expect(status.kept == 2 && status.duplicates == 198)
        #expect(bench.embedder.asked.allSatisfy { $0.count <= MeaningKeeper.batch })
        let found = try await bench.find("noise") { $0.kinds = [.decision] }
        #expect(found.count == 1 && found.first?.duplicates == 99)
    }

    @Test(
        "a model that is gone, late or of another size stops it by name, and nothing is lost",
        arguments: [
            (ScriptedEmbedder.Step.fail(.unavailable("gone")), MeaningStatus.Trouble.model),
            (.fail(.timedOut), .late), (.short, .dimensions),
        ])
    func trouble(_ step: ScriptedEmbedder.Step, _ trouble: MeaningStatus.Trouble) async throws {
        let bench = try Bench()
        await bench.work()
        _ = try await bench.store.write(
            RememberedFixture.decision("pump", in: "plant.pump", "a grinding noise", action: "stop_pump"))
        bench.embedder.script(step)
        await bench.work()
        #expect(bench.keeper.status.trouble == trouble && bench.keeper.status.kept == 0)
        #expect(bench.keeper.status.waiting == 2 && bench.keeper.status.degraded != nil)
        bench.embedder.script(.answer)
        await bench.work()
        #expect(bench.keeper.status.trouble == nil && bench.keeper.status.kept == 2)
    }

    @Test("a text whose vector is not finite is counted and left out; the others of its batch are kept")
    func notFinite() async throws {
        let bench = try Bench(poison: "bad")
        await bench.work()
        for (number, note) in ["good noise", "a bad one", "the door is open"].enumerated() {
            _ = try await bench.store.write(
                RememberedFixture.decision("n\(number)", in: "plant.r\(number)", note, action: "wait"))
        }
        await bench.work()
        #expect(bench.keeper.status.unembeddable == 2 && bench.keeper.status.kept == 4)
        #expect(bench.keeper.status.waiting == 0 && bench.keeper.status.trouble == nil)
    }

    @Test("what was stored before, and what another run left, is taken up")
    func restart() async throws {
        let bench = try Bench()
        _ = try await bench.store.write(
            RememberedFixture.decision("old", in: "plant.pump", "a grinding noise", action: "stop_pump"))
        bench.embedder.script(.fail(.unavailable("gone")))
        await bench.work()
        let embedder = bench.embedder
        embedder.script(.answer)
        let other = MeaningKeeper(
            bench.store, bench.vectors, embedder: { () async throws(EmbeddingError) -> any Embedder in embedder },
            environment: .dev, isTrusted: { _, _ in true })
        while await other.round() {}
        #expect(other.status.kept == 2)
        while await other.round() {}
        #expect(other.status.kept == 2 && other.status.known == 0, "once")
    }

    @Test("nothing waits where it was ended")
    func ended() async throws {
        let bench = try Bench()
        await bench.work()
        await MeaningKeeper.stop(bench.store, .dev)
        _ = try await bench.store.write(
            RememberedFixture.decision("pump", in: "plant.pump", "a grinding noise", action: "stop_pump"))
        let waiting = try await bench.store.pendingMeanings(.dev, limit: 10).waiting
        #expect(waiting == 0)
    }

    @Test("an answer has the nearest matches that fit into a message, and states how many do not")
    func answers() throws {
        let matches = try (0..<100).map { number in
            var item = try MeaningFixture("answer \(number)").item
            item.text = String(repeating: "\\", count: 2_000)
            return VectorMatch(item: item, cosine: 1)
        }
        let result = MemoryRequests.result(matches)
        let kept = try #require(result["matches"]?.array?.count)
        #expect(kept > 10 && kept < 100 && result["left_out"]?.int == 100 - kept)
        #expect(result.text.utf8.count < Wire.maximumBytes)
        #expect(MemoryRequests.result(Array(matches.prefix(3)))["left_out"]?.int == 0)
    }

    @Test("a commit wakes it")
    func wakes() async throws {
        let bench = try Bench()
        let keeper = bench.keeper
        let task = Task { await keeper.run() }
        defer { task.cancel() }
        try await eventually("begun") { keeper.status.model != nil }
        _ = try await bench.store.write(
            RememberedFixture.decision("pump", in: "plant.pump", "a grinding noise", action: "stop_pump"))
        keeper.committed()
        try await eventually("embedded") { keeper.status.kept == 2 }
    }

    @Test("a store that never answers is abandoned, and refused once all places are taken")
    func hanging() async throws {
        let embedder = ScriptedEmbedder(try #require(RememberedFixture.table))
        let hanging = HangingVectorStore()
        let keeper = MeaningKeeper(
            InMemoryStore(), hanging, embedder: { () async throws(EmbeddingError) -> any Embedder in embedder },
            environment: .dev, isTrusted: { _, _ in true })
        let search = MemorySearch(keeper)
        // A slow machine may need that time to embed the question: such a one takes no place.
        while keeper.status.late < MemorySearch.places {
            await #expect(throws: MeaningFailure.self) {
                try await search.find(MemorySearch.Question("noise"), within: .milliseconds(200))
            }
        }
        let failed = keeper.status.failed
        await #expect(throws: MeaningFailure.self) {
            try await search.find(MemorySearch.Question("noise"), within: .seconds(600))
        }
        #expect(keeper.status.failed == failed + 1 && keeper.status.late == MemorySearch.places)
        hanging.release()
    }
}

/// A store that does not answer until it is released, whatever is cancelled.
final class HangingVectorStore: VectorStore {
    private let held = Held()

    /// Lets all who wait go.
    func release() { held.release() }

    func open() async throws(MemoryError) {}
    func keep(_ items: [RememberedItem]) async throws(MemoryError) -> VectorReport {
        await held.wait()
        return VectorReport()
    }
    func search(_ query: VectorQuery) async throws(MemoryError) -> [VectorMatch] {
        await held.wait()
        return []
    }
    func withoutEmbedding(
        of model: EmbeddingModel, kind: RememberedItem.Kind, in environment: Environment, before: VectorPlace?,
        limit: Int
    ) async throws(MemoryError) -> [RememberedItem] {
        await held.wait()
        return []
    }
    func close() async {}
}

/// Holds those that wait until it is released.
final class Held: Sendable {
    private let waiting = Mutex<(isReleased: Bool, tasks: [CheckedContinuation<Void, Never>])>((false, []))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isReleased = waiting.withLock { waiting in
                if !waiting.isReleased { waiting.tasks.append(continuation) }
                return waiting.isReleased
            }
            if isReleased { continuation.resume() }
        }
    }

    func release() {
        let tasks = waiting.withLock { waiting in
            defer { waiting = (true, []) }
            return waiting.tasks
        }
        for task in tasks { task.resume() }
    }
}

@Suite("Calls that are abandoned")
struct AbandonedCallTests {
    @Test("one that never returns costs its caller the time, and keeps its place; without a place it is refused")
    func places() async {
        let calls = AbandonedCalls(places: 2)
        let held = Held()
        for _ in 0..<2 {
            let outcome = await calls.call(within: .milliseconds(1)) { await held.wait() }
            guard case .late = outcome else {
                Issue.record("it returned")
                continue
            }
        }
        #expect(calls.inProgress == 2)
        let third = await calls.call(within: .seconds(60)) { 1 }
        guard case .busy = third else {
            Issue.record("there was a place")
            return
        }
        held.release()
        while calls.inProgress > 0 { await Task.yield() }
        let fourth = await calls.call(within: .seconds(60)) { 4 }
        guard case .returned(4) = fourth else {
            Issue.record("no answer")
            return
        }
    }
}
