import ArgumentParser
import NimmerOutput
import NimmerTerminal

/// Options of drawing, for the commands that draw a screen.
struct ScreenOptions: ParsableArguments {
    /// Value of `--color`: when to colour, and with how many colours.
    enum Color: String, ExpressibleByArgument, CaseIterable {
        case auto, always, never, truecolor
        case indexed = "256"
        case basic = "16"
    }

    @Option(
        help: ArgumentHelp(
            "Colour: auto (what the terminal can), always, never, or so many: truecolor, 256, 16.", valueName: "when"))
    var color: Color = .auto

    @Option(
        help: ArgumentHelp(
            "What to draw with: braille, blocks or ascii. Default: by the locale and the kind of terminal.",
            valueName: "level"))
    var glyphs: GlyphLevel?

    @Flag(help: "Lines instead of the screen, on a terminal too.")
    var lines = false

    /// Indicates whether there is a terminal that a screen can be drawn on, and lines were not asked for.
    var wantsScreen: Bool { !lines && Console.isTerminal && abilities.canDraw }

    /// Abilities of the terminal.
    var abilities: TerminalAbilities {
        let wish: TerminalAbilities.ColorPreference =
            switch color {
            case .auto: .automatic
            case .always: .always
            case .never: .depth(.none)
            case .truecolor: .depth(.truecolor)
            case .indexed: .depth(.indexed)
            case .basic: .depth(.basic)
            }
        return TerminalAbilities(color: wish, glyphs: glyphs, variable: ProcessEnvironment.variable)
    }

    /// For lines.
    var paint: Paint {
        switch color {
        case .auto: Paint(.auto)
        case .never: Paint(.never)
        default: Paint(.always)
        }
    }
}

extension GlyphLevel: ExpressibleByArgument {}
