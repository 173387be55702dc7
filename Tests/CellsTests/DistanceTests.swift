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
        for (index, bad) in [-1, .nan, 4.5, -.infinity].enumerated() {
            #expect(throws: Ranger.Refused.self) { try ranger.read(bad, at: at(10 + index)).get() }
        }
        #expect(ranger.refused == [.negative: 1, .notANumber: 2, .beyondMaximum: 1])
        let after = try ranger.read(0.3, at: at(20)).get()
        #expect(abs(after.confidence - 0.5) < 1e-9)
        #expect(
            Ranger.Refused(fault: .negative, raw: -1, maximum: 4).description.contains("between 0 and 4.0; found -1.0"))
    }

    @Test("after a pause earlier readings do not count")
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
