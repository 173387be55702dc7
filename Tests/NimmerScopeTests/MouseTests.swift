import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// The mouse selects what is under it, and its wheel scrolls and zooms.
@Suite("Mouse") struct MouseTests {
    private func stage(_ size: (Int, Int) = (120, 36), face: ScopeSettings.Face = .tail) throws -> Stage {
        Stage(try GoldenScreenTests.plant.get(), seconds: 79, size) { $0.face = face }
    }

    private func row(_ stage: Stage, with text: String, from column: Int = 0, to end: Int = 250) throws -> Int {
        try #require(
            (1..<stage.screen.height).first { stage.screen.row($0).prefix(end).dropFirst(column).contains(text) },
            "\(text) is not on the screen:\n\(stage.screen.text)")
    }

    @Test func aPressSelectsALane() throws {
        var stage = try stage()
        stage.press(.character("3"))
        for name in ["plant.pump", "vitals", "math"] {
            stage.press(.mouse(Pointer(.press, x: 40, y: try row(stage, with: name, to: 14) + 1)))
            #expect(stage.scope.selectedGroup?.name == name)
            #expect(stage.scope.view.pane == .scope)
            #expect(stage.screen.text.contains("▸" + name))
        }
        let before = stage.scope.view.lane
        stage.press(.mouse(Pointer(.press, x: 40, y: 17)))
        #expect(stage.scope.view.lane == before, "the times are no lane")
    }

    @Test func aPressSelectsAGateAndAnotherExplainsIt() throws {
        var stage = try stage()
        let y = try row(stage, with: "vitals", from: 80)
        let press = Key.mouse(Pointer(.press, x: 90, y: y))
        #expect(stage.press(press).isEmpty)
        #expect(stage.scope.view.pane == .gates && stage.scope.selectedGate == "vitals")
        #expect(stage.press(press) == [.explain(gate: "vitals")])
    }

    @Test func aPressSelectsALineOfTheLogAndAnotherInspectsIt() throws {
        var stage = try stage()
        let press = Key.mouse(Pointer(.press, x: 20, y: 30))
        let line = stage.screen.row(30).dropFirst(2).prefix(40)
        stage.press(press)
        #expect(!stage.scope.view.isLive && stage.scope.view.selected != nil)
        #expect(stage.screen.row(30).contains("▸") && stage.screen.row(30).dropFirst(2).prefix(40) == line)
        let selected = try #require(stage.scope.view.selected)
        stage.press(press)
        #expect(stage.scope.view.inspected == .entry(selected))
    }

    @Test func aPressOnAHeadingOrdersTheGates() throws {
        var stage = try stage((200, 60), face: .gates)
        let y = try row(stage, with: "trust")
        for (heading, order) in [("trust", GateOrder.trust), ("wit", .witnesses), ("state", .state), ("pot", .value)] {
            let text = stage.screen.row(y)
            let place = try #require(text.firstRange(of: heading))
            stage.press(
                .mouse(Pointer(.press, x: text.distance(from: text.startIndex, to: place.lowerBound), y: y)))
            #expect(stage.scope.view.gateOrder == order && !stage.scope.view.isGateOrderReversed)
        }
    }

    @Test func theWheelScrollsWhatIsUnderIt() throws {
        var stage = try stage()
        stage.press(.mouse(Pointer(.wheelDown, x: 40, y: 5)))
        #expect(stage.scope.view.lane == 1)
        stage.press(.mouse(Pointer(.wheelUp, x: 40, y: 5)), .mouse(Pointer(.wheelUp, x: 40, y: 5)))
        #expect(stage.scope.view.lane == 0)
        stage.press(.mouse(Pointer(.wheelUp, x: 20, y: 25)))
        #expect(stage.scope.view.pane == .log && !stage.scope.view.isLive)
        stage.press(.end)
        stage.press(.mouse(Pointer(.wheelDown, x: 20, y: 25)))
        #expect(stage.scope.view.isLive, "there is nothing below the newest")
        stage.press(.mouse(Pointer(.wheelDown, x: 100, y: 5)))
        #expect(stage.scope.view.pane == .gates)
    }

    @Test func theWheelZoomsWithCtrlAndOnTheTimes() throws {
        var stage = try stage()
        let start = stage.scope.view.scale.milliseconds
        stage.press(.mouse(Pointer(.wheelUp, x: 40, y: 5, isModified: true)))
        #expect(stage.scope.view.scale.milliseconds < start)
        stage.press(.mouse(Pointer(.wheelDown, x: 40, y: 5, isModified: true)))
        #expect(stage.scope.view.scale.milliseconds == start)
        let times = try row(stage, with: "now")
        stage.press(.mouse(Pointer(.wheelDown, x: 40, y: times)))
        #expect(stage.scope.view.scale.milliseconds > start)
        stage.press(.mouse(Pointer(.wheelUp, x: 40, y: times + 1)))
        #expect(stage.scope.view.scale.milliseconds == start)
    }

    @Test func onASmallScreenWhatLiesOverTheRestIsReachedFirst() throws {
        var stage = try stage((80, 24))
        stage.press(.mouse(Pointer(.press, x: 10, y: try row(stage, with: "gates"))))
        #expect(stage.scope.view.overlay == .gates)
        stage.press(.mouse(Pointer(.press, x: 10, y: try row(stage, with: "vitals", from: 1))))
        stage.press(.mouse(Pointer(.press, x: 10, y: 1)))
        #expect(stage.scope.view.overlay == nil, "a press beside it closes it")
    }

    @Test func helpAndAFilterThatIsTypedKeepTheMouseToThemselves() throws {
        var stage = try stage((80, 24))
        stage.press(.character("?"), .mouse(Pointer(.wheelDown, x: 3, y: 3)))
        #expect(stage.scope.view.isHelpShown && stage.scope.view.lane == 0)
        stage.press(.mouse(Pointer(.press, x: 3, y: 3)))
        #expect(!stage.scope.view.isHelpShown)
        stage.type("/pum")
        stage.press(.mouse(Pointer(.press, x: 3, y: 3)))
        #expect(stage.scope.view.edit?.text == "pum")
    }

    /// Wherever the mouse is, on whatever size: nothing traps.
    @Test(arguments: 0..<20) func anywhere(_ seed: Int) throws {
        var chance = Chance(state: UInt64(seed) &* 31 &+ 5)
        var stage = try stage(seed % 2 == 0 ? (120, 36) : (80, 24), face: seed % 5 == 0 ? .gates : .tail)
        for _ in 0..<300 {
            let pointer = Pointer(
                [.press, .wheelUp, .wheelDown].randomElement(using: &chance) ?? .press,
                x: Int.random(in: 0...250, using: &chance), y: Int.random(in: 0...70, using: &chance),
                isModified: Bool.random(using: &chance))
            stage.press(.mouse(pointer))
            if Int.random(in: 0..<20, using: &chance) == 0 {
                stage.resize(Int.random(in: 0...210, using: &chance), Int.random(in: 0...60, using: &chance))
            }
            if Int.random(in: 0..<10, using: &chance) == 0 { stage.press(.escape, .character("c")) }
            _ = stage.screen
        }
    }
}
