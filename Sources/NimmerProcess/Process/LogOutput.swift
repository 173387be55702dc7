import Glibc
import Logging
import NimmerWave

/// Writes log lines to stderr: for people, or as JSON lines for programs (NIMMERVERSE_LOG=json).
struct LogOutput: LogHandler {
    /// Format of a line.
    enum Format: Sendable { case text, json }

    let service: String
    let format: Format
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let write: @Sendable ([UInt8]) -> Void

    init(
        service: String, format: Format, level: Logger.Level,
        write: @escaping @Sendable ([UInt8]) -> Void = toStandardError
    ) {
        self.service = service
        self.format = format
        logLevel = level
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        write(line(event, at: .now()))
    }

    /// The line of an event, with its end.
    func line(_ event: LogEvent, at moment: Timestamp) -> [UInt8] {
        var fields = metadata
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error { fields["error"] = "\(error)" }
        let sorted = fields.map { (key: $0.key, value: ShownAddress.redacting("\($0.value)")) }.sorted {
            $0.key < $1.key
        }
        let message = ShownAddress.redacting("\(event.message)")
        switch format {
        case .json:
            var object: JSONObject = [
                "at": .string(moment.rfc3339), "level": .string(event.level.rawValue), "service": .string(service),
                "message": .string(message),
            ]
            for (key, value) in sorted { object[object[key] == nil ? key : "field_" + key] = .string("\(value)") }
            return Array((JSON.object(object).text.visibleJSON() + "\n").utf8)
        case .text:
            var line = "\(moment.clockTime) \(event.level.rawValue) \(service): \(Self.visible(message))"
            for (key, value) in sorted { line += " \(key.visible())=\(quoted(Self.visible(value)))" }
            return Array((line + "\n").utf8)
        }
    }

    private func quoted(_ text: String) -> String {
        text.isEmpty || text.utf8.contains(where: { $0 <= 32 || $0 == UInt8(ascii: "\"") })
            ? "\"" + text.map { $0 == "\"" ? "\\\"" : String($0) }.joined() + "\"" : text
    }

    /// So many characters of a value stand on a line.
    private static let limit = 4096

    private static func visible(_ value: some CustomStringConvertible) -> String {
        value.description.visible(limit: limit)
    }
}

/// One write, so that lines of several processes do not mix; what a closed stderr cannot take is dropped.
@Sendable package func toStandardError(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}
