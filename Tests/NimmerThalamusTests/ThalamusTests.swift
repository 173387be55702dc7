import NimmerGate
import NimmerSystem
import NimmerThalamus
import NimmerWave
import Testing

/// A thalamus in a test: waves by name and millisecond, what follows as values.
struct Bench {
    static let epoch = Timestamp(milliseconds: 1_771_093_800_000)
    var thalamus: Thalamus

    init(_ tune: (inout ThalamusConfiguration) -> Void = { _ in }) {
        var configuration = ThalamusConfiguration(environment: .dev)
        tune(&configuration)
        thalamus = Thalamus(configuration)
    }

    @discardableResult
    mutating func wave(
        _ cell: String, _ confidence: Double, at milliseconds: Double, domain: String = "math", region: String? = nil,
        origin: String? = nil, polarity: Int = 1, content: String = "{}", arrival: Double? = nil
    ) throws -> Verdict {
        let signal = WaveSignal(
            domain: try Token(domain), confidence: confidence, semanticContent: .raw(Array(content.utf8)),
            region: try region.map { try Region($0) }, polarity: polarity, origin: try origin.map { try Token($0) })
        let bytes = Envelope(
            id: .v7(), at: Self.epoch.advanced(milliseconds: milliseconds),
            from: Source(entityID: cell, entityType: .cell),
            signal
        ).encoded()
        let subject = Array(Subject.wave(.dev, cell: try Token(cell)).text.utf8)
        return try thalamus.receive(
            subject: subject.span.bytes, payload: bytes.span.bytes,
            arrival: arrival.map { Self.epoch.advanced(milliseconds: $0) })
    }

    mutating func nextRelease() throws -> Timestamp {
        let next = thalamus.nextRelease
        return try #require(next, "no gate releases by itself")
    }

    mutating func take() -> [Conclusion] {
        let taken = Array(thalamus.conclusions)
        thalamus.conclusions.removeAll()
        return taken
    }
}

@Suite struct ThalamusTests {
    @Test func twoDocumentedWavesGiveOneOfEach() throws {
        var bench = Bench {
            $0.regions = RegionMap([.init(region: try! Region("math"), patterns: [try! SubjectPattern("calculate")])])
        }
        try bench.wave("math", 0.6, at: 0, content: #"{"a": 1.0}"#)
        #expect(bench.take().isEmpty)
        try bench.wave("calculate", 0.5, at: 200, domain: "calculate", content: #"{"b":[ 2 ]}"#)
        let conclusions = bench.take()
        let opening = try #require(conclusions.first)
        #expect(conclusions.count == 1)
        let (transition, id) = (opening.transition, opening.id)
        let collapse = try #require(opening.collapse)
        let request = try #require(opening.request)
        #expect(transition.fromState == .stable && transition.toState == .open && transition.gateID.text == "math")
        #expect(abs(transition.stateValue - 0.5555555555555556) < 1e-9)
        #expect(abs(collapse.confidence - 0.8) < 1e-12 && collapse.transitionID == id)
        #expect(collapse.witnesses.map(\.source) == ["math", "calculate"])
        #expect(collapse.witnesses.map(\.semanticContent.text) == [#"{"a": 1.0}"#, #"{"b":[ 2 ]}"#])
        #expect(request.collapseID == collapse.collapseID && abs(request.confidence - 0.8) < 1e-12)
        bench.thalamus.advance(to: Bench.epoch.advanced(milliseconds: 10_000))
        let release = try #require(bench.take().first, "an open gate releases in silence").transition
        #expect(release.collapse == nil && release.escalation == nil)
        #expect(release.toState == .stable && release.correlationScore == 0)
        #expect(abs(release.at.milliseconds(since: Bench.epoch) - 2504.0061868901003) < 1e-3)
        let none = bench.thalamus.nextRelease
        #expect(none == nil)
    }

    @Test func oneOriginAloneOpensNothingHoweverOften() throws {
        var bench = Bench { $0.origins = .asTheyAre }
        for index in 0..<500 { try bench.wave("math", 1, at: Double(index) * 40) }
        for index in 0..<500 { try bench.wave("copy-\(index % 7)", 1, at: 20_000 + Double(index) * 40, origin: "math") }
        #expect(bench.take().isEmpty)
    }

    @Test func idsAreDerivedFromWhatTheyAreAbout() throws {
        func ids() throws -> [Conclusion] {
            var bench = Bench()
            try bench.wave("a", 0.9, at: 0)
            try bench.wave("b", 0.9, at: 10)
            return bench.take()
        }
        #expect(try ids() == ids())
    }

    @Test func theSystemFileSaysHowFarAClockMayBeBehind() throws {
        var system = SystemFile(name: "slow")
        system.thalamus.clockToleranceMS = 300_000
        let tolerance = try ThalamusConfiguration(system, environment: .dev).clockTolerance
        var bench = Bench { $0.clockTolerance = tolerance }
        try bench.wave("a", 0.9, at: -299_000, arrival: 0)
        #expect(bench.thalamus.counters.skewed == 0)
        try bench.wave("b", 0.9, at: -301_000, arrival: 100)
        #expect(bench.thalamus.counters.skewed == 1)
    }

    @Test func aDeviceWithoutAClockIsTakenAtItsArrival() throws {
        var bench = Bench()
        try bench.wave("a", 0.9, at: -1e9, arrival: 0)
        try bench.wave("b", 0.9, at: -5e9, arrival: 100)
        #expect(bench.take().count == 1 && bench.thalamus.counters.skewed == 2)
        try bench.wave("c", 0.9, at: 1e9, arrival: 200)
        #expect(try bench.wave("d", 0.9, at: 300, arrival: 300) == .resonated)
    }

    @Test func regionsAreBoundedAndTheLongestSilentGo() throws {
        var bench = Bench { $0.maximumRegions = 100 }
        for index in 0..<250 { try bench.wave("a", 0.9, at: Double(index), domain: "r\(index)") }
        let regions = bench.thalamus.gates(at: Bench.epoch.advanced(milliseconds: 250)).map(\.region.text)
        #expect(regions.count <= 100 && bench.thalamus.counters.forgotten >= 150)
        #expect(regions.contains("r249") && !regions.contains("r0"))
        try bench.wave("b", 0.9, at: 251, domain: "r249")
        #expect(bench.take().count == 1)
    }

    @Test("a sender that invents regions drives out neither those that have opened nor those that are open")
    func inventedRegions() throws {
        var bench = Bench { $0.maximumRegions = 100 }
        try bench.wave("a", 0.9, at: 0, domain: "opened")
        try bench.wave("b", 0.9, at: 1, domain: "opened")
        #expect(bench.take().map(\.transition.toState) == [.open])
        for index in 0..<3_000 {
            let now = 10 + Double(index) * 2
            try bench.wave("mad", 0.9, at: now, domain: "r\(index)")
            if index == 1_000 {
                try bench.wave("a", 0.9, at: now, domain: "open")
                try bench.wave("b", 0.9, at: now + 1, domain: "open")
            }
        }
        bench.thalamus.advance(to: Bench.epoch.advanced(milliseconds: 7_000))
        let moved = bench.take().map { "\($0.transition.region.text) \($0.transition.toState.word)" }
        #expect(moved == ["open open", "opened stable", "open stable"])
        let regions = bench.thalamus.gates(at: Bench.epoch.advanced(milliseconds: 7_000)).map(\.region.text)
        #expect(regions.count == 100 && regions.contains("opened") && regions.contains("open"))
        #expect(bench.thalamus.counters.forgotten == 2_902)
    }

    @Test func inventedNamesDoNotGrowWithoutBound() throws {
        var bench = Bench()
        try bench.wave("keep", 0.9, at: 0, domain: "kept")
        for index in 0..<65_600 { try bench.wave("x\(index)", 0.9, at: Double(index) / 1000, domain: "flood") }
        _ = bench.take()
        try bench.wave("other", 0.9, at: 70, domain: "kept")
        let collapse = try #require(bench.take().first?.collapse, "the witness from before the flood still counts")
        #expect(collapse.witnesses.map(\.origin.text) == ["keep", "other"])
    }

    @Test func aResumedGateGoesOnWhereItWas() throws {
        var first = Bench()
        try first.wave("a", 0.9, at: 0)
        try first.wave("b", 0.9, at: 10)
        let opening = try #require(first.take().first, "two witnesses open").transition
        var second = Bench()
        second.thalamus.resume(opening, id: .named("resumed"), now: opening.at)
        let (expected, found) = (try first.nextRelease(), try second.nextRelease())
        #expect(found == expected)
        second.thalamus.advance(to: Bench.epoch.advanced(milliseconds: 60_000))
        #expect(second.take().count == 1)
    }

    @Test func ofMoreGatesThanItMayKnowItTakesUpTheLatest() throws {
        var first = Bench()
        for index in 0..<300 {
            try first.wave("a", 0.9, at: Double(index) * 20, domain: "r\(index)")
            try first.wave("b", 0.9, at: Double(index) * 20 + 10, domain: "r\(index)")
        }
        var second = Bench { $0.maximumRegions = 100 }
        for item in first.take() where item.transition.toState == .open {
            second.thalamus.resume(item.transition, id: item.id, now: item.transition.at)
        }
        let regions = second.thalamus.gates(at: Bench.epoch.advanced(milliseconds: 6000)).map(\.region.text)
        #expect(regions.count <= 100 && regions.contains("r299") && !regions.contains("r0"))
    }

    @Test func attentionNamesTheStrongestOfManyInOrder() throws {
        var bench = Bench { $0.maximumRegions = 1000 }
        for index in 0..<600 {
            let domain = "r\(index)"
            try bench.wave("a", 0.5 + Double(index % 300) / 1000, at: 0, domain: domain)
            if index < 300 { try bench.wave("b", 0.5 + Double(index) / 1000, at: 10, domain: domain) }
        }
        let now = Bench.epoch.advanced(milliseconds: 20)
        let attention = bench.thalamus.attention(at: now, wavesPerSecond: 0, lost: 0, lostLately: 0)
        let all = bench.thalamus.gates(at: now).filter { $0.state == .open }
        #expect(all.count == 300 && attention.mode == .overwhelmed)
        #expect(
            attention.openGates
                == Array(all.sorted { ($1.potential, $0.gateID) < ($0.potential, $1.gateID) }.prefix(256)))
        #expect(attention.risingGates.count <= 64)
    }

    @Test func theExplanationNamesWhatIsMissing() throws {
        var bench = Bench()
        try bench.wave("a", 0.9, at: 0)
        let now = Bench.epoch.advanced(milliseconds: 100)
        let alone = try #require(bench.thalamus.explanation(of: "math", at: now))
        #expect(alone["missing"]?.double == 0.5)
        #expect(alone["kept_from_opening"]?.array?.contains { $0.string?.hasPrefix("alone: only a") == true } == true)
        try bench.wave("c", 0.05, at: 50)
        try bench.wave("c", 0.04, at: 60)
        let weakWaves = try #require(bench.thalamus.explanation(of: "math", at: now))
        #expect(
            weakWaves["kept_from_opening"]?.array?.contains { $0.string == "below the floor of 0.2: c 0.04" } == true,
            "\(weakWaves.pretty)")
        try bench.wave("b", 0.9, at: 100)
        let open = try #require(bench.thalamus.explanation(of: "math", at: now))
        #expect(open["state"]?.string == "open" && open["opening"]?["witnesses"]?.array?.count == 2)
        let pushes = open["steps"]?.array?.compactMap { $0["push"]?.double }.reduce(0, +) ?? 0
        #expect(abs(pushes - (open["opening"]?["potential"]?.double ?? 0)) < 1e-9)
        #expect(bench.thalamus.explanation(of: "nothing", at: now) == nil)
    }

    @Test func attentionDistinguishesIdleFocusedAndOverwhelmed() throws {
        var bench = Bench { $0.focusLimit = 2 }
        let now = Bench.epoch.advanced(milliseconds: 20)
        #expect(bench.thalamus.attention(at: now, wavesPerSecond: 0, lost: 0, lostLately: 0).mode == .idle)
        for region in ["x", "y", "z"] {
            try bench.wave("a", 0.9, at: 0, domain: region)
            try bench.wave("b", 0.9, at: 10, domain: region)
            if region == "x" {
                #expect(bench.thalamus.attention(at: now, wavesPerSecond: 0, lost: 0, lostLately: 0).mode == .focused)
            }
        }
        let attention = bench.thalamus.attention(at: now, wavesPerSecond: 3, lost: 0, lostLately: 0)
        #expect(attention.mode == .overwhelmed && attention.openGates.count == 3)
    }

    @Test func whatIsNoWaveIsRefusedAndCounted() throws {
        var bench = Bench()
        let subject = Array("dev.nervous.cells.a.wave".utf8), payload = Array("{".utf8)
        #expect(throws: Refusal.self) {
            _ = try bench.thalamus.receive(subject: subject.span.bytes, payload: payload.span.bytes, arrival: nil)
        }
        #expect(bench.thalamus.counters.rejected == 1 && bench.thalamus.counters.waves == 0)
    }

    @Test func aWaveOfNeitherACellNorANerveIsRefusedSoThatNobodyCanBeMistaken() throws {
        var bench = Bench()
        let payload = Envelope(
            id: .v7(), at: Bench.epoch, from: Source(entityID: "a", entityType: .cell),
            WaveSignal(domain: try Token("math"), confidence: 0.9, semanticContent: [:])
        ).encoded()
        func receive(_ kind: String) throws {
            let subject = Array("dev.nervous.\(kind).wave".utf8)
            _ = try bench.thalamus.receive(subject: subject.span.bytes, payload: payload.span.bytes, arrival: nil)
        }
        for kind in ["x.1234a", "cella.a", "nerve.a", "nervesa.b", "gates.a", "a.b"] {
            #expect(throws: Refusal.self, "\(kind)") { try receive(kind) }
        }
        for kind in ["cells.a", "nerves.a"] { try receive(kind) }
        #expect(bench.thalamus.counters.rejected == 6 && bench.thalamus.counters.waves == 2)
    }
}
