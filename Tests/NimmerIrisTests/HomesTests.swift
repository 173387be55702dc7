import NimmerWave
import Seeds
import Testing

@testable import NimmerIris

/// Where regions live: decisions, the fold of the log, and what people decide (spec/iris.md, Regions that mean the same).
@Suite("Homes") struct HomesTests {
    static let author = Homes.Author("thalamus-1", at: Timestamp(milliseconds: 1_771_093_800_000))
    static let model = EmbeddingModel(name: "table/tiny-2@00000000", dimensions: 2)

    static func region(_ text: String) throws -> Region { try Region(text) }

    /// A name at an angle, in degrees: the cosine of two is that of the angle between them.
    static func meaning(_ degrees: Double, _ model: EmbeddingModel = model) throws -> Homes.Answer {
        let (sine, cosine) = sineAndCosine(degrees)
        return .meaning(try NameMeaning(Embedding(normalizing: [Float(cosine), Float(sine)]), by: model))
    }

    /// A log that one writes, and the homes that follow from it.
    struct Log {
        var homes: Homes
        var events: [RegionAssignment] = []
        var relations: [Set<String>: NameRelation] = [:]

        init(join: Double = 0.4, hysteresis: Double = 0.05, rules: [RegionMap.Rule] = []) {
            homes = Homes(join: join, hysteresis: hysteresis, declared: RegionMap(rules))
        }

        func relation(_ a: Region, _ b: Region) -> NameRelation { relations[[a.text, b.text]] ?? .open }

        @discardableResult
        mutating func write(_ event: RegionAssignment) -> RegionAssignment {
            events.append(event)
            homes.apply(event, revision: events.count)
            return event
        }

        @discardableResult
        mutating func see(_ name: String, _ degrees: Double, _ model: EmbeddingModel = HomesTests.model) throws
            -> RegionAssignment
        {
            let answer = try HomesTests.meaning(degrees, model)
            return write(homes.assign(try Region(name), answer, by: HomesTests.author, relation: relation))
        }

        mutating func change(_ change: Homes.Change, _ name: String, open: Set<String> = []) throws {
            let region = try Region(name)
            while true {
                let events = try homes.decisions(for: change, of: region, by: HomesTests.author) {
                    open.contains($0.text)
                }
                guard let first = events.first else { return }
                write(first)
                if events.count == 1 { return }
            }
        }
    }

    @Test func theNearestHomeIsJoinedFromTheThresholdOn() throws {
        var log = Log()
        #expect(try log.see("math", 0).reason == .founded)
        let near = try log.see("sums", 60)
        #expect(near.reason == .joined && near.home.text == "math" && near.required == 0.4)
        #expect(abs((near.cosine ?? 0) - 0.5) < 1e-4 && near.nearest?.text == "math" && near.linked == false)
        let far = try log.see("door", 150)
        #expect(far.reason == .founded && far.home.text == "door" && far.nearest?.text == "math")
        // The centroid is between the two members.
        let between = try #require(log.homes.centroid(of: try Region("math"), model: Self.model.name))
        #expect(abs(between.values[1] - 0.5) < 1e-3)
        #expect(log.homes.members(of: try Region("math")).map(\.text) == ["math", "sums"])
        #expect(log.homes.homes.map(\.text) == ["door", "math"] && log.homes.count == 3)
    }

    @Test func manyHomesNeedMoreUnlessTheDictionaryLinksTheNames() throws {
        func three() throws -> Log {
            var log = Log()
            for place in 0..<3 { try log.see("home-\(place)", Double(place) * 100) }
            return log
        }
        // Among three homes names that are not linked need 0.488; the nearest is at a cosine of 0.454.
        var log = try three()
        #expect(try log.see("open", 263).reason == .founded)
        log = try three()
        log.relations[["linked", "home-2"]] = .linked
        let linked = try log.see("linked", 263)
        #expect(linked.reason == .joined && linked.home.text == "home-2" && linked.linked == true)
        log.relations[["apart", "home-0"]] = .apart
        let apart = try log.see("apart", 1)
        #expect(apart.reason == .founded && apart.required == nil)
    }

    @Test func oneThatCannotBeEmbeddedFoundsAHomeWithTheReason() throws {
        var log = Log()
        try log.see("math", 0)
        let event = log.write(
            log.homes.assign(
                try Region("zzz"), .missing("no answer in time"), by: Self.author, relation: log.relation))
        #expect(event.reason == .founded && event.home.text == "zzz" && event.note == "no answer in time")
        #expect(event.vector == nil && event.model == nil)
        // The model comes back: it is looked at again when a person asks.
        let again = log.homes.reassign(
            try Region("zzz"), try Self.meaning(10), by: Self.author, relation: log.relation)
        #expect(again.reason == .joined && again.home.text == "math")
    }

    @Test func aReasonIsCutToWhatADecisionCarries() throws {
        let log = Log()
        let why = String(repeating: "ä", count: 300)
        let event = log.homes.assign(try Region("zzz"), .missing(why), by: Self.author, relation: log.relation)
        #expect(event.note?.utf8.count == 256)
        let message = Envelope(
            id: .v7(), at: event.at, from: Source(entityID: "thalamus", entityType: .thalamus), event)
        let read = try Envelope<RegionAssignment>(decoding: message.encoded()).body
        #expect(read == event)
    }

    @Test func embeddingsOfDifferentModelsNeverMeet() throws {
        var log = Log()
        try log.see("math", 0)
        let other = EmbeddingModel(name: "organ/tiny@11111111", dimensions: 2)
        let event = try log.see("sums", 0, other)
        #expect(event.reason == .founded && event.nearest == nil && event.cosine == nil)
        #expect(try log.see("adding", 1, other).home.text == "sums")
        #expect(try log.see("arithmetic", 1).home.text == "math")
    }

    @Test func aDeclaredRegionIsAHomeAndJoinsNone() throws {
        let rule = RegionMap.Rule(region: try Region("plant"), patterns: [try SubjectPattern("pump.*")])
        var log = Log(rules: [rule])
        #expect(log.homes.undescribed(by: Self.model.name).map(\.text) == ["plant"])
        #expect(try log.see("plant", 0).reason == .pinned)
        #expect(log.homes.undescribed(by: Self.model.name).isEmpty)
        #expect(try log.see("factory", 5).home.text == "plant")
        #expect(try log.see("pump.1", 5).home.text == "plant")
        #expect(throws: Refusal.self) { try log.change(.split, "pump.1") }
        // One that had joined another before the file declared it lives where that states.
        var before = Log()
        try before.see("plant", 0)
        try before.see("pump.2", 90)
        let declared = Homes(join: 0.4, hysteresis: 0.05, declared: RegionMap([rule]))
        var after = declared
        for (place, event) in before.events.enumerated() { after.apply(event, revision: place + 1) }
        #expect(after.home(of: try Region("pump.2"))?.text == "plant")
    }

    @Test func whatHasJoinedStaysWithinTheHysteresis() throws {
        func again(_ degrees: Double) throws -> RegionAssignment {
            var log = Log()
            try log.see("math", 0)
            try log.see("sums", 10)
            return log.homes.reassign(
                try Region("sums"), try Self.meaning(degrees), by: Self.author, relation: log.relation)
        }
        #expect(try again(68).home.text == "math", "cosine 0.375")
        let left = try again(72)
        #expect(left.home.text == "sums" && left.reason == .founded, "cosine 0.309")
    }

    @Test func peopleSplitJoinPinAndForget() throws {
        var log = Log()
        try log.see("math", 0)
        try log.see("sums", 20)
        try log.see("door", 170)
        try log.change(.split, "sums")
        #expect(log.homes.home(of: try Region("sums"))?.text == "sums")
        let centroid = try #require(log.homes.centroid(of: try Region("math"), model: Self.model.name))
        #expect(abs(centroid.values[0] - 1) < 1e-4, "the centroid is that of who is left")
        #expect(throws: Refusal.self) { try log.change(.split, "sums") }
        try log.change(.join(try Region("door")), "sums")
        #expect(log.homes.members(of: try Region("door")).map(\.text) == ["door", "sums"])
        // The home moves with all that lives in it.
        try log.change(.join(try Region("math")), "door")
        #expect(log.homes.members(of: try Region("math")).map(\.text) == ["door", "math", "sums"])
        #expect(throws: Refusal.self) { try log.change(.forget, "math") }
        try log.change(.forget, "door")
        #expect(log.homes.home(of: try Region("door")) == nil && log.homes.count == 2)
        try log.change(.pin, "math")
        #expect(log.homes.decisions[try Region("math")]?.isPinned == true)
    }

    @Test func nothingMovesWhileAGateIsOpen() throws {
        var log = Log()
        try log.see("math", 0)
        try log.see("sums", 20)
        try log.see("door", 170)
        let before = log.homes.decisions
        #expect(throws: Refusal.self) { try log.change(.split, "sums", open: ["math"]) }
        #expect(throws: Refusal.self) { try log.change(.join(try Region("door")), "sums", open: ["door"]) }
        #expect(throws: Refusal.self) { try log.change(.forget, "sums", open: ["math"]) }
        #expect(log.homes.decisions == before)
        // Pinning moves nothing.
        try log.change(.pin, "sums", open: ["math"])
        #expect(log.homes.home(of: try Region("sums"))?.text == "math")
    }

    /// The same log gives the same homes in whatever order it is delivered, and repeated; what was live is its fold.
    @Test func theFoldIsWhatWasLive() throws {
        for seed in 0..<40 as Range<UInt64> {
            var chance = Seeded(seed)
            var log = Log()
            let models = [Self.model, EmbeddingModel(name: "organ/tiny@11111111", dimensions: 2)]
            for step in 0..<60 {
                let name = "r\(Int.random(in: 0..<20, using: &chance))"
                switch Int.random(in: 0..<6, using: &chance) {
                case 0: try? log.change(.split, name)
                case 1: try? log.change(.join(try Region("r\(step % 20)")), name)
                case 2: try? log.change(.forget, name)
                default:
                    guard log.homes.home(of: try Region(name)) == nil else { continue }
                    let model = chance.chance(0.3) ? models[1] : models[0]
                    try log.see(name, Double.random(in: 0..<360, using: &chance), model)
                }
            }
            var delivered = Array(log.events.enumerated())
            delivered += delivered.prefix(delivered.count / 3)
            delivered.shuffle(using: &chance)
            var folded = Homes(join: 0.4, hysteresis: 0.05)
            for (place, event) in delivered {
                // As it travels.
                let message = Envelope(
                    id: .v7(), at: event.at, from: Source(entityID: "thalamus", entityType: .thalamus), event)
                let read = try Envelope<RegionAssignment>(decoding: message.encoded()).body
                folded.apply(read, revision: place + 1)
            }
            #expect(folded.decisions == log.homes.decisions, "seed \(seed)")
            #expect(folded.homes == log.homes.homes && folded.count == log.homes.count, "seed \(seed)")
            for home in log.homes.homes {
                #expect(folded.members(of: home) == log.homes.members(of: home))
                for model in models {
                    #expect(
                        folded.centroid(of: home, model: model.name) == log.homes.centroid(of: home, model: model.name))
                }
            }
            let counted = log.homes.decisions.keys.filter { log.homes.home(of: $0) != nil }.count
            #expect(counted == log.homes.count, "seed \(seed)")
        }
    }

    /// Every region lives in a home that is one: no chain leads further.
    @Test func noHomeLivesElsewhere() throws {
        for seed in 100..<140 as Range<UInt64> {
            var chance = Seeded(seed)
            var log = Log()
            for _ in 0..<80 {
                let name = "r\(Int.random(in: 0..<12, using: &chance))"
                let other = "r\(Int.random(in: 0..<12, using: &chance))"
                switch Int.random(in: 0..<5, using: &chance) {
                case 0: try? log.change(.split, name)
                case 1, 2: try? log.change(.join(try Region(other)), name)
                case 3: try? log.change(.forget, name)
                default:
                    guard log.homes.home(of: try Region(name)) == nil else { continue }
                    try log.see(name, Double.random(in: 0..<360, using: &chance))
                }
                for region in log.homes.decisions.keys {
                    guard let home = log.homes.home(of: region) else { continue }
                    let next = log.homes.home(of: home) ?? home
                    #expect(next == home, "seed \(seed): \(region) lives in \(home), which lives in \(next)")
                }
            }
        }
    }

    @Test func aVectorThatIsTooLongOrNotFiniteIsRefusedByName() throws {
        let long = try Embedding(normalizing: [Float](repeating: 1, count: 1025))
        #expect(throws: EmbeddingError.wrongDimensions(found: 1025, expected: 1024)) {
            try NameMeaning(long, by: EmbeddingModel(name: "long", dimensions: 1025))
        }
        #expect(throws: EmbeddingError.notFinite) { try NameMeaning(vector: [0, 0], model: "zero") }
        #expect(throws: EmbeddingError.self) { try NameMeaning(vector: [], model: "none") }
        #expect(throws: EmbeddingError.notFinite) { try NameMeaning(vector: [.nan, 1], model: "nan") }
    }
}

/// Sine and cosine of an angle in degrees, without a library of mathematics.
private func sineAndCosine(_ degrees: Double) -> (Double, Double) {
    // A rotation by one degree, repeated.
    let (sine, cosine) = (0.017452406437283512, 0.9998476951563913)
    var point = (x: 1.0, y: 0.0)
    let whole = Int(saturating: degrees)
    for _ in 0..<whole { point = (point.x * cosine - point.y * sine, point.x * sine + point.y * cosine) }
    let rest = (degrees - Double(whole)) * 0.017453292519943295
    return (point.y * (1 - rest * rest / 2) + point.x * rest, point.x * (1 - rest * rest / 2) - point.y * rest)
}
