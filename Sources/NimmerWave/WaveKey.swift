/// The keys of a WaveSignal that the hot path knows, told apart by their length and their bytes as 64-bit words.
enum Key: UInt32 {
    case header, body
    case messageID, messageType, version, timestamp, source
    case entityID, entityType, garden, tier
    case domain, confidence, content, cost, region, polarity, origin, vector, correlationID
    case unknown

    @inline(__always)
    init(_ s: RawSpan, _ range: ByteRange) {
        let first = s.word(range.start)
        // Keys of eight bytes or more are compared by their first and their last word, which overlap.
        let last = range.count >= 8 ? s.word(range.start &+ range.count &- 8) : 0
        self = .unknown
        switch range.count {
        case 4:
            switch UInt32(truncatingIfNeeded: first) {
            case 0x7964_6f62: self = .body
            case 0x7265_6974: self = .tier
            default: break
            }
        case 6:
            switch first & 0xffff_ffff_ffff {
            case 0x7265_6461_6568: self = .header
            case 0x6563_7275_6f73: self = .source
            case 0x6e69_616d_6f64: self = .domain
            case 0x6e6f_6967_6572: self = .region
            case 0x6e69_6769_726f: self = .origin
            case 0x726f_7463_6576: self = .vector
            case 0x6e65_6472_6167: self = .garden
            default: break
            }
        case 7:
            if first & 0xff_ffff_ffff_ffff == 0x6e_6f69_7372_6576 { self = .version }
        case 8:
            if first == 0x7974_6972_616c_6f70 { self = .polarity }
        case 9:
            if first == 0x6d61_7473_656d_6974, last == 0x706d_6174_7365_6d69 { self = .timestamp }
            if first == 0x695f_7974_6974_6e65, last == 0x6469_5f79_7469_746e { self = .entityID }
        case 10:
            if first == 0x6e65_6469_666e_6f63, last == 0x6563_6e65_6469_666e { self = .confidence }
            if first == 0x5f65_6761_7373_656d, last == 0x6469_5f65_6761_7373 { self = .messageID }
        case 11:
            if first == 0x745f_7974_6974_6e65, last == 0x6570_7974_5f79_7469 { self = .entityType }
        case 12:
            if first == 0x5f65_6761_7373_656d, last == 0x6570_7974_5f65_6761 { self = .messageType }
        case 14:
            if first == 0x6372_6f66_6566_696c, last == 0x7473_6f63_5f65_6372 { self = .cost }
            if first == 0x7461_6c65_7272_6f63, last == 0x6469_5f6e_6f69_7461 { self = .correlationID }
        case 16:
            if first == 0x6369_746e_616d_6573, last == 0x746e_6574_6e6f_635f { self = .content }
        default: break
        }
    }

    @inline(__always)
    var bit: UInt32 { 1 << rawValue }

    static let required: UInt32 = [
        Key.header, .body, .messageID, .messageType, .version, .timestamp, .source, .entityID, .entityType, .domain,
        .confidence, .content,
    ].reduce(0) { $0 | $1.bit }

    /// The refusal of a message in which a required key is absent; a container before what it holds.
    @inline(never)
    static func firstMissing(_ seen: UInt32) -> Refusal {
        let first = (0..<Key.unknown.rawValue).first { required & ~seen & (1 << $0) != 0 }
        return .missing(Key(rawValue: first ?? 0)?.path ?? "")
    }

    /// The key's full path.
    var path: String {
        switch self {
        case .header: "header"
        case .body: "body"
        case .messageID: "header.message_id"
        case .messageType: "header.message_type"
        case .version: "header.version"
        case .timestamp: "header.timestamp"
        case .source: "header.source"
        case .entityID: "header.source.entity_id"
        case .entityType: "header.source.entity_type"
        case .garden: "header.source.garden"
        case .tier: "header.source.tier"
        case .domain: "body.domain"
        case .confidence: "body.confidence"
        case .content: "body.semantic_content"
        case .cost: "body.lifeforce_cost"
        case .region: "body.region"
        case .polarity: "body.polarity"
        case .origin: "body.origin"
        case .vector: "body.vector"
        case .correlationID: "body.correlation_id"
        case .unknown: ""
        }
    }
}
