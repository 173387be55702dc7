import Glibc
import MindServers
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

extension NewPackages {
    /// The tutorial of the mind is run, block by block in one shell, with a real model.
    @Suite struct MindTutorialTests {
        @Test(
            .enabled(Prerequisites.note, Prerequisites.areMet), .enabled(SmallModel.note, SmallModel.isThere),
            .timeLimit(.minutes(10)))
        func everyStepOfTheMindWorks() async throws {
            let page = try #require(SmallFile.read(NewPackages.root + "/docs/tutorial/a-mind.md"))
            let blocks = TutorialTests.blocks(page)
            #expect(blocks.count == 6)
            var template = Array("/tmp/nimmer-mind-XXXXXX".utf8CString)
            let folder = String(cString: try #require(mkdtemp(&template)))
            defer { SmallFile.remove(folder) }
            chmod(folder, 0o755)
            // A checkout's folder, with a port of its own in place of the one that may be taken.
            let port = "\(try LoopbackPort.free())"
            let copy = try await ChildProcess.run(
                ChildCommand("/bin/cp", ["-r", NewPackages.root + "/deploy", folder + "/deploy"]))
            try #require(copy.status.isSuccess)
            let system = folder + "/deploy/systems/vitals-with-a-mind.yaml"
            try SmallFile.write((SmallFile.read(system) ?? "").replacing("8080", with: port), to: system)

            var variables = ChildCommand.inheritedEnvironment
            for name in variables.keys where name.hasPrefix("NIMMERVERSE") { variables[name] = nil }
            variables["NIMMERVERSE_ENV"] = "dev"
            variables["PATH"] = WholeSystem.products + ":" + (variables["PATH"] ?? "/usr/bin:/bin")
            // The packages that the test run has installed are on this machine; the tutorial's own venv uses the same Python.
            let script = blocks.joined(separator: "\necho '== next ==' \n").replacing("8080", with: port)
            let answer = try await ChildProcess.run(
                ChildCommand(
                    "/bin/bash", ["-c", "set -e\ntrap 'tail -n 30 minds/up.log >&2' ERR\n\(script)"],
                    environment: variables, workingDirectory: folder, leftoverGrace: .seconds(20)),
                limit: .seconds(500))
            let text = answer.lines.map(\.text).joined(separator: "\n")
            #expect(answer.status.isSuccess, "\(text)")
            let parts = text.components("== next ==")
            #expect(parts.count == 6, "\(text)")
            guard parts.count == 6 else { return }
            #expect(parts[0].contains("listening on http://127.0.0.1:\(port)"))
            #expect(parts[1].contains("machine_under_pressure"))
            #expect(parts[2].contains("small") && parts[2].contains("SmolLM2-135M"))
            #expect(parts[3].contains("observe") || parts[3].contains("stop_background_work"))
            let decided = try #require(parts[4].split(separator: "\n").first { $0.hasPrefix("{") })
            let response = try Envelope<CognitiveResponse>(decoding: Array(decided.utf8)).body
            #expect(response.result["event_type"]?.string == "machine_under_pressure")
            #expect(["observe", "find_the_cause", "stop_background_work"].contains(response.decision))
            #expect(response.result["asked"]?.array?.first?["mind"]?.string == "small")
            #expect(response.downstreamCommands.isEmpty)
            #expect(parts[5].contains("kind: ollama") && parts[5].contains("the settings are good"))
        }
    }
}
