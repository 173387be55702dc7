import Glibc
import MotorCell
import NimmerPlatform
import NimmerWave

/// A program of this machine: its own process group, so that ending it ends its children too.
public struct Program: MotorProgram {
    /// Its process identifier.
    public let pid: Int32

    /// The variables that a program gets, where the cell has them. None of the house's: they name its key, its servers and its
    /// passwords, and what a program needs beyond these stands in its arguments (`/usr/bin/env NAME=value …`).
    static let variables = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"]

    /// Starts a program without a shell, with an empty standard input, none of the cell's files and few of its variables; its output
    /// goes where the cell's goes.
    ///
    /// - Parameter arguments: the full path and the arguments.
    /// - Throws: a `Refusal` with the system's reason when it cannot be started.
    public init(starting arguments: [String]) throws(Refusal) {
        guard let path = arguments.first else { throw Refusal(.missing, "a program needs at least its path") }
        let known = ChildCommand.inheritedEnvironment.filter { Self.variables.contains($0.key) }
        let command = ChildCommand(
            path, Array(arguments.dropFirst()), environment: known, signalWhenParentDies: nil)
        do throws(ChildError) {
            pid = try ChildSpawn.start(command)
        } catch { throw Refusal(.value, "\(path) cannot be started: \(error.reason.lowercased())") }
    }

    public func end(forGood: Bool) { kill(-pid, forGood ? SIGKILL : SIGTERM) }

    public func wait() async -> Int {
        await OwnThread.run("program") { [pid] in Int(ChildExit.reaping(pid).status) }
    }
}
