import NimmerWave

/// A message that was set aside: taken out of its stream's work, and kept with everything that is needed to look at it and to publish it
/// again. Its bytes are the payload; the rest is headers.
public struct DeadLetter: Sendable, Hashable {
    private static let prefix = "Nimmer-Aside-"
    private static let header = "Nimmer-Aside-Header"

    /// Subject on which it was published.
    public var subject: Subject
    /// Its own headers.
    public var original: Headers
    /// Its bytes.
    public var payload: [UInt8]
    /// The stream that held it.
    public var stream: String
    /// Its sequence there.
    public var sequence: UInt64
    /// Service that set it aside.
    public var service: String
    /// Reason.
    public var reason: String
    /// Time.
    public var at: Timestamp

    /// The most headers of the original that are kept.
    private static let maximumOriginalHeaders = 64

    /// A message that is to be set aside.
    public init(
        _ message: BusMessage, stream: String, sequence: UInt64, service: String, reason: String, at now: Timestamp
    ) {
        subject = message.subject
        // Together with the headers that name its origin, no more than a reader takes.
        original = [:]
        for field in message.headers.fields.prefix(Self.maximumOriginalHeaders) {
            original.append(field.name, field.value)
        }
        payload = message.payload
        self.stream = stream
        self.sequence = sequence
        self.service = service
        self.reason = reason
        at = now
    }

    /// A message that was set aside, as the stream holds it; nil when it is something else.
    public init?(_ message: BusMessage) {
        let value = { (key: String) in message.headers[Self.prefix + key] }
        guard let subject = value("Subject").flatMap({ try? Subject(foreign: $0) }), let stream = value("Stream"),
            let sequence = value("Sequence").flatMap(UInt64.init)
        else { return nil }
        self.subject = subject
        self.stream = stream
        self.sequence = sequence
        payload = message.payload
        service = value("Service") ?? ""
        reason = value("Reason") ?? ""
        at = value("At").flatMap { try? Timestamp(rfc3339: $0) } ?? message.at
        original = [:]
        for field in message.headers.fields where field.name == Self.header {
            guard let colon = field.value.firstIndex(of: ":") else { continue }
            original.append(
                String(field.value[..<colon]),
                String(field.value[field.value.index(after: colon)...].drop { $0 == " " }))
        }
    }

    /// The id under which it is set aside: the same on every retry.
    public var id: MessageID { .aside(sequence, of: stream, by: service) }

    /// Its headers where it is set aside. Its own are under another name, so that no server acts on them.
    public var headers: Headers {
        var headers: Headers = [
            "Nimmer-Aside-Subject": subject.text, "Nimmer-Aside-Stream": stream, "Nimmer-Aside-Sequence": "\(sequence)",
            "Nimmer-Aside-Service": service, "Nimmer-Aside-Reason": reason, "Nimmer-Aside-At": at.rfc3339,
        ]
        for field in original.fields { headers.append(Self.header, "\(field.name): \(field.value)") }
        return headers
    }

    /// Its own headers without those by which a server decides whether to keep it: published again, it is a message of its own.
    public var headersToRepeat: Headers {
        var headers: Headers = [:]
        for field in original.fields where !field.name.hasPrefix("Nats-") { headers.append(field.name, field.value) }
        return headers
    }

    /// `<ENV>-ASIDE`: what was set aside, 30 days, 64 MiB at most.
    public static func stream(_ env: Environment) -> String { "\(env.streamPrefix)-ASIDE" }

    /// The largest message with its headers, in bytes: what servers take by default, since streams of 2.0 had no bound of their own.
    static let maximumSize = 1 << 20

    /// Configuration of the stream.
    public static func configuration(_ env: Environment) -> StreamConfiguration {
        StreamConfiguration(
            name: stream(env), subjects: [.aside(env)], maximumAge: .seconds(30 * 86_400), maximumBytes: 64 << 20,
            maximumMessageSize: maximumSize, duplicateWindow: .seconds(3600), deniesPurge: true,
            summary: "messages that were set aside")
    }

    /// Makes sure that the stream is there.
    public static func ensureStream(on bus: any Bus, environment env: Environment) async throws(BusError) {
        var stream = configuration(env)
        stream.leavesRoom = bus.identity == nil
        try await bus.ensureStream(stream)
    }
}
