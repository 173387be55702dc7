import NimmerOutput
import NimmerPlatform
import NimmerProcess
import NimmerServers
import Testing

@testable import nimmer

#if canImport(Glibc)
    import Glibc
#endif

/// One table of exit statuses for all programs: that of the page, of commands and of processes.
@Suite struct ExitStatusTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// The rows of the page's table: a number and a name.
    private func table() throws -> [String] {
        let page = try #require(FileText.read(Self.root + "/docs/reference/output.md"))
        let section = page.split(separator: "\n").drop { $0 != "## Exit statuses" }
        return section.compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                String($0.filter { $0 != " " })
            }
            guard cells.count > 3, Int(cells[1]) != nil else { return nil }
            return "\(cells[1]) \(cells[2])"
        }
    }

    @Test func thePageIsTheCode() throws {
        #expect(try table() == ["0 "] + Failure.Status.allCases.map { "\($0.rawValue) \($0)" })
    }

    @Test func processesHaveTheSame() {
        for status in ProcessFailure.Status.allCases {
            #expect(Failure.Status(rawValue: status.rawValue).map { "\($0)" } == "\(status)")
        }
        #expect(ProcessFailure.Status.allCases.count == Failure.Status.allCases.count - 1, "1 is a check's alone")
    }

    /// An address that cannot be read is wrong usage in a flag or variable, of a command as of a process.
    @Test(arguments: ["nats://user:p#ss/w@127.0.0.1:4222", "http://127.0.0.1:1", "nats://127.0.0.1:port"])
    func unreadableAddresses(_ address: String) async throws {
        var template = Array("/tmp/nimmer-address-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        try FileText.write("nimmerverse: 1\nname: x\nnats: {url: 'nats://h:port'}\n", to: "\(folder)/x.yaml")
        let variable = [ServerChoice.variable: address]
        for (words, variables, place) in [
            (["cell", "list"], variable, "from NIMMERVERSE_NATS_URL"),
            (["cell", "list", "--server", address], [:], "--server"),
            (["status"], variable, "from NIMMERVERSE_NATS_URL"),
        ] as [([String], [String: String], String)] {
            let answer = try await Tool.run(words, folder: folder, environment: variables)
            #expect(answer.status == .exited(64), "\(words): \(answer.errors)")
            #expect(answer.errors.first?.contains(place) == true, "\(answer.errors)")
            #expect(!answer.errors.joined().contains("p#ss"), "\(answer.errors)")
        }
        for (words, variables, status) in [
            (["--nats", address], [:], 64), ([], variable, 64), (["--system", "x.yaml"], variable, 64),
            (["--system", "x.yaml"], [:], 78),
        ] as [([String], [String: String], Int32)] {
            var inherited = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMERVERSE") }
            inherited.merge(variables) { $1 }
            let answer = try await ChildProcess.run(
                ChildCommand(
                    OwnProgram.folder + "/thalamus", words, environment: inherited, workingDirectory: folder),
                limit: .seconds(120))
            #expect(answer.status == .exited(status), "\(words): \(answer.lines.map(\.text))")
            let errors = answer.lines.map(\.text).joined()
            #expect(!errors.contains("p#ss"), "\(errors)")
            if status == 78 { #expect(errors.contains("x.yaml:3:13: nats.url: "), "\(errors)") }
        }
    }

    @Test func commandsEndWithThem() async throws {
        var template = Array("/tmp/nimmer-status-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        try FileText.write("{", to: "\(folder)/broken.json")
        try FileText.write("nimmerverse: 1\nname: x\ncels: []\n", to: "\(folder)/broken.yaml")
        try FileText.write("nimmerverse: 1\nname: x\n", to: "\(folder)/good.yaml")
        func sensor(_ settings: String) -> String {
            "nimmerverse: 1\nname: x\ncells:\n  - {name: a, kind: sensor/v1, settings: {column: a, subject: a.b\(settings)}}\n"
        }
        try FileText.write(sensor(""), to: "\(folder)/sound.yaml")
        try FileText.write(sensor(", delimiter: ab"), to: "\(folder)/wrong.yaml")
        try FileText.write("time,a\n1600000000,1\n", to: "\(folder)/rows.csv")
        try FileText.write("time,a\n1600000000,up\n1600000001,down\n", to: "\(folder)/words.csv")
        try FileText.write("", to: "\(folder)/empty.csv")
        try FileText.write([0, 1, 2, 3], to: "\(folder)/binary.csv")
        let nowhere = ["--server", "nats://127.0.0.1:9"]
        for (words, status) in [
            (["env"], 0), (["wave", "check", "broken.json"], 1), (["wave", "tial"], 64),
            (["gate", "simulate", "broken.json"], 65), (["check", "absent.yaml"], 66), (["up", "absent.yaml"], 66),
            (["cell", "list"] + nowhere, 69), (["cell", "new", "door", "--folder", "."], 73),
            (["check", "good.yaml", "--dot", "absent/x.dot"], 73),
            (["check", "good.yaml", "--dot", "/dev/full/x"], 73),
            (["replay", "--system", "absent.yaml", "--input", "rows.csv"], 66),
            (["replay", "--system", "good.yaml", "--input", "absent.csv"], 66),
            (["replay", "--system", "broken.yaml", "--input", "rows.csv"], 78),
            (["replay", "--system", "wrong.yaml", "--input", "rows.csv"], 78),
            (["replay", "--system", "sound.yaml", "--input", "empty.csv"], 65),
            (["replay", "--system", "sound.yaml", "--input", "binary.csv"], 65),
            (["replay", "--system", "sound.yaml", "--input", "words.csv"], 1),
            (["kube", "render", "absent.yaml", "--out", "k"], 66), (["auth", "list", "absent.yaml"], 66),
            (["wave", "plot", "--from", "empty.csv", "--out", "x.svg"], 65),
            (["wave", "plot", "--from", "rows.csv", "--out", "x.svg"], 65),
            (["memory", "restore", "absent.backup"], 66),
            (["up", "broken.yaml"], 78), (["check", "broken.yaml"], 1),
        ] as [([String], Int32)] {
            let answer = try await Tool.run(words, folder: folder)
            #expect(answer.status == .exited(status), "\(words): \(answer.text) \(answer.errors)")
        }
    }
}
