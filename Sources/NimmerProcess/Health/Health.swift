import Synchronization

/// Health of a process, for those who start, watch and replace it: alive, and ready.
///
/// **Alive** (`/healthz`): its tasks still get their turn. Only restarting it helps one that is not. **Ready**
/// (`/readyz`): connected, subscribed, the schema known: work that comes now is done. What is not ready recovers by itself, or
/// waits for something else.
///
/// A service calls ``started()`` once it listens, and adds what else it needs:
///
/// ```swift
/// process.health.check("database") { store.trouble?.description }
/// process.health.started()
/// ```
public final class Health: Sendable {
    /// After which silence of its tasks a process counts as stuck.
    public static let stallTimeout = Duration.seconds(30)

    private enum Phase {
        case starting
        case working
        case stopping
    }

    private struct State {
        var phase = Phase.starting
        var checks: [(name: String, trouble: @Sendable () -> String?)] = []
        var waits: [String: String] = [:]
        var lastTurn: ContinuousClock.Instant
    }

    private let state: Mutex<State>

    /// The health of a process that starts now.
    public init(at moment: ContinuousClock.Instant = .now) {
        state = Mutex(State(lastTurn: moment))
    }

    /// Marks the process as started: every subscription and consumer is there.
    public func started() { state.withLock { if $0.phase == .starting { $0.phase = .working } } }

    /// Marks the process as stopping: it finishes its work and takes no more.
    public func stopping() { state.withLock { $0.phase = .stopping } }

    /// Adds something without which the process cannot do its work.
    ///
    /// - Parameters:
    ///   - name: what it is, for the page.
    ///   - trouble: why not; nil while all is well. Runs at each request, must not block.
    public func check(_ name: String, _ trouble: @escaping @Sendable () -> String?) {
        state.withLock { $0.checks.append((name, trouble)) }
    }

    /// Reports what a step of the start waits for, and why; nil: it waits no more.
    func waits(for what: String, because reason: String?) { state.withLock { $0.waits[what] = reason } }

    /// Records that the process's tasks run.
    func turn(at moment: ContinuousClock.Instant) { state.withLock { $0.lastTurn = moment } }

    /// Reason why the process must be restarted; nil while it is alive.
    func stuck(at moment: ContinuousClock.Instant) -> String? {
        let silence = state.withLock { $0.lastTurn }.duration(to: moment)
        guard silence > Self.stallTimeout else { return nil }
        return "no task got its turn for \(silence.components.seconds) s"
    }

    /// Reasons why work that comes now would not be done; empty when the process is ready.
    public var troubles: [String] {
        let (phase, checks, waits) = state.withLock { ($0.phase, $0.checks, $0.waits) }
        if phase == .stopping { return ["stopping"] }
        var troubles = checks.compactMap { check in check.trouble().map { "\(check.name): \($0)" } }
        troubles += waits.sorted { $0.key < $1.key }.map { "waiting for \($0.key): \($0.value)" }
        if phase == .starting, troubles.isEmpty { troubles.append("starting") }
        return troubles
    }
}
