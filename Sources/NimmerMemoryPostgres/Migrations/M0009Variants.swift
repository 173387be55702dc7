extension Migration {
    /// Variant and opening of a CorrelationEvent: the fields that protocol 2.1 added.
    static let variants = Migration(
        version: 9, name: "variants",
        sql: """
            alter table correlation_events add column variant text, add column opening uuid;

            create or replace view correlation_messages as select * from correlation_events;
            """)
}
