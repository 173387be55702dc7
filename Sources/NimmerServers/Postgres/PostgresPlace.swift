import Glibc
import NimmerPlatform

/// The folder of a private PostgreSQL: what lies where, and whose it is.
struct PostgresPlace: Sendable {
    let folder: String
    let account: Account
    let notice: String?

    var data: String { folder + "/data" }
    var password: String { folder + "/password" }
    /// Process that serves this folder, and its owner.
    var state: ServerState { ServerState(folder: folder, user: account.user, argument: data) }

    /// A socket's path has at most 107 bytes.
    var socketFolder: String? { folder.utf8.count + "/.s.PGSQL.65535.lock".utf8.count <= 107 ? folder : nil }

    /// Owner of the files that the server relies on: its account works for this process.
    private var ownership: Ownership { .own(serviceUser: account.user) }

    /// Finds or makes the folder, where the server's account can reach it.
    ///
    /// Only a folder that is made here, or is this user's, is given to the account; links are not followed, except for the one that
    /// leads to the shelter and is this user's own.
    init(_ wanted: String) throws(PostgresServerError) {
        account = try Account.forServer()
        var place = try Files.trying { () throws(ServerError) in
            let (above, name) = try SmallFile.halves(wanted)
            return (above: try OwnFolder.open(above, making: 0o755), name: name)
        }
        let path = place.above.path == "/" ? "/\(place.name)" : "\(place.above.path)/\(place.name)"
        if account.isOther, place.above.facts(place.name) == nil, let barrier = account.barrier(to: place.above.path) {
            try PostgresPlace.link(place, path, because: barrier)
        }
        if let linked = try PostgresPlace.linkedFolder(of: place, path) { place = linked }
        let account = account
        let held = try Files.trying { () throws(ServerError) in
            try OwnFolder.open(place.above.path, below: [place.name], making: 0o700, .own(serviceUser: account.user))
        }
        if account.isOther, let barrier = account.barrier(to: place.above.path) {
            throw PostgresServerError(
                .folder,
                "PostgreSQL runs as user postgres here, who may not pass \(barrier) on the way to \(held.path)",
                remedy:
                    "Run chmod o+x \(barrier), remove \(path) so that it is made elsewhere, or choose another folder")
        }
        folder = held.path
        notice = held.path == path ? nil : PostgresPlace.notice(path, held.path)
        try Files.trying { () throws(ServerError) in
            try held.give(to: account.user, account.group, mode: 0o700)
            if let found = held.firstForeign(.own(serviceUser: account.user)) {
                throw OwnFolder.refusal(
                    found.path, ("belongs to user \(UserName.of(found.owner))", "move \(held.path) away to start over"))
            }
        }
    }

    private static let linkedFolder = "/var/lib/nimmerverse"

    private static func notice(_ path: String, _ real: String) -> String? {
        real.hasPrefix(linkedFolder + "/")
            ? "the data of \(path) lies in \(real), where user postgres can reach it" : nil
    }

    /// Target of the link that stands in the folder's place; nil if absent.
    private static func linkedFolder(
        of place: (above: HeldFolder, name: String), _ path: String
    ) throws(PostgresServerError) -> (above: HeldFolder, name: String)? {
        guard let facts = place.above.facts(place.name), facts.kind == .link else { return nil }
        let target = OwnFolder.target(of: place.name, in: place.above) ?? ""
        let name = target.hasPrefix(linkedFolder + "/") ? String(target.dropFirst(linkedFolder.count + 1)) : ""
        // Another user's link could lead to any folder of this user, which would then be given away.
        guard Ownership.own().trusts(facts.owner), !name.isEmpty, !name.contains("/"), name != "..", name != "." else {
            throw PostgresServerError(
                .folder, "\(path) is a link of user \(UserName.of(facts.owner)) to '\(target)', so it is not followed",
                remedy: "Remove it, or use another folder")
        }
        return try Files.trying { () throws(ServerError) in (try OwnFolder.open(linkedFolder), name) }
    }

    /// Puts the data where user postgres can reach it, and a link in its place. What this very path had before is
    /// removed: its link was. Anything else there may belong to a clone that was moved or a disk that is not mounted.
    private static func link(
        _ place: (above: HeldFolder, name: String), _ path: String, because barrier: String
    ) throws(PostgresServerError) {
        let name = String(UInt64.random(in: .min ... .max), radix: 36)
        try Files.trying { () throws(ServerError) in
            let linkedFolder = try OwnFolder.open(Self.linkedFolder, making: 0o755)
            for origin in linkedFolder.names where origin.hasSuffix(".origin") {
                guard try linkedFolder.read(origin, .own()) == path else { continue }
                linkedFolder.remove(String(origin.dropLast(".origin".count)))
                linkedFolder.remove(origin)
            }
            _ = try linkedFolder.folder(name, making: 0o700)
            try linkedFolder.write(path, to: name + ".origin", mode: 0o600)
            guard symlinkat("\(Self.linkedFolder)/\(name)", place.above.descriptor, place.name) == 0 else {
                throw place.above.error("link", place.name)
            }
        }
    }

    /// The folder, held; whatever its account does in it meanwhile, nothing outside is touched.
    private func held() throws(ServerError) -> HeldFolder {
        let (above, name) = try SmallFile.halves(folder)
        return try OwnFolder.open(above, below: [name], ownership)
    }

    /// The folder of the data, held.
    private func heldData() throws(ServerError) -> HeldFolder { try held().folder("data").folder }

    /// The version of the server that made the data; nil when there are none.
    func madeBy() throws(PostgresServerError) -> Int? {
        try Files.trying { () throws(ServerError) in
            let folder = try held()
            guard folder.facts("data") != nil else { return nil }
            return try folder.folder("data").folder.read("PG_VERSION", ownership).flatMap {
                Int($0.prefix { $0.isNumber })
            }
        }
    }

    /// Makes sure that no other living process runs this folder, and clears what a crashed one left.
    func takeOver() async throws(PostgresServerError) {
        do throws(ServerError) {
            try await state.takeOver(program: "PostgreSQL", folder: folder, signal: SIGINT)
        } catch {
            throw PostgresServerError(
                .inUse, error.message, remedy: "Stop it first (nimmer down), or use another data folder")
        }
        let data = data
        let isAlone = await OwnThread.run("postgres-alone") {
            // A server that no state names: asked to stop. Its sessions live on for a moment after a crash.
            if let left = runningProcess { left.send(SIGINT) }
            return ProcessIdentity.poll(for: .seconds(20)) { ProcessStatus.pids(workingIn: data).isEmpty }
        }
        guard isAlone else {
            let left = ProcessStatus.pids(workingIn: data).map { "\($0)" }.joined(separator: " ")
            throw PostgresServerError(
                .failed, "process \(left) of a crashed run in \(folder) does not stop",
                remedy: "Stop it with kill -QUIT \(left)")
        }
        // The data is not in use any more; by now another program may have the number in the lock.
        (try? heldData())?.remove("postmaster.pid")
    }

    /// The server that runs on this data now; a stale lock, whose number another program may have by now, does not count, and neither does
    /// a program of another user whose number was written there.
    private var runningProcess: ProcessIdentity? {
        guard let first = lock.first, let id = pid_t(first), let process = ProcessIdentity(pid: id),
            process.user == account.user, SmallFile.absolute("/proc/\(id)/cwd") == data
        else { return nil }
        return process
    }

    private var lock: [Substring] {
        let text = (try? heldData()).flatMap { try? $0.read("postmaster.pid", ownership) } ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Returns whether this process is the server and takes connections: the last line of its lock states it.
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
        // Under another name until it is whole: an initdb that was killed leaves nothing that looks like data.
        let draft = data + ".new"
        let held = try Files.trying { () throws(ServerError) in
            let held = try self.held()
            try held.write(secret + "\n", to: "password", mode: 0o600, owner: account.owner)
            held.remove("data.new")
            held.remove("data")
            return held
        }
        var arguments = [
            "-D", draft, "-U", PostgresServer.user, "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8",
            "--locale=C.UTF-8", "--data-checksums",
        ]
        if durability == .volatile { arguments.append("--no-sync") }
        let answer: (status: ChildExit, lines: [OutputLine])
        do throws(ChildError) {
            answer = try await ChildProcess.run(
                ChildCommand(
                    installation.folder + "/initdb", arguments, workingDirectory: "/", account: account.login),
                limit: .seconds(120))
        } catch {
            throw PostgresServerError(.failed, "initdb cannot be run: \(error)", remedy: "Install PostgreSQL again")
        }
        guard answer.status.isSuccess else {
            let reason = answer.lines.suffix(4).map(\.text).joined(separator: "; ")
            throw PostgresServerError(
                .failed, "initdb failed in \(folder) with \(answer.status): \(reason)",
                remedy: "Check the rights and the free space of the folder")
        }
        try Files.trying { () throws(ServerError) in try held.rename("data.new", to: "data") }
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
        let text = lines.joined(separator: "\n") + "\n"
        try Files.trying { () throws(ServerError) in
            let data = try heldData()
            try data.write(text, to: "nimmer.conf", mode: 0o600, owner: account.owner)
            let include = "include = 'nimmer.conf'"
            guard let main = try data.read("postgresql.conf", ownership) else {
                throw ServerError(.folder, "there is no \(data.path)/postgresql.conf")
            }
            guard !main.contains(include) else { return }
            try data.write(main + "\n\(include)\n", to: "postgresql.conf", mode: 0o600, owner: account.owner)
        }
    }
}
