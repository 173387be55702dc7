import NimmerBus
import NimmerProcess
import NimmerSensing
import NimmerTesting
import NimmerWave
import Testing

@testable import MultivariateCell
@testable import NimmerCell

/// The multivariate cell: several streams of numbers, one witness.
@Suite("multivariate: a cell that looks across sensors")
struct MultivariateCellTests {
    static let subjects = ["plant.flow", "plant.pressure", "plant.current"]

    /// A row of three inputs that a hidden one moves.
    static func row(_ index: Int) -> [Double] {
        let hidden = Double(index * 7 % 23 - 11) / 7
        let own = [Double(index * 5 % 11 - 5), Double(index * 3 % 13 - 6), Double(index * 11 % 17 - 8)]
        return [30 + hidden + own[0] / 40, 5 - hidden + own[1] / 40, 12 + 2 * hidden + own[2] / 40]
    }

    private func bench(_ changes: [String: SettingValue] = [:]) throws -> CellBench<Multivariate> {
        var bench = try CellBench<Multivariate>(
            changes.merging(["subjects": .list(Self.subjects), "learning_samples": .whole(200)]) { one, _ in one })
        bench.start()
        return bench
    }

    private func publish(
        _ row: [Double], _ bench: inout CellBench<Multivariate>, order: [Int] = [0, 1, 2], milliseconds: Double = 1000
    ) throws {
        for input in order where row[input].isFinite {
            let refusal = try bench.receive("\(row[input])", on: Self.subjects[input])
            #expect(refusal == nil)
            bench.advance(milliseconds: 1)
        }
        bench.advance(milliseconds: milliseconds - Double(order.count { row[$0].isFinite }))
    }

    @Test("a recorded number of an input that it does not have is refused by name")
    func noSuchInput() throws {
        var bench = try bench()
        for input in [3, 99, -1] {
            bench.update { cell, pulse in
                let refusal = #expect(throws: Refusal.self) { try cell.read(1, of: input, &pulse) }
                #expect(refusal?.message.contains("there are 3 inputs") == true)
            }
        }
    }

    private func learned(_ changes: [String: SettingValue] = [:]) throws -> CellBench<Multivariate> {
        var bench = try bench(changes)
        for index in 0..<200 { try publish(Self.row(index), &bench) }
        #expect(bench.cell.detector.samples == 200)
        return bench
    }

    @Test("it learns, is calm, and names what no longer follows the others")
    func relation() throws {
        var bench = try learned()
        for index in 200..<400 { try publish(Self.row(index), &bench) }
        #expect(bench.waves.isEmpty)
        #expect(bench.states == ["CALM"])
        for index in 400..<430 {
            var row = Self.row(index)
            row[1] = 10 - row[1]
            try publish(row, &bench)
        }
        let wave = try #require(bench.waves.max { $0.confidence < $1.confidence })
        #expect(wave.confidence > 0.9)
        #expect(wave.semanticContent["view"] == "correlation")
        #expect(wave.semanticContent["times"]?.double ?? 0 > 2.25)
        let parts = try #require(wave.semanticContent["contributions"]?.array)
        #expect((1...3).contains(parts.count))
        #expect(parts[0]["input"] == "plant.pressure")
        #expect(parts[0]["share"]?.double ?? 0 > 0.4)
        #expect(parts[0]["value"]?.double != nil && parts[0]["normal"]?.double != nil)
        #expect(wave.semanticContent["missing"] == nil)
        #expect(bench.states == ["CALM", "SURPRISED"])
    }

    @Test("the order in which a row arrives does not matter")
    func order() throws {
        var one = try bench()
        var other = try bench()
        let orders = [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]]
        for index in 0..<300 {
            let row = index < 260 ? Self.row(index) : Self.row(index).map { $0 + 1 }
            try publish(row, &one)
            try publish(row, &other, order: orders[index % 4])
        }
        #expect(one.cell.detector.samples == 300 && other.cell.detector.samples == 300)
        #expect(one.waves == other.waves)
        #expect(!one.waves.isEmpty)
    }

    @Test("a dead input neither silences it nor surprises it, and is named")
    func dead() throws {
        var bench = try learned()
        for index in 200..<300 {
            var row = Self.row(index)
            row[2] = .nan
            try publish(row, &bench)
        }
        // The first rows without it are noticed when the next begins.
        #expect(bench.cell.detector.samples >= 298)
        #expect(bench.states == ["CALM"])
        let logged = bench.actions.compactMap { action -> [String: String]? in
            if case .log(_, "An input is silent and left out", let values) = action { values } else { nil }
        }
        #expect(logged == [["input": "plant.current"]])
        for index in 300..<330 {
            let row = Self.row(index)
            try publish([row[0], 10 - row[1], .nan], &bench)
        }
        let wave = try #require(bench.waves.max { $0.confidence < $1.confidence })
        #expect(wave.confidence > 0.5)
        #expect(wave.semanticContent["missing"] == ["plant.current"])
        let named = wave.semanticContent["contributions"]?.array?.compactMap { $0["input"]?.string }
        #expect(named?.contains("plant.current") == false)
    }

    @Test("when no input speaks any more it is STALE; while some do, it names the silent ones")
    func stale() throws {
        var bench = try learned()
        for index in 200..<230 {
            let row = Self.row(index)
            try publish([row[0], row[1], .nan], &bench)
        }
        #expect(!bench.body.isStale && bench.changes.isEmpty)
        #expect(bench.body.silentInputs == ["plant.current"])
        bench.advance(milliseconds: 60_000)
        #expect(bench.body.isStale && bench.changes.map(\.edge) == [.begin])
        for index in 230..<240 { try publish(Self.row(index), &bench) }
        #expect(!bench.body.isStale && bench.changes.map(\.edge) == [.begin, .end])
        #expect(bench.body.silentInputs == [])
    }

    @Test("an input that is ten times slower joins the rows of the quick ones")
    func slow() throws {
        var bench = try bench()
        for index in 0..<600 {
            var row = Self.row(index)
            if index % 10 != 4 { row[2] = .nan }
            try publish(row, &bench)
        }
        #expect((590...600).contains(bench.cell.detector.samples + bench.cell.detector.skipped))
        #expect(bench.cell.detector.leftOut == [false, false, false])
        #expect(bench.waves.filter { $0.confidence >= 0.9 }.isEmpty)
    }

    @Test("readings spread over the interval make one row each time, and late ones do not shift it")
    func spread() throws {
        var bench = try bench()
        for index in 0..<100 {
            for (input, value) in Self.row(index).enumerated() {
                let refusal = try bench.receive("\(value)", on: Self.subjects[input])
                #expect(refusal == nil)
                bench.advance(milliseconds: index == 50 && input == 1 ? 900 : 300)
            }
            bench.advance(milliseconds: index == 50 ? 0 : 100)
        }
        #expect((98...101).contains(bench.cell.detector.samples))
    }

    @Test("what is no number is refused, and the row waits for a number")
    func refusals() throws {
        var bench = try bench()
        for text in ["warm", "[1]"] {
            let refusal = try bench.receive(text, on: "plant.flow")
            #expect(refusal != nil, "\(text)")
        }
        try publish(Self.row(0), &bench)
        #expect(bench.cell.detector.samples == 1)
    }

    @Test("columns name the subjects")
    func names() throws {
        let bench = try bench(["columns": .list(["flow", "pressure", "current"])])
        #expect(bench.cell.names == ["flow", "pressure", "current"])
        #expect(try bench.cell.inputs(in: .dev).map(\.text) == Self.subjects)
    }

    @Test(
        "settings that make no sense are refused, with what was found",
        arguments: [
            (["subjects": SettingValue.list(["a.b"])], "2 to 64"),
            ([:], "2 to 64"),
            (["columns": .list((0..<65).map { "c\($0)" })], "2 to 64"),
            (["columns": .list(["a", "a"])], "'a' twice"),
            (["subjects": .list(["a.b", "a.b"])], "'a.b' twice"),
            (["subjects": .list(["a.b", "a.*"])], "a.*"),
            (["subjects": .list(["a.b", "a.c"]), "columns": .list(["b", "c", "d"])], "must be 2"),
            (["subjects": .list(["a.b", "a.c"]), "file": .text("p.csv")], "subjects and file"),
        ])
    func settings(changes: [String: SettingValue], found: String) {
        let refusal = #expect(throws: Refusal.self) { _ = try CellBench<Multivariate>(changes) }
        #expect(refusal?.description.contains(found) == true, "\(String(describing: refusal))")
    }
}
