import NimmerSystem
import NimmerSystemFile
import Testing

@Suite struct OrganSettingsTests {
    private func organs(_ lines: String) throws(SystemError) -> [OrganSettings] {
        try SystemFile(parsing: Array("nimmerverse: 1\nname: t\norgans:\n  - \(lines)\n".utf8), file: "t.yaml").organs
    }

    @Test func anOrganHasItsDefaults() throws {
        let organ = try #require(
            try organs("{name: a, kind: ollama, model: m, url: http://h:1, warm_ms: 90000}").first)
        #expect(organ.warmMS == 90_000 && organ.queue == 32 && organ.card == nil)
        #expect(organ.mind(at: "http://h:1").keepAliveSeconds == 150)
    }

    @Test(arguments: [
        ("{name: a, kind: ollama, model: m}", "either url"),
        ("{name: a, kind: ollama, model: m, url: http://h, command: [x]}", "either url"),
        ("{name: a, kind: carrier-pigeon, model: m, url: http://h}", "ollama, openai"),
        ("{name: a, kind: openai, model: m, url: http://user:pass@h}", "without a user"),
        ("{name: a, kind: openai, model: m, url: http://h, card: ../x}", "card: 1 to 63"),
        ("{name: a, kind: openai, model: m, url: http://h, warm_s: 7}", "did you mean 'warm_ms'"),
    ])
    func whatMakesNoSenseIsRefused(_ yaml: String, _ words: String) {
        #expect { try organs(yaml) } throws: { "\($0)".contains(words) }
    }

    @Test func aNameIsOnceInASystem() {
        let text = """
            nimmerverse: 1
            name: t
            cells: [{name: a, kind: math/v1}]
            organs: [{name: a, kind: ollama, model: m, url: http://h}]
            """
        #expect { try SystemFile(parsing: Array(text.utf8), file: "t.yaml") } throws: { "\($0)".contains("'a' again") }
    }
}
