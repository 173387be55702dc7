import NimmerBus
import NimmerMemory
import NimmerProcess
import NimmerSystem
import NimmerWave

/// Answers what is asked of the hippocampus, on `<env>.nervous.cells.hippocampus.request`: `search` for people, `recall` for the bridge
/// (spec/iris.md, Memory by meaning).
package struct MemoryRequests: Sendable {
    /// Its commands, for the manifest.
    package static let commands: [(name: String, help: String)] = [
        (
            "search",
            "finds what is near to a text: {\"text\": TEXT, \"limit\": 10, \"region\": REGION, \"since\": TIME, \"kinds\": [KIND]}"
        ),
        (
            "recall",
            "finds earlier decisions like a question: {\"text\": TEXT, \"limit\": 3, \"within_ms\": 50, \"except\": ID}"
        ),
    ]
    /// Time of a search, in milliseconds.
    static let searchMilliseconds = 5_000
    /// Matches of a search at most.
    package static let maximumLimit = 100

    private let process: ServiceProcess
    private let rejects: RejectLimiter
    private let search: MemorySearch?
    private let asked: AsyncStream<BusMessage>
    private let ask: AsyncStream<BusMessage>.Continuation

    /// Requests that are not taken yet.
    ///
    /// - Parameter search: finds what is asked for; nil: the system file has no `iris`.
    package init(_ process: ServiceProcess, _ rejects: RejectLimiter, _ search: MemorySearch?) {
        self.process = process
        self.rejects = rejects
        self.search = search
        (asked, ask) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(64))
    }

    /// Takes requests; they are answered by ``run()``.
    package func serve() async throws(BusError) -> any Subscription {
        let subject = Subject.request(process.environment, cell: process.name)
        return try await process.bus.subscribe(shared: subject, queue: process.name) { _, _, arrival in
            ask.yield(arrival.message())
        }
    }

    /// Answers until the task is cancelled, each in its own time.
    package func run() async {
        let requests = RequestHandler(process, rejects)
        await withDiscardingTaskGroup { group in
            for await message in asked {
                group.addTask {
                    await requests.answer(message) { (command) async throws(Refusal) in
                        try await answer(command, on: try Provenance(of: message.subject))
                    }
                }
            }
        }
    }

    private func answer(_ command: Command, on provenance: Provenance) async throws(Refusal) -> CommandResult {
        if let sender = provenance.sender?.text, process.system?.isObserver(sender) == true {
            return CommandResult(
                status: .refused, error: "\(sender) only looks: the command '\(command.command)' is refused")
        }
        guard Self.commands.contains(where: { $0.name == command.command }) else {
            let known = Self.commands.map(\.name).joined(separator: ", ")
            return CommandResult(
                status: .refused, error: "the command '\(command.command)' is unknown; expected one of \(known)")
        }
        guard let search else {
            return CommandResult(
                status: .refused,
                error: "nothing is remembered by meaning: the system file has no section 'iris'; add `iris: {}`")
        }
        let isRecall = command.command == "recall"
        let question = try Self.question(command.payload, isRecall: isRecall)
        let time = try Self.time(command, isRecall: isRecall)
        do {
            let matches = try await search.find(question, within: time)
            return CommandResult(status: .ok, result: Self.result(matches))
        } catch let failure as MeaningFailure {
            return CommandResult(status: .error, error: "\(failure.trouble.rawValue): \(failure)")
        } catch { return CommandResult(status: .error, error: "\(error)") }
    }

    /// The nearest matches, as many as fit into a message, and how many were left out.
    package static func result(_ matches: [VectorMatch]) -> JSON {
        let rows = matches.map(\.json)
        var bytes = 0
        let kept = rows.prefix { row in
            bytes += row.text.utf8.count + 1
            return bytes <= Wire.maximumBytes - 4_096
        }
        return ["matches": .array(Array(kept)), "left_out": .number(Double(rows.count - kept.count))]
    }

    private static func question(_ payload: JSON, isRecall: Bool) throws(Refusal) -> MemorySearch.Question {
        guard let text = payload["text"]?.string, !text.isEmpty else {
            throw Refusal(.missing, field: "payload.text", "payload.text must be the text that is looked for")
        }
        var question = MemorySearch.Question(text)
        if isRecall { question.kinds = [.decision] }
        if let limit = payload["limit"]?.double {
            guard limit >= 1, limit <= Double(maximumLimit), limit == limit.rounded() else {
                throw Refusal(
                    .value, field: "payload.limit", "payload.limit must be a whole number from 1 to \(maximumLimit)")
            }
            question.limit = Int(saturating: limit)
        }
        if let region = payload["region"]?.string {
            guard let pattern = try? SubjectPattern(region) else {
                throw Refusal(
                    .value, field: "payload.region", "payload.region must be a region or a pattern of regions")
            }
            question.regions = pattern
        }
        if let since = payload["since"]?.string {
            guard let time = try? Timestamp(rfc3339: since) else {
                throw Refusal(.value, field: "payload.since", "payload.since must be an RFC 3339 time")
            }
            question.since = time
        }
        if !isRecall, let kinds = payload["kinds"]?.array {
            let known = Set(kinds.compactMap { $0.string.flatMap(RememberedItem.Kind.init) })
            guard !known.isEmpty, known.count == kinds.count else {
                let all = RememberedItem.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw Refusal(.value, field: "payload.kinds", "payload.kinds must be a list of \(all)")
            }
            question.kinds = known
        }
        question.except = payload["except"]?.string.flatMap { try? MessageID($0) }
        return question
    }

    private static func time(_ command: Command, isRecall: Bool) throws(Refusal) -> Duration {
        guard isRecall else { return .milliseconds(min(searchMilliseconds, command.deadlineMilliseconds)) }
        guard let limit = command.payload["within_ms"]?.double else { return .milliseconds(50) }
        guard limit >= 1, limit <= 5_000 else {
            throw Refusal(.value, field: "payload.within_ms", "payload.within_ms must be from 1 to 5000")
        }
        return .milliseconds(saturating: limit)
    }
}

extension VectorMatch {
    /// The match as it is answered.
    var json: JSON {
        var object: JSONObject = [
            "id": .string(item.id.text), "kind": .string(item.kind.rawValue), "region": .string(item.region.text),
            "at": .string(item.at.rfc3339), "cosine": .number((cosine * 10_000).rounded() / 10_000),
            "duplicates": .number(Double(duplicates)), "text": .string(item.text),
        ]
        object["opening"] = item.opening.map { .string($0.text) }
        object["outcome"] = outcome.map { .string($0) }
        return .object(object)
    }
}
