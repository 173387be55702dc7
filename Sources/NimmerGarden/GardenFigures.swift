import NimmerWave

/// Figures of what a system would have woken for, held against outcomes.
package struct GardenFigures: Sendable, Hashable {
    /// Openings.
    package var openings = 0
    /// Of these, those whose question went up.
    package var calls = 0
    /// Confirmed openings of the real system that it opened for, too.
    package var caught = 0
    /// Confirmed openings of the real system that it slept through.
    package var missed = 0
    /// Openings beside real ones that failed.
    package var falseAlarms = 0
    /// Openings of which nothing is known: beside no real one, or beside one without an outcome.
    package var unknown = 0
    /// Failed openings of the real system that it did not share.
    package var avoided = 0
    /// Lifeforce of the witnesses of its openings, in LF.
    package var lifeforce = 0.0

    package init() {}

    /// Number of outcomes that count for or against it.
    package var evidence: Int { caught + missed + falseAlarms + avoided }

    static func + (a: GardenFigures, b: GardenFigures) -> GardenFigures {
        var sum = a
        sum.openings += b.openings
        sum.calls += b.calls
        sum.caught += b.caught
        sum.missed += b.missed
        sum.falseAlarms += b.falseAlarms
        sum.unknown += b.unknown
        sum.avoided += b.avoided
        sum.lifeforce += b.lifeforce
        return sum
    }

    /// The figures of one opening of a variant.
    init(_ opening: VirtualOpening) {
        openings = 1
        calls = opening.isCall ? 1 : 0
        lifeforce = opening.lifeforce
        switch opening.evidence {
        case .failed: falseAlarms = 1
        case .partial, nil: unknown = 1
        case .confirmed: break
        }
    }

    /// The figures of one real opening, for a variant or for the real system.
    ///
    /// - Parameter variant: nil for the real system.
    init(_ real: RealOpening, for variant: String?) {
        guard !real.isUnseen else { return }
        guard let variant else {
            openings = 1
            calls = real.isCall ? 1 : 0
            lifeforce = real.lifeforce
            switch real.evidence {
            case .confirmed: caught = 1
            case .failed: falseAlarms = 1
            case .partial, nil: unknown = 1
            }
            return
        }
        switch (real.evidence, real.matched.contains(variant)) {
        case (.confirmed, true): caught = 1
        case (.confirmed, false): missed = 1
        case (.failed, false): avoided = 1
        default: break
        }
    }

    // MARK: - As JSON

    /// `{"openings": 3, "calls": 3, "caught": 2, …}`.
    package var json: JSON {
        [
            "openings": .number(Double(openings)), "calls": .number(Double(calls)), "caught": .number(Double(caught)),
            "missed": .number(Double(missed)), "false": .number(Double(falseAlarms)),
            "unknown": .number(Double(unknown)), "avoided": .number(Double(avoided)),
            "lifeforce": .number((lifeforce * 1e6).rounded() / 1e6),
        ]
    }

    package init(_ json: JSON?) {
        openings = json?["openings"]?.int ?? 0
        calls = json?["calls"]?.int ?? 0
        caught = json?["caught"]?.int ?? 0
        missed = json?["missed"]?.int ?? 0
        falseAlarms = json?["false"]?.int ?? 0
        unknown = json?["unknown"]?.int ?? 0
        avoided = json?["avoided"]?.int ?? 0
        lifeforce = json?["lifeforce"]?.double ?? 0
    }
}
