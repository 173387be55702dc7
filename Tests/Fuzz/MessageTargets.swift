import NimmerMemory
import NimmerWave

/// The decoder of the hot path and the general one take and refuse the same, and read the same.
func wave(_ bytes: UnsafeRawBufferPointer) {
    var view = WaveView()
    let span = RawSpan(_unsafeBytes: bytes)
    var refusal: Refusal?
    do throws(Refusal) { try WaveDecoder.decode(span, into: &view) } catch { refusal = error }
    let message: Envelope<WaveSignal>
    do throws(Refusal) {
        message = try Envelope<WaveSignal>(decoding: Array(bytes))
    } catch {
        return hold(refusal != nil, "the fast decoder takes what the general one refuses: \(error)")
    }
    if let refusal { return hold(false, "the fast decoder refuses what the general one takes: \(refusal)") }
    let (header, body) = (message.header, message.body)
    func text(_ range: ByteRange) -> String {
        hold(range.start >= 0 && range.count >= 0 && range.start + range.count <= bytes.count, "a range outside")
        return String(decoding: bytes[range.start..<range.start + range.count], as: UTF8.self)
    }
    hold(
        view.messageID == header.messageID && view.timestamp == header.timestamp && view.tier == header.source.tier
            && view.entityType == header.source.entityType && view.garden == header.source.garden,
        "another header: \(view) \(header)")
    hold(
        view.confidence == body.confidence && view.lifeforceCost == body.lifeforceCost
            && Int(view.polarity) == body.polarity && view.intervalMilliseconds == body.intervalMilliseconds ?? 0
            && view.vectorCount == body.vector?.count ?? 0, "other numbers: \(view) \(body)")
    var vector: [Double] = []
    WaveDecoder.vector(span, view, into: &vector)
    hold(vector == body.vector ?? [], "another vector")
    if !view.hasEscapedNames {
        hold(
            text(view.domain) == body.domain.text && text(view.region) == body.region?.text ?? ""
                && text(view.origin) == body.origin?.text ?? "", "other names: \(body)")
    }
    hold(
        ArtifactReference.list(parsing: Array(text(view.artifacts).utf8)) == body.artifacts, "other artifacts: \(body)")
    hold(
        (try? JSON(parsing: Array(text(view.content).utf8)))?.resolved == body.semanticContent.resolved, "other content"
    )
    let again = message.encoded()
    hold((try? Envelope<WaveSignal>(decoding: again)) == message, "not the same after writing and reading")
    do throws(Refusal) { try WaveDecoder.decode(again.span.bytes, into: &view) } catch {
        hold(again.count > Wire.maximumBytes, "the fast decoder refuses what was written: \(error)")
    }
}

/// Every message: what was read, written and read again is the same; what is remembered of it too.
func message(_ bytes: [UInt8]) {
    let subject = "dev.nervous.outcomes.door.feedback"
    do throws(Refusal) {
        let message = try AnyMessage.decode(bytes)
        let again = message.encoded
        // Numbers and escapes may be written longer than they were.
        guard again.count <= Wire.maximumBytes else { return }
        do throws(Refusal) {
            let second = try AnyMessage.decode(again)
            hold(second == message, "not the same after writing and reading: \(message)")
        } catch { hold(false, "what was written is refused: \(error)") }
        guard let entry = try? MemoryEntry.entries(decoding: bytes, subject: subject, environment: .dev) else { return }
        let written = try? MemoryEntry.entries(decoding: again, subject: subject, environment: .dev)
        hold(written?.map(\.row) == entry.map(\.row), "another memory after writing and reading")
    } catch {
        let entry = MemoryEntry(rejecting: bytes, subject: subject, environment: .dev, because: error)
        hold(entry.payload == bytes, "set aside changed")
        hold(error.description.utf8.count < 4096, "a long refusal: \(error.description.utf8.count)")
    }
}

extension AnyMessage {
    fileprivate var encoded: [UInt8] {
        switch self {
        case .waveSignal(let message): message.encoded()
        case .changeEvent(let message): message.encoded()
        case .gateTransition(let message): message.encoded()
        case .collapse(let message): message.encoded()
        case .cognitiveRequest(let message): message.encoded()
        case .cognitiveResponse(let message): message.encoded()
        case .act(let message): message.encoded()
        case .attention(let message): message.encoded()
        case .nerveState(let message): message.encoded()
        case .correlationEvent(let message): message.encoded()
        case .verificationOutcome(let message): message.encoded()
        case .acceptedOutcome(let message): message.encoded()
        case .lifeforceSpent(let message): message.encoded()
        case .regionAssignment(let message): message.encoded()
        case .command(let message): message.encoded()
        case .commandResult(let message): message.encoded()
        case .reject(let message): message.encoded()
        case .heartbeat(let message): message.encoded()
        }
    }
}

extension JSON {
    fileprivate var isFinite: Bool {
        switch self {
        case .number(let number): number.isFinite
        case .array(let items): items.allSatisfy(\.isFinite)
        case .object(let object): object.members.allSatisfy(\.value.isFinite)
        default: true
        }
    }
}

/// JSON: what was read, written and read again is the same, in each way to write it.
func json(_ bytes: [UInt8]) {
    // What no double holds is written as null.
    guard let value = try? JSON(parsing: bytes), value.isFinite else { return }
    let texts = [value.text, value.pretty]
    for text in texts + texts.map({ $0.visibleJSON(lines: true) }) + [
        String(decoding: bytes, as: UTF8.self).visibleJSON()
    ] {
        do throws(Refusal) {
            let second = try JSON(parsing: text)
            hold(second == value, "not the same after writing and reading: \(text)")
        } catch { hold(false, "what was written is refused: \(error): \(text)") }
    }
    let raw = try? JSON(parsing: bytes, keepingRaw: ["a", "payload"])
    hold(raw?.resolved == value, "raw parts differ")
}
