import Glibc
import NimmerPlatform

/// A PostgreSQL server that is installed on this machine: `initdb` and `postgres` of one version.
public struct PostgresInstallation: Sendable, Hashable {
    /// The folder of its programs.
    public let folder: String
    /// Its major version, such as 15.
    public let majorVersion: Int

    /// Everything installed, newest first: Debian's and Red Hat's folders, what `pg_config` names, and `PATH`.
    public static func all() -> [PostgresInstallation] {
        var folders = SmallFile.names(in: "/usr/lib/postgresql").map { "/usr/lib/postgresql/\($0)/bin" }
        folders += SmallFile.names(in: "/usr").filter { $0.hasPrefix("pgsql-") }.map { "/usr/\($0)/bin" }
        folders += (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":").map(String.init)
        var seen: Set<String> = []
        let found = folders.compactMap { folder -> PostgresInstallation? in
            let programs = ["initdb", "postgres"]
            guard programs.allSatisfy({ access("\(folder)/\($0)", X_OK) == 0 }),
                let real = SmallFile.absolute(folder), seen.insert(real).inserted
            else { return nil }
            return majorVersion(of: real).map { PostgresInstallation(folder: real, majorVersion: $0) }
        }
        return found.sorted { $0.majorVersion > $1.majorVersion }
    }

    /// The newest installed one, or the one of a major version.
    public static func find(majorVersion: Int? = nil) throws(PostgresServerError) -> PostgresInstallation {
        let installed = all()
        guard let newest = installed.first else {
            throw PostgresServerError(
                .notInstalled, "no PostgreSQL server is installed here", remedy: "Run apt-get install postgresql")
        }
        guard let majorVersion else { return newest }
        guard let fitting = installed.first(where: { $0.majorVersion == majorVersion }) else {
            throw PostgresServerError(
                .otherVersion,
                "the data was made by PostgreSQL \(majorVersion); installed here: "
                    + installed.map { String($0.majorVersion) }.joined(separator: ", "),
                remedy: "Install PostgreSQL \(majorVersion), or move the data folder away to start over")
        }
        return fitting
    }

    /// Debian's folder states it; elsewhere `postgres --version` does: "postgres (PostgreSQL) 15.20 …".
    private static func majorVersion(of folder: String) -> Int? {
        let parts = folder.split(separator: "/")
        if parts.count > 1, let version = Int(parts[parts.count - 2]) { return version }
        guard let pipe = popen("'\(folder)/postgres' --version", "re") else { return nil }
        defer { pclose(pipe) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = fread(&buffer, 1, buffer.count, pipe)
        let words = String(decoding: buffer.prefix(count), as: UTF8.self).split { !$0.isNumber && $0 != "." }
        return words.first.flatMap { Int($0.prefix { $0.isNumber }) }
    }
}
