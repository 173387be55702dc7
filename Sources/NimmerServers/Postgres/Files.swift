import Glibc

/// The files of a private PostgreSQL, which may belong to another user.
enum Files {
    /// Writes a file that only its owner may read.
    static func write(_ text: String, to path: String, owner: Account) throws(PostgresServerError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write", path) }
        defer { Glibc.close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("write", path) }
            bytes = bytes.dropFirst(count)
        }
        if owner.isOther, fchown(descriptor, owner.user, owner.group) != 0 { throw failure("give away", path) }
    }

    /// Makes a folder and those above it that are missing.
    static func makeFolder(_ path: String, mode: mode_t) throws(PostgresServerError) {
        var partial = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            partial += "/\(part)"
            if SmallFile.exists(partial) { continue }
            guard mkdir(partial, partial == path ? mode : 0o755) == 0 || errno == EEXIST else {
                throw failure("make", partial)
            }
        }
    }

    static func failure(_ verb: String, _ path: String) -> PostgresServerError {
        let reason = String(cString: strerror(errno))
        return PostgresServerError(
            .folder, "cannot \(verb) \(path): \(reason)", mend: "Choose another data folder, or mend its rights")
    }
}

/// Whom the server runs as: PostgreSQL refuses to run as root.
struct Account: Sendable {
    let user: uid_t
    let group: gid_t
    /// The account to change to; nil when it is this process's own.
    let login: UserAccount?
    /// Whether this is another account than this process's own.
    var isOther: Bool { login != nil }

    /// This process's own account.
    static var own: Account { Account(user: geteuid(), group: getegid(), login: nil) }

    /// This process's own account, or `postgres` for root.
    static func forServer() throws(PostgresServerError) -> Account {
        guard geteuid() == 0 else { return own }
        guard let login = try? UserAccount(named: "postgres") else {
            throw PostgresServerError(
                .notInstalled, "PostgreSQL refuses to run as root, and there is no user postgres",
                mend: "Run apt-get install postgresql, or run this as another user than root")
        }
        return Account(user: login.user, group: login.group, login: login)
    }

    /// The first folder on the way to a path that this account may not pass; nil when all may be.
    func barrier(to path: String) -> String? {
        var partial = ""
        for part in path.split(separator: "/") {
            partial += "/\(part)"
            var status = stat()
            guard stat(partial, &status) == 0 else { return nil }
            let bit: mode_t = status.st_uid == user ? 0o100 : status.st_gid == group ? 0o010 : 0o001
            if status.st_mode & bit == 0 { return partial }
        }
        return nil
    }
}
