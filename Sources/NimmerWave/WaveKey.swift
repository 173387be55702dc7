/// The keys of a WaveSignal that the hot path knows, distinguished by their length and their bytes as 64-bit words.
enum WaveKey: UInt32 {
    case header, body
    case messageID, messageType, version, timestamp, source
    case entityID, entityType, garden, tier
    case domain, confidence, content, cost, region, polarity, origin, vector, correlationID, interval, artifacts
    case unknown

    /// The key that these bytes are.
    ///
    /// - Parameters:
    ///   - low: its first eight bytes, first byte lowest, zeros behind its end.
    ///   - high: the eight bytes behind them, zeros behind its end.
    ///   - count: how many bytes it has.
    @inline(always)
    init(_ low: UInt64, _ high: UInt64, _ count: Int) {
        self = .unknown
        switch count {
        case 4:
            if low == 0x7964_6f62 { self = .body }
            if low == 0x7265_6974 { self = .tier }
        case 6:
            if low == 0x7265_6461_6568 { self = .header }
            if low == 0x6563_7275_6f73 { self = .source }
            if low == 0x6e65_6472_6167 { self = .garden }
            if low == 0x6e69_616d_6f64 { self = .domain }
            if low == 0x6e6f_6967_6572 { self = .region }
            if low == 0x6e69_6769_726f { self = .origin }
            if low == 0x726f_7463_6576 { self = .vector }
        case 7:
            if low == 0x6e_6f69_7372_6576 { self = .version }
        case 8:
            if low == 0x7974_6972_616c_6f70 { self = .polarity }
        case 9:
            if low == 0x6d61_7473_656d_6974, high == 0x70 { self = .timestamp }
            if low == 0x695f_7974_6974_6e65, high == 0x64 { self = .entityID }
            if low == 0x7463_6166_6974_7261, high == 0x73 { self = .artifacts }
        case 10:
            if low == 0x5f65_6761_7373_656d, high == 0x6469 { self = .messageID }
            if low == 0x6e65_6469_666e_6f63, high == 0x6563 { self = .confidence }
        case 11:
            if low == 0x745f_7974_6974_6e65, high == 0x65_7079 { self = .entityType }
            if low == 0x6c61_7672_6574_6e69, high == 0x73_6d5f { self = .interval }
        case 12:
            if low == 0x5f65_6761_7373_656d, high == 0x6570_7974 { self = .messageType }
        case 14:
            if low == 0x6372_6f66_6566_696c, high == 0x7473_6f63_5f65 { self = .cost }
            if low == 0x7461_6c65_7272_6f63, high == 0x6469_5f6e_6f69 { self = .correlationID }
        case 16:
            if low == 0x6369_746e_616d_6573, high == 0x746e_6574_6e6f_635f { self = .content }
        default: break
        }
    }

    /// The key at a place, behind its opening quote, when it is a known one written plainly: its length in `count`.
    ///
    /// A known key holds neither escapes nor control characters, so finding its quote is all the checking there is.
    @inline(always)
    static func plain(_ s: Bytes, _ start: Int, _ count: inout Int) -> WaveKey {
        let low = s.word(start)
        let quotes = low ^ 0x2222_2222_2222_2222
        let stop = (quotes &- 0x0101_0101_0101_0101) & ~quotes & 0x8080_8080_8080_8080
        if stop != 0 {
            let place = UInt64(truncatingIfNeeded: stop.trailingZeroBitCount) & 56
            count = Int(truncatingIfNeeded: place >> 3)
            return WaveKey(low & ((1 &<< place) &- 1), 0, count)
        }
        let high = s.word(start &+ 8)
        let further = high ^ 0x2222_2222_2222_2222
        let end = (further &- 0x0101_0101_0101_0101) & ~further & 0x8080_8080_8080_8080
        if end == 0 {
            count = s.peek(start &+ 16) == 0x22 ? 16 : 0
            return count == 16 ? WaveKey(low, high, 16) : .unknown
        }
        let place = UInt64(truncatingIfNeeded: end.trailingZeroBitCount) & 56
        count = 8 &+ Int(truncatingIfNeeded: place >> 3)
        return WaveKey(low, high & ((1 &<< place) &- 1), count)
    }

    /// The key's own bit. An enumeration without payload is its case's number in one byte; asking for `rawValue` instead
    /// costs a call a key.
    @inline(always)
    var bit: UInt32 { 1 &<< UInt32(unsafeBitCast(self, to: UInt8.self)) }

    /// The bits of what every wave has: header, body, message_id, message_type, version, timestamp, source, entity_id,
    /// entity_type, domain, confidence and semantic_content. A literal, since a lazy global costs a check a wave.
    static var required: UInt32 { 0b11_1001_1111_1111 }

    /// The refusal of a message in which a required key is absent; a container before what it holds.
    @inline(never)
    static func firstMissing(_ seen: UInt32) -> Refusal {
        let first = (0..<WaveKey.unknown.rawValue).first { required & ~seen & (1 << $0) != 0 }
        return .missing(WaveKey(rawValue: first ?? 0)?.path ?? "")
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
        case .interval: "body.interval_ms"
        case .artifacts: "body.artifacts"
        case .unknown: ""
        }
    }
}
