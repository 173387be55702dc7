import ArgumentParser
import NimmerOutput
import NimmerScope
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

    @Option(
        help: ArgumentHelp(
            """
            Colours of the screen: auto (as the terminal's background is, where it is known, else dark), dark, light, \
            high-contrast. Default: NIMMER_THEME, else auto.
            """, valueName: "name"))
    var theme: Theme?

    @Flag(help: "Leave the mouse to the terminal, which selects text with it.")
    var noMouse = false

    /// Value of `--theme`.
    enum Theme: String, ExpressibleByArgument, CaseIterable {
        case auto, dark, light
        case highContrast = "high-contrast"
    }

    /// Environment variable that names a theme.
    static let themeVariable = "NIMMER_THEME"

    func validate() throws {
        let named = ProcessEnvironment.variable(Self.themeVariable) ?? ""
        if theme == nil, !named.isEmpty, Theme(rawValue: named) == nil {
            let known = Theme.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(Self.themeVariable) must be one of \(known); found \(named.prefix(80))")
        }
    }

    /// The theme that was asked for, or that the environment states; nil when the terminal has to be asked.
    var chosenTheme: ScopeTheme? {
        let named = theme ?? Theme(rawValue: ProcessEnvironment.variable(Self.themeVariable) ?? "") ?? .auto
        return switch named {
        case .auto: abilities.isLight.map { $0 ? .light : .dark }
        case .dark: .dark
        case .light: .light
        case .highContrast: .highContrast
        }
    }

    /// Indicates whether the terminal may be asked for its colours: the Linux console would show the question.
    var answersQuestions: Bool {
        abilities.depth != .none && ProcessEnvironment.variable("TERM")?.hasPrefix("linux") != true
    }

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
