import Glibc

/// The file system, as far as a private server needs it.
enum Files {
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The path without links; nil when it does not exist.
    static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes.append(contentsOf: buffer.prefix(count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

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
            if exists(partial) { continue }
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
    /// Whether this is another account than this process's own.
    let isOther: Bool

    /// This process's own account, or `postgres` for root.
    static func forServer() throws(PostgresServerError) -> Account {
        guard geteuid() == 0 else { return Account(user: geteuid(), group: getegid(), isOther: false) }
        guard let entry = getpwnam("postgres") else {
            throw PostgresServerError(
                .notInstalled, "PostgreSQL refuses to run as root, and there is no user postgres",
                mend: "Run apt-get install postgresql, or run this as another user than root")
        }
        return Account(user: entry.pointee.pw_uid, group: entry.pointee.pw_gid, isOther: true)
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
