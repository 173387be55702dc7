import Glibc
import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// Text of every colour is legible on every background of its theme, whatever the terminal's own background is: the theme paints its own.
@Suite("Theme contrast") struct ThemeContrastTests {
    static let depths: [ColorDepth] = [.truecolor, .indexed, .basic]
    static let inks: [Ink] = [
        .text, .strong, .quiet, .nervous, .cognitive, .organs, .good, .bad, .warning, .accent,
    ]

    /// The 16 as xterm has them.
    static let basic: [UInt32] = [
        0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00,
        0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
    ]

    /// What a terminal of a depth shows of a colour.
    static func shown(_ color: Color, _ depth: ColorDepth) -> UInt32 {
        switch depth {
        case .truecolor, .none: return color.rgb
        case .basic: return basic[Int(color.index)]
        case .indexed:
            let index = UInt32(color.index256)
            if index >= 232 { return (8 + 10 * (index - 232)) * 0x10101 }
            let levels: [UInt32] = [0, 95, 135, 175, 215, 255]
            let cube = Int(index - 16)
            return levels[cube / 36] << 16 | levels[cube / 6 % 6] << 8 | levels[cube % 6]
        }
    }

    private static func luminance(_ rgb: UInt32) -> Double {
        let parts = [16, 8, 0].map { shift -> Double in
            let value = Double(rgb >> shift & 255) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }

    /// The contrast of two colours as WCAG 2 computes it, 1 to 21.
    static func contrast(_ a: UInt32, _ b: UInt32) -> Double {
        let (first, second) = (luminance(a), luminance(b))
        return (max(first, second) + 0.05) / (min(first, second) + 0.05)
    }

    @Test func contrastIsThatOfTheStandard() {
        #expect(abs(Self.contrast(0, 0xffffff) - 21) < 1e-9)
        #expect(abs(Self.contrast(0x767676, 0xffffff) - 4.54) < 0.01)
    }

    @Test(arguments: ScopeTheme.allCases, depths) func textIsLegible(_ kind: ScopeTheme, _ depth: ColorDepth) {
        let wanted = kind == .highContrast && depth != .basic ? 7 : 4.5
        for environment in Environment.allCases {
            let theme = Theme(environment, depth, kind)
            #expect(!theme.background.isStandard, "the terminal's own background may be any")
            func check(_ style: Style, _ what: String, over background: Color? = nil) {
                let behind = background ?? style.background
                let found = Self.contrast(Self.shown(style.foreground, depth), Self.shown(behind, depth))
                #expect(found >= wanted, "\(what) in \(environment): \(found)")
                #expect(!style.dim, "\(what) is dimmed by an amount that is the terminal's own")
            }
            for ink in Self.inks {
                let style = theme.style(ink)
                check(style, "\(ink)")
                // What stands on its own background keeps it.
                guard style.background == theme.background else { continue }
                for background in theme.backgrounds { check(style, "\(ink) on a tint", over: background) }
            }
            for domain in [SubjectDomain.nervous, .cognitive, .organs] {
                for shade in 0..<theme.shades(domain) {
                    for background in theme.backgrounds {
                        check(theme.style(domain, shade: shade), "\(domain) \(shade)", over: background)
                    }
                }
            }
            for (style, what) in [
                (theme.header, "header"), (theme.headerQuiet, "quiet header"), (theme.chip, "chip"),
                (theme.alarm, "alarm"),
            ] { check(style, what) }
        }
    }

    /// Shades of one world differ at every depth as far as they are counted as different.
    @Test(arguments: ScopeTheme.allCases, depths) func shadesDiffer(_ kind: ScopeTheme, _ depth: ColorDepth) {
        let theme = Theme(.dev, depth, kind)
        for domain in [SubjectDomain.nervous, .cognitive, .organs] {
            let colors = (0..<theme.shades(domain)).map { theme.style(domain, shade: $0).foreground }
            #expect(Set(colors.map { Self.shown($0, depth) }).count == colors.count, "\(domain)")
        }
    }

    /// CLOSED and the world of organs are never the same.
    @Test(arguments: ScopeTheme.allCases, depths) func closedIsNoOrgan(_ kind: ScopeTheme, _ depth: ColorDepth) {
        let theme = Theme(.dev, depth, kind)
        #expect(theme.style(.bad).with(removing: .bold) != theme.style(.organs))
    }

    /// Every letter of a whole screen is on a background that the theme has painted.
    @Test(arguments: ScopeTheme.allCases, depths) func wholeScreensAreLegible(_ kind: ScopeTheme, _ depth: ColorDepth)
        throws
    {
        var stage = Stage(try GoldenScreenTests.plant.get(), seconds: 79, (120, 36)) {
            $0.theme = kind
            $0.colors = depth
        }
        stage.press(.character("3"), .up)
        let screen = stage.screen
        let decoration = Theme(.dev, depth, kind).style(.faint).foreground
        for y in 0..<screen.height {
            for x in 0..<screen.width {
                let cell = screen[x, y]
                guard cell.glyph.properties.isAlphabetic || ("0"..."9").contains(cell.glyph),
                    cell.style.foreground != decoration
                else { continue }
                let (front, back) = (
                    Self.shown(cell.style.foreground, depth), Self.shown(cell.style.background, depth)
                )
                #expect(
                    !cell.style.foreground.isStandard && !cell.style.background.isStandard
                        && Self.contrast(front, back) >= 4.5, "\(cell.glyph) at \(x), \(y)")
            }
        }
    }

    @Test(arguments: [ScopeTheme.light, .highContrast], depths) func screens(_ kind: ScopeTheme, _ depth: ColorDepth)
        throws
    {
        let stage = Stage(try GoldenScreenTests.plant.get(), seconds: 79, (80, 24)) {
            $0.theme = kind
            $0.colors = depth
        }
        Golden.check(stage.screen, "theme-\(kind.rawValue)-\(depth.rawValue)", styles: depth)
    }

    @Test func keysAndTheTerminalsAnswerChangeTheTheme() throws {
        var stage = Stage([], seconds: 1)
        let dark = stage.screen
        stage.press(.character("t"))
        #expect(stage.scope.view.theme == .light && stage.screen != dark)
        stage.press(.character("t"), .character("t"))
        #expect(stage.screen == dark)
        _ = stage.scope.reduce(.theme(ScopeTheme(background: 0xfdf6e3)))
        #expect(stage.scope.view.theme == .light)
        #expect(ScopeTheme(background: 0x002b36) == .dark)
    }
}
