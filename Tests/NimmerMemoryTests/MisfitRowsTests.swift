import NimmerMemory
import NimmerServers
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemoryPostgres

/// Rows that somebody else has written or changed are read as strictly as messages (decision 0023).
@Suite(
    "Rows that do not fit",
    .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
struct MisfitRowsTests {
    @Test(
        "the error names the row and the field, and not what stands there",
        arguments: [
            ("gate_transitions set gate_id = 'Secret!'", "gate_transitions", "body.gate_id must be a token"),
            ("gate_transitions set weight = 'NaN'", "gate_transitions", "body.weight must be between 0 and 1"),
            (
                "gate_transitions set source_type = 'Secret!'", "gate_transitions",
                "header.source.entity_type is unknown"
            ),
            ("gate_transitions set version = '3.0'", "gate_transitions", "version 3.0 is not understood; this is 2"),
            (
                #"gate_transitions set trigger_signals = '[{"source": "Secret!"}]'"#, "gate_transitions",
                "body.trigger_signals[0].origin is missing"
            ),
            (
                "cognitive_responses set outcome = 'Secret!'", "cognitive_responses",
                "body.outcome must be one of answered, expired, refused, merged, unavailable, invalid"
            ),
            (
                "cognitive_requests set structured_input = '5'", "cognitive_requests",
                "body.structured_input must be an object"
            ),
            ("collapses set confidence = 1.5", "collapses", "body.confidence must be between 0 and 1"),
            ("decision_acts set commands = '{}'", "decision_acts", "body.commands must be a list"),
        ])
    func misfit(_ change: String, _ table: String, _ problem: String) async throws {
        let (store, connection, decision) = try await remembered()
        try connection.script("update \(change)")
        let error = await #expect(throws: MemoryError.self) {
            try await store.trail(of: decision.opening.row.messageID)
        }
        let message = try #require(error?.message)
        let id = try connection.script("select message_id from \(table)").first
        #expect(message == "the row \(try #require(id)) of \(table) cannot be read back: \(problem)")
    }

    @Test("an export reports rows that do not fit, and has all others, whatever the page", arguments: [1, 2, 3, 100])
    func export(limit: Int) async throws {
        let (store, connection, _) = try await remembered()
        for number in 0..<6 {
            let at = DecisionFixture.time.advanced(milliseconds: Double(number + 1) * 1000)
            _ = try await store.write([DecisionFixture(seed: "row \(number)", at: at).opening])
        }
        // Of the nine rows: one in the middle, and the last.
        let ids = try connection.script("select id from training_examples order by window_end, id").column
        #expect(ids.count == 9)
        let change = "update gate_transitions set correlation_score = 'NaN' where message_id ="
        try connection.script("\(change) '\(ids[4])'; \(change) '\(ids[8])'")
        let found = Found()
        let count = try await store.exportTraining(TrainingQuery(environment: .dev, limit: limit)) {
            found.rows.append($0)
            return true
        }
        #expect(count.examples == 7 && count.unreadable == 2)
        let named = found.rows.map { row in
            switch row {
            case .success(let example): example.id.text
            case .failure(let error): error.message
            }
        }
        let expected = ids.enumerated().map { place, id in
            place == 4 || place == 8
                ? "the training example \(id) cannot be read back: correlation must be a number" : id
        }
        #expect(named == expected)
    }

    private final class Found {
        var rows: [TrainingPage.Row] = []
    }

    @Test("the error of a gate names it and the field")
    func gates() async throws {
        let (store, connection, decision) = try await remembered()
        try connection.script("update gates set region = 'Secret!'")
        let gate = await #expect(throws: MemoryError.self) { try await store.gates(.dev) }
        let gates = try connection.script("select gate_id from gates order by gate_id").first
        #expect(gate?.message == "the gate \(try #require(gates)) cannot be read back: region must be a region")
        _ = decision
    }

    private func remembered() async throws -> (PostgresStore, PostgresConnection, DecisionFixture) {
        let settings = try await TestDatabase.shared.fresh()
        let store = PostgresStore(settings)
        let decision = try DecisionFixture(seed: "misfit")
        _ = try await store.write(decision.entries + [decision.act])
        return (store, try PostgresConnection(settings), decision)
    }
}
