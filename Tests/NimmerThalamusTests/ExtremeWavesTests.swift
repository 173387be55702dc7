import Extremes
import NimmerGate
import NimmerSystem
import NimmerThalamus
import NimmerWave
import Testing

/// Whatever times and numbers waves and stored transitions carry, the thalamus goes on, and what it says can be read.
@Suite struct ExtremeWavesTests {
    @Test(arguments: UInt64(1)...12) func areJudgedLikeOthers(seed: UInt64) throws {
        var extremes = Extremes(seed)
        var bench = Bench {
            $0.maximumRegions = 3
            $0.origins = .asTheyAre
            $0.escalation.refractory = seed % 2 == 0 ? 1 : 1e308
            $0.escalation.expiresAfter = seed % 3 == 0 ? .max : 60_000
        }
        let subjects = ["dev.nervous.cells.a.wave", "dev.nervous.nerves.b.wave"].map { Array($0.utf8) }
        for step in 0..<600 {
            let payload = extremes.message(WaveSignal.self)
            let arrival = seed % 4 == 0 ? nil : extremes.time()
            let subject = subjects[step % 2]
            do {
                _ = try bench.thalamus.receive(
                    subject: subject.span.bytes, payload: payload.span.bytes, arrival: arrival)
            } catch {
                #expect(error.code == .rate, "\(error)")
            }
            if step % 7 == 0 {
                let transition = try Envelope<GateTransition>(decoding: extremes.message(GateTransition.self)).body
                bench.thalamus.resume(transition, now: extremes.time())
            }
            if step % 5 == 0 { bench.thalamus.advance(to: extremes.time()) }
            let now = extremes.time()
            let attention = bench.thalamus.attention(
                at: now, wavesPerSecond: extremes.number(), lost: .max, lostLately: 0)
            #expect((attention.openGates + attention.risingGates).allSatisfy { (-1...1).contains($0.potential) })
            #expect(bench.thalamus.explanation(of: "plant", at: now).map { $0["state"] != nil } != false)
            for conclusion in bench.take() { try Self.expectReadable(conclusion) }
        }
        #expect(bench.thalamus.counters.waves == 600)
    }

    private static func expectReadable(_ conclusion: Conclusion) throws {
        let source = Source(entityID: "t", entityType: .thalamus)
        let body = conclusion.transition
        let message = Envelope(id: conclusion.id, at: body.at, from: source, body)
        let read = try Envelope<GateTransition>(decoding: message.encoded())
        #expect(read.header.messageID == conclusion.id)
        if let collapse = read.collapsed {
            #expect(try Envelope<Collapse>(decoding: collapse.encoded()).body.region == body.region)
        }
        if let request = read.escalated {
            #expect(
                try Envelope<CognitiveRequest>(decoding: request.encoded()).body.requestID == request.body.requestID)
        }
    }
}
