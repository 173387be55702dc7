import NimmerTerminal
import NimmerWave

/// Styles of meanings (oscilloscope.md, The visual language): the environment as tint, the worlds as colours. Every
/// colour names what stands for it among the 16 by hand.
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
    private let depth: ColorDepth

    init(_ environment: Environment, _ depth: ColorDepth) {
        self.depth = depth
        let isRich = depth == .truecolor || depth == .indexed
        let tints: (back: UInt32, bar: UInt32, chip: UInt32, index: UInt8) =
            switch environment {
            case .dev: (0x0b120e, 0x14301f, 0x2f9e5b, 2)
            case .staging: (0x14100a, 0x33240c, 0xc98a1b, 3)
            case .prod: (0x0a0f17, 0x12274a, 0x3f7fe0, 4)
            }
        let back = depth == .truecolor ? Color(tints.back, index: 0) : .standard
        background = back
        let bar = Color(tints.bar, index: tints.index)
        let onBar = isRich ? Color(0xdfe7e2, index: 15) : Color(0, index: environment == .prod ? 15 : 0)
        if depth == .none {
            header = Style(reverse: true)
            headerQuiet = Style(reverse: true)
            chip = Style(bold: true, reverse: true)
            alarm = Style(bold: true, reverse: true)
        } else {
            header = Style(foreground: onBar, background: bar)
            headerQuiet = Style(foreground: isRich ? Color(0x93a59a, index: 7) : onBar, background: bar)
            chip = Style(
                foreground: isRich ? Color(0x08110b, index: 0) : onBar,
                background: Color(tints.chip, index: tints.index), bold: true)
            alarm = Style(foreground: Color(0xfff1f0, index: 15), background: Color(0x9b1c22, index: 1), bold: true)
        }
        selection = isRich ? Color(0x24343d, index: 0) : .standard
        cursorColumn = isRich ? Color(0x2b3a24, index: 0) : .standard
        openColumn = isRich ? Color(0x10311f, index: 0) : .standard
    }

    /// Style of a meaning.
    func style(_ ink: Ink) -> Style {
        let style: Style
        switch ink {
        case .text: style = Style(foreground: Color(0xc6d0d6, index: 7))
        case .strong: style = Style(foreground: Color(0xf2f6f8, index: 15), bold: true)
        case .quiet:
            style = Style(foreground: Color(0x7d8b94, index: depth == .basic ? 7 : 8), dim: depth != .truecolor)
        case .faint: style = Style(foreground: Color(0x3b4a50, index: 8), dim: depth == .none)
        case .nervous: style = Style(foreground: Color(0x4fd1d9, index: 6))
        case .cognitive: style = Style(foreground: Color(0xb692ff, index: 5))
        case .organs: style = Style(foreground: Color(0xff8a6b, index: 9))
        case .good: style = Style(foreground: Color(0x63d98a, index: 2), bold: true)
        case .bad: style = Style(foreground: Color(0xf0555a, index: 1), bold: true)
        case .warning: style = Style(foreground: Color(0xffbd5e, index: 3), bold: true)
        case .accent: style = Style(foreground: Color(0xf0e6a0, index: 11), bold: true)
        }
        return style.with(background: background)
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
}
