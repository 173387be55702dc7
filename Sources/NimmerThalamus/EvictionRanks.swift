import NimmerWave

/// State that would be lost with a gate, from nothing to what took longest to come by.
enum EvictionRank: Int, CaseIterable, Sendable {
    /// It has never opened, as far as is known.
    case fresh
    /// It has opened, rests, and its weight is where it began.
    case opened
    /// It is open or closed: its release would not be published.
    case moving
    /// Outcomes have moved its weight: earned trust, or lost.
    case earned
}

/// The slots by their standing, so that a gate to forget is found in a few looks, however many there are.
struct EvictionRanks: Sendable {
    /// Number of gates of one standing that are checked for one to forget, so that a sender that brings regions costs no more than that.
    private static let considered = 32
    /// Those that have never opened go before those that have, while they are more than this part of all: newcomers have room,
    /// and no more than that, against regions that have opened.
    private static let room = 8

    private struct Place: Sendable {
        var standing: EvictionRank
        var index: Int
    }

    private var slots: [[Int]] = EvictionRank.allCases.map { _ in [] }
    /// Position at which the search continues, for each standing.
    private var hands = EvictionRank.allCases.map { _ in 0 }
    private var places: [Place] = []

    /// Notes what a slot's standing is now; slots come one behind the other.
    mutating func note(_ slot: Int, _ standing: EvictionRank) {
        if slot < places.count {
            guard places[slot].standing != standing else { return }
            leave(slot)
            places[slot] = Place(standing: standing, index: slots[standing.rawValue].count)
        } else {
            places.append(Place(standing: standing, index: slots[standing.rawValue].count))
        }
        slots[standing.rawValue].append(slot)
    }

    /// Forgets all, when the slots have moved.
    mutating func removeAll() { self = EvictionRanks() }

    /// The slot to forget: of the lowest standing that there is, the one that has been silent longest among the next few.
    ///
    /// - Parameter lastWave: when a slot's region was last spoken of.
    mutating func toForget(_ lastWave: (Int) -> Timestamp) -> Int? {
        let fresh = slots[EvictionRank.fresh.rawValue].count
        let order: [EvictionRank] =
            fresh * Self.room > places.count ? EvictionRank.allCases : [.opened, .moving, .fresh, .earned]
        guard let standing = order.first(where: { !slots[$0.rawValue].isEmpty }) else { return nil }
        let candidates = slots[standing.rawValue]
        var hand = hands[standing.rawValue]
        var found: Int?
        for _ in 0..<min(Self.considered, candidates.count) {
            hand = hand + 1 < candidates.count ? hand + 1 : 0
            let slot = candidates[hand]
            if let known = found, lastWave(known) <= lastWave(slot) { continue }
            found = slot
        }
        hands[standing.rawValue] = hand
        return found
    }

    private mutating func leave(_ slot: Int) {
        let place = places[slot]
        let last = slots[place.standing.rawValue].removeLast()
        guard last != slot else { return }
        slots[place.standing.rawValue][place.index] = last
        places[last].index = place.index
    }
}
