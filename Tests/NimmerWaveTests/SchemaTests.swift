import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// The published schemas are written from the tables of fields that the reader checks by. To write them:
/// `NIMMER_WRITE_SCHEMAS=1 swift test --filter SchemaTests`.
@Suite struct SchemaTests {
    static let folder = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/docs/protocol"

    @Test func publishedSchemasAreThoseOfTheCode() throws {
        for (name, schema) in AnyMessage.jsonSchemas {
            let path = "\(Self.folder)/\(name).schema.json"
            let text = schema.pretty + "\n"
            if getenv("NIMMER_WRITE_SCHEMAS") != nil {
                let file = try #require(fopen(path, "w"))
                fputs(text, file)
                fclose(file)
            }
            #expect(String(decoding: Golden.read(path), as: UTF8.self) == text, "docs/protocol/\(name).schema.json")
        }
        #expect(AnyMessage.jsonSchemas.count == MessageType.allCases.count + AnyMessage.records.count)
    }

    @Test func theReferenceOfMessagesIsThatOfTheCode() throws {
        let path = "\(Self.folder)/../reference/messages.md"
        let text = Self.reference
        if getenv("NIMMER_WRITE_SCHEMAS") != nil {
            let file = try #require(fopen(path, "w"))
            fputs(text, file)
            fclose(file)
        }
        #expect(String(decoding: Golden.read(path), as: UTF8.self) == text, "docs/reference/messages.md")
    }

    /// The fields of every message as Markdown tables.
    static var reference: String {
        var text = """
            # Messages

            Every message is an envelope `{"header": {…}, "body": {…}}` of UTF-8 JSON, at most 64 KiB. The JSON Schemas under
            [docs/protocol](../protocol) define the same for programs. This page and the schemas are written from the code's own
            declarations by `NIMMER_WRITE_SCHEMAS=1 swift test --filter SchemaTests`; a test holds them together.

            **Versions.** A message is understood when the first number of its `version` is \(Wire.majorVersion): \(Wire.majorVersion).0 as well as
            \(Wire.majorVersion).7. This program writes \(Wire.version). Of any other first number, and of a `version` that is not `MAJOR.MINOR`, the message is
            refused with a [Reject](#reject). Keys that a reader does not know are ignored. How versions live beside each other:
            [versions of the protocol](compatibility.md).

            **Messages**: \(AnyMessage.bodies.map { "[\($0.type.rawValue)](#\($0.type.rawValue.lowercased()))" }.joined(separator: ", ")).
            Each has an example with every key that it can have; tests hold the examples against the schemas and the decoder.

            ## A whole message

            The least that a cell has to send, on the subject `dev.nervous.cells.door.wave`:

            ```json
            \(smallest)
            ```

            ## Header

            """
        text += table(Header.fields)
        for body in AnyMessage.bodies {
            text += "\n## \(body.type.rawValue)\n\n\(body.meaning)\n" + table(body.fields)
            guard let example = examples[body.type] else { continue }
            text += "\n```json\n\(example)\n```\n"
        }
        text += """

            # Records

            What this project writes where a message may hold any value. Readers take other forms too; keys that are not listed are kept.

            """
        for record in AnyMessage.records { text += "\n## \(record)\n\n\(record.meaning)\n" + table(record.fields) }
        return text
    }

    /// A wave with nothing that may be left out.
    static let smallest = """
        {
          "header": {
            "message_id": "0190f5fe-7c2a-4b3e-8d55-1c1f6f3a9b10",
            "message_type": "WaveSignal",
            "version": "\(Wire.version)",
            "timestamp": "2026-02-14T18:30:00.123Z",
            "source": {"entity_id": "door-1", "entity_type": "cell"}
          },
          "body": {"domain": "door", "confidence": 0.8, "semantic_content": {"open": true}}
        }
        """

    /// The samples that hold everything which their types can hold, as a person reads them.
    static let examples: [MessageType: String] = {
        let full = ((try? SampleMessages.all()) ?? []).filter { $0.name.hasSuffix("-full") }
        return Dictionary(
            full.compactMap { sample in
                guard let type = MessageType(rawValue: String(sample.name.dropLast("-full".count))) else { return nil }
                return (try? JSON(parsing: sample.bytes)).map { (type, $0.pretty) }
            }, uniquingKeysWith: { first, _ in first })
    }()

    /// Every example of the page, as bytes.
    private static func examplesOfThePage() throws -> [[UInt8]] {
        let lines = String(decoding: Golden.read("\(folder)/../reference/messages.md"), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        return lines.split { $0 == "```" }.compactMap { part in
            part.lastIndex(of: "```json").map { Array(part[($0 + 1)...].joined(separator: "\n").utf8) }
        }
    }

    @Test func everyMessageHasAnExampleThatTheDecoderTakes() throws {
        let examples = try Self.examplesOfThePage()
        var types: [MessageType] = []
        for example in examples {
            let message = try AnyMessage.decode(example)
            types.append(message.header.messageType)
            if message.header.messageType == .waveSignal { #expect(throws: Never.self) { _ = try hotDecode(example) } }
        }
        #expect(types == [.waveSignal] + AnyMessage.bodies.map { $0.type })
    }

    /// An example lacks no key: each that the page lists stands in it.
    @Test func everyExampleHasEveryKey() throws {
        for example in try Self.examplesOfThePage().dropFirst() {
            let message = try JSON(parsing: example)
            let type = try AnyMessage.decode(example).header.messageType
            let body = try #require(AnyMessage.bodies.first { $0.type == type })
            for field in body.fields { #expect(message["body"]?[field.key] != nil, "\(type.rawValue): \(field.key)") }
        }
    }

    @Test func everyExampleFitsItsSchema() async throws {
        let folder = "/tmp/nimmer-examples-\(getpid())-\(MessageID.v7().text)"
        try SmallFile.makeFolder(folder)
        defer { SmallFile.remove(folder) }
        let examples = try Self.examplesOfThePage()
        for (index, example) in examples.enumerated() {
            try SmallFile.write(String(decoding: example, as: UTF8.self), to: "\(folder)/\(index).json")
        }
        guard let answer = try await CompatibilityTests.validate(folder, by: Self.folder) else { return }
        #expect(answer.isSuccess, "\(answer.lines.joined(separator: "\n"))")
        #expect(answer.lines.last == "\(examples.count) checked, 0 problems", "\(answer.lines)")
    }

    @Test func onlyTheFirstNumberOfTheVersionDecides() throws {
        let major = Wire.majorVersion
        for (version, isUnderstood) in [
            ("\(major).0", true), ("\(major).7", true), ("\(major + 1).0", false), ("\(major)", false),
        ] {
            let text = Self.smallest.replacing("\"\(Wire.version)\"", with: "\"\(version)\"")
            #expect(((try? AnyMessage.decode(Array(text.utf8))) != nil) == isUnderstood, "\(version)")
        }
    }

    static func table(_ fields: [Field]) -> String {
        "\n| key | | holds | meaning |\n|---|---|---|---|\n" + rows(fields, "").joined(separator: "\n") + "\n"
    }

    static func rows(_ fields: [Field], _ prefix: String) -> [String] {
        fields.flatMap { field -> [String] in
            let own =
                "| `\(prefix)\(field.key)` | \(field.isRequired ? "required" : "") | \(holds(field.kind)) | \(field.meaning) |"
            switch field.kind {
            case .record(let inner): return [own] + rows(inner, "\(prefix)\(field.key).")
            case .list(.record(let inner), _): return [own] + rows(inner, "\(prefix)\(field.key)[].")
            default: return [own]
            }
        }
    }

    static func holds(_ kind: FieldKind) -> String {
        if case .list(let element, let most) = kind { return "a list, at most \(most): each \(element.expectation)" }
        return kind.expectation
    }
}
