import NimmerMemory

/// State of a database's schema compared with this program's migrations.
public enum SchemaState: Sendable, Hashable {
    /// None of our tables is there.
    case missing
    /// Tables with our names are there that no migration made.
    case foreign
    /// The last applied version is older than this program's.
    case older(Int)
    /// All migrations of this program are applied, unchanged.
    case current(Int)
    /// A migration is applied that this program does not know.
    case newer(Int)
    /// The text of an applied migration differs from this program's.
    case tampered(Int)
}

/// Reads and checks `schema_migrations`.
struct Schema {
    let connection: PostgresConnection

    /// Compares what is applied with what this program has; the checksums are the server's own sha256.
    func state(expecting migrations: [Migration]) throws(PostgresFailure) -> SchemaState {
        let tables = try connection.run(
            "select to_regclass('public.schema_migrations')::text, to_regclass('public.gate_transitions')::text")
        guard tables.values.first?[0] != nil else { return tables.values.first?[1] == nil ? .missing : .foreign }
        let applied = try connection.run("select version, checksum from public.schema_migrations order by version")
        var last = 0
        for row in applied.values {
            let version = try connection.whole(row[0], "version of a migration")
            guard let known = migrations.first(where: { $0.version == version }) else { return .newer(version) }
            guard try checksum(of: known) == row[1] else { return .tampered(version) }
            last = version
        }
        if last == 0 { return .missing }
        return last < migrations.count ? .older(last) : .current(last)
    }

    /// The checksum of a migration, as the server computes it.
    func checksum(of migration: Migration) throws(PostgresFailure) -> String {
        try connection.text(
            "select encode(sha256(convert_to(\(migration.sql), 'UTF8')), 'hex')", "checksum of a migration")
    }
}

extension SchemaState {
    /// The version of the last migration that is applied; 0 before the first.
    public var version: Int {
        switch self {
        case .missing, .foreign: 0
        case .older(let version), .current(let version), .newer(let version), .tampered(let version): version
        }
    }

    /// Reason why the hippocampus does not start on this schema; nil when it does.
    func refusal(_ name: String) -> MemoryError? {
        let want = Migration.all.count
        switch self {
        case .current: return nil
        case .missing:
            return MemoryError(
                .schemaMissing, "\(name) has no schema yet", remedy: "Run nimmer db migrate", canRetry: true)
        case .foreign:
            return MemoryError(
                .schemaUnknown, "\(name) has tables with the names of this schema that no migration created",
                remedy: "Use a database of its own, then run nimmer db migrate", canRetry: true)
        case .older(let version):
            return MemoryError(
                .schemaOlder, "\(name) has schema version \(version), this program needs \(want)",
                remedy: "Run nimmer db migrate", canRetry: true)
        case .newer(let version):
            return MemoryError(
                .schemaUnknown, "\(name) has schema version \(version), this program knows \(want)",
                remedy: "Update this program; it does not write to a schema that it does not know", canRetry: true)
        case .tampered(let version):
            return MemoryError(
                .schemaTampered, "migration \(version) of \(name) is not the one that this program has",
                remedy: "Restore the database or the program that made it; published migrations are never edited",
                canRetry: true)
        }
    }
}
