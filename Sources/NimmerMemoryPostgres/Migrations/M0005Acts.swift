extension Migration {
    /// Outcomes of the commands of decisions; the decision's overview shows them.
    static let acts = Migration(
        version: 5, name: "acts",
        sql: """
            create table decision_acts (
                request_id uuid primary key,
                message_id uuid not null,
                env text not null,
                outcome text not null,
                commands json not null,
                word text,
                at timestamptz not null,
                version text not null,
                published_at timestamptz not null,
                source text not null,
                source_type text not null,
                garden text not null,
                tier smallint not null,
                stored_at timestamptz not null default now()
            );
            comment on table decision_acts is 'one row for each decision whose commands were sent, refused or expired';
            create index decision_acts_by_message on decision_acts (message_id);

            create view act_messages as select * from decision_acts;
            """)
}
