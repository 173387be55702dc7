extension Migration {
    /// Outcomes earn the same in whatever order they are stored: one that comes before an earlier one of its opening is corrected by it.
    static let shares = Migration(
        version: 13, name: "shares",
        sql: """
            create or replace function total_accepted() returns trigger language plpgsql as $$
            begin
                with new as (
                    insert into lifeforce_outcomes select message_id from fresh on conflict do nothing
                    returning message_id),
                amounts as (
                    select o.env, o.opening, o.region, (o.at at time zone 'UTC')::date as day, o.at, o.message_id,
                           case when coalesce(o.kind, 'outcome') in ('outcome', 'replacement')
                                then greatest(least(o.lifeforce * coalesce(o.weight, 1), 1e290), -1e290)
                                else 0 end as amount,
                           n.message_id is null as is_counted
                    from accepted_outcomes o left join new n on n.message_id = o.message_id
                    where coalesce(o.kind, 'outcome') <> 'reset'
                      and (o.env, o.opening) in (select f.env, f.opening from fresh f join new using (message_id)))
                insert into lifeforce_days as d (env, region, day, earned)
                select env, region, day, sum(change)
                from (select env, region, day,
                             amount - coalesce(lag(amount) over (partition by env, opening order by at, message_id), 0)
                                 as change
                      from amounts
                      union all
                      select env, region, day,
                             coalesce(lag(amount) over (partition by env, opening order by at, message_id), 0) - amount
                      from amounts where is_counted) c
                group by 1, 2, 3 order by 1, 2, 3
                on conflict (env, region, day) do update set
                    earned = greatest(least(d.earned + excluded.earned, 1e300), -1e300);
                return null;
            end $$;
            comment on function total_accepted() is
                'each message about an opening counts what it gives less what the one before it gave; what was counted before it came is taken out';
            """)
}
