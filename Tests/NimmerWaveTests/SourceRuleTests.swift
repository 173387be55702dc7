import Glibc
import Testing

/// What the compiler cannot refuse: arithmetic with the nanoseconds of moments outside `Timestamp`, whose members cannot overflow.
@Suite struct SourceRuleTests {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// `a.nanoseconds - b.nanoseconds`, `at.nanoseconds + 1`, `limit * at.nanoseconds`.
    static func breaksTheRule(_ line: String) -> Bool {
        // What wraps around is asked for by name.
        guard line.utf8.count > 12, line.contains(".nanoseconds"), !line.contains("///") else { return false }
        let line = line.replacing("&-", with: "").replacing("&+", with: "")
        return line.firstMatch(of: #/\.nanoseconds\)* *[-+*]=? |[-+*] \(*[\w.\[\]?!]*\.nanoseconds\b(?!\()/#) != nil
    }

    @Test func theRuleFindsWhatItIsFor() {
        #expect(Self.breaksTheRule("let wait = next.nanoseconds - now"))
        #expect(Self.breaksTheRule("let wait = end - now.nanoseconds"))
        #expect(Self.breaksTheRule("let after = Timestamp(nanoseconds: (instant.nanoseconds) + 1)"))
        #expect(!Self.breaksTheRule("let wait = next.nanoseconds(since: now)"))
        #expect(!Self.breaksTheRule("/// at.nanoseconds - 1"))
        #expect(!Self.breaksTheRule("let ahead = at.nanoseconds &- arrival.nanoseconds"))
    }

    @Test func momentsAreMovedByTheirOwnMembersOnly() throws {
        var files = 0
        for folder in ["Sources", "cells", "nerves"] {
            for path in Self.swiftFiles(below: "\(Self.root)/\(folder)") {
                files += 1
                if path.hasSuffix("/NimmerWave/Timestamp.swift") { continue }
                let text = String(decoding: Golden.read(path), as: UTF8.self)
                for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                    #expect(!Self.breaksTheRule(String(line)), "\(path):\(number + 1)")
                }
            }
        }
        #expect(files > 300)
    }

    /// `Task { … }`, `Task.detached { … }`, `Task<Void, Never>(…)`: a task that only its starter could own.
    static func startsATask(_ line: Substring) -> Bool {
        guard line.contains("Task"), !line.drop(while: { $0 == " " }).hasPrefix("//") else { return false }
        return line.firstMatch(of: #/\bTask(\.detached)?\s*(<[^>]*>)?\s*[({]/#) != nil
    }

    /// Files that may start a task by themselves, and why. Everything else uses a task group, `async let` or a `TaskOwner`.
    static let mayStartTasks = [
        "/NimmerPlatform/Threads/TaskOwner.swift": "is the owner",
        "/NimmerPlatform/Threads/TaskSignal.swift": "its timer is cancelled before the wait that started it returns",
        "/nimmer-web/PageHTTP.swift":
            "the stream of a tab's frames waits for its end, and cancels it when it is cancelled",
        "/NimmerTesting/Bus/BusConformance+Messaging.swift": "the check that starts it waits for its value",
        "/NimmerTesting/Bus/BusConformance+Streams.swift": "the check that starts it waits for its value",
    ]

    @Test func theRuleOfTasksFindsWhatItIsFor() {
        for line in [
            "Task { await x() }", "let a = Task {", "Task.detached { [x] in", "Task<Void, Never> {",
            "Task(priority: .low) {",
        ] {
            #expect(Self.startsATask(line[...]), "\(line)")
        }
        for line in [
            "tasks.run {", "var work: Task<Void, Never>?", "/// Task { }", "group.addTask { await x() }",
            "withTaskGroup(of: Void.self) {",
        ] {
            #expect(!Self.startsATask(line[...]), "\(line)")
        }
    }

    @Test func everyTaskHasAnOwner() {
        var used: Set<String> = []
        for folder in ["Sources", "cells", "nerves"] {
            for path in Self.swiftFiles(below: "\(Self.root)/\(folder)") {
                let allowed = Self.mayStartTasks.keys.first { path.hasSuffix($0) }
                let text = String(decoding: Golden.read(path), as: UTF8.self)
                for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
                where Self.startsATask(line) {
                    if let allowed { used.insert(allowed) }
                    #expect(allowed != nil, "\(path):\(number + 1) starts a task that nobody ends: use a TaskOwner")
                }
            }
        }
        #expect(used == Set(Self.mayStartTasks.keys), "an exception that nothing needs any more")
    }

    private static func swiftFiles(below folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var found: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix(".") else { continue }
            if name.hasSuffix(".swift") {
                found.append("\(folder)/\(name)")
            } else if entry.pointee.d_type == DT_DIR {
                found += swiftFiles(below: "\(folder)/\(name)")
            }
        }
        return found
    }
}
