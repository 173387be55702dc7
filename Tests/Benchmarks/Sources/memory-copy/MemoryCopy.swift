import Glibc
import NimmerMemory
import NimmerMemoryPostgres
import NimmerPlatform
import NimmerServers
import NimmerWave

/// usage: memory-copy LIMIT_COPY.SQL [ROWS]: transitions into PostgreSQL, each exactly once, against what COPY alone can
/// do on the same server in the same run. Prints one JSON line a measurement and the ratio of the best rounds.
@main enum MemoryCopy {
    static let rounds = 3
    static let batch = 2_000

    static func main() async throws {
        let arguments = CommandLine.arguments
        let wanted = arguments.count > 2 ? Int(arguments[2]) : 200_000
        guard arguments.count > 1, let rows = wanted, let script = path(arguments[1]) else {
            complain("usage: memory-copy LIMIT_COPY.SQL [ROWS]")
            exit(2)
        }
        guard let name = strdup("/tmp/nimmer-bench-XXXXXX"), let made = mkdtemp(name) else { exit(1) }
        let folder = String(cString: made)
        chmod(folder, 0o755)
        let server = try await PostgresServer.start(folder: folder + "/postgres")
        do {
            try await measure(rows: rows, script: script, server: server, folder: folder)
        } catch {
            complain("memory-copy: \(error)")
        }
        await server.stop()
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
    }

    static func measure(rows: Int, script: String, server: PostgresServer, folder: String) async throws {
        var limit = 0.0
        var decoded = 0.0
        var whole = 0.0
        for round in 0..<rounds {
            limit = max(limit, try await copyAlone(rows: rows, script: script, server: server, folder: folder))
            let entries = (0..<rows).map { transition($0, round: round * 2) }
            decoded = max(decoded, try await write(server, "decoded_\(round)", count: rows) { entries[$0] })
            let messages = (0..<rows).map { transition($0, round: round * 2 + 1, encoding: true) }
            whole = max(
                whole,
                try await write(server, "whole_\(round)", count: rows) {
                    try MemoryEntry(
                        decoding: messages[$0].payload, subject: messages[$0].subject, environment: .dev)
                })
        }
        print(line("limit_copy", limit, of: limit))
        print(line("transitions", decoded, of: limit))
        print(line("transitions_from_bytes", whole, of: limit))
    }

    /// The time of the COPY of limit_copy.sql, as psql's \timing prints it.
    static func copyAlone(rows: Int, script: String, server: PostgresServer, folder: String) async throws -> Double {
        let psql = try PostgresInstallation.find().folder + "/psql"
        var environment = ChildCommand.inheritedEnvironment
        environment["PGPASSFILE"] = folder + "/pgpass"
        let password = text(of: server.passwordFile)
        try write("127.0.0.1:*:*:nimmer:\(password)\n", to: folder + "/pgpass")
        let answer = try await ChildProcess.run(
            ChildCommand(
                psql, ["-X", "-v", "rows=\(rows)", "-f", script, server.address(database: "postgres")],
                environment: environment, workingDirectory: folder))
        let lines = answer.lines.map(\.text).drop { $0 != "COPY:" }
        let words = lines.first { $0.hasPrefix("Time:") }?.split(separator: " ") ?? []
        guard words.count > 1, let milliseconds = Double(words[1]) else {
            throw MemoryError(.unexpected, "psql gave no time: \(answer.lines.map(\.text).suffix(3))")
        }
        return Double(rows) / milliseconds * 1000
    }

    /// Writes in batches, as the hippocampus does, into a fresh database; every row must be there, once.
    static func write(
        _ server: PostgresServer, _ database: String, count: Int,
        _ entry: @escaping @Sendable (Int) throws -> MemoryEntry
    ) async throws -> Double {
        let settings = DatabaseSettings(
            address: server.address(database: database), passwordFile: server.passwordFile)
        _ = try await PostgresAdministration(settings).migrate()
        let store = PostgresStore(settings)
        try await store.open()
        let began = ContinuousClock.now
        // The next batch is made while one is written, as the hippocampus reads its streams.
        var next: Task<[MemoryEntry], any Error> = Task { try (0..<min(batch, count)).map(entry) }
        for start in stride(from: batch, through: count + batch - 1, by: batch) {
            let entries = try await next.value
            next = Task { try (start..<max(start, min(start + batch, count))).map(entry) }
            let report = try await store.write(entries)
            precondition(report.setAside.isEmpty && report.known == 0)
        }
        let took = ContinuousClock.now - began
        let again = try await store.write(try (0..<min(batch, count)).map(entry))
        let counts = try await store.counts()
        let gates = try await store.gates(.dev)
        precondition(again.stored == 0 && counts.transitions == count)
        precondition(gates.reduce(0) { $0 + $1.transitions } == count)
        await store.close()
        return Double(count) / (took / .seconds(1))
    }

    static func transition(_ number: Int, round: Int, encoding: Bool = false) -> MemoryEntry {
        let at = Timestamp(nanoseconds: 1_771_093_800_123_000_000 + Int64(number) * 1_000_000)
        let token = { (text: String) in
            do { return try Token(text) } catch { preconditionFailure("\(error)") }
        }
        let gate = token("math-\(number % 50)")
        let signals = ["one", "two"].map {
            TriggerSignal(
                source: "math_cell_\($0)", origin: token($0), confidence: 0.7, polarity: 1, timestamp: at, push: 0.3)
        }
        let message = Envelope(
            id: MessageID.named("\(round) \(number)"), at: at,
            from: Source(entityID: "thalamus-7f9c", entityType: .thalamus),
            GateTransition(
                gateID: GateID(gate), domain: gate, region: Region(gate), fromState: .stable, toState: .open,
                stateValue: 0.91, weight: 0.1, correlationScore: 0.87, triggerSignals: signals, lifeforceCost: 0.2,
                at: at))
        return MemoryEntry(
            environment: .dev, subject: "dev.nervous.gates.\(gate).transition",
            payload: encoding ? message.encoded() : [],
            row: .transition(message))
    }

    static func line(_ name: String, _ rate: Double, of limit: Double) -> String {
        JSON.object([
            "name": .string(name), "rows_per_second": .number(rate.rounded()),
            "ratio": .number((rate / limit * 1000).rounded() / 1000),
        ]).text
    }

    static func complain(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    static func path(_ text: String) -> String? {
        guard let real = realpath(text, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    static func text(of path: String) -> String {
        guard let file = fopen(path, "re") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count).prefix { $0 != 0x0a }, as: UTF8.self)
    }

    static func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw MemoryError(.settings, "cannot write \(path)") }
        defer { close(file) }
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    }
}
