import NimmerWave

/// A program that a motor started: its own process group, so that ending it ends its children too.
public protocol MotorProgram: Sendable {
    /// Starts a program without a shell.
    ///
    /// - Parameter arguments: the full path and the arguments.
    /// - Throws: a `Refusal` with the system's reason when it cannot be started.
    init(starting arguments: [String]) throws(Refusal)

    /// Asks it and its children to end; for good when they did not listen.
    func end(forGood: Bool)

    /// Waits for its end, once.
    ///
    /// - Returns: its exit status, or 128 and the number of the signal that ended it.
    func wait() async -> Int
}
