import NimmerMemory
import NimmerWave

/// A table that holds messages of one type: its columns, in the order in which they are written and read.
///
/// A column of a body has the key of the message (protocol.md, Bodies), so that one description serves both ways.
struct MemoryTable: Sendable {
    /// Conversion of a value of a message's body into a column.
    enum Kind: Sendable {
        /// Text as it is: tokens and words.
        case text
        /// The id of something.
        case id
        /// A number.
        case number
        /// A small whole number.
        case small
        /// A time, kept to the microsecond.
        case time
        /// A gate's state as -1, 0 or 1.
        case state
        /// JSON that we wrote ourselves around what others wrote.
        case json
        /// JSON that others wrote, kept byte for byte.
        case opaque
    }

    /// One column of a body.
    struct Column: Sendable {
        let name: String
        let kind: Kind

        init(_ name: String, _ kind: Kind) {
            self.name = name
            self.kind = kind
        }
    }

    let name: String
    /// The view that every role may read.
    let view: String
    /// Columns between the message's identity and its body that come from elsewhere, such as the subject.
    let extra: [String]
    let body: [Column]

    private init(_ name: String, view: String, extra: [String] = [], _ body: [Column]) {
        self.name = name
        self.view = view
        self.extra = extra
        self.body = body
        let own = body.map(\.name)
        let written = body.isEmpty ? extra : ["message_id", "env"] + extra + own + MemoryTable.header
        columns = written.joined(separator: ", ")
        width = written.count
    }

    static let header = ["version", "published_at", "source", "source_type", "garden", "tier"]

    /// All columns that are written, separated by commas.
    let columns: String
    /// Number of these.
    let width: Int

    /// The columns that are read: environment, id, header, body.
    var reading: String {
        (["env", "message_id"] + MemoryTable.header + body.map(\.name)).joined(separator: ", ")
    }

    static let transitions = MemoryTable(
        "gate_transitions", view: "transition_messages",
        [
            Column("gate_id", .text), Column("domain", .text), Column("region", .text), Column("from_state", .state),
            Column("to_state", .state), Column("state_value", .number), Column("weight", .number),
            Column("correlation_score", .number), Column("trigger_signals", .json), Column("routed_to_tier", .small),
            Column("lifeforce_cost", .number), Column("at", .time), Column("opener", .text), Column("trust", .number),
            Column("interval_ms", .number),
        ])
    static let collapses = MemoryTable(
        "collapses", view: "collapse_messages",
        [
            Column("collapse_id", .id), Column("region", .text), Column("gate_id", .text),
            Column("transition_id", .id), Column("confidence", .number), Column("window_start", .time),
            Column("window_end", .time), Column("witnesses", .json),
        ])
    static let correlations = MemoryTable(
        "correlation_events", view: "correlation_messages",
        [
            Column("gate_id", .text), Column("window_start", .time), Column("window_end", .time),
            Column("signals_in_window", .json), Column("correlation_matrix", .json),
            Column("aggregate_correlation", .number), Column("result", .text), Column("training_label", .text),
            Column("variant", .text),
            Column("opening", .id),
        ])
    static let requests = MemoryTable(
        "cognitive_requests", view: "request_messages",
        [
            Column("request_id", .id), Column("collapse_id", .id), Column("event_type", .text),
            Column("domain", .text), Column("confidence", .number), Column("structured_input", .opaque),
            Column("suggested_actions", .json), Column("processing_budget_lf", .number),
            Column("response_timeout_ms", .number), Column("expires_at", .time),
        ])
    static let responses = MemoryTable(
        "cognitive_responses", view: "response_messages", extra: ["paying_region"],
        [
            Column("request_id", .id), Column("decision", .text), Column("result", .opaque),
            Column("downstream_commands", .json), Column("mind", .json), Column("boundary", .text),
            Column("lifeforce_spent", .number), Column("processing_time_ms", .number), Column("outcome", .text),
        ])
    static let acts = MemoryTable(
        "decision_acts", view: "act_messages",
        [
            Column("request_id", .id), Column("outcome", .text), Column("commands", .json), Column("word", .text),
            Column("at", .time),
        ])
    static let verifications = MemoryTable(
        "verification_outcomes", view: "verification_messages", extra: ["gate_id"],
        [
            Column("original_signal_id", .id), Column("domain", .text), Column("outcome", .text),
            Column("actual_result", .opaque), Column("expected_result", .opaque), Column("discrepancy", .number),
            Column("verification_source", .text), Column("feedback_to_virtual", .json), Column("kind", .text),
        ])
    /// Without the snapshot of the gate's origins, which the stream keeps.
    static let accepted = MemoryTable(
        "accepted_outcomes", view: "accepted_messages", extra: ["lifeforce"],
        [
            Column("gate_id", .text), Column("region", .text), Column("opening", .id), Column("opener", .text),
            Column("witnesses", .json), Column("sender", .text), Column("result", .text), Column("at", .time),
            Column("kind", .text), Column("weight", .number), Column("verification", .id),
        ])
    static let spendings = MemoryTable(
        "lifeforce_spendings", view: "spending_messages",
        [Column("since", .time), Column("until", .time), Column("regions", .json)])
    static let rejected = MemoryTable(
        "rejected_messages", view: "rejected_overview",
        extra: ["rejected_id", "env", "subject", "code", "field", "reason", "payload", "payload_bytes"], [])
}
