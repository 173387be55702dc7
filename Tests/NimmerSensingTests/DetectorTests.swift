import NimmerSensing
import NimmerWave
import Testing

/// sensing.md: from readings to confidence.
@Suite("Detector")
struct DetectorTests {
    /// Normal noise from a seed, so that a failure repeats.
    struct Noise {
        var state: UInt64

        mutating func uniform() -> Double {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return Double((z ^ (z >> 31)) >> 11) / Double(1 << 53)
        }

        /// Mean 0, standard deviation 1.
        mutating func next() -> Double {
            (0..<12).reduce(-6.0) { sum, _ in sum + uniform() }
        }
    }

    func see(_ detector: inout Detector, _ value: Double) throws -> Observation {
        let seen = detector.observe(value)
        return try #require(seen)
    }

    /// A detector that has learned noise around a level.
    func learned(seed: UInt64, level: Double = 10, noise: Double = 1) -> (Detector, Noise) {
        var source = Noise(state: seed)
        var detector = Detector()
        while detector.isLearning { _ = detector.observe(level + noise * source.next()) }
        return (detector, source)
    }

    @Test("a lasting shift of the level becomes certainty, whatever the unit", arguments: [1e-6, 1.0, 1e9])
    func levelShift(scale: Double) throws {
        var (detector, noise) = learned(seed: 7, level: 10 * scale, noise: scale)
        var heaviest = try see(&detector, 10 * scale)
        for _ in 0..<60 {
            let seen = try see(&detector, (15 + noise.next()) * scale)
            if seen.times > heaviest.times { heaviest = seen }
        }
        #expect(heaviest.confidence > 0.9)
        #expect(heaviest.view == .level)
        #expect(heaviest.isAbove)
    }

    @Test("noise that grows is seen by the spread view")
    func spreadShift() throws {
        var (detector, noise) = learned(seed: 3)
        var heaviest = try see(&detector, (10))
        for _ in 0..<60 {
            let seen = try see(&detector, (10 + 12 * noise.next()))
            if seen.times > heaviest.times { heaviest = seen }
        }
        #expect(heaviest.confidence > 0.5)
        #expect(heaviest.view == .spread)
        #expect(heaviest.spread > 3 * heaviest.normalSpread)
    }

    @Test("one spike, however large, does not speak for a change of the level")
    func oneSpike() throws {
        var (detector, noise) = learned(seed: 11)
        let before = try see(&detector, (10))
        let spike = try see(&detector, (1e6))
        var after = try see(&detector, (10 + noise.next()))
        #expect(before.confidence < 0.2)
        #expect(spike.view == .spread || spike.confidence < 0.2)
        for _ in 0..<100 { after = try see(&detector, (10 + noise.next())) }
        #expect(after.confidence < 0.2)
    }

    @Test("what was learned as normal stays quiet", arguments: UInt64(1)...20)
    func quiet(seed: UInt64) {
        var (detector, noise) = learned(seed: seed)
        var loud = 0
        for _ in 0..<2000 where (detector.observe(10 + noise.next())?.confidence ?? 1) >= 0.5 { loud += 1 }
        #expect(loud == 0)
    }

    @Test("a drift that is slow enough becomes normal")
    func drift() {
        var (detector, noise) = learned(seed: 5)
        var level = 10.0
        var loud = 0
        for _ in 0..<5000 {
            level += 0.002
            if (detector.observe(level + noise.next())?.confidence ?? 1) >= 0.5 { loud += 1 }
        }
        #expect(loud == 0)
    }

    @Test("while it learns too little to judge, it is silent")
    func silentAtFirst() {
        var detector = Detector()
        var noise = Noise(state: 1)
        for index in 0..<100 {
            let value = index < 80 ? noise.next() : 50 + noise.next()
            let seen = detector.observe(value)
            #expect(seen?.confidence == 0)
        }
    }

    @Test("what is no finite number changes nothing, and is counted")
    func refused() {
        var (detector, _) = learned(seed: 2)
        var twin = detector
        for value in [Double.nan, .infinity, -.infinity, 1e300] {
            let seen = detector.observe(value)
            #expect(seen == nil)
        }
        #expect(detector.refused == 4)
        #expect(detector.samples == twin.samples)
        let (one, other) = (detector.observe(10.5), twin.observe(10.5))
        #expect(one == other)
    }

    @Test("a sensor that never moved is noticed when it does, and nothing overflows")
    func constant() throws {
        var detector = Detector()
        for _ in 0..<400 { _ = detector.observe(32) }
        var best = 0.0
        for _ in 0..<30 { best = max(best, try see(&detector, (33)).confidence) }
        #expect(best > 0.9)
        #expect(best <= 1)
    }

    @Test("every result is finite, for any input")
    func finite() throws {
        var noise = Noise(state: 99)
        for round in 0..<20 {
            var settings = DetectorSettings()
            settings.learningSamples = 20 + round
            try settings.validate()
            var detector = Detector(settings)
            for _ in 0..<300 {
                let value = noise.next() * exp10(Int(saturating: noise.uniform() * 200) - 60)
                let seen = try see(&detector, (value))
                #expect((0...1).contains(seen.confidence))
                #expect(seen.times.isFinite && seen.normal.isFinite && seen.spread.isFinite)
            }
        }
    }

    private func exp10(_ exponent: Int) -> Double {
        (0..<abs(exponent)).reduce(1) { value, _ in exponent < 0 ? value / 10 : value * 10 }
    }

    @Test("a setting outside its range is named")
    func validation() {
        var settings = DetectorSettings()
        settings.learningSamples = 5
        #expect(throws: Refusal.self) { try settings.validate() }
        settings = DetectorSettings()
        settings.leak = 1.5
        let error = #expect(throws: Refusal.self) { try settings.validate() }
        #expect(error?.field == "leak")
    }
}
