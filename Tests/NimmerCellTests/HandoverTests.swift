import Logging
import NimmerBus
import NimmerGate
import NimmerProcess
import NimmerWave
import Testing

@testable import NimmerCell

@Suite("Handing over")
struct HandoverTests {
    private let old = Handover(version: "1.9.0", instance: "swap-0001")

    @Test(
        "versions are compared number by number, a version before it is finished comes first",
        arguments: [
            ("1.10.0", "1.9.0", true), ("1.9.0", "1.10.0", false), ("2", "1.9.9", true), ("1.0.0", "1", false),
            ("1.0.0", "1.0.0", false), ("1.0.0", "1.0.0-rc1", true), ("1.0.0-rc2", "1.0.0-rc1", true),
            ("1.0.0-rc1", "1.0.0", false), ("1.0.0+b2", "1.0.0+b1", false), ("words", "1.0.0", false),
        ])
    func versions(version: String, other: String, isNewer: Bool) {
        #expect(Handover.isNewer(version, than: other) == isNewer)
    }

    @Test("who lives gives way to newer ones only, and never hears itself")
    func reactions() {
        #expect(old.reaction(to: .hello, version: "1.0.0", instance: "swap-0002") == .answer)
        #expect(old.reaction(to: .take, version: "2.0.0", instance: "swap-0002") == .handOver(to: "2.0.0"))
        #expect(old.reaction(to: .take, version: "1.9.0", instance: "swap-0002") == .answer)
        #expect(old.reaction(to: .here, version: "2.0.0", instance: "swap-0002") == .leave(to: "2.0.0"))
        #expect(old.reaction(to: .here, version: "1.0.0", instance: "swap-0002") == .none)
        #expect(old.reaction(to: .take, version: "2.0.0", instance: "swap-0001") == .none)
        #expect(old.reaction(to: .left, version: "2.0.0", instance: "swap-0002") == .none)
    }

    @Test("who starts lives, takes over, or stands by")
    func meetings() {
        #expect(old.startDecision(nil) == .live)
        #expect(old.startDecision("1.9.0") == .live)
        #expect(old.startDecision("1.8.3") == .take(from: "1.8.3"))
        #expect(old.startDecision("1.10.0") == .standBy(for: "1.10.0"))
    }

    @Test("what is left to the next travels whole")
    func estates() throws {
        let at = Timestamp(milliseconds: 1_700_000_000_000)
        let handoverState = HandoverState(
            nextSense: at.advanced(milliseconds: 20), state: .open, potential: 0.75, weight: 0.3, at: at)
        #expect(HandoverState(handoverState.json) == handoverState)
        #expect(HandoverState(["version": "1.0.0"]) == nil)
    }

    @Test("the next one senses when the last one would have, and its gate stands where that of the last one stood")
    func goesOn() throws {
        var first = try CellBody<Cellar>(Configuration(of: Cellar.self))
        let start = Timestamp(milliseconds: 1_700_000_000_000)
        _ = first.start(at: start)
        _ = first.advance(to: start)
        let rested = first.rest()
        let due = try #require(rested)
        #expect(due == start.advanced(milliseconds: 1000))
        let silence = first.advance(to: start.advanced(milliseconds: 5000))
        #expect(silence.waves.isEmpty)

        var next = try CellBody<Cellar>(Configuration(of: Cellar.self))
        next.resume(.open, potential: 0.9, weight: 0.4, at: start)
        let pulse = next.start(at: start.advanced(milliseconds: 300), first: due)
        #expect(pulse.waves.isEmpty)
        #expect(next.gate.state == .open && next.gate.weight == 0.4)
        let early = next.advance(to: due.advanced(milliseconds: -1))
        #expect(early.waves.isEmpty)
        let onTime = next.advance(to: due)
        #expect(onTime.waves.count == 1)
    }
}
