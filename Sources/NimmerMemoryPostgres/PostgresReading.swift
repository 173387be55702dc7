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
                                  coalesce(\(resume?.id.text)::uuid, '00000000-0000-0000-0000-000000000000'))
        order by window_end, id
        limit \(limit)::bigint
        """
    }
}

extension TrainingExample {
    /// An example from the columns of ``TrainingQuery/sql``.
    init(row: [String?]) throws(MemoryError) {
        do throws(Refusal) {
            let text = row.map { $0 ?? "" }
            guard text.count == 12 else { throw Refusal(.missing, "\(text.count) columns") }
            self.init(
                kind: Kind(rawValue: text[0]) ?? .transition, id: try MessageID(text[1]), gateID: try GateID(text[2]),
                garden: Garden(rawValue: text[3]) ?? .real, windowStart: try Timestamp(postgres: text[4]),
                windowEnd: try Timestamp(postgres: text[5]), signals: try JSON(parsing: text[6]),
                correlationMatrix: try row[7].map { (value) throws(Refusal) in try JSON(parsing: value) },
                correlation: Double(text[8]) ?? 0, result: text[9], outcome: row[10], label: row[11])
        } catch {
            throw MemoryError(.unexpected, "a training example cannot be read back: \(error)")
        }
    }
}

extension GateBalance {
    /// A gate from the columns of `gate_overview`.
    init(row: [String?], _ environment: Environment) throws(MemoryError) {
        do throws(Refusal) {
            let text = row.map { $0 ?? "" }
            guard text.count == 15 else { throw Refusal(.missing, "\(text.count) columns") }
            self.init(
                environment: environment, gateID: try GateID(text[0]), domain: try Token(text[1]),
                region: try Region(text[2]))
            state = GateState(word: text[3]) ?? .stable
            potential = Double(text[4]) ?? 0
            weight = Double(text[5]) ?? 0
            transitions = Int(text[6]) ?? 0
            openings = Int(text[7]) ?? 0
            closings = Int(text[8]) ?? 0
            confirmed = Int(text[9]) ?? 0
            failed = Int(text[10]) ?? 0
            partial = Int(text[11]) ?? 0
            lifeforceSpent = Double(text[12]) ?? 0
            lifeforceEarned = Double(text[13]) ?? 0
            lastTransitionAt = try row[14].map { (value) throws(Refusal) in try Timestamp(postgres: value) }
        } catch {
            throw MemoryError(.unexpected, "a gate cannot be read back: \(error)")
        }
    }
}
