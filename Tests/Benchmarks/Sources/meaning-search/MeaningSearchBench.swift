import Glibc
import NimmerIris
import NimmerMemory
import NimmerMemoryPostgres
import NimmerPlatform
import NimmerServers
import NimmerWave

/// usage: meaning-search [ROWS]: how long the nearest ten of 20,000 embeddings of 384 components take, in the process and through PostgreSQL,
/// against reading the same bytes once in the same run. Prints one JSON line a measurement.
@main enum MeaningSearchBench {
    static let dimensions = 384
    static let model = EmbeddingModel(name: "bench/384@0", dimensions: dimensions)
    static let searches = 40

    static func main() async throws {
        let rows = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 20_000
        let items = try (0..<rows).map(item)
        let limit = readOnce(items)
        print(line("read_once", limit, of: limit))
        let memory = InMemoryVectorStore(kernel: try Token("main"))
        try await fill(memory, items)
        print(line("in_process", try await search(memory, items), of: limit))
        guard !PostgresInstallation.all().isEmpty else {
            return complain("meaning-search: PostgreSQL is not installed")
        }
        guard let name = strdup("/tmp/nimmer-bench-XXXXXX"), let made = mkdtemp(name) else { exit(1) }
        let folder = String(cString: made)
        chmod(folder, 0o755)
        let server = try await PostgresServer.start(folder: folder + "/postgres")
        do {
            try await measure(items, server, against: limit)
        } catch {
            complain("meaning-search: \(error)")
        }
        await server.stop()
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
    }

    /// The extension is created behind the rows: an index is built faster than it grows.
    static func measure(_ items: [RememberedItem], _ server: PostgresServer, against limit: Double) async throws {
        let settings = DatabaseSettings(
            address: server.address(database: "meanings"), passwordFile: server.passwordFile)
        _ = try await PostgresAdministration(settings).migrate()
        let psql = try PostgresInstallation.find().folder + "/psql"
        var environment = ChildCommand.inheritedEnvironment
        environment["PGPASSWORD"] = text(of: server.passwordFile)
        _ = try await ChildProcess.run(
            ChildCommand(
                psql, ["-X", "-c", "drop extension if exists vector cascade", server.address(database: "meanings")],
                environment: environment))
        let store = PostgresVectorStore(settings, kernel: try Token("main"))
        try await fill(store, items)
        guard try await !store.support().isInDatabase else {
            return complain("meaning-search: pgvector was not dropped")
        }
        print(line("postgres_in_process", try await search(store, items), of: limit))
        await store.close()
        _ = try await PostgresAdministration(settings).migrate()
        guard try await store.support().isInDatabase else {
            return complain("meaning-search: \(try await store.support())")
        }
        print(line("postgres_pgvector", try await search(store, items), of: limit))
        await store.close()
    }

    static func fill(_ store: any VectorStore, _ items: [RememberedItem]) async throws {
        var kept = 0
        for start in stride(from: 0, to: items.count, by: 1_000) {
            kept += try await store.keep(Array(items[start..<min(start + 1_000, items.count)])).kept
        }
        precondition(kept == items.count, "every item is new")
    }

    /// Milliseconds of a search, the median of many; each finds what it looks for.
    static func search(_ store: any VectorStore, _ items: [RememberedItem]) async throws -> Double {
        var took: [Double] = []
        for number in 0..<searches {
            let item = items[number * 37 % items.count]
            let query = VectorQuery(item.embedding, model: model, in: .dev)
            let began = ContinuousClock.now
            let found = try await store.search(query)
            took.append((ContinuousClock.now - began) / .milliseconds(1))
            precondition(found.count == 10 && found.first?.item.id == item.id)
        }
        return took.sorted()[searches / 2]
    }

    /// Milliseconds of reading as many bytes as the embeddings have, sixteen components at a time.
    static func readOnce(_ items: [RememberedItem]) -> Double {
        let all = items.flatMap(\.embedding.values)
        var took: [Double] = []
        var total: Float = 0
        for _ in 0..<searches {
            let began = ContinuousClock.now
            var first = SIMD16<Float>.zero
            var second = SIMD16<Float>.zero
            all.withUnsafeBytes { bytes in
                var offset = 0
                while offset + 128 <= bytes.count {
                    first += bytes.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                    second += bytes.loadUnaligned(fromByteOffset: offset + 64, as: SIMD16<Float>.self)
                    offset += 128
                }
            }
            total += (first + second).sum()
            took.append((ContinuousClock.now - began) / .milliseconds(1))
        }
        precondition(total.isFinite)
        return took.sorted()[searches / 2]
    }

    static func item(_ number: Int) throws -> RememberedItem {
        var generator = SplitMix(state: UInt64(number))
        let values = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
        return RememberedItem(
            id: .named("meaning \(number)"), kind: .decision, environment: .dev,
            region: try Region("region-\(number % 100)"),
            opening: nil, at: Timestamp(nanoseconds: 1_771_093_800_000_000_000 + Int64(number) * 1_000_000),
            text: "what happened \(number)", embedding: try Embedding(normalizing: values), model: model)
    }

    struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }
    }

    static func line(_ name: String, _ milliseconds: Double, of limit: Double) -> String {
        "{\"name\":\"\(name)\",\"milliseconds\":\(milliseconds),\"ratio\":\(milliseconds / limit)}"
    }

    static func text(of path: String) -> String {
        String((SmallFile.read(path) ?? "").prefix { $0 != "\n" })
    }

    static func complain(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
