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
            ChildCommand(python, [Self.root + "/Tests/Kubernetes/check.py"]), limit: .seconds(110))
        let lines = answer.lines.map(\.text)
        if answer.status == .exited(77) || lines.contains(where: { $0.hasPrefix("SKIPPED") }) {
            print(lines.filter { $0.hasPrefix("SKIPPED") }.joined(separator: "\n"))
        }
        #expect(answer.status.isSuccess || answer.status == .exited(77), "\(lines.suffix(30).joined(separator: "\n"))")
    }

    @Test func composeHasADigestForEveryImageAndKeepsTheMonitorInside() throws {
        func lines(_ file: String) throws -> [String] {
            try #require(SmallFile.read("\(Self.root)/deploy/compose/\(file)")).split(separator: "\n").map(String.init)
        }
        let compose = try lines("compose.yaml")
        let images = compose.filter { $0.hasPrefix("    image: ") }
        let byDigest = try lines("images.yaml").filter { $0.includes("{image: ") }
        #expect(byDigest.count == images.count)
        for line in byDigest { #expect(line.includes("@${") && line.includes("_DIGEST:?"), "\(line)") }
        for image in images {
            let name = try #require(image.split(separator: "/").last?.split(separator: ":").first)
            #expect(byDigest.contains { $0.includes("/\(name)@") }, "\(name)")
        }
        #expect(compose.contains { $0.includes("--config") && $0.includes("/etc/nats/compose.conf") })
        #expect(try lines("nats/compose.conf").last == "http: \"127.0.0.1:8222\"")
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
