import NimmerOutput
import NimmerReplay
import NimmerScopeSession
import NimmerWave
import Testing

/// The two readers of recorded messages, of replay and of the oscilloscope, hold the same lines for messages.
@Suite struct RecordedMessageTests {
    private static func line(
        _ second: Int, at: String? = nil, subject: String = "dev.nervous.cells.flow.wave", message: String = #"{"n":1}"#
    ) -> String {
        let at = at ?? #""2026-02-14T18:30:0\#(second)Z""#
        return #"{"at":\#(at),"subject":"\#(subject)","message":\#(message)}"#
    }

    /// Times of the messages that replay takes, and its notes.
    private func replayed(_ text: [UInt8]) throws -> (times: [Timestamp], notes: [String]) {
        var input = try ReplayInput(text, file: "w.ndjson", format: ReplayFormat(), pace: 1)
        var times: [Timestamp] = []
        while let event = input.nextEvent() { if case .wave(_, _, _, let at) = event { times.append(at) } }
        return (times, input.report.notes)
    }

    /// Times of the messages that the oscilloscope takes, what it refuses, and its notes.
    private func shown(_ text: [UInt8]) throws -> (times: [Timestamp], refused: [String], notes: [String]) {
        var reader = try RecordingReader("w.ndjson", bytes: text)
        var (times, refused): ([Timestamp], [String]) = ([], [])
        while true {
            do throws(RecordedMessage.Misfit) {
                guard let message = try reader.read() else { return (times, refused, reader.notes) }
                times.append(message.at)
            } catch { refused.append("w.ndjson:\(reader.line): \(error)") }
        }
    }

    @Test(
        "a line that one takes, the other takes",
        arguments: [
            line(2), "\u{feff}" + line(2), "  " + line(2), line(2) + "\r", "# written by hand", "",
            line(2, message: "NaN"), line(2, message: "\"\u{7f}\""),
            line(2, at: #""2026-02-14 18:30:02""#), line(2, at: #""2026-02-14T18:30:02+00""#),
            line(2, at: #""1771093802""#),
        ])
    func taken(_ line: String) throws {
        let text = Array("\(Self.line(1))\n\(line)\n\(Self.line(3))\n".utf8)
        let (replayed, shown) = (try replayed(text), try shown(text))
        #expect(replayed.times == shown.times && (2...3).contains(shown.times.count))
        #expect(replayed.notes.isEmpty && shown.refused.isEmpty && shown.notes.isEmpty)
    }

    @Test(
        "a line that one refuses, the other refuses with the same words",
        arguments: [
            (#"{"at": 3, "x"}"#, "a line that is no JSON object"),
            (#"{"at": 3}"#, "a line without subject and message"),
            (#"{"subject": "a.b", "message": {}}"#, "no 'at'"),
            (#"{"at": "soon", "subject": "a.b", "message": {}}"#, #""soon""#),
            (#"{"at": 3, "subject": "a.b", "message": {}}"#, "3"),
        ])
    func refused(_ line: String, found: String) throws {
        let text = Array("\(Self.line(1))\n\(line)\n\(Self.line(3))\n".utf8)
        let (replayed, shown) = (try replayed(text), try shown(text))
        #expect(replayed.times == shown.times && shown.times.count == 2)
        #expect(shown.refused.count == 1 && replayed.notes.count == 1)
        let words = try #require(shown.refused.first)
        #expect(words.hasPrefix("w.ndjson:2: found \(found); expected"), "\(words)")
        #expect(replayed.notes.first?.hasSuffix(words) == true, "\(replayed.notes)")
    }

    @Test("a cut last line loses that line alone, and is named")
    func cut() throws {
        let text = Array("\(Self.line(1))\n\(Self.line(2))\n\(Self.line(3).dropLast(9))".utf8)
        let (replayed, shown) = (try replayed(text), try shown(text))
        #expect(replayed.times == shown.times && shown.times.count == 2 && shown.refused.isEmpty)
        #expect(
            shown.notes == [
                "the last line is cut and was left out: w.ndjson:3: found a line that is no JSON object; "
                    + #"expected {"at": …, "subject": …, "message": {…}}"#
            ])
        #expect(replayed.notes == shown.notes)
    }

    @Test("UTF-16 is read by both")
    func wide() throws {
        let text = "\(Self.line(1))\n\(Self.line(2))\n"
        let wide: [UInt8] =
            [0xff, 0xfe] + text.utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xff), UInt8(unit >> 8)] }
        let (replayed, shown) = (try replayed(wide), try shown(wide))
        #expect(replayed.times == shown.times && shown.times.count == 2)
    }

    @Test("what holds no message fails with its first line")
    func none() throws {
        let failure = #expect(throws: Failure.self) { try RecordingReader("t.csv", bytes: Array("a,b\n1,2\n".utf8)) }
        #expect(failure?.message.text.hasPrefix("t.csv:1: found a line that is no JSON object; expected") == true)
        let cut = #expect(throws: Failure.self) { try RecordingReader("t.ndjson", bytes: Array(#"{"at""#.utf8)) }
        #expect(cut?.message.text.hasPrefix("t.ndjson holds no message: the last line is cut") == true)
    }
}
