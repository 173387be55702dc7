import NimmerMemory

extension Failure {
    /// What a database could not do.
    package init(_ error: MemoryError) {
        self.init(
            error.code == .settings ? .usage : .unavailable, error.message,
            mend: error.mend.isEmpty ? nil : .lines(error.mend))
    }
}
