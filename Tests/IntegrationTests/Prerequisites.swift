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
            let answer = try? await ChildProcess.run(command, limit: .seconds(10))
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
