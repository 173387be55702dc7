import Glibc
import NimmerPlatform
import Testing

@testable import NimmerServers

/// What the whole system needs on this machine; what is missing skips the tests and says so.
enum Prerequisites {
    /// Returns whether both servers are installed and the services were built.
    @Sendable static func areMet() async -> Bool {
        guard Executables.find("nats-server") != nil, !PostgresInstallation.all().isEmpty else { return false }
        for service in WholeSystem.Service.allCases {
            let command = ChildCommand(WholeSystem.executable(service.rawValue), ["--version"])
            let answer = try? await ChildProcess.run(command, limit: .seconds(120))
            guard answer?.lines.first?.text.hasPrefix(service.rawValue) == true else { return false }
        }
        return true
    }

    static let note: Comment = "needs nats-server, PostgreSQL and the built services (swift build)"

    /// A Python that has nats-py: the one that NIMMER_PYTHON names, else any in PATH.
    static func python() async -> String? {
        let named = ChildCommand.inheritedEnvironment["NIMMER_PYTHON"].map { [$0] } ?? []
        for candidate in named + Executables.all("python3") {
            let answer = try? await ChildProcess.run(ChildCommand(candidate, ["-c", "import nats"]))
            if answer?.status.isSuccess == true { return candidate }
        }
        return nil
    }

    static func fixture(_ name: String, from file: String = #filePath) -> String {
        String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]) + "/Fixtures/" + name
    }
}

extension Prerequisites {
    /// Builds a library out of a fixture, and gives its folder and an environment in which it is loaded before a program begins.
    static func preloading(
        _ fixture: String, _ body: (_ folder: String, _ environment: [String: String]) async throws -> Void
    ) async throws {
        var template = Array("/tmp/nimmer-preload-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let library = folder + "/preloaded.so"
        let source = Self.fixture(fixture)
        let built = try await ChildProcess.run(ChildCommand("cc", ["-shared", "-fPIC", "-o", library, source]))
        try #require(built.status.isSuccess, "\(built.lines.map(\.text))")
        var environment = ChildCommand.inheritedEnvironment
        environment["LD_PRELOAD"] = library
        try await body(folder, environment)
    }
}
