import NimmerBus
import NimmerWave

extension NATSBus {
    var api: JetStreamAPI { JetStreamAPI(bus: self) }

    public func publishDurably(
        _ subject: Subject, payload: [UInt8], id: MessageID, headers: Headers, timeout: Duration,
        onAck: @escaping @Sendable (Result<StreamAck, BusError>) -> Void
    ) {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        let expected = acks.expect(subject.text, until: deadline) { answer in
            onAck(answer.mapToAck(subject))
        }
        guard let expected else { return onAck(.failure(BusError(.closed, "the bus is closed"))) }
        wake.raise()
        var headers = headers
        headers[Headers.messageID] = id.text
        do throws(BusError) {
            try send(subject, payload, headers, expected.reply, expires: deadline, isKept: false)
        } catch {
            acks.fail(expected.number, error)
        }
    }

    @discardableResult
    public func ensureStream(_ configuration: StreamConfiguration) async throws(BusError) -> StreamInfo {
        do throws(BusError) {
            return try await bring(configuration)
        } catch {
            guard error.number == BusError.subjectsOverlap else { throw error }
            throw await overlap(configuration, error)
        }
    }

    private func bring(_ configuration: StreamConfiguration) async throws(BusError) -> StreamInfo {
        let name = try checked(configuration.name)
        var wanted = configuration.json
        if let replicas = settings.replicas { wanted["num_replicas"] = .number(Double(replicas)) }
        do throws(BusError) {
            let present = try await api.call("STREAM.INFO.\(name)")
            guard var merged = present["config"]?.object else { return StreamInfo(present) }
            if !configuration.setsBounds,
                let bound = StreamRoom.bound(
                    of: merged["max_bytes"]?.resolved, holding: StreamInfo(present).bytes, configuration)
            {
                wanted["max_bytes"] = .number(Double(bound))
            }
            var isSame = true
            for member in wanted where merged[member.key]?.resolved != member.value {
                if merged[member.key] == nil, member.value == false || member.value == 0 { continue }
                merged[member.key] = member.value
                isSame = false
            }
            if isSame { return StreamInfo(present) }
            do throws(BusError) {
                return StreamInfo(try await api.call("STREAM.UPDATE.\(name)", .object(merged)))
            } catch  where BusError.noRoom.contains(error.number ?? 0) {
                // It stays without a bound that the server has no room to reserve: what it holds is not given up for one.
                merged["max_bytes"] = present["config"]?["max_bytes"]?.resolved ?? -1
                return StreamInfo(try await api.call("STREAM.UPDATE.\(name)", .object(merged)))
            } catch {
                // The stream is there; a client that may not change it uses it as it is. The refusal was reported and counted.
                guard error.code == .badCredentials else { throw error }
                return StreamInfo(present)
            }
        } catch {
            guard error.code == .notFound else { throw error }
            var creation = configuration.creation
            creation["num_replicas"] = .number(Double(settings.replicas ?? 1))
            do throws(BusError) {
                return try await create(name, creation, configuration)
            } catch {
                guard error.code == .conflict else { throw error }
                // Another process made it between the question and the creation: servers before 2.10 then speak of overlapping subjects.
                guard let made = try await madeByAnother(name, questions: 3, pause: .milliseconds(20)) else {
                    throw error
                }
                return made
            }
        }
    }

    /// Makes a stream with the bytes that it asks for, or as many as the server has room for (``StreamRoom``).
    private func create(
        _ name: String, _ config: JSONObject, _ configuration: StreamConfiguration
    ) async throws(BusError) -> StreamInfo {
        guard let wanted = configuration.maximumBytes else {
            return StreamInfo(try await api.call("STREAM.CREATE.\(name)", .object(config)))
        }
        var config = config
        var refusal: BusError?
        for attempt in StreamRoom.attempts(for: wanted, leavesRoom: configuration.leavesRoom) {
            config["max_bytes"] = .number(Double(attempt.reserved))
            do throws(BusError) {
                let made = StreamInfo(try await api.call("STREAM.CREATE.\(name)", .object(config)))
                guard attempt.bound != attempt.reserved else { return made }
            } catch {
                guard BusError.noRoom.contains(error.number ?? 0) else { throw error }
                // Of little room a client that may change streams takes less: for five seconds it is left to that.
                if refusal == nil, configuration.isMadeElsewhere,
                    let made = try await madeByAnother(name, questions: 20, pause: .milliseconds(250))
                {
                    return made
                }
                refusal = error
                continue
            }
            config["max_bytes"] = .number(Double(attempt.bound))
            return StreamInfo(try await api.call("STREAM.UPDATE.\(name)", .object(config)))
        }
        throw refusal ?? BusError(.refused, "the server does not create the stream \(name)")
    }

    /// The stream, where another client makes it within so many questions with a pause between them; nil where none does.
    private func madeByAnother(
        _ name: String, questions: Int, pause: Duration
    ) async throws(BusError) -> StreamInfo? {
        for _ in 0..<questions {
            do throws(BusError) {
                return StreamInfo(try await api.call("STREAM.INFO.\(name)"))
            } catch {
                guard error.code == .notFound else { throw error }
            }
            try? await Task.sleep(for: pause)
        }
        return nil
    }

    public func stream(_ name: String) async throws(BusError) -> StreamInfo {
        StreamInfo(try await api.call("STREAM.INFO.\(try checked(name))"))
    }

    public func deleteStream(_ name: String) async throws(BusError) {
        do throws(BusError) {
            _ = try await api.call("STREAM.DELETE.\(try checked(name))")
        } catch {
            guard error.code == .notFound else { throw error }
        }
    }

    public func lastMessage(stream: String, subject: Subject) async throws(BusError) -> StoredMessage? {
        try await stored(in: stream, ["last_by_subj": .string(subject.text)])
    }

    public func message(stream: String, sequence: UInt64) async throws(BusError) -> StoredMessage? {
        // The server takes 0 for no question at all.
        guard sequence > 0 else { return nil }
        return try await stored(in: stream, ["seq": .number(Double(sequence))])
    }

    private func stored(in stream: String, _ question: JSON) async throws(BusError) -> StoredMessage? {
        do throws(BusError) {
            let found = try await api.call("STREAM.MSG.GET.\(try checked(stream))", question)
            return StoredMessage(api: found["message"])
        } catch {
            guard error.number == BusError.noMessage else { throw error }
            return nil
        }
    }

    public func deleteMessage(stream: String, sequence: UInt64) async throws(BusError) -> Bool {
        do throws(BusError) {
            let question: JSON = ["seq": .number(Double(sequence)), "no_erase": true]
            return try await api.call("STREAM.MSG.DELETE.\(try checked(stream))", question)["success"]?.bool ?? false
        } catch {
            // The server passes on its store's error for a message that is absent; the text differs by version.
            guard error.code == .refused, try await message(stream: stream, sequence: sequence) == nil else {
                throw error
            }
            return false
        }
    }

    @discardableResult
    public func purge(stream: String, subject: Subject) async throws(BusError) -> UInt64 {
        let answer = try await api.call("STREAM.PURGE.\(try checked(stream))", ["filter": .string(subject.text)])
        return UInt64(clamping: answer["purged"]?.int ?? 0)
    }

    public func subjects(
        of stream: String, matching pattern: SubjectPattern
    ) async throws(BusError) -> [String: UInt64] {
        var found: [String: UInt64] = [:]
        var offset = 0
        while true {
            let page = try await api.call(
                "STREAM.INFO.\(try checked(stream))",
                ["subjects_filter": .string(pattern.text), "offset": .number(Double(offset))])
            let subjects = page["state"]?["subjects"]?.object ?? [:]
            for member in subjects { found[member.key] = UInt64(clamping: member.value.int ?? 0) }
            offset += subjects.members.count
            guard !subjects.members.isEmpty, offset < page["total"]?.int ?? 0 else { return found }
        }
    }

    public func durables(of stream: String) async throws(BusError) -> [DurablePosition] {
        var found: [DurablePosition] = []
        var offset = 0
        while true {
            let page = try await api.call(
                "CONSUMER.LIST.\(try checked(stream))", ["offset": .number(Double(offset))])
            let consumers = page["consumers"]?.array ?? []
            offset += consumers.count
            found += consumers.compactMap { DurablePosition(api: $0) }
            guard !consumers.isEmpty, offset < page["total"]?.int ?? 0 else {
                return found.sorted { $0.name < $1.name }
            }
        }
    }

    public func skip(stream: String, to sequence: UInt64) async throws(BusError) {
        let present = try await self.stream(stream)
        guard present.messages == 0 else { throw BusError.holdsMessages(stream) }
        // Purging up to a sequence that an empty stream has not come to moves it there (2.9 and later).
        guard sequence > present.lastSequence + 1 else { return }
        _ = try await api.call("STREAM.PURGE.\(try checked(stream))", ["seq": .number(Double(sequence))])
    }

    public func consumer(_ configuration: ConsumerConfiguration) async throws(BusError) -> any Consumer {
        try configuration.check()
        _ = try checked(configuration.stream)
        return try await JetStreamConsumer.open(configuration, on: self)
    }

    public func keyValue(_ configuration: KeyValueConfiguration) async throws(BusError) -> any KeyValue {
        try await StreamKeyValue.open(configuration, on: self)
    }

    /// Refuses a stream's name that would break out of its place in the API's subjects.
    private func checked(_ name: String) throws(BusError) -> String {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && !".*>/\\".utf8.contains($0) }) else {
            throw BusError(.invalid, "a stream's name has no dots, spaces, slashes or wildcards; found '\(name)'")
        }
        return name
    }
}

extension Inbox.Answer {
    fileprivate func mapToAck(_ subject: Subject) -> Result<StreamAck, BusError> {
        switch self {
        case .failure(let error) where error.code == .noResponders:
            return .failure(BusError(.noResponders, "no stream keeps \(subject)", cause: error.cause))
        case .failure(let error): return .failure(error)
        case .success(let message):
            do throws(BusError) {
                let json = try JetStreamAPI.check(message.payload, what: "storing \(subject)")
                guard let stream = json["stream"]?.string, let sequence = json["seq"]?.int else {
                    throw BusError(.refused, "the answer to a durable message on \(subject) is not an acknowledgement")
                }
                return .success(
                    StreamAck(
                        stream: stream, sequence: UInt64(clamping: sequence),
                        isDuplicate: json["duplicate"]?.bool ?? false))
            } catch {
                return .failure(error)
            }
        }
    }
}

extension DurablePosition {
    /// A durable from an entry of `CONSUMER.LIST`; nil for a consumer that the server forgets with its reader.
    init?(api json: JSON) {
        guard let config = json["config"], let name = config["durable_name"]?.string, !name.isEmpty else { return nil }
        let sequence = { (key: String) in UInt64(clamping: json[key]?["stream_seq"]?.int ?? 0) }
        // Before its first acknowledgement the server reports 0, wherever it begins.
        let begin = UInt64(clamping: max(1, config["opt_start_seq"]?.int ?? 1)) - 1
        let isIdle = json["num_ack_pending"]?.int == 0
        let filter = config["filter_subject"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        self.init(
            name: name, filter: filter, position: isIdle ? sequence("delivered") : max(sequence("ack_floor"), begin),
            isOrdinary: config["ack_policy"]?.string == "explicit" && config["deliver_subject"] == nil
                && config["filter_subjects"] == nil)
    }
}

extension StoredMessage {
    /// A message from a reply of `STREAM.MSG.GET`: bytes in base 64.
    init?(api json: JSON?) {
        guard let json, let text = json["subject"]?.string, let subject = try? Subject(foreign: text),
            let sequence = json["seq"]?.int, let payload = Base64.decode(json["data"]?.string ?? ""),
            let block = Base64.decode(json["hdrs"]?.string ?? "")
        else { return nil }
        let at = json["time"]?.string.flatMap { try? Timestamp(rfc3339: $0) } ?? Timestamp(nanoseconds: 0)
        self.init(
            message: BusMessage(subject: subject, headers: Headers(block: block), payload: payload, at: at),
            sequence: UInt64(clamping: sequence))
    }
}

extension Headers {
    /// The headers of a block as it travels: `NATS/1.0`, then `Name: value` a line.
    init(block: [UInt8]) {
        self = [:]
        let lines = String(decoding: block, as: UTF8.self).split(separator: "\r\n")
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            append(String(line[..<colon]), String(value))
        }
    }
}
