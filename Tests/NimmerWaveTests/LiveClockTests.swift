import NimmerWave
import Seeds
import Testing

/// A process's time goes on with the steady clock, whatever happens to the one on the wall.
@Suite struct LiveClockTests {
    static let start = Timestamp(milliseconds: 1_771_093_800_000)
    static let hour = 3_600_000.0
    static let day = 24 * hour

    static func reading(_ milliseconds: Double, wallIsOff: Double = 0) -> ClockReading {
        ClockReading(
            wall: start.advanced(milliseconds: milliseconds + wallIsOff),
            steady: SteadyTime(milliseconds: 5_000_000 + milliseconds))
    }

    @Test func withoutAReadingEveryTimeIsAsItIs() {
        let clock = LiveClock()
        #expect(clock.process(Self.start) == Self.start && clock.wall(Self.start) == Self.start && clock.drift == 0)
        #expect(clock.published(Self.start, after: nil) == Self.start)
        #expect(clock.published(Self.start, after: Self.start) == Self.start)
    }

    @Test func whileTheClockIsNotSetBothTimesAreTheSame() {
        var clock = LiveClock()
        for step in 0..<1000 {
            // A time server slews the wall by some milliseconds.
            let reading = Self.reading(Double(step) * 10, wallIsOff: Double(step % 37) / 2)
            let now = clock.read(reading)
            #expect(clock.drift == 0 && clock.process(reading.wall) == reading.wall)
            #expect(abs(now.milliseconds(since: reading.wall)) <= 19)
        }
    }

    @Test(arguments: [-hour, day, -day, 25, -30_000]) func aJumpOfTheWallMovesTheDriftAndNotTheTime(jump: Double) {
        var clock = LiveClock()
        clock.read(Self.reading(0))
        let before = clock.read(Self.reading(1000))
        let after = clock.read(Self.reading(1001, wallIsOff: jump))
        #expect(after.milliseconds(since: before) == 1)
        #expect(clock.drift == Int64(saturating: jump * 1_000_000))
        let wall = Self.start.advanced(milliseconds: 1001 + jump)
        #expect(clock.wall(after) == wall && clock.process(wall) == after)
        // Set right again.
        #expect(clock.read(Self.reading(1002)).milliseconds(since: after) == 1)
        #expect(clock.drift == 0)
    }

    @Test func aSteadyClockThatGoesBackCannotTakeTimeBack() {
        var clock = LiveClock()
        let late = clock.read(Self.reading(5000))
        #expect(clock.read(Self.reading(4000)) == late)
    }

    @Test func messagesThatCameBeforeAJumpAndAreLookedAtAfterItCameNow() {
        var clock = LiveClock()
        clock.read(Self.reading(0))
        let came = Self.start.advanced(milliseconds: 100)
        #expect(clock.arrival(came) { Self.reading(101) } == came)
        // The same burst does not read the clocks again.
        #expect(clock.arrival(came) { Self.reading(9999, wallIsOff: Self.day) } == came && clock.drift == 0)
        for jump in [-Self.hour, Self.day] {
            var clock = clock
            let next = came.advanced(milliseconds: 50)
            let seen = clock.arrival(next) { Self.reading(152, wallIsOff: jump) }
            #expect(clock.process(seen) == Self.start.advanced(milliseconds: 152))
            // Also when somebody else has read the clocks in between.
            var other = clock
            other.read(Self.reading(160, wallIsOff: 0))
            other.read(Self.reading(161, wallIsOff: jump))
            let old = other.arrival(came.advanced(milliseconds: 60)) { Self.reading(162, wallIsOff: jump) }
            #expect(other.process(old) == Self.start.advanced(milliseconds: 162))
        }
    }

    @Test func whatIsPublishedOfOneThingNeverGoesBack() {
        var chance = Seeded(3)
        var clock = LiveClock()
        var last: Timestamp?
        var off = 0.0
        for step in 0..<2000 {
            if chance.chance(0.02) {
                off = [0, -Self.hour, Self.day, -2 * Self.day][Int.random(in: 0..<4, using: &chance)]
            }
            let now = clock.read(Self.reading(Double(step) * 100, wallIsOff: off))
            let at = clock.published(now, after: last)
            if let last { #expect(at > last) }
            #expect(at >= clock.wall(now))
            last = at
        }
        // What was never right is not kept to.
        #expect(clock.published(clock.now, after: .latest) == clock.wall(clock.now))
    }

    @Test func clocksAtTheEdgesAreRead() {
        for wall in SaturationTests.edges {
            for steady in SaturationTests.edges {
                var clock = LiveClock()
                let reading = ClockReading(wall: Timestamp(nanoseconds: wall), steady: SteadyTime(nanoseconds: steady))
                let first = clock.read(reading)
                #expect(clock.read(Self.reading(0)) >= first)
                #expect(clock.arrival(.latest) { reading } <= Timestamp(nanoseconds: .max))
                _ = (clock.process(.earliest), clock.wall(.latest), clock.published(.earliest, after: .latest))
            }
        }
    }

    @Test func theMachinesClocksAreReadTogether() {
        let first = ClockReading.now()
        let second = ClockReading.now()
        #expect(second.steady >= first.steady)
        #expect(second.wall > Timestamp(milliseconds: 1_700_000_000_000))
    }
}
