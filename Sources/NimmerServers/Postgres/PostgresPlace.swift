import Glibc

/// The folder of a private PostgreSQL: what lies where, and whose it is.
struct PostgresPlace: Sendable {
    let folder: String
    let account: Account
    let notice: String?

    var data: String { folder + "/data" }
    var log: String { folder + "/postgres.log" }
    var password: String { folder + "/password" }
    var owner: String { folder + "/owner" }
    var controlLog: String { folder + "/control.log" }
    var control: [String] { ["-D", data] }

    /// A socket's path has at most 107 bytes.
    var socketFolder: String? { folder.utf8.count + "/.s.PGSQL.65535.lock".utf8.count <= 107 ? folder : nil }

    /// Finds or makes the folder, where the server's account can reach it.
    init(_ wanted: String) throws(PostgresServerError) {
        account = try Account.forServer()
        var path = wanted
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if !path.hasPrefix("/") {
            guard let here = Files.resolved(".") else { throw Files.failure("find", ".") }
            path = here + "/" + path
        }
        if !Files.exists(path) {
            let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            try Files.makeFolder(parent, mode: 0o755)
            if let barrier = account.isOther ? account.barrier(to: Files.resolved(parent) ?? parent) : nil {
                try PostgresPlace.link(path, because: barrier)
            } else {
                try Files.makeFolder(path, mode: 0o700)
            }
        }
        guard let real = Files.resolved(path) else { throw Files.failure("find", path) }
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

    /// Puts the data where user postgres can reach it, and a link in its place; what lost its link is removed.
    private static func link(_ path: String, because barrier: String) throws(PostgresServerError) {
        try Files.makeFolder(shelter, mode: 0o755)
        for name in Files.names(in: shelter) {
            let old = "\(shelter)/\(name)"
            guard let origin = Files.read(old + ".origin"), Files.resolved(origin) != old else { continue }
            removeTree(old)
            unlink(old + ".origin")
        }
        let name = String(UInt64.random(in: .min ... .max), radix: 36)
        let place = "\(shelter)/\(name)"
        try Files.makeFolder(place, mode: 0o700)
        try Files.write(path, to: place + ".origin", owner: Account(user: 0, group: 0, isOther: false))
        unlink(path)
        guard symlink(place, path) == 0 else { throw Files.failure("link", path) }
    }

    private static func removeTree(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in Files.names(in: path) { removeTree("\(path)/\(name)") }
        }
        remove(path)
    }

    /// Makes sure that no other living supervisor runs this folder, and clears what a crashed one left.
    func takeOver() async throws(PostgresServerError) {
        let mine = "\(getpid())"
        if let text = Files.read(owner), let other = pid_t(text), other != getpid(), kill(other, 0) == 0,
            runningProcess != nil
        {
            throw PostgresServerError(
                .inUse, "process \(other) already runs the PostgreSQL in \(folder)",
                mend: "Stop it first (nimmer down), or use another data folder")
        }
        if let left = runningProcess {
            kill(left, SIGINT)
            var waited = 0
            while runningProcess != nil {
                guard waited < 300 else {
                    throw PostgresServerError(
                        .failed, "a PostgreSQL that a crashed run left (process \(left)) does not stop",
                        mend: "Stop it with kill -QUIT \(left)")
                }
                waited += 1
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
        unlink(data + "/postmaster.pid")
        try Files.write(mine, to: owner, owner: account)
    }

    /// The server that runs on this data now; a stale lock, whose number another program may have by now, is none.
    var runningProcess: pid_t? {
        guard let first = Files.read(data + "/postmaster.pid")?.split(separator: "\n").first, let id = pid_t(first),
            Files.resolved("/proc/\(id)/cwd") == data
        else { return nil }
        return id
    }

    /// Makes the data: UTF-8, byte order, checksums, one user with a random password.
    func initialise(with installation: PostgresInstallation, _ durability: PostgresServer.Durability)
        async throws(PostgresServerError)
    {
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<4).map { _ in String(generator.next() as UInt64, radix: 36) }.joined()
        try Files.write(secret + "\n", to: password, owner: account)
        PostgresPlace.removeTree(data)
        var arguments = [
            "-D", data, "-U", PostgresServer.user, "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8",
            "--locale=C.UTF-8", "--data-checksums",
        ]
        if durability == .volatile { arguments.append("--no-sync") }
        guard try await run(installation, "initdb", arguments) == 0 else {
            throw PostgresServerError(
                .failed, "initdb failed in \(folder): \(tail(of: controlLog))", mend: "Its log is \(controlLog)")
        }
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
        guard let text = Files.read(main) else { throw Files.failure("read", main) }
        if !text.contains(include) { try Files.write(text + "\n\(include)\n", to: main, owner: account) }
        unlink(log)
    }

    /// Runs a program of the installation as the server's account.
    func run(_ installation: PostgresInstallation, _ name: String, _ arguments: [String])
        async throws(PostgresServerError) -> Int32
    {
        try Files.write("", to: controlLog, owner: account)
        return try await Program(
            path: "\(installation.folder)/\(name)", arguments: arguments, output: controlLog, account: account
        ).run()
    }

    /// The last lines that the server and `pg_ctl` wrote.
    var lastLines: String { tail(of: log) + tail(of: controlLog) }

    private func tail(of path: String) -> String {
        (Files.read(path) ?? "").split(separator: "\n").suffix(4).joined(separator: "; ")
    }
}
