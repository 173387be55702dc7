import NimmerWave

/// Ownership of the parts of the regions by several thalami: leases in a bucket of keys, as a value (decision 0009).
///
/// Every part has one key. Its holder renews it; a member that sees it unchanged for ``expiry`` may take it, by a change that
/// the server grants to one only. An owner judges only until ``validity`` after it *sent* the last renewal that succeeded,
/// which ends before another member may take the part: at no moment do two judge waves of one region, whatever is lost, late or
/// stopped in between. Times are of one process's own steady clock; clocks are never compared.
public struct ShardTable: Sendable {
    /// Time after sending a renewal for which its owner judges.
    public static let validity = 4_000.0
    /// Time for which a lease must be seen unchanged before another may take it; more than ``validity``.
    public static let expiry = 5_500.0
    /// Interval at which leases and the sign of life are renewed, in milliseconds.
    public static let renewal = 1_000.0
    /// Time for which a part whose heir does not take it waits before any member takes it.
    public static let takeoverDelay = 2_000.0
    /// Time for which a new member looks before it takes or is given anything.
    public static let settling = 1_500.0

    /// An operation on the bucket, whose outcome goes to the table.
    public enum Action: Sendable, Hashable {
        /// Announces that this member lives: key `members.<id>`.
        case beat
        /// Takes or renews a part if its key is at this revision (0: was never there): key `parts.<n>`.
        case lease(part: Int, revision: UInt64)
        /// Stops judging a part, publishes what is pending, and then releases its key.
        case leave(part: Int, revision: UInt64)
        /// A lease was lost: stop judging a part at once.
        case drop(part: Int)
        /// A lease was not renewed in time, so that another may have the part by now: forget its gates, and then call ``left(part:)``. It
        /// is taken up again, from what is stored.
        case expire(part: Int)
    }

    /// State of a key.
    private struct Lease: Sendable {
        /// Empty: it was released.
        var owner: String
        var rules: String
        var revision: UInt64
        var changed: SteadyTime
    }

    /// A part that this member holds.
    private struct Held: Sendable {
        /// The stage of a held part. ``lapsed`` and ``lapsedTakingUp``: it was asked for after its time, so that another may have judged
        /// it meanwhile; a renewal that comes later does not make it good.
        enum Stage: Sendable {
            /// Its gates are being read from the store. Can go to any other stage.
            case takingUp
            /// The same, and its time is over. Can go to ``lapsed`` or ``leaving``.
            case lapsedTakingUp
            /// Its waves are judged here. Can go to ``lapsed`` or ``leaving``.
            case judging
            /// Its time is over, and its gates wait to be forgotten. Can go to ``leaving``.
            case lapsed
            /// Its gates are being forgotten. The last.
            case leaving
        }

        /// The renewals of a lease at its present revision.
        enum Renewal: Sendable {
            /// The outcome of each is known.
            case settled
            /// One is on its way, and none before it is without an outcome.
            case sent
            /// One is on its way; the first without an outcome was sent at this time.
            case pending(since: SteadyTime)
            /// None is on its way, and none was answered; the first was sent at this time.
            case unanswered(since: SteadyTime)

            /// Time at which the first renewal without an outcome was sent; nil if absent.
            var firstUnanswered: SteadyTime? {
                switch self {
                case .settled, .sent: nil
                case .pending(let since), .unanswered(let since): since
                }
            }

            /// Indicates whether one is on its way.
            var isOnItsWay: Bool {
                switch self {
                case .sent, .pending: true
                case .settled, .unanswered: false
                }
            }

            /// The bucket shows a newer revision: one of them succeeded.
            mutating func succeed() { self = isOnItsWay ? .sent : .settled }

            /// The one on its way was not answered.
            mutating func fail() { self = firstUnanswered.map { .unanswered(since: $0) } ?? .settled }
        }

        var revision: UInt64
        var validUntil: SteadyTime
        /// Time at which the last renewal was sent.
        var sent: SteadyTime
        /// The revision that the last renewal asked for.
        var asked: UInt64
        var renewal = Renewal.settled
        var stage = Stage.takingUp

        /// Its time is over.
        mutating func lapse() {
            switch stage {
            case .takingUp: stage = .lapsedTakingUp
            case .judging: stage = .lapsed
            case .lapsedTakingUp, .lapsed, .leaving: break
            }
        }
    }

    /// An attempt to take a part.
    private struct Claim: Sendable {
        var revision: UInt64
        /// Time at which the first attempt at this revision was sent.
        var since: SteadyTime
    }

    /// This member; no other may ever have the same.
    public let id: String
    /// A digest of the rules that this member sorts by: those with other rules must not share regions with it.
    public let rules: String
    /// Into how many parts the regions are divided.
    public let partitions: Int
    /// Times of the last signs of life of those who go by the same rules.
    private var members: [String: SteadyTime] = [:]
    private var leases: [Int: Lease] = [:]
    private var held: [Int: Held] = [:]
    private var claiming: Set<Int> = []
    private var claims: [Int: Claim] = [:]
    private let joined: SteadyTime
    private var lastBeat: SteadyTime?

    /// A table in which nothing is known yet.
    public init(id: String, rules: String, partitions: Int, at now: SteadyTime) {
        self.id = id
        self.rules = rules
        self.partitions = partitions
        joined = now
    }

    // MARK: What is so

    /// Value of this member's keys.
    public var value: String { "\(id) \(rules)" }

    /// Returns whether this member judges a part now.
    public mutating func judges(_ part: Int, at now: SteadyTime) -> Bool {
        guard case .judging = held[part]?.stage else { return false }
        return concludes(part, at: now)
    }

    /// Returns whether this member may store what gates of a part conclude now, also while it takes them up.
    public mutating func concludes(_ part: Int, at now: SteadyTime) -> Bool {
        switch held[part]?.stage {
        case .takingUp, .judging: break
        case .lapsedTakingUp, .lapsed, .leaving, nil: return false
        }
        guard let lease = held[part], now >= lease.validUntil else { return true }
        held[part]?.lapse()
        return false
    }

    /// The parts that this member holds, in order.
    public var parts: [Int] { held.keys.sorted() }

    /// Returns whether a member holds a part, as far as is known: a wave for it is worth passing on.
    public func hasOwner(_ part: Int, at now: SteadyTime) -> Bool { leases[part].map { isLiving($0, now) } ?? false }

    /// The members of the same rules that live, in order.
    public func living(at now: SteadyTime) -> [String] {
        members.filter { $0.key == id || now.milliseconds(since: $0.value) < Self.expiry }.keys.sorted()
    }

    /// Returns whether this member looks on: it has just come, or others share the regions by other rules (the larger digest stays).
    public func isStandingBy(at now: SteadyTime) -> Bool {
        guard now.milliseconds(since: joined) >= Self.settling else { return true }
        return leases.values.contains { $0.rules != rules && isLiving($0, now) && (held.isEmpty || $0.rules > rules) }
    }

    private func isLiving(_ lease: Lease, _ now: SteadyTime) -> Bool {
        !lease.owner.isEmpty && now.milliseconds(since: lease.changed) < Self.expiry
    }

    // MARK: What happens

    /// A key of the bucket was seen to change; the value is ``value`` of its owner, or empty.
    public mutating func saw(key: String, value: String, revision: UInt64, at now: SteadyTime) -> [Action] {
        let words = key.split(separator: ".")
        let names = value.split(separator: " ").map(String.init)
        guard words.count == 2 else { return [] }
        if words[0] == "members" {
            members[String(words[1])] = names.last == rules ? now : nil
            return []
        }
        guard words[0] == "parts", let part = Int(words[1]), part >= 0 else { return [] }
        if let known = leases[part], known.revision >= revision { return [] }
        let owner = names.first ?? ""
        leases[part] = Lease(owner: owner, rules: names.last ?? rules, revision: revision, changed: now)
        if owner == id {
            seeOwn(part, revision)
            return []
        }
        return held.removeValue(forKey: part) == nil ? [] : [.drop(part: part)]
    }

    /// A renewal of this member is in the bucket, whether or not its acknowledgement arrives. All that were sent so far asked
    /// for the revision before, and only one of them could succeed: it was sent no earlier than the first.
    private mutating func seeOwn(_ part: Int, _ revision: UInt64) {
        guard var known = held[part], known.revision < revision else { return }
        known.revision = revision
        if let first = known.renewal.firstUnanswered {
            known.validUntil = max(known.validUntil, first.advanced(milliseconds: Self.validity))
        }
        known.renewal.succeed()
        held[part] = known
    }

    /// A lease was granted; `sent` is when it was asked for.
    ///
    /// - Returns: whether the part is new to this member: it takes up the gates, calls ``isReady(part:)``, and judges from then.
    public mutating func granted(part: Int, revision: UInt64, sent: SteadyTime) -> Bool {
        claiming.remove(part)
        let claim = claims.removeValue(forKey: part)
        // It may be the first of several attempts that was granted, long before this one.
        let since = held[part].map { $0.renewal.firstUnanswered ?? sent } ?? claim?.since ?? sent
        let validUntil = min(since, sent).advanced(milliseconds: Self.validity)
        if leases[part].map({ $0.revision < revision }) ?? true {
            leases[part] = Lease(owner: id, rules: rules, revision: revision, changed: sent)
        }
        guard var known = held[part] else {
            held[part] = Held(revision: revision, validUntil: validUntil, sent: sent, asked: revision)
            return true
        }
        known.revision = max(revision, known.revision)
        known.validUntil = max(known.validUntil, validUntil)
        known.renewal = .settled
        held[part] = known
        return false
    }

    /// The gates of a part were taken up.
    ///
    /// - Returns: whether the part is still held; else its gates are to be forgotten.
    public mutating func isReady(part: Int) -> Bool {
        switch held[part]?.stage {
        case .takingUp, .judging: held[part]?.stage = .judging
        case .lapsedTakingUp, .lapsed: held[part]?.stage = .lapsed
        case .leaving, nil: return false
        }
        return true
    }

    /// A lease was not granted.
    ///
    /// - Parameter isTaken: whether the server answered that the key is at another revision; else there was no answer.
    public mutating func refused(part: Int, isTaken: Bool) -> [Action] {
        claiming.remove(part)
        // The other revision may be our own: an earlier renewal, whose acknowledgement was lost, and which was seen meanwhile.
        guard isTaken, held[part].map({ $0.revision == $0.asked }) ?? true else {
            held[part]?.renewal.fail()
            return []
        }
        return held.removeValue(forKey: part) == nil ? [] : [.drop(part: part)]
    }

    /// A part was left, and its key let go.
    public mutating func left(part: Int) { held[part] = nil }

    /// The end: every part is left.
    public mutating func leaveAll() -> [Action] { parts.flatMap { leave($0) } }

    /// Time passes; returns the actions for that time.
    public mutating func advance(to now: SteadyTime) -> [Action] {
        var actions: [Action] = []
        if lastBeat.map({ now.milliseconds(since: $0) >= Self.renewal }) ?? true {
            lastBeat = now
            members[id] = now
            members = members.filter { now.milliseconds(since: $0.value) < 10 * Self.expiry }
            actions.append(.beat)
        }
        for part in parts { actions += expire(part, now) + renew(part, now) }
        guard !isStandingBy(at: now) else { return actions + leaveAll() }
        let assignments = assignments(among: living(at: now))
        for part in 0..<partitions { actions += move(part, assignments[part], now) }
        return actions
    }

    private mutating func expire(_ part: Int, _ now: SteadyTime) -> [Action] {
        guard let lease = held[part] else { return [] }
        switch lease.stage {
        case .lapsed: break
        case .judging: guard now >= lease.validUntil else { return [] }
        case .takingUp, .lapsedTakingUp, .leaving: return []
        }
        held[part]?.stage = .leaving
        return [.expire(part: part)]
    }

    private mutating func renew(_ part: Int, _ now: SteadyTime) -> [Action] {
        guard let lease = held[part], lease.stage != .leaving, !lease.renewal.isOnItsWay,
            now.milliseconds(since: lease.sent) >= Self.renewal
        else { return [] }
        held[part]?.sent = now
        held[part]?.asked = lease.revision
        held[part]?.renewal = .pending(since: lease.renewal.firstUnanswered ?? now)
        return [.lease(part: part, revision: lease.revision)]
    }

    private mutating func move(_ part: Int, _ assignee: String, _ now: SteadyTime) -> [Action] {
        if held[part] != nil { return assignee == id ? [] : leave(part) }
        guard !claiming.contains(part) else { return [] }
        // A part that was released or never taken is free for its heir at once, a silent one after its time; both for any member later.
        let lease = leases[part]
        let free = lease.map { $0.owner.isEmpty || $0.owner == id ? 0 : Self.expiry } ?? 0
        let age = now.milliseconds(since: lease?.changed ?? joined)
        guard age >= (assignee == id ? free : free + Self.takeoverDelay) else { return [] }
        claiming.insert(part)
        if claims[part]?.revision != lease?.revision ?? 0 {
            claims[part] = Claim(revision: lease?.revision ?? 0, since: now)
        }
        return [.lease(part: part, revision: lease?.revision ?? 0)]
    }

    private mutating func leave(_ part: Int) -> [Action] {
        guard let lease = held[part], lease.stage != .leaving, !lease.renewal.isOnItsWay else { return [] }
        held[part]?.stage = .leaving
        return [.leave(part: part, revision: lease.revision)]
    }

    /// Owner that each part should have: by rendezvous hashing, none more than its fair share; the same for all who see the
    /// same members, and hardly anything moves when one comes or goes.
    func assignments(among members: [String]) -> [String] {
        guard !members.isEmpty else { return Array(repeating: id, count: partitions) }
        let share = (partitions + members.count - 1) / members.count
        var load: [String: Int] = [:]
        return (0..<partitions).map { part in
            let order = members.sorted { (Self.score($0, part), $0) > (Self.score($1, part), $1) }
            let assignee = order.first { load[$0, default: 0] < share } ?? order[0]
            load[assignee, default: 0] += 1
            return assignee
        }
    }

    private static func score(_ member: String, _ part: Int) -> UInt64 {
        var hash = "\(member)/\(part)".utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        // Names differ in their last letters only: spread them over all bits.
        hash ^= hash >> 33
        hash = hash &* 0xff51_afd7_ed55_8ccd
        return hash ^ hash >> 33
    }
}
