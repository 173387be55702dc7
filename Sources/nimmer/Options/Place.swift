import NimmerWave

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
    static let folder = ".nimmer"

    let environment: Environment
    /// `.nimmer/<env>`, absolute.
    let path: String

    /// The place of a nervous system that is started from this folder.
    static func here(_ environment: Environment) -> Place {
        Place(environment: environment, path: "\(FileText.workingFolder)/\(folder)/\(environment.rawValue)")
    }

    /// The nearest place that exists, from a folder upward; nil when there is none.
    static func nearest(_ environment: Environment, from start: String = FileText.workingFolder) -> Place? {
        var folder = start
        while true {
            let path = "\(folder == "/" ? "" : folder)/\(Self.folder)/\(environment.rawValue)"
            if FileText.isDirectory(path) { return Place(environment: environment, path: path) }
            guard folder != "/", let slash = folder.lastIndex(of: "/") else { return nil }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
    }

    /// What is running: who, since when, on which ports. Written by `nimmer up`, read by everybody.
    var statePath: String { "\(path)/up.json" }
    /// What the processes keep there while their streams cannot be reached (NIMMERVERSE_STATE), unless told otherwise.
    var stateFolder: String { "\(path)/state" }
    /// Held locked for as long as a `nimmer up` runs here.
    var lockPath: String { "\(path)/up.lock" }
}
