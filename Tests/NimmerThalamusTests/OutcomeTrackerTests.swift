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
        #expect(isRefused(book.looked(unknown, at: 1, isOpening: false, standing: .awaited, last: nil), .value))
        #expect(book.verdict(unknown, at: 2) == .look, "nothing is remembered of what is not")
        #expect(isRefused(book.looked(judged, at: 9, isOpening: true, standing: .judged, last: 3), .duplicate))
        #expect(book.looked(fresh, at: 9, isOpening: true, standing: .awaited, last: nil) == .learn)
        #expect(isRefused(book.verdict(fresh, at: 10), .duplicate))
    }

    @Test func anOutcomeIsTakenBackOnceAndGivenAgain() throws {
        var book = OutcomeTracker()
        let opening = try Self.opening("a")
        book.opened(opening)
        #expect(isRefused(book.verdict(opening, at: 1, as: .withdrawal), .value), "nothing counts yet")
        #expect(book.verdict(opening, at: 2) == .learn)
        #expect(book.verdict(opening, at: 3, as: .withdrawal) == .takeBack)
        #expect(book.verdict(opening, at: 3, as: .withdrawal) == .known && book.verdict(opening, at: 2) == .known)
        #expect(isRefused(book.verdict(opening, at: 4, as: .withdrawal), .value))
        #expect(book.verdict(opening, at: 5) == .learn)
        #expect(isRefused(book.verdict(opening, at: 6), .duplicate))
        #expect(book.verdict(opening, at: 7, as: .withdrawal) == .takeBack)
        book.wasNotLearned(opening, at: 7)
        #expect(isRefused(book.verdict(opening, at: 8), .duplicate), "it was not taken back")
    }

    @Test func anyOutcomeTakesThePlaceOfAMindsOpinionOnce() throws {
        var book = OutcomeTracker()
        let opening = try Self.opening("a")
        book.opened(opening)
        #expect(book.verdict(opening, at: 1, as: .opinion) == .learn)
        #expect(isRefused(book.verdict(opening, at: 2, as: .opinion), .duplicate))
        #expect(book.verdict(opening, at: 3) == .replace)
        #expect(isRefused(book.verdict(opening, at: 4), .duplicate))
        #expect(isRefused(book.verdict(opening, at: 5, as: .opinion), .duplicate))
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
        #expect(isRefused(book.looked(first, at: 2, isOpening: true, standing: .judged, last: 1), .duplicate))
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
