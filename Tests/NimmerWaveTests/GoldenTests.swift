import Glibc
import NimmerWave
import Testing

/// The golden messages that every decoder must take and refuse (protocol.md, Bodies).
@Suite struct GoldenTests {
    @Test func everyAcceptedMessageIsTaken() throws {
        let files = Golden.files("accept", ".json")
        #expect(files.count == 14)
        for file in files {
            let bytes = Golden.read(file)
            var view = WaveView()
            #expect(throws: Never.self, "\(file)") { try WaveDecoder.decode(bytes.span.bytes, into: &view) }
            #expect(throws: Never.self, "\(file)") { try AnyMessage.decode(bytes) }
        }
    }

    @Test func everyRefusedMessageIsRefusedForItsReason() throws {
        let files = Golden.files("reject", ".json")
        #expect(files.count == 43)
        for file in files {
            let bytes = Golden.read(file)
            let reason = String(decoding: Golden.read(file.replacing(".json", with: ".reason")), as: UTF8.self)
                .split(separator: "\n").first.map(String.init)
            #expect(refusal { () throws(Refusal) in _ = try hotDecode(bytes) } == reason, "hot path: \(file)")
            #expect(refusal { () throws(Refusal) in _ = try AnyMessage.decode(bytes) } == reason, "any: \(file)")
        }
    }

    @Test func contentStaysARangeOfTheMessage() throws {
        let content = #"{"operation":"addition","operands":[15, 27.0],"note":"a\"b"}"#
        let bytes = Array(sample(content: content).utf8)
        var view = WaveView()
        try WaveDecoder.decode(bytes.span.bytes, into: &view)
        #expect(
            String(decoding: bytes[view.content.start..<view.content.start + view.content.count], as: UTF8.self)
                == content)
        let envelope = try Envelope<WaveSignal>(decoding: bytes)
        #expect(envelope.body.semanticContent.text == content)
        #expect(String(decoding: envelope.encoded(), as: UTF8.self).contains(content))
    }
}

/// Reads a message on the hot path.
func hotDecode(_ bytes: [UInt8]) throws(Refusal) -> WaveView {
    var view = WaveView()
    try WaveDecoder.decode(bytes.span.bytes, into: &view)
    return view
}

/// The message of the refusal that some work ends in, or nil.
func refusal(_ work: () throws(Refusal) -> Void) -> String? {
    do throws(Refusal) {
        try work()
        return nil
    } catch { return error.message }
}

/// A documented wave with this content.
func sample(content: String = "{}", domain: String = "math", confidence: String = "0.7", extra: String = "") -> String {
    #"{"header":{"message_id":"550e8400-e29b-41d4-a716-446655440000","message_type":"WaveSignal","version":"2.0","#
        + #""timestamp":"2026-02-14T18:30:00.123Z","source":{"entity_id":"math_cell_1","entity_type":"cell","#
        + #""garden":"virtual","tier":1}},"body":{"domain":"\#(domain)","confidence":\#(confidence),"#
        + #""semantic_content":\#(content)\#(extra)}}"#
}

/// The golden messages of Tests/Golden.
enum Golden {
    static let folder: String = {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return "/\(tests)/Golden/wire"
    }()

    static func files(_ kind: String, _ ending: String) -> [String] {
        guard let directory = opendir("\(folder)/\(kind)") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(cString: $0.bindMemory(to: CChar.self).baseAddress!)
            }
            if name.hasSuffix(ending) { names.append("\(folder)/\(kind)/\(name)") }
        }
        return names.sorted()
    }

    static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }
}
