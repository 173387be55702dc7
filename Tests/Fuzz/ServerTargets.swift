import NimmerBus
import NimmerCognition
import NimmerSystem
import NimmerWave

/// The head of a request: what came in two pieces is read as in one, and an answer is always whole.
func http(_ bytes: [UInt8]) {
    func read(_ bytes: [UInt8]) -> Result<HTTPRequest?, HTTPRequest.Refused> {
        do throws(HTTPRequest.Refused) { return .success(try HTTPRequest(bytes)) } catch { return .failure(error) }
    }
    let whole = read(bytes)
    for cut in Set([bytes.count / 2, bytes.count - 1, bytes.count / 3]) where cut > 0 && cut < bytes.count {
        switch read(Array(bytes[..<cut])) {
        case .success(nil): break
        case let part: hold(part == whole || bytes.count > HTTPRequest.longestHead, "a part says more than the whole")
        }
    }
    if case .success(let request?) = whole {
        hold(request.path.hasPrefix("/") && !request.method.isEmpty, "no path")
        hold(request.path.utf8.allSatisfy { 0x21...0x7e ~= $0 }, "a path with more than plain characters")
    }
}

/// A mind's answer in pieces is read as in one, and stays within its bounds.
func answer(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let body = bytes.dropFirst()
    let question = MindQuestion(
        requestID: MessageID(high: 0, low: 0), system: "", user: "", schema: nil, maximumAnswerBytes: 256)
    let dialect: any Dialect = choice & 1 == 0 ? OpenAIDialect(settings: mind) : OllamaDialect(settings: mind)
    let type = ["text/event-stream", "application/x-ndjson", "application/json"][Int(choice >> 1) % 3]
    let now = ContinuousClock.now
    func read(_ pieces: [ArraySlice<UInt8>]) -> Result<MindAnswer, MindError> {
        do throws(MindError) {
            var reader = try AnswerReader(dialect, type: type, question: question, began: now)
            for piece in pieces { if let answer = try reader.take(piece, at: now) { return .success(answer) } }
            return .success(try reader.finish(at: now))
        } catch { return .failure(error) }
    }
    let cut = body.startIndex + body.count / 2
    let (whole, parts) = (read([body]), read([body[..<cut], body[cut...]]))
    hold(whole == parts, "cut, it says something else: \(whole) \(parts)")
    if case .success(let answer) = whole {
        hold(answer.text.count <= 256, "longer than allowed")
        _ = contract.check(answer.text)
    }
    if case .valid(let decision) = contract.check(Array(body)) {
        hold(
            contract.actions.contains(decision.action) && 0...1 ~= decision.confidence,
            "what no mind may say: \(decision)")
        hold(
            decision.commands.allSatisfy { contract.catalogue.problems(of: $0).isEmpty },
            "a command that is not allowed")
    }
}

private let mind = MindSettings(name: "m", kind: .openai, url: "http://127.0.0.1", model: "m")

private let contract = DecisionContract(
    CognitiveRequest(
        requestID: MessageID(high: 0, low: 0), collapseID: MessageID(high: 0, low: 1), eventType: "e",
        domain: try! Token("door"), confidence: 1, structuredInput: [:],
        suggestedActions: [SuggestedAction(action: "look", confidence: 0.5)], processingBudgetLF: 1,
        responseTimeoutMilliseconds: 1000, expiresAt: Timestamp(nanoseconds: 0)),
    catalogue: CommandCatalogue(allow: [BridgeSettings.Allowed(target: "motor", command: "stop", payload: [])]))

/// Any schema and any value: problems are told, in bounds.
func schema(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let schema = try? JSON(parsing: Array(parts[0])),
        let value = try? JSON(parsing: Array(parts[1]))
    else { return }
    _ = SchemaCheck.unknownKeyword(in: schema)
    let problems = SchemaCheck.problems(of: value, against: schema)
    hold(problems.allSatisfy { $0.utf8.count < 4096 }, "a long problem")
    _ = CommandCatalogue.Declaration.declared(info: value)
}

/// What a NATS server says: its INFO, its refusals, its addresses, the subjects of its deliveries.
func server(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let info = try? JSON(parsing: bytes) {
        _ = ServerFeatures.of(info["version"]?.string ?? text, info)
    }
    _ = ServerFeatures.of(text, ["jetstream": true])
    if let permission = Permission(words: text) {
        let quoted = "\"\(permission.subject)\(permission.isCut ? "" : "\"")"
        hold(text.includes(quoted) && permission.covers(permission.subject), "another subject")
    }
    if let url = try? ServerURL(text) {
        hold(!url.host.isEmpty && !url.shown.includes("@"), "an address that shows who: \(url)")
    }
    _ = AckSubject(text)
}

/// A terminal's bytes: cut into pieces they are the same keys, and time ends what waits.
func keys(_ bytes: [UInt8]) {
    var (whole, parts) = (KeyParser(), KeyParser())
    let all = whole.read(bytes, at: .zero)
    let cut = bytes.count / 2
    let cutKeys = parts.read(bytes[..<cut], at: .zero) + parts.read(bytes[cut...], at: .zero)
    hold(all == cutKeys, "cut, other keys: \(all) \(cutKeys)")
    _ = whole.read([], at: .seconds(60))
    hold(whole.deadline == nil, "something waits for ever")
}

/// A journal that somebody else wrote or a crash cut: each record is within the bytes, and is what would be written.
func journal(_ bytes: [UInt8]) {
    var bytes = bytes
    if bytes.count >= JournalRecord.headBytes, bytes.count < 1 << 16 {
        // No chance would hit the sum of the first record.
        let body = bytes[JournalRecord.headBytes...]
        for (place, number) in [(3, UInt32(body.count)), (7, CRC32.of(body))] {
            for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: number >> UInt32(8 * byte)) }
        }
    }
    var place = 0
    while let record = JournalRecord.read(bytes, at: place) {
        hold(record.end > place && record.end <= bytes.count, "a record outside")
        if case .put(let message) = record.content {
            let again = JournalRecord.read(JournalRecord.put(message), at: 0)
            hold(again?.content == record.content, "not the same after writing and reading")
        }
        place = record.end
    }
}

/// The description of an object that any client wrote: what is read stays within its bounds, and is the same after writing and reading. And a
/// piece of an artifact, whose headers any cell wrote.
func artifact(_ bytes: [UInt8]) {
    if let object = try? ObjectMetadata(parsing: bytes) {
        hold(object.bytes >= 0 && object.chunks >= 0 && object.name.utf8.count <= ObjectMetadata.longestName, "bounds")
        hold(
            (try? Subject(foreign: "$O.B.C.\(object.nuid)")) != nil || object.link != nil && object.nuid.isEmpty,
            "chunks elsewhere: \(object.nuid)")
        let again = object.encoded(bucket: "B", at: Timestamp(nanoseconds: 0))
        // Escapes may be longer than they were.
        guard again.count <= ObjectMetadata.longest else { return }
        hold((try? ObjectMetadata(parsing: again)) == object, "not the same after writing and reading")
    }
    let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    guard lines.count == 5, let subject = try? Subject(foreign: "artifacts.dev.camera") else { return }
    var headers: Headers = [:]
    for (name, value) in zip(["Nimmer-Digest", "Nimmer-Type", "Nimmer-Size", "Nimmer-Offset"], lines) {
        headers[name] = value
    }
    let message = BusMessage(subject: subject, headers: headers, payload: Array(lines[4].utf8))
    guard let piece = try? ArtifactPiece(message) else { return }
    hold(piece.offset >= 0 && piece.offset + Int64(piece.payload.count) <= piece.total, "a piece beyond its whole")
    hold(piece.payload.count <= ArtifactPiece.bytes, "a long piece")
}
