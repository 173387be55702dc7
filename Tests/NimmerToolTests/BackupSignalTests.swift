import Glibc
import NimmerOutput
import NimmerPlatform
import NimmerServers
import Testing

@testable import NimmerServers
@testable import nimmer

/// A person ends a backup before it is done.
@Suite struct BackupSignalTests {
    /// A port at which somebody takes connections and says nothing.
    private struct SilentServer {
        let descriptor: Int32
        let port: Int

        init() throws {
            let opened = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            descriptor = opened
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isThere = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    bind(opened, pointer, length) == 0 && listen(opened, 8) == 0
                        && getsockname(opened, pointer, &length) == 0
                }
            }
            try #require(isThere)
            port = Int(UInt16(bigEndian: address.sin_port))
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func leavesNothing(_ signal: Int32) async throws {
        var template = Array("/tmp/nimmer-signal-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let server = try SilentServer()
        defer { close(server.descriptor) }
        var variables = ChildCommand.inheritedEnvironment
        for name in variables.keys where name.hasPrefix("NIMMERVERSE") { variables[name] = nil }
        let child = try await ChildProcess.spawn(
            ChildCommand(
                Tool.path,
                [
                    "memory", "backup", "--database-only", "--out", "\(folder)/a.backup", "--database",
                    "postgresql://127.0.0.1:\(server.port)/a?connect_timeout=600",
                ], environment: variables), output: .discarded)
        while FileText.names(in: folder).isEmpty, child.exitStatus == nil {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(FileText.names(in: folder).count == 1)
        #expect(await child.terminate(signal: signal, grace: .seconds(60)) == .exited(128 + signal))
        #expect(FileText.names(in: folder).isEmpty)
    }
}
