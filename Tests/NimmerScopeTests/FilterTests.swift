import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

@Suite struct FilterTests {
    private func stage() throws -> Stage { Stage(try GoldenScreenTests.plant.get(), seconds: 79) }

    private func lanes(_ stage: Stage) -> [String] {
        stage.scope.groupsShown.map { stage.scope.buffer.groups[$0].name }
    }

    @Test func byRegionCellOriginAndText() throws {
        var stage = try stage()
        func shown(_ text: String) -> (lanes: [String], count: Int) {
            stage.type("/")
            stage.press(.control("u"))
            stage.type(text)
            stage.press(.enter)
            return (lanes(stage), stage.scope.buffer.shown.count)
        }
        #expect(shown("plant").lanes == ["plant.pump"], "a region")
        #expect(shown("watchdog").lanes == ["vitals"], "a cell")
        #expect(shown("VIBRATION").lanes == ["plant.pump"], "an origin, upper and lower case alike")
        #expect(shown("corridor").lanes == ["vision"], "text of the content")
        #expect(shown("bridge.request").count == 5, "a subject")
        #expect(shown("inlet valve").count > 0, "text of what is no wave")
        #expect(shown("nowhere").count == 0)
        #expect(stage.screen.text.contains("passes /nowhere"))
        let all = stage.scope.buffer.entries.count
        let (pump, rest) = (shown("pump").count, shown("!pump").count)
        #expect(pump > 0 && rest > 0 && pump + rest == all, "! shows what is hidden without it")
        #expect(shown("").count == all)
    }

    @Test func typingIsSeenAtOnceAndEscUndoesIt() throws {
        var stage = try stage()
        stage.type("/math")
        stage.press(.enter)
        let before = stage.scope.buffer.shown.count
        stage.type("/vit")
        #expect(lanes(stage) == ["vitals"])
        #expect(stage.screen.row(35).contains("/vit"))
        #expect(stage.press(.character("q")).isEmpty, "q is a letter here")
        stage.press(.backspace)
        #expect(stage.scope.buffer.filter.text == "vit")
        stage.press(.escape)
        #expect(stage.scope.buffer.filter.text == "math" && stage.scope.buffer.shown.count == before)
        stage.type("/")
        stage.press(.backspace)
        #expect(stage.scope.view.edit == nil && stage.scope.buffer.filter.text == "math")
    }

    @Test func whatArrivesIsFilteredToo() throws {
        var stage = Stage(try GoldenScreenTests.plant.get(), seconds: 40)
        stage.type("/!pump")
        stage.press(.enter)
        stage.pass(try GoldenScreenTests.plant.get(), seconds: 20)
        let buffer = stage.scope.buffer
        #expect(
            buffer.shown.numbers.allSatisfy {
                buffer.lanes[Int(buffer.entries[buffer.shown[$0]].lane)].name != "plant.pump"
            })
    }

    @Test func minimumConfidenceHidesWavesAndCountsThem() throws {
        var stage = try stage()
        stage.type("MMMMMMM")
        #expect(abs(stage.scope.buffer.minimumConfidence - 0.35) < 1e-9)
        let buffer = stage.scope.buffer
        let waves = buffer.entries.numbers.map { buffer.entries[$0] }.filter { $0.kind == .wave }
        let quiet = waves.count { $0.value.magnitude < 0.345 }
        #expect(quiet > 100 && buffer.quiet == quiet)
        #expect(stage.screen.row(0).contains("conf≥0.35"))
        #expect(stage.screen.row(1).contains("\(grouped(quiet)) hidden below 0.35"))
        #expect(
            buffer.shown.numbers.contains { buffer.entries[buffer.shown[$0]].kind == .transition },
            "only waves are hidden")
        stage.type("mmmmmmmm")
        #expect(stage.scope.buffer.minimumConfidence == 0 && stage.scope.buffer.quiet == 0)
        #expect(stage.scope.buffer.shown.count == stage.scope.buffer.entries.count)
    }

    @Test func gatesAreNeverFiltered() throws {
        var stage = try stage()
        stage.type("/vision")
        stage.press(.enter)
        #expect(stage.screen.text.contains("plant.pump +"))
    }
}
