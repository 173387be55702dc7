import Extremes
import NimmerWave
import Seeds
import Testing

/// Arithmetic with moments and with numbers from outside cannot overflow: each result is the one that unbounded numbers would
/// give, or the nearest that can be said.
@Suite struct SaturationTests {
    static let edges: [Int64] = [
        .min, .min + 1, Timestamp.earliest.nanoseconds, -1_000_000_001, -1, 0, 1, 999_999_999,
        1_771_093_800_000_000_000,
        Timestamp.latest.nanoseconds, .max - 1, .max,
    ]

    static func anything(_ chance: inout Seeded) -> Int64 {
        chance.chance(0.3)
            ? edges[Int.random(in: 0..<edges.count, using: &chance)] : Int64.random(in: .min ... .max, using: &chance)
    }

    @Test func momentsMoveAndDifferAsUnboundedNumbersDo() {
        var chance = Seeded(1)
        for _ in 0..<20_000 {
            let (a, b) = (Self.anything(&chance), Self.anything(&chance))
            let (one, other) = (Timestamp(nanoseconds: a), Timestamp(nanoseconds: b))
            let difference = Int64(clamping: Int128(a) - Int128(b))
            let sum = Int64(clamping: Int128(a) + Int128(b))
            #expect(one.nanoseconds(since: other) == difference)
            #expect(one.milliseconds(since: other) == Double(difference) / 1_000_000)
            #expect(one.duration(since: other) == .nanoseconds(difference))
            #expect(one.advanced(nanoseconds: b).nanoseconds == sum)
            #expect(one.advanced(by: .nanoseconds(b)).nanoseconds == sum)
            #expect(Timestamp(seconds: a, nanoseconds: b).nanoseconds == Self.joined(a, b))
            #expect((one < other) == (difference < 0))
            let (second, rest) = one.secondAndRest
            #expect((0..<1_000_000_000).contains(rest) && Int128(second) * 1_000_000_000 + Int128(rest) == Int128(a))
            let (day, inDay) = one.dayAndRest
            #expect((0..<86_400_000_000_000).contains(inDay))
            #expect(Int128(day) * 86_400_000_000_000 + Int128(inDay) == Int128(a))
        }
    }

    /// Seconds that do not fit are the bound before anything is added to them.
    private static func joined(_ seconds: Int64, _ nanoseconds: Int64) -> Int64 {
        Int64(clamping: Int128(Int64(clamping: Int128(seconds) * 1_000_000_000)) + Int128(nanoseconds))
    }

    @Test(arguments: Extremes.numbers + [.nan, .infinity, -.infinity, 9.3e12, -9.3e12, 9.2e12])
    func anyNumberOfMillisecondsIsTaken(number: Double) {
        let moved = Timestamp(nanoseconds: 7).advanced(milliseconds: number)
        let named = Timestamp(milliseconds: number)
        let lasting = Duration.milliseconds(saturating: number)
        if number.isNaN || number == 0 {
            #expect(moved.nanoseconds == 7 && named.nanoseconds == 0 && lasting == .zero)
        } else if abs(number) > 9.25e12 {
            let bound: Int64 = number < 0 ? .min : .max
            #expect(named.nanoseconds == bound && lasting == .nanoseconds(bound))
            #expect(moved.nanoseconds == Int64(clamping: Int128(bound) + 7))
        } else {
            #expect(abs(moved.milliseconds - number) <= max(1e-3, abs(number) * 1e-12))
            #expect(abs(named.milliseconds - number) <= max(1e-6, abs(number) * 1e-12))
        }
        #expect(Duration.seconds(saturating: number / 1000).nanoseconds.signum() == lasting.nanoseconds.signum())
    }

    @Test func wholeNumbersAreTheNearestThatFit() {
        #expect(Int64(saturating: 1e308) == .max && Int64(saturating: -1e308) == .min && Int64(saturating: .nan) == 0)
        #expect(Int64(saturating: 9.223372036854775e18) == 9_223_372_036_854_774_784)
        #expect(Int64(saturating: -9.3e18) == .min && Int64(saturating: 9_223_372_036_854_775_808) == .max)
        #expect(Int(saturating: 2.9) == 2 && Int(saturating: -2.9) == -2)
        #expect(UInt8(saturating: -1) == 0 && UInt8(saturating: 255.9) == 255 && UInt8(saturating: 256) == 255)
        #expect(
            Int.max.addingSaturated(1) == .max && Int.min.addingSaturated(-1) == .min && 2.addingSaturated(-3) == -1)
        #expect(Int.min.subtractingSaturated(1) == .min && Int.max.subtractingSaturated(-1) == .max)
        #expect(UInt64(3).subtractingSaturated(4) == 0 && UInt64.max.addingSaturated(1) == .max)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max && Duration.seconds(Int64.min).nanoseconds == .min)
    }

    @Test(arguments: edges) func whateverIsSaidCanBeRead(nanoseconds: Int64) throws {
        let moment = Timestamp(nanoseconds: nanoseconds)
        #expect(try Timestamp(rfc3339: moment.rfc3339) == min(.latest, max(.earliest, moment)))
        #expect(moment.clockTime.utf8.count == 12)
        var chance = Seeded(2)
        #expect(MessageID.v7(at: moment, using: &chance).text.utf8.count == 36)
    }

    @Test func theBoundsAreThoseOfTheWire() throws {
        #expect(try Timestamp(rfc3339: "1678-01-01T00:00:00Z") == .earliest)
        #expect(try Timestamp(rfc3339: "2261-12-31T23:59:59.999999999Z") == .latest)
        #expect(throws: Refusal.self) { try Timestamp(rfc3339: "1677-12-31T23:59:59Z") }
        #expect(throws: Refusal.self) { try Timestamp(rfc3339: "2262-01-01T00:00:00Z") }
        // A zone can carry a moment beyond them.
        #expect(throws: Refusal.self) { try Timestamp(rfc3339: "1678-01-01T00:00:00+00:01") }
        #expect(throws: Refusal.self) { try Timestamp(rfc3339: "2261-12-31T23:59:59-00:01") }
        #expect(try Timestamp(rfc3339: "1678-01-01T00:01:00+00:01") == .earliest)
    }

    @Test func sumsOfDoublesStayFinite() {
        #expect(
            (1e308 + 1e308).finite == .greatestFiniteMagnitude && (-1e308 - 1e308).finite == -.greatestFiniteMagnitude)
        #expect(Double.nan.finite == 0 && 0.25.finite == 0.25)
    }

    @Test(arguments: Extremes.bodies.indices) func messagesAtTheEdgesAreReadAndSaidAgain(type: Int) throws {
        var extremes = Extremes(UInt64(type) + 1)
        for _ in 0..<200 {
            let bytes = extremes.message(Extremes.bodies[type])
            let message = try AnyMessage.decode(bytes)
            #expect(message.header.messageType == Extremes.bodies[type].type)
            let json = try JSON(parsing: bytes)
            #expect(json["header"]?["timestamp"]?.string.map { Extremes.times.contains($0) } == true)
        }
    }
}
