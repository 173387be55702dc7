import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

@Suite("replay: a cell that reads several columns")
struct ReplayRowsTests {
    /// Three columns that go together, with holes; from row 300 on, `c` no longer follows.
    static let table: String = {
        var text = "time,a,b,c\n"
        for index in 0..<360 {
            let hidden = Double(index * 7 % 23 - 11) / 7
            let noise = [Double(index * 5 % 11 - 5), Double(index * 3 % 13 - 6), Double(index * 11 % 17 - 8)]
            let follows = index < 300 ? 1.0 : -1
            let b = index % 37 == 5 ? "" : "\(5 - hidden + noise[1] / 40)"
            text += "\(1_600_000_000 + index),\(30 + hidden + noise[0] / 40),\(b),"
            text += "\(12 + follows * 2 * hidden + noise[2] / 40)\n"
        }
        return text
    }()

    static let system = """
        nimmerverse: 1
        name: plant
        cells:
          - name: across
            kind: multivariate/v1
            settings: {columns: [a, b, c], learning_samples: 200, region: plant.pump, weight: 0.9}
        gates: {regions: {plant: {window_ms: 30000, half_life_ms: 15000, weight: 0.9}}}
        thalamus: {regions: {plant: ["plant.>"]}}
        bridge: {event_types: {plant: leak}}
        """

    @Test("it sees what no column shows alone; a row with a hole counts, and the hole is counted")
    func relation() throws {
        let (lines, counts, _) = try ReplayEngineTests.run(Self.system, Self.table)
        #expect(counts.rows == 360)
        #expect(counts.gaps.count == 10)
        #expect(counts.gaps.first == "row 6, for the cell across")
        let waves = lines.filter { $0["type"] == "wave" }
        #expect(!waves.isEmpty)
        let times = try waves.map { try Timestamp(rfc3339: $0["at"]?.string ?? "").milliseconds / 1000 - 1_600_000_000 }
        #expect(times.allSatisfy { $0 >= 300 })
        #expect(waves.contains { $0["semantic_content"]?["contributions"]?[0]?["input"] == "c" })
        #expect(counts.escalations == 1)
    }

    @Test("columns that a person gives win, one for each input, and one that is not there is named")
    func mapping() throws {
        let renamed = Self.table.replacing("time,a,b,c", with: "time,x,y,z")
        let given = [("x", "across"), ("y", "across"), ("z", "across")].map { (column: $0.0, cell: $0.1) }
        let counts = try ReplayEngineTests.run(Self.system, renamed, mapping: given).counts
        #expect(counts.emitted > 0)
        let missing = #expect(throws: (any Error).self) { _ = try ReplayEngineTests.run(Self.system, renamed) }
        #expect(
            (missing as? Failure)?.message.text.contains(
                "no columns 'a' for the cell across, 'b' for the cell across, 'c' for the cell across") == true)
        let few = #expect(throws: (any Error).self) {
            _ = try ReplayEngineTests.run(Self.system, renamed, mapping: Array(given.prefix(2)))
        }
        #expect((few as? Failure)?.message.text == "found 2 columns for the cell across; expected 3")
    }
}
