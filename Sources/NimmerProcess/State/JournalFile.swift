import Glibc
import NimmerBus
import NimmerWave
import Synchronization

/// The journal of an outbox as a file: append-only, a checksum a record, written at once and made durable within ``interval``.
///
/// A record is `NJ`, its kind, its length, its CRC-32 and its bytes. What a crash cut off, or a disk damaged, is skipped and counted.
/// Once nothing is kept any more the file is emptied; while something is, and most of the file is of what is not, it is rewritten.
final class JournalFile: OutboxJournal {
    /// Reason why there is no journal.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Maximum time of writes that may be lost with the machine (not with the process), in milliseconds.
    static let interval = 100
    /// Times as many bytes as an outbox may have in memory are in its file at most; beyond, nothing more is kept. A message in the
    /// file still costs a place in the outbox's table: these are to fit into the memory of a container, too.
    static let timesMemory = 4
    /// The bytes of which a start has a part of the file in memory at a time.
    private static let windowBytes = 4 << 20

    private struct Place {
        /// Start of its record.
        var start: Int
        /// Offset of the message's bytes, up to the end of the record.
        var offset: Int
        var count: Int
        var end: Int { offset + count }

        func moved(by distance: Int) -> Place {
            Place(start: start + distance, offset: offset + distance, count: count)
        }
    }

    private struct State {
        var places: [MessageID: Place] = [:]
        var size = 0
        var damaged = 0
        var trouble: String?
        var left: [OutboxMessage] = []
        /// Number of times the file was emptied.
        var turns = 0
        /// Indicates whether it is being rewritten.
        var isTidying = false
        /// Indicates whether a part of the file could not be read: it stays as it is, for a start that can.
        var hasUnread = false
    }

    /// Path of the file.
    let path: String
    private let descriptor: Int32
    private let state = Mutex(State())
    private let syncer: Syncer
    private let maximumBytes: Int

    /// Opens the journal of a process in a folder, which is made when it is not there. Of several processes of one name each has a
    /// file of its own; what dead ones left in theirs is taken over by the next that starts.
    convenience init(folder: String, name: String, maximumBytes: Int = 64 << 20) throws(Failure) {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw Failure(description: "the state folder '\(folder)' cannot be created: \(Self.reason())")
        }
        let paths = (1...Self.instances).map { "\(folder)/outbox-\(name)\($0 == 1 ? "" : "-\($0)").journal" }
        for path in paths {
            guard let descriptor = try Self.lock(path, O_CREAT) else { continue }
            self.init(path: path, descriptor: descriptor, maximumBytes: maximumBytes)
            for other in paths where other != path { takeOver(other) }
            return
        }
        throw Failure(
            description: "\(Self.instances) other processes named '\(name)' use the state folder '\(folder)'")
    }

    /// A journal in a file that this process has locked.
    private init(path: String, descriptor: Int32, maximumBytes: Int) {
        self.path = path
        self.descriptor = descriptor
        self.maximumBytes = maximumBytes
        syncer = Syncer(descriptor, milliseconds: Self.interval)
        read()
    }

    /// Maximum number of processes of one name that may use a folder.
    private static let instances = 64

    /// Opens a file and locks it; nil where another process has it, or it is not there and is not to be made.
    private static func lock(_ path: String, _ flags: Int32) throws(Failure) -> Int32? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure(description: "the journal '\(path)' cannot be opened: \(reason())")
        }
        var found = stat()
        guard fstat(descriptor, &found) == 0 else {
            close(descriptor)
            throw Failure(description: "the journal '\(path)' cannot be inspected: \(reason())")
        }
        if let trouble = trouble(with: found) {
            close(descriptor)
            throw Failure(description: "the journal '\(path)' \(trouble), so it is not used: remove it")
        }
        // One that was rewritten since it was opened has no name any more.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &found) == 0, found.st_nlink > 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Reason why a file cannot be trusted: another user could write there what this process then publishes. Nil when it can.
    private static func trouble(with found: stat) -> String? {
        if found.st_mode & S_IFMT != S_IFREG { return "is no file" }
        if found.st_uid != geteuid(), found.st_uid != 0 {
            return "belongs to user \(found.st_uid), not to \(geteuid())"
        }
        if found.st_mode & 0o022 != 0 { return "may be changed by others" }
        return found.st_nlink > 1 ? "is one file with \(found.st_nlink) names" : nil
    }

    /// Takes over what another process of the name left, where it does not live any more: from then on it is in this file, and its own
    /// is empty. What cannot be taken over stays there for the next that starts.
    private func takeOver(_ path: String) {
        guard let descriptor = try? Self.lock(path, 0) else { return }
        let other = JournalFile(path: path, descriptor: descriptor, maximumBytes: maximumBytes)
        var isWhole = other.state.withLock { !$0.hasUnread }
        var taken: [OutboxMessage] = []
        for var message in other.takeUp() {
            let isKnown = state.withLock { $0.places[message.id] != nil }
            guard let payload = other.payload(of: message.id) else {
                isWhole = false
                continue
            }
            message.payload = payload
            guard keep(message) else {
                isWhole = false
                break
            }
            message.payload = []
            if !isKnown { taken.append(message) }
        }
        let damaged = other.status.damaged
        state.withLock { state in
            state.left += taken
            state.damaged += damaged
        }
        // Emptied only once its messages are safe here.
        guard isWhole, taken.isEmpty || fdatasync(self.descriptor) == 0 else { return }
        // Whose end closes the file.
        withExtendedLifetime(other) { _ = ftruncate(descriptor, 0) }
    }

    deinit {
        syncer.stop()
        // The syncer's thread may still hold the file open.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func reason() -> String { String(cString: strerror(errno)) }

    var status: OutboxJournalStatus {
        state.withLock { state in
            OutboxJournalStatus(
                messages: state.places.count, bytes: state.size, damaged: state.damaged,
                trouble: state.trouble ?? syncer.trouble)
        }
    }

    func takeUp() -> [OutboxMessage] {
        state.withLock { state in
            defer { state.left = [] }
            return state.left
        }
    }

    func keep(_ message: OutboxMessage) -> Bool {
        let body = JournalRecord.put(message)
        return state.withLock { state in
            if state.places[message.id] != nil { return true }
            guard append(body, &state) else { return false }
            let count = message.payload.count
            state.places[message.id] = Place(
                start: state.size - body.count, offset: state.size - count, count: count)
            return true
        }
    }

    func payload(of id: MessageID) -> [UInt8]? {
        state.withLock { state in
            guard let place = state.places[id] else { return nil }
            return bytes(at: place.offset, count: place.count)
        }
    }

    func release(_ id: MessageID) {
        state.withLock { state in
            guard state.places.removeValue(forKey: id) != nil else { return }
            if state.places.isEmpty, !state.hasUnread {
                if ftruncate(descriptor, 0) == 0 {
                    state.size = 0
                    state.turns += 1
                }
            } else {
                // Not written: the message comes once more after a crash, and is dropped by its stream.
                _ = append(JournalRecord.release(id), &state)
            }
        }
    }

    func retry() {
        state.withLock { state in
            guard state.trouble != nil || syncer.trouble != nil else { return }
            // As much as a message may have, of records without content; a partial one after a crash does no harm.
            let record = JournalRecord.release(MessageID(high: 0, low: 0))
            let size = state.size
            guard append((0...Wire.maximumBytes / record.count).flatMap { _ in record }, &state) else { return }
            if ftruncate(descriptor, off_t(size)) == 0 { state.size = size }
        }
    }

    private func bytes(at offset: Int, count: Int) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = buffer.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            done += got
        }
        return buffer
    }

    /// Writes one record at the end; what was written of one that has no room is taken back.
    private func append(_ record: [UInt8], _ state: inout State) -> Bool {
        guard state.size + record.count <= maximumBytes else {
            state.trouble = "the journal '\(path)' is full: \(state.size >> 20) MiB"
            return false
        }
        guard Self.write(record, to: descriptor, at: state.size) else {
            state.trouble = "the journal '\(path)' cannot be written: \(Self.reason())"
            _ = ftruncate(descriptor, off_t(state.size))
            return false
        }
        state.size += record.count
        state.trouble = nil
        syncer.wake()
        return true
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, at place: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(place + done))
            }
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { return false }
            done += put
        }
        return true
    }

    // MARK: - Giving room back

    /// A smaller file is never rewritten, in bytes.
    private var smallest: Int { min(8 << 20, maximumBytes / 8) }

    func tidy() {
        let found: (places: [MessageID: Place], size: Int, turns: Int)? = state.withLock { state in
            guard !state.hasUnread, !state.isTidying, state.size > smallest,
                state.places.values.reduce(0, { $0 + $1.end - $1.start }) < state.size / 4
            else { return nil }
            state.isTidying = true
            return (state.places, state.size, state.turns)
        }
        guard let found else { return }
        defer { state.withLock { $0.isTidying = false } }
        let name = path + ".new"
        unlink(name)
        let copy = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard copy >= 0 else { return }
        defer { close(copy) }
        guard flock(copy, LOCK_EX | LOCK_NB) == 0, let kept = self.copy(found.places, to: copy),
            fdatasync(copy) == 0, replace(found.size, found.turns, by: copy, named: name, kept)
        else {
            unlink(name)
            return
        }
        // Its name must outlive the machine, too.
        let folder = open(path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".", O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Copies what is kept, in its order; where each is then, and the end.
    private func copy(_ places: [MessageID: Place], to copy: Int32) -> (places: [MessageID: Place], size: Int)? {
        var moved: [MessageID: Place] = [:]
        var size = 0
        for (id, place) in places.sorted(by: { $0.value.start < $1.value.start }) {
            guard let record = bytes(at: place.start, count: place.end - place.start),
                Self.write(record, to: copy, at: size)
            else { return nil }
            moved[id] = place.moved(by: size - place.start)
            size += record.count
        }
        return (moved, size)
    }

    /// Puts the new file in the place of the old one, with what was written since.
    private func replace(
        _ size: Int, _ turns: Int, by copy: Int32, named name: String, _ kept: (places: [MessageID: Place], size: Int)
    ) -> Bool {
        state.withLock { state in
            guard state.turns == turns, let since = bytes(at: size, count: state.size - size),
                Self.write(since, to: copy, at: kept.size), rename(name, path) == 0
            else { return false }
            // The number stays, so that the syncing thread need not know.
            while dup2(copy, descriptor) < 0 {
                guard errno == EINTR || errno == EBUSY else { return false }
            }
            state.places = state.places.mapValues { $0.moved(by: kept.size - size) }.merging(
                kept.places.filter { id, _ in state.places[id].map { $0.start < size } ?? false }
            ) { $1 }
            state.size = kept.size + since.count
            syncer.wake()
            return true
        }
    }

    /// Reads what an earlier run left, a part at a time; the bytes of the messages stay in the file.
    private func read() {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size > 0 else { return }
        state.withLock { state in
            var kept: [MessageID: (order: Int, message: OutboxMessage, place: Place)] = [:]
            var (base, at, order) = (0, 0, 0)
            var isWhole = true
            var window = bytes(at: 0, count: min(size, Self.windowBytes)) ?? []
            // Where a record that begins before it lies in the window as a whole, unless the file ends before.
            var safe: Int { base + window.count < size ? window.count - JournalRecord.maximumBytes : window.count }
            while base + at < size {
                if at > 0, at >= safe {
                    base += at
                    at = 0
                    window = bytes(at: base, count: min(size - base, Self.windowBytes)) ?? []
                }
                guard at < window.count else {
                    state.trouble = "the journal '\(path)' cannot be read: \(Self.reason())"
                    state.hasUnread = true
                    break
                }
                guard let record = JournalRecord.read(window, at: at) else {
                    // A torn or damaged record: continue at the next that is whole.
                    if isWhole { state.damaged += 1 }
                    at = min(JournalRecord.next(window, after: at), max(at + 1, safe))
                    isWhole = false
                    continue
                }
                isWhole = true
                switch record.content {
                case .put(var message):
                    order += 1
                    let count = message.payload.count
                    message.payload = []
                    kept[message.id] = (
                        order, message, Place(start: base + at, offset: base + record.end - count, count: count)
                    )
                case .release(let id): kept[id] = nil
                }
                at = record.end
            }
            state.size = size
            guard !kept.isEmpty || state.hasUnread else {
                if ftruncate(descriptor, 0) == 0 { state.size = 0 }
                return
            }
            state.left = kept.values.sorted { $0.order < $1.order }.map(\.message)
            state.places = kept.mapValues(\.place)
        }
    }
}
