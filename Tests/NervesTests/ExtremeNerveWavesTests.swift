import Extremes
import NimmerCell
import NimmerTesting
import NimmerWave
import Testing

@testable import CollisionAvoidanceNerve

/// A nerve hears waves of any time: what cannot be believed counts as of its arrival.
@Suite("collision avoidance: waves at the edges")
struct ExtremeNerveWavesTests {
    @Test(arguments: UInt64(1)...8) func areHeard(seed: UInt64) throws {
        var extremes = Extremes(seed)
        var bench = try CellBench<Avoidance>(["motor": .text("motor")])
        bench.start()
        let cells = try ["distance-front", "distance-left", "distance-right", "distance-back"].map { try Token($0) }
        for step in 0..<400 {
            let message = try Envelope<WaveSignal>(decoding: extremes.message(WaveSignal.self))
            // Nothing arrives at an edge of time; what is said to have been sensed there does.
            let arrival = bench.now.advanced(milliseconds: 50)
            bench.hear(HeardWave(message, cell: cells[step % 4], arrival: arrival))
            bench.advance(milliseconds: 50)
            #expect(bench.actions.count < 40)
            for change in bench.transitions {
                let bytes = Envelope(id: .v7(), at: change.at, from: Source(entityID: "n", entityType: .nerve), change)
                    .encoded()
                #expect(try Envelope<GateTransition>(decoding: bytes).body.gateID == change.gateID)
            }
            bench.clear()
        }
    }

    @Test(arguments: [Timestamp.earliest, .latest]) func aWaveFarFromItsArrivalIsOfItsArrival(at: Timestamp) throws {
        let arrival = Timestamp(milliseconds: 1_771_093_800_000)
        let wave = WaveSignal(domain: try Token("distance"), confidence: 1, semanticContent: [:])
        let message = Envelope(id: .v7(), at: at, from: Source(entityID: "c", entityType: .cell), wave)
        #expect(HeardWave(message, cell: try Token("c"), arrival: arrival).at == arrival)
        let tolerated = HeardWave(
            message, cell: try Token("c"), arrival: at.advanced(milliseconds: 100_000),
            tolerance: ClockTolerance(milliseconds: 100_000))
        #expect(tolerated.at == at)
        // The clock of this machine itself may stand anywhere.
        for arrival in [Timestamp.earliest, .latest, Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .max)] {
            var bench = try CellBench<Avoidance>(start: arrival)
            bench.hear(HeardWave(message, cell: try Token("distance-front"), arrival: arrival))
            #expect(bench.body.counters.wavesIn == 1)
        }
    }
}
