import NimmerWave

/// Writes what was learned as bytes, or reads it back: one description of the fields serves both ways, so that they cannot disagree.
///
/// Numbers are eight bytes, the least significant first; a Double is its bit pattern, so that nothing is rounded. While reading, a field that
/// is outside its range, or bytes that are missing or left, are refused.
package struct StateCodec: Sendable {
    /// Bytes that were written, or are read.
    package private(set) var bytes: [UInt8]
    /// Indicates whether fields are read; else they are written.
    package let isReading: Bool
    private var place = 0

    /// A codec that writes.
    package init() { (bytes, isReading) = ([], false) }

    /// A codec that reads.
    package init(reading bytes: [UInt8]) { (self.bytes, isReading) = (bytes, true) }

    /// Refuses bytes that no field has read.
    package func finish() throws(Refusal) {
        guard isReading, place != bytes.count else { return }
        throw Refusal(.value, field: "learned", "no bytes must be left", found: "\(bytes.count - place)")
    }

    /// A number, whatever its bits.
    package mutating func field(_ value: inout Double) throws(Refusal) {
        var bits = value.bitPattern
        try word(&bits)
        value = Double(bitPattern: bits)
    }

    /// A whole number within a range.
    package mutating func field(_ value: inout Int, in range: ClosedRange<Int>) throws(Refusal) {
        var bits = UInt64(bitPattern: Int64(value))
        try word(&bits)
        guard isReading else { return }
        let read = Int(Int64(bitPattern: bits))
        guard range.contains(read) else {
            throw Refusal(.value, field: "learned", "a number must be in \(range)", found: "\(read)")
        }
        value = read
    }

    /// A count: from 0 to what no cell reaches.
    package mutating func count(_ value: inout Int) throws(Refusal) { try field(&value, in: 0...(1 << 52)) }

    /// A truth.
    package mutating func field(_ value: inout Bool) throws(Refusal) {
        var number = value ? 1 : 0
        try field(&number, in: 0...1)
        value = number == 1
    }

    /// A number, or none.
    package mutating func field(_ value: inout Double?) throws(Refusal) {
        var isThere = value != nil
        try field(&isThere)
        guard isThere else { return value = nil }
        var number = value ?? 0
        try field(&number)
        value = number
    }

    /// As many numbers as there are.
    package mutating func fields(_ values: inout [Double]) throws(Refusal) {
        for place in values.indices { try field(&values[place]) }
    }

    /// As many whole numbers as there are, each a count.
    package mutating func fields(_ values: inout [Int]) throws(Refusal) {
        for place in values.indices { try count(&values[place]) }
    }

    /// As many truths as there are.
    package mutating func fields(_ values: inout [Bool]) throws(Refusal) {
        for place in values.indices { try field(&values[place]) }
    }

    /// The state of a sensing cell.
    package mutating func word(_ state: inout SensingState) throws(Refusal) {
        let states: [SensingState] = [.learning, .calm, .surprised]
        var number = states.firstIndex(of: state) ?? 0
        try field(&number, in: 0...states.count - 1)
        state = states[number]
    }

    /// A short mark of a text, the same wherever it is made: what differs has another.
    package static func mark(of text: String) -> String {
        let bytes = Array(text.utf8)
        return String(CRC32.of(bytes[...]), radix: 16)
    }

    private mutating func word(_ bits: inout UInt64) throws(Refusal) {
        guard isReading else {
            for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte))) }
            return
        }
        guard bytes.count - place >= 8 else {
            throw Refusal(.value, field: "learned", "more bytes are expected", found: "\(bytes.count)")
        }
        bits = 0
        for byte in 0..<8 { bits |= UInt64(bytes[place + byte]) << UInt64(8 * byte) }
        place += 8
    }
}

/// State that was learned and can be kept: its fields in a fixed order.
package protocol Keepable {
    /// Writes or reads every field that its future depends on.
    ///
    /// - Throws: a `Refusal` where what is read cannot be; the value is not to be used then.
    mutating func exchange(_ codec: inout StateCodec) throws(Refusal)
}

extension Keepable {
    /// Its fields as bytes.
    package var kept: [UInt8] {
        var (codec, copy) = (StateCodec(), self)
        // Writing refuses nothing.
        try? copy.exchange(&codec)
        return codec.bytes
    }

    /// Takes the fields from bytes; where these are refused it stays as it is.
    package mutating func take(kept bytes: [UInt8]) throws(Refusal) {
        var (codec, copy) = (StateCodec(reading: bytes), self)
        try copy.exchange(&codec)
        try codec.finish()
        self = copy
    }
}
