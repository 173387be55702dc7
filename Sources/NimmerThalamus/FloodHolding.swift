import NimmerWave

/// Senders that the server holds back, and the rate at which their waves are read (decision 0016): decides from who floods and from what became
/// of the connections that hold a sender back; the owner of these connections acts.
package struct FloodHolding: Sendable {
    /// A connection that holds a sender back.
    package struct Connection: Sendable {
        /// The cell or nerve.
        package var sender: String
        /// Indicates whether the server has given it up.
        package var wasCut: Bool
        /// Indicates whether it is in the group in which waves are heard now.
        package var isInGroup: Bool

        package init(sender: String, wasCut: Bool = false, isInGroup: Bool = true) {
            self.sender = sender
            self.wasCut = wasCut
            self.isInGroup = isInGroup
        }
    }

    /// Actions to perform, in order.
    package enum Action: Sendable, Hashable {
        /// A connection ends; `isOver`: its sender floods no more.
        case end(String, isOver: Bool)
        /// No sender is held back: waves need no group for that.
        case leaveGroup
        /// A connection begins, and reads so many bytes a second; nil: all that comes.
        case begin(String, rate: Int?)
    }

    /// Bytes read a second: enough for the server to empty in time what it keeps for this connection. Where a server does
    /// not make the sender wait, and gives up the connection instead, the next one reads faster; the last as fast as it can.
    package static let rates: [Int?] = [16 << 20, 64 << 20, nil]

    /// Time during which a sender is not held back after a failed attempt, in milliseconds.
    package static let pause = 30_000.0

    /// Number of times that a server has closed a connection that held a sender back.
    private var cuts = 0
    /// Number of reconnections of the process's own connection.
    private var reconnects: UInt64 = 0
    /// Senders that cannot be held back, and when that is tried again.
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
        held: [Connection], quietened: [String], heaviest: [String], reconnects: UInt64, at now: SteadyTime
    ) -> [Action] {
        var actions: [Action] = []
        var kept: Set<String> = []
        for one in held {
            let isOver = !quietened.contains(one.sender)
            guard isOver || one.wasCut || !one.isInGroup else {
                kept.insert(one.sender)
                continue
            }
            // A server that has gone has dropped no member.
            if one.wasCut, reconnects == self.reconnects { cuts += 1 }
            actions.append(.end(one.sender, isOver: isOver))
        }
        self.reconnects = reconnects
        if quietened.isEmpty {
            cuts = 0
            actions.append(.leaveGroup)
        }
        failed = failed.filter { $0.value > now }
        for sender in heaviest where quietened.contains(sender) && !kept.contains(sender) && failed[sender] == nil {
            actions.append(.begin(sender, rate: Self.rates[min(cuts, Self.rates.count - 1)]))
        }
        return actions
    }

    /// A sender cannot be held back; it is tried again after ``pause``.
    package mutating func failed(_ sender: String, at now: SteadyTime) {
        failed[sender] = now.advanced(milliseconds: Self.pause)
    }
}
