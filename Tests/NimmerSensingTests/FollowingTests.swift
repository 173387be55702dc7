import Foundation
import NimmerProcess
import Testing

@testable import NimmerSensing

/// Files that grow, are renamed, cut short and replaced while they are followed, as log rotation does it.
@Suite("files that are followed", .timeLimit(.minutes(5)))
struct FollowingTests {
    /// Lines of a follower, and news of the file.
    private enum Event: Equatable {
        case line(String)
        case notice(FileLines.Notice)
    }

    /// A file in a folder of its own, and someone who follows it.
    private final class Scene {
        let folder: String
        var path: String { folder + "/numbers.csv" }
        private var events: AsyncStream<Event>.Iterator?
        private var task: Task<Void, any Error>?

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "follow-\(UUID())").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }

        deinit {
            task?.cancel()
            try? FileManager.default.removeItem(atPath: folder)
        }

        /// Appends as a program does that opened the file by itself.
        func append(_ text: String, to name: String = "numbers.csv") throws {
            let file = try #require(fopen(folder + "/" + name, "a"))
            fputs(text, file)
            fclose(file)
        }

        func rename(_ name: String = "numbers.csv.1") throws {
            try FileManager.default.moveItem(atPath: path, toPath: folder + "/" + name)
        }

        func copyAndCut(_ name: String = "numbers.csv.1") throws {
            try FileManager.default.copyItem(atPath: path, toPath: folder + "/" + name)
            #expect(truncate(path, 0) == 0)
        }

        func follow(fromStart: Bool = false) {
            let (stream, feed) = AsyncStream<Event>.makeStream()
            let path = path
            task = Task {
                try await FileLines(path: path).follow(fromStart: fromStart) {
                    feed.yield(.notice($0))
                } _: { line in
                    feed.yield(.line(String(decoding: line, as: UTF8.self)))
                }
            }
            events = stream.makeAsyncIterator()
        }

        /// The next lines, whatever news come between.
        func lines(_ count: Int) async throws -> [String] {
            var lines: [String] = []
            while lines.count < count {
                if case .line(let line) = try #require(await events?.next()) { lines.append(line) }
            }
            return lines
        }

        func notice() async throws -> FileLines.Notice {
            while true {
                if case .notice(let notice) = try #require(await events?.next()) { return notice }
            }
        }
    }

    @Test("only what is appended from now on, and no rest of a line that had begun")
    func appended() async throws {
        let scene = try Scene()
        try scene.append("1\n2")
        scene.follow()
        #expect(try await scene.notice() == .opened)
        try scene.append("1.5\n3\n4")
        #expect(try await scene.lines(1) == ["3"])
        try scene.append("5\n")
        #expect(try await scene.lines(1) == ["45"])
    }

    @Test("a renamed file is read to its end, with an unfinished last line, before the new one")
    func renamed() async throws {
        let scene = try Scene()
        try scene.append("1\n")
        scene.follow(fromStart: true)
        #expect(try await scene.lines(1) == ["1"])
        try scene.append("2\n3\n4")
        try scene.rename()
        try scene.append("5\n")
        #expect(try await scene.lines(4) == ["2", "3", "4", "5"])
    }

    @Test("what is appended to the old file after the rename is read, until the new one holds something")
    func appendedToOld() async throws {
        let scene = try Scene()
        try scene.append("1\n")
        scene.follow(fromStart: true)
        #expect(try await scene.lines(1) == ["1"])
        #expect(
            try await Self.opened(
                scene,
                after: {
                    try scene.rename(); try scene.append("")
                }))
        try scene.append("2\n3\n", to: "numbers.csv.1")
        #expect(try await scene.lines(2) == ["2", "3"])
        try scene.append("4", to: "numbers.csv.1")
        try scene.append("5\n")
        #expect(try await scene.lines(2) == ["4", "5"])
    }

    private static func opened(_ scene: Scene, after change: () throws -> Void) async throws -> Bool {
        try change()
        return try await scene.notice() == .opened
    }

    @Test("a file that is renamed twice while nothing is written keeps its order")
    func twice() async throws {
        let scene = try Scene()
        try scene.append("1\n")
        scene.follow(fromStart: true)
        #expect(try await scene.lines(1) == ["1"])
        #expect(
            try await Self.opened(
                scene,
                after: {
                    try scene.rename("numbers.csv.2"); try scene.append("")
                }))
        #expect(
            try await Self.opened(
                scene,
                after: {
                    try scene.rename("numbers.csv.1"); try scene.append("")
                }))
        try scene.append("2\n", to: "numbers.csv.2")
        try scene.append("3\n", to: "numbers.csv.1")
        try scene.append("4\n")
        #expect(try await scene.lines(3) == ["2", "3", "4"])
    }

    @Test(
        "a file that is copied and cut short loses nothing, however much follows at once",
        arguments: ["5\n", "15\n16\n17\n18\n"])
    func copied(more: String) async throws {
        let scene = try Scene()
        try scene.append("1\n")
        scene.follow(fromStart: true)
        #expect(try await scene.lines(1) == ["1"])
        try scene.append("2\n3\n4")
        try scene.copyAndCut()
        try scene.append(more)
        let expected = ["2", "3", "4"] + more.split(separator: "\n").map(String.init)
        #expect(try await scene.lines(expected.count) == expected)
    }

    @Test("a file that is cut short without a copy is read from its start")
    func cut() async throws {
        let scene = try Scene()
        try scene.append("10\n20\n")
        scene.follow(fromStart: true)
        #expect(try await scene.lines(2) == ["10", "20"])
        #expect(truncate(scene.path, 0) == 0)
        try scene.append("30\n")
        #expect(try await scene.lines(1) == ["30"])
        #expect(truncate(scene.path, 0) == 0)
        try scene.append("40\n")
        #expect(try await scene.lines(1) == ["40"])
    }

    @Test("an older copy with the same beginning is not taken for the rest")
    func olderCopy() async throws {
        let scene = try Scene()
        try scene.append("1\n2\n3\n", to: "numbers.csv.1")
        try scene.append("1\n")
        scene.follow(fromStart: true)
        #expect(try await scene.lines(1) == ["1"])
        try scene.append("7\n")
        try scene.copyAndCut("numbers.csv.2")
        try scene.append("8\n")
        #expect(try await scene.lines(2) == ["7", "8"])
    }

    @Test("a file that does not exist yet is waited for, and read from its start")
    func late() async throws {
        let scene = try Scene()
        scene.follow()
        #expect(try await scene.notice() == .missing("no such file or directory"))
        try scene.append("1\n2\n")
        #expect(try await scene.lines(2) == ["1", "2"])
    }

    @Test("a file that vanishes for a while is named once, and continues where it comes back")
    func vanished() async throws {
        let scene = try Scene()
        try scene.append("1\n")
        scene.follow(fromStart: true)
        #expect(try await scene.notice() == .opened)
        #expect(try await scene.lines(1) == ["1"])
        try FileManager.default.removeItem(atPath: scene.path)
        #expect(try await scene.notice() == .missing("no such file or directory"))
        try scene.append("2\n")
        #expect(try await scene.notice() == .opened)
        #expect(try await scene.lines(1) == ["2"])
        try scene.rename("away")
        try scene.append("3\n", to: "away")
        #expect(try await scene.lines(1) == ["3"])
        try FileManager.default.moveItem(atPath: scene.folder + "/away", toPath: scene.path)
        try scene.append("4\n")
        #expect(try await scene.lines(1) == ["4"])
    }

    @Test("columns of a file that does not exist yet: its names are waited for, and its first rows count")
    func columns() async throws {
        let scene = try Scene()
        let (stream, feed) = AsyncStream<String>.makeStream()
        let file = FileLines(path: scene.path)
        let task = Task {
            let isNew = try await file.awaitFirstLine { feed.yield("\($0)") }
            let rows = try TableRows(file, columns: ["b"], options: TableOptions())
            try await rows.read(every: 0, follows: true, fromStart: isNew) { cells, _ in
                feed.yield(String(decoding: cells[0], as: UTF8.self))
            }
        }
        defer { task.cancel() }
        var events = stream.makeAsyncIterator()
        #expect(await events.next()?.contains("no such file") == true)
        try scene.append("a,b\n1,2\n3,4\n")
        #expect(await events.next() == "2")
        #expect(await events.next() == "4")
        try scene.rename()
        try scene.append("a,b\n5,6\n")
        #expect(await events.next() == "6")
    }
}
