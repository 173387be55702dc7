import CPlatform
import Glibc

/// The step from a ``ChildCommand`` to a running process; blocks until the program runs or was refused.
package enum ChildSpawn {
    /// Starts a program whose end the caller waits for: an empty input, the parent's own output and error.
    ///
    /// - Parameter command: its executable is a path.
    /// - Returns: the number of the process and of its group; it has to be reaped.
    package static func start(_ command: ChildCommand) throws(ChildError) -> Int32 {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw ChildError(.spawn, "cannot open /dev/null: \(errorText(errno))") }
        defer { close(null) }
        return try spawn(command, path: command.executable, streams: Streams(input: null, output: 1, error: 2))
    }

    /// The descriptors that become the child's standard three.
    struct Streams {
        var input: Int32
        var output: Int32
        var error: Int32
    }

    static func start(_ command: ChildCommand, path: String, streams: Streams) throws(ChildError) -> ProcessIdentity {
        let pid = try spawn(command, path: path, streams: streams)
        guard let identity = ProcessIdentity(pid: pid) else {
            kill(-pid, SIGKILL)
            _ = ChildExit.reaping(pid)
            throw ChildError(.spawn, "cannot read /proc/\(pid)/stat: is /proc mounted?")
        }
        return identity
    }

    private static func spawn(_ command: ChildCommand, path: String, streams: Streams) throws(ChildError) -> Int32 {
        let arguments = CStrings([path] + command.arguments)
        let environment = CStrings(command.environment.map { "\($0.key)=\($0.value)" }.sorted())
        let folder = CStrings(command.workingDirectory.map { [$0] } ?? [])
        let program = CStrings([path])

        OrphanReaper.start()
        var error: Int32 = 0
        var step: Int32 = 0
        let groups = command.account?.groups ?? []
        let started = groups.withUnsafeBufferPointer { groups in
            var request = nimmer_spawn_request()
            request.path = UnsafePointer(program.pointers[0])
            request.arguments = UnsafePointer(arguments.pointers)
            request.environment = UnsafePointer(environment.pointers)
            request.working_directory = UnsafePointer(folder.pointers[0])
            request.standard_input = streams.input
            request.standard_output = streams.output
            request.standard_error = streams.error
            request.death_signal = command.signalWhenParentDies ?? 0
            if let account = command.account {
                request.changes_user = 1
                request.user = account.user
                request.group = account.group
                request.groups = groups.baseAddress
                request.group_count = groups.count
            }
            return OwnChildren.starting {
                var pid: pid_t = 0
                error = nimmer_spawn(&request, &pid, &step)
                return error == 0 ? pid : nil
            }
        }
        guard let pid = started else { throw refusal(command, path: path, error: error, step: step) }
        return pid
    }

    private static func refusal(_ command: ChildCommand, path: String, error: Int32, step: Int32) -> ChildError {
        switch step {
        case Int32(NIMMER_SPAWN_USER.rawValue):
            ChildError(
                .account, "cannot run \(path) as '\(command.account?.name ?? "")': \(errorText(error)); only root may")
        case Int32(NIMMER_SPAWN_FOLDER.rawValue):
            ChildError(.folder, "cannot run \(path) in \(command.workingDirectory ?? ""): \(errorText(error))")
        default:
            ChildError(.spawn, "cannot run \(path): \(errorText(error))", reason: errorText(error))
        }
    }
}

/// A null-terminated array of C strings that lives as long as this object.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ texts: [String]) {
        count = texts.count
        pointers = .allocate(capacity: count + 1)
        for (index, text) in texts.enumerated() { pointers[index] = strdup(text) }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
