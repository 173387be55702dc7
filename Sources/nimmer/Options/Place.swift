import NimmerCell
import NimmerIdentity
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Which environment this command works in: NIMMERVERSE_ENV, or dev.
///
/// - Throws: ``Failure`` with the list of valid names when it is none of them.
func chosenEnvironment() throws(Failure) -> Environment {
    do throws(Refusal) {
        return try Environment.current()
    } catch {
        throw Failure(
            .usage, error.description,
            mend: "export NIMMERVERSE_ENV=dev (or staging, or prod), or unset it for dev")
    }
}

/// Where a nervous system keeps what it needs on this machine: `.nimmer/<env>/`.
struct Place: Equatable, Sendable {
    static let folder = LocalHouse.folder

    let environment: Environment
    /// `.nimmer/<env>`, absolute.
    let path: String

    /// The place of a nervous system that is started from this folder.
    static func here(_ environment: Environment) -> Place {
        Place(environment: environment, path: "\(FileText.workingFolder)/\(folder)/\(environment.rawValue)")
    }

    /// The nearest place that exists, from a folder upward; nil when there is none.
    static func nearest(_ environment: Environment, from start: String = FileText.workingFolder) -> Place? {
        LocalHouse.nearest(environment, above: start).map { Place(environment: environment, path: $0) }
    }

    /// Whether the state that stands there was written by this user: another's is not believed.
    var isOwn: Bool {
        var status = stat()
        return lstat(statePath, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_uid == geteuid()
    }

    /// Makes the folder, which others may pass (PostgreSQL's user, where root starts it) and not look into.
    ///
    /// - Throws: ``Failure`` when it cannot be made or protected.
    func make() throws(Failure) {
        try FileText.makeFolder(path, mode: 0o711)
        guard chmod(path, 0o711) == 0 else {
            throw Failure(.unavailable, "cannot protect \(path): \(String(cString: strerror(errno)))")
        }
        try FileText.makeFolder(stateFolder, mode: 0o700)
    }

    /// What is running: who, since when, on which ports. Written by `nimmer up`, read by its owner's commands.
    var statePath: String { "\(path)/up.json" }
    /// What the processes keep there while their streams cannot be reached (NIMMERVERSE_STATE), unless told otherwise.
    var stateFolder: String { "\(path)/state" }
    /// The keys of everybody who connects to the private nats-server, and its configuration of who may do what.
    var identities: IdentityFolder { IdentityFolder(path: "\(path)/auth") }
    /// Held locked for as long as a `nimmer up` runs here.
    var lockPath: String { "\(path)/up.lock" }
}
