import Foundation
import NimmerPlatform
import Testing

@testable import nimmer

/// Commands whose output cannot be written: they end with a status that is not 0, and with the reason.
@Suite("Output that cannot be written") struct UnwrittenTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Runs a command in a shell, `nimmer` being the built one, in a folder with a system and a recording.
    private func shell(_ line: String) async throws -> (status: ChildExit, text: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unwritten-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let system = """
            nimmerverse: 1
            name: tiny
            cells:
              - {name: a, kind: sensor/v1, settings: {column: a, region: room, learning_samples: 20}}
              - {name: b, kind: sensor/v1, settings: {column: b, region: room, learning_samples: 20}}
            """
        try Data(system.utf8).write(to: folder.appending(path: "tiny.yaml"))
        let rows = (0..<3000).map { row in
            let jump = row % 200 > 150 ? 20 : 0
            return "\(1_600_000_000 + row),\(20 + row * 7 % 11 + jump),\(5 + row * 5 % 7 + jump)\n"
        }
        try Data(("time,a,b\n" + rows.joined()).utf8).write(to: folder.appending(path: "rows.csv"))
        let answer = try await ChildProcess.run(
            ChildCommand(
                "bash", ["-c", "exec 2>&1; nimmer() { '\(Tool.path)' \"$@\"; }; \(line)"], workingDirectory: folder.path
            ),
            limit: .seconds(60))
        // Output and errors come through two pipes, in no order: errors stand first.
        let lines = answer.lines.filter { $0.stream == .error } + answer.lines.filter { $0.stream == .output }
        return (answer.status, lines.map(\.text).joined(separator: "\n"))
    }

    private static let replay = "nimmer replay --system tiny.yaml --input rows.csv --waves --json"

    @Test("standard output on a full disk")
    func full() async throws {
        let (status, text) = try await shell("\(Self.replay) > /dev/full")
        #expect(status == .exited(74))
        #expect(text.contains("nimmer: cannot write all of standard output: No space left on device"), "\(text)")
    }

    @Test("a reader that goes before all was written")
    func gone() async throws {
        let (_, text) = try await shell("\(Self.replay) | head -c 10 > /dev/null; echo \"status ${PIPESTATUS[0]}\"")
        #expect(text.contains("status 74"), "\(text)")
        #expect(text.contains("cannot write all of standard output: its reader has gone"), "\(text)")
    }

    @Test("files on a full disk: the old one stays", .enabled(if: geteuid() == 0, "only root mounts a small disk"))
    func disk() async throws {
        let mount = "mkdir small && mount -t tmpfs -o size=64k none small || exit 99; trap 'umount small' EXIT; "
        let recorded = try await shell(
            mount + "\(Self.replay) --record small/waves.ndjson > /dev/null; echo status $?; ls small")
        try #require(recorded.status != .exited(99), "no tmpfs can be mounted here")
        #expect(recorded.text.contains("cannot write small/waves.ndjson: No space left on device"), "\(recorded.text)")
        #expect(recorded.text.hasSuffix("\nstatus 74"), "\(recorded.text)")
        let plotted = try await shell(
            "\(Self.replay) --record waves.ndjson > /dev/null; \(mount) echo old > small/plot.svg; head -c 60000 /dev/zero > small/fill; "
                + "nimmer wave plot --from waves.ndjson --out small/plot.svg; echo status $?; cat small/plot.svg")
        #expect(plotted.text.contains("cannot write small/plot.svg: No space left on device"), "\(plotted.text)")
        #expect(plotted.text.hasSuffix("old") && !plotted.text.contains("status 0"), "\(plotted.text)")
    }
}
