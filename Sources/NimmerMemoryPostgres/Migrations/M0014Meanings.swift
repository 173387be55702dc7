extension Migration {
    /// Memory by meaning: embeddings of what happened, each of one kernel, seen by the members of that kernel alone (decision 0038).
    ///
    /// Embeddings are `real[]`, which needs no extension. Where pgvector is there, `prepare_meanings` adds the column `vector`, generated from
    /// them, and an HNSW index for each model of each kernel's partition; dropping the extension drops both and nothing else.
    static let meanings = Migration(
        version: 14, name: "meanings",
        sql: """
            create table meaning_members (
                member name primary key,
                kernel text not null check (kernel ~ '^[a-z0-9][a-z0-9_-]{0,62}$')
            );
            comment on table meaning_members is 'the kernel of each user; a user without a row has that of its roles, if they have one';
            insert into meaning_members values
                (current_database() || '_hippocampus', 'main'), (current_database() || '_reader', 'main');

            create function meaning_kernel() returns text language sql stable parallel safe security definer
            set search_path = pg_catalog, pg_temp as $$
                select coalesce(
                    (select m.kernel from public.meaning_members m where m.member = session_user),
                    (select case when count(distinct m.kernel) = 1 then min(m.kernel) end from public.meaning_members m
                     join pg_roles r on r.rolname = m.member where pg_has_role(session_user, r.oid, 'member')))
            $$;
            comment on function meaning_kernel() is 'the kernel of the user who logged in, whatever role that user took';

            create function meaning_keeper() returns boolean language sql stable parallel safe security definer
            set search_path = pg_catalog, pg_temp as $$
                select not exists (select from public.meaning_members m where m.member = session_user)
            $$;
            comment on function meaning_keeper() is
                'whether the owner of the schema sees every kernel: where the user who logged in has none of its own';

            create table memory_meanings (
                kernel text not null check (kernel ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
                message_id uuid not null,
                seq bigint not null,
                kind text not null check (kind in ('collapse', 'decision', 'outcome', 'summary')),
                env text not null,
                region text not null,
                opening uuid,
                at timestamptz not null,
                text text not null check (octet_length(text) <= 2000),
                model text not null check (char_length(model) between 1 and 120),
                dimensions int not null check (dimensions between 1 and 4096),
                embedding real[] not null check (
                    array_ndims(embedding) = 1 and cardinality(embedding) = dimensions
                    and array_position(embedding, 'NaN') is null and array_position(embedding, 'Infinity') is null
                    and array_position(embedding, '-Infinity') is null and array_position(embedding, null) is null),
                duplicates int not null default 0,
                stored_at timestamptz not null default now(),
                primary key (kernel, message_id, model, dimensions)
            ) partition by list (kernel);
            alter table memory_meanings alter column embedding set storage external;
            -- Estimates of a plan are not filtered by row: without statistics they show no other kernel's contents.
            alter table memory_meanings
                alter column message_id set statistics 0, alter column seq set statistics 0, alter column region set statistics 0,
                alter column opening set statistics 0, alter column at set statistics 0, alter column text set statistics 0,
                alter column embedding set statistics 0;
            create table memory_meanings_default partition of memory_meanings default;
            create index memory_meanings_by_seq on memory_meanings (kernel, model, seq);
            create index memory_meanings_by_region on memory_meanings (kernel, model, env, region, kind);
            create index memory_meanings_by_time on memory_meanings (kernel, model, env, at);
            comment on column memory_meanings.duplicates is 'near duplicates (cosine above 0.95) that were not kept';
            comment on column memory_meanings.seq is 'order in which the rows of a kernel came';

            create table meaning_duplicates (
                kernel text not null,
                message_id uuid not null,
                original uuid not null,
                model text not null,
                dimensions int not null,
                stored_at timestamptz not null default now(),
                primary key (kernel, message_id, model, dimensions)
            );
            create index meaning_duplicates_by_time on meaning_duplicates (kernel, stored_at);
            comment on table meaning_duplicates is
                'near duplicates that were counted: kept for as long as their stream may deliver them again, 15 days';

            create function guard_meanings(guarded regclass) returns void language plpgsql as $$
            begin
                execute format('alter table %s enable row level security', guarded);
                execute format('alter table %s force row level security', guarded);
                execute format('create policy own_kernel on %s using (kernel = (select public.meaning_kernel()))', guarded);
                execute format('create policy keeper on %s to current_user using ((select public.meaning_keeper()))', guarded);
            end $$;
            revoke execute on function guard_meanings(regclass) from public;
            select guard_meanings('memory_meanings'), guard_meanings('memory_meanings_default'),
                   guard_meanings('meaning_duplicates');

            create view meaning_outcomes as select env, opening, result from counted_outcomes;
            comment on view meaning_outcomes is 'the outcome that counts of each opening: without those that were taken back';

            create view meaning_messages as
            select m.kernel, m.message_id, m.seq, m.kind, m.env, m.region, m.opening, m.at, m.text, m.model, m.dimensions,
                   m.embedding, m.duplicates, o.result as outcome, m.stored_at
            from memory_meanings m
            left join meaning_outcomes o on o.opening = m.opening and o.env = m.env;
            do $$ begin
                if current_setting('server_version_num')::int >= 150000 then
                    execute 'alter view meaning_messages set (security_invoker = true)';
                end if;
            end $$;

            create function prepare_meanings(for_kernel text, for_model text, components int, most_bytes bigint)
            returns text language plpgsql security definer set search_path = public, pg_temp as $$
            declare
                part text := 'meanings_of_' || left(for_kernel, 30) || '_' || left(md5(for_kernel), 8);
                index_name text := 'meanings_' || left(md5(concat_ws(' ', for_kernel, for_model, components)), 24);
                names constant text :=
                    'kernel, message_id, seq, kind, env, region, opening, at, text, model, dimensions, embedding, duplicates, stored_at';
                place text;
                version text;
                bytes bigint;
            begin
                if for_kernel is distinct from meaning_kernel() and session_user <> current_user
                   and not pg_has_role(session_user, current_user, 'member') then
                    raise insufficient_privilege using message = format('%s is no member of the kernel %s', session_user, for_kernel);
                end if;
                perform pg_advisory_xact_lock(hashtext('nimmerverse kernels'));
                if for_kernel is not null and to_regclass(quote_ident(part)) is null then
                    execute format('create table %I (like memory_meanings including defaults including constraints
                                    including generated including storage)', part);
                    if exists (select from memory_meanings_default where kernel = for_kernel) then
                        execute format('lock table memory_meanings_default in access exclusive mode');
                        execute format('with moved as (delete from memory_meanings_default where kernel = %L returning %s)
                                        insert into %I (%s) select %s from moved', for_kernel, names, part, names, names);
                    end if;
                    execute format('alter table memory_meanings attach partition %I for values in (%L)', part, for_kernel);
                    perform guard_meanings(part::regclass);
                end if;
                select quote_ident(n.nspname), e.extversion into place, version
                from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector';
                if version is null then return 'absent'; end if;
                if string_to_array(substring(version from '^[0-9]+[.][0-9]+'), '.')::int[] < array[0, 8] then
                    return 'old';
                end if;
                if not exists (select from pg_attribute where attrelid = 'memory_meanings'::regclass
                               and attname = 'vector' and not attisdropped) then
                    select sum(pg_total_relation_size(inhrelid)) into bytes
                    from pg_inherits where inhparent = 'memory_meanings'::regclass;
                    if bytes > most_bytes then return 'waiting'; end if;
                    execute format('alter table memory_meanings add column vector %s.vector
                                    generated always as (embedding::%s.vector) stored', place, place);
                    execute 'alter table memory_meanings alter column vector set storage main,
                             alter column vector set statistics 0';
                end if;
                if for_model is null or components > 2000 then return 'ready'; end if;
                if to_regclass(quote_ident(index_name)) is null then
                    select pg_total_relation_size(part::regclass) into bytes;
                    -- Few rows are compared faster one by one, and an index is built faster than it grows.
                    if bytes < 4194304 then return 'ready'; end if;
                    if bytes > most_bytes then return 'waiting'; end if;
                    execute format('create index %I on %I using hnsw ((vector::%s.vector(%s)) %s.vector_cosine_ops)
                                    where model = %L and dimensions = %s',
                                   index_name, part, place, components, place, for_model, components);
                end if;
                return 'ready';
            end $$;
            revoke execute on function prepare_meanings(text, text, int, bigint) from public;
            comment on function prepare_meanings(text, text, int, bigint) is
                'makes the partition of a kernel and, where pgvector is there, its vectors and the index of a model; rows of more bytes wait';
            """)
}
