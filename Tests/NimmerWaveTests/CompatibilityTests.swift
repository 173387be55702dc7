import Glibc
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// Versions beside each other (protocol.md, Compatibility). Each folder of `Golden` holds what that version wrote, one message
/// of every type in full and one with no more than it must say; `schemas` those by which it read.
/// `NIMMER_WRITE_CORPUS=1 swift test --filter CompatibilityTests` writes the corpus of the present version.
@Suite struct CompatibilityTests {
    static let tests = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")
    static let golden = tests + "/Golden"
    static let versions = ["2.0", "2.1"]
    /// Types that 2.1 added.
    static let newTypes = ["AcceptedOutcome", "ChangeEvent", "LifeforceSpent", "RegionAssignment"]

    @Test func theCorpusOfThisVersionIsWhatItWrites() throws {
        #expect(Self.versions.last == Wire.version)
        let folder = "\(Self.golden)/\(Wire.version)"
        for sample in try SampleMessages.all() {
            let path = "\(folder)/\(sample.name).json"
            if getenv("NIMMER_WRITE_CORPUS") != nil {
                mkdir(folder, 0o755)
                try SmallFile.write(String(decoding: sample.bytes, as: UTF8.self), to: path)
            }
            #expect(Golden.read(path) == sample.bytes, "\(sample.name)")
        }
    }

    /// Read and written again, a message is the same to the last byte: nothing that any version says is lost, and what a
    /// version did not know is not made up.
    @Test(arguments: versions)
    func everyMessageOfEveryVersionIsUnderstood(_ version: String) throws {
        let samples = try Self.corpus(version)
        var types: Set<String> = []
        for sample in samples {
            let bytes = Golden.read(sample)
            let header = try AnyMessage.decode(bytes).header
            #expect(header.version == version, "\(sample)")
            types.insert(header.messageType.rawValue)
            let body = try #require(AnyMessage.bodies.first { $0.type == header.messageType })
            let again = try Self.writtenAgain(body, bytes)
            #expect(String(decoding: again, as: UTF8.self) == String(decoding: bytes, as: UTF8.self), "\(sample)")
            if header.messageType == .waveSignal { #expect(throws: Never.self) { _ = try hotDecode(bytes) } }
        }
        let known = Set(MessageType.allCases.map(\.rawValue)).subtracting(version == "2.0" ? Self.newTypes : [])
        #expect(types == known)
    }

    /// Those who know 2.0 check by its schemas, and ignore what they do not know.
    @Test func whatThisVersionWritesIsReadByThoseWhoKnowTheOldOne() async throws {
        let answer = try await Self.validate(Self.golden + "/\(Wire.version)")
        guard let answer else { return }
        #expect(answer.isSuccess, "\(answer.lines.joined(separator: "\n"))")
        // The types that they cannot know travel on subjects of their own, which they do not read.
        #expect(Set(answer.lines.filter { $0.hasPrefix("UNKNOWN") }) == Set(Self.newTypes.map { "UNKNOWN \($0)" }))
    }

    /// The check can fail: each of these breaks one rule of 2.0.
    @Test(arguments: [
        (#""confidence":0.7"#, #""confidence":1.5"#), (#""domain":"math","#, ""),
        (#""domain":"math""#, #""domain":"a.b""#),
        (#""message_type":"WaveSignal""#, #""message_type":"Command""#),
        (#""entity_type":"cell""#, #""entity_type":"x""#),
    ])
    func aMessageThatBreaksTheOldRulesIsFound(_ good: String, _ bad: String) async throws {
        let folder = "/tmp/nimmer-compatibility-\(getpid())-\(MessageID.v7().text)"
        try SmallFile.makeFolder(folder)
        defer { SmallFile.remove(folder) }
        let text = try #require(SmallFile.read(Self.golden + "/2.1/WaveSignal-sparse.json"))
        #expect(text.contains(good))
        try SmallFile.write(text.replacing(good, with: bad), to: folder + "/broken.json")
        guard let answer = try await Self.validate(folder) else { return }
        #expect(!answer.isSuccess, "\(answer.lines)")
    }

    private static func corpus(_ version: String) throws -> [String] {
        SmallFile.names(in: "\(golden)/\(version)").filter { $0.hasSuffix(".json") }.sorted()
            .map { "\(golden)/\(version)/\($0)" }
    }

    private static func writtenAgain<Body: MessageBody>(_ body: Body.Type, _ bytes: [UInt8]) throws -> [UInt8] {
        try Envelope<Body>(decoding: bytes).encoded()
    }

    /// What schemas, by default those of 2.0, say about the messages of a folder; nil, logged, where no Python has jsonschema.
    static func validate(_ folder: String, by schemas: String = golden + "/2.0/schemas") async throws -> (
        isSuccess: Bool, lines: [String]
    )? {
        let python = ChildCommand.inheritedEnvironment["NIMMER_PYTHON"] ?? "python3"
        let answer = try await ChildProcess.run(
            ChildCommand(python, [tests + "/validate.py", schemas, folder]), limit: .seconds(60))
        guard answer.status != .exited(77) else {
            print(answer.lines.map(\.text).joined(separator: "\n"))
            return nil
        }
        return (answer.status.isSuccess, answer.lines.map(\.text))
    }
}
