import Foundation
import NimmerIris
import NimmerPlatform
import Testing

@Suite("The table of meanings")
struct EmbeddingTableTests {
    @Test("pieces and vectors are the script's within 1e-3, in any script")
    func golden() throws {
        let table = try RepositoryMeanings.table.get()
        let list = try RepositoryMeanings.golden()
        #expect(list.count >= 200)
        #expect(list.contains { $0.vector == nil })
        for entry in list {
            #expect(table.pieces(of: entry.name) == entry.pieces, "\(entry.name.debugDescription)")
            guard let vector = entry.vector else {
                #expect(table.embedding(of: entry.name) == nil, "\(entry.name.debugDescription)")
                continue
            }
            let values = try #require(table.embedding(of: entry.name)).values
            #expect(values.count == vector.count)
            let worst = zip(values, vector).map { abs($0 - $1) }.max() ?? 1
            #expect(worst < 1e-3, "\(entry.name.debugDescription): \(worst)")
        }
    }

    @Test("the model is named with a digest and has 128 dimensions")
    func model() throws {
        let model = try RepositoryMeanings.table.get().model
        #expect(model.dimensions == 128)
        #expect(model.name.wholeMatch(of: #/table/minilm-l6-v2-128@[0-9a-f]{8}/#) != nil, "\(model.name)")
    }

    @Test("any bytes have a vector of length 1, or none; cosines are symmetric and bounded")
    func anyBytes() throws {
        let table = try RepositoryMeanings.table.get()
        var random = SplitMix(seed: 17)
        var known: [Embedding] = []
        for _ in 0..<3000 {
            let count = Int.random(in: 0...400, using: &random)
            let isText = Bool.random(using: &random)
            let bytes = (0..<count).map { _ in
                isText ? UInt8.random(in: 0x20...0x7e, using: &random) : UInt8.random(in: 0...255, using: &random)
            }
            let name = String(decoding: bytes, as: UTF8.self)
            guard let embedding = table.embedding(of: name) else { continue }
            let length = embedding.values.reduce(0) { $0 + Double($1) * Double($1) }
            #expect(abs(length - 1) < 1e-4)
            known.append(embedding)
        }
        #expect(known.count > 1000)
        for (first, second) in zip(known, known.dropFirst()) {
            #expect(first.cosine(second) == second.cosine(first))
            #expect((-1...1).contains(first.cosine(second)))
        }
    }

    @Test("separators and case are one text; what follows 256 bytes does not count")
    func texts() throws {
        let table = try RepositoryMeanings.table.get()
        let name = try #require(table.embedding(of: "living-room.temperature"))
        for other in ["livingRoomTemperature", "living_room/temperature", "Living Room: Temperature"] {
            #expect(table.embedding(of: other) == name, "\(other)")
        }
        let long = String(repeating: "door ", count: 51) + "d"
        #expect(long.utf8.count == 256)
        #expect(table.embedding(of: long + "oor temperature") == table.embedding(of: long))
        // A character that does not fit is left out whole.
        let cut = String(repeating: "door ", count: 51)
        #expect(table.embedding(of: cut + "éa") == table.embedding(of: cut))
        #expect(table.embedding(ofText: long + " temperature") != table.embedding(of: long))
        #expect(table.embedding(ofText: "living-room.temperature") == name)
    }

    @Test("as an embedder it keeps the order, the deadline, and refuses what it does not know")
    func embedder() async throws {
        let table = try RepositoryMeanings.table.get()
        let later = ContinuousClock.now.advanced(by: .seconds(60))
        let found = try await table.embed(["math", "door"], deadline: later)
        #expect(found == [table.embedding(of: "math"), table.embedding(of: "door")])
        await #expect(throws: EmbeddingError.unknownText) { try await table.embed(["math", "🚪"], deadline: later) }
        let past = ContinuousClock.now.advanced(by: .seconds(-1))
        await #expect(throws: EmbeddingError.timedOut) { try await table.embed(["math"], deadline: past) }
    }

    // MARK: - Damaged files

    private func failure(_ bytes: [UInt8]) -> String {
        do throws(DataFileError) {
            _ = try EmbeddingTable(bytes: bytes, name: "a.table")
            return "read"
        } catch { return error.description }
    }

    @Test("a damaged file is refused by the name of the field, with what was found and expected")
    func damaged() throws {
        let good = try RepositoryMeanings.bytes(RepositoryMeanings.tablePath)
        #expect(failure(good) == "read")
        func changed(_ place: Int, _ value: UInt8) -> String {
            var bytes = good
            bytes[place] = value
            return failure(bytes)
        }
        #expect(failure([]) == "a.table: size: found 0, expected more")
        #expect(failure(Array(good.prefix(64))).hasPrefix("a.table: size: found 64, expected 128 or more"))
        #expect(changed(0, 0x1b) == "a.table: magic: found '?IMIRIS1', expected 'NIMIRIS1'")
        #expect(changed(8, 9) == "a.table: version: found 9, expected 1")
        #expect(changed(12, 7).hasPrefix("a.table: size of the header: found 7"))
        #expect(failure(good.dropLast(8)).hasPrefix("a.table: size: found \(good.count), expected \(good.count - 8)"))
        #expect(changed(good.count / 2, good[good.count / 2] ^ 1).hasPrefix("a.table: digest: found "))
        #expect(changed(24, good[24] ^ 1).hasPrefix("a.table: digest: found "))
        // Numbers of the header, which the digest does not hold.
        #expect(changed(32, 0) == "a.table: dimensions: found 0, expected 1 to 4096")
        #expect(changed(33, 2).hasPrefix("a.table: rows: found "))
        #expect(changed(39, 0xff).hasPrefix("a.table: pieces: found "))
        #expect(changed(64, 200).hasPrefix("a.table: length of the name: found 200"))
        #expect(changed(68, 0x1b).hasPrefix("a.table: name: found "))
    }

    @Test("a file of wrong numbers under a right digest never leads out of its bytes")
    func hostile() throws {
        var random = SplitMix(seed: 3)
        let good = try RepositoryMeanings.bytes(RepositoryMeanings.tablePath)
        let names = ["math", "living-room.température", "온도", "a\u{301}b", "pneumonoultramicroscopic"]
        for round in 0..<5 {
            var bytes = good
            // All after the scales: offsets, slots, classes, folds and pieces.
            for _ in 0..<20_000 {
                let place = Int.random(in: 128..<900_000, using: &random)
                bytes[place] = round < 2 ? 0xff : UInt8.random(in: 0...255, using: &random)
            }
            DataFileDigest.write(&bytes)
            let table = try EmbeddingTable(bytes: bytes, name: "hostile")
            for name in names {
                let values = table.embedding(of: name)?.values ?? []
                #expect(!values.contains { !$0.isFinite })
                _ = table.pieces(of: name)
            }
        }
    }

    @Test("a path that is absent, a folder, empty or too large is refused with its reason")
    func paths() throws {
        func failure(_ path: String) -> String {
            do throws(DataFileError) {
                _ = try EmbeddingTable(path: path)
                return "read"
            } catch { return error.description }
        }
        #expect(failure("/no/such.table") == "/no/such.table: cannot read it: No such file or directory")
        #expect(failure("/tmp") == "/tmp: cannot read it: not a file")
        #expect(failure("/dev/zero") == "/dev/zero: cannot read it: not a file")
    }

    // MARK: - Places

    @Test("the file is found by the environment, beside the executable, in the prefix, and in the checkout")
    func places() throws {
        let files = FileManager.default
        let root = files.temporaryDirectory.appending(path: "iris-\(UUID().uuidString)")
        defer { try? files.removeItem(at: root) }
        func make(_ path: String) throws {
            let file = root.appending(path: path)
            try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("x".utf8).write(to: file)
        }
        func found(_ environment: [String: String] = [:]) throws -> String? {
            let program = root.appending(path: "repository/.build/debug/thalamus").path
            let base = try #require(SmallFile.absolute(root.path))
            let path = EmbeddingTable.locate(executable: program, environment: environment)
            return path.map { $0.replacingOccurrences(of: base + "/", with: "") }
        }
        try make("repository/.build/debug/thalamus")
        #expect(try found() == nil)
        try make("repository/deploy/iris/minilm.table")
        #expect(try found() == nil, "no checkout without Package.swift")
        try make("repository/Package.swift")
        #expect(try found() == "repository/deploy/iris/minilm.table")
        try make("repository/.build/share/nimmerverse/minilm.table")
        #expect(try found() == "repository/.build/share/nimmerverse/minilm.table")
        try make("repository/.build/debug/minilm.table")
        #expect(try found() == "repository/.build/debug/minilm.table")
        #expect(try found(["NIMMERVERSE_IRIS_TABLE": "/a/b"]) == "/a/b")
        #expect(try found(["NIMMERVERSE_IRIS_TABLE": ""]) == "repository/.build/debug/minilm.table")
        #expect(EmbeddingTable.locate(executable: "/no/such/program", environment: [:]) == nil)
    }
}
