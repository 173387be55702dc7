#if canImport(Glibc)
    import Glibc
#endif

/// A program to run: where it is, what it is told.
struct Launch: Equatable, Sendable {
    let executable: String
    var arguments: [String] = []
    /// Variables on top of our own.
    var environment: [String: String] = [:]
}

/// A child process of ours and the pipe that its output comes through.
struct Child {
    let pid: Int32
    /// Standard output and standard error of the child, to be read without waiting; -1 once the child has closed it.
    var output: Int32

    /// Starts a program in a process group of its own, so that Ctrl-C reaches only us and we stop it in our order.
    ///
    /// - Throws: the system's words for why it could not be started.
    static func start(_ launch: Launch) throws(Unstartable) -> Child {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Unstartable(errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let words = ([launch.executable] + launch.arguments).map { strdup($0) }
        let variables = merged(launch.environment).map { strdup($0) }
        defer { (words + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, launch.executable, &actions, &attributes, words + [nil], variables + [nil])
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw Unstartable(status)
        }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return Child(pid: pid, output: ends[0])
    }

    /// How the child ended, or nil while it runs.
    func reap() -> Supervisor.Ending? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }

    private static func merged(_ extra: [String: String]) -> [String] {
        var variables: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let variable = String(cString: text)
            let name = variable.prefix { $0 != "=" }
            if extra[String(name)] == nil { variables.append(variable) }
            entry += 1
        }
        return variables + extra.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}

/// Why a program could not be started, as the system says it.
struct Unstartable: Error {
    let message: String
    init(_ number: Int32) { message = String(cString: strerror(number)) }
}
