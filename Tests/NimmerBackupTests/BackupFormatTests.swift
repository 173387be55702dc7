import Glibc
import NimmerBus
import NimmerMemoryPostgres
import NimmerOutput
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers
@testable import NimmerBackup

/// docs/reference/backup.md, Format: what is written is read back, and what was changed is refused before anything is done with it.
@Suite struct BackupFormatTests {
    private static let head = BackupContents.Head(
        environment: .dev, madeAt: Timestamp(nanoseconds: 1_700_000_000_000_000_000))
    @Test func whatIsNotAllThereIsNoTableAndNoSchema() {
        #expect(ArchivedTable(["name": "gates", "columns": ["env"], "months": []])?.columns == ["env"])
        #expect(ArchivedTable(["name": "gates", "columns": ["env", 5], "months": []]) == nil)
        #expect(ArchivedTable(["name": "gates", "columns": ["env"], "months": [5]]) == nil)
        #expect(ArchivedTable(["name": "gates", "columns": ["env"]]) == nil)
        #expect(ArchivedSchema(["schema_version": 2, "checksums": ["a", 5]]) == nil)
    }

    private static let table = ArchivedTable(name: "gates", columns: ["env", "gate_id"], months: ["2026-02"])
    private static let stream = BackupContents.Stream(
        name: "DEV-DECISIONS",
        durables: [
            DurablePosition(name: "hippocampus-decisions", filter: nil, position: 7),
            DurablePosition(name: "other", filter: "dev.>", position: 0, isOrdinary: false),
        ])
    private static let message = BackupMessage(
        subject: "dev.cognitive.bridge.response", sequence: 9, at: head.madeAt,
        headers: [["Nats-Msg-Id", "a"], ["X", "y: \n"]],
        payload: Array("bytes\nof\u{0}any kind".utf8))

    private static func folder() throws -> String {
        var template = Array("/tmp/nimmer-format-XXXXXX".utf8CString)
        return String(cString: try #require(mkdtemp(&template)))
    }

    @discardableResult private static func write(
        _ path: String, naming ways: [NewFileName.Way] = NewFileName.Way.allCases
    ) throws -> BackupContents.End {
        let writer = try BackupWriter(path)
        try writer.head(head)
        try writer.database(ArchivedSchema(version: 6, checksums: ["a", "b"]).json)
        try writer.table(table.name, table.json)
        for row in ["dev\tone\n", "dev\ttwo\n"] { try Array(row.utf8).withUnsafeBytes { try writer.row($0) } }
        try writer.stream(stream)
        try writer.message(message)
        return try writer.finish(last: ["DEV-DECISIONS": 12], naming: ways)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let folder = try Self.folder()
        defer { SmallFile.remove(folder) }
        let path = folder + "/one.backup"
        let end = try Self.write(path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(FileText.names(in: folder) == ["one.backup"])
        let file = try BackupFile(path)
        let index = try BackupIndex(file)
        #expect(index.head == Self.head && index.end == end && index.schema?.version == 6)
        #expect(index.tables.map(\.table) == [Self.table] && index.streams.map(\.stream) == [Self.stream])
        #expect(end.rows == ["gates": 2] && end.messages == ["DEV-DECISIONS": 1] && end.last == ["DEV-DECISIONS": 12])
        let rows = RestoredRows(index, file)
        #expect(try rows.next(of: 0).map { String(decoding: $0, as: UTF8.self) } == "dev\tone\ndev\ttwo\n")
        #expect(try rows.next(of: 0) == nil)
        #expect(BackupMessage(body: try file.record(at: index.streams[0].place).record.body) == Self.message)
    }

    /// Each byte changed, each end cut off, each record left out or doubled.
    @Test func whatWasChangedIsRefused() throws {
        let folder = try Self.folder()
        defer { SmallFile.remove(folder) }
        let path = folder + "/one.backup"
        try Self.write(path)
        let whole = try FileText.bytes(path)
        let other = folder + "/other.backup"
        func isRefused(_ bytes: [UInt8]) throws -> Bool {
            let file = try #require(fopen(other, "we"))
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
            do { _ = try BackupIndex(BackupFile(other)) } catch { return true }
            return false
        }
        #expect(try !isRefused(whole))
        for place in whole.indices {
            var bytes = whole
            bytes[place] ^= 0x04
            #expect(try isRefused(bytes), "the byte at \(place)")
        }
        for count in 0..<whole.count { #expect(try isRefused(Array(whole.prefix(count))), "the first \(count) bytes") }
        #expect(try isRefused(whole + [0x0a]))
        var places = [0]
        let file = try BackupFile(path)
        while places[places.count - 1] < whole.count {
            places.append(try file.record(at: places[places.count - 1]).next)
        }
        for (start, end) in zip(places, places.dropFirst()) {
            #expect(try isRefused(Array(whole[..<start] + whole[end...])), "without the record at \(start)")
            #expect(try isRefused(Array(whole[..<end] + whole[start...])), "with the record at \(start) twice")
        }
    }

    @Test func whatIsThereIsNotOverwrittenAndWhatIsNotFinishedLeavesNothing() throws {
        let folder = try Self.folder()
        defer { SmallFile.remove(folder) }
        let path = folder + "/one.backup"
        do {
            let writer = try BackupWriter(path)
            try writer.head(Self.head)
        }
        #expect(FileText.names(in: folder).isEmpty)
        try FileText.write("mine", to: path)
        #expect(throws: Failure.self) { try BackupWriter(path) }
        #expect(FileText.read(path) == "mine")
    }

    /// Some disks know no second name of a file (exFAT, FAT, some shares), some no more than `rename`.
    @Test(arguments: NewFileName.Way.allCases)
    func eachWayToTheNameTakesNobodysPlace(_ way: NewFileName.Way) throws {
        let folder = try Self.folder()
        defer { SmallFile.remove(folder) }
        let path = folder + "/one.backup"
        try Self.write(path, naming: [way])
        #expect(FileText.names(in: folder) == ["one.backup"])
        _ = try BackupIndex(BackupFile(path))
        let draft = folder + "/draft"
        try FileText.write("other", to: draft)
        #expect(NewFileName.take(path, for: draft, by: [way]) == EEXIST)
        #expect(FileText.read(draft) == "other")
        _ = try BackupIndex(BackupFile(path))
    }

    @Test func whatCannotBeNamedIsKeptAndReported() throws {
        let folder = try Self.folder()
        defer { SmallFile.remove(folder) }
        let failure = #expect(throws: Failure.self) { try Self.write(folder + "/one.backup", naming: []) }
        let names = FileText.names(in: folder)
        #expect(names.count == 1)
        let draft = folder + "/" + (names.first ?? "")
        #expect(failure?.remedy?.text.contains(draft) == true, "\(failure?.remedy ?? "")")
        _ = try BackupIndex(BackupFile(draft))
    }

    @Test func whatIsGivenUpLeavesNothing() throws {
        let folder = try Self.folder()
        defer { SmallFile.remove(folder) }
        let writer = try BackupWriter(folder + "/one.backup")
        try writer.head(Self.head)
        writer.discard()
        #expect(FileText.names(in: folder).isEmpty)
        #expect(throws: Failure.self) { try writer.stream(Self.stream) }
        #expect(throws: Failure.self) { try writer.finish(last: [:]) }
        #expect(FileText.names(in: folder).isEmpty)
    }

    @Test func aRecordOfAnotherFormatIsNamed() throws {
        let folder = try Self.folder()
        defer { SmallFile.remove(folder) }
        let path = folder + "/future.backup"
        let record = BackupRecord(kind: .backup, body: #"{"format":2,"environment":"dev"}"#.utf8.map { $0 })
        try FileText.write(record.line + "\n" + String(decoding: record.body, as: UTF8.self) + "\n", to: path)
        let failure = #expect(throws: Failure.self) { try BackupIndex(BackupFile(path)) }
        #expect(failure?.message.text.contains("format 2") == true)
    }

    /// What the server is to check is about the stream that a message was in; its id stays.
    @Test func headersThatTheServerActsOnAreLeftOut() {
        var message = Self.message
        message.headers = [
            ["Nats-Expected-Last-Subject-Sequence", "4"], ["KV-Operation", "DEL"], ["Nats-Msg-Id", "a"],
        ]
        #expect(message.headersToRestore.fields.map(\.name) == ["KV-Operation", "Nats-Msg-Id"])
    }
}
