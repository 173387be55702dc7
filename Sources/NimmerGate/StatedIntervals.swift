/// The intervals that the members of a gate's region last stated (gates.md, Window and half-life).
///
/// As many as a system file has cells in a region, so a search in order is quickest.
struct StatedIntervals: Sendable {
    private struct Member: Sendable {
        var number: Int32
        var milliseconds: Double
    }

    /// The longest of them, in milliseconds; 0 while there is none.
    private(set) var slowest = 0.0
    private var members: ContiguousArray<Member> = []

    /// A member states its interval, in milliseconds; its earlier statement counts no more.
    mutating func note(_ milliseconds: Double, of number: Int32) {
        guard let place = members.firstIndex(where: { $0.number == number }) else {
            members.append(Member(number: number, milliseconds: milliseconds))
            slowest = max(slowest, milliseconds)
            return
        }
        let before = members[place].milliseconds
        guard before != milliseconds else { return }
        members[place].milliseconds = milliseconds
        if milliseconds >= slowest {
            slowest = milliseconds
        } else if before == slowest {
            slowest = members.reduce(0) { max($0, $1.milliseconds) }
        }
    }

    /// Gives the members new numbers.
    mutating func renumber(_ number: (Int32) -> Int32) {
        for place in members.indices { members[place].number = number(members[place].number) }
    }
}
