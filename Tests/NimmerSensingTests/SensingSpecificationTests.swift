import Glibc
import Testing

@testable import NimmerSensing

/// The settings in sensing.md, Settings, are those of the code, with their defaults.
@Suite struct SensingSpecificationTests {
    /// Stands for a setting that has no value.
    private static let none = -1.0

    /// The defaults of the first table below a heading.
    private func documented(below heading: String) throws -> [String: Double] {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try #require(fopen("\(root)/docs/spec/sensing.md", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
        let start = try #require(lines.firstIndex { $0 == heading })
        let rows = lines[(start + 1)...].prefix { !$0.hasPrefix("##") }.filter { $0.hasPrefix("| `") }
        var documented: [String: Double] = [:]
        for row in rows {
            let cells = row.split(separator: "|").map { $0.filter { !" `,".contains($0) } }
            let standard: Double = try #require(cells[1] == "none" ? Self.none : Double(cells[1]), "\(row)")
            documented[cells[0]] = standard
        }
        return documented
    }

    @Test func theDocumentedTwinIsTheCodes() throws {
        let base = DetectorSettings()
        let code = ChangeSettings(of: base)
        var expected = [
            "baseline_samples": code.detector.baselineSamples, "surprise_slows": code.detector.surpriseSlows,
            "half_confidence": code.detector.halfConfidence, "returns_home": code.detector.returnsHome ? 1 : 0,
            "surprise_step": code.detector.surpriseStep ?? Self.none,
            "begin": code.begin, "end": code.end, "bound_ms": code.boundMilliseconds,
            "bound_intervals": code.boundIntervals,
        ]
        #expect(try documented(below: "## Change events") == expected)
        expected["baseline_samples"] = base.baselineSamples
        #expect(try documented(below: "## Change events") != expected)
    }

    @Test func theDocumentedDefaultsAreTheCodes() throws {
        let documented = try documented(below: "## Settings")
        let code = DetectorSettings()
        #expect(
            documented == [
                "learning_samples": Double(code.learningSamples), "baseline_samples": code.baselineSamples,
                "surprise_slows": code.surpriseSlows, "clip": code.clip, "outlier": code.outlier, "spike": code.spike,
                "learning_outlier": code.learningOutlier, "sample_limit": code.sampleLimit, "slack": code.slack,
                "quietest": code.quietest, "leap_unit": code.leapUnit, "extreme": code.extreme, "leak": code.leak,
                "spread_samples": code.spreadSamples, "spread_caution": code.spreadCaution,
                "learning_rate": code.learningRate, "habituation": code.habituation,
                "surprise_step": code.surpriseStep ?? Self.none, "settling": code.settling,
                "habituation_limit": code.habituationLimit,
                "half_confidence": code.halfConfidence, "steepness": code.steepness,
            ])
    }

    @Test func theDocumentedDefaultsAcrossSensorsAreTheCodes() throws {
        let documented = try documented(below: "### Settings across sensors")
        let code = MultivariateSettings()
        #expect(
            documented == [
                "learning_samples": Double(code.learningSamples), "explained": code.explained,
                "rows_for_component": Double(code.rowsForComponent), "learned_clip": code.learnedClip,
                "learned_row": code.learnedRow, "clip": code.clip, "smoothing": code.smoothing,
                "row_limit": code.rowLimit, "few_rows": code.fewRows, "baseline_samples": code.baselineSamples,
                "surprise_slows": code.surpriseSlows, "habituation": code.habituation,
                "habituation_limit": code.habituationLimit, "half_confidence": code.halfConfidence,
                "steepness": code.steepness, "renewal": code.renewal, "memory": code.memory,
            ])
    }
}
