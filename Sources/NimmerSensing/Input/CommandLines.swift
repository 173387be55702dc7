import Glibc
import NimmerPlatform
import NimmerProcess
import NimmerWave

/// The lines that a program writes to its standard output.
///
/// The program runs in a process group of its own, with none of this process's files, and is asked to stop (SIGTERM) when the task is
/// cancelled. What it started ends with it.
public enum CommandLines {
    /// Holds a command against the programs that there are, without starting it.
    ///
    /// - Throws: a `Refusal` of the field `command` for a program that is not there or cannot be run.
    package static func check(_ command: [String]) throws(Refusal) {
        guard let program = command.first, Executables.find(program) == nil else { return }
        throw Refusal(
            .value, field: "command",
            "expected a program that is in PATH, or a path from the folder in which the cell runs, and its arguments",
            found: "the program '\(program)', which is not there or cannot be run")
    }

    /// Runs a program until it ends.
    ///
    /// - Parameters:
    ///   - command: the program, looked up in PATH, and its arguments.
    ///   - take: called with each line, without its end, on the reading thread.
    /// - Returns: its exit status; 128 and the signal when one ended it.
    /// - Throws: a `ProcessFailure` when it cannot be started.
    public static func run(
        _ command: [String], _ take: @escaping @Sendable ([UInt8]) -> Void
    ) async throws -> Int32 {
        guard let program = command.first else {
            throw ProcessFailure(.configuration, "command: found an empty list; expected a program and arguments")
        }
        let child: ChildProcess
        do throws(ChildError) {
            child = try await .spawn(
                ChildCommand(program, Array(command.dropFirst())), output: .outputLines { take(Array($0.text.utf8)) })
        } catch {
            throw ProcessFailure(.configuration, "cannot start '\(program)': \(error.message)")
        }
        let exit = await withTaskCancellationHandler {
            await child.waitForExit()
        } onCancel: {
            child.send(SIGTERM)
        }
        return exit.status
    }
}
