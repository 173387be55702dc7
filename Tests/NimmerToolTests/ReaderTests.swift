import NimmerPlatform
import NimmerReplay
import NimmerServers
import Testing

/// Every reader of the bus checks a message against its subject (docs/security.md): who says what is proven by nothing else.
@Suite struct ReaderTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Files that decode without a subject, and why they may.
    private static let exceptions = [
        "Sources/NimmerWave/Provenance.swift": "is the check itself",
        "Sources/NimmerThalamus/Thalamus.swift": "took the sender from the subject before it",
        "Sources/NimmerThalamus/Shards/Sorter.swift": "only picks the shard, which checks",
        "Sources/NimmerMemory/MemoryEntry.swift": "only asks whether a refused message can be read",
        "Sources/NimmerScope/Text/EventText.swift": "reads what was checked when it came in",
        "Sources/NimmerReplay/Replay.swift": "reads what the thalamus of the same replay has checked",
        "Sources/NimmerGarden/VariantRun.swift": "changes what its thalamus checks next",
        "Sources/NimmerGarden/VirtualGarden.swift": "only names the region of a wave that its thalamus has checked",
        "Sources/nimmer/Wave/WaveCheckCommand.swift": "reads files",
        "Sources/nimmer/Wave/WaveEmitCommand.swift": "reads what it is about to publish",
    ]

    @Test func everyMessageIsCheckedAgainstItsSubject() async throws {
        let words = [
            "-rnE", "(AnyMessage\\.decode|Envelope<[A-Za-z]+>\\(decoding:|Envelope\\(decoding:)", "--include=*.swift",
        ]
        let found = try await ChildProcess.run(
            ChildCommand("grep", words + ["Sources", "cells", "nerves"], workingDirectory: Self.root))
        let lines = found.lines.map(\.text).filter { !$0.contains("///") }
        #expect(lines.count > 20)
        var excused: Set<String> = []
        for line in lines where !line.contains(" on: ") {
            let file = String(line.prefix { $0 != ":" })
            // A call that goes on in the next line.
            if line.hasSuffix("(") { continue }
            if Self.exceptions[file] != nil { excused.insert(file) } else { Issue.record("without a subject: \(line)") }
        }
        #expect(excused == Set(Self.exceptions.keys))
    }
}
