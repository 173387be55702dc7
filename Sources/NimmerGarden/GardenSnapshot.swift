import NimmerWave

/// State of a garden at one moment, as it is kept. Each value has room in the garden's bucket: what has none is counted in the totals.
package struct GardenSnapshot: Sendable {
    /// A variant.
    struct Variant: Sendable {
        let name: String
        let digest: String
        let since: Timestamp
        var totals: (own: GardenFigures, real: GardenFigures)
        let openings: [VirtualOpening]
        let trust: [(region: Region, records: [OriginRecord])]
        let weights: [(region: Region, weight: Double)]
    }

    /// Bytes that a value may have: the bucket takes 1 MiB.
    package static let maximumBytes = 1 << 20
    /// Bytes of the openings of a variant, and of the real ones.
    private static let openingBytes = 480 << 10
    /// Bytes of a variant's trust.
    private static let trustBytes = 384 << 10
    /// Bytes of the weights of a variant's gates whose trust is declared, and of messages that wait for their openings.
    private static let otherBytes = 64 << 10

    let variants: [Variant]
    let real: [RealOpening]
    let places: [String: UInt64]
    let gaps: [OpeningSpan]
    let early: [EarlyMessage]

    /// The values by key; the variants before the real system, whose places in the streams are behind them.
    package var encoded: [(key: String, value: [UInt8])] {
        let openings = Self.newest(real.map(\.kept))
        let left = real.dropLast(openings.count)
        let real: JSON = [
            "form": .number(Double(VirtualGarden.form)),
            "places": .object(
                JSONObject(places.sorted { $0.key < $1.key }.map { .init($0.key, .number(Double($0.value))) })),
            "openings": .array(openings), "gaps": .array(gaps.map(\.kept)),
            "early": .array(Wire.fitting(early.map(\.kept), into: Self.otherBytes)),
        ]
        return variants.map { (VirtualGarden.key($0.name), Self.encoded($0, without: left).bytes) }
            + [(VirtualGarden.realKey, real.bytes)]
    }

    private static func encoded(_ variant: Variant, without real: ArraySlice<RealOpening>) -> JSON {
        var totals = variant.totals
        for opening in real where opening.at >= variant.since {
            totals.own = totals.own + GardenFigures(opening, for: variant.name)
            totals.real = totals.real + GardenFigures(opening, for: nil)
        }
        let openings = newest(variant.openings.map(\.kept))
        for opening in variant.openings.dropLast(openings.count) { totals.own = totals.own + GardenFigures(opening) }
        let trust = TrustSnapshot(variant.trust.map { .init(region: $0.region, origins: $0.records) })
        let weights = variant.weights.map { JSON.array([.string($0.region.text), .number($0.weight)]) }
        return [
            "digest": .string(variant.digest), "since": .string(variant.since.rfc3339), "own": totals.own.json,
            "real": totals.real.json, "openings": .array(openings),
            "trust": trust.mostTried(bytes: trustBytes).shown.json,
            "weights": .array(Wire.fitting(weights, into: otherBytes)),
        ]
    }

    /// The newest of a list, as many as there is room for, oldest first.
    private static func newest(_ values: [JSON]) -> [JSON] {
        Wire.fitting(values.reversed(), into: openingBytes).reversed()
    }
}
