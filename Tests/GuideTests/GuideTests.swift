import Glibc
import NimmerCell
import NimmerTesting
import Testing

/// The cells of the guide (Sources/NimmerCell/NimmerCell.docc) do what it says.
@Suite struct GuideTests {
    @Test func sensesOnceASecond() throws {
        let file = "/tmp/nimmer-guide-\(getpid())"
        try write("56\n", to: file)
        defer { unlink(file) }
        var bench = try CellBench<Cellar>(["file": .text(file), "alarm": .number(80)])
        bench.start()
        bench.advance(milliseconds: 3000)
        #expect(bench.waves.count == 4)
        #expect(bench.waves.first?.confidence == 0.7)
    }

    @Test func setsItsSpeed() async throws {
        var bench = try CellBench<Fan>()
        let result = await bench.result(of: "set", ["speed": 0.5])
        #expect(result == CommandResult(status: .ok, result: ["speed": 0.5]))
        #expect(await bench.result(of: "set", ["speed": 7]).status == .refused)
        #expect(await bench.result(of: "test").result == ["amperes": 0.4])
    }

    @Test func airsWhileBothAgree() throws {
        var bench = try CellBench<Airing>()
        bench.start()
        try bench.hear("cellar", confidence: 0.9)
        #expect(bench.states.isEmpty)
        try bench.hear("weather", confidence: 0.9)
        #expect(bench.states == ["AIRING"])
        #expect(bench.requests.map(\.command.command) == ["set"])
        bench.advance(milliseconds: 10_000)
        #expect(bench.states == ["AIRING", "IDLE"])
        #expect(bench.requests.map(\.command.command) == ["set", "stop"])
    }

    @Test func saysThatTheFanFailed() throws {
        var bench = try CellBench<Airing>()
        bench.start()
        try bench.hear("cellar", confidence: 0.9)
        try bench.hear("weather", confidence: 0.9)
        let request = try #require(bench.requests.first)
        bench.answer(request.command, by: request.cell, CommandResult(status: .error, error: "it is stuck"))
        #expect(bench.states == ["AIRING", "FAILED"])
    }

    private func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
    }
}
