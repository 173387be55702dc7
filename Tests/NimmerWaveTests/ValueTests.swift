import NimmerWave
import Seeds
import Testing

@Suite struct ValueTests {
    @Test func nameBasedIDsAreThoseOfTheStandard() throws {
        // RFC 9562, appendix A.4: version 5 of "www.example.com" in the DNS space.
        let dns = try MessageID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
        #expect(MessageID.named("www.example.com", in: dns).text == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
        #expect(MessageID.named("a") == MessageID.named("a"))
        #expect(MessageID.named("a") != MessageID.named("b"))
    }

    @Test func timeOrderedIDsSortByTimeAndSayTheirVersion() {
        var generator = SystemRandomNumberGenerator()
        let ids = (0..<100).map { MessageID.v7(at: Timestamp(milliseconds: Double($0) * 7 + 1e12), using: &generator) }
        #expect(ids == ids.sorted())
        #expect(ids.allSatisfy { Array($0.text)[14] == "7" && "89ab".contains(Array($0.text)[19]) })
    }

    @Test func idsReadBackAndRefuseWhatIsNone() throws {
        let text = "0190F5FE-7c2a-7b3e-8d55-1c1f6f3a9b10"
        #expect(try MessageID(text).text == text.lowercased())
        for wrong in [
            "", "0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b1", "0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b1g",
            "0190f5fe+7c2a-7b3e-8d55-1c1f6f3a9b10", "0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b100",
            "\u{10}190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10",
        ] { #expect(throws: Refusal.self, "\(wrong)") { try MessageID(wrong) } }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000000001Z", 1),
        ("2000-02-29T12:00:00+01:00", 951_822_000_000_000_000),
        ("1969-12-31T23:59:59.5Z", -500_000_000), ("2026-02-14T18:30:00.123-00:30", 1_771_095_600_123_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
    ])
    func timesAreRead(text: String, nanoseconds: Int64) throws {
        #expect(try Timestamp(rfc3339: text).nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+1:00", "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "2026-01-01T00:00:00+24:00", "2026-04-31T00:00:00Z", "2026-01-01T00:00:00Zx",
    ])
    func impossibleTimesAreRefused(text: String) {
        #expect(throws: Refusal.self) { try Timestamp(rfc3339: text) }
    }

    @Test func everyTimeThatIsWrittenReadsBackTheSame() throws {
        var generator = Seeded(7)
        for _ in 0..<5000 {
            let moment = Timestamp(
                nanoseconds: Int64.random(in: -9_000_000_000_000_000_000...9_000_000_000_000_000_000, using: &generator)
            )
            #expect(try Timestamp(rfc3339: moment.rfc3339) == moment)
        }
    }

    @Test func environmentsOtherThanTheThreeAreRefusedWithTheirNames() {
        #expect(
            refusal { () throws(Refusal) in _ = try Environment(validating: "production") }?.contains(
                "dev, staging, prod") == true)
        #expect(Environment.prod.streamPrefix == "PROD")
    }

    @Test func namesThatCouldEscapeASubjectAreRefused() {
        for name in ["", "a.b", "a b", "*", ">", "A", "-a", "_a", "a>", "ä", "a\n", String(repeating: "a", count: 64)] {
            #expect(throws: Refusal.self, "\(name)") { try Token(name) }
        }
        for name in ["a", "0", "a-b_c", String(repeating: "a", count: 63)] {
            #expect(throws: Never.self, "\(name)") { try Token(name) }
        }
    }

    @Test func subjectsAreBuiltAsSpecified() throws {
        let math = try Token("math")
        #expect(Subject.wave(.dev, cell: math).text == "dev.nervous.cells.math.wave")
        #expect(Subject.request(.prod, cell: math).text == "prod.nervous.cells.math.request")
        #expect(Subject.transition(.staging, gate: GateID(math)).text == "staging.nervous.gates.math.transition")
        #expect(Subject.collapse(.dev).text == "dev.nervous.thalamus.collapse")
        #expect(SubjectPattern.waves(.dev).matches(Subject.wave(.dev, cell: math)))
        #expect(SubjectPattern.waves(.dev).matches(Subject.nerveWave(.dev, nerve: math)))
        #expect(!SubjectPattern.waves(.dev).matches(Subject.wave(.prod, cell: math)))
        #expect(!SubjectPattern.waves(.dev).matches(Subject.request(.dev, cell: math)))
    }

    @Test(arguments: [
        ("a.*.c", "a.b.c", true), ("a.*", "a.b.c", false), ("a.>", "a.b.c", true), ("a.>", "a", false),
        (">", "a", true),
        ("a.*.c", "a.c", false), ("a", "a", true), ("a.b", "a", false),
    ])
    func patternsMatchAsTheServerDoes(pattern: String, subject: String, matches: Bool) throws {
        #expect(try SubjectPattern(pattern).matches(subject) == matches)
    }

    @Test func patternsMatchByTheirTokens() throws {
        let words = ["", "a", "ab", "b", "*", ">", "."]
        var texts = [""]
        for _ in 0..<3 { texts += texts.flatMap { text in words.dropFirst().map { text + $0 } } }
        texts = Array(Set(texts))
        let patterns = texts.compactMap { try? SubjectPattern($0) }
        #expect(patterns.count > 20)
        for pattern in patterns {
            let wanted = pattern.text.split(separator: ".")
            for text in texts {
                let tokens = text.split(separator: ".", omittingEmptySubsequences: false)
                let isOpen = wanted.last == ">"
                let matches =
                    (isOpen ? tokens.count >= wanted.count : tokens.count == wanted.count)
                    && zip(wanted, tokens).allSatisfy { $0 == ">" || $0 == "*" || $0 == $1 }
                #expect(pattern.matches(text) == matches, "'\(pattern.text)' and '\(text)'")
            }
        }
    }

    @Test func brokenPatternsAreRefused() {
        for text in ["", "a..b", ".a", "a.", "a.>.b", "a*.b", "a b", "a\u{7f}"] {
            #expect(throws: Refusal.self, "\(text)") { try SubjectPattern(text) }
        }
        #expect(throws: Refusal.self) { try Subject(foreign: "a.*") }
    }

    @Test func twoRegionsNeverShareAGate() throws {
        let names = [
            "a", "a.b", "a_b", "a.b_c", "a_b.c", "a_b_c", "a.b.c", "a--b", "a-.b", "a-b",
            String(repeating: "x.", count: 60) + "y",
        ]
        let gates = try names.map { try GateID(region: Region($0)).text }
        #expect(Set(gates).count == names.count)
        #expect(gates.allSatisfy(Token.isValid))
        #expect(gates[1] == "a--b" && gates[0] == "a")
    }
}
