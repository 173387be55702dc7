import NimmerSensing
import NimmerWave
import Testing

/// sensing.md, Change events.
@Suite("Change detector")
struct ChangeDetectorTests {
    private static let start = Timestamp(milliseconds: 1_600_000_000_000)

    /// A level of 10 with saw-toothed noise, one sample a second.
    private static func saw(_ index: Int) -> Double { 10 + Double(index * 7 % 5 - 2) / 2 }

    /// The changes in a signal that is the saw and an offset, with the second of each.
    private func changes(
        _ seconds: Int, _ settings: ChangeSettings = ChangeSettings(), offset: (Int) -> Double
    ) -> (detector: ChangeDetector, changes: [(second: Int, change: SensedChange)]) {
        var detector = ChangeDetector(settings)
        var found: [(Int, SensedChange)] = []
        for second in 0..<seconds {
            let moment = Self.start.advanced(milliseconds: Double(second) * 1000)
            if let change = detector.observe(Self.saw(second) + offset(second), at: moment) {
                #expect(change.at == moment)
                found.append((second, change))
            }
        }
        return (detector, found)
    }

    @Test("the twin of a detector differs from it in five settings")
    func twin() {
        var base = DetectorSettings()
        base.learningSamples = 77
        base.slack = 0.25
        var expected = base
        expected.baselineSamples = 30
        expected.surpriseSlows = 0
        expected.halfConfidence = 2
        expected.returnsHome = false
        expected.surpriseStep = nil
        let settings = ChangeSettings(of: base)
        #expect(settings.detector == expected)
        #expect(settings.begin == 0.9 && settings.end == 0.2 && settings.boundMilliseconds == 20_000)
    }

    @Test("a step that lasts begins once, and ends when it has become normal")
    func step() throws {
        let (detector, found) = changes(800) { $0 >= 500 ? 6 : 0 }
        #expect(found.map(\.change.edge) == [.begin, .end])
        let (begin, end) = (try #require(found.first), try #require(found.last))
        #expect((500..<520).contains(begin.second))
        #expect(begin.change.seen.view == .level && begin.change.seen.isAbove)
        #expect(begin.change.seen.confidence >= 0.9 && begin.change.seen.value > 14)
        #expect(end.second > begin.second + 20 && end.change.seen.confidence < 0.2)
        #expect(!detector.isChanged && detector.withheld == 0)
        #expect(changes(500) { _ in 0 }.changes.isEmpty)
    }

    /// A blip of three samples in each hundred, from the five hundredth on.
    private static func blips(_ index: Int) -> Double { index >= 500 && index % 100 < 3 ? 40 : 0 }

    @Test("at most one is reported in the bound, and the state changes where one is not")
    func bound() {
        var settings = ChangeSettings()
        settings.boundMilliseconds = 90_000
        let (detector, found) = changes(1500, settings, offset: Self.blips)
        for (one, other) in zip(found, found.dropFirst()) { #expect(other.second - one.second >= 90) }
        settings.boundMilliseconds = 0
        let all = changes(1500, settings, offset: Self.blips)
        #expect(all.detector.withheld == 0 && detector.withheld > 0)
        #expect(found.count + detector.withheld == all.changes.count)
        #expect(detector.isChanged == all.detector.isChanged)
        #expect(found.first?.second == all.changes.first?.second)
        for (one, other) in zip(all.changes, all.changes.dropFirst()) { #expect(one.change.edge != other.change.edge) }
        settings.boundMilliseconds = 1e7
        #expect(changes(1500, settings, offset: Self.blips).changes.map(\.second) == [all.changes.first?.second])
    }

    @Test("a slow sensor is bounded by its own intervals")
    func slow() {
        let settings = ChangeSettings()
        #expect(settings.bound(forInterval: nil) == 20_000 && settings.bound(forInterval: 10) == 20_000)
        #expect(settings.bound(forInterval: 3_600_000) == 72_000_000)
        func hours(_ settings: ChangeSettings, interval: Double?) -> [Int] {
            var detector = ChangeDetector(settings)
            return (0..<1500).filter { hour in
                let moment = Self.start.advanced(milliseconds: Double(hour) * 3_600_000)
                return detector.observe(Self.saw(hour) + Self.blips(hour), at: moment, interval: interval) != nil
            }
        }
        var wide = settings
        wide.boundIntervals = 90
        let (bounded, unbounded) = (hours(wide, interval: 3_600_000), hours(wide, interval: nil))
        for (one, other) in zip(bounded, bounded.dropFirst()) { #expect(other - one >= 90) }
        #expect(bounded.first == unbounded.first && bounded.count < unbounded.count)
    }

    @Test("an end shortly after its begin is not reported")
    func short() {
        var settings = ChangeSettings()
        settings.boundMilliseconds = 120_000
        let (detector, found) = changes(700, settings) { (500..<503).contains($0) ? 40 : 0 }
        #expect(found.map(\.change.edge) == [.begin])
        #expect(detector.withheld == 1 && !detector.isChanged)
    }

    @Test("what its detector refuses changes nothing")
    func refused() {
        var (detector, _) = changes(450) { _ in 0 }
        let before = detector.detector.samples
        for value in [Double.nan, .infinity, -1e160] {
            #expect(detector.observe(value, at: Self.start.advanced(milliseconds: 1e6)) == nil)
        }
        #expect(detector.detector.samples == before && detector.detector.refused == 3)
    }

    @Test("a clock that is set back silences it for no longer than the bound")
    func setBack() {
        var bound = RateBound(milliseconds: 20_000)
        func admits(_ second: Double) -> Bool { bound.admits(at: Self.start.advanced(milliseconds: second * 1000)) }
        #expect(admits(0) && !admits(19.999) && admits(20))
        #expect(!admits(-100) && !admits(-81) && admits(-80))
        #expect(!admits(-80))
        var none = RateBound(milliseconds: 0)
        #expect(none.admits(at: Self.start) && none.admits(at: Self.start))
        #expect(bound.admits(at: Timestamp(nanoseconds: .max)) && !bound.admits(at: Timestamp(nanoseconds: .min)))
    }

    @Test("settings out of their range are named with what was expected")
    func settings() throws {
        try ChangeSettings().validate()
        var settings = ChangeSettings()
        settings.end = 0.95
        #expect(throws: Refusal.self) { try settings.validate() }
        settings = ChangeSettings()
        settings.boundMilliseconds = -1
        let refusal = #expect(throws: Refusal.self) { try settings.validate() }
        #expect(refusal?.description.contains("bound_ms must be from 0.0 to 86400000.0") == true)
        settings = ChangeSettings()
        settings.detector.leak = 2
        #expect(throws: Refusal.self) { try settings.validate() }
    }
}
