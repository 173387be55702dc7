import Glibc
import NimmerPlatform
import Testing

@testable import NimmerServers

@Suite("Folders that another user prepared", .timeLimit(.minutes(5)))
struct PreparedFolderTests {
    static let isRoot = geteuid() == 0
    static let nobody: uid_t = 65534

    /// What refuses to start a nats-server on a folder.
    private func refusal(_ folder: String) async -> ServerError? {
        await #expect(throws: ServerError.self) { _ = try await NATSServer.start(NATSServerOptions(folder: folder)) }
    }

    @Test("a link, a file or a pipe in the folder's place is refused, and nothing behind it is touched")
    func inPlace() async throws {
        try await withFolder { folder in
            try SmallFile.makeFolder(folder + "/victim")
            #expect(symlink(folder + "/victim", folder + "/link") == 0)
            #expect(mkfifo(folder + "/pipe", 0o600) == 0)
            try SmallFile.write("", to: folder + "/file")
            for name in ["link", "pipe", "file"] {
                let error = await refusal("\(folder)/\(name)")
                #expect(error?.code == .untrusted)
                #expect(error?.message.contains("\(folder)/\(name) is ") == true, "\(error?.message ?? "")")
            }
            #expect(SmallFile.names(in: folder + "/victim").isEmpty)
        }
    }

    @Test("a folder that others may change is refused, on the way to it too, unless each keeps to their own there")
    func writable() async throws {
        try await withFolder { folder in
            try SmallFile.makeFolder(folder + "/open/nats")
            chmod(folder + "/open", 0o777)
            #expect(await refusal(folder + "/open/nats")?.message.contains("may be changed by all users") == true)
            chmod(folder + "/open", 0o1777)
            #expect(throws: Never.self) { try OwnFolder.open(folder + "/open", below: ["nats"]) }
            chmod(folder + "/open/nats", 0o1777)
            #expect(await refusal(folder + "/open/nats")?.code == .untrusted)
        }
    }

    @Test("a file of state that is a link, a pipe or has a second name is not believed")
    func stateFiles() async throws {
        try await withFolder { folder in
            let place = folder + "/nats"
            let state = place + "/server.state"
            try SmallFile.makeFolder(place)
            try SmallFile.write("port=1\n", to: folder + "/elsewhere")
            #expect(symlink(folder + "/elsewhere", state) == 0)
            #expect(await refusal(place)?.message.contains("\(state) is a link") == true)
            unlink(state)
            #expect(mkfifo(state, 0o600) == 0)
            #expect(await refusal(place)?.message.contains("\(state) is neither") == true)
            unlink(state)
            #expect(link(folder + "/elsewhere", state) == 0)
            #expect(await refusal(place)?.message.contains("2 names") == true)
        }
    }

    @Test("a process that a state file names and that does not serve the folder is left alone")
    func stranger() async throws {
        try await withFolder { folder in
            let stranger = try await ChildProcess.spawn(ChildCommand("sleep", ["1000"]), output: .discarded)
            try SmallFile.makeFolder(folder + "/nats")
            try SmallFile.write(
                "port=1\nchild=\(stranger.identity.text)\nowner=1:1:0\n", to: folder + "/nats/server.state")
            let error = await refusal(folder + "/nats")
            #expect(error?.message.contains("names process \(stranger.pid), which is not nats-server") == true)
            #expect(stranger.identity.isAlive)
            await stranger.terminate(grace: .seconds(60))
        }
    }

    @Test("another user's folder, state or link is refused", .enabled(if: isRoot, "only root can give files away"))
    func foreign() async throws {
        try await withFolder { folder in
            let (nobody, name) = (Self.nobody, UserName.of(Self.nobody))
            for (made, given) in [("a/nats", "a"), ("b/nats", "b/nats"), ("c/nats/jetstream", "c/nats/jetstream")] {
                try SmallFile.makeFolder("\(folder)/\(made)")
                #expect(lchown("\(folder)/\(given)", nobody, nobody) == 0)
                let error = await refusal("\(folder)/\(made.prefix(1))/nats")
                #expect(error?.message.contains("\(folder)/\(given) belongs to user \(name)") == true, "\(made)")
            }
            try SmallFile.makeFolder(folder + "/d/nats")
            try SmallFile.write("port=1\n", to: folder + "/d/nats/server.state")
            chown(folder + "/d/nats/server.state", nobody, nobody)
            #expect(await refusal(folder + "/d/nats")?.code == .untrusted)
            // A link of this user's on the way is followed, another user's is not.
            #expect(symlink(folder + "/d", folder + "/own") == 0)
            #expect(throws: Never.self) { try OwnFolder.open(folder + "/own") }
            #expect(lchown(folder + "/own", nobody, nobody) == 0)
            #expect(throws: ServerError.self) { try OwnFolder.open(folder + "/own") }
        }
    }

    @Test("removing a folder does not follow what lies in it")
    func removal() async throws {
        try await withFolder { folder in
            try SmallFile.makeFolder(folder + "/kept")
            try SmallFile.write("x", to: folder + "/kept/file")
            try SmallFile.makeFolder(folder + "/gone/inner")
            #expect(symlink(folder + "/kept", folder + "/gone/inner/link") == 0)
            SmallFile.remove(folder + "/gone")
            #expect(!SmallFile.exists(folder + "/gone"))
            #expect(SmallFile.exists(folder + "/kept/file"))
        }
    }

    @Test(
        "PostgreSQL's folder is not given away through a link, and another user's data are not run",
        .enabled(if: isRoot && !PostgresInstallation.all().isEmpty, "needs root and PostgreSQL"))
    func postgres() async throws {
        try await withFolder { folder in
            chmod(folder, 0o755)
            let place = folder + "/pg"
            try SmallFile.makeFolder(folder + "/victim")
            #expect(symlink(folder + "/victim", place) == 0)
            let link = await #expect(throws: PostgresServerError.self) { try await PostgresServer.start(folder: place) }
            #expect(link?.message.contains("is a link of user root") == true)
            unlink(place)
            try SmallFile.makeFolder(place)
            chown(place, Self.nobody, Self.nobody)
            let given = await #expect(throws: PostgresServerError.self) {
                try await PostgresServer.start(folder: place)
            }
            #expect(given?.message.contains("belongs to user") == true)
            chown(place, 0, 0)
            let server = try await PostgresServer.start(folder: place, durability: .volatile)
            await server.stop()

            // Configuration of another user in the data, and links that the server's own account could make.
            let settings = place + "/data/postgresql.conf"
            var status = stat()
            #expect(stat(settings, &status) == 0)
            let owner = (status.st_uid, status.st_gid)
            chown(settings, Self.nobody, Self.nobody)
            let foreign = await #expect(throws: PostgresServerError.self) {
                try await PostgresServer.start(folder: place)
            }
            #expect(foreign?.message.contains("\(settings) belongs to user") == true)
            chown(settings, owner.0, owner.1)
            try SmallFile.write("kept", to: folder + "/victim/file")
            for name in ["data/nimmer.conf", "password.new", "data/nimmer.conf.new", "server.state.new"] {
                unlink("\(place)/\(name)")
                #expect(symlink(folder + "/victim/file", "\(place)/\(name)") == 0)
            }
            let again = try await PostgresServer.start(folder: place, durability: .volatile)
            await again.stop()
            #expect(stat(folder + "/victim/file", &status) == 0 && status.st_uid == 0)
            #expect(SmallFile.read(folder + "/victim/file") == "kept")
            #expect(stat(folder + "/victim", &status) == 0 && status.st_uid == 0)
        }
    }
}
