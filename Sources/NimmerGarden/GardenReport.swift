import NimmerThalamus
import NimmerWave

/// Answers of the garden about its variants, and how a person reads them.
package struct GardenReport: Sendable, Hashable {
    /// Name of the variant.
    package var variant: String
    /// Name of all that its judgement follows from, as the garden runs it.
    package var digest: String
    /// Begin of what it has counted.
    package var since: String
    /// Its figures.
    package var own: GardenFigures
    /// Those of the real system in the same time.
    package var real: GardenFigures
    /// Lifeforce that one question may cost at most, in LF.
    package var costOfCall: Double

    init(_ variant: VariantRun, _ garden: VirtualGarden) {
        self.variant = variant.name
        digest = variant.digest
        since = variant.since.rfc3339
        (own, real) = variant.figures(garden.real)
        costOfCall = garden.costOfCall
    }

    /// Number of outcomes that count for or against it.
    package var evidence: Int { own.evidence }
    /// Questions that it would not have asked; below 0 where it asks more.
    package var callsSaved: Int { real.calls - own.calls }
    /// Lifeforce of its witnesses and of its questions, in LF.
    package var spent: Double { own.lifeforce + Double(own.calls) * costOfCall }
    /// Lifeforce of the witnesses and the questions of the real system, in LF.
    package var realSpent: Double { real.lifeforce + Double(real.calls) * costOfCall }

    package var json: JSON {
        [
            "variant": .string(variant), "digest": .string(digest), "since": .string(since), "own": own.json,
            "real": real.json,
            "evidence": .number(Double(evidence)), "calls_saved": .number(Double(callsSaved)),
            "cost_of_call": .number(costOfCall),
            "spent": .number(Self.rounded(spent)), "real_spent": .number(Self.rounded(realSpent)),
        ]
    }

    package init?(_ json: JSON) {
        guard let variant = json["variant"]?.string, json["own"] != nil else { return nil }
        self.variant = variant
        digest = json["digest"]?.string ?? ""
        since = json["since"]?.string ?? ""
        own = GardenFigures(json["own"])
        real = GardenFigures(json["real"])
        costOfCall = json["cost_of_call"]?.double ?? 0
    }

    private static func rounded(_ number: Double) -> Double { (number * 1e6).rounded() / 1e6 }
}

extension VirtualGarden {
    /// A report of each variant, in the order of the file.
    package var reports: [GardenReport] { variants.map { GardenReport($0, self) } }

    /// Commands that people may send.
    package static let commands = [
        ("list", "lists the variants with what each would have woken for"),
        ("show", "shows the last openings of a variant: {\"variant\": \"eager\"}"),
        ("diff", "compares the last openings of a variant with the real ones: {\"variant\": \"eager\"}"),
    ]

    /// Answers a question of a person.
    ///
    /// - Throws: a ``Refusal`` that names what is expected.
    package func answer(_ command: Command) throws(Refusal) -> JSON {
        switch command.command {
        case "list": return ["variants": .array(reports.map(\.json))]
        case "show": return show(try variant(command))
        case "diff": return diff(try variant(command))
        default:
            throw Refusal(
                .value, field: "body.command", "must be \(Self.commands.map(\.0).joined(separator: ", "))",
                found: command.command)
        }
    }

    private func variant(_ command: Command) throws(Refusal) -> VariantRun {
        let known = variants.map(\.name).joined(separator: ", ")
        guard let name = command.payload["variant"]?.string, let variant = variants.first(where: { $0.name == name })
        else {
            throw Refusal(
                .value, field: "body.payload.variant", "must be a variant of the system file (\(known))",
                found: command.payload["variant"]?.text ?? "nothing")
        }
        return variant
    }

    /// Openings that an answer shows at most.
    private static let shown = 50
    /// Bytes that a list of openings, and that trust may take of an answer beside each other: half of it, less the report.
    private static let half = Wire.maximumBytes / 2 - 2_048

    private func show(_ variant: VariantRun) -> JSON {
        let openings = variant.openings.suffix(Self.shown).reversed().map(Self.line)
        var answer: JSONObject = [
            "report": GardenReport(variant, self).json, "openings": .array(Wire.fitting(openings, into: Self.half)),
        ]
        let trust = variant.thalamus.trust()
        let (shown, leftOut) = TrustSnapshot(trust.map { .init(region: $0.region, origins: $0.records) })
            .mostTried(bytes: Self.half)
        answer["trust"] = shown.json
        if leftOut > 0 { answer["trust_left_out"] = .number(Double(leftOut)) }
        return .object(answer)
    }

    private static func line(_ opening: VirtualOpening) -> JSON {
        var line: JSONObject = [
            "id": .string(opening.id.text), "at": .string(opening.at.rfc3339), "region": .string(opening.region.text),
            "witnesses": .array(opening.witnesses.map { .string($0.text) }), "call": .bool(opening.isCall),
            "verdict": .string(word(opening)),
        ]
        line["until"] = opening.span.until.map { .string($0.rfc3339) }
        return .object(line)
    }

    private static func word(_ opening: VirtualOpening) -> String {
        switch opening.evidence {
        case .confirmed: "caught"
        case .failed: "false"
        case .partial, nil: "unknown"
        }
    }

    /// The last openings of both in one list, newest first: shared ones, those that the variant slept through, and its own alone.
    private func diff(_ variant: VariantRun) -> JSON {
        var lines: [(at: Timestamp, json: JSON)] = []
        for opening in real where opening.at >= variant.since && !opening.isUnseen {
            let isShared = opening.matched.contains(variant.name)
            let verdict =
                switch (opening.evidence, isShared) {
                case (.confirmed, true): "caught"
                case (.confirmed, false): "missed"
                case (.failed, true): "false"
                case (.failed, false): "avoided"
                default: "unknown"
                }
            lines.append(
                (
                    opening.at,
                    [
                        "at": .string(opening.at.rfc3339), "region": .string(opening.region.text),
                        "opening": .string(opening.id.text), "real": true, "variant": .bool(isShared),
                        "outcome": opening.outcome.map { .string($0.rawValue) } ?? .null, "verdict": .string(verdict),
                    ]
                ))
        }
        for opening in variant.openings where !real.contains(where: { opening.matches($0) }) {
            lines.append(
                (
                    opening.at,
                    [
                        "at": .string(opening.at.rfc3339), "region": .string(opening.region.text),
                        "opening": .string(opening.id.text), "real": false, "variant": true, "outcome": .null,
                        "verdict": .string(Self.word(opening)),
                    ]
                ))
        }
        lines.sort { $0.at > $1.at }
        return [
            "report": GardenReport(variant, self).json,
            "openings": .array(Wire.fitting(lines.prefix(2 * Self.shown).map(\.json), into: 2 * Self.half)),
        ]
    }
}

extension TrustSnapshot {
    /// The records of the origins with the most outcomes, as many as fit into so many bytes, and how many are left out.
    func mostTried(bytes maximum: Int) -> (shown: TrustSnapshot, leftOut: Int) {
        var records = entries.flatMap { entry in entry.origins.map { Entry(region: entry.region, origins: [$0]) } }
        func outcomes(_ record: Entry) -> Double { record.origins.reduce(0) { $0 + $1.confirmed + $1.failed } }
        records.sort { outcomes($0) > outcomes($1) }
        let count = Wire.fitting(records.map { TrustSnapshot([$0]).json }, into: maximum).count
        var shown: [Region: [OriginRecord]] = [:]
        for record in records.prefix(count) { shown[record.region, default: []] += record.origins }
        let entries = shown.map { region, origins in
            Entry(region: region, origins: origins.sorted { $0.origin.text < $1.origin.text })
        }
        return (TrustSnapshot(entries), records.count - count)
    }
}
