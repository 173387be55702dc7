import Glibc
import NimmerWave
import Testing

@testable import NimmerCell

/// A cell learns its interval from the moments of its readings.
@Suite struct IntervalEstimatorTests {
    /// Readings at moments in seconds.
    private struct Clock {
        var estimator = IntervalEstimator()
        var second = 1_600_000_000.0
        var random: UInt64 = 3
        var stated: [Double] = []

        mutating func unit() -> Double {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(random >> 11) / Double(1 << 53)
        }

        mutating func read(after seconds: Double) {
            second += seconds
            estimator.take(at: Timestamp(nanoseconds: Int64(saturating: second * 1e9)))
            if let now = estimator.milliseconds, stated.last != now { stated.append(now) }
        }

        mutating func read(_ count: Int, every seconds: Double) {
            for _ in 0..<count { read(after: seconds) }
        }
    }

    @Test func fiveDifferencesAreEnough() {
        var clock = Clock()
        clock.read(5, every: 60)
        #expect(clock.estimator.milliseconds == nil)
        clock.read(after: 60)
        #expect(clock.estimator.milliseconds == 60_000)
    }

    @Test(arguments: [0.001, 0.05, 1, 180, 3600, 86_400, 605_000])
    func everyPace(_ seconds: Double) {
        var clock = Clock()
        clock.read(200, every: seconds)
        #expect(clock.stated == [seconds * 1000])
    }

    @Test(arguments: [0.05, 0.1, 0.2])
    func missingRowsChangeNothing(_ share: Double) {
        var clock = Clock()
        // What it states first is learned from whatever comes; from then on it stays.
        clock.read(10, every: 60)
        for _ in 0..<20_000 {
            var gap = 60.0
            while clock.unit() < share { gap += 60 }
            clock.read(after: gap)
        }
        #expect(clock.stated == [60_000])
    }

    @Test func jitterChangesNothing() {
        var clock = Clock()
        for _ in 0..<20_000 { clock.read(after: 0.7 + 0.6 * clock.unit()) }
        #expect(clock.stated.count <= 2)
        #expect(abs((clock.estimator.milliseconds ?? 0) - 1000) < 250)
    }

    @Test func aReadingAtTheSameMomentOrBeforeSaysNothing() {
        var clock = Clock()
        for _ in 0..<50 {
            clock.read(after: 10)
            clock.read(3, every: 0)
            clock.read(after: -5)
            clock.second += 5
        }
        #expect(clock.stated == [10_000])
        var still = Clock()
        still.read(1000, every: 0)
        #expect(still.estimator.milliseconds == nil)
    }

    @Test func aBacklogThatComesAtOnceChangesNothing() {
        var clock = Clock()
        clock.read(100, every: 3600)
        // The gateway was away for a week.
        clock.read(after: 7 * 86_400)
        clock.read(168, every: 0.002)
        clock.read(100, every: 3600)
        #expect(clock.stated == [3_600_000])
    }

    @Test func readingsThatComeInBurstsHaveTheirMeanPace() throws {
        var clock = Clock()
        for _ in 0..<200 {
            clock.read(after: 10)
            clock.read(4, every: 0.003)
        }
        let found = try #require(clock.estimator.milliseconds)
        #expect(abs(found - 2000) < 500, "\(clock.stated)")
    }

    @Test(arguments: [(60.0, 1.0), (1, 60), (3600, 60), (1, 0.1), (180, 3600)])
    func aLastingChangeIsFollowed(_ before: Double, _ after: Double) {
        var clock = Clock()
        clock.read(100, every: before)
        let start = clock.second
        while clock.estimator.milliseconds != after * 1000, clock.second - start < 1e6 {
            clock.read(after: after)
        }
        #expect(clock.stated.last == after * 1000, "\(clock.stated)")
        #expect(clock.second - start <= 32 * max(before, after), "\(clock.second - start) s")
    }

    @Test func aSmallChangeIsNotStated() {
        var clock = Clock()
        clock.read(100, every: 60)
        clock.read(100, every: 70)
        #expect(clock.stated == [60_000])
        clock.read(100, every: 80)
        #expect(clock.stated == [60_000, 80_000])
    }

    @Test func whatItStatesIsShort() throws {
        var clock = Clock()
        clock.read(50, every: 1.2345678)
        #expect(clock.stated == [1230])
        var fast = Clock()
        fast.read(50, every: 0.0123456)
        let found = try #require(fast.estimator.milliseconds)
        #expect(abs(found - 12.3) < 1e-9)
        var slow = Clock()
        slow.read(50, every: 1e9)
        #expect(slow.stated == [Wire.maximumInterval])
    }
}
