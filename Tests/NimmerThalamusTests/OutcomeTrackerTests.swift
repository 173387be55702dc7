import NimmerThalamus
import NimmerWave
import Testing

@Suite("Outcomes") struct OutcomeTrackerTests {
    private static func opening(_ name: String, _ gate: String = "math") throws -> OutcomeTracker.Opening {
        OutcomeTracker.Opening(gate: try GateID(gate), id: .named(name))
    }

    private func isRefused(_ verdict: OutcomeTracker.Verdict, _ code: Refusal.Code) -> Bool {
        guard case .refuse(let refusal) = verdict else { return false }
        return refusal.code == code && refusal.field == "body.original_signal_id"
    }

    @Test func anOpeningIsLearnedFromOnce() throws {
        var book = OutcomeTracker()
        let opening = try Self.opening("a")
        book.opened(opening)
        #expect(book.verdict(opening, at: 4) == .learn)
        #expect(book.verdict(opening, at: 4) == .known, "the same message again")
        for sequence in UInt64(5)..<50 { #expect(isRefused(book.verdict(opening, at: sequence), .duplicate)) }
        book.opened(opening)
        #expect(isRefused(book.verdict(opening, at: 60), .duplicate), "stored again, judged as before")
    }

    @Test func whatIsNotInMindIsLookedUp() throws {
        var book = OutcomeTracker()
        let unknown = try Self.opening("never"), judged = try Self.opening("judged"), fresh = try Self.opening("fresh")
        #expect(book.verdict(unknown, at: 1) == .look)
        #expect(isRefused(book.looked(unknown, at: 1, isOpening: false, first: nil), .value))
        #expect(book.verdict(unknown, at: 2) == .look, "nothing is remembered of what is not")
        #expect(isRefused(book.looked(judged, at: 9, isOpening: true, first: 3), .duplicate))
        #expect(book.looked(fresh, at: 9, isOpening: true, first: 9) == .learn)
        #expect(isRefused(book.verdict(fresh, at: 10), .duplicate))
    }

    @Test func anotherGateOfTheSameIdIsAnotherOpening() throws {
        var book = OutcomeTracker()
        book.opened(try Self.opening("a"))
        #expect(book.verdict(try Self.opening("a", "other"), at: 1) == .look)
    }

    @Test func itsSizeIsBoundedAndWhatItForgotIsLookedUp() throws {
        var book = OutcomeTracker()
        let first = try Self.opening("first")
        book.opened(first)
        _ = book.verdict(first, at: 1)
        for number in 0..<OutcomeTracker.capacity { book.opened(try Self.opening("\(number)")) }
        #expect(book.verdict(first, at: 2) == .look)
        #expect(isRefused(book.looked(first, at: 2, isOpening: true, first: 1), .duplicate))
    }

    @Test func aPartThatComesBackIsLookedUp() throws {
        var book = OutcomeTracker()
        let (mine, other) = (try Self.opening("a"), try Self.opening("a", "other"))
        book.opened(mine)
        book.opened(other)
        book.forget { $0.text == "math" }
        #expect(book.verdict(mine, at: 1) == .look && book.verdict(other, at: 2) == .learn)
    }
}
