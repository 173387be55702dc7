import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

/// What writes the summaries of days, and the levels of regions.
@Suite struct MemorySettingsTests {
    private static let parts = """
        organs:
          - {name: eye, kind: openai, model: m, url: http://h, embeddings: true}
          - {name: voice, kind: ollama, model: m, url: http://h}
        bridge: {minds: [{name: small, kind: openai, model: m, url: http://h}]}

        """

    private func memory(_ section: String) throws(SystemError) -> MemorySettings {
        try SystemFile(parsing: Array("nimmerverse: 1\nname: t\n\(Self.parts)\(section)\n".utf8), file: "t.yaml").memory
    }

    @Test(arguments: ["", "memory: {}", "memory: {summaries: extractive}", "memory: {levels: {}}"])
    func withoutAWordTheyAreExtractedAndWithoutLevels(_ section: String) throws {
        let settings = try memory(section)
        #expect(settings.summaries == nil && settings.levels.isEmpty)
    }

    @Test func everyKeyIsRead() throws {
        let settings = try memory("memory: {summaries: voice, levels: {plant: project, plant.>: task}}")
        #expect(settings.summaries == "voice")
        #expect(settings.levels.map(\.level) == [.project, .task])
        #expect(settings.levels.map { $0.pattern.matches("plant.pump") } == [false, true])
    }

    @Test func theHighestLevelIsStrategy() {
        #expect(MemorySettings.Level.allCases.sorted() == [.atomic, .task, .job, .project, .strategy])
    }

    @Test(arguments: [
        (
            "memory: {summaries: ear}",
            "7:21: found 'ear', which is no organ of this file; expected summaries: one of extractive, voice"
        ),
        (
            "memory: {summaries: small}",
            "7:21: found 'small', a mind of the bridge, which answers the bridge alone; expected summaries: an organ"
        ),
        (
            "memory: {summaries: eye}",
            "7:21: found 'eye', an organ with embeddings: true (line 4); expected summaries: an organ whose model writes"
        ),
        (
            "memory: {levels: {plant: goal}}",
            "7:26: found 'goal'; expected plant: one of strategy, project, job, task, atomic"
        ),
        ("memory: {levels: {plant: 1}}", "expected plant: one of strategy"),
        ("memory: {levels: {\"plant.a*\": task}}", "expected a pattern of regions"),
        ("memory: {levels: [task]}", "levels: a mapping of keys"),
        ("memory: {level: {}}", "did you mean 'levels'"),
    ])
    func whatMakesNoSenseIsRefused(_ section: String, _ words: String) {
        #expect { try memory(section) } throws: { "\($0)".contains(words) }
    }
}
