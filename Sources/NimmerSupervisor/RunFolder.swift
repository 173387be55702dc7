import NimmerIdentity
import NimmerOutput
import NimmerProcess
import NimmerServers
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Folder of a nervous system on this machine: `.nimmer/<env>/`.
package struct RunFolder: Equatable, Sendable {
    package static let folder = LocalSystem.folder

    package let environment: Environment
    /// `.nimmer/<env>`, absolute.
    package let path: String

    package init(environment: Environment, path: String) {
        self.environment = environment
        self.path = path
    }

    /// The place of a nervous system that is started from this folder.
    package static func here(_ environment: Environment) -> RunFolder {
        RunFolder(environment: environment, path: "\(FileText.workingFolder)/\(folder)/\(environment.rawValue)")
    }

    /// The folder that holds `.nimmer`.
    private var home: String { String(path.dropLast("/\(Self.folder)/\(environment.rawValue)".utf8.count)) }

    /// Makes the folders, after checking that no other user can change them.
    ///
    /// - Throws: ``Failure`` that names what is a link, another user's or open to others.
    package func make() throws(Failure) {
        try Failure.ofServers { () throws(ServerError) in
            let names = [Self.folder, environment.rawValue]
            // Others may pass (PostgreSQL's user, where root starts it), and look at nothing.
            try OwnFolder.open(home, below: names, making: 0o711).protect(0o711)
            try OwnFolder.open(home, below: names + ["state"], making: 0o700).protect(0o700)
        }
    }

    /// The folder, held open: no other user can have prepared its contents. Nil when it is not there.
    ///
    /// - Throws: ``Failure`` that names what is a link, another user's or open to others.
    package func held() throws(Failure) -> HeldFolder? {
        guard FileText.isDirectory(path) else { return nil }
        return try Failure.ofServers { () throws(ServerError) in
            try OwnFolder.open(home, below: [Self.folder, environment.rawValue])
        }
    }

    /// The nearest place in which a system lives, from a folder upward; where none does, the nearest that exists; nil if absent.
    package static func nearest(_ environment: Environment, from start: String = FileText.workingFolder) -> RunFolder? {
        LocalSystem.nearest(environment, above: start).map { RunFolder(environment: environment, path: $0) }
    }

    /// All places that exist, from this folder upward, nearest first.
    package static func all(_ environment: Environment) -> [RunFolder] {
        LocalSystem.folders(environment, above: FileText.workingFolder).map {
            RunFolder(environment: environment, path: $0)
        }
    }

    /// Indicates whether the state that stands there was written by this user: another's is not believed.
    package var isOwn: Bool {
        var status = stat()
        return lstat(statePath, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_uid == geteuid()
    }

    /// State of what is running: who, since when, on which ports. Written by `nimmer up`, read by its owner's commands.
    package static let stateName = "up.json"
    package var statePath: String { "\(path)/\(Self.stateName)" }
    /// Folder where the processes keep what waits while their streams cannot be reached (NIMMERVERSE_STATE), unless configured otherwise.
    package var stateFolder: String { "\(path)/state" }
    /// The keys of all clients of the private nats-server, and its configuration of permissions.
    package var identities: IdentityFolder { IdentityFolder(path: "\(path)/auth") }
    private static let restartFolder = "restart"

    /// Asks the `nimmer up` that runs here to restart a process.
    package func requestRestart(of name: String) throws(Failure) {
        try Failure.ofServers { () throws(ServerError) in
            let folder = try OwnFolder.open(
                home, below: [Self.folder, environment.rawValue, Self.restartFolder], making: 0o700)
            try folder.write("", to: name, mode: 0o600)
        }
    }

    /// The processes that are to be restarted; asked once.
    package func takeRestarts() -> [String] {
        let names = FileText.names(in: "\(path)/\(Self.restartFolder)").filter { !$0.contains(".") }
        for name in names { unlink("\(path)/\(Self.restartFolder)/\(name)") }
        return names
    }

    /// Held locked for as long as a `nimmer up` runs here.
    package var lockPath: String { "\(path)/up.lock" }
}
