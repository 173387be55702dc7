import NimmerThalamus
import NimmerWave
import Testing

/// Waves whose texts hold escapes are read like others.
@Suite struct EscapedTextTests {
    @Test(arguments: [#"a\"b"#, #"a\\b"#, #"a\nb"#, #"a\tb"#, #"\u001b]52;c;x\u0007"#, #"\u00e9"#, #"\u0061"#])
    func aWaveIsHeardWhateverItsTextsHold(_ text: String) throws {
        var thalamus = Thalamus(try ThalamusConfiguration(nil, environment: .dev))
        let now = Timestamp(seconds: 1_800_000_000)
        var opened = 0
        for cell in ["one", "two", "one"] {
            let payload = Array(
                """
                {"header":{"message_id":"0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10","message_type":"WaveSignal","version":"2.0",\
                "timestamp":"\(now.rfc3339)","source":{"entity_id":"\(text)","entity_type":"cell"}},\
                "body":{"domain":"d\\u006for","region":"d\\u006for","confidence":0.95,"semantic_content":{},\
                "correlation_id":"\(text)"}}
                """.utf8)
            let subject = Array("dev.nervous.cells.\(cell).wave".utf8)
            _ = try thalamus.receive(subject: subject.span.bytes, payload: payload.span.bytes, arrival: now)
            opened += thalamus.conclusions.count {
                $0.transition.toState == .open && $0.transition.region.text == "door"
            }
            thalamus.conclusions.removeAll()
        }
        #expect(opened == 1)
    }

    /// Escapes count as what they stand for: a text of 128 bytes stays one when it is written with longer escapes.
    @Test func theLengthOfATextIsThatOfWhatItStandsFor() throws {
        for (escape, most) in [(#"\f"#, 128), (#"\u000c"#, 128), (#"\\"#, 128)] {
            func payload(_ count: Int, _ correlation: Int) -> [UInt8] {
                Array(
                    """
                    {"header":{"message_id":"0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10","message_type":"WaveSignal",\
                    "version":"2.0","timestamp":"2027-01-15T08:00:00Z",\
                    "source":{"entity_id":"\(String(repeating: escape, count: count))","entity_type":"cell"}},\
                    "body":{"domain":"door","confidence":0.95,"semantic_content":{},\
                    "correlation_id":"\(String(repeating: escape, count: correlation))"}}
                    """.utf8)
            }
            var view = WaveView()
            try WaveDecoder.decode(payload(most, 64).span.bytes, into: &view)
            _ = try Envelope<WaveSignal>(decoding: payload(most, 64))
            for tooLong in [payload(most + 1, 64), payload(most, 65)] {
                #expect(throws: Refusal.self) { try WaveDecoder.decode(tooLong.span.bytes, into: &view) }
                #expect(throws: Refusal.self) { _ = try Envelope<WaveSignal>(decoding: tooLong) }
            }
        }
    }
}
