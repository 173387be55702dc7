import Glibc
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

    /// Samples after learning until its rate has fallen to that of habituation.
    static let settling = 80

    /// A detector that has learned noise around a level.
    func learned(seed: UInt64, level: Double = 10, noise: Double = 1) -> (Detector, Noise) {
        var source = Noise(state: seed)
        var detector = Detector()
        for _ in 0..<400 + Self.settling { _ = detector.observe(level + noise * source.next()) }
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

    @Test("one bad row speaks for nothing in any view, however large", arguments: UInt64(1)...20)
    func oneSpike(seed: UInt64) throws {
        for size in [8.0, 30, 1e6, -1e6] {
            var (detector, noise) = learned(seed: seed)
            for _ in 0..<50 { _ = detector.observe(10 + noise.next()) }
            var greatest = try see(&detector, 10 + size).confidence
            for _ in 0..<100 { greatest = max(greatest, try see(&detector, 10 + noise.next()).confidence) }
            #expect(greatest < 0.2, "\(size)")
        }
    }

    @Test("two bad rows one after the other may speak, as the sensor's page states", arguments: UInt64(1)...5)
    func twoSpikes(seed: UInt64) throws {
        var (detector, noise) = learned(seed: seed)
        for _ in 0..<50 { _ = detector.observe(10 + noise.next()) }
        var greatest = 0.0
        for value in [1e3, 1e3] { greatest = max(greatest, try see(&detector, value).confidence) }
        for _ in 0..<50 { greatest = max(greatest, try see(&detector, 10 + noise.next()).confidence) }
        #expect(greatest > 0.2)
    }

    @Test("rows that spike again and again are noise that has grown")
    func spikes() throws {
        var (detector, noise) = learned(seed: 4)
        var greatest = try see(&detector, 10)
        for index in 0..<100 {
            let seen = try see(&detector, 10 + noise.next() + (index % 4 == 0 ? 30 : 0))
            if seen.confidence > greatest.confidence { greatest = seen }
        }
        #expect(greatest.confidence > 0.9)
    }

    @Test("a step far beyond the clip is as loud as it is large")
    func leap() throws {
        // A slow wave: its deviation is far beyond its noise, so that a clipped residual says little.
        var noise = Noise(state: 21)
        var detector = Detector()
        var angle = 0.0
        func next(_ offset: Double) -> Double {
            angle += 0.02
            return 10 + offset + 10 * sin(angle) + noise.next()
        }
        for _ in 0..<400 + Self.settling { _ = detector.observe(next(0)) }
        var loudest = try see(&detector, next(0))
        for _ in 0..<6 {
            let seen = try see(&detector, next(150))
            if seen.times > loudest.times { loudest = seen }
        }
        #expect(loudest.view == .leap)
        #expect(loudest.confidence > 0.9)
        #expect(loudest.isAbove)
        #expect(loudest.times > 5)
    }

    @Test("coming home is no surprise", arguments: UInt64(1)...10)
    func comingHome(seed: UInt64) throws {
        func greatest(_ settings: DetectorSettings) throws -> (away: Double, home: Double) {
            var noise = Noise(state: seed)
            var detector = Detector(settings)
            for _ in 0..<400 + Self.settling { _ = detector.observe(10 + noise.next()) }
            var (away, home) = (0.0, 0.0)
            for _ in 0..<150 { away = max(away, try see(&detector, 15 + noise.next()).confidence) }
            for _ in 0..<200 {
                // What is left of the sum above is no new surprise.
                let seen = try see(&detector, 10 + noise.next())
                if seen.view != .spread, !seen.isAbove { home = max(home, seen.confidence) }
            }
            return (away, home)
        }
        var settings = DetectorSettings()
        settings.habituation = 0
        let found = try greatest(settings)
        #expect(found.away > 0.9)
        #expect(found.home < 0.2)
        settings.returnsHome = false
        let without = try greatest(settings)
        #expect(without.home > 0.9)
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
