import CSpawn
import Glibc
import NimmerProcess
import NimmerWave
import Synchronization

/// The lines that a program writes to its standard output.
///
/// The program runs in a process group of its own and is asked to stop (SIGTERM) when the task is cancelled. Its lines
/// are read by a thread that waits in `read`, so that nothing polls and the cooperative pool is never blocked.
public enum CommandLines {
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
        let child = try Child(command)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let reader = Reader(descriptor: child.output, take: take) {
                    continuation.resume(returning: child.wait())
                }
                reader.start()
            }
        } onCancel: {
            child.stop()
        }
    }

    /// A running program.
    private final class Child: Sendable {
        let output: Int32
        private let pid: Mutex<pid_t?>

        init(_ command: [String]) throws {
            guard let program = command.first, !program.isEmpty else {
                throw ProcessFailure(.configuration, "command: found an empty list; expected a program and arguments")
            }
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else {
                throw ProcessFailure(.temporary, "cannot make a pipe: \(String(cString: strerror(errno)))")
            }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
            nimmer_spawn_closes_files(&actions)
            var attributes = posix_spawnattr_t()
            posix_spawnattr_init(&attributes)
            var none = sigset_t()
            var all = sigset_t()
            sigemptyset(&none)
            sigfillset(&all)
            posix_spawnattr_setsigmask(&attributes, &none)
            posix_spawnattr_setsigdefault(&attributes, &all)
            posix_spawnattr_setpgroup(&attributes, 0)
            posix_spawnattr_setflags(
                &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
            var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
            arguments.append(nil)
            var started: pid_t = 0
            let error = posix_spawnp(&started, program, &actions, &attributes, arguments, environ)
            for argument in arguments { free(argument) }
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
            close(ends[1])
            guard error == 0 else {
                close(ends[0])
                throw ProcessFailure(
                    .configuration, "cannot start '\(program)': \(String(cString: strerror(error)).lowercased())")
            }
            output = ends[0]
            pid = Mutex(started)
        }

        /// Asks it and what it started to stop.
        func stop() {
            pid.withLock { pid in
                if let pid { kill(-pid, SIGTERM) }
            }
        }

        /// Waits for its end; called once, after its output has ended.
        func wait() -> Int32 {
            close(output)
            guard let running = pid.withLock({ $0 }) else { return 0 }
            var status: Int32 = 0
            var ended = siginfo_t()
            while waitid(P_PID, id_t(running), &ended, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            // Reaped under the lock, so that nobody signals a number that has gone to another process.
            pid.withLock { pid in
                while waitpid(running, &status, 0) < 0, errno == EINTR {}
                pid = nil
            }
            return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        }
    }

    /// A thread that waits for bytes.
    private final class Reader: Sendable {
        private let descriptor: Int32
        private let take: @Sendable ([UInt8]) -> Void
        private let end: @Sendable () -> Void

        init(
            descriptor: Int32, take: @escaping @Sendable ([UInt8]) -> Void, end: @escaping @Sendable () -> Void
        ) {
            self.descriptor = descriptor
            self.take = take
            self.end = end
        }

        func start() {
            var thread = pthread_t()
            // Balanced by takeRetainedValue in the thread, or below when there is none.
            let box = Unmanaged.passRetained(self)
            let error = pthread_create(
                &thread, nil,
                { pointer in
                    guard let pointer else { return nil }
                    Unmanaged<Reader>.fromOpaque(pointer).takeRetainedValue().read()
                    return nil
                }, box.toOpaque())
            if error == 0 {
                pthread_detach(thread)
            } else {
                box.release()
                end()
            }
        }

        private func read() {
            var lines = LineSplitter()
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = Glibc.read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                for line in lines.take(buffer[..<count]) { take(line) }
            }
            if let line = lines.finish() { take(line) }
            end()
        }
    }
}
