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

    @Test("a line of a recording is checked by the message that it holds")
    func recordedLine() {
        let message = #"{"header":{"message_id":"x"}}"#
        let alone = WaveCheck(name: "a", message: Array(message.utf8))
        let line = #"{"at":"2026-03-02T10:00:00Z","subject":"dev.nervous.cells.a.wave","message":\#(message)}"#
        #expect(WaveCheck(name: "a", line: Array(line.utf8)) == alone)
        #expect(WaveCheck(name: "a", line: Array(message.utf8)) == alone)
        #expect(alone.refusal?.field.isEmpty == false)
    }
}
