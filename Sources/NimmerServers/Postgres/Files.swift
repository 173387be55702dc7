import Glibc
import NimmerPlatform

/// Work on the folder of a private PostgreSQL, with its errors as that server's.
enum Files {
    static func trying<Result>(_ body: () throws(ServerError) -> Result) throws(PostgresServerError) -> Result {
        do throws(ServerError) {
            return try body()
        } catch {
            throw PostgresServerError(
                .folder, error.message, remedy: "Choose another data folder, or fix its permissions")
        }
    }
}

/// Whom the server runs as: PostgreSQL refuses to run as root.
struct Account: Sendable {
    let user: uid_t
    let group: gid_t
    /// The account to change to; nil when it is this process's own.
    let login: UserAccount?
    /// Indicates whether this is another account than this process's own.
    var isOther: Bool { login != nil }

    /// Whom files are given to; nil when they are this process's own anyway.
    var owner: (user: uid_t, group: gid_t)? { isOther ? (user, group) : nil }

    /// This process's own account.
    static var own: Account { Account(user: geteuid(), group: getegid(), login: nil) }

    /// This process's own account, or `postgres` for root.
    static func forServer() throws(PostgresServerError) -> Account {
        guard geteuid() == 0 else { return own }
        guard let login = try? UserAccount(named: "postgres") else {
            throw PostgresServerError(
                .notInstalled, "PostgreSQL refuses to run as root, and there is no user postgres",
                remedy: "Run apt-get install postgresql, or run this as another user than root")
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
