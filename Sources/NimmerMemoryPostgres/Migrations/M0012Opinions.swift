extension Migration {
    /// Opinions of minds, which are accepted with a weight, label nothing that is trained on.
    static let opinions = Migration(
        version: 12, name: "opinions",
        sql: """
            create or replace view opening_outcomes as
            select env, opening, gate_id, region, result, sender, at
            from (select distinct on (env, opening) * from accepted_outcomes
                  where coalesce(kind, 'outcome') <> 'reset' and weight is null
                  order by env, opening, at desc, message_id desc) l
            where coalesce(kind, 'outcome') <> 'withdrawal';
            comment on view opening_outcomes is
                'the outcome of each opening that labels it: the last that is no mind''s opinion, unless it was taken back';
            """)
}
