import NimmerGate
import NimmerSystem
import NimmerTerminal
import NimmerThalamus
import NimmerWave
import Testing

@testable import NimmerScope

/// Regions that a thalamus folds into one share its lane; each origin in a lane has its letter, its shade and its name.
@Suite("Folded regions") struct FoldedRegionsTests {
    static let map: JSON = [["region": "home", "patterns": ["home.>", "door"]]]

    private static func wave(_ region: String, _ confidence: Double, origin: String = "cell") throws -> [UInt8] {
        let wave = WaveSignal(
            domain: try Token(String(region.prefix { $0 != "." })), confidence: confidence, semanticContent: [:],
            region: try Region(region), origin: try Token(origin))
        return Envelope(
            id: MessageID(high: 0x7000, low: 1 << 63), at: Scenario.start,
            from: Source(entityID: origin, entityType: .cell), wave
        ).encoded()
    }

    /// Waves of a rack, a door and a heater, and what a thalamus makes of them that folds them into `home`.
    private func stage(_ size: (Int, Int) = (120, 36), _ tune: (inout ScopeSettings) -> Void = { _ in }) throws -> Stage
    {
        var stage = Stage([], seconds: 0, size, tune)
        for second in 1...40 {
            let at = Scenario.start.advanced(milliseconds: Double(second) * 1000)
            for (place, (cell, region)) in [("rack", "home.rack"), ("door", "door"), ("heater", "home")].enumerated() {
                let confidence = 0.2 + 0.25 * Double(place) + (second > 30 ? 0.2 : 0)
                take(
                    try Self.wave(region, confidence, origin: cell), "dev.nervous.cells.\(cell).wave", at, &stage
                )
            }
        }
        stage.now = Scenario.start.advanced(milliseconds: 41_000)
        _ = stage.scope.reduce(.tick(stage.now))
        return stage
    }

    private func take(_ payload: [UInt8], _ subject: String, _ at: Timestamp, _ stage: inout Stage) {
        _ = stage.scope.reduce(.message(subject: subject, payload: payload, arrival: at))
    }

    private func names(_ stage: Stage) -> [String] {
        stage.scope.groupsShown.map { stage.scope.buffer.groups[$0].name }
    }

    @Test func whatTheThalamusFoldsSharesOneLaneNamedAfterTheRegion() throws {
        var stage = try stage()
        #expect(names(stage) == ["door", "home", "home.rack"])
        _ = stage.scope.reduce(.regions(Self.map))
        #expect(names(stage) == ["home"])
        #expect(stage.scope.buffer.groups[0].origins == ["door", "heater", "rack"])
        for origin in ["a door", "b heater", "c rack"] { #expect(stage.screen.text.contains(origin), "\(origin)") }
        // What comes later joins it; another map takes it apart.
        take(
            try Self.wave("home.attic", 0.5, origin: "attic"), "dev.nervous.cells.attic.wave", stage.now, &stage)
        #expect(names(stage) == ["home"])
        #expect(stage.screen.text.contains("a attic"))
        _ = stage.scope.reduce(.regions([]))
        #expect(names(stage) == ["door", "home", "home.attic", "home.rack"])
        // What is no map changes nothing.
        _ = stage.scope.reduce(.regions(["gates": 3]))
        #expect(names(stage).count == 4)
        stage.press(.character("c"))
        _ = stage.scope.reduce(.regions(Self.map))
        take(
            try Self.wave("home.attic", 0.5, origin: "attic"), "dev.nervous.cells.attic.wave", stage.now, &stage)
        stage.press(.character("c"))
        take(
            try Self.wave("home.attic", 0.5, origin: "attic"), "dev.nervous.cells.attic.wave", stage.now, &stage)
        #expect(names(stage) == ["home"], "clearing forgets no map")
    }

    @Test func theSystemFilesMapHoldsForRecordings() throws {
        let stage = try stage { $0.regions = RegionMap(Self.map) }
        #expect(names(stage) == ["home"])
    }

    @Test(arguments: GlyphLevel.allCases) func screens(_ level: GlyphLevel) throws {
        let depth: ColorDepth = level == .ascii ? .none : level == .blocks ? .basic : .truecolor
        let stage = try stage {
            $0.regions = RegionMap(Self.map)
            $0.glyphs = level
            $0.colors = depth
        }
        Golden.check(stage.screen, "folded-\(level.rawValue)", styles: depth)
    }

    @Test func aSmallScreenNamesTheOriginsOfTheSelectedLane() throws {
        var stage = try stage((80, 24)) { $0.regions = RegionMap(Self.map) }
        for region in 0..<8 {
            take(try Self.wave("r\(region)", 0.5), "dev.nervous.cells.c\(region).wave", stage.now, &stage)
        }
        #expect(stage.screen.row(1).contains("a door  b heater  c rack"), "\(stage.screen.row(1))")
        Golden.check(stage.screen, "folded-80x24", styles: .indexed)
        stage.press(.down)
        #expect(!stage.screen.row(1).contains("a door"))
    }

    /// Shades are by name, not by who came first; where there are enough, no two are the same.
    @Test(arguments: ScopeTheme.allCases, ColorDepth.allCases) func shadesAreTheSameOnEveryScreen(
        _ theme: ScopeTheme, _ depth: ColorDepth
    ) throws {
        let origins = ["cpu", "disk", "memory", "network"]
        func colors(_ order: [String]) throws -> [String: Style] {
            var settings = ScopeSettings(colors: depth)
            settings.theme = theme
            var stage = Stage([], seconds: 1, settings: settings)
            for origin in order {
                take(
                    try Self.wave("vitals", 0.5, origin: origin), "dev.nervous.cells.vitals.wave", stage.now,
                    &stage)
            }
            let group = try #require(stage.scope.selectedGroup)
            let pen = Theme(.dev, depth, theme)
            return Dictionary(
                uniqueKeysWithValues: order.map { ($0, pen.style(.nervous, shade: group.place(of: $0))) })
        }
        let first = try colors(origins)
        #expect(try colors(origins.reversed()) == first)
        let distinct = Set(
            first.values.map(\.foreground).filter { !$0.isStandard }.map { ThemeContrastTests.shown($0, depth) }
        ).count
        let wanted = [ColorDepth.truecolor: 4, .indexed: 4, .basic: 2, .none: 0][depth]
        #expect(distinct == wanted)
    }

    /// Without colours, and where there are fewer shades than origins, letters along the traces distinguish them.
    @Test func lettersDistinguishOriginsWithoutColours() throws {
        let colored = try stage { $0.regions = RegionMap(Self.map) }
        let plain = try stage {
            $0.regions = RegionMap(Self.map)
            $0.colors = .none
        }
        func count(_ stage: Stage, _ letter: Character) -> Int {
            (2..<16).reduce(0) { sum, row in
                let plot = stage.screen.row(row).dropFirst(16).prefix(50)
                return sum + plot.count { $0 == letter }
            }
        }
        for letter in "abc" {
            #expect(count(colored, letter) == 1, "at the newest point")
            #expect(count(plain, letter) > 1, "and along the trace")
        }
    }

    /// Without a map, as in a recording or of an older thalamus, an opening shows which regions its witnesses are of.
    @Test func openingsShowWhatIsFolded() throws {
        var stage = try stage()
        let signals = [("rack", 0.4), ("door", 0.65)].map { cell, confidence in
            TriggerSignal(
                source: cell, origin: try! Token(cell), confidence: confidence, polarity: 1, timestamp: stage.now,
                push: 0.3)
        }  // literals
        let transition = GateTransition(
            gateID: GateID(region: try Region("home")), domain: try Token("home"), region: try Region("home"),
            fromState: .stable, toState: .open,
            stateValue: 0.6, weight: 0.1, correlationScore: 0.5, triggerSignals: signals, at: stage.now)
        take(
            Envelope(
                id: MessageID(high: 0x7000, low: 1 << 63), at: stage.now,
                from: Source(entityID: "thalamus-1", entityType: .thalamus), transition
            ).encoded(), Subject.transition(.dev, gate: GateID(region: try Region("home"))).text, stage.now, &stage)
        #expect(names(stage) == ["home"])
        // What the thalamus itself states counts more.
        _ = stage.scope.reduce(.regions([["region": "home", "patterns": ["home.>"]]]))
        #expect(names(stage) == ["door", "home"])
    }

    /// A cell that is as sure of one region as of another: which of them was the witness is decided by what the opening carries, or not at all.
    @Test(arguments: [#"{"on":1}"#, #"{"on":2}"#, nil])
    func aWitnessThatSpeaksInSeveralRegionsIsNoGuess(_ carried: String?) throws {
        var stage = try stage()
        func wave(_ region: String, _ content: String) throws -> [UInt8] {
            let wave = WaveSignal(
                domain: try Token("multi"), confidence: 0.7, semanticContent: .raw(Array(content.utf8)),
                region: try Region(region), origin: try Token("multi"))
            return Envelope(
                id: MessageID(high: 0x7000, low: 1 << 63), at: Scenario.start,
                from: Source(entityID: "multi", entityType: .cell), wave
            ).encoded()
        }
        take(try wave("attic", #"{"on":1}"#), "dev.nervous.cells.multi.wave", stage.now, &stage)
        take(try wave("garage", #"{"on":2}"#), "dev.nervous.cells.multi.wave", stage.now, &stage)
        let region = try Region("home")
        let signal = TriggerSignal(
            source: "multi", origin: try Token("multi"), confidence: 0.7, polarity: 1, timestamp: stage.now, push: 0.3)
        var transition = GateTransition(
            gateID: GateID(region: region), domain: try Token("home"), region: region, fromState: .stable,
            toState: .open, stateValue: 0.6, weight: 0.1, correlationScore: 0.5, triggerSignals: [signal], at: stage.now
        )
        let witness = carried.map {
            OpeningWitness(origin: signal.origin, similarity: 1, semanticContent: .raw(Array($0.utf8)))
        }
        transition.collapse = OpeningCollapse(
            collapseID: MessageID(high: 0x7000, low: 1 << 63), confidence: 0.7, windowStart: stage.now,
            witnesses: witness.map { [$0] } ?? [])
        take(
            Envelope(
                id: MessageID(high: 0x7000, low: 1 << 63), at: stage.now,
                from: Source(entityID: "thalamus-1", entityType: .thalamus), transition
            ).encoded(), Subject.transition(.dev, gate: GateID(region: region)).text, stage.now, &stage)
        let all: Set = ["door", "home", "home.rack", "attic", "garage"]
        let folded: Set = carried == nil ? [] : [carried == #"{"on":1}"# ? "attic" : "garage"]
        #expect(Set(names(stage)) == all.subtracting(folded))
    }

    @Test func theFilterKnowsTheRegionOfTheGate() throws {
        var stage = try stage {
            $0.regions = RegionMap([["region": "house", "patterns": ["home.>", "home", "door"]]])
        }
        stage.type("/house")
        #expect(stage.scope.buffer.shown.count == 120)
    }

    @Test func theDrawingNamesTheOriginsInTheirShades() throws {
        let svg = String(decoding: try stage { $0.regions = RegionMap(Self.map) }.scope.plot(), as: UTF8.self)
        for name in [">home<", ">door<", ">heater<", ">rack<"] { #expect(svg.contains(name), "\(name)") }
        #expect(!svg.contains(">home.rack<"))
        for shade in ["\"trace nervous\"", "\"trace nervous1\"", "\"trace nervous2\""] { #expect(svg.contains(shade)) }
    }

    /// A gate that a cell reports of a region that lives in another is not one of the thalamus's.
    @Test func gatesOfFoldedRegionsAreNotListed() throws {
        var stage = try stage()
        func gate(_ region: String) throws -> AttendedGate {
            AttendedGate(
                gateID: GateID(region: try Region(region)), region: try Region(region), state: .stable, potential: 0.1,
                weight: 0.1)
        }
        _ = stage.scope.reduce(.gates([try gate("home"), try gate("home.rack")]))
        #expect(stage.scope.gatesShown.count == 2)
        _ = stage.scope.reduce(.regions(Self.map))
        #expect(stage.scope.gatesShown.map(\.region.text) == ["home"])
    }

    @Test func aMapIsReadAsTheThalamusWritesIt() throws {
        let map = try #require(RegionMap(Self.map))
        #expect(try map.home(of: Region("home.rack.fan")).text == "home")
        #expect(try map.home(of: Region("garden")).text == "garden")
        #expect(map.json == Self.map)
        #expect(RegionMap([["region": "a b", "patterns": ["x"]]]) == nil)
        #expect(RegionMap([["region": "a", "patterns": [3]]]) == nil)
    }
}
