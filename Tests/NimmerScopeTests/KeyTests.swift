import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// Each key does what the help says.
@Suite struct KeyTests {
    private func stage(_ seconds: Double = 79, size: (Int, Int) = (120, 36)) throws -> Stage {
        Stage(try GoldenScreenTests.plant.get(), seconds: seconds, width: size.0, height: size.1)
    }

    @Test func keysThatTheOwnerActsOn() throws {
        var stage = try stage()
        #expect(stage.press(.character("q")) == [.quit])
        #expect(stage.press(.control("c")) == [.quit])
        #expect(stage.press(.control("z")) == [.suspend])
        #expect(stage.press(.control("l")) == [.redraw])
        #expect(stage.press(.character("w")) == [.startRecording])
        _ = stage.scope.reduce(.recording(.started("waves.ndjson")))
        #expect(stage.screen.row(0).contains("REC"))
        #expect(stage.screen.row(35).contains("recording to waves.ndjson"))
        #expect(stage.press(.character("w")) == [.stopRecording])
        guard case .export(let export)? = stage.press(.character("e")).first else {
            Issue.record("e exports")
            return
        }
        #expect(export.name == "scope-20261121-120119")
        #expect(stage.press(.character("2"), .enter) == [.explain(gate: "plant.pump")])
    }

    @Test func keysWithoutMeaningDoNothing() throws {
        var stage = try stage()
        let before = stage.screen
        for key in [.function(5), .insert, .delete, .alt("a"), .control("b"), .character("y"), .paste("x"), .backspace]
            as [Key]
        {
            #expect(stage.press(key).isEmpty)
            #expect(stage.screen == before, "\(key)")
        }
        #expect(stage.press(.character(">")).isEmpty, "there is no recording to play faster")
    }

    @Test func spaceHoldsTheViewWhileTheBufferFills() throws {
        var stage = try stage(70)
        stage.press(.character(" "))
        let scope = (1..<18).map { String(stage.screen.row($0).prefix(69)) }
        let kept = stage.scope.buffer.entries.count
        stage.pass(try GoldenScreenTests.plant.get(), seconds: 9)
        #expect(stage.scope.buffer.entries.count > kept + 100)
        #expect((1..<17).map { String(stage.screen.row($0).prefix(69)) } == Array(scope[..<16]))
        #expect(stage.screen.row(0).contains("PAUSED 9.0s back, "))
        let new = stage.scope.buffer.arrivedShown - (stage.scope.view.hold?.arrived ?? 0)
        #expect(stage.screen.row(0).contains("\(new) new"))
        stage.press(.character(" "))
        #expect(stage.screen.row(0).contains("LIVE"))
        #expect(stage.scope.view.isLive)
    }

    @Test(arguments: [Key.up, .character("k"), .pageUp, .home]) func scrollingUpStopsFollowing(_ key: Key) throws {
        var stage = try stage(70)
        stage.press(.character("3"), key)
        #expect(!stage.scope.view.isLive)
        let rows = (20..<34).map { String(stage.screen.row($0).prefix(70)) }
        stage.pass(try GoldenScreenTests.plant.get(), seconds: 3)
        #expect((20..<34).map { String(stage.screen.row($0).prefix(70)) } == rows, "the log stands still")
        #expect(stage.screen.row(19).contains(" new, End follows"))
        stage.press(.end)
        #expect(stage.scope.view.isLive)
        #expect(stage.screen.row(19).contains("follow"))
    }

    @Test func theSelectedLineMovesAndStaysInSight() throws {
        var stage = try stage()
        stage.press(.character("3"), .up)
        let newest = stage.scope.buffer.shown.end - 1
        #expect(stage.scope.view.selected == stage.scope.buffer.shown[newest])
        stage.press(.up, times: 40)
        #expect(stage.scope.view.selected == stage.scope.buffer.shown[newest - 40])
        #expect(stage.screen.text.contains("▸" + stage.scope.settings.clock(stage.scope.view.cursor ?? 0)))
        stage.press(.down, times: 100)
        #expect(stage.scope.view.selected == stage.scope.buffer.shown[newest], "there is nothing below the newest")
        stage.press(.character("K"))
        #expect(stage.scope.view.selected == stage.scope.buffer.shown[newest - 10])
    }

    @Test func scrubbingMovesTheCursorThatAllPanesShare() throws {
        var stage = try stage()
        stage.press(.left)
        let cell = stage.scope.view.scale.cell
        #expect(stage.scope.view.cursor == stage.now.nanoseconds - cell)
        stage.press(.shiftLeft, .character("h"), .character("H"), .character("l"), .right)
        #expect(stage.scope.view.cursor == stage.now.nanoseconds - 20 * cell)
        let selected = try #require(stage.scope.view.selected)
        let cursor = try #require(stage.scope.view.cursor)
        #expect(stage.scope.buffer.entries[selected].at <= cursor)
        #expect(stage.screen.text.contains("└" + stage.scope.settings.clock(cursor)))
        stage.press(.home)
        #expect(stage.scope.view.cursor == stage.scope.buffer.entries.oldest?.at)
        let window = stage.scope.window(stage.scope.layout, stage.now.nanoseconds)
        #expect(window.cell(at: stage.scope.view.cursor ?? 0) != nil, "the window went along")
        stage.press(.shiftRight)
        stage.press(.end)
        #expect(stage.scope.view.cursor == nil && stage.scope.view.isLive)
        stage.press(.right)
        #expect(stage.scope.view.isLive, "there is nothing after now")
    }

    @Test func secondMarkerGivesADistance() throws {
        var stage = try stage()
        stage.press(.left, times: 4)
        stage.press(.character("x"))
        stage.press(.left, times: 8)
        #expect(stage.screen.text.contains("Δ -7.5s"), "8 cells of 15 s / 16")
        stage.press(.right, times: 8)
        stage.press(.character("x"))
        #expect(stage.scope.view.marker == nil)
        #expect(!stage.screen.text.contains("Δ"))
    }

    @Test func zoomKeepsTheCursorInPlace() throws {
        var stage = try stage()
        stage.press(.left, times: 30)
        let window = stage.scope.window(stage.scope.layout, stage.now.nanoseconds)
        let cell = try #require(window.cell(at: stage.scope.view.cursor ?? 0))
        stage.type("+++")
        #expect(stage.scope.view.scale.milliseconds == 2000)
        let zoomed = stage.scope.window(stage.scope.layout, stage.now.nanoseconds)
        let place = try #require(zoomed.cell(at: stage.scope.view.cursor ?? 0))
        #expect(abs(place - cell) <= 1)
        stage.type("-")
        #expect(stage.scope.view.scale.milliseconds == 5000)
        stage.type("0")
        #expect(stage.scope.view.scale.milliseconds == 15_000)
    }

    @Test func panesByTabAndDigits() throws {
        var stage = try stage()
        var seen: [Pane] = []
        for _ in 0..<4 {
            stage.press(.tab)
            seen.append(stage.scope.view.pane)
        }
        #expect(seen == [.gates, .log, .inspector, .scope])
        stage.press(.backTab)
        #expect(stage.scope.view.pane == .inspector)
        for pane in Pane.allCases {
            stage.press(.character(Character("\(pane.rawValue)")))
            #expect(stage.scope.view.pane == pane)
            #expect(stage.screen.text.contains("▸\(pane.rawValue) "))
        }
        stage.resize(80, 24)
        stage.press(.character("2"))
        #expect(stage.scope.view.overlay == .gates, "the gates come over the rest where they have no pane")
        stage.press(.enter)
        #expect(stage.scope.view.overlay == .inspector)
        stage.press(.escape)
        #expect(stage.scope.view.overlay == nil)
    }

    @Test func helpNamesEveryKeyAndCloses() throws {
        var stage = try stage(79, size: (80, 24))
        stage.press(.character("?"))
        let text = stage.screen.text
        for entry in ScopeKeys.groups.flatMap(\.entries) {
            #expect(text.contains(entry.keys) && text.contains(entry.meaning), "\(entry.keys)")
        }
        #expect(stage.press(.character("q")).isEmpty, "q closes what is open before it quits")
        #expect(!stage.scope.view.isHelpShown)
    }

    @Test func clearForgetsEverything() throws {
        var stage = try stage()
        stage.press(.character(" "), .character("c"))
        #expect(stage.scope.buffer.entries.isEmpty && stage.scope.view.isLive)
        #expect(stage.screen.text.contains("Nothing has arrived yet"))
        stage.pass(try GoldenScreenTests.plant.get(), seconds: 2)
        #expect(!stage.scope.buffer.entries.isEmpty)
    }

    @Test func playbackSpeedOfARecording() {
        var stage = Stage([], seconds: 1, settings: ScopeSettings(source: .recording("pump.ndjson")))
        #expect(stage.press(.character(">")) == [.play(speed: 2)])
        #expect(stage.press(.character(">"), .character("<")) == [.play(speed: 4), .play(speed: 2)])
        #expect(stage.screen.row(0).contains("► 2x") && stage.screen.row(0).contains("pump.ndjson"))
        _ = stage.scope.reduce(.playback(speed: 2, .ended))
        #expect(stage.screen.row(0).contains("END"))
    }

    @Test func aRecordingStopsAndGoesOn() {
        var stage = Stage([], seconds: 1, settings: ScopeSettings(source: .recording("folder/pump.ndjson")))
        _ = stage.scope.reduce(.playback(speed: 2, .playing))
        #expect(stage.press(.character("p")) == [.stopPlaying])
        _ = stage.scope.reduce(.playback(speed: 2, .stopped))
        #expect(stage.screen.row(0).contains("STOPPED") && stage.screen.row(35).contains("p play"))
        #expect(stage.press(.character("p")) == [.play(speed: 2)])
        _ = stage.scope.reduce(.playback(speed: 2, .ended))
        #expect(stage.press(.character("p"), .character(">")).isEmpty, "there is nothing left to play")
        #expect(!stage.screen.row(35).contains("p play"))
        #expect(!stage.screen.row(0).contains("folder"))
        var live = Stage([], seconds: 1)
        #expect(live.press(.character("p")).isEmpty)
    }

    @Test("y, n and u ask about the last opening of the inspected gate, and do it after a yes")
    func verification() throws {
        var stage = try stage()
        let id = MessageID.named("opening")
        stage.press(.character("y"))
        #expect(stage.scope.view.question == nil, "no gate is inspected")
        guard case .explain(let gate)? = stage.press(.character("2"), .enter).first else {
            Issue.record("no gate is inspected")
            return
        }
        stage.press(.character("y"))
        #expect(stage.scope.view.question == nil && stage.scope.notice?.text == "no opening of \(gate) is known")
        let report: JSON = ["region": .string(gate), "opening": ["transition_id": .string(id.text)]]
        _ = stage.scope.reduce(.explained(gate: gate, report))
        let region = try Region(gate)
        for (key, result) in [("y", VerificationResult.confirmed), ("n", .failed), ("u", nil)]
            as [(Character, VerificationResult?)]
        {
            #expect(stage.press(.character(key)).isEmpty, "it asks first")
            let last = stage.screen.row(35)
            #expect(last.contains("the opening \(id.text.prefix(8)) of \(gate)?"), "\(last)")
            #expect(stage.press(.escape).isEmpty && stage.scope.notice?.text == "nothing was reported")
            #expect(
                stage.press(.character(key), .enter)
                    == [.verify(ScopeVerification(opening: id, region: region, result: result))])
        }
    }

    @Test("a recording is not verified")
    func recordingIsNotVerified() throws {
        var stage = Stage(try GoldenScreenTests.plant.get(), seconds: 79, (120, 36)) {
            $0.source = .recording("storm.ndjson")
        }
        stage.press(.character("2"), .enter, .character("n"))
        #expect(
            stage.scope.view.question == nil && stage.scope.notice?.text.contains("a recording is not verified") == true
        )
    }

    /// What is shown of a held view is what was known then: also the opening that the inspector explains by itself.
    @Test func aHeldViewExplainsWhatHadOpenedByThen() throws {
        let opening = "why plant.pump opened"
        var stage = try stage(60)
        #expect(!stage.screen.text.contains(opening))
        stage.press(.character(" "))
        let before = stage.screen.text.split(separator: "\n").dropFirst(19).map { String($0.dropFirst(74)) }
        stage.pass(try GoldenScreenTests.plant.get(), seconds: 25)
        let after = stage.screen.text.split(separator: "\n").dropFirst(19).map { String($0.dropFirst(74)) }
        #expect(before.dropLast() == after.dropLast())
        stage.press(.end)
        #expect(stage.screen.text.contains(opening))
        stage.press(.home)
        #expect(stage.screen.text.contains("Nothing had opened by then."))
    }

    @Test func aNoticeGoesWithTheNextKey() throws {
        var stage = try stage()
        _ = stage.scope.reduce(.exported(.success(["a.csv", "a.svg"])))
        #expect(stage.screen.row(35).contains("wrote a.csv and a.svg"))
        stage.press(.left)
        #expect(stage.screen.row(35).contains("quit"))
    }

    @Test func aGateThatIsInspectedIsAskedForAgainEachSecond() throws {
        var stage = try stage(40)
        guard case .explain(let gate)? = stage.press(.character("2"), .enter).first else {
            Issue.record("Enter asks why")
            return
        }
        var asked = 0
        for arrival in try GoldenScreenTests.plant.get() where arrival.at > stage.now {
            asked +=
                stage.scope.reduce(.message(subject: arrival.subject, payload: arrival.payload, arrival: arrival.at))
                .count
        }
        #expect((54...57).contains(asked), "56 seconds are left: \(asked)")
        _ = stage.scope.reduce(.unexplained(gate: gate, reason: "it does not answer"))
        #expect(stage.screen.text.contains("did not answer"))
    }
}
