import Glibc
import NimmerPlatform
import NimmerServers
import Testing

@Suite("A private nats-server", .serialized, .timeLimit(.minutes(5)))
struct NATSServerTests {
    @Test("of each installed version starts, keeps its port over a crash and a new start, and leaves nothing")
    func lifetime() async throws {
        let installed = await NATSBinary.installed()
        try #require(!installed.isEmpty, "install nats-server: sudo apt-get install nats-server")
        for binary in installed {
            try await withFolder { folder in
                let options = NATSServerOptions(folder: folder, binary: binary.path)
                let server = try await NATSServer.start(options)
                let first = try #require(ProcessIdentity(pid: server.pid))
                #expect(server.binary == binary)
                #expect(!LoopbackPort.isFree(server.port))
                #expect(server.url == "nats://127.0.0.1:\(server.port)")

                #expect(await server.kill() == .signaled(SIGKILL))
                #expect(!server.isRunning && !first.isAlive)
                #expect(LoopbackPort.isFree(server.port))
                try await server.restart()
                let second = try #require(ProcessIdentity(pid: server.pid))
                #expect(server.isRunning && second != first)
                #expect(!LoopbackPort.isFree(server.port))

                await server.stop()
                #expect(!second.isAlive)
                await server.stop()

                let next = try await NATSServer.start(options)
                #expect(next.port == server.port)
                await next.stop()
                #expect(LoopbackPort.isFree(next.port))
            }
        }
    }

    @Test("that cannot start shows its last words")
    func brokenConfiguration() async throws {
        try await withFolder { folder in
            let options = NATSServerOptions(folder: folder, extraConfiguration: "no_such_setting_here: 1")
            await #expect { _ = try await NATSServer.start(options) } throws: { error in
                let error = error as? ServerError
                return error?.code == .notReady && "\(error!)".contains("no_such_setting_here")
            }
        }
    }

    @Test("is started once per folder; one that lost its owner is replaced")
    func ownership() async throws {
        try await withFolder { folder in
            let options = NATSServerOptions(folder: folder)
            let server = try await NATSServer.start(options)
            await #expect { _ = try await NATSServer.start(options) } throws: {
                ($0 as? ServerError)?.code == .alreadyRunning
            }
            let orphan = try #require(ProcessIdentity(pid: server.pid))
            let state = folder + "/server.state"
            let file = open(state, O_WRONLY | O_TRUNC)
            let text = "port=\(server.port)\nchild=\(orphan.text)\nowner=1:1:0\n"
            write(file, text, text.utf8.count)
            close(file)
            let heir = try await NATSServer.start(options)
            #expect(!orphan.isAlive)
            #expect(heir.isRunning && heir.port == server.port)
            await heir.stop()
        }
    }

    @Test("takes more configuration, and a wrong path is refused")
    func options() async throws {
        try await withFolder { folder in
            let server = try await NATSServer.start(
                NATSServerOptions(folder: folder, extraConfiguration: "authorization { user: me, password: secret }"))
            await server.stop()
            await #expect {
                _ = try await NATSServer.start(NATSServerOptions(folder: folder, binary: "/bin/true"))
            } throws: {
                ($0 as? ServerError)?.code == .missingExecutable && "\($0)".contains("/bin/true")
            }
        }
    }

    @Test("versions compare by number")
    func versions() async throws {
        let binary = try await NATSBinary.choose()
        #expect(binary.isAtLeast(2, 9))
        #expect(!binary.isAtLeast(99, 0))
    }
}
