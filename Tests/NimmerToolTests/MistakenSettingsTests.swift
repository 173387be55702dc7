import NimmerOutput
import NimmerPlatform
import NimmerServers
import Testing

@testable import nimmer

#if canImport(Glibc)
    import Glibc
#endif

/// Mistakes that `check` and `up` name before anything starts, all at once, each at the place of its setting.
@Suite("check and up: mistakes in settings") struct MistakenSettingsTests {
    private static let start = "nimmerverse: 1\nname: m\n"

    private func run(_ text: String, _ words: [String]) async throws -> Tool.Answer {
        var template = Array("/tmp/nimmer-mistakes-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        try FileText.write(Self.start + text, to: "\(folder)/m.yaml")
        return try await Tool.run(words, folder: folder)
    }

    /// Expects a line at a place from both commands, and that neither starts anything.
    private func expect(_ text: String, _ lines: [String]) async throws {
        let checked = try await run(text, ["check", "m.yaml"])
        #expect(checked.status == .exited(1), "\(checked.text) \(checked.errors)")
        let upped = try await run(text, ["up", "m.yaml"])
        #expect(upped.status == .exited(78), "\(upped.text) \(upped.errors)")
        #expect(upped.errors.last?.contains("; nothing was started") == true, "\(upped.errors)")
        for line in lines {
            #expect(checked.output.contains { $0.hasPrefix(line) }, "\(line): \(checked.text)")
            #expect(upped.errors.contains { $0.contains("/" + line) }, "\(line): \(upped.errors)")
        }
        #expect(checked.output.last == "m.yaml: \(count(lines.count, "problem"))", "\(checked.text)")
        #expect(!(checked.text + upped.errors.joined()).contains("Failure("), "\(checked.text) \(upped.errors)")
    }

    @Test("a program that is not there")
    func program() async throws {
        try await expect(
            "cells:\n  - {name: e, command: [./nothere]}\n  - {name: f, command: [nothere-either, x]}\n",
            [
                "m.yaml:4:24: found the program './nothere', which is not there or cannot be run; expected one that is in PATH",
                "m.yaml:5:24: found the program 'nothere-either'",
            ])
    }

    @Test("addresses of other kinds of servers")
    func addresses() async throws {
        try await expect(
            "nats: {url: \"http://x\"}\npostgres: {url: \"mysql://u:secret@x\"}\n",
            [
                "m.yaml:3:13: found 'http://x'; expected url: an address such as nats://127.0.0.1:4222",
                "m.yaml:4:17: found 'mysql://",
            ])
        for good in ["nats://a:4222, tls://b", "127.0.0.1:4222", "nats://u:p@a,nats://b"] {
            let checked = try await run("nats: {url: \"\(good)\"}\n", ["check", "m.yaml"])
            #expect(checked.status == .exited(0), "\(good): \(checked.text)")
        }
        for good in ["postgres://u@a,b/d", "host=a dbname=d", "postgresql:///d?host=/run"] {
            let checked = try await run("postgres: {url: \"\(good)\"}\n", ["check", "m.yaml"])
            #expect(checked.status == .exited(0), "\(good): \(checked.text)")
        }
    }

    @Test("addresses that cannot be read, without what may be secret")
    func unreadableAddresses() async throws {
        for (text, line) in [
            ("nats: {url: \"nats://u:hun@ter2@h:4222\"}", "m.yaml:3:13: nats.url: the user or password of the address"),
            (
                "nats: {url: \"nats://u:hun%zter2@h:4222\"}",
                "m.yaml:3:13: nats.url: the user or password of the address"
            ),
            (
                "nats: {url: \"nats://h:hunter2\"}",
                "m.yaml:3:13: nats.url: an address must be nats://HOST:4222 or tls://HOST:4222;"
            ),
            (
                "postgres: {url: \"postgresql://u:hun@ter2@h/db\"}",
                "m.yaml:3:17: postgres.url: the address of PostgreSQL cannot be read: its user or password holds one of"
            ),
            (
                "postgres: {url: \"postgresql://u:hun%zter2@h/db\"}",
                "m.yaml:3:17: postgres.url: the address of PostgreSQL cannot be read: a % in it"
            ),
        ] {
            try await expect(text + "\n", [line])
            let checked = try await run(text + "\n", ["check", "m.yaml"])
            #expect(!checked.text.contains("ter2"), "\(checked.text)")
        }
    }

    @Test("settings that are refused together, each at its own place")
    func settings() async throws {
        try await expect(
            """
            cells:
              - name: a
                kind: sensor/v1
                settings:
                  subject: t.a
                  decimal: x
                  delimiter: ab
                  path: "a..b"
                  minimum: 5
                  maximum: 1
                  ignore: [x]
            """,
            [
                "m.yaml:8:16: the setting 'decimal' of a: ", "m.yaml:9:18: the setting 'delimiter' of a: ",
                "m.yaml:10:13: the setting 'path' of a: ", "m.yaml:11:16: the setting 'minimum' of a: ",
                "m.yaml:13:15: the setting 'ignore' of a: ",
            ])
    }

    @Test("a value that only the program refuses, beside settings that the file alone shows to be wrong")
    func beside() async throws {
        try await expect(
            """
            cells:
              - name: a
                kind: sensor/v1
                settings: {subjet: t.a, learning_samples: 3, ignore: [a]}
            """,
            [
                "m.yaml:6:16: found the unknown setting 'subjet' of a",
                "m.yaml:6:47: found 3; expected learning_samples: ",
                "m.yaml:6:58: the setting 'ignore' of a: ",
            ])
    }

    @Test("rows of tables, each at its own place, and not what they leave out")
    func rows() async throws {
        try await expect(
            """
            cells:
              - name: a
                kind: webhook/v1
                settings:
                  post: {a: "http://u:p@h/", b: "http://h/", c: "ftp://h/"}
                  body: {a: "{}", b: "{", d: "{}"}
                  expected: [9xx]
              - name: b
                kind: webhook/v1
                settings: {post: {a: "http://u:p@h/"}, body: {b: "{"}}
            """,
            [
                "m.yaml:7:17: the setting 'post.a' of a: ", "m.yaml:7:53: the setting 'post.c' of a: ",
                "m.yaml:8:26: the setting 'body.b' of a: ",
                "m.yaml:8:34: the setting 'body.d' of a: body.d must be of a command that post names; found b",
                "m.yaml:9:17: the setting 'expected' of a: ", "m.yaml:12:26: the setting 'post.a' of b: ",
                "m.yaml:12:54: the setting 'body.b' of b: ",
            ])
    }

    @Test(
        "a server's address of a context is one that can be connected to",
        arguments: ["http://x", "nats://", "nats://h:port"])
    func context(address: String) async throws {
        var template = Array("/tmp/nimmer-context-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let answer = try await Tool.run(
            ["context", "add", "c", "--server", address], environment: ["XDG_CONFIG_HOME": folder])
        #expect(answer.status == .exited(64), "\(answer.text)")
        #expect(
            answer.errors.first?.contains("an address must be nats://HOST:4222 or tls://HOST:4222;") == true,
            "\(answer.errors)")
        #expect(!FileText.exists("\(folder)/nimmerverse"))
    }

    @Test("abbreviations of zones: the message names what %Z reads")
    func abbreviations() async throws {
        var template = Array("/tmp/nimmer-zone-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        try FileText.write(
            Self.start + "cells:\n  - {name: a, kind: sensor/v1, settings: {column: a, subject: t.a}}\n",
            to: "\(folder)/m.yaml")
        try FileText.write("time,a\n2026-07-01 10:00:00 CEST,1\n2026-07-01 10:00:01 CEST,2\n", to: "\(folder)/m.csv")
        let answer = try await Tool.run(
            ["replay", "--system", "m.yaml", "--input", "m.csv", "--time-format", "%F %T %Z"], folder: folder)
        #expect(answer.status == .exited(1))
        #expect(answer.errors.joined().contains("%Z reads UTC, GMT and Z alone"), "\(answer.errors)")
    }

    @Test("hippocampus --check calls its settings good only where it can use them")
    func hippocampus() async throws {
        let answer = try await ChildProcess.run(
            ChildCommand(
                Tool.path.dropLast("nimmer".count) + "hippocampus", ["--check"],
                environment: ["PATH": "/usr/bin:/bin", "NIMMERVERSE_POSTGRES_URL": "postgresql://u@127.0.0.1:1/d"]),
            limit: .seconds(120))
        let text = answer.lines.map(\.text).joined(separator: "\n")
        #expect(!answer.status.isSuccess && !text.contains("the settings are good"), "\(text)")
    }
}
