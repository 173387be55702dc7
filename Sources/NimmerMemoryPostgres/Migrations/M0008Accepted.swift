extension Migration {
    /// Outcomes that the thalamus took into its trust: the only ones that label what is trained on.
    ///
    /// Of several that name one opening the last counts: an outcome can be taken back and given again.
    static let accepted = Migration(
        version: 8, name: "accepted",
        sql: """
            create table accepted_outcomes (
                message_id uuid primary key,
                env text not null,
                gate_id text not null,
                region text not null,
                opening uuid not null,
                opener text not null,
                witnesses json not null,
                sender text not null,
                result text not null,
                at timestamptz not null,
                kind text,
                weight double precision,
                verification uuid,
                version text not null,
                published_at timestamptz not null,
                source text not null,
                source_type text not null,
                garden text not null,
                tier smallint not null,
                stored_at timestamptz not null default now()
            );
            create index accepted_outcomes_by_opening on accepted_outcomes (opening, at);

            create view accepted_messages as select * from accepted_outcomes;

            create view opening_outcomes as
            select env, opening, gate_id, region, result, sender, at
            from (select distinct on (env, opening) * from accepted_outcomes
                  where coalesce(kind, 'outcome') <> 'reset' order by env, opening, at desc, message_id desc) l
            where coalesce(kind, 'outcome') <> 'withdrawal';
            comment on view opening_outcomes is 'the outcome of each opening that counts: the last, unless it was taken back';

            create or replace view training_examples as
            select 'transition' as kind, t.message_id as id, t.env, t.gate_id, t.garden, t.at as window_start,
                   t.at as window_end, t.trigger_signals::text as signals, null::text as correlation_matrix,
                   t.correlation_score as correlation,
                   case t.to_state when 1 then 'opened' when -1 then 'closed' else 'released' end as result,
                   v.result as outcome, v.result as label, t.region
            from gate_transitions t
            left join lateral (
                select o.result from opening_outcomes o where o.opening = t.message_id and o.env = t.env) v on true
            union all
            select 'correlation', e.message_id, e.env, e.gate_id, e.garden, e.window_start, e.window_end,
                   e.signals_in_window::text, e.correlation_matrix::text, e.aggregate_correlation, e.result, v.result,
                   coalesce(e.training_label, v.result), coalesce(g.region, e.gate_id)
            from correlation_events e
            left join gates g on g.env = e.env and g.gate_id = e.gate_id
            left join lateral (
                select o.result from gate_transitions t
                join opening_outcomes o on o.opening = t.message_id and o.env = t.env
                where t.env = e.env and t.gate_id = e.gate_id and t.at between e.window_start and e.window_end
                order by o.at desc limit 1) v on true;
            """)
}
