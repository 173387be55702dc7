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
    static let firstOfStrangers = 4
    /// New regions of all together at once, and a second afterwards: making so many takes a hundredth of a processor.
    static let burstOfAll = 8192.0
    static let perSecondOfAll = 1024.0
    /// The part of the shared bucket that only first regions may use.
    static let reserve = 2048.0
    /// Senders outside the system file that have a bucket of their own; further ones share one.
    static let tracked = 4096
    /// How often room is made among them at most, in milliseconds.
    static let sweep = 100.0

    /// The share of a sender, for a person.
    static let words = "1024 at once, then 64 a second; less where the table is small or while many do"

    private struct Bucket: Sendable {
        var level: Double
        var at: Timestamp
        /// Regions that it brought.
        var made = 0
        var isDeclared = false

        mutating func fill(to most: Double, perSecond: Double, at now: Timestamp) {
            guard now > at else { return }
            level = min(most, level + now.milliseconds(since: at) / 1000 * perSecond)
            at = now
        }
    }

    private let burst: Double
    private var buckets: [Int32: Bucket] = [:]
    private var undeclared = 0
    private var shared: Bucket?
    private var all: Bucket?
    private var sweptAt: Timestamp?

    /// - Parameter maximumRegions: gates kept at most.
    init(maximumRegions: Int) {
        burst = min(Self.burst, max(Self.smallestBurst, Double(maximumRegions / Self.burstShare)))
    }

    /// Whether a sender may bring a new region now.
    ///
    /// - Parameters:
    ///   - source: its number.
    ///   - isDeclared: whether the system file has it; asked once for each sender.
    mutating func admits(_ source: Int32, at now: Timestamp, isDeclared: () -> Bool) -> Bool {
        var all = all ?? Bucket(level: Self.burstOfAll, at: now)
        defer { self.all = all }
        all.fill(to: Self.burstOfAll, perSecond: Self.perSecondOfAll, at: now)
        var own = bucket(of: source, now, isDeclared)
        own.bucket.fill(to: burst, perSecond: Self.perSecond, at: now)
        defer { keep(own.bucket, source, own.isOwn) }
        let first = own.bucket.isDeclared ? Self.first : Self.firstOfStrangers
        let isFirst = own.isOwn && own.bucket.made < first
        if !isFirst || !own.bucket.isDeclared {
            guard own.bucket.level >= 1 else { return false }
            let used = 1 - own.bucket.level / burst
            guard all.level >= (isFirst ? 1 : Self.reserve + used * Self.burstOfAll / 2) else { return false }
        }
        own.bucket.made += 1
        own.bucket.level = max(0, own.bucket.level - 1)
        all.level = max(0, all.level - 1)
        return true
    }

    /// Gives the senders other numbers; who has none any more is forgotten.
    mutating func renumber(_ number: (Int32) -> Int32) {
        var kept: [Int32: Bucket] = [:]
        undeclared = 0
        for (source, bucket) in buckets {
            let new = number(source)
            guard new >= 0 else { continue }
            kept[new] = bucket
            if !bucket.isDeclared { undeclared += 1 }
        }
        buckets = kept
    }

    /// How many senders have a bucket of their own.
    var senders: Int { buckets.count }

    private mutating func bucket(
        of source: Int32, _ now: Timestamp, _ isDeclared: () -> Bool
    ) -> (bucket: Bucket, isOwn: Bool) {
        if let known = buckets[source] { return (known, true) }
        let fresh = Bucket(level: burst, at: now)
        if source >= 0, isDeclared() {
            var declared = fresh
            declared.isDeclared = true
            return (declared, true)
        }
        if undeclared >= Self.tracked { makeRoom(now) }
        return source >= 0 && undeclared < Self.tracked ? (fresh, true) : (shared ?? fresh, false)
    }

    private mutating func keep(_ bucket: Bucket, _ source: Int32, _ isOwn: Bool) {
        guard isOwn else { return shared = bucket }
        if buckets.updateValue(bucket, forKey: source) == nil, !bucket.isDeclared { undeclared += 1 }
    }

    /// Forgets the senders whose buckets are full again: they are as if they had never come.
    private mutating func makeRoom(_ now: Timestamp) {
        if let sweptAt, now >= sweptAt, now.milliseconds(since: sweptAt) < Self.sweep { return }
        sweptAt = now
        for (source, var bucket) in buckets where !bucket.isDeclared {
            bucket.fill(to: burst, perSecond: Self.perSecond, at: now)
            guard bucket.level >= burst else { continue }
            buckets[source] = nil
            undeclared -= 1
        }
    }
}
