import NimmerMemory
import NimmerWave

extension TrainingQuery {
    /// One page of `training_examples`.
    var sql: SQL {
        """
        select kind, id, gate_id, garden, window_start, window_end, signals, correlation_matrix, correlation, result,
               outcome, label
        from training_examples
        where env = \(environment.rawValue)
          and window_end >= coalesce(\(since)::timestamptz, '-infinity')
          and window_end < coalesce(\(until)::timestamptz, 'infinity')
          and (not \(labelledOnly ? "true" : "false")::boolean or label is not null)
          and window_end >= coalesce(\(resume?.at)::timestamptz, '-infinity')
          and (window_end, id) > (coalesce(\(resume?.at)::timestamptz, '-infinity'),
                                  coalesce(\(resume?.id)::uuid, '00000000-0000-0000-0000-000000000000'))
        order by window_end, id
        limit \(limit)::bigint
        """
    }
}

extension TrainingExample {
    private static let columns = [
        "kind", "id", "gate_id", "garden", "window_start", "window_end", "signals", "correlation_matrix", "correlation",
        "result", "outcome", "label",
    ]

    /// The place of a row in the order of ``TrainingQuery/sql``, as PostgreSQL writes it, whether or not it can be read back.
    static func place(_ row: [String?]) throws(MemoryError) -> TrainingQuery.Place {
        do throws(Refusal) {
            let row = try NamedColumns(Self.columns, row)
            return TrainingQuery.Place(at: try row.text("window_end"), id: try row.text("id"))
        } catch {
            throw MemoryError(.unexpected, "a training example has no place in the order: \(error.message)")
        }
    }

    /// An example from the columns of ``TrainingQuery/sql``.
    ///
    /// - Throws: an error that names the example and the column that does not fit.
    init(row: [String?]) throws(MemoryError) {
        do throws(Refusal) {
            let row = try NamedColumns(Self.columns, row)
            var matrix: JSON?
            if row.optional("correlation_matrix") != nil {
                matrix = try row.read("correlation_matrix", "be JSON") { try? JSON(parsing: $0) }
            }
            self.init(
                kind: try row.read("kind", "be transition or correlation") { Kind(rawValue: $0) },
                id: try row.read("id", "be a UUID") { try? MessageID($0) },
                gateID: try row.read("gate_id", "be a token") { try? GateID($0) },
                garden: try row.read("garden", "be virtual or real") { Garden(rawValue: $0) },
                windowStart: try row.time("window_start"), windowEnd: try row.time("window_end"),
                signals: try row.read("signals", "be JSON") { try? JSON(parsing: $0) }, correlationMatrix: matrix,
                correlation: try row.number("correlation"), result: try row.text("result"),
                outcome: row.optional("outcome"), label: row.optional("label"))
        } catch {
            let id = row.count > 1 ? row[1] : nil
            throw MemoryError(
                .unexpected,
                "the training example \(id ?? "without an id") cannot be read back: \(error.message)")
        }
    }
}

extension GateBalance {
    private static let columns = [
        "gate_id", "domain", "region", "state", "potential", "weight", "transitions", "openings", "closings",
        "confirmed", "failed", "partial", "lifeforce_spent", "lifeforce_earned", "last_transition_at",
    ]

    /// A gate from these columns of `gate_overview`.
    ///
    /// - Throws: an error that names the gate and the column that does not fit.
    init(row: [String?], _ environment: Environment) throws(MemoryError) {
        do throws(Refusal) {
            let row = try NamedColumns(Self.columns, row)
            self.init(
                environment: environment, gateID: try row.read("gate_id", "be a token") { try? GateID($0) },
                domain: try row.read("domain", "be a token") { try? Token($0) },
                region: try row.read("region", "be a region") { try? Region($0) })
            state = try row.read("state", "be closed, stable or open") { GateState(word: $0) }
            potential = try row.number("potential")
            weight = try row.number("weight")
            transitions = try row.whole("transitions")
            openings = try row.whole("openings")
            closings = try row.whole("closings")
            confirmed = try row.whole("confirmed")
            failed = try row.whole("failed")
            partial = try row.whole("partial")
            lifeforceSpent = try row.number("lifeforce_spent")
            lifeforceEarned = try row.number("lifeforce_earned")
            if row.optional("last_transition_at") != nil { lastTransitionAt = try row.time("last_transition_at") }
        } catch {
            let id = row.first ?? nil
            throw MemoryError(
                .unexpected, "the gate \(id ?? "without a name") cannot be read back: \(error.message)")
        }
    }
}
