import NimmerBus
import NimmerWave

/// Features of a server, from its `INFO`.
enum ServerFeatures {
    /// Features of a version (protocol.md, Compatibility).
    static func of(_ version: String, _ info: JSON?) -> Set<BusFeature> {
        var found: Set<BusFeature> = []
        if info?["headers"]?.bool ?? true { found.insert(.headers) }
        guard info?["jetstream"]?.bool ?? false else { return found }
        found.insert(.streams)
        let numbers = version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
        guard numbers.count >= 2 else { return found }
        let release = (numbers[0], numbers[1])
        if release >= (2, 9) { found.insert(.directGet) }
        if release >= (2, 10) { found.formUnion([.multipleFilters, .metadata, .syncBeforeAck]) }
        if release >= (2, 11) { found.insert(.messageTTL) }
        return found
    }
}
