import ArgumentParser
import NimmerOutput
import NimmerReplay
import NimmerWave

/// Prints for each message whether every decoder in the system accepts it.
struct WaveCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check messages against the wire format.",
        discussion: """
            For each message it prints `ok`, or the file and the decoder's reason. The exit \
            status is 1 when any message is refused.

              nimmer wave check message.json
              nimmer wave check --lines recording.ndjson
              some-program | nimmer wave check -
            """)

    @Argument(help: "Files with one message each; - reads standard input.", completion: .file())
    var files: [String]

    @Flag(
        help: """
            Each line of a file is a message (NDJSON), or holds one, as `nimmer wave tail --record` writes it; lines are named \
            file:line.
            """)
    var lines = false

    @OptionGroup var json: JSONOptions
    @OptionGroup var color: ColorOptions

    func run() throws {
        var refused = 0
        for file in files {
            let name = file == "-" ? "standard input" : file
            let bytes = try RecordingText.unpacked(FileText.bytes(file), name)
            if lines {
                for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
                    let line = line.last == 0x0d ? line.dropLast() : line
                    if line.isEmpty { continue }
                    refused += try printCheck(WaveCheck(name: "\(name):\(index + 1)", line: Array(line)))
                }
            } else {
                refused += try printCheck(WaveCheck(name: name, message: bytes))
            }
        }
        if refused > 0 { throw ExitCode(Failure.Status.failed.rawValue) }
    }

    /// Prints a verdict; returns 1 when it is a refusal.
    private func printCheck(_ check: WaveCheck) throws -> Int {
        try Console.line(json.json ? TerminalText(json: check.json.text) : check.line(color.paint))
        return check.refusal == nil ? 0 : 1
    }
}

/// The verdict on one message.
struct WaveCheck: Equatable {
    let name: String
    let type: String?
    let refusal: Refusal?

    init(name: String, message: [UInt8]) {
        self.name = name
        do throws(Refusal) {
            type = try AnyMessage.decode(message).header.messageType.rawValue
            refusal = nil
        } catch {
            type = nil
            refusal = error
        }
    }

    /// A line that is a message, or holds one beside its subject.
    init(name: String, line: [UInt8]) {
        let line = line.starts(with: [0xef, 0xbb, 0xbf]) ? Array(line.dropFirst(3)) : line
        guard let object = (try? JSON(parsing: line, keepingRaw: ["message"]))?.object,
            object["subject"]?.string != nil,
            let message = object["message"]
        else {
            self.init(name: name, message: line)
            return
        }
        self.init(name: name, message: message.bytes)
    }

    /// `file: ok`, or `file: refused: reason (found …)`.
    func line(_ paint: Paint) -> TerminalText {
        guard let refusal else { return "\(name): \(paint(.good, "ok"))" }
        let found = refusal.found.isEmpty ? "" : paint(.quiet, " (found \(refusal.found))")
        return "\(name): \(paint(.bad, "refused")): \(refusal.message)\(found)"
    }

    var json: JSON {
        guard let refusal else { return ["file": .string(name), "ok": true, "message_type": .string(type ?? "")] }
        return [
            "file": .string(name), "ok": false, "code": .string(refusal.code.rawValue), "field": .string(refusal.field),
            "reason": .string(refusal.message), "found": .string(refusal.found),
        ]
    }
}
