import Glibc
import NimmerWave
import Seeds
import Testing

@Suite struct CodecTests {
    @Test func numbersAreReadToTheLastBit() throws {
        var generator = Seeded(11)
        var texts = [
            "0", "-0", "1e-1", "0.1", "1e22", "1e23", "123456789012345678", "9007199254740993", "1e-400", "5e-324",
            "0.30000000000000004",
        ]
        for _ in 0..<3000 {
            let number = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &generator))
            if number.isFinite { texts.append(JSON.number(number).text) }
        }
        for text in texts {
            let read = try JSON(parsing: text).double
            #expect(
                read?.bitPattern == strtod(text, nil).bitPattern || (read == 0 && strtod(text, nil) == 0), "\(text)")
        }
    }

    @Test func treesReadBackAsWritten() throws {
        let text = #"{"a":[1,2.5,-3,true,false,null,"x\n\"\\é😀"],"b":{"c":{}},"d":[]}"#
        let value = try JSON(parsing: text)
        #expect(try JSON(parsing: value.bytes) == value)
        #expect(value["a"]?[6]?.string == "x\n\"\\é😀")
        #expect(try JSON(parsing: value.pretty) == value)
        #expect(try JSON(parsing: #""\ud83d\ude00 \ud83d""#).string == "😀 \u{fffd}")
    }

    @Test func escapedNamesAreNoticedAndChecked() throws {
        let view = try hotDecode(Array(sample(domain: #"m\u0061th"#).utf8))
        #expect(view.hasEscapedNames)
        #expect(
            refusal { () throws(Refusal) in _ = try hotDecode(Array(sample(domain: #"m\u002eth"#).utf8)) }
                == "body.domain must be a token")
    }

    @Test(arguments: [
        ("250", 250.0, nil), ("0.5", 0.5, nil), ("100000000000", 100_000_000_000, nil), ("1e-300", 1e-300, nil),
        ("0", 0, "above 0 and at most 100000000000"), ("-1", 0, "above 0 and at most 100000000000"),
        ("100000000000.5", 0, "above 0 and at most 100000000000"), ("1e400", 0, "above 0 and at most 100000000000"),
        (#""9""#, 0, "a number"), ("null", 0, "a number"), ("[1]", 0, "a number"),
    ])
    func intervalsAreReadWithinTheirBounds(_ text: String, _ value: Double, _ expected: String?) throws {
        let bytes = Array(sample(extra: #","interval_ms":\#(text)"#).utf8)
        var envelope: Envelope<WaveSignal>?
        var view = WaveView()
        view.intervalMilliseconds = 77
        let hot = refusal { () throws(Refusal) in try WaveDecoder.decode(bytes.span.bytes, into: &view) }
        let tree = refusal { () throws(Refusal) in envelope = try Envelope<WaveSignal>(decoding: bytes) }
        #expect(hot == expected.map { "body.interval_ms must be \($0)" })
        #expect(tree == hot)
        guard expected == nil else { return }
        #expect(view.intervalMilliseconds == value)
        #expect(envelope?.body.intervalMilliseconds == value)
        // A view serves many waves: one that does not say how often it speaks leaves nothing of another behind.
        let other = Array(sample().utf8)
        try WaveDecoder.decode(other.span.bytes, into: &view)
        #expect(view.intervalMilliseconds == 0)
    }

    @Test func anIntervalIsPublishedOnce() {
        let bytes = Array(sample(extra: #","interval_ms":1,"interval_ms":2"#).utf8)
        #expect(refusal { () throws(Refusal) in _ = try hotDecode(bytes) }?.contains("body.interval_ms") == true)
        #expect(
            refusal { () throws(Refusal) in _ = try hotDecode(bytes) }
                == refusal { () throws(Refusal) in _ = try AnyMessage.decode(bytes) })
    }

    @Test(arguments: [("2.0", true), ("2.1", true), ("2.2", true), ("2.19", true), ("3.0", false), ("1.1", false)])
    func everyMinorVersionIsUnderstood(_ version: String, _ isUnderstood: Bool) throws {
        let bytes = Array(sample().replacing(#""version":"2.0""#, with: #""version":"\#(version)""#).utf8)
        #expect((refusal { () throws(Refusal) in _ = try hotDecode(bytes) } == nil) == isUnderstood)
        #expect((refusal { () throws(Refusal) in _ = try AnyMessage.decode(bytes) } == nil) == isUnderstood)
    }

    @Test func vectorsAreReadWhereTheyLie() throws {
        let bytes = Array(sample(extra: #","vector":[0.25, -1e-3,3]"#).utf8)
        let view = try hotDecode(bytes)
        var numbers: [Double] = []
        WaveDecoder.vector(bytes.span.bytes, view, into: &numbers)
        #expect(numbers == [0.25, -0.001, 3])
    }

    @Test func everyBodyReadsBackAsWritten() throws {
        let source = Source(entityID: "x", entityType: .thalamus)
        let at = Timestamp(milliseconds: 1_771_093_800_123)
        func check<Body: MessageBody>(_ body: Body) throws {
            let envelope = Envelope(id: .named(Body.type.rawValue), at: at, from: source, body)
            let bytes = envelope.encoded()
            let read = try Envelope<Body>(decoding: bytes)
            #expect(JSON.raw(read.encoded()).text == JSON.raw(bytes).text)
            #expect(try AnyMessage.decode(bytes).header == envelope.header)
        }
        let gate = try GateID("math"), region = try Region("math.sums"), math = try Token("math")
        try check(
            WaveSignal(
                domain: math, confidence: 0.5, semanticContent: .raw(Array(#"{"a":1.0}"#.utf8)), lifeforceCost: 0.1,
                region: region, polarity: -1, origin: math, vector: [1, 2], correlationID: "c",
                intervalMilliseconds: 2000))
        try check(
            GateTransition(
                gateID: gate, domain: math, region: region, fromState: .stable, toState: .open, stateValue: 0.6,
                weight: 0.1, correlationScore: 1,
                triggerSignals: [
                    TriggerSignal(source: "a", origin: math, confidence: 0.6, polarity: 1, timestamp: at, push: 0.5)
                ],
                routedToTier: 2, lifeforceCost: 1, at: at))
        try check(
            Collapse(
                collapseID: .named("c"), region: region, gateID: gate, transitionID: .named("t"), confidence: 0.8,
                windowStart: at,
                windowEnd: at,
                witnesses: [
                    Witness(
                        source: "a", origin: math, confidence: 0.6, similarity: 1,
                        semanticContent: .raw(Array("{}".utf8)))
                ]))
        try check(
            CognitiveRequest(
                requestID: .named("r"), collapseID: .named("c"), eventType: "e", domain: math, confidence: 0.8,
                structuredInput: .raw(Array("{}".utf8)),
                suggestedActions: [SuggestedAction(action: "look", confidence: 0.3)], processingBudgetLF: 5,
                responseTimeoutMilliseconds: 1000, expiresAt: at))
        try check(
            CognitiveResponse(
                requestID: .named("r"), decision: "look", result: .null, mind: Mind(model: "m", server: "s"),
                boundary: .model, outcome: .answered))
        try check(
            Attention(
                mode: .focused,
                openGates: [
                    AttendedGate(gateID: gate, region: region, state: .open, potential: 0.7, weight: 0.1, openedAt: at)
                ],
                regions: 1, wavesPerSecond: 3))
        try check(NerveState(nerve: math, fromState: "IDLE", toState: "DETECT", at: at))
        try check(
            CorrelationEvent(
                gateID: gate, windowStart: at, windowEnd: at, signalsInWindow: [], correlationMatrix: [[1]],
                aggregateCorrelation: 1, result: .opened))
        try check(
            VerificationOutcome(
                originalSignalID: .named("t"), domain: math, outcome: .confirmed, verificationSource: "person"))
        try check(Command(command: "stop"))
        try check(CommandResult(status: .ok, result: 42))
        try check(Reject(service: math, subject: "dev.x", reason: "not JSON", excerpt: "{"))
        try check(Heartbeat(mind: math, state: .halfOpen, queue: 1))
    }

    /// Whatever bytes come: an answer or a refusal, the same from both decoders, never a trap.
    @Test func damagedMessagesAreRefusedAlikeAndNeverTrap() {
        var generator = Seeded(3)
        let original = Array(
            sample(
                content: #"{"t":"é😀\n","n":[1e5,-0.5,{}]}"#,
                extra: #","vector":[1,2],"region":"a.b","origin":"o","interval_ms":9"#
            )
            .utf8)
        for _ in 0..<20_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &generator)], at: at)
                default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0..<40, using: &generator)))
                }
            }
            var view = WaveView()
            var envelope: Envelope<WaveSignal>?
            let hot = refusal { () throws(Refusal) in view = try hotDecode(bytes) }
            let tree = refusal { () throws(Refusal) in envelope = try Envelope<WaveSignal>(decoding: bytes) }
            if hot == nil, let envelope {
                #expect(says(view, envelope, bytes), "\(String(decoding: bytes, as: UTF8.self))")
            }
            #expect(
                (hot == nil) == (tree == nil),
                "\(String(decoding: bytes, as: UTF8.self)): \(hot ?? "-") / \(tree ?? "-")")
        }
    }

    /// The same values in other spellings: the hot path has a short way for the usual ones.
    @Test(arguments: [
        ("18:30:00.123Z", "18:30:00.123000+00:00"), ("18:30:00.123Z", "18:30:00.123000Z"),
        ("18:30:00.123Z", "19:30:00.123+01:00"), ("T18:30:00.123Z", "t18:30:00.123z"),
        ("550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000"),
        ("\"cell\"", "\"\\u0063ell\""), ("\"virtual\"", "\"virtua\\u006c\""), ("WaveSignal", "WaveSigna\\u006c"),
        ("\"2.0\"", "\"2\\u002e0\""), ("\"tier\":1}", "\"tier\" : 1 }"), ("\"tier\":1", "\"tier\":1.0"),
        ("\"tier\":1", "\"tier\":10e-1"), (",\"tier\":1", ""), ("0.7", "7e-1"),
    ])
    func anotherSpellingSaysTheSame(_ usual: String, _ other: String) throws {
        let text = sample(content: #"{"t":1}"#, extra: #","origin":"o""#)
        let parts = text.split(separator: usual, omittingEmptySubsequences: false)
        #expect(parts.count == 2)
        let respelled = Array(parts.joined(separator: other).utf8)
        let view = try hotDecode(respelled)
        #expect(says(view, try Envelope<WaveSignal>(decoding: respelled), respelled))
        #expect(says(view, try Envelope<WaveSignal>(decoding: Array(text.utf8)), respelled))
    }

    @Test(arguments: [("real", Garden.real), ("virtual", .virtual)])
    func gardensAreToldApart(_ word: String, _ garden: Garden) throws {
        let text = sample().split(separator: "virtual").joined(separator: word)
        #expect(try hotDecode(Array(text.utf8)).garden == garden)
        for wrong in ["rea", "reall", "virtuall", "Real", ""] {
            let text = sample().split(separator: "\"virtual\"").joined(separator: "\"\(wrong)\"")
            #expect(
                refusal { () throws(Refusal) in _ = try hotDecode(Array(text.utf8)) }
                    == "header.source.garden must be virtual or real")
        }
    }

    @Test func everyEntityTypeIsRead() throws {
        for type in EntityType.allCases {
            let text = sample().split(separator: "\"cell\"").joined(separator: "\"\(type.rawValue)\"")
            #expect(try hotDecode(Array(text.utf8)).entityType == type)
        }
    }

    /// Returns whether the hot path and the tree have read the same wave.
    private func says(_ view: WaveView, _ envelope: Envelope<WaveSignal>, _ bytes: [UInt8]) -> Bool {
        func text(_ range: ByteRange) -> String {
            String(decoding: bytes[range.start..<range.start + range.count], as: UTF8.self)
        }
        let (header, body) = (envelope.header, envelope.body)
        let areNamesAlike =
            view.hasEscapedNames
            || text(view.domain) == body.domain.text && text(view.origin) == body.origin?.text ?? ""
                && text(view.region) == body.region?.text ?? "" && text(view.entityID) == header.source.entityID
        return areNamesAlike && view.messageID == header.messageID && view.timestamp == header.timestamp
            && view.entityType == header.source.entityType && view.garden == header.source.garden
            && Int(view.tier) == header.source.tier && view.confidence == body.confidence
            && view.lifeforceCost == body.lifeforceCost && Int(view.polarity) == body.polarity
            && view.vectorCount == body.vector?.count ?? 0
            && view.intervalMilliseconds == body.intervalMilliseconds ?? 0
    }

    @Test func theLargestMessageIsTakenAndOneByteMoreRefused() {
        let frame = sample(content: #"{"t":""}"#).utf8.count
        let fit = sample(content: #"{"t":"\#(String(repeating: "x", count: Wire.maximumBytes - frame))"}"#)
        #expect(refusal { () throws(Refusal) in _ = try hotDecode(Array(fit.utf8)) } == nil)
        #expect(
            refusal { () throws(Refusal) in _ = try hotDecode(Array(fit.utf8) + [0x20]) }
                == "message is larger than 65536 bytes")
    }
}
