import NimmerGate
import NimmerInspection
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerThalamus
import NimmerWave
import Testing

@testable import nimmer

/// The figures of docs/reference/gate.md are those of a gate that is run. To write them again:
/// `NIMMER_WRITE_DOCS=1 swift test --filter GatePageTests`.
@Suite(.serialized) struct GatePageTests {
    private static let path = CommandReferenceTests.root + "/docs/reference/gate.md"
    private static let start = Timestamp(milliseconds: 1_771_093_800_000)

    /// What stands between the marks `<!-- name -->` and `<!-- /name -->` is this text.
    private func holds(_ name: String, _ text: String) throws {
        let page = try #require(SmallFile.read(Self.path))
        let (open, close) = ("<!-- \(name) -->", "<!-- /\(name) -->")
        let before = try #require(page.halves(around: open), "\(name)")
        let after = try #require(before.after.halves(around: close), "\(name)")
        if ChildCommand.inheritedEnvironment["NIMMER_WRITE_DOCS"] != nil {
            try SmallFile.write(before.before + open + text + close + after.after, to: Self.path)
        } else {
            #expect(after.before == text, "\(name) of docs/reference/gate.md")
        }
    }

    private struct Event {
        var at: Double
        var origin: String
        var confidence: Double
        var polarity: Int
    }

    /// The events of the page's case.
    private func events() throws -> [Event] {
        let page = try #require(SmallFile.read(Self.path))
        let block = try #require(page.halves(around: "```json\n")?.after.halves(around: "\n```")?.before)
        let json = try JSON(parsing: block)
        #expect(json["config"] == ["open_threshold": .number(GateSettings.regionGate.openThreshold)])
        #expect(json["until_ms"]?.double == 6000)
        return try #require(json["events"]?.array).map { event in
            Event(
                at: try #require(event["at_ms"]?.double), origin: try #require(event["origin"]?.string),
                confidence: try #require(event["confidence"]?.double), polarity: event["polarity"]?.int ?? 1)
        }
    }

    /// A thalamus that has heard waves, as one with a system file without settings hears them.
    private func thalamus(_ events: [Event]) throws -> Thalamus {
        var thalamus = Thalamus(try ThalamusConfiguration(nil, environment: .dev))
        for event in events {
            let wave = WaveSignal(
                domain: try Token("hall"), confidence: event.confidence, semanticContent: [:],
                polarity: event.polarity)
            let bytes = Envelope(
                id: .named("\(event.at)"), at: Self.start.advanced(milliseconds: event.at),
                from: Source(entityID: event.origin, entityType: .cell), wave
            ).encoded()
            let subject = Array(Subject.wave(.dev, cell: try Token(event.origin)).text.utf8)
            _ = try thalamus.receive(subject: subject.span.bytes, payload: bytes.span.bytes, arrival: nil)
        }
        return thalamus
    }

    private func two(_ value: Double?) -> String { value.map { signed($0) } ?? "?" }

    @Test func theWorkedExampleIsWhatAGateDoes() throws {
        let events = try events()
        var thalamus = try thalamus(events)
        let report = try #require(thalamus.explanation(of: "hall", at: Self.start.advanced(milliseconds: 1000)))
        let steps = try #require(report["steps"]?.array)
        #expect(steps.count == events.count)
        thalamus.advance(to: Self.start.advanced(milliseconds: 6000))
        let changes = thalamus.conclusions.map(\.transition)
        var lines = ["", "| ms | wave | support | novelty | push | potential | |", "|---|---|---|---|---|---|---|"]
        for (event, step) in zip(events, steps) {
            let verb = event.polarity < 0 ? "denies" : "asserts"
            let at = Self.start.advanced(milliseconds: event.at)
            let change = changes.filter { $0.at == at }.map { $0.toState.word.uppercased() }.joined(separator: ", ")
            lines.append(
                "| \(Int(saturating: event.at)) | \(event.origin) \(verb), \(event.confidence) | \(two(step["support"]?.double)) "
                    + "| \(decimals(step["novelty"]?.double ?? -1)) | \(two(step["push"]?.double)) "
                    + "| \(two(step["before"]?.double)) → \(two(step["after"]?.double)) | \(change) |")
        }
        try holds("worked-example", (lines + [""]).joined(separator: "\n"))
        #expect(changes.map(\.toState) == [.open, .stable])
    }

    @Test func weakWitnessesAddUp() throws {
        var lines = ["", "| each is sure | witnesses that open it |", "|---|---|"]
        for confidence in [0.2, 0.3, 0.4, 0.5, 0.8] {
            var count = 0
            var isOpen = false
            while !isOpen, count < 64 {
                count += 1
                let events = (0..<count).map { Event(at: 0, origin: "c\($0)", confidence: confidence, polarity: 1) }
                isOpen = try thalamus(events).gates(at: Self.start).first?.state == .open
            }
            lines.append("| \(confidence) | \(count) |")
        }
        try holds("weak-witnesses", (lines + [""]).joined(separator: "\n"))
    }

    @Test func theExplanationIsWhatTheToolPrints() throws {
        let events =
            try events().filter { $0.polarity > 0 } + [Event(at: 5500, origin: "door", confidence: 0.7, polarity: 1)]
        var thalamus = try thalamus(events)
        let now = Self.start.advanced(milliseconds: 6000)
        thalamus.advance(to: now)
        let report = try #require(thalamus.explanation(of: "hall", at: now))
        var text = GateStory(report, .plain).lines.map(\.text).joined(separator: "\n")
        // Times of day as they are in UTC, whatever the zone of this machine.
        for event in events {
            let at = Self.start.advanced(milliseconds: event.at)
            let utc = String(at.rfc3339.dropFirst("2026-02-14T".count).dropLast())
            text = text.replacing(LocalTime.clock(at), with: utc)
        }
        text = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
        try holds("gate-why", "\n```text\n$ nimmer gate why hall\n\(text)\n```\n")
    }

    @Test func theDefaultsAreTheCodes() throws {
        let meanings = [
            "window_ms": "how long a wave can be a witness; longer with [slow members](#window-and-decay)",
            "half_life_ms": "the time in which the potential halves in silence; longer with slow members",
            "open_threshold": "STABLE → OPEN", "close_threshold": "STABLE → CLOSED",
            "release_fraction": "back to STABLE", "weight": "[trust](#trust-and-reflexes)",
            "reflex_weight": "above it one witness is enough; where trust is earned, from it",
            "prior_outcomes": "[earned](#earned-trust): outcomes that `weight` is worth",
            "failed_weight": "earned: confirmations that one failure cancels",
            "trust_memory": "earned: an origin is known by about its last so many outcomes",
            "hearing_ms": "earned: how long an unproven voice must last to be heard once; 0: never",
            "quorum": "asserting origins that an opening needs, whatever they earned",
            "floor": "a wave below this confidence pushes nothing", "max_origins": "witnesses that are remembered",
        ]
        var lines = ["", "| key | region | cell, nerve | range | |", "|---|---|---|---|---|"]
        for (key, range) in GateConfiguration.ranges {
            let values = [GateSettings.regionGate, GateConfiguration()].map { gate in
                switch key {
                case "window_ms": gate.windowMilliseconds
                case "half_life_ms": gate.halfLifeMilliseconds
                case "open_threshold": gate.openThreshold
                case "close_threshold": gate.closeThreshold
                case "release_fraction": gate.releaseFraction
                case "weight": gate.weight
                case "reflex_weight": gate.reflexWeight
                case "floor": gate.floor
                case "prior_outcomes": gate.priorOutcomes
                case "failed_weight": gate.failedWeight
                case "trust_memory": gate.trustMemory
                case "quorum": Double(gate.quorum)
                case "hearing_ms": gate.hearingMilliseconds ?? .nan
                default: Double(gate.maximumOrigins)
                }
            }.map { $0.isNaN ? "half the window" : JSON.number($0).text }
            lines.append(
                "| `\(key)` | \(values[0]) | \(values[1]) | \(range) | \(try #require(meanings[key], "\(key)")) |")
        }
        try holds("gate-defaults", (lines + [""]).joined(separator: "\n"))
        try holds("refractory", JSON.number(ThalamusSettings().refractoryMS).text)
        try holds("minimum", JSON.number(ThalamusSettings().minimumConfidence).text)
    }

    @Test func theGainIsThatOfTheCode() throws {
        func gain(_ weight: Double) -> String {
            var configuration = GateConfiguration()
            configuration.weight = weight
            var gate = Gate(configuration)
            var changes: ContiguousArray<Transition> = []
            _ = gate.receive(
                Evidence(origin: 0, region: 0, confidence: 0.3, at: Timestamp(nanoseconds: 0)), into: &changes)
            return JSON.number((gate.last.gain * 100).rounded() / 100).text
        }
        #expect(gain(1) == gain(0.8))
        try holds("gains", "\(gain(0.1)) at a weight of 0.1, \(gain(0.5)) at 0.5, \(gain(0.8)) at 0.8 and above")
    }

    @Test func windowAndHalfLifeFollowTheSlowestMember() throws {
        let configuration = GateSettings.regionGate
        var lines = ["", "| the slowest member senses every | window | half-life |", "|---|---|---|"]
        for (name, interval) in [
            ("50 ms, or none states it", 50.0), ("1 s", 1000.0), ("1 min", 60_000.0), ("1 h", 3_600_000.0),
        ] {
            #expect(configuration.window(of: 0) == configuration.window(of: 50))
            lines.append(
                "| \(name) | \(LocalTime.span(milliseconds: configuration.window(of: interval))) "
                    + "| \(LocalTime.span(milliseconds: configuration.halfLife(of: interval))) |")
        }
        try holds("intervals", (lines + [""]).joined(separator: "\n"))
    }

    @Test func trustIsEarnedAndLostAsThePageShows() throws {
        func weight(after outcome: VerificationResult) -> Double {
            var gate = Gate(GateSettings.regionGate)
            gate.learn(outcome)
            return ((gate.weight - GateSettings.regionGate.weight) * 1000).rounded() / 1000
        }
        var gate = Gate(GateSettings.regionGate)
        var confirmed = 0
        while !gate.isReflex {
            gate.learn(.confirmed)
            confirmed += 1
        }
        gate.learn(.failed)
        #expect(!gate.isReflex)
        let lines = [
            "", "| outcome | weight |", "|---|---|",
            "| `confirmed` | \(two(weight(after: .confirmed))) |", "| `failed` | \(two(weight(after: .failed))) |",
            "| `partial` | unchanged |", "",
            "The first outcome of each opening counts. From the default weight \(confirmed) confirmed openings in a row make a reflex; one that failed",
            "takes it back.", "",
        ]
        #expect(weight(after: .partial) == 0)
        try holds("learning", lines.joined(separator: "\n"))
    }
}
