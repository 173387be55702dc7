import NimmerSystem
import NimmerWave

extension ArtifactBounds {
    /// Reads the section `artifacts`.
    init(_ node: YAMLNode?, file: String) throws(SystemError) {
        self.init()
        guard let node else { return }
        var keys = try MappingReader(node, place: "artifacts", file: file)
        maximumBytes = try keys.bytes("max_bytes", in: 1 << 20...1 << 40) ?? maximumBytes
        maximumArtifactBytes =
            try keys.bytes("max_artifact_bytes", in: 1...1 << 30) ?? min(maximumArtifactBytes, maximumBytes)
        guard maximumArtifactBytes <= maximumBytes else {
            throw keys.refusal(
                "max_artifact_bytes", expected: "max_artifact_bytes: at most max_bytes, which is \(maximumBytes)")
        }
        maximumAge = try keys.age("max_age") ?? maximumAge
        try keys.finish()
    }
}

extension MappingReader {
    /// A number of bytes: `32MiB`, `1GiB`, `500000`.
    fileprivate mutating func bytes(_ key: String, in range: ClosedRange<Int64>) throws(SystemError) -> Int64? {
        guard let node = node(key) else { return nil }
        let text = node.text ?? node.integer.map { "\($0)" } ?? ""
        let digits = text.prefix { ("0"..."9").contains($0) }
        let units: [Substring: Int64] = ["": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40]
        guard let unit = units[text.dropFirst(digits.count).drop { $0 == " " }], let number = Int64(digits),
            case let (bytes, isBeyond) = number.multipliedReportingOverflow(by: unit), !isBeyond, range.contains(bytes)
        else {
            throw refusal(
                key, expected: "\(key): bytes from \(range.lowerBound) to \(range.upperBound), such as 32MiB or 1GiB")
        }
        return bytes
    }

    /// A time from a minute to ten years: `7d`, `12h`.
    fileprivate mutating func age(_ key: String) throws(SystemError) -> Duration? {
        guard let text = try text(key) else { return nil }
        guard let milliseconds = TimeSpan.milliseconds(text), (60_000...315_360_000_000).contains(milliseconds) else {
            throw refusal(key, expected: "\(key): a time from 1m to 3650d, such as 7d or 12h")
        }
        return .milliseconds(saturating: milliseconds)
    }
}
