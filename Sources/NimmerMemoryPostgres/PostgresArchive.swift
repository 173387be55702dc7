import NimmerMemory

/// Copies the rows of a whole database out of it, and into an empty one, as they are (`nimmer memory backup`, `restore`).
///
/// Works as the owner of the schema. Every call connects, works and closes.
public actor PostgresArchive {
    /// Settings of the database.
    public nonisolated let settings: DatabaseSettings
    private nonisolated let executor = ThreadExecutor()

    /// An archive of one database.
    public init(_ settings: DatabaseSettings) {
        var patient = settings
        patient.statementSeconds = max(settings.statementSeconds, 3_600)
        self.settings = patient
    }

    /// The thread of this archive.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    // MARK: - Out

    /// Hands out every row, as one moment had them: whatever is committed meanwhile is not among them.
    ///
    /// - Parameter take: takes the next piece; false ends it with an error.
    /// - Throws: also where the schema is not one that this program knows.
    public func export(to take: @Sendable (ArchivePiece) -> Bool) throws(MemoryError) {
        try work { (connection) throws(PostgresFailure) -> Result<Void, MemoryError> in
            try connection.script("begin isolation level repeatable read read only")
            let state = try Schema(connection: connection).state(expecting: Migration.all)
            if case .older = state {} else if let refusal = state.refusal(connection.name) { return .failure(refusal) }
            if let refusal = try keeping(connection) { return .failure(refusal) }
            let schema = try connection.run("select version, checksum from schema_migrations order by version")
            var isTaken = take(
                .schema(ArchivedSchema(version: state.version, checksums: schema.values.compactMap { $0[1] })))
            for table in try tables(on: connection) {
                guard isTaken else { break }
                isTaken = take(.table(table))
                guard isTaken else { break }
                try connection.copy("copy (\(try select(table, on: connection))) to stdout") { take(.row($0)) }
            }
            guard isTaken else { throw .lost(name: connection.name, reason: "the rows are not read any more") }
            try connection.script("commit")
            return .success(())
        }
    }

    /// Returns why rows would be missing: a user who belongs to one kernel sees no other, whatever role it takes.
    private func keeping(_ connection: PostgresConnection) throws(PostgresFailure) -> MemoryError? {
        guard try connection.run("select to_regproc('public.meaning_keeper')::text").first != nil else { return nil }
        let row =
            try connection.run(
                """
                select session_user, meaning_keeper() and pg_has_role(current_user, relowner, 'usage')
                       or not row_security_active(oid)
                from pg_class where oid = 'public.memory_meanings'::regclass
                """
            ).values.first ?? []
        guard row.count == 2, row[1] != "t" else { return nil }
        return MemoryError(
            .permission,
            "the user \(row[0] ?? "") of \(connection.name) sees the memories of one kernel only: a backup would lack the others",
            remedy: "Connect as the schema's owner (its _migrator), which is in no kernel")
    }

    /// The tables of the schema's owner, with the columns that are not computed; the members of kernels, and what waits to be embedded, are
    /// this database's own.
    private func tables(on connection: PostgresConnection) throws(PostgresFailure) -> [ArchivedTable] {
        let found = try connection.run(
            """
            select c.relname, c.relkind, string_agg(a.attname, ' ' order by a.attnum)
            from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
              and c.relowner = (select relowner from pg_class where oid = 'public.schema_migrations'::regclass)
              and c.relname not in ('schema_migrations', 'meaning_members', 'meaning_settings', 'pending_meanings')
              and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
            group by c.relname, c.relkind order by c.relname
            """)
        let months = try connection.run(
            "select to_char(first_day, 'YYYY-MM') from transition_partitions(now()) order by 1"
        ).column
        return try found.values.map { (row) throws(PostgresFailure) in
            guard let name = row[0], let columns = row[2] else {
                throw .unexpected(name: connection.name, "found a table without a name or columns")
            }
            return ArchivedTable(
                name: name, columns: columns.split(separator: " ").map(String.init),
                months: name == "gate_transitions" ? months : [])
        }
    }

    private func select(_ table: ArchivedTable, on connection: PostgresConnection) throws(PostgresFailure) -> String {
        "select \(try names(table.columns, on: connection)) from \(try names([table.name], on: connection))"
    }

    /// Names as they stand in a statement, quoted by the server.
    private func names(_ names: [String], on connection: PostgresConnection) throws(PostgresFailure) -> String {
        var quoted: [String] = []
        for name in names { quoted.append(try connection.text("select quote_ident(\(name))", "quoted name")) }
        return quoted.joined(separator: ", ")
    }

    // MARK: - In

    /// Returns whether rows of a schema may come into this database: it does not exist, has no schema, or has that very one and not a row.
    ///
    /// - Throws: why not.
    public func checkRoom(for schema: ArchivedSchema) throws(MemoryError) {
        guard schema.version <= Migration.all.count, schema.version > 0 else {
            throw MemoryError(
                .schemaUnknown,
                "the rows are of schema version \(schema.version), this program knows \(Migration.all.count)",
                remedy: "Restore them with a program of that version or later")
        }
        do throws(MemoryError) {
            try work { (connection) throws(PostgresFailure) -> Result<Void, MemoryError> in
                let state = try Schema(connection: connection).state(expecting: Migration.all)
                let own = Migration.all.prefix(schema.version)
                for (index, migration) in own.enumerated() {
                    let checksum = try Schema(connection: connection).checksum(of: migration)
                    guard index < schema.checksums.count, schema.checksums[index] == checksum else {
                        return .failure(
                            MemoryError(
                                .schemaTampered,
                                "migration \(migration.version) of the rows is not the one that this program has"))
                    }
                }
                if let refusal = try keeping(connection) { return .failure(refusal) }
                return try room(for: schema, state, on: connection)
            }
        } catch {
            guard error.code == .missingDatabase else { throw error }
        }
    }

    private func room(
        for schema: ArchivedSchema, _ state: SchemaState, on connection: PostgresConnection
    ) throws(PostgresFailure) -> Result<Void, MemoryError> {
        switch state {
        case .missing: return .success(())
        case .older(schema.version), .current(schema.version): break
        case .older, .current:
            return .failure(
                MemoryError(
                    .schemaUnknown,
                    "\(connection.name) has schema version \(state.version), the rows are of version \(schema.version)",
                    remedy: "Restore into a database that does not exist yet, or has no tables: it is made as it was"))
        case .foreign, .newer, .tampered:
            if let refusal = state.refusal(connection.name) { return .failure(refusal) }
        }
        for table in try tables(on: connection) {
            let name = try names([table.name], on: connection)
            guard try connection.run(SQL(constant: "select 1 from \(name) limit 1", binds: [])).isEmpty else {
                return .failure(
                    MemoryError(
                        .conflict,
                        "the table \(table.name) of \(connection.name) holds rows: a restore needs an empty one",
                        remedy: "Name another database with --database, or drop this one"))
            }
        }
        return .success(())
    }

    /// Copies rows in, in one transaction: all of them, or none. Makes the database and its schema as they were when it has none,
    /// and brings the schema to this program's version in the end.
    ///
    /// - Parameters:
    ///   - next: the next rows of a table by its place, several whole rows at a time; nil behind the last. What it throws ends it, and
    ///     no row comes in.
    public func restore(
        _ schema: ArchivedSchema, _ tables: [ArchivedTable], next: @Sendable (Int) throws(MemoryError) -> [UInt8]?
    ) async throws(MemoryError) -> RestoredTables {
        try checkRoom(for: schema)
        let then = Array(Migration.all.prefix(schema.version))
        _ = try await PostgresAdministration(settings, migrations: then).migrate()
        let counts: [Int] = try work { (connection) throws(PostgresFailure) -> Result<[Int], MemoryError> in
            try connection.script("begin")
            let present = try self.tables(on: connection)
            var counts: [Int] = []
            for (place, table) in tables.enumerated() {
                guard let own = present.first(where: { $0.name == table.name }),
                    Set(own.columns) == Set(table.columns)
                else {
                    return .failure(
                        MemoryError(
                            .schemaUnknown, "\(connection.name) has no table \(table.name) with the columns of the rows"
                        ))
                }
                let name = try names([table.name], on: connection)
                try connection.script("lock table \(name) in access exclusive mode")
                guard try connection.run(SQL(constant: "select 1 from \(name) limit 1", binds: [])).isEmpty else {
                    return .failure(MemoryError(.conflict, "another session writes to \(connection.name)"))
                }
                for month in table.months {
                    try connection.run("select make_transition_partition(\(month + "-01T00:00:00Z")::timestamptz)")
                }
                // The totals are rows too, and come as they were.
                try connection.script("alter table \(name) disable trigger user")
                // COPY takes no rows where row-level security holds, and it holds the owner, too.
                let isForced =
                    try connection.run("select relforcerowsecurity from pg_class where oid = \(name)::regclass").first
                    == "t"
                if isForced { try connection.script("alter table \(name) no force row level security") }
                let columns = try names(table.columns, on: connection)
                var refusal: MemoryError?
                do throws(PostgresFailure) {
                    counts.append(
                        try connection.copy("copy \(name) (\(columns)) from stdin") { () throws(PostgresFailure) in
                            do throws(MemoryError) { return try next(place) } catch {
                                refusal = error
                                throw .lost(name: connection.name, reason: "there are no more rows")
                            }
                        })
                } catch {
                    // The connection is given up in the middle, and the server rolls back.
                    if let refusal { return .failure(refusal) }
                    throw error
                }
                try connection.script("alter table \(name) enable trigger user")
                if isForced { try connection.script("alter table \(name) force row level security") }
            }
            try connection.script("commit")
            return .success(counts)
        }
        // The rows are in: what fails from here on can be done again at any time.
        do throws(MemoryError) {
            _ = try await PostgresAdministration(settings).migrate()
            try work { (connection) throws(PostgresFailure) -> Result<Void, MemoryError> in
                try connection.script("analyze")
                return .success(())
            }
        } catch {
            return RestoredTables(rows: counts, trouble: error)
        }
        return RestoredTables(rows: counts)
    }

    // MARK: -

    private func work<Value>(
        _ body: (PostgresConnection) throws(PostgresFailure) -> Result<Value, MemoryError>
    ) throws(MemoryError) -> Value {
        let connection = try PostgresConnection(settings)
        try connection.prepareSession()
        let result: Result<Value, MemoryError>
        do throws(PostgresFailure) {
            try connection.script("set datestyle = 'ISO, YMD'; set extra_float_digits = 1; set bytea_output = 'hex'")
            try Access(connection: connection).becomeOwner()
            result = try body(connection)
        } catch {
            throw error.memoryError
        }
        return try result.get()
    }
}
