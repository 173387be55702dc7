import Glibc
import NimmerBus
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// Nothing from outside does anything to a terminal: docs/reference/output.md.
struct HostileTextTests {
    /// Runs the tool at a terminal or into a file; what is dangerous in what it says, and that it does not say the text at all.
    private func dangers(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil, at terminal: Bool,
        quoting: Bool = false, of program: String = Tool.path
    ) async throws -> [String] {
        let output = try await output(program, arguments, environment: environment, folder: folder, at: terminal)
        let text = String(decoding: output, as: UTF8.self)
        let quotes = ["\\u{1b}]52;c;", "\\u001b]52;c;", "\\u{9b}31m", "\\u009b31m"].contains(where: text.contains)
        return Hostile.dangers(output, isTerminal: terminal) + (quotes || !quoting ? [] : ["says nothing of it", text])
    }

    private func output(
        _ program: String, _ arguments: [String], environment: [String: String], folder: String?, at terminal: Bool
    ) async throws -> [UInt8] {
        var lines: [String] = ["cd '\(folder ?? "/tmp")' && exec '\(program)' \"$@\""]
        lines.append("sh")
        let variables = ["NIMMERVERSE_ENV": "dev"].merging(environment) { $1 }
        let screen = try PseudoTerminal(width: 120, height: 36)
        if terminal {
            try screen.start("/bin/sh", ["-c"] + lines + arguments, environment: variables)
            _ = try await screen.end(seconds: 60)
            return screen.output
        }
        let path = "/tmp/nimmer-hostile-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        defer { unlink(path) }
        lines[0] += " >'\(path)' 2>&1"
        try screen.start("/bin/sh", ["-c"] + lines + arguments, environment: variables)
        _ = try await screen.end(seconds: 60)
        return try FileText.bytes(path)
    }

    @Test("no argument reaches the terminal as it is, whatever the command", arguments: [false, true])
    func arguments(at terminal: Bool) async throws {
        // What asks no further would start, stop or write something.
        let left = ["up", "down", "doctor", "exercise"]
        for command in commands() where !left.contains(command.words.last ?? "") {
            for words in terminal
                ? [["--\(Hostile.text)"], ["--server", Hostile.text, Hostile.text]] : [[Hostile.text]]
            {
                let found = try await dangers(command.words + words, at: terminal)
                #expect(found.isEmpty, "\(command.words) \(words.count): \(found.map { $0.visible() })")
            }
        }
    }

    @Test("nor does an environment's value", arguments: [false, true])
    func variables(at terminal: Bool) async throws {
        for name in [
            "NIMMERVERSE_ENV", "NIMMERVERSE_NATS_URL", "NIMMERVERSE_POSTGRES_URL", "NIMMERVERSE_NATS_CREDENTIALS",
        ] {
            for words in [["env"], ["status"], ["cell", "list"], ["db", "migrate"], ["env", "--json"]] {
                let found = try await dangers(words, environment: [name: Hostile.text], at: terminal)
                #expect(found.isEmpty, "\(name) \(words): \(found.map { $0.visible() })")
            }
        }
    }

    @Test("nor does what a process is given", arguments: [false, true])
    func processes(at terminal: Bool) async throws {
        for (words, variables) in [
            (["--name", Hostile.text], [:]), (["--\(Hostile.text)"], [:]),
            (["--system", Hostile.text, "--check"], [:]),
            (["--nats", "nats://\(Hostile.word)", "--check"], [:]), ([], ["NIMMERVERSE_ENV": Hostile.text]),
            (["--health"], ["NIMMERVERSE_HTTP_PORT": Hostile.text]),
        ] as [([String], [String: String])] {
            let found = try await dangers(
                words, environment: variables, at: terminal, of: OwnProgram.folder + "/math-cell")
            #expect(found.isEmpty, "\(words.map { $0.visible() }): \(found.map { $0.visible() })")
        }
    }

    @Test("nor does a file's name or content", arguments: [false, true])
    func files(at terminal: Bool) async throws {
        var template = Array("/tmp/nimmer-files-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let name = Hostile.word + "\u{1b}[2J\n!forged.yaml"
        try FileText.write("system: \(Hostile.word)\n\(Hostile.text): [\n", to: "\(folder)/\(name)")
        try FileText.write("time,\(Hostile.word)\n1,\"\(Hostile.text)\"\n", to: "\(folder)/a.csv")
        let recording = try Hostile.messages().map { message in
            JSON.object([
                "at": .string(Timestamp.now().rfc3339), "subject": .string(message.subject.text),
                "message": (try? JSON(parsing: message.payload)) ?? .string(Hostile.text),
            ]).text + "\n"
        }.joined()
        try FileText.write(recording + Hostile.word, to: "\(folder)/r.ndjson")
        for words in [
            ["wave", "check", name], ["wave", "check", "--lines", name], ["wave", "check", "--json", "--lines", name],
            ["gate", "simulate", name], ["auth", "list", name], ["replay", "--input", "a.csv", "--system", name],
            ["replay", "--input", name, "--system", name], ["wave", "tail", "--lines", "--from", "r.ndjson"],
            ["wave", "tail", "--json", "--from", "r.ndjson"], ["wave", "tail", "--lines", "--from", name],
            ["memory", "restore", name], ["wave", "plot", "--from", name, "--out", "\(name).svg"], ["up", name],
        ] {
            let found = try await dangers(words, folder: folder, at: terminal, quoting: true)
            #expect(found.isEmpty, "\(words.map { $0.visible() }): \(found.map { $0.visible() })")
        }
        _ = try await ChildProcess.run(ChildCommand("/bin/rm", ["-rf", folder]))
    }

    @Test(
        "nor does anything that is said on the bus",
        .enabled("needs nats-server") { (try? await NATSBinary.choose()) != nil },
        arguments: [false, true])
    func bus(at terminal: Bool) async throws {
        try await LiveTailTests.TailBench.run { desk in
            try await Hostile.answer(on: desk.bus)
            let id = MessageID.v7().text
            for words in [
                ["cell", "list"], ["cell", "ask", "door", "{}"], ["cell", "ask", "door", "{}", "--command", "fail"],
                ["gate", "list"],
                ["gate", "why", "door"], ["mind", "list"], ["mind", "pending"], ["mind", "budget"],
                ["mind", "approve", id], ["mind", "replay", id], ["status"],
            ] {
                for options in words == ["mind", "approve", id] ? [[]] : [[], ["--json"]] {
                    let colors = options.isEmpty && words[0] != "cell" && words[1 % words.count] != "replay"
                    let all = words + options + ["--server", desk.server.url]
                    let found = try await dangers(
                        all + (colors && terminal && words[1 % words.count] != "approve" ? ["--color", "always"] : []),
                        folder: desk.folder, at: terminal, quoting: true)
                    #expect(found.isEmpty, "\(words) \(options): \(found.map { $0.visible() })")
                }
            }
        }
    }

    @Test(
        "nor does what a tail shows, in lines or on the screen",
        .enabled("needs nats-server") { (try? await NATSBinary.choose()) != nil })
    func tail() async throws {
        try await LiveTailTests.TailBench.run { desk in
            let messages = try Hostile.messages()
            for words in [["wave", "tail", "--lines"], ["wave", "tail", "--json"], ["gate", "watch", "--lines"]] {
                let screen = try PseudoTerminal(width: 300, height: 36)
                try screen.start(Tool.path, words + ["--server", desk.server.url])
                var sent = 0
                _ = try await screen.wait(seconds: words[0] == "gate" ? 2 : 120) {
                    for message in messages { try? desk.bus.publish(message.subject, payload: message.payload) }
                    sent += 1
                    return sent > 50 && $0.output.filter { $0 == 0x0a }.count > 3 * messages.count
                }
                kill(screen.child, SIGTERM)
                _ = try await screen.end()
                if words[0] == "wave" { #expect(screen.contains("52;c;")) }
                let found = Hostile.dangers(screen.output, isTerminal: true)
                #expect(found.isEmpty, "\(words): \(found.map { $0.visible() })")
            }
            let screen = try PseudoTerminal(width: 120, height: 36)
            try screen.start(Tool.path, ["wave", "tail", "--server", desk.server.url])
            _ = try await screen.wait(seconds: 120) {
                for message in messages { try? desk.bus.publish(message.subject, payload: message.payload) }
                return $0.contains("52;c;")
            }
            screen.type("q")
            _ = try await screen.end()
            #expect(screen.contains("52;c;"))
            // Its own sequences begin with ESC and are ASCII; what it shows has none.
            for sequence in ["\u{1b}]52", "\u{1b}[5;31mRED"] { #expect(!screen.contains(sequence)) }
            let hidden = String(decoding: screen.output, as: UTF8.self).unicodeScalars.filter {
                $0.isHidden && !["\u{1b}", "\r", "\n"].contains($0)
            }
            #expect(hidden.isEmpty, "\(hidden.map { String($0.value, radix: 16) })")
        }
    }
}
