import NimmerInspection
import NimmerOutput
import NimmerPlatform
import NimmerWave
import Testing

@testable import nimmer

/// Arguments that are JSON.
@Suite struct JSONArgumentTests {
    private static func nested(_ levels: Int) -> String {
        String(repeating: #"{"a":"#, count: levels) + "1" + String(repeating: "}", count: levels)
    }

    @Test("a payload that is nested too deep is refused by the limit's name, before a server is needed")
    func depth() async throws {
        let answer = try await Tool.run(["cell", "ask", "math", Self.nested(500)])
        #expect(answer.status == .exited(64), "\(answer.errors)")
        let words = answer.errors.joined()
        #expect(words.contains("the payload must be a JSON object: nested deeper than 64"), "\(words)")
        #expect(words.utf8.count < 300)
    }

    @Test(
        "what is wrong is named, with what was found",
        arguments: [
            ("[1]", "--content must be a JSON object; found [1]"),
            ("{1", "--content must be a JSON object: "), (nested(65), "nested deeper than 64"),
        ])
    func refused(_ text: String, _ words: String) {
        let failure = #expect(throws: Failure.self) { try jsonObject(text, "--content", example: "an example") }
        #expect(failure?.status == .usage && failure?.message.text.contains(words) == true)
        #expect(failure?.remedy?.text == "an example")
    }
}
