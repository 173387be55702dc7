import Glibc
import NimmerGate
import NimmerWave
import Seeds
import Testing

/// Earned trust of one gate beyond its golden vectors (trust.md).
@Suite("Earned trust of a gate") struct EarnedTrustTests {
    private static func configuration(_ tune: (inout GateConfiguration) -> Void = { _ in }) -> GateConfiguration {
        var configuration = GateConfiguration()
        configuration.trust = .earned
        (configuration.windowMilliseconds, configuration.halfLifeMilliseconds) = (30_000, 15_000)
        (configuration.openThreshold, configuration.weight, configuration.reflexWeight) = (0.9, 0.5, 0.7)
        tune(&configuration)
        return configuration
    }

    private struct Room {
        var gate: Gate
        var transitions: ContiguousArray<Transition> = []
        private var named = 0

        init(_ configuration: GateConfiguration) { gate = Gate(configuration) }
        init(_ gate: Gate) { self.gate = gate }

        static func id(_ number: Int) -> MessageID { .named("opening \(number)") }

        /// The number of the opening that the wave brought about.
        @discardableResult
        mutating func wave(
            _ origin: Int32, _ confidence: Double, at milliseconds: Double, polarity: Int8 = 1
        ) -> Int? {
            let known = transitions.count
            _ = gate.receive(
                Evidence(
                    origin: origin, region: 0, polarity: polarity, confidence: confidence,
                    at: Timestamp(milliseconds: milliseconds)), into: &transitions)
            guard transitions[known...].contains(where: { $0.to == .open }) else { return nil }
            gate.nameOpening(Self.id(named))
            named += 1
            return named - 1
        }

        /// A lone voice that lasts; true where it opened the gate.
        mutating func run(_ origin: Int32, from start: Double, for seconds: Int) -> Int? {
            var opening: Int?
            for second in 0...seconds {
                opening = wave(origin, 0.95, at: start + Double(second) * 1000) ?? opening
            }
            return opening
        }
    }

    @Test("an opening needs as many asserting origins as the quorum asks for, also a reflex and a hearing")
    func quorum() throws {
        var room = Room(Self.configuration { $0.quorum = 2 })
        room.gate.set(0, confirmed: 8, failed: 0)
        #expect(room.gate.trust(in: 0) > 0.9)
        #expect(room.wave(0, 0.99, at: 0) == nil)
        #expect(room.gate.potential < 0.9 && room.gate.potential > 0.89)
        #expect(room.run(1, from: 100_000, for: 20) == nil, "no hearing for one")
        // A denial is no second witness; an assertion is.
        room.wave(0, 0.99, at: 300_000)
        #expect(room.wave(2, 0.9, at: 300_100, polarity: -1) == nil)
        room.wave(0, 0.99, at: 400_000)
        #expect(room.wave(3, 0.9, at: 400_100) != nil)
    }

    @Test("the quorum binds a declared reflex, too")
    func declaredQuorum() {
        var room = Room(
            Self.configuration { configuration in
                (configuration.trust, configuration.weight, configuration.quorum) = (.declared, 0.9, 3)
            })
        #expect(room.wave(0, 0.99, at: 0) == nil)
        #expect(room.wave(1, 0.99, at: 100) == nil)
        #expect(room.wave(2, 0.99, at: 200) != nil)
    }

    @Test("without hearings a lone voice that nothing is known of never opens", arguments: GatePropertyTests.seeds)
    func untriedAlone(seed: UInt64) throws {
        var source = Seeded(seed)
        var configuration = try GatePropertyTests.configuration(&source, earned: true)
        configuration.trust = .earned
        configuration.hearingMilliseconds = 0
        configuration.weight = Double.random(in: 0..<configuration.reflexWeight, using: &source)
        guard !configuration.opensUntried else { return }
        var gate = Gate(configuration)
        var transitions: ContiguousArray<Transition> = []
        for wave in GatePropertyTests.waves(&source, count: 300, origins: 1) {
            _ = gate.receive(wave.evidence, into: &transitions)
            #expect(gate.potential <= configuration.weight / configuration.reflexWeight + 1e-12)
        }
        #expect(!transitions.contains { $0.to == .open })
    }

    @Test("trust, voice, gain and potential stay within their bounds", arguments: GatePropertyTests.seeds)
    func bounds(seed: UInt64) throws {
        var source = Seeded(seed)
        var configuration = try GatePropertyTests.configuration(&source, earned: true)
        configuration.trust = .earned
        configuration.priorOutcomes = Double.random(in: 0.25...10, using: &source)
        configuration.failedWeight = Double.random(in: 0.25...10, using: &source)
        configuration.trustMemory = Double.random(in: 2...20, using: &source)
        var room = Room(configuration)
        var openings: [Int] = []
        for wave in GatePropertyTests.waves(&source, count: 400, origins: 60) {
            let at = wave.evidence.at.milliseconds
            if let opening = room.wave(
                wave.evidence.origin, wave.evidence.confidence, at: at, polarity: wave.evidence.polarity)
            {
                openings.append(opening)
            }
            if source.chance(0.3), let opening = openings.popLast() {
                let result = source.chance(0.5) ? VerificationResult.confirmed : .failed
                let before = room.gate.potential
                room.gate.learn(result, of: Room.id(opening))
                #expect(room.gate.potential == before, "an outcome never moves the potential")
                #expect(room.gate.learn(result, of: Room.id(opening)) == nil, "the first outcome counts")
            }
            let last = room.gate.last
            #expect((0...1).contains(last.trust) && (0...1).contains(last.voice))
            #expect(last.gain >= 1 && last.gain <= 1 / (1 - configuration.reflexWeight) + 1e-9)
            #expect((-1...1).contains(room.gate.potential) && last.lift >= 0)
            #expect(abs(last.before + last.push - last.after) < 1e-12)
            #expect(room.gate.records.count <= min(4 * configuration.maximumOrigins, 256))
            #expect(room.gate.records.allSatisfy { $0.outcomes <= configuration.trustMemory + 1e-9 })
            #expect(room.gate.undecided.count <= 64)
        }
    }

    @Test("a liar whose every hearing fails is heard as often as the logarithm of its runs")
    func liar() throws {
        var room = Room(Self.configuration { $0.trustMemory = 1000 })
        var heard = 0
        for run in 0..<64 {
            guard let opening = room.run(0, from: Double(run) * 300_000, for: 20) else { continue }
            heard += 1
            room.gate.learn(.failed, of: Room.id(opening))
        }
        #expect(heard == 6, "at its runs 1, 3, 7, 15, 31 and 63")
    }

    @Test("of more origins than there is room for, the one without outcomes that is silent longest is forgotten")
    func eviction() {
        var room = Room(Self.configuration { $0.maximumOrigins = 1 })
        for origin in 0..<4 { room.wave(Int32(origin), 0.5, at: Double(origin) * 100_000) }
        room.gate.set(0, confirmed: 1, failed: 0)
        room.wave(9, 0.5, at: 900_000)
        #expect(Set(room.gate.records.map(\.origin)) == [0, 2, 3, 9])
    }

    @Test("an opening that was held back leaves no trace: its hearing is granted at the next occasion")
    func heldBack() throws {
        var gate = Gate(Self.configuration())
        var transitions: ContiguousArray<Transition> = []
        for second in 0...15 {
            _ = gate.receive(
                Evidence(origin: 0, region: 0, confidence: 0.95, at: Timestamp(milliseconds: Double(second) * 1000)),
                into: &transitions)
        }
        #expect(gate.state == .open && gate.undecided.count == 1)
        gate.holdBack()
        var room = Room(gate)
        #expect(room.gate.state == .stable && room.gate.undecided.isEmpty)
        #expect(room.run(0, from: 600_000, for: 20) != nil)
    }

    @Test("a gate that earns keeps what it has learned when it continues from a transition")
    func resumes() {
        var room = Room(Self.configuration())
        room.gate.set(3, confirmed: 2, failed: 1)
        let resumed = Gate(
            Self.configuration(), resuming: .stable, potential: 0.4, weight: 0.5, at: Timestamp(milliseconds: 5))
        room.gate.resume(from: resumed)
        #expect(room.gate.potential == 0.4 && room.gate.records.first?.confirmed == 2)
    }

    @Test("the time to a hearing is bounded by 100 windows: refused where the window is fixed, else as many as it has")
    func longHearing() throws {
        func test(_ config: String) throws -> GateCase {
            try GateCase(JSON(parsing: Array("{\"config\": {\(config)}, \"events\": []}".utf8)))
        }
        #expect(throws: GateError.self) { try test("\"window_ms\": 1000, \"hearing_ms\": 100001") }
        #expect(throws: GateError.self) { try test("\"hearing_ms\": 100001, \"window_ms\": 1000") }
        _ = try test("\"window_ms\": 1000, \"hearing_ms\": 100000")
        var configuration = GateConfiguration()
        (configuration.trust, configuration.hearingMilliseconds) = (.earned, 1e14)
        (configuration.openThreshold, configuration.weight) = (0.9, 0.5)
        let gate = try test("\"hearing_ms\": 1e14").configuration
        #expect(gate.hearingMilliseconds == 1e14, "its window follows the members")
        var room = Room(configuration)
        #expect(room.run(0, from: 0, for: 149) == nil)
        #expect(room.run(0, from: 150_000, for: 1) != nil, "after 100 of its windows of 1.5 s")
    }
}
