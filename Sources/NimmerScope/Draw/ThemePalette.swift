import NimmerTerminal
import NimmerWave

/// Theme of an oscilloscope.
public enum ScopeTheme: String, Sendable, Hashable, CaseIterable {
    /// Light text on dark.
    case dark
    /// Dark text on light.
    case light
    /// Text on black, with at least 7:1 where there are 256 colours or more.
    case highContrast = "high-contrast"

    /// The theme that fits a terminal's background, `0xRRGGBB`.
    public init(background: UInt32) {
        let (red, green, blue) = (background >> 16 & 255, background >> 8 & 255, background & 255)
        self = red * 299 + green * 587 + blue * 114 > 127_500 ? .light : .dark
    }

    /// The theme after this one, and the first after the last.
    var next: ScopeTheme {
        switch self {
        case .dark: .light
        case .light: .highContrast
        case .highContrast: .dark
        }
    }
}

/// Colours of a theme. Text of every colour has a contrast of at least 4.5:1 on every background of its theme, among the 256 and, with the
/// colours that xterm gives them, among the 16, too (ThemeContrastTests).
struct ThemePalette: Sendable {
    /// Colours of an environment.
    struct Tint: Sendable {
        let back, bar, onBar, quietOnBar, chip, onChip: Color
    }

    private struct Inks: Sendable {
        let text, strong, quiet, faint, good, bad, warning, accent: Color
    }

    private let kind: ScopeTheme
    private let inks: Inks
    private let nervous, cognitive, organs: [Color]
    let selection, cursorColumn, openColumn: Color

    init(_ kind: ScopeTheme) {
        self =
            switch kind {
            case .dark: Self.dark
            case .light: Self.light
            case .highContrast: Self.highContrast
            }
    }

    private static let dark = Self(dark: ())
    private static let light = Self(light: ())
    private static let highContrast = Self(highContrast: ())

    private init(dark: Void) {
        kind = .dark
        nervous = [
            Color(0x4fd1d9, index: 6), Color(0x9fe8c4, index: 14), Color(0x6fb5ff, index: 6),
            Color(0xc4f2f6, index: 14),
            Color(0x2fc4a0, index: 6), Color(0xaec9ff, index: 14),
        ]
        cognitive = [0xb692ff, 0xe59cf5, 0x94a2ff, 0xdcc9ff, 0xf7b3e2].map { Color($0, index: 13) }
        organs = [0xff8a6b, 0xffc29b, 0xff8fb0, 0xe8b45c, 0xffd9d0].map { Color($0, index: 9) }
        inks = Inks(
            text: Color(0xc6d0d6, index: 7), strong: Color(0xf2f6f8, index: 15), quiet: Color(0x96a3ab, index: 7),
            faint: Color(0x3b4a50, index: 8), good: Color(0x63d98a, index: 2), bad: Color(0xff7b7f, index: 15),
            warning: Color(0xffbd5e, index: 3), accent: Color(0xf0e6a0, index: 11))
        selection = Color(0x24343d, index: 0)
        cursorColumn = Color(0x2b3a24, index: 0)
        openColumn = Color(0x10311f, index: 0)
    }

    private init(light: Void) {
        kind = .light
        nervous = [
            Color(0x005f68, index: 4), Color(0x1a4f9c, index: 12), Color(0x2c6100, index: 4),
            Color(0x3c3fc0, index: 12),
            Color(0x1d3f4a, index: 4),
        ]
        cognitive = [0x5b2fc0, 0x8c1a8f, 0x2f2f8f, 0x45266e, 0x7d1f5e].map { Color($0, index: 5) }
        organs = [0x96430f, 0xa31452, 0x6b4a1a, 0x7a1f1f].map { Color($0, index: 1) }
        inks = Inks(
            text: Color(0x25303a, index: 0), strong: Color(0x000000, index: 0), quiet: Color(0x4f5b64, index: 0),
            faint: Color(0xb9c4ca, index: 8), good: Color(0x00592b, index: 0), bad: Color(0xa3131b, index: 15),
            warning: Color(0x7a4300, index: 0), accent: Color(0x5a4a00, index: 4))
        selection = Color(0xe6eff5, index: 15)
        cursorColumn = Color(0xeaf3e2, index: 15)
        openColumn = Color(0xdcf5e5, index: 15)
    }

    private init(highContrast: Void) {
        kind = .highContrast
        nervous = [
            Color(0x5ff0ff, index: 14), Color(0xaeffd6, index: 6), Color(0x8fc8ff, index: 14),
            Color(0xd9fbff, index: 6),
            Color(0x4fe8c0, index: 14), Color(0xc4d7ff, index: 6),
        ]
        cognitive = [0xcdb3ff, 0xf5b8ff, 0xb3bdff, 0xe8dcff, 0xffc4ee].map { Color($0, index: 13) }
        organs = [0xffab94, 0xffd2b3, 0xffadc4, 0xf5c878, 0xffe6e0].map { Color($0, index: 9) }
        inks = Inks(
            text: Color(0xffffff, index: 15), strong: Color(0xffffff, index: 15), quiet: Color(0xd0d8dc, index: 7),
            faint: Color(0x7c8a92, index: 8), good: Color(0x7dffa8, index: 10), bad: Color(0xffb3b5, index: 15),
            warning: Color(0xffcf7a, index: 11), accent: Color(0xffff8a, index: 11))
        selection = Color(0x1c2b36, index: 0)
        cursorColumn = Color(0x26331f, index: 0)
        openColumn = Color(0x0a2a18, index: 0)
    }

    /// Colours of a failure, as it stands in a bar.
    var alarm: (text: Color, back: Color) {
        let back: UInt32 = kind == .highContrast ? 0x7a0000 : 0x9b1c22
        return (Color(0xfff1f0, index: 15), Color(back, index: 1))
    }

    /// Colour of a meaning.
    func color(_ ink: Ink) -> Color {
        switch ink {
        case .nervous: nervous[0]
        case .cognitive: cognitive[0]
        case .organs: organs[0]
        case .text: inks.text
        case .strong: inks.strong
        case .quiet: inks.quiet
        case .faint: inks.faint
        case .good: inks.good
        case .bad: inks.bad
        case .warning: inks.warning
        case .accent: inks.accent
        }
    }

    /// The shades of a world's colour; the first is the world's own.
    func shades(_ domain: SubjectDomain) -> [Color] {
        switch domain {
        case .nervous: nervous
        case .cognitive: cognitive
        case .organs: organs
        }
    }

    /// Colours of an environment: dev green, staging amber, prod blue.
    func tint(_ environment: Environment) -> Tint {
        let rgb: (back: UInt32, bar: UInt32, chip: UInt32) =
            switch (kind, environment) {
            case (.dark, .dev): (0x0b120e, 0x14301f, 0x2f9e5b)
            case (.dark, .staging): (0x14100a, 0x33240c, 0xc98a1b)
            case (.dark, .prod): (0x0a0f17, 0x12274a, 0x4f8cf0)
            case (.light, .dev): (0xf4faf6, 0xcdebd8, 0x1f7a45)
            case (.light, .staging): (0xfdf8ef, 0xf5e2bd, 0x7a5000)
            case (.light, .prod): (0xf3f7fd, 0xcfe0fa, 0x2459b8)
            case (.highContrast, .dev): (0x000000, 0x0a3a1c, 0x5fe08f)
            case (.highContrast, .staging): (0x000000, 0x402a00, 0xffc04a)
            case (.highContrast, .prod): (0x000000, 0x0a2560, 0x8ab8ff)
            }
        let text: (onBar: UInt32, quiet: UInt32, onChip: UInt32) =
            switch kind {
            case .dark: (0xdfe7e2, 0xa3b3aa, 0x08110b)
            case .light: (0x10231a, 0x3c4f45, 0xffffff)
            case .highContrast: (0xffffff, 0xe0e6e3, 0x000000)
            }
        let bar: UInt8 = environment == .dev ? 2 : environment == .staging ? 3 : 4
        let onBar: UInt8 = environment == .prod ? 15 : 0
        return Tint(
            back: Color(rgb.back, index: kind == .light ? 15 : 0), bar: Color(rgb.bar, index: bar),
            onBar: Color(text.onBar, index: onBar), quietOnBar: Color(text.quiet, index: onBar),
            chip: Color(rgb.chip, index: bar), onChip: Color(text.onChip, index: onBar))
    }
}
