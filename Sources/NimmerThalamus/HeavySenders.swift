import NimmerWave

/// A sender and its rate.
public struct HeavySender: Sendable, Hashable {
    /// The cell or nerve, as its subject names it.
    public var name: String
    /// Waves a second.
    public var wavesPerSecond: Double
    /// Its part of all waves, 0…1.
    public var share: Double

    /// Waves a second above which one of those that make most of all waves floods the bus: far more than any sense needs.
    public static let flood = 5_000.0

    /// Describes its rate, for a person.
    public var words: String {
        "\(Int(saturating: wavesPerSecond.rounded())) waves/s, \(Int(saturating: (share * 100).rounded())) % of all"
    }
}

/// Waves of a flooding sender that did not come to the thalamus, since they were held back on their way.
public struct HeldBackWaves: Sendable, Hashable {
    /// Number of waves since the last look.
    public var count: Int
    /// Indicates whether they are still a flood.
    public var isFlood: Bool

    /// So many, of a flood or of what is left of one.
    public init(count: Int, isFlood: Bool) {
        self.count = count
        self.isFlood = isFlood
    }
}

/// Finds the senders that speak most, from one wave in ``stride``: bounded in memory, however many senders there are or are invented
/// ("space saving": the one that sends more than one wave in ``capacity`` is among those that are kept).
struct HeavySenders: Sendable {
    /// One wave of so many is checked; a prime, so that alternating senders are sampled equally.
    static let stride = 61
    /// Maximum number of senders that are kept.
    static let capacity = 32
    /// Time of counting before the senders are named, in milliseconds.
    static let window = 2_000.0
    /// From how many samples on senders are named.
    static let enough = 50
    /// Maximum number of senders that are named, and the part of all waves from which they are.
    static let named = 3
    static let smallest = 0.05

    private struct Count {
        var source: Int32
        var count: Int
        /// Number of these that may have been another's.
        var error: Int
    }

    private var counts: [Count] = []
    private var total = 0
    private var begun: Timestamp?
    private var wavesBefore = 0
    /// The loudest of the last whole window, the loudest first.
    private(set) var heaviest: [HeavySender] = []

    mutating func sample(_ source: Int32, times: Int = 1) {
        total += times
        if let known = counts.firstIndex(where: { $0.source == source }) {
            counts[known].count += times
        } else if counts.count < Self.capacity {
            counts.append(Count(source: source, count: times, error: 0))
        } else if let least = counts.indices.min(by: { counts[$0].count < counts[$1].count }) {
            counts[least] = Count(source: source, count: counts[least].count + times, error: counts[least].count)
        }
    }

    /// Names the loudest once a window is over.
    ///
    /// - Parameters:
    ///   - waves: how many have come since the start.
    ///   - name: the name of a source.
    mutating func look(at now: Timestamp, waves: Int, name: (Int32) -> String) {
        guard let begun, now >= begun else { return begin(now, waves) }
        let passed = now.milliseconds(since: begun)
        guard passed >= Self.window else { return }
        defer { begin(now, waves) }
        guard total >= Self.enough else { return heaviest.removeAll() }
        let rate = Double(waves - wavesBefore) / passed * 1000
        heaviest = counts.map { (source: $0.source, share: Double($0.count - $0.error) / Double(total)) }
            .filter { $0.source >= 0 && $0.share >= Self.smallest }
            .sorted { ($0.share, $1.source) > ($1.share, $0.source) }
            .prefix(Self.named)
            .map { HeavySender(name: name($0.source), wavesPerSecond: $0.share * rate, share: $0.share) }
    }

    private mutating func begin(_ now: Timestamp, _ waves: Int) {
        begun = now
        wavesBefore = waves
        forget()
    }

    /// Forgets what was counted in this window, such as when sources get other numbers.
    mutating func forget() {
        counts.removeAll(keepingCapacity: true)
        total = 0
    }
}

/// A flooding sender, throttled so that the others get through.
struct ThrottledSender: Sendable {
    /// Waves accepted in each ``slice`` of milliseconds: ``HeavySender/flood`` waves a second.
    static let limit = 500
    static let slice = 100.0

    let name: [UInt8]
    var begun = Timestamp(nanoseconds: 0)
    var count = 0

    /// Returns whether a wave of it is one too many.
    mutating func isTooMany(at now: Timestamp) -> Bool {
        if now < begun || now.milliseconds(since: begun) >= Self.slice {
            begun = now
            count = 0
        }
        count += 1
        return count > Self.limit
    }
}

extension Thalamus {
    /// The lag from which on a flooding sender is throttled, in milliseconds.
    public static let tolerableLag = 50.0

    /// The senders that spoke most during the last two seconds: three at most, the loudest first.
    public var loudestSenders: [HeavySender] { senders.heaviest }

    /// The flooding senders that are throttled, so that the others get through; none as a rule.
    public var quietened: [String] { passedOver.map { String(decoding: $0.name, as: UTF8.self) } }

    /// The senders that flood the bus: the loudest that together make more than half of all waves, each far more than any sense needs.
    public var floods: [HeavySender] {
        var found: [HeavySender] = []
        var share = 0.0
        for sender in senders.heaviest where sender.wavesPerSecond > HeavySender.flood {
            found.append(sender)
            share += sender.share
            if share > 0.5 { return found }
        }
        return []
    }

    /// Names the loudest senders when it is time, and hears those that flood less as soon as waves wait because of them, until they
    /// flood no more. One that is alone disturbs no other. To be called about once a second.
    ///
    /// - Parameters:
    ///   - lag: how long waves wait now, in milliseconds.
    ///   - heldBack: what came lately of throttled senders, and was held back on its way, by sender.
    public mutating func listenForFloods(at now: Timestamp, lag: Double, heldBack: [String: HeldBackWaves] = [:]) {
        for (name, waves) in heldBack {
            noticed &+= waves.count
            counters.waves &+= waves.count
            counters.passedOver &+= waves.count
            let source = sources.number(of: name)
            if source >= 0 { senders.sample(source, times: waves.count / HeavySenders.stride) }
        }
        let refused = (
            origins: counters.ungranted, regions: counters.refusedRegions, gates: counters.heldGates,
            questions: counters.heldQuestions
        )
        refusedLately = (
            refused.origins - refusedBefore.origins, refused.regions - refusedBefore.regions,
            refused.gates - refusedBefore.gates, refused.questions - refusedBefore.questions
        )
        refusedBefore = refused
        senders.look(at: now, waves: noticed) { [sources] in sources.name($0) }
        let floods = floods.map(\.name)
        // One that is held back need not make most of all any more to be throttled.
        passedOver.removeAll {
            let name = String(decoding: $0.name, as: UTF8.self)
            return !floods.contains(name) && heldBack[name]?.isFlood != true
        }
        guard lag > Self.tolerableLag, sources.count > floods.count else { return }
        let known = quietened
        for name in floods where !known.contains(name) && passedOver.count < HeavySenders.named {
            passedOver.append(ThrottledSender(name: Array(name.utf8)))
        }
    }

    /// Notices who speaks, before anything is read of what is published; for each wave that is received, regardless of who judges it.
    ///
    /// - Returns: whether it is passed over: its sender floods, the others wait, and its limit is reached. In a gate that it has just
    ///   spoken to it would have added nothing (gates.md, Novelty).
    @inline(__always)
    public mutating func passesOver(subject: RawSpan, arrival: Timestamp) -> Bool {
        noticed &+= 1
        untilSample &-= 1
        if untilSample == 0 { sampleSender(subject) }
        return passedOver.isEmpty ? false : isTooMany(subject, arrival)
    }

    @inline(never)
    private mutating func isTooMany(_ subject: RawSpan, _ arrival: Timestamp) -> Bool {
        let name = cell(of: subject)
        for index in passedOver.indices where passedOver[index].name.count == name.count {
            let isIts = (0..<name.count).allSatisfy {
                subject.unsafeLoad(fromByteOffset: name.start + $0, as: UInt8.self) == passedOver[index].name[$0]
            }
            guard isIts else { continue }
            guard passedOver[index].isTooMany(at: arrival) else { return false }
            counters.waves &+= 1
            counters.passedOver &+= 1
            return true
        }
        return false
    }

    @inline(never)
    private mutating func sampleSender(_ subject: RawSpan) {
        untilSample = HeavySenders.stride
        let name = cell(of: subject)
        if name.count > 0 { senders.sample(sources.number(of: subject, name)) }
    }
}
