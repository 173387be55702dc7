import NimmerThalamus
import NimmerWave
import Testing

/// Whoever floods the bus is named, at a cost that no wave notices.
@Suite("Loud senders") struct LoudSenderTests {
    /// Waves of a quarter of a minute: of every hundred so many by `mad`, the rest by `others`, each a hundredth of a millisecond
    /// after the one before.
    private func listen(_ bench: inout Bench, mad share: Int, others: (Int) -> String, waves: Int = 200_000) throws {
        for index in 0..<waves {
            let now = Double(index) * 0.1
            let name = index * 37 % 100 < share ? "mad" : others(index)
            try bench.wave(name, 0.1, at: now, domain: "quiet")
            if index % 10_000 == 0 {
                bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: now), lag: 0)
            }
        }
    }

    @Test("a sender that makes most of all waves is named, with its rate")
    func flood() throws {
        var bench = Bench()
        try listen(&bench, mad: 80) { "cell-\($0 % 7)" }
        let loudest = try #require(bench.thalamus.loudestSenders.first)
        #expect(loudest.name == "mad" && loudest.isFlooding)
        #expect(abs(loudest.share - 0.8) < 0.05 && abs(loudest.wavesPerSecond - 8_000) < 500)
    }

    @Test("however many other names are invented beside it")
    func amongInvented() throws {
        var bench = Bench()
        try listen(&bench, mad: 60) { "x\($0)" }
        let loudest = bench.thalamus.loudestSenders
        #expect(loudest.map(\.name) == ["mad"], "nobody else makes a twentieth")
        #expect(abs((loudest.first?.share ?? 0) - 0.6) < 0.07)
    }

    @Test("where all speak alike nobody floods, and where all is quiet nobody does")
    func nobody() throws {
        var bench = Bench()
        try listen(&bench, mad: 0) { "cell-\($0 % 7)" }
        #expect(bench.thalamus.loudestSenders.count == 3 && !bench.thalamus.loudestSenders.contains { $0.isFlooding })
        var quiet = Bench()
        for second in 0..<60 {
            try quiet.wave("only", 0.1, at: Double(second) * 1000, domain: "quiet")
            quiet.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: Double(second) * 1000), lag: 500)
        }
        #expect(!quiet.thalamus.loudestSenders.contains { $0.isFlooding })
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
        #expect(bench.thalamus.quietened == nil && !isPassedOver("mad", at: 20_000), "nobody waits")
        bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: 20_000), lag: 80)
        #expect(bench.thalamus.quietened == "mad")
        var heard = 0
        var others = 0
        for index in 0..<50_000 {
            let now = 20_000 + Double(index) * 0.1
            if !isPassedOver("mad", at: now) {
                try bench.wave("mad", 0.1, at: now, domain: "quiet")
                heard += 1
            }
            if index % 10 == 0, isPassedOver("mad-2", at: now) { others += 1 }
        }
        #expect(heard == 25_000 && others == 0 && bench.thalamus.counters.passedOver == 25_000)
        // It is still the loudest, though it is hardly heard, and remains so while nobody waits any more.
        bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: 25_000), lag: 0)
        #expect(bench.thalamus.quietened == "mad")
        for index in 0..<1_000 { try bench.wave("cell-1", 0.1, at: 25_000 + Double(index) * 3, domain: "quiet") }
        bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: 28_000), lag: 0)
        #expect(bench.thalamus.quietened == nil)
    }

    @Test("one that is held back on its way is counted, named, and held while it floods, whatever others do")
    func heldBack() throws {
        var bench = Bench()
        try listen(&bench, mad: 90, others: { "cell-\($0 % 7)" })
        func listenAt(_ milliseconds: Double, lag: Double = 80, heldBack: HeldBackWaves?) {
            bench.thalamus.listenForFloods(
                at: Bench.epoch.advanced(milliseconds: milliseconds), lag: lag, heldBack: heldBack)
        }
        listenAt(20_000, heldBack: nil)
        #expect(bench.thalamus.quietened == "mad")
        let before = bench.thalamus.counters
        // The others make more than it: 60,000 waves of theirs in three seconds, and three times 16,000 held back.
        for second in 1...3 {
            let now = 20_000 + Double(second) * 1_000
            for index in 0..<20_000 {
                try bench.wave("cell-\(index % 7)", 0.1, at: now - 1_000 + Double(index) * 0.05, domain: "quiet")
            }
            listenAt(now, heldBack: HeldBackWaves(count: 16_000, isFlood: true))
            #expect(bench.thalamus.quietened == "mad")
        }
        #expect(bench.thalamus.counters.waves - before.waves == 108_000)
        #expect(bench.thalamus.counters.passedOver - before.passedOver == 48_000)
        let mad = try #require(bench.thalamus.loudestSenders.first)
        #expect(mad.name == "mad" && abs(mad.wavesPerSecond - 16_000) < 2_000, "\(mad)")
        // Another that floods takes its place as soon as the others wait because of that one.
        func another(from now: Double) throws {
            for index in 0..<30_000 { try bench.wave("mad-2", 0.1, at: now + Double(index) * 0.07, domain: "quiet") }
        }
        try another(from: 23_000)
        listenAt(25_200, lag: 0, heldBack: HeldBackWaves(count: 5_100, isFlood: true))
        #expect(bench.thalamus.quietened == "mad")
        try another(from: 25_200)
        listenAt(27_400, heldBack: HeldBackWaves(count: 5_100, isFlood: true))
        #expect(bench.thalamus.quietened == "mad-2")
        listenAt(30_000, heldBack: HeldBackWaves(count: 4_000, isFlood: false))
        #expect(bench.thalamus.quietened == nil)
    }
}
