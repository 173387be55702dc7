import Foundation
import NimmerPlatform
import Testing

@testable import nimmer

/// Files that commands write: what stands at their path is written into, not replaced, and none is a file that is read.
@Suite("files that are written") struct WrittenFilesTests {
    /// Runs a line in a shell, `nimmer` being the built one, in a folder with a system, a recording of numbers and one of waves.
    private func shell(_ line: String) async throws -> (status: ChildExit, output: String, errors: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "written-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let system = """
            nimmerverse: 1
            name: tiny
            cells:
              - {name: a, kind: sensor/v1, settings: {column: a, subject: t.a, region: room, learning_samples: 20}}
              - {name: b, kind: sensor/v1, settings: {column: b, subject: t.b, region: room, learning_samples: 20}}
            """
        try Data(system.utf8).write(to: folder.appending(path: "tiny.yaml"))
        let rows = (0..<300).map { row in
            let jump = row % 200 > 150 ? 20 : 0
            return "\(1_600_000_000 + row),\(20 + row * 7 % 11 + jump),\(5 + row * 5 % 7 + jump)\n"
        }
        try Data(("time,a,b\n" + rows.joined()).utf8).write(to: folder.appending(path: "rows.csv"))
        let answer = try await ChildProcess.run(
            ChildCommand(
                "bash", ["-c", "nimmer() { '\(Tool.path)' \"$@\"; }; \(line)"], workingDirectory: folder.path),
            limit: .seconds(60))
        func text(_ stream: OutputLine.Stream) -> String {
            answer.lines.filter { $0.stream == stream }.map(\.text).joined(separator: "\n")
        }
        return (answer.status, text(.output), text(.error))
    }

    private static let replay = "nimmer replay --system tiny.yaml --input rows.csv"
    /// Commands that write the file `out.svg`.
    private static let writers = [
        "\(replay) --record out.svg > /dev/null", "nimmer check tiny.yaml --svg out.svg > /dev/null",
        "nimmer check tiny.yaml --dot out.svg > /dev/null",
        "\(replay) --record waves.ndjson > /dev/null && nimmer wave plot --from waves.ndjson --out out.svg",
    ]

    @Test("a pipe stays one and is written into", arguments: writers)
    func pipe(writer: String) async throws {
        let (_, output, errors) = try await shell(
            "mkfifo out.svg; timeout 20 wc -c < out.svg > size & { \(writer); }; echo \"status $?\"; wait; "
                + "test -p out.svg && echo pipe; test $(cat size) -gt 20 && echo written; ls | grep new")
        #expect(output == "status 0\npipe\nwritten", "\(output) \(errors)")
    }

    @Test("where a link leads is replaced, with its permissions; the link stays", arguments: writers)
    func link(writer: String) async throws {
        let (_, output, errors) = try await shell(
            "mkdir real; echo old > real/file; chmod 640 real/file; ln -s real/file out.svg; { \(writer); }; echo \"status $?\"; "
                + "test -L out.svg && echo link; stat -c '%a' real/file; test $(wc -c < real/file) -gt 20 && echo written; ls real"
        )
        #expect(output == "status 0\nlink\n640\nwritten\nfile", "\(output) \(errors)")
    }

    @Test("a link to a file that is not there makes it")
    func dangling() async throws {
        let (_, output, errors) = try await shell(
            "mkdir real; ln -s real/file out; \(Self.replay) --record out > /dev/null; echo \"status $?\"; test -L out && ls real"
        )
        #expect(output == "status 0\nfile", "\(output) \(errors)")
    }

    @Test(
        "a full device ends with 74 and stays a device", .enabled(if: geteuid() == 0, "only root makes devices"),
        arguments: writers)
    func fullDevice(writer: String) async throws {
        let (status, output, errors) = try await shell(
            "mknod -m 666 out.svg c 1 7 || exit 99; (echo x > out.svg) 2> /dev/null && exit 0; { \(writer); }; "
                + "test $? = 74 && test -c out.svg && echo kept; exit 98")
        try #require(status != .exited(99), "no device can be made here")
        if status == .exited(98) {
            #expect(output == "kept", "\(output) \(errors)")
            #expect(errors.contains("cannot write out.svg: No space left on device"), "\(errors)")
        }
    }

    @Test("standard output, by name and led to a file, holds both", arguments: ["/dev/stdout", "/proc/self/fd/1"])
    func standardOutput(path: String) async throws {
        let (_, output, errors) = try await shell(
            "\(Self.replay) --record \(path) > all; echo \"status $?\"; grep -c '\"subject\"' all > count; "
                + "test $(cat count) -gt 3 && echo waves; grep -c escalation all")
        #expect(output.hasPrefix("status 0\nwaves\n"), "\(output) \(errors)")
    }

    @Test(
        "a file that is read is not written",
        arguments: [
            "\(replay) --record rows.csv", "\(replay) --record ./tiny.yaml",
            "ln rows.csv twin; \(replay) --record twin", "ln -s rows.csv twin; \(replay) --record twin",
            "nimmer replay --system tiny.yaml --input - --record rows.csv < rows.csv",
            "nimmer check tiny.yaml --svg tiny.yaml", "nimmer check tiny.yaml --dot tiny.yaml",
            "cp rows.csv w.svg; nimmer wave plot --from w.svg --out w.svg",
        ])
    func input(line: String) async throws {
        let (_, output, errors) = try await shell(
            "cp rows.csv r; cp tiny.yaml t; \(line); echo \"status $?\"; cmp rows.csv r && cmp tiny.yaml t && echo same"
        )
        #expect(output.hasSuffix("status 64\nsame"), "\(output) \(errors)")
        #expect(errors.contains(" is the file that is read ("), "\(errors)")
    }
}
