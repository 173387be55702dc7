import NimmerIris
import NimmerSystem
import NimmerWave

/// Joining of regions that mean the same, as a thalamus is configured for it (spec/iris.md, Regions that mean the same).
package struct Joining: Sendable {
    /// Cosine from which a region joins a home.
    package var join: Double
    /// Amount below ``join`` down to which a region that has joined stays.
    package var hysteresis: Double
    /// The models that embed, the first asked first: thalami that share regions must agree in them.
    package var model: String
    /// Model that decides at once, where no log is followed: in replay and in the garden.
    package var names: NameMeanings?

    /// Joining as the section `iris` of a system file has it.
    package init(_ settings: IrisSettings) {
        join = settings.join
        hysteresis = settings.hysteresis
        model = settings.organ.map { "organ \($0), table" } ?? "table"
    }

    /// Homes in which no region lives yet.
    package func homes(_ declared: RegionMap) -> Homes {
        Homes(join: join, hysteresis: hysteresis, declared: declared)
    }
}

/// A wave that waits for the home of its region.
package struct WaitingWave: Sendable, Hashable {
    /// Its subject.
    package let subject: [UInt8]
    /// The message.
    package let payload: [UInt8]
    /// Time at which it came in.
    package let arrival: Timestamp?

    init(_ subject: RawSpan, _ payload: RawSpan, arrival: Timestamp?) {
        self.subject = subject.withUnsafeBytes { Array($0) }
        self.payload = payload.withUnsafeBytes { Array($0) }
        self.arrival = arrival
    }

    var size: Int { subject.count + payload.count }
}

/// Waves of regions that have no home yet, within bounds; and waves whose home another thalamus has.
struct WaitingWaves: Sendable {
    /// Waves of one region that wait at most.
    static let wavesPerRegion = 64
    /// Regions that wait at most.
    static let regions = 1_024
    /// Bytes of all together, at most.
    static let bytes = 1 << 20

    /// Regions that were seen for the first time since they were taken last, in their order.
    private(set) var fresh: [Region] = []
    /// Waves for others since they were taken last.
    private(set) var elsewhere: [(gate: GateID, wave: WaitingWave)] = []
    private var waves: [Region: [WaitingWave]] = [:]
    private var size = 0

    /// Number of regions that wait.
    var count: Int { waves.count }

    func contains(_ region: Region) -> Bool { waves[region] != nil }

    /// Holds a wave.
    ///
    /// - Returns: false where there is no room for it.
    mutating func hold(_ wave: WaitingWave, of region: Region) -> Bool {
        let known = waves[region]
        if known == nil {
            guard waves.count < Self.regions else { return false }
            fresh.append(region)
            waves[region] = []
        }
        guard (known?.count ?? 0) < Self.wavesPerRegion, size + wave.size <= Self.bytes else { return false }
        waves[region, default: []].append(wave)
        size += wave.size
        return true
    }

    /// Keeps a wave for the one who has its gate, until the caller takes it.
    mutating func pass(_ wave: WaitingWave, to gate: GateID) { elsewhere.append((gate, wave)) }

    /// Removes and returns the waves of a region, in their order.
    mutating func take(_ region: Region) -> [WaitingWave] {
        let taken = waves.removeValue(forKey: region) ?? []
        size -= taken.reduce(0) { $0 + $1.size }
        return taken
    }

    /// Drops the waves of some regions.
    ///
    /// - Returns: how many.
    mutating func drop(where isGone: (Region) -> Bool) -> Int {
        waves.keys.filter(isGone).reduce(0) { $0 + take($1).count }
    }

    /// Removes and returns what was not known before.
    mutating func takeNew() -> (fresh: [Region], elsewhere: [(gate: GateID, wave: WaitingWave)]) {
        defer {
            fresh.removeAll()
            elsewhere.removeAll()
        }
        return (fresh, elsewhere)
    }
}

extension ThalamusConfiguration {
    /// Lets a thalamus decide at once where regions live, by the table in the process alone: what is recorded joins the same way each time, and
    /// no server is needed. Nothing where regions do not join.
    ///
    /// - Throws: a ``Refusal`` where the process has no table.
    package mutating func joinAtOnce() throws(Refusal) {
        guard joining != nil else { return }
        switch MeaningFiles.own {
        case .success(let files): joinAtOnce(NameMeanings(files.table, files.links))
        case .failure(let missing):
            throw Refusal(
                .missing, field: "iris",
                "the section 'iris' needs the table of meanings, by which regions join here: \(missing.reason)")
        }
    }

    /// Lets a thalamus decide at once where regions live.
    package mutating func joinAtOnce(_ names: NameMeanings) {
        joining?.names = names
        joining?.model = "\(names.model.name) \(names.links)"
    }
}
