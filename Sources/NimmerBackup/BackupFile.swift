import Glibc
import NimmerOutput
import NimmerServers
import NimmerWave

/// An opened backup, read record by record from any place in it.
package final class BackupFile: Sendable {
    /// A record, and where the next one begins.
    package struct Found: Sendable {
        package var record: BackupRecord
        package var next: Int
    }

    package let path: String
    private let descriptor: Int32

    /// - Throws: ``Failure`` where it cannot be opened.
    package init(_ path: String) throws(Failure) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileText.failure("cannot read", path) }
        // The one that can change the file decides what the system remembers.
        try Failure.ofServers { () throws(ServerError) in
            try OwnFolder.check(descriptor, path, as: .copy)
        }
    }

    deinit { close(descriptor) }

    /// Number of bytes.
    package var bytes: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The record at a place, which must be whole.
    ///
    /// - Throws: ``Failure`` that names where the file is not a backup, or was damaged.
    package func record(at place: Int) throws(Failure) -> Found {
        let head = try read(BackupRecord.maximumLine, at: place)
        guard !head.isEmpty else { throw damaged(place, "the file ends there: it was cut off") }
        guard let end = head.firstIndex(of: 0x0a),
            let line = BackupRecord.parse(line: String(decoding: head[..<end], as: UTF8.self))
        else { throw damaged(place, "there begins no record") }
        let start = place + end + 1
        let body = try read(line.bytes + 1, at: start)
        guard body.count == line.bytes + 1 else {
            throw damaged(place, "the file ends within a record: it was cut off")
        }
        let bytes = Array(body.dropLast())
        guard body.last == 0x0a, CRC32.of(bytes[...]) == line.checksum else {
            throw damaged(place, "the checksum of a record is not that of its bytes")
        }
        return Found(record: BackupRecord(kind: line.kind, body: bytes), next: start + body.count)
    }

    /// The failure of a file that is not what it should be.
    package func damaged(_ place: Int, _ why: String) -> Failure {
        Failure(
            .data, "\(path) is not a complete backup: at byte \(place), \(why)", remedy: "take another copy of it")
    }

    private func read(_ count: Int, at place: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var found = 0
        while found < count {
            let read = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress! + found, count - found, off_t(place + found))
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else {
                throw Failure(.unavailable, "cannot read \(path): \(String(cString: strerror(errno)))")
            }
            if read == 0 { break }
            found += read
        }
        bytes.removeLast(count - found)
        return bytes
    }
}
