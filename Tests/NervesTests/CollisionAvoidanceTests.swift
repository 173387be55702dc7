import NimmerCell
import NimmerGate
import NimmerWave
import Testing

@testable import CollisionAvoidanceNerve

@Suite("collision avoidance: the behaviour")
struct CollisionAvoidanceTests {
    /// A robot's ranges over time, and what the nerve did.
    private struct Drive {
        var nerve: GatedAvoidance
        var clock = 0
        var states: [CollisionAvoidance.State] = []
        var requests: [String] = []
        var reasons: [String] = []
        var waves: [Double] = []

        init(halfLife: Double = 2000) {
            var gate = GateConfiguration.reflex
            gate.halfLifeMilliseconds = halfLife
            nerve = GatedAvoidance(settings: AvoidanceSettings(), gate: gate)
        }

        mutating func look(_ ranges: [Sector: Double], times: Int = 1) {
            for _ in 0..<times {
                clock += 100
                let at = Timestamp(nanoseconds: Int64(clock) * 1_000_000)
                for sector in [Sector.back, .left, .right, .front] {
                    guard let metres = ranges[sector] else { continue }
                    let confidence = max(0, min(1, (1.5 - metres) / 1.2))
                    note(nerve.receive(Obstacle(sector, distance: metres, confidence: confidence, at: at)))
                }
            }
        }

        mutating func wait(_ milliseconds: Int) {
            clock += milliseconds
            note(nerve.advance(to: Timestamp(nanoseconds: Int64(clock) * 1_000_000)))
        }

        private mutating func note(_ actions: [CollisionAvoidance.Action]) {
            for action in actions {
                switch action {
                case .state(let change):
                    states.append(change.to)
                    reasons.append(change.reason)
                case .request(let command): requests.append(command)
                case .wave(let confidence, _): waves.append(confidence)
                }
            }
        }
    }

    private let open: [Sector: Double] = [.front: 3, .left: 2, .right: 2, .back: 2]

    @Test("an obstacle ahead is detected, evaluated, evaded to the roomier side, and resumed from")
    func wholeCycle() {
        var drive = Drive()
        drive.look(open, times: 5)
        #expect(drive.states.isEmpty)
        drive.look([.front: 0.5, .left: 0.8, .right: 1.4, .back: 2], times: 3)
        #expect(drive.states == [.detect, .evaluate, .evade])
        #expect(drive.requests == ["turn_right"])
        drive.look(open, times: 2)
        #expect(drive.states == [.detect, .evaluate, .evade, .resume, .idle])
        #expect(drive.requests == ["turn_right", "forward"])
        #expect(drive.nerve.behaviour.spent == 3.5)
    }

    @Test("walls at both sides alone wake nothing")
    func corridor() {
        var drive = Drive()
        drive.look([.front: 4, .left: 0.55, .right: 0.55, .back: 2], times: 50)
        #expect(!drive.states.contains(.evade))
        #expect(drive.requests.isEmpty)
    }

    @Test("a wall beside helps a weak front to open the gate sooner")
    func support() {
        var alone = Drive()
        var beside = Drive()
        alone.look([.front: 1.05, .left: 4, .right: 4], times: 4)
        beside.look([.front: 1.05, .left: 0.4, .right: 4], times: 4)
        #expect(alone.states.isEmpty)
        #expect(beside.states.first == .detect)
    }

    @Test("without the front sensor it enters DISABLED; it comes back with it")
    func frontMissing() {
        var drive = Drive()
        drive.wait(0)
        drive.wait(1001)
        #expect(drive.states == [.disabled])
        #expect(drive.reasons == ["the front sensor is missing"])
        drive.look([.left: 0.3, .right: 0.3], times: 5)
        #expect(drive.states == [.disabled])
        drive.look(open)
        #expect(drive.states == [.disabled, .idle])
    }

    @Test("the front sensor that fails while evading stops the motor")
    func frontLost() {
        var drive = Drive()
        drive.look([.front: 0.5, .left: 2, .right: 2], times: 3)
        drive.wait(2000)
        #expect(drive.nerve.behaviour.state == .disabled)
        #expect(drive.requests == ["turn_left", "stop"] || drive.requests == ["turn_right", "stop"])
    }

    @Test("a missing side is assumed blocked")
    func sideMissing() {
        var drive = Drive()
        drive.look([.front: 0.5, .left: 0.7], times: 3)
        #expect(drive.requests == ["turn_left"])
        #expect(drive.reasons.last?.contains("right missing, assumed blocked") == true)
        var blocked = Drive()
        blocked.look([.front: 0.5, .left: 0.3], times: 3)
        #expect(blocked.requests == ["reverse"])
    }

    @Test("blocked on all sides it goes back, and after three tries it escalates and stops")
    func escalates() {
        var drive = Drive()
        let blocked: [Sector: Double] = [.front: 0.4, .left: 0.3, .right: 0.3, .back: 2]
        drive.look(blocked, times: 60)
        #expect(drive.requests == ["reverse", "reverse", "reverse", "stop"])
        #expect(drive.nerve.behaviour.state == .escalated)
        #expect(drive.waves.last == 1)
        drive.look([.front: 0.4, .left: 1.5, .right: 0.3, .back: 2], times: 2)
        #expect(drive.requests.last == "turn_left")
        #expect(drive.nerve.behaviour.state == .evade)
    }

    @Test("with no room behind either it escalates at once")
    func boxedIn() {
        var drive = Drive()
        drive.look([.front: 0.4, .left: 0.3, .right: 0.3, .back: 0.2], times: 3)
        #expect(drive.nerve.behaviour.state == .escalated)
        #expect(drive.requests == ["stop"])
    }

    @Test("a reverse that makes room at a side ends in a turn")
    func reverseThenTurn() {
        var drive = Drive()
        drive.look([.front: 0.4, .left: 0.3, .right: 0.3, .back: 2], times: 3)
        drive.look([.front: 0.6, .left: 0.3, .right: 1.0, .back: 1], times: 16)
        #expect(drive.requests == ["reverse", "turn_right"])
    }

    @Test("one flicker ahead that the second look does not confirm costs one detection only")
    func flicker() {
        var drive = Drive(halfLife: 50)
        drive.look([.front: 0.8, .left: 4, .right: 4])
        drive.look(open, times: 3)
        #expect(drive.states == [.detect, .idle])
        #expect(drive.requests.isEmpty)
    }

    @Test("the next check is when the front would be missing or the maneuver too long")
    func nextCheck() {
        var drive = Drive()
        drive.look(open)
        #expect(drive.nerve.behaviour.nextCheck == Timestamp(nanoseconds: 1_101_000_000))
        drive.look([.front: 0.4, .left: 0.3, .right: 0.3], times: 2)
        #expect(drive.nerve.behaviour.state == .evade)
        #expect(drive.nerve.behaviour.nextCheck == Timestamp(nanoseconds: 1_301_000_000))
    }

    @Test("settings that contradict each other are refused")
    func settings() {
        var settings = AvoidanceSettings()
        settings.clear = 0.1
        #expect(throws: Refusal.self) { try settings.validated() }
        settings = AvoidanceSettings()
        settings.sideShare = 0.5
        #expect(throws: Refusal.self) { try settings.validated() }
    }

    @Test(
        "a wave without a usable distance is no obstacle",
        arguments: ["{}", #"{"distance_m":"near"}"#, #"{"distance_m":-1}"#])
    func wave(content: String) throws {
        let cell = try Token("distance-front")
        let wave = HeardWave(
            cell: cell, region: Region(cell), confidence: 0.5, content: try JSON(parsing: content),
            at: Timestamp(nanoseconds: 0))
        #expect(Obstacle(wave, sector: .front) == nil)
    }
}
