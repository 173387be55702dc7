import NimmerBus
import NimmerCognition
import NimmerCognitionHTTP
import NimmerOrgan
import NimmerProcess
import NimmerSystem
import NimmerWave
import ProcessBench
import Testing

/// An organ as a process, on a bus within this one, and no server behind it.
@Suite(.timeLimit(.minutes(5))) struct OrganProcessTests {
    private static let manifest = Manifest(name: "organ", version: "0.1.0", summary: "Owns a model.")

    private func bench(name: String = "language") throws -> ProcessBench {
        var system = SystemFile(name: "organs")
        // Nobody listens on port 1.
        system.organs = [OrganSettings(name: "language", kind: .ollama, model: "small", url: "http://127.0.0.1:1")]
        return try ProcessBench(Self.manifest, kind: .organ, name: name, system: system)
    }

    private func organ(_ bench: ProcessBench) throws(ProcessFailure) -> OrganProcess {
        try OrganProcess(bench.process, lockFolder: "/tmp") { mind throws(MindError) in
            try HTTPMind(mind, variables: [:])
        }
    }

    private func verb(_ name: String) throws -> Subject {
        .organ(.dev, organ: try Token("language"), verb: try Token(name))
    }

    @Test func requestsThatMakeNoSenseAreRefused() async throws {
        let bench = try bench()
        let organ = try organ(bench)
        try await bench.run({ try await organ.run() }) {
            let wordless = try await bench.ask("ask", [:], on: verb("ask"))
            #expect(wordless.status == .refused && wordless.error?.contains("payload.prompt") == true)
            let other = try await bench.ask("embed", ["texts": ["a"]], on: verb("ask"))
            #expect(other.status == .refused && other.error?.contains("body.command") == true)
            let unknown = try await bench.ask("dance", [:], on: verb("dance"))
            #expect(unknown.status == .refused && unknown.error?.contains("must be one of ask, embed") == true)
            let state = try await bench.ask("state", on: verb("state"))
            #expect(state.status == .ok && state.result["loaded"] == false)
        }
    }

    @Test func aModelThatCannotBeLoadedIsTheAnswer() async throws {
        let bench = try bench()
        let organ = try organ(bench)
        try await bench.run({ try await organ.run() }) {
            let answer = try await bench.ask("ask", ["prompt": "Which colour has the sky?"], on: verb("ask"))
            #expect(answer.status == .error)
            #expect(answer.error?.hasPrefix("the model cannot be loaded: ") == true, "\(answer.error ?? "")")
            // It is ready for the next one.
            let state = try await bench.ask("state", on: verb("state"))
            #expect(state.status == .ok && state.result["loaded"] == false)
        }
    }

    @Test func anOrganThatTheSystemFileDoesNotHaveIsNoOrgan() throws {
        let bench = try bench(name: "vectors")
        let failure = #expect(throws: ProcessFailure.self) { try organ(bench) }
        #expect(
            failure?.message == "the system file has no organ named 'vectors'; expected one of language",
            "\(String(describing: failure))")
    }
}
