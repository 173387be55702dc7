import Foundation
import NimmerProcess
import Testing

@testable import NimmerSensing

@Suite("Columns of a file")
struct TableRowsTests {
    private func rows(_ text: String, _ columns: [String]) async throws -> (names: [String], rows: [[String]]) {
        let path = FileManager.default.temporaryDirectory.appending(path: "rows-\(UUID()).csv").path
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let table = try TableRows(FileLines(path: path), columns: columns, options: TableOptions())
        var rows: [[String]] = []
        try await table.read(every: 0, follows: false) { cells in
            rows.append(cells.map { String(decoding: $0, as: UTF8.self) })
        }
        return (table.names, rows)
    }

    @Test("columns come in the order asked for, by name or place; a row that is too short has empty ones")
    func order() async throws {
        let (names, found) = try await rows("time;a;b;c\n1;2;3;4\ntime;a;b;c\n5;6\n", ["c", "2"])
        #expect(names == ["c", "a"])
        #expect(found == [["4", "2"], ["", "6"]])
        let bare = try await rows("1,2\n3,4\n", ["2", "1"])
        #expect(bare.names == ["2", "1"])
        #expect(bare.rows == [["2", "1"], ["4", "3"]])
    }

    @Test("a column that is not there is named, with those that are")
    func missing() async {
        let error = await #expect(throws: ProcessFailure.self) { _ = try await rows("a,b\n1,2\n", ["a", "z"]) }
        #expect(error?.message.contains("one of a, b; found 'z'") == true, "\(error?.message ?? "none")")
    }
}
