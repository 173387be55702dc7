import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

/// A cell's budget in event time (docs/reference/lifeforce.md).
@Suite("replay: a cell with a budget") struct HungryReplayTests {
    private func emitted(budget: String) throws -> Int {
        let text = """
            nimmerverse: 1
            name: hungry
            cells:
              - name: flow
                kind: sensor/v1
                settings: {column: Flow, region: plant, learning_samples: 20, floor: 0}
                \(budget)
            """
        var table = "time,Flow\n"
        for second in 0..<900 {
            let at = Timestamp(milliseconds: 1_771_093_800_000 + Double(second) * 1000)
            table += "\(at.rfc3339),\(Double((second * 7919) % 13) / 10)\n"
        }
        var run = try ReplayRun(
            SystemFile(parsing: Array(text.utf8), file: "hungry.yaml"), bytes: Array(table.utf8), file: "flow.csv",
            format: ReplayFormat(), mapping: [], environment: .dev)
        try run.finish { _ throws(ReaderGone) in }
        return run.counts.emitted
    }

    @Test("emits every fourth wave once its budget is spent, the same each time")
    func slows() throws {
        let all = try emitted(budget: "")
        let cost = 0.02
        let some = try emitted(budget: "lifeforce: {budget: 1}")
        let expected = 1 / cost + (Double(all) - 1 / cost) / 4
        #expect(all > 400 && abs(Double(some) - expected) <= 2, "\(some) of \(all), expected \(expected)")
        #expect(try emitted(budget: "lifeforce: {budget: 1}") == some)
        #expect(try emitted(budget: "lifeforce: {budget: 1000}") == all)
    }
}
