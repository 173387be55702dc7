import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@Suite("artifacts in a system file") struct ArtifactSettingsTests {
    private func system(_ text: String) throws -> SystemFile {
        try SystemFile(parsing: Array("nimmerverse: 1\nname: a\n\(text)\n".utf8), file: "a.yaml")
    }

    @Test("bounds with their units, and the defaults")
    func bounds() throws {
        #expect(try system("").artifacts == .usual)
        #expect(try system("artifacts: {}").artifacts == .usual)
        let own = try system("artifacts: {max_bytes: 200MiB, max_artifact_bytes: 500000, max_age: 12h}").artifacts
        #expect(own.maximumBytes == 200 << 20 && own.maximumArtifactBytes == 500_000)
        #expect(own.maximumAge == .seconds(43_200))
        // One artifact is never larger than all.
        #expect(try system("artifacts: {max_bytes: 2MiB}").artifacts.maximumArtifactBytes == 2 << 20)
    }

    @Test(
        "mistakes are refused with what was expected",
        arguments: [
            ("max_bytes: 1kb", "32MiB or 1GiB"), ("max_bytes: 99999999TiB", "32MiB or 1GiB"),
            ("max_bytes: -1", "bytes"),
            ("max_bytes: 1000", "1048576"), ("max_age: 7", "7d or 12h"), ("max_age: 1s", "1m to 3650d"),
            ("max_bytes: 2MiB, max_artifact_bytes: 3MiB", "at most max_bytes"), ("max_size: 3", "max_bytes"),
            ("max_artifact_bytes: 0", "bytes from 1"),
        ])
    func mistakes(_ keys: String, _ expected: String) throws {
        let error = #expect(throws: SystemError.self) { try system("artifacts: {\(keys)}") }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test("a mind that sees, and the bytes of its pictures")
    func minds() throws {
        let file = try system(
            """
            bridge:
              minds:
                - {name: eye, kind: ollama, url: "http://127.0.0.1:1", model: m, sees: true, image_bytes: 100000}
                - {name: blind, kind: openai, url: "http://127.0.0.1:1", model: m}
            """)
        #expect(file.bridge.minds.map(\.sees) == [true, false])
        #expect(file.bridge.minds.map(\.imageBytes) == [100_000, 4 << 20])
    }
}
