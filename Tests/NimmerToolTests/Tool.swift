import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// The built nimmer, run as a person runs it.
enum Tool {
    /// Beside the running tests.
    static let path = OwnProgram.folder + "/nimmer"
    static let shared: String = {
        let file = #filePath
        let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(root)/../shared"
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
            ChildCommand(path, arguments, environment: variables, workingDirectory: folder), limit: .seconds(30))
        return Answer(
            status: answer.status, output: answer.lines.filter { $0.stream == .output }.map(\.text),
            errors: answer.lines.filter { $0.stream == .error }.map(\.text))
    }

    /// The files of a folder under ../shared; empty, and said, where it is absent.
    static func golden(_ folder: String, ending: String) -> [String] {
        let files = FileText.names(in: "\(shared)/golden/\(folder)").filter { $0.hasSuffix(ending) }.sorted()
        if files.isEmpty { print("SKIPPED: no ../shared/golden/\(folder)") }
        return files.map { "\(shared)/golden/\(folder)/\($0)" }
    }
}
