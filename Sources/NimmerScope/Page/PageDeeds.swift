import NimmerWave

/// Commands that were sent and what became of them, each with the decision that it carries out (docs/reference/web.md, Frames).
///
/// A bridge names its decision as the cause of a command. In a recording of an earlier one it does not: there a command belongs to the
/// newest decision that names its target and itself.
struct PageDeeds: Sendable {
    /// A command.
    struct Deed: Sendable, Hashable {
        let id: MessageID
        let target: String
        let command: String
        /// The decision; nil where a person or a program sent it by itself.
        let request: MessageID?
        let at: Int64
        var end: End?
    }

    /// End of a command: as its target or its bridge reported it.
    struct End: Sendable, Hashable {
        let at: Int64
        let isOK: Bool
        let text: String
    }

    /// A decision that names a command, which was not seen yet.
    private struct Announced: Sendable {
        let request: MessageID
        let target: String
        let command: String
        let at: Int64
    }

    /// Commands, and decisions that name some, that are kept at most.
    private static let maximum = 1024
    /// Time within which a command follows its decision.
    private static let reach: Int64 = 60_000_000_000

    private var deeds: [Deed] = []
    private var announced: [Announced] = []

    /// Takes in the commands that a decision names.
    mutating func announce(_ response: CognitiveResponse, at: Int64) {
        for command in response.downstreamCommands {
            announced.append(
                Announced(request: response.requestID, target: command.target, command: command.command, at: at))
        }
        Self.bound(&announced)
    }

    /// Takes in a command that was sent.
    mutating func send(_ command: Envelope<Command>, to target: String, at: Int64) -> Deed {
        let name = command.body.command
        let cause = command.body.cause.flatMap { try? MessageID($0) }
        let deed = Deed(
            id: command.header.messageID, target: target, command: name,
            request: cause
                ?? announced.last {
                    $0.target == target && $0.command == name && elapsed(from: $0.at, to: at) <= Self.reach
                }?.request, at: at)
        deeds.append(deed)
        Self.bound(&deeds)
        return deed
    }

    /// Takes in the end of the newest command of a target that has none yet.
    ///
    /// - Returns: the command; nil where none is known.
    mutating func end(_ target: String, _ end: End) -> Deed? {
        guard let place = deeds.lastIndex(where: { $0.target == target && $0.end == nil && $0.at <= end.at }) else {
            return nil
        }
        deeds[place].end = end
        return deeds[place]
    }

    /// Takes in the end of a command as its bridge reports it; what the target has reported itself stays.
    mutating func end(_ target: String, of request: MessageID, _ end: End) -> Deed? {
        guard let place = deeds.lastIndex(where: { $0.target == target && $0.request == request }) else { return nil }
        if deeds[place].end == nil { deeds[place].end = end }
        return deeds[place]
    }

    /// The command of a decision; nil where none was seen.
    func deed(_ target: String, _ command: String, of request: MessageID) -> Deed? {
        deeds.last { $0.request == request && $0.target == target && $0.command == command }
    }

    private static func bound<Element>(_ list: inout [Element]) {
        if list.count > maximum { list.removeFirst(maximum / 4) }
    }
}
