import NimmerMemory

/// The group roles of memory.md: nobody logs in as one, people and services are granted them.
///
/// - `nimmer_migrator` owns tables and functions; `nimmer db` works as its member.
/// - `nimmer_writer` inserts and updates: the hippocampus.
/// - `nimmer_reader` reads the views: people and training.
///
/// Repeated by every `nimmer db migrate`, so that roles which an administrator created later are put in force.
struct Access {
    let connection: Connection

    private static let roles = ["nimmer_migrator", "nimmer_writer", "nimmer_reader"]

    /// Creates the roles where that is permitted, and goes on as the owner of the schema.
    ///
    /// - Returns: what a person should know.
    func prepare() throws(PostgresFailure) -> [String] {
        for role in Access.roles {
            try connection.script(
                """
                do $$ begin
                    if not exists (select from pg_roles where rolname = '\(role)') then
                        create role \(role) nologin;
                    end if;
                    if '\(role)' = 'nimmer_migrator' and not pg_has_role('\(role)', 'member') then
                        grant \(role) to current_user;
                    end if;
                exception when insufficient_privilege or duplicate_object or unique_violation then null;
                end $$
                """)
        }
        try connection.script(
            """
            do $$ begin
                if exists (select from pg_roles where rolname = 'nimmer_migrator')
                   and pg_has_role('nimmer_migrator', 'member') then
                    grant usage, create on schema public to nimmer_migrator;
                    execute format('grant temporary on database %I to nimmer_migrator', current_database());
                end if;
            exception when insufficient_privilege then null;
            end $$
            """)
        try becomeOwner()
        let missing = try Set(Access.roles).subtracting(
            connection.run("select rolname from pg_roles where rolname like 'nimmer\\_%'").column)
        return missing.isEmpty
            ? []
            : [
                "the roles \(missing.sorted().joined(separator: ", ")) do not exist and this user may not create them; "
                    + "an administrator can: create role … nologin, then nimmer db migrate again"
            ]
    }

    /// Works as the owner of the schema, or as `nimmer_migrator` in an empty one, where this user may.
    func becomeOwner() throws(PostgresFailure) {
        let owner = try connection.run(
            """
            select quote_ident(r.rolname) from pg_roles r
            where r.rolname = coalesce(
                    (select tableowner from pg_tables where schemaname = 'public' and tablename = 'schema_migrations'),
                    'nimmer_migrator')
              and pg_has_role(r.rolname, 'member') and has_schema_privilege(r.rolname, 'public', 'create')
            """
        ).first
        if let owner { try connection.script("set role \(owner)") }
    }

    /// Gives the roles that exist what they may do.
    func grant() throws(PostgresFailure) {
        let present = try connection.run("select rolname from pg_roles where rolname like 'nimmer\\_%'").column
        if present.contains("nimmer_writer") {
            try connection.script(
                """
                grant usage on schema public to nimmer_writer;
                grant select, insert, update on gates, gate_transitions, collapses, correlation_events,
                    cognitive_requests, cognitive_responses, verification_outcomes, rejected_messages to nimmer_writer;
                do $$ begin
                    grant select, insert, update on decision_acts to nimmer_writer;
                exception when undefined_table then null;
                end $$;
                do $$ begin
                    grant execute on function make_transition_partition(timestamptz) to nimmer_writer;
                exception when undefined_function then null;
                end $$
                """)
        }
        let readers = present.filter { $0 == "nimmer_reader" || $0 == "nimmer_writer" }
        guard !readers.isEmpty else { return }
        let views = try connection.run(
            "select string_agg(quote_ident(viewname), ', ') from pg_views where schemaname = 'public'"
        ).first
        guard let views else { return }
        let names = readers.joined(separator: ", ")
        try connection.script(
            "grant usage on schema public to \(names); grant select on \(views), schema_migrations to \(names)")
    }
}
