import NimmerReplay
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerGarden

/// The seeded search: scores by hand, the same seed the same result, and only settings that a file would take.
@Suite struct ExplorationTests {
    private let start = Timestamp(seconds: 1_800_000_000)

    private func system(_ gates: String) throws -> SystemFile {
        try SystemFile(
            parsing: Array(
                "nimmerverse: 1\nname: p\ngates: {defaults: {\(gates)}}\nthalamus: {regions: {plant: [plant]}}\n".utf8),
            file: "p.yaml")
    }

    private func at(_ seconds: Double) -> Timestamp { start.advanced(milliseconds: seconds * 1000) }

    /// Faults at 100 s and 500 s, both of two weak witnesses; a loud pair at 300 s where nothing is.
    private func recording() throws -> ExploredRecording {
        var waves: [ReplayRun.Wave] = []
        func speak(_ cell: String, _ seconds: Double, _ confidence: Double) throws {
            let message = Envelope(
                id: .v7(), at: at(seconds), from: Source(entityID: cell, entityType: .cell),
                WaveSignal(
                    domain: try Token("plant"), confidence: confidence, semanticContent: [:],
                    region: try Region("plant")))
            waves.append(
                ReplayRun.Wave(
                    subject: .wave(.dev, cell: try Token(cell)), payload: message.encoded(), at: at(seconds)))
        }
        for begin in [100.0, 500] {
            for step in 0..<10 {
                try speak("flow", begin + Double(step) * 2, 0.5)
                try speak("pressure", begin + Double(step) * 2 + 1, 0.5)
                try speak("current", begin + Double(step) * 2 + 1.5, 0.5)
            }
        }
        for step in 0..<5 {
            try speak("flow", 300 + Double(step), 0.6)
            try speak("pressure", 300.5 + Double(step), 0.6)
        }
        waves.sort { $0.at < $1.at }
        let faults = [100.0, 500].map {
            TruthTimeline.Interval(from: at($0), until: at($0 + 40), result: .confirmed)
        }
        return ExploredRecording(waves: waves, truth: TruthTimeline(faults, isComplete: true))
    }

    @Test func aTrialCountsWhatAPersonWould() throws {
        let trial = ExplorationTrial()
        let recording = try recording()
        let eager = try trial.run(system("open_threshold: 0.2, window_ms: 10000"), environment: .dev, [recording])
        #expect(eager.faults == 2 && eager.caught == 2 && eager.prompt == 2 && eager.falseAlarms >= 1)
        let deaf = try trial.run(system("open_threshold: 0.99, quorum: 4"), environment: .dev, [recording])
        #expect(deaf.caught == 0 && deaf.falseAlarms == 0 && deaf.calls == 0 && deaf.value == 0)
        let three = try trial.run(
            system("open_threshold: 0.2, window_ms: 10000, quorum: 3"), environment: .dev, [recording])
        #expect(three.caught == 2 && three.falseAlarms == 0 && three.value == 3)
    }

    @Test func aRealOpeningIsAFaultFromItsOldestWitnessToItsRelease() throws {
        let plant = try Region("plant")
        func opening(_ begin: Double) throws -> TruthTimeline.Opening {
            let witness = TriggerSignal(
                source: "flow", origin: try Token("flow"), confidence: 0.5, polarity: 1, timestamp: at(begin), push: 0.5
            )
            let transition = GateTransition(
                gateID: GateID(region: plant), domain: try Token("plant"), region: plant, fromState: .stable,
                toState: .open, stateValue: 0.9, weight: 0.5, triggerSignals: [witness], at: at(begin + 10))
            return .init(transition: transition, until: at(begin + 200), result: .confirmed)
        }
        let truth = TruthTimeline(
            openings: [try opening(100), try opening(500)], slack: 60_000, since: at(0), now: at(1_000))
        #expect(truth.faults.map(\.from) == [at(100), at(500)] && truth.faults.map(\.until) == [at(300), at(700)])
        func outcome(_ seconds: Double) -> VerificationResult? {
            truth.outcome(at: at(seconds), region: plant, grace: 60_000)
        }
        #expect(outcome(50) == .confirmed && outcome(250) == .confirmed && outcome(350) == .confirmed)
        #expect(outcome(30) == nil && outcome(400) == nil)
        var recording = try recording()
        recording.truth = truth
        let eager = try ExplorationTrial().run(
            system("open_threshold: 0.2, window_ms: 10000"), environment: .dev, [recording])
        #expect(eager.faults == 2 && eager.caught == 2 && eager.prompt == 2)
        let later = TruthTimeline(openings: [try opening(100)], slack: 60_000, since: at(400), now: at(1_000))
        #expect(later.faults.isEmpty)
    }

    @Test func theSameSeedFindsTheSameAndItIsBetter() throws {
        let recording = try recording()
        func explore(_ seed: UInt64) throws -> Exploration {
            var exploration = try Exploration(
                system("open_threshold: 0.2, window_ms: 10000"), environment: .dev, [recording],
                trial: ExplorationTrial(), seed: seed)
            while exploration.tried.count < 60, try exploration.step(of: 60) != nil {}
            return exploration
        }
        let (one, same, other) = (try explore(7), try explore(7), try explore(8))
        #expect(one.tried == same.tried)
        #expect(one.tried.map(\.candidate) != other.tried.map(\.candidate))
        #expect(Set(one.tried.map(\.candidate)).count == one.tried.count)
        let best = try #require(one.proposals(3).first)
        #expect(best.score.value > one.real.value && best.score.falseAlarms == 0 && best.score.caught == 2)
        #expect(Set(one.proposals(3).map(\.score)).count == one.proposals(3).count)
        let plot = ExplorationPlot(one, width: 60)
        #expect(plot.lines.contains { $0.contains("R") || $0.contains("X") })
        #expect(plot.lines.contains { $0.contains("B") || $0.contains("X") })
        #expect(plot.lines.allSatisfy { $0.count <= 60 })
    }

    @Test func whatItProposesIsAVariantThatTheLoaderTakes() throws {
        let text =
            "nimmerverse: 1\nname: p\ngates:\n  defaults: {trust: earned, weight: 0.5, reflex_weight: 0.7, open_threshold: 0.9}\n"
            + "  regions: {\"plant.>\": {open_threshold: 0.8}}\n"
        let system = try SystemFile(parsing: Array(text.utf8), file: "p.yaml")
        var exploration = try Exploration(
            system, environment: .dev, [try recording()], trial: ExplorationTrial(), seed: 3)
        while exploration.tried.count < 40, try exploration.step(of: 40) != nil {}
        for found in exploration.tried {
            let yaml = text + "virtual:\n  " + found.candidate.yaml("x", of: system) + "\n"
            let read = try SystemFile(parsing: Array(yaml.utf8), file: "p.yaml")
            let wanted = try #require(found.candidate.variant("x", of: system))
            #expect(read.virtual[0].gates.defaults == wanted.gates.defaults)
            #expect(
                read.applying(read.virtual[0]).gates.configuration(region: "plant.a")
                    == system.applying(wanted).gates.configuration(region: "plant.a"))
        }
    }

    @Test func labelsBecomeFaultsAndTheTruthOfAMoment() throws {
        let timeline = TruthTimeline(
            labels: [(at(0), "0"), (at(10), "1"), (at(20), "0.0"), (at(200), ""), (at(210), "false")], end: at(300))
        #expect(timeline.faults.map(\.from) == [at(10)] && timeline.faults.map(\.until) == [at(20)])
        let plant = try Region("plant")
        func outcome(_ seconds: Double) -> VerificationResult? {
            timeline.outcome(at: at(seconds), region: plant, grace: 60_000)
        }
        #expect(outcome(15) == .confirmed && outcome(5) == .failed && outcome(70) == .partial && outcome(90) == .failed)
        #expect(outcome(205) == nil)
        let open = TruthTimeline(
            [.init(from: at(0), until: at(1), region: plant, result: .failed)], isComplete: false)
        #expect(open.outcome(at: at(0.5), region: plant, grace: 0) == .failed)
        #expect(open.outcome(at: at(5), region: plant, grace: 0) == nil)
        #expect(open.outcome(at: at(0.5), region: try Region("attic"), grace: 0) == nil)
    }
}
