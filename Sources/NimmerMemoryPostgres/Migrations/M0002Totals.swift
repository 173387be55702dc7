extension Migration {
    /// Running totals of `gates`, kept once per statement from its transition tables (memory.md).
    ///
    /// A verification may arrive before the transition that it is about; it is then settled by the transition. Every
    /// statement touches gates in the order of their names, and writers take turns, so they cannot deadlock.
    static let totals = Migration(
        version: 2, name: "totals",
        sql: """
            create function total_transitions() returns trigger language plpgsql as $$
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

                if exists (select from verification_outcomes where not settled) then
                    with paid as (
                        update verification_outcomes v set settled = true from fresh f
                        where not v.settled and v.original_signal_id = f.message_id
                        returning f.env, f.gate_id, f.lifeforce_cost, v.outcome)
                    update gates g set lifeforce_earned = g.lifeforce_earned + p.earned
                    from (select env, gate_id, sum(lifeforce_cost * lifeforce_share(outcome)) as earned
                          from paid group by env, gate_id) p
                    where g.env = p.env and g.gate_id = p.gate_id;
                end if;
                return null;
            end $$;

            create function lifeforce_share(outcome text) returns double precision language sql immutable as $$
                select case outcome when 'confirmed' then 1.0 when 'partial' then 0.5 else 0.0 end
            $$;

            create trigger total_transitions after insert on gate_transitions
                referencing new table as fresh for each statement execute function total_transitions();

            create function total_verifications() returns trigger language plpgsql as $$
            begin
                insert into gates as g (env, gate_id, domain, region, state, potential, weight, confirmed, failed,
                                        partial)
                select env, gate_id, min(domain), min(domain), 0, 0, 0, count(*) filter (where outcome = 'confirmed'),
                       count(*) filter (where outcome = 'failed'), count(*) filter (where outcome = 'partial')
                from fresh group by env, gate_id order by env, gate_id
                on conflict (env, gate_id) do update set
                    confirmed = g.confirmed + excluded.confirmed,
                    failed = g.failed + excluded.failed,
                    partial = g.partial + excluded.partial;

                with paid as (
                    update verification_outcomes v set settled = true
                    from fresh f join gate_transitions t on t.message_id = f.original_signal_id
                    where v.message_id = f.message_id
                    returning t.env, t.gate_id, t.lifeforce_cost, v.outcome)
                update gates g set lifeforce_earned = g.lifeforce_earned + p.earned
                from (select env, gate_id, sum(lifeforce_cost * lifeforce_share(outcome)) as earned
                      from paid group by env, gate_id) p
                where g.env = p.env and g.gate_id = p.gate_id;
                return null;
            end $$;

            create trigger total_verifications after insert on verification_outcomes
                referencing new table as fresh for each statement execute function total_verifications();
            """)
}
