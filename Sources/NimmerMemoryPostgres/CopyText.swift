import NimmerWave

/// Rows in the text format of PostgreSQL's `COPY`: fields between tabs, `\N` for null, backslashes escaped.
struct CopyText {
    private(set) var bytes: [UInt8] = []
    private(set) var rows = 0
    private var isFirst = true

    mutating func text(_ value: String) {
        separate()
        for byte in value.utf8 { escape(byte) }
    }

    mutating func text(_ value: [UInt8]) {
        separate()
        for byte in value { escape(byte) }
    }

    /// Text that holds no tab, line end or backslash: ids, words, tokens, numbers.
    mutating func plain(_ value: String) {
        separate()
        bytes.append(contentsOf: value.utf8)
    }

    mutating func number(_ value: Double) {
        // PostgreSQL reads what Swift writes: the shortest text that gives the same double.
        plain(value.description)
    }

    mutating func number(_ value: Int) { plain(String(value)) }

    mutating func null() {
        separate()
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(ascii: "N"))
    }

    /// A `bytea` in hexadecimal.
    mutating func octets(_ value: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "\\"), UInt8(ascii: "x")])
        let digits = Array("0123456789abcdef".utf8)
        for byte in value {
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }

    mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        rows += 1
        isFirst = true
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: "\t")) }
        isFirst = false
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\\"): bytes.append(contentsOf: [byte, byte])
        case UInt8(ascii: "\t"): bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
        case UInt8(ascii: "\n"): bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
        case UInt8(ascii: "\r"): bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
        default: bytes.append(byte)
        }
    }
}
