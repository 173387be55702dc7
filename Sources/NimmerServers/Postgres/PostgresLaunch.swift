import Glibc
import NimmerPlatform

/// One start of the server: from the settings of this start to a server that takes connections.
struct PostgresLaunch: Sendable {
    let place: PostgresPlace
    let installation: PostgresInstallation
    let durability: PostgresServer.Durability
    let port: UInt16
    let onLine: (@Sendable (String) -> Void)?
    let log = LineBox(limit: 40)

    /// Timeout of the server's start, recovery after a crash included.
    private static let readyWithin = Duration.seconds(60)

    func run() async throws(PostgresServerError) -> ChildProcess {
        try place.configure(port: Int(port), durability)
        let command = ChildCommand(
            installation.folder + "/postgres", ["-D", place.data], workingDirectory: "/",
            account: place.account.login, signalWhenParentDies: SIGINT)
        let (log, onLine, place) = (log, onLine, place)
        do throws(ServerError) {
            let child = try await ServerError.ofChild { () throws(ChildError) in
                try await ChildProcess.spawn(
                    command,
                    output: .lines { line in
                        log.append(line)
                        onLine?(line.text)
                    })
            }
            try place.state.write(child: child.identity, port: port)
            let isReady = await OwnThread.run("postgres-ready") {
                ProcessIdentity.poll(for: Self.readyWithin) { child.exitStatus != nil || place.isReady(child.pid) }
            }
            if isReady && child.exitStatus == nil { return child }
            let exit = await child.terminate(signal: SIGINT, grace: .seconds(5))
            throw ServerError(.notReady, "ended with \(exit)", lastLines: log.texts)
        } catch {
            let reason = error.lastLines.isEmpty ? error.message : error.lastLines.suffix(6).joined(separator: "; ")
            throw PostgresServerError(
                .failed, "PostgreSQL in \(place.folder) does not start: \(reason)",
                remedy: "Fix what it reports, or move the folder away to start over")
        }
    }
}
