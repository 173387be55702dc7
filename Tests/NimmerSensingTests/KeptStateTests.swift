import Glibc
import NimmerWave
import Testing

@testable import NimmerSensing

/// What was learned, as bytes and back (sensing.md, What survives a restart).
@Suite("what was learned is kept, bit by bit")
struct KeptStateTests {
    /// Numbers that look random and are the same each time.
    private struct Noise {
        var state: UInt64

        mutating func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Double(state >> 11) + 0.5) / 9_007_199_254_740_992
        }

        mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }

        mutating func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in UInt8(truncatingIfNeeded: Int(saturating: uniform() * 256)) }
        }
    }

    /// A sample of a plant with noise, steps, spikes and gaps.
    private static func sample(_ index: Int, _ noise: inout Noise) -> (value: Double, missing: Int) {
        let step = index % 1700 > 1500 ? 4.0 : 0
        let spike = index % 211 == 0 ? 25.0 : 0
        return (20 + step + spike + noise.normal(), index % 97 == 0 ? Int(saturating: noise.uniform() * 20) : 0)
    }

    @Test(
        "a detector continues as if nothing had been, wherever it was cut",
        arguments: [0, 1, 40, 120, 399, 401, 450, 1600, 2100])
    func detector(_ cut: Int) throws {
        var noise = Noise(state: 11)
        var one = Detector()
        for index in 0..<cut {
            let (value, missing) = Self.sample(index, &noise)
            _ = one.observe(value, missing: missing)
        }
        var other = Detector()
        try other.take(kept: one.kept)
        #expect(other.kept == one.kept)
        for index in cut..<cut + 6000 {
            let (value, missing) = Self.sample(index, &noise)
            let (seen, same) = (one.observe(value, missing: missing), other.observe(value, missing: missing))
            #expect(seen == same && seen?.confidence.bitPattern == same?.confidence.bitPattern)
        }
        #expect(other.kept == one.kept && one.samples > 0)
    }

    @Test("a signal at rest, and one that learns again, are kept too")
    func resting() throws {
        var one = Detector()
        for index in 0..<1000 { _ = one.observe(index % 300 == 299 ? 1 : 0) }
        var other = Detector()
        try other.take(kept: one.kept)
        for index in 0..<4000 {
            #expect(one.observe(Double(index / 3 % 2)) == other.observe(Double(index / 3 % 2)))
        }
        #expect(one.relearned > 0 && other.relearned == one.relearned && other.relearns == one.relearns)
    }

    @Test("the twin that reports changes is kept")
    func changes() throws {
        var noise = Noise(state: 5)
        var one = ChangeDetector()
        for index in 0..<900 {
            _ = one.observe(Self.sample(index, &noise).value, at: .init(milliseconds: Double(index)))
        }
        var other = ChangeDetector()
        try other.take(kept: one.kept)
        for index in 900..<6000 {
            let value = Self.sample(index, &noise).value
            _ = one.observe(value, at: .init(milliseconds: Double(index)))
            _ = other.observe(value, at: .init(milliseconds: Double(index)))
            #expect(one.isChanged == other.isChanged)
        }
        #expect(one.detector.kept == other.detector.kept)
    }

    private static func row(_ index: Int, _ inputs: Int, _ noise: inout Noise) -> [Double] {
        let hidden = noise.normal()
        return (0..<inputs).map { input in
            if (index + input) % 61 == 0 || (input == 2 && (700..<760).contains(index)) { return .nan }
            return Double(input) * hidden + 0.3 * noise.normal() + (index > 2500 && input == 0 ? 3 : 0)
        }
    }

    @Test(
        "rows of several inputs continue as if nothing had been",
        arguments: [(0, 3), (150, 3), (401, 3), (730, 5), (1500, 7)])
    func multivariate(_ cut: Int, _ inputs: Int) throws {
        var noise = Noise(state: 23)
        var settings = MultivariateSettings()
        settings.learningSamples = 300
        var one = MultivariateDetector(inputs: inputs, settings)
        for index in 0..<cut { _ = one.observe(Self.row(index, inputs, &noise)) }
        var other = MultivariateDetector(inputs: inputs, settings)
        try other.take(kept: one.kept)
        #expect(other.kept == one.kept)
        for index in cut..<cut + 4000 {
            let row = Self.row(index, inputs, &noise)
            let (seen, same) = (one.observe(row), other.observe(row))
            #expect(seen?.confidence.bitPattern == same?.confidence.bitPattern && seen?.times == same?.times)
            #expect(one.leftOut == other.leftOut)
        }
        #expect(other.kept == one.kept && one.samples > 3000)
    }

    @Test("bytes that are damaged are refused or harmless, and never end the process")
    func damage() throws {
        var noise = Noise(state: 99)
        var detector = Detector()
        for index in 0..<700 { _ = detector.observe(Self.sample(index, &noise).value) }
        var rows = MultivariateDetector(inputs: 3)
        for index in 0..<600 { _ = rows.observe(Self.row(index, 3, &noise)) }
        let (good, goodRows) = (detector.kept, rows.kept)
        for turn in 0..<400 {
            var bytes = turn % 2 == 0 ? good : goodRows
            switch turn % 8 {
            case 0, 1: bytes.removeLast(1 + Int(saturating: noise.uniform() * Double(bytes.count - 1)))
            case 2, 3: bytes += noise.bytes(8)
            case 4, 5: bytes = noise.bytes(bytes.count)
            default:
                for _ in 0..<1 + Int(saturating: noise.uniform() * 40) {
                    bytes[Int(saturating: noise.uniform() * Double(bytes.count))] = UInt8(
                        truncatingIfNeeded: Int(saturating: noise.uniform() * 256))
                }
            }
            var (one, several) = (Detector(), MultivariateDetector(inputs: 3))
            if turn % 2 == 0 {
                try? one.take(kept: bytes)
            } else {
                try? several.take(kept: bytes)
            }
            for index in 0..<300 {
                _ = one.observe(Self.sample(index, &noise).value, missing: index % 5)
                if turn % 16 == 7 || turn % 16 == 15 { _ = several.observe(Self.row(index, 3, &noise)) }
            }
        }
        var short = Detector()
        #expect(throws: Refusal.self) { try short.take(kept: Array(good.dropLast())) }
        #expect(throws: Refusal.self) { try short.take(kept: good + [0]) }
        #expect(short.samples == 0, "what is refused changes nothing")
    }

    @Test("a detector fits into a kilobyte once it has learned")
    func size() throws {
        var detector = Detector()
        for index in 0..<1000 { _ = detector.observe(Double(index % 7)) }
        #expect(detector.kept.count < 1024)
    }
}
