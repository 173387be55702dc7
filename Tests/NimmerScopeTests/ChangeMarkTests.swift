import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// Change events on the scope (oscilloscope.md, The visual language).
@Suite("Change marks") struct ChangeMarkTests {
    static let changes = Result { try Scenario.changes() }

    private func stage(_ size: (Int, Int) = (120, 36), _ tune: (inout ScopeSettings) -> Void = { _ in }) throws -> Stage
    {
        Stage(try Self.changes.get(), seconds: 79, size, tune)
    }

    @Test(arguments: GlyphLevel.allCases) func screens(_ level: GlyphLevel) throws {
        let colors: ColorDepth = level == .ascii ? .none : .truecolor
        let stage = try stage {
            $0.glyphs = level
            $0.colors = colors
        }
        Golden.check(stage.screen, "changes-\(level.rawValue)", styles: colors)
    }

    @Test func smallScreen() throws { Golden.check(try stage((80, 24)).screen, "changes-80x24") }

    @Test func inspected() throws {
        var stage = try stage()
        stage.type("/pump-flow")
        stage.press(.enter)
        stage.press(.character("3"), .up, .up, .enter)
        Golden.check(stage.screen, "changes-inspected")
        #expect(stage.screen.text.contains("pump-flow"))
    }

    @Test func drawing() throws {
        let svg = String(decoding: try stage().scope.plot(), as: UTF8.self)
        #expect(svg.matches(of: /<path d="[^"]*" class="begins"/).count == 3, "two, and the legend's")
        #expect(svg.matches(of: /<path d="[^"]*" class="ends"/).count == 3)
        #expect(svg.contains(">change begins<") && svg.contains(">change ends<"))
    }

    @Test func aMarkStandsOnTheLaneOfItsRegion() throws {
        let buffer = try stage().scope.buffer
        for (region, edges) in [("plant.pump", [true, false]), ("vitals", [true, false]), ("math", [])] {
            let lane = buffer.lanes[try #require(buffer.lane(of: region))]
            let marks = lane.marks.numbers.map { lane.marks[$0] }.filter { $0.kind == .change }
            #expect(marks.map { $0.flags.contains(.begins) } == edges, "\(region)")
        }
    }

    /// Beside the marks nothing is another: the traces, the gates, what is measured.
    @Test func theyMoveNothingElse() throws {
        let (with, without) = (try stage(), Stage(try GoldenScreenTests.plant.get(), seconds: 79))
        #expect(
            with.scope.buffer.groups.map(\.name) == without.scope.buffer.groups.map(\.name))
        #expect(with.scope.buffer.traces.map(\.columns.count) == without.scope.buffer.traces.map(\.columns.count))
        #expect(with.scope.gates.tracks.keys.sorted() == without.scope.gates.tracks.keys.sorted())
        #expect(with.scope.openings.count == without.scope.openings.count)
    }

    @Test func theyAreFilteredLikeTheRest() throws {
        var stage = try stage()
        func shown(_ text: String) -> Int {
            stage.type("/")
            stage.press(.control("u"))
            stage.type(text)
            stage.press(.enter)
            let entries = stage.scope.buffer
            return entries.shown.numbers.filter { entries.entries[entries.shown[$0]].kind == .change }.count
        }
        #expect(shown("") == 4)
        #expect(shown("pump-flow") == 2, "a cell")
        #expect(shown(".change") == 4, "a subject")
        #expect(shown("\"spread\"") == 1, "a text")
        #expect(shown("!vitals") == 2, "what does not contain it")
        stage.type("MMMMMMMM")
        #expect(shown("") == 4, "no confidence hides what is no wave")
    }

    @Test func aLineNamesTheCellAndWhatIsNormal() throws {
        let lines = try Self.changes.get().compactMap { arrival -> EventText? in
            guard arrival.subject.hasSuffix(".change") else { return nil }
            return EventText(try AnyMessage.decode(arrival.payload, on: arrival.subject), subject: arrival.subject) {
                _ in nil
            }
        }
        #expect(lines.map(\.name) == ["vitals", "vitals", "pump-flow", "pump-flow"])
        #expect(
            lines.map(\.text.text) == [
                "begins: noise of 9.5 where 2.1 is normal, 4.2 times the worst learned",
                "ends: 25 where 24.4 is normal",
                "begins: 31 where 31.78 is normal, 2.923 times the worst learned", "ends: 31.5 where 31.52 is normal",
            ])
        #expect(lines.map(\.sign) == [.changeBegins, .changeEnds, .changeBegins, .changeEnds])
    }

    @Test func aCellThatIsStaleIsNamedSo() throws {
        func line(_ edge: ChangeEdge, _ normal: Double) throws -> EventText {
            let change = ChangeEvent(
                edge: edge, domain: try Token("flow"), region: try Region("plant.pump"), view: ChangeEvent.silence,
                value: 360_000, normal: normal, times: 1, direction: .above, confidence: 1,
                at: Timestamp(milliseconds: 1_700_000_000_000))
            let message = Envelope(id: .v7(), at: .now(), from: Source(entityID: "flow-1", entityType: .cell), change)
            let subject = "dev.nervous.cells.flow.change"
            return EventText(try AnyMessage.decode(message.encoded(), on: subject), subject: subject) { _ in nil }
        }
        #expect(try line(.begin, 60_000).text.text == "STALE: no reading for 6m00s where one every 60.0s is normal")
        #expect(try line(.begin, 0).text.text == "STALE: no reading for 6m00s")
        #expect(try line(.end, 60_000).text.text == "readings come again after 6m00s")
        #expect(try line(.begin, 0).ink == .warning && line(.begin, 0).name == "flow")
    }

    @Test func signsAreDistinctAtEachLevel() {
        for level in GlyphLevel.allCases {
            let (begin, end) = (Sign.changeBegins.glyph(level), Sign.changeEnds.glyph(level))
            #expect(begin != end)
            for sign in Sign.allCases where ![.changeBegins, .changeEnds].contains(sign) {
                #expect(![begin, end].contains(sign.glyph(level)), "\(sign)")
            }
            #expect(String(Character(begin)).terminalColumns == 1 && String(Character(end)).terminalColumns == 1)
        }
    }
}
