import NimmerWave

/// Selection of the examples to export.
public struct TrainingQuery: Sendable, Hashable {
    /// The environment.
    public var environment: Environment
    /// Only what ended at or after this time.
    public var since: Timestamp?
    /// Only what ended before this time.
    public var until: Timestamp?
    /// Only examples with a label.
    public var labelledOnly: Bool
    /// Regions, as a pattern of regions; nil: all.
    public var region: SubjectPattern?
    /// Maximum number in one page.
    public var limit: Int
    /// End of the page before; nil: the query is of the first.
    public private(set) var resume: Place?

    /// The place of a row, as the store that has it writes it: a row that cannot be read back has one too.
    public struct Place: Sendable, Hashable {
        /// The time at which its window ended.
        public var at: String
        /// Its id.
        public var id: String

        /// Creates a place.
        public init(at: String, id: String) {
            self.at = at
            self.id = id
        }
    }

    /// Creates a query.
    public init(
        environment: Environment, since: Timestamp? = nil, until: Timestamp? = nil, labelledOnly: Bool = false,
        region: SubjectPattern? = nil, limit: Int = 10_000
    ) {
        self.environment = environment
        self.since = since
        self.until = until
        self.labelledOnly = labelledOnly
        self.region = region
        self.limit = limit
    }

    /// The same query, going on after a row.
    public func after(_ place: Place) -> TrainingQuery {
        var next = self
        next.resume = place
        return next
    }
}

/// One page of examples.
public typealias TrainingPage = ExportPage<TrainingExample>

/// One page of an export.
public struct ExportPage<Example: Sendable>: Sendable {
    /// An example, or the reason why its row cannot be read back.
    public typealias Row = Result<Example, MemoryError>

    /// The rows, oldest first.
    public var rows: [Row]
    /// Query of the page behind it; nil: there is none.
    public var next: TrainingQuery?

    /// Creates a page.
    public init(rows: [Row], next: TrainingQuery?) {
        self.rows = rows
        self.next = next
    }

    /// The examples, without the rows that cannot be read back.
    public var examples: [Example] { rows.compactMap { try? $0.get() } }
}

/// Numbers of rows of an export.
public struct TrainingCount: Sendable, Hashable {
    /// Rows that are examples.
    public var examples = 0
    /// Rows that cannot be read back.
    public var unreadable = 0

    /// No rows.
    public init() {}
}

/// One example for fine-tuning: what was seen, what came of it, and what reality reported (memory.md).
public struct TrainingExample: Sendable, Hashable {
    /// Kind of source of an example.
    public enum Kind: String, Sendable, Hashable {
        /// A gate's transition.
        case transition
        /// A correlation event of the virtual garden.
        case correlation
    }

    /// Kind of source.
    public var kind: Kind
    /// The message it comes from.
    public var id: MessageID
    /// The gate.
    public var gateID: GateID
    /// The region that it guards.
    public var region: String
    /// `real` or `virtual`.
    public var garden: Garden
    /// The time of the oldest signal; a transition's own time.
    public var windowStart: Timestamp
    /// The time of the newest signal; a transition's own time.
    public var windowEnd: Timestamp
    /// The signals, as the message listed them.
    public var signals: JSON
    /// The similarity of each signal to each other; nil for transitions.
    public var correlationMatrix: JSON?
    /// The support that decided.
    public var correlation: Double
    /// `opened`, `closed`, `released` or `stayed_stable`.
    public var result: String
    /// The outcome that the thalamus accepted: `confirmed`, `failed`, `partial`; nil when there is none yet.
    public var outcome: String?
    /// The label to learn: the one that the message carried, else the outcome.
    public var label: String?

    /// Creates an example.
    public init(
        kind: Kind, id: MessageID, gateID: GateID, region: String, garden: Garden, windowStart: Timestamp,
        windowEnd: Timestamp, signals: JSON, correlationMatrix: JSON? = nil, correlation: Double, result: String,
        outcome: String? = nil,
        label: String? = nil
    ) {
        self.kind = kind
        self.id = id
        self.gateID = gateID
        self.region = region
        self.garden = garden
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.signals = signals
        self.correlationMatrix = correlationMatrix
        self.correlation = correlation
        self.result = result
        self.outcome = outcome
        self.label = label
    }

    /// The example as one line of the export.
    public var json: JSON {
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
        var object: JSONObject = [
            "kind": .string(kind.rawValue), "id": .string(id.text), "gate_id": .string(gateID.text),
            "region": .string(region), "garden": .string(garden.rawValue), "window_start": .string(windowStart.rfc3339),
            "window_end": .string(windowEnd.rfc3339), "signals_in_window": signals,
        ]
        object["correlation_matrix"] = correlationMatrix
        object["correlation"] = .number(correlation)
        object["result"] = .string(result)
        object["outcome"] = text(outcome)
        object["label"] = text(label)
        return .object(object)
    }
}

extension MemoryStore {
    /// Hands every row of a query to a closure, page by page; one that cannot be read back does not end it.
    ///
    /// - Parameters:
    ///   - query: which examples; its limit is the size of a page.
    ///   - body: called in order, oldest first; false: it takes no more.
    /// - Returns: how many it was given.
    public func exportTraining(
        _ query: TrainingQuery, _ body: (TrainingPage.Row) throws(MemoryError) -> Bool
    ) async throws(MemoryError) -> TrainingCount {
        try await export(query, of: trainingPage, body)
    }

    /// Hands every answer with a known outcome to a closure, page by page; one that cannot be read back does not end it.
    ///
    /// - Parameters:
    ///   - query: which answers; its limit is the size of a page.
    ///   - body: called in the order in which the requests were made; false: it takes no more.
    /// - Returns: how many it was given.
    public func exportAnswers(
        _ query: TrainingQuery, _ body: (AnswerPage.Row) throws(MemoryError) -> Bool
    ) async throws(MemoryError) -> TrainingCount {
        try await export(query, of: answerPage, body)
    }

    private func export<Example>(
        _ query: TrainingQuery, of page: (TrainingQuery) async throws(MemoryError) -> ExportPage<Example>,
        _ body: (ExportPage<Example>.Row) throws(MemoryError) -> Bool
    ) async throws(MemoryError) -> TrainingCount {
        var count = TrainingCount()
        var query: TrainingQuery? = query
        while let wanted = query {
            let page = try await page(wanted)
            for row in page.rows {
                switch row {
                case .success: count.examples += 1
                case .failure: count.unreadable += 1
                }
                guard try body(row) else { return count }
            }
            query = page.next
        }
        return count
    }
}
