import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

#if canImport(Glibc)
    import Glibc
#endif

/// Recordings of waves that cannot be read, or only in part: what was lost is named by line and reason, and where it is most, the run fails.
@Suite("recordings of waves that are refused") struct RefusedWavesTests {
    private static let system = """
        nimmerverse: 1
        name: w
        cells:
          - {name: z, kind: math/v1}
        """

    /// A recording of waves, each changed by `change`.
    private static func recording(_ count: Int = 12, _ change: (Int, String) -> String) throws -> String {
        try (0..<count).map { index in
            let at = Timestamp(milliseconds: 1_600_000_000_000 + Double(index) * 1000)
            let wave = Envelope(
                id: .v7(), at: at, from: Source(entityID: "flow-1", entityType: .cell, garden: .real, tier: 1),
                WaveSignal(
                    domain: try Token("flow"), confidence: 0.3, semanticContent: [:], lifeforceCost: 0))
            let message = String(decoding: wave.encoded(), as: UTF8.self)
            return change(
                index, #"{"at":"\#(at.rfc3339)","subject":"dev.nervous.cells.flow.wave","message":\#(message)}"#) + "\n"
        }.joined()
    }

    private func run(_ recording: String, _ words: (String) -> [String]) async throws -> Tool.Answer {
        var template = Array("/tmp/nimmer-waves-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        try FileText.write(Self.system, to: "\(folder)/w.yaml")
        try FileText.write(recording, to: "\(folder)/w.ndjson")
        return try await Tool.run(words(folder), folder: folder)
    }

    private func replay(_ recording: String) async throws -> Tool.Answer {
        try await run(recording) { _ in ["replay", "--system", "w.yaml", "--input", "w.ndjson"] }
    }

    private func plot(_ recording: String) async throws -> Tool.Answer {
        try await run(recording) { _ in ["wave", "plot", "--from", "w.ndjson", "--out", "w.svg"] }
    }

    @Test("all good")
    func good() async throws {
        let recording = try Self.recording { $1 }
        let answer = try await replay(recording)
        #expect(answer.status == .exited(0) && answer.errors.isEmpty, "\(answer.errors)")
        #expect(answer.text.hasPrefix("12 rows over 11 s: 12 waves"), "\(answer.text)")
        let plotted = try await plot(recording)
        #expect(plotted.status == .exited(0) && plotted.errors.isEmpty, "\(plotted.errors)")
    }

    @Test(
        "most refused: the first line, the reason, the count, exit status 1",
        arguments: [
            (#""confidence""#, #""confidense""#, "body.confidence is missing"),
            (#""version":"2.1""#, #""version":"3.0""#, "version"),
            (#""domain":"flow""#, #""domain":"flow","region":"house room""#, "region"),
        ])
    func refused(found: String, written: String, reason: String) async throws {
        let recording = try Self.recording {
            $1.split(separator: found).count == 2 ? Self.replace($1, found, written) : $1
        }
        for answer in [try await replay(recording), try await plot(recording)] {
            #expect(answer.status == .exited(1), "\(answer.text) \(answer.errors)")
            let errors = answer.errors.joined(separator: "\n")
            #expect(errors.contains("nimmer: 12 of 12 recorded messages refused; the first: w.ndjson:1: "), "\(errors)")
            #expect(errors.contains(reason), "\(errors)")
            #expect(
                errors.contains("; 12 of 12 recorded messages refused\n  `nimmer wave check --lines` names"),
                "\(errors)")
        }
    }

    private static func replace(_ text: String, _ found: String, _ written: String) -> String {
        text.split(separator: found, omittingEmptySubsequences: false).joined(separator: written)
    }

    @Test("a few refused, for two reasons: each with its count and first line, exit status 0")
    func few() async throws {
        let recording = try Self.recording { index, line in
            switch index {
            case 4, 5: Self.replace(line, #""confidence""#, #""confidense""#)
            case 8: Self.replace(line, #""domain":"flow""#, #""domain":"flow","region":"house room""#)
            default: line
            }
        }
        for answer in [try await replay(recording), try await plot(recording)] {
            #expect(answer.status == .exited(0), "\(answer.errors)")
            #expect(answer.errors.count == 2, "\(answer.errors)")
            #expect(
                answer.errors.first?.hasPrefix("nimmer: 2 of 12 recorded messages refused; the first: w.ndjson:5: ")
                    == true,
                "\(answer.errors)")
            #expect(
                answer.errors.last?.hasPrefix("nimmer: 1 of 12 recorded messages refused: w.ndjson:9: ") == true,
                "\(answer.errors)")
        }
    }

    @Test("lines without subject and message: most of them is 1, wherever they stand", arguments: [true, false])
    func strange(isFirst: Bool) async throws {
        let recording = try Self.recording { index, line in
            (isFirst ? index < 3 : index >= 9) ? line : #"{"x": 1}"#
        }
        let answer = try await replay(recording)
        #expect(answer.status == .exited(1), "\(answer.text) \(answer.errors)")
        if isFirst {
            #expect(
                answer.errors.joined().contains("w.ndjson:4: found a line without subject and message"),
                "\(answer.errors)")
        }
    }

    @Test(
        "a cut last line is named, and nothing else is lost",
        arguments: [
            ["replay", "--system", "w.yaml", "--input", "w.ndjson"],
            ["wave", "plot", "--from", "w.ndjson", "--out", "w.svg"], ["wave", "tail", "--from", "w.ndjson"],
        ])
    func cutLine(_ words: [String]) async throws {
        let answer = try await run(String(Self.recording { $1 }.dropLast(9))) { _ in words }
        #expect(answer.status == .exited(0), "\(answer.errors)")
        #expect(
            answer.errors.joined().contains(
                "the last line is cut and was left out: w.ndjson:12: found a line that is no JSON object"),
            "\(answer.errors)")
    }

    @Test("no subject of a wave: named, and exit status 1; no picture is drawn")
    func noWaves() async throws {
        let recording = try Self.recording { Self.replace($1, "flow.wave", "flow.wavelet") }
        let answer = try await replay(recording)
        #expect(answer.status == .exited(1), "\(answer.text)")
        #expect(
            answer.errors.joined().contains(
                "w.ndjson holds no wave: 12 messages on other subjects; the first: w.ndjson:1: dev.nervous.cells.flow.wavelet"
            ), "\(answer.errors)")
        let plotted = try await plot(recording)
        #expect(plotted.status == .exited(1), "\(plotted.errors)")
        #expect(
            plotted.errors.first?.hasPrefix("nimmer: w.ndjson holds no wave: 12 messages") == true, "\(plotted.errors)")
    }

    @Test("packed recordings are read by plot and check as by replay")
    func packed() async throws {
        let recording = try Self.recording { $1 }
        var template = Array("/tmp/nimmer-packed-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        try FileText.write(recording, to: "\(folder)/w.ndjson")
        let packed = try await ChildProcess.run(
            ChildCommand("gzip", ["w.ndjson"], workingDirectory: folder), limit: .seconds(120))
        try #require(packed.status == .exited(0))
        let plotted = try await Tool.run(
            ["wave", "plot", "--from", "w.ndjson.gz", "--out", "w.svg"], folder: folder)
        #expect(plotted.status == .exited(0), "\(plotted.errors)")
        #expect(FileText.read("\(folder)/w.svg")?.contains("flow") == true)
        let checked = try await Tool.run(["wave", "check", "--lines", "w.ndjson.gz"], folder: folder)
        #expect(checked.status == .exited(0), "\(checked.errors)")
        #expect(checked.output.count == 12 && checked.output.first == "w.ndjson.gz:1: ok", "\(checked.output)")
        try FileText.write([0x50, 0x4b, 3, 4, 0, 0], to: "\(folder)/w.zip")
        let zip = try await Tool.run(["wave", "check", "w.zip"], folder: folder)
        #expect(zip.status == .exited(65) && zip.errors.first?.contains("found a zip archive") == true, "\(zip.errors)")
    }
}
