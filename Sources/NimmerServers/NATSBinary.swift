import Glibc
import NimmerPlatform

/// An installed nats-server.
public struct NATSBinary: Hashable, Sendable, CustomStringConvertible {
    /// Path of the program.
    public let path: String
    /// Its version, such as `2.9.10`.
    public let version: String

    /// The variable that names the nats-server to use.
    public static let variable = "NIMMER_NATS_SERVER"

    public var description: String { "nats-server \(version) (\(path))" }

    /// Returns whether it is at least this version.
    public func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        let numbers = version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
        return numbers.count >= 2 && (numbers[0], numbers[1]) >= (major, minor)
    }

    /// The server to use: the path that is given, else the one that `NIMMER_NATS_SERVER` names, else the first of
    /// PATH, of the folders of servers, and of pyenv.
    ///
    /// - Throws: a ``ServerError`` that names the folders searched and how to install one.
    public static func choose(path: String? = nil) async throws(ServerError) -> NATSBinary {
        let wanted = path ?? ChildCommand.inheritedEnvironment[variable].flatMap { $0.isEmpty ? nil : $0 }
        if let wanted {
            guard let found = await NATSBinary(at: wanted) else {
                let source = path == nil ? " (named by \(variable))" : ""
                throw ServerError(.missingExecutable, "'\(wanted)'\(source) is not a nats-server that runs")
            }
            return found
        }
        for candidate in candidates {
            if let found = await NATSBinary(at: candidate) { return found }
        }
        throw ServerError(
            .missingExecutable,
            "no nats-server in PATH, /usr/sbin or \(variable): install it with 'sudo apt-get install nats-server'")
    }

    /// Every installed version, each once, oldest first; for tests that run on all of them.
    public static func installed() async -> [NATSBinary] {
        var found: [String: NATSBinary] = [:]
        for candidate in candidates {
            if let binary = await NATSBinary(at: candidate), found[binary.version] == nil {
                found[binary.version] = binary
            }
        }
        return found.values.sorted { $0.numbers.lexicographicallyPrecedes($1.numbers) }
    }

    /// Asks the executable for its version; nil when it is not there or is not a nats-server.
    public init?(at path: String) async {
        guard let file = Executables.find(path),
            let answer = try? await ChildProcess.run(ChildCommand(file, ["--version"]), limit: .seconds(10)),
            answer.status.isSuccess,
            let line = answer.lines.first(where: { $0.text.hasPrefix("nats-server: v") })
        else { return nil }
        self.path = file
        self.version = String(line.text.dropFirst("nats-server: v".count))
    }

    private var numbers: [Int] { version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 } }

    /// The plain files before pyenv's wrappers, which are scripts and slow to start.
    private static var candidates: [String] {
        let all = Executables.all("nats-server", extraFolders: pyenvFolders)
        return all.filter { !$0.hasPrefix(pyenvRoot) }
            + all.filter { $0.hasPrefix(pyenvRoot) && !$0.contains("/shims/") }
    }

    private static var pyenvRoot: String {
        let environment = ChildCommand.inheritedEnvironment
        return environment["PYENV_ROOT"] ?? (environment["HOME"] ?? "/root") + "/.pyenv"
    }

    private static var pyenvFolders: [String] {
        let versions = pyenvRoot + "/versions"
        return SmallFile.names(in: versions).sorted().map { "\(versions)/\($0)/bin" }
    }
}
