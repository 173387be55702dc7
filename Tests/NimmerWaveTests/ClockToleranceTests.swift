import NimmerWave
import Seeds
import Testing

/// The clock rule (decision 0003): which time a wave counts as of.
@Suite struct ClockToleranceTests {
    private let arrival = Timestamp(milliseconds: 1_771_093_800_000)

    @Test(arguments: [
        (0.0, 60_000.0, 0.0, false), (-60_000, 60_000, -60_000, false), (-60_000.001, 60_000, 0, true),
        (1, 60_000, 0, false), (1e12, 60_000, 0, false), (-1e12, 60_000, 0, true),
        (-5_000, 1_000, 0, true), (-5_000, 5_000, -5_000, false), (-1, 0, 0, true), (0, 0, 0, false),
        (-86_400_000, 86_400_000, -86_400_000, false),
    ])
    func aTimeCountsWithinTheTolerance(sent: Double, tolerance: Double, expected: Double, isSkewed: Bool) {
        let found = ClockTolerance(milliseconds: tolerance).time(
            sent: arrival.advanced(milliseconds: sent), arrival: arrival)
        #expect(found.at == arrival.advanced(milliseconds: expected))
        #expect(found.isSkewed == isSkewed)
    }

    @Test func noPairOfMomentsOverflows() {
        let edges = [
            Timestamp(nanoseconds: .min), .earliest, Timestamp(nanoseconds: -1), Timestamp(nanoseconds: 0), .latest,
            Timestamp(nanoseconds: .max),
        ]
        for tolerance in [ClockTolerance(), ClockTolerance(milliseconds: 1e300), ClockTolerance(milliseconds: -1)] {
            for sent in edges {
                for arrival in edges {
                    let found = tolerance.time(sent: sent, arrival: arrival)
                    #expect(found.at <= arrival && (found.at == arrival || found.at == sent))
                }
            }
        }
    }
}

/// The steady clock only goes forward, and its arithmetic never overflows.
@Suite struct SteadyTimeTests {
    @Test func theClockGoesForward() {
        var last = SteadyTime.now()
        for _ in 0..<1000 {
            let next = SteadyTime.now()
            #expect(next >= last)
            last = next
        }
    }

    @Test func arithmeticSaturates() {
        let (first, last) = (SteadyTime(nanoseconds: .min), SteadyTime(nanoseconds: .max))
        #expect(last.nanoseconds(since: first) == .max && first.nanoseconds(since: last) == .min)
        #expect(last.advanced(milliseconds: 1) == last && first.advanced(nanoseconds: -1) == first)
        #expect(SteadyTime(milliseconds: 2.5).advanced(milliseconds: 0.5) == SteadyTime(milliseconds: 3))
        #expect(SteadyTime(milliseconds: 2).advanced(milliseconds: .nan) == SteadyTime(milliseconds: 2))
    }
}
