/// The bytes of messages, the oldest going as new ones come: pieces of 1 MiB, of which so many are kept as the budget states.
struct PayloadStore: Sendable {
    private static let pieceBits = 20
    private static let pieceBytes = 1 << pieceBits

    private var pieces: [[UInt8]] = []
    private var first = 0
    private let maximum: Int

    /// A store that keeps at most so many bytes, at least one piece.
    init(bytes: Int) { maximum = max(1, bytes >> Self.pieceBits) }

    /// Keeps bytes and returns their place.
    ///
    /// - Returns: the place; -1 for what is longer than a piece.
    mutating func keep(_ bytes: [UInt8]) -> Int {
        guard bytes.count <= Self.pieceBytes else { return -1 }
        if pieces.isEmpty || pieces[pieces.count - 1].count + bytes.count > Self.pieceBytes { turn() }
        let last = pieces.count - 1
        let place = (first + last) << Self.pieceBits | pieces[last].count
        pieces[last].append(contentsOf: bytes)
        return place
    }

    private mutating func turn() {
        guard pieces.count >= maximum else {
            pieces.append([])
            return
        }
        var oldest = pieces.removeFirst()
        oldest.removeAll(keepingCapacity: true)
        pieces.append(oldest)
        first += 1
    }

    /// The bytes at a place; nil when they have gone.
    func bytes(at place: Int, count: Int) -> ArraySlice<UInt8>? {
        let piece = (place >> Self.pieceBits) - first
        guard place >= 0, pieces.indices.contains(piece) else { return nil }
        let start = place & (Self.pieceBytes - 1)
        guard start + count <= pieces[piece].count else { return nil }
        return pieces[piece][start..<start + count]
    }
}
