import NimmerTerminal
import NimmerWave

/// Styles of meanings (oscilloscope.md, The visual language): the environment as tint, the worlds as colours. Every
/// colour names what stands for it among the 16 by hand. A theme paints its own background, so that its text is legible on every terminal.
struct Theme: Sendable {
    /// Behind everything: a breath of the environment's colour where there are colours enough.
    let background: Color
    /// The header and the lost server's banner.
    let header: Style
    let headerQuiet: Style
    let chip: Style
    let alarm: Style
    /// The selected line.
    private let selection: Color
    private let cursorColumn: Color
    private let openColumn: Color
    private let palette: ThemePalette
    private let hasColors: Bool
    private let isBasic: Bool

    init(_ environment: Environment, _ depth: ColorDepth, _ kind: ScopeTheme) {
        palette = ThemePalette(kind)
        hasColors = depth != .none
        isBasic = depth == .basic
        let tint = palette.tint(environment)
        guard hasColors else {
            (background, selection, cursorColumn, openColumn) = (.standard, .standard, .standard, .standard)
            header = Style(reverse: true)
            headerQuiet = Style(reverse: true)
            chip = Style(bold: true, reverse: true)
            alarm = Style(bold: true, reverse: true)
            return
        }
        background = tint.back
        header = Style(foreground: tint.onBar, background: tint.bar)
        headerQuiet = Style(foreground: isBasic ? tint.onBar : tint.quietOnBar, background: tint.bar)
        chip = Style(foreground: tint.onChip, background: tint.chip, bold: true)
        alarm = Style(foreground: palette.alarm.text, background: palette.alarm.back, bold: true)
        // Where there are only 16, reverse and signs mark what a tint marks elsewhere.
        selection = isBasic ? .standard : palette.selection
        cursorColumn = isBasic ? .standard : palette.cursorColumn
        openColumn = isBasic ? .standard : palette.openColumn
    }

    /// Style of a meaning.
    func style(_ ink: Ink) -> Style {
        let isBold =
            switch ink {
            case .strong, .good, .bad, .warning, .accent: true
            default: false
            }
        guard hasColors else { return Style(bold: isBold, dim: ink == .quiet || ink == .faint) }
        // No red among the 16 is legible on black and different from that of organs: CLOSED stands on red.
        let behind = isBasic && ink == .bad ? Self.basicRed : background
        return Style(foreground: palette.color(ink), background: behind, bold: isBold)
    }

    /// Style of a shape, such as a bar, of a meaning.
    func shape(_ ink: Ink) -> Style {
        let style = style(ink)
        return style.background == background
            ? style : style.with(foreground: style.background, background: background)
    }

    /// Style of a meaning over what stands behind it.
    func style(_ ink: Ink, over behind: Color) -> Style {
        let style = style(ink)
        return style.background == background ? style.with(background: behind) : style
    }

    private static let basicRed = Color(0xcd0000, index: 1)

    /// Number of shades of a world's colour that can be distinguished; 1 without colours.
    func shades(_ domain: SubjectDomain) -> Int {
        guard hasColors else { return 1 }
        let all = palette.shades(domain)
        // The first two differ where there are two among the 16.
        return isBasic ? (all[0].index == all[1].index ? 1 : 2) : all.count
    }

    /// Style of an origin by its place among those of its lane; of more origins than shades several share one.
    func style(_ domain: SubjectDomain, shade place: Int) -> Style {
        guard hasColors else { return style(Ink(domain)) }
        return Style(foreground: palette.shades(domain)[place % shades(domain)], background: background)
    }

    /// Marks a selected line: by its colour, and by weight or reverse without one.
    func select(_ style: inout Style) {
        if selection.isStandard {
            style.reverse = true
        } else if style.background == background {
            style.background = selection
        }
    }

    /// Marks a stretch by its colour alone, where something else shows the same.
    func tint(_ style: inout Style) {
        if !selection.isStandard { style.background = selection }
    }

    /// Marks the cursor's column.
    func point(_ style: inout Style) {
        if !cursorColumn.isStandard { style.background = cursorColumn }
    }

    /// Marks the time in which a gate is open.
    func open(_ style: inout Style) {
        if !openColumn.isStandard, style.background == background { style.background = openColumn }
    }

    /// Every background on which text of any meaning may stand.
    var backgrounds: [Color] { [background, selection, cursorColumn, openColumn].filter { !$0.isStandard } }
}
