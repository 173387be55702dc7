import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// The gates in the order that was asked for, which the pane names.
@Suite("Gate order") struct GateOrderTests {
    private func gate(
        _ region: String, _ state: GateState, _ potential: Double, trust: Double, witnesses: Int
    ) throws -> AttendedGate {
        AttendedGate(
            gateID: GateID(region: try Region(region)), region: try Region(region), state: state, potential: potential,
            weight: trust, witnesses: witnesses)
    }

    private func stage(_ size: (Int, Int) = (120, 36)) throws -> Stage {
        var stage = Stage([], seconds: 1, width: size.0, height: size.1)
        _ = stage.scope.reduce(
            .gates([
                try gate("delta", .open, 0.9, trust: 0.2, witnesses: 2),
                try gate("alpha", .stable, 0.1, trust: 0.9, witnesses: 1),
                try gate("charlie", .closed, -0.7, trust: 0.4, witnesses: 5),
                try gate("bravo", .stable, 0.3, trust: 0.1, witnesses: 3),
            ]))
        // Later, bravo opens and then alpha closes.
        stage.now = Scenario.start.advanced(milliseconds: 5000)
        _ = stage.scope.reduce(.tick(stage.now))
        _ = stage.scope.reduce(.gates([try gate("bravo", .open, 0.6, trust: 0.1, witnesses: 3)]))
        stage.now = Scenario.start.advanced(milliseconds: 7000)
        _ = stage.scope.reduce(.tick(stage.now))
        _ = stage.scope.reduce(.gates([try gate("alpha", .closed, -0.6, trust: 0.9, witnesses: 1)]))
        return stage
    }

    @Test func eachKeyPressIsTheNextOrder() throws {
        var stage = try stage()
        let orders: [(String, [String])] = [
            ("attention", ["delta", "bravo", "charlie", "alpha"]), ("name", ["alpha", "bravo", "charlie", "delta"]),
            ("state", ["delta", "bravo", "charlie", "alpha"]), ("value", ["delta", "bravo", "alpha", "charlie"]),
            ("change", ["alpha", "bravo", "delta", "charlie"]), ("trust", ["alpha", "charlie", "delta", "bravo"]),
            ("witnesses", ["charlie", "bravo", "delta", "alpha"]),
            ("attention", ["delta", "bravo", "charlie", "alpha"]),
        ]
        for (name, wanted) in orders {
            #expect(stage.scope.gatesShown.map(\.region.text) == wanted, "by \(name)")
            #expect(stage.screen.row(1).contains("by \(name)"))
            stage.press(.character("O"))
            #expect(stage.scope.gatesShown.map(\.region.text) == wanted.reversed())
            #expect(stage.screen.row(1).contains("by \(name), rev"))
            stage.press(.character("O"), .character("o"))
        }
    }

    @Test func theSelectedGateStaysSelected() throws {
        var stage = try stage()
        stage.press(.character("2"), .down, .down)
        #expect(stage.scope.selectedGate == "charlie")
        stage.press(.character("o"), .character("o"), .character("O"))
        #expect(stage.scope.selectedGate == "charlie")
        #expect(stage.screen.text.contains("▸charlie"))
    }

    @Test func aHeldViewIsOrderedAsItWas() throws {
        var stage = try stage()
        for _ in 0..<4 { stage.press(.character("o")) }
        #expect(stage.scope.gatesShown.first?.region.text == "alpha")
        stage.press(.character(" "))
        stage.scope.view.cursor = Scenario.start.advanced(milliseconds: 6000).nanoseconds
        #expect(stage.scope.gatesShown.first?.region.text == "bravo")
    }
}
