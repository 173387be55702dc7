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

/// Finds the senders that speak most, from one wave in ``stride``: bounded in memory, however many senders there are or are invented
/// ("space saving": whoever sends more than one wave in ``capacity`` is among those that are kept).
struct LoudSenders: Sendable {
    /// One wave of so many is looked at; a prime, so that senders that take turns do not fall into step with it.
    static let stride = 61
    /// How many senders are kept.
    static let capacity = 32
    /// How long is counted before the senders are named, in milliseconds.
    static let window = 5_000.0
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

    mutating func sample(_ source: Int32) {
        total += 1
        if let known = counts.firstIndex(where: { $0.source == source }) {
            counts[known].count += 1
        } else if counts.count < Self.capacity {
            counts.append(Count(source: source, count: 1, error: 0))
        } else if let least = counts.indices.min(by: { counts[$0].count < counts[$1].count }) {
            counts[least] = Count(source: source, count: counts[least].count + 1, error: counts[least].count)
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

extension Thalamus {
    /// The senders that spoke most during the last five seconds: three at most, the loudest first.
    public var loudestSenders: [LoudSender] { senders.loudest }

    /// Names the loudest senders when it is time; to be called about once a second.
    public mutating func listenForFloods(at now: Timestamp) {
        senders.look(at: now, waves: counters.waves) { [sources] in sources.name($0) }
    }

    @inline(never)
    mutating func sampleSender(_ source: Int32) {
        untilSample = LoudSenders.stride
        senders.sample(source)
    }
}
