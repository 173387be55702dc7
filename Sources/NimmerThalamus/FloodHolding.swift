import NimmerWave

/// Who is held back by the server, and how fast what is held back is read (decision 0016): decides from who floods and from what became
/// of the connections that hold somebody back; whoever owns these connections acts.
package struct FloodHolding: Sendable {
    /// A connection that holds a sender back.
    package struct Connection: Sendable {
        /// The cell or nerve.
        package var sender: String
        /// Whether the server has given it up.
        package var wasCut: Bool
        /// Whether it is in the group in which waves are heard now.
        package var isInGroup: Bool

        package init(sender: String, wasCut: Bool = false, isInGroup: Bool = true) {
            self.sender = sender
            self.wasCut = wasCut
            self.isInGroup = isInGroup
        }
    }

    /// What is to be done, in order.
    package enum Action: Sendable, Hashable {
        /// A connection ends; `isOver`: its sender floods no more.
        case end(String, isOver: Bool)
        /// Nobody is held back: waves need no group for that.
        case leaveGroup
        /// A connection begins, and reads so many bytes a second; nil: all that comes.
        case begin(String, rate: Int?)
    }

    /// What is read, in bytes a second: enough for the server to empty in time what it keeps for this connection. Where a server does
    /// not make the sender wait, and gives up the connection instead, the next one reads faster; the last as fast as it can.
    package static let rates: [Int?] = [16 << 20, 64 << 20, nil]

    /// How long somebody is not held back after that has failed, in milliseconds.
    package static let pause = 30_000.0

    /// How often a server has given up a connection that held somebody back.
    private var cuts = 0
    /// How often the process's own connection was made again.
    private var reconnects: UInt64 = 0
    /// Who cannot be held back, and when that is tried again.
    private var failed: [String: SteadyTime] = [:]

    package init() {}

    /// Decides for the moment.
    ///
    /// - Parameters:
    ///   - held: the connections that there are.
    ///   - quietened: who is to be heard less.
    ///   - loudest: who speaks most, the loudest first.
    ///   - reconnects: how often the process's own connection was made again since the start.
    package mutating func decide(
        held: [Connection], quietened: [String], loudest: [String], reconnects: UInt64, at now: SteadyTime
    ) -> [Action] {
        var actions: [Action] = []
        var kept: Set<String> = []
        for one in held {
            let isOver = !quietened.contains(one.sender)
            guard isOver || one.wasCut || !one.isInGroup else {
                kept.insert(one.sender)
                continue
            }
            // A server that has gone has given up nobody.
            if one.wasCut, reconnects == self.reconnects { cuts += 1 }
            actions.append(.end(one.sender, isOver: isOver))
        }
        self.reconnects = reconnects
        if quietened.isEmpty {
            cuts = 0
            actions.append(.leaveGroup)
        }
        failed = failed.filter { $0.value > now }
        for sender in loudest where quietened.contains(sender) && !kept.contains(sender) && failed[sender] == nil {
            actions.append(.begin(sender, rate: Self.rates[min(cuts, Self.rates.count - 1)]))
        }
        return actions
    }

    /// Somebody cannot be held back; it is tried again after ``pause``.
    package mutating func failed(_ sender: String, at now: SteadyTime) {
        failed[sender] = now.advanced(milliseconds: Self.pause)
    }
}
