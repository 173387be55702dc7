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
        try await table.read(every: 0, follows: false) { cells, _ in
            rows.append(cells.map { String(decoding: $0, as: UTF8.self) })
        }
        return (table.names, rows)
    }

    @Test(
        "columns come in the order asked for, by name or place; a line of another width is left out, as in a recording")
    func order() async throws {
        let (names, found) = try await rows("time;a;b;c\n1;2;3;4\ntime;a;b;c\n5;6\n", ["c", "2"])
        #expect(names == ["c", "a"])
        #expect(found == [["4", "2"]])
        let other = try await rows("time;a;b\n1;2;3\n1;2;3;4\ntime;b;a\n4;6;5\n\u{1b}5;6;7\n", ["a", "b"])
        #expect(other.rows == [["2", "3"], ["5", "6"]])
        let bare = try await rows("1,2\n3,4\n", ["2", "1"])
        #expect(bare.names == ["2", "1"])
        #expect(bare.rows == [["2", "1"], ["4", "3"]])
    }

    @Test("a column that is not there is named, with those that are")
    func missing() async {
        let error = await #expect(throws: ProcessFailure.self) { _ = try await rows("a,b\n1,2\n", ["a", "z"]) }
        #expect(error?.message.contains("one of a, b; found 'z'") == true, "\(error?.message ?? "none")")
    }

    @Test(
        "a live file is read as a recording is: comments, lines before the names, decimal commas, units, words for gaps"
    )
    func forms() async throws {
        let text =
            "sep=;\n# made by a logger\nversion;1\ntime;warm;wet\n1;21,49 °C;1.046,02\n2;unknown;1.044,37\n# pause\n3;21,51 °C;985\n"
        let path = FileManager.default.temporaryDirectory.appending(path: "rows-\(UUID()).csv").path
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let table = try TableRows(FileLines(path: path), columns: ["warm", "wet"], options: TableOptions())
        var numbers = table.numbers
        var rows: [[Double]] = []
        try await table.read(every: 0, follows: false) { cells, place in rows.append(numbers.row(cells, at: place)) }
        #expect(rows.count == 3)
        #expect(rows[0] == [21.49, 1046.02] && rows[2] == [21.51, 985])
        #expect(rows[1][0].isNaN && rows[1][1] == 1044.37)
        #expect(numbers.report == nil)
        _ = numbers.row([Array("7".utf8)[...], Array("damp".utf8)[...]], at: "line 9, ")
        _ = numbers.row([Array("hot".utf8)[...], Array("wet".utf8)[...]], at: "line 10, ")
        #expect(numbers.report == "3 values are no numbers, the first: 'damp', line 9, column wet")
    }

    @Test("a byte order mark before the names is no part of the first name")
    func byteOrderMark() async throws {
        #expect(try await rows("\u{feff}a,b\n1,2\n", ["a"]).rows == [["1"]])
    }

    @Test("the first line that is left out of a live file is named, with its place")
    func leftOut() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "rows-\(UUID()).csv").path
        try Data("a,b\n1,2\n3,4,5\n6\n7,8\n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let table = try TableRows(FileLines(path: path), columns: ["b"], options: TableOptions())
        var notices: [FileLines.Notice] = []
        var found: [String] = []
        try await table.read(every: 0, follows: false, notice: { notices.append($0) }) { cells, place in
            found.append(place + String(decoding: cells[0], as: UTF8.self))
        }
        #expect(found == ["line 2, 2", "line 5, 8"])
        #expect(notices == [.leftOut("line 3: found 3 columns; expected 2, as in the first line")])
    }

    @Test("a live file that is packed is named")
    func packed() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "rows-\(UUID()).csv.gz").path
        try Data([0x1f, 0x8b, 8, 0, 0, 0]).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let error = #expect(throws: ProcessFailure.self) {
            try TableRows(FileLines(path: path), columns: ["a"], options: TableOptions())
        }
        #expect(error?.message.contains("is packed (gzip); a file that is read live must be text") == true)
        await #expect(throws: ProcessFailure.self) { try await FileLines(path: path).read(every: 0) { _ in } }
    }

    @Test("a live file in UTF-16 is named")
    func utf16() async {
        let path = FileManager.default.temporaryDirectory.appending(path: "rows-\(UUID()).csv").path
        let bytes = "a,b\n1,2\n".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        try? Data([0xff, 0xfe] + bytes).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let error = #expect(throws: ProcessFailure.self) {
            try TableRows(FileLines(path: path), columns: ["a"], options: TableOptions())
        }
        #expect(error?.message.contains("is UTF-16 (little endian); a file that is read live must be UTF-8") == true)
        // Also a file of bare numbers, which has no columns to look for.
        await #expect(throws: ProcessFailure.self) { try await FileLines(path: path).read(every: 0) { _ in } }
    }
}
