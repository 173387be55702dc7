import NimmerMemory
import NimmerWave

/// The rows of a batch, by table, as `COPY` text.
struct RowWriter {
    private var transitions = CopyText()
    private var collapses = CopyText()
    private var correlations = CopyText()
    private var requests = CopyText()
    private var responses = CopyText()
    private var verifications = CopyText()
    private var rejected = CopyText()

    /// The most of a rejected message that is kept, in bytes: the largest message of the wire.
    static let keptPayload = Wire.maximumBytes

    /// Tables with rows; transitions come before the verifications that pay for them.
    var parts: [(table: Table, text: CopyText)] {
        let all: [(table: Table, text: CopyText)] = [
            (.transitions, transitions), (.collapses, collapses), (.correlations, correlations),
            (.requests, requests), (.responses, responses), (.verifications, verifications), (.rejected, rejected),
        ]
        return all.filter { $0.text.rows > 0 }
    }

    mutating func add(_ entry: MemoryEntry) {
        let env = entry.environment
        switch entry.row {
        case .transition(let message): transitions.transition(message, env)
        case .collapse(let message): collapses.row(.collapses, message, env)
        case .correlation(let message): correlations.row(.correlations, message, env)
        case .request(let message): requests.row(.requests, message, env)
        case .response(let message): responses.row(.responses, message, env)
        case .verification(let message, let gate): verifications.row(.verifications, message, env, extra: [gate.text])
        case .rejected(let message): rejected.rejected(message, entry)
        }
    }
}

extension CopyText {
    /// A row of any message: the columns of its table, taken from its JSON.
    fileprivate mutating func row<Body>(
        _ table: Table, _ message: Envelope<Body>, _ environment: Environment, extra: [String] = []
    ) {
        plain(message.header.messageID.text)
        plain(environment.rawValue)
        for value in extra { plain(value) }
        let body = message.body.json
        for column in table.body {
            guard let value = body[column.name], value != .null else {
                null()
                continue
            }
            switch column.kind {
            case .text, .time: text(value.string ?? "")
            case .number: number(value.double ?? 0)
            case .state: number(Int(GateState(word: value.string ?? "")?.rawValue ?? 0))
            case .json, .opaque: text(value.bytes)
            }
        }
        header(message.header)
        endRow()
    }

    /// A row of `gate_transitions`, without the detour over JSON: transitions are the many.
    fileprivate mutating func transition(_ message: Envelope<GateTransition>, _ environment: Environment) {
        let body = message.body
        plain(message.header.messageID.text)
        plain(environment.rawValue)
        plain(body.gateID.text)
        plain(body.domain.text)
        plain(body.region.text)
        number(Int(body.fromState.rawValue))
        number(Int(body.toState.rawValue))
        number(body.stateValue)
        number(body.weight)
        number(body.correlationScore)
        text(JSON.array(body.triggerSignals.map(\.json)).bytes)
        number(body.routedToTier)
        number(body.lifeforceCost)
        plain(body.at.rfc3339)
        header(message.header)
        endRow()
    }

    fileprivate mutating func rejected(_ message: RejectedMessage, _ entry: MemoryEntry) {
        plain(message.id.text)
        plain(entry.environment.rawValue)
        text(entry.subject.withoutNull)
        text(message.code.withoutNull)
        text(message.field.withoutNull)
        text(message.reason.withoutNull)
        octets(entry.payload.prefix(RowWriter.keptPayload))
        number(entry.payload.count)
        endRow()
    }

    private mutating func header(_ header: Header) {
        text(header.version)
        plain(header.timestamp.rfc3339)
        text(header.source.entityID)
        plain(header.source.entityType.rawValue)
        plain(header.source.garden.rawValue)
        number(header.source.tier)
    }
}

extension String {
    /// The text with U+0000, which PostgreSQL cannot hold, replaced by its picture.
    fileprivate var withoutNull: String {
        utf8.contains(0) ? String(map { $0 == "\0" ? "␀" : $0 }) : self
    }
}
