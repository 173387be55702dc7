import NimmerBus
import NimmerIris
import NimmerPlatform
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import ProcessBench
import Synchronization
import Testing

@testable import NimmerThalamusProcess

/// A thalamus that joins regions, by the table of the repository.
private struct JoinDesk {
    let bench: ProcessBench
    let bus: InMemoryBus
    let openings: MessageSequence
    let chain: EmbeddingChain
    let links: NameLinks?

    private static let manifest = Manifest(name: "thalamus", version: "0.1.0", summary: "Correlates waves.")

    init(
        on bus: InMemoryBus = InMemoryBus(), thalamus: String = "max_regions: 1000", iris: String = "{}",
        chain: EmbeddingChain? = nil
    ) async throws {
        let text = """
            nimmerverse: 1
            name: joining
            gates:
              defaults: {window_ms: 60000, half_life_ms: 60000, open_threshold: 0.4}
            thalamus: {\(thalamus)}
            iris: \(iris)
            """
        let system = try SystemFile(parsing: Array(text.utf8), file: "joining.yaml")
        let files = try MeaningFiles.own.get()
        self.bus = bus
        self.chain = chain ?? EmbeddingChain(table: files.table)
        links = files.links
        bench = try ProcessBench(Self.manifest, kind: .thalamus, system: system, on: bus)
        openings = try await bus.messages(.transitions(.dev))
    }

    func make() throws -> ThalamusProcess {
        try ThalamusProcess(bench.process, keepsWaves: false, embeddings: chain, links: links)
    }

    func run(while body: (ThalamusProcess) async throws -> Void) async throws {
        let thalamus = try make()
        try await bench.run({ try await thalamus.run() }) {
            _ = try await bench.ask("gates")
            try await body(thalamus)
        }
    }

    func emit(_ cell: String, region: String, _ confidence: Double = 0.9) throws {
        let signal = WaveSignal(
            domain: try Token(cell), confidence: confidence, semanticContent: [:], region: try Region(region))
        let wave = Envelope(id: .v7(), at: .now(), from: Source(entityID: cell, entityType: .cell), signal)
        try bus.publish(.wave(.dev, cell: try Token(cell)), payload: wave.encoded())
    }

    func nextOpening() async throws -> GateTransition {
        while true {
            let message = try #require(await openings.first { _ in true })
            let transition = try Envelope<GateTransition>(decoding: message.payload, on: message.subject)
            if transition.body.isOpening { return transition.body }
        }
    }

    /// Waits until a region has a home.
    func home(of region: String) async throws -> JSON {
        while true {
            let report = try await bench.ask("home", ["region": .string(region)]).result.resolved
            if report["decision"] != nil { return report }
            // Each may ask ten times a second.
            try await Task.sleep(for: .milliseconds(150))
        }
    }

    /// Has a cell speak until the region has a home: while parts go from one to another, waves are lost.
    func speak(_ cell: String, of region: String) async throws {
        while true {
            try emit(cell, region: region)
            try await Task.sleep(for: .milliseconds(150))
            let report = try await bench.ask("home", ["region": .string(region)]).result.resolved
            if report["decision"] != nil { return }
        }
    }

    func rehome(_ region: String, _ change: String, home: String = "", by sender: String? = nil) async throws
        -> CommandResult
    {
        let subject = Subject.request(.dev, cell: try Token("thalamus")).from(try sender.map { try Token($0) })
        var payload: JSONObject = ["region": .string(region), "change": .string(change)]
        if !home.isEmpty { payload["home"] = .string(home) }
        return try await bench.ask("rehome", .object(payload), on: subject)
    }
}

/// An organ that is there, and answers as the test has it.
private struct Organ: Embedder {
    let model = EmbeddingModel(name: "organ/tiny@00000001", dimensions: 2)
    let answers: @Sendable ([String], ContinuousClock.Instant) async throws(EmbeddingError) -> [Embedding]

    func embed(
        _ texts: [String], deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> [Embedding] { try await answers(texts, deadline) }
}

@Suite("Joining regions", .timeLimit(.minutes(2))) struct JoiningTests {
    @Test func twoNamesOfOneThingOpenOneGate() async throws {
        let desk = try await JoinDesk()
        try await desk.run { thalamus in
            try desk.emit("first", region: "math")
            _ = try await desk.home(of: "math")
            try desk.emit("second", region: "arithmetic")
            let opening = try await desk.nextOpening()
            #expect(opening.region.text == "math" && opening.gateID.text == "math")
            #expect(Set(opening.triggerSignals.map(\.origin.text)) == ["first", "second"])
            let why = try await desk.home(of: "arithmetic")
            #expect(why["home"]?.string == "math" && why["decision"]?["reason"]?.string == "joined")
            // Their waves count, and what waited was dropped nowhere.
            let counters = thalamus.thalamus.withLock { $0.counters }
            #expect(counters.waves == 2 && counters.held == 2 && counters.heldDropped == 0)
            let explained = try await desk.bench.ask("explain", ["gate": "arithmetic"]).result.resolved
            #expect(explained["gate"]?.string == "math" && explained["joined"]?.array?.count == 1)
        }
    }

    @Test func otherThingsStayApart() async throws {
        let desk = try await JoinDesk()
        try await desk.run { _ in
            try desk.emit("first", region: "math")
            _ = try await desk.home(of: "math")
            try desk.emit("second", region: "door")
            #expect(try await desk.home(of: "door")["home"]?.string == "door")
            let gates = try await desk.bench.ask("gates").result
            #expect(GateList(gates)?.gates.count == 2)
        }
    }

    @Test func theLogIsFoldedAtTheStartWithoutAnyModel() async throws {
        let bus = InMemoryBus()
        let first = try await JoinDesk(on: bus)
        try await first.run { _ in
            try first.emit("first", region: "math")
            _ = try await first.home(of: "math")
            try first.emit("second", region: "arithmetic")
            _ = try await first.home(of: "arithmetic")
        }
        let second = try await JoinDesk(on: bus, chain: EmbeddingChain(table: nil))
        try await second.run { thalamus in
            #expect(try await second.home(of: "arithmetic")["home"]?.string == "math")
            let arithmetic = try Region("arithmetic")
            #expect(thalamus.thalamus.withLock { $0.home(of: arithmetic).text } == "math")
            // Which no model can embed founds a home by its name, and its waves are judged.
            try second.emit("third", region: "calculate")
            let report = try await second.home(of: "calculate")
            #expect(report["home"]?.string == "calculate")
            #expect(report["decision"]?["note"]?.string?.isEmpty == false)
            while thalamus.thalamus.withLock({ $0.counters.waves }) < 1 { await Task.yield() }
        }
    }

    @Test func aModelThatHangsCostsItsDeadlineAlone() async throws {
        let organ = Organ { (texts, deadline) throws(EmbeddingError) in
            // It does not keep to its deadline.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
            throw .timedOut
        }
        let chain = EmbeddingChain(table: nil, organ: { (_) throws(EmbeddingError) in organ })
        let desk = try await JoinDesk(iris: "{deadline_ms: 20}", chain: chain)
        try await desk.run { thalamus in
            try desk.emit("first", region: "math")
            // Waves of regions that are declared or known go through meanwhile.
            let report = try await desk.home(of: "math")
            #expect(report["decision"]?["reason"]?.string == "founded")
            #expect(report["decision"]?["note"]?.string?.isEmpty == false)
            while thalamus.thalamus.withLock({ $0.counters.waves }) < 1 { await Task.yield() }
        }
    }

    @Test func whatPeopleAskTakesNoPlaceOfADecision() async throws {
        let homes = try #require(try await JoinDesk().make().regionHomes)
        let isReleased = Mutex(false)
        defer { isReleased.withLock { $0 = true } }
        for _ in 0..<4 {
            _ = await homes.asking.call(within: .milliseconds(1)) {
                // It does not keep to its deadline.
                while !isReleased.withLock({ $0 }) { await Task.yield() }
            }
        }
        let math = try Region("math")
        let asked = await homes.answers(for: [math], in: homes.asking)
        #expect(asked == [.missing("the model hangs: 4 questions have not ended")])
        let decided = await homes.answers(for: [math], in: homes.deciding)
        #expect(decided.first?.model == homes.models.chain.model?.name)
    }

    @Test func peopleDecideAndOthersDoNot() async throws {
        let desk = try await JoinDesk()
        try await desk.run { thalamus in
            try desk.emit("first", region: "math")
            _ = try await desk.home(of: "math")
            try desk.emit("second", region: "arithmetic")
            _ = try await desk.nextOpening()
            let open = try await desk.rehome("arithmetic", "split")
            #expect(open.status == .refused && open.error?.contains("is open") == true, "\(open.error ?? "")")
            for sender in ["observer", "hippocampus", "web"] {
                let refused = try await desk.rehome("arithmetic", "pin", by: sender)
                #expect(refused.status == .refused && refused.error?.contains("person") == true)
            }
            let pinned = try await desk.rehome("arithmetic", "pin", by: "operator")
            #expect(pinned.status == .ok && pinned.result["by"]?.string == "operator")
            let unknown = try await desk.rehome("arithmetic", "melt")
            #expect(unknown.status == .refused)
            // Released, it may go; what it had stays with its gate.
            thalamus.settle { $0.advance(to: Timestamp.now().advanced(milliseconds: 600_000)) }
            let split = try await desk.rehome("arithmetic", "split")
            #expect(split.status == .ok && split.result["home"]?.string == "arithmetic", "\(split.error ?? "")")
            let joined = try await desk.rehome("math", "join", home: "arithmetic")
            #expect(joined.status == .ok && joined.result["home"]?.string == "arithmetic", "\(joined.error ?? "")")
            let list = try await desk.bench.ask("homes").result.resolved
            #expect(list["total"]?.int == 2 && list["regions"]?.array?.count == 2)
            // A place before the first is the first.
            let first = try await desk.bench.ask("homes", ["from": -1]).result.resolved
            #expect(first["regions"]?.array?.count == 2)
        }
    }

    @Test func ofTwoWhoDecideAtOnceOneFoldsAndDecidesAgain() async throws {
        let desk = try await JoinDesk()
        let thalamus = try desk.make()
        let homes = try #require(thalamus.regionHomes)
        try await homes.begin()
        // Another has written what this one has not folded.
        let names = NameMeanings(try MeaningFiles.own.get().table, try #require(desk.links))
        let math = try Region("math")
        let other = homes.homes.withLock { $0 }.assign(
            math, .meaning(try names.meaning(of: math)), by: .init("another", at: .now()), relation: names.relation)
        let message = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: "thalamus-2", entityType: .thalamus), other)
        _ = try await desk.bus.publishDurably(
            .assignment(.dev, of: math), payload: message.encoded(), id: message.header.messageID)
        let region = try Region("arithmetic")
        let meaning = try names.meaning(of: region)
        let isWritten = await homes.write { known, author in
            known.home(of: region) == nil
                ? known.assign(region, .meaning(meaning), by: author, relation: names.relation) : nil
        }
        #expect(isWritten && homes.counters.withLock { $0.conflicts } == 1)
        #expect(homes.homes.withLock { $0.home(of: region)?.text } == "math")
        #expect(try await desk.bus.stream("DEV-REGIONS").messages == 2)
    }

    @Test("two thalami that share the regions go by one log") func shared() async throws {
        let bus = InMemoryBus()
        let first = try await JoinDesk(on: bus, thalamus: "partitions: 8")
        let second = try await JoinDesk(on: bus, thalamus: "partitions: 8")
        let other = try second.make()
        try await first.run { one in
            try await second.bench.run({ try await other.run() }) {
                func parts(_ thalamus: ThalamusProcess) -> Int {
                    let all = (0..<8).filter { part in thalamus.sharedRegions?.judges(part) == true }
                    return all.count
                }
                // Each has its half.
                while parts(one) != 4 || parts(other) != 4 { try await Task.sleep(for: .milliseconds(20)) }
                for names in [("math", "arithmetic"), ("car", "automobile"), ("film", "movie"), ("sofa", "couch")] {
                    try await first.speak("first", of: names.0)
                    try await first.speak("second", of: names.1)
                    let opening = try await first.nextOpening()
                    #expect(opening.region.text == names.0)
                    #expect(Set(opening.triggerSignals.map(\.origin.text)) == ["first", "second"])
                }
                #expect(try await bus.stream("DEV-REGIONS").messages == 8)
            }
        }
    }

    @Test func withoutTheSectionNothingChanges() async throws {
        let text = "nimmerverse: 1\nname: plain\n"
        let bench = try ProcessBench(
            Manifest(name: "thalamus", version: "0.1.0", summary: "Correlates waves."), kind: .thalamus,
            system: try SystemFile(parsing: Array(text.utf8), file: "plain.yaml"))
        let thalamus = try ThalamusProcess(bench.process, keepsWaves: false)
        #expect(thalamus.regionHomes == nil)
        try await bench.run({ try await thalamus.run() }) {
            let answer = try await bench.ask("homes")
            #expect(answer.status == .refused && answer.error?.contains("iris") == true)
            await #expect(throws: BusError.self) { try await bench.bus.stream("DEV-REGIONS") }
        }
    }

    @Test func modelAndThresholdAreRulesThatThalamiMustShare() async throws {
        func digest(_ iris: String) async throws -> String {
            try await JoinDesk(iris: iris).make().configuration.rulesDigest
        }
        let plain = try ThalamusConfiguration(nil, environment: .dev).rulesDigest
        let usual = try await digest("{}")
        #expect(try await digest("{join: 0.4}") == usual)
        #expect(try await digest("{join: 0.5}") != usual && usual != plain)
        let other = try await JoinDesk(chain: EmbeddingChain(table: nil)).make().configuration.rulesDigest
        #expect(other != usual)
    }
}
