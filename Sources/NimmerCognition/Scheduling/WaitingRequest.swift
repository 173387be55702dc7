import NimmerWave

/// A request on its way to an answer: what was merged into it, whom it was asked of, and what that cost.
struct WaitingRequest: Sendable, Hashable {
    /// Bytes that earlier witnesses may have in a merged request.
    static let earlierBytes = 12_288

    /// The newest request, with the witnesses of those that were merged into it.
    var request: CognitiveRequest
    /// Requests that wait are merged when they have this in common; nil: this one never is (a person's question).
    let mergeKey: String?
    /// The region, for budgets; the domain where the request names none.
    let region: String
    /// When it came, in the time of the scheduler's clock.
    let since: Timestamp
    /// When an answer is of no use any more, in the same time: as far ahead as it was when the request came, also when the clock on
    /// the wall is set meanwhile.
    let expiresAt: Timestamp
    /// How sure: the surest of all that were merged.
    var priority: Double
    /// Requests that were merged into it.
    var merged: [MessageID] = []
    /// Minds that need not be asked again.
    var tried: Set<Int> = []
    /// What was asked, for the record.
    var asked: [Asked] = []
    /// When asking ends; set when it begins.
    var askUntil: Timestamp?
    /// The surest of the valid answers that called themselves unsure.
    var unsure: (decision: Decision, by: Mind)?
    /// Why it still waits, for a person.
    var waitingFor = ""

    var id: MessageID { request.requestID }
    var spent: Double { asked.reduce(0) { $0 + $1.cost.lifeforce }.finite }

    init(_ request: CognitiveRequest, expiresAt: Timestamp, at now: Timestamp) {
        self.request = request
        self.expiresAt = expiresAt
        let named = request.structuredInput["region"]?.string
        region = named ?? request.domain.text
        mergeKey = request.structuredInput["witnesses"]?.array == nil ? nil : named
        since = now
        priority = request.confidence
    }

    /// Takes an older request of the same region into this one: its witnesses become `earlier` ones, the newest first, as many
    /// as have room.
    mutating func take(_ older: WaitingRequest) {
        merged += older.merged + [older.id]
        priority = max(priority, older.priority)
        var own = request.structuredInput.resolved.object ?? [:]
        let before = older.request.structuredInput.resolved
        var earlier: [JSON] = []
        var room = Self.earlierBytes
        let first: JSON = [
            "opened_at": before["opened_at"] ?? .null, "witnesses": before["witnesses"] ?? [],
        ]
        for collapse in [first] + (before["earlier"]?.array ?? []) {
            room -= collapse.bytes.count
            guard room >= 0 else { break }
            earlier.append(collapse)
        }
        own["earlier"] = .array(earlier)
        own["merged"] = .number(Double(merged.count))
        request.structuredInput = .object(own)
    }

    static func == (a: WaitingRequest, b: WaitingRequest) -> Bool {
        a.id == b.id && a.merged == b.merged && a.tried == b.tried
    }
    func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// One question to a mind and what became of it, for the record of a decision.
public struct Asked: Sendable, Hashable {
    /// The mind's name.
    public var mind: String
    /// The model that answered, as its server says; empty without an answer.
    public var model: String
    /// `valid`, `unsure`, `invalid`, or the code of a ``MindError``.
    public var verdict: String
    /// What was wrong.
    public var problems: [String]
    /// What was refused, cut off after 1 KiB; kept so that a person can see it, never used.
    public var refused: String?
    /// What it cost.
    public var cost: Budget.Cost
    /// Tokens written; nil when unknown.
    public var completionTokens: Int?
    /// How long it took.
    public var milliseconds: Double

    /// For the record.
    public var json: JSON {
        var object: JSONObject = [
            "mind": .string(mind), "verdict": .string(verdict), "ms": .number(milliseconds.rounded()),
            "lf": .number(cost.lifeforce), "tokens": .number(Double(cost.tokens)),
        ]
        if !model.isEmpty { object["model"] = .string(model) }
        object["completion_tokens"] = completionTokens.map { .number(Double($0)) }
        if !problems.isEmpty { object["problems"] = .array(problems.map { .string($0) }) }
        object["refused"] = refused.map { .string($0) }
        return .object(object)
    }
}
