import NimmerWave

/// The bytes that openings may take of what keeps them, in the bounds that the streams really have (decision 0021).
public struct OpeningRoom: Sendable, Hashable {
    /// `max_bytes` of the stream of transitions.
    public var transitions: Double
    /// Maximum age of its messages, in seconds.
    public var transitionsAge: Double
    /// Maximum number of transitions of one gate.
    public var perGate: Double
    /// `max_bytes` of the stream of decisions.
    public var decisions: Double
    /// Maximum time that a message waits there for PostgreSQL, in seconds; what was read may be pushed out.
    public var decisionsAge: Double

    /// Room in streams.
    ///
    /// - Parameters:
    ///   - transitions: `max_bytes` of the stream of transitions.
    ///   - decisions: `max_bytes` of the stream of decisions.
    public init(
        transitions: Double = Double(256 << 20), transitionsAge: Double = 7 * 86_400, perGate: Double = 1_024,
        decisions: Double = Double(256 << 20), decisionsAge: Double = 7 * 86_400
    ) {
        self.transitions = max(1, transitions)
        self.transitionsAge = max(1, transitionsAge)
        self.perGate = max(2, perGate)
        self.decisions = max(1, decisions)
        self.decisionsAge = max(1, decisionsAge)
    }
}

/// Lets senders tip gates at a bounded rate, since an opening is stored for a week and its answer for a month: a sender that tips gates without
/// end would push out what others' gates have published (decision 0021). Waves that tip nothing never come here.
///
/// The sender whose wave tips a gate pays, for the release that follows, too. A gate of which the stream keeps as many transitions as it
/// keeps of one gate takes no more room: its further openings push out its own, and cost no bytes.
struct OpeningAdmission: Sendable {
    /// Gates that a sender may tip at once after a pause, and a second afterwards.
    static let burst = 16_384.0
    static let perSecond = 16.0
    /// The parts of the stream of transitions that it may fill: at once, and while the stream keeps a message.
    static let roomAtOnce = 1.0 / 8
    static let roomOfAge = 1.0 / 16
    /// The parts of the stream of decisions that the answers to its openings may fill, likewise.
    static let answersAtOnce = 1.0 / 8
    static let answersOfAge = 1.0 / 2
    /// Bytes that a sender may use of a small stream at once in any case: two of the largest openings.
    static let leastAtOnce = 2.0 * Double(Wire.maximumBytes)
    /// Senders that have an account of their own; further ones share one.
    static let tracked = 4_096
    /// Minimum interval at which room is made among them, in milliseconds.
    static let sweep = 1_000.0

    /// Bytes of an opening in the streams, estimated high.
    struct Size {
        /// The opening and the release that follows.
        let stored: Double
        /// The answer and what becomes of it.
        let answer: Double

        /// - Parameters:
        ///   - witnesses: those that it names.
        ///   - contents: the bytes of their contents.
        init(witnesses: Int, contents: Int) {
            let opening = 768 + 256 * Double(witnesses) + Double(contents)
            stored = opening + 640 + 192 * Double(witnesses)
            answer = opening + 512
        }
    }

    /// The share of a sender, for a person.
    static let words =
        "\(Int(saturating: burst)) at once, then \(Int(saturating: perSecond)) a second, and an eighth of the stream's max_bytes"

    private struct Account: Sendable {
        var openings: TokenBucket<Timestamp>
        var stored: TokenBucket<Timestamp>
        var answers: TokenBucket<Timestamp>
    }

    /// Payment for a gate's place in the stream.
    private struct Paid: Sendable {
        var bytes = 0.0
        var since: Timestamp
    }

    private let room: OpeningRoom
    private var accounts: [Int32: Account] = [:]
    private var shared: Account?
    private var sweptAt: Timestamp?
    private var paid: [Region: Paid] = [:]

    init(_ room: OpeningRoom) { self.room = room }

    /// Number of senders that have an account.
    var senders: Int { accounts.count }
    /// Number of gates that are paid for.
    var gates: Int { paid.count }

    /// Returns whether a sender may tip a gate now.
    ///
    /// - Parameter source: its number.
    mutating func admits(_ source: Int32, _ region: Region, _ size: Size, at now: Timestamp) -> Bool {
        var (account, isOwn) = account(of: source, now)
        defer { keep(account, source, isOwn) }
        var place = paid[region] ?? Paid(since: now)
        // What was paid for is not kept any more.
        if now.milliseconds(since: place.since) > room.transitionsAge * 1000 { place = Paid(since: now) }
        let price = max(0, min(size.stored, room.perGate / 2 * size.stored - place.bytes))
        guard account.openings.level >= 1, account.stored.level >= price else { return false }
        account.openings.level -= 1
        account.stored.level -= price
        place.bytes += price
        paid[region] = place
        return true
    }

    /// Returns whether the answer to an opening that a sender tipped may be kept: else its question does not go up.
    mutating func admitsQuestion(_ source: Int32, _ size: Size, at now: Timestamp) -> Bool {
        var (account, isOwn) = account(of: source, now)
        defer { keep(account, source, isOwn) }
        return account.answers.take(size.answer)
    }

    /// Forgets a gate.
    mutating func forget(_ region: Region) { paid[region] = nil }

    /// Forgets gates that another thalamus has.
    mutating func forget(where isGone: (Region) -> Bool) { paid = paid.filter { !isGone($0.key) } }

    /// Gives the senders other numbers; who has none any more is forgotten.
    mutating func renumber(_ number: (Int32) -> Int32) {
        var kept: [Int32: Account] = [:]
        for (source, account) in accounts {
            let new = number(source)
            if new >= 0 { kept[new] = account }
        }
        accounts = kept
    }

    private var storedAtOnce: Double { max(Self.leastAtOnce, room.transitions * Self.roomAtOnce) }
    private var answersAtOnce: Double { max(Self.leastAtOnce, room.decisions * Self.answersAtOnce) }

    private mutating func account(of source: Int32, _ now: Timestamp) -> (account: Account, isOwn: Bool) {
        let fresh = Account(
            openings: TokenBucket(Self.burst, at: now), stored: TokenBucket(storedAtOnce, at: now),
            answers: TokenBucket(answersAtOnce, at: now))
        if accounts[source] == nil, accounts.count >= Self.tracked { makeRoom(now) }
        let isOwn = source >= 0 && (accounts[source] != nil || accounts.count < Self.tracked)
        var account = (isOwn ? accounts[source] : shared) ?? fresh
        fill(&account, now)
        return (account, isOwn)
    }

    private func fill(_ account: inout Account, _ now: Timestamp) {
        account.openings.fill(to: Self.burst, perSecond: Self.perSecond, at: now)
        account.stored.fill(
            to: storedAtOnce, perSecond: room.transitions * Self.roomOfAge / room.transitionsAge, at: now)
        account.answers.fill(
            to: answersAtOnce, perSecond: room.decisions * Self.answersOfAge / room.decisionsAge, at: now)
    }

    private mutating func keep(_ account: Account, _ source: Int32, _ isOwn: Bool) {
        if isOwn { accounts[source] = account } else { shared = account }
    }

    /// Forgets the senders whose accounts are full again: they are as if they had never come.
    private mutating func makeRoom(_ now: Timestamp) {
        if let sweptAt, now >= sweptAt, now.milliseconds(since: sweptAt) < Self.sweep { return }
        sweptAt = now
        for (source, var account) in accounts {
            fill(&account, now)
            guard account.openings.level >= Self.burst, account.stored.level >= storedAtOnce,
                account.answers.level >= answersAtOnce
            else { continue }
            accounts[source] = nil
        }
    }
}
