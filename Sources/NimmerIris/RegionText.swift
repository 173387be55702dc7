/// The text of a region's name (spec/iris.md, Embeddings).
enum RegionText {
    /// Bytes of a name that are read at most.
    static let bound = 256
    /// Bytes of a longer text that are read at most.
    static let longBound = 8192

    /// UTF-8 of a name with a space instead of each of `. - _ / :` and at each boundary of camelCase; what is longer than the limit is cut
    /// between characters.
    static func bytes(_ name: String, limit: Int) -> [UInt8] {
        var name = name
        return name.withUTF8 { all in
            var end = min(all.count, limit)
            // A byte that continues a character is not where it begins.
            while end < all.count, end > 0, all[end] & 0xc0 == 0x80 { end -= 1 }
            var text: [UInt8] = []
            text.reserveCapacity(end + end / 4)
            for place in 0..<end {
                let byte = all[place]
                switch byte {
                case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: ":"):
                    text.append(0x20)
                case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                    let before = place > 0 ? all[place - 1] : 0x20
                    let after = place + 1 < end ? all[place + 1] : 0x20
                    if isLower(before) || isDigit(before) || isUpper(before) && isLower(after) { text.append(0x20) }
                    text.append(byte)
                default:
                    text.append(byte)
                }
            }
            return text
        }
    }

    private static func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
    private static func isUpper(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
