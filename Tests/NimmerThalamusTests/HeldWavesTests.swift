import NimmerGate
import NimmerIris
import NimmerSystem
import NimmerThalamus
import NimmerWave
import Testing

/// Waves of regions without a home wait, within bounds, and are judged by the time at which they came (spec/iris.md, Regions that mean the same).
@Suite("Held waves") struct HeldWavesTests {
    private func bench(_ tune: (inout ThalamusConfiguration) -> Void = { _ in }) -> Bench {
        Bench {
            $0.joining = Joining(.init())
            tune(&$0)
        }
    }

    @Test func theyAreJudgedOnceTheHomeIsKnown() throws {
        var bench = bench()
        let math = try Region("math")
        #expect(try bench.wave("a", 0.9, at: 0, region: "math", arrival: 0) == .held)
        #expect(try bench.wave("b", 0.9, at: 200, region: "math", arrival: 200) == .held)
        #expect(bench.thalamus.counters.waves == 0 && bench.thalamus.counters.held == 2)
        #expect(bench.thalamus.regionCount == 0 && bench.thalamus.waitingRegions == 1)
        let waiting = bench.thalamus.takeWaiting()
        #expect(waiting.fresh == [math] && waiting.elsewhere.isEmpty)
        #expect(bench.thalamus.takeWaiting().fresh.isEmpty, "each is asked for once")
        bench.thalamus.assign(math, to: math)
        #expect(bench.thalamus.judgeHeld(of: math).isEmpty)
        #expect(bench.thalamus.counters.waves == 2 && bench.thalamus.waitingRegions == 0)
        let opening = try #require(bench.take().first)
        #expect(opening.transition.at == Bench.epoch.advanced(milliseconds: 200), "its own time of arrival")
        // Known from then on.
        #expect(try bench.wave("c", 0.9, at: 300, region: "math", arrival: 300) == .resonated)
    }

    @Test func joinedRegionsAreWitnessesOfOneThing() throws {
        var bench = bench()
        let (math, sums) = (try Region("math"), try Region("sums"))
        bench.thalamus.assign(math, to: math)
        bench.thalamus.assign(sums, to: math)
        try bench.wave("a", 0.9, at: 0, region: "math", arrival: 0)
        try bench.wave("b", 0.9, at: 100, region: "sums", arrival: 100)
        let opening = try #require(bench.take().first)
        #expect(opening.transition.region == math && opening.transition.collapse?.witnesses.count == 2)
        #expect(opening.transition.collapse?.witnesses.allSatisfy { $0.similarity == 1 } == true)
        #expect(bench.thalamus.members(of: math) == [sums])
        #expect(bench.thalamus.home(ofAsked: "sums") == "math")
        // It moves out: its waves go to its own gate from then on.
        bench.thalamus.assign(sums, to: sums)
        try bench.wave("b", 0.9, at: 200, region: "sums", arrival: 200)
        #expect(bench.thalamus.regionCount == 2)
    }

    @Test func declaredRegionsWaitForNothing() throws {
        var bench = bench {
            $0.regions = RegionMap([.init(region: try! Region("math"), patterns: [try! SubjectPattern("calculate")])])
        }
        #expect(try bench.wave("a", 0.9, at: 0, region: "calculate", arrival: 0) == .resonated)
        // Also where the log has it elsewhere.
        bench.thalamus.assign(try Region("calculate"), to: try Region("door"))
        try bench.wave("b", 0.9, at: 100, region: "calculate", arrival: 100)
        #expect(bench.take().first?.transition.region.text == "math")
    }

    @Test func noMoreWaitThanThereIsRoomFor() throws {
        var bench = bench { $0.boundsNewRegions = false }
        for number in 0..<70 { try bench.wave("a", 0.9, at: Double(number), region: "math", arrival: Double(number)) }
        #expect(bench.thalamus.counters.held == 64 && bench.thalamus.counters.heldDropped == 6)
        for number in 0..<1_100 { try bench.wave("a", 0.9, at: 100, region: "r\(number)", arrival: 100) }
        #expect(bench.thalamus.waitingRegions == 1_024)
        #expect(bench.thalamus.takeWaiting().fresh.count == 1_024)
        #expect(bench.thalamus.counters.heldDropped == 6 + 77)
    }

    @Test func floodsOfNewNamesAreRefusedAsEver() throws {
        var bench = bench { $0.maximumRegions = 128 }
        var refused = 0
        for number in 0..<100 {
            do throws(Refusal) {
                _ = try Self.wave(&bench, "r\(number)")
            } catch { refused += 1 }
        }
        #expect(refused > 50 && bench.thalamus.counters.refusedRegions == refused)
    }

    private static func wave(_ bench: inout Bench, _ region: String) throws(Refusal) -> Bool {
        do { return try bench.wave("flood", 0.9, at: 0, region: region, arrival: 0) == .held } catch let error
            as Refusal
        {
            throw error
        } catch { return false }
    }

    @Test func aRegionWhoseOwnGateIsOpenIsJudgedThereUntilItHasReleased() throws {
        var bench = bench()
        let math = try Region("math")
        bench.thalamus.assign(math, to: math)
        try bench.wave("a", 0.9, at: 0, region: "math", arrival: 0)
        try bench.wave("b", 0.9, at: 10, region: "math", arrival: 10)
        #expect(bench.thalamus.isOpen(math))
        bench.thalamus.assign(math, to: nil)
        #expect(try bench.wave("a", 0.9, at: 20, region: "math", arrival: 20) == .resonated)
        bench.thalamus.advance(to: Bench.epoch.advanced(milliseconds: 60_000))
        #expect(!bench.thalamus.isOpen(math))
        #expect(try bench.wave("a", 0.9, at: 60_100, region: "math", arrival: 60_100) == .held)
    }

    @Test func gatesThatGoTakeWhatWaitsWithThem() throws {
        var bench = bench()
        try bench.wave("a", 0.9, at: 0, region: "math", arrival: 0)
        bench.thalamus.forget { $0.text == "math" }
        #expect(bench.thalamus.waitingRegions == 0 && bench.thalamus.counters.heldDropped == 1)
    }

    @Test func whatLivesElsewhereIsHandedOn() throws {
        var bench = bench()
        let (math, sums) = (try Region("math"), try Region("sums"))
        bench.thalamus.isElsewhere = { $0.text == "math" }
        bench.thalamus.assign(sums, to: math)
        #expect(try bench.wave("a", 0.9, at: 0, region: "sums", arrival: 0) == .held)
        let waiting = bench.thalamus.takeWaiting()
        #expect(waiting.elsewhere.map(\.gate.text) == ["math"] && waiting.fresh.isEmpty)
        #expect(bench.thalamus.counters.waves == 0 && bench.thalamus.regionCount == 0)
    }

    @Test func inReplayRegionsJoinAtOnce() throws {
        let model = EmbeddingModel(name: "table/tiny-2@00000000", dimensions: 2)
        let names = NameMeanings(model: model) { (name) throws(EmbeddingError) in
            try Embedding(normalizing: name.hasPrefix("m") ? [1, 0.1] : [0, 1])
        } relation: { _, _ in
            .open
        }
        var bench = bench { $0.joinAtOnce(names) }
        try bench.wave("a", 0.9, at: 0, region: "math")
        try bench.wave("b", 0.9, at: 100, region: "maths")
        #expect(bench.take().first?.transition.region.text == "math")
        try bench.wave("b", 0.9, at: 100, region: "door")
        #expect(bench.thalamus.regionCount == 2)
        #expect(bench.thalamus.decidedHere.map(\.reason) == [.founded, .joined, .founded])
    }

    @Test func theRoutingOfAPartFollowsTheHome() throws {
        var configuration = ThalamusConfiguration(environment: .dev)
        configuration.joining = Joining(.init())
        var sorter = Sorter(configuration, partitions: 64)
        func part(_ region: String, _ sorter: inout Sorter) throws -> Int {
            let signal = WaveSignal(
                domain: try Token("a"), confidence: 0.9, semanticContent: [:], region: try Region(region))
            let bytes = Envelope(id: .v7(), at: Bench.epoch, from: Source(entityID: "a", entityType: .cell), signal)
                .encoded()
            return try sorter.partition(of: bytes.span.bytes)
        }
        let (math, own) = (try part("math", &sorter), try part("sums", &sorter))
        #expect(own == Sorter.partition(of: try GateID("sums"), among: 64) && own != math)
        sorter.assign(try Region("sums"), to: try Region("math"))
        #expect(try part("sums", &sorter) == math)
        sorter.assign(try Region("adding"), to: try Region("math"))
        #expect(try part("adding", &sorter) == math)
        sorter.assign(try Region("sums"), to: nil)
        #expect(try part("sums", &sorter) == own)
    }
}
