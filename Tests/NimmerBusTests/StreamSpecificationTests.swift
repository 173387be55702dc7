import Glibc
import NimmerWave
import Testing

@testable import NimmerBus

/// The streams in protocol.md, Streams, are those of the code, with what they capture and keep.
@Suite struct StreamSpecificationTests {
    @Test func theDocumentedStreamsAreTheCodes() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try #require(fopen("\(root)/docs/spec/protocol.md", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        let count = fread(&bytes, 1, bytes.count, file)
        let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
        let start = try #require(lines.firstIndex(of: "## Streams"))
        var documented: [String: [String]] = [:]
        for row in lines[(start + 1)...].prefix(while: { !$0.hasPrefix("## ") }) where row.hasPrefix("| `<ENV>-") {
            let cells = row.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
            documented["\(cells[0].dropFirst(7).prefix { $0 != "`" })"] = Array(cells[1...3])
        }
        let streams =
            SystemStreams.streams(.dev) + [
                SystemStreams.outcomesStream(.dev), SystemStreams.lifeforceStream(.dev),
                SystemStreams.regionsStream(.dev),
                SystemStreams.wavesStream(.dev), DeadLetter.configuration(.dev),
            ]
        for stream in streams {
            let found = documented.removeValue(forKey: String(stream.name.dropFirst(4)))
            let row = try #require(found, "\(stream.name)")
            #expect(row[0] == Self.subjects(stream), "\(stream.name)")
            #expect(row[1] == Self.age(stream.maximumAge), "\(stream.name)")
            #expect(row[2].hasPrefix("\((stream.maximumBytes ?? 0) >> 20) MiB"), "\(stream.name)")
            guard let most = stream.maximumPerSubject else { continue }
            #expect(row[2].contains(Self.grouped(most)), "\(stream.name)")
        }
        #expect(documented.isEmpty, "documented, but not made: \(documented.keys.sorted())")
    }

    private static func subjects(_ stream: StreamConfiguration) -> String {
        let plain = stream.subjects.map { "\($0.text.dropFirst(4).trimmingPrefix("nervous."))" }
        return plain.map { "`\($0)`" }.joined(separator: ", ")
    }

    private static func age(_ age: Duration?) -> String {
        guard let seconds = age?.components.seconds else { return "no time limit" }
        return seconds < 86_400 ? "\(seconds / 3600) h" : "\(seconds / 86_400) days"
    }

    /// `65,536`
    private static func grouped(_ number: Int64) -> String {
        number < 1000 ? "\(number)" : "\(number / 1000),\(String(number % 1000 + 1000).dropFirst())"
    }
}
