import Logging
import NimmerWave
import Testing

@testable import NimmerProcess

@Suite("Logs")
struct LogOutputTests {
    private func line(_ format: LogOutput.Format, _ message: String, _ metadata: Logger.Metadata) -> String {
        let output = LogOutput(service: "math", format: format, level: .info) { _ in }
        let event = LogEvent(
            level: .warning, message: "\(message)", metadata: metadata, source: nil, file: "", function: "", line: 0)
        return String(decoding: output.line(event, at: Timestamp(milliseconds: 1_771_093_800_123)), as: UTF8.self)
    }

    @Test("a line for people: time, level, who, what, values in order")
    func text() {
        let line = line(.text, "Lost the server", ["url": "nats://h", "a": "two words"])
        #expect(line.hasSuffix(" warning math: Lost the server a=\"two words\" url=nats://h\n"))
    }

    @Test("a line for programs is one JSON object")
    func json() throws {
        let line = line(.json, "Lost", ["level": "x", "k": "a\"b\n"])
        #expect(line.filter { $0 == "\n" }.count == 1)
        let object = try JSON(parsing: line)
        #expect(object["level"]?.string == "warning")
        #expect(object["field_level"]?.string == "x")
        #expect(object["k"]?.string == "a\"b\n")
        #expect(object["at"]?.string == "2026-02-14T18:30:00.123Z")
    }

    @Test(
        "an address has no password, neither in the message nor in a value", arguments: [LogOutput.Format.text, .json])
    func passwords(_ format: LogOutput.Format) {
        let line = line(format, "Lost nats://me:hush@h:4222", ["url": "nats://me:hush@h:4222"])
        #expect(!line.contains("hush") && line.split(separator: "nats://h:4222").count == 3, "\(line)")
    }

    @Test("what came from outside cannot move a person's cursor")
    func control() {
        let line = line(.text, "Refused", ["found": "\u{1B}[2Jx\ny"])
        #expect(!line.dropLast().contains("\n"))
        #expect(!line.unicodeScalars.contains("\u{1B}"))
    }
}
