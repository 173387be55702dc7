/// A message's identity: an RFC 9562 UUID (protocol.md, Envelope).
///
/// New messages carry version 7, which sorts by time. Messages that must survive a retry (transition, collapse, request)
/// carry name-based version 5 ids made from what they are about, so that a second derivation gives the same id.
public struct MessageID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    /// An id from its two halves.
    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An id from text such as `0190f5fe-7c2a-7b3e-8d55-1c1f6f3a9b10`; either case of the digits.
    ///
    /// - Throws: a ``Refusal`` when the text is not a UUID.
    public init(_ text: String) throws(Refusal) {
        let bytes = Array(text.utf8)
        guard let id = bytes.scan({ parseUUID($0, 0, bytes.count) }) else {
            throw Refusal(.value, "an id must be a UUID", found: "'\(text.excerpt)'")
        }
        self = id
    }

    /// A time-ordered id (version 7) for a moment, with the generator's 74 random bits.
    public static func v7(at moment: Timestamp, using generator: inout some RandomNumberGenerator) -> MessageID {
        let milliseconds = UInt64(max(0, moment.nanoseconds / 1_000_000))
        let high = milliseconds << 16 | 0x7000 | generator.next() & 0x0fff
        let low = generator.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return MessageID(high: high, low: low)
    }

    /// The millisecond in which a time-ordered id (version 7) was made; nil for ids of other versions.
    package var createdAt: Timestamp? {
        guard high >> 12 & 0xf == 7 else { return nil }
        return Timestamp(milliseconds: Double(high >> 16))
    }

    /// A time-ordered id (version 7) for now.
    public static func v7() -> MessageID {
        var generator = SystemRandomNumberGenerator()
        return v7(at: .now(), using: &generator)
    }

    /// The id of a name within a space of names (version 5, SHA-1): the same name gives the same id, everywhere and always.
    public static func named(_ name: String, in space: MessageID = .nimmerverse) -> MessageID {
        named(in: space) { $0.append(contentsOf: name.utf8) }
    }

    /// The id of a name that is put together from parts, without a text in between.
    ///
    /// - Parameter write: appends the name's UTF-8 bytes.
    public static func named(in space: MessageID = .nimmerverse, _ write: (inout [UInt8]) -> Void) -> MessageID {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: space.high >> shift))
        }
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: space.low >> shift))
        }
        write(&bytes)
        let hash = SHA1.hash(bytes)
        return MessageID(
            high: (UInt64(hash.0) << 32 | UInt64(hash.1)) & 0xffff_ffff_ffff_0fff | 0x5000,
            low: (UInt64(hash.2) << 32 | UInt64(hash.3)) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
    }

    /// The system's own space of names: version 5 of `nimmerverse` in the DNS space of RFC 9562.
    public static let nimmerverse = named(
        "nimmerverse", in: MessageID(high: 0x6ba7_b810_9dad_11d1, low: 0x80b4_00c0_4fd4_30c8))

    /// The sixteen bytes.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for index in 0..<16 {
                buffer[index] = UInt8(truncatingIfNeeded: (index < 8 ? high : low) >> UInt64(56 - (index & 7) * 8))
            }
            count = 16
        }
    }

    /// The id as text: 36 characters, lower case.
    public var text: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(36)
        write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the id as text.
    public func write(into bytes: inout [UInt8]) {
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 { bytes.append(0x2d) }
            let half = digit < 16 ? high : low
            bytes.append(hexDigit(UInt8(truncatingIfNeeded: half >> UInt64(60 - digit % 16 * 4)) & 15))
        }
    }

    /// The id as text.
    public var description: String { text }

    /// Order by bytes; version 7 ids sort by time.
    public static func < (a: MessageID, b: MessageID) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

private func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
