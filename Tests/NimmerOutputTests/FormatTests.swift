import Glibc
import NimmerServers
import NimmerWave
import Synchronization
import Testing

@testable import NimmerOutput

private let plain = Paint.plain

@Suite struct FormatTests {
    private func wave(_ content: String, polarity: Int = 1) -> [UInt8] {
        Array(
            """
            {"header":{"message_id":"0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10","message_type":"WaveSignal","version":"2.0",\
            "timestamp":"2026-02-14T18:30:00.123Z","source":{"entity_id":"m","entity_type":"cell"}},\
            "body":{"domain":"math","confidence":0.8,"polarity":\(polarity),"semantic_content":\(content)}}
            """.utf8)
    }

    /// The part behind the time of day, which depends on the machine's zone.
    private func text(_ line: TerminalText) -> String { String(line.text.dropFirst(13)) }

    @Test func aWaveIsOneLine() {
        let formatter = EventFormatter(paint: plain)
        let line = formatter.line(
            subject: "dev.nervous.cells.math.wave", payload: wave(#"{"a":1}"#), at: Timestamp(nanoseconds: 0))
        #expect(text(line) == #"∿ wave      math              0.80  {"a":1}"#)
        let denial = formatter.line(
            subject: "dev.nervous.cells.math.wave", payload: wave("{}", polarity: -1), at: Timestamp(nanoseconds: 0))
        #expect(text(denial) == "∾ denial    math              0.80  {}")
    }

    @Test func longContentIsCutToTheTerminal() {
        let formatter = EventFormatter(paint: plain, columns: 70)
        let content = #"{"a":""# + String(repeating: "z", count: 200) + #""}"#
        let line = formatter.line(
            subject: "dev.nervous.cells.math.wave", payload: wave(content), at: Timestamp(nanoseconds: 0))
        #expect(line.width == 70)
        // A terminal may be made narrower while lines come.
        let width = Mutex(70)
        let changing = EventFormatter(paint: plain) { width.withLock { $0 } }
        for columns in [70, 66, 90] {
            width.withLock { $0 = columns }
            let line = changing.line(
                subject: "dev.nervous.cells.math.wave", payload: wave(content), at: Timestamp(nanoseconds: 0))
            #expect(line.width == columns)
        }
        #expect(line.text.hasSuffix("…"))
    }

    @Test func whatCannotBeDecodedSaysWhy() {
        let formatter = EventFormatter(paint: plain)
        let line = formatter.line(
            subject: "dev.nervous.cells.door.wave", payload: Array("{".utf8), at: Timestamp(nanoseconds: 0))
        #expect(text(line) == "✗ refused   door                    unexpected end")
    }

    /// Messages of devices are shown as they are, in `wave tail` by a topic.
    @Test func aDevicesMessageIsItsContent() {
        let formatter = EventFormatter(paint: plain)
        let line = formatter.line(
            subject: "tele.kitchen.SENSOR", payload: Array(#"{"ENERGY":{"Power":40}}"#.utf8),
            at: Timestamp(nanoseconds: 0))
        #expect(text(line) == #"· device    tele.kitchen.SENSOR        {"ENERGY":{"Power":40}}"#)
        for subject in ["$SRV.PING", "_INBOX.x.1", "prod.nervous.cells.x.wave"] {
            let other = formatter.line(subject: subject, payload: Array("{}".utf8), at: Timestamp(nanoseconds: 0))
            #expect(text(other).hasPrefix("✗ refused"), "\(subject)")
        }
    }

    /// Observers may hear an answer before the request of its opening, which they are told when the opening is stored.
    @Test func anAnswerNamesItsRegionOnceTheOpeningWasHeard() throws {
        let at = Timestamp(milliseconds: 1_000)
        let region = try Region("door.front")
        var opening = GateTransition(
            gateID: GateID(region: region), domain: try Token("door"), region: region, fromState: .stable,
            toState: .open,
            stateValue: 0.56, weight: 0.1, correlationScore: 0.5, triggerSignals: [], routedToTier: 4,
            lifeforceCost: 0, at: at)
        opening.collapse = OpeningCollapse(collapseID: .v7(), confidence: 0.9, windowStart: at, witnesses: [])
        opening.escalation = Escalation(
            eventType: "resonance", suggestedActions: [], processingBudgetLF: 1, responseTimeoutMilliseconds: 1000,
            expiresAt: at, isReflex: false)
        let envelope = Envelope(id: .v7(), at: at, from: Source(entityID: "t", entityType: .thalamus), opening)
        let request = try #require(envelope.escalated)
        let answer = CognitiveResponse(
            requestID: request.body.requestID, decision: "look", result: [:], downstreamCommands: [], mind: nil,
            boundary: .deterministic, lifeforceSpent: 0, processingTimeMilliseconds: 1, outcome: .answered)
        let formatter = EventFormatter(paint: plain)
        _ = formatter.line(
            subject: "dev.nervous.gates.door--front.transition", message: .gateTransition(envelope))
        let line = formatter.line(
            subject: "dev.cognitive.bridge.response",
            message: .cognitiveResponse(
                Envelope(id: .v7(), at: at, from: Source(entityID: "b", entityType: .boundary), answer)))
        #expect(text(line).hasPrefix("◇ decision  door"), "\(line)")
    }

    @Test func everyMessageTypeHasALine() throws {
        let at = Timestamp(milliseconds: 1_000)
        let source = Source(entityID: "t", entityType: .thalamus)
        let id = MessageID(high: 1, low: 2)
        let domain = try Token("math")
        let region = try Region("math")
        let gate = GateID(region: region)
        let formatter = EventFormatter(paint: plain)
        let transition = GateTransition(
            gateID: gate, domain: domain, region: region, fromState: .stable, toState: .open, stateValue: 0.56,
            weight: 0.1, correlationScore: 0.5,
            triggerSignals: [
                .init(source: "a", origin: domain, confidence: 0.6, polarity: 1, timestamp: at, push: 0.56)
            ],
            routedToTier: 4, lifeforceCost: 0, at: at)
        let opened = formatter.line(
            subject: "dev.nervous.gates.math.transition",
            message: .gateTransition(Envelope(id: id, at: at, from: source, transition)))
        #expect(text(opened) == "▮ gate      math             +0.56  STABLE → OPEN  math 0.60")
        var own = transition
        own.gateID = GateID(try Token("math-cell"))
        let openedToo = formatter.line(
            subject: "dev.nervous.gates.math-cell.transition",
            message: .gateTransition(Envelope(id: id, at: at, from: source, own)))
        #expect(text(openedToo) == "▮ gate      math-cell        +0.56  STABLE → OPEN  math 0.60")
        let response = CognitiveResponse(
            requestID: id, decision: "look", result: ["domain": "math"],
            downstreamCommands: [.init(target: "motor", command: "stop", payload: [:])], mind: nil,
            boundary: .deterministic, lifeforceSpent: 0, processingTimeMilliseconds: 3, outcome: .answered)
        let decision = formatter.line(
            subject: "dev.cognitive.bridge.response",
            message: .cognitiveResponse(Envelope(id: id, at: at, from: source, response)))
        #expect(text(decision) == "◇ decision                          look  → motor.stop  (deterministic, 3.0 ms)")
    }

    @Test(arguments: [
        (0.8, 2, "0.80"), (-0.005, 2, "-0.01"), (-0.001, 2, "0.00"), (12.345, 1, "12.3"), (7.0, 0, "7"),
        (0.05, 2, "0.05"),
    ])
    func decimalsAreFixed(value: Double, places: Int, text: String) {
        #expect(decimals(value, places) == text)
    }

    @Test func potentialsCarryTheirSign() {
        #expect(signed(0.56) == "+0.56")
        #expect(signed(-0.92) == "-0.92")
        #expect(decimals(.nan) == "—")
    }

    @Test(arguments: [
        (3.0, "3 ms"), (950.0, "1.0 s"), (3_040.0, "3.0 s"), (30_000.0, "30 s"), (600_000.0, "10 min"),
        (7_500_000.0, "2 h 5 min"), (356_400_000.0, "4 d 3 h"),
    ])
    func spansReadWell(milliseconds: Double, text: String) {
        #expect(LocalTime.span(milliseconds: milliseconds) == text)
    }

    @Test func nothingThatIsPrintedHasThePasswordOfAnAddress() throws {
        let address = "nats://me:hush@h:4222"
        let list: [TerminalText] = [
            TerminalText(address), "\(address)", "to \(Substring(address)), then", "\([address])", .whole(address),
            TerminalText(json: #"{"url":"\#(address)"}"#), TerminalText(prettyJSON: "{\n  \"url\": \"\(address)\"\n}"),
            "\(TerminalText(address).padded(40))",
        ]
        for text in list {
            #expect(!text.text.contains("hush") && text.text.contains("nats://h:4222"), "\(text.text)")
        }
        #expect(try JSON(parsing: TerminalText(json: #"{"url":"\#(address)","n":1}"#).text)["n"]?.int == 1)
        #expect(TerminalText.withSecrets(address).text == address)
    }

    @Test func widthsCountWhatIsSeen() {
        #expect("\u{1b}[31mab\u{1b}[0m".width == 2)
        #expect("温度".width == 4)
        #expect("é".width == 1)
        #expect("温度x".cut(to: 4) == "温…")
        let outside = "ab\u{1b}[2J\n"
        #expect(TerminalText(outside) == #"ab\u{1b}[2J\n"#)
    }

    @Test func tablesAlignAndEndWithoutSpaces() {
        var table = Table(["name", "state", ""])
        table.add(["thalamus", "running", "x"])
        table.add(["a", "b", ""])
        #expect(table.lines(plain) == ["name      state", "thalamus  running  x", "a         b"])
    }

    @Test func colourFollowsFlagThenNoColorThenTheTerminal() {
        func enabled(_ choice: ColorChoice, _ noColor: String?, _ terminal: Bool, _ kind: String? = "xterm") -> Bool {
            Paint(choice, noColor: noColor, terminal: terminal, kind: kind).enabled
        }
        #expect(enabled(.auto, nil, true))
        #expect(!enabled(.auto, nil, false))
        #expect(!enabled(.auto, "1", true))
        #expect(enabled(.auto, "", true))
        #expect(!enabled(.auto, nil, true, "dumb"))
        #expect(enabled(.always, "1", false))
        #expect(!enabled(.never, nil, true))
    }

    @Test func failuresAreOneLineAndTheMend() {
        let failure = Failure(.unavailable, "no server", remedy: "start one\nor name one")
        #expect(failure.printed == "nimmer: no server\n  start one\n  or name one")
    }
}
