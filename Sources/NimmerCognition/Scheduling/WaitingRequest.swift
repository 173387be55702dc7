import NimmerWave

/// A request on its way to an answer: what was merged into it, the minds that were asked, and what that cost.
struct WaitingRequest: Sendable, Hashable {
    /// Bytes that earlier witnesses may have in a merged request.
    static let earlierBytes = 12_288

    /// The newest request, with the witnesses of those that were merged into it.
    private(set) var request: CognitiveRequest
    /// Its typed input; nil for a request that follows from no opening.
    private(set) var input: EscalationInput?
    /// Requests that wait are merged when they have this in common; nil: this one never is (a person's question).
    let mergeKey: String?
    /// The region, for budgets; the domain where the request names none.
    let region: String
    /// Time at which it came, in the time of the scheduler's clock.
    let since: Timestamp
    /// Time at which it expires, in the same time: as far ahead as it was when the request came, also when the clock on
    /// the wall is set meanwhile.
    let expiresAt: Timestamp
    /// Confidence: that of the surest of all that were merged.
    var priority: Double
    /// Requests that were merged into it.
    var merged: [MessageID] = []
    /// Minds that need not be asked again.
    var tried: Set<Int> = []
    /// Minds that were asked, for the record.
    var asked: [AskedMind] = []
    /// Earlier decisions like it; nil until they were looked for.
    var recall: Recall?
    /// Those that its minds were reminded of, for the record.
    var recalled: [MessageID] = []
    /// Time at which asking ends; set when it begins.
    var askUntil: Timestamp?
    /// The surest of the valid answers that called themselves unsure.
    var unsure: (decision: Decision, by: Mind)?
    /// Reason why it still waits, for a person.
    var waitingFor = ""

    var id: MessageID { request.requestID }
    var spent: Double { asked.reduce(0) { $0 + $1.lifeforce }.finite }

    init(_ request: CognitiveRequest, expiresAt: Timestamp, at now: Timestamp) {
        self.request = request
        self.expiresAt = expiresAt
        input = request.input.escalation
        region = input?.region.text ?? request.domain.text
        mergeKey = input.flatMap { $0.witnesses == nil ? nil : $0.region.text }
        since = now
        priority = request.confidence
    }

    /// Takes an older request of the same region into this one: its witnesses become `earlier` ones, the newest first, as many
    /// as have room.
    mutating func take(_ older: WaitingRequest) {
        merged += older.merged + [older.id]
        priority = max(priority, older.priority)
        guard let before = older.input else { return }
        var room = Self.earlierBytes
        let first = EarlierOpening(openedAt: before.openedAt, witnesses: before.witnesses ?? [])
        let openings = [first] + (before.earlier ?? [])
        let kept = openings.prefix { opening in
            room -= opening.bytes.count
            return room >= 0
        }
        input?.earlier = Array(kept)
        input?.merged = merged.count
        if let input { request.structuredInput = .raw(input.bytes) }
    }

    static func == (a: WaitingRequest, b: WaitingRequest) -> Bool {
        a.id == b.id && a.merged == b.merged && a.tried == b.tried
    }
    func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
