import NimmerWave
import Testing

/// What is too much is dropped, and only some of it answered (decision 0021).
@Suite("What is too much")
struct SenderIntakeTests {
    private let moment = SteadyTime(milliseconds: 77_000)

    @Test(
        "within the budget all is taken; beyond it ten refusals a second are said, and the rest is dropped and counted")
    func decisions() {
        var intake = SenderIntake(SenderBudgets(burst: 60, perSecond: 10))
        func decide(_ count: Int, _ sender: String, second: Double) -> [SenderIntake.Decision: Int] {
            let now = moment.advanced(milliseconds: second * 1000)
            return (0..<count).reduce(into: [:]) { sum, _ in sum[intake.decide(1, of: sender, at: now), default: 0] += 1
            }
        }
        #expect(decide(1_000, "mad", second: 0) == [.taken: 60, .refused: 10, .dropped: 930])
        #expect(decide(10, "ann", second: 0) == [.taken: 10])
        #expect(decide(1_000, "mad", second: 1) == [.taken: 10, .refused: 10, .dropped: 980])
        #expect(intake.dropped == 1_910)
        #expect(decide(1, "", second: 1) == [.taken: 1])
    }

    @Test(
        "the sender is the last token of the form with a sender",
        arguments: [
            ("dev.nervous.cells.thalamus.request.observer", "observer"), ("dev.nervous.cells.thalamus.request", ""),
            ("dev.nervous.cells.thalamus.request.a.b", ""), ("", ""),
        ])
    func sender(_ subject: String, _ name: String) {
        let bytes = Array(subject.utf8)
        #expect(SenderIntake.sender(in: bytes.span.bytes, tokens: 6) == name)
    }
}
