import NimmerPlatform
import NimmerWave

/// Keeps a set of processes running: starts them in order, starts again what ended, stops all in reverse order.
///
/// A value: it decides, ``SupervisorLoop`` acts. Times are arguments, from any clock that does not jump.
package struct Supervisor: Sendable {
    /// Policy for a process that ends unasked.
    package enum Policy: Equatable, Sendable {
        /// Start it again.
        case always
        /// Start it again unless it ended with status 0: a cell that read its file to the end is done.
        case unlessDone
        /// Leave it.
        case once
    }

    /// One process to keep.
    package struct Member: Equatable, Sendable {
        package let name: String
        /// Higher layers start later and stop earlier.
        package let layer: Int
        package let policy: Policy
        /// Milliseconds between asking it to end and ending it.
        package var grace = 5_000.0

        package init(name: String, layer: Int, policy: Policy, grace: Double = 5_000.0) {
            self.name = name
            self.layer = layer
            self.policy = policy
            self.grace = grace
        }
    }

    /// Exit of a process.
    package enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        /// It could not be started at all.
        case unstartable(String)

        package var isSuccess: Bool { self == .exited(0) }
    }

    /// Action to perform now.
    package enum Action: Equatable, Sendable {
        case spawn(String)
        /// SIGTERM.
        case terminate(String)
        /// SIGKILL, after the grace has passed.
        case kill(String)
        case notify(Notice)
        /// All has ended; the loop can return.
        case finished
    }

    /// A line for the operator.
    package enum Notice: Equatable, Sendable {
        case ended(String, Ending, again: Double)
        /// It keeps failing: logged once, when the waits have become long.
        case slowing(String, failures: Int)
        case done(String)
        case absent(String, again: Double)
        /// Its settings are wrong; logged once.
        case misconfigured(String, again: Double)
        case stopping
        case killed(String)
        /// It was asked to be restarted, and starts again.
        case restarted(String)
    }

    /// Phase of a process.
    package enum Phase: Equatable, Sendable {
        case waiting(until: SteadyTime)
        /// A spawn has been asked for; leads to `running` or back to `waiting`.
        case starting
        case running(since: SteadyTime)
        /// Asked to end; `killed` once SIGKILL has been sent.
        case ending(deadline: SteadyTime, killed: Bool)
        case ended
    }

    /// Exit status of a cell that finds nothing to sense here (a battery cell without a battery):
    /// not a failure, checked again once a minute.
    package static let nothingHere: Int32 = 69
    /// Exit statuses of a process that was started wrongly (usage, settings): an early restart does not help.
    package static let wrongSettings: Set<Int32> = [64, 78]

    package private(set) var members: [Member]
    package private(set) var phases: [String: Phase] = [:]
    package private(set) var restarts: [String: Int] = [:]
    private var backoffs: [String: Backoff] = [:]
    private var absent: Set<String> = []
    private var misconfigured: Set<String> = []
    /// Members that are ending to start again at once.
    private var restarting: Set<String> = []
    private var jitter: SplitMix
    private var course = Course.keeping

    /// The supervisor keeps its members running or stops them.
    private enum Course {
        /// Keeps them running.
        case keeping
        /// Ends them, layer after layer.
        case stopping
        /// All have ended, which was reported.
        case finished
    }

    /// Indicates whether it was asked to end all members.
    package var isStopping: Bool { course != .keeping }

    package init(_ members: [Member], seed: UInt64) {
        self.members = members.enumerated().sorted { ($0.element.layer, $0.offset) < ($1.element.layer, $1.offset) }
            .map(\.element)
        jitter = SplitMix(seed: seed)
    }

    /// The earliest time at which ``tick(at:)`` has something to do, or nil.
    package var nextWake: SteadyTime? {
        phases.values.compactMap {
            switch $0 {
            case .waiting(let until): until
            case .ending(let deadline, false): deadline
            default: nil
            }
        }.min()
    }

    /// Processes that are being started, or wait to be started again, by name.
    package var waiting: [String] {
        members.map(\.name).filter {
            switch phases[$0] {
            case .waiting, .starting: true
            default: false
            }
        }
    }

    /// Starts everything, lower layers first.
    package mutating func start() -> [Action] {
        members.map { member in
            phases[member.name] = .starting
            return .spawn(member.name)
        }
    }

    /// The process runs since `now`. One that was asked to restart while it was being started is asked to end.
    package mutating func started(_ name: String, at now: SteadyTime) -> [Action] {
        guard phases[name] == .starting, let member = members.first(where: { $0.name == name }) else { return [] }
        phases[name] = .running(since: now)
        return restarting.contains(name) ? end(member, at: now) : []
    }

    private mutating func end(_ member: Member, at now: SteadyTime) -> [Action] {
        phases[member.name] = .ending(deadline: now.advanced(milliseconds: member.grace), killed: false)
        return [.terminate(member.name)]
    }

    /// The process has ended, by itself or because it was asked to.
    package mutating func ended(_ name: String, _ ending: Ending, at now: SteadyTime) -> [Action] {
        guard let member = members.first(where: { $0.name == name }), let phase = phases[name] else { return [] }
        if isStopping {
            phases[name] = .ended
            return stopNextLayer(at: now)
        }
        if restarting.remove(name) != nil { return startAgain(name) }
        if member.policy == .once || (member.policy == .unlessDone && ending.isSuccess) {
            phases[name] = .ended
            return ending.isSuccess ? [.notify(.done(name))] : [.notify(.ended(name, ending, again: 0))]
        }
        if member.policy == .unlessDone, ending == .exited(Self.nothingHere) {
            let first = absent.insert(name).inserted
            phases[name] = .waiting(until: now.advanced(milliseconds: Backoff.longest))
            return first ? [.notify(.absent(name, again: Backoff.longest))] : []
        }
        if case .exited(let status) = ending, Self.wrongSettings.contains(status) {
            phases[name] = .waiting(until: now.advanced(milliseconds: Backoff.longest))
            return misconfigured.insert(name).inserted ? [.notify(.misconfigured(name, again: Backoff.longest))] : []
        }
        var uptime = 0.0
        if case .running(let since) = phase { uptime = now.milliseconds(since: since) }
        var backoff = backoffs[name] ?? Backoff()
        let wasSlow = backoff.isSlow
        let wait = backoff.failed(after: uptime, jitter: &jitter)
        backoffs[name] = backoff
        phases[name] = .waiting(until: now.advanced(milliseconds: wait))
        var actions: [Action] = [.notify(.ended(name, ending, again: wait))]
        if backoff.isSlow, !wasSlow { actions.append(.notify(.slowing(name, failures: backoff.failures))) }
        return actions
    }

    /// Restarts a member, whatever it does now, also one that runs once: one that is being started ends once it has started. Nothing for an unknown
    /// one, or while all stop.
    package mutating func restart(_ name: String, at now: SteadyTime) -> [Action] {
        guard !isStopping, let member = members.first(where: { $0.name == name }) else { return [] }
        absent.remove(name)
        misconfigured.remove(name)
        backoffs[name] = nil
        switch phases[name] {
        case .running:
            restarting.insert(name)
            return end(member, at: now)
        case .starting, .ending:
            restarting.insert(name)
            return []
        case .waiting, .ended: return startAgain(name)
        case nil: return []
        }
    }

    private mutating func startAgain(_ name: String) -> [Action] {
        phases[name] = .starting
        restarts[name, default: 0] += 1
        return [.notify(.restarted(name)), .spawn(name)]
    }

    /// Time has passed: what waited starts again, what did not end in its grace is killed.
    package mutating func tick(at now: SteadyTime) -> [Action] {
        var actions: [Action] = []
        for member in members {
            switch phases[member.name] {
            case .waiting(let until) where until <= now:
                phases[member.name] = .starting
                restarts[member.name, default: 0] += 1
                actions.append(.spawn(member.name))
            case .ending(let deadline, killed: false) where deadline <= now:
                phases[member.name] = .ending(deadline: deadline, killed: true)
                actions.append(.notify(.killed(member.name)))
                actions.append(.kill(member.name))
            default:
                continue
            }
        }
        return actions
    }

    /// Stops everything, higher layers first; a second call skips every remaining grace.
    package mutating func stop(at now: SteadyTime) -> [Action] {
        if isStopping {
            var actions: [Action] = []
            for member in members {
                switch phases[member.name] {
                case .running, .starting, .ending(_, killed: false):
                    phases[member.name] = .ending(deadline: now, killed: true)
                    actions.append(.kill(member.name))
                default: continue
                }
            }
            return actions
        }
        course = .stopping
        for (name, phase) in phases {
            if case .waiting = phase { phases[name] = .ended }
        }
        return [.notify(.stopping)] + stopNextLayer(at: now)
    }

    /// Asks the highest layer that still runs to end; nothing while one is on its way out.
    private mutating func stopNextLayer(at now: SteadyTime) -> [Action] {
        let living = members.filter { phases[$0.name] != .ended && phases[$0.name] != nil }
        guard let layer = living.map(\.layer).max() else {
            if course == .finished { return [] }
            course = .finished
            return [.finished]
        }
        var actions: [Action] = []
        for member in living where member.layer == layer {
            if case .ending = phases[member.name] { continue }
            actions += end(member, at: now)
        }
        return actions
    }
}
