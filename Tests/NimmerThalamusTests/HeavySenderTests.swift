import NimmerThalamus
import NimmerWave
import Testing

extension Bench {
    /// A wave is heard, regardless of who judges it; whether it is passed over.
    @discardableResult
    mutating func hear(_ cell: String, at milliseconds: Double) throws -> Bool {
        let subject = Array(Subject.wave(.dev, cell: try Token(cell)).text.utf8)
        return thalamus.passesOver(
            subject: subject.span.bytes, arrival: Self.epoch.advanced(milliseconds: milliseconds))
    }
}

/// The one that floods the bus is named, at a cost that no wave notices.
@Suite("Loud senders") struct HeavySenderTests {
    /// Waves of a quarter of a minute: of every hundred so many by `mad`, the rest by `others`, each a hundredth of a millisecond
    /// after the one before.
    private func listen(_ bench: inout Bench, mad share: Int, others: (Int) -> String, spacing: Double = 0.1) throws {
        for index in 0..<200_000 {
            let now = Double(index) * spacing
            let name = index * 37 % 100 < share ? "mad" : others(index)
            try bench.hear(name, at: now)
            if index % 10_000 == 0 {
                bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: now), lag: 0)
            }
        }
    }

    @Test("a sender that makes most of all waves is named, with its rate")
    func flood() throws {
        var bench = Bench()
        try listen(&bench, mad: 80) { "cell-\($0 % 7)" }
        let heaviest = try #require(bench.thalamus.loudestSenders.first)
        #expect(heaviest.name == "mad" && bench.thalamus.floods.map(\.name) == ["mad"])
        #expect(abs(heaviest.share - 0.8) < 0.05 && abs(heaviest.wavesPerSecond - 8_000) < 500)
    }

    @Test("two that make most of all waves together flood both, and are both throttled")
    func floodOfTwo() throws {
        var bench = Bench()
        try listen(&bench, mad: 45, others: { $0 % 6 == 0 ? "cell-1" : "mad-2" }, spacing: 0.05)
        #expect(Set(bench.thalamus.floods.map(\.name)) == ["mad", "mad-2"])
        bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: 10_000), lag: 80)
        #expect(Set(bench.thalamus.quietened) == ["mad", "mad-2"])
    }

    @Test("however many other names are invented beside it")
    func amongInvented() throws {
        var bench = Bench()
        try listen(&bench, mad: 60) { "x\($0)" }
        let heaviest = bench.thalamus.loudestSenders
        #expect(heaviest.map(\.name) == ["mad"], "nobody else makes a twentieth")
        #expect(abs((heaviest.first?.share ?? 0) - 0.6) < 0.07)
    }

    @Test("where all speak alike none floods, and where all is quiet none does")
    func nobody() throws {
        var bench = Bench()
        try listen(&bench, mad: 0) { "cell-\($0 % 7)" }
        #expect(bench.thalamus.loudestSenders.count == 3 && bench.thalamus.floods.isEmpty)
        var quiet = Bench()
        for second in 0..<60 {
            try quiet.hear("only", at: Double(second) * 1000)
            quiet.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: Double(second) * 1000), lag: 500)
        }
        #expect(quiet.thalamus.floods.isEmpty)
    }

    @Test(
        "while the others wait because of it, a flooding sender is heard 5,000 times a second, until it floods no more")
    func heardLess() throws {
        var bench = Bench()
        func subject(_ cell: String) -> [UInt8] { Array("dev.nervous.cells.\(cell).wave".utf8) }
        func isPassedOver(_ cell: String, at milliseconds: Double) -> Bool {
            let bytes = subject(cell)
            return bench.thalamus.passesOver(
                subject: bytes.span.bytes, arrival: Bench.epoch.advanced(milliseconds: milliseconds))
        }
        try listen(&bench, mad: 90, others: { "cell-\($0 % 7)" })
        #expect(bench.thalamus.quietened.isEmpty && !isPassedOver("mad", at: 20_000), "nobody waits")
        bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: 20_000), lag: 80)
        #expect(bench.thalamus.quietened == ["mad"])
        var heard = 0
        var others = 0
        for index in 0..<50_000 {
            let now = 20_000 + Double(index) * 0.1
            if !isPassedOver("mad", at: now) { heard += 1 }
            if index % 10 == 0, isPassedOver("mad-2", at: now) { others += 1 }
        }
        #expect(heard == 25_000 && others == 0 && bench.thalamus.counters.passedOver == 25_000)
        // It is still the loudest, though it is hardly heard, and remains so while nobody waits any more.
        bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: 25_000), lag: 0)
        #expect(bench.thalamus.quietened == ["mad"])
        for index in 0..<1_000 { try bench.hear("cell-1", at: 25_000 + Double(index) * 3) }
        bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: 28_000), lag: 0)
        #expect(bench.thalamus.quietened.isEmpty)
    }

    @Test("one that is held back on its way is counted, named, and held while it floods, whatever others do")
    func heldBack() throws {
        var bench = Bench()
        try listen(&bench, mad: 90, others: { "cell-\($0 % 7)" })
        func listenAt(_ milliseconds: Double, lag: Double = 80, heldBack: HeldBackWaves? = nil) {
            bench.thalamus.listenForFloods(
                at: Bench.epoch.advanced(milliseconds: milliseconds), lag: lag,
                heldBack: heldBack.map { ["mad": $0] } ?? [:])
        }
        listenAt(20_000)
        #expect(bench.thalamus.quietened == ["mad"])
        let before = bench.thalamus.counters
        // The others make more than it: 60,000 waves of theirs in three seconds, and three times 16,000 held back.
        for second in 1...3 {
            let now = 20_000 + Double(second) * 1_000
            for index in 0..<20_000 {
                try bench.hear("cell-\(index % 7)", at: now - 1_000 + Double(index) * 0.05)
            }
            listenAt(now, heldBack: HeldBackWaves(count: 16_000, isFlood: true))
            #expect(bench.thalamus.quietened == ["mad"])
        }
        #expect(bench.thalamus.counters.waves - before.waves == 48_000)
        #expect(bench.thalamus.counters.passedOver - before.passedOver == 48_000)
        let mad = try #require(bench.thalamus.loudestSenders.first)
        #expect(mad.name == "mad" && abs(mad.wavesPerSecond - 16_000) < 2_000, "\(mad)")
        // Another that floods is heard less, too, as soon as the others wait because of that one.
        func another(from now: Double) throws {
            for index in 0..<30_000 { try bench.hear("mad-2", at: now + Double(index) * 0.07) }
        }
        try another(from: 23_000)
        listenAt(25_200, lag: 0, heldBack: HeldBackWaves(count: 5_100, isFlood: true))
        #expect(bench.thalamus.quietened == ["mad"])
        try another(from: 25_200)
        listenAt(27_400, heldBack: HeldBackWaves(count: 5_100, isFlood: true))
        #expect(bench.thalamus.quietened == ["mad", "mad-2"])
        listenAt(30_000, heldBack: HeldBackWaves(count: 4_000, isFlood: false))
        #expect(bench.thalamus.quietened.isEmpty)
    }
}
