import Glibc
import NimmerWave
import Testing

/// A real terminal, as the kernel gives one to a terminal emulator, with a program at it.
final class PseudoTerminal {
    let master: Int32
    let path: String
    private(set) var child: pid_t = 0
    /// Everything that was written to it.
    private(set) var output: [UInt8] = []

    init(width: Int = 100, height: Int = 30) throws {
        // What posix_openpt, unlockpt and ptsname do, which Swift does not see: TIOCSPTLCK and TIOCGPTN.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var lock: Int32 = 0
        var number: UInt32 = 0
        try #require(ioctl(master, 0x4004_5431, &lock) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        path = "/dev/pts/\(number)"
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        resize(width: width, height: height)
    }

    deinit {
        if child > 0, exitStatus == nil {
            kill(child, SIGKILL)
            var status: Int32 = 0
            waitpid(child, &status, 0)
        }
        if !isClosed { close(master) }
    }

    func resize(width: Int, height: Int) {
        var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Starts a program at it, as the leader of a session of its own that this terminal controls.
    func start(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The first terminal that the leader of a session opens becomes the one that controls it.
        posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID and POSIX_SPAWN_SETSIGDEF, so that nothing is ignored that the test runner ignores.
        posix_spawnattr_setflags(&attributes, 0x80 | Int16(POSIX_SPAWN_SETSIGDEF))
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var variables = [
            "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": String(cString: getenv("PATH")), "PS1": "$ ",
            "SWIFT_BACKTRACE": "enable=no",
        ]
        variables.merge(environment) { $1 }
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let settings = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + settings { free(text) } }
        try #require(posix_spawn(&child, program, &actions, &attributes, words, settings) == 0)
    }

    /// The terminal's settings, as text that can be compared.
    func settings() throws -> String {
        var settings = termios()
        try #require(tcgetattr(master, &settings) == 0)
        return "\(settings.c_iflag) \(settings.c_oflag) \(settings.c_cflag) \(settings.c_lflag)"
    }

    func type(_ text: String) { type(Array(text.utf8)) }

    func type(_ bytes: [UInt8]) { _ = write(master, bytes, bytes.count) }

    /// Takes what was written until something holds, or the time is over.
    @discardableResult
    func wait(seconds: Double = 120, until isEnough: (PseudoTerminal) -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(saturating: seconds)
        while true {
            pump()
            if isEnough(self) { return true }
            if ContinuousClock.now > end { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits until this was written, after what was written before a place.
    func wait(for text: String, after place: Int = 0, seconds: Double = 120) async throws -> Bool {
        try await wait(seconds: seconds) { $0.contains(text, after: place) }
    }

    func contains(_ text: String, after place: Int = 0) -> Bool {
        String(decoding: output.dropFirst(place), as: UTF8.self).contains(text)
    }

    private var isClosed = false

    /// As when the window of a terminal emulator is closed.
    func hangUp() {
        close(master)
        isClosed = true
    }

    /// Takes what was written.
    func pump() {
        if isClosed { return }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(master, &bytes, bytes.count)
            if count <= 0 { return }
            output += bytes[..<count]
        }
    }

    private var exitStatus: Int32?

    /// How the program ended: its status, or minus the signal; nil while it runs.
    func ending() -> Int32? {
        if let exitStatus { return exitStatus }
        var status: Int32 = 0
        guard waitpid(child, &status, WNOHANG) == child else { return nil }
        let signal = status & 0x7f
        exitStatus = signal == 0 ? status >> 8 & 0xff : -signal
        return exitStatus
    }

    /// Waits for the program's end.
    func end(seconds: Double = 120) async throws -> Int32? {
        try await wait(seconds: seconds) { $0.ending() != nil }
        pump()
        return ending()
    }
}
