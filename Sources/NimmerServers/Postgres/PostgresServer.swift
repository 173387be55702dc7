import Glibc
import NimmerPlatform
import Synchronization

/// A private PostgreSQL under a folder of the project: made on first use, on a free loopback port and a socket in its
/// own folder, never a system-wide service.
///
/// Who may connect: only the user `nimmer`, with a random password (SCRAM) that lies in ``passwordFile``, readable for
/// the owner alone. Loopback is not private on a machine with several users, so nothing is trusted.
///
/// Whom it runs as: this process's user; for root, the user `postgres`, because PostgreSQL refuses root. When `postgres`
/// may not pass a folder on the way (a clone under /root), the data goes to `/var/lib/nimmerverse`, a link stands in the
/// folder's place, and ``notice`` states it.
///
/// How long it lives: it is a child of this process and stops, in order, when this process dies in any way. What a
/// crash left behind all the same is stopped and started again; a stale lock is removed.
public final class PostgresServer: Sendable {
    /// Durability of the server's data.
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
    /// The loopback port; the same over ``restart()`` and, while it is free, over the next start on this folder.
    public let port: Int
    /// The file with the password of ``user``.
    public let passwordFile: String
    /// The folder of the socket; nil when its path would be too long for one.
    public let socketFolder: String?
    /// Notice about where the data lies.
    public let notice: String?
    private let launch: PostgresLaunch
    private let child: Mutex<ChildProcess>

    private init(launch: PostgresLaunch, child: ChildProcess) {
        folder = launch.place.folder
        passwordFile = launch.place.password
        socketFolder = launch.place.socketFolder
        notice = launch.place.notice
        port = Int(launch.port)
        self.launch = launch
        self.child = Mutex(child)
    }

    /// The server's process, or that of the last one.
    public var processID: pid_t { child.withLock { $0.pid } }
    /// Indicates whether the server's process runs.
    public var isRunning: Bool { child.withLock { $0.exitStatus == nil } }
    /// The last lines that the server logged.
    public var lastLines: [String] { launch.log.texts }

    /// The address of a database as a URL; the password is not in it, see ``passwordFile``.
    public func address(database: String) -> String {
        "postgresql://\(PostgresServer.user)@127.0.0.1:\(port)/\(database)"
    }

    /// Starts the server of a folder, making it first when the folder is empty.
    ///
    /// - Parameters:
    ///   - folder: where everything lies: data, socket, password.
    ///   - durability: ``Durability/durable`` outside tests.
    ///   - onLine: takes each line that the server logs, on a thread that must not block for long.
    /// - Throws: ``PostgresServerError`` with a remedy.
    public static func start(
        folder: String, durability: Durability = .durable, onLine: (@Sendable (String) -> Void)? = nil
    ) async throws(PostgresServerError) -> PostgresServer {
        let place = try PostgresPlace(folder)
        try await place.takeOver()
        let made = try place.madeBy()
        let installation = try PostgresInstallation.find(majorVersion: made)
        if made == nil { try await place.initialise(with: installation, durability) }
        var attempts = 0
        while true {
            attempts += 1
            let launch = PostgresLaunch(
                place: place, installation: installation, durability: durability, port: try choosePort(place),
                onLine: onLine)
            do throws(PostgresServerError) {
                return PostgresServer(launch: launch, child: try await launch.run())
            } catch {
                // Another process may have taken the port between its choice and its use.
                guard attempts < 3, error.message.contains("Address already in use") else { throw error }
            }
        }
    }

    /// Returns whether this process is the server of a folder.
    package static func isServing(_ process: ProcessIdentity, _ folder: String) -> Bool {
        guard let account = try? Account.forServer(), let real = SmallFile.absolute(folder) else { return false }
        return process.isServing(as: account.user, with: real + "/data")
    }

    private static func choosePort(_ place: PostgresPlace) throws(PostgresServerError) -> UInt16 {
        if let last = place.state.port, LoopbackPort.isFree(last) { return last }
        do throws(ServerError) {
            return try LoopbackPort.free()
        } catch {
            throw PostgresServerError(.failed, error.message, remedy: "Check the loopback interface")
        }
    }

    /// Stops the server: open transactions are rolled back, what is committed is safe. Stopping twice is not an error.
    public func stop() async {
        await child.withLock { $0 }.terminate(signal: SIGINT, grace: .seconds(30))
        launch.place.state.clearRunning()
    }

    /// Asks the server to stop, without waiting: for a process that is ending.
    public func stopNow() {
        child.withLock { $0 }.send(SIGINT)
        launch.place.state.clearRunning()
    }

    /// Ends the server at once, as a crash would; returns when it is gone.
    public func kill() async {
        await child.withLock { $0 }.terminate(signal: SIGKILL)
    }

    /// Waits until the server has ended, for any reason.
    public func waitForExit() async -> ChildExit {
        await child.withLock { $0 }.waitForExit()
    }

    /// Starts the server again on the same port and data, after it was stopped, killed or has ended; one that runs is
    /// stopped first.
    public func restart() async throws(PostgresServerError) {
        await child.withLock { $0 }.terminate(signal: SIGINT, grace: .seconds(30))
        try await launch.place.takeOver()
        let next = try await launch.run()
        child.withLock { $0 = next }
    }
}
