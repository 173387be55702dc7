import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerWave

/// Answer of the program of a cell or nerve, asked with `--manifest` as `nimmer up` would start it.
package enum ProgramAnswer: Sendable {
    /// Its manifest.
    case manifest(ProgramManifest)
    /// The file names the program itself: it is not started for a check.
    case own
    /// It is not on this machine.
    case missing(String)
    /// It refuses its settings, with the reason.
    case refused(String)

    /// Long enough for a busy machine; the program only reads one file.
    private static let limit = Duration.seconds(20)

    /// Asks the program of a cell or nerve.
    package static func ask(_ organism: Organism, systemPath: String, environment: Environment) async -> ProgramAnswer {
        guard organism.command.isEmpty else { return .own }
        let program = organism.program
        guard let path = Executables.find(program, extraFolders: [OwnProgram.folder]) else { return .missing(program) }
        // What the file states, whatever this shell has set.
        var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMER") }
        variables[Environment.variable] = environment.rawValue
        let command = ChildCommand(
            path, ["--name", organism.name, "--system", systemPath, "--manifest"], environment: variables)
        do throws(ChildError) {
            let answer = try await ChildProcess.run(command, limit: limit)
            let output = answer.lines.filter { $0.stream == .output }.map(\.text).joined(separator: "\n")
            if answer.status.isSuccess, let manifest = ProgramManifest(output) { return .manifest(manifest) }
            let reason = answer.lines.last { $0.stream == .error }?.text ?? "it printed no manifest"
            return .refused("\(program) refuses: \(reason)")
        } catch { return .refused("\(program) cannot be asked: \(error)") }
    }
}

/// Output of `--manifest`, as far as checks read it.
package struct ProgramManifest: Sendable, Equatable {
    /// The kind, such as `vitals`.
    package var kind: String
    /// The origins that it needs beside its own name.
    package var origins: [OriginPattern]

    /// Reads it; nil for another text, or when it needs an origin that cannot be granted.
    package init?(_ text: String) {
        guard let json = try? JSON(parsing: text), let kind = json["kind"]?.string else { return nil }
        let needed = json["needs"]?["origins"]?.array ?? []
        let origins = needed.compactMap { $0.string.flatMap { OriginPattern($0) } }
        guard origins.count == needed.count else { return nil }
        self.kind = kind
        self.origins = origins
    }
}
