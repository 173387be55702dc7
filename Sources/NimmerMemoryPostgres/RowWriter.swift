import NimmerMemory
import NimmerWave

/// The rows of one table in a batch, as `COPY` data in pieces: the server reads one while the next is written.
struct RowWriter {
    let table: MemoryTable
    private let entries: [MemoryEntry]
    private var next = 0
    private var data = CopyRows()

    /// The most of a rejected message that is kept, in bytes: the largest message of the wire.
    static let keptPayload = Wire.maximumBytes
    /// Number of bytes of a piece.
    private static let piece = 32 * 1024

    /// A batch by table; transitions come before the outcomes that pay for them.
    static func parts(of entries: [MemoryEntry]) -> [RowWriter] {
        let order: [MemoryTable] = [
            .transitions, .collapses, .correlations, .requests, .responses, .acts, .verifications, .accepted,
            .spendings,
            .rejected,
        ]
        let entries = Dictionary(grouping: entries) { $0.row.table.name }
        return order.compactMap { table in entries[table.name].map { RowWriter(table: table, entries: $0) } }
    }

    private init(table: MemoryTable, entries: [MemoryEntry]) {
        self.table = table
        self.entries = entries
    }

    /// The next piece; nil behind the last.
    mutating func nextPiece() -> [UInt8]? {
        guard next <= entries.count else { return nil }
        while next < entries.count, data.bytes.count < Self.piece {
            data.add(entries[next])
            next += 1
        }
        if next == entries.count, data.bytes.count < Self.piece {
            data.end()
            next += 1
        }
        return data.take()
    }
}

extension MemoryRow {
    /// The table that keeps it.
    fileprivate var table: MemoryTable {
        switch self {
        case .transition: .transitions
        case .collapse: .collapses
        case .correlation: .correlations
        case .request: .requests
        case .response: .responses
        case .act: .acts
        case .verification: .verifications
        case .accepted: .accepted
        case .spent: .spendings
        case .rejected: .rejected
        }
    }
}

extension CopyRows {
    fileprivate mutating func add(_ entry: MemoryEntry) {
        let env = entry.environment
        switch entry.row {
        case .transition(let message): transition(message, env)
        case .collapse(let message): row(.collapses, message, env)
        case .correlation(let message): row(.correlations, message, env)
        case .request(let message): row(.requests, message, env)
        case .response(let message): row(.responses, message, env, extra: [.text(message.body.payingRegion)])
        case .act(let message): row(.acts, message, env)
        case .verification(let message, let gate): row(.verifications, message, env, extra: [.text(gate.text)])
        case .accepted(let message, let lifeforce): row(.accepted, message, env, extra: [.number(lifeforce)])
        case .spent(let message): row(.spendings, message, env)
        case .rejected(let message): rejected(message, entry)
        }
    }
}

/// Value of a column that is not the message's own.
private enum ExtraValue {
    case text(String)
    case number(Double)
}

extension CopyRows {
    /// A row of any message: the columns of its table, taken from its JSON.
    fileprivate mutating func row<Body>(
        _ table: MemoryTable, _ message: Envelope<Body>, _ environment: Environment, extra: [ExtraValue] = []
    ) {
        beginRow(fields: table.width)
        id(message.header.messageID)
        text(environment.rawValue)
        for value in extra {
            switch value {
            case .text(let value): text(value)
            case .number(let value): number(value)
            }
        }
        let body = message.body.json
        for column in table.body {
            // What a column cannot hold is null in it: PostgreSQL refuses the row where it must not be, and the row is set aside.
            if let value = body[column.name] { add(value, column.kind) } else { null() }
        }
        header(message.header)
    }

    private mutating func add(_ value: JSON, _ kind: MemoryTable.Kind) {
        switch kind {
        case .text: if let text = value.string { return self.text(text) }
        case .id: if let id = value.string.flatMap({ try? MessageID($0) }) { return self.id(id) }
        case .time: if let moment = value.string.flatMap({ try? Timestamp(rfc3339: $0) }) { return time(moment) }
        case .number: if let number = value.double { return self.number(number) }
        case .small: if let number = value.int { return small(number) }
        case .state: if let state = value.string.flatMap(GateState.init(word:)) { return small(Int(state.rawValue)) }
        case .json, .opaque: if value != .null { return octets(value.bytes) }
        }
        null()
    }

    /// Largest cost that is written, in LF: 10⁸ of them have a sum.
    private static let mostCost = 1e290

    /// A row of `gate_transitions`, without the detour over JSON: transitions are the many.
    fileprivate mutating func transition(_ message: Envelope<GateTransition>, _ environment: Environment) {
        let body = message.body
        beginRow(fields: MemoryTable.transitions.width)
        id(message.header.messageID)
        text(environment.rawValue)
        text(body.gateID.text)
        text(body.domain.text)
        text(body.region.text)
        small(Int(body.fromState.rawValue))
        small(Int(body.toState.rawValue))
        number(body.stateValue)
        number(body.weight)
        number(body.correlationScore)
        list(body.triggerSignals)
        small(body.routedToTier)
        // A cost beyond all sense must not make the sum of its gate one that no number holds.
        number(min(body.lifeforceCost, Self.mostCost))
        time(body.at)
        if let opener = body.opener { text(opener.text) } else { null() }
        if let trust = body.trust { number(trust) } else { null() }
        if let interval = body.intervalMilliseconds { number(interval) } else { null() }
        header(message.header)
    }

    fileprivate mutating func rejected(_ message: RejectedMessage, _ entry: MemoryEntry) {
        beginRow(fields: MemoryTable.rejected.width)
        id(message.id)
        text(entry.environment.rawValue)
        text(entry.subject.withoutNull)
        text(message.code.withoutNull)
        text(message.field.withoutNull)
        text(message.reason.withoutNull)
        octets(entry.payload.prefix(RowWriter.keptPayload))
        big(entry.payload.count)
    }

    private mutating func header(_ header: Header) {
        text(header.version)
        time(header.timestamp)
        text(header.source.entityID)
        text(header.source.entityType.rawValue)
        text(header.source.garden.rawValue)
        small(header.source.tier)
    }
}

extension String {
    /// The text with U+0000, which PostgreSQL cannot hold, replaced by its picture.
    fileprivate var withoutNull: String {
        utf8.contains(0) ? String(map { $0 == "\0" ? "␀" : $0 }) : self
    }
}
