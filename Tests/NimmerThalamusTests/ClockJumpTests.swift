import Glibc
import NimmerGate
import NimmerThalamus
import NimmerWave
import Seeds
import Testing

/// Somebody sets the clock on the wall while gates live: they do what they would have done without.
@Suite struct ClockJumpTests {
    static let hour = 3_600_000.0
    static let day = 24 * hour

    /// What a thalamus did, by the time that went by.
    struct Course: Equatable {
        var verdicts: [Verdict] = []
        var steps: [Step] = []

        struct Step: Equatable {
            var change: String
            var potential: Double
            var at: Double
            var ages: [Double]
            var goesUp: Bool
        }
    }

    /// A live thalamus between two cells, with a wall clock that somebody sets.
    struct World {
        var bench = Bench { $0.escalation.refractory = 2000 }
        var elapsed = 0.0
        var off = 0.0
        var course = Course()
        /// As published, in order.
        var published: [GateTransition] = []

        func reading() -> ClockReading {
            ClockReading(
                wall: Bench.epoch.advanced(milliseconds: elapsed + off),
                steady: SteadyTime(milliseconds: 77_000 + elapsed))
        }

        mutating func wave(_ cell: String, _ confidence: Double, _ polarity: Int = 1) throws {
            let reading = reading()
            let arrival = bench.thalamus.clock.arrival(reading.wall) { reading }
            let sent = Bench.epoch.advanced(milliseconds: elapsed + off - 3)
            course.verdicts.append(
                try bench.wave(
                    cell, confidence, at: sent.milliseconds(since: Bench.epoch), polarity: polarity,
                    arrival: arrival.milliseconds(since: Bench.epoch)))
            take()
        }

        mutating func pass(_ milliseconds: Double) {
            elapsed += milliseconds
            bench.thalamus.advance(to: bench.thalamus.clock.read(reading()))
            take()
        }

        private mutating func take() {
            for conclusion in bench.take() {
                let body = conclusion.transition
                published.append(body)
                let witnesses = conclusion.request?.structuredInput["witnesses"]?.array ?? []
                course.steps.append(
                    Course.Step(
                        change: "\(body.fromState.word) → \(body.toState.word)",
                        potential: (body.stateValue * 1e6).rounded(),
                        at: body.at.milliseconds(since: Bench.epoch).rounded(),
                        ages: witnesses.compactMap { $0["age_ms"]?.double }, goesUp: conclusion.request != nil))
            }
        }

        /// Stops, and starts again so much later from what was published last.
        mutating func restart(after milliseconds: Double) {
            elapsed += milliseconds
            var next = Bench { $0.escalation.refractory = 2000 }
            let now = next.thalamus.clock.read(reading())
            if let last = published.last { next.thalamus.resume(last, id: .named("resumed"), now: now) }
            bench = next
        }
    }

    /// Two witnesses that agree now and then, one that denies, silence in between.
    static func life(_ seed: UInt64, setting jump: Double, at moment: Int) throws -> World {
        var chance = Seeded(seed)
        var world = World()
        for step in 0..<400 {
            if step == moment { world.off += jump }
            if chance.chance(0.6) {
                let cell = ["a", "b", "c"][Int.random(in: 0..<3, using: &chance)]
                try world.wave(cell, Double.random(in: 0.1...1, using: &chance), chance.chance(0.15) ? -1 : 1)
            }
            world.pass(Double(Int.random(in: 20...700, using: &chance)))
        }
        return world
    }

    @Test(arguments: UInt64(1)...12, [-hour, day, -5_000, 5_000])
    func changesNothingInLiveGates(seed: UInt64, jump: Double) throws {
        let quiet = try Self.life(seed, setting: 0, at: 0)
        let moment = Int(seed) * 31 % 400
        var set = try Self.life(seed, setting: jump, at: moment)
        #expect(quiet.course.steps.count > 10)
        #expect(set.course.verdicts == quiet.course.verdicts)
        // Moments are published on the wall, and those of a gate in order, also where the wall went back.
        for (before, after) in zip(set.published, set.published.dropFirst()) { #expect(before.at <= after.at) }
        let limit = Bench.epoch.milliseconds
        let steps = zip(set.course.steps, quiet.course.steps)
        for (one, other) in steps where abs(one.at - other.at) > 1 {
            // After the jump: by the jump, or just behind the last one before a wall that went back.
            #expect(abs(one.at - other.at - jump) <= 1 || jump < 0, "\(one.at) \(other.at) \(limit)")
        }
        for index in set.course.steps.indices { set.course.steps[index].at = 0 }
        var expected = quiet.course
        for index in expected.steps.indices { expected.steps[index].at = 0 }
        #expect(set.course == expected)
    }

    @Test(arguments: [-hour, day, 0]) func aQuestionExpiresByTheWallAsItIs(jump: Double) throws {
        var world = World()
        world.pass(1000)
        world.off = jump
        try world.wave("a", 0.9)
        world.pass(100)
        try world.wave("b", 0.9)
        let opening = try #require(world.published.last)
        let wall = world.reading().wall
        #expect(opening.toState == .open)
        #expect(abs(try #require(opening.escalation).expiresAt.milliseconds(since: wall) - 60_000) <= 10)
        #expect(abs(opening.at.milliseconds(since: wall)) <= 10)
        #expect(opening.triggerSignals.allSatisfy { abs($0.timestamp.milliseconds(since: wall)) <= 110 })
    }

    @Test func whatIsTakenUpFromAheadOfNowCountsAsOfNow() throws {
        var world = World()
        try world.wave("a", 0.9)
        world.pass(50)
        try world.wave("b", 0.9)
        let opening = try #require(world.published.last)
        #expect(opening.toState == .open)
        // The clock goes an hour back while the thalamus is away.
        world.off = -Self.hour
        world.restart(after: 200)
        let now = world.bench.thalamus.clock.now
        let next = world.bench.thalamus.nextRelease
        let left = try #require(next).milliseconds(since: now)
        #expect(abs(left - 2000 * log2(opening.stateValue / 0.25)) < 1, "it decays from now on: \(left)")
        world.pass(left + 10)
        let release = try #require(world.published.last)
        #expect(release.toState == .stable && release.at > opening.at, "the path of a gate stays in order")
        // Once the wall has caught up, it is the wall again.
        world.pass(2 * Self.hour)
        try world.wave("a", 0.9)
        world.pass(50)
        try world.wave("b", 0.9)
        let again = try #require(world.published.last)
        #expect(again.toState == .open && abs(again.at.milliseconds(since: world.reading().wall)) <= 10)
    }

    @Test func reportsNameMomentsOnTheWall() throws {
        var world = World()
        world.pass(1000)
        world.off = Self.day
        try world.wave("a", 0.9)
        world.pass(100)
        try world.wave("b", 0.9)
        let wall = world.reading().wall
        let now = world.bench.thalamus.clock.read(world.reading())
        let report = try #require(world.bench.thalamus.explanation(of: "math", at: now))
        func distance(_ json: JSON?) throws -> Double {
            abs(try Timestamp(rfc3339: try #require(json?.string)).milliseconds(since: wall))
        }
        #expect(try distance(report["last_wave"]) < 200)
        #expect(try distance(report["opening"]?["at"]) < 200)
        #expect(try (report["steps"]?.array ?? []).allSatisfy { try distance($0["at"]) < 200 })
        #expect(report["witnesses"]?.array?.allSatisfy { ($0["age_ms"]?.double ?? 1e9) < 200 } == true)
        let attention = world.bench.thalamus.attention(at: now, wavesPerSecond: 0, lost: 0, lostLately: 0)
        #expect(try distance(attention.openGates.first?.openedAt.map { .string($0.rfc3339) }) < 200)
    }

    @Test func aWaveFromTheYear1678IsSkewed() throws {
        var bench = Bench()
        let arrival = Bench.epoch
        try bench.wave("a", 0.9, at: Timestamp.earliest.milliseconds(since: arrival), arrival: 0)
        #expect(bench.thalamus.counters.skewed == 1)
        try bench.wave("b", 0.9, at: Timestamp.latest.milliseconds(since: arrival), arrival: 10)
        #expect(bench.take().count == 1, "both count as of their arrival")
    }
}
