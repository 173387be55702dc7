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
            if index % 10_000 == 0 { bench.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: now)) }
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
            quiet.thalamus.listenForFloods(at: Bench.epoch.advanced(milliseconds: Double(second) * 1000))
        }
        #expect(!quiet.thalamus.loudestSenders.contains { $0.isFlooding })
    }
}
