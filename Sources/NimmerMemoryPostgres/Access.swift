import NimmerMemory

/// The three roles that a database has for itself (memory.md, Roles), named after it, so that no role of one environment is
/// any role in another's database on the same server.
///
/// - `<database>_migrator` owns tables and functions; `nimmer db` works as it.
/// - `<database>_hippocampus` inserts and updates.
/// - `<database>_reader` reads the views: people and training.
///
/// Repeated by every `nimmer db migrate`, so that roles which an administrator created later are put in force.
struct Access {
    let connection: PostgresConnection

    /// The roles that all environments of a server shared in the first versions; `deploy/postgres/roles.sql` moves them.
    private static let shared = "('nimmer_migrator', 'nimmer_writer', 'nimmer_reader')"

    /// The names of the roles of the connected database.
    struct Roles: Equatable {
        let migrator: String
        let hippocampus: String
        let reader: String

        init(database: String) {
            migrator = database + "_migrator"
            hippocampus = database + "_hippocampus"
            reader = database + "_reader"
        }

        var all: [String] { [migrator, hippocampus, reader] }
    }

    /// The roles of the connected database.
    func roles() throws(PostgresFailure) -> Roles {
        Roles(database: try connection.text("select current_database()", "name of the database"))
    }

    /// Creates the roles where that is permitted, closes the database to all others, and continues as the owner of the schema.
    ///
    /// - Returns: what a person should know.
    func prepare() throws(PostgresFailure) -> [String] {
        let roles = try roles()
        // A longer name would be cut, and two databases might come to the same role.
        guard roles.hippocampus.utf8.count <= 63 else {
            return ["no roles were made: the name of the database is longer than 51 bytes"]
        }
        for role in roles.all {
            let name = try quoted(role)
            try connection.script(
                """
                do $$ begin
                    create role \(name) nologin;
                exception when insufficient_privilege or duplicate_object or unique_violation then null;
                end $$
                """)
        }
        // An administrator who is not a superuser works as the owner by being a member.
        try connection.script(
            """
            do $$ begin
                if not pg_has_role(\(try literal(roles.migrator)), 'member') then
                    grant \(try quoted(roles.migrator)) to current_user;
                end if;
            exception when insufficient_privilege or undefined_object then null;
            end $$
            """)
        try createVectors()
        let usesShared = try usesSharedRoles()
        if !usesShared { try close(to: roles) }
        try becomeOwner()
        return try notes(roles, usesShared: usesShared)
    }

    /// Works as the owner of the schema, or as the migrator in an empty one, where this user may.
    func becomeOwner() throws(PostgresFailure) {
        let roles = try roles()
        let owner = try connection.run(
            """
            select quote_ident(r.rolname) from pg_roles r
            where r.rolname = coalesce(
                    (select tableowner from pg_tables where schemaname = 'public' and tablename = 'schema_migrations'),
                    \(roles.migrator))
              and pg_has_role(r.rolname, 'member') and has_schema_privilege(r.rolname, 'public', 'create')
            """
        ).first
        if let owner { try connection.script("set role \(owner)") }
    }

    /// Gives the roles that exist what they may do.
    func grant() throws(PostgresFailure) {
        let roles = try roles()
        if try exists(roles.hippocampus) {
            let writer = try quoted(roles.hippocampus)
            try connection.script(
                """
                grant usage on schema public to \(writer);
                grant select, insert, update on gates, gate_transitions, collapses, correlation_events,
                    cognitive_requests, cognitive_responses, verification_outcomes, rejected_messages to \(writer);
                do $$ begin
                    grant select, insert, update on decision_acts to \(writer);
                exception when undefined_table then null;
                end $$;
                do $$ begin
                    grant select, insert, update on accepted_outcomes to \(writer);
                    grant select, insert, update on lifeforce_spendings, lifeforce_days, lifeforce_outcomes to \(writer);
                    grant select, insert, update, delete on counted_outcomes to \(writer);
                exception when undefined_table then null;
                end $$;
                do $$ begin
                    grant select, insert, update, delete on meaning_settings to \(writer);
                    grant select, insert, delete on pending_meanings to \(writer);
                exception when undefined_table then null;
                end $$;
                do $$ begin
                    grant execute on function make_transition_partition(timestamptz) to \(writer);
                exception when undefined_function then null;
                end $$;
                do $$ begin
                    grant select, insert on memory_meanings to \(writer);
                    grant update (duplicates) on memory_meanings to \(writer);
                    grant select, insert, delete on meaning_duplicates to \(writer);
                    grant execute on function prepare_meanings(text, text, int, bigint) to \(writer);
                exception when undefined_table then null;
                end $$
                """)
        }
        try grantMeanings(roles)
        var readers: [String] = []
        for role in [roles.reader, roles.hippocampus] where try exists(role) { readers.append(try quoted(role)) }
        guard !readers.isEmpty else { return }
        let views = try connection.run(
            "select string_agg(quote_ident(viewname), ', ') from pg_views where schemaname = 'public'"
        ).first
        guard let views else { return }
        let names = readers.joined(separator: ", ")
        try connection.script(
            "grant usage on schema public to \(names); grant select on \(views), schema_migrations to \(names)")
    }

    /// Lets readers search memory by meaning, where row-level security shows each user its own kernel, and the owner keep all of it.
    private func grantMeanings(_ roles: Roles) throws(PostgresFailure) {
        guard try connection.run("select to_regclass('public.memory_meanings')::text").first != nil else { return }
        // The owner may have changed since the policies were made.
        try connection.script(
            """
            do $$ declare guarded text; begin
                for guarded in select polrelid::regclass from pg_policy where polname = 'keeper' loop
                    execute format('alter policy keeper on %s to current_user', guarded);
                end loop;
            exception when insufficient_privilege then null;
            end $$
            """)
        if try exists(roles.reader) {
            try connection.script("grant select on memory_meanings to \(try quoted(roles.reader))")
        }
    }

    /// Creates pgvector where the server offers it and this user may.
    private func createVectors() throws(PostgresFailure) {
        try connection.script(
            """
            do $$ begin
                if exists (select from pg_available_extensions where name = 'vector' and installed_version is null) then
                    create extension vector schema public;
                end if;
            exception when insufficient_privilege or duplicate_object or unique_violation then null;
            end $$
            """)
    }

    /// Lets only the roles of this database connect to it, where this user may publish so.
    private func close(to roles: Roles) throws(PostgresFailure) {
        var present: [String] = []
        for role in roles.all where try exists(role) { present.append(try quoted(role)) }
        guard present.count == roles.all.count else { return }
        let owns = try connection.run(
            "select pg_has_role(datdba, 'usage') from pg_database where datname = current_database()")
        guard owns.first == "t" else { return }
        let database = try quoted(connection.text("select current_database()", "name of the database"))
        try connection.script(
            """
            revoke all on database \(database) from public;
            grant connect, temporary on database \(database) to \(present.joined(separator: ", "));
            do $$ begin
                revoke create on schema public from public;
                grant usage, create on schema public to \(present[0]);
            exception when insufficient_privilege then null;
            end $$
            """)
    }

    /// Returns whether roles that other environments have, too, hold rights or tables here.
    private func usesSharedRoles() throws(PostgresFailure) -> Bool {
        try connection.script(
            """
            select exists (
                select from pg_shdepend d join pg_roles r on r.oid = d.refobjid and d.refclassid = 'pg_authid'::regclass
                join pg_database here on here.datname = current_database()
                where r.rolname in \(Access.shared) and d.dbid = here.oid)
            """
        ).first == "t"
    }

    private func notes(_ roles: Roles, usesShared: Bool) throws(PostgresFailure) -> [String] {
        var notes: [String] = []
        var missing: [String] = []
        for role in roles.all where try !exists(role) { missing.append(role) }
        if !missing.isEmpty {
            notes.append(
                "the roles \(missing.joined(separator: ", ")) do not exist and this user may not create them; "
                    + "an administrator can, with deploy/postgres/roles.sql; then nimmer db migrate again")
        }
        if usesShared {
            notes.append(
                "the roles nimmer_migrator, nimmer_writer and nimmer_reader, which all environments of this server share, "
                    + "have rights here: an administrator ends that with deploy/postgres/roles.sql")
        }
        return notes
    }

    private func exists(_ role: String) throws(PostgresFailure) -> Bool {
        try connection.run("select exists (select from pg_roles where rolname = \(role))").first == "t"
    }

    private func quoted(_ name: String) throws(PostgresFailure) -> String {
        try connection.text("select quote_ident(\(name))", "quoted name")
    }

    private func literal(_ text: String) throws(PostgresFailure) -> String {
        try connection.text("select quote_literal(\(text))", "quoted text")
    }
}
