import Extremes
import NimmerMemory
import NimmerServers
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemoryPostgres

/// What is remembered may be of any time, and hold any number.
@Suite struct ExtremeRowsTests {
    static let types: [any MessageBody.Type] = [
        GateTransition.self, Collapse.self, CorrelationEvent.self, CognitiveRequest.self, CognitiveResponse.self,
        Act.self,
        VerificationOutcome.self,
    ]

    static func entries(_ seed: UInt64, _ count: Int) throws -> [MemoryEntry] {
        var extremes = Extremes(seed)
        return try (0..<count).map { number in
            let type = types[number % types.count]
            return try MemoryEntry(
                decoding: extremes.message(type), subject: Extremes.subject(of: type.type), environment: .dev)
        }
    }

    @Test(arguments: UInt64(1)...6) func areWrittenAsRows(seed: UInt64) throws {
        var pieces = 0
        for var part in RowWriter.parts(of: try Self.entries(seed, 140)) {
            while let piece = part.nextPiece() { pieces += piece.isEmpty ? 0 : 1 }
        }
        #expect(pieces >= Self.types.count)
    }

    @Test func timesBeforeTwoThousandAreMicrosecondsBelowZero() throws {
        for (text, microseconds) in [
            ("1678-01-01T00:00:00Z", -10_161_244_800_000_000), ("1999-12-31T23:59:59.9999995Z", -1),
            ("2000-01-01T00:00:00.000001999Z", 1), ("2261-12-31T23:59:59.999999999Z", 8_267_961_599_999_999),
        ] as [(String, Int64)] {
            var rows = CopyRows()
            let head = rows.bytes.count
            rows.time(try Timestamp(rfc3339: text))
            let value = rows.bytes[(head + 4)...].reduce(Int64(0)) { $0 << 8 | Int64($1) }
            #expect(value == microseconds, "\(text)")
        }
    }

    @Test(
        "PostgreSQL keeps them",
        .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
    func areKept() async throws {
        let store = PostgresStore(try await TestDatabase.shared.fresh())
        let entries = try Self.entries(77, 140)
        let report = try await store.write(entries)
        #expect(report.stored + report.setAside.count == entries.count)
        #expect(report.setAside.isEmpty, "\(report.setAside.map(\.reason))")
        #expect(try await store.write(entries).known == entries.count)
        for entry in entries.prefix(21) {
            #expect(try await store.trail(of: entry.row.messageID)?.story.isEmpty != true)
        }
        _ = try await store.gates(.dev)
        await store.close()
    }

    @Test func theBatcherKeepsItsPaceAtAnyTime() {
        var extremes = Extremes(5)
        var batcher = Batcher<Int>()
        func time() -> SteadyTime { SteadyTime(nanoseconds: extremes.time().nanoseconds) }
        for number in 0..<200 {
            _ = batcher.receive(number, at: time())
            _ = batcher.advance(to: time())
            _ = number % 3 == 0 ? batcher.wrote(at: time()) : batcher.flush(at: time())
        }
        #expect(batcher.held <= 200)
    }
}
