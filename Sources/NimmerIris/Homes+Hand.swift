import NimmerWave

// What people decide (spec/iris.md, Regions that mean the same): each change is refused while a gate that it is about is open, so that no opening
// loses its witnesses.

extension Homes {
    /// A person's change to where a region lives.
    package enum Change: Sendable, Hashable {
        /// It gets a home of its own.
        case split
        /// It moves to the home of another region, and so do those that live in its own.
        case join(Region)
        /// It stays where it is, whatever a model finds.
        case pin
        /// Its next wave is judged as the first.
        case forget
    }

    /// The decisions that a person's change comes to, in the order in which they are stored.
    ///
    /// - Parameter isOpen: whether the gate of a home is open.
    /// - Throws: a `Refusal` that names why the region stays where it is.
    package func decisions(
        for change: Change, of region: Region, by author: Author, isOpen: (Region) -> Bool
    ) throws(Refusal) -> [RegionAssignment] {
        if let home = declared.declaredHome(of: region) {
            throw Self.refusal("the system file declares that it lives in '\(home)': change thalamus.regions", region)
        }
        let home = home(of: region)
        let others = members(of: region).filter { $0 != region }
        switch change {
        case .split:
            guard let home, home != region else {
                throw Self.refusal("it lives in a home of its own already", region)
            }
            try Self.check([home, region], isOpen)
            return [event(region, .split, in: region, by: author)]
        case .join(let target):
            let target = self.home(of: target) ?? target
            guard target != region else { throw Self.refusal("it cannot join itself", region) }
            guard target != home else { throw Self.refusal("it lives in '\(target)' already", region) }
            try Self.check([home ?? region, region, target], isOpen)
            return (others + [region]).map { event($0, .joinedByHand, in: target, by: author) }
        case .pin: return [event(region, .pinned, in: home ?? region, by: author)]
        case .forget:
            guard let home else { throw Self.refusal("no home is known of it", region) }
            guard others.isEmpty else {
                throw Self.refusal(
                    "others live in the home of its name: split '\(others[0])' from it first", region)
            }
            try Self.check([home], isOpen)
            return [event(region, .forgotten, in: region, by: author)]
        }
    }

    private static func check(_ homes: [Region], _ isOpen: (Region) -> Bool) throws(Refusal) {
        for home in homes where isOpen(home) {
            throw refusal("the gate of '\(home)' is open; ask again when it has released", home)
        }
    }

    private static func refusal(_ why: String, _ region: Region) -> Refusal {
        Refusal(.value, field: "payload.region", "unchanged: \(why)", found: "'\(region)'")
    }

    /// A decision that keeps what is known of the region's meaning.
    private func event(
        _ region: Region, _ reason: AssignmentReason, in home: Region, by author: Author
    ) -> RegionAssignment {
        let known = decisions[region]
        let answer: Answer
        if let meaning = known?.meaning {
            answer = .meaning(meaning)
        } else {
            answer = .missing(known?.event.note ?? "no model has seen it")
        }
        var event = blank(region, answer, by: author)
        event.home = home
        event.reason = reason
        return event
    }
}
