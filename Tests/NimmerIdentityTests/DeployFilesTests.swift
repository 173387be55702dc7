import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// What stands under deploy/ for Kubernetes and systemd, held to its promises by their own tools where those are installed.
@Suite("Deployment files")
struct DeployFilesTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    @Test func everyEnvironmentsManifestsHoldTheirPromises() async throws {
        let python = ChildCommand.inheritedEnvironment["NIMMER_PYTHON"] ?? "python3"
        let answer = try await ChildProcess.run(
            ChildCommand(python, [Self.root + "/Tests/Kubernetes/check.py"]), limit: .seconds(280))
        let lines = answer.lines.map(\.text)
        if answer.status == .exited(77) || lines.contains(where: { $0.hasPrefix("SKIPPED") }) {
            print(lines.filter { $0.hasPrefix("SKIPPED") }.joined(separator: "\n"))
        }
        #expect(answer.status.isSuccess || answer.status == .exited(77), "\(lines.suffix(30).joined(separator: "\n"))")
    }

    private static func lines(_ file: String) throws -> [String] {
        try #require(SmallFile.read("\(root)/deploy/\(file)")).split(separator: "\n").map(String.init)
    }

    /// `docker-compose`, which needs no engine to read files.
    private static let compose =
        ChildCommand.inheritedEnvironment["NIMMER_COMPOSE"] ?? Executables.find("docker-compose")

    @Test func productionHasADigestForEveryImage() throws {
        func isImage(_ line: String) -> Bool { line.includes("image: ") }
        let images = try Self.lines("compose/compose.yaml").filter(isImage)
        let byDigest = try Self.lines("compose/prod.yaml").filter(isImage)
        #expect(byDigest.count == images.count && images.count > 10)
        for line in byDigest { #expect(line.includes("@${") && line.includes("_DIGEST:?"), "\(line)") }
        for image in images {
            let name = try #require(image.split(separator: "/").last?.split(separator: ":").first)
            #expect(byDigest.contains { $0.includes("/\(name)@") }, "\(name)")
        }
    }

    @Test(.enabled(if: compose != nil, "no docker-compose; that it refuses tags is not tried"))
    func productionDoesNotStartByTag() async throws {
        let compose = try #require(Self.compose)
        let files = ["compose.yaml", "prod.yaml"].flatMap { ["-f", "\(Self.root)/deploy/compose/\($0)"] }
        func read(_ more: [String: String]) async throws -> (isGood: Bool, text: String) {
            let folder = try Ground.temporaryFolder()
            defer { SmallFile.remove(folder) }
            var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasSuffix("_DIGEST") }
            variables.merge(["NIMMERVERSE_ENV": "prod", "NIMMERVERSE_SECRETS": folder]) { $1 }
            let answer = try await ChildProcess.run(
                ChildCommand(compose, files + ["config"], environment: variables.merging(more) { $1 }))
            return (answer.status.isSuccess, answer.lines.map(\.text).joined(separator: "\n"))
        }
        var digests: [String: String] = [:]
        for line in try Self.lines("compose/prod.yaml") {
            guard let name = line.halves(around: "@${")?.after.halves(around: ":?")?.before else { continue }
            digests[name] = "sha256:" + String(repeating: "a", count: 64)
        }
        #expect(try await read(digests).isGood)
        for missing in digests.keys {
            let answer = try await read(digests.merging([missing: ""]) { $1 })
            #expect(!answer.isGood && answer.text.includes("the digest of its image"), "\(missing): \(answer.text)")
        }
    }

    @Test func theMonitorAnswersItsOwnMachineButWhereAPolicyGuardsIt() throws {
        for environment in ["dev", "staging", "prod"] {
            let monitor = try Self.lines("nats/\(environment)/nats-server.conf").filter { $0.hasPrefix("http") }
            #expect(monitor == ["http: \"127.0.0.1:8222\""], "\(environment)")
        }
        let opened = try Self.lines("kubernetes/base/nats/kubernetes.conf").filter { !$0.hasPrefix("#") }
        #expect(opened == ["include \"nats-server.conf\"", "http: \"0.0.0.0:8222\""])
        #expect(try Self.lines("kubernetes/base/nats.yaml").contains { $0.includes("/etc/nats/kubernetes.conf") })
        let compose = try Self.lines("compose/compose.yaml")
        #expect(compose.contains { $0.includes("[\"--config\", \"/etc/nats/nats-server.conf\"]") })
        #expect(compose.contains { $0.includes("http://127.0.0.1:8222/healthz") })
    }

    @Test(
        .enabled(if: Executables.find("systemd-analyze") != nil, "no systemd-analyze; the units are not checked"),
        arguments: ["nimmerverse-bridge.service", "nimmerverse-organ@.service"])
    func unitsAreWellFormedAndHardened(unit: String) async throws {
        let analyze = try #require(Executables.find("systemd-analyze"))
        let folder = try Ground.temporaryFolder()
        defer { SmallFile.remove(folder) }
        // The programs are not installed here; that they exist is what verify asks first.
        let text = try #require(SmallFile.read("\(Self.root)/deploy/systemd/\(unit)"))
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.hasPrefix("ExecStart=") ? "ExecStart=/bin/true" : String($0)
        }
        try SmallFile.write(lines.joined(separator: "\n"), to: "\(folder)/\(unit)")
        var variables = ChildCommand.inheritedEnvironment
        variables["XDG_RUNTIME_DIR"] = folder
        let name = unit.replacingInstance("speech")
        let verified = try await ChildProcess.run(
            ChildCommand(analyze, ["--user", "verify", "\(folder)/\(name)"], environment: variables))
        #expect(verified.status.isSuccess && verified.lines.isEmpty, "\(verified.lines.map(\.text))")
        // Exposure 0 (none) to 10, times ten.
        let secure = try await ChildProcess.run(
            ChildCommand(
                analyze, ["security", "--offline=true", "--threshold=20", "--no-pager", "\(folder)/\(unit)"],
                environment: variables))
        #expect(secure.status.isSuccess, "\(secure.lines.suffix(2).map(\.text))")
    }
}

extension String {
    /// `organ@.service` as `organ@NAME.service`.
    fileprivate func replacingInstance(_ name: String) -> String {
        halves(around: "@.").map { "\($0.before)@\(name).\($0.after)" } ?? self
    }
}
