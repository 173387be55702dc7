import Glibc
import NimmerMemory
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemoryPostgres

@Suite(
    "nimmer memory export",
    .enabled(if: !PostgresInstallation.all().isEmpty, "PostgreSQL is not installed: apt-get install postgresql"))
struct MemoryExportTests {
    @Test("writes what can be read, names what cannot, and ends with a status that tells")
    func misfit() async throws {
        var template = Array("/tmp/nimmer-export-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        chmod(folder, 0o755)
        let server = try await PostgresServer.start(folder: "\(folder)/postgres", durability: .volatile)
        let address = ["--database", server.address(database: "memory"), "--password-file", server.passwordFile]
        let settings = DatabaseSettings(address: server.address(database: "memory"), passwordFile: server.passwordFile)
        #expect(try await Tool.run(["db", "migrate"] + address).status == .exited(0))
        let store = PostgresStore(settings)
        var ids: [MessageID] = []
        for number in 0..<3 {
            let at = DecisionFixture.time.advanced(milliseconds: Double(number) * 1000)
            let decision = try DecisionFixture(seed: "export \(number)", at: at)
            _ = try await store.write([decision.opening])
            ids.append(decision.transition.header.messageID)
        }
        await store.close()
        let export = ["memory", "export", "--for", "training"] + address

        let whole = try await Tool.run(export)
        #expect(whole.status == .exited(0) && whole.errors == ["nimmer: 3 examples"])

        let full = try await ChildProcess.run(
            ChildCommand("sh", ["-c", "exec \"$@\" > /dev/full", "sh", Tool.path] + export), limit: .seconds(120))
        #expect(full.status == .exited(74))
        #expect(
            full.lines.map(\.text) == ["nimmer: cannot write all of standard output: No space left on device"])

        try PostgresConnection(settings).script(
            "update gate_transitions set gate_id = 'Secret!' where message_id = '\(ids[1])'")
        let partial = try await Tool.run(export)
        #expect(partial.status == .exited(1))
        #expect(try partial.output.map { try JSON(parsing: $0)["id"]?.string } == [ids[0].text, ids[2].text])
        #expect(
            partial.errors.prefix(3) == [
                "nimmer: the training example \(ids[1]) cannot be read back: gate_id must be a token",
                "nimmer: 2 examples", "nimmer: left out 1 row: not what this program writes",
            ])
        #expect(!partial.errors.joined().contains("Secret!"))
        await server.stop()
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
    }

    /// A server with a database that has this schema, and the options that lead to it.
    private func memory(
        _ body: (_ store: PostgresStore, _ address: [String], _ folder: String) async throws -> Void
    ) async throws {
        var template = Array("/tmp/nimmer-export-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        chmod(folder, 0o755)
        let server = try await PostgresServer.start(folder: "\(folder)/postgres", durability: .volatile)
        let address = ["--database", server.address(database: "memory"), "--password-file", server.passwordFile]
        let settings = DatabaseSettings(address: server.address(database: "memory"), passwordFile: server.passwordFile)
        #expect(try await Tool.run(["db", "migrate"] + address).status == .exited(0))
        let store = PostgresStore(settings)
        do { try await body(store, address, folder) } catch {
            await server.stop()
            throw error
        }
        await store.close()
        await server.stop()
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
    }

    /// A decision of a mind about an opening with an accepted outcome.
    ///
    /// - Parameter answer: an action, or `false_alarm`: `answer` beside the word that nothing is behind the opening.
    private func decided(_ number: Int, _ answer: String, _ outcome: VerificationResult) throws -> DecisionFixture {
        let at = DecisionFixture.time.advanced(milliseconds: Double(number) * 10_000)
        var decision = try DecisionFixture(seed: "answer \(number)", at: at, outcome: outcome)
        decision.request.body.structuredInput = ["region": "math", "gate": "math", "witnesses": []]
        decision.request.body.suggestedActions = [SuggestedAction(action: "answer", confidence: 0.5)]
        decision.response.body.decision = "answer"
        decision.response.body.downstreamCommands = []
        var record = DecisionRecord(
            eventType: "math_question", region: "math", reason: "number \(number)", confidence: 0.5)
        record.isFalseAlarm = answer == "false_alarm"
        decision.response.body.result = .raw(record.bytes)
        return decision
    }

    @Test("names why there is nothing to train on, and leaves no file")
    func nothing() async throws {
        try await memory { store, address, folder in
            let export = ["memory", "export", "--for", "training"] + address
            for form in ["chat", "preference", "gates"] {
                let empty = try await Tool.run(export + ["--form", form, "--out", "\(folder)/x"])
                #expect(
                    empty.status == .exited(1) && empty.errors.first?.hasPrefix("nimmer: nothing to export: ") == true)
                #expect(!FileText.exists("\(folder)/x"))
            }
            let decision = try decided(0, "answer", .confirmed)
            _ = try await store.write(decision.entries)
            let claimed = try await Tool.run(export + ["--form", "chat"])
            #expect(claimed.errors.first?.contains("whose opening has an accepted outcome") == true)
            _ = try await store.write([decision.accepted()])
            let lone = try await Tool.run(export + ["--form", "preference"])
            #expect(lone.errors.first?.contains("1 answer with an accepted outcome, no pair") == true)
            #expect(try await Tool.run(export + ["--form", "chat", "--region", "plant"]).status == .exited(1))
            #expect(try await Tool.run(export + ["--form", "chat", "--region", "math"]).output.count == 1)
            #expect(try await Tool.run(export + ["--form", "chat", "--region", "a..b"]).status == .exited(64))
        }
    }

    @Test(
        "trainers read what is exported: both forms of JSON lines with datasets, CSV with pyarrow",
        .enabled("needs a Python with datasets (Tests/run.sh installs it)") { await Trainers.areThere() })
    func trainers() async throws {
        try await memory { store, address, folder in
            let answers: [(String, VerificationResult)] = [
                ("answer", .confirmed), ("answer", .failed), ("false_alarm", .failed), ("false_alarm", .confirmed),
                ("answer", .partial), ("answer", .confirmed),
            ]
            for (number, answer) in answers.enumerated() {
                let decision = try decided(number, answer.0, answer.1)
                _ = try await store.write(decision.entries + [decision.accepted()])
            }
            let export = ["memory", "export", "--for", "training"] + address
            for (form, file) in [("chat", "chat.jsonl"), ("preference", "pairs.jsonl"), ("gates", "gates.csv")] {
                let made = try await Tool.run(export + ["--form", form, "--out", "\(folder)/\(file)"])
                #expect(made.status == .exited(0), "\(made.errors)")
                // The same bytes on standard output.
                let shown = try await Tool.run(export + ["--form", form])
                #expect(
                    FileText.read("\(folder)/\(file)")?.split(whereSeparator: \.isNewline).count == shown.output.count)
            }
            let read = try await Trainers.run(Trainers.script, in: folder)
            #expect(read.status == .exited(0), "\(read.lines.map(\.text))")
            let summary = try JSON(parsing: Trainers.answer(read.lines))
            #expect(summary["chat"]?.int == 3 && summary["pairs"]?.int == 3)
            #expect(summary["roles"]?.array?.map(\.string) == ["system", "user", "assistant"])
            #expect(summary["false_alarms"]?.array?.map(\.bool) == [false, true, false])
            // The line of the documentation.
            let line = try #require(TrainingDocument.line(beginning: "python3 -c 'import pyarrow"))
            let script = try #require(line.split(separator: "'").dropFirst().first)
            let parquet = try await Trainers.run(String(script), in: folder)
            #expect(parquet.status == .exited(0), "\(parquet.lines.map(\.text))")
            let rows = try await Trainers.run(
                "import pyarrow.parquet as p; t = p.read_table('gates.parquet'); print(t.num_rows, t['s2_confidence'].to_pylist()[0], sorted(set(t['label'].to_pylist())))",
                in: folder)
            #expect(Trainers.answer(rows.lines) == "18 0.5 ['', 'confirmed', 'failed', 'partial']")
        }
    }

    @Test("the way back in the documentation is a system file that the check accepts")
    func wayBack() async throws {
        var template = Array("/tmp/nimmer-organ-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        let yaml = try #require(TrainingDocument.block("yaml"))
        try FileText.write(yaml, to: "\(folder)/plant.yaml")
        let check = try await Tool.run(["check", "\(folder)/plant.yaml"])
        #expect(check.status == .exited(0), "\(check.output) \(check.errors)")
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
    }
}

/// docs/reference/training.md.
private enum TrainingDocument {
    private static let text = FileText.read(
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/docs/reference/training.md")

    static func line(beginning start: String) -> String? {
        text?.split(separator: "\n").first { $0.hasPrefix(start) }.map(String.init)
    }

    /// The first block of a language.
    static func block(_ language: String) -> String? {
        guard let text, let begin = text.firstRange(of: "```\(language)\n"),
            let end = text[begin.upperBound...].firstRange(of: "```")
        else { return nil }
        return String(text[begin.upperBound..<end.lowerBound])
    }
}

/// A Python that has what trainers read with.
private enum Trainers {
    static let script = """
        import json
        from datasets import load_dataset
        def load(name):
            return load_dataset("json", data_files=name, split="train", cache_dir="cache")
        chat, pairs = load("chat.jsonl"), load("pairs.jsonl")
        for row in pairs:
            assert [m["role"] for m in row["prompt"]] == ["system", "user"]
            assert [m["role"] for m in row["chosen"] + row["rejected"]] == ["assistant", "assistant"]
            chosen, rejected = (json.loads(row[name][0]["content"]) for name in ("chosen", "rejected"))
            assert [chosen[k] for k in ("action", "false_alarm")] != [rejected[k] for k in ("action", "false_alarm")]
        for row in chat:
            answer, schema = json.loads(row["messages"][2]["content"]), json.loads(row["schema"])
            assert set(answer) == set(schema["required"]) and answer["action"] in schema["properties"]["action"]["enum"]
        print(json.dumps({
            "chat": len(chat), "pairs": len(pairs), "roles": [m["role"] for m in chat[0]["messages"]],
            "false_alarms": [json.loads(row["messages"][2]["content"])["false_alarm"] for row in chat]}))
        """

    static var python: String { ChildCommand.inheritedEnvironment["NIMMER_PYTHON"] ?? "python3" }

    @Sendable static func areThere() async -> Bool {
        let answer = try? await ChildProcess.run(
            ChildCommand(python, ["-c", "import importlib.util as u, sys; sys.exit(u.find_spec('datasets') is None)"]))
        return answer?.status.isSuccess == true
    }

    /// The last line that a script printed; reports of its libraries come whenever they like.
    static func answer(_ lines: [OutputLine]) -> String { lines.last { $0.stream == .output }?.text ?? "" }

    static func run(_ script: String, in folder: String) async throws -> (status: ChildExit, lines: [OutputLine]) {
        var variables = ChildCommand.inheritedEnvironment
        variables["HF_HUB_OFFLINE"] = "1"
        variables["HF_HOME"] = "\(folder)/hf"
        return try await ChildProcess.run(
            ChildCommand(python, ["-c", script], environment: variables, workingDirectory: folder), limit: .seconds(120)
        )
    }
}
