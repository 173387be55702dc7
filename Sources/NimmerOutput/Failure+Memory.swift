import NimmerMemory

extension Failure {
    /// Maps a failure of the database.
    package init(_ error: MemoryError) {
        self.init(
            error.code == .settings ? .usage : .unavailable, error.message,
            remedy: error.remedy.isEmpty ? nil : .lines(error.remedy))
    }
}
