/// Records of the origins of regions, as a file (trust.md, Replay and restart): `nimmer trust export` and `nimmer replay --trust` write
/// it.
///
/// `{"nimmerverse_trust": 1, "regions": {"plant": [{"origin": "pump-flow", "ok": 3, "failed": 0}]}}`
public struct TrustSnapshot: Sendable, Hashable {
    /// Records of one region's origins.
    public struct Entry: Sendable, Hashable {
        /// The region.
        public var region: Region
        /// Its origins, by name.
        public var origins: [OriginRecord]

        /// An entry.
        public init(region: Region, origins: [OriginRecord]) {
            self.region = region
            self.origins = origins
        }
    }

    /// Key and version of the form.
    private static let key = "nimmerverse_trust"

    /// Regions in which outcomes have shown anything, by name.
    public var entries: [Entry]

    /// A snapshot of these regions.
    public init(_ entries: [Entry]) { self.entries = entries.sorted { $0.region.text < $1.region.text } }

    /// Reads a snapshot.
    ///
    /// - Throws: a ``Refusal`` that names the field, what was found and what was expected.
    public init(_ json: JSON) throws(Refusal) {
        guard json[Self.key]?.int == 1 else {
            throw .wrong(Self.key, "must be 1: this is no file of trust", found: json[Self.key]?.text ?? json.kind)
        }
        guard let regions = json["regions"]?.resolved.object else {
            throw .wrong("regions", "must be an object", found: json["regions"]?.kind ?? "nothing")
        }
        var entries: [Entry] = []
        for member in regions.members {
            let place = "regions.\(member.key)"
            guard let region = try? Region(member.key) else {
                throw .wrong(place, "must be a region: tokens joined by dots", found: member.key)
            }
            guard let list = member.value.resolved.array else {
                throw .wrong(place, "must be a list of origins", found: member.value.kind)
            }
            var origins: [OriginRecord] = []
            for (index, item) in list.enumerated() { origins.append(try Self.origin(item, "\(place)[\(index)]")) }
            entries.append(Entry(region: region, origins: origins))
        }
        self.init(entries)
    }

    private static func origin(_ json: JSON, _ place: String) throws(Refusal) -> OriginRecord {
        guard let origin = json["origin"]?.string.flatMap({ try? Token($0) }) else {
            throw .wrong("\(place).origin", "must be an origin's name", found: json["origin"]?.text ?? json.kind)
        }
        func number(_ key: String) throws(Refusal) -> Double {
            guard let value = json[key]?.double, value >= 0, value <= 1000 else {
                throw .wrong("\(place).\(key)", "must be a number from 0 to 1000", found: json[key]?.text ?? "nothing")
            }
            return value
        }
        return OriginRecord(origin: origin, confirmed: try number("ok"), failed: try number("failed"))
    }

    /// The snapshot as JSON.
    public var json: JSON {
        var regions = JSONObject([])
        for entry in entries {
            regions[entry.region.text] = .array(
                entry.origins.map { origin in
                    [
                        "origin": .string(origin.origin.text), "ok": .number(origin.confirmed),
                        "failed": .number(origin.failed),
                    ]
                })
        }
        return [Self.key: 1, "regions": .object(regions)]
    }
}
