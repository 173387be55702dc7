import NimmerWave

/// A machine whose vitals are read.
public protocol VitalsSource: Sendable {
    /// The machine that this runs on.
    ///
    /// - Parameter mounts: the file systems to watch.
    init(mounts: [String])

    /// One look.
    func look(at: Timestamp) -> Snapshot

    /// The machine's name; `host` when it has none.
    func hostName() -> String
}
