import NimmerGate
import NimmerWave

/// Records of origins, and openings without an outcome, of regions that have no slot: earned trust is never lost for silence.
///
/// Records stay, however many regions have some: each took an outcome. Openings alone are bounded, since a sender that invents regions brings
/// as many as it likes.
struct KeptTrust: Sendable {
    /// An opening whose outcome is not known.
    typealias Opening = (id: MessageID, opener: Token, witnesses: [Token])

    /// Contents of one region.
    struct Entry: Sendable {
        let gateID: GateID
        var records: [OriginRecord] = []
        /// Openings whose outcomes are not known, oldest first.
        fileprivate(set) var undecided: [Opening] = []
        /// The newest opening, decided or not.
        fileprivate(set) var newest: MessageID?
        /// Place in the order of changes.
        fileprivate var order = 0

        fileprivate init(_ region: Region) { gateID = GateID(region: region) }

        var isEmpty: Bool { records.isEmpty && undecided.isEmpty }

        /// Replaces the openings; of too many the oldest go.
        ///
        /// - Parameter newest: the newest opening, decided or not.
        mutating func setUndecided(_ openings: [Opening], newest: MessageID?) {
            undecided = openings.suffix(UndecidedOpening.maximum)
            self.newest = newest
        }

        /// Remembers an opening; of too many the oldest goes.
        mutating func remember(_ opening: Opening) {
            if undecided.count >= UndecidedOpening.maximum { undecided.removeFirst() }
            undecided.append(opening)
        }

        /// Ends the wait for the outcome of an opening.
        ///
        /// - Parameter opener: its opener; where the id is unknown, the oldest opening by it is the one meant. nil: none is.
        @discardableResult
        mutating func decide(_ opening: MessageID, by opener: Token? = nil) -> Opening? {
            let place =
                undecided.firstIndex { $0.id == opening }
                ?? opener.flatMap { opener in undecided.firstIndex { $0.opener == opener } }
            return place.map { undecided.remove(at: $0) }
        }
    }

    private(set) var entries: [Region: Entry] = [:]
    /// Regions of which only openings are kept, at most; of more the oldest go.
    private let maximumOpeningsAlone: Int
    /// Regions of which only openings are kept.
    private var openingsAlone = 0
    private var changes = 0

    /// Nothing yet.
    ///
    /// - Parameter maximumRegions: regions of which only openings are kept, at most.
    init(maximumRegions: Int) { maximumOpeningsAlone = max(1, maximumRegions) }

    var isEmpty: Bool { entries.isEmpty }

    subscript(region: Region) -> Entry? { entries[region] }

    /// The region of a gate, where something is kept of it.
    func region(of gate: GateID) -> Region? { entries.first { $0.value.gateID == gate }?.key }

    /// Changes what is kept of a region, and forgets the oldest openings where there are too many.
    @discardableResult
    mutating func change<Result>(_ region: Region, _ change: (inout Entry) -> Result) -> Result {
        var entry = entries[region] ?? Entry(region)
        if entries[region]?.records.isEmpty == true { openingsAlone -= 1 }
        let result = change(&entry)
        changes &+= 1
        entry.order = changes
        entries[region] = entry.isEmpty ? nil : entry
        if entry.records.isEmpty, !entry.isEmpty { openingsAlone += 1 }
        if openingsAlone > maximumOpeningsAlone { forgetOldest() }
        return result
    }

    /// Takes out what is kept of a region.
    mutating func remove(_ region: Region) -> Entry? {
        guard let entry = entries.removeValue(forKey: region) else { return nil }
        if entry.records.isEmpty { openingsAlone -= 1 }
        return entry
    }

    /// Forgets regions.
    mutating func forget(where isGone: (GateID) -> Bool) {
        entries = entries.filter { !isGone($0.value.gateID) }
        openingsAlone = entries.values.count { $0.records.isEmpty }
    }

    /// Forgets an eighth of the regions of which only openings are kept, those that changed first: so a single one costs little.
    private mutating func forgetOldest() {
        let alone = entries.filter { $0.value.records.isEmpty }.sorted { $0.value.order < $1.value.order }
        let kept = maximumOpeningsAlone - maximumOpeningsAlone / 8
        for (region, _) in alone.prefix(alone.count - kept) { entries[region] = nil }
        openingsAlone = min(alone.count, kept)
    }
}
