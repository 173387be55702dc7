import Glibc
import NimmerIris

/// usage: meaning-table TABLE: loads the table and the links beside it, embeds names, and prints one line of JSON.
@main enum MeaningTable {
    static let names = [
        "math", "kitchen.temperature", "pneumonoultramicroscopicsilicovolcanoconiosis", "livingRoomHumidity",
        "θερμοκρασία",
        "engine.coolant.pressure", "server-rack-7.power", "obstacle.front",
    ]
    static let rounds = 20_000

    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: meaning-table TABLE")
            exit(2)
        }
        let path = CommandLine.arguments[1]
        let clock = ContinuousClock()
        let before = resident()
        let start = clock.now
        let table = try EmbeddingTable(path: path)
        let links = try NameLinks(besideTable: path, table: table)
        let load = microseconds(clock.now - start) / 1000
        var each: [Double] = []
        each.reserveCapacity(rounds)
        var sum: Float = 0
        for round in 0..<rounds {
            let begun = clock.now
            sum += table.embedding(of: names[round % names.count])?.values[0] ?? 0
            each.append(microseconds(clock.now - begun))
        }
        each.sort()
        let hostile = String(repeating: "é🚪temperature.", count: 40)
        let long = mean(1000) { sum += table.embedding(of: hostile)?.values[0] ?? 0 }
        let prepared = names.map(links.prepared)
        var linked = 0
        let relation = mean(rounds) {
            if links.relation(prepared[linked % 8], prepared[(linked + 3) % 8]) == .linked { linked += 1 }
        }
        let memory = Double(resident() - before) / 1_000_000
        guard sum.isFinite else { exit(1) }
        print(
            "{\"load_ms\": \(load), \"resident_mb\": \(memory), \"name_p50_us\": \(each[rounds / 2]),",
            "\"name_p99_us\": \(each[rounds * 99 / 100]), \"hostile_us\": \(long), \"relation_us\": \(relation)}")
    }

    private static func mean(_ count: Int, _ work: () -> Void) -> Double {
        let clock = ContinuousClock()
        return microseconds(clock.measure { for _ in 0..<count { work() } }) / Double(count)
    }

    private static func microseconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) * 1e6 + Double(attoseconds) / 1e12
    }

    /// Resident bytes of this process.
    private static func resident() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [UInt8](repeating: 0, count: 256)
        let count = fread(&line, 1, line.count, file)
        let fields = String(decoding: line[..<count], as: UTF8.self).split(separator: " ")
        let pages = fields.count > 1 ? Int(fields[1]) ?? 0 : 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
