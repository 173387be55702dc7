import NimmerMemory
import NimmerWave

/// Contents of long-term memory of a stretch of time, oldest first: a history shows them where the streams reach back no more.
package struct RememberedMoments: Sendable {
    /// Changes of gates.
    package var transitions: [Envelope<GateTransition>] = []
    package var collapses: [Envelope<Collapse>] = []
    package var requests: [Envelope<CognitiveRequest>] = []
    package var responses: [Envelope<CognitiveResponse>] = []
    package var acts: [Envelope<Act>] = []
    package var outcomes: [Envelope<AcceptedOutcome>] = []
    /// Indicates whether there is more of a kind than was read.
    package var isCut = false
}

/// Requests and what became of them on one day.
package struct DecisionDay: Sendable, Hashable {
    /// The day (UTC): `2026-11-30`.
    package let day: String
    /// Requests that a mind or the boundary answered.
    package let answered: Int
    /// Requests that expired without an answer, or failed.
    package let missed: Int
}

extension PostgresStore {
    /// Reads what is remembered of a stretch of time.
    ///
    /// - Parameter limit: messages of each kind at most.
    package func moments(
        _ environment: Environment, from: Timestamp, to: Timestamp, limit: Int = 5000
    ) throws(MemoryError) -> RememberedMoments {
        let reading = try reading()
        var found = RememberedMoments()
        func read<Body>(_ table: MemoryTable, _ time: String) throws(MemoryError) -> [Envelope<Body>] {
            let rows: [Remembered<Body>] = try reading.all(
                table,
                "env = $1 and \(time) >= $2::timestamptz and \(time) < $3::timestamptz order by \(time), message_id limit \(limit)",
                [environment.rawValue, from.rfc3339, to.rfc3339])
            if rows.count == limit { found.isCut = true }
            return rows.map(\.message)
        }
        found.transitions = try read(.transitions, "at")
        found.collapses = try read(.collapses, "window_end")
        found.requests = try read(.requests, "published_at")
        found.responses = try read(.responses, "published_at")
        found.acts = try read(.acts, "at")
        found.outcomes = try read(.accepted, "at")
        return found
    }

    /// The outcome that counts of an opening; nil without one, or where it was taken back.
    package func outcome(of opening: MessageID) throws(MemoryError) -> AcceptedOutcome? {
        let rows: [Remembered<AcceptedOutcome>] = try reading().all(
            .accepted, "opening = $1::uuid order by at desc, message_id desc limit 1", [opening.text])
        guard let last = rows.first?.message.body, last.effect != .withdrawal else { return nil }
        return last
    }

    /// Requests and what became of them, by day (UTC), oldest first.
    ///
    /// - Parameter since: the first day.
    package func decisionDays(_ environment: Environment, since: String) throws(MemoryError) -> [DecisionDay] {
        try rows(
            """
            select to_char(published_at at time zone 'utc', 'YYYY-MM-DD') as day,
                   count(*) filter (where outcome = 'answered'),
                   count(*) filter (where outcome not in ('answered', 'merged'))
            from response_messages
            where env = \(environment.rawValue) and published_at >= (\(since)::date at time zone 'utc')
            group by 1 order by 1
            """
        ).compactMap { row in
            guard row.count == 3, let day = row[0] else { return nil }
            let numbers = row.dropFirst().map { $0.flatMap { Int($0) } ?? 0 }
            return DecisionDay(day: day, answered: numbers[0], missed: numbers[1])
        }
    }
}
