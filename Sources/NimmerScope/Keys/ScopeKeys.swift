/// Every key of the oscilloscope and what it does: help, the line at the bottom and the documentation read this one list.
public enum ScopeKeys {
    /// Keys that do one thing.
    public struct Entry: Sendable, Hashable {
        /// As a person reads them: `+ -`.
        public let keys: String
        /// Effect of the keys.
        public let meaning: String
    }

    /// Keys that belong together.
    public struct Group: Sendable, Hashable {
        /// Topic.
        public let title: String
        /// The keys.
        public let entries: [Entry]
    }

    /// All of them.
    public static let groups = [
        Group(
            title: "Time",
            entries: [
                Entry(keys: "Space", meaning: "pause; again: live"),
                Entry(keys: "← →  h l", meaning: "scrub; Shift or H L: ×10"),
                Entry(keys: "Home  End", meaning: "the oldest; live again"),
                Entry(keys: "+ -  0", meaning: "zoom in, out, reset"),
                Entry(keys: "x", meaning: "second marker, or none"),
                Entry(keys: "s", meaning: "sweep or roll"),
            ]),
        Group(
            title: "Panes",
            entries: [
                Entry(keys: "Tab  1–4", meaning: "next pane, or by number"),
                Entry(keys: "↑ ↓  k j", meaning: "lane, gate, line"),
                Entry(keys: "PgUp PgDn", meaning: "a page of lines or time"),
                Entry(keys: "Enter", meaning: "inspect the selected"),
                Entry(keys: "r", meaning: "message pretty or raw"),
                Entry(keys: "o O", meaning: "order of gates; reversed"),
                Entry(keys: "y n u", meaning: "gate: confirm, fail, undo"),
                Entry(keys: "Esc", meaning: "close, back to live"),
                Entry(keys: "click", meaning: "select; again: inspect"),
                Entry(keys: "wheel", meaning: "scroll; Ctrl, times: zoom"),
            ]),
        Group(
            title: "What is shown",
            entries: [
                Entry(keys: "/", meaning: "filter: name, cell, text"),
                Entry(keys: "/!", meaning: "hide what contains it"),
                Entry(keys: "m M", meaning: "least confidence − +"),
                Entry(keys: "c", meaning: "clear the buffer"),
            ]),
        Group(
            title: "Files",
            entries: [
                Entry(keys: "w", meaning: "record; again: stop"),
                Entry(keys: "e", meaning: "export as CSV and SVG"),
                Entry(keys: "p", meaning: "playback: stop, continue"),
                Entry(keys: "< >", meaning: "playback slower, faster"),
            ]),
        Group(
            title: "Program",
            entries: [
                Entry(keys: "?", meaning: "this help"),
                Entry(keys: "t", meaning: "dark, light, contrast"),
                Entry(keys: "Ctrl-L", meaning: "redraw the screen"),
                Entry(keys: "Ctrl-Z", meaning: "suspend; fg comes back"),
                Entry(keys: "q  Ctrl-C", meaning: "quit"),
            ]),
    ]
}
