import NimmerIris
import NimmerWave
import Synchronization

/// Rows of an ``InMemoryStore`` that wait to be remembered by their meaning.
struct WaitingMeanings: Sendable {
    private struct Row {
        var environment: Environment
        var pending: PendingMeaning
        var since: ContinuousClock.Instant
    }

    private var models: [Environment: EmbeddingModel] = [:]
    private var rows: [Row] = []
    private var number = 0
    /// The last day of each environment that has summaries.
    var summarized: [Environment: String] = [:]
    private var dropped = 0

    /// A row was stored: where its environment is remembered by meaning, it waits.
    mutating func stored(_ entry: MemoryEntry) {
        guard models[entry.environment] != nil, let pending = pending(entry.row) else { return }
        append(pending, entry.environment)
    }

    private func pending(_ row: MemoryRow) -> PendingMeaning? {
        switch row {
        case .collapse: PendingMeaning(number: 0, kind: .collapse, id: row.key)
        case .response(let message) where message.body.outcome == .answered:
            PendingMeaning(number: 0, kind: .decision, id: row.key)
        case .accepted(let message, _) where message.body.effect == .outcome || message.body.effect == .replacement:
            PendingMeaning(
                number: 0, kind: .outcome, id: row.key, opening: message.body.opening, result: message.body.result,
                at: message.body.at)
        default: nil
        }
    }

    private mutating func append(_ pending: PendingMeaning, _ environment: Environment) {
        number += 1
        var pending = pending
        pending.number = number
        rows.append(Row(environment: environment, pending: pending, since: .now))
        guard rows.count > PendingMeanings.capacity else { return }
        rows.removeFirst()
        dropped += 1
    }

    /// Returns whether the model is new to the environment.
    mutating func begin(_ environment: Environment, model: EmbeddingModel) -> Bool {
        guard models[environment] != model else { return false }
        models[environment] = model
        return true
    }

    /// Lets rows wait that were stored before.
    mutating func take(_ pending: [PendingMeaning], _ environment: Environment) {
        for item in pending where !rows.contains(where: { $0.pending.id == item.id && $0.pending.kind == item.kind }) {
            append(item, environment)
        }
    }

    mutating func stop(_ environment: Environment) {
        models[environment] = nil
        rows.removeAll { $0.environment == environment }
    }

    func pending(_ environment: Environment, limit: Int) -> PendingMeanings {
        let all = rows.filter { $0.environment == environment }
        let oldest = all.prefix(limit).map { row in
            var pending = row.pending
            pending.waitedMilliseconds = row.since.duration(to: .now) / .milliseconds(1)
            return pending
        }
        return PendingMeanings(rows: oldest, waiting: all.count, dropped: dropped)
    }

    mutating func end(_ numbers: Set<Int>) { rows.removeAll { numbers.contains($0.pending.number) } }
}

extension MemoryContents {
    /// The newest rows of each kind that are stored.
    fileprivate func newest(_ environment: Environment, limit: Int) -> [PendingMeaning] {
        func last<Body>(
            _ table: [MessageID: Remembered<Body>], _ make: (MessageID, Body) -> PendingMeaning?
        ) -> [PendingMeaning] {
            table.filter { $0.value.environment == environment }
                .sorted { ($0.value.message.header.timestamp, $0.key) < ($1.value.message.header.timestamp, $1.key) }
                .suffix(limit).compactMap { make($0.key, $0.value.message.body) }
        }
        return last(collapses) { id, _ in PendingMeaning(number: 0, kind: .collapse, id: id) }
            + last(responses) { id, body in
                body.outcome == .answered ? PendingMeaning(number: 0, kind: .decision, id: id) : nil
            }
            + last(accepted) { id, body in
                body.effect == .outcome || body.effect == .replacement
                    ? PendingMeaning(
                        number: 0, kind: .outcome, id: id, opening: body.opening, result: body.result, at: body.at)
                    : nil
            }
    }
}

extension InMemoryStore: MeaningSource {
    /// Lets rows wait; see ``MeaningSource/beginMeanings(_:model:)``.
    public func beginMeanings(_ environment: Environment, model: EmbeddingModel) async throws(MemoryError) {
        memory.withLock { contents in
            guard contents.meanings.begin(environment, model: model) else { return }
            contents.meanings.take(
                contents.newest(environment, limit: PendingMeanings.backfill), environment)
        }
    }

    /// Lets nothing wait any more.
    public func stopMeanings(_ environment: Environment) async throws(MemoryError) {
        memory.withLock { $0.meanings.stop(environment) }
    }

    /// Rows that wait, the oldest first.
    public func pendingMeanings(
        _ environment: Environment, limit: Int
    ) async throws(MemoryError) -> PendingMeanings {
        memory.withLock { $0.meanings.pending(environment, limit: limit) }
    }

    /// These wait no more.
    public func endMeanings(_ numbers: [Int]) async throws(MemoryError) {
        memory.withLock { $0.meanings.end(Set(numbers)) }
    }
}

extension InMemoryStore: SummarySource {
    /// The last day that has summaries.
    public func summarizedDay(_ environment: Environment) async throws(MemoryError) -> String? {
        memory.withLock { $0.meanings.summarized[environment] }
    }

    /// A day, by region.
    public func regionDays(
        _ environment: Environment, from start: Timestamp, until end: Timestamp
    ) async throws(MemoryError) -> [RegionDay] {
        memory.withLock { $0.regionDays(environment, from: start, until: end) }
    }

    /// A day has its summaries.
    public func summarized(_ environment: Environment, through day: String) async throws(MemoryError) {
        memory.withLock { $0.meanings.summarized[environment] = day }
    }
}

extension MemoryContents {
    fileprivate func regionDays(_ environment: Environment, from start: Timestamp, until end: Timestamp) -> [RegionDay]
    {
        let rows = collapses.values.filter {
            $0.environment == environment && $0.message.body.windowEnd >= start && $0.message.body.windowEnd < end
        }.map(\.message.body)
        let answers = Dictionary(
            requests.values.map { ($0.message.body.collapseID, $0.message.body.requestID) },
            uniquingKeysWith: { a, _ in a })
        let days = Dictionary(grouping: rows, by: \.region).map { region, rows -> RegionDay in
            var day = RegionDay(region)
            day.openings = rows.count
            var actions: [String: Int] = [:]
            for row in rows {
                if let result = result(of: row.transitionID) { day.outcomes[result, default: 0] += 1 }
                guard let response = answers[row.collapseID].flatMap({ responses[$0] })?.message.body,
                    response.outcome == .answered
                else { continue }
                actions[response.decision, default: 0] += 1
            }
            day.actions = actions.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .prefix(RegionDay.maximumActions).map { RegionDay.Action($0.key, count: $0.value) }
            day.strongest = rows.sorted { ($1.confidence, $0.collapseID) < ($0.confidence, $1.collapseID) }
                .prefix(RegionDay.maximumOpenings).map(\.collapseID)
            return day
        }
        return Array(
            days.sorted { ($1.openings, $0.region) < ($0.openings, $1.region) }.prefix(RegionDay.maximumRegions))
    }
}
