import NimmerPlatform

/// The table of meanings and the dictionary beside it, as the process finds them (spec/iris.md, Embeddings).
package struct MeaningFiles: Sendable {
    /// The table.
    package let table: EmbeddingTable
    /// The dictionary.
    package let links: NameLinks

    /// Reads both.
    ///
    /// - Throws: ``DataFileError`` naming what was found and expected.
    package init(table path: String) throws(DataFileError) {
        table = try EmbeddingTable(path: path)
        links = try NameLinks(besideTable: path, table: table)
    }

    /// The files of this process, read when they are asked for first; a reason for a person where they cannot be.
    package static let own: Result<MeaningFiles, MissingMeanings> = {
        let path = EmbeddingTable.locate(
            executable: "/proc/self/exe", environment: ChildCommand.inheritedEnvironment)
        guard let path else {
            return .failure(
                MissingMeanings(
                    reason: "no \(EmbeddingTable.fileName) beside the program, and NIMMERVERSE_IRIS_TABLE names none"))
        }
        do throws(DataFileError) { return .success(try MeaningFiles(table: path)) } catch {
            return .failure(MissingMeanings(reason: "\(error)"))
        }
    }()
}

/// Reason why a process has no table of meanings.
package struct MissingMeanings: Error, Sendable, Hashable {
    /// For a person.
    package let reason: String
}
