import NimmerIris
import Testing

@Suite("The cosine that a region needs to join")
struct JoinRuleTests {
    @Test("names that are not linked need more with each doubling of the homes beyond two")
    func doublings() {
        let required = [0, 1, 2, 4, 8, 16].map { JoinRule.required(isLinked: false, homes: $0) }
        for (found, expected) in zip(required, [0.4, 0.4, 0.4, 0.55, 0.7, 0.85]) {
            #expect(abs(found - expected) < 1e-9)
        }
        #expect(JoinRule.required(isLinked: false, homes: 64) > 1)
        #expect(JoinRule.required(isLinked: false, homes: .max).isFinite)
    }

    @Test("names that are linked need less, however many homes there are")
    func linked() {
        for homes in [0, 2, 16, 100_000] {
            #expect(JoinRule.required(isLinked: true, homes: homes) == 0)
            #expect(abs(JoinRule.required(isLinked: true, homes: homes, join: 0.7) - 0.3) < 1e-9)
            #expect(JoinRule.required(isLinked: true, homes: homes, join: -0.5) == -0.5)
        }
    }

    @Test("names that are apart never join")
    func apart() {
        #expect(JoinRule.required(.apart, homes: 1) == .infinity)
        #expect(JoinRule.required(.linked, homes: 9) == JoinRule.required(isLinked: true, homes: 9))
        #expect(JoinRule.required(.open, homes: 9) == JoinRule.required(isLinked: false, homes: 9))
    }

    @Test("a greater threshold never needs less, nor do more homes")
    func monotone() {
        for isLinked in [true, false] {
            for homes in 0..<70 {
                for step in -10..<10 {
                    let join = Double(step) / 10
                    let required = JoinRule.required(isLinked: isLinked, homes: homes, join: join)
                    #expect(required <= JoinRule.required(isLinked: isLinked, homes: homes, join: join + 0.1))
                    #expect(required <= JoinRule.required(isLinked: isLinked, homes: homes + 1, join: join))
                }
            }
        }
    }
}
