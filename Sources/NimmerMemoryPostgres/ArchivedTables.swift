import NimmerMemory

/// The schema that rows were copied out of.
public struct ArchivedSchema: Sendable, Hashable {
    /// The version of its last migration.
    public var version: Int
    /// The checksums of its migrations, the first one's first.
    public var checksums: [String]

    /// Creates a schema.
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

    /// Creates a table.
    public init(name: String, columns: [String], months: [String] = []) {
        self.name = name
        self.columns = columns
        self.months = months
    }
}

/// Piece of a database's archive, in order: the schema; then each table, followed by its rows.
public enum ArchivePiece {
    /// The schema of everything that follows.
    case schema(ArchivedSchema)
    /// A table; its rows follow.
    case table(ArchivedTable)
    /// A row as PostgreSQL's `COPY` writes it in its text format, with its line feed. Valid only during the call.
    case row(UnsafeRawBufferPointer)
}

/// Result of a restoration into a database.
public struct RestoredTables: Sendable, Hashable {
    /// The number of rows of each table.
    public var rows: [Int]
    /// Reason why the schema was not brought to this program's version, or the tables not analyzed, once the rows were in; both can be
    /// done again (`nimmer db migrate`, `ANALYZE`).
    public var trouble: MemoryError?

    /// Makes a result.
    public init(rows: [Int], trouble: MemoryError? = nil) {
        self.rows = rows
        self.trouble = trouble
    }
}
