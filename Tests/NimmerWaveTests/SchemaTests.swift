import Glibc
import NimmerWave
import Testing

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

            ## Header

            """
        text += table(Header.fields)
        for body in AnyMessage.bodies {
            text += "\n## \(body.type.rawValue)\n\n\(body.meaning)\n\n" + table(body.fields)
        }
        text += """

            # Records

            What this project writes where a message may hold any value. Readers take other forms too; keys that are not listed are kept.

            """
        for record in AnyMessage.records { text += "\n## \(record)\n\n\(record.meaning)\n\n" + table(record.fields) }
        return text
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
