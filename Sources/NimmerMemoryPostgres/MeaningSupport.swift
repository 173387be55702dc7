/// State of pgvector in a database: what memory by meaning is searched with.
public enum MeaningSupport: Sendable, Hashable, CustomStringConvertible {
    /// The extension is there, and the rows have vectors: searched in the database.
    case pgvector(version: String)
    /// The server does not offer the extension: searched in the process.
    case notOffered
    /// The server offers this version, and the database does not have it.
    case notCreated(version: String)
    /// The database has a version without iterative scans.
    case tooOld(version: String)
    /// The database has the extension, and the rows have no vectors yet.
    case notPrepared(version: String)

    /// Indicates whether searches run in the database.
    public var isInDatabase: Bool { if case .pgvector = self { true } else { false } }

    /// The state, with what to do.
    public var description: String {
        switch self {
        case .pgvector(let version): "pgvector \(version)"
        case .notOffered: "the process itself: this server does not offer pgvector"
        case .notCreated(let version):
            "the process itself: pgvector \(version) is offered and not created; an administrator runs CREATE EXTENSION vector, then nimmer db migrate"
        case .tooOld(let version):
            "the process itself: pgvector \(version) has no iterative scan, expected 0.8 or later"
        case .notPrepared(let version):
            "the process itself: pgvector \(version) is there and the rows have no vectors yet; run nimmer db migrate"
        }
    }
}

/// The extension as this database has it, and how its names are written in statements.
struct VectorExtension {
    let support: MeaningSupport
    /// The extension's schema, quoted by the server.
    private let schema: String

    init(connection: PostgresConnection) throws(PostgresFailure) {
        let row =
            try connection.run(
                """
                select e.extversion, quote_ident(n.nspname), a.attname,
                       (select default_version from pg_available_extensions where name = 'vector')
                from (values (1)) one
                left join pg_extension e on e.extname = 'vector'
                left join pg_namespace n on n.oid = e.extnamespace
                left join pg_attribute a on a.attrelid = to_regclass('public.memory_meanings') and a.attname = 'vector'
                    and not a.attisdropped
                """
            ).values.first ?? []
        guard row.count == 4 else { throw .unexpected(name: connection.name, "found no state of pgvector") }
        schema = row[1] ?? "public"
        guard let version = row[0] else {
            support = row[3].map { .notCreated(version: $0) } ?? .notOffered
            return
        }
        let numbers = version.split(separator: ".").prefix(2).map { Int($0) ?? 0 }
        let isCurrent = numbers.count == 2 && (numbers[0], numbers[1]) >= (0, 8)
        support =
            !isCurrent
            ? .tooOld(version: version) : row[2] == nil ? .notPrepared(version: version) : .pgvector(version: version)
    }

    /// A vector of so many components, as a type.
    func type(_ dimensions: Int) -> String { "\(schema).vector(\(dimensions))" }

    /// The operator of the cosine distance.
    var distance: String { "operator(\(schema).<=>)" }
}
