import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// The built nimmer, run as a person runs it.
enum Tool {
    /// Beside the running tests.
    static let path = OwnProgram.folder + "/nimmer"
    private static let goldenFolder: String = {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return "/\(tests)/Golden"
    }()

    struct Answer {
        let status: ChildExit
        let output: [String]
        let errors: [String]
        var text: String { output.joined(separator: "\n") }
    }

    static func run(
        _ arguments: [String], folder: String? = nil, environment: [String: String] = [:]
    ) async throws -> Answer {
        var variables = ChildCommand.inheritedEnvironment
        for name in variables.keys where name.hasPrefix("NIMMERVERSE") || name == "NO_COLOR" { variables[name] = nil }
        variables.merge(environment) { $1 }
        let answer = try await ChildProcess.run(
            ChildCommand(path, arguments, environment: variables, workingDirectory: folder), limit: .seconds(120))
        return Answer(
            status: answer.status, output: answer.lines.filter { $0.stream == .output }.map(\.text),
            errors: answer.lines.filter { $0.stream == .error }.map(\.text))
    }

    /// The files of a folder under Tests/Golden, of which there is at least one.
    static func golden(_ folder: String, ending: String) throws -> [String] {
        let files = FileText.names(in: "\(goldenFolder)/\(folder)").filter { $0.hasSuffix(ending) }.sorted()
        try #require(!files.isEmpty, "no golden files in Tests/Golden/\(folder)")
        return files.map { "\(goldenFolder)/\(folder)/\($0)" }
    }
}
