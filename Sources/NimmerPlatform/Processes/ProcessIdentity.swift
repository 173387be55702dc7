import Glibc

/// A process that cannot be mistaken for another one that was given the same number later: number, start and boot.
///
/// Its ``text`` goes into state files; ``isAlive`` of what was read back is false for another process.
public struct ProcessIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The process number.
    public let pid: Int32
    /// Start time, in clock ticks since the machine's start (field 22 of `/proc/<pid>/stat`).
    public let startTicks: UInt64
    /// The start of the machine that the ticks count from.
    public let boot: String

    /// The process that has this number now; nil if absent.
    public init?(pid: Int32) {
        guard let status = ProcessStatus(pid: pid), let boot = Self.bootID else { return nil }
        self.pid = pid
        self.startTicks = status.startTicks
        self.boot = boot
    }

    /// Reads the form of ``text``.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":")
        guard parts.count == 3, let pid = Int32(parts[0]), pid > 1, let ticks = UInt64(parts[1]) else { return nil }
        self.pid = pid
        self.startTicks = ticks
        self.boot = String(parts[2])
    }

    /// This process.
    public static var current: ProcessIdentity? { ProcessIdentity(pid: getpid()) }

    /// `pid:ticks:boot`, for state files.
    public var text: String { "\(pid):\(startTicks):\(boot)" }

    public var description: String { text }

    /// Indicates whether this very process still runs; a process that ended but was not reaped does not.
    public var isAlive: Bool {
        guard boot == Self.bootID, let status = ProcessStatus(pid: pid) else { return false }
        return status.startTicks == startTicks && !status.hasEnded
    }

    /// Returns whether it runs as this user and was started with this argument: what a state file states of it may be forged.
    package func isServing(as user: uid_t, with argument: String) -> Bool {
        isAlive && self.user == user && words(of: "cmdline").contains(Substring(argument)) && isAlive
    }

    /// Returns whether it runs as this user and was started with this variable (`NAME=value`).
    package func wasStarted(as user: uid_t, with variable: String) -> Bool {
        isAlive && self.user == user && words(of: "environ").contains(Substring(variable)) && isAlive
    }

    /// The file name of the program that it runs, as long as it may be known; a program that was built again since keeps its name.
    package var program: String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/\(pid)/exe", &buffer, buffer.count)
        guard count > 0, count < buffer.count else { return nil }
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let gone = " (deleted)"
        let kept = path.hasSuffix(gone) ? String(path.dropLast(gone.count)) : path
        return kept.split(separator: "/").last.map(String.init)
    }

    /// The user that it runs as; nil when it has ended.
    package var user: uid_t? {
        var status = stat()
        return stat("/proc/\(pid)", &status) == 0 ? status.st_uid : nil
    }

    /// The words of `/proc/<pid>/cmdline` or `environ`.
    private func words(of file: String) -> [Substring] {
        (SmallFile.read("/proc/\(pid)/\(file)") ?? "").split(separator: "\0")
    }

    /// Sends a signal if this very process still runs.
    ///
    /// - Returns: whether it was sent.
    @discardableResult
    public func send(_ signal: Int32) -> Bool {
        isAlive && kill(pid, signal) == 0
    }

    /// Ends this very process, which need not be a child: the signal first, SIGKILL after the grace.
    ///
    /// - Returns: whether it is gone.
    public func terminate(signal: Int32 = SIGTERM, grace: Duration = .seconds(5)) async -> Bool {
        await OwnThread.run("terminate") {
            guard send(signal) else { return !isAlive }
            if Self.poll(for: grace, until: { !isAlive }) { return true }
            send(SIGKILL)
            return Self.poll(for: .seconds(2), until: { !isAlive })
        }
    }

    /// Blocks the thread until the condition holds; for threads of its own only.
    package static func poll(for limit: Duration, until condition: () -> Bool) -> Bool {
        let end = ContinuousClock.now + limit
        while !condition() {
            if ContinuousClock.now >= end { return false }
            usleep(10_000)
        }
        return true
    }

    private static let bootID: String? = SmallFile.read("/proc/sys/kernel/random/boot_id").map {
        String($0.filter { $0.isHexDigit })
    }
}

/// The fields of `/proc/<pid>/stat` that identify a process.
package struct ProcessStatus {
    let state: Character
    let parent: Int32
    let group: Int32
    let startTicks: UInt64

    package var hasEnded: Bool { state == "Z" || state == "X" }

    package init?(pid: Int32) {
        // The name in parentheses may hold anything; the fields follow the last parenthesis.
        guard let text = SmallFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 19, let state = fields[0].first, let parent = Int32(fields[1]),
            let group = Int32(fields[2]), let ticks = UInt64(fields[19])
        else { return nil }
        self.state = state
        self.parent = parent
        self.group = group
        self.startTicks = ticks
    }

    /// The living processes of a process group.
    static func members(ofGroup group: Int32) -> [Int32] {
        SmallFile.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            guard let status = ProcessStatus(pid: pid) else { return false }
            return status.group == group && !status.hasEnded
        }
    }

    /// The living processes whose current folder is this one, as far as this user may know.
    package static func pids(workingIn folder: String) -> [Int32] {
        SmallFile.names(in: "/proc").compactMap { Int32($0) }.filter { SmallFile.absolute("/proc/\($0)/cwd") == folder }
    }
}
