import Extremes
import NimmerInspection
import NimmerOutput
import NimmerSupervisor
import NimmerSystem
import NimmerWave
import Testing

@testable import nimmer

/// Messages and answers at the edges of what can be said are shown to a person like others.
@Suite("answers at the edges")
struct ExtremeAnswersTests {
    static let now = Timestamp(milliseconds: 1_771_093_800_000)

    @Test(arguments: UInt64(1)...6) func messagesAreLines(seed: UInt64) {
        var extremes = Extremes(seed)
        let formatter = EventFormatter(paint: Paint(.never), columns: 120)
        var sieve = DisplayRateLimiter()
        for _ in 0..<500 {
            let (subject, payload) = extremes.message()
            let at = extremes.time()
            let line = formatter.line(subject: subject, payload: payload, at: at)
            #expect(!line.isEmpty && line.text.count <= 120)
            _ = sieve.judge(try? AnyMessage.decode(payload), at: at)
        }
    }

    @Test func servicesMayHaveStartedAtAnyTimeAndCountedFar() {
        let infos: [JSON] = Extremes.times.map { ["name": "old", "id": .string($0), "version": "1.0.0"] }
        let stats: [JSON] = Extremes.times.map { time in
            [
                "id": .string(time), "started": .string(time),
                "endpoints": .array(
                    (0..<3).map { _ in
                        ["num_requests": 9_223_372_036_854_774_784, "num_errors": -9_223_372_036_854_774_784]
                    }),
                "data": ["rejected": .number(1e308), "lost": .number(-1)],
            ]
        }
        let services = RunningService.merge(infos: infos, stats: stats)
        #expect(services.allSatisfy { $0.requests == .max && $0.errors == .min && $0.startedAt != nil })
        for now in [Self.now, .earliest, .latest] {
            #expect(RunningService.table(services, at: now).lines(Paint(.never)).count == services.count + 1)
            var report = StatusReport(environment: .dev)
            report.serverVersion = "2.9"
            report.roundTrip = 1e308
            report.startedAt = .earliest
            report.services = services
            report.processes = [.init(name: "old", pid: 1, isAlive: true)]
            report.streams = [.init(name: "S", messages: .max, bytes: .max, lag: .min, unacknowledged: .max)]
            #expect(!report.lines(Paint(.never), at: now).isEmpty && !report.json().text.isEmpty)
        }
    }

    @Test(arguments: Extremes.numbers) func gatesMayHoldAnyNumber(number: Double) {
        let gate: JSON = [
            "gate_id": "g", "region": "g", "state": "open", "potential": .number(number),
            "open_threshold": .number(-number), "weight": .number(number), "witnesses": .number(number),
            "window_ms": .number(number), "opening": ["at": "1678-01-01T00:00:00Z", "potential": .number(number)],
            "steps": [["at": "2261-12-31T23:59:59Z", "push": .number(number)]],
        ]
        #expect(GateTable.table([gate], Paint(.never)).lines(Paint(.never)).count == 2)
        #expect(!GateStory(gate, Paint(.never)).lines.isEmpty)
        #expect(Bar.potential(number, threshold: number).count == 2 * Bar.half + 3)
        let mind: JSON = [
            "minds": [["name": "m", "latency_ms": .number(number), "tokens_per_second": .number(number)]]
        ]
        #expect(!MindListCommand.lines(mind, Paint(.never)).isEmpty)
        let pending: [JSON] = Extremes.times.map { ["decision": "d", "until": .string($0)] }
        #expect(MindPendingCommand.table(pending, at: Self.now).lines(Paint(.never)).count == pending.count + 1)
        #expect(!LocalTime.span(milliseconds: number).isEmpty)
    }

    @Test func wallsShowAnyMoment() {
        for moment in [Timestamp.earliest, .latest, Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .max)] {
            #expect(LocalTime.clock(moment).count == 12 && LocalTime.full(moment).count == 19)
            _ = LocalTime.offsetSeconds(at: moment)
        }
    }
}
