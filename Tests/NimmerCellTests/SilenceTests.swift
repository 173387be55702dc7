import Glibc
import Logging
import NimmerBus
import NimmerProcess
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerCell

/// Takes numbers as they come.
private struct Reader: NumberCell {
    static let manifest = Manifest(name: "reader", version: "1.0.0", summary: "Reads.")
    init(_ settings: Settings<NoOptions>) {}
    func inputs(in environment: Environment) throws -> [SubjectPattern] { [try SubjectPattern("devices.reader")] }
    mutating func read(_ number: Double, _ pulse: inout Pulse) {
        pulse.countReading()
        pulse.emit(confidence: 0.1, [:])
    }
    mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {
        guard let number = Double(String(decoding: message.payload, as: UTF8.self)) else {
            throw Refusal(.value, "expected a number")
        }
        if number < 0 { return pulse.endReadings() }
        read(number, &pulse)
    }
}

/// Counts what it hears, which is no stream of numbers.
private struct Counter: Cell {
    static let manifest = Manifest(name: "counter", version: "1.0.0", summary: "Counts.")
    init(_ settings: Settings<NoOptions>) {}
    mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) { pulse.countReading() }
}

/// Hears waves.
private struct Hearer: Nerve {
    static let manifest = Manifest(name: "hearer", version: "1.0.0", summary: "Hears.")
    let hears: [Token] = []
    init(_ settings: Settings<NoOptions>) {}
}

extension CellBench {
    fileprivate var lines: [String] {
        actions.compactMap { if case .log(_, let line, _) = $0 { line } else { nil } }
    }

    fileprivate var silences: [ChangeEvent] { changes.filter { $0.view == "silence" } }

    /// Readings, each so many milliseconds after the one before.
    fileprivate mutating func read(after gaps: some Sequence<Double>, on subject: String = "devices.reader") throws {
        for gap in gaps {
            advance(milliseconds: gap)
            _ = try receive("1", on: subject)
        }
    }
}

private let (second, minute, hour) = (1000.0, 60_000.0, 3_600_000.0)

@Suite("cells: an input that has stopped makes the cell STALE")
struct SilenceTests {
    private func bench(_ changes: [String: SettingValue] = [:]) throws -> CellBench<Reader> {
        var bench = try CellBench<Reader>(changes)
        bench.start()
        return bench
    }

    @Test(
        "after several of its own intervals, once; and back by itself, once",
        arguments: [0.1 * second, second, minute, hour])
    func stops(_ interval: Double) throws {
        var bench = try bench()
        try bench.read(after: repeatElement(interval, count: 100))
        #expect(bench.silences.isEmpty || interval == hour, "an hourly one has no reading in the first ten minutes")
        bench.clear()
        bench.advance(milliseconds: 3 * interval)
        #expect(!bench.body.isStale && bench.lines == [])
        bench.advance(milliseconds: max(10 * interval, 6 * second))
        #expect(bench.body.isStale && bench.lines == ["STALE: no reading any more"])
        bench.advance(milliseconds: 1000 * interval)
        #expect(bench.lines.count == 1 && bench.silences.map(\.edge) == [.begin])
        let begin = try #require(bench.silences.first)
        #expect(
            begin.normal == interval && begin.value >= 4 * interval && abs(begin.times - 1) < 1e-6
                && begin.confidence == 1)
        #expect(bench.body.trouble(at: bench.now)?.hasPrefix("STALE: no reading for ") == true)
        try bench.read(after: [interval])
        #expect(!bench.body.isStale && bench.body.trouble(at: bench.now) == nil)
        #expect(bench.lines == ["STALE: no reading any more", "Readings come again"])
        #expect(bench.silences.map(\.edge) == [.begin, .end])
        // The next silence is noticed like the first.
        try bench.read(after: repeatElement(interval, count: 20))
        bench.advance(milliseconds: max(40 * interval, 30 * second))
        #expect(bench.silences.map(\.edge) == [.begin, .end, .begin])
    }

    @Test("what was never read is visible after ten minutes")
    func neverRead() throws {
        var bench = try bench()
        bench.advance(milliseconds: 9.9 * minute)
        #expect(!bench.body.isStale)
        bench.advance(milliseconds: minute)
        #expect(bench.body.isStale && bench.lines == ["STALE: no reading yet"])
        #expect(bench.body.trouble(at: bench.now) == "STALE: no reading yet, for 11 min")
        _ = try bench.receive("not a number", on: "devices.reader")
        #expect(bench.body.isStale, "what is refused is no reading")
        try bench.read(after: [0])
        #expect(!bench.body.isStale && bench.lines == ["STALE: no reading yet", "Readings come again"])
        let begin = try #require(bench.silences.first)
        #expect(begin.normal == 0 && begin.value == SilenceWatch.first)
    }

    @Test("one reading alone makes no interval: six hours pass")
    func oneReading() throws {
        var bench = try bench()
        try bench.read(after: [second])
        bench.advance(milliseconds: 5.9 * hour)
        #expect(!bench.body.isStale)
        bench.advance(milliseconds: hour)
        #expect(bench.body.isStale)
    }

    @Test("stale_after_ms overrides what is learned; 0 is never")
    func setting() throws {
        var bench = try bench(["stale_after_ms": .whole(300)])
        bench.advance(milliseconds: 299)
        #expect(!bench.body.isStale)
        bench.advance(milliseconds: 2)
        #expect(bench.body.isStale)
        try bench.read(after: repeatElement(100, count: 50))
        bench.advance(milliseconds: 299)
        #expect(!bench.body.isStale)
        bench.advance(milliseconds: 2)
        #expect(bench.body.isStale && bench.silences.map(\.edge) == [.begin, .end, .begin])
        var never = try self.bench(["stale_after_ms": .whole(0)])
        try never.read(after: repeatElement(second, count: 50))
        never.advance(milliseconds: 1000 * hour)
        #expect(!never.body.isStale && never.lines == [] && never.body.nextAppointment == nil)
    }

    @Test("the end of a source, of the cell, and a recording are no silence")
    func ends() throws {
        var ended = try bench()
        try ended.read(after: repeatElement(second, count: 50))
        _ = try ended.receive("-1", on: "devices.reader")
        ended.advance(milliseconds: hour)
        #expect(!ended.body.isStale && ended.body.nextAppointment == nil)
        try ended.read(after: [0])
        ended.advance(milliseconds: hour)
        #expect(ended.body.isStale, "a reading after the end is a source again")

        var stopped = try bench()
        try stopped.read(after: repeatElement(second, count: 50))
        stopped.stop()
        stopped.advance(milliseconds: hour)
        #expect(!stopped.body.isStale)

        // Replay never starts a body that it hands numbers to.
        var replayed = try CellBody<Reader>(try Configuration(of: Reader.self))
        for count in 0..<100 {
            _ = replayed.update(at: Timestamp(milliseconds: Double(count) * second)) { $0.read(1, &$1) }
            #expect(replayed.nextAppointment == nil)
        }
    }

    @Test("a cell that counts readings without being a number cell is watched from its first; a nerve never")
    func others() throws {
        var counter = try CellBench<Counter>()
        counter.start()
        counter.advance(milliseconds: hour)
        #expect(!counter.body.isStale && counter.body.nextAppointment == nil)
        try counter.read(after: repeatElement(second, count: 50))
        counter.advance(milliseconds: minute)
        #expect(counter.body.isStale)
        var nerve = try CellBench<Hearer>()
        nerve.start()
        nerve.advance(milliseconds: 100 * hour)
        #expect(!nerve.body.isStale && nerve.actions.isEmpty)
        #expect(throws: ProcessFailure.self, "it has no such setting") {
            try CellBench<Hearer>(["stale_after_ms": .whole(1)])
        }
    }

    // MARK: - No false alarms

    /// Readings of an input for so many gaps; the silences that were found.
    private func alarms(_ gaps: [Double]) throws -> Int {
        var bench = try bench()
        try bench.read(after: [0])
        try bench.read(after: gaps)
        return bench.silences.count { $0.edge == .begin }
    }

    private func random(_ seed: UInt64) -> () -> Double {
        var state = seed
        return {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Double(state >> 11) + 0.5) / 9_007_199_254_740_992
        }
    }

    @Test(
        "not for jitter, missing rows, and changes of pace within reason",
        arguments: [0.05 * second, 2 * second, 5 * minute])
    func jitter(_ interval: Double) throws {
        let random = random(7)
        #expect(try alarms((0..<20_000).map { _ in interval * (0.2 + 1.6 * random()) }) == 0)
        #expect(
            try alarms((0..<20_000).map { _ in interval * (random() < 0.1 ? 2 + (4 * random()).rounded() : 1) }) == 0)
        #expect(try alarms((0..<10_000).map { interval * ($0 < 5000 ? 1 : 3) }) == 0)
    }

    @Test("not for what comes at random, or on change only", arguments: [second, minute])
    func irregular(_ interval: Double) throws {
        for seed in 1...5 {
            let random = random(UInt64(seed))
            func poisson() -> Double { -log(random()) * interval }
            #expect(try alarms((0..<20_000).map { _ in poisson() }) == 0, "seed \(seed)")
        }
        var heavy = 0
        for seed in 1...20 {
            let random = random(UInt64(seed))
            func normal() -> Double { (-2 * log(random())).squareRoot() * cos(2 * .pi * random()) }
            heavy += try alarms((0..<5_000).map { _ in interval * exp(1.5 * normal()) })
        }
        #expect(heavy <= 8, "\(heavy) in 100,000 pauses whose longest is a thousand times the middle one")
    }

    @Test("not for bursts, nor for a backlog at the start")
    func bursts() throws {
        #expect(try alarms((0..<4000).map { $0 % 10 == 9 ? 30 * second : 5 }) == 0)
        #expect(try alarms((0..<4000).map { $0 % 400 == 399 ? hour : 1 }) == 0)
        #expect(try alarms(Array(repeating: 1, count: 500) + Array(repeating: 10 * minute, count: 100)) == 0)
    }

    @Test("nights without a change become usual; a dead input is found all the same")
    func nights() throws {
        let random = random(3)
        var bench = try bench()
        try bench.read(after: [0])
        var found: [Int] = []
        for _ in 0..<20 {
            bench.clear()
            var day = 0.0
            while day < 16 * hour {
                let gap = -log(random()) * 2 * minute
                day += gap
                try bench.read(after: [gap])
            }
            try bench.read(after: [8 * hour])
            found.append(bench.silences.count { $0.edge == .begin })
        }
        #expect(found.reduce(0, +) <= 4 && found.suffix(12).allSatisfy { $0 == 0 }, "\(found)")
        bench.advance(milliseconds: 30 * 24 * hour)
        #expect(bench.body.isStale)
    }

    @Test("a sensor that becomes slower for good is heard out after a while")
    func slower() throws {
        var gaps = Array(repeating: second, count: 3000)
        gaps += Array(repeating: minute, count: 300)
        #expect(try (1...3).contains(alarms(gaps)))
        #expect(try alarms(gaps) == alarms(gaps + Array(repeating: minute, count: 3000)))
    }

    @Test(
        "the texts of spans",
        arguments: [
            (0.0, "0 ms"), (350, "350 ms"), (5_230, "5.2 s"), (119_000, "119 s"), (660_000, "11 min"),
            (7_200_000, "2 h"),
            (200_000_000, "2.3 d"),
        ])
    func spans(_ span: Double, _ text: String) { #expect(SpanText.milliseconds(span) == text) }
}

@Suite("A cell in the world: STALE")
struct SilenceHostTests {
    @Test("status, metrics and the bus name it, and it comes back", .timeLimit(.minutes(5)))
    func lives() async throws {
        let bus = InMemoryBus()
        let quiet = Logger(label: "reader") { _ in SwiftLogNoOpLogHandler() }
        let process = ServiceProcess(
            try Configuration(of: Reader.self, changes: ["stale_after_ms": .whole(50)]), role: .cell, logger: quiet,
            bus: bus)
        let host = try CellHost<Reader>(process)
        let changes = try await bus.messages(try SubjectPattern("dev.nervous.cells.reader.change"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await host.run() }
            var heard = changes.makeAsyncIterator()
            let begin = try Envelope<ChangeEvent>(decoding: try #require(await heard.next()).payload).body
            #expect(begin.view == ChangeEvent.silence && begin.edge == .begin && begin.value >= 50)
            let stats = host.statistics.data
            #expect(stats["state"]?.string == "STALE" && stats["stale"]?.bool == true && stats["readings"]?.int == 0)
            #expect(stats["degraded"]?.string?.hasPrefix("STALE: no reading yet") == true)
            #expect(host.facts["stale"]?.hasPrefix("STALE") == true)
            var page = MetricsPage()
            host.measure(into: &page)
            #expect(
                String(decoding: page.bytes, as: UTF8.self).split(separator: "\n").contains {
                    $0.hasPrefix("nimmer_cell_stale") && $0.hasSuffix(" 1")
                })
            try bus.publish(try Subject(foreign: "devices.reader"), payload: Array("1".utf8))
            let end = try Envelope<ChangeEvent>(decoding: try #require(await heard.next()).payload).body
            #expect(end.edge == .end)
            #expect(try Envelope<ChangeEvent>(decoding: try #require(await heard.next()).payload).body.edge == .begin)
            group.cancelAll()
        }
    }
}
