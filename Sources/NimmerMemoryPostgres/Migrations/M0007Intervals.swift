extension Migration {
    /// Interval in force at a gate, in ms: a field of a GateTransition that protocol 2.1 added.
    static let intervals = Migration(
        version: 7, name: "intervals",
        sql: """
            alter table gate_transitions add column interval_ms double precision;

            create or replace view transition_messages as select * from gate_transitions;
            """)
}
