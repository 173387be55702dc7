import NimmerBus
import NimmerOutput
import NimmerWave
import Testing

@testable import NimmerInspection

private let plain = Paint.plain

@Suite struct StatusReportTests {
    private func service(_ name: String, data: JSON = .null) throws -> RunningService {
        let info: JSON = ["name": .string(name), "id": .string(name + "-1"), "version": "1.0.0"]
        var service = try #require(RunningService(info: info))
        service.data = data
        return service
    }

    @Test func whatIsMissingIsReportedWithItsConsequence() throws {
        var report = StatusReport(environment: .dev)
        #expect(
            report.degraded() == ["no NATS server: cells keep their reflexes and count what they could not publish"])
        report.serverVersion = "2.9.10"
        report.services = [try service("thalamus"), try service("cognition-bridge")]
        report.streams = [.init(name: "DEV-TRANSITIONS")]
        #expect(
            report.degraded() == [
                "the deterministic boundary answers: no mind is known",
                "no hippocampus: decisions wait in the streams",
                "no stream DEV-TRANSITIONS: nothing keeps what belongs there",
            ])
        report.services = [
            try service("thalamus"), try service("cognition-bridge", data: ["boundary": "model"]),
            try service("hippocampus"),
        ]
        report.streams = [.init(name: "DEV-TRANSITIONS", trouble: "JetStream hangs")]
        #expect(report.degraded() == ["the stream DEV-TRANSITIONS does not answer: JetStream hangs"])
        report.streams = []
        #expect(report.degraded().isEmpty)
        report.processes = [.init(name: "vitals", pid: 7, isAlive: false)]
        #expect(report.degraded() == ["vitals does not run; it is started again"])
    }

    @Test func whatWaitsForItsStreamIsReported() throws {
        var report = StatusReport(environment: .dev)
        report.serverVersion = "2.15.0"
        let counts: JSONObject = ["waiting": 3, "bytes": 900, "in_journal_only": 0, "dropped": 0, "refused": 0]
        func degraded(_ changes: JSONObject) throws -> [String] {
            var outbox = counts
            for change in changes { outbox[change.key] = change.value }
            report.services = [
                try service("thalamus", data: ["outbox": .object(outbox)]),
                try service("cognition-bridge", data: ["boundary": "model"]), try service("hippocampus"),
            ]
            return report.degraded()
        }
        #expect(try degraded([:]) == [], "three on their way are nothing to speak of")
        #expect(
            try degraded(["trouble": "the server refuses storing it: insufficient resources"]) == [
                "thalamus: streams do not take what it decides, 3 messages wait: the server refuses storing it: "
                    + "insufficient resources"
            ])
        #expect(
            try degraded(["waiting": 1, "journal": ["messages": 1, "bytes": 300, "trouble": .null]]) == [
                "thalamus: 1 message waits for its stream (kept in its journal)"
            ])
        #expect(
            try degraded([
                "in_journal_only": 2, "dropped": 4, "refused": 1,
                "journal": ["messages": 3, "trouble": "the journal cannot be written: No space left on device"],
            ]) == [
                "thalamus: 3 messages wait for their stream (2 in its journal only)",
                "thalamus: what waits is kept in memory only: the journal cannot be written: No space left on device",
                "thalamus gave up 4 messages: there was no room to keep them",
                "thalamus: no stream takes 1 message; they were given up",
            ])
        let told = try JSON(parsing: report.json().text)["degraded"]?.array?.compactMap(\.string)
        #expect(told == report.degraded())
        report.services = [try service("thalamus", data: ["outbox": "nonsense"])]
        #expect(!report.degraded().contains { $0.hasPrefix("thalamus") }, "what cannot be read says nothing")
    }

    /// What waits for PostgreSQL is counted down: by its age, by the room of its stream, and said when that is over.
    @Test func howLongWhatWaitsIsKeptIsReported() throws {
        var report = StatusReport(environment: .dev)
        report.serverVersion = "2.15.0"
        let now = Timestamp(seconds: 1_800_000_000)
        func degraded(_ waiting: UInt64, since hours: Double, full: Bool = false) throws -> [String] {
            let info = StreamInfo(
                name: "DEV-TRANSITIONS", messages: 1_000, bytes: 20_000_000, firstSequence: full ? 500 : 1,
                lastSequence: 1_000, consumers: 1, maximumBytes: 100_000_000)
            let consumer = ConsumerInfo(
                waiting: waiting, unacknowledged: 0, redelivered: 0, acknowledged: full ? 100 : 1_000 - waiting)
            let backlog = StreamBacklog(
                info, consumer, oldest: now.advanced(milliseconds: -hours * 3_600_000), age: .seconds(7 * 86_400))
            report.services = [
                try service("thalamus"), try service("cognition-bridge", data: ["boundary": "model"]),
                try service("hippocampus", data: ["streams": ["DEV-TRANSITIONS": backlog.json]]),
            ]
            return report.degraded(at: now)
        }
        #expect(try degraded(0, since: 0) == [])
        #expect(try degraded(10, since: 0.001) == [], "four seconds are nothing to speak of")
        #expect(
            try degraded(500, since: 3) == [
                "DEV-TRANSITIONS: PostgreSQL is behind by 500 messages and 3 h 0 min; they are kept for 6 d 21 h more or "
                    + "90 MB more"
            ])
        #expect(
            try degraded(500, since: 3, full: true) == [
                "DEV-TRANSITIONS: PostgreSQL is behind by 500 messages and 3 h 0 min; the stream is full: the oldest are "
                    + "dropped, and are in no memory"
            ])
    }

    @Test func aProgramReadsTheSame() throws {
        var report = StatusReport(environment: .staging)
        report.serverVersion = "2.9.10"
        report.streams = [.init(name: "STAGING-DECISIONS", messages: 3, bytes: 900, lag: 1, unacknowledged: 0)]
        let json = try JSON(parsing: report.json().text)
        #expect(json["environment"]?.string == "staging")
        #expect(json["streams"]?[0]?["lag"]?.int == 1)
        #expect(json["degraded"]?.array?.count == 3)
        #expect(json["attention"]?.isNull == true)
    }

    @Test func sizesReadWell() {
        #expect(StatusReport.size(9_999) == "9999 B")
        #expect(StatusReport.size(268_435_456) == "268 MB")
    }

    @Test func servicesAreMergedById() throws {
        let services = RunningService.merge(
            infos: [["name": "b", "id": "2"], ["name": "a", "id": "1", "metadata": ["role": "cell"]], ["broken": 1]],
            stats: [
                [
                    "id": "1", "started": "2026-02-14T18:30:00Z",
                    "endpoints": [["num_requests": 3, "num_errors": 1], ["num_requests": 2, "num_errors": 0]],
                ], ["id": "9"],
            ])
        #expect(services.map(\.name) == ["a", "b"])
        #expect(services[0].requests == 5)
        #expect(services[0].errors == 1)
        #expect(services[1].requests == nil)
        let lines = RunningService.table(services, at: try Timestamp(rfc3339: "2026-02-14T18:31:00Z")).lines(plain)
        #expect(lines[1].text.contains("5 (1 failed)"))
        #expect(lines[1].text.contains("60 s"))
    }
}

@Suite struct StaleReportTests {
    private func service(_ data: JSON) throws -> RunningService {
        var service = try #require(RunningService(info: ["name": "flow", "id": "1", "metadata": ["role": "cell"]]))
        service.take(stats: ["id": "1", "data": data])
        return service
    }

    @Test func aListNamesStateProgressAndSilentInputs() throws {
        #expect(try service([:]).stateText == "")
        #expect(try service(["state": "CALM", "stale": false]).stateText == "CALM")
        let learning: JSON = ["state": "LEARNING", "progress": ["done": 120, "whole": 400]]
        #expect(try service(learning).stateText == "LEARNING 120 of 400")
        let stale: JSON = ["state": "STALE", "stale": true, "progress": ["done": 120, "whole": 400]]
        #expect(try service(stale).stateText == "STALE")
        #expect(
            try service(["state": "CALM", "silent_inputs": ["a", "b"]]).stateText == "CALM (silent: a, b)")
        let lines = RunningService.table([try service(learning)], at: .now()).lines(plain)
        #expect(lines[0].text.contains("state") && lines[1].text.contains("LEARNING 120 of 400"))
    }

    @Test func theStatusNamesWhatIsStale() throws {
        var report = StatusReport(environment: .dev)
        report.serverVersion = "2.10.0"
        report.processes = [.init(name: "flow", pid: 7, isAlive: true)]
        report.services = [
            try service([
                "state": "STALE", "stale": true, "degraded": "STALE: no reading for 6 min, usually one every 60 s",
            ])
        ]
        #expect(report.degraded().contains("flow: STALE: no reading for 6 min, usually one every 60 s"))
        let lines = report.lines(plain, at: .now()).map(\.text)
        #expect(lines.contains { $0.hasPrefix("flow") && $0.contains("STALE") && !$0.contains("running") })
    }
}

@Suite struct GateStoryTests {
    @Test func showsWhyItOpenedAndWhatKeepsItShut() {
        let story = GateStory(
            [
                "region": "math", "state": "stable", "potential": 0.2, "open_threshold": 0.5, "weight": 0.1,
                "window_ms": 1500,
                "opening": [
                    "at": "2026-02-14T18:30:00Z", "potential": 0.56, "support": 0.6, "transition_id": "x",
                    "witnesses": [["origin": "calculate", "source": "calc-1", "confidence": 0.5, "push": 0.56]],
                ],
                "kept_from_opening": ["alone: only math asserts"],
                "witnesses": [["origin": "math", "confidence": 0.6, "polarity": 1, "age_ms": 200, "in_window": true]],
                "steps": [
                    [
                        "at": "2026-02-14T18:30:00Z", "origin": "calculate", "confidence": 0.5, "support": 0.6,
                        "novelty": 1, "gain": 1.11, "push": 0.56, "before": 0, "after": 0.56,
                    ]
                ],
            ], plain)
        let text = story.lines.joined(separator: "\n").text
        #expect(story.lines[0].text.hasPrefix("math  STABLE  +0.20"))
        #expect(text.contains("with support 0.60, because these agreed:"))
        #expect(text.contains("  calculate  0.50  push +0.56"))
        #expect(text.contains("  alone: only math asserts"))
        #expect(text.contains("math  0.60  asserts  200 ms ago"))
        #expect(text.contains("+0.00 → +0.56"))
    }

    @Test func aGateThatNeverOpenedSaysSo() {
        #expect(GateStory(["region": "a", "state": "closed"], plain).lines.contains("It has not opened yet."))
    }

    @Test func whatIsNotReportedIsShownAsSuch() {
        let unknown: JSON = ["gate_id": "g", "region": "a", "state": "ajar", "potential": "0.5"]
        #expect(
            GateTable.table([unknown], plain).lines(plain)[1].text.split(separator: " ") == [
                "g", "?", "?", "?", "?", "a",
            ])
        let story = GateStory(["region": "a", "state": "ajar", "opening": [:]], plain).lines.map(\.text)
        #expect(story[0] == "a  ?  ?    opens at ?, weight ?")
        #expect(story.contains("It opened at ?, at potential ?, with support ?, because these agreed:"))
    }

    @Test func barsStandOnTheirSideOfZero() {
        #expect(Bar.potential(0, threshold: 0.5) == "▕        │   ┊    ▏")
        #expect(Bar.potential(1, threshold: 0.5) == "▕        │████████▏")
        #expect(Bar.potential(-0.5, threshold: 0.5) == "▕    ████│   ┊    ▏")
    }
}
