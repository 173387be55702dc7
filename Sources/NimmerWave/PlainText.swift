/// Plain searching in text, byte for byte.
///
/// The standard `contains(_: String)` and `split(separator: String)` live in the regular-expression engine, which adds a
/// megabyte to every cell (a cell stays under 16 MB).
extension StringProtocol {
    /// Returns whether a text occurs in this one.
    package func includes(_ part: String) -> Bool { place(of: part) != nil }

    /// Returns the text before and after the first occurrence of a text; nil when it does not occur.
    package func halves(around part: String) -> (before: String, after: String)? {
        guard let place = place(of: part) else { return nil }
        let bytes = Array(utf8)
        return (
            String(decoding: bytes[..<place], as: UTF8.self),
            String(decoding: bytes[(place + part.utf8.count)...], as: UTF8.self)
        )
    }

    private func place(of part: String) -> Int? {
        let bytes = Array(utf8)
        let wanted = Array(part.utf8)
        guard bytes.count >= wanted.count else { return nil }
        return (0...(bytes.count - wanted.count)).first { bytes[$0...].starts(with: wanted) }
    }
}
