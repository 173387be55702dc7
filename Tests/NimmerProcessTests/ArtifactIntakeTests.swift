import Logging
import NimmerWave
import Synchronization
import Testing

@testable import NimmerBus
@testable import NimmerProcess

/// Cells hand artifacts over, honestly and not (spec/artifacts.md, Handing over).
@Suite("The intake of artifacts", .timeLimit(.minutes(2)))
struct ArtifactIntakeTests {
    private let camera = try! Token("camera")

    /// Runs an intake over the bus in memory, and what a test does with it.
    private func with(
        identity: Token? = nil, bounds: ArtifactBounds = .usual,
        _ body: (InMemoryBus, StreamArtifactStore, ArtifactIntake) async throws -> Void
    ) async throws {
        let bus = InMemoryBus(identity: identity)
        let store = try await StreamArtifactStore.open(.dev, bounds: bounds, on: bus)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let intake = ArtifactIntake(bus: bus, environment: .dev, logger: logger) { store }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await intake.run() }
            // Until it listens.
            let subject = Subject.artifact(.dev, from: try Token("probe"))
            while (try? await bus.request(subject, payload: [], timeout: .seconds(5))) == nil { await Task.yield() }
            try await body(bus, store, intake)
            group.cancelAll()
        }
        await bus.close()
    }

    private func piece(
        _ bytes: [UInt8], at offset: Int = 0, digest: ArtifactDigest? = nil, total: Int? = nil, of sender: Token? = nil
    ) -> ArtifactPiece {
        ArtifactPiece(
            sender: sender ?? camera, digest: digest ?? ArtifactDigest(of: bytes), type: .binary,
            total: Int64(total ?? bytes.count), offset: Int64(offset),
            payload: Array(bytes.dropFirst(offset).prefix(ArtifactPiece.bytes)))
    }

    private func ask(_ piece: ArtifactPiece, on bus: InMemoryBus) async throws -> ArtifactAnswer {
        let answer = try await bus.request(
            .artifact(.dev, from: piece.sender), payload: piece.payload, headers: piece.headers, timeout: .seconds(60))
        return try #require(ArtifactAnswer(answer.payload))
    }

    private func expect(
        _ expected: ArtifactAnswer, to piece: ArtifactPiece, on bus: InMemoryBus,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await ask(piece, on: bus)
        #expect(found == expected, sourceLocation: sourceLocation)
    }

    private func isRefused(_ answer: ArtifactAnswer, _ reason: String) -> Bool {
        if case .refused(let text) = answer { return text.contains(reason) }
        return false
    }

    @Test("what is handed over is in the store, by its sender", arguments: [0, 1, 131_072, 131_073, 400_000])
    func whole(_ size: Int) async throws {
        try await with { bus, store, _ in
            let bytes = (0..<size).map { UInt8($0 & 255) }
            let png = try MediaType("image/png")
            let named = try await ArtifactHandover.put(bytes, type: png, from: camera, in: .dev, on: bus)
            #expect(named.digest == ArtifactDigest(of: bytes) && named.bytes == size)
            let info = try #require(try await store.describe(named.digest))
            #expect(info.sender == camera && info.type == png && info.bytes == Int64(size))
            #expect(try await store.contents(named.digest, atMost: .max) == bytes)
            // What is there needs its first piece only.
            let again = try await ask(piece(bytes), on: bus)
            #expect(again == .stored(named.digest))
            #expect(try await store.list().artifacts.count == 1)
        }
    }

    @Test("a piece whose answer was lost is stored once")
    func again() async throws {
        try await with { bus, store, _ in
            let bytes = [UInt8](repeating: 7, count: 300_000)
            try await expect(.next(131_072), to: piece(bytes), on: bus)
            try await expect(.next(131_072), to: piece(bytes), on: bus)
            try await expect(.next(262_144), to: piece(bytes, at: 131_072), on: bus)
            try await expect(.next(262_144), to: piece(bytes, at: 131_072), on: bus)
            try await expect(.stored(ArtifactDigest(of: bytes)), to: piece(bytes, at: 262_144), on: bus)
            try await expect(.stored(ArtifactDigest(of: bytes)), to: piece(bytes, at: 262_144), on: bus)
            #expect(try await store.contents(ArtifactDigest(of: bytes), atMost: .max) == bytes)
        }
    }

    @Test("bytes that are not those of the digest are refused, and nothing of them stays")
    func wrongDigest() async throws {
        try await with { bus, store, _ in
            let bytes = [UInt8](repeating: 7, count: 200_000)
            let other = ArtifactDigest(of: [1])
            try await expect(.next(131_072), to: piece(bytes, digest: other), on: bus)
            let answer = try await ask(piece(bytes, at: 131_072, digest: other), on: bus)
            #expect(isRefused(answer, "expected the announced"), "\(answer)")
            #expect(try await store.list() == ArtifactList())
            #expect(try await bus.stream(store.stream).messages == 0)
        }
    }

    @Test("a piece that follows nothing begins again, and a second artifact takes the place of one that was left")
    func outOfOrder() async throws {
        try await with { bus, store, _ in
            let (one, two) = ([UInt8](repeating: 1, count: 300_000), [UInt8](repeating: 2, count: 10))
            try await expect(.restart, to: piece(one, at: 131_072), on: bus)
            try await expect(.next(131_072), to: piece(one), on: bus)
            try await expect(.restart, to: piece(one, at: 262_144), on: bus)
            try await expect(.stored(ArtifactDigest(of: two)), to: piece(two), on: bus)
            try await expect(.restart, to: piece(one, at: 131_072), on: bus)
            #expect(try await bus.subjects(of: store.stream, matching: try store.pattern("C.*")).count == 1)
        }
    }

    @Test("an artifact without an end is refused where it begins")
    func endless() async throws {
        let bounds = ArtifactBounds(maximumBytes: 8 << 20, maximumArtifactBytes: 300_000)
        try await with(bounds: bounds) { bus, store, _ in
            let bytes = [UInt8](repeating: 7, count: 131_072)
            let answer = try await ask(piece(bytes, total: 900_000_000), on: bus)
            #expect(isRefused(answer, "at most 300000 bytes"), "\(answer)")
            #expect(try await bus.stream(store.stream).messages == 0)
        }
    }

    @Test("a sender fills its share of the store, and no more")
    func share() async throws {
        let bounds = ArtifactBounds(maximumBytes: 2 << 20, maximumArtifactBytes: 200_000)
        try await with(bounds: bounds) { bus, store, _ in
            var stored = 0
            for number in UInt8(0)..<20 {
                let answer = try await ask(piece([UInt8](repeating: number, count: 100_000)), on: bus)
                if case .stored = answer {
                    stored += 1
                } else {
                    #expect(isRefused(answer, "older ones expire"), "\(answer)")
                }
            }
            // An eighth: 262,144 bytes.
            #expect(stored == 2)
            let other = try Token("other")
            let answer = try await ask(piece([UInt8](repeating: 99, count: 100_000), of: other), on: bus)
            #expect(answer == .stored(ArtifactDigest(of: [UInt8](repeating: 99, count: 100_000))))
            #expect(try await store.list().artifacts.count == 3)
        }
    }

    @Test("what is no piece is refused by name")
    func noPieces() async throws {
        try await with { bus, store, _ in
            let good = piece([1, 2, 3])
            var cases: [(headers: Headers, payload: [UInt8], reason: String)] = [([:], [1], "Nimmer-Digest is missing")]
            for (header, value, reason) in [
                ("Nimmer-Digest", "../../etc/passwd", "64 digits"), ("Nimmer-Type", "image/\u{1b}[2J", "media type"),
                ("Nimmer-Size", "-1", "whole number"), ("Nimmer-Size", "2", "where this piece ends"),
                ("Nimmer-Size", "99999999999999999999", "whole number"),
                ("Nimmer-Offset", "1", "where this piece ends"),
                ("Nimmer-Size", "5", "the last of an artifact"),
            ] {
                var headers = good.headers
                headers[header] = value
                cases.append((headers, good.payload, reason))
            }
            cases.append((good.headers, [UInt8](repeating: 0, count: 131_073), "131072 bytes at most"))
            for (headers, payload, reason) in cases {
                let answer = try await bus.request(
                    .artifact(.dev, from: camera), payload: payload, headers: headers, timeout: .seconds(60))
                let read = try #require(ArtifactAnswer(answer.payload))
                #expect(isRefused(read, reason), "\(reason): \(read)")
            }
            #expect(try await bus.stream(store.stream).messages == 0)
        }
    }

    @Test("a flood of offers is held in a few pieces, and others are served all the same")
    func flood() async throws {
        try await with { bus, store, intake in
            let first = piece([UInt8](repeating: 1, count: 300_000))
            let subject = Subject.artifact(.dev, from: camera)
            let inbox = try Subject(foreign: "_INBOX.camera.flood")
            for _ in 0..<5_000 {
                try bus.publish(subject, payload: first.payload, headers: first.headers, reply: inbox)
            }
            let other = try Token("other")
            let named = try await ArtifactHandover.put(
                [5, 6], type: .binary, from: other, in: .dev, on: bus, timeout: .seconds(60))
            #expect(try await store.contents(named.digest, atMost: 2) == [5, 6])
            // 512 at once and 256 a second are taken, however slow the machine is.
            #expect(intake.refused > 2_000)
            // Of one upload, what it has stored: its first chunk, and the other's.
            #expect(try await bus.subjects(of: store.stream, matching: try store.pattern("C.*")).count <= 2)
        }
    }

    @Test("nine senders at once: eight are served, the ninth waits")
    func many() async throws {
        try await with { bus, _, _ in
            let bytes = [UInt8](repeating: 1, count: 300_000)
            for number in 0..<ArtifactIntakeBook.uploads {
                let answer = try await ask(piece(bytes, of: try Token("cell-\(number)")), on: bus)
                #expect(answer == .next(131_072))
            }
            let ninth = try await ask(piece(bytes, of: try Token("ninth")), on: bus)
            if case .later(1_000, _) = ninth {} else { Issue.record("\(ninth)") }
        }
    }

    @Test("an answer goes to the sender's own inbox only, where the server guards who asks")
    func inboxes() async throws {
        try await with(identity: try Token("probe")) { bus, _, _ in
            let heard = Mutex<[String]>([])
            _ = try await bus.subscribe(try SubjectPattern("_INBOX.>")) { _, _, arrival in
                heard.withLock { $0.append(arrival.message().subject.text) }
            }
            let one = piece([1])
            for reply in ["_INBOX.thalamus.x", "_INBOX.camera.x", "$JS.API.STREAM.DELETE.X"] {
                try bus.publish(
                    .artifact(.dev, from: camera), payload: one.payload, headers: one.headers,
                    reply: try Subject(foreign: reply))
                // One piece of a sender waits at a time: the next probe follows the answer to this one.
                _ = try await bus.request(.artifact(.dev, from: try Token("probe")), payload: [], timeout: .seconds(60))
            }
            let answered = heard.withLock { $0 }
            #expect(answered.contains("_INBOX.camera.x") && !answered.contains("_INBOX.thalamus.x"), "\(answered)")
            #expect(bus.status.counters.repliesRefused >= 1)
        }
    }

    @Test("of eight uploads the one that has been idle for half a minute makes room")
    func idle() throws {
        var book = ArtifactIntakeBook(.usual)
        let start = SteadyTime(nanoseconds: 0)
        let bytes = [UInt8](repeating: 1, count: 300_000)
        for number in 0..<ArtifactIntakeBook.uploads {
            let first = piece(bytes, of: try Token("cell-\(number)"))
            #expect(book.decide(first, at: start) == .begin)
            book.stored(first, at: start.advanced(milliseconds: Double(number)))
        }
        let ninth = piece(bytes, of: try Token("ninth"))
        #expect(book.decide(ninth, at: start.advanced(milliseconds: 29_000)) == .busy)
        let later = start.advanced(milliseconds: 30_001)
        let oldest = try Token("cell-0")
        #expect(book.decide(ninth, at: later) == .begin && book.stale(at: later) == oldest)
    }
}
