import NimmerBus
import NimmerWave
import Testing

@testable import NimmerBusNATS

/// Numbers and times in what JetStream says, and in reply subjects that anybody can write, may be any.
@Suite struct ExtremeServerAnswersTests {
    @Test(arguments: [Int64.min, -1, 0, .max])
    func acknowledgementSubjectsMayNameAnyTime(time: Int64) throws {
        let text = "$JS.ACK.S.c.\(Int.max).\(UInt64.max).1.\(time).\(UInt64.max)"
        let position = try #require(AckSubject(text))
        #expect(position.storedAt == time && position.waiting == .max && position.deliveryCount == .max)
        let moment = Timestamp(nanoseconds: position.storedAt)
        #expect(try Timestamp(rfc3339: moment.rfc3339) <= .latest)
    }

    @Test(arguments: [-9_223_372_036_854_775_808.0, -5, 0, 9_223_372_036_854_774_784])
    func storedMessagesMayHaveAnySequence(number: Double) throws {
        let json: JSON = [
            "subject": "a", "seq": .number(number), "data": "", "time": "1678-01-01T00:00:00Z",
        ]
        let stored = try #require(StoredMessage(api: json))
        #expect(stored.sequence == UInt64(clamping: Int(saturating: number)) && stored.message.at == .earliest)
    }
}
