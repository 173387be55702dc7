import Glibc
import NimmerWave
import Testing

/// Versions beside each other (protocol.md, Compatibility). Each folder of `Golden` holds what that version wrote, and its
/// schemas. `NIMMER_WRITE_CORPUS=1 swift test --filter CompatibilityTests` writes the corpus of the present version.
@Suite struct CompatibilityTests {
    static let golden = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Golden"

    @Test func theCorpusOfThisVersionIsWhatItWrites() throws {
        let folder = "\(Self.golden)/\(Wire.version)"
        for sample in try SampleMessages.all() {
            let path = "\(folder)/\(sample.name).json"
            if getenv("NIMMER_WRITE_CORPUS") != nil {
                mkdir(Self.golden, 0o755)
                mkdir(folder, 0o755)
                let file = try #require(fopen(path, "w"))
                fputs(String(decoding: sample.bytes, as: UTF8.self), file)
                fclose(file)
            }
            #expect(Golden.read(path) == sample.bytes, "\(sample.name)")
        }
    }
}
