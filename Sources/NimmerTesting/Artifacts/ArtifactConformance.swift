import NimmerBus
import NimmerWave
import Synchronization

/// The contract of ``NimmerBus/ArtifactStore``, as checks that every implementation must pass.
///
///     @Test(arguments: ArtifactConformance.checks)
///     func keepsTheContract(_ check: ArtifactConformance.Check) async throws {
///         try await check.run { bounds, now in InMemoryArtifactStore(bounds: bounds, now: now) }
///     }
public enum ArtifactConformance {
    /// Makes the store of a check, empty: with these bounds, and this clock for ages.
    public typealias Making =
        @Sendable (_ bounds: ArtifactBounds, _ now: @escaping @Sendable () -> Timestamp) async throws ->
        any ArtifactStore

    /// One promise of the contract.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise in a few words.
        public let description: String
        private let bounds: ArtifactBounds
        private let body: @Sendable (any ArtifactStore, Clock) async throws -> Void

        init(
            _ description: String, _ bounds: ArtifactBounds = .usual,
            _ body: @escaping @Sendable (any ArtifactStore, Clock) async throws -> Void
        ) {
            self.description = description
            self.bounds = bounds
            self.body = body
        }

        /// Throws a ``Violation`` when the store does not keep the promise.
        public func run(_ make: Making) async throws {
            let clock = Clock()
            try await body(try await make(bounds, { clock.now }), clock)
        }
    }

    /// A promise that was not kept.
    public struct Violation: Error, CustomStringConvertible {
        /// Description of what was expected and what was found.
        public let description: String
    }

    /// The machine's clock, moved by what a check adds.
    final class Clock: Sendable {
        private let moved = Mutex(Duration.zero)
        var now: Timestamp { Timestamp.now().advanced(nanoseconds: moved.withLock { $0 }.nanoseconds) }
        func move(_ by: Duration) { moved.withLock { $0 += by } }
    }

    /// All promises.
    public static let checks: [Check] = [
        wholeAndTyped, anySize, pieces, sameBytes, renewed, nothingHalf, wrongAnnouncement, endedUploads, tooLarge,
        full,
        absent, removed, bounded, stoppedReader, listed,
    ]

    private static let wholeAndTyped = Check("an artifact comes back whole, and is described") { store, clock in
        let bytes = content(100)
        let png = try MediaType("image/png")
        let before = clock.now
        let put = try await store.put(bytes, type: png, sender: try Token("camera"))
        try expect(put.digest, ArtifactDigest(of: bytes), "digest")
        try expect(try await store.contents(put.digest, atMost: 100), bytes, "bytes")
        let found = try unwrap(try await store.describe(put.digest), "description")
        try expect(found, put, "description")
        try expect(
            [found.type.text, found.sender?.text, found.name], ["image/png", "camera", put.digest.text], "fields")
        try expect(found.bytes, 100, "size")
        let age = try unwrap(found.expires, "expiry").nanoseconds(since: found.created)
        try expect(age, store.bounds.maximumAge.nanoseconds, "age")
        try expect(found.created.nanoseconds(since: before) > -60_000_000_000, true, "created")
    }

    private static let anySize = Check("any size comes back: nothing, a chunk, one more and one less") { store, _ in
        let chunk = StreamArtifactStore.chunkBytes
        for size in [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk + 7] {
            let bytes = content(size, seed: 3)
            let put = try await store.put(bytes, type: .binary)
            try expect(put.bytes, Int64(size), "size")
            try expect(try await store.contents(put.digest, atMost: .max), bytes, "\(size) bytes")
        }
    }

    private static let pieces = Check("pieces of any size are one artifact, and it is read in pieces") { store, _ in
        let bytes = content(300_000, seed: 5)
        let upload = try await store.begin(ArtifactOffer(type: .binary))
        var start = 0
        for size in [1, 131_071, 131_073, 0, 37_855] {
            try await upload.append(Array(bytes[start..<start + size]))
            start += size
        }
        let put = try await upload.finish()
        try expect(put.digest, ArtifactDigest(of: bytes), "digest")
        var (read, largest) = ([UInt8](), 0)
        try await store.read(put.digest, limit: nil) { piece in
            read += piece
            largest = max(largest, piece.count)
            return true
        }
        try expect(read, bytes, "bytes")
        try expect(largest <= 4 << 20, true, "pieces of a few MiB at most")
    }

    private static let sameBytes = Check("the same bytes are one artifact") { store, _ in
        let bytes = content(200_000)
        let first = try await store.put(bytes, type: .binary)
        let second = try await store.put(bytes, type: .binary)
        try expect(first, second, "the second")
        try expect(try await store.list().artifacts.count, 1, "artifacts")
        try expect(try await store.contents(first.digest, atMost: .max), bytes, "bytes")
    }

    private static let renewed = Check("bytes that are put again when half of their age is over stay longer") {
        store, clock in
        let bytes = content(1000)
        let first = try await store.put(bytes, type: .binary)
        clock.move(store.bounds.maximumAge * 0.6)
        let second = try await store.put(bytes, type: .binary)
        try expect(second.digest, first.digest, "digest")
        try expect(second.created != first.created, true, "a new beginning")
        try expect(try await store.contents(first.digest, atMost: .max), bytes, "bytes")
        try expect(try await store.list().artifacts.count, 1, "artifacts")
    }

    private static let nothingHalf = Check("an artifact is not there before it is finished, nor after it was given up")
    {
        store, _ in
        let bytes = content(300_000)
        let digest = ArtifactDigest(of: bytes)
        let upload = try await store.begin(ArtifactOffer(type: .binary, bytes: 300_000, digest: digest))
        try await upload.append(bytes)
        try expect(try await store.describe(digest), nil, "before the end")
        try expect(try await store.list(), ArtifactList(), "before the end")
        await upload.abandon()
        await upload.abandon()
        try expect(try await store.describe(digest), nil, "given up")
        try await expectFailure(.invalid, "finishing what was given up") { try await upload.finish() }
        // The room is free again.
        try await store.put(bytes, type: .binary)
        try expect(try await store.contents(digest, atMost: .max), bytes, "put after all")
    }

    private static let wrongAnnouncement = Check("what is not what was announced is refused, and nothing of it stays") {
        store, _ in
        let bytes = content(200_000)
        let other = ArtifactDigest(of: [1])
        for offer in [
            ArtifactOffer(type: .binary, digest: other), ArtifactOffer(type: .binary, bytes: 199_999),
            ArtifactOffer(type: .binary, bytes: 200_001),
        ] {
            let upload = try await store.begin(offer)
            try await expectFailure(.mismatch, "\(offer)") {
                try await upload.append(bytes)
                return try await upload.finish()
            }
            try expect(try await store.list(), ArtifactList(), "afterwards")
        }
        try expect(try await store.describe(other), nil, "the announced digest")
    }

    private static let endedUploads = Check("an upload that has ended takes nothing more") { store, _ in
        let upload = try await store.begin(ArtifactOffer(type: .binary))
        try await upload.append([1])
        let put = try await upload.finish()
        try await expectFailure(.invalid, "appending") { try await upload.append([2]) }
        await upload.abandon()
        try expect(try await store.contents(put.digest, atMost: .max), [1], "what was finished stays")
    }

    private static let tooLarge = Check(
        "an artifact beyond the bound is refused, announced or not",
        ArtifactBounds(maximumBytes: 4 << 20, maximumArtifactBytes: 300_000)
    ) { store, _ in
        try await expectFailure(.tooLarge, "announced") {
            try await store.begin(ArtifactOffer(type: .binary, bytes: 300_001))
        }
        let upload = try await store.begin(ArtifactOffer(type: .binary))
        try await upload.append(content(300_000))
        try await expectFailure(.tooLarge, "one byte more") { try await upload.append([1]) }
        try expect(try await store.list(), ArtifactList(), "afterwards")
        try await store.put(content(300_000), type: .binary)
    }

    private static let full = Check(
        "what has no room is refused, and removes nothing",
        ArtifactBounds(maximumBytes: 1 << 20, maximumArtifactBytes: 1 << 20)
    ) { store, _ in
        var kept: [ArtifactDigest] = []
        try await expectFailure(.full, "beyond the room") {
            for seed in 0..<20 { kept.append(try await store.put(content(150_000, seed: seed), type: .binary).digest) }
        }
        try expect(kept.count >= 4, true, "found \(kept.count) with room, expected 4 at least")
        for digest in kept { try expect(try await store.contents(digest, atMost: .max).count, 150_000, "kept") }
        try expect(try await store.list().artifacts.count, kept.count, "artifacts")
        try await store.remove(kept[0])
        try await store.put(content(100_000, seed: 99), type: .binary)
    }

    private static let absent = Check("what was never put is absent, by name") { store, _ in
        let digest = ArtifactDigest(of: [9, 9])
        try expect(try await store.describe(digest), nil, "description")
        try expect(try await store.remove(digest), false, "removing")
        try await expectFailure(.notFound, "reading") { try await store.contents(digest, atMost: .max) }
    }

    private static let removed = Check("what was removed is gone, and can be put again") { store, _ in
        let bytes = content(200_000)
        let put = try await store.put(bytes, type: .binary)
        let other = try await store.put([1, 2], type: .binary)
        try expect(try await store.remove(put.digest), true, "removing")
        try expect(try await store.remove(put.digest), false, "removing again")
        try await expectFailure(.notFound, "reading") { try await store.contents(put.digest, atMost: .max) }
        try expect(try await store.list().artifacts.map(\.digest), [other.digest], "the others")
        try await store.put(bytes, type: .binary)
        try expect(try await store.contents(put.digest, atMost: .max), bytes, "again")
    }

    private static let bounded = Check("a reader with a bound gets nothing of what is larger") { store, _ in
        let put = try await store.put(content(1000), type: .binary)
        var pieces = 0
        try await expectFailure(.tooLarge, "reading") {
            try await store.read(put.digest, limit: 999) { _ in
                pieces += 1
                return true
            }
        }
        try expect(pieces, 0, "pieces")
    }

    private static let stoppedReader = Check("a reader that has enough is asked no further") { store, _ in
        let put = try await store.put(content(900_000), type: .binary)
        var pieces = 0
        try await expectFailure(.stopped, "reading") {
            try await store.read(put.digest, limit: nil) { _ in
                pieces += 1
                return pieces < 2
            }
        }
        try expect(pieces, 2, "pieces")
    }

    private static let listed = Check("the list has each artifact once, the oldest first") { store, _ in
        var put: [ArtifactDigest] = []
        for seed in 0..<5 { put.append(try await store.put(content(10 + seed, seed: seed), type: .binary).digest) }
        let list = try await store.list()
        try expect(list.artifacts.map(\.digest), put, "digests")
        try expect(list.artifacts.map(\.bytes), [10, 11, 12, 13, 14], "sizes")
        try expect(list.others, [], "others")
    }

    // MARK: -

    /// Bytes that differ from place to place, and by their seed.
    static func content(_ count: Int, seed: Int = 0) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ seed &* 7) }
    }

    static func expect<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
        guard found == expected else { throw Violation(description: "\(what): expected \(expected), found \(found)") }
    }

    static func unwrap<Value>(_ found: Value?, _ what: String) throws -> Value {
        guard let found else { throw Violation(description: "\(what): nothing found") }
        return found
    }

    static func expectFailure<R>(
        _ code: ArtifactError.Code, _ what: String, _ body: () async throws -> R
    ) async throws {
        do {
            _ = try await body()
        } catch let error as ArtifactError {
            return try expect(error.code, code, "\(what) (\(error))")
        }
        throw Violation(description: "\(what): expected \(code.rawValue), but it succeeded")
    }
}
