import NimmerWave

/// A sender and how much it speaks.
public struct LoudSender: Sendable, Hashable {
    /// The cell or nerve, as its subject names it.
    public var name: String
    /// Waves a second.
    public var wavesPerSecond: Double
    /// Its part of all waves, 0…1.
    public var share: Double

    /// Waves a second above which a sender that makes most of all waves floods the bus: far more than any sense needs.
    public static let flood = 5_000.0

    /// Whether it floods the bus.
    public var isFlooding: Bool { share > 0.5 && wavesPerSecond > Self.flood }

    /// How much it speaks, for a person.
    public var words: String {
        "\(Int(saturating: wavesPerSecond.rounded())) waves/s, \(Int(saturating: (share * 100).rounded())) % of all"
    }
}

/// What a flooding sender said that did not come to the thalamus, since it was held back on its way.
public struct HeldBackWaves: Sendable, Hashable {
    /// How many waves since the last look.
    public var count: Int
    /// Whether they are still a flood.
    public var isFlood: Bool

    /// So many, of a flood or of what is left of one.
    public init(count: Int, isFlood: Bool) {
        self.count = count
        self.isFlood = isFlood
    }
}

/// Finds the senders that speak most, from one wave in ``stride``: bounded in memory, however many senders there are or are invented
/// ("space saving": whoever sends more than one wave in ``capacity`` is among those that are kept).
struct LoudSenders: Sendable {
    /// One wave of so many is looked at; a prime, so that senders that take turns do not fall into step with it.
    static let stride = 61
    /// How many senders are kept.
    static let capacity = 32
    /// How long is counted before the senders are named, in milliseconds.
    static let window = 2_000.0
    /// From how many samples on senders are named.
    static let enough = 50
    /// How many are named, and from which part of all waves.
    static let named = 3
    static let smallest = 0.05

    private struct Count {
        var source: Int32
        var count: Int
        /// How many of these may have been another's.
        var error: Int
    }

    private var counts: [Count] = []
    private var total = 0
    private var begun: Timestamp?
    private var wavesBefore = 0
    /// The loudest of the last whole window, the loudest first.
    private(set) var loudest: [LoudSender] = []

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
        guard total >= Self.enough else { return loudest.removeAll() }
        let rate = Double(waves - wavesBefore) / passed * 1000
        loudest = counts.map { (source: $0.source, share: Double($0.count - $0.error) / Double(total)) }
            .filter { $0.source >= 0 && $0.share >= Self.smallest }
            .sorted { ($0.share, $1.source) > ($1.share, $0.source) }
            .prefix(Self.named)
            .map { LoudSender(name: name($0.source), wavesPerSecond: $0.share * rate, share: $0.share) }
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

/// A flooding sender of which only so much is heard that the others get through.
struct PassedOver: Sendable {
    /// It is heard so often in each ``slice`` of milliseconds: ``LoudSender/flood`` waves a second.
    static let heard = 500
    static let slice = 100.0

    let name: [UInt8]
    var begun = Timestamp(nanoseconds: 0)
    var count = 0

    /// Whether a wave of it is one too many.
    mutating func isTooMany(at now: Timestamp) -> Bool {
        if now < begun || now.milliseconds(since: begun) >= Self.slice {
            begun = now
            count = 0
        }
        count += 1
        return count > Self.heard
    }
}

extension Thalamus {
    /// The lag from which on a flooding sender is heard less, in milliseconds.
    public static let tolerableLag = 50.0

    /// The senders that spoke most during the last two seconds: three at most, the loudest first.
    public var loudestSenders: [LoudSender] { senders.loudest }

    /// The flooding sender that is heard less, so that the others get through; nil as a rule.
    public var quietened: String? { passedOver.map { String(decoding: $0.name, as: UTF8.self) } }

    /// Names the loudest senders when it is time, and hears one that floods less as soon as waves wait because of it, until it floods
    /// no more. One that is alone disturbs nobody. To be called about once a second.
    ///
    /// - Parameters:
    ///   - lag: how long waves wait now, in milliseconds.
    ///   - heldBack: what came lately of the sender that is heard less, and was held back on its way; nil while none is.
    public mutating func listenForFloods(at now: Timestamp, lag: Double, heldBack: HeldBackWaves? = nil) {
        if let heldBack, let name = quietened {
            counters.waves &+= heldBack.count
            counters.passedOver &+= heldBack.count
            let source = sources.number(of: name)
            if source >= 0 { senders.sample(source, times: heldBack.count / LoudSenders.stride) }
        }
        senders.look(at: now, waves: counters.waves) { [sources] in sources.name($0) }
        let flood = senders.loudest.first.flatMap { $0.isFlooding ? Array($0.name.utf8) : nil }
        if let flood, sources.count > 1, passedOver?.name == flood || lag > Self.tolerableLag {
            if passedOver?.name != flood { passedOver = PassedOver(name: flood) }
        } else if heldBack?.isFlood != true {
            passedOver = nil
        }
        // One that is held back need not make most of all any more to be heard less.
    }

    /// Whether a wave is passed over: its sender floods, the others wait, and it was heard enough. In a gate that it has just spoken to
    /// it would have added nothing (gates.md, Novelty). Costs nothing while nobody is heard less.
    public mutating func passesOver(subject: RawSpan, arrival: Timestamp) -> Bool {
        guard passedOver != nil else { return false }
        let name = cell(of: subject)
        guard let known = passedOver?.name, name.count == known.count,
            (0..<name.count).allSatisfy({
                subject.unsafeLoad(fromByteOffset: name.start + $0, as: UInt8.self) == known[$0]
            }), passedOver?.isTooMany(at: arrival) == true
        else { return false }
        counters.waves &+= 1
        counters.passedOver &+= 1
        untilSample &-= 1
        if untilSample == 0 { sampleSender(sources.number(of: subject, name)) }
        return true
    }

    @inline(never)
    mutating func sampleSender(_ source: Int32) {
        untilSample = LoudSenders.stride
        senders.sample(source)
    }
}
