import NimmerTerminal
import NimmerWave

/// Small bars of one cell.
enum Bars {
    private static let eighths: [Unicode.Scalar] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    private static let plain: [Unicode.Scalar] = [" ", ".", ".", ":", ":", "+", "+", "#", "#"]
    private static let across: [Unicode.Scalar] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]

    /// A bar as high as a part of one; whatever is more than nothing is seen.
    static func level(_ part: Double, _ glyphs: GlyphLevel) -> Unicode.Scalar {
        let step = part <= 0 ? 0 : max(1, min(8, Int(saturating: (part * 8).rounded())))
        return glyphs == .ascii ? plain[step] : eighths[step]
    }

    /// A bar as long as a part of one cell, from its left edge.
    static func length(_ part: Double, _ glyphs: GlyphLevel) -> Unicode.Scalar {
        let step = max(0, min(8, Int(saturating: (part * 8).rounded())))
        if glyphs == .ascii { return step >= 4 ? "#" : " " }
        return across[step]
    }

    /// The same from its right edge: half a cell or a whole one.
    static func lengthBack(_ part: Double, _ glyphs: GlyphLevel) -> Unicode.Scalar {
        if part < 0.25 { return " " }
        if glyphs == .ascii { return part >= 0.5 ? "#" : " " }
        return part < 0.75 ? "▐" : "█"
    }
}
