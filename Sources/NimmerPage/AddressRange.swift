import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// An IP address as its bytes: four or sixteen.
package struct IPAddress: Sendable, Hashable {
    /// The bytes in the order of the network; an IPv4 address within IPv6 is an IPv4 address.
    package let bytes: [UInt8]

    /// Nil where the text is not one.
    package init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            let all = withUnsafeBytes(of: six) { Array($0) }
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
            bytes = all.starts(with: mapped) ? Array(all[12...]) : all
        } else {
            return nil
        }
    }

    /// Indicates whether it is an address of this machine that no other reaches.
    package var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }
}

/// Addresses that begin alike: `10.0.0.0/8`, `127.0.0.1`.
package struct AddressRange: Sendable, Hashable {
    private let address: IPAddress
    private let bits: Int

    /// - Throws: ``PageError`` that names what was found.
    package init(_ text: String) throws(PageError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts.first ?? "")),
            let bits = parts.count > 1 ? Int(parts[1]) : address.bytes.count * 8,
            (0...address.bytes.count * 8).contains(bits)
        else {
            throw PageError(
                "a trusted proxy must be an IP address, or a range such as 10.0.0.0/8; found \(text.visible(limit: 60))"
            )
        }
        self.address = address
        self.bits = bits
    }

    /// Returns whether an address is in it.
    package func contains(_ text: String) -> Bool {
        guard let other = IPAddress(text), other.bytes.count == address.bytes.count else { return false }
        return (0..<bits).allSatisfy { bit in
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            return (address.bytes[bit / 8] ^ other.bytes[bit / 8]) & mask == 0
        }
    }
}
