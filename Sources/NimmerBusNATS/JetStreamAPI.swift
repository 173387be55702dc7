import NimmerBus
import NimmerWave

/// The server's public JSON API for streams: requests on `$JS.API.…`, asked over the bus like any other question, so that
/// nothing blocks (nats.c's own calls wait on their thread).
struct JetStreamAPI: Sendable {
    unowned let bus: NATSBus
    private static let requestTimeout = Duration.seconds(5)

    /// Asks; the answer without an error.
    func call(_ verb: String, _ body: JSON? = nil) async throws(BusError) -> JSON {
        let subject = Subject.inbox("$JS.API.\(verb)")
        let answer: BusMessage
        do throws(BusError) {
            answer = try await bus.request(
                subject, payload: body?.bytes ?? [], headers: [:], timeout: Self.requestTimeout)
        } catch {
            guard error.code == .noResponders else { throw error }
            throw noStreams
        }
        return try Self.check(answer.payload, what: verb)
    }

    /// The JSON of an answer, or the error in it.
    static func check(_ payload: [UInt8], what: String) throws(BusError) -> JSON {
        guard let json = try? JSON(parsing: payload) else {
            throw BusError(.refused, "the server's answer to \(what) is not JSON")
        }
        guard let error = json["error"] else { return json }
        throw BusError.jetStream(error, what)
    }

    private var noStreams: BusError {
        let server = bus.status.server
        return BusError(
            .noStreams,
            "the server at \(server?.url ?? bus.settings.shownURL) has no streams: enable JetStream ('jetstream {}' in its "
                + "configuration, or the flag -js) and allow it for this account")
    }
}

extension BusError {
    /// Error of the JetStream API, by its error numbers (server/errors.json of nats-server).
    static func jetStream(_ error: JSON, _ what: String) -> BusError {
        let number = error["err_code"]?.int
        let words = error["description"]?.string ?? "an error"
        return BusError(
            code(of: number, status: error["code"]?.int ?? 0), "the server refuses \(what): \(words)", number: number)
    }

    /// The error code for a stream that holds no such message; any other "not found" is the stream or consumer itself.
    static let noMessage = 10037

    /// The error codes for a server, or account, without the storage that a stream reserves.
    static let noRoom = [10047, 10002]

    /// The kind of failure behind a number.
    ///
    /// - Parameter status: the status of HTTP that comes with it, for numbers that are not listed.
    static func code(of number: Int?, status: Int) -> Code {
        switch number {
        // No stream, no consumer, no message.
        case 10059, 10014, noMessage: .notFound
        // Not enabled, not for this account, no such account.
        case 10076, 10039, 10035: .noStreams
        // A name or subjects in use; another sequence, id or stream than expected.
        case 10058, 10065, 10012, 10013, 10148, 10052, 10060, 10063, 10070, 10071, 10164: .conflict
        // No room: the account's, the server's, its disk's, its memory's, the stream's own (streams and consumers included); a stream or
        // consumer whose files cannot be made.
        case 10002, 10005, 10023, 10026, 10027, 10028, 10047, 10049, 10077, 10104: .full
        case 10054: .tooLarge
        // A request that makes no sense.
        case 10003: .invalid
        // The cluster chooses a leader, or this server is not the one to answer.
        case 10004, 10007, 10008, 10009: .timeout
        default: status == 503 ? .notConnected : .refused
        }
    }
}

extension Duration {
    /// For the API, whose times are nanoseconds.
    var json: JSON { .number(Double(nanoseconds)) }
}

extension StreamConfiguration {
    /// The keys of the API that this decides; everything else in an existing stream stays as it is.
    var json: JSONObject {
        var object: JSONObject = [
            "name": .string(name),
            "subjects": .array(subjects.map { .string($0.text) }),
            "storage": .string(storage.rawValue),
            "discard": .string(discard.rawValue),
            "no_ack": .bool(!acknowledges),
            "max_age": maximumAge?.json ?? 0,
            "max_bytes": .number(Double(maximumBytes ?? -1)),
            "max_msgs": .number(Double(maximumMessages ?? -1)),
            "max_msgs_per_subject": .number(Double(maximumPerSubject ?? -1)),
            "max_msg_size": .number(Double(maximumMessageSize ?? -1)),
            "duplicate_window": min(duplicateWindow, maximumAge ?? duplicateWindow).json,
        ]
        if !summary.isEmpty { object["description"] = .string(summary) }
        // Never false: what is denied once is denied permanently.
        if deniesPurge { object["deny_purge"] = true }
        if deniesDelete { object["deny_delete"] = true }
        if allowsRollUps {
            object["allow_rollup_hdrs"] = true
            object["allow_direct"] = true
        }
        // A bucket is a stream that every client expects to be laid out like this, except for roll-ups, which are a way to purge.
        if name.hasPrefix("KV_") {
            object["allow_rollup_hdrs"] = false
            object["allow_direct"] = true
        }
        return object
    }

    /// Members that only matter when a stream is made.
    var creation: JSONObject {
        var object = json
        object["retention"] = "limits"
        object["max_consumers"] = -1
        return object
    }
}

extension StreamInfo {
    init(_ json: JSON) {
        let state = json["state"]
        let number = { (key: String) in UInt64(max(0, state?[key]?.int ?? 0)) }
        self.init(
            name: json["config"]?["name"]?.string ?? "", messages: number("messages"), bytes: number("bytes"),
            firstSequence: number("first_seq"), lastSequence: number("last_seq"),
            consumers: state?["consumer_count"]?.int ?? 0,
            subjects: (json["config"]?["subjects"]?.array ?? []).compactMap(\.string),
            maximumBytes: json["config"]?["max_bytes"]?.int.flatMap { $0 > 0 ? UInt64($0) : nil },
            maximumAge: json["config"]?["max_age"]?.int.flatMap { $0 > 0 ? .nanoseconds($0) : nil })
    }
}
