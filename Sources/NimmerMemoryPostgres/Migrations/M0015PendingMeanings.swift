extension Migration {
    /// Rows that wait to be remembered by their meaning: added by the commit that stores them, so that none is lost.
    static let pendingMeanings = Migration(
        version: 15, name: "pending_meanings",
        sql: """
            create table meaning_settings (
                env text primary key,
                model text not null,
                dimensions integer not null,
                dropped bigint not null default 0,
                summarized date
            );
            comment on table meaning_settings is
                'environments that are remembered by meaning, the model in use, and the last day (UTC) that has summaries';

            create table pending_meanings (
                number bigint generated always as identity primary key,
                env text not null,
                kind text not null,
                id uuid not null,
                added_at timestamptz not null default now(),
                unique (env, kind, id)
            );
            comment on table pending_meanings is
                'rows that are stored and not embedded yet: at most 100,000, then the oldest are dropped and counted';

            create function bound_pending_meanings() returns trigger language plpgsql
            security definer set search_path = public, pg_temp as $$
            begin
                with gone as (
                    delete from pending_meanings
                    where number <= (select max(number) from pending_meanings) - 100000 returning env),
                sums as (select env, count(*) as rows from gone group by env)
                update meaning_settings s set dropped = s.dropped + sums.rows from sums where sums.env = s.env;
                return null;
            end $$;
            create trigger bound_pending_meanings after insert on pending_meanings
                for each statement execute function bound_pending_meanings();

            create function pend_collapses() returns trigger language plpgsql
            security definer set search_path = public, pg_temp as $$
            begin
                if exists (select from meaning_settings) then
                    insert into pending_meanings (env, kind, id)
                    select f.env, 'collapse', f.collapse_id from fresh f join meaning_settings s on s.env = f.env
                    order by f.window_end, f.collapse_id
                    on conflict do nothing;
                end if;
                return null;
            end $$;
            create trigger pend_collapses after insert on collapses
                referencing new table as fresh for each statement execute function pend_collapses();

            create function pend_responses() returns trigger language plpgsql
            security definer set search_path = public, pg_temp as $$
            begin
                if exists (select from meaning_settings) then
                    insert into pending_meanings (env, kind, id)
                    select f.env, 'decision', f.request_id from fresh f join meaning_settings s on s.env = f.env
                    where f.outcome = 'answered' order by f.published_at, f.request_id
                    on conflict do nothing;
                end if;
                return null;
            end $$;
            create trigger pend_responses after insert on cognitive_responses
                referencing new table as fresh for each statement execute function pend_responses();

            create function pend_outcomes() returns trigger language plpgsql
            security definer set search_path = public, pg_temp as $$
            begin
                if exists (select from meaning_settings) then
                    insert into pending_meanings (env, kind, id)
                    select f.env, 'outcome', f.message_id from fresh f join meaning_settings s on s.env = f.env
                    where coalesce(f.kind, 'outcome') in ('outcome', 'replacement') order by f.at, f.message_id
                    on conflict do nothing;
                end if;
                return null;
            end $$;
            create trigger pend_outcomes after insert on accepted_outcomes
                referencing new table as fresh for each statement execute function pend_outcomes();
            """)
}
