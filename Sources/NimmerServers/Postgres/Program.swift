import Glibc

/// A program that is run to its end; what it prints goes to a file.
struct Program: Sendable {
    let path: String
    let arguments: [String]
    let output: String
    let account: Account

    /// Runs it on a thread of its own, so that no thread of the cooperative pool waits, and returns its exit status.
    func run() async throws(PostgresServerError) -> Int32 {
        let child = try spawn()
        return await withCheckedContinuation { continuation in
            // Balanced by takeRetainedValue in the thread.
            let box = Unmanaged.passRetained(Waiting(child: child, continuation: continuation))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Waiting>.fromOpaque(argument).takeRetainedValue().wait()
                    return nil
                }, box.toOpaque())
            precondition(status == 0, "no thread can be started: errno \(status)")
            pthread_detach(thread)
        }
    }

    private func spawn() throws(PostgresServerError) -> pid_t {
        var words = [path] + arguments
        if account.isOther {
            // These change folder and account after the fork, where posix_spawn cannot.
            words =
                [
                    "env", "--chdir=/", "setpriv", "--reuid=\(account.user)", "--regid=\(account.group)",
                    "--clear-groups", "--",
                ] + words
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: the terminal's Ctrl-C is for the supervisor, which stops its servers in order.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)

        let pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        var child = pid_t()
        let status = posix_spawnp(&child, words[0], &actions, &attributes, pointers, environ)
        guard status == 0 else {
            let reason = String(cString: strerror(status))
            throw PostgresServerError(
                .failed, "\(words[0]) cannot be run: \(reason)", mend: "Check that it is installed and executable")
        }
        return child
    }

    private final class Waiting: Sendable {
        let child: pid_t
        let continuation: CheckedContinuation<Int32, Never>

        init(child: pid_t, continuation: CheckedContinuation<Int32, Never>) {
            self.child = child
            self.continuation = continuation
        }

        func wait() {
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7f
            continuation.resume(returning: signal == 0 ? status >> 8 & 0xff : 128 + signal)
        }
    }
}
