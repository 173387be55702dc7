/// The whole buffer in quarters of a second: how much was shown in each, and whether something happened.
struct Overview: Sendable {
    /// The duration of a slot, in nanoseconds.
    static let slot: Int64 = 250_000_000

    /// A quarter of a second in which something was shown.
    struct Slot: Sendable {
        /// Its time divided by ``Overview/slot``.
        var index: Int64
        /// Number of entries.
        var count: UInt32
        /// Indicates whether a gate opened, or more.
        var isMarked: Bool
    }

    private(set) var slots = Ring<Slot>()

    /// Takes in an entry that is shown.
    mutating func add(_ at: Int64, isMark: Bool) {
        let index = at / Self.slot
        let newest = slots.end - 1
        if newest >= slots.first, slots[newest].index >= index {
            slots[newest].count += 1
            if isMark { slots[newest].isMarked = true }
        } else {
            slots.append(Slot(index: index, count: 1, isMarked: isMark))
        }
    }

    /// Lets what is older go.
    mutating func forget(before at: Int64) {
        while let oldest = slots.oldest, oldest.index < at / Self.slot { slots.removeFirst() }
    }

    /// Counts in so many equal parts of a stretch of time, and which of them are marked.
    func parts(_ count: Int, from: Int64, to: Int64) -> (counts: [Int], marks: [Bool]) {
        var counts = [Int](repeating: 0, count: count)
        var marks = [Bool](repeating: false, count: count)
        guard count > 0, to > from else { return (counts, marks) }
        let start = slots.firstNumber { $0.index >= from / Self.slot }
        for number in start..<slots.end {
            let slot = slots[number]
            let place = Double(slot.index * Self.slot - from) / Double(to - from) * Double(count)
            let part = Int(place)
            guard part < count else { break }
            guard place >= 0 else { continue }
            counts[part] += Int(slot.count)
            if slot.isMarked { marks[part] = true }
        }
        return (counts, marks)
    }
}
