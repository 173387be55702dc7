import NimmerGate
import NimmerWave

/// What one region has led to since the thalamus knows it.
public struct RegionTally: Sendable, Hashable {
    /// STABLE → OPEN.
    public var openings = 0
    /// Collapses.
    public var collapses = 0
    /// Requests sent up.
    public var escalations = 0
}

/// One region: its gate, and what a collapse must be able to say about each witness.
struct RegionSlot: Sendable {
    /// The content that is kept of a wave, in bytes; of a longer one only its length is kept.
    static let keptContent = 2048
    /// How many explanations are kept.
    static let keptExplanations = 16

    /// What is known of an origin's last wave beyond what its gate needs.
    struct Record: Sendable {
        var origin: Int32
        var source: Int32
        var cost: Double
        var contentBytes: Int
        var content: [UInt8]
    }

    /// How many origins' waves below the floor are kept.
    static let keptFaint = 16

    /// The last wave of an origin that was too faint to resonate.
    struct Faint: Sendable {
        var origin: Int32
        var confidence: Double
        var at: Timestamp
    }

    let region: Region
    let gateID: GateID
    var domain: Token
    var gate: Gate
    var records: ContiguousArray<Record> = []
    var explanations: ContiguousArray<Explanation> = []
    var nextExplanation = 0
    var faint: ContiguousArray<Faint> = []
    var lastWave: Timestamp
    var lastEscalation: Timestamp?
    var lastOpening: GateTransition?
    var tally = RegionTally()

    init(region: Region, domain: Token, gate: Gate, at moment: Timestamp) {
        self.region = region
        self.domain = domain
        self.gate = gate
        gateID = GateID(region: region)
        lastWave = moment
    }

    /// Keeps a resonating wave's content and cost.
    @inline(__always)
    mutating func record(_ origin: Int32, source: Int32, _ payload: RawSpan, _ view: WaveView) {
        var place = 0
        while place < records.count, records[place].origin != origin { place &+= 1 }
        if place == records.count { place = makeRecord(origin) }
        records[place].source = source
        records[place].cost = view.lifeforceCost
        records[place].contentBytes = view.content.count
        records[place].content.removeAll(keepingCapacity: true)
        if view.content.count <= Self.keptContent {
            payload.withUnsafeBytes { bytes in
                let range = view.content.start..<view.content.start &+ view.content.count
                records[place].content.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
        }
        if explanations.count < Self.keptExplanations {
            explanations.append(gate.last)
        } else {
            explanations[nextExplanation] = gate.last
        }
        nextExplanation = nextExplanation &+ 1 == Self.keptExplanations ? 0 : nextExplanation &+ 1
    }

    /// Keeps which wave fell below the floor, so that the gate can say so.
    mutating func recordFaint(_ origin: Int32, _ confidence: Double, _ at: Timestamp) {
        let wave = Faint(origin: origin, confidence: confidence, at: at)
        if let place = faint.firstIndex(where: { $0.origin == origin }) {
            faint[place] = wave
        } else if faint.count < Self.keptFaint {
            faint.append(wave)
        } else if let oldest = faint.indices.min(by: { faint[$0].at < faint[$1].at }) {
            faint[oldest] = wave
        }
    }

    @inline(never)
    private mutating func makeRecord(_ origin: Int32) -> Int {
        if records.count >= 2 * gate.configuration.maximumOrigins {
            records.removeAll { record in !gate.witnesses.contains { $0.origin == record.origin } }
        }
        records.append(Record(origin: origin, source: -1, cost: 0, contentBytes: 0, content: []))
        return records.count - 1
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
        faint.removeAll()
        nextExplanation = 0
    }
}
