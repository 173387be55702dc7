import Glibc
import NimmerPlatform
import Testing

@testable import NimmerServers

/// What a person does first: one command that runs everything, and stops all of it whatever happens to it.
@Suite(
    "nimmer up", .enabled(Prerequisites.note, Prerequisites.areMet), .serialized, .timeLimit(.minutes(5)))
struct UpTests {
    private static let systemFile = """
        nimmerverse: 1
        name: small
        cells:
          - name: math
            kind: math/v1
        """

    /// The living processes whose command line names this folder.
    private static func processes(of folder: String) -> [ProcessIdentity] {
        SmallFile.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            pid != getpid() && SmallFile.read("/proc/\(pid)/cmdline")?.contains(folder) == true
        }.compactMap { ProcessIdentity(pid: $0) }.filter(\.isAlive)
    }

    private func start(in folder: String) async throws -> (child: ChildProcess, lines: LineBox) {
        try SmallFile.write(Self.systemFile, to: folder + "/small.yaml")
        let variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMERVERSE_") }
        let lines = LineBox()
        let child = try await ChildProcess.spawn(
            ChildCommand(
                WholeSystem.executable("nimmer"), ["up", folder + "/small.yaml"], environment: variables,
                workingDirectory: folder),
            output: .lines { lines.append($0) })
        let isUp = await eventually(within: .seconds(120)) {
            child.exitStatus != nil || Self.processes(of: folder).count > Self.everything
        }
        try #require(isUp && child.exitStatus == nil, "\(lines.texts.joined(separator: "\n"))")
        return (child, lines)
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        var template = Array("/tmp/nimmer-up-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        chmod(folder, 0o755)
        defer { SmallFile.remove(folder) }
        try await body(folder)
    }

    /// Beside nimmer itself: nats-server, PostgreSQL, thalamus, bridge, hippocampus and the cell.
    private static let everything = 6

    @Test("stops everything on Ctrl-C, and leaves no process")
    func interrupt() async throws {
        try await withFolder { folder in
            let (child, lines) = try await start(in: folder)
            #expect(await child.terminate(signal: SIGINT, grace: .seconds(60)) == .exited(0), "\(lines.texts)")
            #expect(Self.processes(of: folder).isEmpty)
        }
    }

    @Test("takes everything with it when it is killed, and starts again on what is left")
    func killed() async throws {
        try await withFolder { folder in
            let (child, _) = try await start(in: folder)
            let all = Self.processes(of: folder)
            #expect(await child.terminate(signal: SIGKILL) == .signaled(SIGKILL))
            let isGone = await eventually(within: .seconds(120)) { !all.contains(where: \.isAlive) }
            #expect(isGone, "left: \(all.filter(\.isAlive))")

            let (next, lines) = try await start(in: folder)
            #expect(await next.terminate(signal: SIGINT, grace: .seconds(60)) == .exited(0), "\(lines.texts)")
            #expect(Self.processes(of: folder).isEmpty)
        }
    }
}
