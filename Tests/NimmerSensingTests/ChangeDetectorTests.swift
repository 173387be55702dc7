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

    @Test("the twin of a detector differs from it in three settings")
    func twin() {
        var base = DetectorSettings()
        base.learningSamples = 77
        base.slack = 0.25
        var expected = base
        expected.baselineSamples = 30
        expected.surpriseSlows = 0
        expected.halfConfidence = 2
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

    @Test("at most one is reported in the bound, and the state goes on where one is not")
    func bound() {
        // Ten steps, one every eight seconds, each as large as all before.
        func staircase(_ second: Int) -> Double { second < 500 ? 0 : second % 16 < 8 ? 30 : -30 }
        let (detector, found) = changes(700, offset: staircase)
        for (one, other) in zip(found, found.dropFirst()) { #expect(other.second - one.second >= 20) }
        var free = ChangeSettings()
        free.boundMilliseconds = 0
        let all = changes(700, free, offset: staircase)
        #expect(all.detector.withheld == 0)
        #expect(found.count + detector.withheld == all.changes.count)
        #expect(detector.isChanged == all.detector.isChanged)
        for (one, other) in zip(all.changes, all.changes.dropFirst()) { #expect(one.change.edge != other.change.edge) }
        var long = ChangeSettings()
        long.boundMilliseconds = 1e6
        #expect(changes(700, long, offset: staircase).changes.map(\.second) == [all.changes.first?.second])
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
