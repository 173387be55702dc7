import NimmerSystem
import NimmerSystemFile
import Testing

/// The section `iris`, and the organs that make embeddings.
@Suite struct IrisSettingsTests {
    private static let organs = """
        organs:
          - {name: eye, kind: openai, model: m, url: http://h, embeddings: true, dimensions: 384, prefix: "search_query: "}
          - {name: voice, kind: ollama, model: m, url: http://h}

        """

    private func iris(_ section: String, organs: String = Self.organs) throws(SystemError) -> IrisSettings? {
        try SystemFile(parsing: Array("nimmerverse: 1\nname: t\n\(organs)\(section)\n".utf8), file: "t.yaml").iris
    }

    @Test func itIsOnWhereTheFileNamesIt() throws {
        #expect(try iris("") == nil)
        var expected = IrisSettings()
        expected.mark = YAMLMark(line: 6, column: 7)
        #expect(try iris("iris: {}") == expected)
        #expect(expected.join == 0.4 && expected.hysteresis == 0.05 && expected.organ == nil)
        #expect(expected.deadlineMS == 250)
        #expect(expected.recall.items == 3 && expected.recall.bytes == 2048 && expected.recall.deadlineMS == 50)
    }

    @Test func everyKeyIsRead() throws {
        let all =
            "{join: 0.5, hysteresis: 0, organ: eye, deadline_ms: 10, recall: {items: 0, bytes: 256, deadline_ms: 5}}"
        let settings = try #require(try iris("iris: \(all)"))
        #expect(
            settings.join == 0.5 && settings.hysteresis == 0 && settings.organ == "eye" && settings.deadlineMS == 10)
        #expect(settings.recall.items == 0 && settings.recall.bytes == 256 && settings.recall.deadlineMS == 5)
    }

    @Test func anOrganStatesItsEmbeddings() throws {
        let file = try SystemFile(parsing: Array("nimmerverse: 1\nname: t\n\(Self.organs)".utf8), file: "t.yaml")
        #expect(file.organs.map(\.embeddings) == [true, false])
        #expect(file.organs.map(\.dimensions) == [384, nil])
        #expect(file.organs.map(\.prefix) == ["search_query: ", ""])
    }

    @Test(arguments: [
        ("iris: {join: 0.1}", "6:14: found 0.1; expected join: a number from 0.2 to 0.95"),
        ("iris: {join: .nan}", "expected join"),
        ("iris: {hysteresis: 0.3}", "hysteresis: a number from 0 to 0.2"),
        ("iris: {deadline_ms: 9}", "deadline_ms: a whole number from 10 to 5000 milliseconds"),
        ("iris: {recall: {items: 21}}", "items: a whole number from 0 to 20"),
        ("iris: {recall: {bytes: 255}}", "bytes: a whole number from 256 to 16384 bytes"),
        ("iris: {recall: {deadline_ms: 0}}", "deadline_ms: a whole number from 1 to 5000 milliseconds"),
        ("iris: {joins: 0.4}", "did you mean 'join'"),
        ("iris: true", "iris as a mapping"),
        ("iris: {organ: ear}", "6:15: found 'ear', which is no organ of this file; expected organ: one of eye"),
        ("iris: {organ: voice}", "6:15: found 'voice', an organ without embeddings (line 5); expected organ: an organ"),
    ])
    func whatMakesNoSenseIsRefused(_ section: String, _ words: String) {
        #expect { try iris(section) } throws: { "\($0)".contains(words) }
    }

    @Test(arguments: [
        ("dimensions: 384", "embeddings: true beside dimensions"),
        ("prefix: 'a '", "embeddings: true beside prefix"),
        ("embeddings: true, dimensions: 0", "dimensions: a whole number from 1 to 4096"),
        ("embeddings: often", "embeddings: true or false"),
        ("embeddings: true, prefix: \"a\\nb\"", "without control characters"),
        ("embeddings: true, prefix: \(String(repeating: "p", count: 257))", "at most 256 bytes"),
    ])
    func anOrganIsRefusedToo(_ keys: String, _ words: String) {
        let organs = "organs: [{name: a, kind: openai, model: m, url: http://h, \(keys)}]\n"
        #expect { try iris("", organs: organs) } throws: { "\($0)".contains(words) }
    }

    @Test func withoutAnOrganTheTableIsTheRemedy() {
        #expect { try iris("iris: {organ: eye}", organs: "") } throws: {
            "\($0)".contains("or no such key: the table answers then")
        }
    }

    @Test func aMistakeOfTheOrganIsOne() throws {
        let found = try SystemMistakes(
            in: Array("nimmerverse: 1\nname: t\niris: {organ: ear, join: 0.5}\n".utf8), file: "t.yaml")
        #expect(found.all.map(\.mark) == [YAMLMark(line: 3, column: 15)])
        #expect(found.sound.iris?.join == 0.5 && found.sound.iris?.organ == nil)
    }
}
