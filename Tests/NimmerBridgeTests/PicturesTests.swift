import NimmerBus
import NimmerCognition
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBridge

/// The pictures of a question: which are shown, and why others are not (spec/artifacts.md, Minds that see).
@Suite("Pictures for minds", .timeLimit(.minutes(2))) struct PicturesTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    private func picture(_ seed: UInt8, _ count: Int = 100) -> [UInt8] {
        Self.png + [UInt8](repeating: seed, count: count)
    }

    private func reference(_ bytes: [UInt8], _ type: String = "image/png", size: Int? = nil) throws -> ArtifactReference
    {
        ArtifactReference(digest: ArtifactDigest(of: bytes), type: try MediaType(type), bytes: size ?? bytes.count)
    }

    private func request(_ name: String = "r", _ artifacts: [[ArtifactReference]]) throws -> CognitiveRequest {
        let witnesses = artifacts.enumerated().map { index, named in
            EscalationWitness(source: "cell-\(index)", confidence: 0.9 - Double(index) / 10, artifacts: named)
        }
        let input = EscalationInput(region: try Region("plant"), witnesses: witnesses)
        return CognitiveRequest(
            requestID: .named(name), collapseID: .named("c"), eventType: "e", domain: try Token("plant"),
            confidence: 0.8, structuredInput: .raw(input.bytes), suggestedActions: [], processingBudgetLF: 10,
            responseTimeoutMilliseconds: 15_000, expiresAt: .now())
    }

    /// Time in which a slow machine fetches what is there.
    private func later() -> ContinuousClock.Instant { .now + .seconds(60) }

    /// Time that is waited in vain for what is not there.
    private func soon() -> ContinuousClock.Instant { .now + .milliseconds(400) }

    @Test("what fits and is a picture is shown, the surest witness's first; the rest is named")
    func chosen() async throws {
        let store = InMemoryArtifactStore()
        let (one, two, large) = (picture(1), picture(2), picture(3, 5_000))
        let (text, lying) = (Array("sound".utf8), Array("no picture".utf8))
        for bytes in [one, two, large, text, lying] { try await store.put(bytes, type: .binary) }
        let sound = try reference(text, "audio/wav")
        let request = try request(
            "r",
            [
                [try reference(one), sound, try reference(lying)],
                [try reference(two), try reference(one), try reference(large)],
            ])
        let shown = await Pictures { store }.shown(for: request, budget: 1_000, until: later())
        #expect(shown.images == [MindImage(type: "image/png", bytes: one), MindImage(type: "image/png", bytes: two)])
        #expect(shown.saw == [ArtifactDigest(of: one), ArtifactDigest(of: two)])
        #expect(shown.leftOut.count == 3, "\(shown.leftOut)")
        for (line, reason) in zip(shown.leftOut, ["not an image", "its bytes are no image", "beyond the 1000 bytes"]) {
            #expect(line.contains(reason), "\(line)")
        }
        #expect(shown.leftOut.first?.hasPrefix(sound.digest.short) == true)
        #expect(shown.leftOut.first?.contains("audio/wav") == true)
    }

    @Test("one that is not there is looked for until the deadline, and named")
    func absent() async throws {
        let store = InMemoryArtifactStore()
        let request = try request("r", [[try reference([7])]])
        let shown = await Pictures { store }.shown(for: request, budget: 1_000, until: soon())
        // By the last look or by the deadline, whichever comes first.
        let reasons = ["there is no artifact", "not there in time"]
        #expect(shown.images.isEmpty && shown.leftOut.count == 1)
        #expect(reasons.contains { shown.leftOut.first?.contains($0) == true }, "\(shown.leftOut)")
    }

    @Test("each is fetched once for a decision, however often it is asked about")
    func once() async throws {
        let store = CountingStore()
        let bytes = picture(1)
        try await store.inner.put(bytes, type: .binary)
        let pictures = Pictures { store }
        let asked = try request("r", [[try reference(bytes)]])
        for _ in 0..<3 {
            #expect(await pictures.shown(for: asked, budget: 1_000, until: later()).images.count == 1)
        }
        #expect(store.reads == 1)
        let other = try request("s", [[try reference(bytes)]])
        #expect(await pictures.shown(for: other, budget: 1_000, until: later()).images.count == 1)
        #expect(store.reads == 2)
    }

    @Test("one that a wave named before it was stored is waited for")
    func late() async throws {
        let store = CountingStore()
        let bytes = picture(1)
        let request = try request("r", [[try reference(bytes)]])
        async let shown = Pictures { store }.shown(for: request, budget: 1_000, until: later())
        while store.reads < 2 { await Task.yield() }
        try await store.inner.put(bytes, type: .binary)
        #expect(await shown.images.count == 1)
    }

    @Test("a size that is a lie, and a store that never answers, leave a picture out")
    func lies() async throws {
        let store = InMemoryArtifactStore()
        let bytes = picture(1, 5_000)
        try await store.put(bytes, type: .binary)
        let lied = try request("r", [[try reference(bytes, size: 10)]])
        let shown = await Pictures { store }.shown(for: lied, budget: 1_000, until: later())
        #expect(shown.images.isEmpty && shown.leftOut.first?.contains("expected at most 10") == true, "\(shown)")
        let silent = CountingStore(isSilent: true)
        let asked = try request("s", [[try reference(bytes)]])
        let none = await Pictures { silent }.shown(for: asked, budget: 10_000, until: soon())
        #expect(none.images.isEmpty && none.leftOut.first?.contains("not there in time") == true, "\(none)")
    }
}

/// A store that counts its readers, or lets them wait.
private final class CountingStore: ArtifactStore {
    let inner = InMemoryArtifactStore()
    private let isSilent: Bool
    private let count = Mutex(0)
    var reads: Int { count.withLock { $0 } }
    var bounds: ArtifactBounds { inner.bounds }

    init(isSilent: Bool = false) { self.isSilent = isSilent }

    func begin(_ offer: ArtifactOffer) async throws(ArtifactError) -> any ArtifactUpload {
        try await inner.begin(offer)
    }

    func read(
        _ digest: ArtifactDigest, limit: Int64?, take: ([UInt8]) async -> Bool
    ) async throws(ArtifactError) -> ArtifactInfo {
        count.withLock { $0 += 1 }
        // Ends when it is cancelled.
        if isSilent { try? await Task.sleep(for: .seconds(3_600)) }
        return try await inner.read(digest, limit: limit, take: take)
    }

    func describe(_ digest: ArtifactDigest) async throws(ArtifactError) -> ArtifactInfo? {
        try await inner.describe(digest)
    }

    func list() async throws(ArtifactError) -> ArtifactList { try await inner.list() }

    func remove(_ digest: ArtifactDigest) async throws(ArtifactError) -> Bool { try await inner.remove(digest) }
}
