import NimmerOutput
import Testing

/// The garden has no way to speak as the real system: its program publishes traces, and nothing else.
@Suite struct GardenSourceTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private func sources(_ folder: String) throws -> [String] {
        let names = FileText.names(in: "\(Self.root)/\(folder)").filter { $0.hasSuffix(".swift") }
        return try names.map { try #require(FileText.read("\(Self.root)/\(folder)/\($0)")) }
    }

    @Test func itsProgramPublishesTracesAlone() throws {
        let program = try sources("Sources/garden").joined(separator: "\n")
        let published = program.matches(of: #/bus\.publish[A-Za-z]*\(([^,]*),/#).map { String($0.output.1) }
        #expect(published == [".correlation(env)"])
        for word in ["Outbox", "outbox", "publishDurably", "CognitiveRequest", "publishNow", "requestMany", ".passOn("]
        {
            #expect(!program.contains(word), "\(word)")
        }
    }

    @Test func itsLogicKnowsNoBus() throws {
        for text in try sources("Sources/NimmerGarden") {
            #expect(!text.contains("import NimmerBus") && !text.contains("import NimmerProcess"))
        }
    }
}
