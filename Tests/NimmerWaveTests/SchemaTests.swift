import Glibc
import NimmerWave
import Testing

/// The published schemas are written from the same declarations that the decoder checks by. To write them anew:
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
        #expect(AnyMessage.jsonSchemas.count == MessageType.allCases.count)
    }
}
