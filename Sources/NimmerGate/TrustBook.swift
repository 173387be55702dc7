import Glibc
import NimmerWave

/// Source of the trust that a gate has in an origin (trust.md).
public enum TrustSource: String, Hashable, Sendable, CaseIterable {
    /// The configuration declares it, for the whole gate; outcomes move it a little.
    case declared
    /// Each origin earns its own by the outcomes of openings that it asserted.
    case earned
}

/// Verdict on an origin's claim to be heard alone (trust.md, A wave arrives).
public enum HearingVerdict: Hashable, Sendable, CustomStringConvertible {
    /// The wave raised no claim.
    case none
    /// It opened the gate.
    case granted
    /// It is one of the occasions that pass before the next hearing.
    ///
    /// - Parameters:
    ///   - passed: occasions that have passed since the last hearing, this one included.
    ///   - needed: occasions of which the last is heard: 2 to the power of the failed outcomes.
    case refused(passed: Int, needed: Double)

    /// `refused 1 of 2`: the word, and of a refusal the occasions.
    public var description: String {
        guard case .refused(let passed, let needed) = self else { return word }
        return "refused \(passed) of \(needed == needed.rounded() ? "\(Int(saturating: needed))" : "\(needed)")"
    }

    /// One word.
    public var word: String {
        switch self {
        case .none: "none"
        case .granted: "granted"
        case .refused: "refused"
        }
    }
}

/// Time that a lone voice has lasted, and must last, to be heard once.
public struct HearingWait: Hashable, Sendable, CustomStringConvertible {
    /// Milliseconds since its run began.
    public let lasted: Double
    /// Milliseconds that it must last.
    public let needed: Double
    /// Occasions that passed since the last hearing.
    public let passed: Int
    /// Occasions of which the last is heard.
    public let occasions: Double

    /// `9 s of 15 s to a hearing`.
    public var description: String {
        let time = "\(seconds(lasted)) s of \(seconds(needed)) s to a hearing"
        return occasions > 1 ? "\(time) (occasion \(passed + 1) of \(Int(saturating: occasions.rounded(.up))))" : time
    }

    private func seconds(_ milliseconds: Double) -> String {
        milliseconds < 10_000
            ? "\((milliseconds / 100).rounded() / 10)" : "\(Int(saturating: (milliseconds / 1000).rounded()))"
    }
}

/// Record of one origin at a gate under earned trust (trust.md, State).
public struct OriginTrust: Sendable {
    /// The origin.
    public internal(set) var origin: Int32
    /// Occasions that passed without a hearing since the last one.
    public internal(set) var unheard: Int32 = 0
    /// Confirmed outcomes that count, at least 0; the old ones faded.
    public internal(set) var confirmed = 0.0 { didSet { trust = Self.unknown } }
    /// Failed outcomes that count, at least 0; the old ones faded.
    public internal(set) var failed = 0.0 { didSet { trust = Self.unknown } }
    /// Begin of its present run, in nanoseconds.
    var since: Int64
    /// Indicates whether its present run was considered for a hearing.
    var isConsidered = false
    /// Trust that follows from its outcomes, kept from wave to wave with its voice and its gain; `unknown` since they changed.
    var trust = Self.unknown
    var voice = 1.0
    var gain = 1.0
    static let unknown = -1.0

    init(origin: Int32, since: Int64) {
        self.origin = origin
        self.since = since
    }

    /// Records of a gate at most, however many witnesses it remembers, so that a snapshot of them fits into a message.
    public static let maximumRecords = 256

    /// Number of occasions of which the last is heard, after so many failed outcomes: 2 to their power.
    public static func occasions(afterFailed failed: Double) -> Double { exp2(failed) }

    /// Outcomes that count.
    public var outcomes: Double { confirmed + failed }

    /// Counts an outcome.
    mutating func count(_ result: VerificationResult, weight: Double, memory: Double) {
        var (confirmed, failed) = (confirmed, failed)
        Self.count(result, weight: weight, memory: memory, &confirmed, &failed)
        (self.confirmed, self.failed) = (confirmed, failed)
    }

    /// Counts an outcome for an origin of which so much is held (trust.md, Learning): the one place of its arithmetic.
    ///
    /// - Parameters:
    ///   - weight: the share of an outcome that it counts as, 0…1.
    ///   - memory: number of outcomes by which an origin is known.
    public static func count(
        _ result: VerificationResult, weight: Double, memory: Double, _ confirmed: inout Double, _ failed: inout Double
    ) {
        switch result {
        case .confirmed: confirmed += weight
        case .failed: failed += weight
        case .partial: return
        }
        let outcomes = confirmed + failed
        guard outcomes > memory else { return }
        confirmed *= memory / outcomes
        failed *= memory / outcomes
    }
}

/// An opening whose outcome is not known yet (trust.md, State).
public struct UndecidedOpening: Hashable, Sendable {
    /// Undecided openings that a gate remembers; of more the oldest goes as if `partial`.
    package static let maximum = AwaitedOpenings.maximum

    /// Id of the transition; nil until its owner has named it.
    public internal(set) var id: MessageID?
    /// The origin whose wave opened the gate.
    public internal(set) var opener: Int32
    /// The origins that asserted in the window.
    public internal(set) var witnesses: ContiguousArray<Int32>

    /// An opening that was stored before a restart.
    public init(id: MessageID, opener: Int32, witnesses: ContiguousArray<Int32>) {
        self.id = id
        self.opener = opener
        self.witnesses = witnesses
    }

    init(opener: Int32, witnesses: ContiguousArray<Int32>) {
        self.opener = opener
        self.witnesses = witnesses
    }
}

/// Records of a gate's origins under earned trust, and the openings whose outcomes are awaited (trust.md, State).
struct TrustBook: Sendable {
    var records: ContiguousArray<OriginTrust> = []
    var undecided: ContiguousArray<UndecidedOpening> = []
    /// Id of the newest opening, decided or not.
    var newest: MessageID?
    /// Trust of the last opener.
    var ofOpener: Double?

    /// The place of an origin's record; -1 without one.
    @inline(__always)
    func place(of origin: Int32) -> Int {
        for place in records.indices where records[place].origin == origin { return place }
        return -1
    }

    /// The place of an origin's record, made where it has none.
    ///
    /// - Parameters:
    ///   - moment: now, in nanoseconds.
    ///   - limit: records at most; of more, the one with the fewest outcomes goes, of these the oldest.
    @inline(__always)
    mutating func place(of origin: Int32, at moment: Int64, limit: Int) -> Int {
        let known = place(of: origin)
        return known >= 0 ? known : add(origin, at: moment, limit: limit)
    }

    @inline(never)
    private mutating func add(_ origin: Int32, at moment: Int64, limit: Int) -> Int {
        if records.count >= limit, let least = least { records.remove(at: least) }
        records.append(OriginTrust(origin: origin, since: moment))
        return records.count - 1
    }

    private var least: Int? {
        records.indices.min { first, second in
            let (a, b) = (records[first], records[second])
            return (a.outcomes, a.since, a.origin) < (b.outcomes, b.since, b.origin)
        }
    }

    /// Counts an outcome for an origin (trust.md, Learning).
    mutating func count(
        _ result: VerificationResult, weight: Double, for origin: Int32, memory: Double, at moment: Int64, limit: Int
    ) {
        guard result != .partial, weight > 0 else { return }
        let place = place(of: origin, at: moment, limit: limit)
        records[place].count(result, weight: weight, memory: memory)
    }

    /// Remembers an opening until its outcome is known.
    mutating func opened(by opener: Int32, _ witnesses: ContiguousArray<Int32>) {
        remember(UndecidedOpening(opener: opener, witnesses: witnesses))
    }

    mutating func remember(_ opening: UndecidedOpening) {
        if undecided.count >= UndecidedOpening.maximum { undecided.removeFirst() }
        undecided.append(opening)
    }
}
