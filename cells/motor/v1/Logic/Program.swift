import CSpawn
import Glibc
import NimmerWave

/// A program that a motor started: its own process group, so that ending it ends its children too.
public struct Program: Sendable {
    /// Its process identifier.
    public let pid: Int32

    /// The variables that a program gets, where the cell has them. None of the house's: they name its key, its servers and its
    /// passwords, and what a program needs beyond these stands in its arguments (`/usr/bin/env NAME=value …`).
    static let variables = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"]

    /// Starts a program without a shell, with an empty standard input, none of the cell's files and few of its variables; its output
    /// goes where the cell's goes.
    ///
    /// - Parameter arguments: the full path and the arguments.
    /// - Throws: a ``Refusal`` with the system's reason when it cannot be started.
    public init(starting arguments: [String]) throws(Refusal) {
        guard let path = arguments.first else { throw Refusal(.missing, "a program needs at least its path") }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        // Sockets of libraries may be inheritable; none of them is a program's business.
        nimmer_spawn_closes_files(&files)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var variables: [UnsafeMutablePointer<CChar>?] = Self.variables.compactMap { name in
            getenv(name).flatMap { strdup("\(name)=" + String(cString: $0)) }
        }
        variables.append(nil)
        defer { for variable in variables { free(variable) } }
        var child: pid_t = 0
        let status = posix_spawn(&child, path, &files, &attributes, &words, &variables)
        guard status == 0 else {
            throw Refusal(.value, "\(path) cannot be started: \(String(cString: strerror(status)).lowercased())")
        }
        pid = child
    }

    /// Asks it and its children to end; for good when they did not listen.
    public func end(forGood: Bool) { kill(-pid, forGood ? SIGKILL : SIGTERM) }

    /// Waits for its end.
    ///
    /// - Returns: its exit status, or 128 and the number of the signal that ended it.
    public func wait() async -> Int {
        await withCheckedContinuation { continuation in
            let box = Unmanaged.passRetained(Waiting(pid: pid, continuation: continuation))
            var thread = pthread_t()
            // The thread takes the box over (takeRetainedValue below); it waits where no task of the house must.
            let status = pthread_create(
                &thread, nil,
                { pointer in
                    guard let pointer else { return nil }
                    let waiting = Unmanaged<Waiting>.fromOpaque(pointer).takeRetainedValue()
                    waiting.continuation.resume(returning: Program.status(of: waiting.pid))
                    return nil
                }, box.toOpaque())
            if status == 0 {
                pthread_detach(thread)
            } else {
                box.release()
                continuation.resume(returning: Program.status(of: pid))
            }
        }
    }

    private final class Waiting: Sendable {
        let pid: Int32
        let continuation: CheckedContinuation<Int, Never>

        init(pid: Int32, continuation: CheckedContinuation<Int, Never>) {
            self.pid = pid
            self.continuation = continuation
        }
    }

    private static func status(of pid: Int32) -> Int {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return 255 }
        }
        let signal = status & 0x7f
        return signal == 0 ? Int((status >> 8) & 0xff) : 128 + Int(signal)
    }
}
