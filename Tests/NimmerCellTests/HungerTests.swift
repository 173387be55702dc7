import NimmerSystem
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerCell

/// Looks at an interval, and takes readings that come by themselves; each wave costs 1 LF.
private struct Meter: Cell {
    static let manifest = Manifest(
        name: "meter", version: "1.0.0", summary: "Meters.", domain: "climate", costs: ["wave": 1], interval: 1000,
        commands: [("read", "Reads.")])
    struct Options: ProcessOptions {
        let level = Setting.number("level", 0.3, in: 0...1, "How sure it is.")
    }
    var level: Double

    init(_ settings: Settings<Options>) { level = settings.level }

    func inputs(in environment: Environment) throws -> [SubjectPattern] { [try SubjectPattern("devices.meter")] }

    mutating func sense(_ pulse: inout Pulse) throws { pulse.emit(confidence: level, [:]) }

    mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {
        pulse.countReading()
        pulse.emit(confidence: level, [:])
    }

    mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer {
        pulse.emit(confidence: level, [:])
        return .done(.number(level))
    }
}

@Suite("A budget") struct CellBudgetTests {
    private static func budget(_ amount: Double = 10) -> CellBudget {
        CellBudget(CellBudgetSettings(budget: amount, period: .hour))
    }
    private static func at(_ minutes: Double) -> Timestamp { Timestamp(milliseconds: minutes * 60_000) }

    @Test("is spent to nothing, filled up by the next period, and fed")
    func life() {
        var budget = Self.budget()
        budget.advance(to: Self.at(10))
        budget.spend(9.5)
        #expect(!budget.isHungry && budget.left == 0.5 && budget.refill == Self.at(60))
        budget.spend(3)
        #expect(budget.isHungry && budget.left == 0, "there are no debts")
        budget.feed(4, opening: .named("a"))
        #expect(!budget.isHungry && budget.left == 4 && budget.fed == 4)
        budget.feed(4, opening: .named("a"))
        #expect(budget.left == 4, "an opening feeds once")
        budget.feed(0, opening: .named("a"))
        #expect(budget.isHungry && budget.fed == 0, "what is taken back feeds no more")
        budget.advance(to: Self.at(59.9))
        #expect(budget.isHungry)
        budget.advance(to: Self.at(60))
        #expect(budget.left == 10)
        budget.advance(to: Self.at(5))
        budget.spend(10)
        budget.advance(to: Self.at(60))
        #expect(budget.isHungry, "a clock that is set back fills nothing up")
        budget.feed(1000, opening: .named("b"))
        #expect(budget.left == 100, "ten budgets at most")
        budget.advance(to: Self.at(120))
        #expect(budget.left == 100, "what is beyond the budget stays")
    }

    @Test("keeps its bounds whatever happens, and depends on nothing but what happened", arguments: 0..<40)
    func random(seed: Int) {
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        func next() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
        func pick(_ count: Double) -> Int { Int(saturating: next() * count) }
        var (one, other) = (Self.budget(), Self.budget())
        one.advance(to: Self.at(0))
        other.advance(to: Self.at(0))
        var (minute, spent, refilled) = (0.0, 0.0, 0)
        for _ in 0..<500 {
            let before = one.left
            switch pick(4) {
            case 0:
                let cost = next() * 6
                spent += cost
                one.spend(cost)
                other.spend(cost)
                #expect(one.left == max(0, before - cost))
            case 1:
                let (amount, opening) = (next() * 20 - 5, MessageID.named("\(pick(30))"))
                one.feed(amount, opening: opening)
                other.feed(amount, opening: opening)
            case 2:
                minute += next() * 40
                one.advance(to: Self.at(minute))
                other.advance(to: Self.at(minute))
                if one.left > before { refilled += 1 }
                #expect(one.left == before || one.left == 10 && before < 10, "filled up, never beyond")
            default: one.advance(to: Self.at(minute * next()))
            }
            #expect(one.left >= 0 && one.left <= 100 && one.isHungry == (one.left == 0))
            #expect(one == other)
        }
        #expect(abs(one.spent - spent) < 1e-6 && refilled > 0)
    }
}

@Suite("HUNGRY") struct HungerTests {
    @Test("a cell that has spent its budget senses every fourth time, states that interval, and reports it once")
    func slows() throws {
        var bench = try CellBench<Meter>(budget: 5)
        bench.start()
        bench.advance(milliseconds: 3_999)
        #expect(bench.waves.count == 4 && !bench.body.isHungry && bench.body.statedInterval == 1000)
        bench.clear()
        bench.advance(milliseconds: 20_001)
        // The fifth look spends the rest; from then on one in four seconds.
        #expect(bench.body.isHungry && bench.body.lifeforceLeft == 0)
        #expect(bench.waves.count == 5 || bench.waves.count == 6, "\(bench.waves.count)")
        #expect(bench.body.statedInterval == 4000 && bench.waves.last?.intervalMilliseconds == 4000)
        #expect(bench.changes.map(\.view) == ["hunger"] && bench.changes[0].edge == .begin)
        let logs = bench.actions.compactMap { if case .log(_, let text, _) = $0 { text } else { nil } }
        #expect(logs == ["HUNGRY: the budget is spent, the rate is lowered"])
    }

    @Test("a confirmed opening feeds it: it senses as usual again, at once")
    func fed() throws {
        var bench = try CellBench<Meter>(budget: 2)
        bench.start()
        bench.advance(milliseconds: 10_000)
        #expect(bench.body.isHungry)
        bench.clear()
        let opening = MessageID.named("opening")
        bench.feed(100, opening: opening)
        #expect(!bench.body.isHungry && bench.changes.map(\.edge) == [.end] && bench.body.statedInterval == 1000)
        bench.advance(milliseconds: 5_000)
        #expect(bench.waves.count == 5)
        bench.feed(0, opening: opening)
        #expect(bench.body.isHungry, "an outcome that is taken back")
    }

    @Test("the next day fills it up")
    func refill() throws {
        var bench = try CellBench<Meter>(start: Timestamp(milliseconds: 86_390_000), budget: 2)
        bench.start()
        bench.advance(milliseconds: 9_000)
        #expect(bench.body.isHungry)
        bench.advance(milliseconds: 1_000)
        #expect(!bench.body.isHungry)
    }

    @Test("commands are answered as ever, and their waves leave")
    func commands() throws {
        var bench = try CellBench<Meter>(budget: 1)
        bench.start()
        bench.advance(milliseconds: 2_000)
        #expect(bench.body.isHungry)
        bench.clear()
        for _ in 0..<10 {
            guard case .done = bench.ask("read") else { Issue.record("a command is refused"); continue }
        }
        #expect(bench.waves.count == 10)
    }

    @Test("of readings that come by themselves every fourth has a wave; the others are counted, and none is lost to it")
    func readings() throws {
        var bench = try CellBench<Meter>(["interval_ms": .whole(100_000)], budget: 1)
        bench.start()
        #expect(bench.body.isHungry)
        bench.clear()
        for _ in 0..<12 {
            bench.advance(milliseconds: 100)
            try bench.receive("1", on: "devices.meter")
        }
        #expect(bench.waves.count == 3 && bench.body.counters.heldBack == 9)
    }

    @Test("a reflex is hungry and keeps its rate")
    func reflex() throws {
        var bench = try CellBench<Meter>(["weight": .number(0.9)], budget: 1)
        bench.start()
        bench.advance(milliseconds: 9_999)
        #expect(bench.body.isHungry && bench.waves.count == 10 && bench.body.statedInterval == 1000)
    }

    @Test("without a budget nothing changes")
    func none() throws {
        var bench = try CellBench<Meter>()
        bench.start()
        bench.advance(milliseconds: 99_999)
        #expect(bench.waves.count == 100 && bench.changes.isEmpty && bench.body.lifeforceLeft == nil)
    }
}

@Suite("Food of a cell") struct CellFoodTests {
    private func outcome(_ witnesses: [String], _ result: VerificationResult = .confirmed, region: String = "plant")
        throws
        -> AcceptedOutcome
    {
        let named = try witnesses.map { try Token($0) }
        return AcceptedOutcome(
            gateID: GateID(region: try Region(region)), region: try Region(region), opening: .named("o"),
            opener: try named.first ?? Token("x"), witnesses: named, sender: "operator", result: result,
            at: Timestamp(milliseconds: 0))
    }

    @Test("a confirmed opening of its regions that it asserted, under its name or a granted origin")
    func shares() throws {
        var system = SystemFile(name: "s")
        var cell = Organism(role: .cell, name: "flow", kind: "sensor/v1")
        cell.lifeforce = CellBudgetSettings(budget: 1, regions: [try Region("plant")])
        cell.origins = [try #require(OriginPattern("vm-*"))]
        system.cells = [cell]
        system.lifeforce.standard.confirmed = 7
        let food = try #require(CellFood(of: try Token("flow"), in: system))
        #expect(food.amount(of: try outcome(["flow", "current"])) == 7)
        #expect(food.amount(of: try outcome(["vm-3"])) == 7)
        #expect(food.amount(of: try outcome(["current"])) == nil)
        #expect(food.amount(of: try outcome(["flow"], .failed)) == 0)
        #expect(food.amount(of: try outcome(["flow"], region: "cellar")) == nil)
        #expect(CellFood(of: try Token("other"), in: system) == nil)
    }
}
