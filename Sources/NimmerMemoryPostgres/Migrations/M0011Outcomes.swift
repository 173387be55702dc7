extension Migration {
    /// Totals of the outcomes that the thalamus accepted, instead of all that were reported (memory.md, Totals).
    ///
    /// Of each opening one outcome counts: that of the last message about it, unless it was taken back. What was counted before is kept by the first
    /// report of each opening, as the thalamus did.
    static let outcomes = Migration(
        version: 11, name: "outcomes",
        sql: """
            create table counted_outcomes (
                opening uuid primary key,
                env text not null,
                gate_id text not null,
                result text not null,
                earned double precision
            );
            comment on column counted_outcomes.earned is
                'what it gave back; null until the transition is there to be paid back';
            create index counted_outcomes_unpaid on counted_outcomes (opening) where earned is null;

            drop trigger total_verifications on verification_outcomes;
            drop function total_verifications();

            insert into counted_outcomes (opening, env, gate_id, result, earned)
            select distinct on (v.original_signal_id) v.original_signal_id, v.env, v.gate_id, v.outcome,
                   case when t.message_id is not null then t.lifeforce_cost * lifeforce_share(v.outcome)
                        when v.settled then 0 end
            from verification_outcomes v left join gate_transitions t on t.message_id = v.original_signal_id
            order by v.original_signal_id, v.published_at, v.message_id;

            update gates g set
                confirmed = g.confirmed - r.confirmed, failed = g.failed - r.failed, partial = g.partial - r.partial,
                lifeforce_earned = g.lifeforce_earned - r.earned
            from (select v.env, v.gate_id, count(*) filter (where v.outcome = 'confirmed') as confirmed,
                         count(*) filter (where v.outcome = 'failed') as failed,
                         count(*) filter (where v.outcome = 'partial') as partial,
                         coalesce(sum(t.lifeforce_cost * lifeforce_share(v.outcome)), 0) as earned
                  from (select *, row_number() over (partition by original_signal_id order by published_at, message_id)
                                      as place
                        from verification_outcomes) v
                  left join gate_transitions t on t.message_id = v.original_signal_id
                  where v.place > 1 group by v.env, v.gate_id) r
            where g.env = r.env and g.gate_id = r.gate_id;

            drop view verification_messages;
            alter table verification_outcomes drop column settled, add column kind text;
            create view verification_messages as select * from verification_outcomes;

            create or replace function total_transitions() returns trigger language plpgsql as $$
            begin
                insert into gates as g (env, gate_id, domain, region, state, potential, weight, transitions, openings,
                                        closings, lifeforce_spent, first_transition_at, last_transition_at)
                select f.env, f.gate_id, l.domain, l.region, l.to_state, l.state_value, l.weight, f.transitions,
                       f.openings, f.closings, f.spent, f.first_at, f.last_at
                from (select env, gate_id, count(*) as transitions, count(*) filter (where to_state = 1) as openings,
                             count(*) filter (where to_state = -1) as closings, sum(lifeforce_cost) as spent,
                             min(at) as first_at, max(at) as last_at
                      from fresh group by env, gate_id) f
                join (select distinct on (env, gate_id) * from fresh order by env, gate_id, at desc, message_id) l
                  on l.env = f.env and l.gate_id = f.gate_id
                order by f.env, f.gate_id
                on conflict (env, gate_id) do update set
                    (domain, region, state, potential, weight) =
                        (select (case when later then excluded.domain else g.domain end),
                                (case when later then excluded.region else g.region end),
                                (case when later then excluded.state else g.state end),
                                (case when later then excluded.potential else g.potential end),
                                (case when later then excluded.weight else g.weight end)
                         from (select excluded.last_transition_at >=
                                      coalesce(g.last_transition_at, '-infinity') as later) o),
                    transitions = g.transitions + excluded.transitions,
                    openings = g.openings + excluded.openings,
                    closings = g.closings + excluded.closings,
                    lifeforce_spent = g.lifeforce_spent + excluded.lifeforce_spent,
                    first_transition_at = least(g.first_transition_at, excluded.first_transition_at),
                    last_transition_at = greatest(g.last_transition_at, excluded.last_transition_at);

                if exists (select from counted_outcomes where earned is null) then
                    with paid as (
                        update counted_outcomes c set earned = f.lifeforce_cost * lifeforce_share(c.result) from fresh f
                        where c.earned is null and c.opening = f.message_id
                        returning f.env, f.gate_id, c.earned)
                    update gates g set lifeforce_earned = g.lifeforce_earned + p.earned
                    from (select env, gate_id, sum(earned) as earned from paid group by env, gate_id) p
                    where g.env = p.env and g.gate_id = p.gate_id;
                end if;
                return null;
            end $$;

            create function total_outcomes() returns trigger language plpgsql as $$
            begin
                insert into gates (env, gate_id, domain, region, state, potential, weight)
                select distinct on (env, gate_id) env, gate_id, split_part(region, '.', 1), region, 0, 0, 0
                from fresh order by env, gate_id
                on conflict (env, gate_id) do nothing;

                with latest as (
                    select distinct on (a.opening) a.opening, a.env, a.gate_id,
                           case when a.kind = 'withdrawal' or a.weight = 0 then null else a.result end as result
                    from accepted_outcomes a
                    where a.kind is distinct from 'reset'
                      and a.opening in (select opening from fresh where kind is distinct from 'reset')
                    order by a.opening, a.at desc, a.message_id desc),
                now_counted as (
                    select l.*, t.lifeforce_cost * lifeforce_share(l.result) as earned
                    from latest l left join gate_transitions t on t.message_id = l.opening
                    where l.result is not null),
                before as (select c.* from counted_outcomes c join latest l on l.opening = c.opening),
                gone as (
                    delete from counted_outcomes c using latest l
                    where c.opening = l.opening and l.result is null),
                kept as (
                    insert into counted_outcomes (opening, env, gate_id, result, earned)
                    select opening, env, gate_id, result, earned from now_counted
                    on conflict (opening) do update set result = excluded.result, earned = excluded.earned)
                update gates g set
                    confirmed = g.confirmed + c.confirmed, failed = g.failed + c.failed,
                    partial = g.partial + c.partial, lifeforce_earned = g.lifeforce_earned + c.earned
                from (select env, gate_id, sum(sign * (result = 'confirmed')::int) as confirmed,
                             sum(sign * (result = 'failed')::int) as failed,
                             sum(sign * (result = 'partial')::int) as partial,
                             sum(sign * coalesce(earned, 0)) as earned
                      from (select env, gate_id, result, earned, 1 as sign from now_counted
                            union all select env, gate_id, result, earned, -1 from before) changes
                      group by env, gate_id) c
                where g.env = c.env and g.gate_id = c.gate_id;
                return null;
            end $$;

            create trigger total_outcomes after insert on accepted_outcomes
                referencing new table as fresh for each statement execute function total_outcomes();

            create temporary table stored_before on commit drop as select * from accepted_outcomes;
            delete from accepted_outcomes;
            insert into accepted_outcomes select * from stored_before;

            create or replace view decision_overview as
            select c.window_end as at, c.env, c.gate_id, c.region, c.confidence,
                   json_array_length(c.witnesses) as witnesses, q.event_type, q.confidence as request_confidence,
                   r.decision, r.outcome as answer, r.boundary, r.mind, r.lifeforce_spent, r.processing_time_ms,
                   v.result as verification, c.transition_id, c.collapse_id, q.request_id
            from collapses c
            left join cognitive_requests q on q.collapse_id = c.collapse_id
            left join cognitive_responses r on r.request_id = q.request_id
            left join counted_outcomes v on v.opening = c.transition_id;
            """)
}
