import NimmerWave

/// Lets senders bring new regions at a bounded rate, since a new region costs a gate, and where there is no room another's gate
/// (decision 0018). Waves in regions that are there never come here.
///
/// Each sender has a bucket of its own, and all share one. Who has used much of his own needs the shared one to be well filled, and a
/// part of it is for those who have hardly brought any: however many use theirs up together, newcomers get in.
struct RegionAdmission: Sendable {
    /// New regions that a sender may bring at once after a pause: a gateway's for its devices, when the thalamus has started.
    static let burst = 1024.0
    /// … and a second afterwards: more than devices are plugged in, and far less than what moves the table of gates.
    static let perSecond = 64.0
    /// The part of the table that one burst may fill at most, where the table is small.
    static let burstShare = 8
    /// The least burst, however small the table.
    static let smallestBurst = 16.0
    /// The first regions of a cell of the system file, more than most cells ever speak of: it gets them whatever others do.
    static let first = 16
    /// The first regions of any other sender, for which a part of the shared bucket is kept: fewer, since names are invented easily.
    static let firstOfUndeclared = 4
    /// New regions of all together at once, and a second afterwards: making so many takes a hundredth of a processor.
    static let burstOfAll = 8192.0
    static let perSecondOfAll = 1024.0
    /// The part of the shared bucket that only first regions may use.
    static let reserve = 2048.0
    /// Senders outside the system file that have a bucket of their own; further ones share one.
    static let tracked = 4096
    /// Minimum interval at which room is made among them, in milliseconds.
    static let sweep = 100.0

    /// The share of a sender, for a person.
    static let words =
        "\(Int(saturating: burst)) at once, then \(Int(saturating: perSecond)) a second; less where the table is small or while many do"

    private struct Account: Sendable {
        var bucket: TokenBucket<Timestamp>
        /// Regions that it brought.
        var made = 0
        var isDeclared = false
    }

    private let burst: Double
    private var accounts: [Int32: Account] = [:]
    private var undeclared = 0
    private var shared: Account?
    private var all: TokenBucket<Timestamp>?
    private var sweptAt: Timestamp?

    /// - Parameter maximumRegions: gates kept at most.
    init(maximumRegions: Int) {
        burst = min(Self.burst, max(Self.smallestBurst, Double(maximumRegions / Self.burstShare)))
    }

    /// Returns whether a sender may bring a new region now.
    ///
    /// - Parameters:
    ///   - source: its number.
    ///   - isDeclared: whether the system file has it; asked once for each sender.
    mutating func admits(_ source: Int32, at now: Timestamp, isDeclared: () -> Bool) -> Bool {
        var all = all ?? TokenBucket(Self.burstOfAll, at: now)
        defer { self.all = all }
        all.fill(to: Self.burstOfAll, perSecond: Self.perSecondOfAll, at: now)
        var (own, isOwn) = account(of: source, now, isDeclared)
        own.bucket.fill(to: burst, perSecond: Self.perSecond, at: now)
        defer { keep(own, source, isOwn) }
        let isFirst = isOwn && own.made < (own.isDeclared ? Self.first : Self.firstOfUndeclared)
        if !isFirst || !own.isDeclared {
            guard own.bucket.level >= 1 else { return false }
            let used = 1 - own.bucket.level / burst
            guard all.level >= (isFirst ? 1 : Self.reserve + used * Self.burstOfAll / 2) else { return false }
        }
        own.made += 1
        own.bucket.level = max(0, own.bucket.level - 1)
        all.level = max(0, all.level - 1)
        return true
    }

    /// Gives the senders other numbers; who has none any more is forgotten.
    mutating func renumber(_ number: (Int32) -> Int32) {
        var kept: [Int32: Account] = [:]
        undeclared = 0
        for (source, account) in accounts {
            let new = number(source)
            guard new >= 0 else { continue }
            kept[new] = account
            if !account.isDeclared { undeclared += 1 }
        }
        accounts = kept
    }

    /// Number of senders that have a bucket of their own.
    var senders: Int { accounts.count }

    private mutating func account(
        of source: Int32, _ now: Timestamp, _ isDeclared: () -> Bool
    ) -> (account: Account, isOwn: Bool) {
        if let known = accounts[source] { return (known, true) }
        let fresh = Account(bucket: TokenBucket(burst, at: now))
        if source >= 0, isDeclared() {
            var declared = fresh
            declared.isDeclared = true
            return (declared, true)
        }
        if undeclared >= Self.tracked { makeRoom(now) }
        return source >= 0 && undeclared < Self.tracked ? (fresh, true) : (shared ?? fresh, false)
    }

    private mutating func keep(_ account: Account, _ source: Int32, _ isOwn: Bool) {
        guard isOwn else { return shared = account }
        if accounts.updateValue(account, forKey: source) == nil, !account.isDeclared { undeclared += 1 }
    }

    /// Forgets the senders whose buckets are full again: they are as if they had never come.
    private mutating func makeRoom(_ now: Timestamp) {
        if let sweptAt, now >= sweptAt, now.milliseconds(since: sweptAt) < Self.sweep { return }
        sweptAt = now
        for (source, var account) in accounts where !account.isDeclared {
            account.bucket.fill(to: burst, perSecond: Self.perSecond, at: now)
            guard account.bucket.level >= burst else { continue }
            accounts[source] = nil
            undeclared -= 1
        }
    }
}
