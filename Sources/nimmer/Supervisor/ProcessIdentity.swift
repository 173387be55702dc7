#if canImport(Glibc)
    import Glibc
#endif

/// Which process a number means: a pid alone is reused, a pid with its start time is not.
struct ProcessIdentity: Equatable, Sendable {
    let pid: Int32
    /// Clock ticks between the machine's boot and the process's start, as /proc tells it.
    let startTicks: UInt64

    init(pid: Int32, startTicks: UInt64) {
        self.pid = pid
        self.startTicks = startTicks
    }

    /// The process that has this pid now, or nil when none does (a zombie has ended, too).
    init?(living pid: Int32) {
        guard let stat = FileText.read("/proc/\(pid)/stat"), let parsed = Self.parse(stat: stat),
            parsed.state != "Z", parsed.state != "X"
        else { return nil }
        self.init(pid: pid, startTicks: parsed.startTicks)
    }

    /// Whether this very process still lives.
    var isAlive: Bool { ProcessIdentity(living: pid) == self }

    /// Sends a signal to this very process; nothing to a stranger that has taken over its number.
    @discardableResult
    func signal(_ number: Int32) -> Bool {
        isAlive && kill(pid, number) == 0
    }

    /// Field 3 and 22 of /proc/PID/stat; the name in field 2 may hold spaces and parentheses.
    static func parse(stat: String) -> (state: Character, startTicks: UInt64)? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let ticks = UInt64(fields[19]) else { return nil }
        return (state, ticks)
    }
}
