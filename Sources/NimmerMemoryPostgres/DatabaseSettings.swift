import CPostgres
import Glibc
import NimmerMemory
import NimmerPlatform
import NimmerWave

/// Address of the database and its access.
///
/// The address is a URL (`postgresql://user@host:5432/nimmerverse_dev`) or a libpq conninfo text; what it leaves out
/// comes from the environment (`PGHOST`, `PGPORT`, `PGUSER`, `PGPASSFILE`, `PGSSLMODE` …) and libpq's defaults, as for
/// `psql`. The password is best kept in a file of its own. Of several hosts (`postgresql://user@host1:5432,host2:5432/database`)
/// the first that answers is used; a connection that ``writes``, the first that takes changes.
public struct DatabaseSettings: Sendable, Hashable, CustomStringConvertible {
    /// URL or conninfo; empty for the environment alone.
    public var address: String
    /// A file that holds the password alone (a line end after it is ignored); nil for none.
    public var passwordFile: String?
    /// The password itself, from an environment variable; the file goes before it.
    public var password: String?
    /// The database when neither the address nor `PGDATABASE` names one, such as `nimmerverse_dev`.
    public var defaultDatabase: String
    /// Name of this connection in the server's activity view.
    public var applicationName: String
    /// The longest wait for a connection, in seconds; libpq counts 1 as 2.
    public var connectSeconds: Int
    /// The longest wait for one statement, in seconds; then the connection counts as lost.
    public var statementSeconds: Int
    /// Indicates whether only a server that takes changes is of use; false: a standby will do.
    public var writes = false

    /// Settings by value.
    public init(
        address: String = "", passwordFile: String? = nil, defaultDatabase: String = "nimmerverse_dev",
        applicationName: String = "nimmerverse", connectSeconds: Int = 5, statementSeconds: Int = 30
    ) {
        self.address = address
        self.passwordFile = passwordFile.flatMap { $0.isEmpty ? nil : $0 }
        self.defaultDatabase = defaultDatabase
        self.applicationName = applicationName
        self.connectSeconds = connectSeconds
        self.statementSeconds = statementSeconds
    }

    /// The server and database without user, password or other settings: what may be shown and logged.
    public var description: String {
        guard let keywords = try? keywords() else { return "an address that cannot be read" }
        return DatabaseSettings.name(host: keywords["host"], port: keywords["port"], database: keywords["dbname"])
    }

    /// The same server, another database.
    public func database(_ name: String) -> DatabaseSettings {
        var other = self
        other.override = name
        return other
    }

    /// The database that these settings lead to.
    public var databaseName: String { (try? keywords()["dbname"]) ?? defaultDatabase }

    private var override: String?

    /// Makes the settings of a process of the system.
    ///
    /// Each part comes from the first that has it: the flag, the variable (`NIMMERVERSE_POSTGRES_URL`,
    /// `NIMMERVERSE_POSTGRES_PASSWORD`), the system file, libpq's own variables (`PGHOST` …); the database is
    /// `nimmerverse_<env>` unless one is named.
    ///
    /// - Parameters:
    ///   - flag: the address of the command line.
    ///   - variables: the process's environment variables.
    ///   - file: `postgres.url` of the system file.
    ///   - passwordFlag: the password file of the command line.
    ///   - passwordFile: `postgres.password_file` of the system file.
    ///   - environment: selects the database.
    ///   - applicationName: what the server's activity view shows.
    public init(
        flag: String? = nil, variables: [String: String], file: String? = nil, passwordFlag: String? = nil,
        passwordFile: String? = nil, environment: Environment, applicationName: String
    ) {
        let given = [flag, variables["NIMMERVERSE_POSTGRES_URL"], file].compactMap { $0 }.first { !$0.isEmpty }
        self.init(
            address: given ?? "", passwordFile: passwordFlag, defaultDatabase: "nimmerverse_\(environment.rawValue)",
            applicationName: applicationName)
        guard self.passwordFile == nil else { return }
        password = variables["NIMMERVERSE_POSTGRES_PASSWORD"].flatMap { $0.isEmpty ? nil : $0 }
        if password == nil { self.passwordFile = passwordFile.flatMap { $0.isEmpty ? nil : $0 } }
    }

    static func name(host: String?, port: String?, database: String?) -> String {
        let hosts = (host ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let ports = (port ?? "").split(separator: ",", omittingEmptySubsequences: false)
        // One port is that of every host.
        let places = hosts.indices.map { index in
            let port = ports.count == 1 ? ports[0] : (index < ports.count ? ports[index] : "")
            return (hosts[index].isEmpty ? "the local socket" : hosts[index]) + (port.isEmpty ? "" : ":\(port)")
        }
        return "PostgreSQL at \(places.joined(separator: ", ")), database \(database ?? "unnamed")"
    }

    /// All of libpq's keywords for the connection, in what they come to.
    func keywords() throws(MemoryError) -> [String: String] {
        var keywords = try parsed()
        for (keyword, variable) in [("host", "PGHOST"), ("port", "PGPORT"), ("dbname", "PGDATABASE")] {
            if keywords[keyword] == nil, let value = getenv(variable) { keywords[keyword] = String(cString: value) }
        }
        if let override { keywords["dbname"] = override }
        if keywords["dbname"] == nil { keywords["dbname"] = defaultDatabase }
        if let password { keywords["password"] = password }
        if let passwordFile { keywords["password"] = try DatabaseSettings.password(in: passwordFile) }
        keywords["application_name"] = applicationName
        keywords["client_encoding"] = "UTF8"
        var standing = ["connect_timeout": String(connectSeconds), "keepalives_idle": "10", "keepalives_interval": "5"]
        if writes, keywords["host"]?.contains(",") == true, getenv("PGTARGETSESSIONATTRS") == nil {
            standing["target_session_attrs"] = "read-write"
        }
        return keywords.merging(standing) { mine, _ in mine }
    }

    /// Indicates whether libpq would take a part of the password for something else, and quote it in its messages: user and password end at the
    /// first `@`, and neither may hold a `/` or `?`.
    private var isAmbiguous: Bool {
        guard let rest = address.halves(around: "://")?.after, rest.contains("@") else { return false }
        let place = rest.prefix { $0 != "?" }
        guard let at = place.lastIndex(of: "@") else { return true }
        return place[..<at].contains { "@/".contains($0) }
    }

    /// Holds an address against what can be connected to, without connecting.
    ///
    /// - Throws: a `MemoryError` that names what is wrong without the address, which may hold a password.
    package static func check(_ address: String) throws(MemoryError) {
        _ = try DatabaseSettings(address: address).parsed()
    }

    /// Advice for a user or password that holds what separates the parts of an address.
    static let advice =
        "Write it as postgresql://user@host:5432/database with special characters of user and password percent-encoded (% is %25, "
        + "@ %40, : %3A, / %2F, ? %3F, # %23, space %20), or keep the password in a file of its own"

    /// Indicates whether the address itself holds the password that is used.
    var holdsPassword: Bool {
        guard password == nil, passwordFile == nil, let parsed = try? parsed() else { return false }
        return parsed["password"] != nil
    }

    private func parsed() throws(MemoryError) -> [String: String] {
        guard !isAmbiguous else {
            throw MemoryError(
                .settings, "the address of PostgreSQL cannot be read: its user or password holds one of @ / ?",
                remedy: DatabaseSettings.advice)
        }
        var message: UnsafeMutablePointer<CChar>?
        // libpq's own message may quote the text, and the text may hold a password: it is not shown.
        defer { PQfreemem(message) }
        guard let options = PQconninfoParse(address, &message) else {
            let isEncoding = message.map { String(cString: $0).includes("percent-encoded") } ?? false
            throw MemoryError(
                .settings,
                "the address of PostgreSQL cannot be read"
                    + (isEncoding ? ": a % in it has no two hexadecimal digits behind it" : ""),
                remedy: isEncoding || address.contains("@")
                    ? DatabaseSettings.advice
                    : "Write it as postgresql://user@host:5432/database, or as host=… port=… dbname=…")
        }
        defer { PQconninfoFree(options) }
        var keywords: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { keywords[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return keywords
    }

    private static func password(in path: String) throws(MemoryError) -> String {
        do throws(SecretFileError) {
            return try SecretFile.read(path)
        } catch {
            throw MemoryError(
                .settings, "the password file \(path) of PostgreSQL cannot be read: \(error.reason)",
                remedy: "Let this user read the password in its first line, or name another file")
        }
    }
}
