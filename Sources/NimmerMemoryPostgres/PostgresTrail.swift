import NimmerMemory
import NimmerWave

/// The look-ups of a trail, over the views that every role may read.
struct PostgresTrail: TrailSource {
    let connection: PostgresConnection

    func transition(_ id: MessageID) throws(MemoryError) -> Remembered<GateTransition>? {
        try first(.transitions, "message_id = $1::uuid", [id.text])
    }

    func transition(following earlier: GateTransition, in environment: Environment) throws(MemoryError)
        -> Envelope<GateTransition>?
    {
        let found: Remembered<GateTransition>? = try first(
            .transitions, "env = $1 and gate_id = $2 and at > $3::timestamptz order by at",
            [environment.rawValue, earlier.gateID.text, earlier.at.rfc3339])
        return found?.message
    }

    func collapse(_ key: TrailKey) throws(MemoryError) -> Remembered<Collapse>? {
        switch key {
        case .own(let id): try first(.collapses, "collapse_id = $1::uuid or message_id = $1::uuid", [id.text])
        case .cause(let id): try first(.collapses, "transition_id = $1::uuid", [id.text])
        }
    }

    func request(_ key: TrailKey) throws(MemoryError) -> Remembered<CognitiveRequest>? {
        switch key {
        case .own(let id): try first(.requests, "request_id = $1::uuid or message_id = $1::uuid", [id.text])
        case .cause(let id): try first(.requests, "collapse_id = $1::uuid", [id.text])
        }
    }

    func response(_ key: TrailKey) throws(MemoryError) -> Remembered<CognitiveResponse>? {
        switch key {
        case .own(let id): try first(.responses, "request_id = $1::uuid or message_id = $1::uuid", [id.text])
        case .cause(let id): try first(.responses, "request_id = $1::uuid", [id.text])
        }
    }

    func act(_ key: TrailKey) throws(MemoryError) -> Remembered<Act>? {
        switch key {
        case .own(let id): try first(.acts, "request_id = $1::uuid or message_id = $1::uuid", [id.text])
        case .cause(let id): try first(.acts, "request_id = $1::uuid", [id.text])
        }
    }

    func verifications(_ key: TrailKey) throws(MemoryError) -> [Remembered<VerificationOutcome>] {
        switch key {
        case .own(let id): try all(.verifications, "message_id = $1::uuid", [id.text])
        case .cause(let id):
            try all(.verifications, "original_signal_id = $1::uuid order by published_at, message_id", [id.text])
        }
    }

    /// Ids that begin so, at most two.
    func ids(_ prefix: IDPrefix) throws(MemoryError) -> [MessageID] {
        let keys = [
            ("transition_messages", "message_id"), ("collapse_messages", "collapse_id"),
            ("collapse_messages", "message_id"), ("request_messages", "request_id"), ("request_messages", "message_id"),
            ("response_messages", "message_id"), ("act_messages", "message_id"),
            ("verification_messages", "message_id"),
        ]
        let parts = keys.map { view, key in
            "(select \(key) as id from \(view) where \(key) between $1::uuid and $2::uuid limit 2)"
        }
        let rows: Rows
        do throws(PostgresFailure) {
            rows = try connection.run(
                SQL(
                    constant:
                        "select distinct id::text from (\(parts.joined(separator: " union all "))) as found limit 2",
                    binds: [prefix.first.text, prefix.last.text]))
        } catch { throw error.memoryError }
        return rows.values.compactMap { row in (row.first ?? nil).flatMap { try? MessageID($0) } }
    }

    private func first<Body>(
        _ table: MemoryTable, _ condition: String, _ binds: [String]
    ) throws(MemoryError) -> Remembered<Body>? {
        let found: [Remembered<Body>] = try all(table, condition + " limit 1", binds)
        return found.first
    }

    /// The messages of a table for which a condition holds.
    func all<Body>(
        _ table: MemoryTable, _ condition: String, _ binds: [String]
    ) throws(MemoryError) -> [Remembered<Body>] {
        let rows: Rows
        do throws(PostgresFailure) {
            rows = try connection.run(
                SQL(constant: "select \(table.reading) from \(table.view) where \(condition)", binds: binds))
        } catch {
            throw error.memoryError
        }
        return try rows.values.map { (row) throws(MemoryError) in try table.message(row) }
    }
}

extension SQL {
    /// A statement put together from this program's own names; values are binds.
    init(constant text: String, binds: [String]) {
        self.init(text: text, binds: binds)
    }
}
