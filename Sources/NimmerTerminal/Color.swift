/// A colour of the screen: what it is on a terminal with 24-bit colour, and which of the 16 stands for it where there are
/// only those (oscilloscope.md, The visual language: the 16-colour palette is made by hand, since the nearest of the 16 by
/// distance may be a colour that means something else).
public struct Color: Hashable, Sendable {
    /// Bits 0–23 are red, green and blue; bits 24–27 the index of the 16; bit 28 is set except for ``standard``.
    private let bits: UInt32

    /// Default colour of the terminal.
    public static let standard = Color(bits: 0)

    private init(bits: UInt32) { self.bits = bits }

    /// A colour as `0xRRGGBB`, and the index 0…15 of what stands for it among the 16 (0–7 black, red, green, yellow, blue,
    /// magenta, cyan, white; 8–15 the bright ones). Only the low bits of either count.
    public init(_ rgb: UInt32, index: UInt8) {
        bits = 1 << 28 | UInt32(index & 15) << 24 | rgb & 0xff_ffff
    }

    /// Indicates whether it is what the terminal itself uses.
    public var isStandard: Bool { bits == 0 }
    /// `0xRRGGBB`.
    public var rgb: UInt32 { bits & 0xff_ffff }
    /// Index among the 16 that stands for it.
    public var index: UInt8 { UInt8(bits >> 24 & 15) }
    /// 0…255.
    public var red: UInt8 { UInt8(bits >> 16 & 255) }
    /// 0…255.
    public var green: UInt8 { UInt8(bits >> 8 & 255) }
    /// 0…255.
    public var blue: UInt8 { UInt8(bits & 255) }

    /// The nearest of the 256: of the 6×6×6 cube (16–231) and the grey ramp (232–255).
    public var index256: UInt8 {
        let levels: [Int] = [0, 95, 135, 175, 215, 255]
        func nearest(_ value: UInt8) -> Int {
            let value = Int(value)
            return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40
        }
        let (red, green, blue) = (Int(red), Int(green), Int(blue))
        let (r, g, b) = (nearest(self.red), nearest(self.green), nearest(self.blue))
        func distance(_ x: Int, _ y: Int, _ z: Int) -> Int {
            (x - red) * (x - red) + (y - green) * (y - green) + (z - blue) * (z - blue)
        }
        let step = max(0, min(23, ((red + green + blue) / 3 - 3) / 10))
        let grey = 8 + 10 * step
        if distance(grey, grey, grey) < distance(levels[r], levels[g], levels[b]) { return UInt8(232 + step) }
        return UInt8(16 + 36 * r + 6 * g + b)
    }

    /// The names of the 16, as style dumps write them.
    static let names = [
        "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "gray", "bright-red", "bright-green",
        "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan", "bright-white",
    ]
}

/// Number of colours of a terminal.
public enum ColorDepth: String, Sendable, CaseIterable {
    /// 24 bits.
    case truecolor
    /// The 256 of xterm.
    case indexed = "256"
    /// The 16.
    case basic = "16"
    /// None: bold, dim, underline and reverse remain.
    case none
}

/// Glyphs that a terminal can show.
public enum GlyphLevel: String, Sendable, CaseIterable {
    /// Braille patterns: 2×4 dots a cell.
    case braille
    /// Block elements: 1×8 or 2×2 a cell.
    case blocks
    /// Nothing but printable ASCII.
    case ascii
}
