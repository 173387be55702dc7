import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// The screens as a person sees them, kept as files.
@Suite struct GoldenScreenTests {
    static let plant = Result { try Scenario.plant() }
    static let sizes = [(80, 24), (120, 36), (200, 60)]

    private func stage(
        _ seconds: Double = 79, _ size: (Int, Int) = (120, 36), _ tune: (inout ScopeSettings) -> Void = { _ in }
    ) throws -> Stage {
        Stage(try Self.plant.get(), seconds: seconds, size, tune)
    }

    @Test(arguments: 0..<3) func live(_ index: Int) throws {
        let size = Self.sizes[index]
        Golden.check(try stage(79, size).screen, "live-\(size.0)x\(size.1)", styles: .truecolor)
    }

    @Test func paused() throws {
        var stage = try stage(74)
        stage.press(.character(" "))
        stage.press(.left, times: 24)
        stage.press(.character("x"))
        stage.press(.left, times: 14)
        stage.pass(try Self.plant.get(), seconds: 7)
        Golden.check(stage.screen, "paused")
    }

    @Test(arguments: 0..<2) func scrolledBack(_ index: Int) throws {
        var stage = try stage(79, Self.sizes[index])
        stage.press(.character("3"))
        stage.press(.up, times: 30)
        stage.pass(try Self.plant.get(), seconds: 4)
        Golden.check(stage.screen, "scrolled-back-\(Self.sizes[index].0)x\(Self.sizes[index].1)")
    }

    @Test func filtered() throws {
        var stage = try stage()
        stage.type("/pressure")
        Golden.check(stage.screen, "filter-typed")
        stage.press(.enter)
        Golden.check(stage.screen, "filtered")
        stage.type("/!pump")
        stage.press(.enter)
        stage.type("MMMM")
        Golden.check(stage.screen, "filtered-out")
    }

    @Test func zoomed() throws {
        var stage = try stage()
        stage.type("--")
        Golden.check(stage.screen, "spike-in-one-column")
        stage.type("0/overflow")
        stage.press(.enter)
        stage.press(.character("3"), .up, .character("1"))
        stage.type("/math")
        stage.press(.enter)
        stage.type("+++++++")
        Golden.check(stage.screen, "spike-zoomed-in")
    }

    @Test(arguments: 0..<3) func inspectorOnWave(_ index: Int) throws {
        let size = Self.sizes[index]
        var stage = try stage(79, size)
        stage.press(.character("3"), .up, .up, .enter)
        Golden.check(stage.screen, "inspect-wave-\(size.0)x\(size.1)")
        if index == 1 {
            stage.press(.character("r"))
            Golden.check(stage.screen, "inspect-wave-raw")
        }
    }

    @Test(arguments: 0..<3) func inspectorOnGate(_ index: Int) throws {
        let size = Self.sizes[index]
        var stage = try stage(79, size)
        let effects = stage.press(.character("2"), .enter)
        #expect(effects == [.explain(gate: "plant.pump")])
        Golden.check(stage.screen, "inspect-gate-\(size.0)x\(size.1)")
    }

    @Test(arguments: 0..<3) func inspectorOnEscalation(_ index: Int) throws {
        let size = Self.sizes[index]
        var stage = try stage(79, size)
        stage.type("/bridge.request")
        stage.press(.enter)
        stage.press(.character("3"), .up, .enter)
        Golden.check(stage.screen, "inspect-escalation-\(size.0)x\(size.1)")
    }

    @Test(arguments: 0..<3) func help(_ index: Int) throws {
        let size = Self.sizes[index]
        var stage = try stage(79, size)
        stage.press(.character("?"))
        Golden.check(stage.screen, "help-\(size.0)x\(size.1)")
    }

    @Test(arguments: 0..<2) func serverLost(_ index: Int) throws {
        let size = Self.sizes[index]
        var stage = try stage(79, size)
        _ = stage.scope.reduce(.connection(.lost("nats://127.0.0.1:4222"), at: stage.now))
        _ = stage.scope.reduce(.lost(total: 1204))
        stage.now = stage.now.advanced(milliseconds: 12_300)
        _ = stage.scope.reduce(.tick(stage.now))
        Golden.check(stage.screen, "server-lost-\(size.0)x\(size.1)", styles: .truecolor)
    }

    @Test func tooSmall() throws {
        Golden.check(try stage(79, (70, 20)).screen, "too-small")
        Golden.check(try stage(79, (20, 5)).screen, "much-too-small")
    }

    @Test(arguments: GlyphLevel.allCases) func glyphs(_ level: GlyphLevel) throws {
        let stage = try stage { $0.glyphs = level }
        Golden.check(stage.screen, "glyphs-\(level.rawValue)")
    }

    @Test(arguments: ColorDepth.allCases) func colors(_ depth: ColorDepth) throws {
        let stage = try stage(79, (80, 24)) { $0.colors = depth }
        Golden.check(stage.screen, "colors-\(depth.rawValue)", styles: depth)
    }

    @Test(arguments: Environment.allCases) func environments(_ environment: Environment) throws {
        let arrivals = try Scenario.plant(environment, seconds: 80)
        let stage = Stage(
            arrivals, seconds: 79, width: 80, height: 24, settings: ScopeSettings(environment: environment))
        Golden.check(stage.screen, "environment-\(environment.rawValue)", styles: .truecolor)
    }

    @Test func sweep() throws {
        var stage = try stage()
        stage.press(.character("s"))
        Golden.check(stage.screen, "sweep")
    }

    @Test(arguments: 0..<3) func gateWatch(_ index: Int) throws {
        let size = Self.sizes[index]
        let stage = try stage(79, size) {
            $0.face = .gates
            $0.title = "nimmer gate watch"
        }
        Golden.check(stage.screen, "gate-watch-\(size.0)x\(size.1)")
    }

    @Test func drawing() throws {
        let svg = try stage().scope.plot()
        Golden.check(String(decoding: svg, as: UTF8.self), "plot.svg")
    }

    @Test func nothingYet() throws {
        let stage = Stage([], seconds: 3)
        Golden.check(stage.screen, "nothing-yet")
    }
}
