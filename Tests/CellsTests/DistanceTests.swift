import NimmerWave
import Testing

@testable import DistanceCell

@Suite("distance: how near and how sure")
struct RangerTests {
    private func at(_ milliseconds: Int) -> Timestamp { Timestamp(nanoseconds: Int64(milliseconds) * 1_000_000) }

    private func read(_ values: [Double], step: Int = 100, settings: Ranger.Settings) throws -> Ranger.Judgement? {
        var ranger = Ranger(settings: settings)
        var last: Ranger.Judgement?
        for (index, value) in values.enumerated() { last = try? ranger.read(value, at: at(index * step)).get() }
        return last
    }

    @Test(
        "steady and near is sure, steady and far is not", arguments: [(0.3, 1.0), (0.9, 0.5), (1.5, 0.0), (3.0, 0.0)])
    func closeness(distance: Double, confidence: Double) throws {
        let judgement = try #require(
            try read(Array(repeating: distance, count: 8), settings: .init(near: 0.3, far: 1.5)))
        #expect(abs(judgement.confidence - confidence) < 1e-9)
    }

    @Test("centimetres are metres after scaling")
    func centimetres() throws {
        let judgement = try #require(try read([90, 90, 90, 90], settings: .init(scale: 0.01, near: 0.3, far: 1.5)))
        #expect(abs(judgement.distance - 0.9) < 1e-12)
        #expect(abs(judgement.confidence - 0.5) < 1e-9)
    }

    @Test("noise lowers confidence; a steady approach is no noise")
    func noise() throws {
        let settings = try Ranger.Settings(near: 0.3, far: 1.5)
        let noisy = try #require(try read([0.3, 0.6, 0.3, 0.6, 0.3, 0.6, 0.3, 0.3], settings: settings))
        #expect(noisy.confidence < 0.4)
        let approach = try #require(try read([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], settings: settings))
        #expect(approach.steadiness > 0.999)
        #expect(approach.confidence > 0.8)
    }

    @Test("one reading alone is not sure, one spike among steady ones changes nothing")
    func experience() throws {
        let settings = try Ranger.Settings(near: 0.3, far: 1.5)
        #expect(abs(try #require(try read([0.3], settings: settings)).confidence - 1.0 / 3) < 1e-9)
        let spike = try #require(try read([2, 2, 2, 2, 2, 2, 0.1], settings: settings))
        #expect(spike.confidence == 0)
        #expect(spike.distance == 2)
    }

    @Test("what no sensor can mean is refused, counted, and lowers the confidence of the rest")
    func refused() throws {
        var ranger = Ranger(settings: try .init(maximum: 4, near: 0.3, far: 1.5))
        for index in 0..<4 { _ = ranger.read(0.3, at: at(index)) }
        for (index, bad) in [-1, .nan, 4.5, .infinity].enumerated() {
            #expect(throws: Ranger.Refused.self) { try ranger.read(bad, at: at(10 + index)).get() }
        }
        #expect(ranger.refused == [.negative: 1, .notANumber: 2, .beyondMaximum: 1])
        let after = try ranger.read(0.3, at: at(20)).get()
        #expect(abs(after.confidence - 0.5) < 1e-9)
        #expect(
            Ranger.Refused(fault: .negative, raw: -1, maximum: 4).description.contains("between 0 and 4.0; found -1.0"))
    }

    @Test("after a pause earlier readings say nothing")
    func pause() throws {
        let judgement = try #require(try read([0.3, 0.3, 0.3, 0.3], step: 2000, settings: .init()))
        #expect(abs(judgement.confidence - 1.0 / 3) < 1e-9)
    }

    @Test(
        "settings that make no sense are refused",
        arguments: [(2.0, 1.0, 5.0, 1.0), (0.1, 9.0, 5.0, 1.0), (0.1, 1, 5, 0)])
    func settings(near: Double, far: Double, maximum: Double, scale: Double) {
        #expect(throws: Refusal.self) { try Ranger.Settings(scale: scale, maximum: maximum, near: near, far: far) }
    }
}

@Suite("distance: what devices and files say")
struct RangeTextTests {
    @Test(
        "a message is a bare number or holds one",
        arguments: [
            ("42.5", "", 42.5), (" 7\n", "", 7), (#"{"range":12}"#, "range", 12),
            (#"{"a":{"b":[1,2.5]}}"#, "a.b.1", 2.5),
        ])
    func number(payload: String, path: String, expected: Double) {
        #expect(RangeText.number(in: Array(payload.utf8), path: path) == expected)
    }

    @Test(
        "what holds no number is NaN",
        arguments: [
            ("", ""), ("near", ""), ("1 2", ""), (#"{"range":"12"}"#, "range"), (#"{"range":12}"#, "width"), ("{", "a"),
        ])
    func nothing(payload: String, path: String) {
        #expect(RangeText.number(in: Array(payload.utf8), path: path).isNaN)
    }

    @Test("a column is found by its name or its place")
    func column() throws {
        let named = try RangeText.Column("left", firstLine: "front;left;right", delimiter: ";")
        #expect(named.hasNames)
        #expect(named.range(in: "1;2.5;3\r", delimiter: ";") == 2.5)
        let placed = try RangeText.Column("2", firstLine: "1.687,0.445,Slight-Right-Turn", delimiter: ",")
        #expect(!placed.hasNames)
        #expect(placed.range(in: "1.687,0.445,2.332", delimiter: ",") == 0.445)
        #expect(placed.range(in: "1.687", delimiter: ",").isNaN)
    }

    @Test("a column that is not there is refused with those that are")
    func missing() {
        #expect(throws: Refusal(.value, field: "column", "column must be one of front, left", found: "'top'")) {
            try RangeText.Column("top", firstLine: "front,left", delimiter: ",")
        }
        #expect(throws: Refusal(.value, field: "column", "column must be a number from 1 to 2", found: "'3'")) {
            try RangeText.Column("3", firstLine: "1,2", delimiter: ",")
        }
    }
}
