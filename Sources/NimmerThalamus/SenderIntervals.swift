import NimmerGate
import NimmerSystem
import NimmerWave

/// The interval that each sender stated last, and where: what it repeats needs no look at the gate (hot-path.md).
struct SenderIntervals: Sendable {
    /// Place where a sender's statements count.
    enum Membership: Sendable {
        /// No one has looked yet.
        case unknown
        /// Nowhere: the system file has no such cell.
        case undeclared
        /// In the region that the file declares and those within it, and where the thalamus keeps that region.
        case member(of: Region, home: Region)

        /// Returns whether its statements count in a region.
        func counts(in region: Region) -> Bool {
            guard case .member(let own, let home) = self else { return false }
            if region == home { return true }
            let (inner, outer) = (region.text.utf8, own.text.utf8)
            return inner.count > outer.count && inner.starts(with: outer)
                && inner[inner.index(inner.startIndex, offsetBy: outer.count)] == UInt8(ascii: ".")
        }
    }

    private struct Statement: Sendable {
        var milliseconds = 0.0
        var place = Int64.min
        var membership = Membership.unknown
    }

    private var statements: ContiguousArray<Statement> = []
    /// Counts the times that slots have moved.
    private var generation: Int64 = 0

    /// Returns whether a sender stated this interval in this slot last.
    @inline(__always)
    func holds(_ source: Int32, _ slot: Int, _ milliseconds: Double) -> Bool {
        let source = Int(source)
        guard source >= 0, source < statements.count else { return false }
        return statements[source].milliseconds == milliseconds && statements[source].place == place(slot)
    }

    /// Keeps a statement.
    ///
    /// - Returns: where its sender's statements count.
    mutating func take(_ source: Int32, _ slot: Int, _ milliseconds: Double) -> Membership {
        guard source >= 0 else { return .undeclared }
        let source = Int(source)
        while statements.count <= source { statements.append(Statement()) }
        statements[source].milliseconds = milliseconds
        statements[source].place = place(slot)
        return statements[source].membership
    }

    /// Keeps where the statements of a sender that has made one count.
    mutating func know(_ source: Int32, _ membership: Membership) { statements[Int(source)].membership = membership }

    /// Forgets where statements were made, when slots have moved or their gates are others.
    mutating func forgetSlots() { generation &+= 1 }

    @inline(__always)
    private func place(_ slot: Int) -> Int64 { generation &<< 32 &+ Int64(slot) }
}

extension Thalamus {
    /// Hands a gate the interval that a wave's sender states, where it is a cell that the system file declares in this region.
    @inline(never)
    mutating func takeInterval(_ milliseconds: Double, of source: Int32, in slot: Int) {
        var membership = intervals.take(source, slot, milliseconds)
        if case .unknown = membership {
            let own = configuration.members.region(of: sources.name(source))
            membership = own.map { .member(of: $0, home: home(of: $0)) } ?? .undeclared
            intervals.know(source, membership)
        }
        guard membership.counts(in: slots[slot].region) else { return }
        slots[slot].gate.note(interval: milliseconds, of: source)
    }
}
