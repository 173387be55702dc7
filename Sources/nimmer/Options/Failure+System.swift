import NimmerOutput
import NimmerSystem

extension Failure {
    /// Failure of a system file that cannot be used: one that is not there or cannot be read has a status of its own.
    init(_ error: SystemError) {
        self =
            error.code == .unreadable
            ? Failure(.noInput, error.description)
            : Failure(.configuration, error.description, remedy: "docs/reference describes the system file")
    }
}
