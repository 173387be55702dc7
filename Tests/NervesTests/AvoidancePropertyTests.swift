import NimmerCell
import Seeds
import Testing

@testable import CollisionAvoidanceNerve

@Suite("collision avoidance: whatever happens")
struct AvoidancePropertyTests {
    /// What the documentation of each state allows; any state can become DISABLED.
    private let allowed: [CollisionAvoidance.State: Set<CollisionAvoidance.State>] = [
        .disabled: [.idle], .idle: [.detect, .disabled], .detect: [.evaluate, .idle, .disabled],
        .evaluate: [.evade, .resume, .escalated, .evaluate], .evade: [.resume, .evaluate, .disabled],
        .resume: [.idle, .detect, .disabled], .escalated: [.evaluate, .disabled],
    ]

    @Test(
        "states follow each other as documented, lifeforce adds up, and a turn goes where there is room",
        arguments: 0..<40)
    func walks(seed: Int) {
        var random = Seeded(UInt64(seed))
        var nerve = GatedAvoidance(settings: AvoidanceSettings())
        var last = CollisionAvoidance.State.idle
        var spent = 0.0
        var clock = 0
        var ranges: [Sector: Double] = [.front: 2, .left: 2, .right: 2, .back: 2]
        for _ in 0..<2000 {
            clock += Int.random(in: 1...400, using: &random)
            let at = Timestamp(nanoseconds: Int64(clock) * 1_000_000)
            let sector = Sector.allCases.randomElement(using: &random) ?? .front
            let metres = max(0.05, min(4, (ranges[sector] ?? 2) + Double.random(in: -0.6...0.6, using: &random)))
            ranges[sector] = metres
            var actions = nerve.advance(to: at)
            if Int.random(in: 0..<40, using: &random) == 0 { clock += 1500 }
            actions += nerve.receive(
                Obstacle(sector, distance: metres, confidence: max(0, min(1, (1.5 - metres) / 1.2)), at: at))
            for case .state(let change) in actions {
                #expect(change.from == last)
                #expect(allowed[last]?.contains(change.to) == true, "\(last) to \(change.to)")
                last = change.to
                spent += change.to.cost
                if change.to == .evade, let way = change.details["maneuver"]?.string, way != "reverse" {
                    let side = way == "turn_left" ? "left_m" : "right_m"
                    #expect((change.details[side]?.double ?? 0) >= 0.6)
                }
            }
            #expect((nerve.behaviour.maneuver != nil) == (nerve.behaviour.state == .evade))
        }
        #expect(abs(nerve.behaviour.spent - spent) < 1e-9)
        #expect(spent > 0)
    }
}
