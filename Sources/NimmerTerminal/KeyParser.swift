/// Reads what a terminal sends: bytes become keys, however they are cut into pieces.
///
/// An Escape by itself and the beginning of a sequence are the same byte; they are distinguished by time, which is an argument:
/// what has waited for longer than the timeout is taken as it is. What no key sends (answers of the terminal, junk) is
/// swallowed.
public struct KeyParser: Sendable {
    /// Timeout of the rest of a sequence.
    public let timeout: Duration
    private var pending: [UInt8] = []
    private var pasted: [UInt8]?
    private var since = Duration.zero

    /// Limit of one paste and one sequence; the rest is dropped.
    static let maximumPaste = 65_536
    static let maximumSequence = 256

    /// A parser that waits so long for the rest of a sequence.
    public init(timeout: Duration = .milliseconds(40)) {
        self.timeout = timeout
    }

    /// Latest time to call ``read(_:at:)``, with no bytes if none came; nil when nothing waits.
    public var deadline: Duration? {
        if pasted != nil { return since + timeout * 50 }
        return pending.isEmpty ? nil : since + timeout
    }

    /// The keys that are complete now.
    ///
    /// - Parameters:
    ///   - bytes: what was read; empty when only time has passed.
    ///   - now: the time since any fixed moment.
    public mutating func read(_ bytes: some Sequence<UInt8>, at now: Duration) -> [Key] {
        var keys: [Key] = []
        if let deadline, now >= deadline { expire(&keys) }
        for byte in bytes {
            since = now
            take(byte, &keys)
        }
        return keys
    }

    /// Takes what waits as it is.
    private mutating func expire(_ keys: inout [Key]) {
        if let text = pasted {
            pasted = nil
            keys.append(.paste(String(decoding: text, as: UTF8.self)))
        }
        let waiting = pending
        pending = []
        guard waiting.first == 0x1b else { return }
        if waiting.count == 1 {
            keys.append(.escape)
        } else if waiting.count == 2, let key = Self.alt(waiting[1]) {
            keys.append(key)
        }
    }

    private mutating func take(_ byte: UInt8, _ keys: inout [Key]) {
        if pasted != nil {
            paste(byte, &keys)
        } else if pending.isEmpty {
            start(byte, &keys)
        } else if pending[0] == 0x1b {
            sequence(byte, &keys)
        } else {
            letter(byte, &keys)
        }
    }

    private mutating func start(_ byte: UInt8, _ keys: inout [Key]) {
        switch byte {
        case 0x1b, 0xc2...0xf4: pending = [byte]
        case 0x0a, 0x0d: keys.append(.enter)
        case 0x09: keys.append(.tab)
        case 0x08, 0x7f: keys.append(.backspace)
        case 0x00..<0x20: keys.append(.control(Self.controlled(byte)))
        case 0x20..<0x7f: keys.append(.character(Character(Unicode.Scalar(byte))))
        default: break
        }
    }

    /// The letter that Ctrl was held with: `a` for 1, `@` for 0.
    private static func controlled(_ byte: UInt8) -> Character {
        Character(Unicode.Scalar(1...26 ~= byte ? byte + 0x60 : byte + 0x40))
    }

    private static func alt(_ byte: UInt8) -> Key? {
        0x20..<0x7f ~= byte ? .alt(Character(Unicode.Scalar(byte))) : nil
    }

    /// The rest of a character beyond ASCII.
    private mutating func letter(_ byte: UInt8, _ keys: inout [Key]) {
        guard 0x80...0xbf ~= byte else {
            pending = []
            return start(byte, &keys)
        }
        pending.append(byte)
        let length = pending[0] < 0xe0 ? 2 : pending[0] < 0xf0 ? 3 : 4
        guard pending.count == length else { return }
        if let text = String(validating: pending, as: UTF8.self), let scalar = text.unicodeScalars.first,
            !(0x80...0x9f ~= scalar.value)
        {
            keys.append(.character(Character(scalar)))
        }
        pending = []
    }

    private mutating func sequence(_ byte: UInt8, _ keys: inout [Key]) {
        if byte == 0x1b {
            // Strings end with ESC \, which the next byte completes; anything else starts over.
            if pending.count == 1 { keys.append(.escape) }
            if pending.count > 2, Self.isString(pending[1]) { answer(&keys) }
            pending = pending.count > 2 && Self.isString(pending[1]) ? [0x1b, 0x58] : [0x1b]
            return
        }
        if pending.count > 2, pending[1] == UInt8(ascii: "["), pending[2] == UInt8(ascii: "M") {
            return oldMouse(byte, &keys)
        }
        if byte < 0x20 || byte >= 0x7f {
            let isString = pending.count > 1 && Self.isString(pending[1])
            if isString, byte >= 0x80 || byte != 0x07 && byte != 0x18 { return }
            if isString, byte == 0x07 { answer(&keys) }
            let wasAlone = pending.count == 1
            pending = []
            if isString || (!wasAlone && byte == 0x18) { return }
            if wasAlone { keys.append(.escape) }
            return start(byte, &keys)
        }
        pending.append(byte)
        switch pending[1] {
        case UInt8(ascii: "["):
            if pending.count == 2 { return }
            if pending.count == 3, byte == UInt8(ascii: "[") || byte == UInt8(ascii: "M") { return }
            if pending.count == 4, pending[2] == UInt8(ascii: "[") {
                if 0x41...0x45 ~= byte { keys.append(.function(Int(byte) - 0x40)) }
                pending = []
            } else if 0x40...0x7e ~= byte {
                control(&keys)
            } else if pending.count > Self.maximumSequence {
                pending = []
            }
        case UInt8(ascii: "O"):
            if pending.count == 2 { return }
            if let key = Self.named(byte) ?? (byte == UInt8(ascii: "M") ? .enter : nil) { keys.append(key) }
            pending = []
        case let kind where Self.isString(kind):
            if pending.count == 3, kind == 0x58, byte == UInt8(ascii: "\\") { pending = [] }
            if pending.count > Self.maximumSequence { pending.removeLast() }
        default:
            if let key = Self.alt(byte) { keys.append(key) }
            pending = []
        }
    }

    /// Returns whether ESC and this byte begin a string that ends with BEL or ESC \: `]`, `P`, `X`, `^`, `_`.
    private static func isString(_ byte: UInt8) -> Bool {
        [0x5d, 0x50, 0x58, 0x5e, 0x5f].contains(byte)
    }

    /// A whole `ESC [ …`.
    private mutating func control(_ keys: inout [Key]) {
        let final = pending[pending.count - 1]
        // What begins with one of `<=>?` is the mouse or an answer of the terminal.
        if 0x3c...0x3f ~= pending[2], pending.count > 3 {
            if pending[2] == UInt8(ascii: "<"), final == UInt8(ascii: "M") {
                let numbers = pending[3..<(pending.count - 1)].split(
                    separator: UInt8(ascii: ";"), omittingEmptySubsequences: false
                ).map { digits in
                    digits.allSatisfy { 0x30...0x39 ~= $0 } ? Int(String(decoding: digits, as: UTF8.self)) : nil
                }
                if numbers.count == 3, let code = numbers[0], let column = numbers[1], let row = numbers[2],
                    let pointer = Pointer(code: code, column: column, row: row)
                {
                    keys.append(.mouse(pointer))
                }
            }
            pending = []
            return
        }
        let numbers = pending[2..<(pending.count - 1)].split(
            separator: UInt8(ascii: ";"), omittingEmptySubsequences: false
        )
        .map { Int(String(decoding: $0, as: UTF8.self)) }
        pending = []
        let first = numbers.first.flatMap { $0 } ?? 1
        let shift = numbers.count > 1 && ((numbers[1] ?? 1) &- 1) & 1 == 1
        if final == UInt8(ascii: "~") {
            switch first {
            case 200: pasted = []
            case 1, 7: keys.append(.home)
            case 2: keys.append(.insert)
            case 3: keys.append(.delete)
            case 4, 8: keys.append(.end)
            case 5: keys.append(.pageUp)
            case 6: keys.append(.pageDown)
            case 11...15: keys.append(.function(first - 10))
            case 17...21: keys.append(.function(first - 11))
            case 23, 24: keys.append(.function(first - 12))
            default: break
            }
            return
        }
        let shifted: [UInt8: Key] = [0x61: .shiftUp, 0x62: .shiftDown, 0x63: .shiftRight, 0x64: .shiftLeft]
        if let key = shifted[final] ?? Self.named(final, shift: shift) { keys.append(key) }
    }

    /// The mouse as old terminals report it: `ESC [ M` and three bytes, which may be of any value from 32.
    private mutating func oldMouse(_ byte: UInt8, _ keys: inout [Key]) {
        guard byte >= 0x20 else {
            pending = []
            return start(byte, &keys)
        }
        pending.append(byte)
        guard pending.count == 6 else { return }
        let numbers = pending[3...].map { Int($0) - 32 }
        pending = []
        if let pointer = Pointer(code: numbers[0], column: numbers[1], row: numbers[2]) { keys.append(.mouse(pointer)) }
    }

    /// A whole string that the terminal sent: of all answers the one to what its background is, `]11;rgb:RRRR/GGGG/BBBB`.
    private func answer(_ keys: inout [Key]) {
        let text = String(decoding: pending.dropFirst(), as: UTF8.self)
        guard let rest = text.dropped(prefix: "]11;rgb:") ?? text.dropped(prefix: "]11;rgba:") else { return }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        let values = parts.prefix(3).map { part -> UInt32? in
            guard 1...4 ~= part.utf8.count, let value = UInt32(part, radix: 16) else { return nil }
            return value * 255 / (1 << UInt32(4 * part.utf8.count) - 1)
        }
        guard values.count == 3, let red = values[0], let green = values[1], let blue = values[2] else { return }
        keys.append(.background(red << 16 | green << 8 | blue))
    }

    private static func named(_ final: UInt8, shift: Bool = false) -> Key? {
        switch Unicode.Scalar(final) {
        case "A": shift ? .shiftUp : .up
        case "B": shift ? .shiftDown : .down
        case "C": shift ? .shiftRight : .right
        case "D": shift ? .shiftLeft : .left
        case "H": .home
        case "F": .end
        case "Z": .backTab
        case "P", "Q", "R", "S": .function(Int(final) - 0x4f)
        default: nil
        }
    }

    private static let pasteEnd: [UInt8] = [0x1b, 0x5b, 0x32, 0x30, 0x31, 0x7e]

    private mutating func paste(_ byte: UInt8, _ keys: inout [Key]) {
        pasted?.append(byte)
        if byte == 0x7e, let text = pasted, text.suffix(Self.pasteEnd.count).elementsEqual(Self.pasteEnd) {
            pasted = nil
            keys.append(.paste(String(decoding: text.dropLast(Self.pasteEnd.count), as: UTF8.self)))
        } else if let count = pasted?.count, count > Self.maximumPaste {
            // What does not fit is dropped, but the end must still be seen.
            pasted?.removeSubrange((Self.maximumPaste - 16)..<(count - 8))
        }
    }
}

extension String {
    /// The text behind a beginning; nil when it begins otherwise.
    fileprivate func dropped(prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
