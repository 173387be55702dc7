import NimmerBus
import Testing

@testable import NimmerBusNATS

@Suite("The order of a reader without acknowledgements")
struct ReadingOrderTests {
    /// Judges deliveries, each a sequence of the stream and the consumer's own number.
    private func verdicts(_ order: inout ReadingOrder, _ deliveries: [(UInt64, UInt64)], waiting: UInt64 = 1) throws
        -> [ReadingOrder.Verdict]
    {
        try deliveries.map { sequence, number in
            order.judge(try #require(AckSubject("$JS.ACK.S.c.1.\(sequence).\(number).5.\(waiting)")))
        }
    }

    @Test func takesEachOnceAndNoticesWhatIsMissing() throws {
        var order = ReadingOrder(.all)
        order.begin(position: 0)
        #expect(try verdicts(&order, [(3, 1), (7, 2), (7, 2), (9, 4)]) == [.next, .next, .known, .gap])
        #expect(order.next == .sequence(8))
        order.begin(position: 7)
        #expect(try verdicts(&order, [(8, 1), (9, 2)]) == [.next, .next])
    }

    @Test func beginsAgainWithTheNewestOfEachSubjectUntilItHasThemAll() throws {
        var order = ReadingOrder(.lastPerSubject)
        order.begin(position: 0)
        #expect(try verdicts(&order, [(3, 1), (9, 3)]) == [.next, .gap])
        #expect(order.next == .lastPerSubject)
        order.begin(position: 0)
        #expect(try verdicts(&order, [(3, 1), (5, 2), (9, 3)]) == [.known, .next, .next])
        #expect(try verdicts(&order, [(11, 4)], waiting: 0) == [.next])
        #expect(order.next == .sequence(12))
    }

    @Test func missesNothingOfWhatIsNewBeforeItsFirstMessage() {
        var order = ReadingOrder(.new)
        order.begin(position: 41)
        #expect(order.next == .sequence(42))
        order.forget()
        #expect(order.next == .new)
    }

    @Test func readsTheWordsOfADomainToo() throws {
        let ack = try #require(AckSubject("$JS.ACK.hub.hash.S.reader.2.7.5.1700000000.3.token"))
        #expect(ack.consumer == "reader")
        #expect([ack.sequence, ack.consumerSequence, ack.waiting] == [7, 5, 3])
        #expect(ack.deliveryCount == 2)
        #expect(AckSubject("$JS.ACK.S.reader.2.x.5.1.3") == nil)
    }
}
