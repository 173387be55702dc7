extension Migration {
    /// Origin that opened a gate, and its trust: the fields of a GateTransition that protocol 2.1 added.
    static let openers = Migration(
        version: 6, name: "openers",
        sql: """
            alter table gate_transitions add column opener text, add column trust double precision;

            create or replace view transition_messages as select * from gate_transitions;
            """)
}
