import Foundation
import NimmerIris

/// The data files of the repository, and the lists beside these tests.
enum RepositoryMeanings {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    static let data = folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: "deploy/iris")
    static let tablePath = data.appending(path: EmbeddingTable.fileName).path
    static let linksPath = data.appending(path: NameLinks.fileName).path

    /// The table that the repository has; read once.
    static let table: Result<EmbeddingTable, DataFileError> = read { () throws(DataFileError) in
        try EmbeddingTable(path: tablePath)
    }
    /// The links that the repository has; read once.
    static let links: Result<NameLinks, DataFileError> = read { () throws(DataFileError) in
        try NameLinks(besideTable: tablePath, table: try table.get())
    }

    private static func read<T>(_ make: () throws(DataFileError) -> T) -> Result<T, DataFileError> {
        do throws(DataFileError) { return .success(try make()) } catch { return .failure(error) }
    }

    /// The lines of a list in `Golden`, in their fields.
    static func lines(_ name: String) throws -> [[String]] {
        let text = try String(contentsOf: folder.appending(path: "Golden/\(name)"), encoding: .utf8)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            $0.split(separator: "\t").map(String.init)
        }
    }

    /// The bytes of a data file.
    static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    /// A name of the golden list, as the script's reference tokenizer and its sums give it.
    struct Golden: Decodable {
        let name: String
        let pieces: [String]
        let vector: [Float]?
    }

    static func golden() throws -> [Golden] {
        let data = try Data(contentsOf: folder.appending(path: "Golden/embeddings.json"))
        return try JSONDecoder().decode([Golden].self, from: data)
    }
}
