import Glibc
import Synchronization

/// A private PostgreSQL under a folder of the project: made on first use, on a free loopback port and a socket in its
/// own folder, never a system-wide service.
///
/// Who may connect: only the user `nimmer`, with a random password (SCRAM) that lies in ``passwordFile``, readable for
/// the owner alone. Loopback is not private on a machine with several users, so nothing is trusted.
///
/// Whom it runs as: this process's user; for root, the user `postgres`, because PostgreSQL refuses root. When `postgres`
/// may not pass a folder on the way (a clone under /root), the data goes to `/var/lib/nimmerverse`, a link stands in the
/// folder's place, and ``notice`` says so.
///
/// What a crash left behind: a server without its supervisor is stopped and started again; a stale lock is removed.
public final class PostgresServer: Sendable {
    /// How careful the server is with its data.
    public enum Durability: Sendable, Hashable {
        /// A commit survives a power cut.
        case durable
        /// Tests: nothing is forced to disk.
        case volatile
    }

    /// The user of every connection.
    public static let user = "nimmer"

    /// The folder of the data, without links.
    public let folder: String
    /// The loopback port.
    public let port: Int
    /// The file with the password of ``user``.
    public let passwordFile: String
    /// The folder of the socket; nil when its path would be too long for one.
    public let socketFolder: String?
    /// The server's process.
    public let processID: pid_t
    /// What a person should know about where the data lies.
    public let notice: String?
    private let installation: PostgresInstallation
    private let account: Account
    private let stopped = Mutex(false)

    private init(place: PostgresPlace, installation: PostgresInstallation, port: Int, processID: pid_t) {
        folder = place.folder
        passwordFile = place.password
        socketFolder = place.socketFolder
        notice = place.notice
        account = place.account
        self.installation = installation
        self.port = port
        self.processID = processID
    }

    /// The address of a database as a URL; the password is not in it, see ``passwordFile``.
    public func address(database: String) -> String {
        "postgresql://\(PostgresServer.user)@127.0.0.1:\(port)/\(database)"
    }

    /// Starts the server of a folder, making it first when the folder is empty.
    ///
    /// - Parameters:
    ///   - folder: where everything lies: data, socket, log, password.
    ///   - durability: ``Durability/durable`` outside tests.
    /// - Throws: ``PostgresServerError``, whose mend a person can follow.
    public static func start(
        folder: String, durability: Durability = .durable
    ) async throws(PostgresServerError) -> PostgresServer {
        let place = try PostgresPlace(folder)
        try await place.takeOver()
        let made = Files.read(place.data + "/PG_VERSION").flatMap { Int($0.prefix { $0.isNumber }) }
        let installation = try PostgresInstallation.find(majorVersion: made)
        if made == nil { try await place.initialise(with: installation, durability) }
        var attempts = 0
        while true {
            attempts += 1
            let port = try freePort()
            try place.configure(port: port, durability)
            let status = try await place.run(
                installation, "pg_ctl", place.control + ["-w", "-t", "60", "-l", place.log, "start"])
            if status == 0, let processID = place.runningProcess {
                return PostgresServer(place: place, installation: installation, port: port, processID: processID)
            }
            // Somebody else may have taken the port between its choice and its use.
            guard attempts < 3, place.lastLines.contains("Address already in use") else {
                throw PostgresServerError(
                    .failed, "PostgreSQL in \(place.folder) does not start: \(place.lastLines)",
                    mend: "Its log is \(place.log)")
            }
        }
    }

    /// Stops the server: open transactions are rolled back, what is committed is safe. Stopping twice is no error.
    public func stop() async {
        let already = stopped.withLock { stopped in
            defer { stopped = true }
            return stopped
        }
        guard !already else { return }
        let data = folder + "/data"
        let program = Program(
            path: installation.folder + "/pg_ctl", arguments: ["-D", data, "-m", "fast", "-w", "-t", "30", "stop"],
            output: folder + "/control.log", account: account)
        if (try? await program.run()) != 0 { kill(processID, SIGQUIT) }
        unlink(folder + "/owner")
    }

    /// Asks the server to stop, without waiting: for a process that is ending.
    public func stopNow() {
        stopped.withLock { $0 = true }
        kill(processID, SIGINT)
        unlink(folder + "/owner")
    }

    private static func freePort() throws(PostgresServerError) -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else {
            throw PostgresServerError(.failed, "no free loopback port can be had", mend: "Check the loopback interface")
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
