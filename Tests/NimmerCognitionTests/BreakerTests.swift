import NimmerCognition
import NimmerSystem
import NimmerWave
import Seeds
import Testing

@Suite("Breakers and budgets")
struct BreakerTests {
    private func at(_ milliseconds: Double) -> Timestamp { Sample.now.advanced(milliseconds: milliseconds) }

    @Test("failures in a row open it; a success between resets the count")
    func opens() {
        var breaker = Breaker(failures: 3, pauseMilliseconds: 100)
        breaker.fail(at: at(0))
        breaker.fail(at: at(1))
        breaker.succeed()
        breaker.fail(at: at(2))
        breaker.fail(at: at(3))
        #expect(breaker.state(at: at(3)) == .closed)
        breaker.fail(at: at(4))
        #expect(breaker.state(at: at(4)) == .open && breaker.answer(at: at(103)) == .refuse)
        #expect(breaker.state(at: at(104)) == .halfOpen && breaker.answer(at: at(104)) == .pass)
    }

    @Test("each failed trial doubles the pause, up to sixteen times")
    func doubles() {
        var breaker = Breaker(failures: 1, pauseMilliseconds: 100)
        var now = at(0)
        breaker.fail(at: now)
        for expected in [100.0, 200, 400, 800, 1600, 1600] {
            let next = breaker.nextChange(after: now) ?? now
            #expect(next.milliseconds(since: now) == expected)
            now = next
            breaker.begin(at: now)
            #expect(breaker.answer(at: now) == .refuse, "one question at a time goes through to see")
            breaker.fail(at: now)
        }
        breaker.begin(at: now)
        breaker.succeed()
        #expect(breaker.state(at: now) == .closed)
    }

    @Test("a question that was taken back teaches nothing")
    func cancelled() {
        var breaker = Breaker(failures: 1, pauseMilliseconds: 100)
        breaker.fail(at: at(0))
        breaker.begin(at: at(100))
        breaker.cancel()
        #expect(breaker.answer(at: at(101)) == .pass)
    }

    @Test("whatever happens, an open breaker becomes half open by time alone", arguments: 0..<20)
    func property(seed: UInt64) {
        var random = Seeded(seed + 5)
        var breaker = Breaker(failures: Int.random(in: 1...4, using: &random), pauseMilliseconds: 100)
        var now = at(0)
        for _ in 0..<500 {
            now = now.advanced(milliseconds: Double.random(in: 0...300, using: &random))
            if breaker.answer(at: now) == .pass {
                breaker.begin(at: now)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: breaker.succeed()
                case 1: breaker.fail(at: now, retryAfter: Bool.random(using: &random) ? 500 : nil)
                default: breaker.cancel()
                }
            } else {
                let next = breaker.nextChange(after: now)
                #expect(next != nil)
                #expect(next.map { breaker.answer(at: $0) } == .pass)
            }
        }
    }

    @Test("a minute forgets by seconds, a day at midnight UTC")
    func windows() {
        var budget = Budget(BudgetSettings(lfPerMinute: 10, tokensPerDay: 100))
        let noon = Timestamp(nanoseconds: 1_771_027_200_000_000_000 + 43_200_000_000_000)
        func after(_ seconds: Double) -> Timestamp { noon.advanced(milliseconds: seconds * 1000) }
        budget.spend(.init(lifeforce: 6, tokens: 10), at: noon)
        budget.spend(.init(lifeforce: 4, tokens: 10), at: after(30))
        #expect(budget.shortage(at: after(30)) == "10 of 10 LF a minute")
        #expect(budget.nextChange(after: after(30)) == after(60))
        #expect(budget.shortage(at: after(60)) == nil)
        #expect(budget.spentThisMinute(at: after(60)).lifeforce == 4)
        budget.spend(.init(lifeforce: 0, tokens: 80), at: after(100))
        #expect(budget.shortage(at: after(7200)) == "100 of 100 tokens a day")
        #expect(budget.nextChange(after: after(7200)) == after(43_200))
        #expect(budget.shortage(at: after(43_200)) == nil)
    }

    @Test("the sum over the last minute equals that of a plain list", arguments: 0..<10)
    func sums(seed: UInt64) {
        var random = Seeded(seed + 9)
        var budget = Budget()
        var list: [(Int64, Int)] = []
        var now = Sample.now
        for _ in 0..<400 {
            now = now.advanced(milliseconds: Double.random(in: 0...4000, using: &random))
            let tokens = Int.random(in: 0...50, using: &random)
            budget.spend(.init(tokens: tokens), at: now)
            list.append((now.nanoseconds / 1_000_000_000, tokens))
            let second = now.nanoseconds / 1_000_000_000
            let expected = list.filter { $0.0 > second - 60 }.reduce(0) { $0 + $1.1 }
            #expect(budget.spentThisMinute(at: now).tokens == expected)
        }
    }
}
