import Glibc

@testable import NimmerServers

/// What the whole system needs on this machine; what is missing skips the tests and says so.
enum Prerequisites {
    /// Whether both servers are installed and the services were built.
    static let areMet: Bool = {
        let services = ["thalamus", "cognition-bridge", "hippocampus"].map { WholeSystem.executable($0) }
        return Executables.find("nats-server") != nil && !PostgresInstallation.all().isEmpty
            && services.allSatisfy { FileText.exists($0) }
    }()

    static let note = "needs nats-server, PostgreSQL and the built services (swift build)"

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
