import NimmerOutput
import NimmerWave
import Testing

@testable import NimmerSupervisor

/// Steady waves are one line in `nimmer up`, on a terminal and in a pipe.
@Suite("Steady waves") struct SteadyWavesTests {
    private func wave(
        _ confidence: Double, origin: String = "rack", polarity: Int = 1, content: String = #"{"value":1}"#
    ) throws -> Envelope<WaveSignal> {
        Envelope(
            id: MessageID(high: 0, low: 1), at: Timestamp(milliseconds: 0),
            from: Source(entityID: "c", entityType: .cell),
            WaveSignal(
                domain: try Token("home"), confidence: confidence, semanticContent: .raw(Array(content.utf8)),
                polarity: polarity, origin: try Token(origin)))
    }

    private func at(_ milliseconds: Double) -> Timestamp { Timestamp(milliseconds: 1e12 + milliseconds) }
    private let subject = "dev.nervous.cells.c.wave"

    private func words(_ verdict: SteadyWaves.Verdict) -> String {
        switch verdict {
        case .first(_, let before): "first" + (before.map { " after \($0.count)" } ?? "")
        case .repeats(let fold, let isDue): "repeats \(fold.count)" + (isDue ? " due" : "")
        case .repeatsSoon: "soon"
        }
    }

    @Test func whatRepeatsIsFoldedAndShownNowAndThen() throws {
        var steady = SteadyWaves()
        var seen: [String] = []
        for second in 0...16 {
            // The value moves; the words and the confidence do not.
            let verdict = steady.judge(
                try wave(0.9 + 0.001 * Double(second % 5), content: #"{"value":\#(second),"state":"full"}"#),
                on: subject,
                at: at(Double(second) * 1000))
            seen.append(words(verdict))
            if case .repeats(let fold, true) = verdict {
                steady.shown(fold, isBelow: true, at: at(Double(second) * 1000))
            }
        }
        #expect(
            seen[0] == "first" && seen[1] == "repeats 2" && seen[15] == "repeats 16 due" && seen[16] == "repeats 17")
    }

    @Test func whatChangesIsALineOfItsOwnAfterTheRowBefore() throws {
        var steady = SteadyWaves()
        func judge(_ wave: Envelope<WaveSignal>, _ seconds: Double) -> String {
            words(steady.judge(wave, on: subject, at: at(seconds * 1000)))
        }
        #expect(judge(try wave(0.9), 0) == "first")
        #expect(judge(try wave(0.9), 1) == "repeats 2")
        #expect(judge(try wave(0.8), 2) == "first after 2", "another confidence")
        #expect(judge(try wave(0.8, polarity: -1), 3) == "first", "a denial; the row before was one shown line")
        #expect(judge(try wave(0.8, polarity: -1, content: #"{"state":"E1"}"#), 4) == "first", "other words")
        #expect(judge(try wave(0.8, origin: "door"), 5) == "first", "another origin has a row of its own")
        #expect(judge(try wave(0.8, polarity: -1, content: #"{"state":"E1"}"#), 6) == "repeats 2")
        #expect(judge(try wave(0.8, polarity: -1, content: #"{"state":"E2"}"#), 7) == "first after 2")
    }

    @Test func aSlowDriftIsAChangeInTheEnd() throws {
        var steady = SteadyWaves()
        var lines = 0
        for step in 0..<100 {
            let verdict = steady.judge(try wave(0.3 + 0.005 * Double(step)), on: subject, at: at(Double(step) * 300))
            if case .first = verdict { lines += 1 }
        }
        #expect((9...11).contains(lines))
    }

    @Test func aFloodIsNotWrittenAgainForEachWave() throws {
        var steady = SteadyWaves()
        var written = 0
        for number in 0..<5000 {
            if case .repeats = steady.judge(try wave(0.9), on: subject, at: at(Double(number) / 5)) { written += 1 }
        }
        #expect((2...4).contains(written), "a second: \(written)")
    }

    @Test func calmRowsEndUnseen() throws {
        var steady = SteadyWaves()
        _ = steady.judge(try wave(0.01), on: subject, at: at(0))
        _ = steady.judge(try wave(0.01), on: subject, at: at(1000))
        #expect(words(steady.judge(try wave(0.1), on: subject, at: at(2000))) == "first")
    }

    @Test(arguments: [
        (#"{"a":1.5,"b":"x1"}"#, #"{"a":-2e-3,"b":"x1"}"#, true), (#"{"b":"x1"}"#, #"{"b":"x2"}"#, false),
        (#"{"a": 1}"#, #"{"a":12}"#, true), (#"{"a":1}"#, #"{"b":1}"#, false),
        (#"{"a":"\"1"}"#, #"{"a":"\"2"}"#, false),
        ("[1,2]", "[3,4]", true), ("[1]", "[1,2]", false), (#"{"a":true}"#, #"{"a":false}"#, false),
    ]) func wordsAreWhatIsNoNumber(_ first: String, _ second: String, _ areSame: Bool) {
        #expect((SteadyWaves.words(first.utf8) == SteadyWaves.words(second.utf8)) == areSame)
    }

    @Test func linesAreWrittenAgainWhileTheyAreTheLowest() {
        var lines = FoldedLines()
        lines.append("a", width: 79, columns: 80)
        lines.append("b", width: 20, columns: 80)
        #expect(lines.distance(to: "a", columns: 80, rows: 24) == 2)
        #expect(lines.distance(to: "b", columns: 80, rows: 24) == 1)
        #expect(lines.distance(to: "a", columns: 100, rows: 24) == nil, "lines break elsewhere")
        #expect(lines.distance(to: "a", columns: 80, rows: 2) == nil, "it has left the screen")
        lines.append("a", width: 79, columns: 80)
        #expect(lines.distance(to: "a", columns: 80, rows: 24) == 1)
        #expect(lines.distance(to: "b", columns: 80, rows: 24) == 2)
        lines.other()
        #expect(lines.distance(to: "a", columns: 80, rows: 24) == nil)
    }

    @Test func aLineThatBreaksIsNotWrittenAgain() {
        var lines = FoldedLines()
        lines.append("a", width: 20, columns: 80)
        lines.append("b", width: 80, columns: 80)
        #expect(
            lines.distance(to: "a", columns: 80, rows: 24) == nil
                && lines.distance(to: "b", columns: 80, rows: 24) == nil)
        lines.append("c", width: 20, columns: 80)
        #expect(lines.distance(to: "c", columns: 80, rows: 24) == 1)
    }

    /// Messages arrive after they were sent: the time of the first is the one that its line shows.
    @Test func aRowBeganWhenItsFirstWaveWasSent() throws {
        var steady = SteadyWaves()
        func sent(_ milliseconds: Double, _ confidence: Double = 0.9) throws -> Envelope<WaveSignal> {
            let body = try wave(confidence).body
            return Envelope(
                id: MessageID(high: 0, low: 1), at: at(milliseconds), from: Source(entityID: "c", entityType: .cell),
                body)
        }
        _ = steady.judge(try sent(100), on: subject, at: at(900))
        guard case .repeats(let fold, _) = steady.judge(try sent(400), on: subject, at: at(1_900)) else {
            return #expect(Bool(false), "it repeats")
        }
        #expect(fold.since == at(100))
        // A sender whose clock was set back: no row begins after its newest wave.
        guard case .repeats(let older, _) = steady.judge(try sent(50), on: subject, at: at(2_900)) else {
            return #expect(Bool(false), "it repeats")
        }
        #expect(older.since == at(50))
    }

    /// The row before is printed with what ended it, below lines that are later than its newest wave.
    @Test func theLineOfARowThatEndedHasTheTimeOfItsEnd() throws {
        let formatter = EventFormatter(paint: .plain)
        func line(_ now: Timestamp?) throws -> String {
            formatter.line(
                subject: subject, message: .waveSignal(try wave(0.93)), repeats: (15, Timestamp(milliseconds: 0)),
                at: now
            ).text
        }
        #expect(try line(at(5_000)).hasPrefix(LocalTime.clock(at(5_000))))
        #expect(try line(nil).hasPrefix(LocalTime.clock(Timestamp(milliseconds: 0))))
        #expect(try line(Timestamp(milliseconds: -5_000)).hasPrefix(LocalTime.clock(Timestamp(milliseconds: 0))))
    }

    @Test func theColumnOfNamesHoldsTheLongestUpToABound() throws {
        // A pipe has no width: what is longer than the bound shifts the rest, and nothing is cut.
        for (length, width) in [(3, 120), (16, 120), (18, 120), (32, 120), (60, 120), (3, nil), (24, nil), (32, nil)] {
            let name = String(repeating: "n", count: length)
            let display = UpDisplay(paint: .plain, names: ["a", name]) { width }
            #expect(display.nameWidth == min(32, max(16, length)))
            let formatter = EventFormatter(paint: .plain, nameWidth: display.nameWidth) { width }
            let wave = Envelope(
                id: MessageID(high: 0, low: 1), at: at(0), from: Source(entityID: name, entityType: .cell),
                WaveSignal(domain: try Token(name), confidence: 0.5, semanticContent: [:]))
            let behind = 25 + display.nameWidth
            for process in [name, "a"] {
                #expect(display.log(process, "words").text.dropFirst(behind) == "        words", "\(length)")
            }
            let line = formatter.line(subject: "dev.nervous.cells.\(name).wave", message: .waveSignal(wave)).text
            #expect(line.dropFirst(behind).hasPrefix("  0.50  "), "\(line)")
        }
    }

    @Test func theLineCountsAndShowsTheNewest() throws {
        let line = EventFormatter(paint: .plain).line(
            subject: subject, message: .waveSignal(try wave(0.93, content: #"{"value":7}"#)), repeats: (15, at(0)))
        #expect(line.text.contains("×15 since ") && line.text.contains("0.93") && line.text.contains(#"{"value":7}"#))
        #expect(line.rewriting(linesAbove: 2).text.hasPrefix("\u{1b}[2A\r"))
    }
}
