import NimmerTerminal
import NimmerWave

extension ScopeState {
    /// The lowest line: what is typed, what was just done, or the keys.
    func drawKeys(_ pen: inout Pen, _ layout: Layout) {
        let area = layout.keys
        if let question = view.question { return draw(question, &pen, area) }
        if let edit = view.edit {
            var x = area.x + 1
            x += pen.write("/", .accent, x: x, y: area.y)
            x += pen.write(edit.text, .strong, x: x, y: area.y, maxWidth: area.width - 44)
            pen.screen.put(" ", x: x, y: area.y, style: pen.theme.style(.text).with(adding: .reverse))
            let shown = "\(grouped(buffer.shown.count)) of \(grouped(buffer.entries.count))"
            let enter = edit.text.isEmpty && !edit.before.isEmpty ? "Enter shows all" : "Enter keeps"
            pen.writeBack("\(shown)   \(enter)  Esc undoes ", .quiet, end: area.right, y: area.y)
            return
        }
        if let notice {
            pen.write(" \(notice.text)", .warning, x: area.x, y: area.y, maxWidth: area.width)
            return
        }
        var x = area.x + 1
        for (key, word) in keyWords(layout) {
            let columns = key.terminalColumns + word.terminalColumns + 3
            guard x + columns <= area.right + 2 else { break }
            x += pen.write(key, .accent, x: x, y: area.y) + 1
            x += pen.write(word, .quiet, x: x, y: area.y) + 2
        }
    }

    private func keyWords(_ layout: Layout) -> [(String, String)] {
        let arrows = settings.glyphs == .ascii ? "<- ->" : "←→"
        if view.overlay == .inspector {
            var keys = [
                ("q", "quit"), ("?", "help"), ("Esc", "close"), (settings.glyphs == .ascii ? "jk" : "↑↓", "line"),
            ]
            if isMessageInspected { keys.append(enter) }
            return keys + verifying + following
        }
        let record = ("w", isRecording ? "stop recording" : "record")
        if settings.face == .gates {
            return [
                ("q", "quit"), ("?", "help"), ("Enter", "why"), (settings.glyphs == .ascii ? "jk" : "↑↓", "gate"),
                ("Tab", "pane"),
            ] + verifying + following + [record]
        }
        return [("q", "quit"), ("?", "help"), ("/", "filter")] + verifying + following + [
            (arrows, "scrub"), ("+-", "zoom"),
            enter, ("Tab", "pane"), ("mM", "confidence"), record, ("e", "export"), ("x", "marker"),
            ("s", view.isSweep ? "roll" : "sweep"), ("c", "clear"),
        ]
    }

    /// The keys that report an outcome, where the page of a gate shows an opening that happens now.
    private var verifying: [(String, String)] {
        guard settings.source == .live, case .gate(let name)? = view.inspected,
            case .success(let report)? = explanations[name], report["opening"] != nil
        else { return [] }
        return [("y n u", "confirm, fail, undo")]
    }

    /// Indicates whether the inspector shows a message, which has two forms.
    var isMessageInspected: Bool {
        if case .entry? = view.inspected { true } else { false }
    }

    private var enter: (String, String) {
        let isToggle = (view.overlay ?? view.pane) == .inspector && isMessageInspected
        return ("Enter", isToggle ? (view.isRaw ? "pretty" : "raw") : "inspect")
    }

    /// The keys for pause and resume, named by what they do now.
    private var following: [(String, String)] {
        guard case .recording = settings.source else {
            return view.isLive ? [("Space", "pause")] : [("Space", "live")]
        }
        let space = ("Space", view.isLive ? "pause" : "newest")
        switch playback.motion {
        case .playing: return [space, ("p", "stop"), ("<>", "speed")]
        case .stopped: return [space, ("p", "play")]
        case .ended: return [space]
        }
    }
}
