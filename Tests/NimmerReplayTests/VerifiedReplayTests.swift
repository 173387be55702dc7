import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

/// Truth about openings out of a column, and trust from run to run (trust.md, Replay and restart).
@Suite("replay: verified openings") struct VerifiedReplayTests {
    private static let system = """
        nimmerverse: 1
        name: verified
        gates:
          defaults: {trust: earned, window_ms: 30000, half_life_ms: 15000, open_threshold: 0.9, weight: 0.5, reflex_weight: 0.7}
        thalamus:
          regions: {plant: ["plant.>"]}
        cells:
          - {name: a, command: [a]}
          - {name: b, command: [b]}
        """

    private static func truth(_ text: String) -> ReplayVerification.Truth { .init(text) }

    @Test("a cell of the column is true, false, an outcome, or nothing")
    func texts() {
        for text in ["1", "1.0", "0,5", "true", "Yes", "on"] { #expect(Self.truth(text) == .state(true), "\(text)") }
        for text in ["0", "0.0", "false", "no", "off"] { #expect(Self.truth(text) == .state(false), "\(text)") }
        #expect(Self.truth("partial") == .outcome(.partial) && Self.truth("Confirmed") == .outcome(.confirmed))
        for text in ["", "nan", "?"] { #expect(Self.truth(text) == .unknown, "\(text)") }
    }

    @Test(
        "an outcome becomes known later: confirmed where it is true, partial shortly after, else failed, nothing where nothing stands"
    )
    func outcomes() throws {
        let gate = try GateID("plant")
        var truth = ReplayVerification(after: 60_000, grace: 60_000)
        func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
        func open(_ name: String, _ text: String, _ seconds: Double) {
            truth.take(text, at: at(seconds))
            truth.opened(.named(name), gate, at: at(seconds))
        }
        open("early", "0", 0)
        open("right", "1", 10)
        open("grace", "0", 60)
        open("wrong", "0", 200)
        open("unknown", "", 210)
        open("given", "partial", 220)
        #expect(truth.due(by: at(59)).isEmpty)
        #expect(truth.due(by: at(60)).map(\.result) == [.failed])
        #expect(truth.due(by: at(1000)).map(\.result) == [.confirmed, .partial, .failed, .partial])
        #expect(truth.counts == [.confirmed: 1, .failed: 2, .partial: 2])
    }

    /// Two waves that agree, or one alone, as a recording.
    private static func recording(_ waves: [(seconds: Double, cell: String)]) throws -> [UInt8] {
        var text = ""
        for (index, wave) in waves.enumerated() {
            let at = Timestamp(milliseconds: 1_771_093_800_000 + wave.seconds * 1000)
            let signal = WaveSignal(domain: try Token("plant"), confidence: 0.97, semanticContent: [:])
            let message = Envelope(
                id: .named("\(index)"), at: at, from: Source(entityID: wave.cell, entityType: .cell), signal)
            text +=
                "{\"at\":\"\(at.rfc3339)\",\"subject\":\"dev.nervous.cells.\(wave.cell).wave\",\"message\":"
                + String(decoding: message.encoded(), as: UTF8.self) + "}\n"
        }
        return Array(text.utf8)
    }

    private static func run(
        _ bytes: [UInt8], _ trust: TrustSnapshot, more: String = "", gates: String = "earned"
    ) throws -> (openings: Int, run: ReplayRun) {
        let text = system.replacing("trust: earned", with: "trust: \(gates)") + more
        var run = try ReplayRun(
            SystemFile(parsing: Array(text.utf8), file: "verified.yaml"), bytes: bytes, file: "waves.ndjson",
            format: ReplayFormat(), mapping: [], environment: .dev)
        run.trust = trust.entries.map { ($0.region, $0.origins) }
        try run.finish { _ throws(ReaderGone) in }
        return (run.counts.openings, run)
    }

    @Test("trust from a file is that of the run before: one is enough, or not")
    func carried() throws {
        let alone = try Self.recording([(0, "a")])
        #expect(try Self.run(alone, TrustSnapshot([])).openings == 0)
        let snapshot = try TrustSnapshot(
            JSON(
                parsing: Array(
                    #"{"nimmerverse_trust": 1, "regions": {"plant": [{"origin": "a", "ok": 1, "failed": 0}]}}"#.utf8)))
        let trusted = try Self.run(alone, snapshot)
        #expect(trusted.openings == 1)
        #expect(trusted.run.trust.map(\.records) == snapshot.entries.map(\.origins))
    }

    /// A line of a recording that holds an accepted outcome.
    private static func outcome(_ seconds: Double, _ region: String, _ origins: [OriginRecord]?) throws -> [UInt8] {
        let at = Timestamp(milliseconds: 1_771_093_800_000 + seconds * 1000)
        let gate = try GateID(region)
        let accepted = AcceptedOutcome(
            gateID: gate, region: try Region(region), opening: .named("opening \(seconds)"), opener: try Token("a"),
            witnesses: [try Token("a")], sender: "nimmer", result: .confirmed, at: at, origins: origins)
        let message = Envelope(
            id: .named("outcome \(seconds)"), at: at, from: Source(entityID: "thalamus", entityType: .thalamus),
            accepted)
        let subject = Subject.acceptedOutcome(.dev, gate: gate)
        return Array(
            ("{\"at\":\"\(at.rfc3339)\",\"subject\":\"\(subject.text)\",\"message\":"
                + String(decoding: message.encoded(), as: UTF8.self) + "}\n").utf8)
    }

    @Test(
        "a recording of waves and accepted outcomes ends with the trust of the thalamus that accepted them, bit for bit"
    )
    func streams() throws {
        let first = [OriginRecord(origin: try Token("a"), confirmed: 1, failed: 0)]
        let last = [
            OriginRecord(origin: try Token("a"), confirmed: 8.0 * 8 / 9, failed: 0.1 + 0.2),
            OriginRecord(origin: try Token("elsewhere"), confirmed: 0, failed: 1.0 / 3),
        ]
        // The first makes a reflex of a; the last outcomes are about a region without a wave, and about one whose gate is declared.
        let bytes =
            try Self.recording([(0, "b"), (1, "a")])
            + Self.outcome(60, "plant", first) + Self.recording([(120, "a")])
            + Self.outcome(180, "plant", last) + Self.outcome(181, "silent", first) + Self.outcome(182, "plain", nil)
        let (openings, run) = try Self.run(bytes, TrustSnapshot([]))
        #expect(openings == 2)
        #expect(run.trust.map(\.region.text) == ["plant", "silent"])
        #expect(run.trust.map(\.records) == [last, first])
        #expect(run.counts.refused == 0)
    }

    @Test("an accepted outcome that is none is refused and counted")
    func refusedOutcome() throws {
        let line = String(decoding: try Self.outcome(0, "plant", []), as: UTF8.self)
        let bad = line.replacing("\"confirmed\"", with: "\"maybe\"")
        let (_, run) = try Self.run(
            Self.recording([(0, "a"), (1, "b"), (2, "a")]) + Array(bad.utf8), TrustSnapshot([]))
        #expect(run.counts.refused == 1)
    }

    @Test("a file of trust that is none is refused with what was found and expected")
    func refusals() throws {
        func message(_ text: String) -> String? {
            do {
                _ = try TrustSnapshot(JSON(parsing: Array(text.utf8)))
                return nil
            } catch { return "\(error)" }
        }
        #expect(message("{}")?.contains("nimmerverse_trust must be 1") == true)
        #expect(message(#"{"nimmerverse_trust": 1, "regions": {"A B": []}}"#)?.contains("regions.A B") == true)
        let negative = #"{"nimmerverse_trust": 1, "regions": {"p": [{"origin": "a", "ok": -1, "failed": 0}]}}"#
        #expect(message(negative)?.contains("regions.p[0].ok") == true)
    }

    @Test("a rule is silent about a gate whose outcomes are recorded, and judges the others")
    func ruledAndRecorded() throws {
        let rule = "\nverify: {\"plant\": {within: 10s, confirmed: {cell: b, above: 0.8}}}\n"
        let waves = try Self.recording([(0, "b"), (1, "a"), (2, "b")])
        let alone = try Self.run(waves, TrustSnapshot([]), more: rule)
        #expect(alone.openings == 1 && alone.run.outcomes == [.confirmed: 1])
        let record = [OriginRecord(origin: try Token("a"), confirmed: 1, failed: 0)]
        let recorded = try Self.run(waves + Self.outcome(3, "plant", record), TrustSnapshot([]), more: rule)
        #expect(recorded.openings == 1 && recorded.run.outcomes == [:])
        #expect(recorded.run.trust.map(\.records) == [record])
        let other = try Self.run(waves + Self.outcome(3, "other", record), TrustSnapshot([]), more: rule)
        #expect(other.run.outcomes == [.confirmed: 1])
        // A declared weight follows no record, so that the rule moves it.
        let declared = try Self.run(
            waves + Self.outcome(3, "plant", nil), TrustSnapshot([]), more: rule, gates: "declared")
        #expect(declared.openings == 1 && declared.run.outcomes == [.confirmed: 1])
    }
}
