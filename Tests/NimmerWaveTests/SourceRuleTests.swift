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
