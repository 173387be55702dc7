import ArgumentParser
import NimmerIris
import NimmerOutput
import NimmerProcess
import NimmerServers

/// Meaning as vectors: which model answers, and which names mean the same.
struct IrisCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "iris",
        abstract: "Compare names by what they mean, and show which model does so.",
        discussion: """
            Where the system file has `iris:`, regions whose names mean the same share a gate. `similarity` and `near` ask \
            the table beside this program, and need no server.
            """,
        subcommands: [IrisStatusCommand.self, IrisSimilarityCommand.self, IrisNearCommand.self])
}

/// The table of meanings and the dictionary beside it, as this program finds them (spec/iris.md, Embeddings).
struct Meanings {
    let path: String
    let table: EmbeddingTable
    /// Nil: there is none beside the table; names are compared by their vectors alone.
    let links: NameLinks?

    /// Longest name that is compared, in bytes.
    static let maximumBytes = 256

    /// Reads both files.
    ///
    /// - Throws: ``Failure`` where there is no table, or one of the files is damaged.
    init() throws(Failure) {
        guard
            let path = EmbeddingTable.locate(executable: OwnProgram.path, environment: ProcessVariable.current())
        else {
            throw Failure(
                .noInput, "there is no table of meanings (\(EmbeddingTable.fileName)) beside this program",
                remedy: "an archive or image holds it; NIMMERVERSE_IRIS_TABLE names another place")
        }
        self.path = path
        do throws(DataFileError) {
            table = try EmbeddingTable(path: path)
            links = try Self.links(beside: path, table)
        } catch {
            throw Failure(
                .data, "the table of meanings cannot be used: \(error)",
                remedy: "take it again from the archive, or make it with deploy/iris/table.py")
        }
    }

    private static func links(beside path: String, _ table: EmbeddingTable) throws(DataFileError) -> NameLinks? {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        return FileText.exists(folder + NameLinks.fileName) ? try NameLinks(besideTable: path, table: table) : nil
    }

    /// Refuses names that cannot be compared.
    static func check(_ names: [String]) throws(Failure) {
        for name in names where name.isEmpty || name.utf8.count > maximumBytes {
            throw Failure(
                .usage, "found a name of \(name.utf8.count) bytes; expected 1 to \(maximumBytes) bytes")
        }
    }

    /// The relation of two names by their words.
    func relation(_ a: String, _ b: String) -> NameRelation { links?.relation(a, b) ?? .open }
}
