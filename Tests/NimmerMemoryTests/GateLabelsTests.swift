import NimmerMemory
import NimmerTesting
import NimmerWave
import Testing

@Suite("Gate labels as CSV")
struct GateLabelsTests {
    private func example(_ signals: JSON, outcome: String? = "confirmed") throws -> TrainingExample {
        TrainingExample(
            kind: .transition, id: .named("csv"), gateID: try GateID("math"), region: "math", garden: .real,
            windowStart: DecisionFixture.time, windowEnd: DecisionFixture.time, signals: signals, correlation: 0.5,
            result: "opened", outcome: outcome, label: outcome)
    }

    @Test("signals stand in columns; those that are not there are empty, and all are counted")
    func columns() throws {
        let labels = GateLabels(signals: 2)
        let header = labels.header.split(separator: ",", omittingEmptySubsequences: false)
        #expect(header.suffix(5) == ["s2_origin", "s2_source", "s2_confidence", "s2_polarity", "s2_age_ms"])
        let at = DecisionFixture.time.advanced(milliseconds: -400).rfc3339
        func signal(_ name: String) -> JSON {
            [
                "source": .string("\(name), \"x\""), "origin": .string(name), "confidence": 0.25, "polarity": -1,
                "timestamp": .string(at), "push": 0,
            ]
        }
        let one = labels.line(try example([signal("a")]))
        #expect(one.hasSuffix(#",opened,confirmed,confirmed,1,a,"a, ""x""",0.25,-1,400,,,,,"#))
        let three = labels.line(try example([signal("a"), signal("b"), signal("c")], outcome: nil))
        #expect(three.contains(",opened,,,3,a,") && three.hasSuffix(#",b,"b, ""x""",0.25,-1,400"#))
    }

    @Test("a value with a line break stands between quotes")
    func lineBreaks() throws {
        let line = GateLabels(signals: 1).line(try example([["source": "a\r\nb", "origin": "a"]]))
        #expect(line.hasSuffix(",a,\"a\r\nb\",,,"))
    }
}
