import NimmerGate
import NimmerWave

/// The accepted outcomes of one gate, as far as the stream holds them, in its order (trust.md, Taking back).
///
/// Each carries what the gate held of its origins after it. Without one of them the gate holds what the outcomes behind it give on top of what
/// it held before: the same, to the last digit, as if that one had never been.
public struct TrustLog: Sendable {
    /// The accepted outcomes, oldest first.
    public private(set) var entries: [AcceptedOutcome] = []
    /// The place of the outcome that counts, of each opening that has one.
    private var standing: [MessageID: Int] = [:]
    /// Places of outcomes that were taken back, and of what took them back.
    private var takenBack: [(outcome: Int, by: Int)] = []
    /// Places of what took back an outcome that the stream does not hold any more.
    private var unknown: [Int] = []

    /// A log that holds nothing.
    public init() {}

    /// The accepted outcomes in the order of the stream.
    public init(_ entries: some Sequence<AcceptedOutcome>) { for entry in entries { append(entry) } }

    /// Adds the next accepted outcome.
    public mutating func append(_ entry: AcceptedOutcome) {
        let place = entries.count
        entries.append(entry)
        switch entry.effect {
        case .outcome: standing[entry.opening] = place
        case .replacement:
            takeBack(entry.opening, by: place)
            standing[entry.opening] = place
        case .withdrawal: takeBack(entry.opening, by: place)
        case .reset: break
        }
    }

    private mutating func takeBack(_ opening: MessageID, by place: Int) {
        if let outcome = standing.removeValue(forKey: opening) {
            takenBack.append((outcome, place))
        } else {
            unknown.append(place)
        }
    }

    /// The outcome that counts for an opening.
    public func outcome(of opening: MessageID) -> AcceptedOutcome? { standing[opening].map { entries[$0] } }

    /// Records of the gate's origins as if the outcome of an opening had never been accepted, by name.
    ///
    /// - Parameters:
    ///   - memory: number of outcomes by which an origin is known (`trust_memory`).
    ///   - limit: records that the gate holds at most.
    /// - Throws: a ``Refusal`` where no outcome counts for it, or what the gate held before is not known any more.
    public func records(
        without opening: MessageID, memory: Double, limit: Int = OriginTrust.maximumRecords
    ) throws(Refusal) -> [OriginRecord] {
        guard let place = standing[opening] else { throw Self.nothing(opening) }
        guard entries[place].origins != nil else { throw Self.declared(opening) }
        // Before it, sums may hold another outcome that was taken back behind it.
        var first = place
        while let earlier = takenBack.first(where: { $0.outcome < first && $0.by >= first }) { first = earlier.outcome }
        guard unknown.allSatisfy({ $0 < first }), let before = sum(before: first, memory, limit) else {
            throw Refusal(
                .value, field: "body.original_signal_id",
                "body.original_signal_id must be among the last outcomes of its gate: what it held before is not known any more",
                found: opening.text)
        }
        let gone = Set(takenBack.map(\.outcome) + [place])
        var fold = TrustFold(before, limit: limit)
        for place in first..<entries.count where !gone.contains(place) { fold.take(entries[place], memory) }
        return fold.records
    }

    /// Sum before a place; nil where it is not known.
    private func sum(before place: Int, _ memory: Double, _ limit: Int) -> [OriginRecord]? {
        if let known = entries[..<place].last(where: { $0.origins != nil })?.origins { return known }
        // The stream may have dropped older ones: the first sum shows it, since from nothing one outcome makes just this.
        guard let first = entries.first(where: { $0.origins != nil }), let sum = first.origins else { return nil }
        var fold = TrustFold([], limit: limit)
        fold.take(first, memory)
        return fold.records == sum ? [] : nil
    }

    /// The refusal to take back an outcome that is not there.
    public static func nothing(_ opening: MessageID) -> Refusal {
        .wrong(
            "body.original_signal_id",
            "must be an opening for which one of its gate's last outcomes counts, to take it back",
            found: opening.text)
    }

    /// The refusal to take back an outcome of a gate whose trust is declared: its weight has no record of single outcomes.
    public static func declared(_ opening: MessageID) -> Refusal {
        .wrong(
            "body.kind", "must be outcome where trust is declared: an outcome is taken back where trust is earned",
            found: OutcomeKind.withdrawal.rawValue)
    }
}

/// Records of a gate's origins as outcomes change them, by names (trust.md, Learning).
public struct TrustFold: Sendable {
    private var counts: [Token: (confirmed: Double, failed: Double)] = [:]
    private let limit: Int

    /// Begins with what a gate holds.
    ///
    /// - Parameter limit: records that the gate holds at most: of more, those with the fewest outcomes go, of these the smaller names.
    public init(_ records: [OriginRecord], limit: Int = OriginTrust.maximumRecords) {
        self.limit = limit
        for record in records { counts[record.origin] = (record.confirmed, record.failed) }
        counts = counts.filter { $0.value.confirmed + $0.value.failed > 0 }
        while counts.count > limit { dropLeast() }
    }

    private mutating func dropLeast() {
        let least = counts.min { first, second in
            let (a, b) = (first.value.confirmed + first.value.failed, second.value.confirmed + second.value.failed)
            return (a, first.key.text) < (b, second.key.text)
        }
        if let least { counts[least.key] = nil }
    }

    /// Takes an accepted outcome or a reset; what takes another back has no effect of its own.
    ///
    /// - Parameter memory: number of outcomes by which an origin is known.
    public mutating func take(_ entry: AcceptedOutcome, _ memory: Double) {
        switch entry.effect {
        case .outcome, .replacement:
            guard entry.origins != nil else { return }
            count(entry.result, weight: entry.weight ?? 1, witnesses: entry.witnesses, memory: memory)
        case .reset: for origin in entry.witnesses { counts[origin] = nil }
        case .withdrawal: break
        }
    }

    /// Counts an outcome for each of its witnesses.
    public mutating func count(
        _ result: VerificationResult, weight: Double, witnesses: [Token], memory: Double
    ) {
        guard result != .partial, weight > 0 else { return }
        for witness in witnesses {
            // As a gate does: another goes before one comes.
            if counts[witness] == nil, counts.count >= limit { dropLeast() }
            var record = counts[witness] ?? (0, 0)
            OriginTrust.count(result, weight: weight, memory: memory, &record.confirmed, &record.failed)
            counts[witness] = record
        }
    }

    /// Records of the origins that outcomes have moved, by name.
    public var records: [OriginRecord] {
        counts.map { OriginRecord(origin: $0.key, confirmed: $0.value.confirmed, failed: $0.value.failed) }
            .sorted { $0.origin.text < $1.origin.text }
    }
}
