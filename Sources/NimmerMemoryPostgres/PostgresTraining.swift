import NimmerMemory
import NimmerWave

extension TrainingQuery {
    /// One page of `training_examples`.
    var sql: SQL {
        """
        select kind, id, gate_id, garden, window_start, window_end, signals, correlation_matrix, correlation, result,
               outcome, label, region
        from training_examples
        where env = \(environment.rawValue)
          and window_end >= coalesce(\(since)::timestamptz, '-infinity')
          and window_end < coalesce(\(until)::timestamptz, 'infinity')
          and (not \(labelledOnly ? "true" : "false")::boolean or label is not null)
          and (\(regionExpression)::text is null or region ~ \(regionExpression))
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
        "result", "outcome", "label", "region",
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
                region: try row.text("region"),
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

extension TrainingQuery {
    /// The pattern of regions as a regular expression; nil: every region.
    fileprivate var regionExpression: String? { region?.regionExpression }

    /// One page of answered requests: the columns of the request, those of the response, and those of ``AnsweredRequest``.
    var answers: SQL {
        func columns(_ table: MemoryTable, _ alias: String) -> String {
            table.reading.split(separator: ", ").map { "\(alias).\($0)" }.joined(separator: ", ")
        }
        return SQL(
            text: """
                select \(columns(.requests, "q")), \(columns(.responses, "r")), c.gate_id, c.region, c.transition_id,
                       o.result, o.at
                from request_messages q
                join response_messages r on r.request_id = q.request_id and r.env = q.env
                join collapse_messages c on c.collapse_id = q.collapse_id and c.env = q.env
                join lateral (
                    select result, at from opening_outcomes a where a.opening = c.transition_id and a.env = c.env) o
                    on true
                where q.env = $1 and r.outcome = 'answered'
                  and q.published_at >= coalesce($2::timestamptz, '-infinity')
                  and q.published_at < coalesce($3::timestamptz, 'infinity')
                  and ($4::text is null or c.region ~ $4)
                  and (q.published_at, q.request_id) > (coalesce($5::timestamptz, '-infinity'),
                                                        coalesce($6::uuid, '00000000-0000-0000-0000-000000000000'))
                order by q.published_at, q.request_id
                limit $7::bigint
                """,
            binds: [
                environment.rawValue, since?.rfc3339, until?.rfc3339, regionExpression, resume?.at, resume?.id,
                String(limit),
            ])
    }
}

extension AnsweredRequest {
    private static let columns = ["gate_id", "region", "transition_id", "result", "at"]
    private static var requestWidth: Int { MemoryTable.requests.body.count + MemoryTable.header.count + 2 }

    /// The place of a row in the order of ``TrainingQuery/answers``, as PostgreSQL writes it, whether or not it can be read back.
    static func place(_ row: [String?]) throws(MemoryError) -> TrainingQuery.Place {
        let names = MemoryTable.requests.reading.split(separator: ", ").map(String.init)
        do throws(Refusal) {
            let row = try NamedColumns(names, Array(row.prefix(names.count)))
            return TrainingQuery.Place(at: try row.text("published_at"), id: try row.text("request_id"))
        } catch {
            throw MemoryError(.unexpected, "an answer has no place in the order: \(error.message)")
        }
    }

    /// An answered request from the columns of ``TrainingQuery/answers``.
    ///
    /// - Throws: an error that names the row and the column that does not fit.
    init(row: [String?]) throws(MemoryError) {
        let rest = Array(row.suffix(Self.columns.count))
        let request: Remembered<CognitiveRequest> = try MemoryTable.requests.message(
            Array(row.prefix(Self.requestWidth)))
        let response: Remembered<CognitiveResponse> = try MemoryTable.responses.message(
            Array(row.dropFirst(Self.requestWidth).dropLast(Self.columns.count)))
        do throws(Refusal) {
            let row = try NamedColumns(Self.columns, rest)
            self.init(
                request: request.message, response: response.message,
                gateID: try row.read("gate_id", "be a token") { try? GateID($0) },
                region: try row.read("region", "be a region") { try? Region($0) },
                opening: try row.read("transition_id", "be a UUID") { try? MessageID($0) },
                result: try row.read("result", "be confirmed, failed or partial") { VerificationResult(rawValue: $0) },
                decidedAt: try row.time("at"))
        } catch {
            throw MemoryError(
                .unexpected,
                "the answer to the request \(request.message.body.requestID) cannot be read back: \(error.message)")
        }
    }
}
