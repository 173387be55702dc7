import NimmerWave

/// Width of glyphs on a terminal: a table of our own, since the C library's depends on the locale and is not
/// visible to Swift.
extension Unicode.Scalar {
    /// 0 for what combines with the glyph before it or is not shown at all, 2 for wide East Asian glyphs and emoji, else 1.
    public var terminalColumns: Int {
        if value < 0x300 { return value < 0x20 || (0x7f...0x9f).contains(value) || value == 0xad ? 0 : 1 }
        if value < 0x1100 || (0x2000..<0x2e80).contains(value) {
            if isCombining { return 0 }
            return Self.wideSymbols.contains(value) ? 2 : 1
        }
        if isCombining { return 0 }
        switch value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
            0xa960...0xa97c, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff01...0xff60,
            0xffe0...0xffe6, 0x16fe0...0x18cff, 0x1b000...0x1b2ff, 0x1f004, 0x1f0cf, 0x1f18e, 0x1f191...0x1f19a,
            0x1f200...0x1f320, 0x1f32d...0x1f335, 0x1f337...0x1f37c, 0x1f37e...0x1f393, 0x1f3a0...0x1f3ca,
            0x1f3cf...0x1f3d3, 0x1f3e0...0x1f3f0, 0x1f3f4, 0x1f3f8...0x1f43e, 0x1f440, 0x1f442...0x1f4fc,
            0x1f4ff...0x1f53d, 0x1f54b...0x1f54e, 0x1f550...0x1f567, 0x1f57a, 0x1f595, 0x1f596, 0x1f5a4,
            0x1f5fb...0x1f64f, 0x1f680...0x1f6c5, 0x1f6cc, 0x1f6d0...0x1f6d2, 0x1f6d5...0x1f6df, 0x1f6eb, 0x1f6ec,
            0x1f6f4...0x1f6fc, 0x1f7e0...0x1f7eb, 0x1f90c...0x1f93a, 0x1f93c...0x1f945, 0x1f947...0x1f9ff,
            0x1fa70...0x1faff, 0x20000...0x3fffd:
            return 2
        default:
            return 1
        }
    }

    private var isCombining: Bool { isMark || isHidden }

    /// Symbols below the wide blocks that terminals show as emoji.
    private static let wideSymbols: Set<UInt32> = [
        0x231a, 0x231b, 0x2329, 0x232a, 0x23e9, 0x23ea, 0x23eb, 0x23ec, 0x23f0, 0x23f3, 0x25fd, 0x25fe, 0x2614, 0x2615,
        0x2648, 0x2649, 0x264a, 0x264b, 0x264c, 0x264d, 0x264e, 0x264f, 0x2650, 0x2651, 0x2652, 0x2653, 0x267f, 0x2693,
        0x26a1, 0x26aa, 0x26ab, 0x26bd, 0x26be, 0x26c4, 0x26c5, 0x26ce, 0x26d4, 0x26ea, 0x26f2, 0x26f3, 0x26f5, 0x26fa,
        0x26fd, 0x2705, 0x270a, 0x270b, 0x2728, 0x274c, 0x274e, 0x2753, 0x2754, 0x2755, 0x2757, 0x2795, 0x2796, 0x2797,
        0x27b0, 0x27bf, 0x2b1b, 0x2b1c, 0x2b50, 0x2b55,
    ]
}

extension StringProtocol {
    /// The columns that the text takes on a ``ScreenBuffer``: control characters are shown as a dot, one column each.
    public var terminalColumns: Int {
        var columns = 0
        for scalar in unicodeScalars { columns += Glyph(showing: scalar).columns }
        return columns
    }
}

/// Form of a scalar on the screen.
struct Glyph {
    var scalar: Unicode.Scalar
    var columns: Int

    /// Replaces what a terminal would act on, or not show, by a middle dot, so that no content can move the cursor, change colours or
    /// turn the direction of what follows; marks that combine are left to their letter, of which a cell has only one scalar. The
    /// letters of flags, which terminals pair or do not, become plain letters.
    @inline(always)
    init(showing scalar: Unicode.Scalar) {
        let value = scalar.value
        if value >= 0x20, value < 0x7f {
            self.scalar = scalar
            columns = 1
        } else {
            (self.scalar, columns) = Self.unusual(scalar)
        }
    }

    private static func unusual(_ scalar: Unicode.Scalar) -> (Unicode.Scalar, Int) {
        switch scalar.value {
        case 0x2500..<0x2a00: (scalar, scalar.terminalColumns)
        case 0x1f1e6...0x1f1ff: (Unicode.Scalar(UInt8(0x41 + scalar.value - 0x1f1e6)), 1)
        default: scalar.isHidden && !scalar.isVariation ? ("·", 1) : (scalar, scalar.terminalColumns)
        }
    }

    /// The printable ASCII character that stands for a glyph on a terminal that has nothing else.
    static func ascii(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0x20..<0x7f: scalar
        case 0xb7, 0x2022, 0x22c5: "."
        case 0x2026: "~"
        case 0x2010...0x2015, 0x2212, 0x2500...0x2501, 0x2504...0x2505, 0x2508...0x2509, 0x2550: "-"
        case 0x2502...0x2503, 0x2506...0x2507, 0x250a...0x250b, 0x2551: "|"
        case 0x250c...0x254f, 0x2552...0x2570: "+"
        case 0x2571: "/"
        case 0x2572: "\\"
        case 0x2580...0x2590, 0x2593...0x259f: "#"
        case 0x2591...0x2592: ":"
        case 0x2190, 0x25c0...0x25c3: "<"
        case 0x2192, 0x25b6...0x25b9: ">"
        case 0x2191, 0x25b2...0x25b5: "^"
        case 0x2193, 0x25bc...0x25bf: "v"
        case 0x2018...0x201b: "'"
        case 0x201c...0x201f: "\""
        case 0xd7: "x"
        default: "?"
        }
    }
}
