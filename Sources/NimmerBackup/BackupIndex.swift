import NimmerMemoryPostgres
import NimmerOutput
import NimmerWave

/// Contents of a backup and their places, found by reading it once from its first byte to its last; nothing is written anywhere before that.
package struct BackupIndex: Sendable {
    /// A table and the place of the record behind it.
    package struct Table: Sendable {
        package var table: ArchivedTable
        package var place: Int
    }

    /// A stream and the place of the record behind it.
    package struct Stream: Sendable {
        package var stream: BackupContents.Stream
        package var place: Int
    }

    package var head: BackupContents.Head
    package var schema: ArchivedSchema?
    package var tables: [Table] = []
    package var streams: [Stream] = []
    package var end = BackupContents.End()

    /// Checks every record, their order and their number.
    ///
    /// - Parameter progress: called now and then with the place that was reached.
    package init(_ file: BackupFile, progress: (Int) -> Void = { _ in }) throws(Failure) {
        let first = try file.record(at: 0)
        guard first.record.kind == .backup, let json = try? JSON(parsing: first.record.body) else {
            throw file.damaged(0, "there begins no backup")
        }
        guard json["format"]?.int == BackupContents.format, let head = BackupContents.Head(json) else {
            throw Failure(
                .data,
                "\(file.path) is a backup of format \(json["format"]?.text ?? "unknown"), this program knows "
                    + "\(BackupContents.format)",
                remedy: "restore it with a program of the version that made it, or later")
        }
        self.head = head
        var counted = BackupContents.End()
        var (place, last) = (0, 0)
        while true {
            let found = try file.record(at: place)
            let record = found.record
            if record.kind == .end {
                guard let end = (try? JSON(parsing: record.body)).flatMap(BackupContents.End.init) else {
                    throw file.damaged(place, "the last record does not list what came before it")
                }
                guard end.rows == counted.rows, end.messages == counted.messages, end.checksum == counted.checksum
                else {
                    throw file.damaged(place, "the last record counts other records than there are")
                }
                guard found.next == file.bytes else {
                    throw file.damaged(found.next, "something follows its last record")
                }
                self.end = end
                return
            }
            counted.checksum = CRC32.of(Array((record.line + "\n").utf8)[...], after: counted.checksum)
            guard take(record, at: found.next, isFirst: place == 0, &counted) else {
                throw file.damaged(
                    place, "a record of the kind \(record.kind.rawValue) has no readable content")
            }
            place = found.next
            if place - last > 1 << 22 {
                progress(place)
                last = place
            }
        }
    }

    private mutating func take(
        _ record: BackupRecord, at next: Int, isFirst: Bool, _ counted: inout BackupContents.End
    ) -> Bool {
        let json = [.backup, .rows, .message].contains(record.kind) ? nil : try? JSON(parsing: record.body)
        switch record.kind {
        case .backup: return isFirst
        case .database:
            schema = json.flatMap(ArchivedSchema.init)
            return schema != nil && tables.isEmpty && streams.isEmpty
        case .table:
            guard schema != nil, streams.isEmpty, let table = json.flatMap(ArchivedTable.init),
                counted.rows.updateValue(0, forKey: table.name) == nil
            else { return false }
            tables.append(Table(table: table, place: next))
            return true
        case .rows:
            guard let table = tables.last, streams.isEmpty, record.body.last == 0x0a else { return false }
            counted.rows[table.table.name, default: 0] += record.body.count { $0 == 0x0a }
            return true
        case .stream:
            guard let stream = json.flatMap(BackupContents.Stream.init),
                counted.messages.updateValue(0, forKey: stream.name) == nil
            else { return false }
            streams.append(Stream(stream: stream, place: next))
            return true
        case .message:
            guard let stream = streams.last, BackupMessage(body: record.body) != nil else { return false }
            counted.messages[stream.stream.name, default: 0] += 1
            return true
        case .end: return false
        }
    }
}
