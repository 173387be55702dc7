import NimmerThalamus
import NimmerWave
import Testing

@Suite struct FloodHoldingTests {
    private func at(_ seconds: Double) -> SteadyTime { SteadyTime(milliseconds: seconds * 1000) }

    private func begun() -> FloodHolding {
        var holding = FloodHolding()
        let first = holding.decide(
            held: [], quietened: ["loud"], heaviest: ["loud", "other"], reconnects: 3, at: at(0))
        #expect(first == [.begin("loud", rate: 16 << 20)])
        return holding
    }

    @Test func whoIsQuietenedIsHeldBackOnceAndSlowly() {
        var holding = begun()
        let next = holding.decide(
            held: [.init(sender: "loud")], quietened: ["loud"], heaviest: ["loud"], reconnects: 3, at: at(1))
        #expect(next == [])
    }

    @Test func whoFloodsNoMoreSpeaksFreelyAndTheGroupIsLeft() {
        var holding = begun()
        let over = holding.decide(
            held: [.init(sender: "loud")], quietened: [], heaviest: ["loud"], reconnects: 3, at: at(1))
        #expect(over == [.end("loud", isOver: true), .leaveGroup])
    }

    @Test func aConnectionThatTheServerGaveUpIsFollowedByAFasterOne() {
        var holding = begun()
        var rates: [Int?] = []
        for second in 1...4 {
            let actions = holding.decide(
                held: [.init(sender: "loud", wasCut: true)], quietened: ["loud"], heaviest: ["loud"], reconnects: 3,
                at: at(Double(second)))
            #expect(actions.first == .end("loud", isOver: false) && actions.count == 2)
            if case .begin("loud", let rate) = actions.last { rates.append(rate) }
        }
        #expect(rates == [64 << 20, nil, nil, nil])
        _ = holding.decide(held: [], quietened: [], heaviest: [], reconnects: 3, at: at(9))
        let later = holding.decide(held: [], quietened: ["loud"], heaviest: ["loud"], reconnects: 3, at: at(10))
        #expect(later == [.begin("loud", rate: 16 << 20)], "a flood that is over is forgotten")
    }

    @Test func aServerThatHasGoneHasDroppedNoSender() {
        var holding = begun()
        let actions = holding.decide(
            held: [.init(sender: "loud", wasCut: true)], quietened: ["loud"], heaviest: ["loud"], reconnects: 4,
            at: at(1))
        #expect(actions == [.end("loud", isOver: false), .begin("loud", rate: 16 << 20)])
    }

    @Test func inAnotherGroupItBeginsAgain() {
        var holding = begun()
        let actions = holding.decide(
            held: [.init(sender: "loud", isInGroup: false)], quietened: ["loud"], heaviest: ["loud"], reconnects: 3,
            at: at(1))
        #expect(actions == [.end("loud", isOver: false), .begin("loud", rate: 16 << 20)])
    }

    @Test func whoCannotBeHeldBackIsTriedAgainAfterAPause() {
        var holding = begun()
        holding.failed("loud", at: at(1))
        func actions(_ seconds: Double) -> [FloodHolding.Action] {
            holding.decide(held: [], quietened: ["loud"], heaviest: ["loud"], reconnects: 3, at: at(seconds))
        }
        #expect(actions(30.9) == [])
        #expect(actions(31) == [.begin("loud", rate: 16 << 20)])
    }
}
