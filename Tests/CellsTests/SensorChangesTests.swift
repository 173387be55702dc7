import Logging
import NimmerBus
import NimmerCell
import NimmerProcess
import NimmerSensing
import NimmerTesting
import NimmerWave
import SensorCell
import Testing

/// protocol.md, ChangeEvent: what a sensor reports to people beside its waves.
@Suite("sensor: changes for people")
struct SensorChangesTests {
    private static func saw(_ index: Int) -> Double { 10 + Double(index * 7 % 5 - 2) / 2 }

    /// A signal with a step, a louder noise, and a look that is no number.
    private static let readings: [String] = (0..<900).map { index in
        switch index {
        case 500..<640: "\(saw(index) + 6)"
        case 700..<800: "\(10 + 8 * (saw(index) - 10))"
        case 650: "warm"
        default: "\(saw(index))"
        }
    }

    private func bench(_ changes: [String: SettingValue] = [:]) throws -> CellBench<Sensor> {
        var bench = try CellBench<Sensor>(
            changes.merging([
                "subject": .text("pump.flow"), "region": .text("plant.pump"), "domain": .text("flow"),
                "weight": .number(0.9),
            ]) {
                one, _ in one
            })
        bench.start()
        for reading in Self.readings {
            _ = try bench.receive(reading, on: "pump.flow")
            bench.advance(milliseconds: 1000)
        }
        return bench
    }

    @Test("a step and a louder noise begin and end, with what was seen of them")
    func reported() throws {
        let bench = try bench()
        #expect(bench.changes.map(\.edge) == [.begin, .end, .begin, .end])
        #expect(bench.body.counters.changes == 4)
        let step = try #require(bench.changes.first)
        #expect(step.domain.text == "flow" && step.region?.text == "plant.pump")
        #expect(step.view == "level" && step.direction == .above && step.spread == nil)
        #expect(step.value > 14 && abs(step.normal - 10) < 2 && step.times > 2 && step.confidence >= 0.9)
        #expect((500..<520).contains(step.at.milliseconds / 1000 - 1000))
        let noise = try #require(bench.changes.last { $0.edge == .begin })
        #expect(noise.view == "spread" && noise.direction == .above)
        #expect(try #require(noise.spread) > (try #require(noise.normalSpread)))
        for (one, other) in zip(bench.changes, bench.changes.dropFirst()) {
            #expect(other.at.milliseconds(since: one.at) >= 20_000)
        }
    }

    @Test("waves, states and the gate are the same to the bit without them")
    func besides() throws {
        let (with, without) = (try bench(), try bench(["changes": .flag(false)]))
        #expect(without.changes.isEmpty && without.cell.changes == nil)
        #expect(with.waves == without.waves && !with.waves.isEmpty)
        #expect(with.states == without.states)
        #expect(with.transitions == without.transitions && !with.transitions.isEmpty)
        #expect(with.cell.detector.samples == without.cell.detector.samples)
        // The twin refuses what the detector refuses, and sees no more than it.
        #expect(with.cell.changes?.detector.samples == with.cell.detector.samples)
    }

    @Test("a number that is not finite is counted and left out, whichever cell reports it")
    func notFinite() throws {
        struct Reporter: Cell {
            static let manifest = Manifest(name: "reporter", version: "1.0.0", summary: "Reports.")
            init(_ settings: Settings<NoOptions>) {}
            mutating func start(_ pulse: inout Pulse) {
                for value in [Double.nan, 1] {
                    pulse.report(
                        .begin, view: "level", value: value, normal: 0, times: -3, direction: .above, confidence: 7)
                }
            }
        }
        var bench = try CellBench<Reporter>()
        bench.start()
        #expect(bench.changes.map(\.value) == [1])
        #expect(bench.changes.map(\.times) == [0] && bench.changes.map(\.confidence) == [1])
        #expect(bench.body.counters.refused == 1)
    }

    @Test("live: on its own subject, once, readable by all who check it, and not heard as a wave")
    func live() async throws {
        let bus = InMemoryBus()
        let configuration = try Configuration(
            of: Sensor.self, name: "pump-flow",
            changes: ["subject": .text("pump.flow"), "learning_samples": .whole(40), "region": .text("plant.pump")])
        let quiet = Logger(label: "pump-flow") { _ in SwiftLogNoOpLogHandler() }
        let process = ServiceProcess(configuration, role: .cell, logger: quiet, bus: bus)
        let events = try await bus.messages(.cellChanges(.dev))
        let waves = try await bus.messages(.waves(.dev))
        let host = try CellHost<Sensor>(process)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await host.run() }
            let began = Timestamp.now().advanced(milliseconds: -200_000)
            for index in 0..<120 {
                host.update(at: began.advanced(milliseconds: Double(index) * 1000)) { sensor, pulse in
                    try sensor.read(Self.saw(index) + (index >= 80 ? 9 : 0), &pulse)
                }
            }
            var found = events.makeAsyncIterator()
            let message = try #require(await found.next())
            #expect(message.subject.text == "dev.nervous.cells.pump-flow.change")
            let event = try Envelope<ChangeEvent>(decoding: message.payload, on: message.subject)
            #expect(event.header.source.entityType == .cell && event.body.edge == .begin)
            #expect(event.body.region?.text == "plant.pump" && event.header.timestamp == event.body.at)
            var spoken = waves.makeAsyncIterator()
            let wave = try #require(await spoken.next())
            #expect(throws: Never.self) { try Envelope<WaveSignal>(decoding: wave.payload, on: wave.subject) }
            #expect(host.counters.changes >= 1)
            group.cancelAll()
        }
    }
}
