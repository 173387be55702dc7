/// The tokenizer of BERT (uncased) over the sections of a table (spec/iris.md, Embeddings).
///
/// The classes of characters and what they become are in the file, so that the result does not depend on a version of Unicode.
struct WordPiece: Sendable {
    /// Classes of characters, as in the file.
    enum Class: UInt32 {
        /// Part of a word.
        case letter
        /// Left out: control characters and marks.
        case dropped
        /// Between words.
        case space
        /// A word of its own: punctuation and CJK characters.
        case separate
    }

    /// Number of pieces.
    let count: Int
    /// Characters of the longest piece.
    let longest: Int
    /// Beginnings of the pieces in `text`, and the end of the last; 32 bits each.
    nonisolated(unsafe) let offsets: UnsafeRawBufferPointer
    /// The hash table: rows of pieces, 16 bits each, 0xffff where empty.
    nonisolated(unsafe) let slots: UnsafeRawBufferPointer
    /// Ranges of equal class by their first character: character × 4 + class.
    nonisolated(unsafe) let classes: UnsafeRawBufferPointer
    /// Characters that become others, and where those begin in `into`; at last an end.
    nonisolated(unsafe) let folds: UnsafeRawBufferPointer
    /// The characters that others become, 32 bits each.
    nonisolated(unsafe) let into: UnsafeRawBufferPointer
    /// UTF-8 of all pieces.
    nonisolated(unsafe) let text: UnsafeRawBufferPointer

    static let longestWord = 100
    private static let seed: UInt32 = 0x811c_9dc5
    private static let empty: UInt16 = 0xffff
    /// The hash after `##`, with which pieces within a word begin.
    private static let continued = step(step(seed, UInt8(ascii: "#")), UInt8(ascii: "#"))

    @inline(__always)
    private static func step(_ hash: UInt32, _ byte: UInt8) -> UInt32 { (hash ^ UInt32(byte)) &* 0x0100_0193 }

    /// Calls with the row of each piece of a text of valid UTF-8; words that cannot be put together of pieces have none.
    func pieces(_ bytes: [UInt8], _ found: (Int) -> Void) {
        var word = Word()
        var place = 0
        while place < bytes.count {
            let character = Self.character(bytes, &place)
            if character < 0x80 {
                take(asciiLower(character), ascii(character), &word, found)
                continue
            }
            let kind = kind(of: character)
            switch kind {
            case .dropped: continue
            case .space: end(&word, found)
            case .separate:
                end(&word, found)
                fold(character) { word.append($0) }
                end(&word, found)
            case .letter: fold(character) { take($0, self.kind(of: $0), &word, found) }
            }
        }
        end(&word, found)
    }

    /// The piece of a row.
    func piece(_ row: Int) -> String { String(decoding: bytes(row), as: UTF8.self) }

    private func take(_ character: UInt32, _ kind: Class, _ word: inout Word, _ found: (Int) -> Void) {
        switch kind {
        case .dropped: break
        case .space: end(&word, found)
        case .letter: word.append(character)
        case .separate:
            end(&word, found)
            word.append(character)
            end(&word, found)
        }
    }

    @inline(__always)
    private func asciiLower(_ character: UInt32) -> UInt32 {
        character >= 0x41 && character <= 0x5a ? character + 0x20 : character
    }

    @inline(__always)
    private func ascii(_ character: UInt32) -> Class {
        switch character {
        case 0x61...0x7a, 0x41...0x5a, 0x30...0x39: .letter
        case 0x20, 0x09, 0x0a, 0x0d: .space
        case 0x00..<0x20, 0x7f: .dropped
        default: .separate
        }
    }

    /// The class of a character: of the last range that begins at or before it.
    private func kind(of character: UInt32) -> Class {
        if character < 0x80 { return ascii(character) }
        var (low, high) = (0, classes.count / 4)
        while low < high {
            let middle = (low + high) / 2
            if classes.number(at: middle * 4) >> 2 <= character { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? Class(rawValue: classes.number(at: (low - 1) * 4) & 3) ?? .letter : .letter
    }

    /// Calls with what a character becomes: itself in most cases.
    private func fold(_ character: UInt32, _ use: (UInt32) -> Void) {
        if character >= 0xac00, character <= 0xd7a3 {
            let place = character - 0xac00
            use(0x1100 + place / 588)
            use(0x1161 + place % 588 / 28)
            if place % 28 > 0 { use(0x11a7 + place % 28) }
            return
        }
        var (low, high) = (0, folds.count / 8 - 1)
        while low < high {
            let middle = (low + high) / 2
            if folds.number(at: middle * 8) < character { low = middle + 1 } else { high = middle }
        }
        guard low < folds.count / 8 - 1, folds.number(at: low * 8) == character else { return use(character) }
        let (start, end) = (Int(folds.number(at: low * 8 + 4)), Int(folds.number(at: low * 8 + 12)))
        guard start <= end, end - start <= 32, end <= into.count / 4 else { return }
        for place in start..<end {
            let found = into.number(at: place * 4)
            // Never a half of a pair: it has no UTF-8.
            if found <= 0x10ffff, !(0xd800...0xdfff).contains(found) { use(found) }
        }
    }

    /// The pieces of a word, longest first from its beginning; then it is empty.
    private func end(_ word: inout Word, _ found: (Int) -> Void) {
        defer { word.clear() }
        guard !word.bytes.isEmpty, word.characters <= Self.longestWord else { return }
        var start = 0
        while start < word.bytes.count {
            guard let match = longest(word.bytes, from: start) else {
                word.rows.removeAll(keepingCapacity: true)
                break
            }
            word.rows.append(match.row)
            start = match.end
        }
        for row in word.rows { found(row) }
    }

    private func longest(_ bytes: [UInt8], from start: Int) -> (row: Int, end: Int)? {
        var hash = start == 0 ? Self.seed : Self.continued
        var (place, characters) = (start, 0)
        var match: (row: Int, end: Int)?
        while place < bytes.count, characters < longest {
            repeat {
                hash = Self.step(hash, bytes[place])
                place += 1
            } while place < bytes.count && bytes[place] & 0xc0 == 0x80
            characters += 1
            if let row = row(hash, bytes, start, place) { match = (row, place) }
        }
        return match
    }

    private func row(_ hash: UInt32, _ bytes: [UInt8], _ start: Int, _ end: Int) -> Int? {
        let slotCount = slots.count / 2
        var slot = Int(hash) % slotCount
        for _ in 0..<slotCount {
            let row = slots.short(at: slot * 2)
            if row == Self.empty { return nil }
            if Int(row) < count {
                let piece = self.bytes(Int(row))
                let prefix = start == 0 ? 0 : 2
                if piece.count == end - start + prefix, isEqual(piece, bytes, start, prefix) { return Int(row) }
            }
            slot = slot + 1 == slotCount ? 0 : slot + 1
        }
        return nil
    }

    @inline(__always)
    private func isEqual(_ piece: UnsafeRawBufferPointer, _ bytes: [UInt8], _ start: Int, _ prefix: Int) -> Bool {
        if prefix > 0, piece[0] != UInt8(ascii: "#") || piece[1] != UInt8(ascii: "#") { return false }
        for place in prefix..<piece.count where piece[place] != bytes[start + place - prefix] { return false }
        return true
    }

    private func bytes(_ row: Int) -> UnsafeRawBufferPointer {
        let (start, end) = (Int(offsets.number(at: row * 4)), Int(offsets.number(at: row * 4 + 4)))
        guard start <= end, end <= text.count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: text[start..<end])
    }

    /// The character at a place of valid UTF-8, and the place after it.
    @inline(__always)
    private static func character(_ bytes: [UInt8], _ place: inout Int) -> UInt32 {
        let first = bytes[place]
        place += 1
        if first < 0x80 { return UInt32(first) }
        var value = first < 0xe0 ? UInt32(first & 0x1f) : first < 0xf0 ? UInt32(first & 0x0f) : UInt32(first & 0x07)
        while place < bytes.count, bytes[place] & 0xc0 == 0x80 {
            value = value << 6 | UInt32(bytes[place] & 0x3f)
            place += 1
        }
        return value
    }
}

/// The word that a tokenizer is reading.
private struct Word {
    var bytes: [UInt8] = []
    var characters = 0
    var rows: [Int] = []

    init() { bytes.reserveCapacity(64) }

    mutating func append(_ character: UInt32) {
        characters += 1
        // A word that is too long has no pieces: its rest needs no memory.
        guard characters <= WordPiece.longestWord else { return }
        switch character {
        case 0..<0x80: bytes.append(UInt8(character))
        case 0x80..<0x800: add(0xc0 | character >> 6, character)
        case 0x800..<0x10000: add(0xe0 | character >> 12, character >> 6, character)
        default: add(0xf0 | character >> 18, character >> 12, character >> 6, character)
        }
    }

    private mutating func add(_ first: UInt32, _ rest: UInt32...) {
        bytes.append(UInt8(truncatingIfNeeded: first))
        for value in rest { bytes.append(0x80 | UInt8(truncatingIfNeeded: value & 0x3f)) }
    }

    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        characters = 0
    }
}
