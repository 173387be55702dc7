import CPrefetch
import NimmerGate
import NimmerWave

/// Counters of one region since the thalamus knows it.
public struct RegionTally: Sendable, Hashable {
    /// STABLE → OPEN.
    public var openings = 0
    /// Collapses.
    public var collapses = 0
    /// Requests sent up.
    public var escalations = 0
}

/// One region: its gate, and what a collapse publishes about each witness.
struct RegionSlot: Sendable {
    /// The content that is kept of a wave, in bytes; of a longer one only its length is kept.
    static let keptContent = 2048
    /// Maximum number of explanations that are kept.
    static let keptExplanations = 16

    /// Origins that there is room for from the start.
    static let expectedOrigins = 8
    /// Size of an array's head before its elements, in bytes.
    private static let arrayHead = 32

    /// An origin's last wave, as its collapse needs it.
    struct Record: Sendable {
        var origin: Int32
        var source: Int32
        var cost: Double
        var contentBytes: Int
        var content: [UInt8]
        /// The artifacts that its wave names, as they stood there; empty for nearly every wave.
        var artifacts: [UInt8] = []
        /// Domain of its wave, where that is not the region's own; else empty.
        var domain: [UInt8] = []

        /// Keeps a wave's content, where it is not too long, and what else is to be reported of it.
        @inline(__always)
        mutating func take(_ source: Int32, _ payload: RawSpan, _ view: WaveView) {
            self.source = source
            cost = view.lifeforceCost
            contentBytes = view.content.count
            content.removeAll(keepingCapacity: true)
            if !view.artifacts.isEmpty || !artifacts.isEmpty { takeArtifacts(payload, view) }
            guard contentBytes <= RegionSlot.keptContent else { return }
            payload.withUnsafeBytes { bytes in
                let range = view.content.start..<view.content.start &+ view.content.count
                content.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
        }

        @inline(never)
        private mutating func takeArtifacts(_ payload: RawSpan, _ view: WaveView) {
            artifacts.removeAll(keepingCapacity: true)
            guard view.artifacts.count <= RegionSlot.keptContent else { return }
            payload.withUnsafeBytes { bytes in
                let range = view.artifacts.start..<view.artifacts.start &+ view.artifacts.count
                artifacts.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
        }
    }

    let region: Region
    let gateID: GateID
    /// Domain of the first wave of the region.
    let domain: Token
    /// A number of that domain, by which a wave's own is compared without a look elsewhere in memory.
    private let domainMark: UInt64
    var gate: Gate
    var records: ContiguousArray<Record> = []
    var explanations: ContiguousArray<Explanation> = []
    var nextExplanation = 0
    var lastWave: Timestamp
    var lastEscalation: Timestamp?
    var tally = RegionTally()
    /// Time at which ``Thalamus/releases`` looks at it next, in nanoseconds; `Int64.max`: never.
    var looksAt = Int64.max
    /// The moment of its gate's last transition as it was published, on the wall.
    var lastPublished: Timestamp?
    /// Energy that its waves cost since it was taken last, in LF: those of cells, and those of nerves.
    var spent = (cells: 0.0, nerves: 0.0)
    /// Outside the slot, which stays small for the sake of the processor's caches.
    private var opening: [Conclusion] = []

    /// The last transition from STABLE to OPEN, without contents and terms.
    var lastOpening: Conclusion? {
        get { opening.first }
        set { opening = newValue.map { [$0] } ?? [] }
    }

    init(region: Region, domain: Token, gate: Gate, at moment: Timestamp) {
        self.region = region
        self.domain = domain
        let name = Array(domain.text.utf8)
        domainMark = Self.mark(name.span.bytes)
        self.gate = gate
        gateID = GateID(region: region)
        lastWave = moment
        // One after the other and once: what a wave of this region touches lies together.
        self.gate.reserveWitnesses(Self.expectedOrigins)
        self.gate.reserveRecords(Self.expectedOrigins)
        records.reserveCapacity(Self.expectedOrigins)
        explanations.reserveCapacity(Self.keptExplanations)
    }

    /// Has the processor fetch what a wave will touch, while the caller still finds out who speaks: with thousands of regions
    /// none of it is in the caches. Records of trust are left out: of them a wave touches one line, and fetching all took longer.
    @inline(__always)
    mutating func prefetch() {
        nimmer_prefetch(gate.witnessesPlace, Self.expectedOrigins * MemoryLayout<GateWitness>.stride + Self.arrayHead)
        // The address alone: a closure over the elements would count the array's references twice a wave.
        nimmer_prefetch(
            unsafeBitCast(records, to: UnsafeRawPointer.self),
            Self.expectedOrigins * MemoryLayout<Record>.stride + Self.arrayHead)
    }

    /// Hands a wave to the gate and keeps what is to be reported of it, in one access to the slot.
    ///
    /// - Parameter releasesSooner: becomes true when the gate is not STABLE and the wave brought its release nearer.
    @inline(__always)
    mutating func receive(
        _ wave: Evidence, source: Int32, vector: [Double], _ payload: RawSpan, _ view: WaveView,
        into transitions: inout ContiguousArray<Transition>, releasesSooner: inout Bool
    ) -> Verdict {
        if wave.at > lastWave { lastWave = wave.at }
        let verdict = gate.receive(wave, vector: vector, into: &transitions)
        if verdict == .resonated { record(wave.origin, source: source, payload, view) }
        releasesSooner = gate.state != .stable && gate.wasPushedBack
        return verdict
    }

    /// Keeps a resonating wave's content and cost.
    @inline(__always)
    private mutating func record(_ origin: Int32, source: Int32, _ payload: RawSpan, _ view: WaveView) {
        var place = 0
        while place < records.count, records[place].origin != origin { place &+= 1 }
        if place == records.count { place = makeRecord(origin) }
        records[place].take(source, payload, view)
        let own = payload.extracting(view.domain.start..<view.domain.start &+ view.domain.count)
        if Self.mark(own) != domainMark {
            keep(own, of: place)
        } else if !records[place].domain.isEmpty {
            records[place].domain = []
        }
        if explanations.count < Self.keptExplanations {
            explanations.append(gate.last)
        } else {
            explanations[nextExplanation] = gate.last
        }
        nextExplanation = nextExplanation &+ 1 == Self.keptExplanations ? 0 : nextExplanation &+ 1
    }

    /// FNV-1a, 64 bits.
    @inline(__always)
    private static func mark(_ bytes: RawSpan) -> UInt64 {
        var mark: UInt64 = 0xcbf2_9ce4_8422_2325
        for place in 0..<bytes.byteCount {
            mark = (mark ^ UInt64(bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self))) &* 0x0000_0100_0000_01b3
        }
        return mark
    }

    @inline(never)
    private mutating func keep(_ domain: RawSpan, of place: Int) {
        domain.withUnsafeBytes { bytes in
            if !records[place].domain.elementsEqual(bytes) { records[place].domain = Array(bytes) }
        }
    }

    /// Domain of an origin's last wave.
    func domain(of origin: Int32) -> Token {
        guard let own = record(of: origin)?.domain, !own.isEmpty else { return domain }
        return (try? Token(String(decoding: own, as: UTF8.self))) ?? domain
    }

    @inline(never)
    private mutating func makeRecord(_ origin: Int32) -> Int {
        if records.count >= 2 * gate.configuration.maximumOrigins {
            records.removeAll { record in !gate.witnesses.contains { $0.origin == record.origin } }
        }
        records.append(Record(origin: origin, source: -1, cost: 0, contentBytes: 0, content: []))
        return records.count - 1
    }

    /// State that would be lost with it.
    var standing: EvictionRank {
        if gate.weight != gate.configuration.weight || gate.records.contains(where: { $0.outcomes > 0 }) {
            return .earned
        }
        if gate.state != .stable { return .moving }
        return opening.isEmpty ? .fresh : .opened
    }

    func record(of origin: Int32) -> Record? { records.first { $0.origin == origin } }

    /// The kept explanations, oldest first.
    var history: [Explanation] {
        explanations.count < Self.keptExplanations
            ? Array(explanations) : Array(explanations[nextExplanation...] + explanations[..<nextExplanation])
    }

    /// Forgets the numbers of origins, and gives new ones.
    mutating func renumber(_ number: (Int32) -> Int32) {
        gate.renumberOrigins(number)
        records.removeAll { record in !gate.witnesses.contains { number(record.origin) == $0.origin } }
        for index in records.indices { records[index].origin = number(records[index].origin) }
        explanations.removeAll()
        nextExplanation = 0
    }
}

/// The last waves of a region that were too faint to resonate, one of each origin; kept apart from the slots, which every
/// wave touches.
struct WeakWaves: Sendable {
    /// Maximum number of origins that are kept.
    static let limit = 16

    struct Wave: Sendable {
        var origin: Int32
        var confidence: Double
        var at: Timestamp
    }

    private(set) var waves: ContiguousArray<Wave> = []

    mutating func record(_ origin: Int32, _ confidence: Double, _ at: Timestamp) {
        let wave = Wave(origin: origin, confidence: confidence, at: at)
        if let place = waves.firstIndex(where: { $0.origin == origin }) {
            waves[place] = wave
        } else if waves.count < Self.limit {
            waves.append(wave)
        } else if let oldest = waves.indices.min(by: { waves[$0].at < waves[$1].at }) {
            waves[oldest] = wave
        }
    }
}
