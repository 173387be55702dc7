import ArgumentParser
import Glibc
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// Every command of nimmer with the words that lead to it, in the order of the help.
func commands(
    _ type: any ParsableCommand.Type = Nimmer.self, _ words: [String] = []
) -> [(words: [String], type: any ParsableCommand.Type)] {
    let configuration = type.configuration
    let below = configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
    return [(words, type)]
        + below.enumerated().filter { at, one in below.firstIndex { $0 == one } == at }.map(\.element)
        .flatMap { commands($0, words + [$0.configuration.commandName ?? ""]) }
}

/// The commands that do something themselves.
func leaves() -> [(words: [String], type: any ParsableCommand.Type)] {
    commands().filter { commands($0.type).count == 1 }
}

@Suite struct CommandTests {
    @Test func everyCommandHasASummary() {
        let all = commands()
        #expect(all.count > 20)
        for command in all {
            let abstract = command.type.configuration.abstract
            #expect(abstract.hasSuffix("."), "\(command.words): \(abstract)")
            #expect(abstract.count < 100, "\(command.words)")
        }
    }

    /// Help is wrapped without regard to columns: a longer example would be broken in its middle.
    @Test func everyExampleFitsIntoATerminal() {
        for command in commands() {
            let help = Nimmer.helpMessage(for: command.type, columns: 80)
            for line in command.type.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
                #expect(help.contains(line), "\(command.words): \(line)")
            }
        }
    }

    @Test func everyOptionHasHelp() {
        for command in commands() where !command.words.isEmpty {
            let help = Nimmer.helpMessage(for: command.type, columns: 200)
            var rows = help.split(separator: "\n").filter { $0.hasPrefix("  -") || $0.hasPrefix("  <") }
            rows.removeAll { $0.contains("--help") || $0.contains("--version") }
            for row in rows {
                let words = row.split(separator: "  ", omittingEmptySubsequences: true)
                #expect(words.count >= 2 || row.count > 24, "\(command.words): \(row)")
            }
        }
    }

    @Test(arguments: [CompletionShell.bash, .zsh, .fish])
    func completionsKnowEveryCommand(shell: CompletionShell) {
        let script = Nimmer.completionScript(for: shell)
        for command in commands() {
            if let last = command.words.last { #expect(script.contains(last), "\(shell): \(command.words)") }
        }
    }

    @Test("bash reads its completions", .enabled(if: Executables.find("bash") != nil, "no bash"))
    func bashReads() async throws { try await reads(.bash) }

    @Test("zsh reads its completions", .enabled(if: Executables.find("zsh") != nil, "no zsh"))
    func zshReads() async throws { try await reads(.zsh) }

    @Test("fish reads its completions", .enabled(if: Executables.find("fish") != nil, "no fish"))
    func fishReads() async throws { try await reads(.fish) }

    private func reads(_ shell: CompletionShell) async throws {
        let script = Nimmer.completionScript(for: shell)
        let program = try #require(Executables.find(shell.rawValue))
        let path = "/tmp/nimmer-completion-\(getpid()).\(shell.rawValue)"
        try FileText.write(script, to: path)
        defer { unlink(path) }
        let answer = try await ChildProcess.run(ChildCommand(program, ["-n", path]))
        #expect(answer.status.isSuccess, "\(answer.lines)")
    }

    @Test func theScriptComesFromTheProgramItself() async throws {
        let answer = try await Tool.run(["--generate-completion-script", "bash"])
        #expect(answer.status.isSuccess)
        #expect(answer.text.contains("complete "))
    }

    @Test func aWrongEnvironmentIsRefusedByEveryCommandWithTheValidNames() async throws {
        let arguments: [[String]] = [
            ["up"], ["up", "--no-database"], ["down"], ["status"], ["doctor"], ["env"], ["exercise", "1"],
            ["wave", "emit", "--cell", "a", "--confidence", "1"], ["wave", "tail"], ["wave", "check", "-"],
            ["wave", "plot", "--from", "a", "--out", "a.svg"],
            ["gate", "list"], ["gate", "watch"], ["gate", "why", "math"], ["gate", "simulate", "-"], ["cell", "list"],
            ["cell", "ask", "math"], ["cell", "new", "a"], ["nerve", "new", "a"], ["memory", "why", "a"],
            ["memory", "search", "a"],
            ["memory", "export", "--for", "training"],
            ["memory", "backup"], ["memory", "restore", "a"], ["memory", "aside", "list"],
            ["memory", "aside", "show", "1"],
            ["memory", "aside", "replay", "1"], ["memory", "aside", "drop", "1"], ["db", "migrate"], ["db", "prune"],
            ["image", "build"],
            ["check", "a"], ["auth", "rotate", "a", "--all"], ["auth", "list", "a"], ["auth", "generate", "a"],
            ["auth", "certificates"], ["logs"], ["restart", "a"], ["completion", "bash"], ["cell", "info", "a"],
            ["context", "list"], ["context", "add", "a", "--server", "b"], ["context", "select", "a"],
            ["context", "remove", "a"],
            ["kube", "render", "a", "--out", "b"], ["mind", "list"], ["mind", "pending"], ["mind", "ask", "a"],
            ["mind", "replay", "019c0000-0000-7000-8000-000000000001"], ["mind", "refuse", "a"], ["mind", "budget"],
            ["mind", "approve", "a"], ["organ", "ask", "a", "b"], ["organ", "embed", "a", "b"],
            ["organ", "state", "a"], ["iris", "status"],
            ["iris", "similarity", "a", "b"], ["iris", "near", "a", "--among", "b"], ["verify", "--pending"],
            ["trust", "list"], ["trust", "export"],
            ["trust", "reset"], ["garden", "list"], ["garden", "show", "a"], ["garden", "diff", "a"],
            ["garden", "promote", "a"], ["garden", "demote"], ["garden", "history"], ["garden", "explore"],
            ["lifeforce"], ["web"],
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for words in arguments {
                group.addTask {
                    let answer = try await Tool.run(words, environment: ["NIMMERVERSE_ENV": "production"])
                    #expect(answer.status == .exited(64), "\(words)")
                    #expect(answer.output.isEmpty)
                    #expect(answer.errors.first?.contains("dev, staging, prod") == true, "\(words): \(answer.errors)")
                }
            }
            try await group.waitForAll()
        }
        let leaves = leaves()
        let tested = Set(arguments.map { words in leaves.first { words.starts(with: $0.words) }?.words ?? [] })
        let untested = leaves.map(\.words).filter { !tested.contains($0) && $0 != ["replay"] }
        #expect(untested.isEmpty)
    }

    @Test func misuseIsOneLineAndTheUsage() async throws {
        let answer = try await Tool.run(["wave", "check"])
        #expect(answer.status == .exited(64))
        #expect(answer.errors.first?.hasPrefix("nimmer: Missing expected argument") == true)
        #expect(answer.errors.contains { $0.hasPrefix("Usage: nimmer wave check") })
    }

    @Test(arguments: [["wave", "tail"], ["gate", "list"], ["cell", "list"], ["status"]])
    func withoutAServerItIsNamedWithTheMend(words: [String]) async throws {
        let answer = try await Tool.run(words + ["--server", "nats://127.0.0.1:9"], folder: "/tmp")
        #expect(answer.status == .exited(69))
        #expect(answer.errors.first?.contains("nats://127.0.0.1:9") == true, "\(answer.errors)")
        #expect(answer.errors.count >= 2)
    }

    @Test func aBrokenSystemFileNamesFileLineAndWhatWasExpected() async throws {
        let path = "/tmp/nimmer-broken-\(getpid()).yaml"
        try FileText.write("nimmerverse: 1\nname: x\ncels: []\n", to: path)
        defer { unlink(path) }
        let answer = try await Tool.run(["up", path], folder: "/tmp")
        #expect(answer.status == .exited(78))
        #expect(answer.errors.first?.contains("\(path):3:1") == true, "\(answer.errors)")
        #expect(answer.errors.first?.contains("cells") == true)
    }
}

@Suite struct GoldenCommandTests {
    @Test func everyAcceptedMessageIsOK() async throws {
        let files = try Tool.golden("wire/accept", ending: ".json")
        let answer = try await Tool.run(["wave", "check"] + files)
        #expect(answer.status == .exited(0))
        #expect(answer.output == files.map { "\($0): ok" })
    }

    @Test func everyRefusedMessageHasItsReason() async throws {
        let files = try Tool.golden("wire/reject", ending: ".json")
        let answer = try await Tool.run(["wave", "check", "--json"] + files)
        #expect(answer.status == .exited(1))
        #expect(answer.output.count == files.count)
        for (file, line) in zip(files, answer.output) {
            let reason = FileText.read(String(file.dropLast(5)) + ".reason")?.trimmingLineEnd
            #expect(try JSON(parsing: line)["reason"]?.string == reason)
        }
    }

    @Test func everyGateCaseRunsAsItIsWritten() async throws {
        for file in try Tool.golden("gates", ending: ".json") {
            let expected = try #require(try JSON(parsing: FileText.bytes(file))["expected"])
            let answer = try await Tool.run(["gate", "simulate", file])
            #expect(answer.status == .exited(0))
            let found = try JSON(parsing: answer.text)
            #expect(Self.agree(found["trace"], expected["trace"]), "\(file)")
            #expect(Self.agree(found["transitions"], expected["transitions"]), "\(file)")
            #expect(Self.agree(found["final"], expected["final"]), "\(file)")
        }
    }

    @Test func linesOfARecordingAreCheckedOneByOne() async throws {
        let file = try #require(try Tool.golden("wire/accept", ending: "minimal.json").first)
        let message = try JSON(parsing: FileText.bytes(file)).text
        let path = "/tmp/nimmer-lines-\(getpid()).ndjson"
        try FileText.write("\(message)\n{}\n\n\(message)\n", to: path)
        defer { unlink(path) }
        let answer = try await Tool.run(["wave", "check", "--lines", path])
        #expect(answer.status == .exited(1))
        #expect(answer.output == ["\(path):1: ok", "\(path):2: refused: header is missing", "\(path):4: ok"])
    }

    /// Equal within the precision of gates.md.
    private static func agree(_ a: JSON?, _ b: JSON?) -> Bool {
        switch (a, b) {
        case (.number(let x)?, .number(let y)?): return abs(x - y) <= 1e-6
        case (.array(let x)?, .array(let y)?): return x.count == y.count && zip(x, y).allSatisfy { agree($0, $1) }
        case (.object(let x)?, .object(let y)?):
            return Set(x.keys) == Set(y.keys) && x.keys.allSatisfy { agree(x[$0], y[$0]) }
        default: return a == b
        }
    }
}
