import Testing

/// One request through every interleaving of asking, storing, acknowledging, commanding, losing, repeating and dying.
@Suite("One request, whatever happens") struct BridgeModelTests {
    private static func explore(_ start: BridgeModel) -> (fault: String?, states: Int, ends: Int) {
        var seen: Set<String> = [start.fingerprint]
        var paths: [(model: BridgeModel, steps: [BridgeModel.Step])] = [(start, [])]
        var ends = 0
        while let (model, path) = paths.popLast() {
            let steps = model.steps
            if steps.allSatisfy({ $0 == .crash }) {
                ends += 1
                if let gap = model.gap, model.budget.crashes == start.budget.crashes || steps.isEmpty {
                    return ("\(gap) after \(path)", seen.count, ends)
                }
            }
            for step in steps {
                var next = model
                next.take(step)
                if let fault = next.fault { return ("\(fault) after \(path + [step])", seen.count, ends) }
                if seen.insert(next.fingerprint).inserted { paths.append((next, path + [step])) }
            }
        }
        return (nil, seen.count, ends)
    }

    @Test("it is answered once, and only what the stored decision holds is commanded, once", arguments: [0, 1, 2])
    func holds(crashes: Int) {
        var budget = BridgeModel.Budget()
        budget.crashes = crashes
        budget.losses = crashes == 2 ? 1 : 2
        let (fault, states, ends) = Self.explore(BridgeModel(budget))
        #expect(fault == nil)
        #expect(states > 50 && ends > 0)
    }
}
