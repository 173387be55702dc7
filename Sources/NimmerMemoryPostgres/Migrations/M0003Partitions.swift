extension Migration {
    /// Months of `gate_transitions`: made when the first transition of a month arrives, dropped by `nimmer db prune`.
    ///
    /// Both functions run with their owner's rights, so that the writer needs none over the tables. Times that no clock
    /// of today shows (a replayed recording, a broken sensor) stay in the default partition.
    static let partitions = Migration(
        version: 3, name: "partitions",
        sql: """
            create function make_transition_partition(moment timestamptz) returns boolean
            language plpgsql security definer set search_path = public, pg_temp as $$
            declare
                first_day date := date_trunc('month', moment at time zone 'UTC')::date;
                next_day date := (first_day + interval '1 month')::date;
                this_month date := date_trunc('month', now() at time zone 'UTC')::date;
                part text := 'gate_transitions_' || to_char(first_day, 'YYYY_MM');
            begin
                if first_day < this_month - interval '24 months' or first_day > this_month + interval '2 months' then
                    return false;
                end if;
                perform pg_advisory_xact_lock(hashtext('nimmerverse partitions'));
                if to_regclass(part) is not null then
                    return false;
                end if;
                execute format('create table %I (like gate_transitions including defaults including constraints)', part);
                execute format('lock table gate_transitions_default in access exclusive mode');
                execute format('with moved as (delete from gate_transitions_default
                                               where at >= %L and at < %L returning *)
                                insert into %I select * from moved',
                               first_day || ' 00:00:00+00', next_day || ' 00:00:00+00', part);
                execute format('alter table gate_transitions attach partition %I for values from (%L) to (%L)',
                               part, first_day || ' 00:00:00+00', next_day || ' 00:00:00+00');
                return true;
            end $$;

            create function transition_partitions(keep_from timestamptz)
            returns table (partition text, first_day date, rows_estimated bigint, bytes bigint, expired boolean)
            language sql stable security definer set search_path = public, pg_temp as $$
                select c.relname::text, m.first_day,
                       greatest(c.reltuples, s.n_live_tup, 0)::bigint, pg_total_relation_size(c.oid),
                       m.first_day + interval '1 month' <= keep_from at time zone 'UTC'
                from pg_inherits i
                join pg_class c on c.oid = i.inhrelid
                left join pg_stat_user_tables s on s.relid = c.oid
                cross join lateral (
                    select to_date(substring(c.relname from '[0-9]{4}_[0-9]{2}$'), 'YYYY_MM') as first_day) m
                where i.inhparent = 'gate_transitions'::regclass and m.first_day is not null
                order by m.first_day
            $$;

            revoke execute on function make_transition_partition(timestamptz) from public;
            revoke execute on function transition_partitions(timestamptz) from public;
            """)
}
