import Glibc
import NimmerSensing
import Testing

/// What sensors of any plant bring: constants, switches, counters, transients, pauses (sensing.md).
extension DetectorTests {
    @Test("a constant signal's first step shows how finely it moves, and is silent; a greater one is noticed")
    func constant() throws {
        for (value, step) in [(32.0, 1.0), (21.5, 0.1), (0, 1), (-4, 3)] {
            var detector = Detector()
            for _ in 0..<400 { _ = detector.observe(value) }
            var best = 0.0
            for _ in 0..<100 { best = max(best, try see(&detector, value + step).confidence) }
            #expect(best < 0.2, "\(value)")
            for _ in 0..<30 { best = max(best, try see(&detector, value + 40 * step).confidence) }
            #expect(best > 0.9, "\(value)")
        }
    }

    @Test("a constant signal that leaves by more than its own size is noticed")
    func constantLeaves() throws {
        var detector = Detector()
        for _ in 0..<400 { _ = detector.observe(20) }
        var best = 0.0
        for _ in 0..<100 { best = max(best, try see(&detector, 1e6).confidence) }
        #expect(best > 0.9)
    }

    @Test("a switch that was used in one part of learning only is at rest, and its next use is silent")
    func usedOnce() throws {
        var detector = Detector()
        var greatest = 0.0
        for index in 0..<1000 {
            let isOn = (150..<200).contains(index % 450) && index % 5 < 2
            let seen = try see(&detector, isOn ? 1 : 0)
            if index >= 400 { greatest = max(greatest, seen.confidence) }
        }
        #expect(greatest < 0.2)
        #expect(detector.relearned <= 1)
    }

    @Test("a switch that is used seldom is not learned again and again")
    func seldom() throws {
        var detector = Detector()
        var noise = Noise(state: 3)
        var (isOn, loud) = (false, 0)
        for _ in 0..<40_000 {
            if noise.uniform() < 0.006 { isOn.toggle() }
            if try see(&detector, isOn ? 1 : 0).confidence >= 0.2 { loud += 1 }
        }
        #expect(detector.relearned <= 1, "\(detector.relearned)")
        #expect(loud < 200, "\(loud)")
    }

    @Test("at least half of what it learns from are samples")
    func sparse() {
        var detector = Detector()
        for _ in 0..<190 { _ = detector.observe(10, missing: 9) }
        #expect(detector.isLearning)
        for _ in 0..<20 { _ = detector.observe(10, missing: 9) }
        #expect(!detector.isLearning)
    }

    @Test("the time of missing samples lets the sums leak")
    func leak() throws {
        func later(missing: Int) throws -> Double {
            var (detector, noise) = learned(seed: 5)
            for _ in 0..<12 { _ = detector.observe(16 + noise.next()) }
            let seen = detector.observe(10, missing: missing)
            return try #require(seen).times
        }
        #expect(try later(missing: 20) < later(missing: 0) / 2)
    }

    @Test("what a wave calls normal is what the value is compared with")
    func normal() throws {
        var (detector, noise) = learned(seed: 14)
        for _ in 0..<150 { _ = detector.observe(15 + noise.next()) }
        for _ in 0..<100 {
            let seen = try see(&detector, 10 + noise.next())
            #expect(seen.view != .leap || (seen.value > seen.normal) == seen.isAbove)
            // The nearer of its baseline, which has followed the step, and its home.
            #expect(abs(seen.value - seen.normal) < abs(seen.value - 10) + 1)
        }
    }

    @Test("a step right after learning is noticed", arguments: [1, 5, 10, 20, 40])
    func stepAfterLearning(after count: Int) throws {
        for seed in UInt64(1)...10 {
            var noise = Noise(state: seed)
            var detector = Detector()
            for _ in 0..<400 + count { _ = detector.observe(10 + noise.next()) }
            var best = 0.0
            for _ in 0..<60 { best = max(best, try see(&detector, 20 + noise.next()).confidence) }
            #expect(best > 0.8, "seed \(seed)")
        }
    }

    /// A unit does not grow while it is certain, and takes one step when that is over (sensing.md, Units).
    @Test("the same fault is heard again, however long it lasts", arguments: [20, 40, 100, 150, 200])
    func faultAgain(lasting: Int) throws {
        var certain = 0
        for seed in UInt64(1)...10 {
            var (detector, noise) = learned(seed: seed)
            var best = 0.0
            for _ in 0..<2 {
                best = 0
                for _ in 0..<lasting { best = max(best, try see(&detector, 20 + noise.next()).confidence) }
                for _ in 0..<2500 { _ = detector.observe(10 + noise.next()) }
                #expect(best > 0.4, "seed \(seed)")
            }
            if best > 0.8 { certain += 1 }
            #expect(detector.relearned == 0)
        }
        #expect(certain >= 8, "the second time, of 10")
    }

    @Test("a cell that learned from few samples is not surer than they allow", arguments: [20, 30, 40, 60])
    func fewSamples(learning: Int) throws {
        var settings = DetectorSettings()
        settings.learningSamples = learning
        var (surprises, caught) = (0, 0)
        for seed in UInt64(1)...40 {
            var (detector, noise) = (Detector(settings), Noise(state: seed))
            var isLoud = false
            for _ in 0..<250 {
                let confidence = try see(&detector, noise.next()).confidence
                if confidence >= 0.5, !isLoud { surprises += 1 }
                isLoud = confidence >= (isLoud ? 0.2 : 0.5)
            }
            var best = 0.0
            for _ in 0..<40 { best = max(best, try see(&detector, 8 + noise.next()).confidence) }
            if best >= 0.5 { caught += 1 }
        }
        // 10,000 samples of noise.
        #expect(surprises <= 10 && caught >= 38, "\(surprises) surprises, \(caught) of 40 steps")
    }

    @Test("a pause in a smooth signal is no noise")
    func pause() throws {
        var noise = Noise(state: 2)
        var (detector, greatest) = (Detector(), 0.0)
        for hour in 0..<3000 {
            // Every tenth day some hours are missing.
            let missing = hour % 240 > 0 && hour % 240 <= 5 && hour > 480
            let value = 20 + 5 * sin(Double(hour) * 2 * .pi / 24) + 0.2 * noise.next()
            guard !missing else { continue }
            let seen = detector.observe(value, missing: hour > 480 && hour % 240 == 6 ? 5 : 0)
            greatest = max(greatest, try #require(seen).confidence)
        }
        #expect(greatest < 0.5)
    }

    @Test("a switch that begins to be used after it was learned at rest is learned again, and stays quiet")
    func restingSwitch() throws {
        var detector = Detector()
        var noise = Noise(state: 8)
        for _ in 0..<1000 { _ = detector.observe(0) }
        #expect(detector.relearned == 0)
        var isOn = false
        var loud = 0
        for _ in 0..<4000 {
            if noise.uniform() < 0.05 { isOn.toggle() }
            if try see(&detector, isOn ? 1 : 0).confidence >= 0.2 { loud += 1 }
        }
        #expect(detector.relearned == 1)
        #expect(detector.relearns == .moves)
        #expect(loud < 20)
    }

    @Test("a counter is normal while it counts, and noticed when it stops; what lasts is learned again")
    func counter() throws {
        var detector = Detector()
        var total = 0.0
        var (counting, stopped, later) = (0.0, 0.0, 0.0)
        var noise = Noise(state: 31)
        for index in 0..<2000 {
            total += 3 + noise.next()
            let seen = try see(&detector, total)
            if index > 400 { counting = max(counting, seen.confidence) }
        }
        for _ in 0..<300 { stopped = max(stopped, try see(&detector, total).confidence) }
        for _ in 0..<2000 { _ = detector.observe(total) }
        for _ in 0..<100 { later = max(later, try see(&detector, total).confidence) }
        #expect(counting < 0.2)
        #expect(stopped > 0.5)
        #expect(detector.relearned >= 1)
        #expect(later < 0.2)
    }

    @Test("what has been loud for as long as learning takes is learned again, and the sensor is quiet again")
    func learningAgain() throws {
        var settings = DetectorSettings()
        settings.habituationLimit = 1
        var noise = Noise(state: 12)
        var detector = Detector(settings)
        for _ in 0..<400 { _ = detector.observe(10 + noise.next()) }
        var since = 0
        while detector.relearned == 0, since < 2000 {
            _ = detector.observe(10 + 8 * noise.next())
            since += 1
        }
        #expect(detector.relearned == 1)
        #expect(detector.relearns == .loud)
        #expect((400...480).contains(since))
        #expect(detector.isLearning)
        while detector.isLearning { _ = detector.observe(10 + 8 * noise.next()) }
        var greatest = 0.0
        for _ in 0..<500 { greatest = max(greatest, try see(&detector, 10 + 8 * noise.next()).confidence) }
        #expect(greatest < 0.5)
    }

    /// In the middle it costs some of the sensor's hearing.
    @Test("a transient while it learns does not blind the sensor", arguments: [(0, 0.9), (200, 0.7)])
    func transient(at start: Int, confidence: Double) throws {
        var noise = Noise(state: 77)
        var detector = Detector()
        for index in 0..<400 + Self.settling {
            let offset = (start..<start + 25).contains(index) ? 400 * exp(-Double(index - start) / 8) : 0
            _ = detector.observe(10 + offset + noise.next())
        }
        _ = detector.observe(10)
        var greatest = 0.0
        for _ in 0..<60 { greatest = max(greatest, try see(&detector, 10 + noise.next()).confidence) }
        #expect(greatest < 0.2)
        for _ in 0..<60 { greatest = max(greatest, try see(&detector, 18 + noise.next()).confidence) }
        #expect(greatest > confidence)
    }

    @Test("missing samples are time that passed: learning ends at the same time, and a change is as loud")
    func missing() throws {
        for share in [0.05, 0.2] {
            var noise = Noise(state: 5)
            var (whole, gappy) = (Detector(), Detector())
            var (times, missing) = ([0.0, 0.0], 0)
            for index in 0..<700 {
                let value = (index < 600 ? 10 : 15) + noise.next()
                let seen = try see(&whole, value)
                if index >= 600 { times[0] = max(times[0], seen.confidence) }
                guard noise.uniform() >= share else {
                    missing += 1
                    continue
                }
                let seenPart = gappy.observe(value, missing: missing)
                let part = try #require(seenPart)
                missing = 0
                if index >= 600 { times[1] = max(times[1], part.confidence) }
                #expect(abs(gappy.learned - whole.learned) < 0.001)
            }
            #expect(times[0] > 0.9 && times[1] > 0.9)
        }
    }

    @Test("an outage teaches nothing")
    func outage() {
        var detector = Detector()
        for _ in 0..<50 { _ = detector.observe(10) }
        _ = detector.observe(10, missing: 1_000_000)
        #expect(detector.isLearning)
        _ = detector.observe(10, missing: -5)
        #expect(detector.samples == 52)
    }
}
