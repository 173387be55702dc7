import NimmerCognition
import NimmerSystem
import NimmerWave
import Seeds
import Testing

/// Everything that is taken leaves exactly once, whatever happens in whatever order.
@Suite("A burst")
struct BurstTests {
    /// Where each request went.
    private struct Ledger {
        var ends: [MessageID: [String]] = [:]
        var asks: [Ask] = []

        mutating func take(_ actions: [SchedulerAction]) {
            for action in actions {
                switch action {
                case .ask(let ask): asks.append(ask)
                case .respond(let response, let merged):
                    ends[response.requestID, default: []].append(response.outcome.rawValue)
                    for id in merged { ends[id, default: []].append("merged") }
                case .giveBack(let id): ends[id, default: []].append("given back")
                case .inform: break
                }
            }
        }
    }

    @Test("of 1,000 collapses is bounded, merged, and wholly accounted for", arguments: 0..<8)
    func thousand(seed: UInt64) {
        var random = Seeded(seed + 1)
        let minds = (0..<Int.random(in: 1...3, using: &random)).map { index in
            Sample.mind("m\(index)") { $0.maxConcurrent = 1 + index }
        }
        let queue = [8, 64, 256][Int.random(in: 0..<3, using: &random)]
        let regions = [3, 40, 600][Int.random(in: 0..<3, using: &random)]
        var scheduler = Scheduler(Sample.bridge(minds) { $0.queue = queue })
        var ledger = Ledger()
        var now = Sample.now
        for index in 0..<1000 {
            now = now.advanced(milliseconds: Double.random(in: 0...2, using: &random))
            ledger.take(
                scheduler.arrive(
                    Sample.request(
                        "r\(index)", region: "g\(Int.random(in: 0..<regions, using: &random))",
                        confidence: Double.random(in: 0...1, using: &random),
                        expiresIn: Double.random(in: 500...60_000, using: &random), at: now), at: now))
            #expect(scheduler.waitingRequests <= queue)
        }
        var turns = 0
        while scheduler.held > 0, turns < 20_000 {
            turns += 1
            now = now.advanced(milliseconds: Double.random(in: 1...400, using: &random))
            if !ledger.asks.isEmpty {
                let ask = ledger.asks.remove(at: Int.random(in: 0..<ledger.asks.count, using: &random))
                let outcome =
                    [
                        Sample.valid(), Sample.valid(unsure: true), Sample.invalid, Sample.failed(),
                        Sample.failed(.cancelled),
                    ]
                    .randomElement(using: &random) ?? Sample.invalid
                ledger.take(scheduler.finished(ask.request.requestID, outcome, at: now))
            }
            ledger.take(scheduler.tick(at: now))
            #expect(ledger.asks.count <= minds.reduce(0) { $0 + $1.maxConcurrent })
        }
        #expect(scheduler.held == 0)
        #expect(ledger.ends.count == 1000)
        #expect(ledger.ends.values.allSatisfy { $0.count == 1 })
        let counters = scheduler.counters
        #expect(counters.taken == 1000)
        #expect(
            counters.byMind + counters.byRule + counters.expired + counters.merged + counters.givenBack == 1000)
        #expect(counters.merged == ledger.ends.values.count { $0 == ["merged"] })
    }

    @Test("merged witnesses stay within their bytes, the newest first")
    func bounded() {
        var scheduler = Scheduler(Sample.bridge([Sample.mind()]))
        _ = scheduler.arrive(Sample.request("first"), at: Sample.now)
        let long = JSON.string(String(repeating: "x", count: 3000))
        for index in 0..<1000 {
            let at = Sample.now.advanced(milliseconds: Double(index))
            _ = scheduler.arrive(Sample.request("r\(index)", content: ["text": long], at: at), at: at)
        }
        #expect(scheduler.waitingRequests == 1 && scheduler.held == 1001)
        let actions = scheduler.finished(.named("first"), Sample.valid(), at: Sample.now.advanced(milliseconds: 1001))
        let input = actions.compactMap(\.ask).first?.request.structuredInput
        #expect(input?.bytes.count ?? .max < 20_000)
        #expect(input?["witnesses"]?[0]?["source"]?.string == "cell-r999")
        #expect(input?["earlier"]?[0]?["witnesses"]?[0]?["source"]?.string == "cell-r998")
        #expect(input?["merged"]?.int == 999)
    }

    @Test("no mind ever works on more than it may, and no budget is overdrawn by more than what runs", arguments: 0..<6)
    func budgets(seed: UInt64) {
        var random = Seeded(seed + 77)
        let mind = Sample.mind {
            $0.maxConcurrent = 2
            $0.budget = BudgetSettings(tokensPerMinute: 1000)
        }
        var scheduler = Scheduler(Sample.bridge([mind]))
        var asks: [Ask] = []
        var spent: [(at: Timestamp, tokens: Int)] = []
        var now = Sample.now
        for index in 0..<2000 {
            now = now.advanced(milliseconds: Double.random(in: 0...500, using: &random))
            var actions = scheduler.arrive(Sample.request("r\(index)", region: "g\(index % 50)", at: now), at: now)
            actions += scheduler.tick(at: now)
            if let ask = asks.popLast() {
                let tokens = Int.random(in: 20...200, using: &random)
                spent.append((now, tokens))
                actions += scheduler.finished(ask.request.requestID, Sample.valid(tokens: tokens), at: now)
            }
            asks += actions.compactMap(\.ask)
            #expect(asks.count <= 2)
            let minute = spent.filter { now.milliseconds(since: $0.at) < 59_000 }.reduce(0) { $0 + $1.tokens }
            #expect(minute < 1000 + 2 * 200)
        }
    }
}
