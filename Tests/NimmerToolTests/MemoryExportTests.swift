import Glibc
import NimmerPlatform
import NimmerServers
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemoryPostgres

@Suite(
    "nimmer memory export",
    .enabled(if: !PostgresInstallation.all().isEmpty, "PostgreSQL is not installed: apt-get install postgresql"))
struct MemoryExportTests {
    @Test("writes what can be read, names what cannot, and ends with a status that tells")
    func misfit() async throws {
        var template = Array("/tmp/nimmer-export-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        chmod(folder, 0o755)
        let server = try await PostgresServer.start(folder: "\(folder)/postgres", durability: .volatile)
        let address = ["--database", server.address(database: "memory"), "--password-file", server.passwordFile]
        let settings = DatabaseSettings(address: server.address(database: "memory"), passwordFile: server.passwordFile)
        #expect(try await Tool.run(["db", "migrate"] + address).status == .exited(0))
        let store = PostgresStore(settings)
        var ids: [MessageID] = []
        for number in 0..<3 {
            let at = DecisionFixture.time.advanced(milliseconds: Double(number) * 1000)
            let decision = try DecisionFixture(seed: "export \(number)", at: at)
            _ = try await store.write([decision.opening])
            ids.append(decision.transition.header.messageID)
        }
        await store.close()
        let export = ["memory", "export", "--for", "training"] + address

        let whole = try await Tool.run(export)
        #expect(whole.status == .exited(0) && whole.errors == ["nimmer: 3 examples"])

        let full = try await ChildProcess.run(
            ChildCommand("sh", ["-c", "exec \"$@\" > /dev/full", "sh", Tool.path] + export), limit: .seconds(30))
        #expect(full.status == .exited(74))
        #expect(
            full.lines.map(\.text) == ["nimmer: cannot write all of standard output: No space left on device"])

        try PostgresConnection(settings).script(
            "update gate_transitions set gate_id = 'Secret!' where message_id = '\(ids[1])'")
        let partial = try await Tool.run(export)
        #expect(partial.status == .exited(1))
        #expect(try partial.output.map { try JSON(parsing: $0)["id"]?.string } == [ids[0].text, ids[2].text])
        #expect(
            partial.errors.prefix(3) == [
                "nimmer: the training example \(ids[1]) cannot be read back: gate_id must be a token",
                "nimmer: 2 examples", "nimmer: left out 1 row: not what this program writes",
            ])
        #expect(!partial.errors.joined().contains("Secret!"))
        await server.stop()
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
    }
}
