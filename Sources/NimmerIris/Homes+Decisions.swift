import NimmerWave

// What a model decides: a region that is seen for the first time joins or founds (spec/iris.md, Regions that mean the same).

extension Homes {
    /// Embedding of a region, or the reason why it has no embedding.
    package enum Answer: Sendable, Hashable {
        /// An embedding.
        case meaning(NameMeaning)
        /// None: in words.
        case missing(String)
    }

    /// Author of a decision, and its time.
    package struct Author: Sendable, Hashable {
        /// Name of the thalamus, or of the person, at most 128 bytes.
        package let name: String
        /// Time of the decision.
        package let at: Timestamp

        package init(_ name: String, at: Timestamp) {
            (self.name, self.at) = (name, at)
        }
    }

    /// The decision about a region that is seen for the first time: it joins the nearest home that is near enough, else it founds one.
    ///
    /// A region whose name is that of a home lives there, and so does one that a rule declares.
    ///
    /// - Parameter relation: the relation of two names by their words; asked only of homes that are near.
    package func assign(
        _ region: Region, _ answer: Answer, by author: Author, relation: (Region, Region) -> NameRelation
    ) -> RegionAssignment {
        var event = blank(region, answer, by: author)
        if let home = declared.declaredHome(of: region) {
            event.home = home
            event.reason = .pinned
            return event
        }
        guard case .meaning(let meaning) = answer else { return event }
        let near = nearest(to: meaning, without: region)
        let isHome = members(of: region).contains { $0 != region }
        let candidates = isHome ? [] : near.filter { $0.home != region }
        let least = leastCosine(among: near.count)
        var choice: Rated?
        for candidate in candidates.prefix(while: { $0.cosine >= least }) {
            let rated = rate(candidate, for: region, among: near.count, relation)
            if rated.cosine >= rated.required {
                choice = rated
                break
            }
        }
        if let choice {
            event.home = choice.home
            event.reason = .joined
            state(choice, in: &event)
        } else if let first = near.first(where: { $0.home != region }) {
            state(rate(first, for: region, among: near.count, relation), in: &event)
        }
        return event
    }

    /// The decision about a region that has a home and is looked at again: it stays unless it is further from the others there than the
    /// threshold less the hysteresis. What lives alone in its own home is judged as a new region is.
    package func reassign(
        _ region: Region, _ answer: Answer, by author: Author, relation: (Region, Region) -> NameRelation
    ) -> RegionAssignment {
        if let home = home(of: region), home != region, case .meaning(let meaning) = answer {
            let near = nearest(to: meaning, without: region)
            if let present = near.first(where: { $0.home == home }) {
                let rated = rate(present, for: region, among: near.count, relation)
                if present.cosine >= min(join, rated.required) - hysteresis {
                    var event = blank(region, answer, by: author)
                    event.home = home
                    event.reason = .joined
                    state(rated, in: &event)
                    return event
                }
            }
        }
        return assign(region, answer, by: author, relation: relation)
    }

    /// A home with what it takes to join it.
    private struct Rated {
        let home: Region
        let cosine: Double
        let required: Double
        let isLinked: Bool
    }

    /// Cosine below which no relation of names lets a region join.
    private func leastCosine(among homes: Int) -> Double { JoinRule.required(isLinked: true, homes: homes, join: join) }

    private func rate(
        _ candidate: (home: Region, cosine: Double), for region: Region, among homes: Int,
        _ relation: (Region, Region) -> NameRelation
    ) -> Rated {
        let relation =
            candidate.cosine < leastCosine(among: homes)
            ? .open : self.relation(of: region, to: candidate.home, relation)
        return Rated(
            home: candidate.home, cosine: candidate.cosine,
            required: JoinRule.required(relation, homes: homes, join: join), isLinked: relation == .linked)
    }

    /// The relation of a name to a home: apart where it is so from one of its names, else linked where it is so with one.
    package func relation(
        of region: Region, to home: Region, _ relation: (Region, Region) -> NameRelation
    ) -> NameRelation {
        let names = Set(members(of: home) + [home]).subtracting([region])
        let relations = names.map { relation(region, $0) }
        return relations.contains(.apart) ? .apart : relations.contains(.linked) ? .linked : .open
    }

    private func state(_ rated: Rated, in event: inout RegionAssignment) {
        event.nearest = rated.home
        event.cosine = min(1, max(-1, rated.cosine))
        // For names that are apart no cosine is enough.
        event.required = rated.required.isFinite ? rated.required : nil
        event.linked = rated.isLinked
    }

    /// Bytes of the reason that a decision carries.
    private static let noteBytes = 256

    /// A region in a home of its own.
    func blank(_ region: Region, _ answer: Answer, by author: Author) -> RegionAssignment {
        var event = RegionAssignment(
            region: region, home: region, reason: .founded, at: author.at, by: author.name, revision: revision + 1,
            threshold: join)
        switch answer {
        case .meaning(let meaning):
            event.model = meaning.model
            event.vector = meaning.vector
        // A longer one would be refused by all who read the decision.
        case .missing(let why): event.note = why.prefix(bytes: Self.noteBytes)
        }
        return event
    }
}
