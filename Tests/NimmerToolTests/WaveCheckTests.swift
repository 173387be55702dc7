import NimmerOutput
import NimmerWave
import Testing

@testable import nimmer

@Suite struct WaveCheckTests {
    @Test func saysWhatIsWrongAndWhere() {
        let check = WaveCheck(name: "a.json", message: Array("{}".utf8))
        #expect(check.line(Paint(.never)) == "a.json: refused: header is missing")
        #expect(check.json["ok"]?.bool == false)
        #expect(check.json["field"]?.string == "header")
    }

    @Test func controlCharactersOfAMessageDoNotReachTheTerminal() {
        let check = WaveCheck(
            name: "a", message: Array(#"{"header":{"message_id":"\u001b[2J"}}"#.utf8))
        #expect(!check.line(Paint(.never)).text.contains("\u{1b}"))
    }
}
