import NimmerSystem
import NimmerWave

/// State of the commands of one decision, as a value that is kept under the decision's id, step by step.
///
/// A decision's id is that of the request that it answers. Before a command leaves, the record states that it leaves; after its
/// answer, what came back. The one that finds a record after a crash therefore knows each command as *not begun* (it may be sent),
/// *ended*, or *begun without an end*: that one may have been sent, is never sent again, and ends the rest with it. So no command
/// is sent twice, whenever the bridge dies, and what is not known is reported.
public struct ActRecord: Sendable, Hashable {
    /// State of a record.
    public enum State: String, Sendable, CaseIterable {
        /// It waits for approval. Can go to ``approved``, ``refused`` or ``expired``.
        case pending
        /// The next command may be sent. Can go to ``sending``, ``done`` or ``expired``.
        case approved
        /// A command leaves or has left, and nothing is known of its end. Can go to ``approved``, ``done``, ``failed``,
        /// ``unknown`` or, where the time was over before it left, ``expired``.
        case sending
        /// Every command was carried out. Final.
        case done
        /// A command failed or was refused; the following were not sent. Final.
        case failed
        /// The bridge died while a command was on its way; it is not sent again, and neither are the following. Final.
        case unknown
        /// A person refused. Final.
        case refused
        /// Not approved in time, or the bridge was away too long. Final.
        case expired

        /// Indicates whether nothing can follow.
        public var isFinal: Bool {
            switch self {
            case .pending, .approved, .sending: false
            case .done, .failed, .unknown, .refused, .expired: true
            }
        }
    }

    /// The decision: the id of the request that it answers.
    public let decision: MessageID
    /// Action that was decided, as one token.
    public let action: String
    /// The region that it was about.
    public let region: String
    /// The commands, in order.
    public let commands: [DownstreamCommand]
    /// Time at which its commands expire.
    public let until: Timestamp
    /// State.
    public private(set) var state: State
    /// Results of the commands that ended, in order.
    public private(set) var results: [CommandResult] = []
    /// Person who approved or refused, and the reason; empty without one.
    public private(set) var word = ""
    /// Time of its last change.
    public private(set) var changedAt: Timestamp
    /// The life of a process that wrote it last: so that a bridge recognises its own records.
    public var writer = ""

    /// The record of a response; nil when it asks for nothing, or its commands are not sent (`dry-run`).
    public init?(_ response: CognitiveResponse, at now: Timestamp) {
        guard !response.downstreamCommands.isEmpty,
            let record = response.record, let mode = record.commands, mode != .dryRun,
            let until = record.commandsUntil
        else { return nil }
        decision = response.requestID
        action = response.decision
        region = record.region ?? ""
        commands = response.downstreamCommands
        self.until = until
        state = mode == .act ? .approved : .pending
        changedAt = now
    }

    /// Next step.
    public enum Step: Sendable, Hashable {
        /// Nothing, until it is approved or refused, or its time is over.
        case wait
        /// Keep the record as it now is, then send this command (by its place), then call ``ended(_:at:)``.
        case send(Int)
        /// Keep the record as it now is: it has come to its end.
        case finish
        /// Nothing: it had come to its end.
        case none
    }

    /// Goes on; the record may have changed after this, and has to be kept before what is returned is done.
    public mutating func next(at now: Timestamp) -> Step {
        switch state {
        case .pending where now < until: return .wait
        case .pending: return end(.expired, at: now)
        case .approved where now >= until: return end(.expired, at: now)
        case .approved where results.count == commands.count: return end(.done, at: now)
        case .approved:
            state = .sending
            changedAt = now
            return .send(results.count)
        case .sending: return end(.unknown, at: now)
        case .done, .failed, .unknown, .refused, .expired: return .none
        }
    }

    /// The command on its way has ended.
    public mutating func ended(_ result: CommandResult, at now: Timestamp) {
        guard state == .sending else { return }
        results.append(Self.kept(result))
        changedAt = now
        state = result.status != .ok ? .failed : results.count == commands.count ? .done : .approved
    }

    /// The bytes of a command's result that are kept with it: the results of all commands of a decision fit into one message.
    static let resultBytes = 4_096

    /// A result as it is kept: of one that is too long, how long it is.
    private static func kept(_ result: CommandResult) -> CommandResult {
        var result = result
        let count = result.result.bytes.count
        if count > resultBytes { result.result = ["omitted_bytes": .number(Double(count))] }
        result.error = result.error.map { Prompt.cut($0, 1_024) }
        return result
    }

    /// The command that was to leave did not, since its time was over once the record was kept.
    public mutating func withdraw(at now: Timestamp) {
        guard state == .sending, now >= until else { return }
        _ = end(.expired, at: now)
    }

    /// Approves or refuses it.
    ///
    /// - Returns: why that changes nothing; nil when it did.
    public mutating func decide(approve: Bool, by person: String, at now: Timestamp) -> String? {
        guard state == .pending else { return "it is \(state.rawValue) already" }
        guard now < until else {
            _ = end(.expired, at: now)
            return "its time was over at \(until.rfc3339)"
        }
        state = approve ? .approved : .refused
        word = Prompt.cut(person, 256)
        changedAt = now
        return nil
    }

    private mutating func end(_ state: State, at now: Timestamp) -> Step {
        self.state = state
        changedAt = now
        return .finish
    }
}

extension ActRecord {
    /// Final outcome, as it is published; nil before its end.
    public var act: Act? {
        guard let outcome = ActOutcome(rawValue: state.rawValue) else { return nil }
        let acted = commands.enumerated().map { place, command in
            let result = results.indices.contains(place) ? results[place] : nil
            return ActedCommand(
                target: command.target, command: command.command, payload: command.payload, status: result?.status,
                result: result?.result ?? .null, error: result?.error)
        }
        return Act(
            requestID: decision, outcome: outcome, commands: acted, word: word.isEmpty ? nil : word, at: changedAt)
    }

    /// The record as it is kept.
    public var json: JSON {
        [
            "decision": .string(decision.text), "action": .string(action), "region": .string(region),
            "state": .string(state.rawValue), "commands": .array(commands.map(\.json)),
            "results": .array(results.map(\.json)), "word": .string(word), "until": .string(until.rfc3339),
            "changed_at": .string(changedAt.rfc3339), "writer": .string(writer),
        ]
    }

    /// A record as it was kept; nil when the text is not one, or a command or result in it is not what a message may hold.
    public init?(_ json: JSON) {
        guard let id = json["decision"]?.string.flatMap({ try? MessageID($0) }),
            let state = json["state"]?.string.flatMap(State.init(rawValue:)),
            let until = json["until"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
            let changed = json["changed_at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }),
            let action = json["action"]?.string, let region = json["region"]?.string,
            let commands: [DownstreamCommand] = Self.records(json["commands"]),
            let results: [CommandResult] = Self.records(json["results"]), results.count <= commands.count,
            let word = json["word"]?.string, let writer = json["writer"]?.string
        else { return nil }
        decision = id
        self.action = action
        self.region = region
        self.commands = commands
        self.until = until
        self.state = state
        self.results = results
        self.word = word
        changedAt = changed
        self.writer = writer
    }

    private static func records<Record: MessageRecord>(_ json: JSON?) -> [Record]? {
        guard let items = json?.array else { return nil }
        let records = items.compactMap { item in item.object.flatMap { try? Record($0) } }
        return records.count == items.count ? records : nil
    }
}
