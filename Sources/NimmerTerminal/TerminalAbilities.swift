/// Abilities of a terminal, derived from the environment of the process (oscilloscope.md, Must).
public struct TerminalAbilities: Hashable, Sendable {
    /// Number of colours.
    public var depth: ColorDepth
    /// Glyphs.
    public var glyphs: GlyphLevel
    /// Indicates whether the background is light, as COLORFGBG states it; nil when nothing states it.
    public var isLight: Bool?
    /// Indicates whether a screen can be drawn at all; a terminal that calls itself dumb, or nothing, gets lines.
    public var canDraw: Bool

    /// Value of `--color`.
    public enum ColorPreference: Hashable, Sendable {
        /// As the terminal can, unless NO_COLOR is set.
        case automatic
        /// At least 16, whatever the environment states.
        case always
        /// Exactly this.
        case depth(ColorDepth)
    }

    /// Finds out.
    ///
    /// - Parameters:
    ///   - color: what was asked for.
    ///   - glyphs: what was asked for; nil: found out from the locale and the kind of terminal.
    ///   - variable: the environment variables; asked for NO_COLOR, COLORTERM, TERM, STY, TMUX, COLORFGBG, LC_ALL, LC_CTYPE and LANG.
    public init(color: ColorPreference = .automatic, glyphs: GlyphLevel? = nil, variable: (String) -> String?) {
        func value(_ name: String) -> String { variable(name) ?? "" }
        let kind = value("TERM")
        // `15;0`, or with the default between both: the last number is that of the background.
        isLight = value("COLORFGBG").split(separator: ";").last.flatMap { Int($0) }.map { $0 == 7 || 9...15 ~= $0 }
        canDraw = !["", "dumb", "unknown"].contains(kind)
        let found = Self.depth(
            kind: kind, colorTerm: value("COLORTERM"), isPlainScreen: !value("STY").isEmpty && value("TMUX").isEmpty)
        depth =
            switch color {
            case .automatic: value("NO_COLOR").isEmpty ? found : .none
            case .always: found == .none ? .basic : found
            case .depth(let depth): depth
            }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(value).first { !$0.isEmpty } ?? ""
        let isUTF8 = locale.lowercased().contains("utf-8") || locale.lowercased().contains("utf8")
        // The fonts of the Linux console have blocks and no braille.
        self.glyphs = glyphs ?? (!isUTF8 ? .ascii : kind == "linux" ? .blocks : .braille)
    }

    /// GNU screen passes COLORTERM on from outside, but not 24-bit colours.
    private static func depth(kind: String, colorTerm: String, isPlainScreen: Bool) -> ColorDepth {
        if ["", "dumb", "unknown"].contains(kind) || kind.hasPrefix("vt1") || kind.hasPrefix("vt2")
            || kind.hasSuffix("-mono") || kind.hasSuffix("-m")
        {
            return .none
        }
        let modern = ["kitty", "alacritty", "foot", "wezterm", "ghostty", "contour", "direct", "truecolor"]
        if !isPlainScreen,
            ["truecolor", "24bit"].contains(colorTerm) || modern.contains(where: { kind.contains($0) })
        {
            return .truecolor
        }
        return kind.contains("256color") || isPlainScreen ? .indexed : .basic
    }
}
