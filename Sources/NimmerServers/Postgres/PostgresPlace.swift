import Glibc

/// The folder of a private PostgreSQL: what lies where, and whose it is.
struct PostgresPlace: Sendable {
    let folder: String
    let account: Account
    let notice: String?

    var data: String { folder + "/data" }
    var password: String { folder + "/password" }
    /// Which process serves this folder, and for whom.
    var state: ServerState { ServerState(path: folder + "/server.state") }

    /// A socket's path has at most 107 bytes.
    var socketFolder: String? { folder.utf8.count + "/.s.PGSQL.65535.lock".utf8.count <= 107 ? folder : nil }

    /// Finds or makes the folder, where the server's account can reach it.
    init(_ wanted: String) throws(PostgresServerError) {
        account = try Account.forServer()
        var path = wanted
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if !path.hasPrefix("/") {
            guard let here = SmallFile.absolute(".") else { throw Files.failure("find", ".") }
            path = here + "/" + path
        }
        if !SmallFile.exists(path) {
            let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            try Files.makeFolder(parent, mode: 0o755)
            if let barrier = account.isOther ? account.barrier(to: SmallFile.absolute(parent) ?? parent) : nil {
                try PostgresPlace.link(path, because: barrier)
            } else {
                try Files.makeFolder(path, mode: 0o700)
            }
        }
        guard let real = SmallFile.absolute(path) else { throw Files.failure("find", path) }
        if account.isOther,
            let barrier = account.barrier(to: String(real[..<(real.lastIndex(of: "/") ?? real.endIndex)]))
        {
            throw PostgresServerError(
                .folder, "PostgreSQL runs as user postgres here, who may not pass \(barrier) on the way to \(real)",
                mend: "Run chmod o+x \(barrier), remove \(path) so that it is made elsewhere, or choose another folder")
        }
        folder = real
        notice = real == path ? nil : PostgresPlace.notice(path, real)
        if account.isOther, chown(real, account.user, account.group) != 0 { throw Files.failure("give away", real) }
        if chmod(real, 0o700) != 0 { throw Files.failure("protect", real) }
    }

    private static let shelter = "/var/lib/nimmerverse"

    private static func notice(_ path: String, _ real: String) -> String? {
        real.hasPrefix(shelter + "/") ? "the data of \(path) lies in \(real), where user postgres can reach it" : nil
    }

    /// Puts the data where user postgres can reach it, and a link in its place. What this very path had before is
    /// removed: its link was. Anything else there may belong to a clone that was moved or a disk that is not mounted.
    private static func link(_ path: String, because barrier: String) throws(PostgresServerError) {
        try Files.makeFolder(shelter, mode: 0o755)
        for name in SmallFile.names(in: shelter) {
            let old = "\(shelter)/\(name)"
            guard SmallFile.read(old + ".origin") == path else { continue }
            SmallFile.remove(old)
            unlink(old + ".origin")
        }
        let name = String(UInt64.random(in: .min ... .max), radix: 36)
        let place = "\(shelter)/\(name)"
        try Files.makeFolder(place, mode: 0o700)
        try Files.write(path, to: place + ".origin", owner: .own)
        unlink(path)
        guard symlink(place, path) == 0 else { throw Files.failure("link", path) }
    }

    /// Makes sure that no other living process runs this folder, and clears what a crashed one left.
    func takeOver() async throws(PostgresServerError) {
        do throws(ServerError) {
            try await state.takeOver(program: "PostgreSQL", folder: folder, signal: SIGINT)
        } catch {
            throw PostgresServerError(
                .inUse, error.message, mend: "Stop it first (nimmer down), or use another data folder")
        }
        let data = data
        let isAlone = await OwnThread.run("postgres-alone") {
            // A server that no state names: asked to stop. Its sessions live on for a moment after a crash.
            if let left = runningProcess { kill(left, SIGINT) }
            return ProcessIdentity.poll(for: .seconds(20)) { ProcessStatus.pids(workingIn: data).isEmpty }
        }
        guard isAlone else {
            let left = ProcessStatus.pids(workingIn: data).map { "\($0)" }.joined(separator: " ")
            throw PostgresServerError(
                .failed, "what a crashed run left (process \(left)) does not stop in \(folder)",
                mend: "Stop it with kill -QUIT \(left)")
        }
        // Nobody works in the data any more; by now another program may have the number in the lock.
        unlink(data + "/postmaster.pid")
    }

    /// The server that runs on this data now; a stale lock, whose number another program may have by now, is none.
    private var runningProcess: pid_t? {
        guard let first = lock.first, let id = pid_t(first), SmallFile.absolute("/proc/\(id)/cwd") == data
        else { return nil }
        return id
    }

    private var lock: [Substring] {
        (SmallFile.read(data + "/postmaster.pid") ?? "").split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Whether this process is the server and takes connections: the last line of its lock says so.
    func isReady(_ pid: pid_t) -> Bool {
        let lock = lock
        return lock.count > 7 && pid_t(lock[0]) == pid && lock[7].hasPrefix("ready")
    }

    /// Makes the data: UTF-8, byte order, checksums, one user with a random password.
    func initialise(with installation: PostgresInstallation, _ durability: PostgresServer.Durability)
        async throws(PostgresServerError)
    {
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<4).map { _ in String(generator.next() as UInt64, radix: 36) }.joined()
        try Files.write(secret + "\n", to: password, owner: account)
        // Under another name until it is whole: an initdb that was killed leaves nothing that looks like data.
        let draft = data + ".new"
        SmallFile.remove(draft)
        SmallFile.remove(data)
        var arguments = [
            "-D", draft, "-U", PostgresServer.user, "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8",
            "--locale=C.UTF-8", "--data-checksums",
        ]
        if durability == .volatile { arguments.append("--no-sync") }
        let answer: (status: ChildExit, lines: [OutputLine])
        do throws(ServerError) {
            answer = try await ChildProcess.run(
                ChildCommand(
                    installation.folder + "/initdb", arguments, workingDirectory: "/", account: account.login),
                limit: .seconds(120))
        } catch {
            throw PostgresServerError(.failed, "initdb cannot be run: \(error)", mend: "Install PostgreSQL again")
        }
        guard answer.status.isSuccess else {
            let reason = answer.lines.suffix(4).map(\.text).joined(separator: "; ")
            throw PostgresServerError(
                .failed, "initdb failed in \(folder) with \(answer.status): \(reason)",
                mend: "Check the rights and the free space of the folder")
        }
        guard rename(draft, data) == 0 else { throw Files.failure("rename", draft) }
    }

    /// Writes the settings of this start behind the ones of initdb.
    func configure(port: Int, _ durability: PostgresServer.Durability) throws(PostgresServerError) {
        let socket = (socketFolder ?? "").split(separator: "'", omittingEmptySubsequences: false).joined(
            separator: "''")
        var lines = [
            "listen_addresses = '127.0.0.1'", "port = \(port)", "unix_socket_directories = '\(socket)'",
            "unix_socket_permissions = 0700", "max_connections = 40", "shared_buffers = '64MB'",
            "max_wal_size = '1GB'", "wal_compression = on", "log_min_messages = warning", "log_checkpoints = off",
            "jit = off",
        ]
        if durability == .volatile { lines += ["fsync = off", "full_page_writes = off"] }
        try Files.write(lines.joined(separator: "\n") + "\n", to: data + "/nimmer.conf", owner: account)
        let main = data + "/postgresql.conf"
        let include = "include = 'nimmer.conf'"
        guard let text = SmallFile.read(main) else { throw Files.failure("read", main) }
        if !text.contains(include) { try Files.write(text + "\n\(include)\n", to: main, owner: account) }
    }
}
