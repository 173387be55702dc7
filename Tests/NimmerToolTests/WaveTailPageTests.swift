import NimmerOutput
import NimmerPlatform
import NimmerReplay
import NimmerScope
import NimmerScopeSession
import NimmerServers
import NimmerTerminal
import NimmerWave
import Testing

@testable import nimmer

/// docs/wave-tail.md with its pictures is what the oscilloscope draws. To write both again:
/// `NIMMER_WRITE_DOCS=1 swift test --filter WaveTailPageTests`.
@Suite struct WaveTailPageTests {
    /// A picture of the page: what is done before it is taken.
    struct Shot {
        var name: String
        var title: String
        var text: String
        var size = (width: 120, height: 36)
        var face = ScopeSettings.Face.tail
        var glyphs = GlyphLevel.braille
        var isLost = false
        var theme = ScopeTheme.dark
        var regions: JSON?
        var keys: [Key] = []
    }

    static let shots = [
        Shot(
            name: "live", title: "Live",
            text: """
                Each region has a lane; each origin in it a trace of its confidence, drawn with the range of the waves that fall \
                into one column, so that a spike is never lost. Below the traces stand the gate's openings and what followed: \
                collapses, escalations. Beside it the gates with their potentials and thresholds, below it the log, and an \
                inspector that explains the last opening until something is selected. `Tab` and `1`–`4` move between the panes.
                """),
        Shot(
            name: "folded", title: "Regions of one gate",
            text: """
                Regions that the thalamus folds into one (`thalamus.regions`) share the lane of that region; here `plan` and `vision` \
                live in `mind`. The map comes from the thalamus, for a recording from `--system FILE`; without either, an opening \
                shows which regions its witnesses are of. Each origin of a lane has a shade of its own and a letter, by the \
                alphabet: in the legend below the lane's name (of the selected lane on the pane's edge, where the lane is too low) \
                and at the newest point of its trace; without colours, or with fewer shades than origins, also along the trace.
                """, regions: [["region": "mind", "patterns": ["plan", "vision"]]]),
        Shot(
            name: "paused", title: "Paused, with a cursor and a marker",
            text: """
                `Space` freezes the view while the buffer keeps filling; the header shows how far back it is and how much is \
                new. `←` and `→` move the cursor, which scope, log and inspector share; `x` sets a second marker and shows the \
                time between both.
                """,
            keys: [.character(" "), .shiftLeft, .character("x")] + Array(repeating: .shiftLeft, count: 2)),
        Shot(
            name: "zoomed", title: "Zoomed",
            text: "`+` and `-` zoom about the cursor, `0` goes back.",
            keys: [.character(" ")] + Array(repeating: .shiftLeft, count: 4) + [.character("+"), .character("+")]),
        Shot(
            name: "filtered", title: "Filtered",
            text: """
                `/` shows only what contains a text, in subject, domain, cell or message, while it is typed; `/!` what does not. \
                `m` and `M` move the minimum confidence, and the header shows how many waves it hides.
                """,
            keys: [.character("/")] + "math".map { .character($0) } + [.enter]),
        Shot(
            name: "gate", title: "Why a gate is as it is",
            text: """
                `Enter` on a gate shows what the thalamus answers: the last opening, and what keeps it shut now. `o` orders the \
                gates by attention, name, state, value (the potential), change (the last to change its state first), trust or \
                witnesses, `O` the other way round; the pane names the order.
                """,
            keys: [.character("2"), .enter]),
        Shot(
            name: "wave", title: "A message",
            text: "`Enter` on a line of the log shows the whole message; `r` as it came over the wire.",
            keys: [.character("3"), .up, .enter]),
        Shot(
            name: "narrow", title: "80x24",
            text: "On a small terminal the gates fold to one line, and the inspector lies over the rest.",
            size: (80, 24)),
        Shot(
            name: "lost", title: "No server",
            text: """
                A lost server is shown with the time since. It is looked for until it is there again; what was shown stays.
                """, size: (100, 24), isLost: true),
        Shot(
            name: "ascii", title: "Without Unicode, without colour",
            text: """
                `--glyphs` chooses braille, blocks or ascii; `--color` truecolor, 256, 16 or never. By default, both follow the \
                terminal (`COLORTERM`, `TERM`, `NO_COLOR`, the locale). Words, signs and line styles show everything that colours do.
                """, size: (100, 24), glyphs: .ascii),
        Shot(
            name: "light", title: "Themes",
            text: """
                `--theme` is dark, light, high-contrast or auto; `NIMMER_THEME` names one for all commands, and `t` changes it. auto \
                follows `COLORFGBG`, else the terminal is asked for its background (OSC 11); one that does not answer gets the dark \
                theme. Each theme paints its own background, so that text has a contrast of at least 4.5:1 with 16, 256 and all \
                colours, whatever the terminal's background is; high-contrast has 7:1.
                """, size: (100, 24), theme: .light),
        Shot(
            name: "gates", title: "Gates alone",
            text: "`nimmer gate watch` is the same program with the gates alone, sorted by attention.", size: (100, 24),
            face: .gates),
    ]

    static let root = CommandReferenceTests.root
    static let folder = root + "/docs/wave-tail"

    static func screen(of shot: Shot, _ scene: Scene) -> ScreenBuffer {
        var settings = ScopeSettings(
            face: shot.face, title: shot.face == .tail ? "nimmer wave tail" : "nimmer gate watch", glyphs: shot.glyphs,
            colors: shot.glyphs == .ascii ? .none : .truecolor)
        settings.utcOffsetSeconds = 0
        settings.theme = shot.theme
        settings.regions = shot.regions.flatMap { RegionMap($0) }
        var state = ScopeState(settings)
        let end = Scene.moment(Scene.milliseconds)
        func take(_ event: ScopeEvent) {
            for effect in state.reduce(event) {
                if case .explain(let gate) = effect { take(.explained(gate: gate, scene.explanation(of: gate))) }
            }
        }
        take(.resize(width: shot.size.width, height: shot.size.height))
        take(.connection(.connected("nats://127.0.0.1:4222"), at: Scene.start))
        take(.roundTrip(milliseconds: 0.3))
        for message in scene.messages {
            take(.message(subject: message.subject, payload: message.payload, arrival: message.at))
        }
        take(.gates(scene.gates))
        if shot.isLost {
            take(.connection(.lost("nats://127.0.0.1:4222"), at: end.advanced(milliseconds: -8000)))
        }
        take(.tick(end))
        for key in shot.keys {
            take(.key(key, at: end))
            take(.tick(end))
        }
        return state.draw(width: shot.size.width, height: shot.size.height, now: end)
    }

    @Test func thePageIsWhatTheOscilloscopeDraws() throws {
        let writes = ChildCommand.inheritedEnvironment["NIMMER_WRITE_DOCS"] != nil
        let scene = try Scene()
        var page = """
            # The oscilloscope

            `nimmer wave tail` on a terminal: every wave, gate, collapse and decision on one time axis.

            ```
            nimmer wave tail                          what happens now
            nimmer wave tail --since 10m              the last ten minutes, then what happens now
            nimmer wave tail --record storm.ndjson    and keep it
            nimmer wave tail --from storm.ndjson      look at it again, with the same keys
            nimmer wave tail --from storm.ndjson --at 90s   stopped at a moment of it; p plays on
            nimmer wave tail --filter tele/boiler/SENSOR    what a device publishes under an MQTT topic
            nimmer wave tail --json | jq .body        one message a line, for programs
            nimmer gate watch                         the gates alone
            nimmer wave plot --from storm.ndjson --out storm.svg
            ```

            No server at hand? `nimmer wave tail --from docs/wave-tail/minute.ndjson` plays the minute of these pictures.

            `--since` shows what the streams still hold: openings, requests and decisions. Waves and changes are among it where the
            system file has `thalamus: {keep_waves: true}`, for the last hour; without it the screen states that there are no waves of the past.

            Without a terminal the same events are printed, one line each, when they happen. All options are in the
            [commands](reference/commands.md#nimmer-wave-tail). This page and its pictures are what the program draws of one
            minute of a small nervous system; `NIMMER_WRITE_DOCS=1 swift test --filter WaveTailPageTests` rewrites them, and
            a test holds them to the program.

            ## Reading it

            | what | how it is shown |
            |---|---|
            | environment | its name, and the colour of the header: dev green, staging amber, prod blue |
            | domain | the trace's colour: nervous cyan, cognitive violet, organs coral |
            | a wave | a solid line |
            | asynchronous: request and response | a dashed line; it ends with the answer, or at the request's deadline |
            | tentative: below the floor, or of the virtual garden | a dotted line |
            | a gate's state | sign, word and colour together |
            | a change of what a cell senses, or its input that has stopped (`STALE` in the log) | `◖` with the cell's name where it begins, `◗` where it ends |
            | an origin | its shade of the colour, and its letter |
            | losses | `lost` in the header: messages that this reader was too slow for |

            """
        for shot in Self.shots {
            let picture = Self.screen(of: shot, scene).svg(title: "nimmer wave tail: \(shot.title)")
            try compare("\(Self.folder)/\(shot.name).svg", picture, writes)
            page += "\n## \(shot.title)\n\n\(shot.text)\n\n![\(shot.title)](wave-tail/\(shot.name).svg)\n"
        }
        page += "\n## Keys\n\n| | key | what it does |\n|---|---|---|\n"
        for group in ScopeKeys.groups {
            for (index, entry) in group.entries.enumerated() {
                let keys = entry.keys.split(separator: " ").map { "`\($0)`" }.joined(separator: " ")
                page += "| \(index == 0 ? "**\(group.title)**" : "") | \(keys) | \(entry.meaning) |\n"
            }
        }
        page += """

            Keys that have no meaning where they are pressed do nothing.

            ## Mouse

            | where | press | wheel |
            |---|---|---|
            | scope | selects the lane | the next lane; with Ctrl (or Shift, where the terminal passes it on) or on the times: zoom |
            | gates | selects the gate; again: explains it; on a heading: orders by it, again: the other way round | the next gate |
            | log | selects the line; again: inspects it | three lines |
            | inspector | gives it the keys | three lines |
            | help, and what lies over a small screen | closes it (from outside) | scrolls |

            `--no-mouse` leaves the mouse to the terminal, which then selects text with it as usual; with the mouse on, most terminals do
            so while Shift is held. The terminal has its mouse back after quitting, a crash, and while the program is suspended.

            """
        try compare(Self.root + "/docs/wave-tail.md", page, writes)
    }

    private func compare(_ path: String, _ text: String, _ writes: Bool) throws {
        if writes {
            try FileText.makeFolder(Self.folder)
            try FileText.write(text, to: path)
        } else {
            #expect(FileText.read(path) == text, "\(path) is not what the program draws")
        }
    }

    /// What the pictures show is a system that did something.
    @Test func theSceneIsWorthAPicture() throws {
        let scene = try Scene()
        let kinds = try Dictionary(grouping: scene.messages) { try AnyMessage.decode($0.payload).header.messageType }
        #expect(kinds[.collapse]?.count ?? 0 >= 2)
        #expect(kinds[.gateTransition]?.count ?? 0 >= 4)
        #expect(kinds[.cognitiveRequest]?.count == kinds[.cognitiveResponse]?.count)
        #expect(try Scene().messages == scene.messages)
    }
}
