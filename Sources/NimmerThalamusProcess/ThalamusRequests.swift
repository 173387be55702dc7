import Logging
import NimmerBus
import NimmerPlatform
import NimmerProcess
import NimmerSystem
import NimmerThalamus
import NimmerWave
import Synchronization

/// Answers what people ask the thalamus.
struct ThalamusRequests: Sendable {
    private let owner: ThalamusProcess
    private let shards: Shards?

    init(_ owner: ThalamusProcess, _ shards: Shards?) {
        self.owner = owner
        self.shards = shards
    }

    /// Serves `<env>.nervous.cells.thalamus.request`: `gates`, `regions`, `explain {"gate": …}`,
    /// `reset {"region": …, "origin": …}` and, for cells, `learned`. Of several who share the regions one
    /// takes each question; it gathers what all know, or passes the question on to the one who knows.
    func serve() async throws(BusError) -> any Subscription {
        let process = owner.process
        let subject = Subject.request(process.environment, cell: process.name)
        guard let shards else {
            return try await process.bus.subscribe(shared: subject) { subject, _, arrival in
                if let message = message(subject, arrival), !answersLearned(message), !answersHomes(message) {
                    answerPassedOn(message)
                }
            }
        }
        _ = try await process.bus.subscribe(SubjectPattern(.shardRequests(process.environment))) { _, _, arrival in
            answerPassedOn(arrival.message())
        }
        return try await process.bus.subscribe(shared: subject, queue: process.name) { subject, _, arrival in
            if let message = message(subject, arrival), !answersLearned(message), !answersHomes(message) {
                share(message, shards)
            }
        }
    }

    /// A question that its sender may ask now; some of the others get the answer that it is too many. Questions are answered between two waves,
    /// and one about a thousand gates takes as long as many of these.
    private func message(_ subject: RawSpan, _ arrival: Arrival) -> BusMessage? {
        let sender = SenderIntake.sender(in: subject, tokens: 6)
        let decision = owner.questions.withLock { $0.decide(1, of: sender, at: .now()) }
        switch decision {
        case .taken: return arrival.message()
        case .dropped: return nil
        case .refused:
            requests.reply(
                to: arrival.message(),
                CommandResult(status: .refused, error: "too many questions; ask again in a second"))
            return nil
        }
    }

    /// Answers from this process's own gates.
    func answerPassedOn(_ message: BusMessage) {
        // Also behind the part, where another thalamus has passed it on.
        let sender = (try? Provenance(of: message.subject))?.sender
        let source = (try? Envelope<Command>(decoding: message.payload, on: message.subject))?.header.source.entityID
        requests.answer(message) { command in
            if command.command == "reset", let refusal = refusal(ofReset: message) {
                return CommandResult(status: .refused, error: refusal.description)
            }
            return answer(command, by: sender?.text ?? source ?? "nimmer")
        }
    }

    private var requests: RequestHandler {
        RequestHandler(owner.process, owner.announcer.limiter) { [owner] result in
            owner.answered.wrappingAdd(1, ordering: .relaxed)
            if result.status != .ok { owner.refused.wrappingAdd(1, ordering: .relaxed) }
        }
    }

    /// Answers a cell that asks for what it has learned; whichever thalamus takes the question can.
    ///
    /// - Returns: false where the message asks something else.
    private func answersLearned(_ message: BusMessage) -> Bool {
        guard let command = try? Envelope<Command>(decoding: message.payload, on: message.subject).body,
            command.command == LearnedParts.command
        else { return false }
        let sender = SharedSubject(message.subject)?.sender
        guard sender != nil || owner.bus.identity == nil else {
            requests.reply(
                to: message, CommandResult(status: .refused, error: "who asks must be named in the subject"))
            return true
        }
        owner.tasks.run { [self] in
            requests.reply(to: message, await owner.learned.answer(command, of: sender))
        }
        return true
    }

    /// Answers what concerns the homes of regions; every thalamus knows all of them.
    ///
    /// - Returns: false where the message asks something else.
    private func answersHomes(_ message: BusMessage) -> Bool {
        guard let command = try? Envelope<Command>(decoding: message.payload, on: message.subject),
            RegionRequests.commands.contains(command.body.command)
        else { return false }
        guard let homes = owner.regionHomes else {
            requests.reply(
                to: message,
                CommandResult(
                    status: .refused, error: "regions do not join here: the system file has no section 'iris'"))
            return true
        }
        if command.body.command == "rehome", let refusal = refusal(ofReset: message) ?? refusal(ofLooking: message) {
            requests.reply(to: message, CommandResult(status: .refused, error: refusal.description))
            return true
        }
        let sender = SharedSubject(message.subject)?.sender?.text ?? command.header.source.entityID
        owner.tasks.run { [self] in
            requests.reply(to: message, await RegionRequests(homes).answer(command.body, by: sender))
        }
        return true
    }

    /// A question to all who share the regions.
    private func share(_ message: BusMessage, _ shards: Shards) {
        let env = owner.process.environment
        guard let command = try? Envelope<Command>(decoding: message.payload, on: message.subject).body else {
            return answerPassedOn(message)
        }
        if let name = command.payload[command.command == "reset" ? "region" : "gate"]?.string,
            ["explain", "reset"].contains(command.command)
        {
            guard let gate = GateID(asked: owner.home(ofAsked: name)) else { return answerPassedOn(message) }
            // Only here the subject names the sender.
            if command.command == "reset", refusal(ofReset: message) != nil { return answerPassedOn(message) }
            let part = shards.part(of: gate)
            if shards.judges(part) { return answerPassedOn(message) }
            // The reply subject goes along: the thalamus of the part answers the sender directly.
            let isReset = command.command == "reset"
            // Only a reset needs to know who asks; thalami of 2.0 know no other form.
            try? owner.bus.passOn(
                message,
                to: isReset
                    ? .shard(env, part: part, carrying: message.subject) : .shardRequest(env, part: part))
        } else if command.command == "gates" {
            owner.tasks.run { [self] in
                let answers = try? await owner.bus.requestMany(
                    .shardRequests(env), payload: message.payload, wait: .milliseconds(400))
                let lists = (answers ?? []).compactMap { answer in
                    (try? Envelope<CommandResult>(answer: answer.payload)).flatMap { GateList($0.body.result) }
                }
                let list = GateList(merging: lists)
                requests.reply(to: message, CommandResult(status: .ok, result: list.json))
            }
        } else {
            answerPassedOn(message)
        }
    }

    /// The refusal to reset trust of one who is no person; what another thalamus passes on it has checked.
    private func refusal(ofReset message: BusMessage) -> Refusal? {
        guard let shared = SharedSubject(message.subject) else { return nil }
        let isNamed = shared.sender != nil || owner.bus.identity == nil
        guard !isNamed || !owner.verifiers.isPerson(shared.sender) else { return nil }
        return Refusal(
            .permission, field: "subject", "the subject must end in a person's identity",
            found: shared.sender?.text ?? "none")
    }

    /// The refusal of a page for browsers that may only look.
    private func refusal(ofLooking message: BusMessage) -> Refusal? {
        guard SharedSubject(message.subject)?.sender?.text == WebSettings.identity,
            owner.process.system?.web?.role != .operator
        else { return nil }
        return Refusal(
            .permission, field: "subject", "the subject must end in a person's identity that may decide",
            found: WebSettings.identity)
    }

    private func reset(_ command: Command, by sender: String) -> CommandResult {
        guard let name = command.payload["region"]?.string, let region = try? Region(owner.home(ofAsked: name)) else {
            return CommandResult(status: .refused, error: "payload.region must be a region")
        }
        let origin = command.payload["origin"]?.string
        guard origin.map(Token.isValid) ?? true else {
            return CommandResult(status: .refused, error: "payload.origin must be an origin's name")
        }
        let left = owner.resetTrust(of: region, origin: origin.flatMap { try? Token($0) }, by: sender)
        guard let left else {
            let of = origin.map { "of '\($0)' " } ?? ""
            return CommandResult(status: .refused, error: "no outcome \(of)counts in the region '\(region)'")
        }
        return CommandResult(status: .ok, result: TrustSnapshot([.init(region: region, origins: left)]).json)
    }

    private func answer(_ command: Command, by sender: String) -> CommandResult {
        switch command.command {
        case "reset": return reset(command, by: sender)
        case "gates":
            let gates = owner.thalamus.withLock { $0.gates(at: $0.clock.read(.now())) }
            return CommandResult(status: .ok, result: GateList(gates.map(\.json)).json)
        case "regions": return CommandResult(status: .ok, result: owner.regions.json)
        case "explain":
            guard let gate = command.payload["gate"]?.string else {
                return CommandResult(status: .refused, error: "payload.gate must be a gate's name or region")
            }
            guard let report = owner.thalamus.withLock({ $0.explanation(of: gate, at: $0.clock.read(.now())) }) else {
                return CommandResult(status: .refused, error: "no gate '\(gate)': no wave of that region has come yet")
            }
            return CommandResult(status: .ok, result: report)
        default:
            return CommandResult(
                status: .refused,
                error: "the command '\(command.command)' is unknown; expected gates, regions, explain or reset")
        }
    }
}
