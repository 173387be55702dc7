import NimmerWave

/// A program of a motion: its own process group, so that ending it ends its children too.
///
/// Only ``start()`` and ``wait()`` take time, and neither is called under the lock of the cell.
public protocol MotorProgram: Sendable {
    /// A program that has not been started; does nothing that blocks.
    ///
    /// - Parameter arguments: the full path and the arguments.
    init(_ arguments: [String])

    /// Starts it without a shell; called once. Does nothing when it was ended before.
    ///
    /// - Throws: a `Refusal` with the system's reason when it cannot be started.
    func start() async throws(Refusal)

    /// Asks it and its children to end (SIGTERM); kills them when they did not. Before it runs, it ends as soon as it does.
    func end(forGood: Bool)

    /// Waits until it was started and has ended.
    ///
    /// - Returns: its exit status, or 128 and the number of the signal that ended it.
    /// - Throws: the `Refusal` of ``start()``.
    func wait() async throws(Refusal) -> Int
}
