import NimmerSystem
import NimmerThalamus
import NimmerWave

/// A variant that lives beside the real system: the very thalamus, with the variant's settings, on the same waves.
package struct VariantRun: Sendable {
    /// Openings that are kept one by one; older ones are in the totals.
    static let kept = 512

    /// Its name.
    package let name: String
    /// Name of all that its judgement follows from.
    package let digest: String
    /// Begin of what it has counted.
    package internal(set) var since: Timestamp
    /// Its thalamus.
    package var thalamus: Thalamus
    /// Its last openings, oldest first.
    package internal(set) var openings: [VirtualOpening] = []
    /// The figures of what is no longer kept one by one: its own, and those of the real system in the same time.
    package internal(set) var totals = (own: GardenFigures(), real: GardenFigures())
    private let changes: [String: Change]

    /// Other settings of a cell, as far as a live wave shows them.
    private struct Change: Sendable {
        var floor: Double?
        var region: Region?
    }

    /// A variant that has heard nothing.
    ///
    /// - Throws: a ``Refusal`` where its regions are invalid; the loader refuses these with their line.
    package init(
        _ variant: VirtualVariant, of system: SystemFile, environment: Environment, hasIdentities: Bool,
        at now: Timestamp
    ) throws(Refusal) {
        let applied = system.applying(variant)
        var configuration = try ThalamusConfiguration(applied, environment: environment)
        configuration.origins = OriginGrants(applied, hasIdentities: hasIdentities)
        // All regions are its own, also where several real thalami share them.
        configuration.partitions = nil
        try configuration.joinAtOnce()
        name = variant.name
        digest = variant.digest
        since = now
        var chance = SystemRandomNumberGenerator()
        thalamus = Thalamus(configuration, names: MessageID(high: chance.next(), low: chance.next()))
        changes = Dictionary(
            variant.cells.map { change in
                func setting(_ key: String) -> YAMLNode? { change.settings.first { $0.key == key }?.value }
                let region = setting("region")?.text.flatMap { try? Region($0) }
                return (change.cell, Change(floor: setting("floor")?.number, region: region))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Effect of a wave on a variant.
    struct Heard {
        /// Conclusions of its gates, in order.
        var conclusions: [Conclusion] = []
        /// Indicates whether a gate has judged the wave.
        var isJudged = false
        /// Region that its cell has in the variant; nil: that of the wave.
        var region: Region?
    }

    /// Hears a wave.
    mutating func receive(
        subject: RawSpan, payload: RawSpan, arrival: Timestamp, _ reading: () -> ClockReading
    ) -> Heard {
        let at = thalamus.clock.arrival(arrival, reading)
        var heard = Heard()
        if thalamus.passesOver(subject: subject, arrival: at) { return heard }
        if !changes.isEmpty, let change = change(of: subject) {
            guard let changed = Self.changed(payload, by: change) else { return heard }
            heard.isJudged = (try? thalamus.receive(subject: subject, payload: changed.span.bytes, arrival: at)) != nil
            heard.region = change.region
        } else {
            heard.isJudged = (try? thalamus.receive(subject: subject, payload: payload, arrival: at)) != nil
        }
        heard.conclusions = taken()
        return heard
    }

    /// Lets time pass.
    mutating func advance(_ reading: ClockReading) -> [Conclusion] {
        thalamus.advance(to: thalamus.clock.read(reading))
        return taken()
    }

    private mutating func taken() -> [Conclusion] {
        guard !thalamus.conclusions.isEmpty else { return [] }
        let conclusions = Array(thalamus.conclusions)
        thalamus.conclusions.removeAll(keepingCapacity: true)
        return conclusions
    }

    private func change(of subject: RawSpan) -> Change? {
        let text = subject.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let tokens = text.split(separator: ".")
        guard tokens.count >= 2 else { return nil }
        return changes[String(tokens[tokens.count - 2])]
    }

    /// A wave as the variant's cell would have emitted it; nil where that would have kept silent, or where it is no wave.
    private static func changed(_ payload: RawSpan, by change: Change) -> [UInt8]? {
        let bytes = payload.withUnsafeBytes { Array($0) }
        guard var wave = try? Envelope<WaveSignal>(decoding: bytes) else { return nil }
        if let floor = change.floor, wave.body.confidence < floor { return nil }
        if let region = change.region { wave.body.region = region }
        return wave.encoded()
    }

    // MARK: - Outcomes

    /// Notes an opening, and what it has in common with real ones.
    mutating func note(_ opening: VirtualOpening, _ real: inout [RealOpening]) {
        openings.append(opening)
        for place in real.indices where opening.matches(real[place]) {
            real[place].matched.insert(name)
            take(outcomeOf: real[place], at: openings.count - 1)
        }
    }

    /// Notes the release of a region's gate.
    mutating func release(_ region: Region, at moment: Timestamp) {
        guard let place = openings.lastIndex(where: { $0.region == region && $0.span.until == nil }) else { return }
        openings[place].span.until = moment
    }

    /// Takes the outcome of a real opening: it is the truth about its own openings that are about the same.
    mutating func take(outcomeOf real: RealOpening) {
        for place in openings.indices where openings[place].matches(real) { take(outcomeOf: real, at: place) }
    }

    private mutating func take(outcomeOf real: RealOpening, at place: Int) {
        let opening = openings[place]
        guard let outcome = real.outcome, openings[place].take(outcome, of: real), moves(opening.gate, real.weight)
        else { return }
        let weight = real.weight ?? 1
        // After one that was taken back its gate awaits none any more.
        if thalamus.learn(outcome, weight: weight, opening: opening.id, gate: opening.gate) == nil, outcome != .partial
        {
            thalamus.nudge(opening.region, origins: opening.witnesses, by: outcome == .confirmed ? weight : -weight)
        }
    }

    /// Returns whether an outcome moves what a gate holds: the opinion of a mind moves no declared trust (trust.md).
    private func moves(_ gate: GateID, _ weight: Double?) -> Bool { weight == nil || thalamus.earnsTrust(gate) }

    /// The outcome of a real opening no longer counts: its own openings that are about the same have those of the other real ones, or none.
    mutating func takeBack(
        _ outcome: VerificationResult, weight: Double?, of real: RealOpening, others: [RealOpening]
    ) {
        for place in openings.indices where openings[place].matches(real) {
            openings[place].verdict = nil
            openings[place].distance = .infinity
            openings[place].isOpinion = false
            for other in others where openings[place].matches(other) {
                if let known = other.outcome { _ = openings[place].take(known, of: other) }
            }
            let opening = openings[place]
            guard opening.verdict == nil, moves(opening.gate, weight) else { continue }
            thalamus.unlearn(outcome, weight: weight ?? 1, opening.region, origins: opening.witnesses)
        }
    }

    /// Takes the part of an outcome that a verifier has for variants.
    mutating func take(feedback: Double, of real: RealOpening) {
        for opening in openings where opening.matches(real) {
            thalamus.nudge(opening.region, origins: opening.witnesses, by: feedback)
        }
    }

    /// The part of an outcome that a verifier has for variants no longer counts.
    mutating func takeBack(feedback: Double, of real: RealOpening) {
        for opening in openings where opening.matches(real) {
            thalamus.takeBack(nudge: feedback, opening.region, origins: opening.witnesses)
        }
    }

    /// Puts the oldest of its openings into the totals, where there are too many.
    mutating func fold() {
        while openings.count > Self.kept { totals.own = totals.own + GardenFigures(openings.removeFirst()) }
    }

    /// Puts a real opening that is no longer kept into the totals.
    mutating func fold(_ real: RealOpening) {
        guard real.at >= since else { return }
        totals.own = totals.own + GardenFigures(real, for: name)
        totals.real = totals.real + GardenFigures(real, for: nil)
    }

    /// Its figures, and those of the real system in the same time.
    package func figures(_ real: [RealOpening]) -> (own: GardenFigures, real: GardenFigures) {
        let heard = real.filter { $0.at >= since }
        return (
            openings.reduce(totals.own) { $0 + GardenFigures($1) }
                + heard.reduce(GardenFigures()) { $0 + GardenFigures($1, for: name) },
            heard.reduce(totals.real) { $0 + GardenFigures($1, for: nil) }
        )
    }
}
