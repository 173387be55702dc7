import Glibc
import NimmerGate
import NimmerWave
import Testing

/// The golden vectors of gates.md, within its precision: 1e-9 in potential, 1e-6 ms in time.
@Suite struct GateGoldenTests {
    static let folder =
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Golden/gates"

    static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }

    static func cases(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".json") { names.append("\(folder)/\(name)") }
        }
        return names.sorted()
    }

    @Test func everyVectorHolds() throws {
        let files = Self.cases(in: Self.folder)
        #expect(files.count == 19)
        for file in files { try Self.check(file) }
    }

    /// The vectors of earned trust (trust.md).
    @Test func everyVectorOfTrustHolds() throws {
        let files = Self.cases(in: Self.folder.dropLast("gates".count) + "trust")
        #expect(files.count == 10)
        for file in files { try Self.check(file) }
    }

    static func check(_ file: String) throws {
        let json = try JSON(parsing: read(file))
        let expected = try #require(json["expected"])
        let found = try GateCase(json).run()
        #expect(found["trace"]?.array?.count == expected["trace"]?.array?.count, "\(file)")
        for (index, step) in (expected["trace"]?.array ?? []).enumerated() {
            let mine = try #require(found["trace"]?[index])
            #expect(mine["verdict"] == step["verdict"] && mine["state"] == step["state"], "\(file) wave \(index)")
            #expect(near(mine["potential"], step["potential"], 1e-9), "\(file) wave \(index)")
            #expect(mine["hearing"] == step["hearing"], "\(file) wave \(index)")
            for key in ["trust", "voice", "gain", "lift"] where step[key] != nil {
                #expect(near(mine[key], step[key], 1e-9), "\(file) wave \(index): \(key)")
            }
        }
        for (origin, record) in (expected["trust"]?.object?.members ?? []).map({ ($0.key, $0.value) }) {
            for key in ["ok", "failed", "trust"] {
                #expect(near(found["trust"]?[origin]?[key], record[key], 1e-9), "\(file) \(origin): \(key)")
            }
        }
        #expect(found["trust"]?.object?.members.count == expected["trust"]?.object?.members.count, "\(file)")
        #expect(found["transitions"]?.array?.count == expected["transitions"]?.array?.count, "\(file)")
        for (index, step) in (expected["transitions"]?.array ?? []).enumerated() {
            let mine = try #require(found["transitions"]?[index])
            #expect(mine["from"] == step["from"] && mine["to"] == step["to"], "\(file) transition \(index)")
            #expect(near(mine["potential"], step["potential"], 1e-9), "\(file) transition \(index)")
            #expect(near(mine["at_ms"], step["at_ms"], 1e-6), "\(file) transition \(index)")
        }
        #expect(found["final"]?["state"] == expected["final"]?["state"], "\(file)")
        #expect(near(found["final"]?["potential"], expected["final"]?["potential"], 1e-9), "\(file)")
        #expect(near(found["final"]?["at_ms"], expected["final"]?["at_ms"], 1e-6), "\(file)")
    }

    static func near(_ a: JSON?, _ b: JSON?, _ precision: Double) -> Bool {
        guard let a = a?.double, let b = b?.double else { return false }
        return abs(a - b) <= precision
    }
}
