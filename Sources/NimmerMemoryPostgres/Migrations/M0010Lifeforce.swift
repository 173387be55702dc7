extension Migration {
    /// Lifeforce that was spent in regions and that outcomes gave back, by day: kept once per statement, as the totals of gates are.
    static let lifeforce = Migration(
        version: 10, name: "lifeforce",
        sql: """
            alter table cognitive_responses add column paying_region text not null default 'unnamed';
            create or replace view response_messages as select * from cognitive_responses;

            alter table accepted_outcomes add column lifeforce double precision not null default 0;
            comment on column accepted_outcomes.lifeforce is 'what the outcome gives back, as the system file had it';
            create or replace view accepted_messages as select * from accepted_outcomes;

            create table lifeforce_days (
                env text not null,
                region text not null,
                day date not null,
                cells double precision not null default 0,
                nerves double precision not null default 0,
                minds double precision not null default 0,
                organs double precision not null default 0,
                earned double precision not null default 0,
                spent double precision generated always as (cells + nerves + minds + organs) stored,
                net double precision generated always as (earned - (cells + nerves + minds + organs)) stored,
                primary key (env, region, day)
            );
            create index lifeforce_days_by_day on lifeforce_days (env, day);
            comment on table lifeforce_days is 'days are of UTC; amounts in LF';

            create table lifeforce_spendings (
                message_id uuid primary key,
                env text not null,
                since timestamptz not null,
                until timestamptz not null,
                regions json not null,
                version text not null,
                published_at timestamptz not null,
                source text not null,
                source_type text not null,
                garden text not null,
                tier smallint not null,
                stored_at timestamptz not null default now()
            );
            create index lifeforce_spendings_by_time on lifeforce_spendings (stored_at);
            comment on table lifeforce_spendings is
                'sums that lifeforce_days holds: kept for as long as their stream may deliver them again, 15 days';

            create view lifeforce_overview as
            select env, region, day, cells, nerves, minds, organs, spent, earned, net from lifeforce_days;
            create view spending_messages as select * from lifeforce_spendings;

            create function total_spendings() returns trigger language plpgsql
            security definer set search_path = public, pg_temp as $$
            begin
                insert into lifeforce_days as d (env, region, day, cells, nerves, organs)
                select f.env, r.region, (f.since at time zone 'UTC')::date,
                       sum(least(coalesce(r.cells, 0), 1e290)), sum(least(coalesce(r.nerves, 0), 1e290)),
                       sum(least(coalesce(r.organs, 0), 1e290))
                from fresh f
                cross join lateral json_to_recordset(f.regions)
                    as r(region text, cells double precision, nerves double precision, organs double precision)
                group by 1, 2, 3 order by 1, 2, 3
                on conflict (env, region, day) do update set
                    cells = least(d.cells + excluded.cells, 1e300), nerves = least(d.nerves + excluded.nerves, 1e300),
                    organs = least(d.organs + excluded.organs, 1e300);
                delete from lifeforce_spendings where stored_at < now() - interval '15 days';
                return null;
            end $$;
            create trigger total_spendings after insert on lifeforce_spendings
                referencing new table as fresh for each statement execute function total_spendings();

            create function total_responses() returns trigger language plpgsql as $$
            begin
                insert into lifeforce_days as d (env, region, day, minds)
                select env, paying_region, (published_at at time zone 'UTC')::date, sum(least(lifeforce_spent, 1e290))
                from fresh where lifeforce_spent > 0 group by 1, 2, 3 order by 1, 2, 3
                on conflict (env, region, day) do update set minds = least(d.minds + excluded.minds, 1e300);
                return null;
            end $$;
            create trigger total_responses after insert on cognitive_responses
                referencing new table as fresh for each statement execute function total_responses();

            create table lifeforce_outcomes (message_id uuid primary key);
            comment on table lifeforce_outcomes is 'accepted outcomes that lifeforce_days has counted, also when their rows are written again';
            insert into lifeforce_outcomes select message_id from accepted_outcomes;

            create function total_accepted() returns trigger language plpgsql as $$
            begin
                with new as (
                    insert into lifeforce_outcomes select message_id from fresh on conflict do nothing
                    returning message_id)
                insert into lifeforce_days as d (env, region, day, earned)
                select c.env, c.region, (c.at at time zone 'UTC')::date, sum(c.amount - coalesce(c.before, 0))
                from (select v.*, lag(v.amount) over (partition by v.env, v.opening order by v.at, v.message_id) as before
                      from (select o.message_id, o.env, o.opening, o.region, o.at,
                                   case when coalesce(o.kind, 'outcome') in ('outcome', 'replacement')
                                        then greatest(least(o.lifeforce * coalesce(o.weight, 1), 1e290), -1e290)
                                        else 0 end as amount
                            from accepted_outcomes o
                            where coalesce(o.kind, 'outcome') <> 'reset'
                              and (o.env, o.opening) in (select env, opening from fresh)) v) c
                join new f on f.message_id = c.message_id
                group by 1, 2, 3 order by 1, 2, 3
                on conflict (env, region, day) do update set
                    earned = greatest(least(d.earned + excluded.earned, 1e300), -1e300);
                return null;
            end $$;
            comment on function total_accepted() is
                'an outcome counts what it gives less what the earlier one of its opening gave: one that is taken back counts nothing';
            create trigger total_accepted after insert on accepted_outcomes
                referencing new table as fresh for each statement execute function total_accepted();
            """)
}
