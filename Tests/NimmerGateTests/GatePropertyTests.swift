import Glibc
import NimmerGate
import NimmerWave
import Seeds
import Testing

/// What must hold of every gate, whatever it is tuned to and whatever comes in (gates.md).
@Suite struct GatePropertyTests {
    static let seeds = Array(UInt64(1)...100)

    static func configuration(_ source: inout Seeded, earned: Bool) throws -> GateConfiguration {
        var configuration = GateConfiguration()
        try configuration.set("window_ms", Double.random(in: 10...5000, using: &source))
        try configuration.set("half_life_ms", Double.random(in: 10...10_000, using: &source))
        try configuration.set("open_threshold", Double.random(in: 0.05...1, using: &source))
        try configuration.set("close_threshold", -Double.random(in: 0.05...1, using: &source))
        try configuration.set("release_fraction", Double.random(in: 0.05...1, using: &source))
        try configuration.set("reflex_weight", Double.random(in: 0.3...0.95, using: &source))
        try configuration.set(
            "weight", Double.random(in: 0...(earned ? 1 : configuration.reflexWeight), using: &source))
        try configuration.set("floor", Double.random(in: 0...0.5, using: &source))
        try configuration.set("max_origins", Double(Int.random(in: 1...12, using: &source)))
        return configuration
    }

    struct Wave {
        var evidence: Evidence
        var vector: [Double]
    }

    static func waves(_ source: inout Seeded, count: Int, origins: Int32) -> [Wave] {
        var at = 1_600_000_000_000.0
        return (0..<count).map { _ in
            at +=
                source.chance(0.1)
                ? -Double.random(in: 0...3000, using: &source) : pow(10, Double.random(in: -3...4, using: &source))
            let vector = source.chance(0.2) ? (0..<3).map { _ in Double.random(in: -1...1, using: &source) } : []
            return Wave(
                evidence: Evidence(
                    origin: Int32.random(in: 0..<origins, using: &source),
                    region: Int32.random(in: 0..<2, using: &source),
                    polarity: source.chance(0.3) ? -1 : 1, confidence: Double.random(in: 0...1, using: &source),
                    at: Timestamp(milliseconds: at)),
                vector: vector)
        }
    }

    @Test(arguments: seeds)
    func oneOriginNeverOpensAnUnearnedGate(seed: UInt64) throws {
        var source = Seeded(seed)
        var gate = Gate(try Self.configuration(&source, earned: false))
        var transitions: ContiguousArray<Transition> = []
        for wave in Self.waves(&source, count: 500, origins: 1) {
            _ = gate.receive(wave.evidence, vector: wave.vector, into: &transitions)
            #expect(gate.potential == 0)
        }
        #expect(transitions.isEmpty)
    }

    @Test(arguments: seeds)
    func potentialsStayInBoundsAndStatesAreNeighbours(seed: UInt64) throws {
        var source = Seeded(seed)
        let configuration = try Self.configuration(&source, earned: true)
        var gate = Gate(configuration)
        var transitions: ContiguousArray<Transition> = []
        for wave in Self.waves(&source, count: 500, origins: 20) {
            _ = gate.receive(wave.evidence, vector: wave.vector, into: &transitions)
            #expect((-1...1).contains(gate.potential))
            #expect(gate.witnesses.count <= configuration.maximumOrigins)
            #expect(Set(gate.witnesses.map(\.origin)).count == gate.witnesses.count)
        }
        var state = GateState.stable
        var at = Timestamp(nanoseconds: .min)
        for transition in transitions {
            #expect(transition.from == state)
            #expect(abs(transition.to.rawValue - transition.from.rawValue) == 1)
            #expect(transition.at >= at)
            #expect((-1...1).contains(transition.potential))
            (state, at) = (transition.to, transition.at)
        }
        #expect(state == gate.state)
    }

    @Test(arguments: seeds)
    func pushesAndDecayAddUpToThePotential(seed: UInt64) throws {
        var source = Seeded(seed)
        let configuration = try Self.configuration(&source, earned: true)
        var gate = Gate(configuration)
        var transitions: ContiguousArray<Transition> = []
        var sum = 0.0
        var time: Timestamp?
        for wave in Self.waves(&source, count: 300, origins: 6) {
            guard gate.receive(wave.evidence, vector: wave.vector, into: &transitions) == .resonated else { continue }
            let told = gate.last
            if let time { sum *= exp2(-told.at.milliseconds(since: time) / configuration.halfLifeMilliseconds) }
            #expect(abs(told.before - sum) < 1e-9)
            sum += told.push
            #expect(abs(told.after - sum) < 1e-9)
            #expect(told.after == gate.potential)
            let raw = told.gain * told.confidence * told.support * told.novelty
            let isLifted = gate.isReflex && told.polarity > 0
            let lifted = isLifted ? max(told.before, told.confidence) : told.before
            #expect(abs(told.after - min(1, max(-1, lifted + raw))) < 1e-9)
            #expect((-1...1).contains(told.support) && (0...1).contains(told.novelty) && told.gain >= 1)
            time = told.at
        }
    }

    @Test(arguments: seeds)
    func talkingFasterAddsNothing(seed: UInt64) throws {
        var source = Seeded(seed)
        var configuration = GateConfiguration()
        try configuration.set("window_ms", 1000)
        // So long that nothing decays: what is left is what the waves add.
        try configuration.set("half_life_ms", 1e9)
        try configuration.set("weight", Double.random(in: 0...0.8, using: &source))
        let confidence = Double.random(in: 0.2...0.4, using: &source)
        /// The potential after a second in which one of two witnesses repeats itself, evenly.
        func reached(waves: Int) -> Double {
            var gate = Gate(configuration)
            var transitions: ContiguousArray<Transition> = []
            func emit(_ origin: Int32, _ confidence: Double, _ at: Double) {
                let wave = Evidence(origin: origin, region: 0, confidence: confidence, at: Timestamp(milliseconds: at))
                _ = gate.receive(wave, into: &transitions)
            }
            emit(0, 0.2, 0)
            emit(1, confidence, 0)
            let first = gate.potential
            for index in 1...waves { emit(1, confidence, 500 * Double(index) / Double(waves)) }
            return gate.potential - first
        }
        let slow = reached(waves: 1)
        for waves in [2, 10, 100, 1000] { #expect(abs(reached(waves: waves) - slow) < 1e-6) }
    }

    @Test(arguments: seeds)
    func lookingOftenerChangesNothing(seed: UInt64) throws {
        var source = Seeded(seed)
        let configuration = try Self.configuration(&source, earned: true)
        var gate = Gate(configuration)
        var watched = gate
        var transitions: ContiguousArray<Transition> = []
        var watchedTransitions: ContiguousArray<Transition> = []
        for wave in Self.waves(&source, count: 200, origins: 5) {
            if let release = watched.nextRelease, release < wave.evidence.at {
                watched.advance(to: release, into: &watchedTransitions)
                watched.advance(to: Timestamp(nanoseconds: release.nanoseconds + 1), into: &watchedTransitions)
            }
            let verdict = gate.receive(wave.evidence, vector: wave.vector, into: &transitions)
            #expect(watched.receive(wave.evidence, vector: wave.vector, into: &watchedTransitions) == verdict)
            #expect(abs(watched.potential - gate.potential) < 1e-9)
        }
        #expect(watchedTransitions.count == transitions.count)
        for (one, other) in zip(transitions, watchedTransitions) {
            #expect(one.from == other.from && one.to == other.to)
            #expect(abs(one.at.milliseconds(since: other.at)) <= 1e-5)
        }
    }

    @Test(arguments: seeds)
    func aResumedGateGoesOnAsIfNothingHadHappened(seed: UInt64) throws {
        var source = Seeded(seed)
        let configuration = try Self.configuration(&source, earned: true)
        var gate = Gate(configuration)
        var transitions: ContiguousArray<Transition> = []
        for wave in Self.waves(&source, count: 300, origins: 5) {
            transitions.removeAll()
            _ = gate.receive(wave.evidence, vector: wave.vector, into: &transitions)
            guard let last = transitions.last, last.at == gate.time, last.potential == gate.potential else { continue }
            var resumed = Gate(
                configuration, resuming: last.to, potential: last.potential, weight: gate.weight, at: last.at)
            var twin = gate
            let later = wave.evidence.at.advanced(milliseconds: 60_000)
            var releases: ContiguousArray<Transition> = []
            var twinReleases: ContiguousArray<Transition> = []
            resumed.advance(to: later, into: &releases)
            twin.advance(to: later, into: &twinReleases)
            #expect(abs(resumed.potential - twin.potential) < 1e-9)
            #expect(resumed.state == twin.state)
            #expect(releases.map(\.to) == twinReleases.map(\.to))
            for (one, other) in zip(releases, twinReleases) {
                #expect(abs(one.at.milliseconds(since: other.at)) <= 1e-3)
            }
        }
    }

    @Test func learningEarnsSlowlyLosesFastAndStaysInBounds() {
        var gate = Gate()
        for _ in 0..<100 { gate.learn(.confirmed) }
        #expect(gate.weight == 1)
        #expect(gate.isReflex)
        for _ in 0..<4 { gate.learn(.failed) }
        #expect(gate.isReflex == (gate.weight > 0.8))
        gate.learn(.partial)
        let before = gate.weight
        gate.learn(.partial)
        #expect(gate.weight == before)
        gate.learn(.failed)
        #expect(!gate.isReflex)
        for _ in 0..<100 { gate.learn(.failed) }
        #expect(gate.weight == 0)
    }

    @Test func theAmplifiedConfidenceIsThatOfTheDocument() {
        let both = amplifiedConfidence([(confidence: 0.6, similarity: 1), (confidence: 0.5, similarity: 1)])
        #expect(abs(both - 0.8) < 1e-12)
        #expect(amplifiedConfidence([(confidence: 0.6, similarity: -1)]) == 0)
    }

    @Test func theLongestTimesThereAreTrapNothing() throws {
        for (first, second) in [(-9e12, 9e12), (9e12, -9e12), (0, 9e12)] {
            var configuration = GateConfiguration()
            try configuration.set("half_life_ms", 1e12)
            try configuration.set("window_ms", 1e12)
            try configuration.set("release_fraction", 1e-300)
            var gate = Gate(configuration)
            var transitions: ContiguousArray<Transition> = []
            for (origin, at) in [(Int32(0), first), (1, first), (0, second), (1, second)] {
                let wave = Evidence(origin: origin, region: 0, confidence: 1, at: Timestamp(milliseconds: at))
                _ = gate.receive(wave, into: &transitions)
                #expect((-1...1).contains(gate.potential))
            }
            #expect(gate.state == .open)
            #expect(gate.nextRelease != nil)
        }
    }

    @Test(arguments: [
        ("window_ms", 0.0), ("half_life_ms", -1), ("open_threshold", 0), ("open_threshold", 1.1),
        ("close_threshold", 0.1),
        ("release_fraction", 0), ("weight", 2), ("reflex_weight", 1), ("floor", -0.1), ("max_origins", 1.5),
        ("max_origins", 0), ("window_ms", .nan), ("half_life_ms", .infinity), ("half_live_ms", 1),
    ])
    func aWrongSettingIsNamed(key: String, value: Double) {
        var configuration = GateConfiguration()
        let error = #expect(throws: GateError.self) { try configuration.set(key, value) }
        #expect(error?.message.contains(key) == true)
    }
}
