import Glibc
import NimmerBus
import NimmerWave
import Seeds
import Testing

@testable import NimmerProcess

/// The journal of an outbox: what a crash, a damaged disk and a full one leave of it.
@Suite("The journal of an outbox") struct JournalFileTests {
    /// A folder of a test's own, removed at its end.
    final class Folder {
        let path: String

        init() throws {
            var template = Array("/tmp/nimmer-journal-XXXXXX".utf8CString)
            path = try #require(
                template.withUnsafeMutableBufferPointer { buffer in
                    buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
                })
        }

        deinit {
            for name in ["outbox-t.journal", "outbox-t-2.journal"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }

        var file: String { "\(path)/outbox-t.journal" }

        func read() throws -> [UInt8] {
            let descriptor = open(file, O_RDONLY)
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            try #require(count >= 0)
            return Array(bytes.prefix(count))
        }

        func write(_ bytes: [UInt8]) throws {
            let descriptor = open(file, O_WRONLY | O_TRUNC | O_CREAT, 0o600)
            defer { close(descriptor) }
            try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        }
    }

    static func message(_ number: Int, bytes: Int = 100) throws -> OutboxMessage {
        OutboxMessage(
            subject: try Subject(foreign: "dev.nervous.gates.g\(number % 3).transition"), id: .named("m\(number)"),
            payload: (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* number) }, fence: number % 2 == 0 ? "S" : nil,
            follows: number % 4 == 0 ? .named("m\(number - 1)") : nil)
    }

    /// What a journal gives back, with the bytes.
    static func left(_ journal: JournalFile) -> [OutboxMessage] {
        journal.takeUp().map { message in
            var message = message
            message.payload = journal.payload(of: message.id) ?? []
            return message
        }
    }

    @Test func whatWasNotReleasedIsTakenUpInOrder() throws {
        let folder = try Folder()
        var journal: JournalFile? = try JournalFile(folder: folder.path, name: "t")
        for number in 0..<20 {
            let message = try Self.message(number)
            #expect(journal?.keep(message) == true)
        }
        for number in [3, 0, 19] { journal?.release(try Self.message(number).id) }
        let (seventh, third) = (try Self.message(7), try Self.message(3))
        #expect(journal?.payload(of: seventh.id) == seventh.payload)
        #expect(journal?.payload(of: third.id) == nil)
        journal = nil
        let later = try JournalFile(folder: folder.path, name: "t")
        let expected = try (0..<20).filter { ![3, 0, 19].contains($0) }.map { try Self.message($0) }
        #expect(Self.left(later) == expected && later.takeUp().isEmpty)
        for message in expected { later.release(message.id) }
        #expect(later.status == OutboxJournalStatus(), "an empty journal is an empty file")
        #expect(try folder.read().isEmpty)
    }

    @Test func aCrashAnywhereInARecordCostsThatRecordAlone() throws {
        let folder = try Folder()
        let records = try (0..<4).map { JournalRecord.put(try Self.message($0, bytes: 30)) }
        let whole = records.flatMap { $0 }
        let last = records.dropLast().reduce(0) { $0 + $1.count }
        for cut in stride(from: last, to: whole.count, by: 7) {
            try folder.write(Array(whole.prefix(cut)))
            let journal = try JournalFile(folder: folder.path, name: "t")
            let expected = try (0..<3).map { try Self.message($0, bytes: 30) }
            #expect(Self.left(journal) == expected)
            #expect(journal.status.damaged == (cut == last ? 0 : 1))
        }
    }

    @Test func aDamagedRecordIsSkippedAndTheRestTakenUp() throws {
        let folder = try Folder()
        let records = try (0..<6).map { JournalRecord.put(try Self.message($0, bytes: 50)) }
        let whole = records.flatMap { $0 }
        var random = Seeded(5)
        for _ in 0..<300 {
            var damaged = whole
            damaged[Int.random(in: damaged.indices, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            try folder.write(damaged)
            let journal = try JournalFile(folder: folder.path, name: "t")
            let left = Self.left(journal)
            #expect(left.count == 5 && journal.status.damaged >= 1)
            let whole = try (0..<6).map { try Self.message($0, bytes: 50) }
            #expect(left.allSatisfy { whole.contains($0) })
        }
    }

    @Test func noiseIsNoJournalAndHarmsNothing() throws {
        let folder = try Folder()
        var random = Seeded(9)
        for _ in 0..<50 {
            try folder.write(
                (0..<Int.random(in: 1...2000, using: &random)).map { _ in .random(in: 0...255, using: &random) })
            let journal = try JournalFile(folder: folder.path, name: "t")
            let message = try Self.message(1)
            #expect(journal.takeUp().isEmpty && journal.keep(message))
        }
    }

    @Test func whatHasNoRoomIsReportedAndKeptOnceThereIsSome() throws {
        let folder = try Folder()
        let journal = try JournalFile(folder: folder.path, name: "t", maximumBytes: 1_000)
        var kept = 0
        while kept < 100, journal.keep(try Self.message(kept, bytes: 200)) { kept += 1 }
        #expect((1..<5).contains(kept) && journal.status.trouble?.contains("full") == true)
        for number in 0..<kept { journal.release(try Self.message(number).id) }
        let last = try Self.message(kept)
        #expect(journal.keep(last) && journal.status.trouble == nil)
    }

    @Test func oneThatStaysDoesNotKeepTheRoomOfThoseThatGo() throws {
        let folder = try Folder()
        var journal: JournalFile? = try JournalFile(folder: folder.path, name: "t", maximumBytes: 200_000)
        let (stays, late) = (try Self.message(0, bytes: 500), try Self.message(1, bytes: 500))
        #expect(journal?.keep(stays) == true)
        for number in 2..<2_000 {
            let message = try Self.message(number, bytes: 500)
            #expect(journal?.keep(message) == true, "\(number)")
            journal?.release(message.id)
            if number % 50 == 0 { journal?.tidy() }
        }
        #expect(journal?.keep(late) == true && journal?.status.trouble == nil)
        #expect((journal?.status.bytes ?? .max) < 100_000)
        #expect(journal?.payload(of: stays.id) == stays.payload && journal?.payload(of: late.id) == late.payload)
        // It is still this process's own.
        let other = try JournalFile(folder: folder.path, name: "t")
        #expect(other.path != folder.file && other.takeUp().isEmpty)
        journal = nil
        let later = try JournalFile(folder: folder.path, name: "t")
        #expect(Self.left(later) == [stays, late] && later.status.damaged == 0)
    }

    @Test func whatIsWrittenWhileItIsWrittenAnewIsKept() async throws {
        let folder = try Folder()
        let stays = try (0..<10).map { try Self.message($0, bytes: 300) }
        let last = try (0..<2).flatMap { part in
            try (1_490..<1_500).map { try Self.message(1_000 + 2 * $0 + part, bytes: 300) }
        }
        func live() async throws {
            let journal = try JournalFile(folder: folder.path, name: "t", maximumBytes: 400_000)
            for message in stays { #expect(journal.keep(message)) }
            await withTaskGroup(of: Void.self) { group in
                for part in 0..<2 {
                    group.addTask {
                        for number in 0..<1_500 {
                            guard let message = try? Self.message(1_000 + 2 * number + part, bytes: 300) else { return }
                            while !journal.keep(message) {
                                journal.tidy()
                                await Task.yield()
                            }
                            if number < 1_490 { journal.release(message.id) }
                        }
                    }
                }
                group.addTask { for _ in 0..<300 { journal.tidy() } }
            }
            for message in stays + last { #expect(journal.payload(of: message.id) == message.payload) }
        }
        try await live()
        let later = try JournalFile(folder: folder.path, name: "t", maximumBytes: 400_000)
        #expect(later.path == folder.file && later.status.damaged == 0)
        let left = Self.left(later)
        #expect(left.count == 30 && Set(left) == Set(stays + last) && Array(left.prefix(10)) == stays)
    }

    @Test func whatHasRoomAgainIsFoundOutWithoutAMessage() throws {
        let folder = try Folder()
        let journal = try JournalFile(folder: folder.path, name: "t", maximumBytes: 200_000)
        let messages = try (0..<4).map { try Self.message($0, bytes: 60_000) }
        #expect(messages.map(journal.keep) == [true, true, true, false])
        journal.retry()
        #expect(journal.status.trouble != nil)
        for message in messages.prefix(2) { journal.release(message.id) }
        journal.release(messages[2].id)
        journal.retry()
        #expect(journal.status == OutboxJournalStatus(), "what a try writes is taken back")
    }

    @Test func aJournalLargerThanItsWindowIsTakenUpInOrder() throws {
        let folder = try Folder()
        var journal: JournalFile? = try JournalFile(folder: folder.path, name: "t", maximumBytes: 1 << 30)
        // Twenty MiB; every third is let go of.
        let messages = try (0..<360).map { try Self.message($0, bytes: 60_000 + $0) }
        for (number, message) in messages.enumerated() {
            #expect(journal?.keep(message) == true)
            if number % 3 == 2 { journal?.release(message.id) }
        }
        journal = nil
        // Message 84 is damaged, where the second part of the file is read.
        let damaged = open(folder.file, O_WRONLY)
        #expect(pwrite(damaged, "damage", 6, 5_080_000) == 6)
        close(damaged)
        let later = try JournalFile(folder: folder.path, name: "t", maximumBytes: 1 << 30)
        let expected = messages.enumerated().filter { $0.offset % 3 != 2 && $0.offset != 84 }.map(\.element)
        #expect(Self.left(later) == expected && later.status.damaged == 1)
    }

    @Test func twoProcessesOfOneNameHaveAFileEach() throws {
        let folder = try Folder()
        let first = try JournalFile(folder: folder.path, name: "t")
        let second = try JournalFile(folder: folder.path, name: "t")
        let message = try Self.message(1)
        #expect(first.path != second.path && second.keep(message) && first.takeUp().isEmpty)
        #expect(throws: JournalFile.Failure.self) { try JournalFile(folder: "/proc/nowhere", name: "t") }
    }

    @Test("a link, a pipe, a file with a second name or one that others may change is no journal")
    func prepared() throws {
        let folder = try Folder()
        let other = folder.path + "/outbox-t-2.journal"
        func refused(_ part: String) {
            let error = #expect(throws: JournalFile.Failure.self) { try JournalFile(folder: folder.path, name: "t") }
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
            unlink(folder.file)
        }
        close(open(other, O_WRONLY | O_CREAT, 0o600))
        #expect(symlink(other, folder.file) == 0)
        refused("cannot be opened")
        #expect(link(other, folder.file) == 0)
        refused("2 names")
        #expect(mkfifo(folder.file, 0o600) == 0)
        refused("is no file")
        close(open(folder.file, O_WRONLY | O_CREAT, 0o600))
        chmod(folder.file, 0o666)
        refused("may be changed by others")
        if geteuid() == 0 {
            close(open(folder.file, O_WRONLY | O_CREAT, 0o600))
            chown(folder.file, 65534, 65534)
            refused("belongs to user 65534")
        }
    }

    @Test("what a process left that is not the first of its name is taken over by the next that starts")
    func takesOver() throws {
        let folder = try Folder()
        let messages = try (1...4).map { try Self.message($0) }
        var first: JournalFile? = try JournalFile(folder: folder.path, name: "t")
        var second: JournalFile? = try JournalFile(folder: folder.path, name: "t")
        let lives = try JournalFile(folder: folder.path, name: "t")
        #expect(first?.keep(messages[0]) == true && second?.keep(messages[1]) == true)
        #expect(second?.keep(messages[2]) == true && lives.keep(messages[3]))
        first = nil
        second = nil
        let next = try JournalFile(folder: folder.path, name: "t")
        let taken = next.takeUp()
        #expect(taken.map(\.id) == messages[..<3].map(\.id), "not what is still in use")
        #expect(taken.map { next.payload(of: $0.id) } == messages[..<3].map(\.payload))
        // Once: the other file is empty, and all is in this one after another crash, too.
        let beside = try JournalFile(folder: folder.path, name: "t")
        #expect(beside.takeUp().isEmpty)
    }
}
