import NimmerTerminal

extension ScopeState {
    /// The lowest line: what is typed, what was just done, or the keys.
    func drawKeys(_ pen: inout Pen, _ layout: Layout) {
        let area = layout.keys
        if let edit = view.edit {
            var x = area.x + 1
            x += pen.write("/", .accent, x: x, y: area.y)
            x += pen.write(edit.text, .strong, x: x, y: area.y, maxWidth: area.width - 44)
            pen.screen.put(" ", x: x, y: area.y, style: pen.theme.style(.text).with(adding: .reverse))
            let shown = "\(grouped(buffer.shown.count)) of \(grouped(buffer.entries.count))"
            pen.writeBack("\(shown)   Enter keeps  Esc undoes ", .quiet, end: area.right, y: area.y)
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
        if settings.face == .gates {
            return [
                ("q", "quit"), ("?", "help"), ("Enter", "why"), ("↑↓", "gate"), ("Tab", "pane"),
                ("Space", view.isLive ? "pause" : "live"), ("w", isRecording ? "stop recording" : "record"),
            ]
        }
        return [
            ("q", "quit"), ("?", "help"), ("/", "filter"), ("Space", view.isLive ? "pause" : "live"),
            (arrows, "scrub"), ("+-", "zoom"), ("Enter", "inspect"), ("Tab", "pane"),
            ("mM", "confidence"), ("End", "live"), ("w", isRecording ? "stop recording" : "record"), ("e", "export"),
            ("x", "marker"), ("s", view.isSweep ? "roll" : "sweep"), ("c", "clear"),
        ]
    }
}
