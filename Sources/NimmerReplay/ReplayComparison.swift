import NimmerOutput
import NimmerWave

/// Comparison of the escalations of two systems over one recording.
package struct ReplayComparison: Equatable {
    /// One escalation, as far as two systems can be compared.
    package struct Escalation: Equatable {
        package var region: String
        package var at: Timestamp
        package var confidence: Double

        package init(region: String, at: Timestamp, confidence: Double) {
            self.region = region
            self.at = at
            self.confidence = confidence
        }
    }

    /// Relation of an escalation of the one system to the other's.
    package enum Difference: Equatable {
        /// Only the other system has it.
        case appeared(Escalation)
        /// Only the first system has it.
        case disappeared(Escalation)
        /// Both have it, the other at another time.
        case moved(from: Escalation, to: Escalation)

        /// Time at which the difference is to be listed.
        package var at: Timestamp {
            switch self {
            case .appeared(let one), .disappeared(let one): one.at
            case .moved(let one, let other): min(one.at, other.at)
            }
        }
    }

    /// Escalations that both have at the same time.
    package private(set) var same = 0
    /// The others, in order of time.
    package private(set) var differences: [Difference] = []

    /// Compares: what is nearest in time within a region, and at most `tolerance` milliseconds apart, is the same event.
    package init(_ first: [Escalation], _ other: [Escalation], tolerance: Double = 60_000) {
        var pairs: [(distance: Double, first: Int, other: Int)] = []
        for (i, one) in first.enumerated() {
            for (j, another) in other.enumerated() where one.region == another.region {
                let distance = abs(another.at.milliseconds(since: one.at))
                if distance <= tolerance { pairs.append((distance, i, j)) }
            }
        }
        pairs.sort { ($0.distance, $0.first, $0.other) < ($1.distance, $1.first, $1.other) }
        var takenFirst = Set<Int>()
        var takenOther = Set<Int>()
        for pair in pairs where !takenFirst.contains(pair.first) && !takenOther.contains(pair.other) {
            takenFirst.insert(pair.first)
            takenOther.insert(pair.other)
            if pair.distance == 0 {
                same += 1
            } else {
                differences.append(.moved(from: first[pair.first], to: other[pair.other]))
            }
        }
        for (index, one) in first.enumerated() where !takenFirst.contains(index) {
            differences.append(.disappeared(one))
        }
        for (index, one) in other.enumerated() where !takenOther.contains(index) { differences.append(.appeared(one)) }
        differences.sort { $0.at < $1.at }
    }
}

extension ReplayComparison.Difference {
    /// The line for a program.
    package var json: JSON {
        func members(_ one: ReplayComparison.Escalation) -> JSONObject {
            [
                "type": "difference", "at": .string(one.at.rfc3339), "region": .string(one.region),
                "confidence": .number(one.confidence),
            ]
        }
        switch self {
        case .appeared(let one):
            var object = members(one)
            object["change"] = "appeared"
            return .object(object)
        case .disappeared(let one):
            var object = members(one)
            object["change"] = "disappeared"
            return .object(object)
        case .moved(let one, let other):
            var object = members(other)
            object["change"] = "moved"
            object["was"] = .string(one.at.rfc3339)
            return .object(object)
        }
    }

    /// The line for a person.
    package func line(_ paint: Paint) -> TerminalText {
        switch self {
        case .appeared(let one): "\(paint(.good, "+")) \(one.at.rfc3339)  \(one.region)  appears"
        case .disappeared(let one): "\(paint(.bad, "-")) \(one.at.rfc3339)  \(one.region)  disappears"
        case .moved(let one, let other):
            "\(paint(.warning, "~")) \(other.at.rfc3339)  \(other.region)  comes "
                + "\(LocalTime.span(milliseconds: abs(other.at.milliseconds(since: one.at)))) "
                + "\(other.at < one.at ? "earlier" : "later")"
        }
    }
}
