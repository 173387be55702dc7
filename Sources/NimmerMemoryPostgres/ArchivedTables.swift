import NimmerMemory

/// The schema that rows were copied out of.
public struct ArchivedSchema: Sendable, Hashable {
    /// The version of its last migration.
    public var version: Int
    /// The checksums of its migrations, the first one's first.
    public var checksums: [String]

    /// A schema from its parts.
    public init(version: Int, checksums: [String]) {
        self.version = version
        self.checksums = checksums
    }
}

/// A table that rows are copied out of, or into.
public struct ArchivedTable: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// The columns that are copied, in the order in which a row holds them: all that are not computed from others.
    public var columns: [String]
    /// The months (`2026-02`) that have a partition of their own.
    public var months: [String]

    /// A table from its parts.
    public init(name: String, columns: [String], months: [String] = []) {
        self.name = name
        self.columns = columns
        self.months = months
    }
}

/// What comes out of a database, in order: the schema; then each table, with its rows behind it.
public enum ArchivePiece {
    /// The schema of everything that follows.
    case schema(ArchivedSchema)
    /// A table; its rows follow.
    case table(ArchivedTable)
    /// A row as PostgreSQL's `COPY` writes it in its text format, with its line feed. Valid only during the call.
    case row(UnsafeRawBufferPointer)
}

/// What came into a database.
public struct RestoredTables: Sendable, Hashable {
    /// The number of rows of each table.
    public var rows: [Int]
    /// Why the schema was not brought to this program's version, or the tables not analyzed, once the rows were in; both can be
    /// done again (`nimmer db migrate`, `ANALYZE`).
    public var trouble: MemoryError?

    /// What came in, from its parts.
    public init(rows: [Int], trouble: MemoryError? = nil) {
        self.rows = rows
        self.trouble = trouble
    }
}
